/*
 * test_search.c - concurrent_file_search finds all that find finds, each once, with few threads or many.
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>

/* A tree of 1 + 6 + 36 + 216 directories, with a file in each of the last. */
#define MAKE_TREE                                                                                  \
    "for a in 1 2 3 4 5 6; do for b in 1 2 3 4 5 6; do for c in 1 2 3 4 5 6; do "                  \
    "mkdir -p tree/$a/b$b/c$c; echo >tree/$a/b$b/c$c/file$a; done; done; done; "

START_TEST(test_as_find)
{
    ck_assert_int_eq(
        run("cd %s; " MAKE_TREE "for name in file b 3 '' '*' nothing; do "
            "find tree -mindepth 1 | awk -F / -v name=\"$name\" "
            "'index($NF, name) || name == \"\" { print \"Matched \" $0 }' | sort >want; "
            "for threads in 1 2 3 50 1000; do concurrent_file_search -t $threads tree "
            "\"$name\" >got || exit 1; grep ^Matched got | sort | cmp - want || exit 2; "
            "grep ^Searching got | sort >searched; find tree -type d | "
            "sed 's/^/Searching in /' | sort | cmp - searched || exit 3; "
            "grep -Ev '^(Matched|Searching in) ' got && exit 4; done; "
            "grep -c . want; done; true",
            new_folder()),
        0);
    ck_assert_str_eq(printed, "216\n36\n79\n474\n0\n0\n");
}
END_TEST

/* In one directory the matches come by name; main prints them when everything has been searched. */
START_TEST(test_order)
{
    ck_assert_int_eq(run("cd %s; mkdir d; cd d; touch b2 a1 c3 B0; mkdir a; cd ..; "
                         "concurrent_file_search d ''",
                         new_folder()),
                     0);
    ck_assert(strstr(printed, "Searching in d\n") == printed);
    ck_assert(strstr(printed, "Searching in d/a\nMatched d/B0\nMatched d/a\nMatched d/a1\nMatched "
                              "d/b2\nMatched d/c3\n") != NULL);
}
END_TEST

START_TEST(test_quiet_and_slashes)
{
    ck_assert_int_eq(
        run("cd %s; mkdir -p d/e; touch d/e/x; concurrent_file_search -q d/ x; "
            "cd d; concurrent_file_search -q . x; concurrent_file_search -q \"$PWD\" x | "
            "sed 's,/.*/d/,/…/d/,'",
            new_folder()),
        0);
    ck_assert_str_eq(printed, "Matched d/e/x\nMatched ./e/x\nMatched /…/d/e/x\n");
}
END_TEST

/* A link to a directory matches by its name, and is not followed, but for ROOT itself. */
START_TEST(test_links)
{
    ck_assert_int_eq(run("cd %s; mkdir -p d/e; ln -s .. d/e/round; ln -s nowhere d/e/rough; "
                         "mkfifo d/e/rout; ln -s d link; concurrent_file_search link rou",
                         new_folder()),
                     0);
    ck_assert_str_eq(printed, "Searching in link\nSearching in link/e\nMatched link/e/rough\n"
                              "Matched link/e/round\nMatched link/e/rout\n");
}
END_TEST

/* Names are bytes: what is no text, or looks like a format or an option, is found like any other. */
START_TEST(test_strange_names)
{
    ck_assert_int_eq(
        run("cd %s; mkdir ./-d; touch -- './-d/%%s%%n' \"-d/$(printf 'x\\303\\251y')\" '-d/ '; "
            "concurrent_file_search -q -- -d '%%s'; concurrent_file_search -q ./-d ' '; "
            "concurrent_file_search -q ./-d \"$(printf '\\251')\" | LC_ALL=C tr '\\303\\251' '##'",
            new_folder()),
        0);
    ck_assert_str_eq(printed, "Matched -d/%s%n\nMatched ./-d/ \nMatched ./-d/x##y\n");
}
END_TEST

/* Many directories in one: no thread too many, none lost. */
START_TEST(test_many_directories)
{
    ck_assert_int_eq(run("cd %s; mkdir wide; (cd wide; seq %d | xargs mkdir); "
                         "for threads in 1 1000; do "
                         "concurrent_file_search -q -t $threads wide 77 | sort | cksum; "
                         "concurrent_file_search -t $threads wide x | grep -c ^Searching; done; "
                         "find wide -name '*77*' | sed 's/^/Matched /' | sort | cksum",
                         new_folder(), ROUNDS),
                     0);
    char sum[100], want[400];
    ck_assert_int_eq(sscanf(printed, "%99[^\n]", sum), 1);
    snprintf(want, sizeof want, "%s\n%d\n%s\n%d\n%s\n", sum, ROUNDS + 1, sum, ROUNDS + 1, sum);
    ck_assert_str_eq(printed, want);
}
END_TEST

START_TEST(test_deep)
{
    ck_assert_int_eq(run("cd %s; deep=$(printf 'd/%%.0s' $(seq 1000)); mkdir -p $deep; "
                         "concurrent_file_search -t 1 d d | sort | uniq | cut -c 1-7 | uniq -c | "
                         "tr -d ' '",
                         new_folder()),
                     0);
    ck_assert_str_eq(printed, "999Matched\n1000Searchi\n");
}
END_TEST

/* Too deep for a path that the system takes: reported, and the rest is searched. */
START_TEST(test_too_deep)
{
    ck_assert_int_eq(run("cd %s; mkdir -p tree/x; touch tree/x/here; "
                         "long=$(printf '%%0200d/' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15); "
                         "mkdir -p tree/$long; (cd tree/$long; mkdir -p $long; touch $long/here); "
                         "concurrent_file_search tree here >out 2>errors; echo $?; "
                         "grep ^Matched out; grep -c 'File name too long$' errors",
                         new_folder()),
                     0);
    ck_assert_str_eq(printed, "1\nMatched tree/x/here\n1\n");
}
END_TEST

/* What may not be read is reported, the search goes on, and the exit status tells. */
START_TEST(test_unreadable)
{
    ck_assert_int_eq(run("cd %s; mkdir -p tree/a tree/b; touch tree/a/x tree/b/x; "
                         "chmod 0 tree/a; " UNPRIVILEGED
                         "concurrent_file_search tree x; status=$?; "
                         "chmod 700 tree/a; exit $status",
                         new_folder()),
                     1);
    ck_assert(strstr(printed, "concurrent_file_search: tree/a: Permission denied\n") != NULL);
    ck_assert(strstr(printed, "Matched tree/b/x\n") != NULL);
}
END_TEST

START_TEST(test_no_directory)
{
    ck_assert_int_eq(run("concurrent_file_search -q /no/such x"), 1);
    ck_assert_str_eq(printed, "concurrent_file_search: /no/such: No such file or directory\n");
    ck_assert_int_eq(run("concurrent_file_search -q Makefile x"), 1);
    ck_assert_str_eq(printed, "concurrent_file_search: Makefile: Not a directory\n");
    ck_assert_int_eq(run("concurrent_file_search -q '' x"), 1);
    ck_assert_str_eq(printed, "concurrent_file_search: : No such file or directory\n");
}
END_TEST

/* The system refuses threads: their directories are searched all the same. */
#define FEW_THREADS "setpriv --reuid=54321 --regid=54321 --clear-groups prlimit --nproc=10 "

START_TEST(test_few_threads)
{
    ck_assert_int_eq(
        run("cd %s; " MAKE_TREE "box=$(mktemp -d /tmp/search.XXXXXX) && chmod 755 $box && "
            "mv tree $box && cp $(command -v concurrent_file_search) $box && cd $box && "
            "for t in 1000 9 1; do " FEW_THREADS "./concurrent_file_search -q -t $t tree "
            "file | grep -c .; done; rm -rf $box",
            new_folder()),
        0);
    ck_assert_str_eq(printed, "216\n216\n216\n");
}
END_TEST

/* With hardly a file to open, threads take turns. */
START_TEST(test_few_files)
{
    ck_assert_int_eq(run("cd %s; " MAKE_TREE "ulimit -n 80; "
                         "concurrent_file_search -q -t 1000 tree file | grep -c .",
                         new_folder()),
                     0);
    ck_assert_str_eq(printed, "216\n");
}
END_TEST

START_TEST(test_output)
{
    ck_assert_int_eq(
        run("cd %s; " MAKE_TREE "concurrent_file_search tree file | head -n 1", new_folder()), 0);
    ck_assert_str_eq(printed, "Searching in tree\n");
    ck_assert_int_eq(run("concurrent_file_search . x >&-"), 1);
    ck_assert_str_eq(printed, "concurrent_file_search: standard output: Bad file descriptor\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("concurrent_file_search . x >/dev/full"), 1);
    ck_assert_str_eq(printed, "concurrent_file_search: standard output: No space left on device\n");
}
END_TEST

START_TEST(test_usage)
{
    static const char *const wrong[] = {"",          ".",         ". x y",
                                        "-t 0 . x",  "-t -1 . x", "-t . x",
                                        "-t 1x . x", "-x . x",    "-t 100001 . x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("concurrent_file_search %s", wrong[i]), 2);
        ck_assert(strstr(printed, "usage: concurrent_file_search [-q] [-t threads] ROOT NAME\n") !=
                  NULL);
    }
    ck_assert_int_eq(run("concurrent_file_search -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: concurrent_file_search [-q] [-t threads] ROOT NAME\n");
}
END_TEST

TCase *search_cases(void)
{
    TCase *cases = tcase_create("search");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_as_find);
    tcase_add_test(cases, test_order);
    tcase_add_test(cases, test_quiet_and_slashes);
    tcase_add_test(cases, test_links);
    tcase_add_test(cases, test_strange_names);
    tcase_add_test(cases, test_many_directories);
    tcase_add_test(cases, test_deep);
    tcase_add_test(cases, test_too_deep);
    tcase_add_test(cases, test_no_directory);
    tcase_add_test(cases, test_few_files);
    tcase_add_test(cases, test_output);
    tcase_add_test(cases, test_usage);
    if (is_possible("search of a directory that may not be read", UNPRIVILEGED "true"))
        tcase_add_test(cases, test_unreadable);
    if (is_possible("search with few threads", "test $(id -u) = 0 && " FEW_THREADS "true"))
        tcase_add_test(cases, test_few_threads);
    if (is_possible("search on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    return cases;
}
