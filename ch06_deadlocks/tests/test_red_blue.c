/*
 * test_red_blue.c - opposite orders end in the same cycle on every run; one order, or backing off, never.
 */
#define main red_blue_main
#include "../red_blue.c"
#undef main

#include "cases.h"

#define CYCLE                                                                                      \
    "  Blue holds lock1 and waits for lock2,\n"                                                    \
    "  Red holds lock2 and waits for lock1.\n"                                                     \
    "Done\n"

/* A round of each, and then both in the middle of the next one. */
#define MEETING                                                                                    \
    "Blue: Acquiring lock1\n"                                                                      \
    "Blue: Acquiring lock2\n"                                                                      \
    "Blue: Both locks Acquired\n"                                                                  \
    "Blue: Locks Released\n"                                                                       \
    "Red: Acquiring lock2\n"                                                                       \
    "Red: Acquiring lock1\n"                                                                       \
    "Red: Both locks Acquired\n"                                                                   \
    "Red: Locks Released\n"                                                                        \
    "Blue: Acquiring lock1\n"                                                                      \
    "Red: Acquiring lock2\n"                                                                       \
    "Blue: Acquiring lock2\n"
#define DEADLOCK "Deadlock, after 1 rounds of Blue and 1 of Red:\n" CYCLE

/* ThreadSanitizer would report what makes them get stuck, and end the program with an error. */
#define RED_BLUE "TSAN_OPTIONS=\"$TSAN_OPTIONS report_bugs=0\" red_blue"

/* Where a sanitizer slows all down, fewer runs have to do. */
enum { RUNS = ROUNDS < 20000 ? 5 : 20 };

START_TEST(test_forced)
{
    for (int i = 0; i < RUNS; i++) {
        ck_assert_int_eq(run(RED_BLUE), 0);
        ck_assert_str_eq(printed, MEETING "Red: Acquiring lock1\n" DEADLOCK);
        ck_assert_int_eq(run(RED_BLUE " -q -n 2"), 0);
        ck_assert_str_eq(printed, DEADLOCK);
    }
}
END_TEST

/* How many lines there are with that text. */
static long count(const char *text)
{
    long lines = 0;
    for (const char *line = printed; (line = strstr(line, text)) != NULL; line++)
        lines++;
    return lines;
}

/* The rounds that it says, and those that its lines show, are the same. */
START_TEST(test_by_chance)
{
    for (int i = 0; i < RUNS; i++) {
        long blue = -1, red = -1;
        int end = 0;
        ck_assert_int_eq(run(RED_BLUE " -c -q"), 0);
        sscanf(printed, "Deadlock, after %ld rounds of Blue and %ld of Red: %n", &blue, &red, &end);
        ck_assert_int_ge(blue, 0);
        ck_assert_int_ge(red, 0);
        ck_assert_int_gt(end, 0);
        ck_assert_str_eq(strstr(printed, "  Blue"), CYCLE);

        ck_assert_int_eq(run(RED_BLUE " -c | tail -n 8000"), 0);
        char *verdict = strstr(printed, "Deadlock");
        ck_assert(verdict != NULL);
        sscanf(verdict, "Deadlock, after %ld rounds of Blue and %ld of Red:", &blue, &red);
        ck_assert_str_eq(strstr(verdict, "  Blue"), CYCLE);
        if (blue + red < 1000) { // all lines are there
            ck_assert_int_eq(count("Blue: Locks Released\n"), blue);
            ck_assert_int_eq(count("Red: Locks Released\n"), red);
            ck_assert_int_eq(count("Blue: Acquiring lock2\n"), blue + 1);
            ck_assert_int_eq(count("Red: Acquiring lock1\n"), red + 1);
        }
    }
}
END_TEST

/* Rounds that end before the two have met, or just then. */
START_TEST(test_one_round)
{
    ck_assert_int_eq(run(RED_BLUE " -q -n 1"), 0);
    ck_assert_str_eq(printed, "No deadlock in 1 rounds of each\nDone\n");
    ck_assert_int_eq(run("red_blue -b -q -n 1"), 0);
    ck_assert_str_eq(printed,
                     "No deadlock in 1 rounds of each\nTimes backed off: Blue 0, Red 0\nDone\n");
    for (int i = 0; i < RUNS; i++) {
        ck_assert_int_eq(run(RED_BLUE " -c -q -n 1"), 0);
        if (strcmp(printed, "No deadlock in 1 rounds of each\nDone\n") != 0)
            ck_assert_str_eq(printed, "Deadlock, after 0 rounds of Blue and 0 of Red:\n" CYCLE);
    }
}
END_TEST

/* Each robot says what it always says, in its own order, and as often as it should. */
static void must_go_rounds(const char *robot, long rounds, const char *first, const char *second)
{
    const char *const lines[] = {first, second, "Both locks Acquired", "Locks Released"};
    static char copy[sizeof printed];
    long next = 0;
    size_t length = strlen(robot);
    strcpy(copy, printed);
    for (char *line = strtok(copy, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (strncmp(line, robot, length) != 0 || line[length] != ':')
            continue;
        ck_assert_str_eq(line + length + 2, lines[next % 4]);
        next++;
    }
    ck_assert_int_eq(next, 4 * rounds);
}

START_TEST(test_one_order)
{
    for (int i = 0; i < RUNS; i++) {
        long rounds = i % 3 == 0 ? 10 : i;
        ck_assert_int_eq(rounds == 10 ? run("red_blue -o") : run("red_blue -o -n %ld", rounds), 0);
        must_go_rounds("Blue", rounds, "Acquiring lock1", "Acquiring lock2");
        must_go_rounds("Red", rounds, "Acquiring lock1", "Acquiring lock2");
        char end[100];
        snprintf(end, sizeof end, "No deadlock in %ld rounds of each\nDone\n", rounds);
        ck_assert_str_eq(strstr(printed, "No deadlock"), end);
    }
    ck_assert_int_eq(run("red_blue -o -q -n %d", 10 * ROUNDS), 0);
    ck_assert_int_eq(count("\n"), 2);
}
END_TEST

/* Both have their first lock when Blue tries the second, so there is something to back off from. */
START_TEST(test_back_off)
{
    for (int i = 0; i < RUNS; i++) {
        long blue = -1, red = -1, rounds = i == 0 ? 10 : i + 1;
        int end = 0;
        ck_assert_int_eq(i == 0 ? run("red_blue -b") : run("red_blue -b -n %ld", rounds), 0);
        ck_assert(strncmp(printed, MEETING, strlen(MEETING)) == 0);
        const char *verdict = strstr(printed, "No deadlock");
        ck_assert(verdict != NULL);
        long told = -1;
        sscanf(verdict,
               "No deadlock in %ld rounds of each\nTimes backed off: Blue %ld, Red %ld\nDone %n",
               &told, &blue, &red, &end);
        ck_assert(end > 0 && verdict[end] == '\0');
        ck_assert_int_eq(told, rounds);
        ck_assert_int_ge(blue + red, 1);
        ck_assert_int_eq(count("Blue: Backing off\n"), blue);
        ck_assert_int_eq(count("Red: Backing off\n"), red);
        ck_assert_int_eq(count("Blue: Both locks Acquired\n"), rounds);
        ck_assert_int_eq(count("Red: Locks Released\n"), rounds);
    }
    ck_assert_int_eq(run("red_blue -b -q -n %d", 10 * ROUNDS), 0);
    ck_assert_int_eq(count("\n"), 3);
}
END_TEST

/* The notes find a cycle, and nothing but a cycle. */
START_TEST(test_notes)
{
    struct robot blue = {.name = "Blue"}, red = {.name = "Red"};
    struct lock one = {.holder = NULL}, two = {.holder = &red};
    blue.waits_for = &one;
    ck_assert(!closes_cycle(&blue)); // nobody has it
    blue.waits_for = &two;
    ck_assert(!closes_cycle(&blue)); // who has it goes on
    red.waits_for = &one;
    ck_assert(!closes_cycle(&blue)); // who has it waits, but not for Blue
    one.holder = &blue;
    ck_assert(closes_cycle(&blue));
    ck_assert(closes_cycle(&red));
    two.holder = &blue;
    red.waits_for = NULL;
    ck_assert(closes_cycle(&blue)); // it waits for itself
}
END_TEST

/* ThreadSanitizer sees the two orders in the first round, and says so. (By chance, there may be none.) */
START_TEST(test_inversion)
{
    ck_assert_int_eq(run("red_blue"), 66);
    ck_assert(strstr(printed, "WARNING: ThreadSanitizer: lock-order-inversion") != NULL);
    ck_assert(strstr(printed, CYCLE) != NULL);
}
END_TEST

START_TEST(test_usage)
{
    static const char *const wrong[] = {"-n 0", "-n -1", "-n x", "-n 1x", "-n 1000000001", "-n ''",
                                        "-n",   "-x",    "10",   "-c -o", "-o -b",         "-bc"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("red_blue %s", wrong[i]), 2);
        ck_assert(strstr(printed, usage) != NULL);
    }
    ck_assert_int_eq(run("red_blue -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
}
END_TEST

/* Whoever reads may leave early; robots that can never go on end with the program also then. */
START_TEST(test_lost_output)
{
    ck_assert_int_eq(run(RED_BLUE " -c | head -n 1"), 0);
    ck_assert_int_eq(count("\n"), 1);
    ck_assert_int_eq(run(RED_BLUE " >&-"), 1);
    ck_assert_str_eq(printed, "red_blue: standard output: Bad file descriptor\n");
}
END_TEST

START_TEST(test_full_disk)
{
    static const char *const options[] = {"", "-o", "-b"};
    ck_assert_int_eq(run(RED_BLUE " %s >/dev/full", options[_i]), 1);
    ck_assert_str_eq(printed, "red_blue: standard output: No space left on device\n");
}
END_TEST

/* Neither the first nor the second thread is to be had. */
START_TEST(test_no_thread)
{
    static const int limits[] = {900000, 1100000};
    ck_assert_int_eq(run("ulimit -s 1000000; ulimit -v %d; red_blue", limits[_i]), 1);
    ck_assert(strstr(printed, _i == 0 ? "&blue.thread" : "&red.thread") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *red_blue_cases(void)
{
    TCase *cases = tcase_create("red_blue");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_forced);
    tcase_add_test(cases, test_by_chance);
    tcase_add_test(cases, test_one_round);
    tcase_add_test(cases, test_one_order);
    tcase_add_test(cases, test_back_off);
    tcase_add_test(cases, test_notes);
    tcase_add_test(cases, test_usage);
    tcase_add_test(cases, test_lost_output);
    if (is_possible("red_blue: the inversion is reported", TSAN_BUILD))
        tcase_add_test(cases, test_inversion);
    if (is_possible("red_blue on a full disk", FULL_DISK))
        tcase_add_loop_test(cases, test_full_disk, 0, 3);
    if (is_possible("red_blue without a thread", MEMORY_LIMIT))
        tcase_add_loop_test(cases, test_no_thread, 0, 2);
    return cases;
}
