/*
 * matrix_multiply.c - a thread for each row of a matrix; a condition variable starts each product.
 *
 * Original  matrixmultiplication/matrix_mulitply.go
 * Build     cc -pthread -O3 -o matrix_multiply matrix_multiply.c wait_group.c
 * Run       ./matrix_multiply
 * Expect    Working..., Done, and the time that a hundred products took
 * Try       broadcast before the unlock, and look at the time. Then pthread_cond_signal in place of the
 *           broadcast: it wakes one row, and main waits forever for the others
 * Beyond    beyond/matrix_multiply_blocks.c
 */
#include "must.h"
#include "wait_group.h"

#include <pthread.h>

enum { matrix_size = 250 };

static int matrix_a[matrix_size][matrix_size];
static int matrix_b[matrix_size][matrix_size];
static int result[matrix_size][matrix_size];
static int rounds;                                          // that have begun
static pthread_mutex_t rw_lock = PTHREAD_MUTEX_INITIALIZER; // protects: rounds
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static struct wait_group wait_group; // rows that are not done. While there are any, main waits

static void generate_random_matrix(int matrix[matrix_size][matrix_size])
{
    for (int row = 0; row < matrix_size; row++) {
        for (int col = 0; col < matrix_size; col++)
            matrix[row][col] += (int)(lrand48() % 10) - 5;
    }
}

// Go's condition uses a read lock, that of C a mutex. So here no thread holds it while it works, and
// the number of the round says whether there is something to do, even after a spurious wake-up.
static void *work_out_row(void *argument)
{
    int row = (int)(long)argument;
    for (int round = 1;; round++) {
        MUST(wait_group_done(&wait_group));
        MUST(pthread_mutex_lock(&rw_lock));
        while (rounds < round)
            MUST(pthread_cond_wait(&cond, &rw_lock));
        MUST(pthread_mutex_unlock(&rw_lock));
        for (int col = 0; col < matrix_size; col++) {
            for (int i = 0; i < matrix_size; i++)
                result[row][col] += matrix_a[row][i] * matrix_b[i][col];
        }
    }
    return NULL;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "matrix_multiply");
    puts("Working...");
    MUST(wait_group_init(&wait_group));
    MUST(wait_group_add(&wait_group, matrix_size));
    for (long row = 0; row < matrix_size; row++) {
        pthread_t thread;
        MUST(pthread_create(&thread, NULL, work_out_row, (void *)row));
    }

    double start = seconds();
    for (int i = 0; i < 100; i++) {
        MUST(wait_group_wait(&wait_group));
        generate_random_matrix(matrix_a);
        generate_random_matrix(matrix_b);
        MUST(wait_group_add(&wait_group, matrix_size));
        MUST(pthread_mutex_lock(&rw_lock));
        rounds++;
        MUST(pthread_mutex_unlock(&rw_lock));
        MUST(pthread_cond_broadcast(&cond)); // after the unlock: no row wakes up to a locked mutex
    }
    MUST(wait_group_wait(&wait_group)); // Go does not wait for the last product
    double elapsed = seconds() - start;
    puts("Done");
    printf("Processing took %.3fs\n", elapsed);
}
