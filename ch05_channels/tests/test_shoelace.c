/*
 * test_shoelace.c - the lecture's areas: what the original's regular expression matches, exactly, each
 * once.
 */
#include "cases.h"

#include <stdlib.h>
#include <string.h>

/* A text and its area. Of what is no polygon, the points that match \((\d*),(\d*)\) count. */
static const char *const areas[][2] = {
    {"(0,0),(4,0),(4,3)", "6"},
    {"(4,3),(4,0),(0,0)", "6"}, // clockwise
    {"(1,1),(2,1),(1,2)", "0.5"},
    {"(0,0),(2,2),(2,0),(0,2)", "0"}, // a bow tie: its halves cancel out
    {"(0,0),(9,9)", "0"},
    {"(007,0)", "0"},
    {"", "0"},
    {"(0,0),(1000000,0),(1000000,1000000),(0,1000000)", "1000000000000"},
    {"(0,0),(1000000,999999),(999999,999998)", "0.5"},
    {"(0,0),(67108863,0),(67108863,67108863),(0,67108863)", "4503599493152769"},
    {"(0,0),(67108863,0),(0,67108863)", "2251799746576384.5"},
    {"(0,0)(4,0);x(4,3)!", "6"},
    {"((0,0),(4,0),((4,3))", "6"},
    {"(0,0),(4,0),(4,3),(-9,1),(1.5,2),( 7,7),(7, 7),(7,7,(8),(9", "6"},
    {"(,),(4,),(4,3)", "6"}, // as \d* may be empty
    {"(+1,9),(0,0),(4,0),(4,3)", "6"},
    {"nothing", "0"},
};
enum { AREAS = sizeof areas / sizeof areas[0] };

START_TEST(test_areas)
{
    for (int i = 0; i < AREAS; i++) {
        ck_assert_int_eq(run("echo '%s' | shoelace /dev/stdin 2>/dev/null", areas[i][0]), 0);
        char line[100];
        strcat(strcpy(line, areas[i][1]), "\n");
        ck_assert_str_eq(printed, line);
    }
    // Too large for a number: no overflow, and no more promises than that.
    ck_assert_int_eq(run("echo '(99999999999999999999,0),(0,1),(1,99999999999999999999)' | "
                         "shoelace /dev/stdin 2>/dev/null | grep -c ^4.25"),
                     0);
    ck_assert_str_eq(printed, "1\n");
}
END_TEST

/* The lines on both streams; the last one may lack its newline, and there is no area behind it. */
START_TEST(test_lines)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; printf '(0,0),(4,0),(4,3)\\r\\n\\n(0,0),(1,0),(0,1)' "
                         ">polygons.txt; shoelace 2>time | sort; sed 's/[0-9.]*s$/TIME/' time",
                         folder),
                     0);
    ck_assert_str_eq(printed, "0\n0.5\n6\nProcessing took TIME\n");
    ck_assert_int_eq(run("shoelace /dev/null 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "");
    // A line with a 0 in it ends there.
    ck_assert_int_eq(run("printf '(0,0),(4,0),(4,3)\\0(9,9)\\n' | shoelace /dev/stdin 2>&-"), 0);
    ck_assert_str_eq(printed, "6\n");
}
END_TEST

/* Every area once, as from the program that puts them in order. */
START_TEST(test_exactly_once)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; parallel_polygons -n %d p && ordered_shoelace p | sort >wanted && "
                         "for i in 1 2 3 4 5; do shoelace p 2>/dev/null | sort | cmp - wanted || "
                         "exit 3; done; wc -l <wanted",
                         folder, ROUNDS * 2),
                     0);
    ck_assert_int_eq(atoi(printed), ROUNDS * 2);
}
END_TEST

/* A single thread in place of eight, and then the areas come in order. */
START_TEST(test_with_one_thread)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("sed 's/number_of_threads = 8/number_of_threads = 1/' shoelace.c >%s/edited.c && "
            "! cmp -s shoelace.c %s/edited.c && ${CC:-cc} -pthread -Wall -Wextra -Werror "
            "-iquote . -o %s/edited %s/edited.c channel.c wait_group.c -lm && "
            "cd %s && parallel_polygons -n 500 && ./edited 2>/dev/null >areas && "
            "ordered_shoelace | cmp - areas && wc -l <areas",
            folder, folder, folder, folder, folder),
        0);
    ck_assert_int_eq(atoi(printed), 500);
}
END_TEST

START_TEST(test_long_line)
{
    ck_assert_int_eq(run("(head -c 10000000 /dev/zero | tr '\\0' 7; echo; echo '(1,2)'; "
                         "awk 'BEGIN { while (i++ < 1000000) printf \"(1,0),\" }') | "
                         "shoelace /dev/stdin 2>/dev/null"),
                     0);
    ck_assert_str_eq(printed, "0\n0\n0\n");
    ck_assert_int_eq(run("head -c 200000 /dev/urandom | shoelace /dev/stdin 2>/dev/null | "
                         "grep -vc '^[0-9]*\\(.5\\)*$'"),
                     1);
}
END_TEST

START_TEST(test_unreadable)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; shoelace", folder), 1);
    ck_assert_str_eq(printed, "shoelace: polygons.txt: no such file; ./generate_random_polygons "
                              "makes one\n");
    ck_assert_int_eq(run("shoelace tests"), 1);
    ck_assert_str_eq(printed, "shoelace: tests: Is a directory\n");
    ck_assert_int_eq(run("shoelace Makefile/x"), 1);
    ck_assert_str_eq(printed, "shoelace: Makefile/x: Not a directory\n");
}
END_TEST

START_TEST(test_usage_and_output)
{
    static const char usage[] = "usage: shoelace [FILE]\n";
    ck_assert_int_eq(run("shoelace -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
    static const char *const wrong[] = {"-x", "-t 8", "a b", "--nonsense"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("shoelace %s", wrong[i]), 2);
        ck_assert(strstr(printed, usage) != NULL);
    }
    ck_assert_int_eq(
        run("while echo '(0,0),(1,0),(0,1)'; do :; done | shoelace /dev/stdin | head -n 2"), 0);
    ck_assert_str_eq(printed, "0.5\n0.5\n");
    ck_assert_int_eq(run("echo '(0,0)' | shoelace /dev/stdin 2>&1 >&- | grep -v took"), 0);
    ck_assert_str_eq(printed, "shoelace: standard output: Bad file descriptor\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("echo '(0,0)' | shoelace /dev/stdin >/dev/full"), 1);
    ck_assert(strstr(printed, "shoelace: standard output: No space left on device\n") != NULL);
}
END_TEST

/* However long the file, here 24 MB, at most a thousand lines of it are in memory. */
START_TEST(test_memory)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; parallel_polygons -n 50000 p; (ulimit -s 256; ulimit -v 20000; "
                         "shoelace p 2>/dev/null | wc -l); ulimit -s 1000000; ulimit -v 900000; "
                         "shoelace p",
                         folder),
                     1);
    ck_assert(strncmp(printed, "50000\n", 6) == 0);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *shoelace_cases(void)
{
    TCase *cases = tcase_create("shoelace");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_areas);
    tcase_add_test(cases, test_lines);
    tcase_add_test(cases, test_exactly_once);
    tcase_add_test(cases, test_long_line);
    tcase_add_test(cases, test_unreadable);
    tcase_add_test(cases, test_usage_and_output);
    if (is_possible("shoelace with one thread", PLAIN_BUILD))
        tcase_add_test(cases, test_with_one_thread);
    if (is_possible("shoelace on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("shoelace with little memory", MEMORY_LIMIT))
        tcase_add_test(cases, test_memory);
    return cases;
}
