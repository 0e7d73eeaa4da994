/*
 * test_metar.c - the scanners against the regular expressions that they stand for.
 *
 * The oracle takes a text apart line by line with regexec(3), and copies. POSIX and Perl agree on the
 * group here: in both, the repetitions before it take as much as they can.
 */
#include "../metar.c"

#include "../must.h"
#include "../whole_file.h"
#include "cases.h"

#include <dirent.h>
#include <fcntl.h>
#include <regex.h>

enum { LONGEST_REPORT = 2000, SHOWN = 500 };

struct found {
    char report[LONGEST_REPORT];
    char wind[WIND_LENGTH + 1];
};

static regex_t taf, comment, closing, wind_group;

static void compile(void)
{
    MUST(regcomp(&taf, "TAF", REG_EXTENDED | REG_NOSUB));
    MUST(regcomp(&comment, "#", REG_EXTENDED | REG_NOSUB));
    MUST(regcomp(&closing, "=", REG_EXTENDED | REG_NOSUB));
    MUST(regcomp(&wind_group,
                 "[0-9]* METAR.*EGLL [0-9]*Z [A-Z ]*([0-9]{5}KT|VRB[0-9]{2}KT).*=", REG_EXTENDED));
}

static void release(void)
{
    regfree(&taf);
    regfree(&comment);
    regfree(&closing);
    regfree(&wind_group);
}

static bool matches(const regex_t *expression, const char *line)
{
    return regexec(expression, line, 0, NULL, 0) == 0;
}

/* What the rules say that is in `text`, which it takes apart. */
static int oracle(char *text, struct found *found)
{
    int count = 0;
    char *report = found[0].report;
    report[0] = '\0';
    for (char *line = text, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        if (matches(&taf, line))
            break;
        bool closes = matches(&closing, line);
        if (!matches(&comment, line)) {
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
                sprintf(found[count].wind, "%.*s", WIND_LENGTH, report + group[1].rm_so);
            report = found[++count].report;
            report[0] = '\0';
        }
    }
    return count;
}

/* Holds the scanners against the oracle. Counts the winds. */
static int compare(const char *text, size_t size)
{
    size_t most = 1; // every report has a line with a '=', and one may be open at the end
    for (size_t i = 0; i < size; i++)
        most += text[i] == '=';
    struct found *found = MUST_HAVE(calloc(most, sizeof *found));
    char *copy = MUST_HAVE(malloc(size + 1)), *from = MUST_HAVE(malloc(size + 1));
    memcpy(copy, text, size);
    memcpy(from, text, size);
    copy[size] = '\0';
    int count = oracle(copy, found), winds = 0, i = 0;
    char *at = from, *end = from + metar_part(from, size);
    struct report report;
    for (; metar_next_report(&at, end, &report); i++) {
        const char *wind = metar_wind(report);
        if (i >= count || strlen(found[i].report) != report.length ||
            memcmp(found[i].report, report.start, report.length) != 0 ||
            (wind == NULL) != (found[i].wind[0] == '\0') ||
            (wind != NULL && memcmp(wind, found[i].wind, WIND_LENGTH) != 0))
            ck_abort_msg("report %d of\n%.*s\nis %.*s, wind %.7s; should be %s, wind %s", i + 1,
                         size < SHOWN ? (int)size : SHOWN, text, (int)report.length, report.start,
                         wind == NULL ? "none" : wind, i < count ? found[i].report : "missing",
                         i < count ? found[i].wind : "");
        winds += wind != NULL;
    }
    ck_assert_int_eq(i, count);
    free(found);
    free(copy);
    free(from);
    return winds;
}

/* All the months there are: METARFILES names a folder with real ones, the chapter has a sample. */
static const char *months(void)
{
    const char *folder = getenv("METARFILES");
    return folder != NULL ? folder : "metarfiles";
}

/* A line of its own for each rule, and for what is near to it. */
START_TEST(test_rules)
{
    static const char *const texts[] = {
        "1 METAR EGLL 1Z 24013KT=",
        "x METAR EGLL 1Z 24013KT=", // \d* may be empty
        "1 METAR EGLL Z 24013KT=",
        "METAR EGLL 1Z 24013KT=",
        "1 METAR EGLL 1Z 24013KT",
        "1 METAR EGLL 1Z 24013G25KT=",
        "1 METAR EGLL 1Z 240130KT=",
        "1 METAR EGLL 1Z 2401KT=",
        "1 METAR EGLL 1Z VRB03KT=",
        "1 METAR EGLL 1Z AUTO VRB03KT=",
        "1 METAR EGLL 1Z VRB003KT=",
        "1 METAR EGLL 1Z VRB24013KT=", // letters may stand right before the digits
        "1 METAR EGLL 1Z RB03KT=",
        "1 METAR EGLL 1ZVRB03KT=",
        "1 METAR EGLL 1Z  VRB03KT=",
        "1 METAR EGLL 1Z VVRB03KT=",
        "1 METAR EGLL 1Z 00000KT=",
        "1 METAR EGLL 1Z nil 00000KT=",
        "1 METAR EGLL 1Z 24013KT EGLL 2Z 09002KT=",   // ".*" takes the last station …
        "1 METAR EGLL 1Z 24013KT EGLL 2Z 09002G9KT=", // … with a wind …
        "1 METAR EGLL 1Z 24013KT=EGLL 2Z 09002KT",    // … and a '=' behind it
        "1 METAR EGLL 1Z 24013KT=EGLL 2Z 09002KT=",
        "1 METAREGLL 1Z 24013KT=",
        "1 METAR METAR EGLL 1Z 24013KT=",
        "1 METAREGLLEGLL 1Z 24013KT=",
        "EGLL 1Z 24013KT METAR=",
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
        "1 METAR\tEGLL 1Z 24013KT=",
        "\xff METAR EGLL 1Z 24013KT\xff="};
    compile();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        compare(texts[i], strlen(texts[i]));
    ck_assert_int_eq(compare("1 METAR EGLL 1Z 24013KT=", 24), 1);
    release();
}
END_TEST

/* Whole months; then pieces of them with random changes. */
START_TEST(test_months_and_mutations)
{
    static const char *const bits[] = {
        "=", "#", "\n",    " ",    "TAF",   "EGLL ", " METAR", "Z ", "VRB",  "KT",        "0",
        "9", "A", "KT=\n", "EGLL", "01234", "VRB02", "\r",     "F",  "\xe9", "1Z 12345KT"};
    unsigned short random[3] = {5, 5, 5};
    DIR *folder = MUST_HAVE(opendir(months()));
    int winds = 0, mutated_winds = 0;
    compile();
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char *text;
        size_t size;
        if (whole_file_read(dirfd(folder), entry->d_name, &text, &size) != 0)
            continue;
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
    }
    closedir(folder);
    release();
    ck_assert_int_gt(winds, 1000);
    ck_assert_int_gt(mutated_winds, ROUNDS / 10);
}
END_TEST

/* A text may hold any bytes; the oracle cannot read 0, the scanners must. */
START_TEST(test_binary)
{
    unsigned short random[3] = {6, 6, 6};
    char text[1000], *at = text;
    struct report report;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = (char)(nrand48(random) % 4 == 0 ? "=\n# TAFEGLZMR0"[nrand48(random) % 14]
                                                      : nrand48(random));
        at = text;
        for (char *end = text + metar_part(text, sizeof text);
             metar_next_report(&at, end, &report);)
            ck_assert_ptr_null(metar_wind(report));
    }
    char nul[] = "\0 METAR \0 EGLL 1Z 24013KT\0=";
    at = nul;
    ck_assert(metar_next_report(&at, nul + sizeof nul - 1, &report));
    ck_assert_ptr_eq(metar_wind(report), nul + 18);
}
END_TEST

/* A report may be long. Stations by the thousand, none with a wind, take no more than a moment. */
START_TEST(test_long_report)
{
    static const char *const stations[] = {"EGLL Z ", "EGLL 1", "EGLL Z 1"};
    enum { LENGTH = 10000000 };
    char *text = MUST_HAVE(malloc(LENGTH + 100));
    for (size_t i = 0; i < sizeof stations / sizeof stations[0]; i++) {
        size_t length = (size_t)sprintf(text, "1 METAR ");
        while (length < LENGTH)
            length += (size_t)sprintf(text + length, "%s", stations[i]);
        length += (size_t)sprintf(text + length, "123456789012345678901234567890=");
        ck_assert_ptr_null(metar_wind((struct report){text, length}));
    }
    free(text);
}
END_TEST

START_TEST(test_directions)
{
    for (int degrees = 0; degrees <= 999; degrees++) {
        char wind[20];
        long counts[WIND_DIRECTIONS] = {0};
        snprintf(wind, sizeof wind, "%03d10KT", degrees);
        metar_count(wind, counts);
        int nearest = (int)((double)degrees / 45 + 0.5) % WIND_DIRECTIONS;
        for (int i = 0; i < WIND_DIRECTIONS; i++)
            ck_assert_int_eq(counts[i], i == nearest);
    }
    long counts[WIND_DIRECTIONS] = {0};
    metar_count("VRB02KT", counts);
    for (int i = 0; i < WIND_DIRECTIONS; i++)
        ck_assert_int_eq(counts[i], 1);
}
END_TEST

TCase *metar_cases(void)
{
    TCase *cases = tcase_create("metar");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_rules);
    tcase_add_test(cases, test_months_and_mutations);
    tcase_add_test(cases, test_binary);
    tcase_add_test(cases, test_long_report);
    tcase_add_test(cases, test_directions);
    return cases;
}
