/*
 * lock_watch.c - runs a program and watches its locks: deadlocks, orders that could become one, waits.
 *
 * Original  none; Go's runtime says "all goroutines are asleep - deadlock!" of itself, C's says nothing
 * Build     make lock_watch/lock_watch lock_watch/lock_watch.so
 * Run       lock_watch/lock_watch [-g] [-t trace.json] PROGRAM [ARGUMENT ...]
 *                        any that uses pthreads; -g draws what each thread did; -t writes it to a file
 * Expect    the program runs as always. As soon as threads wait for each other in a cycle, the cycle
 *           is printed, and the program ends with status 86
 * Try       lock_watch/lock_watch ./red_blue; lock_watch/lock_watch -g ./trains hierarchy
 *
 * This is the launcher. It asks the system to load lock_watch.so, which lies beside it, into the program
 * (LD_PRELOAD; on macOS DYLD_INSERT_LIBRARIES), and becomes the program itself. The library's functions
 * are in watch_calls.c.
 */
// With the first of these, glibc's getopt stops at PROGRAM, whose own options follow.
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif

#include "must.h"
#include "watch.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

static const char usage[] = "lock_watch [-g] [-t trace.json] PROGRAM [ARGUMENT ...]";

enum { LONGEST_PATH = 4096 };

static _Noreturn void fail(const char *what, int error, int status)
{
    complain(usage, what, strerror(error));
    exit(status);
}

/* Finds the file of a program by its name, as the shell does. Returns false if there is none. */
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

/* Returns how to name the library in WATCH_PRELOAD. */
static const char *name_of(const char *library)
{
    static char name[100];
    if (strpbrk(library, WATCH_NOT_IN_NAMES) == NULL)
        return library;
    // It stays open in the program, and the library closes it. A temporary link would be left
    // behind by a program that the library is never loaded into.
    int file = open(library, O_RDONLY);
    int high = file < 0 ? -1 : fcntl(file, F_DUPFD, STDERR_FILENO + 1);
    if (high < 0)
        fail(library, errno, 1);
    close(file);
    snprintf(name, sizeof name, WATCH_OPEN_FILE "%d", high);
    if (access(name, R_OK) != 0)
        give_up(usage, library,
                "no name in " WATCH_PRELOAD " may contain any of \"" WATCH_NOT_IN_NAMES "\"");
    return name;
}

/* The library lies beside this program, or beside what a symbolic link to it leads to. */
static void preload_library(const char *own_name)
{
    char own[LONGEST_PATH], library[LONGEST_PATH], list[3 * LONGEST_PATH];
    char *resolved = find_program(own_name, own) ? realpath(own, NULL) : NULL;
    if (resolved == NULL)
        fail(own_name, ENOENT, 1);
    strrchr(resolved, '/')[0] = '\0';
    int length = snprintf(library, sizeof library, "%s/" WATCH_LIBRARY, resolved);
    if (length >= (int)sizeof library)
        fail(resolved, ENAMETOOLONG, 1);
    free(resolved);
    if (access(library, R_OK) != 0)
        fail(library, errno, 1);
    const char *name = name_of(library), *before = getenv(WATCH_PRELOAD);
    bool has_more = before != NULL && before[0] != '\0';
    length =
        snprintf(list, sizeof list, "%s%s%s", name, has_more ? ":" : "", has_more ? before : "");
    if (length >= (int)sizeof list)
        fail(WATCH_PRELOAD, E2BIG, 1);
    if (setenv(WATCH_PRELOAD, list, 1) != 0 || setenv(WATCH_NAME, name, 1) != 0)
        fail(WATCH_PRELOAD, errno, 1);
}

/*
 * A file that cannot be written is reported now. It gets its full name, as the program may change
 * its working directory.
 */
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
    struct option_line options[] = {
        {'g', .flag = &draws_lanes},
        {'t', .text = &trace},
        {0},
    };
    int program = read_options(argc, argv, usage, options, 1, -1);
    unsetenv(WATCH_LANES);
    unsetenv(WATCH_TRACE);
    if (draws_lanes)
        setenv(WATCH_LANES, "", 1);
    if (trace != NULL)
        set_trace(trace);
    set_program(argv[program]);
    preload_library(argv[0]);
    execvp(argv[program], argv + program);
    fail(argv[program], errno, errno == ENOENT ? 127 : 126);
}
