/*
 * cases.h - what the tests of this chapter share. Each test_*.c holds the cases of one program or
 * piece; check_chapter.c runs them all.
 */
#ifndef CASES_H
#define CASES_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

/* How often a stress test goes round. */
#ifndef ROUNDS
#define ROUNDS 2000
#endif

/*
 * Runs a shell command line made like printf's, with the folders of the programs first in the PATH,
 * and keeps what it prints (on both streams) in `printed`. Returns its exit status; 128 and more: the
 * number of the signal that ended it, plus 128.
 */
int run(const char *format, ...) __attribute__((format(printf, 1, 2)));
extern char printed[1 << 20];

/* A new empty folder, one for each test. Removed at exit, with all that is in it. */
const char *new_folder(void);

/*
 * Returns whether the shell command `condition` succeeds: then what a test needs is there. Otherwise says
 * that `what` is skipped.
 */
bool is_possible(const char *what, const char *condition);

/* Conditions. Sanitizers need more memory than `ulimit -v` leaves, and only Linux keeps that limit. */
#define PLAIN_BUILD "test " OUT " = build/test"
#define FULL_DISK "test -c /dev/full"
#define MEMORY_LIMIT                                                                               \
    PLAIN_BUILD " && test $(uname) = Linux && (ulimit -s 1000000 && ulimit -v 900000) 2>/dev/null"
#define TSAN_BUILD "test " OUT " = build/tsan"

/* The cases of one test_*.c. */
struct cases {
    const char *name;
    TCase *(*create)(void);
};

/*
 * The main function of the tests: runs the cases that the arguments name (without arguments, all of them),
 * one after the other. After each, Check says how it went. Returns the exit status.
 */
int run_cases(int argc, char *argv[], const struct cases *all, int count);

TCase *race_condition_cases(void);
TCase *processes_and_threads_cases(void);
TCase *speedup_cases(void);
TCase *forced_race_cases(void);
TCase *rare_race_cases(void);
TCase *solutions_cases(void);

#endif
