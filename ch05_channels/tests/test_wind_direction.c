/*
 * test_wind_direction.c - wind_direction and generate_metars, from the outside.
 */
#include "../must.h"
#include "cases.h"

#include <dirent.h>

/* The counts that wind_direction printed, or -1 for each. */
static void read_counts(long counts[8])
{
    for (int i = 0; i < 8; i++)
        counts[i] = -1;
    sscanf(printed, "[%ld %ld %ld %ld %ld %ld %ld %ld]", &counts[0], &counts[1], &counts[2],
           &counts[3], &counts[4], &counts[5], &counts[6], &counts[7]);
}

/* The figures that the original finds in real months, where there are any (see README.md). */
START_TEST(test_real_months)
{
    const char *months = getenv("METARFILES");
    char path[500], name[100];
    snprintf(path, sizeof path, "%s/../metar_expected.tsv", months);
    FILE *expected = MUST_HAVE(fopen(path, "r"));
    long sums[8] = {0}, counts[8], line[8];
    const char *folder = new_folder();
    int number = 0;
    while (fscanf(expected, "%99s %ld,%ld,%ld,%ld,%ld,%ld,%ld,%ld", name, &line[0], &line[1],
                  &line[2], &line[3], &line[4], &line[5], &line[6], &line[7]) == 9) {
        ck_assert_int_eq(run("rm -f %s/*; cp %s/%s %s && wind_direction %s", folder, months, name,
                             folder, folder),
                         0);
        read_counts(counts);
        for (int i = 0; i < 8; i++) {
            ck_assert_int_eq(counts[i], line[i]);
            sums[i] += line[i];
        }
        number++;
    }
    fclose(expected);
    ck_assert_int_gt(number, 0);
    ck_assert_int_eq(run("wind_direction %s", months), 0);
    read_counts(counts);
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(counts[i], sums[i]);
}
END_TEST

/* The sample comes from the generator, and the default folder is found from anywhere. */
START_TEST(test_sample)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("generate_metars -n 3 %s && diff -r %s metarfiles", folder, folder), 0);
    ck_assert_int_eq(run("wind_direction %s", folder), 0);
    long counts[8], again[8];
    read_counts(counts);
    ck_assert_int_gt(counts[0], 100);
    ck_assert(strstr(printed, "]\nProcessing took ") != NULL);
    // The program looks for the sample beside itself, not in the current folder.
    ck_assert_int_eq(run("cp " OUT "/wind_direction %s && mkdir %s/metarfiles && mv %s/*.txt "
                         "%s/metarfiles && here=$PWD && cd / && \"$here/%s/wind_direction\"",
                         folder, folder, folder, folder, folder),
                     0);
    read_counts(again);
    ck_assert_mem_eq(counts, again, sizeof counts);
}
END_TEST

/* Many files, more than the pipeline holds at once, each of them counted once. */
START_TEST(test_many_files)
{
    const char *folder = new_folder();
    long counts[8];
    ck_assert_int_eq(
        run("cd %s; i=0; while [ $i -lt 300 ]; do echo '1 METAR EGLL 1Z 09001KT=' >f$i;"
            "i=$((i + 1)); done; >empty; printf '# TAF\\n x=' >z; wind_direction .",
            folder),
        0);
    read_counts(counts);
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(counts[i], i == 2 ? 300 : 0);
}
END_TEST

START_TEST(test_unreadable)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("wind_direction /no/such"), 1);
    ck_assert_str_eq(printed, "wind_direction: /no/such: No such file or directory\n");
    ck_assert_int_eq(run("wind_direction Makefile"), 1);
    ck_assert_str_eq(printed, "wind_direction: Makefile: Not a directory\n");
    ck_assert_int_eq(run("wind_direction ''"), 1);
    ck_assert_int_eq(run("wind_direction %s", folder), 0); // no files, no wind
    ck_assert(strncmp(printed, "[0 0 0 0 0 0 0 0]\n", 18) == 0);

    // What can be read is counted all the same. A pipe that nobody writes to does not hold it up.
    ck_assert_int_eq(run("cd %s; mkdir folder; mkfifo pipe; ln -s /no/such link; head -c 300000 "
                         "/dev/urandom >rubbish; echo '1 METAR EGLL 1Z 09001KT=' >good; "
                         "wind_direction .",
                         folder),
                     1);
    ck_assert(strstr(printed, "wind_direction: ./folder: Is a directory\n") != NULL);
    ck_assert(strstr(printed, "wind_direction: ./link: No such file or directory\n") != NULL);
    ck_assert(strstr(printed, "wind_direction: ./pipe: Operation not supported\n") != NULL);
    ck_assert(strstr(printed, "[0 0 1 0 0 0 0 0]\n") != NULL);
}
END_TEST

START_TEST(test_usage)
{
    ck_assert_int_eq(run("wind_direction -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: wind_direction [DIR]\n");
    ck_assert_int_eq(run("wind_direction -h >&-"), 1);
    ck_assert_str_eq(printed, "wind_direction: standard output: Bad file descriptor\n");
    ck_assert_int_eq(run("wind_direction -x >/dev/null"), 2);
    ck_assert_int_eq(run("wind_direction metarfiles metarfiles"), 2);
    ck_assert_str_eq(printed, "usage: wind_direction [DIR]\n");
    ck_assert_int_eq(run("generate_metars"), 2);
    ck_assert_int_eq(run("generate_metars a b"), 2);
    ck_assert_int_eq(run("generate_metars -n"), 2);
    static const char *const wrong[] = {"0", "-1", "x", "1x", "''", "' 1'", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_int_eq(run("generate_metars -n %s %s", wrong[i], "/no/such"), 2);
    ck_assert(strstr(printed, "not a whole number from 1 to 12000\nusage: ") != NULL);
}
END_TEST

START_TEST(test_output)
{
    ck_assert_int_eq(run("wind_direction metarfiles >&-"), 1);
    ck_assert_str_eq(printed, "wind_direction: standard output: Bad file descriptor\n");
    ck_assert_int_eq(run("wind_direction metarfiles | head -1 | grep -c ^."), 0);
    ck_assert_str_eq(printed, "1\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("wind_direction metarfiles >/dev/full"), 1);
    ck_assert_str_eq(printed, "wind_direction: standard output: No space left on device\n");
}
END_TEST

/* Real reports may stand where one asks for made-up ones: they are not written over. */
START_TEST(test_generate_metars_keeps_files)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; echo mine >feb2012.txt; generate_metars .", folder), 1);
    ck_assert_str_eq(printed, "generate_metars: ./feb2012.txt: File exists\n");
    ck_assert_int_eq(run("cd %s; cat feb2012.txt; ls", folder), 0);
    ck_assert_str_eq(printed, "mine\nfeb2012.txt\njan2012.txt\n");
    ck_assert_int_eq(run("cd %s; generate_metars -f -n 2 . && grep -c METAR feb2012.txt", folder),
                     0);
    ck_assert_int_gt(atoi(printed), 1390);
    // A file that is too large for the file system: as it was before, and nothing beside it.
    ck_assert_int_eq(run("cd %s; echo old >jan2012.txt; trap '' XFSZ; (ulimit -f 8; "
                         "generate_metars -f -n 1 .) 2>&1 | cat; cat jan2012.txt; ls",
                         folder),
                     0);
    ck_assert_str_eq(printed, "generate_metars: ./jan2012.txt: File too large\nold\n"
                              "feb2012.txt\njan2012.txt\n");
    ck_assert_int_eq(run("generate_metars Makefile"), 1);
    ck_assert_int_eq(run("generate_metars /no/such/folder"), 1);
    ck_assert_str_eq(printed, "generate_metars: /no/such/folder: No such file or directory\n");
}
END_TEST

START_TEST(test_generate_metars_seed)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("cd %s; generate_metars -n 26 a && generate_metars -s 2 -n 1 b; ls a | grep -c .; "
            "ls a/feb2014.txt; tail -n +3 a/jan2012.txt >1; tail -n +3 b/jan2012.txt >2; "
            "cmp -s 1 2 || echo differ",
            folder),
        0);
    ck_assert_str_eq(printed, "26\na/feb2014.txt\ndiffer\n");
    // What wind_direction has to understand or to leave out is all there.
    static const char *const kinds[] = {"METAR COR", "SPECI", "AUTO", "VRB", "G[0-9]*KT", "CAVOK",
                                        "00000KT",   "TAF",   "^#",   "^  ", "NIL="};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        ck_assert_int_eq(run("cd %s; cat a/* | grep -q '%s'", folder, kinds[i]), 0);
}
END_TEST

TCase *wind_direction_cases(void)
{
    TCase *cases = tcase_create("wind_direction");
    tcase_set_timeout(cases, 60);
    if (is_possible("real months", "test -n \"$METARFILES\""))
        tcase_add_test(cases, test_real_months);
    tcase_add_test(cases, test_sample);
    tcase_add_test(cases, test_many_files);
    tcase_add_test(cases, test_unreadable);
    tcase_add_test(cases, test_usage);
    tcase_add_test(cases, test_output);
    tcase_add_test(cases, test_generate_metars_keeps_files);
    tcase_add_test(cases, test_generate_metars_seed);
    if (is_possible("wind_direction on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    return cases;
}
