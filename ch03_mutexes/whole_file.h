/*
 * whole_file.h - files that are read as a whole, and files that are written as a whole or not at all.
 *
 * Calls return 0 or an errno value. None waits for another thread.
 */
#ifndef WHOLE_FILE_H
#define WHOLE_FILE_H

#include <stddef.h>
#include <stdio.h>

/*
 * Reads the file `name` of an open directory (or AT_FDCWD). The caller frees *bytes; on errors there
 * is nothing to free. EISDIR: it is a directory. ENOTSUP: it is a pipe or a device, which may have no
 * end. Any number of threads may read at the same time.
 */
int whole_file_read(int directory, const char *name, char **bytes, size_t *size);

/*
 * Opens a new file for `path`. What is written to *stream goes to a file beside it, which takes its
 * place, at once and complete, when it is closed; until then what was there is untouched. (So its
 * folder must be writable, and other names of a file that was there keep the old one.) If the program
 * ends before that, by exit or by one of the usual signals, the unfinished file is removed.
 *
 * What cannot be replaced is written directly: devices, pipes, /dev/stdout.
 *
 * One file at a time, from one thread.
 */
int whole_file_create(const char *path, FILE **stream);

/*
 * Closes the stream, and puts the file in its place. `error` says what went wrong before, 0: nothing.
 * If it is not 0, or closing fails, the unfinished file is removed, and the reason returned.
 */
int whole_file_close(FILE *stream, int error);

#endif
