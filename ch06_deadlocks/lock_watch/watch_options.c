/*
 * watch_options.c - the options, out of the environment. See watch_options.h; watch.h has the protocol.
 * Nothing here allocates memory: the program's own malloc may not be ready yet.
 */
#include "watch_options.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char suppressed[WATCH_LONGEST_LIST];

static void read_text(const char *variable, char *text, size_t size)
{
    const char *value = getenv(variable);
    snprintf(text, size, "%s", value != NULL ? value : "");
}

/* Anything but a positive number counts as 0: not set. */
static int read_number(const char *variable)
{
    const char *value = getenv(variable);
    long number = value != NULL ? strtol(value, NULL, 10) : 0;
    return number > 0 && number <= INT_MAX ? (int)number : 0;
}

/* With -f this may not be the program that the launcher started. */
static void find_program(char path[WATCH_LONGEST_PATH])
{
    ssize_t size = readlink("/proc/self/exe", path, WATCH_LONGEST_PATH - 1);
    if (size > 0)
        path[size] = '\0';
    else
        read_text(WATCH_PROGRAM, path, WATCH_LONGEST_PATH);
}

static bool is_own_name(const char *name, size_t size)
{
    const char *own = getenv(WATCH_NAME);
    size_t length = strlen(WATCH_LIBRARY);
    return (own != NULL && size == strlen(own) && strncmp(name, own, size) == 0) ||
           (size >= length && strncmp(name + size - length, WATCH_LIBRARY, length) == 0);
}

/* Takes the library's own name out of the list of libraries, in place: what stays is never longer. */
static void leave_list(void)
{
    char *list = getenv(WATCH_PRELOAD), *end = list;
    if (list == NULL)
        return;
    for (const char *at = list; *at != '\0'; at += strspn(at, WATCH_SEPARATORS)) {
        size_t size = strcspn(at, WATCH_SEPARATORS);
        if (size > 0 && !is_own_name(at, size)) {
            if (end > list)
                *end++ = ':';
            memmove(end, at, size);
            end += size;
        }
        at += size;
    }
    *end = '\0';
    if (end == list)
        unsetenv(WATCH_PRELOAD);
}

static void leave_asan_options(void)
{
    char *value = getenv(WATCH_ASAN_OPTIONS);
    size_t length = strlen(WATCH_ASAN_ALLOWS);
    if (value == NULL || strncmp(value, WATCH_ASAN_ALLOWS, length) != 0)
        return;
    memmove(value, value + length, strlen(value + length) + 1);
    if (value[0] == '\0')
        unsetenv(WATCH_ASAN_OPTIONS);
}

/* What gave the library its name is not needed any more, now that it is loaded. */
static void leave_environment(void)
{
    static const char *const variables[] = {WATCH_VARIABLES};
    const char *own = getenv(WATCH_NAME), *link = getenv(WATCH_LINK);
    leave_list();
    leave_asan_options();
    if (own != NULL && strncmp(own, WATCH_OPEN_FILE, strlen(WATCH_OPEN_FILE)) == 0)
        close(atoi(own + strlen(WATCH_OPEN_FILE)));
    if (link != NULL)
        unlink(link);
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
}

void watch_options_read(struct watch_options *options)
{
    options->ends_asleep = read_number(WATCH_ASLEEP) != 0;
    options->follows = read_number(WATCH_FOLLOWS) != 0;
    options->draws_lanes = read_number(WATCH_LANES) != 0;
    options->keeps = read_number(WATCH_KEEPS) != 0;
    options->wait_seconds = (unsigned int)read_number(WATCH_WAIT);
    options->status = read_number(WATCH_STATUS);
    read_text(WATCH_OUTPUT, options->output, sizeof options->output);
    read_text(WATCH_SUPPRESSED, suppressed, sizeof suppressed);
    find_program(options->program);
    if (read_number(WATCH_PROCESS) == (int)getpid()) {
        read_text(WATCH_PAGE, options->page, sizeof options->page);
        read_text(WATCH_TRACE, options->trace, sizeof options->trace);
    }
    if (!options->follows)
        leave_environment();
}

bool watch_is_suppressed(const char *function)
{
    size_t length = strlen(function);
    for (const char *name = suppressed; *name != '\0'; name += strspn(name, "\n")) {
        size_t size = strcspn(name, "\n");
        if (size == length && strncmp(name, function, size) == 0)
            return true;
        name += size;
    }
    return false;
}
