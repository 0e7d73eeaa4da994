/*
 * test_generate_metars.c - the same seed makes the same months, and files that are there stay.
 */
#include "cases.h"

#include <stdlib.h>
#include <string.h>

#define USAGE "usage: generate_metars [-f] [-n months] [-s seed] FOLDER\n"

/* The sample of the chapter is made by it. */
START_TEST(test_sample)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("generate_metars -n 3 %s && diff -r %s metarfiles", folder, folder), 0);
    ck_assert_str_eq(printed, "");
}
END_TEST

START_TEST(test_seed)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("cd %s; generate_metars -n 26 a && generate_metars -s 2 -n 1 b; ls a | grep -c .; "
            "ls a/feb2014.txt; tail -n +3 a/jan2012.txt >1; tail -n +3 b/jan2012.txt >2; "
            "cmp -s 1 2 || echo differ",
            folder),
        0);
    ck_assert_str_eq(printed, "26\na/feb2014.txt\ndiffer\n");
    // Everything that wind_direction has to understand or to leave out is there.
    static const char *const kinds[] = {"METAR COR", "SPECI", "AUTO", "VRB", "G[0-9]*KT", "CAVOK",
                                        "00000KT",   "TAF",   "^#",   "^  ", "NIL="};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        ck_assert_int_eq(run("cd %s; cat a/* | grep -q '%s'", folder, kinds[i]), 0);
}
END_TEST

/* Real reports may be where made-up ones are to go: they are not written over, unless told so. */
START_TEST(test_files_that_are_there)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; echo mine >feb2012.txt; generate_metars .", folder), 1);
    ck_assert_str_eq(printed, "generate_metars: ./feb2012.txt: File exists (-f writes over it)\n");
    ck_assert_int_eq(run("cd %s; cat feb2012.txt; ls", folder), 0);
    ck_assert_str_eq(printed, "mine\nfeb2012.txt\njan2012.txt\n");
    ck_assert_int_eq(run("cd %s; generate_metars -f -n 3 . && cd - >/dev/null && "
                         "diff -r %s metarfiles",
                         folder, folder),
                     0);
    // Through a link nothing is written either.
    ck_assert_int_eq(run("cd %s; rm *; ln -s /no/such jan2012.txt; generate_metars .", folder), 1);
    ck_assert_str_eq(printed, "generate_metars: ./jan2012.txt: File exists (-f writes over it)\n");
}
END_TEST

/* Half a file is no file, and no month after it is begun. */
START_TEST(test_no_half_file)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("cd %s; trap '' XFSZ; (ulimit -f 8; generate_metars .) 2>&1 | cat; ls", folder), 0);
    ck_assert_str_eq(printed, "generate_metars: ./jan2012.txt: File too large\n");
    ck_assert_int_eq(run("generate_metars Makefile"), 1);
    ck_assert_str_eq(printed, "generate_metars: Makefile/jan2012.txt: Not a directory\n");
    ck_assert_int_eq(run("generate_metars /no/such/folder"), 1);
    ck_assert_str_eq(printed, "generate_metars: /no/such/folder: No such file or directory\n");
}
END_TEST

START_TEST(test_usage)
{
    ck_assert_int_eq(run("generate_metars"), 2);
    ck_assert_str_eq(printed, "generate_metars: arguments: one is missing\n" USAGE);
    ck_assert_int_eq(run("generate_metars a b"), 2);
    ck_assert_int_eq(run("generate_metars -n"), 2);
    static const char *const wrong[] = {"-n 0",
                                        "-n -1",
                                        "-n x",
                                        "-n 1x",
                                        "-n ''",
                                        "-n ' 1'",
                                        "-s -1",
                                        "-s 1.5",
                                        "-s ''",
                                        "-x",
                                        "-n 99999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("generate_metars %s /no/such", wrong[i]), 2);
        ck_assert(strstr(printed, USAGE) != NULL);
    }
    ck_assert_int_eq(run("generate_metars -n 12001 /no/such"), 2);
    ck_assert_str_eq(printed, "generate_metars: 12001: not a whole number from 1 to 12000\n" USAGE);
    ck_assert_int_eq(run("generate_metars -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, USAGE);
}
END_TEST

TCase *generate_metars_cases(void)
{
    TCase *cases = tcase_create("generate_metars");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_sample);
    tcase_add_test(cases, test_seed);
    tcase_add_test(cases, test_files_that_are_there);
    tcase_add_test(cases, test_no_half_file);
    tcase_add_test(cases, test_usage);
    return cases;
}
