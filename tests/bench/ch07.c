/*
 * ch07.c - the barrier beside a plain one and the system's, and the matrices.
 */
#include "barrier.h"
#include "bench.h"
#include "beyond/fast_barrier.h"
#include "must.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#if defined _POSIX_BARRIERS && _POSIX_BARRIERS > 0
#define HAVE_PTHREAD_BARRIER 1
#else // as on macOS: that way is left out
#define HAVE_PTHREAD_BARRIER 0
#endif

/* Threads that do nothing but meet. */
struct meeting {
    int threads;

    long rounds;
    struct barrier barrier;
    struct fast_barrier fast;
#if HAVE_PTHREAD_BARRIER
    pthread_barrier_t pthread_barrier;
#endif
};

static void *meet(void *argument)
{
    struct meeting *meeting = argument;
    for (long i = 0; i < meeting->rounds; i++)
        barrier_wait(&meeting->barrier);
    return NULL;
}

static void *meet_fast(void *argument)
{
    struct meeting *meeting = argument;
    for (long i = 0; i < meeting->rounds; i++)
        fast_barrier_wait(&meeting->fast);
    return NULL;
}

#if HAVE_PTHREAD_BARRIER
static void *meet_by_pthreads(void *argument)
{
    struct meeting *meeting = argument;
    for (long i = 0; i < meeting->rounds; i++)
        pthread_barrier_wait(&meeting->pthread_barrier);
    return NULL;
}
#endif

/* What can be no faster where there are more threads than processors: each has to run once a round. */
static void *yield(void *argument)
{
    struct meeting *meeting = argument;
    for (long i = 0; i < meeting->rounds; i++)
        sched_yield();
    return NULL;
}

static void run_threads(struct meeting *meeting, long rounds, void *(*run)(void *))
{
    meeting->rounds = rounds;
    bench_threads(meeting->threads, run, meeting);
}

static void with_barrier(void *meeting, long rounds)
{
    run_threads(meeting, rounds, meet);
}

static void with_fast_barrier(void *meeting, long rounds)
{
    run_threads(meeting, rounds, meet_fast);
}

#if HAVE_PTHREAD_BARRIER
static void with_pthread_barrier(void *meeting, long rounds)
{
    run_threads(meeting, rounds, meet_by_pthreads);
}
#endif

static void yields(void *meeting, long rounds)
{
    run_threads(meeting, rounds, yield);
}

static void compare_barriers(void)
{
    static const struct {
        const char *work;
        int threads;
        long rounds;
    } rows[] = {
        {"a round of 2 threads", 2, 50000},
        {"a round of 8 threads", 8, 5000},
        {"a round of 251 threads", 251, 500},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct meeting meeting = {.threads = rows[i].threads};
        MUST(barrier_init(&meeting.barrier, rows[i].threads));
        MUST(fast_barrier_init(&meeting.fast, rows[i].threads));
        const struct way ways[] =
        { {.name = "barrier.c", .function = with_barrier, .argument = &meeting},
          {.name = "fast_barrier.c", .function = with_fast_barrier, .argument = &meeting},
          {.name = "(one sched_yield in each)", .function = yields, .argument = &meeting},
#if HAVE_PTHREAD_BARRIER
          {.name = "pthread_barrier_wait", .function = with_pthread_barrier, .argument = &meeting},
#endif
        };
#if HAVE_PTHREAD_BARRIER
        MUST(pthread_barrier_init(&meeting.pthread_barrier, NULL, (unsigned)rows[i].threads));
#endif
        bench_compare(rows[i].work, rows[i].rounds, ways, (int)(sizeof ways / sizeof ways[0]));
#if HAVE_PTHREAD_BARRIER
        MUST(pthread_barrier_destroy(&meeting.pthread_barrier));
#endif
        MUST(fast_barrier_destroy(&meeting.fast));
        MUST(barrier_destroy(&meeting.barrier));
    }
}

static void compare_programs(void)
{
    const struct way products[] = {
        {.name = "matrix_multiply_barrier, 250 threads", .command = "./matrix_multiply_barrier"},
        {.name = "matrix_multiply_fast_barrier -t 250",
         .command = "beyond/matrix_multiply_fast_barrier -t 250"},
        {.name = "matrix_multiply_fast_barrier -t 2",
         .command = "beyond/matrix_multiply_fast_barrier -t 2"},
    };
    bench_compare("a hundred products of 250 x 250", 1, products, 3);
}

static void show_growth(void)
{
    static const long threads[] = {1, 10, 100, 250};
    bench_growth("matrix_multiply_fast_barrier -t", NULL,
                 "beyond/matrix_multiply_fast_barrier -t $n", threads, 4);
    static const long rounds[] = {10, 100, 1000};
    bench_growth("matrix_multiply_fast_barrier -n", NULL,
                 "beyond/matrix_multiply_fast_barrier -n $n", rounds, 3);
}

int main(int argc, char *argv[])
{
    bench_begin("Chapter 7", argc, argv);
    compare_programs();
    show_growth();
    compare_barriers();
    return 0;
}
