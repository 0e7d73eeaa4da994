/*
 * test_letter_frequency.c - the lecture's counts are those of tr, sort and uniq, wherever the texts come
 * from, and both edits of the lecture work.
 *
 * It includes texts.c, with less patience.
 */
#define TEXT_SECONDS 2
#define TEXT_MOST 1000000
#include "../texts.c"

#include "cases.h"
#include "server.h"

/* Shell filters: "a 3" for each letter that is there; of what the program prints, and of a text. */
#define PRINTED "sed -n 's/^\\([a-z]\\) -> \\([1-9][0-9]*\\)$/\\1 \\2/p'"
#define COUNTED                                                                                    \
    "LC_ALL=C tr A-Z a-z | LC_ALL=C tr -cd a-z | fold -w 1 | sort | uniq -c | awk '{ print $2, "   \
    "21 * $1 }'"

START_TEST(test_counts)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; head -c 100000 /dev/urandom >bytes; >empty; printf 'Zz' >short; "
                         "cat bytes bytes empty short short | " COUNTED " >wanted; "
                         "letter_frequency bytes empty short short bytes | " PRINTED
                         " | diff - wanted && grep -c . wanted",
                         folder),
                     0);
    ck_assert_str_eq(printed, "26\n");
}
END_TEST

START_TEST(test_lines)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; echo 'A cab, Zoe!' >t; letter_frequency t t | "
                         "sed 's/took [0-9.]*s/took TIME/' | sed -n '1,6p; $p'",
                         folder),
                     0);
    ck_assert_str_eq(printed, "Done\nProcessing took TIME\na -> 84\nb -> 42\nc -> 42\nd -> 0\n"
                              "z -> 42\n");
    ck_assert_int_eq(run("letter_frequency texts/1_queues.txt | grep -c ."), 0);
    ck_assert_str_eq(printed, "28\n");
}
END_TEST

/* As in the video: the mutex in, the atomic addition out. */
START_TEST(test_with_the_mutex)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("sed 's,// MUST(pthread,MUST(pthread,; s,// text->frequency,text->frequency,; "
            "/^  .*atomic_fetch_add/d; s/typedef atomic_long/typedef long/' letter_frequency.c "
            ">%s/edited.c && ${CC:-cc} -pthread -Wall -Wextra -Werror -iquote . -o %s/edited "
            "%s/edited.c texts.c wait_group.c && grep -c '^ *MUST(pthread_mutex' %s/edited.c; "
            "%s/edited texts/* | " PRINTED " >%s/counts; "
            "letter_frequency texts/* | " PRINTED " | diff - %s/counts",
            folder, folder, folder, folder, folder, folder, folder),
        0);
    ck_assert_str_eq(printed, "2\n");
}
END_TEST

START_TEST(test_unreadable)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; echo abc >good; mkdir folder; mkfifo pipe", folder), 0);
    static const char *const wrong[][2] = {{"/no/such", "No such file or directory"},
                                           {"folder", "Is a directory"},
                                           {"pipe", "Operation not supported"},
                                           {"''", "No such file or directory"}};
    for (int i = 0; i < 4; i++) {
        char line[200];
        snprintf(line, sizeof line, "letter_frequency: %s: %s\n", i == 3 ? "" : wrong[i][0],
                 wrong[i][1]);
        ck_assert_int_eq(run("cd %s; letter_frequency good %s good", folder, wrong[i][0]), 1);
        ck_assert_str_eq(printed, line);
    }
    // Several threads that fail at once: one of them says so and ends the program.
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(run("letter_frequency 1 2 3 4 5 6 7 8 2>&1 | grep -c No"), 0);
        ck_assert_str_eq(printed, "1\n");
    }
}
END_TEST

START_TEST(test_usage_and_output)
{
    ck_assert_int_eq(run("letter_frequency -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: letter_frequency [FILE|URL ...]\n");
    ck_assert_int_eq(run("letter_frequency -x"), 2);
    ck_assert_int_eq(run("letter_frequency texts/* >&-"), 1);
    ck_assert_str_eq(printed, "letter_frequency: standard output: Bad file descriptor\n");
    ck_assert_int_eq(run("letter_frequency texts/* | head -n 1"), 0);
    ck_assert_str_eq(printed, "Done\n");
}
END_TEST

#ifdef HAVE_LIBCURL

/* The count that was printed for a letter, or -1. */
static long count_of(char letter)
{
    char line[] = {'\n', letter, ' ', '-', '>', ' ', '\0'};
    const char *found = strstr(printed, line);
    return found == NULL ? -1 : atol(found + strlen(line));
}

/* A good text counts; of another one it says what is wrong. */
START_TEST(test_urls)
{
    int port = server_start();
    const char *folder = new_folder();
    ck_assert_int_eq(run("echo Zebra >%s/t; letter_frequency http://127.0.0.1:%d/rfc/rfc5.txt "
                         "%s/t http://127.0.0.1:%d/rfc/rfc100.txt "
                         "HTTP://localhost:%d/rfc/rfc301.txt",
                         folder, port, folder, port, port),
                     0);
    ck_assert_int_eq(count_of('x'), 21 * (5 + 100 + 7));
    ck_assert_int_eq(count_of('z'), 21 * (5 + 100 + 7 + 1));
    ck_assert_int_eq(count_of('e'), 21);
    static const char *const wrong[] = {"rfc/rfc13.txt", "rfc/rfc404.txt", "rfc/rfc302.txt",
                                        "nothing"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char line[200];
        snprintf(line, sizeof line, "letter_frequency: http://127.0.0.1:%d/%s: ", port, wrong[i]);
        ck_assert_int_eq(run("letter_frequency http://127.0.0.1:%d/rfc/rfc10.txt "
                             "http://127.0.0.1:%d/%s",
                             port, port, wrong[i]),
                         1);
        ck_assert_msg(strstr(printed, line) == printed, "%s: %s", line, printed);
        if (i == 1)
            ck_assert(strstr(printed, "returned error: 404\n") != NULL);
    }
    // One thread ends the program while others are fetching.
    for (int i = 0; i < 40; i++)
        ck_assert_int_eq(run("letter_frequency http://127.0.0.1:%d/rfc/rfc10.txt "
                             "http://127.0.0.1:%d/rfc/rfc404.txt "
                             "http://127.0.0.1:%d/rfc/rfc11.txt http://127.0.0.1:%d/rfc/rfc12.txt",
                             port, port, port, port),
                         1);
    ck_assert_int_eq(run("letter_frequency http://"), 1);
    ck_assert(strstr(printed, "letter_frequency: http://: ") != NULL);
    ck_assert_int_eq(run("letter_frequency http://127.0.0.1:x/"), 1);
    ck_assert(strstr(printed, "letter_frequency: http://127.0.0.1:x/: ") != NULL);

    // beyond/: what cannot be read is reported, the rest is counted.
    ck_assert_int_eq(run("letter_frequency_ways http://127.0.0.1:%d/rfc/rfc10.txt "
                         "http://127.0.0.1:%d/rfc/rfc13.txt http://127.0.0.1:%d/rfc/rfc14.txt "
                         "http://127.0.0.1:%d/rfc/rfc404.txt",
                         port, port, port, port),
                     1);
    ck_assert_int_eq(count_of('c'), (10 + 14) * 21);
    server_stop();
    ck_assert_int_eq(run("letter_frequency http://127.0.0.1:%d/rfc/rfc1.txt", port), 1);
    char line[200];
    snprintf(line, sizeof line, "letter_frequency: http://127.0.0.1:%d/rfc/rfc1.txt: ", port);
    ck_assert(strstr(printed, line) == printed);
}
END_TEST

/* As in the original: a connection in each of 201 threads. */
START_TEST(test_201_urls)
{
    int port = server_start();
    ck_assert_int_eq(run("letter_frequency $(for i in $(seq 1100 1300); do "
                         "echo http://127.0.0.1:%d/rfc/rfc$i.txt; done)",
                         port),
                     0);
    ck_assert_int_eq(count_of('a'), 21L * 201 * 1200);
    server_stop();
}
END_TEST

/* Without arguments it names the RFCs of the original. */
START_TEST(test_names)
{
    char *arguments[] = {MUST_HAVE(strdup("letter_frequency")), NULL};
    int count;
    char **urls = text_urls(1, arguments, 1, &count);
    ck_assert_int_eq(count, 201);
    ck_assert_str_eq(urls[0], "https://www.rfc-editor.org/rfc/rfc1000.txt");
    ck_assert_str_eq(urls[200], "https://www.rfc-editor.org/rfc/rfc1200.txt");
    free(arguments[0]);
}
END_TEST

/* A server that says nothing, and one that does not stop. */
START_TEST(test_limits)
{
    int port = server_start();
    char url[100], reason[TEXT_REASON] = "", *bytes = NULL;
    size_t size = 0;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/rfc/rfc%d.txt", port, SILENT);
    ck_assert(!text_read(url, &bytes, &size, reason));
    ck_assert_msg(strstr(reason, "too slow") != NULL || strstr(reason, "timed out") != NULL, "%s",
                  reason);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/rfc/rfc%d.txt", port, ENDLESS);
    ck_assert(!text_read(url, &bytes, &size, reason));
    ck_assert_str_eq(reason, "too long");
    ck_assert_ptr_null(bytes);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/rfc/rfc9.txt", port);
    ck_assert(text_read(url, &bytes, &size, reason));
    ck_assert_uint_eq(size, 9 * strlen("Abc xyz.\n"));
    free(bytes);
    server_stop();
}
END_TEST

#else

/* Without arguments it takes 201 texts: those of the chapter in turn, found from anywhere. */
START_TEST(test_samples)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("i=0; while [ $i -lt 201 ]; do for t in texts/*; do [ $i -lt 201 ] && "
                         "cat $t; i=$((i + 1)); done; done | " COUNTED " >%s/wanted; "
                         "cp -R " OUT "/letter_frequency texts %s; here=$PWD; cd /; "
                         "\"$here/%s/letter_frequency\" | " PRINTED " | diff - \"$here/%s/wanted\"",
                         folder, folder, folder, folder),
                     0);
}
END_TEST

START_TEST(test_no_libcurl)
{
    ck_assert_int_eq(run("letter_frequency https://localhost/"), 1);
    ck_assert_str_eq(printed, "letter_frequency: https://localhost/: built without libcurl\n");
}
END_TEST

#endif

TCase *letter_frequency_cases(void)
{
    TCase *cases = tcase_create("letter_frequency");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_counts);
    tcase_add_test(cases, test_lines);
    tcase_add_test(cases, test_unreadable);
    tcase_add_test(cases, test_usage_and_output);
    if (is_possible("letter_frequency with the mutex", PLAIN_BUILD))
        tcase_add_test(cases, test_with_the_mutex);
#ifdef HAVE_LIBCURL
    setenv("no_proxy", "*", 1);
    tcase_add_test(cases, test_urls);
    tcase_add_test(cases, test_201_urls);
    tcase_add_test(cases, test_names);
    tcase_add_test(cases, test_limits);
#else
    tcase_add_test(cases, test_samples);
    tcase_add_test(cases, test_no_libcurl);
#endif
    return cases;
}
