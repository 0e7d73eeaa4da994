/*
 * test_red_blue_beyond.c - in one order, or backing off, the robots never get stuck; behind a gate they
 * do on every run.
 */
#include "robots.h"

enum { RUNS = ROUNDS / 100 < 200 ? ROUNDS / 100 : 200 };

START_TEST(test_forced)
{
    for (int i = 0; i < RUNS; i++) {
        ck_assert_int_eq(run(RACES_ONLY "red_blue_forced %s", i == 0 ? "" : "0"), 0);
        ck_assert_str_eq(printed, "Blue: Acquiring lock1\n"
                                  "Blue: Acquiring lock2\n"
                                  "Blue: Both locks Acquired\n"
                                  "Blue: Locks Released\n"
                                  "Red: Acquiring lock2\n"
                                  "Red: Acquiring lock1\n"
                                  "Red: Both locks Acquired\n"
                                  "Red: Locks Released\n"
                                  "Blue: Acquiring lock1\n"
                                  "Red: Acquiring lock2\n"
                                  "Blue: Acquiring lock2\n"
                                  "Red: Acquiring lock1\n"
                                  "Done\n");
    }
}
END_TEST

/* ThreadSanitizer sees the two orders in the first round, and says so. (By chance, there may be none.) */
START_TEST(test_inversion)
{
    ck_assert_int_eq(run("red_blue_forced 0"), 66);
    ck_assert(strstr(printed, "WARNING: ThreadSanitizer: lock-order-inversion") != NULL);
    ck_assert(strstr(printed, "\nDone\n") != NULL);
}
END_TEST

START_TEST(test_one_round)
{
    ck_assert_int_eq(run("red_blue_ordered -q -n 1"), 0);
    ck_assert_str_eq(printed, "No deadlock in 1 round of each\nDone\n");
}
END_TEST

START_TEST(test_one_order)
{
    for (int i = 1; i <= RUNS; i++) {
        long rounds_wanted = i == 1 ? 10 : i;
        ck_assert_int_eq(
            i == 1 ? run("red_blue_ordered") : run("red_blue_ordered -n %ld", rounds_wanted), 0);
        char end[100];
        snprintf(end, sizeof end, "No deadlock in %ld rounds of each\nDone\n", rounds_wanted);
        char *verdict = strstr(printed, "No deadlock");
        ck_assert_str_eq(verdict, end);
        *verdict = '\0';
        ck_assert_int_eq(check_lines("Blue", "lock1", "lock2"), 4 * rounds_wanted);
        ck_assert_int_eq(check_lines("Red", "lock1", "lock2"), 4 * rounds_wanted);
        ck_assert_int_eq(count("\n"), 8 * rounds_wanted);
    }
    ck_assert_int_eq(run("red_blue_ordered -q -n %d", 100 * ROUNDS), 0);
    ck_assert_int_eq(count("\n"), 2);
}
END_TEST

/* Both have their first lock when they try the second, so there is something to back off from. */
START_TEST(test_back_off)
{
    for (int i = 1; i <= RUNS; i++) {
        long blue = -1, red = -1, told = -1, rounds_wanted = i == 2 ? 10 : i;
        int end = 0;
        ck_assert_int_eq(i == 2 ? run("red_blue_backs_off")
                                : run("red_blue_backs_off -n %ld", rounds_wanted),
                         0);
        const char *verdict = strstr(printed, "No deadlock");
        ck_assert(verdict != NULL);
        sscanf(verdict,
               i == 1
                   ? "No deadlock in %ld round of each\nTimes backed off: Blue %ld, Red %ld\nDone%n"
                   : "No deadlock in %ld rounds of each\nTimes backed off: Blue %ld, Red %ld\n"
                     "Done%n",
               &told, &blue, &red, &end);
        ck_assert_msg(end > 0 && strcmp(verdict + end, "\n") == 0, "%s", verdict);
        ck_assert_int_eq(told, rounds_wanted);
        ck_assert_int_ge(blue + red, 1);
        ck_assert_int_eq(count("Blue: Backing off\n"), blue);
        ck_assert_int_eq(count("Red: Backing off\n"), red);
        ck_assert_int_eq(count("Blue: Acquiring lock1\n"), rounds_wanted + blue);
        ck_assert_int_eq(count("Red: Acquiring lock1\n"), rounds_wanted + red);
        ck_assert_int_eq(count("Blue: Both locks Acquired\n"), rounds_wanted);
        ck_assert_int_eq(count("Red: Both locks Acquired\n"), rounds_wanted);
        ck_assert_int_eq(count("Blue: Locks Released\n"), rounds_wanted);
        ck_assert_int_eq(count("Red: Locks Released\n"), rounds_wanted);
    }
    ck_assert_int_eq(run("red_blue_backs_off -q -n %d", 100 * ROUNDS), 0);
    ck_assert_int_eq(count("\n"), 3);
}
END_TEST

static const char *const programs[] = {"red_blue_ordered", "red_blue_backs_off", "red_blue_forced"};
enum { PROGRAMS = 3 };

START_TEST(test_usage)
{
    static const char *const wrong[] = {"-n 0",  "-n -1", "-n x", "-n 1x",  "-n 1000000001",
                                        "-n ''", "-n",    "-x",   "-n 1 2", "-q x"};
    char usage[100];
    snprintf(usage, sizeof usage, "usage: %s %s\n", programs[_i],
             _i == 2 ? "[SECONDS]" : "[-n rounds] [-q]");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("%s %s", programs[_i], wrong[i]), 2);
        ck_assert(strstr(printed, usage) != NULL);
    }
    ck_assert_int_eq(run("%s -h 2>/dev/null", programs[_i]), 0);
    ck_assert_str_eq(printed, usage);
}
END_TEST

START_TEST(test_output)
{
    ck_assert_int_eq(run(RACES_ONLY "%s | head -n 1", programs[_i]), 0);
    ck_assert_int_eq(count("\n"), 1);
    ck_assert_int_eq(run(RACES_ONLY "%s >&-", programs[_i]), 1);
    char line[100];
    snprintf(line, sizeof line, "%s: standard output: Bad file descriptor\n", programs[_i]);
    ck_assert_str_eq(printed, line);
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run(RACES_ONLY "%s >/dev/full", programs[_i]), 1);
    char line[100];
    snprintf(line, sizeof line, "%s: standard output: No space left on device\n", programs[_i]);
    ck_assert_str_eq(printed, line);
}
END_TEST

START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 1000000; ulimit -v 900000; %s", programs[_i]), 1);
    ck_assert(strstr(printed, "pthread_create(&red") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
    ck_assert_int_eq(run("ulimit -s 1000000; ulimit -v 1100000; %s", programs[_i]), 1);
    ck_assert(strstr(printed, "pthread_create(&blue") != NULL);
}
END_TEST

TCase *red_blue_beyond_cases(void)
{
    TCase *cases = tcase_create("red_blue_beyond");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_forced);
    tcase_add_test(cases, test_one_round);
    tcase_add_test(cases, test_one_order);
    tcase_add_test(cases, test_back_off);
    tcase_add_loop_test(cases, test_usage, 0, PROGRAMS);
    tcase_add_loop_test(cases, test_output, 0, PROGRAMS);
    if (is_possible("red_blue_forced: the inversion is reported", TSAN_BUILD))
        tcase_add_test(cases, test_inversion);
    if (is_possible("the relatives of red_blue on a full disk", FULL_DISK))
        tcase_add_loop_test(cases, test_full_disk, 0, PROGRAMS);
    if (is_possible("the relatives of red_blue without a thread", MEMORY_LIMIT))
        tcase_add_loop_test(cases, test_no_thread, 0, PROGRAMS);
    return cases;
}
