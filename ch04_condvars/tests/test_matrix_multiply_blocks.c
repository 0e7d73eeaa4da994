/*
 * test_matrix_multiply_blocks.c - the random steps are what they should be, and no product is lost or
 * wrong, whatever the number of threads.
 */
#include "../beyond/matrix.c"

#include "cases.h"
#include "must.h"

static struct matrices matrices;
static int64_t expected[MATRIX_SIZE][MATRIX_SIZE];

/* By the definition, from the numbers as they stand, in another order than the piece has. */
static void add_product_to_expected(void)
{
    for (int i = 0; i < MATRIX_SIZE; i++) {
        for (int row = 0; row < MATRIX_SIZE; row++) {
            for (int column = 0; column < MATRIX_SIZE; column++)
                expected[row][column] +=
                    (int64_t)matrices.a[row][i] * (int64_t)matrices.b_columns[column][i];
        }
    }
}

START_TEST(test_products)
{
    void (*const ways[])(struct matrices *, int) = {matrix_add_row_plainly, matrix_add_row};
    matrices.random = 7;
    for (int round = 0; round < 5; round++) {
        matrix_add_random(&matrices);
        add_product_to_expected();
        // The ways in turn, the rows from the last to the first.
        for (int row = MATRIX_SIZE - 1; row >= 0; row--)
            ways[(round + row) % 2](&matrices, row);
        ck_assert_mem_eq(matrices.result, expected, sizeof expected);
    }
}
END_TEST

/* As far out as the cells can come, with all signs: the sums of the fast way still fit. */
START_TEST(test_largest_cells)
{
    for (int signs = 0; signs < 4; signs++) {
        memset(&matrices, 0, sizeof matrices);
        memset(expected, 0, sizeof expected);
        for (int row = 0; row < MATRIX_SIZE; row++) {
            for (int i = 0; i < MATRIX_SIZE; i++) {
                matrices.a[row][i] = (int16_t)(signs & 1 ? LARGEST_CELL : -LARGEST_CELL);
                matrices.b_columns[row][i] = (int16_t)(signs & 2 ? LARGEST_CELL : -LARGEST_CELL);
            }
        }
        add_product_to_expected();
        for (int row = 0; row < MATRIX_SIZE; row++)
            matrix_add_row(&matrices, row);
        ck_assert_mem_eq(matrices.result, expected, sizeof expected);
        ck_assert_int_eq(expected[3][4], (signs == 0 || signs == 3 ? 1 : -1) * 250L * 5000 * 5000);
    }
}
END_TEST

/* A row is added to its own row of result, and nowhere else. */
START_TEST(test_one_row)
{
    static struct matrices before;
    matrix_add_random(&matrices);
    before = matrices;
    matrix_add_row(&matrices, 17);
    ck_assert_mem_ne(matrices.result[17], before.result[17], sizeof before.result[17]);
    memset(matrices.result[17], 0, sizeof matrices.result[17]);
    ck_assert_mem_eq(&matrices, &before, sizeof before);
}
END_TEST

/* The generator's first numbers, as published for the seed 1234567. */
START_TEST(test_generator)
{
    static const uint64_t published[] = {6457827717110365317u, 3203168211198807973u,
                                         9817491932198370423u, 4593380528125082431u,
                                         16408922859458223821u};
    uint64_t state = 1234567;
    for (int i = 0; i < 5; i++)
        ck_assert(next_random(&state) == published[i]);
}
END_TEST

/* Steps go from -5 to 4, all equally often, in both matrices and at every place; the padding stays 0. */
START_TEST(test_steps)
{
    enum { TIMES = 100 };
    static struct matrices before;
    static int of_place[2][MATRIX_SIZE][MATRIX_SIZE];
    long counts[2][STEPS] = {{0}};
    bool padding = true, steps = true;
    matrices.random = 42;
    for (int time = 0; time < TIMES; time++) {
        before = matrices;
        matrix_add_random(&matrices);
        for (int row = 0; row < MATRIX_SIZE; row++) {
            for (int i = 0; i < MATRIX_STRIDE; i++) {
                int step[] = {matrices.a[row][i] - before.a[row][i],
                              matrices.b_columns[row][i] - before.b_columns[row][i]};
                for (int j = 0; j < 2; j++) {
                    if (i >= MATRIX_SIZE) {
                        padding = padding && step[j] == 0;
                    } else if (step[j] < -5 || step[j] > 4) {
                        steps = false;
                    } else {
                        counts[j][step[j] + 5]++;
                        of_place[j][row][i] += step[j];
                    }
                }
            }
        }
    }
    ck_assert(padding && steps);
    for (int j = 0; j < 2; j++) {
        // 6.25 million steps: each tenth varies by 750; six times that, and the bias, is beyond chance.
        for (int i = 0; i < STEPS; i++)
            ck_assert_int_lt(labs(counts[j][i] - 625000), 6 * 750 + 100);
        // The sum of 100 steps at one place: -50, and 29 more or less. Nowhere always the same.
        for (int row = 0; row < MATRIX_SIZE; row++) {
            for (int i = 0; i < MATRIX_SIZE; i++)
                steps = steps && abs(of_place[j][row][i] + 50) < 29 * 6;
        }
    }
    ck_assert(steps);
}
END_TEST

/* The same seed makes the same numbers, another one others. */
START_TEST(test_seeds)
{
    static struct matrices same, other;
    matrices.random = same.random = 5;
    other.random = 6;
    matrix_add_random(&matrices);
    matrix_add_random(&same);
    matrix_add_random(&other);
    ck_assert_mem_eq(&matrices, &same, sizeof same);
    ck_assert_mem_ne(matrices.a, other.a, sizeof other.a);
    // No two rows, of whichever matrix, are made of the same numbers.
    for (int i = 0; i < MATRIX_SIZE; i++) {
        for (int j = 0; j < MATRIX_SIZE; j++) {
            size_t size = sizeof matrices.a[i];
            if (memcmp(matrices.a[i], matrices.b_columns[j], size) == 0 ||
                (i != j && memcmp(matrices.a[i], matrices.a[j], size) == 0) ||
                (i != j && memcmp(matrices.b_columns[i], matrices.b_columns[j], size) == 0))
                ck_abort_msg("rows %d and %d", i, j);
        }
    }
}
END_TEST

/* Any number of threads has the result of one. */
START_TEST(test_threads)
{
    static const int threads[] = {1, 2, 3, 7, 16, 100, 249, 250};
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        ck_assert_int_eq(run("matrix_multiply_blocks -v -n %d -s %zu -t %d",
                             ROUNDS < 500 ? 1 : ROUNDS / 500, i, threads[i]),
                         0);
        ck_assert(strncmp(printed, "Working...\nDone\nProcessing took ", 32) == 0);
        ck_assert(strstr(printed, "s\nEqual to a plain multiplication") != NULL);
    }
    ck_assert_int_eq(run("matrix_multiply_blocks -v -n 1 -t 8"), 0);
}
END_TEST

START_TEST(test_defaults)
{
    ck_assert_int_eq(run("matrix_multiply_blocks | sed 's/[0-9][0-9.]*/N/g'"), 0);
    ck_assert_str_eq(printed, "Working...\nDone\nProcessing took Ns\n");
}
END_TEST

START_TEST(test_many_rounds)
{
    int many = ROUNDS / 20 < MATRIX_MOST_ROUNDS ? ROUNDS / 20 : MATRIX_MOST_ROUNDS;
    ck_assert_int_eq(run("matrix_multiply_blocks -v -t 8 -n %d", many), 0);
    ck_assert(strstr(printed, "s\nEqual to a plain multiplication") != NULL);
    // As many as it takes: it reads that, and then -h.
    ck_assert_int_eq(run("matrix_multiply_blocks -t 8 -n %d -h", MATRIX_MOST_ROUNDS), 0);
}
END_TEST

/* Where there are not as many threads as it wants, those that there are do all the rows. */
START_TEST(test_too_few_threads)
{
    ck_assert_int_eq(
        run("ulimit -s 8192; ulimit -v 300000; matrix_multiply_blocks -v -t 250 -n 10"), 0);
    ck_assert(strstr(printed, " threads instead of 250: Resource temporarily unavailable\n") !=
              NULL);
    ck_assert(strstr(printed, "s\nEqual to a plain multiplication") != NULL);
    ck_assert_int_eq(run("ulimit -s 1000000; ulimit -v 900000; matrix_multiply_blocks -t 250"), 1);
    ck_assert(strstr(printed, "matrix_multiply_blocks: 0 threads instead of 250: ") != NULL);
}
END_TEST

START_TEST(test_usage)
{
    static const char usage[] =
        "usage: matrix_multiply_blocks [-n rounds] [-s seed] [-t threads] [-v]\n";
    static const char *const wrong[] = {"-t 0",  "-t 251", "-t x",   "-n 0", "-n 1001", "-n 1x",
                                        "-n ''", "-s -1",  "-s 1.5", "-x",   "-t",      "a"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("matrix_multiply_blocks %s", wrong[i]), 2);
        ck_assert(strstr(printed, usage) != NULL);
    }
    ck_assert_int_eq(run("matrix_multiply_blocks -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("matrix_multiply_blocks -n 1 >/dev/full"), 1);
    ck_assert_str_eq(printed, "matrix_multiply_blocks: standard output: No space left on device\n");
    ck_assert_int_eq(run("matrix_multiply_blocks -n 1 >&-"), 1);
    ck_assert_str_eq(printed, "matrix_multiply_blocks: standard output: Bad file descriptor\n");
}
END_TEST

TCase *matrix_multiply_blocks_cases(void)
{
    TCase *cases = tcase_create("matrix_multiply_blocks");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_products);
    tcase_add_test(cases, test_largest_cells);
    tcase_add_test(cases, test_one_row);
    tcase_add_test(cases, test_generator);
    tcase_add_test(cases, test_steps);
    tcase_add_test(cases, test_seeds);
    tcase_add_test(cases, test_threads);
    tcase_add_test(cases, test_usage);
    if (is_possible("matrix_multiply_blocks with 100 rounds and more", PLAIN_BUILD)) {
        tcase_add_test(cases, test_defaults);
        tcase_add_test(cases, test_many_rounds);
    }
    if (is_possible("matrix_multiply_blocks on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("matrix_multiply_blocks with little memory", MEMORY_LIMIT))
        tcase_add_test(cases, test_too_few_threads);
    return cases;
}
