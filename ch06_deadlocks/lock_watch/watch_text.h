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

/*
 * The program begins: reports go to that file, at its end; "": to where stderr goes now, whatever the
 * program does with it later.
 */
void watch_text_begin(const char *file);
int watch_descriptor(void); // of reports

/* After fork, in the child, which may become a daemon: no copy of stderr is kept open. */
void watch_text_in_child(void);

/* Prints one line of a report, with "lock_watch: " before it. */
void watch_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* While that is set, watch_say prints nothing. */
extern bool watch_is_silent;

#endif
