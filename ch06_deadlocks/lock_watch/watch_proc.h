/*
 * watch_proc.h - what the kernel tells about the threads of this process: the system call of each, how often
 * it has run, its name. Only on Linux; elsewhere there is nothing to be seen.
 */
#ifndef WATCH_PROC_H
#define WATCH_PROC_H

#include "watch_stacks.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

enum { MOST_SLEEPERS = 4096 };

/* A thread, as the kernel sees it. */
struct watch_sleeper {
    int tid;
    long call; // the number of its system call; -1: it runs, or has been stopped
    unsigned long arguments[6];
    unsigned long long switches; // how often it has left a processor
    unsigned long long blocked;  // the signals that it blocks, a bit each
};

/* All threads but the watch's own. The caller has this to itself. */
struct watch_look {
    unsigned int count;
    bool only_asleep; // stop at the first one that does not sleep, which is then at [count]
    struct watch_sleeper sleepers[MOST_SLEEPERS + 1];
};
bool watch_look(struct watch_look *look); // false: it has stopped, or cannot look

/* What was seen of that thread; NULL: nothing. `tid` 0: it is not known. */
const struct watch_sleeper *watch_sleeper_of(const struct watch_look *look, int tid);

/* One thread. False: it has ended. */
bool watch_look_at(struct watch_sleeper *sleeper, int tid);

/* It waits without a deadline, for a futex, or to read or write a pipe. */
bool watch_is_asleep(const struct watch_sleeper *sleeper);
bool watch_is_futex(const struct watch_sleeper *sleeper);

/* What it does, as "reads file 3 (pipe:[123])" or "waits for the futex at 0x…"; stays until the next call. */
const char *watch_sleeper_text(const struct watch_sleeper *sleeper);

/* The name of a thread, which anybody may have changed; "": not known. */
void watch_sleeper_name(int tid, char name[16]);

/* The number of the calling thread (0: the system has none); and that of the watch's own. */
int watch_tid(void);
extern atomic_int watch_own_tid;

/* Reads a small file, without memory from malloc. */
ssize_t watch_read_file(char *text, size_t size, const char *path);

/* The number that follows `name` in a text; 0: there is none. */
unsigned long long watch_number_after(const char *text, const char *name, int base);

/* Calls `take` with each number that names an entry of the folder, until it returns false. */
bool watch_each_number(const char *folder, bool (*take)(int number, void *context), void *context);

#endif
