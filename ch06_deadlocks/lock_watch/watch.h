/*
 * watch.h - what the launcher (lock_watch) and the library in the watched program (lock_watch.so) agree upon.
 */
#ifndef WATCH_H
#define WATCH_H

/* The exit status of a program that has run into a deadlock. */
enum { WATCH_DEADLOCK = 86 };

/* The library and the page of -p lie in the same folder as the launcher. */
#define WATCH_LIBRARY "lock_watch.so"
#define WATCH_PAGE_FILE "page.html"

/*
 * The variable that asks the system to load the library, and the characters that separate the names in it. No
 * name may contain one of those, nor a $ on Linux. If the library's path does, the launcher opens the library
 * and uses the name of the open file; where open files have no names, that of a symbolic link.
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

/*
 * The options. The library takes all of these out of the environment before main begins; with -f they stay,
 * for the programs that this one starts. Flags are numbers; a variable that is not set counts as 0. Files
 * have their full path.
 */
#define WATCH_ASLEEP "LOCK_WATCH_ASLEEP"   // -e
#define WATCH_FOLLOWS "LOCK_WATCH_FOLLOWS" // -f
#define WATCH_LANES "LOCK_WATCH_LANES"     // -g
#define WATCH_KEEPS "LOCK_WATCH_KEEPS"     // -k
#define WATCH_OUTPUT "LOCK_WATCH_OUTPUT"   // -o FILE
#define WATCH_PAGE "LOCK_WATCH_PAGE"       // -p FILE, which begins with page.html already
#define WATCH_SUPPRESSED                                                                           \
    "LOCK_WATCH_SUPPRESSED"                // -s: the names in the file, each ended by a newline
#define WATCH_TRACE "LOCK_WATCH_TRACE"     // -t FILE
#define WATCH_WAIT "LOCK_WATCH_WAIT"       // -w SECONDS
#define WATCH_STATUS "LOCK_WATCH_STATUS"   // -x STATUS
#define WATCH_PROGRAM "LOCK_WATCH_PROGRAM" // the file of the program
#define WATCH_PROCESS "LOCK_WATCH_PROCESS" // its process; no trace or page shows what others do
#define WATCH_LINK "LOCK_WATCH_LINK"       // a symbolic link to the library, which removes it

#define WATCH_VARIABLES                                                                            \
    WATCH_NAME, WATCH_ASLEEP, WATCH_FOLLOWS, WATCH_LANES, WATCH_KEEPS, WATCH_OUTPUT, WATCH_PAGE,   \
        WATCH_SUPPRESSED, WATCH_TRACE, WATCH_WAIT, WATCH_STATUS, WATCH_PROGRAM, WATCH_PROCESS,     \
        WATCH_LINK

/*
 * gcc's AddressSanitizer ends a program that has another library before its own, unless this stands in its
 * options. It has read them by the time that the library takes this out again.
 */
#define WATCH_ASAN_OPTIONS "ASAN_OPTIONS"
#define WATCH_ASAN_ALLOWS "verify_asan_link_order=0:"

/* How long a path and the list of suppressed names may be, each with the zero at its end. */
enum { WATCH_LONGEST_PATH = 4096, WATCH_LONGEST_LIST = 1 << 14 };

#endif
