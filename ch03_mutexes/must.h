/*
 * must.h - the one helper of these programs: errors that end them, their arguments, and pauses.
 *
 *   no_arguments(argc, argv, "stingy_spendy");            first in main; also answers -h
 *   MUST(pthread_create(&thread, NULL, run, NULL));       calls that return 0 or an error number
 *   char *line = MUST_HAVE(malloc(size));                 calls that return NULL and set errno
 *   pause_ms(30);                                         lets other threads run meanwhile
 *
 * Unlike assert, none of this vanishes under NDEBUG. Copy the file along with what uses it.
 */
#ifndef MUST_H
#define MUST_H

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Errors. */

#define MUST(call) must((call), #call, __FILE__, __LINE__)
#define MUST_HAVE(call) must_have((call), #call, __FILE__, __LINE__)

/*
 * The lock is not given back: when several threads fail at once, only one of them may call exit.
 */
static inline _Noreturn void must_stop(int error, const char *call, const char *file, int line)
{
    flockfile(stderr);
    fprintf(stderr, "%s:%d: %s: %s\n", file, line, call, strerror(error));
    exit(EXIT_FAILURE);
}

/* Prints file, line, call and reason, and exits with 1, unless `error` is 0. */
static inline void must(int error, const char *call, const char *file, int line)
{
    if (error != 0)
        must_stop(error, call, file, line);
}

/* The same unless `pointer` is not NULL; returns it. */
static inline void *must_have(void *pointer, const char *call, const char *file, int line)
{
    if (pointer == NULL)
        must_stop(errno, call, file, line);
    return pointer;
}

/*
 * Prints "program: what: reason" on stderr. `usage` begins with the program's name, as in
 * "shoelace [FILE]"; only that is printed.
 */
static inline void complain(const char *usage, const char *what, const char *reason)
{
    fprintf(stderr, "%.*s: %s: %s\n", (int)strcspn(usage, " \n"), usage, what, reason);
}

/* The same, and exits with 1. Any thread may call it. */
static inline _Noreturn void give_up(const char *usage, const char *what, const char *reason)
{
    flockfile(stderr);
    complain(usage, what, reason);
    exit(EXIT_FAILURE);
}

/* Time. */

/* Pauses are divided by this, so that tests need not wait: cc -DPACE=20. */
#ifndef PACE
#define PACE 1
#endif

/* Sleeps for so many milliseconds. */
static inline void pause_ms(long milliseconds)
{
    long long nanoseconds = milliseconds * 1000000LL / PACE;
    struct timespec left = {.tv_sec = (time_t)(nanoseconds / 1000000000),
                            .tv_nsec = (long)(nanoseconds % 1000000000)};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

/* Seconds since some moment in the past: subtract two of them. */
static inline double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Arguments. */

/* Prints what is wrong and the usage line, and exits with 2. */
static inline _Noreturn void wrong_usage(const char *usage, const char *what, const char *reason)
{
    complain(usage, what, reason);
    fprintf(stderr, "usage: %s\n", usage);
    exit(2);
}

/* Returns the whole number in `text`, from `least` to `most`; anything else is wrong usage. */
static inline long number_from(const char *text, long least, long most, const char *usage)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if ((!isdigit((unsigned char)text[0]) && text[0] != '-') || *end != '\0' || errno != 0 ||
        number < least || number > most) {
        char reason[100];
        snprintf(reason, sizeof reason, "not a whole number from %ld to %ld", least, most);
        wrong_usage(usage, text, reason);
    }
    return number;
}

/* At exit: what was printed must have arrived. On a full disk it has not. */
static inline void check_output(const char *usage)
{
    static const char *name;
    if (usage != NULL) {
        name = usage;
        return;
    }
    flockfile(stdout); // for good: while exit ends it, threads that still run print no line twice
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return;
    if (errno == 0 && write(STDOUT_FILENO, "", 0) == 0) // it failed before: what is the reason?
        errno = EIO;
    complain(name, "standard output", strerror(errno));
    _exit(EXIT_FAILURE);
}

static inline void check_output_at_exit(void)
{
    check_output(NULL);
}

/* An option: a line of the table that read_options takes. One of the pointers says what -x sets. */
struct option_line {
    char letter;              // 'x'; the last line of a table is {0}
    bool *flag;               // -x        sets it to true
    long *number;             // -x 10     a whole number, from least to most
    long least, most;         //
    const char **text;        // -x text   any text
    int *choice;              // -x word   the index of the word
    const char *const *words; //           among these; NULL ends them
};

static inline void set_option(const struct option_line *line, const char *value, const char *usage)
{
    if (line->flag != NULL)
        *line->flag = true;
    if (line->number != NULL)
        *line->number = number_from(value, line->least, line->most, usage);
    if (line->text != NULL)
        *line->text = value;
    if (line->choice != NULL) {
        for (int i = 0; line->words[i] != NULL; i++) {
            if (strcmp(value, line->words[i]) == 0) {
                *line->choice = i;
                return;
            }
        }
        wrong_usage(usage, value, "no such choice");
    }
}

/*
 * Reads the options of the table (NULL: there are none), and checks that `fewest` to `most` other
 * arguments follow (most -1: any number). Returns the index of the first of those. Answers -h and
 * --help, and exits; what is wrong ends the program with 2. From here on, a program whose output did
 * not arrive says so at its end, and exits with 1.
 *
 *   struct option_line options[] = {
 *       {'m', .flag = &locked},
 *       {'n', .number = &rounds, .least = 1, .most = 1000000},
 *       {0},
 *   };
 *   int first = read_options(argc, argv, "race_condition [-m] [-n rounds]", options, 0, 0);
 */
static inline int read_options(int argc, char *argv[], const char *usage,
                               const struct option_line *table, int fewest, int most)
{
    static const struct option_line none[] = {{0}};
    if (table == NULL)
        table = none;
    char letters[64] = ":h-:", *end = letters + strlen(letters); // -: lets getopt know --help
    for (const struct option_line *line = table; line->letter != '\0'; line++) {
        *end++ = line->letter;
        if (line->flag == NULL)
            *end++ = ':';
    }
    *end = '\0';

    check_output(usage);
    atexit(check_output_at_exit);
    opterr = 0;
    int letter;
    while ((letter = getopt(argc, argv, letters)) != -1) {
        if (letter == 'h' || (letter == '-' && strcmp(optarg, "help") == 0)) {
            printf("usage: %s\n", usage);
            exit(EXIT_SUCCESS);
        }
        char option[] = {'-', (char)(letter == ':' || letter == '?' ? optopt : letter), '\0'};
        if (letter == ':')
            wrong_usage(usage, option, "a value is missing");
        const struct option_line *line = table;
        while (line->letter != '\0' && line->letter != letter)
            line++;
        if (line->letter == '\0')
            wrong_usage(usage, letter == '-' ? argv[optind - 1] : option, "no such option");
        set_option(line, optarg, usage);
    }
    if (argc - optind < fewest)
        wrong_usage(usage, "arguments", "one is missing");
    if (most >= 0 && argc - optind > most)
        wrong_usage(usage, argv[optind + most], "one argument too many");
    return optind;
}

/* For a program that takes no arguments. */
static inline void no_arguments(int argc, char *argv[], const char *usage)
{
    read_options(argc, argv, usage, NULL, 0, 0);
}

/* The only argument of a program, or `standard` if there is none. */
static inline const char *argument_or(const char *standard, int argc, char *argv[],
                                      const char *usage)
{
    int first = read_options(argc, argv, usage, NULL, 0, 1);
    return first < argc ? argv[first] : standard;
}

/* The same for a number of seconds. */
static inline long seconds_or(long standard, int argc, char *argv[], const char *usage)
{
    const char *text = argument_or(NULL, argc, argv, usage);
    return text != NULL ? number_from(text, 0, 86400, usage) : standard;
}

#endif
