/*
 * test_hangs.c - lock_watch on programs that hang in other ways than by mutexes, and on some that only look
 * as if they hung. They stand in watched/, and are compiled here.
 */
#include "must.h"

#include "../lock_watch/watch.h"
#include "watching.h"

#include <string.h>
#include <unistd.h>

#define FOLDER OUT "/tests/check.hangs"
#define IS_LINUX PLAIN_BUILD " && test $(uname) = Linux"
#define HAS_CPP "command -v c++ >/dev/null"
#define HAS_OPENMP "echo 'int main(void) {}' | cc -fopenmp -x c -o /dev/null - 2>/dev/null"

enum { MOST_TEXTS = 4, STUCK = WATCH_DEADLOCK, ENDED = 124 }; // by timeout

/* Nothing runs any more, or all sleep: both end with WATCH_DEADLOCK, as -e is given. */
#define CYCLE "threads wait for each other in a cycle\n"
#define ITSELF "deadlock: 1 thread waits for itself"
#define ONE_ASLEEP "the only thread is asleep, and nothing can wake it\n"
#define ASLEEP "threads are asleep, and none of them can wake another\n"

static const struct hang {
    const char *program, *name;
    int status;
    const char *texts[MOST_TEXTS];
} hangs[] = {
    {"hangs",
     "join_under_mutex",
     STUCK,
     {CYCLE, "(first)", "locks_first (hangs.c:", "the end of thread 2"}},
    {"hangs",
     "join_under_write_lock",
     STUCK,
     {CYCLE, "read-write lock 1 (table)", "the end of thread 2"}},
    {"hangs", "join_each_other", STUCK, {"3 " CYCLE, "the end of thread 1", "thread 2 joins_next"}},
    {"hangs", "lost_signal", STUCK, {ASLEEP, "condition", "(news)", "the end of thread 2"}},
    {"hangs", "condition_and_join", STUCK, {CYCLE, "(first)", "waits_for_news (hangs.c:"}},
    {"hangs", "join_endless_wait", STUCK, {ASLEEP, "(news)", "waits_forever (hangs.c:"}},
    {"hangs", "read_twice", STUCK, {CYCLE, "read-write lock 1 (table)", "in read_twice (hangs.c:"}},
    {"hangs",
     "upgrade",
     STUCK,
     {"deadlock: 1 thread waits for itself", "read-write lock 1 (table)", "in upgrade (hangs.c:"}},
    {"hangs", "short_barrier", STUCK, {ASLEEP, "barrier", "(start_line)", "waits_at_barrier"}},
    {"hangs", "once_in_once", STUCK, {ITSELF, "once", "(once)", "init_library (hangs.c:"}},
    {"hangs", "own_pipe", STUCK, {ASLEEP, "pipe", "reads_pipe"}},
    {"hangs", "owner_ended", STUCK, {"(first)", "thread 2 keeps_first", "has ended"}},
    {"hangs", "owner_not_forked", STUCK, {"(first)", "before the fork", "holds_first"}},
    {"hangs",
     "owner_killed",
     STUCK,
     {"that nobody will unlock", "owner_killed (hangs.c:", "a process that has ended"}},
    {"hangs", "handler_locks_again", STUCK, {ITSELF, "(first)", "on_signal (hangs.c:"}},
    {"hangs", "after_vfork", STUCK, {ASLEEP, "(news)", "the end of thread 2"}},
    {"cycles", "semaphores", STUCK, {ASLEEP, "semaphore", "(sent)", "(connected)"}},
    {"cycles", "spin_locks", STUCK, {CYCLE, "spin lock", "(left)", "(right)"}},
    {"cycles", "robust", STUCK, {CYCLE, "(first)", "(second)", "locks_first_then_second"}},
    {"cycles", "c11", STUCK, {CYCLE, "(one)", "(other)", "locks_one_then_other"}},
    {"cycles", "two_onces", STUCK, {CYCLE, "once", "(once_left)", "(once_right)"}},
    {"cycles", "home_made", STUCK, {ASLEEP, "futex", "locks_north_then_south"}},
    {"cycles", "stdio", STUCK, {ASLEEP, "(first)", "holds_stdout (cycles.c:"}},
    {"cycles", "timed_retry", ENDED, {"(first)", "(second)", "lock_in_time (cycles.c:"}},
    {"cycles",
     "livelock",
     ENDED,
     {"times to lock mutex",
      "last in try_again_and_again (cycles.c:", "locked by thread 2 tries_second", "holds mutex"}},
    {"hangs++", "shared_mutex", STUCK, {CYCLE, "read-write lock", "(index_lock)", "(log_lock)"}},
    {"hangs++", "condition_any", STUCK, {ONE_ASLEEP, "condition", "condition_any"}},
    {"hangs++", "kept_promise", STUCK, {ONE_ASLEEP, "kept_promise"}},
    {"hangs++", "pool", STUCK, {ASLEEP, "Pool::", "(hangs.cpp:"}},
    {"hangs++", "static_initialiser", STUCK, {ASLEEP, "the end of thread 2", "settings"}},
    {"hangs++", "exit_in_thread", STUCK, {CYCLE, "the end of thread 3", "::workers)"}},
    {"omp", "omp_locks", STUCK, {ASLEEP, "omp_locks", "(cycles.c:"}},
};
enum { HANGS = sizeof hangs / sizeof hangs[0] };

static const char *const harmless[] = {
    "handed_over", "handed_over_often", "readers",     "write_locked_gate", "tried",
    "deadline",    "hand_over_hand",    "posix_timer", "interval_timer",    "signal_thread",
    "sleepers",    "child_works",       "child_posts", "child_writes",      "child_unlocks",
};
enum { HARMLESS = sizeof harmless / sizeof harmless[0] };

/* Runs several at once and keeps what they say for the tests. What cannot be built is missing. */
static void watch_all(void)
{
    run("rm -rf " FOLDER "; mkdir " FOLDER "; cd tests/watched; to=$OLDPWD/" FOLDER
        "; for one in hangs cycles harmless; do cc -pthread -g -O1 -o \"$to/$one\" $one.c & done; "
        "c++ -std=c++17 -pthread -g -O1 -o \"$to/hangs++\" hangs.cpp; "
        "cc -fopenmp -pthread -g -O1 -o \"$to/omp\" cycles.c; wait");
    fputs(printed, stderr);
    for (size_t i = 0; i < HANGS; i += 8) {
        char list[1000] = "";
        for (size_t j = i; j < HANGS && j < i + 8; j++)
            sprintf(list + strlen(list), "'%d ./%s %s' ", hangs[j].status == ENDED ? 5 : 30,
                    hangs[j].program, hangs[j].name);
        run("cd " FOLDER "; for one in %s; do { set -- $one; test -e $2 && "
            "timeout $1 lock_watch -e $2 $3; echo \"status $?\"; } >${one##* }.said 2>&1 & done; "
            "wait",
            list);
    }
}

static void remove_programs(void)
{
    run("rm -rf " FOLDER);
}

START_TEST(test_hang)
{
    const struct hang *hang = &hangs[_i];
    char status[20];
    run("cat " FOLDER "/%s.said", hang->name);
    for (int i = 0; i < MOST_TEXTS && hang->texts[i] != NULL; i++)
        ck_assert_msg(says(hang->texts[i]), "%s: no \"%s\":\n%s", hang->name, hang->texts[i],
                      printed);
    snprintf(status, sizeof status, "status %d\n", hang->status);
    ck_assert_msg(says(status), "%s: not %s%s", hang->name, status, printed);
}
END_TEST

/* Not accused, and the same output and status as without lock_watch. */
START_TEST(test_harmless)
{
    char list[1000] = "";
    for (size_t i = 0; i < HARMLESS; i++)
        sprintf(list + strlen(list), "%s ", harmless[i]);
    run("cd " FOLDER "; for one in %s; do { ./harmless $one; echo $?; } >$one.bare & "
        "{ lock_watch -e ./harmless $one 2>$one.said; echo $?; } >$one.watched & done; wait; "
        "for one in %s; do cmp $one.bare $one.watched; "
        "! grep -H -e 'deadlock' -e 'asleep' -e 'warning' $one.said; done",
        list, list);
    ck_assert_str_eq(printed, "");
}
END_TEST

/* It sleeps until it gets SIGTERM, and that may be much later. */
START_TEST(test_daemon)
{
    run("cd " FOLDER "; lock_watch -e ./harmless daemon_sleeps >daemon.said 2>&1 & process=$!; "
        "until grep -q ready daemon.said || ! kill -0 $process; do sleep 0.01; done; sleep 1; "
        "kill -TERM $process; wait $process; echo \"status $?\"; cat daemon.said");
    ck_assert_msg(says("status 0\n") && says("finished\n"), "%s", printed);
    ck_assert_msg(!says("deadlock") && !says("asleep") && !says("warning"), "%s", printed);
}
END_TEST

TCase *hangs_cases(void)
{
    TCase *cases = tcase_create("hangs");
    tcase_set_timeout(cases, 60);
    if (!is_possible("lock_watch on programs that hang", IS_LINUX
                     " && command -v cc >/dev/null && command -v timeout >/dev/null && " NAMERS))
        return cases;
    bool has_cpp = is_possible("lock_watch on C++ programs that hang", HAS_CPP),
         has_openmp = is_possible("lock_watch on OpenMP's locks", HAS_OPENMP);
    tcase_add_unchecked_fixture(cases, watch_all, remove_programs);
    for (int i = 0; i < HANGS; i++) {
        const char *program = hangs[i].program;
        if (strcmp(program, "hangs++") == 0 ? has_cpp : strcmp(program, "omp") != 0 || has_openmp)
            tcase_add_loop_test(cases, test_hang, i, i + 1);
    }
    tcase_add_test(cases, test_harmless);
    tcase_add_test(cases, test_daemon);
    return cases;
}
