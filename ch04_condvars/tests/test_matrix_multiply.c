/*
 * test_matrix_multiply.c - all hundred products are there, and every one of them is right.
 *
 * It includes the lecture, to look at its result and to count its waits.
 */
#include "wait_group.h"

static int waits;

static int counted_wait(struct wait_group *group)
{
    waits++;
    return wait_group_wait(group);
}
#define wait_group_wait counted_wait

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wreturn-type" // only main may end without a return
#define main matrix_multiply_main
#include "../matrix_multiply.c"
#undef main
#pragma GCC diagnostic pop

#include "cases.h"

#include <stdint.h>

/* By the definition, y[row] grows by the sum of all matrix[row][col] * x[col]. Modulo 2 to the 64. */
static void add_product(int matrix[matrix_size][matrix_size], const uint64_t x[matrix_size],
                        uint64_t y[matrix_size])
{
    for (int row = 0; row < matrix_size; row++) {
        for (int col = 0; col < matrix_size; col++)
            y[row] += (uint64_t)(int64_t)matrix[row][col] * x[col];
    }
}

/*
 * Freivalds's check (1977): result * x has to be the sum of all a * (b * x), for an x of random numbers of
 * 64 bits. With a result that is wrong anywhere it is not, but for one x in 2 to the 33 or more; and
 * it takes a thousandth of the time of the products.
 */
START_TEST(test_hundred_products)
{
    static int a[matrix_size][matrix_size], b[matrix_size][matrix_size];
    uint64_t x[matrix_size], expected[matrix_size] = {0}, found[matrix_size] = {0}, random = 42;
    char *arguments[] = {"matrix_multiply", NULL}, name[300], line[100];
    double elapsed;
    snprintf(name, sizeof name, "%s/printed", new_folder());
    MUST_HAVE(freopen(name, "w", stdout));
    for (int i = 0; i < matrix_size; i++)
        x[i] = random = random * 6364136223846793005u + 1442695040888963407u;
    srand48(7);
    matrix_multiply_main(1, arguments);

    // Main has waited before each product, and for the last one, which is there when it is done.
    add_product(result, x, found);
    ck_assert_int_eq(waits, 101);

    fflush(stdout);
    FILE *lines = MUST_HAVE(fopen(name, "r"));
    ck_assert_str_eq(fgets(line, sizeof line, lines), "Working...\n");
    ck_assert_str_eq(fgets(line, sizeof line, lines), "Done\n");
    ck_assert_int_eq(fscanf(lines, "Processing took %lfs\n", &elapsed), 1);
    ck_assert_int_eq(fgetc(lines), EOF);
    fclose(lines);

    srand48(7);
    for (int round = 0; round < 100; round++) {
        uint64_t b_times_x[matrix_size] = {0};
        generate_random_matrix(a);
        generate_random_matrix(b);
        add_product(b, x, b_times_x);
        add_product(a, b_times_x, expected);
    }
    ck_assert_mem_eq(found, expected, sizeof found);
    ck_assert_mem_eq(matrix_a, a, sizeof a);
    ck_assert_int_eq(rounds, 100);
}
END_TEST

/* Steps go from -5 to 4, all of them, and are added to what is there. */
START_TEST(test_steps)
{
    static int matrix[matrix_size][matrix_size];
    int times[10] = {0};
    for (int row = 0; row < matrix_size; row++) {
        for (int col = 0; col < matrix_size; col++)
            matrix[row][col] = 1000;
    }
    generate_random_matrix(matrix);
    for (int row = 0; row < matrix_size; row++) {
        for (int col = 0; col < matrix_size; col++) {
            int step = matrix[row][col] - 1000;
            ck_assert(step >= -5 && step <= 4);
            times[step + 5]++;
        }
    }
    // 62500 steps: each tenth varies by 75; six times that is beyond chance.
    for (int i = 0; i < 10; i++)
        ck_assert_int_lt(abs(times[i] - 6250), 450);
}
END_TEST

START_TEST(test_usage)
{
    ck_assert_int_eq(run("matrix_multiply -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: matrix_multiply\n");
    ck_assert_int_eq(run("matrix_multiply --help 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: matrix_multiply\n");
    ck_assert_int_eq(run("matrix_multiply 10"), 2);
    ck_assert_str_eq(printed, "matrix_multiply: 10: one argument too many\n"
                              "usage: matrix_multiply\n");
    ck_assert_int_eq(run("matrix_multiply -t 2"), 2);
}
END_TEST

START_TEST(test_lines)
{
    ck_assert_int_eq(run("matrix_multiply | sed 's/[0-9][0-9]*\\.[0-9]*s/TIME/'"), 0);
    ck_assert_str_eq(printed, "Working...\nDone\nProcessing took TIME\n");
}
END_TEST

/* The head's line builds it. With the edit that the head proposes, one row is woken, and main waits. */
START_TEST(test_build_and_signal)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("cp *.[ch] %s && cd %s && "
            "build=$(sed -n 's/^ \\* Build *//p' matrix_multiply.c) && eval \"$build\" && "
            "./matrix_multiply | grep -c Done; "
            "sed 's/MUST(pthread_cond_broadcast/MUST(pthread_cond_signal/' "
            "matrix_multiply.c >edited.c && mv edited.c matrix_multiply.c && "
            "eval \"$build\"; ./matrix_multiply >lines & pid=$!; sleep 1; kill $pid; "
            "wait $pid 2>/dev/null",
            folder, folder),
        143);
    ck_assert_str_eq(printed, "1\n");
}
END_TEST

START_TEST(test_output)
{
    ck_assert_int_eq(run("matrix_multiply | head -n 1"), 0);
    ck_assert_str_eq(printed, "Working...\n");
    ck_assert_int_eq(run("matrix_multiply >&-"), 1);
    ck_assert_str_eq(printed, "matrix_multiply: standard output: Bad file descriptor\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("matrix_multiply >/dev/full"), 1);
    ck_assert_str_eq(printed, "matrix_multiply: standard output: No space left on device\n");
}
END_TEST

START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 8192; ulimit -v 300000; matrix_multiply"), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *matrix_multiply_cases(void)
{
    TCase *cases = tcase_create("matrix_multiply");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_hundred_products);
    tcase_add_test(cases, test_steps);
    tcase_add_test(cases, test_usage);
    if (is_possible("matrix_multiply as a program", PLAIN_BUILD)) {
        tcase_add_test(cases, test_lines);
        tcase_add_test(cases, test_build_and_signal);
        tcase_add_test(cases, test_output);
        if (is_possible("matrix_multiply on a full disk", FULL_DISK))
            tcase_add_test(cases, test_full_disk);
    }
    if (is_possible("matrix_multiply with few threads", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    return cases;
}
