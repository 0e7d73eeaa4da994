/*
 * run.c - runs the tests of one piece on Windows, each in a process of its own, so that each finds its file's
 * variables as they begin. The cases are those of CREATE, as in -DCREATE=wait_group_cases.
 *
 * A test that calls run or new_folder needs a shell and a compiler. It is left out, and counted as that.
 */
#include "check.h"

#include <process.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

enum { MOST_TESTS = 500, SECONDS = 60, LEFT_OUT = 77, FAILED = 1 };

struct TCase {
    struct test {
        const char *name;
        void (*function)(int);
        int i;
    } tests[MOST_TESTS];
    int count, left_out;
};

static struct TCase all;

TCase *tcase_create(const char *name)
{
    (void)name;
    return &all;
}

void add_tests(TCase *cases, const char *name, void (*test)(int), int first, int end)
{
    for (int i = first; i < end; i++) {
        if (cases->count == MOST_TESTS)
            check_failed(name, i, "too many tests");
        cases->tests[cases->count++] = (struct test){name, test, i};
    }
}

/* Any thread may fail. The process ends at once, with all the others in it. */
void check_failed(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    fflush(stderr);
    _exit(FAILED);
}

/* What cases.h declares, and Windows lacks. */

int run(const char *format, ...);
const char *new_folder(void);
bool is_possible(const char *what, const char *condition);
char printed[1 << 20];

int run(const char *format, ...)
{
    (void)format;
    _exit(LEFT_OUT);
}

const char *new_folder(void)
{
    _exit(LEFT_OUT);
}

bool is_possible(const char *what, const char *condition)
{
    (void)what;
    (void)condition;
    all.left_out++;
    return false;
}

/* The exit status of the test with that number. One that does not end is ended. */
static DWORD status_of(const char *program, int number)
{
    char text[20];
    DWORD status = FAILED;
    snprintf(text, sizeof text, "%d", number);
    intptr_t child = -1; // wine starts nearly all programs, but not all
    for (int tries = 0; child == -1 && tries < 5; tries++)
        child = _spawnl(_P_NOWAIT, program, program, text, NULL);
    if (child == -1) {
        perror(program);
        return FAILED;
    }
    if (WaitForSingleObject((HANDLE)child, SECONDS * 1000) != WAIT_OBJECT_0) {
        TerminateProcess((HANDLE)child, FAILED);
        fprintf(stderr, "no end after %d seconds\n", SECONDS);
    } else {
        GetExitCodeProcess((HANDLE)child, &status);
    }
    CloseHandle((HANDLE)child);
    return status;
}

TCase *CREATE(void);

int main(int argc, char *argv[])
{
    TCase *cases = CREATE();
    if (argc > 1) {
        struct test *test = &cases->tests[atoi(argv[1])];
        // In winpthreads, pthread_cancel can deadlock with a thread that begins, if main has not called this.
        pthread_self();
        test->function(test->i);
        return EXIT_SUCCESS;
    }
    int passed = 0, failed = 0;
    for (int i = 0; i < cases->count; i++) {
        DWORD status = status_of(argv[0], i);
        if (status == LEFT_OUT) {
            cases->left_out++;
        } else if (status == EXIT_SUCCESS) {
            passed++;
        } else {
            failed++;
            fprintf(stderr, "%s (%d) fails with status %lu\n", cases->tests[i].name,
                    cases->tests[i].i, status);
        }
    }
    printf("%d passed, %d left out, %d failed\n", passed, cases->left_out, failed);
    return passed > 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
