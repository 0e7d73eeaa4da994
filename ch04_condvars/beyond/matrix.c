/*
 * matrix.c - random steps and row products. See matrix.h.
 */
#include "matrix.h"

#include <string.h>

/* A random step goes from LEAST_STEP to LEAST_STEP + STEPS - 1. */
enum { LEAST_STEP = -5, STEPS = 10 };

/* No cell is farther from 0 than this, and so none overflows. */
enum { LARGEST_CELL = MATRIX_MOST_ROUNDS * -LEAST_STEP };
_Static_assert(LARGEST_CELL <= INT16_MAX, "a cell has too few bits");

/* So many products of two cells can be added up in 32 bits. */
enum { BLOCK = 64 };
_Static_assert(BLOCK <= INT32_MAX / LARGEST_CELL / LARGEST_CELL, "a block is too long");
_Static_assert(MATRIX_STRIDE % BLOCK == 0, "a row is no whole number of blocks");

/*
 * The next 64 random bits: splitmix64, by Guy Steele, Doug Lea and Christine Flood ("Fast Splittable
 * Pseudorandom Number Generators", 2014), with the constants of Sebastiano Vigna's public domain
 * version, prng.di.unimi.it/splitmix64.c.
 */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/*
 * Sixteen random bits make a step: bits × 10 / 65536 goes from 0 to 9. (65536 is no multiple of ten, so
 * four of the ten come 6553 times in 65536, and the others 6554 times.) One random number makes four.
 * The bits are stored first, so that the second loop is one that compilers make vector code of.
 */
static void add_random(int16_t row[MATRIX_STRIDE], uint64_t *random)
{
    uint16_t bits[MATRIX_STRIDE];
    for (int i = 0; i < MATRIX_STRIDE; i += 4) {
        uint64_t four = next_random(random);
        for (int j = 0; j < 4; j++)
            bits[i + j] = (uint16_t)(four >> 16 * j);
    }
    for (int i = 0; i < MATRIX_STRIDE; i++)
        row[i] = (int16_t)(row[i] + (int)(bits[i] * (unsigned int)STEPS >> 16) + LEAST_STEP);
    for (int i = MATRIX_SIZE; i < MATRIX_STRIDE; i++)
        row[i] = 0; // the padding: it adds nothing to a product
}

void matrix_add_random(struct matrices *matrices)
{
    for (int i = 0; i < MATRIX_SIZE; i++) {
        add_random(matrices->a[i], &matrices->random);
        add_random(matrices->b_columns[i], &matrices->random);
    }
}

void matrix_add_row_plainly(struct matrices *matrices, int row)
{
    for (int column = 0; column < MATRIX_SIZE; column++) {
        int64_t sum = 0;
        for (int i = 0; i < MATRIX_SIZE; i++)
            sum += matrices->a[row][i] * matrices->b_columns[column][i];
        matrices->result[row][column] += sum;
    }
}

/*
 * The same, with sums of 32 bits in the inner loop. A processor multiplies and adds eight cells of 16
 * bits in two instructions then (pmaddwd and paddd on x86-64), and the compiler finds that by itself. A
 * hundred products of 250 × 250 by one thread: 58 ms, 260 ms in the plain way; 1140 ms where the compiler
 * was told not to make vector code.
 */
void matrix_add_row(struct matrices *matrices, int row)
{
    for (int column = 0; column < MATRIX_SIZE; column++) {
        int64_t sum = 0;
        for (int block = 0; block < MATRIX_STRIDE; block += BLOCK) {
            int32_t part = 0;
            for (int i = block; i < block + BLOCK; i++)
                part += matrices->a[row][i] * matrices->b_columns[column][i];
            sum += part;
        }
        matrices->result[row][column] += sum;
    }
}

bool matrix_is_right(const struct matrices *matrices, int rounds, uint64_t seed)
{
    static struct matrices plain;
    memset(&plain, 0, sizeof plain);
    plain.random = seed;
    for (int i = 0; i < rounds; i++) {
        matrix_add_random(&plain);
        for (int row = 0; row < MATRIX_SIZE; row++)
            matrix_add_row_plainly(&plain, row);
    }
    return memcmp(plain.result, matrices->result, sizeof plain.result) == 0;
}
