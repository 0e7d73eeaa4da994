/*
 * test_file_search.c - concurrent_file_search and bounded_file_search find all that find finds, each
 * once, with few threads or many.
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LECTURE, BOUNDED };
static const char *const programs[] = {"concurrent_file_search", "bounded_file_search"};

/* Each program with few threads and many, as a shell loop has it. */
static const char *const ways[] = {
    "concurrent_file_search",
    "bounded_file_search 'bounded_file_search -t 1' 'bounded_file_search -t 2' "
    "'bounded_file_search -t 3' 'bounded_file_search -t 50' 'bounded_file_search -t 1000'",
};

/* A tree of 1 + 4 + 16 + 64 directories, with a file in each of the last. */
#define MAKE_TREE                                                                                  \
    "for a in 1 2 3 4; do for b in 1 2 3 4; do for c in 1 2 3 4; do "                              \
    "echo tree/$a/b$b/c$c; done; done; done | xargs mkdir -p; "                                    \
    "for d in tree/*/*/*; do a=${d#tree/}; >$d/file${a%%%%/*}; done; "

START_TEST(test_as_find)
{
    ck_assert_int_eq(
        run("cd %s; " MAKE_TREE "for name in file b 3 '' '*' nothing; do "
            "find tree -mindepth 1 | awk -F / -v name=\"$name\" "
            "'index($NF, name) || name == \"\" { print \"Matched \" $0 }' | sort >want; "
            "for way in %s; do $way tree "
            "\"$name\" >got || exit 1; grep ^Matched got | sort | cmp - want || exit 2; "
            "grep ^Searching got | sort >searched; find tree -type d | "
            "sed 's/^/Searching in /' | sort | cmp - searched || exit 3; "
            "grep -Ev '^(Matched|Searching in) ' got && exit 4; done; "
            "grep -c . want; done; true",
            new_folder(), ways[_i]),
        0);
    ck_assert_str_eq(printed, "64\n16\n37\n148\n0\n0\n");
}
END_TEST

/* In one directory the matches come by name; main prints them when everything has been searched. */
START_TEST(test_order)
{
    ck_assert_int_eq(run("cd %s; mkdir d; cd d; touch b2 a1 c3 B0; mkdir a; cd ..; %s d ''",
                         new_folder(), programs[_i]),
                     0);
    ck_assert(strstr(printed, "Searching in d\n") == printed);
    ck_assert(strstr(printed, "Searching in d/a\nMatched d/B0\nMatched d/a\nMatched d/a1\nMatched "
                              "d/b2\nMatched d/c3\n") != NULL);
}
END_TEST

START_TEST(test_slashes)
{
    ck_assert_int_eq(run("cd %s; mkdir -p d/e; touch d/e/x; for root in d/ d/e/ \"$PWD/d\"; do "
                         "%s \"$root\" x; done | sed 's,/.*/d/,/.../d/,; s,/.*/d$,/.../d,'; "
                         "cd d; %s . x; %s ./e x",
                         new_folder(), programs[_i], programs[_i], programs[_i]),
                     0);
    ck_assert_str_eq(printed, "Searching in d/\nSearching in d/e\nMatched d/e/x\n"
                              "Searching in d/e/\nMatched d/e/x\n"
                              "Searching in /.../d\nSearching in /.../d/e\nMatched /.../d/e/x\n"
                              "Searching in .\nSearching in ./e\nMatched ./e/x\n"
                              "Searching in ./e\nMatched ./e/x\n");
}
END_TEST

/* A link to a directory matches by its name, and is not followed, but for ROOT itself. */
START_TEST(test_links)
{
    ck_assert_int_eq(run("cd %s; mkdir -p d/e; ln -s .. d/e/round; ln -s nowhere d/e/rough; "
                         "mkfifo d/e/rout; ln -s d link; %s link rou",
                         new_folder(), programs[_i]),
                     0);
    ck_assert_str_eq(printed, "Searching in link\nSearching in link/e\nMatched link/e/rough\n"
                              "Matched link/e/round\nMatched link/e/rout\n");
}
END_TEST

/* Names are bytes: what is no text, or looks like a format or an option, is found like any other. */
START_TEST(test_strange_names)
{
    ck_assert_int_eq(
        run("cd %s; mkdir ./-d; touch -- './-d/%%s%%n' \"-d/$(printf 'x\\303\\251y')\" '-d/ ' "
            "-d/...; p=%s; { $p -- -d '%%s'; $p ./-d ' '; $p ./-d ..; "
            "$p ./-d \"$(printf '\\251')\" | LC_ALL=C tr '\\303\\251' '##'; } | grep ^Matched",
            new_folder(), programs[_i]),
        0);
    ck_assert_str_eq(printed, "Matched -d/%s%n\nMatched ./-d/ \nMatched ./-d/...\n"
                              "Matched ./-d/x##y\n");
}
END_TEST

/* Many directories in one: no thread too many, none lost. */
START_TEST(test_many_directories)
{
    ck_assert_int_eq(run("cd %s; mkdir wide; (cd wide; seq %d | xargs mkdir); "
                         "find wide -name '*77*' | sed 's/^/Matched /' | sort >want; "
                         "for way in %s; do $way wide 77 >got || exit 1; "
                         "grep ^Matched got | sort | cmp - want || exit 2; "
                         "test $(grep -c ^Searching got) = %d || exit 3; done",
                         new_folder(), ROUNDS / 4, ways[_i], ROUNDS / 4 + 1),
                     0);
}
END_TEST

START_TEST(test_deep)
{
    int levels = pathconf(".", _PC_PATH_MAX) > 2000 ? 1000 : 500; // of two characters each
    char expected[100];
    snprintf(expected, sizeof expected, "%dMatched\n%dSearchi\n", levels - 1, levels);
    ck_assert_int_eq(run("cd %s; deep=$(printf 'd/%%.0s' $(seq %d)); mkdir -p $deep; "
                         "%s d d | sort | uniq | cut -c 1-7 | uniq -c | tr -d ' '",
                         new_folder(), levels,
                         _i == LECTURE ? programs[_i] : "bounded_file_search -t 1"),
                     0);
    ck_assert_str_eq(printed, expected);
}
END_TEST

/* Too deep for a path that the system takes: reported, and the rest is searched. */
START_TEST(test_too_deep)
{
    ck_assert_int_eq(run("cd %s; mkdir -p tree/x; touch tree/x/here; "
                         "long=$(printf '%%0200d/' $(seq $(($(getconf PATH_MAX .) / 270)))); "
                         "mkdir -p tree/$long; (cd tree/$long; mkdir -p $long; touch $long/here); "
                         "%s tree here >out 2>errors; echo $?; "
                         "grep ^Matched out; grep -c 'File name too long$' errors",
                         new_folder(), programs[_i]),
                     0);
    ck_assert_str_eq(printed, "1\nMatched tree/x/here\n1\n");
}
END_TEST

/* What may not be read is reported, the search goes on, and the exit status tells. */
START_TEST(test_unreadable)
{
    char message[100];
    snprintf(message, sizeof message, "%s: tree/a: Permission denied\n", programs[_i]);
    ck_assert_int_eq(run("cd %s; mkdir -p tree/a tree/b; touch tree/a/x tree/b/x; "
                         "chmod 0 tree/a; " UNPRIVILEGED "%s tree x; status=$?; "
                         "chmod 700 tree/a; exit $status",
                         new_folder(), programs[_i]),
                     1);
    ck_assert(strstr(printed, message) != NULL);
    ck_assert(strstr(printed, "Matched tree/b/x\n") != NULL);
}
END_TEST

START_TEST(test_no_directory)
{
    static const char *const wrong[][2] = {{"/no/such", "/no/such: No such file or directory"},
                                           {"Makefile", "Makefile: Not a directory"},
                                           {"''", ": No such file or directory"}};
    for (int i = 0; i < 3; i++) {
        char message[100];
        snprintf(message, sizeof message, "%s: %s\n", programs[_i], wrong[i][1]);
        ck_assert_int_eq(run("%s %s x >/dev/null", programs[_i], wrong[i][0]), 1);
        ck_assert_str_eq(printed, message);
    }
}
END_TEST

/*
 * The system refuses threads: their directories are searched all the same. (In the lecture by calls
 * within calls, so there they are many.)
 */
#define FEW_THREADS "setpriv --reuid=54321 --regid=54321 --clear-groups prlimit --nproc=10 "

START_TEST(test_few_threads)
{
    ck_assert_int_eq(run("cd %s; " MAKE_TREE "mkdir -p tree/$(printf 'd/%%.0s' $(seq %d)); "
                         "box=$(mktemp -d /tmp/search.XXXXXX) && chmod 755 $box && "
                         "mv tree $box && cp \"$(command -v %s)\" $box && cd $box && "
                         "for way in %s; do " FEW_THREADS "./$way tree "
                         "file | grep -c ^Matched; done | sort | uniq; rm -rf $box",
                         new_folder(), _i == LECTURE ? 1000 : 1, programs[_i], ways[_i]),
                     0);
    ck_assert_str_eq(printed, "64\n");
}
END_TEST

/* There are not more directories open at once than the bound says. */
START_TEST(test_few_files)
{
    ck_assert_int_eq(run("cd %s; " MAKE_TREE "ulimit -n 80; "
                         "for way in %s; do $way tree file | grep -c ^Matched; done | sort | uniq",
                         new_folder(), ways[_i]),
                     0);
    ck_assert_str_eq(printed, "64\n");
}
END_TEST

START_TEST(test_output)
{
    char message[100];
    snprintf(message, sizeof message, "%s: standard output: Bad file descriptor\n", programs[_i]);
    ck_assert_int_eq(
        run("cd %s; " MAKE_TREE "%s tree file | head -n 1", new_folder(), programs[_i]), 0);
    ck_assert_str_eq(printed, "Searching in tree\n");
    ck_assert_int_eq(run("%s tests x >&-", programs[_i]), 1);
    ck_assert_str_eq(printed, message);
}
END_TEST

START_TEST(test_full_disk)
{
    char message[100];
    snprintf(message, sizeof message, "%s: standard output: No space left on device\n",
             programs[_i]);
    ck_assert_int_eq(run("%s tests x >/dev/full", programs[_i]), 1);
    ck_assert_str_eq(printed, message);
}
END_TEST

START_TEST(test_usage)
{
    static const char *const usages[] = {
        "usage: concurrent_file_search ROOT NAME\n",
        "usage: bounded_file_search [-q] [-t threads] ROOT NAME\n",
    };
    static const char *const wrong[] = {"",          ".",         ". x y",
                                        "-t 0 . x",  "-t -1 . x", "-t . x",
                                        "-t 1x . x", "-x . x",    "-t 100001 . x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("%s %s", programs[_i], wrong[i]), 2);
        ck_assert(strstr(printed, usages[_i]) != NULL);
    }
    ck_assert_int_eq(run("%s -h 2>/dev/null", programs[_i]), 0);
    ck_assert_str_eq(printed, usages[_i]);
    ck_assert_int_eq(run("%s --help 2>/dev/null", programs[_i]), 0);
    ck_assert_str_eq(printed, usages[_i]);
}
END_TEST

/* -q leaves out where it searches, and nothing else. */
START_TEST(test_quiet)
{
    ck_assert_int_eq(run("cd %s; mkdir -p d/e; touch d/e/x; bounded_file_search -q d x; "
                         "bounded_file_search -q d nothing; bounded_file_search -q no/such x; true",
                         new_folder()),
                     0);
    ck_assert_str_eq(printed, "Matched d/e/x\n"
                              "bounded_file_search: no/such: No such file or directory\n");
}
END_TEST

/* Builds the lecture after an edit by sed, which changes so many lines. */
static const char *build_edited(const char *edit, int lines, const char *flags)
{
    const char *folder = new_folder();
    char wanted[20];
    snprintf(wanted, sizeof wanted, "%d\n", lines);
    ck_assert_int_eq(run("sed '%s' concurrent_file_search.c >%s/edited.c; "
                         "diff concurrent_file_search.c %s/edited.c | grep -c '^<'; "
                         "${CC:-cc} %s -pthread -iquote . -o %s/edited %s/edited.c wait_group.c",
                         edit, folder, folder, flags, folder, folder),
                     0);
    ck_assert_str_eq(printed, wanted);
    return folder;
}

/* Each search holds a file open for a while: with so few to be had, only a bound keeps all within them. */
START_TEST(test_bound)
{
    const char *folder =
        build_edited("s/printf(.Searching.*/int file = dup(1); if (file < 0) abort(); "
                     "pause_ms(20); close(file);/",
                     1, "");
    ck_assert_int_eq(run("cd %s; mkdir wide; (cd wide; seq 300 | xargs mkdir); ulimit -n 80; "
                         "./edited wide 77 | sort",
                         folder),
                     0);
    ck_assert_str_eq(printed, "Matched wide/177\nMatched wide/277\nMatched wide/77\n");
}
END_TEST

/* Without its lock the list of matches is a data race. */
START_TEST(test_without_the_lock)
{
    const char *folder = build_edited("/pthread_mutex_[un]*lock(/d", 2, "-g -fsanitize=thread");
    ck_assert_int_eq(run("cd %s; " MAKE_TREE "./edited tree '' >/dev/null", folder), 66);
    ck_assert(strstr(printed, "WARNING: ThreadSanitizer: data race") != NULL);
}
END_TEST

static TCase *common_cases(int program)
{
    TCase *cases = tcase_create(programs[program]);
    int end = program + 1; // a loop of one: _i is the program
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, test_as_find, program, end);
    tcase_add_loop_test(cases, test_order, program, end);
    tcase_add_loop_test(cases, test_slashes, program, end);
    tcase_add_loop_test(cases, test_links, program, end);
    tcase_add_loop_test(cases, test_strange_names, program, end);
    tcase_add_loop_test(cases, test_many_directories, program, end);
    tcase_add_loop_test(cases, test_deep, program, end);
    tcase_add_loop_test(cases, test_too_deep, program, end);
    tcase_add_loop_test(cases, test_no_directory, program, end);
    tcase_add_loop_test(cases, test_few_files, program, end);
    tcase_add_loop_test(cases, test_output, program, end);
    tcase_add_loop_test(cases, test_usage, program, end);
    if (is_possible("a search of a directory that may not be read", UNPRIVILEGED "true"))
        tcase_add_loop_test(cases, test_unreadable, program, end);
    if (is_possible("a search with few threads", "test $(id -u) = 0 && " FEW_THREADS "true"))
        tcase_add_loop_test(cases, test_few_threads, program, end);
    if (is_possible("a search on a full disk", FULL_DISK))
        tcase_add_loop_test(cases, test_full_disk, program, end);
    return cases;
}

TCase *concurrent_file_search_cases(void)
{
    TCase *cases = common_cases(LECTURE);
    if (is_possible("a search that is edited", PLAIN_BUILD)) {
        tcase_add_test(cases, test_bound);
    }
    if (is_possible("the race of a search without a lock", TSAN_BUILD))
        tcase_add_test(cases, test_without_the_lock);
    return cases;
}

TCase *bounded_file_search_cases(void)
{
    TCase *cases = common_cases(BOUNDED);
    tcase_add_test(cases, test_quiet);
    return cases;
}
