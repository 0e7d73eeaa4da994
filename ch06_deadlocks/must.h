/*
 * must.h - the one helper: stop with a clear message when there is no way to go on.
 *
 *   MUST(pthread_create(&thread, NULL, run, NULL));      calls that return 0 or an error number
 *   char *line = MUST_HAVE(malloc(size));                calls that return NULL and set errno
 *   long threads = number_from(optarg, 1, 1000, usage);  arguments
 *
 * Unlike assert, none of this vanishes under NDEBUG. Copy the file along with what uses it.
 */
#ifndef MUST_H
#define MUST_H

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(call) must((call), #call, __FILE__, __LINE__)
#define MUST_HAVE(call) must_have((call), #call, __FILE__, __LINE__)

static inline _Noreturn void must_stop(int error, const char *call, const char *file, int line)
{
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
 * The usage line begins with "usage: PROGRAM ". The next calls take it, so that all that a program
 * says of its arguments stands in one place.
 */
static inline void complain(const char *usage, const char *what, const char *reason)
{
    const char *program = usage + strlen("usage: ");
    fprintf(stderr, "%.*s: %s: %s\n", (int)strcspn(program, " \n"), program, what, reason);
}

/*
 * What main returns at its end: `status`, or EXIT_FAILURE if not all that was printed has arrived, as
 * on a full disk.
 */
static inline int finish_output(int status, const char *usage)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    complain(usage, "standard output", strerror(errno != 0 ? errno : EIO));
    return EXIT_FAILURE;
}

/* For -h prints the usage on stdout; for all else on stderr. Returns what main returns then. */
static inline int show_usage(int option, const char *usage)
{
    fputs(usage, option == 'h' ? stdout : stderr);
    return option == 'h' ? finish_output(EXIT_SUCCESS, usage) : 2;
}

/* Prints what is wrong and the usage line, and exits with 2. */
static inline _Noreturn void wrong_usage(const char *what, const char *reason, const char *usage)
{
    complain(usage, what, reason);
    exit(show_usage('?', usage));
}

/* The whole number that `text` is, from `least` to `most`; anything else is wrong usage. */
static inline long number_from(const char *text, long least, long most, const char *usage)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if ((!isdigit((unsigned char)text[0]) && text[0] != '-') || *end != '\0' || errno != 0 ||
        number < least || number > most) {
        char reason[100];
        snprintf(reason, sizeof reason, "not a whole number from %ld to %ld", least, most);
        wrong_usage(text, reason, usage);
    }
    return number;
}

#endif
