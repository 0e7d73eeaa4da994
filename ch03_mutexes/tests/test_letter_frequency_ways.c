/*
 * test_letter_frequency_ways.c - the counts are those of tr, sort and uniq, in each of the three ways, and
 * whatever is wrong with some of the texts.
 */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const ways[] = {"-m atomic", "-m mutex", "-m local", ""};
enum { WAYS = sizeof ways / sizeof ways[0] };

#define USAGE "usage: letter_frequency_ways [-m atomic|mutex|local] [-n passes] [FILE|URL ...]\n"

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
        ck_assert_int_eq(
            run("cd %s; letter_frequency_ways %s -n 2 bytes empty short hex? | " PRINTED
                " | diff - wanted",
                folder, ways[i]),
            0);
}
END_TEST

START_TEST(test_lines)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; echo 'A cab, Zoe!' >t; letter_frequency_ways -m atomic t | "
                         "sed 's/took [0-9.]*s/took TIME/' | head -n 6; "
                         "letter_frequency_ways -m local t | tail -n 2",
                         folder),
                     0);
    ck_assert_str_eq(printed, "Done\nProcessing took TIME\na -> 42\nb -> 21\nc -> 21\nd -> 0\n"
                              "y -> 0\nz -> 21\n");
    ck_assert_int_eq(
        run("cd %s; letter_frequency_ways t | sed 's/[ 0-9.]*s$/ TIME/' | head -n 6", folder), 0);
    ck_assert_str_eq(printed, "atomic TIME\nmutex TIME\nlocal TIME\nDone\nProcessing took TIME\n"
                              "a -> 42\n");
    ck_assert_int_eq(run("cd %s; letter_frequency_ways t | grep -c .", folder), 0);
    ck_assert_str_eq(printed, "31\n");
}
END_TEST

START_TEST(test_unreadable)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; echo abc >good; mkdir folder; mkfifo pipe", folder), 0);
    for (int i = 0; i < WAYS; i++) {
        ck_assert_int_eq(run("cd %s; letter_frequency_ways %s /no/such folder good pipe '' good",
                             folder, ways[i]),
                         1);
        ck_assert_int_eq(count_of('b'), 2 * 21);
        ck_assert_int_eq(count_of('f'), 0);
        ck_assert(strstr(printed, "letter_frequency_ways: /no/such: No such file or directory\n"));
        ck_assert(strstr(printed, "letter_frequency_ways: folder: Is a directory\n"));
        ck_assert(strstr(printed, "letter_frequency_ways: pipe: Operation not supported\n"));
        ck_assert(strstr(printed, "letter_frequency_ways: : No such file or directory\n"));
        ck_assert_int_eq(run("cd %s; letter_frequency_ways %s /no/such good 2>&1 | grep -c such",
                             folder, ways[i]),
                         0);
        ck_assert_str_eq(printed, "1\n"); // said once
    }
}
END_TEST

START_TEST(test_usage)
{
    static const char *const wrong[] = {"-m", "-m ''", "-m Local", "-n 0", "-n x", "-n", "-x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("letter_frequency_ways %s", wrong[i]), 2);
        ck_assert(strstr(printed, USAGE) != NULL);
    }
    ck_assert_int_eq(run("letter_frequency_ways -m fast"), 2);
    ck_assert_str_eq(printed, "letter_frequency_ways: fast: no such choice\n" USAGE);
    ck_assert_int_eq(run("letter_frequency_ways -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, USAGE);
}
END_TEST

START_TEST(test_output)
{
    ck_assert_int_eq(run("letter_frequency_ways -n 1 texts/* >&-"), 1);
    ck_assert_str_eq(printed, "letter_frequency_ways: standard output: Bad file descriptor\n");
    ck_assert_int_eq(run("letter_frequency_ways -n 1 texts/* | head -n 1 | grep -c atomic"), 0);
    ck_assert_str_eq(printed, "1\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("letter_frequency_ways -n 1 -m local texts/* >/dev/full"), 1);
    ck_assert_str_eq(printed, "letter_frequency_ways: standard output: No space left on device\n");
}
END_TEST

#define TEXTS_34_TIMES "i=0; while [ $i -lt 34 ]; do echo texts/*; i=$((i + 1)); done"

/* Where there are not 201 threads to be had, main counts what they do not. */
START_TEST(test_few_threads)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("letter_frequency_ways -m local $(" TEXTS_34_TIMES ") | " PRINTED
                         " >%s/wanted; grep -c . %s/wanted; "
                         "ulimit -s 8192; ulimit -v 200000; for way in atomic mutex local; do "
                         "letter_frequency_ways -m $way $(" TEXTS_34_TIMES ") | " PRINTED
                         " | diff - %s/wanted; done",
                         folder, folder, folder),
                     0);
    ck_assert_str_eq(printed, "26\n");
}
END_TEST

TCase *letter_frequency_ways_cases(void)
{
    TCase *cases = tcase_create("letter_frequency_ways");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_counts);
    tcase_add_test(cases, test_lines);
    tcase_add_test(cases, test_unreadable);
    tcase_add_test(cases, test_usage);
    tcase_add_test(cases, test_output);
    if (is_possible("letter_frequency_ways on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("letter_frequency_ways with few threads", MEMORY_LIMIT))
        tcase_add_test(cases, test_few_threads);
    return cases;
}
