/*
 * test_lock_watch.c - lock_watch from outside, on the programs of this chapter, and on those of watched/,
 * which are compiled here.
 */
#include "must.h"

#include "../lock_watch/watch.h"
#include "../trains.h"
#include "watching.h"

#include <stddef.h>

#define FOLDER OUT "/tests/check.watched"

static void compile(void)
{
    int status = run("rm -rf " FOLDER "; mkdir " FOLDER "; "
                     "cc -pthread -g -O1 -o " FOLDER "/debug tests/watched/scenarios.c && "
                     "cc -pthread -O2 -o " FOLDER "/quick tests/watched/scenarios.c && "
                     "cc -pthread -O2 -s -o " FOLDER "/stripped tests/watched/scenarios.c");
    if (status != 0)
        fputs(printed, stderr);
}

static void remove_programs(void)
{
    run("rm -rf " FOLDER);
}

static int watch(const char *scenario)
{
    return run("lock_watch " FOLDER "/debug %s", scenario);
}

START_TEST(test_cycle_of_three)
{
    for (int i = 0; i < ROUNDS; i += 400) {
        ck_assert_int_eq(watch("three"), WATCH_DEADLOCK);
        ck_assert(says("not lost\n"));
        ck_assert(says("lock_watch: deadlock: 3 threads wait for each other in a cycle\n"));
        for (int thread = 2; thread <= 4; thread++) {
            char line[100];
            snprintf(line, sizeof line, "lock_watch:   thread %d cycle_member\n", thread);
            ck_assert_msg(says(line), "%s", printed);
        }
        ck_assert_msg(says("(first) in cycle_member (scenarios.c:"), "%s", printed);
        ck_assert(says("(second) in cycle_member (scenarios.c:"));
        ck_assert(says("(third) in cycle_member (scenarios.c:"));
        ck_assert(says("locked by thread 3 cycle_member in cycle_member (scenarios.c:"));
    }
}
END_TEST

START_TEST(test_cycle_of_two)
{
    ck_assert_int_eq(watch("two"), WATCH_DEADLOCK);
    ck_assert(says("lock_watch: deadlock: 2 threads wait for each other in a cycle\n"));
    ck_assert(!says("warning") && !says("third"));
    // Not a byte of the program's output is lost, or added.
    ck_assert_int_eq(run("lock_watch " FOLDER "/debug two 2>/dev/null"), WATCH_DEADLOCK);
    ck_assert_str_eq(printed, "not lost\n");
}
END_TEST

START_TEST(test_self)
{
    ck_assert_int_eq(watch("self"), WATCH_DEADLOCK);
    ck_assert_msg(says("deadlock: 1 thread waits for itself\n"
                       "lock_watch:   thread 1 main\n"
                       "lock_watch:     waits for mutex 1 (first) in self (scenarios.c:") &&
                      says("locked by thread 1 main in self (scenarios.c:"),
                  "%s", printed);
    ck_assert_int_eq(watch("cancelled_too_late"), WATCH_DEADLOCK);
    ck_assert(says("locked by thread 1 main in self"));
}
END_TEST

START_TEST(test_sleepers)
{
    ck_assert_int_eq(watch("asleep"), WATCH_DEADLOCK);
    ck_assert_msg(says("(first), to return from pthread_cond_wait, in asleep (scenarios.c:"), "%s",
                  printed);
    ck_assert_int_eq(watch("asleep_in_time"), WATCH_DEADLOCK);
    ck_assert(says("2 threads"));
    ck_assert_int_eq(watch("cancelled_and_stuck"), WATCH_DEADLOCK);
    ck_assert(says("1 thread waits for itself") && says("in is_cancelled_and_stuck"));
    ck_assert_int_eq(watch("output_is_locked"), WATCH_DEADLOCK);
    ck_assert(says("2 threads"));
}
END_TEST

START_TEST(test_without_symbols)
{
    ck_assert_int_eq(run("lock_watch " FOLDER "/quick two"), WATCH_DEADLOCK);
    ck_assert_msg(says("(first) in cycle_member (quick)\n"), "%s", printed);
    ck_assert_int_eq(run("lock_watch " FOLDER "/stripped two"), WATCH_DEADLOCK);
    ck_assert_msg(says("mutex 1 (0x") && says("thread 2 stripped+0x") && says(" in stripped+0x"),
                  "%s", printed);
    // Without any tools; and called from elsewhere than it says.
    ck_assert_int_eq(run("ln -s \"$(command -v lock_watch)\" " FOLDER "; cd " FOLDER
                         "; PATH=.; lock_watch debug two"),
                     WATCH_DEADLOCK);
    ck_assert_msg(says(" in debug+0x") && says("2 threads"), "%s", printed);
    ck_assert_int_eq(watch("moved"), WATCH_DEADLOCK);
    ck_assert_msg(says("(first) in self (scenarios.c:"), "%s", printed);
    ck_assert_int_eq(run("cd " FOLDER "; lock_watch ./debug renamed"), WATCH_DEADLOCK);
    ck_assert_msg(says("(first) in self (scenarios.c:"), "%s", printed);
}
END_TEST

/* Scenarios that end by themselves, with 0, and give no cause for a warning. */
START_TEST(test_no_deadlock)
{
    static const char *const names[] = {
        "recursive",  "timed",     "handed_over", "gated",   "one_thread",  "tried",
        "conditions", "cancelled", "comings",     "signals", "left_locked", "reused_by_threads",
        "many_held",  "million",   "no_locks",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_msg(watch(names[i]) == 0, "%s: %s", names[i], printed);
        ck_assert_msg(!says("warning") && !says("deadlock") && says("lock_watch: "), "%s: %s",
                      names[i], printed);
    }
    ck_assert(says("lock_watch: no mutex was locked\n"));
    ck_assert_int_eq(watch("errorcheck"), 0);
    ck_assert_msg(says("1 0 1 1 77\n0\n"), "%s", printed);
    ck_assert_int_eq(watch("million"), 0);
    ck_assert(says("lock_watch: 8 mutexes locked 1000000 times, never waited for\n"));
}
END_TEST

START_TEST(test_warnings)
{
    ck_assert_int_eq(watch("inversion"), 5);
    ck_assert_msg(says("warning: no deadlock this time, but these 2 lock orders can make one:\n"
                       "lock_watch:   thread 3 locks_second_then_first\n"
                       "lock_watch:     locked mutex 2 (second) in both (scenarios.c:"),
                  "%s", printed);
    ck_assert(says("and with it mutex 1 (first) in both (scenarios.c:"));
    ck_assert(says("thread 2 locks_first_then_second\n"));
    ck_assert(strstr(strstr(printed, "warning") + 1, "warning") == NULL);
    ck_assert_int_eq(watch("three_orders"), 0);
    ck_assert(says("these 3 lock orders"));
    ck_assert_int_eq(watch("gate_open"), 0);
    ck_assert(says("these 2 lock orders"));
    ck_assert_int_eq(watch("many_orders"), 5);
    ck_assert(says("these 2 lock orders") && !says("there were more"));
}
END_TEST

START_TEST(test_ends)
{
    ck_assert_int_eq(watch("underscore_exit"), 9);
    ck_assert(says("lock_watch: 1 mutex locked 1 time,"));
    ck_assert_int_eq(run("lock_watch " FOLDER "/debug nonsense"), 99);
#ifndef __APPLE__
    ck_assert_int_eq(watch("quick"), 8);
    ck_assert(says("lock_watch: 1 mutex locked 1 time,"));
#endif
    ck_assert_int_eq(run("exec lock_watch " FOLDER "/debug killed"), 128 + 9);
    ck_assert_str_eq(printed, "");
    ck_assert_int_eq(watch("forks"), 0);
    ck_assert(says("child: 86\n") && says("deadlock: 1 thread waits for itself\n"));
    ck_assert_int_eq(run("LD_PRELOAD= lock_watch " FOLDER "/debug environment 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "0\n\n");
    ck_assert_int_eq(
        run("LD_PRELOAD=libm.so.6 lock_watch " FOLDER "/debug environment 2>/dev/null"), 0);
    ck_assert_msg(strcmp(printed, "0\nlibm.so.6\n") == 0 || access("/proc", F_OK) != 0, "%s",
                  printed);
}
END_TEST

/* What the options do once the program runs. The launcher's own tests are in test_launcher.c. */
START_TEST(test_options)
{
    ck_assert_int_eq(run("lock_watch -x 7 " FOLDER "/debug inversion"), 7);
    ck_assert_int_eq(run("lock_watch -x 7 " FOLDER "/debug gated"), 0);
    // Nothing is said about functions that the user names; all of them, if one is among its callers.
    ck_assert_int_eq(run("echo locks_first_then_second >" FOLDER
                         "/names; lock_watch -x 7 -s " FOLDER "/names " FOLDER "/debug inversion"),
                     5);
    ck_assert_msg(!says("warning") && says("2 mutexes locked 4 times"), "%s", printed);
    ck_assert_int_eq(run("echo self >" FOLDER "/names; timeout 1 lock_watch -s " FOLDER
                         "/names " FOLDER "/debug self; echo $?"),
                     0);
    ck_assert_msg(!says("deadlock") && !says("asleep") && says("124\n"), "%s", printed);
    // Kept for a debugger, and then ended like any other program.
    ck_assert_int_eq(run("timeout 1 lock_watch -k " FOLDER "/debug two"), 124);
    ck_assert_msg(says("2 threads wait for each other") && says("it is kept as it is: gdb -p ") &&
                      says("what the threads of process "),
                  "%s", printed);
    // The report does not depend on what the program does with its streams.
    ck_assert_int_eq(run("rm -f " FOLDER "/report; lock_watch -o " FOLDER "/report " FOLDER
                         "/debug two 2>&1; cat " FOLDER "/report"),
                     0);
    ck_assert_msg(says("not lost\nlock_watch: deadlock: 2 threads"), "%s", printed);
    ck_assert_int_eq(run("lock_watch sh -c 'exec 2>&-; exec 2>" FOLDER "/data; echo data >&2'"), 0);
    ck_assert_msg(says("lock_watch: no mutex was locked\n"), "%s", printed);
    ck_assert_int_eq(run("cat " FOLDER "/data"), 0);
    ck_assert_str_eq(printed, "data\n");
}
END_TEST

START_TEST(test_cpp)
{
    ck_assert_int_eq(run("c++ -std=c++11 -pthread -g -O2 -o " FOLDER "/standard "
                         "tests/watched/standard.cpp && lock_watch " FOLDER "/standard"),
                     4);
    ck_assert(says("late\n"));
    ck_assert_msg(says("these 2 lock orders") && says("(one)") && says("(other)"), "%s", printed);
    ck_assert_msg(says(" in one_then_other") && says("(standard.cpp:"), "%s", printed);
}
END_TEST

/* ---- traces ---- */

static const char *json_value(const char *at);

static const char *json_space(const char *at)
{
    return at + strspn(at, " \n");
}

static const char *json_string(const char *at)
{
    ck_assert_int_eq(*at++, '"');
    for (; *at != '"'; at++) {
        if (*at == '\\') {
            at++;
            ck_assert(*at == '"' || *at == '\\');
        }
        ck_assert(*at >= ' ' && *at <= '~');
    }
    return at + 1;
}

/* What follows one JSON value. It knows only the kinds that a trace has. */
static const char *json_value(const char *at)
{
    char close = *at == '{' ? '}' : ']';
    if (*at == '"')
        return json_string(at);
    if (*at != '{' && *at != '[') {
        size_t digits = strspn(at, "0123456789.");
        ck_assert_msg(digits > 0 && at[0] != '.' && at[digits - 1] != '.', "%.20s", at);
        return at + digits;
    }
    bool is_object = *at == '{';
    at = json_space(at + 1);
    while (*at != close) {
        if (is_object) {
            at = json_space(json_string(at));
            ck_assert_int_eq(*at, ':');
            at = json_space(at + 1);
        }
        at = json_space(json_value(at));
        ck_assert_msg(*at == close || (*at == ',' && json_space(at + 1)[0] != close), "%.20s", at);
        at = json_space(at + (*at == ','));
    }
    return at + 1;
}

/* Reads the trace into `printed`. */
static void check_trace(void)
{
    ck_assert_int_eq(run("cat " FOLDER "/trace.json"), 0);
    ck_assert_int_eq(*json_space(json_value(printed)), '\0');
}

static double begins[5000], ends[5000]; // of the lanes

/* The slices of each lane follow each other: none overlaps the next. Returns how many. */
static int check_slices(void)
{
    static const char form[] = "{\"ph\": \"X\", \"pid\": 1, \"tid\": %u, \"ts\": %lf, \"dur\": %lf";
    int count = 0;
    memset(ends, 0, sizeof ends);
    for (const char *at = printed; (at = strstr(at, "{\"ph\": \"X\"")) != NULL; at++) {
        unsigned int lane;
        double begin, length;
        ck_assert_int_eq(sscanf(at, form, &lane, &begin, &length), 3);
        ck_assert_uint_lt(lane, 5000);
        ck_assert(length > 0 && begin >= ends[lane] - 0.0005);
        if (ends[lane] == 0)
            begins[lane] = begin;
        ends[lane] = begin + length;
        count++;
    }
    return count;
}

static void check_order(const char *const names[], size_t count)
{
    const char *at = printed;
    for (size_t i = 0; i < count; i++) {
        char quoted[100];
        snprintf(quoted, sizeof quoted, "\"name\": \"%s\"", names[i]);
        at = strstr(at, quoted);
        ck_assert_msg(at != NULL, "%s, in %s", names[i], printed);
    }
}

START_TEST(test_trace)
{
    static const char *const expected[] = {
        "thread_name",       "running",
        "holding second",    "holding second, first",
        "holding second",    "holding second, first",
        "running",           "thread_name",
        "waiting for first", "holding first",
        "waiting for news",  "holding first",
    };
    ck_assert_int_eq(run("lock_watch -t " FOLDER "/trace.json " FOLDER "/debug states"), 0);
    ck_assert_msg(says("first states (runs.h:"), "%s", printed);
    check_trace();
    ck_assert(says("{\"name\": \"1 main\"}") && says("{\"name\": \"2 waits_then_sleeps\"}"));
    ck_assert(says("\"process_name\", \"args\": {\"name\": \"debug\"}"));
    ck_assert_int_ge(check_slices(), 13);
    check_order(expected, sizeof expected / sizeof expected[0]);
}
END_TEST

START_TEST(test_trace_of_all_kinds)
{
    static const char *const names[] = {"three", "quotes", "conditions", "cancelled", "no_locks"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        int status = run("lock_watch -t " FOLDER "/trace.json " FOLDER "/debug %s", names[i]);
        ck_assert_int_eq(status, i < 2 ? WATCH_DEADLOCK : 0);
        check_trace();
        check_slices();
        if (i == 0)
            ck_assert(says("waiting for third"));
        // One thread after the other: the lane of one that was cancelled ends before the next begins.
        for (int lane = 2; lane < 51 && strcmp(names[i], "cancelled") == 0; lane++)
            ck_assert(ends[lane] > 0 && ends[lane] <= begins[lane + 1]);
    }
    ck_assert_int_eq(run("lock_watch -g -t " FOLDER "/trace.json " FOLDER "/debug million && "
                         "tail -c 4 " FOLDER "/trace.json"),
                     0);
    ck_assert_msg(says("lock_watch: ? not recorded: 951") && says("\n]}\n"), "%s", printed);
}
END_TEST

START_TEST(test_lanes)
{
    ck_assert_int_eq(run("lock_watch -g " FOLDER "/debug states 2>&1"), 0);
    const char *main_lane = strstr(printed, "lock_watch: 1 main ");
    const char *lane = strstr(printed, "lock_watch: 2 waits_then_sleeps ");
    ck_assert(main_lane != NULL && lane != NULL && !says("\033"));
    ck_assert_uint_eq(strcspn(main_lane, "\n"), 79);
    ck_assert(strstr(main_lane, "====================") < lane);
    ck_assert_msg(strstr(lane, "#####") != NULL && strstr(lane, "~~~~~") != NULL, "%s", printed);
    ck_assert_int_eq(run("lock_watch -g " FOLDER "/debug comings"), 0);
    ck_assert(says("and 1961 more threads\n"));
}
END_TEST

/* What the heads of the lectures say. */
START_TEST(test_lectures)
{
    ck_assert_int_eq(run("lock_watch red_blue 2000 | tail -n 1"), 0);
    ck_assert_msg(says("lock_watch: deadlock: 2 threads wait for each other in a cycle\n"), "%s",
                  printed);
    ck_assert_msg(says("(lock2) in blue_robot (red_blue.c:"), "%s", printed);
    ck_assert_msg(says("(lock1) in red_robot (red_blue.c:"), "%s", printed);
    // The last line is that of a robot that wants its second lock.
    ck_assert_msg(says("Blue: Acquiring lock2\n") || says("Red: Acquiring lock1\n"), "%s", printed);
    ck_assert_int_eq(run("exec lock_watch red_blue 2000 >/dev/null"), WATCH_DEADLOCK);
    ck_assert_int_eq(run("lock_watch red_blue_forced"), WATCH_DEADLOCK);
    ck_assert(says("deadlock: 2 threads"));

    // Where a machine is so busy that a train is late by 50 steps, there is no deadlock.
    for (int tries = 0; run("lock_watch trains deadlock") == 0; tries++)
        ck_assert_int_lt(tries, 20);
    ck_assert_msg(says("lock_watch: deadlock: 4 threads wait for each other in a cycle\n"), "%s",
                  printed);
    // Main is the first thread, train 0 the second. Each waits for the next intersection.
    for (int i = 0; i < 4; i++) {
        char line[200];
        size_t wanted = (size_t)(i + 1) % 4 * sizeof(struct intersection);
        snprintf(line, sizeof line, "  thread %d move_train\n", i + 2);
        const char *found = strstr(printed, line);
        ck_assert_msg(found != NULL, "%s", printed);
        snprintf(line, sizeof line, " (intersections+%zu) in move_train (deadlock.c:",
                 wanted + offsetof(struct intersection, mutex));
        found = strchr(found, '\n') + 1;
        const char *end = strchr(found, '\n'), *where = strstr(found, line);
        ck_assert_msg(where != NULL && where < end, "%s: %s", line, printed);
    }
}
END_TEST

/* All at once, to save time. */
START_TEST(test_lectures_without_deadlock)
{
    ck_assert_int_eq(run("for program in 'trains hierarchy' 'trains arbitrator' "
                         "'red_blue_ordered -q -n 10000' 'red_blue_backs_off -q -n 1000'; do "
                         "{ lock_watch $program || echo failed; } & done; wait"),
                     0);
    ck_assert_msg(says("lock_watch: ") && !says("deadlock:") && !says("warning") && !says("failed"),
                  "%s", printed);
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("lock_watch -t /dev/full " FOLDER "/debug inversion"), 5);
    ck_assert_msg(says("lock_watch: /dev/full: No space left on device\n"), "%s", printed);
}
END_TEST

/* The whole library, compiled into a scenario, under ThreadSanitizer. */
START_TEST(test_library_with_tsan)
{
    // Not "cancelled": of a thread that is cancelled in a wait, ThreadSanitizer does not see the locks.
    static const char *const names[] = {"conditions", "comings", "million", "states", "signals"};
    const char *folder = new_folder();
    ck_assert_msg(
        run("cc -std=c11 -D_XOPEN_SOURCE=700 -O1 -g -fsanitize=thread -fexceptions -pthread "
            "-o %s/watched tests/watched/scenarios.c lock_watch/watch_*.c -ldl",
            folder) == 0,
        "%s", printed);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        // Some hold locks in two orders, on purpose.
        int status = run("TSAN_OPTIONS=\"$TSAN_OPTIONS detect_deadlocks=0\" "
                         "%s/watched %s",
                         folder, names[i]);
        ck_assert_msg(status == 0 && !says("WARNING"), "%s: %s", names[i], printed);
    }
    ck_assert(says("lock_watch: "));
}
END_TEST

TCase *lock_watch_cases(void)
{
    TCase *cases = tcase_create("lock_watch");
    tcase_set_timeout(cases, 60);
    if (system(TSAN_BUILD) == 0 && is_possible("lock_watch under ThreadSanitizer",
                                               "cc -dM -E - </dev/null | grep -q __GNUC__ && "
                                               "! cc -dM -E - </dev/null | grep -q __clang__"))
        tcase_add_test(cases, test_library_with_tsan);
    if (!is_possible("lock_watch", HAS_NAMES))
        return cases;
    tcase_add_unchecked_fixture(cases, compile, remove_programs);
    tcase_add_test(cases, test_cycle_of_three);
    tcase_add_test(cases, test_cycle_of_two);
    tcase_add_test(cases, test_self);
    tcase_add_test(cases, test_sleepers);
    tcase_add_test(cases, test_without_symbols);
    tcase_add_test(cases, test_no_deadlock);
    tcase_add_test(cases, test_warnings);
    tcase_add_test(cases, test_ends);
    if (is_possible("the options of lock_watch", "command -v timeout >/dev/null"))
        tcase_add_test(cases, test_options);
    tcase_add_test(cases, test_trace);
    tcase_add_test(cases, test_trace_of_all_kinds);
    tcase_add_test(cases, test_lanes);
    tcase_add_test(cases, test_lectures);
    tcase_add_test(cases, test_lectures_without_deadlock);
    if (is_possible("lock_watch with C++", "command -v c++ >/dev/null"))
        tcase_add_test(cases, test_cpp);
    if (is_possible("lock_watch on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    return cases;
}
