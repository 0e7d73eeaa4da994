/*
 * watch_real.c - finds the real calls. See watch_real.h.
 */
#define _GNU_SOURCE // RTLD_NEXT, in POSIX since 2024; dlvsym of Linux
#ifdef __APPLE__
#define _DARWIN_C_SOURCE
#endif
#include "watch_real.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

struct watch_real real;
#ifdef HAS_TWO_TIMES
struct watch_real real_64;
#endif
atomic_bool watch_has_real_calls;

#ifdef __APPLE__

static void find_all(void)
{
#define X(type, name, parameters) real.name = name;
    WATCH_ALL_CALLS(X)
#undef X
    real.pthread_mutex_lock = pthread_mutex_lock;
}

#else

/* ISO C has no conversion from the void * that dlsym returns; POSIX promises that the bits are right. */
static void find(void *pointer, const char *name)
{
    void *found = NULL;
#if defined __GLIBC__ && !defined __SANITIZE_THREAD__ // whose own calls come first in the tests
    // The calls for conditions that glibc has had from the beginning exist in an older version, too, which
    // dlsym might return.
    if (strncmp(name, "pthread_cond_", strlen("pthread_cond_")) == 0 &&
        strcmp(name, "pthread_cond_clockwait") != 0)
        found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
#endif
    if (found == NULL)
        found = dlsym(RTLD_NEXT, name);
    memcpy(pointer, &found, sizeof found);
}

static void find_all(void)
{
#define X(type, name, parameters) find(&real.name, #name);
    WATCH_ALL_CALLS(X)
#undef X
    find(&real.pthread_mutex_lock, "pthread_mutex_lock");
#ifdef HAS_TWO_TIMES
    real_64 = real;
#define X(type, name, parameters) find(&real_64.name, "__" #name "64");
    WATCH_TIMED_CALLS(X)
#undef X
#endif
}

#endif

bool watch_find_real_calls(void)
{
    // Atomic: gcc assumes that dlsym calls none of this file's functions, and would leave out the first of
    // these stores.
    static atomic_bool has_begun;
    if (atomic_exchange(&has_begun, true))
        return atomic_load(&watch_has_real_calls);
    find_all();
    atomic_store(&watch_has_real_calls, true);
    return true;
}
