/*
 * test_letter_frequency.c - the counts are those of tr, sort and uniq, whichever way, wherever the texts
 * come from, and whatever is wrong with some of them.
 *
 * It includes fetch.c, with less patience.
 */
#define FETCH_SECONDS 2
#define FETCH_MOST 1000000
#include "../fetch.c"

#include "../must.h"
#include "cases.h"
#include "server.h"

static const char *const ways[] = {"-m atomic", "-m mutex", "-m local", ""};
enum { WAYS = sizeof ways / sizeof ways[0] };

#define USAGE                                                                                      \
    "usage: letter_frequency [-m atomic|mutex|local] [-n passes] [-r first[-last]] [-b base] "     \
    "[FILE|URL ...]\n"

/* Shell filters: "a 3" for each letter that is there; of what the program prints, and of a text. */
#define PRINTED "sed -n 's/^\\([a-z]\\) -> \\([1-9][0-9]*\\)$/\\1 \\2/p'"
#define COUNTED                                                                                    \
    "LC_ALL=C tr A-Z a-z | LC_ALL=C tr -cd a-z | fold -w 1 | sort | uniq -c | awk '{ print $2, "   \
    "$1 }'"

/* The count that was printed for a letter, or -1. */
static long count_of(char letter)
{
    char line[] = {'\n', letter, ' ', '-', '>', ' ', '\0'};
    const char *found = strstr(printed, line);
    return found == NULL ? -1 : atol(found + strlen(line));
}

START_TEST(test_counts)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("cd %s; head -c 100000 /dev/urandom >bytes; >empty; printf 'Zz' >short; "
            "i=0; while [ $i -lt 6 ]; do head -c 50000 bytes | od -An -tx1 >hex$i; "
            "i=$((i + 1)); done; cat bytes bytes empty empty short short hex* hex* | " COUNTED
            " >wanted; grep -c . wanted",
            folder),
        0);
    ck_assert_str_eq(printed, "26\n");
    for (int i = 0; i < WAYS; i++)
        ck_assert_int_eq(run("cd %s; letter_frequency %s -n 2 bytes empty short hex? | " PRINTED
                             " | diff - wanted",
                             folder, ways[i]),
                         0);
}
END_TEST

/* 201 texts: as many threads as in the original, the samples in turn. They are found from anywhere. */
START_TEST(test_samples)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("i=0; while [ $i -lt 201 ]; do for t in texts/*; do [ $i -lt 201 ] && "
                         "cat $t; i=$((i + 1)); done; done | " COUNTED " >%s/wanted; "
                         "letter_frequency -n 1 | " PRINTED " | diff - %s/wanted",
                         folder, folder),
                     0);
    ck_assert_int_eq(run("cp -R " OUT "/letter_frequency texts %s; here=$PWD; cd /; "
                         "\"$here/%s/letter_frequency\" -n 1 -m local | " PRINTED
                         " | diff - \"$here/%s/wanted\"",
                         folder, folder, folder),
                     0);
}
END_TEST

START_TEST(test_lines)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; echo 'A cab, Zoe!' >t; letter_frequency -m atomic t | "
                         "sed 's/took [0-9.]*ms/took TIME/' | head -n 6; "
                         "letter_frequency -m local t | tail -n 2",
                         folder),
                     0);
    ck_assert_str_eq(printed, "Done\nProcessing took TIME\na -> 42\nb -> 21\nc -> 21\nd -> 0\n"
                              "y -> 0\nz -> 21\n");
    ck_assert_int_eq(
        run("cd %s; letter_frequency t | sed 's/[ 0-9.]*ms/ TIME/' | head -n 6", folder), 0);
    ck_assert_str_eq(printed, "atomic TIME\nmutex TIME\nlocal TIME\nDone\nProcessing took TIME\n"
                              "a -> 42\n");
    ck_assert_int_eq(run("cd %s; letter_frequency t | grep -c .", folder), 0);
    ck_assert_str_eq(printed, "31\n");
}
END_TEST

START_TEST(test_unreadable)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; echo abc >good; mkdir folder; mkfifo pipe", folder), 0);
    for (int i = 0; i < WAYS; i++) {
        ck_assert_int_eq(
            run("cd %s; letter_frequency %s /no/such folder good pipe '' good", folder, ways[i]),
            1);
        ck_assert_int_eq(count_of('b'), 2 * 21);
        ck_assert_int_eq(count_of('f'), 0);
        ck_assert(strstr(printed, "letter_frequency: /no/such: No such file or directory\n"));
        ck_assert(strstr(printed, "letter_frequency: folder: Is a directory\n"));
        ck_assert(strstr(printed, "letter_frequency: pipe: Operation not supported\n"));
        ck_assert(strstr(printed, "letter_frequency: : No such file or directory\n"));
        ck_assert_int_eq(
            run("cd %s; letter_frequency %s /no/such good 2>&1 | grep -c such", folder, ways[i]),
            0);
        ck_assert_str_eq(printed, "1\n"); // said once
    }
    ck_assert_int_eq(run("cp " OUT "/letter_frequency %s; %s/letter_frequency", folder, folder), 1);
    ck_assert(strstr(printed, "/texts: No such file or directory\n") != NULL);
    ck_assert_int_eq(run("mkdir %s/texts; %s/letter_frequency", folder, folder), 1);
    ck_assert(strstr(printed, "/texts: there are no texts\n") != NULL);
}
END_TEST

START_TEST(test_usage)
{
    static const char *const wrong[] = {
        "-m",    "-m ''", "-m Local", "-n 0",   "-n x",     "-n",        "-r", "-r ''", "-r 0",
        "-r -5", "-r 5-", "-r 5-4",   "-r 1-x", "-r 1-2-3", "-r 100000", "-b", "-x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("letter_frequency %s", wrong[i]), 2);
        ck_assert(strstr(printed, USAGE) != NULL);
    }
    ck_assert_int_eq(run("letter_frequency -m fast"), 2);
    ck_assert_str_eq(printed, "letter_frequency: fast: not a way to count\n" USAGE);
    ck_assert_int_eq(run("letter_frequency -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, USAGE);
}
END_TEST

START_TEST(test_output)
{
    ck_assert_int_eq(run("letter_frequency -n 1 >&-"), 1);
    ck_assert_str_eq(printed, "letter_frequency: standard output: Bad file descriptor\n");
    ck_assert_int_eq(run("letter_frequency -n 1 | head -n 1 | grep -c atomic"), 0);
    ck_assert_str_eq(printed, "1\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("letter_frequency -n 1 -m local >/dev/full"), 1);
    ck_assert_str_eq(printed, "letter_frequency: standard output: No space left on device\n");
}
END_TEST

/* Where there are not 201 threads to be had, main counts what they do not. */
START_TEST(test_few_threads)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("letter_frequency -m local | " PRINTED " >%s/wanted; grep -c . %s/wanted; "
                         "ulimit -v 200000; for way in atomic mutex local; do "
                         "letter_frequency -m $way | " PRINTED " | diff - %s/wanted; done",
                         folder, folder, folder),
                     0);
    ck_assert_str_eq(printed, "26\n");
}
END_TEST

#ifdef HAVE_LIBCURL

/* A good text as often as it should be, and what is wrong with the others. */
START_TEST(test_urls)
{
    int port = server_start();
    const char *folder = new_folder();
    ck_assert_int_eq(run("echo Zebra >%s/t; letter_frequency -n 1 -b http://127.0.0.1:%d/rfc "
                         "-r 5-7 %s/t http://127.0.0.1:%d/rfc/rfc100.txt HTTP://localhost:%d/rfc/"
                         "rfc301.txt",
                         folder, port, folder, port, port),
                     0);
    ck_assert_int_eq(count_of('x'), 5 + 6 + 7 + 100 + 7);
    ck_assert_int_eq(count_of('z'), 5 + 6 + 7 + 100 + 7 + 1);
    ck_assert_int_eq(count_of('e'), 1);
    for (int i = 0; i < WAYS; i++) {
        ck_assert_int_eq(run("letter_frequency %s -b http://127.0.0.1:%d/rfc -r 10-14 "
                             "http://127.0.0.1:%d/rfc/rfc404.txt "
                             "http://127.0.0.1:%d/rfc/rfc302.txt "
                             "http://127.0.0.1:%d/nothing http:// http://127.0.0.1:x/",
                             ways[i], port, port, port, port),
                         1);
        ck_assert_int_eq(count_of('c'), (10 + 11 + 12 + 14) * 21);
        char line[200];
        static const char *const wrong[] = {"rfc/rfc13.txt", "rfc/rfc404.txt", "rfc/rfc302.txt",
                                            "nothing"};
        for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
            snprintf(line, sizeof line, "letter_frequency: http://127.0.0.1:%d/%s: ", port,
                     wrong[k]);
            ck_assert_msg(strstr(printed, line) != NULL, "%s: %s", line, printed);
        }
        ck_assert(strstr(printed, "returned error: 404\n") != NULL);
        ck_assert(strstr(printed, "root") == NULL);
        ck_assert(strstr(printed, "letter_frequency: http://: ") != NULL);
        ck_assert(strstr(printed, "letter_frequency: http://127.0.0.1:x/: ") != NULL);
    }
    server_stop();
    ck_assert_int_eq(
        run("letter_frequency -m local -b http://127.0.0.1:%d/rfc -r 1-2 %s/t", port, folder), 1);
    ck_assert_int_eq(count_of('b'), 21);
    char line[200];
    snprintf(line, sizeof line, "letter_frequency: http://127.0.0.1:%d/rfc/rfc2.txt: ", port);
    ck_assert(strstr(printed, line) != NULL);
}
END_TEST

/* As the original: a connection in each of 201 threads. */
START_TEST(test_201_urls)
{
    int port = server_start();
    ck_assert_int_eq(
        run("letter_frequency -m local -n 1 -r 1100-1300 -b http://127.0.0.1:%d/rfc", port), 0);
    ck_assert_int_eq(count_of('a'), 201 * 1200);
    server_stop();
}
END_TEST

/* A server that says nothing, and one that does not stop. */
START_TEST(test_limits)
{
    int port = server_start();
    char url[100], reason[FETCH_REASON] = "", *bytes = NULL;
    size_t size = 0;
    ck_assert(fetch_begin());
    snprintf(url, sizeof url, "http://127.0.0.1:%d/rfc/rfc%d.txt", port, SILENT);
    ck_assert(!fetch(url, &bytes, &size, reason));
    ck_assert_msg(strstr(reason, "too slow") != NULL || strstr(reason, "timed out") != NULL, "%s",
                  reason);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/rfc/rfc%d.txt", port, ENDLESS);
    ck_assert(!fetch(url, &bytes, &size, reason));
    ck_assert_str_eq(reason, "too long");
    ck_assert_ptr_null(bytes);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/rfc/rfc9.txt", port);
    ck_assert(fetch(url, &bytes, &size, reason));
    ck_assert_uint_eq(size, 9 * strlen("Abc xyz.\n"));
    free(bytes);
    fetch_end();
    server_stop();
}
END_TEST

#else

START_TEST(test_no_libcurl)
{
    ck_assert_int_eq(run("letter_frequency -r 1000-1200"), 1);
    ck_assert_str_eq(printed, "letter_frequency: -r: built without libcurl\n");
    ck_assert_int_eq(run("letter_frequency -m local https://localhost/ texts/*"), 1);
    ck_assert(strstr(printed, "letter_frequency: https://localhost/: built without libcurl\n"));
    ck_assert_int_gt(count_of('e'), 0);
}
END_TEST

#endif

TCase *letter_frequency_cases(void)
{
    TCase *cases = tcase_create("letter_frequency");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_counts);
    tcase_add_test(cases, test_samples);
    tcase_add_test(cases, test_lines);
    tcase_add_test(cases, test_unreadable);
    tcase_add_test(cases, test_usage);
    tcase_add_test(cases, test_output);
#ifdef HAVE_LIBCURL
    setenv("no_proxy", "*", 1);
    tcase_add_test(cases, test_urls);
    tcase_add_test(cases, test_201_urls);
    tcase_add_test(cases, test_limits);
#else
    tcase_add_test(cases, test_no_libcurl);
#endif
    if (is_possible("letter_frequency on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("letter_frequency with few threads", MEMORY_LIMIT))
        tcase_add_test(cases, test_few_threads);
    return cases;
}
