/*
 * fetch.h - gets a text over http or https, by libcurl. Without libcurl (HAVE_LIBCURL is not defined)
 * all of it compiles and says that it cannot.
 */
#ifndef FETCH_H
#define FETCH_H

#include <stdbool.h>
#include <stddef.h>

enum { FETCH_REASON = 256 }; // room for why it failed

/* The longest text, in bytes; more is an error. */
#ifndef FETCH_MOST
#define FETCH_MOST (64 << 20)
#endif

/* How long to wait for a server that says nothing. */
#ifndef FETCH_SECONDS
#define FETCH_SECONDS 60
#endif

/* Whether it is built with libcurl. */
bool fetch_is_possible(void);

/* Before the first fetch, and before there are other threads. False: the library cannot be used. */
bool fetch_begin(void);

/* After the last fetch, when the other threads are joined. */
void fetch_end(void);

/*
 * Gets the text at `url`, following redirections. True: the caller frees *bytes. False: there is nothing
 * to free, and `reason` says why. An answer that is an error (404) or is cut short is no text. Any
 * number of threads may fetch at the same time.
 *
 * Waits for the network: at most 10 seconds for a connection; then until the text is there, nothing has
 * come for FETCH_SECONDS, or it has taken twice that in all.
 */
bool fetch(const char *url, char **bytes, size_t *size, char reason[FETCH_REASON]);

#endif
