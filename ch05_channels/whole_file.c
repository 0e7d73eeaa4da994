/*
 * whole_file.c - all of a file, or nothing. See whole_file.h.
 */
#include "whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int whole_file_read(int directory, const char *name, char **bytes, size_t *size)
{
    // Not to wait for somebody to write into a named pipe.
    int file = openat(directory, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    if (file < 0)
        return errno;
    int error = fstat(file, &status) != 0 ? errno : 0;
    // One byte more than there should be, so that the last read finds the end.
    size_t room = error == 0 && status.st_size > 0 ? (size_t)status.st_size + 1 : 4096;
    char *buffer = malloc(room);
    size_t length = 0;
    while (error == 0 && buffer != NULL) {
        ssize_t got = read(file, buffer + length, room - length);
        if (got == 0)
            break;
        if (got > 0)
            length += (size_t)got;
        else if (errno != EINTR)
            error = errno;
        if (length == room) {
            char *larger = realloc(buffer, room *= 2);
            if (larger == NULL)
                free(buffer);
            buffer = larger;
        }
    }
    close(file);
    if (buffer == NULL)
        return ENOMEM;
    if (error != 0) {
        free(buffer);
        return error;
    }
    *bytes = buffer;
    *size = length;
    return 0;
}

static char *target;             // where the file goes at last; NULL: it is written directly
static char *_Atomic unfinished; // what to remove if the program ends now

static void remove_unfinished(void)
{
    char *path = atomic_load(&unfinished);
    if (path != NULL)
        unlink(path);
}

static void remove_and_die(int number)
{
    remove_unfinished();
    signal(number, SIG_DFL);
    raise(number);
}

static void remove_when_interrupted(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    static bool prepared;
    if (prepared)
        return;
    prepared = true;
    atexit(remove_unfinished);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction action;
        // Who started the program with a signal ignored (nohup) wants it to stay so.
        if (sigaction(signals[i], NULL, &action) != 0 || action.sa_handler == SIG_IGN)
            continue;
        action.sa_handler = remove_and_die;
        sigaction(signals[i], &action, NULL);
    }
}

static void forget(void)
{
    free(atomic_exchange(&unfinished, NULL));
    free(target);
    target = NULL;
}

int whole_file_create(const char *path, FILE **stream)
{
    struct stat status;
    bool exists = stat(path, &status) == 0;
    if (exists && !S_ISREG(status.st_mode)) {
        *stream = fopen(path, "w");
        return *stream == NULL ? errno : 0;
    }
    remove_when_interrupted();
    // Where the path is a symbolic link, the file that it leads to is the one to replace.
    target = exists ? realpath(path, NULL) : strdup(path);
    char *beside = target == NULL ? NULL : malloc(strlen(target) + sizeof ".part" + 20);
    if (beside == NULL) {
        int error = errno;
        forget();
        return error;
    }
    sprintf(beside, "%s.%ld.part", target, (long)getpid());
    *stream = fopen(beside, "wx"); // x: not if there is such a file
    if (*stream == NULL) {
        int error = errno;
        free(beside);
        forget();
        return error;
    }
    atomic_store(&unfinished, beside);
    return 0;
}

int whole_file_close(FILE *stream, int error)
{
    if (fclose(stream) != 0 && error == 0)
        error = errno;
    if (target == NULL)
        return error;
    if (error == 0 && rename(atomic_load(&unfinished), target) != 0)
        error = errno;
    if (error != 0)
        remove_unfinished();
    forget();
    return error;
}
