/*
 * test_boids_locks.c - the boids fly with each kind of lock, and never faster than their pauses let them.
 */
#include "cases.h"
#include "must.h"

static const char *const ways[][2] = {{"", "rwlock"},
                                      {"-l rwlock", "rwlock"},
                                      {"-l mutex", "mutex"},
                                      {"-y", "rwlock, yields first"},
                                      {"-y -l mutex", "mutex, yields first"}};
enum { WAYS = 5 };

/* The numbers of its one line. */
static void read_line(const char *way, long count, double *steps, double *neighbours)
{
    char line[200];
    int end = 0;
    snprintf(line, sizeof line, "%ld boids, %s: %%lf steps a second each, %%lf neighbours\n%%n",
             count, way);
    sscanf(printed, line, steps, neighbours, &end);
    ck_assert_msg(end > 0 && printed[end] == '\0', "%s", printed);
}

START_TEST(test_ways)
{
    double steps, neighbours;
    ck_assert_int_eq(run("boids_locks -s 2 %s", ways[_i][0]), 0);
    read_line(ways[_i][1], 500, &steps, &neighbours);
    ck_assert_double_gt(steps, 0);
    ck_assert_double_lt(steps, 201 * PACE); // never faster than a step in 5 ms
    ck_assert_double_gt(neighbours, 0.5);
    ck_assert_double_lt(neighbours, 200);
}
END_TEST

START_TEST(test_numbers)
{
    double steps, neighbours;
    ck_assert_int_eq(run("boids_locks -t 1 -s 1"), 0);
    read_line("rwlock", 1, &steps, &neighbours);
    ck_assert_double_gt(steps, 0);
    ck_assert_double_lt(steps, 201 * PACE);
    ck_assert_double_eq(neighbours, 0);
    ck_assert_int_eq(run("boids_locks -s 0 -t 20 -l mutex | cut -c 1-17"), 0);
    ck_assert_str_eq(printed, "20 boids, mutex: \n");
}
END_TEST

START_TEST(test_usage)
{
    static const char usage[] =
        "usage: boids_locks [-l rwlock|mutex] [-y] [-t boids] [-s seconds]\n";
    static const char *const wrong[] = {"-t 0",  "-t -1", "-t 501",   "-t x",     "-t ''",
                                        "-s -1", "-s",    "-s 86401", "-l",       "-l ''",
                                        "-l rw", "-x",    "now",      "-y mutex", "-n 5"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("boids_locks %s", wrong[i]), 2);
        ck_assert(strstr(printed, usage) != NULL);
    }
    ck_assert_int_eq(run("boids_locks -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
    ck_assert_int_eq(run("boids_locks -s 0 >&-"), 1);
    ck_assert_str_eq(printed, "boids_locks: standard output: Bad file descriptor\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("boids_locks -s 0 >/dev/full"), 1);
    ck_assert_str_eq(printed, "boids_locks: standard output: No space left on device\n");
}
END_TEST

START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 8192; ulimit -v 150000; boids_locks"), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *boids_locks_cases(void)
{
    TCase *cases = tcase_create("boids_locks");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, test_ways, 0, WAYS);
    tcase_add_test(cases, test_numbers);
    tcase_add_test(cases, test_usage);
    if (is_possible("boids_locks on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("boids_locks with few threads", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    return cases;
}
