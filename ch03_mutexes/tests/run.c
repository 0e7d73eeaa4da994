/*
 * run.c - runs a program the way a person does. See cases.h.
 */
#define _DARWIN_C_SOURCE // for mkdtemp on macOS

#include "cases.h"

#include "must.h"

#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

char printed[1 << 20];

int run(const char *format, ...)
{
    char command[2000] = "PATH=\"$PWD/" OUT ":$PWD/" OUT "/beyond:$PATH\"; exec 2>&1; ",
         *end = command + strlen(command);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(end, sizeof command - strlen(command), format, arguments);
    va_end(arguments);
    ck_assert_int_lt(length, (int)(sizeof command - strlen(command)));

    FILE *pipe = MUST_HAVE(popen(command, "r"));
    size_t size = fread(printed, 1, sizeof printed - 1, pipe);
    printed[size] = '\0';
    int status = pclose(pipe);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static char folder[200];

static void remove_folder(void)
{
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    MUST(system(command));
}

const char *new_folder(void)
{
    strcpy(folder, OUT "/tests/check.XXXXXX");
    MUST_HAVE(mkdtemp(folder));
    atexit(remove_folder);
    return folder;
}

bool is_possible(const char *what, const char *condition)
{
    bool possible = system(condition) == 0;
    // By no stream: what a program may do only before it has used stderr, the tests may do then, too.
    if (!possible)
        dprintf(STDERR_FILENO, "skipped: %s: not here: %s\n", what, condition);
    return possible;
}

int run_cases(int argc, char *argv[], const struct cases *all, int count)
{
    int tests = 0, failed = 0;
    for (int i = 0; i < count; i++) {
        bool wanted = argc == 1;
        for (int k = 1; k < argc; k++)
            wanted = wanted || strcmp(argv[k], all[i].name) == 0;
        if (!wanted)
            continue;
        Suite *suite = suite_create(all[i].name);
        suite_add_tcase(suite, all[i].create());
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        tests += srunner_ntests_run(runner);
        failed += srunner_ntests_failed(runner);
        srunner_free(runner);
    }
    return tests > 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE; // none: no such case
}
