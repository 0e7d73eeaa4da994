/*
 * test_metar.c - the scanners against the regular expressions that they stand for, and the strings.
 *
 * The oracle is regexec(3). POSIX and Perl agree on the groups here: in both, the repetitions before them
 * take as much as they can.
 */
#include "../metar.c"

#include "cases.h"
#include "must.h"

#include <regex.h>

enum { LONGEST = 700 };

static struct string string_of(char *text)
{
    return (struct string){text, strlen(text)};
}

/* The expressions of metar.h, in the language of regcomp(3). */
enum { TAF, COMMENT, CLOSE, VARIABLE, VALID, DIR_ONLY, WIND, EXPRESSIONS };
static const char *const expressions[EXPRESSIONS] = {
    [TAF] = ".*TAF.*",
    [COMMENT] = "[0-9A-Za-z_]*#.*",
    [CLOSE] = ".*=",
    [VARIABLE] = ".*VRB[0-9]{2}KT",
    [VALID] = "[0-9]{5}KT",
    [DIR_ONLY] = "([0-9]{3})[0-9]{2}KT",
    [WIND] = "[0-9]* METAR.*EGLL [0-9]*Z [A-Z ]*([0-9]{5}KT|VRB[0-9]{2}KT).*=",
};
static regex_t compiled[EXPRESSIONS];

static void compile(void)
{
    for (int i = 0; i < EXPRESSIONS; i++)
        MUST(regcomp(&compiled[i], expressions[i], REG_EXTENDED));
}

static void release(void)
{
    for (int i = 0; i < EXPRESSIONS; i++)
        regfree(&compiled[i]);
}

/* Compares all scanners with the oracle on one text. Returns whether there is a wind. */
static bool compare(char *text)
{
    struct string string = string_of(text), wind = {0};
    bool matches[EXPRESSIONS] = {
        [TAF] = taf_validation(string),    [COMMENT] = comment(string),
        [CLOSE] = metar_close(string),     [VARIABLE] = variable_wind(string),
        [VALID] = valid_wind(string),      [DIR_ONLY] = valid_wind(string),
        [WIND] = wind_regex(string, &wind)};
    for (int i = 0; i < EXPRESSIONS; i++) {
        regmatch_t group[2];
        bool expected = regexec(&compiled[i], text, 2, group, 0) == 0;
        if (matches[i] != expected)
            ck_abort_msg("%s: %s should%s match", text, expressions[i], expected ? "" : " not");
        if (i == DIR_ONLY) {
            char degrees[4] = "0";
            if (expected)
                memcpy(degrees, text + group[1].rm_so, 3);
            ck_assert_int_eq((int)wind_dir_only(string), atoi(degrees));
        }
        if (i == WIND && expected) {
            ck_assert_ptr_eq(wind.start, text + group[1].rm_so);
            ck_assert_uint_eq(wind.length, (size_t)(group[1].rm_eo - group[1].rm_so));
        }
    }
    return matches[WIND];
}

/* A text for each rule, and for what is near to it. */
static const char *const rules[] = {
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
    "1 METAR EGLL 1Z VRBVRB03KT=",
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
    "# METAR EGLL 1Z 24013KT=",
    "1 METAR EGLL 1Z 24013KT=TAF",
    "1 METAR\tEGLL 1Z 24013KT=",
    "\xff METAR EGLL 1Z 24013KT\xff=",
    "24013KT",
    "024013KT",
    "2401324013KT",
    "2401KT",
    "24013K",
    "24013kt",
    "1234VRB02KT",
    "VRB02KT",
    "VRB2KT",
    "VRB002KT",
    "VRBVRB02KT",
    "VRVRB02KT",
    "VRB02K",
    "=",
    "==",
    "",
    "#",
    "TA",
    "TATAF",
    "TAFTAF",
};

START_TEST(test_rules)
{
    int winds = 0;
    compile();
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        char text[100];
        strcpy(text, rules[i]);
        winds += compare(text);
    }
    ck_assert_int_eq(winds, 21);
    release();
}
END_TEST

/* Puts a bit in somewhere, in place of what was there, or between. Returns the new length. */
static size_t mutate(char *text, size_t length, unsigned short random[3])
{
    static const char *const bits[] = {"=",    "#",     " ",     "TAF", "EGLL ", " METAR",   "Z ",
                                       "VRB",  "KT",    "0",     "9",   "A",     "G",        "KT",
                                       "EGLL", "01234", "VRB02", "\r",  "F",     "1Z 12345", "KT="};
    const char *bit = bits[(size_t)nrand48(random) % (sizeof bits / sizeof bits[0])];
    size_t at = (size_t)nrand48(random) % (length + 1), bit_length = strlen(bit);
    size_t over = nrand48(random) % 2 == 0 ? 0 : 1 + (size_t)nrand48(random) % 6;
    if (at + over > length || length + bit_length >= LONGEST)
        return length;
    memmove(text + at + bit_length, text + at + over, length - at - over);
    memcpy(text + at, bit, bit_length);
    return length + bit_length - over;
}

START_TEST(test_mutations)
{
    unsigned short random[3] = {5, 5, 5};
    int winds = 0;
    compile();
    for (int round = 0; round < ROUNDS * 5; round++) {
        char text[LONGEST];
        strcpy(text, rules[(size_t)nrand48(random) % (sizeof rules / sizeof rules[0])]);
        size_t length = strlen(text);
        for (long changes = nrand48(random) % 4; changes > 0; changes--)
            length = mutate(text, length, random);
        text[length] = '\0';
        winds += compare(text);
    }
    release();
    ck_assert_int_gt(winds, ROUNDS / 2);
    ck_assert_int_lt(winds, ROUNDS * 4);
}
END_TEST

/* A text may hold any bytes; the oracle stops at a 0, the scanners must not. */
START_TEST(test_binary)
{
    char nul[] = "\0 METAR \0 EGLL 1Z 24013KT\0=", close[] = "\0=", taf[] = "\0TAF", hash[] = "\0#";
    struct string wind;
    ck_assert(wind_regex((struct string){nul, sizeof nul - 1}, &wind));
    ck_assert_ptr_eq(wind.start, nul + 18);
    ck_assert(metar_close((struct string){close, 2}));
    ck_assert(taf_validation((struct string){taf, 4}));
    ck_assert(!taf_validation((struct string){taf, 3}));
    ck_assert(comment((struct string){hash, 2}));
    ck_assert(!wind_regex((struct string){NULL, 0}, &wind));
}
END_TEST

/* A report may be long. Thousands of stations, none with a wind, take no more than a moment. */
START_TEST(test_long_report)
{
    static const char *const stations[] = {"EGLL Z ", "EGLL 1", "EGLL Z 1"};
    enum { LENGTH = 10000000 };
    char *text = MUST_HAVE(malloc(LENGTH + 100));
    for (size_t i = 0; i < sizeof stations / sizeof stations[0]; i++) {
        size_t length = (size_t)sprintf(text, "1 METAR ");
        for (; length < LENGTH; length += strlen(stations[i]))
            memcpy(text + length, stations[i], strlen(stations[i]));
        length += (size_t)sprintf(text + length, "123456789012345678901234567890=");
        struct string wind;
        ck_assert(!wind_regex((struct string){text, length}, &wind));
    }
    free(text);
}
END_TEST

static void must_be(struct string string, const char *expected)
{
    ck_assert_uint_eq(string.length, strlen(expected));
    ck_assert_mem_eq(string.start, expected, string.length);
}

START_TEST(test_lines)
{
    char text[] = "one\n\n three \nlast";
    struct string rest = string_of(text), line;
    static const char *const expected[] = {"one", "", " three ", "last"};
    for (int i = 0; i < 4; i++) {
        ck_assert(next_line(&rest, &line));
        must_be(line, expected[i]);
    }
    ck_assert(!next_line(&rest, &line));
    rest = (struct string){text, 4};
    ck_assert(next_line(&rest, &line));
    must_be(line, "one");
    ck_assert(!next_line(&rest, &line)); // a newline ends a line, and begins none
}
END_TEST

START_TEST(test_trim_and_join)
{
    char text[] = "  a b  |   | c|", empty[] = "";
    must_be(trim((struct string){text, 7}), "a b");
    must_be(trim((struct string){text + 8, 3}), "");
    must_be(trim(string_of(empty)), "");
    must_be(trim((struct string){text + 3, 1}), "");

    struct string joined = {text, 0};
    join(&joined, trim((struct string){text, 7}));
    must_be(joined, "a b");
    join(&joined, trim((struct string){text + 8, 3}));
    must_be(joined, "a b");
    join(&joined, trim((struct string){text + 12, 2}));
    must_be(joined, "a bc");
    ck_assert_ptr_eq(joined.start, text + 2);
    ck_assert_int_eq(text[14], '|'); // what is behind them stays
}
END_TEST

START_TEST(test_append)
{
    enum { STRINGS = 5000 };
    static char text[STRINGS];
    struct strings strings = {.text = text};
    for (size_t i = 0; i < STRINGS; i++)
        append(&strings, (struct string){text + i, i});
    ck_assert_uint_eq(strings.count, STRINGS);
    for (size_t i = 0; i < STRINGS; i++) {
        ck_assert_ptr_eq(strings.list[i].start, text + i);
        ck_assert_uint_eq(strings.list[i].length, i);
    }
    free(strings.list);
}
END_TEST

TCase *metar_cases(void)
{
    TCase *cases = tcase_create("metar");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_rules);
    tcase_add_test(cases, test_mutations);
    tcase_add_test(cases, test_binary);
    tcase_add_test(cases, test_long_report);
    tcase_add_test(cases, test_lines);
    tcase_add_test(cases, test_trim_and_join);
    tcase_add_test(cases, test_append);
    return cases;
}
