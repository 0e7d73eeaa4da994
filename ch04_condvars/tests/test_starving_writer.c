/*
 * test_starving_writer.c - the writer starves under one rule and not under the other, on every run.
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>

START_TEST(test_every_run)
{
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(run("starving_writer -n 3"), 0);
        ck_assert_str_eq(printed, "Readers first:\n"
                                  "  reader 1 enters\n"
                                  "  writer waits\n"
                                  "  reader 2 enters\n"
                                  "  reader 1 leaves\n"
                                  "  reader 3 enters\n"
                                  "  reader 2 leaves\n"
                                  "  reader 3 leaves\n"
                                  "  writer enters, after 3 of 3 readers\n"
                                  "  writer leaves\n"
                                  "Writers first:\n"
                                  "  reader 1 enters\n"
                                  "  writer waits\n"
                                  "  reader 2 waits\n"
                                  "  reader 1 leaves\n"
                                  "  writer enters, after 1 of 3 readers\n"
                                  "  writer leaves\n"
                                  "  reader 2 enters\n"
                                  "  reader 3 enters\n"
                                  "  reader 2 leaves\n"
                                  "  reader 3 leaves\n");
    }
}
END_TEST

START_TEST(test_numbers_of_readers)
{
    static const int readers[] = {2, 5, 100, 1000};
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        ck_assert_int_eq(run("starving_writer -n %d | grep 'writer enters'", readers[i]), 0);
        char expected[200];
        snprintf(expected, sizeof expected,
                 "  writer enters, after %d of %d readers\n"
                 "  writer enters, after 1 of %d readers\n",
                 readers[i], readers[i], readers[i]);
        ck_assert_str_eq(printed, expected);
    }
    ck_assert_int_eq(run("starving_writer"), 0);
    ck_assert(strstr(printed, "  writer enters, after 5 of 5 readers\n") != NULL);
}
END_TEST

START_TEST(test_usage)
{
    static const char *const wrong[] = {"-n 1", "-n 100001", "-n x", "-n ''", "-n", "-x", "a"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("starving_writer %s", wrong[i]), 2);
        ck_assert(strstr(printed, "usage: starving_writer [-n readers]\n") != NULL);
    }
    ck_assert_int_eq(run("starving_writer -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: starving_writer [-n readers]\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("starving_writer >/dev/full"), 1);
    ck_assert_str_eq(printed, "starving_writer: standard output: No space left on device\n");
}
END_TEST

START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 1000000; ulimit -v 900000; starving_writer"), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, "Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *starving_writer_cases(void)
{
    TCase *cases = tcase_create("starving_writer");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_every_run);
    tcase_add_test(cases, test_numbers_of_readers);
    tcase_add_test(cases, test_usage);
    if (is_possible("starving_writer on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("starving_writer with little memory", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    return cases;
}
