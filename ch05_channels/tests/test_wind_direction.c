/*
 * test_wind_direction.c - the steps of the pipeline against the rules that they stand for, and the program
 * on real months and made-up ones.
 *
 * It includes the lecture, and runs its threads one by one. The oracle takes a text apart line by line
 * with regexec(3), and copies.
 */
#define main wind_direction_main
#include "../wind_direction.c"
#undef main

#include "cases.h"

#include <regex.h>

enum { LONGEST_REPORT = 2000, SHOWN = 500 };

struct found {
    char report[LONGEST_REPORT];
    char wind[8];
};

static regex_t taf, hash, closing, wind_group;

/* What the rules find in `text`, which is taken apart. */
static size_t oracle(char *text, struct found *found)
{
    size_t count = 0;
    char *report = found[0].report;
    report[0] = '\0';
    for (char *line = text, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        if (regexec(&taf, line, 0, NULL, 0) == 0)
            break;
        bool closes = regexec(&closing, line, 0, NULL, 0) == 0;
        if (regexec(&hash, line, 0, NULL, 0) != 0) {
            while (*line == ' ')
                line++;
            size_t length = strlen(line);
            while (length > 0 && line[length - 1] == ' ')
                length--;
            line[length] = '\0';
            ck_assert_uint_lt(strlen(report) + length, LONGEST_REPORT);
            strcat(report, line);
        }
        if (closes) {
            regmatch_t group[2];
            found[count].wind[0] = '\0';
            if (regexec(&wind_group, report, 2, group, 0) == 0)
                sprintf(found[count].wind, "%.7s", report + group[1].rm_so);
            report = found[++count].report;
            report[0] = '\0';
        }
    }
    return count;
}

/* The first two steps, each with a thread of its own, and channels that the test uses. */
static struct pipeline parser, extractor;
static pthread_t parser_thread, extractor_thread;

static void open_pipelines(void)
{
    parser.text_channel = MUST_HAVE(channel_create(0, sizeof(struct string)));
    parser.metar_channel = MUST_HAVE(channel_create(0, sizeof(struct strings)));
    extractor.metar_channel = MUST_HAVE(channel_create(0, sizeof(struct strings)));
    extractor.winds_channel = MUST_HAVE(channel_create(0, sizeof(struct strings)));
    MUST(pthread_create(&parser_thread, NULL, parse_to_array, &parser));
    MUST(pthread_create(&extractor_thread, NULL, extract_wind_direction, &extractor));
    MUST(regcomp(&taf, ".*TAF.*", REG_EXTENDED | REG_NOSUB));
    MUST(regcomp(&hash, "#", REG_EXTENDED | REG_NOSUB));
    MUST(regcomp(&closing, "=", REG_EXTENDED | REG_NOSUB));
    MUST(regcomp(&wind_group,
                 "[0-9]* METAR.*EGLL [0-9]*Z [A-Z ]*([0-9]{5}KT|VRB[0-9]{2}KT).*=", REG_EXTENDED));
}

/* The end of the text ends each step, and each step tells the next one. */
static void close_pipelines(void)
{
    struct strings none;
    MUST(channel_close(parser.text_channel));
    ck_assert_int_eq(channel_receive(parser.metar_channel, &none), EPIPE);
    MUST(channel_close(extractor.metar_channel));
    ck_assert_int_eq(channel_receive(extractor.winds_channel, &none), EPIPE);
    MUST(pthread_join(parser_thread, NULL));
    MUST(pthread_join(extractor_thread, NULL));
    channel_destroy(parser.text_channel);
    channel_destroy(parser.metar_channel);
    channel_destroy(extractor.metar_channel);
    channel_destroy(extractor.winds_channel);
    regfree(&taf);
    regfree(&hash);
    regfree(&closing);
    regfree(&wind_group);
}

/* Sends a copy of the text through both steps. `metars` is a copy of the list between them. */
static struct strings winds_of(const char *text, size_t size, struct strings *metars)
{
    struct string copy = {MUST_HAVE(malloc(size + 1)), size};
    memcpy(copy.start, text, size);
    MUST(channel_send(parser.text_channel, &copy));
    struct strings sent, winds;
    MUST(channel_receive(parser.metar_channel, &sent));
    *metars = sent;
    metars->list = MUST_HAVE(malloc((sent.count + 1) * sizeof sent.list[0]));
    if (sent.count > 0)
        memcpy(metars->list, sent.list, sent.count * sizeof sent.list[0]);
    MUST(channel_send(extractor.metar_channel, &sent));
    MUST(channel_receive(extractor.winds_channel, &winds));
    ck_assert_ptr_eq(winds.text, copy.start);
    return winds;
}

static bool is(struct string string, const char *expected)
{
    return string.length == strlen(expected) && memcmp(string.start, expected, string.length) == 0;
}

/* Compares the steps with the oracle. Returns the number of winds. */
static size_t compare(const char *text, size_t size)
{
    size_t most = 1; // every report has a line with a '=', and one may be open at the end
    for (size_t i = 0; i < size; i++)
        most += text[i] == '=';
    struct found *found = MUST_HAVE(calloc(most, sizeof *found));
    char *copy = MUST_HAVE(malloc(size + 1));
    memcpy(copy, text, size);
    copy[size] = '\0';
    size_t count = oracle(copy, found), wind = 0;
    struct strings metars, winds = winds_of(text, size, &metars);
    bool right = metars.count == count;
    for (size_t i = 0; i < count && right; i++) {
        right = is(metars.list[i], found[i].report);
        if (found[i].wind[0] != '\0' && right) {
            right = wind < winds.count && is(winds.list[wind], found[i].wind);
            wind++;
        }
    }
    if (!right || wind != winds.count)
        ck_abort_msg(
            "%zu reports and %zu winds, where the rules find %zu and at least %zu, in\n%.*s",
            metars.count, winds.count, count, wind, size < SHOWN ? (int)size : SHOWN, text);
    free(metars.list);
    free(winds.list);
    free(winds.text);
    free(found);
    free(copy);
    return wind;
}

/* All months there are: METARFILES names a folder of real ones, the chapter has a sample. */
static const char *months(void)
{
    const char *folder = getenv("METARFILES");
    return folder != NULL ? folder : "metarfiles";
}

/* A text for each rule about lines; test_metar.c has those about the winds. */
START_TEST(test_rules)
{
    static const char *const texts[] = {
        "1 METAR EGLL 1Z 24013KT=",
        "1 METAR EGLL 1Z\n24013KT=",
        "1 METAR EGLL 1Z \n 24013KT=",
        "1 METAR EGLL 1Z A\n 24013KT=",
        "# METAR EGLL 1Z 24013KT=",
        "1 METAR EGLL 1Z 24013KT\n#=\n1 METAR EGLL 1Z 24013KT=",
        "1 METAR EGLL 1Z 24013KT\n# a comment between\n  9999=",
        "=",
        "==\n=",
        "",
        "\n",
        "#",
        " ",
        "1 METAR EGLL 1Z 24013KT=\nTAF\n1 METAR EGLL 1Z 24013KT=",
        "1 METAR EGLL 1Z 24013KT=TAF",
        "#TAF\n1 METAR EGLL 1Z 24013KT=",
        "TA\nF=",
        "TATAF=",
        "TAF",
        "1 METAR EGLL 1Z 24013KT=\n1 METAR EGLL 1Z 24013KT\n",
        " 1 METAR EGLL 1Z 24013KT=\r\n",
        "1 METAR EGLL 1Z 24013KT\r\n=",
        "  \n 1 METAR EGLL 1Z 24013KT \n \n=\n   = \n",
    };
    open_pipelines();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        compare(texts[i], strlen(texts[i]));
    ck_assert_uint_eq(compare("1 METAR EGLL 1Z 24013KT=", 24), 1);
    close_pipelines();
}
END_TEST

/* Whole months; then pieces of them with random changes. */
START_TEST(test_months_and_mutations)
{
    static const char *const bits[] = {
        "=", "#", "\n",    " ",    "TAF",   "EGLL ", " METAR", "Z ", "VRB",  "KT",        "0",
        "9", "A", "KT=\n", "EGLL", "01234", "VRB02", "\r",     "F",  "\xe9", "1Z 12345KT"};
    unsigned short random[3] = {5, 5, 5};
    size_t winds = 0, mutated_winds = 0;
    int files;
    char **paths = MUST_HAVE(whole_file_list(months(), &files));
    open_pipelines();
    for (int i = 0; i < files; i++) {
        char *text;
        size_t size;
        MUST(whole_file_read(paths[i], &text, &size));
        winds += compare(text, size);
        for (int round = 0; round < ROUNDS / 5; round++) {
            char piece[700];
            size_t length = (size_t)(100 + nrand48(random) % 400);
            if (length >= size)
                break;
            memcpy(piece, text + (size_t)nrand48(random) % (size - length), length);
            for (long changes = nrand48(random) % 5; changes > 0; changes--) {
                // A bit goes in somewhere, in place of what was there or between.
                const char *bit = bits[(size_t)nrand48(random) % (sizeof bits / sizeof bits[0])];
                size_t at = (size_t)nrand48(random) % length, bit_length = strlen(bit);
                size_t over = nrand48(random) % 2 == 0 ? 0 : 1 + (size_t)nrand48(random) % 6;
                if (at + over > length || length + bit_length > sizeof piece)
                    continue;
                memmove(piece + at + bit_length, piece + at + over, length - at - over);
                memcpy(piece + at, bit, bit_length);
                length += bit_length - over;
            }
            mutated_winds += compare(piece, length);
        }
        free(text);
        free(paths[i]);
    }
    free(paths);
    close_pipelines();
    ck_assert_uint_gt(winds, 1000);
    ck_assert_uint_gt(mutated_winds, ROUNDS / 10);
}
END_TEST

/* A text may hold any bytes. */
START_TEST(test_binary)
{
    unsigned short random[3] = {6, 6, 6};
    char text[1000];
    open_pipelines();
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = (char)(nrand48(random) % 4 == 0 ? "=\n# TAFEGLZMR0"[nrand48(random) % 14]
                                                      : nrand48(random));
        struct strings metars, winds = winds_of(text, sizeof text, &metars);
        ck_assert_uint_eq(winds.count, 0);
        free(metars.list);
        free(winds.list);
        free(winds.text);
    }
    close_pipelines();
}
END_TEST

/* Every wind from 000 to 999 degrees counts for the nearest direction; a variable one for all. */
START_TEST(test_directions)
{
    struct pipeline miner = {0};
    for (int degrees = 0; degrees <= 1000; degrees++) {
        struct strings winds = {.text = MUST_HAVE(malloc(20))};
        sprintf(winds.text, degrees < 1000 ? "%03d10KT" : "VRB02KT", degrees);
        append(&winds, (struct string){winds.text, 7});
        memset(wind_dist, 0, sizeof wind_dist);
        miner.winds_channel = MUST_HAVE(channel_create(1, sizeof winds));
        miner.results_channel = MUST_HAVE(channel_create(1, sizeof wind_dist));
        MUST(channel_send(miner.winds_channel, &winds));
        MUST(channel_close(miner.winds_channel));
        mine_wind_distribution(&miner);
        long counts[8];
        MUST(channel_receive(miner.results_channel, counts));
        int nearest = (int)((double)degrees / 45 + 0.5) % 8;
        for (int i = 0; i < 8; i++)
            ck_assert_int_eq(counts[i], i == nearest || degrees == 1000);
        ck_assert_int_eq(channel_receive(miner.results_channel, counts), EPIPE);
        channel_destroy(miner.winds_channel);
        channel_destroy(miner.results_channel);
    }
}
END_TEST

/* The counts that the program printed, or -1 for each. */
static void read_counts(long counts[8])
{
    for (int i = 0; i < 8; i++)
        counts[i] = -1;
    sscanf(printed, "[%ld %ld %ld %ld %ld %ld %ld %ld]\n", &counts[0], &counts[1], &counts[2],
           &counts[3], &counts[4], &counts[5], &counts[6], &counts[7]);
}

/* What the original finds in real months, if there are any (see README.md). */
START_TEST(test_real_months)
{
    const char *folder = new_folder();
    char path[500], name[100];
    snprintf(path, sizeof path, "%s/../metar_expected.tsv", months());
    FILE *expected = MUST_HAVE(fopen(path, "r"));
    long sums[8] = {0}, counts[8], line[8];
    int number = 0;
    while (fscanf(expected, "%99s %ld,%ld,%ld,%ld,%ld,%ld,%ld,%ld", name, &line[0], &line[1],
                  &line[2], &line[3], &line[4], &line[5], &line[6], &line[7]) == 9) {
        ck_assert_int_eq(run("rm -f %s/*; cp '%s/%s' %s && wind_direction %s", folder, months(),
                             name, folder, folder),
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
    ck_assert_int_eq(run("wind_direction '%s'", months()), 0);
    read_counts(counts);
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(counts[i], sums[i]);
}
END_TEST

#define SAMPLE "[748 515 655 566 771 710 677 561]\nProcessing took "

/* The folder beside the program is found from anywhere. */
START_TEST(test_lines)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("wind_direction metarfiles"), 0);
    ck_assert(strncmp(printed, SAMPLE, strlen(SAMPLE)) == 0);
    ck_assert_int_eq(run("wind_direction metarfiles | sed 's/[0-9]*[.][0-9]*s$/TIME/'"), 0);
    ck_assert_str_eq(printed, SAMPLE "TIME\n");
    ck_assert_int_eq(run("cp " OUT "/wind_direction %s && cp -R metarfiles %s && here=$PWD && "
                         "cd / && \"$here/%s/wind_direction\"",
                         folder, folder, folder),
                     0);
    ck_assert(strncmp(printed, SAMPLE, strlen(SAMPLE)) == 0);
    ck_assert_int_eq(run("cd %s && wind_direction metarfiles/", folder), 0);
    ck_assert(strncmp(printed, SAMPLE, strlen(SAMPLE)) == 0);
}
END_TEST

/* The edit that the head suggests: buffers of 10. */
START_TEST(test_with_buffers)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("sed 's/channel_create(0, /channel_create(10, /' wind_direction.c >%s/edited.c && "
            "grep -c 'create(10' %s/edited.c && ${CC:-cc} -pthread -Wall -Wextra -Werror "
            "-iquote . -o %s/edited %s/edited.c metar.c whole_file.c channel.c -lm && "
            "%s/edited metarfiles | head -n 1",
            folder, folder, folder, folder, folder),
        0);
    ck_assert_str_eq(printed, "4\n[748 515 655 566 771 710 677 561]\n");
}
END_TEST

/* Many files, more than the pipeline holds at once, each of them counted once. */
START_TEST(test_many_files)
{
    const char *folder = new_folder();
    long counts[8];
    ck_assert_int_eq(
        run("cd %s; i=0; while [ $i -lt 300 ]; do echo '1 METAR EGLL 1Z 09001KT=' >f$i; "
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
    ck_assert_str_eq(printed, "wind_direction: /no/such: no such folder; beyond/generate_metars "
                              "makes one\n");
    ck_assert_int_eq(run("wind_direction Makefile"), 1);
    ck_assert_str_eq(printed, "wind_direction: Makefile: Not a directory\n");
    ck_assert_int_eq(run("wind_direction ''"), 1);
    ck_assert_int_eq(run("wind_direction %s", folder), 0); // no files, no wind
    ck_assert(strncmp(printed, "[0 0 0 0 0 0 0 0]\n", 18) == 0);

    // What can be read is counted all the same. A pipe that no process writes to does not hold it up.
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

START_TEST(test_usage_and_output)
{
    ck_assert_int_eq(run("wind_direction -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: wind_direction [FOLDER]\n");
    ck_assert_int_eq(run("wind_direction -h >&-"), 1);
    ck_assert_str_eq(printed, "wind_direction: standard output: Bad file descriptor\n");
    ck_assert_int_eq(run("wind_direction -x"), 2);
    ck_assert_str_eq(printed,
                     "wind_direction: -x: no such option\nusage: wind_direction [FOLDER]\n");
    ck_assert_int_eq(run("wind_direction metarfiles metarfiles"), 2);
    ck_assert_str_eq(printed, "wind_direction: metarfiles: one argument too many\n"
                              "usage: wind_direction [FOLDER]\n");
    ck_assert_int_eq(run("wind_direction metarfiles >&-"), 1);
    ck_assert_str_eq(printed, "wind_direction: standard output: Bad file descriptor\n");
    ck_assert_int_eq(run("wind_direction metarfiles | head -n 1 | grep -c ^."), 0);
    ck_assert_str_eq(printed, "1\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("wind_direction metarfiles >/dev/full"), 1);
    ck_assert_str_eq(printed, "wind_direction: standard output: No space left on device\n");
}
END_TEST

START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 1000000; ulimit -v 900000; wind_direction metarfiles"), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *wind_direction_cases(void)
{
    TCase *cases = tcase_create("wind_direction");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_rules);
    tcase_add_test(cases, test_months_and_mutations);
    tcase_add_test(cases, test_binary);
    tcase_add_test(cases, test_directions);
    tcase_add_test(cases, test_lines);
    tcase_add_test(cases, test_many_files);
    tcase_add_test(cases, test_unreadable);
    tcase_add_test(cases, test_usage_and_output);
    if (is_possible("wind_direction on real months", "test -n \"$METARFILES\""))
        tcase_add_test(cases, test_real_months);
    if (is_possible("wind_direction with buffers", PLAIN_BUILD))
        tcase_add_test(cases, test_with_buffers);
    if (is_possible("wind_direction on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("wind_direction without a thread", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    return cases;
}
