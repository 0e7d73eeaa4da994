/*
 * run.c - runs a program the way a person does. See cases.h.
 */
#include "cases.h"

#include "../must.h"

#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

char printed[1 << 20];

int run(const char *format, ...)
{
    char command[2000] = "PATH=\"$PWD/" OUT ":$PATH\"; exec 2>&1; ",
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
    if (!possible && getenv("CK_RUN_CASE") == NULL)
        dprintf(STDERR_FILENO, "skipped: %s: not here: %s\n", what, condition);
    return possible;
}
