/*
 * test_solutions.c - the solutions of the exercises: a task that is missed, what find finds, a deadline.
 */
#include "cases.h"

#include <string.h>

#define SOLUTION OUT "/beyond/solutions/"

START_TEST(test_add_too_late)
{
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(run(SOLUTION "add_too_late"), 0);
        ck_assert_str_eq(printed, "Added by the thread: main has waited, and has 0 of 1 results\n"
                                  "Added by main: main has waited, and has 1 of 1 results\n");
    }
}
END_TEST

/* A tree of 1 + 4 + 16 + 64 directories, with a file in each of the last; then no file at all, and no tree. */
START_TEST(test_search_pool)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("pool=$PWD/" SOLUTION "search_pool; cd %s; for a in 1 2 3 4; do for b in 1 2 3 4; do "
            "for c in 1 2 3 4; do mkdir -p tree/$a/b$b/c$c; >tree/$a/b$b/c$c/file$a; done; done; "
            "done; for name in file b 3 nothing; do find tree -mindepth 1 | awk -F / -v name=$name "
            "'index($NF, name) { print \"Matched \" $0 }' | sort >want; for i in 1 2 3 4 5; do "
            "\"$pool\" tree $name | sort | cmp - want || exit 1; done; grep -c . want; done; "
            "mkdir empty; \"$pool\" empty e && \"$pool\" missing e",
            folder),
        1);
    ck_assert_str_eq(printed, "64\n16\n37\n0\nsearch_pool: missing: No such file or directory\n");
    ck_assert_int_eq(run(SOLUTION "search_pool tests/ test_solutions"), 0);
    ck_assert_str_eq(printed, "Matched tests/test_solutions.c\n");
    ck_assert_int_eq(run(SOLUTION "search_pool tests"), 2);
}
END_TEST

START_TEST(test_timed_wait)
{
    ck_assert_int_eq(run(SOLUTION "timed_wait"), 0);
    ck_assert_str_eq(printed, "Not done within a second\nDone\nDestroyed\n");
}
END_TEST

TCase *solutions_cases(void)
{
    TCase *cases = tcase_create("solutions");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_add_too_late);
    tcase_add_test(cases, test_search_pool);
    tcase_add_test(cases, test_timed_wait);
    return cases;
}
