/*
 * watch_trace.h - the record of a run: what each thread did with mutexes and conditions, and when. At the
 * end it becomes a trace file, or lanes in the terminal.
 *
 * The first MOST_CHUNKS * EVENTS_IN_A_CHUNK events are kept (a million), in memory that is there from the
 * beginning but used only as events come. Later ones are counted.
 */
#ifndef WATCH_TRACE_H
#define WATCH_TRACE_H

#include "watch_graph.h"

#include <stdbool.h>
#include <stdint.h>

enum { EVENTS_IN_A_CHUNK = 64, MOST_CHUNKS = 1 << 14 };

enum watch_event_kind {
    WATCH_START,   // of the thread
    WATCH_WAITS,   // for a mutex
    WATCH_GOT,     // it
    WATCH_GAVE_UP, // did not get it
    WATCH_UNLOCKS,
    WATCH_SLEEPS, // on a condition variable
    WATCH_WAKES,
    WATCH_END,
};

/* Events are recorded from now on; and no longer: that is where the trace ends. */
void watch_trace_begin(void);
void watch_trace_stop(void);

/* `number`: of the mutex, 0 for a condition. Any number of threads at a time. */
void watch_event(struct watch_thread *thread, enum watch_event_kind kind, const void *address,
                 unsigned int number);

uint64_t watch_now(void); // nanoseconds

/*
 * Writes the trace of `program` to that file. Returns 0 or an error number. One thread at a time from
 * here on.
 */
int watch_write_trace(const char *path, const char *program);

/* Prints a lane for each thread. */
void watch_draw_lanes(void);

/* "lock_1" or "mutex 3"; "3 reader". The text stays until the next call but three. */
const char *watch_mutex_name(const void *address, unsigned int number);
const char *watch_thread_name(unsigned int number);

#endif
