/*
 * watch_text.h - what is printed and written at the end, without stdio or memory allocation: a thread
 * that is stuck may hold their locks.
 *
 * One thread at a time.
 */
#ifndef WATCH_TEXT_H
#define WATCH_TEXT_H

#include <stdbool.h>

/* A file to write to, and what has not been written yet. */
struct watch_output {
    int descriptor;
    int error; // the first one; nothing more is written then
    unsigned int size;
    char text[1 << 13];
};

/* Adds text made like printf's. At most 999 characters at a time. */
void watch_add(struct watch_output *output, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Adds text between quotation marks, as JSON wants it. */
void watch_add_quoted(struct watch_output *output, const char *text);
void watch_flush(struct watch_output *output);

/* Prints one line on stderr, with "lock_watch: " before it. */
void watch_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* While that is set, watch_say prints nothing. */
extern bool watch_is_silent;

#endif
