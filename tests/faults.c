/*
 * faults.c - makes one call of the system fail, the Nth of its kind; faults.sh links it into programs.
 *
 *   FAULT=malloc:3 ./program             the third malloc finds no memory
 *   FAULT_COUNTS=file ./program          how many calls of each kind there were, a line each
 *
 * The linker redirects the program's calls here (--wrap=malloc: malloc becomes __wrap_malloc, and the real
 * one is __real_malloc). It does not redirect calls that a library makes for itself.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_KINDS = 50 };

static struct kind {
    _Atomic(const char *) name;
    atomic_int calls;
} kinds[MOST_KINDS];

FILE *__real_fopen(const char *path, const char *mode);
int __real_fclose(FILE *file);

static void write_counts(void)
{
    const char *path = getenv("FAULT_COUNTS");
    FILE *file = path != NULL ? __real_fopen(path, "w") : NULL;
    if (file == NULL)
        return;
    for (int i = 0; i < MOST_KINDS && kinds[i].name != NULL; i++)
        fprintf(file, "%s %d\n", kinds[i].name, kinds[i].calls);
    __real_fclose(file);
}

__attribute__((constructor)) static void count_at_exit(void)
{
    atexit(write_counts);
}

/* Counts a call of that kind. Whether it is the one that is to fail; then errno is `error`. */
static bool fails(const char *name, int error)
{
    struct kind *kind = kinds;
    const char *nobody = NULL;
    while (!atomic_compare_exchange_strong(&kind->name, &nobody, name) && nobody != name) {
        nobody = NULL;
        kind++;
    }
    int call = atomic_fetch_add(&kind->calls, 1) + 1;
    const char *fault = getenv("FAULT");
    size_t length = strlen(name);
    if (fault == NULL || strncmp(fault, name, length) != 0 || fault[length] != ':' ||
        atoi(fault + length + 1) != call)
        return false;
    errno = error;
    return true;
}

/* A call that returns `failure` and sets errno; one that returns an error number. */
#define WRAP(error, failure, type, name, parameters, arguments)                                    \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return fails(#name, error) ? failure : __real_##name arguments;                            \
    }
#define WRAP_PTHREAD(error, name, parameters, arguments)                                           \
    WRAP(error, error, int, name, parameters, arguments)

WRAP_PTHREAD(EAGAIN, pthread_create,
             (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *),
              void *argument),
             (thread, attributes, run, argument))
WRAP_PTHREAD(ENOMEM, pthread_attr_init, (pthread_attr_t * attributes), (attributes))
WRAP_PTHREAD(EAGAIN, pthread_mutex_init,
             (pthread_mutex_t * lock, const pthread_mutexattr_t *attributes), (lock, attributes))
WRAP_PTHREAD(ENOMEM, pthread_mutexattr_init, (pthread_mutexattr_t * attributes), (attributes))
WRAP_PTHREAD(EAGAIN, pthread_cond_init,
             (pthread_cond_t * condition, const pthread_condattr_t *attributes),
             (condition, attributes))
WRAP_PTHREAD(EAGAIN, pthread_rwlock_init,
             (pthread_rwlock_t * lock, const pthread_rwlockattr_t *attributes), (lock, attributes))

WRAP(ENOMEM, NULL, void *, malloc, (size_t size), (size))
WRAP(ENOMEM, NULL, void *, calloc, (size_t count, size_t size), (count, size))
WRAP(ENOMEM, NULL, void *, realloc, (void *old, size_t size), (old, size))
WRAP_PTHREAD(ENOMEM, posix_memalign, (void **memory, size_t alignment, size_t size),
             (memory, alignment, size))
WRAP(ENOMEM, NULL, char *, strdup, (const char *text), (text))
WRAP(ENOMEM, NULL, FILE *, open_memstream, (char **text, size_t *size), (text, size))
WRAP(ENOMEM, NULL, char *, realpath, (const char *path, char *resolved), (path, resolved))

WRAP(EMFILE, NULL, FILE *, fopen, (const char *path, const char *mode), (path, mode))
WRAP(ENOMEM, NULL, FILE *, fdopen, (int file, const char *mode), (file, mode))
WRAP(EMFILE, NULL, DIR *, opendir, (const char *path), (path))
WRAP(EMFILE, -1, int, scandir,
     (const char *path, struct dirent ***entries, int (*wanted)(const struct dirent *),
      int (*compare)(const struct dirent **, const struct dirent **)),
     (path, entries, wanted, compare))
WRAP(EIO, -1, ssize_t, read, (int file, void *buffer, size_t size), (file, buffer, size))
WRAP(EIO, -1, ssize_t, getline, (char **line, size_t *size, FILE *file), (line, size, file))
WRAP(ENOSPC, -1, ssize_t, write, (int file, const void *data, size_t size), (file, data, size))
WRAP(EACCES, -1, int, mkstemp, (char *path), (path))
WRAP(EACCES, -1, int, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(EIO, -1, int, rename, (const char *from, const char *to), (from, to))
WRAP(EIO, -1, int, fstat, (int file, struct stat *status), (file, status))
WRAP(EMFILE, -1, int, dup, (int file), (file))
WRAP(EMFILE, -1, int, pipe, (int files[2]), (files))
WRAP(EAGAIN, -1, pid_t, fork, (void), ())

/* These close in any case. */
int __wrap_fclose(FILE *file);
int __wrap_fclose(FILE *file)
{
    int result = __real_fclose(file);
    return fails("fclose", ENOSPC) ? EOF : result;
}

int __real_close(int file);
int __wrap_close(int file);
int __wrap_close(int file)
{
    int result = __real_close(file);
    return fails("close", EIO) ? -1 : result;
}

/* And these have a parameter more at times. */
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return fails("open", EMFILE) ? -1 : __real_open(path, flags, mode);
}

int __real_openat(int folder, const char *path, int flags, ...);
int __wrap_openat(int folder, const char *path, int flags, ...);
int __wrap_openat(int folder, const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return fails("openat", EMFILE) ? -1 : __real_openat(folder, path, flags, mode);
}
