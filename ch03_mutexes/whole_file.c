/*
 * whole_file.c - all of a file, or nothing. See whole_file.h.
 */
#include "whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int whole_file_read(int directory, const char *name, char **bytes, size_t *size)
{
    // O_NONBLOCK: not to wait for somebody to write into a named pipe.
    int file = openat(directory, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    if (file < 0)
        return errno;
    int error = 0;
    if (fstat(file, &status) != 0)
        error = errno;
    else if (!S_ISREG(status.st_mode))
        error = S_ISDIR(status.st_mode) ? EISDIR : ENOTSUP;
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
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU, SIGXFSZ};
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

/* A new file beside the target, remembered as unfinished. Its descriptor, or -1 and errno. */
static int create_unfinished(mode_t mode)
{
    char *path = target == NULL ? NULL : malloc(strlen(target) + sizeof ".part.XXXXXX");
    if (path == NULL)
        return -1;
    strcat(strcpy(path, target), ".part.XXXXXX");
    // No signal between the two: there would be a file that nobody removes.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int file = mkstemp(path);
    if (file >= 0)
        atomic_store(&unfinished, path);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (file < 0)
        free(path);
    else
        fchmod(file, mode);
    return file;
}

static mode_t mode_of_new_files(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

int whole_file_create(const char *path, FILE **stream)
{
    struct stat status, output;
    bool exists = stat(path, &status) == 0;
    // A regular file is replaced. Where a link leads to one, that is replaced, not the link.
    bool replace = exists ? S_ISREG(status.st_mode) : lstat(path, &status) != 0;
    int file;
    if (exists && fstat(STDOUT_FILENO, &output) == 0 && status.st_dev == output.st_dev &&
        status.st_ino == output.st_ino) {
        file = dup(STDOUT_FILENO); // to /dev/stdout: what is there already stays
    } else if (!replace) {
        file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    } else if (exists && access(path, W_OK) != 0) {
        file = -1;
    } else {
        remove_when_interrupted();
        target = exists ? realpath(path, NULL) : strdup(path);
        file = create_unfinished(exists ? status.st_mode & 07777 : mode_of_new_files());
    }
    *stream = file < 0 ? NULL : fdopen(file, "w");
    if (*stream != NULL)
        return 0;
    int error = errno;
    if (file >= 0)
        close(file);
    remove_unfinished();
    forget();
    return error;
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
