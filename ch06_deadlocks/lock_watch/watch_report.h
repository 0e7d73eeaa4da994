/*
 * watch_report.h - what lock_watch prints: a deadlock, what all threads wait for, lock orders that could
 * become a deadlock, and where time was spent waiting.
 */
#ifndef WATCH_REPORT_H
#define WATCH_REPORT_H

#include "watch_graph.h"
#include "watch_options.h"

enum watch_news {
    NEWS_CYCLE,   // of those threads, each waits for the next one
    NEWS_IN_VAIN, // those wait for locks that nobody will unlock
    NEWS_LATE,    // it seems so, but the program may unlock them from another thread
    NEWS_ASLEEP,  // all threads
    NEWS_DUMP,    // somebody has asked
    NEWS_LAST,    // the program ends
};

/*
 * Prints the news, and writes trace and page. If the news ends the program, also prints what belongs to the
 * end of a run. Returns whether anything was said about the program's threads (a warning, a deadlock): the
 * user may have asked to hear nothing about some functions. One thread at a time, under the graph's lock.
 */
bool watch_report(const struct watch_options *options, enum watch_news news,
                  struct watch_thread *const threads[], unsigned int count);

/* Whether the user wants to hear nothing about a function in that stack; asks for all its names. */
bool watch_names_suppressed(const struct watch_stack *stack);

#endif
