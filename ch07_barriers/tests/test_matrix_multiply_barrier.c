/*
 * test_matrix_multiply_barrier.c - the result is the sum of all the products: no row is lost, and none is
 * worked out too early.
 */
#pragma GCC diagnostic ignored "-Wreturn-type" // main needs no return, and is renamed here
#define main matrix_multiply_barrier_main
#include "matrix_multiply_barrier.c"
#undef main

#include "cases.h"

#include <string.h>

/* The sum of so many products, by the definition, from the same random numbers; some columns of it. */
enum { COLUMNS = 10 };

static void check_result(int rounds)
{
    static int a[matrix_size][matrix_size], b[matrix_size][matrix_size];
    static int sum[matrix_size][COLUMNS];
    srand48(1);
    for (int i = 0; i < rounds; i++) {
        generate_random_matrix(a);
        generate_random_matrix(b);
        for (int row = 0; row < matrix_size; row++) {
            for (int col = 0; col < COLUMNS; col++) {
                for (int k = 0; k < matrix_size; k++)
                    sum[row][col] += a[row][k] * b[k][col * matrix_size / COLUMNS];
            }
        }
    }
    ck_assert_mem_eq(a, matrix_a, sizeof a);
    ck_assert_mem_eq(b, matrix_b, sizeof b);
    for (int row = 0; row < matrix_size; row++) {
        for (int col = 0; col < COLUMNS; col++)
            ck_assert_int_eq(result[row][col * matrix_size / COLUMNS], sum[row][col]);
    }
}

/* As it is. Its threads wait for another round when main is done. */
START_TEST(test_hundred_products)
{
    char name[] = "matrix_multiply_barrier", *arguments[] = {name, NULL};
    MUST_HAVE(freopen("/dev/null", "w", stdout)); // what it prints
    srand48(1);
    matrix_multiply_barrier_main(1, arguments);
    check_result(100);
}
END_TEST

/* What main does, for some rounds. */
START_TEST(test_some_products)
{
    const int rounds = 2 + ROUNDS / 1000;
    srand48(1);
    MUST(barrier_init(&work_start, matrix_size + 1));
    MUST(barrier_init(&work_complete, matrix_size + 1));
    for (long row = 0; row < matrix_size; row++) {
        pthread_t thread;
        MUST(pthread_create(&thread, NULL, work_out_row, (void *)row));
    }
    for (int i = 0; i < rounds; i++) {
        generate_random_matrix(matrix_a);
        generate_random_matrix(matrix_b);
        barrier_wait(&work_start);
        barrier_wait(&work_complete);
    }
    check_result(rounds);
}
END_TEST

/* From -5 to 4, each about as often. */
START_TEST(test_random_numbers)
{
    int counts[10] = {0}, wrong = 0;
    for (int i = 0; i < 10; i++) {
        static int matrix[matrix_size][matrix_size];
        memset(matrix, 0, sizeof matrix);
        generate_random_matrix(matrix);
        for (int cell = 0; cell < matrix_size * matrix_size; cell++) {
            int number = matrix[cell / matrix_size][cell % matrix_size];
            if (number >= -5 && number <= 4)
                counts[number + 5]++;
            else
                wrong++;
        }
    }
    ck_assert_int_eq(wrong, 0);
    for (int i = 0; i < 10; i++)
        ck_assert_int_gt(counts[i], 60000);
}
END_TEST

START_TEST(test_lines)
{
    ck_assert_int_eq(run("matrix_multiply_barrier | sed 's/[0-9][0-9.]*/N/g'"), 0);
    ck_assert_str_eq(printed, "Working...\nDone\nProcessing took Ns\n");
}
END_TEST

START_TEST(test_on_one_processor)
{
    ck_assert_int_eq(run("taskset -c 0 matrix_multiply_barrier | sed 's/[0-9][0-9.]*/N/g'"), 0);
    ck_assert_str_eq(printed, "Working...\nDone\nProcessing took Ns\n");
}
END_TEST

START_TEST(test_usage)
{
    static const char usage[] = "usage: matrix_multiply_barrier\n";
    ck_assert_int_eq(run("matrix_multiply_barrier -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
    ck_assert_int_eq(run("matrix_multiply_barrier --help 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
    static const char *const wrong[] = {"-t 2", "10", "''", "--nonsense"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("matrix_multiply_barrier %s", wrong[i]), 2);
        ck_assert(strstr(printed, usage) != NULL);
    }
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("matrix_multiply_barrier >/dev/full"), 1);
    ck_assert_str_eq(printed,
                     "matrix_multiply_barrier: standard output: No space left on device\n");
    ck_assert_int_eq(run("matrix_multiply_barrier >&-"), 1);
    ck_assert_str_eq(printed, "matrix_multiply_barrier: standard output: Bad file descriptor\n");
}
END_TEST

START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 10000; ulimit -v 900000; matrix_multiply_barrier"), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *matrix_multiply_barrier_cases(void)
{
    TCase *cases = tcase_create("matrix_multiply_barrier");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_some_products);
    tcase_add_test(cases, test_random_numbers);
    tcase_add_test(cases, test_usage);
    if (is_possible("matrix_multiply_barrier with 100 rounds", PLAIN_BUILD)) {
        tcase_add_test(cases, test_hundred_products);
        tcase_add_test(cases, test_lines);
    }
    if (is_possible("matrix_multiply_barrier on one processor",
                    PLAIN_BUILD " && taskset -c 0 true 2>/dev/null"))
        tcase_add_test(cases, test_on_one_processor);
    if (is_possible("matrix_multiply_barrier on a full disk", PLAIN_BUILD " && " FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("matrix_multiply_barrier with too few threads", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    return cases;
}
