/*
 * test_lock_watch.c - the graph by itself, with and without sanitizers; and lock_watch from outside, on
 * programs that are compiled here: those of watched/.
 */
#include "cases.h"

#include "../must.h"
#include "../watch.h"
#include "../watch_graph.c"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#define FOLDER OUT "/tests/check.watched"
#define HAS_CC PLAIN_BUILD " && command -v cc >/dev/null"

/* ---- the graph ---- */

static int mutexes[8]; // only their addresses are used
static const void *const here = &mutexes;

static struct watch_mutex *get(int i)
{
    return watch_mutex_of(&mutexes[i], here, true);
}

/* The thread gets it; and locks two, one in the other. */
static void lock(struct watch_thread *thread, int i)
{
    watch_locked(thread, get(i), here, BY_WAITING);
}

static void lock_two(struct watch_thread *thread, int i, int j)
{
    lock(thread, i);
    lock(thread, j);
    watch_unlocks(thread, get(j));
    watch_unlocks(thread, get(i));
}

static unsigned int warnings(void)
{
    unsigned int count;
    watch_warnings(&count);
    return count;
}

START_TEST(test_cycles)
{
    enum { THREADS = 5 };
    struct watch_thread *threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        threads[i] = watch_thread_new(NULL);
        ck_assert_uint_eq(threads[i]->number, (unsigned int)i + 1);
        lock(threads[i], i);
    }
    // A chain is no cycle: 1 waits for 2, 2 for 3, and so on; nor is one beside the chain.
    for (int i = THREADS - 2; i >= 0; i--)
        ck_assert_uint_eq(watch_wait_begins(threads[i], get(i + 1), here), 0);
    ck_assert_uint_eq(watch_wait_begins(threads[THREADS - 1], get(THREADS), here), 0);
    watch_wait_ends(threads[THREADS - 1]);

    // Who has given up waiting, or has ended, is in no cycle.
    watch_wait_ends(threads[2]);
    ck_assert_uint_eq(watch_wait_begins(threads[THREADS - 1], get(0), here), 0);
    watch_wait_ends(threads[THREADS - 1]);
    watch_wait_begins(threads[2], get(3), here);
    unsigned long identity = threads[3]->identity;
    watch_thread_end(threads[3]);
    ck_assert_ptr_null(watch_thread_of(identity));
    struct watch_thread *next = watch_thread_new(NULL); // in the same place
    ck_assert_ptr_eq(next, threads[3]);
    watch_wait_begins(next, get(4), here);
    ck_assert_uint_eq(watch_wait_begins(threads[THREADS - 1], get(0), here), 0);
    watch_wait_ends(threads[THREADS - 1]);

    // The last arrow closes the cycle, wherever it is.
    watch_mutex_end(&mutexes[3]);
    lock(next, 3);
    watch_wait_begins(threads[2], get(3), here);
    ck_assert_uint_eq(watch_wait_begins(threads[THREADS - 1], get(0), here), THREADS);
}
END_TEST

START_TEST(test_sleeper_in_cycle)
{
    struct watch_thread *one = watch_thread_new(NULL), *other = watch_thread_new(NULL);
    lock(one, 0);
    lock(one, 1);
    watch_unlocks(one, get(1));
    watch_sleep_begins(one, get(1), here);
    lock(other, 1);
    ck_assert_uint_eq(watch_wait_begins(other, get(0), here), 2);
}
END_TEST

START_TEST(test_orders)
{
    struct watch_thread *one = watch_thread_new(NULL), *other = watch_thread_new(NULL);
    lock_two(one, 0, 1);
    lock_two(one, 1, 0);
    ck_assert_uint_eq(warnings(), 0); // by one thread only
    lock_two(other, 0, 1);
    ck_assert_uint_eq(warnings(), 1);
    lock_two(other, 1, 0);
    ck_assert_uint_eq(warnings(), 1); // the same one again

    lock(one, 7); // a gate
    lock_two(one, 2, 3);
    watch_unlocks(one, get(7));
    lock(other, 7);
    lock_two(other, 3, 2);
    watch_unlocks(other, get(7));
    ck_assert_uint_eq(warnings(), 1);
    lock_two(other, 3, 2); // once without the gate: now the two orders can meet
    ck_assert_uint_eq(warnings(), 2);

    lock(one, 4);
    watch_locked(one, get(5), here, BY_TRYING);
    watch_unlocks(one, get(5));
    watch_unlocks(one, get(4));
    lock_two(other, 5, 4);
    ck_assert_uint_eq(warnings(), 2);
    watch_locked(one, get(4), here, BY_TRYING); // got without waiting, but then held while it waits
    lock(one, 5);
    ck_assert_uint_eq(warnings(), 3);
}
END_TEST

START_TEST(test_sets_are_not_mixed_up)
{
    // The same mutex with the same number of others, but other ones: each is an order of its own.
    struct watch_thread *one = watch_thread_new(NULL), *other = watch_thread_new(NULL);
    for (int i = 0; i < 7; i++)
        lock_two(one, i, 7);
    lock_two(other, 7, 3);
    ck_assert_uint_eq(warnings(), 1);
    ck_assert_uint_eq(watch_warnings(&(unsigned int){0})[0].length, 2);
}
END_TEST

START_TEST(test_tables_fill)
{
    static char many[MOST_MUTEXES + 10];
    for (size_t i = 0; i < sizeof many; i++) {
        bool is_there = watch_mutex_of(&many[i], here, true) != NULL;
        ck_assert(is_there == (i < MOST_MUTEXES - 1));
    }
    ck_assert(watch_totals().were_too_many);
    watch_mutex_end(&many[5]);
    ck_assert_ptr_nonnull(watch_mutex_of(&many[MOST_MUTEXES + 1], here, true));
    ck_assert_ptr_null(watch_mutex_of(&many[5], here, false));

    struct watch_thread *first = watch_thread_new(NULL), *thread = first;
    for (int i = 1; i < MOST_THREADS; i++)
        thread = watch_thread_new(NULL);
    ck_assert_ptr_nonnull(thread);
    ck_assert_ptr_null(watch_thread_new(NULL));
    watch_thread_end(first);
    ck_assert_ptr_eq(watch_thread_new(NULL), first);

    for (int i = 0; i < MOST_ORDERS / MOST_HELD + 1; i++) {
        for (int j = 0; j < MOST_HELD; j++) // one more is not in the list; it does no harm
            watch_locked(thread, watch_mutex_of(&many[100 + i + j], NULL, false), here, BY_WAITING);
        for (int j = 0; j < MOST_HELD; j++)
            watch_unlocks(thread, watch_mutex_of(&many[100 + i + j], NULL, false));
    }
    for (int i = 0; i < 2 * MOST_ORDERS; i++) {
        watch_locked(thread, watch_mutex_of(&many[i], NULL, i == 5), here, BY_WAITING);
        watch_locked(thread, watch_mutex_of(&many[MOST_MUTEXES - 2], NULL, true), here, BY_WAITING);
        watch_unlocks(thread, watch_mutex_of(&many[i], NULL, false));
        watch_unlocks(thread, watch_mutex_of(&many[MOST_MUTEXES - 2], NULL, false));
        if (i == 3)
            i = 5; // that one has ended
    }
    ck_assert_uint_gt(watch_totals().orders_unwatched, 0);
    for (int i = 0; i < MOST_ORDERS / 2; i++) // makes room again
        watch_mutex_end(&many[1000 + i]);
    unsigned int used = graph.orders_used;
    lock_two(thread, 0, 1);
    ck_assert_uint_lt(graph.orders_used, used);
}
END_TEST

/* Many threads, real mutexes, and the graph told of it: no cycle is ever closed, as the order is kept. */
enum { STRESS_THREADS = 8, STRESS_MUTEXES = 6 };
static pthread_mutex_t stress[STRESS_MUTEXES];
static atomic_int cycles;

static void stress_lock(struct watch_thread *self, pthread_mutex_t *mutex)
{
    struct watch_mutex *watched = watch_mutex_of(mutex, here, true);
    if (pthread_mutex_trylock(mutex) != 0) {
        if (watch_wait_begins(self, watched, here) != 0)
            atomic_fetch_add(&cycles, 1);
        MUST(pthread_mutex_lock(mutex));
        watch_wait_ends(self);
        watch_waited(watched, 1);
    }
    watch_locked(self, watched, here, BY_WAITING);
}

static void *stress_run(void *argument)
{
    unsigned int random = (unsigned int)(size_t)argument;
    for (int i = 0; i < ROUNDS; i += 100) {
        struct watch_thread *self = watch_thread_new(NULL);
        for (int j = 0; j < 100; j++) {
            random = random * 1103515245 + 12345;
            unsigned int low = random >> 16 & 3, high = low + 1 + (random >> 18 & 1);
            stress_lock(self, &stress[low]);
            stress_lock(self, &stress[high]);
            watch_unlocks(self, watch_mutex_of(&stress[low], here, false));
            MUST(pthread_mutex_unlock(&stress[low]));
            watch_unlocks(self, watch_mutex_of(&stress[high], here, false));
            MUST(pthread_mutex_unlock(&stress[high]));
            watch_mutex_of(&stress[low] + 1000 + j, here, true); // others come and go
            watch_mutex_end(&stress[low] + 1000 + j);
        }
        watch_thread_end(self);
    }
    return NULL;
}

START_TEST(test_stress)
{
    pthread_t threads[STRESS_THREADS];
    for (int i = 0; i < STRESS_MUTEXES; i++) {
        MUST(pthread_mutex_init(&stress[i], NULL));
        watch_mutex_of(&stress[i], here, true);
    }
    for (size_t i = 0; i < STRESS_THREADS; i++)
        MUST(pthread_create(&threads[i], NULL, stress_run, (void *)i));
    for (int i = 0; i < STRESS_THREADS; i++)
        MUST(pthread_join(threads[i], NULL));
    ck_assert_int_eq(atomic_load(&cycles), 0);
    ck_assert_uint_eq(warnings(), 0);
    ck_assert_uint_eq(watch_totals().locked, 2 * STRESS_THREADS * (unsigned long)ROUNDS);
    for (int i = 0; i < STRESS_MUTEXES; i++)
        MUST(pthread_mutex_destroy(&stress[i]));
}
END_TEST

/* ---- the programs ---- */

static void compile(void)
{
    int status = run("rm -rf " FOLDER "; mkdir " FOLDER "; cd " FOLDER " && "
                     "cc -pthread -g -O1 -o debug ../watched/scenarios.c && "
                     "cc -pthread -O2 -o quick ../watched/scenarios.c && strip -o stripped quick");
    if (status != 0)
        fputs(printed, stderr);
}

static void remove_programs(void)
{
    run("rm -rf " FOLDER);
}

static bool says(const char *text)
{
    return strstr(printed, text) != NULL;
}

static int watch(const char *scenario)
{
    return run("lock_watch " FOLDER "/debug %s", scenario);
}

START_TEST(test_cycle_of_three)
{
    for (int i = 0; i < 10; i++) {
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
    ck_assert(says("lock_watch: 1 mutex locked 1 times"));
    ck_assert_int_eq(run("lock_watch " FOLDER "/debug nonsense"), 99);
#ifndef __APPLE__
    ck_assert_int_eq(watch("quick"), 8);
    ck_assert(says("lock_watch: 1 mutex locked 1 times"));
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

/* What follows one JSON value; of those kinds only that a trace has. */
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

static double ends[5000]; // of the lanes

/* The slices of each lane follow upon each other: none overlaps with the next. Returns how many. */
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
    ck_assert_msg(says("first states (scenarios.c:"), "%s", printed);
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
        if (strcmp(names[i], "cancelled") == 0)
            ck_assert(ends[2] > 0 && ends[2] < ends[1] / 2); // one of 50, one after the other
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

START_TEST(test_usage)
{
    static const char *const wrong[] = {"", "-x true", "-t", "-g", "-t " FOLDER "/t"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("lock_watch %s", wrong[i]), 2);
        ck_assert(says("usage: lock_watch [-g] [-t trace.json] PROGRAM [ARGUMENT...]\n"));
    }
    ck_assert_int_eq(run("lock_watch -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: lock_watch [-g] [-t trace.json] PROGRAM [ARGUMENT...]\n");
    ck_assert_int_eq(run("lock_watch ./no/such/program"), 127);
    ck_assert_str_eq(printed, "lock_watch: ./no/such/program: No such file or directory\n");
    ck_assert_int_eq(run("lock_watch no_such_program -g"), 127);
    ck_assert_int_eq(run("lock_watch ./tests"), 126);
    ck_assert_str_eq(printed, "lock_watch: ./tests: Permission denied\n");
    ck_assert_int_eq(run("lock_watch -t /no/such/folder/t echo hello"), 1);
    ck_assert_str_eq(printed, "lock_watch: /no/such/folder/t: No such file or directory\n");
    // Options after the program's name are the program's.
    ck_assert_int_eq(run("lock_watch echo -g -t 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "-g -t\n");
    // Without its library it says so. Under a name with a colon, too.
    ck_assert_int_eq(run("mkdir -p " FOLDER "/a:b; cp \"$(command -v lock_watch)\" " FOLDER
                         "/a:b; " FOLDER "/a:b/lock_watch true"),
                     1);
    ck_assert(says("/a:b/lock_watch.so: No such file or directory\n"));
    ck_assert_int_eq(run("cp lock_watch.so " FOLDER "/a:b; " FOLDER "/a:b/lock_watch true"), 1);
    ck_assert(says("/a:b/lock_watch.so: in "));
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
    static const char *const names[] = {"conditions", "comings", "cancelled",
                                        "million",    "states",  "signals"};
    const char *folder = new_folder();
    ck_assert_msg(run("cc -std=c11 -D_XOPEN_SOURCE=700 -O1 -g -fsanitize=thread -pthread "
                      "-o %s/watched tests/watched/scenarios.c watch_*.c -ldl",
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
    tcase_add_test(cases, test_cycles);
    tcase_add_test(cases, test_sleeper_in_cycle);
    tcase_add_test(cases, test_orders);
    tcase_add_test(cases, test_sets_are_not_mixed_up);
    tcase_add_test(cases, test_tables_fill);
    tcase_add_test(cases, test_stress);
    if (system(TSAN_BUILD) == 0 && is_possible("lock_watch under ThreadSanitizer",
                                               "cc -dM -E - </dev/null | grep -q __GNUC__ && "
                                               "! cc -dM -E - </dev/null | grep -q __clang__"))
        tcase_add_test(cases, test_library_with_tsan);
    if (!is_possible("lock_watch", HAS_CC))
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
    tcase_add_test(cases, test_trace);
    tcase_add_test(cases, test_trace_of_all_kinds);
    tcase_add_test(cases, test_lanes);
    tcase_add_test(cases, test_usage);
    if (is_possible("lock_watch with C++", "command -v c++ >/dev/null"))
        tcase_add_test(cases, test_cpp);
    if (is_possible("lock_watch on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    return cases;
}
