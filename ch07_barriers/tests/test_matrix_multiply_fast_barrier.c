/*
 * test_matrix_multiply_fast_barrier.c - no row is lost, none is worked out too early, with any number of
 * threads.
 *
 * (matrix.c itself is a copy; chapter 4 tests its parts.)
 */
#include "beyond/matrix.c"

#define main matrix_multiply_fast_barrier_main
#include "beyond/matrix_multiply_fast_barrier.c"
#undef main

#include "cases.h"

static struct matrices matrices;

/* What main does, but for the options. */
static void multiply(int threads, int rounds, uint64_t seed)
{
    struct work work = {.rounds = rounds, .matrices = &matrices};
    struct worker workers[MATRIX_SIZE];
    memset(&matrices, 0, sizeof matrices);
    matrices.random = seed;
    MUST(pthread_mutex_init(&work.gate, NULL));
    ck_assert_int_eq(start(workers, threads, &work), threads);
    for (int i = 0; i < rounds; i++) {
        matrix_add_random(&matrices);
        fast_barrier_wait(&work.work_start);
        fast_barrier_wait(&work.work_complete);
    }
    for (int i = 0; i < threads; i++)
        MUST(pthread_join(workers[i].thread, NULL));
    MUST(fast_barrier_destroy(&work.work_complete));
    MUST(fast_barrier_destroy(&work.work_start));
    MUST(pthread_mutex_destroy(&work.gate));
}

/* The result by the definition, and not by the piece. */
START_TEST(test_definition)
{
    static struct matrices by_hand;
    static const int threads[] = {1, 2, 3, 250};
    by_hand.random = 9;
    for (int round = 0; round < 5; round++) {
        matrix_add_random(&by_hand);
        for (int row = 0; row < MATRIX_SIZE; row++) {
            for (int i = 0; i < MATRIX_SIZE; i++) {
                for (int column = 0; column < MATRIX_SIZE; column++)
                    by_hand.result[row][column] +=
                        (int64_t)by_hand.a[row][i] * by_hand.b_columns[column][i];
            }
        }
    }
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        multiply(threads[i], 5, 9);
        ck_assert_mem_eq(&matrices, &by_hand, sizeof by_hand);
    }
}
END_TEST

/* The same seed gives the same result, another one another; and -v would notice. */
START_TEST(test_seeds)
{
    static struct matrices before;
    MUST_HAVE(freopen("/dev/null", "w", stdout)); // what verify prints
    multiply(7, 3, 5);
    before = matrices;
    multiply(100, 3, 5);
    ck_assert_mem_eq(&matrices, &before, sizeof before);
    ck_assert(verify(&matrices, 3, 5));
    matrices.result[249][249]++;
    ck_assert(!verify(&matrices, 3, 5));
    multiply(7, 3, 6);
    ck_assert_mem_ne(matrices.result, before.result, sizeof before.result);
}
END_TEST

/* Any number of threads gives the result of one. */
START_TEST(test_threads)
{
    static const int threads[] = {1, 2, 7, 100, 249, 250};
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        ck_assert_int_eq(run("matrix_multiply_fast_barrier -v -n %d -s %zu -t %d",
                             1 + ROUNDS / 1000, i, threads[i]),
                         0);
        ck_assert(strncmp(printed, "Working...\nDone\nProcessing took ", 32) == 0);
        ck_assert(strstr(printed, "s\nEqual to a plain multiplication") != NULL);
    }
    ck_assert_int_eq(run("matrix_multiply_fast_barrier -v -n 1 -t 8"), 0);
}
END_TEST

START_TEST(test_defaults)
{
    ck_assert_int_eq(run("matrix_multiply_fast_barrier | sed 's/[0-9][0-9.]*/N/g'"), 0);
    ck_assert_str_eq(printed, "Working...\nDone\nProcessing took Ns\n");
}
END_TEST

/* Where there are not as many threads as it wants, those that there are do all the rows. */
START_TEST(test_too_few_threads)
{
    ck_assert_int_eq(run("ulimit -s 8192; ulimit -v 300000; matrix_multiply_fast_barrier -v"), 0);
    ck_assert(strstr(printed, " threads instead of 250: Resource temporarily unavailable\n") !=
              NULL);
    ck_assert(strstr(printed, "s\nEqual to a plain multiplication") != NULL);
    ck_assert_int_eq(run("ulimit -s 8192; ulimit -v 9500; matrix_multiply_fast_barrier -v"), 1);
    ck_assert(strstr(printed, "matrix_multiply_fast_barrier: 0 threads instead of 250: ") != NULL);
}
END_TEST

START_TEST(test_usage)
{
    static const char *const wrong[] = {"-t 0",  "-t 251", "-t x",   "-n 0", "-n 1001", "-n 1x",
                                        "-n ''", "-s -1",  "-s 1.5", "-x",   "-t",      "a"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("matrix_multiply_fast_barrier %s", wrong[i]), 2);
        ck_assert(strstr(printed, "usage: matrix_multiply_fast_barrier [-n rounds]") != NULL);
    }
    ck_assert_int_eq(run("matrix_multiply_fast_barrier -h 2>/dev/null"), 0);
    ck_assert_str_eq(
        printed, "usage: matrix_multiply_fast_barrier [-n rounds] [-s seed] [-t threads] [-v]\n");
    ck_assert_int_eq(run("matrix_multiply_fast_barrier --help 2>/dev/null | grep -c ^usage"), 0);
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("matrix_multiply_fast_barrier -n 1 >/dev/full"), 1);
    ck_assert_str_eq(printed,
                     "matrix_multiply_fast_barrier: standard output: No space left on device\n");
    ck_assert_int_eq(run("matrix_multiply_fast_barrier -n 1 >&-"), 1);
    ck_assert_str_eq(printed,
                     "matrix_multiply_fast_barrier: standard output: Bad file descriptor\n");
}
END_TEST

TCase *matrix_multiply_fast_barrier_cases(void)
{
    TCase *cases = tcase_create("matrix_multiply_fast_barrier");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_definition);
    tcase_add_test(cases, test_seeds);
    tcase_add_test(cases, test_threads);
    tcase_add_test(cases, test_usage);
    if (is_possible("matrix_multiply_fast_barrier with 100 rounds", PLAIN_BUILD))
        tcase_add_test(cases, test_defaults);
    if (is_possible("matrix_multiply_fast_barrier on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("matrix_multiply_fast_barrier with little memory", MEMORY_LIMIT))
        tcase_add_test(cases, test_too_few_threads);
    return cases;
}
