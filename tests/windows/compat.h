/*
 * compat.h - what the programs need and mingw-w64 lacks. windows.sh includes it before everything else.
 *
 *   gcc -include compat.h -pthread -o shoelace.exe shoelace.c …
 */
#ifndef COMPAT_H
#define COMPAT_H

#include <dirent.h>
#include <fcntl.h>
#include <io.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define flockfile _lock_file

/* Files: bytes as they are; no pipes that have to be opened without waiting, and no links. */
#define O_CLOEXEC _O_BINARY
#define O_NONBLOCK 0
#define lstat stat
#define mkdir(path, mode) mkdir(path)
#define read(file, buffer, size) read(file, buffer, (unsigned int)(size))

#define _SC_NPROCESSORS_ONLN 84

static inline long sysconf(int name)
{
    const char *processors = getenv("NUMBER_OF_PROCESSORS");
    return name == _SC_NPROCESSORS_ONLN && processors != NULL ? atol(processors) : -1;
}

/* The random numbers of POSIX: the same as elsewhere. */
static unsigned short rand48_state[3];

static inline uint64_t rand48_next(unsigned short state[3])
{
    uint64_t number = state[0] | (uint64_t)state[1] << 16 | (uint64_t)state[2] << 32;
    number = (number * 0x5DEECE66D + 0xB) & 0xFFFFFFFFFFFF;
    for (int i = 0; i < 3; i++)
        state[i] = (unsigned short)(number >> 16 * i);
    return number;
}

static inline long nrand48(unsigned short state[3])
{
    return (long)(rand48_next(state) >> 17);
}

static inline long lrand48(void)
{
    return nrand48(rand48_state);
}

static inline double drand48(void)
{
    return (double)rand48_next(rand48_state) / (double)((uint64_t)1 << 48);
}

/* Reads a line of any length. */
static inline ssize_t getline(char **line, size_t *room, FILE *file)
{
    int length = 0, c;
    while ((c = getc(file)) != EOF) {
        if (*line == NULL || (size_t)length + 2 > *room) {
            char *more = realloc(*line, *room = 2 * ((size_t)length + 60));
            if (more == NULL)
                return -1;
            *line = more;
        }
        (*line)[length++] = (char)c;
        (*line)[length] = '\0';
        if (c == '\n')
            break;
    }
    return length > 0 ? length : -1;
}

/* Lists a folder. */

static inline int alphasort(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static inline int scandir(const char *path, struct dirent ***entries,
                          int (*wanted)(const struct dirent *),
                          int (*compare)(const struct dirent **, const struct dirent **))
{
    DIR *folder = opendir(path);
    if (folder == NULL)
        return -1;
    int count = 0;
    *entries = NULL;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (wanted != NULL && !wanted(entry))
            continue;
        struct dirent **more = realloc(*entries, ((size_t)count + 1) * sizeof *more);
        struct dirent *copy = malloc(sizeof *copy);
        if (more == NULL || copy == NULL)
            abort();
        *copy = *entry;
        *entries = more;
        more[count++] = copy;
    }
    closedir(folder);
    if (count > 0)
        qsort(*entries, (size_t)count, sizeof **entries,
              (int (*)(const void *, const void *))(void (*)(void))compare);
    return count;
}

#endif
