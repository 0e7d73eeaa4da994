/*
 * matrix_multiply.c - 250 threads wait for the next round, on one condition; each computes a row.
 *
 * Original  matrixmultiplication/matrix_mulitply.go
 * Run       ./matrix_multiply [-n rounds] [-s seed] [-t threads] [-v]
 *                                        -v does it all again in one thread, and compares
 * Expect    Working…, Done, and the time it took
 * Try       -t 2, or as many as you have processors. What do the other 248 cost? Then broadcast
 *           before the unlock, and measure both again
 * Compare   chapter 7, matrix_multiply_barrier.c (waits at barriers instead)
 */
#include "matrix.h"
#include "must.h"
#include "wait_group.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

static const char usage[] = "usage: matrix_multiply [-n rounds] [-s seed] [-t threads] [-v]\n";

struct work {
    int rounds;  // never changes
    int threads; // never changes after round 1 has begun
    // Between rounds main alone uses the matrices. In a round nobody writes a and b, and each thread
    // writes rows of result that are its own.
    struct matrices *matrices;
    struct wait_group threads_left; // have not done their rows yet; waits: main

    pthread_mutex_t lock;      // protects what follows
    int round;                 // grows by one when all threads are done with the one before
    pthread_cond_t next_round; // round has grown; waits: each thread that has done its rows
};

struct worker {
    struct work *work;
    int number; // from 0
    pthread_t thread;
};

/*
 * Waits until `round` has begun. As a round stays until all threads are done with it, a thread that was
 * not asleep yet when it was announced still finds it here: no broadcast can be missed.
 */
static void wait_for_round(struct work *work, int round)
{
    MUST(pthread_mutex_lock(&work->lock));
    while (work->round < round)
        MUST(pthread_cond_wait(&work->next_round, &work->lock));
    MUST(pthread_mutex_unlock(&work->lock));
}

static void *compute_rows(void *argument)
{
    struct worker *self = argument;
    struct work *work = self->work;
    for (int round = 1; round <= work->rounds; round++) {
        wait_for_round(work, round);
        int end = MATRIX_SIZE * (self->number + 1) / work->threads;
        for (int row = MATRIX_SIZE * self->number / work->threads; row < end; row++)
            matrix_add_row(work->matrices, row);
        MUST(wait_group_done(&work->threads_left));
    }
    return NULL;
}

/*
 * The broadcast comes after the unlock. Under the lock it would be as right, but then each thread wakes
 * up only to find the lock taken, and sleeps a second time. (250 threads: 270 ms for a hundred rounds,
 * and 110 ms this way.)
 */
static void begin_round(struct work *work)
{
    MUST(wait_group_add(&work->threads_left, work->threads));
    MUST(pthread_mutex_lock(&work->lock));
    work->round++;
    MUST(pthread_mutex_unlock(&work->lock));
    MUST(pthread_cond_broadcast(&work->next_round));
}

/*
 * Starts the threads, or as many as the system allows: they share all the rows, so that none is lost.
 * Returns how many there are.
 */
static int start(struct worker *workers, int wanted, struct work *work)
{
    for (int i = 0; i < wanted; i++) {
        workers[i] = (struct worker){.work = work, .number = i};
        int error = pthread_create(&workers[i].thread, NULL, compute_rows, &workers[i]);
        if (error != 0) {
            fprintf(stderr, "matrix_multiply: %d threads instead of %d: %s\n", i, wanted,
                    strerror(error));
            return i;
        }
    }
    return wanted;
}

static double milliseconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* Compares with one thread's result. False: that is another one. */
static bool verify(const struct matrices *matrices, int rounds, uint64_t seed)
{
    double start = milliseconds();
    bool equal = matrix_is_right(matrices, rounds, seed);
    printf("%s plain multiplication in one thread, which took %.3fms\n",
           equal ? "Equal to a" : "NOT equal to a", milliseconds() - start);
    return equal;
}

int main(int argc, char *argv[])
{
    static struct matrices matrices; // a megabyte: too large for the stack of some systems
    struct work work = {.rounds = 100, .matrices = &matrices};
    long threads = MATRIX_SIZE, seed = 1;
    bool verifies = false;
    int option;
    while ((option = getopt(argc, argv, "n:s:t:vh")) != -1) {
        switch (option) {
        case 'n':
            work.rounds = (int)number_from(optarg, 1, MATRIX_MOST_ROUNDS, usage);
            break;
        case 's':
            seed = number_from(optarg, 0, INT32_MAX, usage);
            break;
        case 't':
            threads = number_from(optarg, 1, MATRIX_SIZE, usage);
            break;
        case 'v':
            verifies = true;
            break;
        default:
            return show_usage(option, usage);
        }
    }
    if (optind < argc)
        return show_usage('?', usage);

    puts("Working...");
    double begin = milliseconds();
    matrices.random = (uint64_t)seed;
    MUST(wait_group_init(&work.threads_left));
    MUST(pthread_mutex_init(&work.lock, NULL));
    MUST(pthread_cond_init(&work.next_round, NULL));
    struct worker workers[MATRIX_SIZE];
    work.threads = start(workers, (int)threads, &work);
    if (work.threads == 0)
        return 1;
    for (int i = 0; i < work.rounds; i++) {
        matrix_add_random(&matrices);
        begin_round(&work);
        MUST(wait_group_wait(&work.threads_left));
    }
    for (int i = 0; i < work.threads; i++)
        MUST(pthread_join(workers[i].thread, NULL));
    puts("Done");
    printf("Processing took %.3fms\n", milliseconds() - begin);
    MUST(pthread_cond_destroy(&work.next_round));
    MUST(pthread_mutex_destroy(&work.lock));
    MUST(wait_group_destroy(&work.threads_left));
    bool wrong = verifies && !verify(&matrices, work.rounds, (uint64_t)seed);
    return finish_output(wrong ? 1 : 0, usage);
}
