/*
 * watch.h - what the launcher, lock_watch, and the library in the watched program, lock_watch.so, agree
 * upon.
 */
#ifndef WATCH_H
#define WATCH_H

/* What a program ends with that has run into a deadlock. */
enum { WATCH_DEADLOCK = 86 };

/* The library lies in the same folder as the launcher. */
#define WATCH_LIBRARY "lock_watch.so"

/*
 * The variable that asks the system to load it, and what separates the names in it. No name may contain
 * those, nor a $ on Linux. Where the path of the library does, the launcher opens it, and its name is
 * that of the open file.
 */
#ifdef __APPLE__
#define WATCH_PRELOAD "DYLD_INSERT_LIBRARIES"
#define WATCH_SEPARATORS ":"
#define WATCH_NOT_IN_NAMES ":"
#else
#define WATCH_PRELOAD "LD_PRELOAD"
#define WATCH_SEPARATORS " :"
#define WATCH_NOT_IN_NAMES " :$"
#endif
#define WATCH_OPEN_FILE "/proc/self/fd/"

/* The name by which the library stands in that variable. */
#define WATCH_NAME "LOCK_WATCH_NAME"

/* The options. The library takes all of these out of the environment before main begins. */
#define WATCH_LANES "LOCK_WATCH_LANES"     // set: -g
#define WATCH_TRACE "LOCK_WATCH_TRACE"     // the file of -t, by its full name
#define WATCH_PROGRAM "LOCK_WATCH_PROGRAM" // the file of the program, by its full name

#endif
