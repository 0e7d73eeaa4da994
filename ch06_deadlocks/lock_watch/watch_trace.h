/*
 * watch_trace.h - the record of a run: what each thread did with mutexes and conditions, and when. At the
 * end it becomes a trace file, or lanes in the terminal (watch_lanes.c).
 *
 * The last MOST_CHUNKS * EVENTS_IN_A_CHUNK events are kept (a million), in memory that is there from the
 * beginning but used only as events come. Those before them are counted.
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
    WATCH_LOST, // what it did next came while nothing was recorded
    WATCH_END,
};

/* Events are recorded from now on. */
void watch_trace_begin(void);

/* The same after fork, in the child: the parent's events are forgotten. `self`: the only thread. */
void watch_trace_begin_in_child(struct watch_thread *self);

/*
 * Events are no longer recorded: that is where the trace ends, for now. Calls that show a run come
 * after it, by one thread at a time, while others go on. watch_trace_resume: events are recorded again,
 * if they ever were.
 */
void watch_trace_stop(void);
void watch_trace_resume(void);

/* `number`: of the mutex, 0 for a condition. Any number of threads at a time. */
void watch_event(struct watch_thread *thread, enum watch_event_kind kind, const void *address,
                 unsigned int number);

uint64_t watch_now(void); // nanoseconds

/* Writes the trace of `program` to that file. Returns 0 or an error number. */
int watch_write_trace(const char *path, const char *program);

/* Prints a lane for each thread. */
void watch_draw_lanes(void);

/* ---- what shows a run uses these ---- */

/* What the record covers, and how many events of it have been lost. */
struct watch_window {
    uint64_t from, end; // nanoseconds since the beginning; all events from then to then are kept
    unsigned long lost; // those before
};
struct watch_window watch_trace_window(void);

/* The next thread after that one that has done something, by its number; 0: there is none. */
unsigned int watch_trace_next(unsigned int lane);

struct watch_recorded {
    uint64_t time; // since the beginning
    const void *address;
    unsigned int number;
    enum watch_event_kind kind;
};

/* Calls `take` with the events of the lane, the last `most` of them, in the order of time. */
void watch_trace_each(unsigned int lane, unsigned long most,
                      void (*take)(const struct watch_recorded *, void *), void *context);

enum watch_state {
    WATCH_RUNNING,
    WATCH_HOLDING,
    WATCH_SLEEPING,
    WATCH_WAITING,
    WATCH_UNKNOWN,
    WATCH_STATES
};

/* What a thread is doing between two events. */
struct watch_stretch {
    unsigned int lane;
    enum watch_state state;
    uint64_t from, to;
    unsigned int held_count, held_beyond;  // further ones
    struct watch_recorded held[MOST_HELD]; // each is the one by which it was got
    struct watch_recorded wait;            // what it waits for, or sleeps on
};

/*
 * Calls `take` with each stretch of the lane that lasts longer than nothing. The first one is unknown if
 * events were lost there.
 */
void watch_trace_play(unsigned int lane, void (*take)(const struct watch_stretch *, void *),
                      void *context);

/* "lock_1" or "mutex 3"; "3 reader". The text stays until the next call but three. */
const char *watch_mutex_name(const void *address, unsigned int number);
const char *watch_thread_name(unsigned int number);

#endif
