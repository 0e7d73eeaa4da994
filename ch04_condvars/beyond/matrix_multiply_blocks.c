/*
 * matrix_multiply_blocks.c - the lecture's hundred products, by a few threads with a block of rows each.
 *
 * Lecture   matrix_multiply.c
 * Adds      a thread for each processor, not for each row; matrices laid out for the row product; rows
 *           shared among any number of threads, even if the system refuses some; a seed, and a check
 *           against one thread
 * Build     cc -O3 -pthread -iquote . -o beyond/matrix_multiply_blocks \
 *           beyond/matrix_multiply_blocks.c beyond/matrix.c wait_group.c
 * Run       beyond/matrix_multiply_blocks [-n rounds] [-s seed] [-t threads] [-v]
 *               -v does everything again in one thread, and compares
 * Expect    Working..., Done, and the time it took
 * Try       -t 250, a thread for each row. What do the other 248 cost? Then broadcast before the
 *           unlock, and measure both again
 */
#include "matrix.h"
#include "must.h"
#include "wait_group.h"

#include <pthread.h>

static const char usage[] = "matrix_multiply_blocks [-n rounds] [-s seed] [-t threads] [-v]";

struct work {
    long rounds; // never changes
    int threads; // never changes after round 1 has begun
    // Between rounds only main uses the matrices. In a round no thread writes a and b, and each writes
    // rows of result that are its own.
    struct matrices *matrices;
    struct wait_group wait_group; // threads that have not finished their rows. main waits for them

    pthread_mutex_t lock; // protects: round
    long round;           // grows by one when all threads have finished the one before
    pthread_cond_t cond;  // round has grown. Each thread that has finished its rows waits for it
};

struct worker {
    struct work *work;
    int number; // from 0
    pthread_t thread;
};

/*
 * Waits until `round` has begun. A round lasts until all threads have finished it. So a thread that was
 * not asleep yet at the broadcast still finds the new number here.
 */
static void wait_for_round(struct work *work, long round)
{
    MUST(pthread_mutex_lock(&work->lock));
    while (work->round < round)
        MUST(pthread_cond_wait(&work->cond, &work->lock));
    MUST(pthread_mutex_unlock(&work->lock));
}

static void *work_out_rows(void *argument)
{
    struct worker *self = argument;
    struct work *work = self->work;
    for (long round = 1; round <= work->rounds; round++) {
        wait_for_round(work, round);
        int end = MATRIX_SIZE * (self->number + 1) / work->threads;
        for (int row = MATRIX_SIZE * self->number / work->threads; row < end; row++)
            matrix_add_row(work->matrices, row);
        MUST(wait_group_done(&work->wait_group));
    }
    return NULL;
}

/*
 * The broadcast comes after the unlock. Before it, it would be just as right, but then each thread
 * wakes up only to find the lock taken, and sleeps a second time.
 */
static void begin_round(struct work *work)
{
    MUST(wait_group_add(&work->wait_group, work->threads));
    MUST(pthread_mutex_lock(&work->lock));
    work->round++;
    MUST(pthread_mutex_unlock(&work->lock));
    MUST(pthread_cond_broadcast(&work->cond));
}

/*
 * Starts the threads, or as many as the system allows: they share all the rows, so that none is lost.
 * Returns how many there are.
 */
static int start(struct worker *workers, int wanted, struct work *work)
{
    for (int i = 0; i < wanted; i++) {
        workers[i] = (struct worker){.work = work, .number = i};
        int error = pthread_create(&workers[i].thread, NULL, work_out_rows, &workers[i]);
        if (error != 0) {
            fprintf(stderr, "matrix_multiply_blocks: %d threads instead of %d: %s\n", i, wanted,
                    strerror(error));
            return i;
        }
    }
    return wanted;
}

static long processors(void)
{
#ifdef _SC_NPROCESSORS_ONLN
    long number = sysconf(_SC_NPROCESSORS_ONLN);
    if (number >= 1)
        return number < MATRIX_SIZE ? number : MATRIX_SIZE;
#endif
    return 2;
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
    long threads = processors(), seed = 1;
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
    MUST(wait_group_init(&work.wait_group));
    MUST(pthread_mutex_init(&work.lock, NULL));
    MUST(pthread_cond_init(&work.cond, NULL));
    struct worker workers[MATRIX_SIZE];
    work.threads = start(workers, (int)threads, &work);
    if (work.threads == 0)
        return EXIT_FAILURE;
    for (long i = 0; i < work.rounds; i++) {
        matrix_add_random(&matrices);
        begin_round(&work);
        MUST(wait_group_wait(&work.wait_group));
    }
    for (int i = 0; i < work.threads; i++)
        MUST(pthread_join(workers[i].thread, NULL));
    double elapsed = seconds() - begin;
    puts("Done");
    printf("Processing took %.3fs\n", elapsed);
    MUST(pthread_cond_destroy(&work.cond));
    MUST(pthread_mutex_destroy(&work.lock));
    MUST(wait_group_destroy(&work.wait_group));
    bool wrong = verifies && !verify(&matrices, work.rounds, (uint64_t)seed);
    return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
