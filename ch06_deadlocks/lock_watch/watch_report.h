/*
 * watch_report.h - what lock_watch prints: a deadlock, orders that could become one, and where time was
 * spent waiting. One thread at a time.
 */
#ifndef WATCH_REPORT_H
#define WATCH_REPORT_H

#include "watch_graph.h"

struct watch_options {
    bool draws_lanes;
    char trace[4096];   // file; "": none
    char program[4096]; // its file; "": not known
};

/*
 * Prints all that there is to be said at the end of the run, and writes the trace. `stuck`: a thread
 * in a cycle of that many threads; NULL: there is none. Under the graph's lock.
 */
void watch_report(const struct watch_options *options, const struct watch_thread *stuck,
                  unsigned int length);

#endif
