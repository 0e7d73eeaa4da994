/*
 * matrix_multiply_fast_barrier.c - the lecture's hundred products, as fast as we could make them.
 *
 * Lecture   matrix_multiply_barrier.c
 * Adds      the fast barrier; matrices laid out for the row product; rows shared among any number of
 *           threads, even if the system refuses some; a seed, and a check against one thread
 * Build     cc -O3 -pthread -iquote . -o beyond/matrix_multiply_fast_barrier \
 *           beyond/matrix_multiply_fast_barrier.c beyond/matrix.c beyond/fast_barrier.c
 * Run       beyond/matrix_multiply_fast_barrier [-n rounds] [-s seed] [-t threads] [-v]
 *               -v does everything again in one thread, and compares
 * Expect    Working..., Done, and the time it took
 * Try       -t 2, or as many as you have processors. Then leave out work_complete, and look with -v:
 *           which thread does what too early?
 */
#include "fast_barrier.h"
#include "matrix.h"
#include "must.h"

#include <pthread.h>

static const char usage[] = "matrix_multiply_fast_barrier [-n rounds] [-s seed] [-t threads] [-v]";

struct work {
    long rounds; // never changes
    // Between work_complete and work_start only main uses the matrices. Between work_start and
    // work_complete no thread writes a and b, and each writes rows of result that are its own.
    struct matrices *matrices;

    pthread_mutex_t gate; // protects: what follows. Main holds it until that is complete
    int threads;          // how many there are

    // All threads and main meet here, when the random numbers are there; and when all rows are done.
    struct fast_barrier work_start, work_complete;
};

struct worker {
    struct work *work;
    int number; // from 0
    pthread_t thread;
};

static void *work_out_rows(void *argument)
{
    struct worker *self = argument;
    struct work *work = self->work;
    MUST(pthread_mutex_lock(&work->gate));
    MUST(pthread_mutex_unlock(&work->gate));
    int begin = MATRIX_SIZE * self->number / work->threads;
    int end = MATRIX_SIZE * (self->number + 1) / work->threads;
    for (long round = 0; round < work->rounds; round++) {
        fast_barrier_wait(&work->work_start);
        for (int row = begin; row < end; row++)
            matrix_add_row(work->matrices, row);
        fast_barrier_wait(&work->work_complete);
    }
    return NULL;
}

/*
 * Starts the threads, or as many as the system allows: they share all the rows, so that none is lost.
 * Returns how many there are. Only then main knows for how many threads to make the barriers, and no thread
 * may arrive at a barrier before it is made. So all of them wait at the gate until main opens it.
 */
static int start(struct worker *workers, int wanted, struct work *work)
{
    int started = 0, error = 0;
    MUST(pthread_mutex_lock(&work->gate));
    while (started < wanted && error == 0) {
        workers[started] = (struct worker){.work = work, .number = started};
        error = pthread_create(&workers[started].thread, NULL, work_out_rows, &workers[started]);
        started += error == 0;
    }
    if (error != 0)
        fprintf(stderr, "matrix_multiply_fast_barrier: %d threads instead of %d: %s\n", started,
                wanted, strerror(error));
    work->threads = started;
    MUST(fast_barrier_init(&work->work_start, started + 1));
    MUST(fast_barrier_init(&work->work_complete, started + 1));
    MUST(pthread_mutex_unlock(&work->gate));
    return started;
}

/* Compares with one thread's result. Returns false if they differ. */
static bool verify(const struct matrices *matrices, long rounds, uint64_t seed)
{
    double begin = seconds();
    bool equal = matrix_is_right(matrices, (int)rounds, seed);
    printf("%s plain multiplication in one thread, which took %.3fs\n",
           equal ? "Equal to a" : "NOT equal to a", seconds() - begin);
    return equal;
}

int main(int argc, char *argv[])
{
    static struct matrices matrices; // a megabyte: too large for the stack of some systems
    struct work work = {.rounds = 100, .matrices = &matrices};
    long threads = MATRIX_SIZE, seed = 1;
    bool verifies = false;
    struct option_line options[] = {
        {'n', .number = &work.rounds, .least = 1, .most = MATRIX_MOST_ROUNDS},
        {'s', .number = &seed, .least = 0, .most = INT32_MAX},
        {'t', .number = &threads, .least = 1, .most = MATRIX_SIZE},
        {'v', .flag = &verifies},
        {0},
    };
    read_options(argc, argv, usage, options, 0, 0);

    puts("Working...");
    double begin = seconds();
    matrices.random = (uint64_t)seed;
    MUST(pthread_mutex_init(&work.gate, NULL));
    struct worker workers[MATRIX_SIZE];
    if (start(workers, (int)threads, &work) == 0)
        return EXIT_FAILURE;
    for (long i = 0; i < work.rounds; i++) {
        matrix_add_random(&matrices);
        fast_barrier_wait(&work.work_start);
        fast_barrier_wait(&work.work_complete);
    }
    for (int i = 0; i < work.threads; i++)
        MUST(pthread_join(workers[i].thread, NULL));
    double elapsed = seconds() - begin;
    puts("Done");
    printf("Processing took %.3fs\n", elapsed);
    MUST(fast_barrier_destroy(&work.work_complete));
    MUST(fast_barrier_destroy(&work.work_start));
    MUST(pthread_mutex_destroy(&work.gate));
    bool wrong = verifies && !verify(&matrices, work.rounds, (uint64_t)seed);
    return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
