/*
 * lock_watch.c - runs a program and watches its locks: deadlocks, orders that could become one, waits.
 *
 * Original  none; Go's runtime says "all goroutines are asleep - deadlock!" of itself, C's says nothing
 * Run       ./lock_watch [-g] [-t trace.json] PROGRAM [ARGUMENT...]      any that uses pthreads
 *                        -g draws what each thread did; -t writes it to a file for a trace viewer
 * Expect    the program runs as always. As soon as threads wait for each other in a cycle, the cycle
 *           is printed, and the program ends with status 86
 * Try       ./lock_watch ./red_blue; ./lock_watch -g ./trains -x 10 hierarchy
 * Compare   watch_graph.c (how a deadlock is found); gdb -p and `thread apply all backtrace` (by hand)
 *
 * This is the launcher. It asks the system to load lock_watch.so, which lies beside it, into the program
 * (LD_PRELOAD; on macOS DYLD_INSERT_LIBRARIES), and becomes the program itself. The library's functions
 * stand in watch_calls.c.
 */
#include "must.h"
#include "watch.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] = "usage: lock_watch [-g] [-t trace.json] PROGRAM [ARGUMENT...]\n";

enum { LONGEST_PATH = 4096 };

static _Noreturn void fail(const char *what, int error, int status)
{
    complain(usage, what, strerror(error));
    exit(status);
}

/* Where a program lies that was called by this name, as the shell finds it. False: nowhere. */
static bool find_program(const char *name, char path[LONGEST_PATH])
{
    struct stat file;
    const char *folders = getenv("PATH");
    if (strchr(name, '/') != NULL)
        return snprintf(path, LONGEST_PATH, "%s", name) < LONGEST_PATH;
    while (folders != NULL) {
        size_t length = strcspn(folders, ":");
        int size = snprintf(path, LONGEST_PATH, "%.*s/%s", length > 0 ? (int)length : 1,
                            length > 0 ? folders : ".", name);
        if (size < LONGEST_PATH && access(path, X_OK) == 0 && stat(path, &file) == 0 &&
            S_ISREG(file.st_mode))
            return true;
        folders = folders[length] == ':' ? folders + length + 1 : NULL;
    }
    return false;
}

/* The library lies beside this program, or beside what a symbolic link to it leads to. */
static void preload_library(const char *own_name)
{
    char own[LONGEST_PATH], list[3 * LONGEST_PATH];
    char *resolved = find_program(own_name, own) ? realpath(own, NULL) : NULL;
    if (resolved == NULL)
        fail(own_name, ENOENT, 1);
    char *slash = strrchr(resolved, '/');
    slash[0] = '\0';
    const char *before = getenv(WATCH_PRELOAD);
    bool has_more = before != NULL && before[0] != '\0';
    int length = snprintf(list, sizeof list, "%s/" WATCH_LIBRARY, resolved);
    if (length >= (int)sizeof list || access(list, R_OK) != 0)
        fail(list, errno, 1);
    if (strpbrk(list, WATCH_SEPARATORS) != NULL) {
        complain(usage, list, "in " WATCH_PRELOAD " no name may contain a space or a colon");
        exit(1);
    }
    if (has_more)
        length += snprintf(list + length, sizeof list - (size_t)length, ":%s", before);
    if (length >= (int)sizeof list)
        fail(WATCH_PRELOAD, E2BIG, 1);
    if (setenv(WATCH_PRELOAD, list, 1) != 0)
        fail(WATCH_PRELOAD, errno, 1);
    free(resolved);
}

/* A file that cannot be written shall be known now. By its full name: the program may go elsewhere. */
static void set_trace(const char *file)
{
    int descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    char *path = descriptor < 0 ? NULL : realpath(file, NULL);
    if (path == NULL || setenv(WATCH_TRACE, path, 1) != 0)
        fail(file, errno, 1);
    close(descriptor);
    free(path);
}

static void set_program(const char *name)
{
    char found[LONGEST_PATH];
    char *path = find_program(name, found) ? realpath(found, NULL) : NULL;
    if (path != NULL)
        setenv(WATCH_PROGRAM, path, 1); // without it there are just fewer names in the report
    free(path);
}

int main(int argc, char *argv[])
{
    bool draws_lanes = false;
    const char *trace = NULL;
    int option;
    unsetenv(WATCH_LANES);
    unsetenv(WATCH_TRACE);
    // What follows PROGRAM is its own. POSIX says so; GNU's getopt wants a plus sign to believe it.
    while ((option = getopt(argc, argv, "+gt:h")) != -1) {
        switch (option) {
        case 'g':
            draws_lanes = true;
            break;
        case 't':
            trace = optarg;
            break;
        default:
            return show_usage(option, usage);
        }
    }
    if (optind == argc)
        return show_usage('?', usage);
    if (draws_lanes)
        setenv(WATCH_LANES, "", 1);
    if (trace != NULL)
        set_trace(trace);
    set_program(argv[optind]);
    preload_library(argv[0]);
    execvp(argv[optind], argv + optind);
    fail(argv[optind], errno, errno == ENOENT ? 127 : 126);
}
