/*
 * watch_options.h - the options, as the library in the watched program gets them from the launcher.
 */
#ifndef WATCH_OPTIONS_H
#define WATCH_OPTIONS_H

#include "watch.h"

#include <stdbool.h>

struct watch_options {
    bool ends_asleep, follows, draws_lanes, keeps;
    unsigned int wait_seconds;        // 0: none
    int status;                       // 0: none
    char output[WATCH_LONGEST_PATH];  // file; "": none
    char page[WATCH_LONGEST_PATH];    // the same
    char trace[WATCH_LONGEST_PATH];   // the same
    char program[WATCH_LONGEST_PATH]; // its file; "": not known
};

/*
 * Reads the options from the environment and takes them out of it: the program, and those that it starts, see
 * neither variables nor an open file of lock_watch. With -f they stay. Then a process other than the first
 * has no trace and no page, since those files are for one process only.
 *
 * To be called once, by the library's constructor, while there is one thread.
 */
void watch_options_read(struct watch_options *options);

/* Whether the file of -s names that function. */
bool watch_is_suppressed(const char *function);

#endif
