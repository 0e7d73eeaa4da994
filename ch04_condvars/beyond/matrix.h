/*
 * matrix.h - two square matrices that grow at random, and the sum of their products, row by row.
 *
 * The numbers are small, and the memory is laid out for the row product: cells of 16 bits, rows padded
 * with zeros to a whole number of vectors, and the second matrix stored column by column, so that the
 * inner loop walks through both in order.
 */
#ifndef MATRIX_H
#define MATRIX_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MATRIX_SIZE = 250,
    MATRIX_STRIDE = 256, // cells from one row in memory to the next
    MATRIX_MOST_ROUNDS = 1000
};

/* A good start is all zeros, except for the seed. At 0.75 MB too large for the stack of a thread. */
struct matrices {
    int16_t a[MATRIX_SIZE][MATRIX_STRIDE];         // a[row][i]
    int16_t b_columns[MATRIX_SIZE][MATRIX_STRIDE]; // b_columns[column][i]: b, turned on its side
    int64_t result[MATRIX_SIZE][MATRIX_SIZE];      // result[row][column]
    uint64_t random;                               // the seed; from then on, state of the generator
};

/*
 * Adds a random number from -5 to 4 to every cell of a and b. The same seed makes the same numbers
 * everywhere. At most MATRIX_MOST_ROUNDS times: beyond that the sums of a product might overflow.
 */
void matrix_add_random(struct matrices *matrices);

/*
 * Adds row `row` of a × b to the same row of result: the first in the plain way, the second in the fast
 * way. They read a and b, and write only that row, so different rows may be computed at the same time.
 */
void matrix_add_row_plainly(struct matrices *matrices, int row);
void matrix_add_row(struct matrices *matrices, int row);

/*
 * Repeats that many rounds, random numbers and all rows, from the seed on, in this thread and in the plain
 * way. Returns whether the result is the same. Only one thread at a time may call it.
 */
bool matrix_is_right(const struct matrices *matrices, int rounds, uint64_t seed);

#endif
