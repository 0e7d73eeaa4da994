/*
 * watch_proc.c - what Linux tells about threads, in /proc. See watch_proc.h.
 */
#define _GNU_SOURCE // syscall
#include "watch_proc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <fcntl.h>
#include <sys/syscall.h>

/* From linux/futex.h, which not every libc finds. */
enum { FUTEX_WAIT = 0, FUTEX_LOCK_PI = 6, FUTEX_WAIT_BITSET = 9, FUTEX_WAIT_REQUEUE_PI = 11 };
enum { FUTEX_FLAGS = 128 | 256 }; // private; the clock

atomic_int watch_own_tid;

int watch_tid(void)
{
    return (int)syscall(SYS_gettid);
}

/* ---- reading /proc, without memory from malloc, whose lock a sleeper may hold ---- */

ssize_t watch_read_file(char *text, size_t size, const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? -1 : read(file, text, size - 1);
    if (file >= 0)
        close(file);
    text[got > 0 ? got : 0] = '\0';
    return got;
}

static ssize_t read_task_file(char *text, size_t size, int tid, const char *name)
{
    char path[100];
    snprintf(path, sizeof path, "/proc/self/task/%d/%s", tid, name);
    return watch_read_file(text, size, path);
}

bool watch_each_number(const char *folder, bool (*take)(int number, void *context), void *context)
{
    char entries[4096] __attribute__((aligned(8)));
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool goes_on = file >= 0;
    long size;
    while (goes_on && (size = syscall(SYS_getdents64, file, entries, sizeof entries)) > 0) {
        // struct linux_dirent64: inode, offset (8 bytes each), length (2), type (1), name
        for (char *entry = entries; goes_on && entry < entries + size;) {
            unsigned short length;
            memcpy(&length, entry + 16, sizeof length);
            int number = atoi(entry + 19);
            goes_on = number == 0 || take(number, context);
            entry += length;
        }
    }
    if (file >= 0)
        close(file);
    return goes_on;
}

void watch_sleeper_name(int tid, char name[16])
{
    char text[64];
    read_task_file(text, sizeof text, tid, "comm");
    text[strcspn(text, "\n")] = '\0';
    snprintf(name, 16, "%.15s", text);
}

unsigned long long watch_number_after(const char *text, const char *name, int base)
{
    const char *found = strstr(text, name);
    return found == NULL ? 0 : strtoull(found + strlen(name), NULL, base);
}

bool watch_look_at(struct watch_sleeper *sleeper, int tid)
{
    char text[2048];
    *sleeper = (struct watch_sleeper){.tid = tid, .call = -1};
    if (read_task_file(text, sizeof text, tid, "status") <= 0)
        return false;
    const char *state = strstr(text, "State:\t");
    if (state != NULL && (state[7] == 'Z' || state[7] == 'X'))
        return false;
    sleeper->switches = watch_number_after(text, "\nvoluntary_ctxt_switches:", 10) +
                        watch_number_after(text, "nonvoluntary_ctxt_switches:", 10);
    sleeper->blocked = watch_number_after(text, "SigBlk:", 16);
    if (read_task_file(text, sizeof text, tid, "syscall") <= 0)
        return true;
    unsigned long *a = sleeper->arguments;
    if (sscanf(text, "%ld %lx %lx %lx %lx %lx %lx", &sleeper->call, &a[0], &a[1], &a[2], &a[3],
               &a[4], &a[5]) < 7)
        sleeper->call = -1;
    return true;
}

static bool take_sleeper(int tid, void *context)
{
    struct watch_look *look = context;
    struct watch_sleeper *sleeper = &look->sleepers[look->count];
    if (tid == watch_own_tid || !watch_look_at(sleeper, tid))
        return true;
    if (look->only_asleep && !watch_is_asleep(sleeper))
        return false;
    return ++look->count < MOST_SLEEPERS;
}

bool watch_look(struct watch_look *look)
{
    look->count = 0;
    return watch_each_number("/proc/self/task", take_sleeper, look);
}

/* ---- what a thread sleeps on ---- */

bool watch_is_futex(const struct watch_sleeper *sleeper)
{
    unsigned long operation = sleeper->arguments[1] & ~(unsigned long)FUTEX_FLAGS;
    bool is_call = sleeper->call == SYS_futex;
#ifdef SYS_futex_time64
    is_call = is_call || sleeper->call == SYS_futex_time64;
#endif
    return is_call && (operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET ||
                       operation == FUTEX_LOCK_PI || operation == FUTEX_WAIT_REQUEUE_PI);
}

/* What a call with a file as its first argument works on: "pipe:[123]". */
static const char *file_of(const struct watch_sleeper *sleeper)
{
    static char target[64];
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", (int)sleeper->arguments[0]);
    ssize_t length = readlink(path, target, sizeof target - 1);
    target[length > 0 ? length : 0] = '\0';
    return target;
}

static bool is_pipe_call(const struct watch_sleeper *sleeper)
{
    return (sleeper->call == SYS_read || sleeper->call == SYS_write || sleeper->call == SYS_readv ||
            sleeper->call == SYS_writev) &&
           strncmp(file_of(sleeper), "pipe:", 5) == 0;
}

bool watch_is_asleep(const struct watch_sleeper *sleeper)
{
    return (watch_is_futex(sleeper) && sleeper->arguments[3] == 0) || is_pipe_call(sleeper);
}

const char *watch_sleeper_text(const struct watch_sleeper *sleeper)
{
    static char text[150];
    static const struct {
        long call;
        const char *text;
        bool has_file;
    } known[] = {{SYS_read, "reads", true},
                 {SYS_readv, "reads", true},
                 {SYS_write, "writes to", true},
                 {SYS_writev, "writes to", true},
#ifdef SYS_accept
                 {SYS_accept, "waits in accept for", true},
#endif
#ifdef SYS_poll
                 {SYS_poll, "waits in poll", false},
                 {SYS_select, "waits in select", false},
                 {SYS_epoll_wait, "waits in epoll_wait", false},
                 {SYS_pause, "waits for a signal", false},
#endif
                 {SYS_ppoll, "waits in poll", false},
                 {SYS_pselect6, "waits in select", false},
                 {SYS_epoll_pwait, "waits in epoll_wait", false},
                 {SYS_accept4, "waits in accept for", true},
                 {SYS_recvfrom, "receives from", true},
                 {SYS_recvmsg, "receives from", true},
                 {SYS_sendto, "sends to", true},
                 {SYS_flock, "waits for the lock of", true},
                 {SYS_fcntl, "waits for the lock of", true},
                 {SYS_wait4, "waits for a child process", false},
                 {SYS_waitid, "waits for a child process", false},
                 {SYS_rt_sigtimedwait, "waits for a signal", false},
                 {SYS_rt_sigsuspend, "waits for a signal", false},
                 {SYS_nanosleep, "sleeps for a time", false},
                 {SYS_clock_nanosleep, "sleeps for a time", false}};
    if (watch_is_futex(sleeper))
        snprintf(text, sizeof text, "waits for the futex at 0x%lx%s", sleeper->arguments[0],
                 sleeper->arguments[3] != 0 ? ", with a deadline" : "");
    else if (sleeper->call < 0)
        snprintf(text, sizeof text, "runs");
    else
        snprintf(text, sizeof text, "is in system call %ld", sleeper->call);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].call == sleeper->call && known[i].has_file)
            snprintf(text, sizeof text, "%s file %d (%s)", known[i].text,
                     (int)sleeper->arguments[0], file_of(sleeper));
        else if (known[i].call == sleeper->call)
            snprintf(text, sizeof text, "%s", known[i].text);
    }
    return text;
}

#else

atomic_int watch_own_tid;

int watch_tid(void)
{
    return 0;
}

bool watch_look(struct watch_look *look)
{
    look->count = 0;
    return false;
}

bool watch_is_futex(const struct watch_sleeper *sleeper)
{
    (void)sleeper;
    return false;
}

const char *watch_sleeper_text(const struct watch_sleeper *sleeper)
{
    (void)sleeper;
    return "runs";
}

void watch_sleeper_name(int tid, char name[16])
{
    (void)tid;
    name[0] = '\0';
}

#endif

const struct watch_sleeper *watch_sleeper_of(const struct watch_look *look, int tid)
{
    for (unsigned int i = 0; i < look->count && tid != 0; i++) {
        if (look->sleepers[i].tid == tid)
            return &look->sleepers[i];
    }
    return NULL;
}
