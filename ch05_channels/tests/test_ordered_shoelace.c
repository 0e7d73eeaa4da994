/*
 * test_shoelace.c - areas are exact or not there at all, each once, and in order when asked for.
 */
#include "../polygon_area.c"

#include "../must.h"
#include "cases.h"

#include <string.h>

static int64_t twice_area(const char *text)
{
    return polygon_twice_area(text, strlen(text));
}

START_TEST(test_areas)
{
    ck_assert_int_eq(twice_area("(0,0),(4,0),(4,3)"), 12);
    ck_assert_int_eq(twice_area("(4,3),(4,0),(0,0)"), 12); // clockwise
    ck_assert_int_eq(twice_area("(1,1),(2,1),(1,2)"), 1);
    ck_assert_int_eq(twice_area("(0,0),(2,2),(2,0),(0,2)"), 0); // a bow tie: its halves cancel out
    ck_assert_int_eq(twice_area("(0,0),(9,9)"), 0);
    ck_assert_int_eq(twice_area("(007,0)"), 0);
    ck_assert_int_eq(twice_area(""), 0);
    ck_assert_int_eq(twice_area("(0,0),(1000000,0),(1000000,1000000),(0,1000000)"), 2000000000000);
    ck_assert_int_eq(twice_area("(0,0),(1000000,999999),(999999,999998)"), 1);
}
END_TEST

START_TEST(test_no_polygons)
{
    static const char *const wrong[] = {" ",
                                        "(",
                                        "()",
                                        "(1)",
                                        "(1,)",
                                        "(,1)",
                                        "(1,2",
                                        "1,2",
                                        "(1,2),",
                                        "(1,2)(3,4)",
                                        "(1,2),,(3,4)",
                                        "(1,2);(3,4)",
                                        "(-1,2)",
                                        "(+1,2)",
                                        "(1.5,2)",
                                        "(1, 2)",
                                        "(1,2), (3,4)",
                                        " (1,2)",
                                        "(1,2) ",
                                        "(1,2)\r",
                                        "(1000001,0)",
                                        "(0,99999999999999999999999)",
                                        "((1,2))",
                                        "(a,b)",
                                        "(1,2),(3,4)x",
                                        "[1,2]"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_int_eq(twice_area(wrong[i]), -1);
    // Every beginning of a polygon, but for those that end with a corner.
    const char *whole = "(10,20),(30,40),(50,6)";
    for (size_t length = 1; length <= strlen(whole); length++)
        ck_assert((polygon_twice_area(whole, length) >= 0) == (whole[length - 1] == ')'));
    ck_assert_int_eq(polygon_twice_area("(1,2)\0", 6), -1);
}
END_TEST

/* As many corners as fit, as far out as they can be, add up without overflow; one more is too many. */
START_TEST(test_most_corners)
{
    static const char out[] = ",(1000000,0),(1000000,1000000)";
    char *text = MUST_HAVE(malloc(MOST_CORNERS / 2 * sizeof out)), *end = text;
    for (int i = 0; i < MOST_CORNERS / 2; i++) {
        memcpy(end, out, sizeof out);
        end += sizeof out - 1;
    }
    // Back and forth between two corners: all the terms have the same size, every second one is < 0.
    ck_assert_int_eq(polygon_twice_area(text + 1, (size_t)(end - text) - 1), 0);
    memcpy(end, ",(0,0)", 6);
    ck_assert_int_eq(polygon_twice_area(text + 1, (size_t)(end - text) + 5), -1);
    free(text);
    ck_assert_int_lt(MOST_CORNERS, INT64_MAX / LARGEST_COORDINATE / LARGEST_COORDINATE);
}
END_TEST

/* The same areas come out of any number of threads; with -o in the order of the lines. */
START_TEST(test_orders)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; generate_random_polygons -n %d p && shoelace -t 1 p >1 && "
                         "wc -l <1 && sort 1 >sorted && "
                         "for t in 2 8 64; do shoelace -t $t -o p | cmp 1 - || exit 3; "
                         "shoelace -t $t p | sort | cmp sorted - || exit 4; done",
                         folder, ROUNDS),
                     0);
    ck_assert_int_eq(atoi(printed), ROUNDS);
}
END_TEST

/* The first line takes longer than thousands behind it: they wait in the window, and no longer. */
START_TEST(test_one_slow_line)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; awk 'BEGIN { printf \"(0,0)\"; for (i = 0; i < 1000000; i++) "
                         "printf \",(%%d,0)\", i; print \"\"; for (i = 1; i < 20000; i++) "
                         "printf \"(0,0),(2,0),(0,%%d)\\n\", i }' >p; shoelace -o -t 3 p >areas && "
                         "awk '$1 != NR - 1 { exit 1 } END { print NR }' areas",
                         folder),
                     0);
    ck_assert_str_eq(printed, "20000\n");
}
END_TEST

START_TEST(test_bad_lines)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("cd %s; printf '(0,0),(4,0),(4,3)\\nx\\n\\n(0,0),(1,0),(1,1)\\r\\n(1,2),(3\\n"
            "(0,0),(2,0),(2,2)' >p; shoelace -o p 2>errors; echo $?; cat errors",
            folder),
        0);
    ck_assert_str_eq(printed, "6\n0\n0.5\n2\n1\n"
                              "shoelace: p:2: not a polygon: it takes (x,y),(x,y),… of whole "
                              "numbers from 0 to 1000000, at most 9000000 corners\n"
                              "shoelace: p:5: not a polygon: it takes (x,y),(x,y),… of whole "
                              "numbers from 0 to 1000000, at most 9000000 corners\n");
    ck_assert_int_eq(run("shoelace -o - </dev/null"), 0);
    ck_assert_str_eq(printed, "");
    ck_assert_int_eq(
        run("head -c 200000 /dev/urandom | shoelace - 2>&1 | grep -Evc '^(shoelace: -:.*|0)$'"),
        1); // empty lines would be areas, but nearly none is
    ck_assert_int_eq(run("(head -c 10000000 /dev/zero | tr '\\0' 7; echo; echo '(1,2)') | "
                         "shoelace -o - 2>/dev/null"),
                     1);
    ck_assert_str_eq(printed, "0\n");
}
END_TEST

START_TEST(test_unreadable)
{
    ck_assert_int_eq(run("shoelace /no/such"), 1);
    ck_assert_str_eq(printed, "shoelace: /no/such: No such file or directory\n");
    ck_assert_int_eq(run("shoelace tests"), 1);
    ck_assert_str_eq(printed, "shoelace: tests: Is a directory\n");
    ck_assert_int_eq(run("shoelace - <&-"), 1);
    ck_assert_str_eq(printed, "shoelace: -: Bad file descriptor\n");
}
END_TEST

/* Nobody takes the areas: it says why and ends, though there is no end to the lines. */
START_TEST(test_full_disk)
{
    for (int in_order = 0; in_order <= 1; in_order++) {
        const char *option = in_order ? "-o" : "";
        ck_assert_int_eq(run("yes '(0,0),(1,0),(0,1)' | shoelace %s - >/dev/full", option), 1);
        ck_assert_str_eq(printed, "shoelace: standard output: No space left on device\n");
        ck_assert_int_eq(run("echo '(0,0),(1,0),(0,1)' | shoelace %s - >/dev/full", option), 1);
    }
}
END_TEST

START_TEST(test_closed_pipe)
{
    ck_assert_int_eq(run("yes '(0,0),(1,0),(0,1)' | shoelace - | head -n 2"), 0);
    ck_assert_str_eq(printed, "0.5\n0.5\n");
    ck_assert_int_eq(run("yes '(0,0),(1,0),(0,1)' | shoelace -o - | head -n 2"), 0);
    ck_assert_str_eq(printed, "0.5\n0.5\n");
}
END_TEST

START_TEST(test_usage)
{
    static const char *const wrong[] = {"-t 0",  "-t -5", "-t 1001", "-t x",
                                        "-t ''", "-x",    "-t",      "a b"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("shoelace %s", wrong[i]), 2);
        ck_assert(strstr(printed, "usage: shoelace [-o] [-t threads] [FILE]\n") != NULL);
    }
    ck_assert_int_eq(run("shoelace -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: shoelace [-o] [-t threads] [FILE]\n");
}
END_TEST

/* Memory does not grow with the file; and where there is too little for the threads, it says so. */
START_TEST(test_memory)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; generate_random_polygons -n 100000 p; ulimit -v 100000; "
                         "shoelace -t 2 p | wc -l; shoelace -o -t 2 p | wc -l; shoelace -t 1000 p",
                         folder),
                     1);
    ck_assert(strncmp(printed, "100000\n100000\n", 14) == 0);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, "Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *shoelace_cases(void)
{
    TCase *cases = tcase_create("shoelace");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_areas);
    tcase_add_test(cases, test_no_polygons);
    tcase_add_test(cases, test_most_corners);
    tcase_add_test(cases, test_orders);
    tcase_add_test(cases, test_one_slow_line);
    tcase_add_test(cases, test_bad_lines);
    tcase_add_test(cases, test_unreadable);
    tcase_add_test(cases, test_closed_pipe);
    tcase_add_test(cases, test_usage);
    if (is_possible("shoelace on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("shoelace with little memory", MEMORY_LIMIT))
        tcase_add_test(cases, test_memory);
    return cases;
}
