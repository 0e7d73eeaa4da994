/*
 * serial_thread_adds.c - one barrier, two meetings a round; its serial thread adds the random numbers.
 *
 * Exercise 2 of chapter 7
 * Shows     that a barrier can be used again at once, and that main need not take part. Both meetings are
 *           needed: one says that all rows are done, the other that the new numbers are there
 * Build     cc -pthread -iquote . -o beyond/solutions/serial_thread_adds \
 *           beyond/solutions/serial_thread_adds.c barrier.c
 * Run       beyond/solutions/serial_thread_adds
 * Expect    20 products that are right: the same as those of one thread
 * Try       it without the second barrier_wait: threads compute rows of the next product too early
 */
#include "barrier.h"
#include "must.h"

#include <pthread.h>

enum { matrix_size = 100, rounds = 20 };

static int matrix_a[matrix_size][matrix_size];
static int matrix_b[matrix_size][matrix_size];
static int result[matrix_size][matrix_size];
// All threads read the matrices before the first meeting of a round; between the two, one writes them.
static struct barrier barrier;

static void generate_random_matrix(int matrix[matrix_size][matrix_size])
{
    for (int row = 0; row < matrix_size; row++) {
        for (int col = 0; col < matrix_size; col++)
            matrix[row][col] += (int)(lrand48() % 10) - 5;
    }
}

static void work_out_row(int row)
{
    for (int col = 0; col < matrix_size; col++) {
        for (int i = 0; i < matrix_size; i++)
            result[row][col] += matrix_a[row][i] * matrix_b[i][col];
    }
}

static void *work_out_rows(void *argument)
{
    for (int round = 0; round < rounds; round++) {
        work_out_row((int)(long)argument);
        if (barrier_wait(&barrier) == BARRIER_SERIAL_THREAD) {
            generate_random_matrix(matrix_a);
            generate_random_matrix(matrix_b);
        }
        barrier_wait(&barrier);
    }
    return NULL;
}

static void begin(void)
{
    srand48(7);
    memset(matrix_a, 0, sizeof matrix_a);
    memset(matrix_b, 0, sizeof matrix_b);
    memset(result, 0, sizeof result);
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "serial_thread_adds");
    static int of_threads[matrix_size][matrix_size];
    pthread_t threads[matrix_size];
    MUST(barrier_init(&barrier, matrix_size));
    begin();
    for (long row = 0; row < matrix_size; row++)
        MUST(pthread_create(&threads[row], NULL, work_out_rows, (void *)row));
    for (int row = 0; row < matrix_size; row++)
        MUST(pthread_join(threads[row], NULL));
    MUST(barrier_destroy(&barrier));

    memcpy(of_threads, result, sizeof result);
    begin();
    for (int round = 0; round < rounds; round++) {
        for (int row = 0; row < matrix_size; row++)
            work_out_row(row);
        generate_random_matrix(matrix_a);
        generate_random_matrix(matrix_b);
    }
    bool same = memcmp(of_threads, result, sizeof result) == 0;
    printf("%d products by %d threads: %s\n", rounds, matrix_size, same ? "right" : "wrong");
    return same ? EXIT_SUCCESS : EXIT_FAILURE;
}
