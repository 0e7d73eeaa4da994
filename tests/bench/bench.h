/*
 * bench.h - measures ways to do the same work side by side, and prints them as a table.
 *
 * The ways take turns, round after round, so that whatever else the machine does slows them all alike. The
 * table has the median of each way, and how many times as fast it is as the first, the plain one. These
 * are figures only: nothing here passes or fails.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>

/* One way to do the work: a function, or else a command for the shell. */
struct way {
    const char *name;
    void (*function)(void *argument, long times); // does the work so many times
    void *argument;
    const char *command; // does it once; what it prints is dropped
    bool prints_seconds; // or else is the time that the work took
    long size;           // of the work, in a row that shows growth
};

/*
 * To be called first. With the argument -q all is done only once and a hundredth of it, to try it out; any
 * other argument is part of the names of the rows to measure, and there are no others then.
 */
void bench_begin(const char *chapter, int argc, char *argv[]);

/* Runs a command before the measurements, as to make their input. Stops the program if it fails. */
void bench_prepare(const char *command);

/* Measures the ways and prints a line for each. Functions do the work `times` times in a run. */
void bench_compare(const char *work, long times, const struct way ways[], int count);

/*
 * Measures a command for growing sizes, which it finds in $n; `prepare` (NULL: nothing) is run before, for
 * each size. A line for each: the time, how many times that of the first one it is, and the peak of memory.
 * Neither should grow faster than the work.
 */
void bench_growth(const char *work, const char *prepare, const char *command, const long sizes[],
                  int count);

/* Starts `threads` threads that call `run`, and waits until all have ended. */
void bench_threads(int threads, void *(*run)(void *argument), void *argument);

#endif
