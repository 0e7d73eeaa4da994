/*
 * whole_file.h - files that are read whole, and files that are there whole or not at all.
 *
 * No call waits for another thread. Any number of threads may make them at once.
 */
#ifndef WHOLE_FILE_H
#define WHOLE_FILE_H

#include <stddef.h>
#include <stdio.h>

/*
 * Reads a file. Returns 0, or an errno value: EISDIR for a folder, ENOTSUP for a pipe or a device, which
 * may have no end. The caller frees *bytes; on errors there is nothing to free.
 */
int whole_file_read(const char *path, char **bytes, size_t *size);

/*
 * The path of `name` in the folder that the program was started from: `program` is argv[0]. Where argv[0]
 * has no folder, just the name. The caller frees it. NULL: no memory.
 */
char *whole_file_beside(const char *program, const char *name);

/*
 * The paths of all that is in a folder, in the order of their names, but for . and .. themselves. The
 * caller frees each of them, and the list. NULL, with errno set: the folder cannot be read.
 */
char **whole_file_list(const char *folder, int *count);

/*
 * Closes a file that was written to. If that fails, or a write failed before, the file is not whole; then
 * it is removed, if it is a regular file and no device, pipe or link, and the reason returned. `error` is
 * errno as a failed write left it. Otherwise returns 0.
 */
int whole_file_close(FILE *stream, const char *path, int error);

#endif
