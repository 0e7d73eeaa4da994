/*
 * matrix_multiply_barrier.c - 250 threads and main meet twice in every round, at two barriers.
 *
 * Original  matrixmultiplicationwtbarriers/matrix_mulitply_barrier.go
 * Run       ./matrix_multiply_barrier [-n rounds] [-s seed] [-t threads] [-v]
 *                                        -v does it all again in one thread, and compares
 * Expect    Working…, Done, and the time it took
 * Try       -t 2, or as many as you have processors. Then leave out work_complete, and look with -v:
 *           who does what too early?
 * Compare   chapter 4, matrix_multiply.c (a condition and a wait group in place of the barriers)
 */
#include "barrier.h"
#include "matrix.h"
#include "must.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "usage: matrix_multiply_barrier [-n rounds] [-s seed] [-t threads] [-v]\n";

struct work {
    int rounds; // never changes
    // Between work_complete and work_start main alone uses the matrices. Between work_start and
    // work_complete nobody writes a and b, and each thread writes rows of result that are its own.
    struct matrices *matrices;

    // Main holds it until all that follows is there. From then on, nothing of it changes.
    pthread_mutex_t gate;
    int threads;                  // how many there are
    struct barrier work_start;    // the random numbers are there; meet here: all threads, and main
    struct barrier work_complete; // all rows are done; meet here: the same
};

struct worker {
    struct work *work;
    int number; // from 0
    pthread_t thread;
};

static void *compute_rows(void *argument)
{
    struct worker *self = argument;
    struct work *work = self->work;
    MUST(pthread_mutex_lock(&work->gate));
    MUST(pthread_mutex_unlock(&work->gate));
    int begin = MATRIX_SIZE * self->number / work->threads;
    int end = MATRIX_SIZE * (self->number + 1) / work->threads;
    for (int round = 0; round < work->rounds; round++) {
        barrier_wait(&work->work_start);
        for (int row = begin; row < end; row++)
            matrix_add_row(work->matrices, row);
        barrier_wait(&work->work_complete);
    }
    return NULL;
}

/*
 * Starts the threads, or as many as the system allows: they share all the rows, so that none is lost.
 * Returns how many there are. For how many the barriers have to be is known only then, and nobody may
 * come to a barrier that is not there yet: so all wait at the gate until main opens it.
 */
static int start(struct worker *workers, int wanted, struct work *work)
{
    int started = 0, error = 0;
    MUST(pthread_mutex_lock(&work->gate));
    while (started < wanted && error == 0) {
        workers[started] = (struct worker){.work = work, .number = started};
        error = pthread_create(&workers[started].thread, NULL, compute_rows, &workers[started]);
        started += error == 0;
    }
    if (error != 0)
        fprintf(stderr, "matrix_multiply_barrier: %d threads instead of %d: %s\n", started, wanted,
                strerror(error));
    work->threads = started;
    MUST(barrier_init(&work->work_start, (unsigned int)started + 1));
    MUST(barrier_init(&work->work_complete, (unsigned int)started + 1));
    MUST(pthread_mutex_unlock(&work->gate));
    return started;
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
    MUST(pthread_mutex_init(&work.gate, NULL));
    struct worker workers[MATRIX_SIZE];
    if (start(workers, (int)threads, &work) == 0)
        return 1;
    for (int i = 0; i < work.rounds; i++) {
        matrix_add_random(&matrices);
        barrier_wait(&work.work_start);
        barrier_wait(&work.work_complete);
    }
    for (int i = 0; i < work.threads; i++)
        MUST(pthread_join(workers[i].thread, NULL));
    puts("Done");
    printf("Processing took %.3fms\n", milliseconds() - begin);
    MUST(barrier_destroy(&work.work_complete));
    MUST(barrier_destroy(&work.work_start));
    MUST(pthread_mutex_destroy(&work.gate));
    bool wrong = verifies && !verify(&matrices, work.rounds, (uint64_t)seed);
    return finish_output(wrong ? 1 : 0, usage);
}
