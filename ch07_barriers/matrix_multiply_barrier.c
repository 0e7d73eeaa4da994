/*
 * matrix_multiply_barrier.c - a thread for each row of a matrix; two barriers begin and end a product.
 *
 * Original  matrixmultiplicationwtbarriers/matrix_mulitply_barrier.go
 * Build     cc -pthread -O3 -o matrix_multiply_barrier matrix_multiply_barrier.c barrier.c
 * Run       ./matrix_multiply_barrier
 * Expect    Working..., Done, and the time that a hundred products took
 * Try       one barrier for both meetings. Is it still right?
 * Beyond    beyond/matrix_multiply_fast_barrier.c
 */
#include "barrier.h"
#include "must.h"

#include <pthread.h>

enum { matrix_size = 250 };

static int matrix_a[matrix_size][matrix_size];
static int matrix_b[matrix_size][matrix_size];
static int result[matrix_size][matrix_size];
// The rows' threads use the matrices between work_start and work_complete, main at all other times.
static struct barrier work_start, work_complete;

static void generate_random_matrix(int matrix[matrix_size][matrix_size])
{
    for (int row = 0; row < matrix_size; row++) {
        for (int col = 0; col < matrix_size; col++)
            matrix[row][col] += (int)(lrand48() % 10) - 5;
    }
}

static void *work_out_row(void *argument)
{
    int row = (int)(long)argument;
    for (;;) {
        barrier_wait(&work_start);
        for (int col = 0; col < matrix_size; col++) {
            for (int i = 0; i < matrix_size; i++)
                result[row][col] += matrix_a[row][i] * matrix_b[i][col];
        }
        barrier_wait(&work_complete);
    }
    return NULL;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "matrix_multiply_barrier");
    puts("Working...");
    MUST(barrier_init(&work_start, matrix_size + 1));
    MUST(barrier_init(&work_complete, matrix_size + 1));
    for (long row = 0; row < matrix_size; row++) {
        pthread_t thread;
        MUST(pthread_create(&thread, NULL, work_out_row, (void *)row));
    }

    double start = seconds();
    for (int i = 0; i < 100; i++) {
        generate_random_matrix(matrix_a);
        generate_random_matrix(matrix_b);
        barrier_wait(&work_start);
        barrier_wait(&work_complete);
    }
    double elapsed = seconds() - start;
    puts("Done");
    printf("Processing took %.3fs\n", elapsed);
}
