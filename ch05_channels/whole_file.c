/*
 * whole_file.c - all of a file, or nothing. See whole_file.h.
 */
#include "whole_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int whole_file_read(const char *path, char **bytes, size_t *size)
{
    // O_NONBLOCK: opening a named pipe would wait for a writer.
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
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

static char *joined(const char *folder, size_t length, const char *name)
{
    size_t room = length + strlen(name) + 1;
    char *path = malloc(room);
    if (path != NULL) {
        memcpy(path, folder, length);
        strcpy(path + length, name);
    }
    return path;
}

char *whole_file_beside(const char *program, const char *name)
{
    const char *slash = strrchr(program, '/');
    return joined(program, slash == NULL ? 0 : (size_t)(slash + 1 - program), name);
}

static int is_inside(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

char **whole_file_list(const char *folder, int *count)
{
    struct dirent **entries;
    int found = scandir(folder, &entries, is_inside, alphasort);
    if (found < 0)
        return NULL;
    char *prefix = joined(folder, strlen(folder), "/");
    char **paths = calloc((size_t)found + 1, sizeof *paths);
    bool complete = prefix != NULL && paths != NULL;
    for (int i = 0; i < found; i++) {
        if (complete) {
            paths[i] = joined(prefix, strlen(prefix), entries[i]->d_name);
            complete = paths[i] != NULL;
        }
        free(entries[i]);
    }
    free(entries);
    free(prefix);
    *count = found;
    if (complete)
        return paths;
    for (int i = 0; paths != NULL && i < found; i++)
        free(paths[i]);
    free(paths);
    errno = ENOMEM;
    return NULL;
}

int whole_file_close(FILE *stream, const char *path, int error)
{
    struct stat status;
    if (fclose(stream) != 0 && error == 0)
        error = errno;
    // lstat: a link such as /dev/stdout leads to what others have made, so it stays.
    if (error != 0 && lstat(path, &status) == 0 && S_ISREG(status.st_mode))
        unlink(path);
    return error;
}
