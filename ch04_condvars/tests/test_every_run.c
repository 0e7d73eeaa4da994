/*
 * test_every_run.c - programs of beyond/ that force an order of the threads: each prints the same lines on
 * every run, and what the wrong ones show goes wrong every time.
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int runs;
    const char *lines;
} programs[] = {
    {"stingy_spendy_if", 50,
     "Spendy sees balance of  80\n"
     "Spendy sees balance of  60\n"
     "Spendy sees balance of  40\n"
     "Spendy sees balance of  20\n"
     "Spendy sees balance of  0\n"
     "Stingy sees balance of  10\n"
     "Stingy Done\n"
     "Spendy sees balance of  -10\n"
     "Spendy was woken, did not look again, and took 20 where there were 10\n"
     "Spendy Done\n"
     "-10\n"},
    {"signal_before_wait", 3,
     "Without a predicate, the wait comes first:\n"
     "  main: waits\n"
     "  signaller: ready, signals\n"
     "  main: woken\n"
     "Without a predicate, the signal comes first:\n"
     "  signaller: ready, signals\n"
     "  main: waits\n"
     "  main: nothing in a second, and nothing will come any more\n"
     "With a predicate, the wait comes first:\n"
     "  main: waits\n"
     "  signaller: ready, signals\n"
     "  main: it is ready\n"
     "With a predicate, the signal comes first:\n"
     "  signaller: ready, signals\n"
     "  main: it is ready\n"},
    {"one_signal", 3,
     "After a second 1 of 3 are through, and 2 sleep though the gate is open.\n"
     "After a broadcast 3 of 3 are through.\n"},
    {"one_loaf", 50,
     "A loaf is baked\n"
     "One has eaten: loaves 0\n"
     "One has eaten: loaves -1\n"
     "Loaves left: -1\n"},
    {"unlock_after_signal", 3,
     "RunMainThread, lock acquired\n"
     "RunMainThread, Waiting\n"
     "RunChildThread, lock acquired\n"
     "RunChildThread, Waiting\n"
     "RunMainThread, Running\n"
     "RunMainThread, a second after its signal: unlocks\n"
     "RunChildThread, Running\n"},
};
enum { PROGRAMS = sizeof programs / sizeof programs[0] };

START_TEST(test_every_run)
{
    for (int i = 0; i < programs[_i].runs; i++) {
        ck_assert_int_eq(run("%s", programs[_i].name), 0);
        ck_assert_str_eq(printed, programs[_i].lines);
    }
}
END_TEST

/*
 * With `while` in place of `if` the two wrong ones go on as they should: a thread that was woken looks
 * again, and waits for money or bread that never comes. So the program is ended from outside.
 */
static const struct {
    const char *name, *condition, *lines;
} mended[] = {
    {"stingy_spendy_if", "(money - 20 < 0)",
     "Spendy sees balance of  80\n"
     "Spendy sees balance of  60\n"
     "Spendy sees balance of  40\n"
     "Spendy sees balance of  20\n"
     "Spendy sees balance of  0\n"
     "Stingy sees balance of  10\n"
     "Stingy Done\n"},
    {"one_loaf", "(loaves == 0)",
     "A loaf is baked\n"
     "One has eaten: loaves 0\n"},
};

START_TEST(test_while)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("sed 's/if %s/while %s/' beyond/%s.c >%s/edited.c && "
                         "grep -q 'while %s' %s/edited.c && "
                         "${CC:-cc} -Wall -Wextra -Werror -pthread -iquote . -o %s/edited "
                         "%s/edited.c && cd %s && { : >lines; ./edited >lines & pid=$!; "
                         "until [ $(grep -c . lines) = %d ]; do sleep 0.1; done; "
                         "sleep 0.1; kill $pid; wait $pid 2>/dev/null; echo $?; cat lines; }",
                         mended[_i].condition, mended[_i].condition, mended[_i].name, folder,
                         mended[_i].condition, folder, folder, folder, folder, _i == 0 ? 7 : 2),
                     0);
    ck_assert(strncmp(printed, "143\n", 4) == 0);
    ck_assert_str_eq(printed + 4, mended[_i].lines);
}
END_TEST

START_TEST(test_usage)
{
    char usage[100];
    snprintf(usage, sizeof usage, "usage: %s\n", programs[_i].name);
    ck_assert_int_eq(run("%s -h 2>/dev/null", programs[_i].name), 0);
    ck_assert_str_eq(printed, usage);
    static const char *const wrong[] = {"x", "-n 5", "--nonsense"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("%s %s", programs[_i].name, wrong[i]), 2);
        ck_assert(strstr(printed, usage) != NULL);
    }
}
END_TEST

START_TEST(test_output)
{
    char line[200];
    ck_assert_int_eq(run("%s | head -n 1", programs[_i].name), 0);
    ck_assert(strncmp(printed, programs[_i].lines, strlen(printed)) == 0);
    ck_assert_int_eq(run("%s >&-", programs[_i].name), 1);
    snprintf(line, sizeof line, "%s: standard output: Bad file descriptor\n", programs[_i].name);
    ck_assert_str_eq(printed, line);
}
END_TEST

START_TEST(test_full_disk)
{
    char line[200];
    ck_assert_int_eq(run("%s >/dev/full", programs[_i].name), 1);
    snprintf(line, sizeof line, "%s: standard output: No space left on device\n",
             programs[_i].name);
    ck_assert_str_eq(printed, line);
}
END_TEST

START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 1000000; ulimit -v 900000; %s", programs[_i].name), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *every_run_cases(void)
{
    TCase *cases = tcase_create("every_run");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, test_every_run, 0, PROGRAMS);
    tcase_add_loop_test(cases, test_usage, 0, PROGRAMS);
    tcase_add_loop_test(cases, test_output, 0, PROGRAMS);
    if (is_possible("stingy_spendy_if and one_loaf with `while`", PLAIN_BUILD))
        tcase_add_loop_test(cases, test_while, 0, 2);
    if (is_possible("stingy_spendy_if and others on a full disk", FULL_DISK))
        tcase_add_loop_test(cases, test_full_disk, 0, PROGRAMS);
    if (is_possible("stingy_spendy_if and others without a thread", MEMORY_LIMIT))
        tcase_add_loop_test(cases, test_no_thread, 0, PROGRAMS);
    return cases;
}
