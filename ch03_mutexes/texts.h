/*
 * texts.h - texts from files, and over http or https where it is built with libcurl.
 *
 * All calls but text_urls may be made by any number of threads at the same time. None waits for
 * another thread of the program.
 */
#ifndef TEXTS_H
#define TEXTS_H

#include <stdbool.h>
#include <stddef.h>

enum { TEXT_REASON = 256 }; // room for why it failed

/* The longest text from a server, in bytes; more is an error. */
#ifndef TEXT_MOST
#define TEXT_MOST (64 << 20)
#endif

/* How many seconds to wait for a server that says nothing. */
#ifndef TEXT_SECONDS
#define TEXT_SECONDS 60
#endif

/*
 * The texts that the arguments from `first` on name. Without any, those of the original: the RFCs 1000
 * to 1200 where libcurl was found, otherwise files in texts/ beside the program, as many of them.
 * Call it once, before there are other threads. The list stays valid until the program ends.
 */
char **text_urls(int argc, char *argv[], int first, int *count);

/*
 * Reads a file, or gets what is behind an http:// or https:// URL, following redirections. True: the
 * caller frees *bytes. False: there is nothing to free, and `reason` says why. A folder, a pipe or a
 * device is no text; nor is an answer that is an error (404) or is cut short.
 *
 * Waits for the server: at most 10 seconds for a connection; then until the text is there, nothing has
 * come for TEXT_SECONDS, or it has taken twice that in all.
 */
bool text_read(const char *url, char **bytes, size_t *size, char reason[TEXT_REASON]);

/* The same, but ends the program with a message when it fails. The caller frees what it returns. */
char *text_get(const char *url, size_t *size);

#endif
