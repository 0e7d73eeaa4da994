/*
 * test_solutions.c - the solutions of the exercises print what the lectures do.
 */
#include "cases.h"

#include <stdio.h>

#define SOLUTION OUT "/beyond/solutions/"

START_TEST(test_two_parsers)
{
    const char *folder = new_folder();
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(run(SOLUTION "two_parsers"), 0);
        ck_assert_str_eq(printed, "[748 515 655 566 771 710 677 561]\n");
    }
    ck_assert_int_eq(run("generate_metars -n 40 %s/months && wind_direction %s/months | head -n 1 "
                         ">%s/wanted && " SOLUTION "two_parsers %s/months | cmp - %s/wanted",
                         folder, folder, folder, folder, folder),
                     0);
    ck_assert_int_eq(run(SOLUTION "two_parsers %s", folder), 1); // a folder in it
    ck_assert_int_eq(run(SOLUTION "two_parsers /no/such"), 1);
    ck_assert_str_eq(printed, "two_parsers: /no/such: No such file or directory\n");
}
END_TEST

/* The edit that the head suggests: each parser closes the channel. */
START_TEST(test_closed_too_early)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("sed 's/if (atomic_fetch_sub(&parsers_left, 1) == 1)//' "
            "beyond/solutions/two_parsers.c >%s/edited.c && "
            "! cmp -s beyond/solutions/two_parsers.c %s/edited.c && ${CC:-cc} -pthread -w "
            "-iquote . -o %s/edited %s/edited.c metar.c whole_file.c channel.c -lm && "
            "%s/edited 2>&1 | grep -c 'channel_.*: Broken pipe'",
            folder, folder, folder, folder, folder),
        0);
    ck_assert_str_eq(printed, "1\n");
}
END_TEST

/* Every area once, whatever room the second channel has. */
START_TEST(test_area_printer)
{
    static const int rooms[] = {1000, 1, 0};
    const char *folder = new_folder();
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(run("cd %s; parallel_polygons -n %d polygons.txt; "
                             "ordered_shoelace polygons.txt | sort >wanted; \"$OLDPWD\"/" SOLUTION
                             "area_printer -c %d 2>time | sort | cmp - wanted && "
                             "sed 's/[0-9.]*s$/TIME/' time && wc -l <wanted",
                             folder, ROUNDS, rooms[i]),
                         0);
        char expected[100];
        snprintf(expected, sizeof expected, "Processing took TIME\n%d\n", ROUNDS);
        ck_assert_str_eq(printed, expected);
    }
    ck_assert_int_eq(run("printf '(1,1),(2\\n(0,0),(2,0),(0,2)\\n' | " SOLUTION
                         "area_printer /dev/stdin 2>%s/messages",
                         folder),
                     1);
    ck_assert_str_eq(printed, "2\n");
    ck_assert_int_eq(run("head -n 1 %s/messages", folder), 0);
    ck_assert_str_eq(printed, "area_printer: a line: not a polygon\n");
}
END_TEST

START_TEST(test_close_to_quit)
{
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(run(SOLUTION "close_to_quit"), 0);
        ck_assert_str_eq(printed, "0\n1\n1\n2\n3\n5\n8\n13\n21\n34\nNobody has taken 55\nQuit\n");
    }
}
END_TEST

TCase *solutions_cases(void)
{
    TCase *cases = tcase_create("solutions");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_two_parsers);
    tcase_add_test(cases, test_area_printer);
    tcase_add_test(cases, test_close_to_quit);
    if (is_possible("two_parsers that close too early", PLAIN_BUILD))
        tcase_add_test(cases, test_closed_too_early);
    return cases;
}
