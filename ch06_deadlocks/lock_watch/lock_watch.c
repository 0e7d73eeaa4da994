/*
 * lock_watch.c - runs a program and watches its locks: deadlocks, orders that could become one, waits.
 *
 * Original  none; Go's runtime says "all goroutines are asleep - deadlock!" of itself, C's says nothing
 * Build     make lock_watch/lock_watch lock_watch/lock_watch.so
 * Run       lock_watch/lock_watch [-efgk] [-o FILE] [-p report.html] [-s FILE] [-t trace.json]
 *                        [-w SECONDS] [-x STATUS] PROGRAM [ARGUMENT ...]
 *                        any that uses pthreads; its options come after its name
 *             -e  end with 86 also if all threads are asleep, though another process might wake one
 *             -f  watch the programs that it starts, too
 *             -g  draw what each thread did
 *             -k  keep a program that is stuck, for a debugger
 *             -o  append what there is to be said to the file, instead of stderr
 *             -p  write a page with all of it, for a browser
 *             -s  leave out what happened in one of these functions: a name a line, # for comments
 *             -t  write what each thread did, for a trace viewer
 *             -w  tell what every thread does as soon as one has waited for so long
 *             -x  exit with that status if there were warnings
 * Expect    the program runs as always. As soon as threads wait for each other in a cycle, the cycle
 *           is printed, and the program ends with status 86
 * Try       lock_watch/lock_watch ./red_blue; lock_watch/lock_watch -g ./trains hierarchy
 *
 * This is the launcher. It asks the system to load lock_watch.so, which lies beside it, into the program
 * (LD_PRELOAD; on macOS DYLD_INSERT_LIBRARIES), and becomes the program itself. The library's functions
 * are in watch_locks.c and watch_waits.c.
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
#include "why_not.h"

#include <fcntl.h>
#include <sys/stat.h>

static const char usage[] =
    "lock_watch [-efgk] [-o FILE] [-p report.html] [-s FILE] [-t trace.json]\n"
    "                  [-w SECONDS] [-x STATUS] PROGRAM [ARGUMENT ...]";

/* Open files have low numbers; a script may choose some more for its own. */
enum { HIGH_NUMBER = 200 };

static _Noreturn void fail(const char *what, int error, int status)
{
    complain(usage, what, strerror(error));
    exit(status);
}

/* Finds the file of a program by its name, as the shell does. Returns false if there is none. */
static bool find_program(const char *name, char path[WATCH_LONGEST_PATH])
{
    struct stat file;
    const char *folders = getenv("PATH");
    if (strchr(name, '/') != NULL)
        return snprintf(path, WATCH_LONGEST_PATH, "%s", name) < WATCH_LONGEST_PATH;
    while (folders != NULL) {
        size_t length = strcspn(folders, ":");
        int size = snprintf(path, WATCH_LONGEST_PATH, "%.*s/%s", length > 0 ? (int)length : 1,
                            length > 0 ? folders : ".", name);
        if (size < WATCH_LONGEST_PATH && access(path, X_OK) == 0 && stat(path, &file) == 0 &&
            S_ISREG(file.st_mode))
            return true;
        folders = folders[length] == ':' ? folders + length + 1 : NULL;
    }
    return false;
}

/* The path of a file that lies beside this program, or beside what a symbolic link to it leads to. */
static void find_beside(const char *own_name, const char *file, char path[WATCH_LONGEST_PATH])
{
    char own[WATCH_LONGEST_PATH];
    char *resolved = find_program(own_name, own) ? realpath(own, NULL) : NULL;
    if (resolved == NULL)
        fail(own_name, ENOENT, 1);
    strrchr(resolved, '/')[0] = '\0';
    if (snprintf(path, WATCH_LONGEST_PATH, "%s/%s", resolved, file) >= WATCH_LONGEST_PATH)
        fail(resolved, ENAMETOOLONG, 1);
    free(resolved);
    if (access(path, R_OK) != 0)
        fail(path, errno, 1);
}

/* Sets a variable for the library; NULL: removes it. */
static void tell(const char *variable, const char *value)
{
    if ((value == NULL ? unsetenv(variable) : setenv(variable, value, 1)) != 0)
        fail(variable, errno, 1);
}

static void tell_number(const char *variable, long number)
{
    char text[30];
    snprintf(text, sizeof text, "%ld", number);
    tell(variable, number == 0 ? NULL : text);
}

/*
 * Opens a file that the library will write, so that an error is reported now. The library gets the full path,
 * as the program may change its working directory.
 */
static FILE *create(const char *file, const char *mode, const char *variable)
{
    char path[WATCH_LONGEST_PATH] = "";
    FILE *stream = fopen(file, mode);
    if (stream == NULL || (file[0] != '/' && getcwd(path, sizeof path) == NULL))
        fail(file, errno, 1);
    size_t length = strlen(path), left = sizeof path - length;
    if (snprintf(path + length, left, "%s%s", length > 0 ? "/" : "", file) >= (int)left)
        fail(file, ENAMETOOLONG, 1);
    tell(variable, path);
    return stream;
}

static void create_trace(const char *file)
{
    if (fclose(create(file, "w", WATCH_TRACE)) != 0)
        fail(file, errno, 1);
}

/* A copy of the empty page. The library adds what it has to show. */
static void create_page(const char *file, const char *empty_page)
{
    int letter;
    FILE *from = fopen(empty_page, "r");
    if (from == NULL)
        fail(empty_page, errno, 1);
    FILE *to = create(file, "w", WATCH_PAGE);
    while ((letter = getc(from)) != EOF && putc(letter, to) != EOF)
        ;
    if (ferror(from))
        fail(empty_page, errno, 1);
    if (fclose(to) != 0)
        fail(file, errno, 1);
    fclose(from);
}

/* Hands on the names in a file: one a line, as it stands there, without the space around it. */
static void tell_suppressed(const char *file)
{
    static char list[WATCH_LONGEST_LIST], line[WATCH_LONGEST_LIST];
    size_t used = 0;
    FILE *names = fopen(file, "r");
    if (names == NULL)
        fail(file, errno, 1);
    while (fgets(line, sizeof line, names) != NULL) {
        const char *name = line + strspn(line, " \t");
        size_t length = strcspn(name, "\r\n");
        while (length > 0 && (name[length - 1] == ' ' || name[length - 1] == '\t'))
            length--;
        if (length == 0 || name[0] == '#')
            continue;
        if (length >= sizeof list - used - 1)
            fail(file, EFBIG, 1);
        used += (size_t)sprintf(list + used, "%.*s\n", (int)length, name);
    }
    if (ferror(names))
        fail(file, errno, 1);
    fclose(names);
    tell(WATCH_SUPPRESSED, list);
}

/* For systems where open files have no names. The library removes the link. */
static void make_link(const char *library, char name[WATCH_LONGEST_PATH])
{
    const char *folder = getenv("TMPDIR");
    if (folder == NULL || folder[0] != '/' || strlen(folder) > WATCH_LONGEST_PATH / 2 ||
        strpbrk(folder, WATCH_NOT_IN_NAMES) != NULL)
        folder = "/tmp";
    int tries = 0;
    do {
        snprintf(name, WATCH_LONGEST_PATH, "%s/lock_watch.%ld.%d", folder, (long)getpid(), tries);
        errno = 0;
    } while (symlink(library, name) != 0 && errno == EEXIST && ++tries < 1000);
    if (errno != 0)
        fail(name, errno, 1);
    tell(WATCH_LINK, name);
}

/* How to name the library in WATCH_PRELOAD. */
static void name_library(const char *library, bool follows, char name[WATCH_LONGEST_PATH])
{
    strcpy(name, library);
    if (strpbrk(library, WATCH_NOT_IN_NAMES) == NULL)
        return;
    // The program inherits the open file, and the library closes it. (A link would be left behind if the
    // library were never loaded.) With -f the file stays open to the end: the programs that this one starts
    // find it here, since they may be started without its files.
    int file = open(library, O_RDONLY);
    int high = file < 0 ? -1 : fcntl(file, F_DUPFD, HIGH_NUMBER);
    if (file >= 0 && high < 0)
        high = fcntl(file, F_DUPFD, STDERR_FILENO + 1);
    if (high < 0)
        fail(library, errno, 1);
    close(file);
    if (follows)
        snprintf(name, WATCH_LONGEST_PATH, "/proc/%ld/fd/%d", (long)getpid(), high);
    else
        snprintf(name, WATCH_LONGEST_PATH, WATCH_OPEN_FILE "%d", high);
    if (access(name, R_OK) == 0)
        return;
    close(high);
    if (follows)
        give_up(usage, library,
                "with -f, no name in " WATCH_PRELOAD " may contain any of \"" WATCH_NOT_IN_NAMES
                "\"");
    make_link(library, name);
}

/* Puts `first` in front of what a variable has already. */
static void put_before(const char *variable, const char *first, const char *separator)
{
    char list[3 * WATCH_LONGEST_PATH];
    const char *before = getenv(variable);
    if (before == NULL || before[0] == '\0')
        before = separator = "";
    if (snprintf(list, sizeof list, "%s%s%s", first, separator, before) >= (int)sizeof list)
        fail(variable, E2BIG, 1);
    tell(variable, list);
}

static void preload(const char *library, bool follows)
{
    char name[WATCH_LONGEST_PATH];
    name_library(library, follows, name);
    put_before(WATCH_PRELOAD, name, ":");
    tell(WATCH_NAME, name);
    put_before(WATCH_ASAN_OPTIONS, WATCH_ASAN_ALLOWS, "");
}

/* Sees to it that the program will be watched, or says why it will not. */
static void prepare(const char *program, const char *library, bool follows, FILE *report)
{
    char found[WATCH_LONGEST_PATH];
    if (!find_program(program, found) || access(found, X_OK) != 0)
        return; // exec tells what is wrong
    char *path = realpath(found, NULL);
    tell(WATCH_PROGRAM, path); // without it there are just fewer names in the report
    free(path);
    tell_number(WATCH_PROCESS, (long)getpid()); // exec will not change it
    if (can_be_watched(found, library, follows, report))
        preload(library, follows);
}

int main(int argc, char *argv[])
{
    static const char *const variables[] = {WATCH_VARIABLES};
    bool ends_asleep = false, follows = false, draws_lanes = false, keeps = false;
    long seconds_of_wait = 0, status = 0;
    const char *output = NULL, *page = NULL, *suppressed = NULL, *trace = NULL;
    struct option_line options[] = {
        {'e', .flag = &ends_asleep},
        {'f', .flag = &follows},
        {'g', .flag = &draws_lanes},
        {'k', .flag = &keeps},
        {'o', .text = &output},
        {'p', .text = &page},
        {'s', .text = &suppressed},
        {'t', .text = &trace},
        {'w', .number = &seconds_of_wait, .least = 1, .most = 86400},
        {'x', .number = &status, .least = 1, .most = 255},
        {0},
    };
    char library[WATCH_LONGEST_PATH], empty_page[WATCH_LONGEST_PATH];
    int program = read_options(argc, argv, usage, options, 1, -1);
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        tell(variables[i], NULL); // left by another lock_watch that runs this one
    find_beside(argv[0], WATCH_LIBRARY, library);
    tell_number(WATCH_ASLEEP, ends_asleep);
    tell_number(WATCH_FOLLOWS, follows);
    tell_number(WATCH_LANES, draws_lanes);
    tell_number(WATCH_KEEPS, keeps);
    tell_number(WATCH_WAIT, seconds_of_wait);
    tell_number(WATCH_STATUS, status);
    if (suppressed != NULL)
        tell_suppressed(suppressed);
    if (trace != NULL)
        create_trace(trace);
    if (page != NULL) {
        find_beside(argv[0], WATCH_PAGE_FILE, empty_page);
        create_page(page, empty_page);
    }
    FILE *report = output != NULL ? create(output, "a", WATCH_OUTPUT) : stderr;
    prepare(argv[program], library, follows, report);
    if (output != NULL && fclose(report) != 0)
        fail(output, errno, 1);

    execvp(argv[program], argv + program);
    int error = errno;
    if (getenv(WATCH_LINK) != NULL)
        unlink(getenv(WATCH_LINK));
    fail(argv[program], error, error == ENOENT ? 127 : 126);
}
