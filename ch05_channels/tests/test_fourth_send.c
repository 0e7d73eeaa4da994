/*
 * test_fourth_send.c - the fourth send waits while the buffer is full, until the channel is closed.
 */
#include "cases.h"

#include <string.h>

START_TEST(test_lines)
{
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(run("fourth_send | sort"), 0); // "Sending FOUR" may be late
        ck_assert_str_eq(printed, "FOUR was not sent: Broken pipe\n"
                                  "Nothing in a second: 3 of 3 elements are there, so the fourth "
                                  "send waits.\nSending FOUR\nSending ONE\nSending THREE\n"
                                  "Sending TWO\n");
    }
}
END_TEST

START_TEST(test_usage_and_output)
{
    ck_assert_int_eq(run("fourth_send -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: fourth_send\n");
    ck_assert_int_eq(run("fourth_send 4"), 2);
    ck_assert_str_eq(printed, "fourth_send: 4: one argument too many\nusage: fourth_send\n");
    ck_assert_int_eq(run("fourth_send >&-"), 1);
    ck_assert_str_eq(printed, "fourth_send: standard output: Bad file descriptor\n");
    ck_assert_int_eq(run("fourth_send | head -n 1"), 0);
    ck_assert_str_eq(printed, "Sending ONE\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("fourth_send >/dev/full"), 1);
    ck_assert_str_eq(printed, "fourth_send: standard output: No space left on device\n");
}
END_TEST

TCase *fourth_send_cases(void)
{
    TCase *cases = tcase_create("fourth_send");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_lines);
    tcase_add_test(cases, test_usage_and_output);
    if (is_possible("fourth_send on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    return cases;
}
