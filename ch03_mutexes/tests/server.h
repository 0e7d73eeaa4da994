/*
 * server.h - a web server on 127.0.0.1 for the tests, good and bad. One at a time.
 *
 * It serves /rfc/rfcN.txt: "Abc xyz." on N lines. Some N are special:
 */
#ifndef SERVER_H
#define SERVER_H

enum {
    CUT_SHORT = 13,    // half of what it announces
    MOVED = 301,       // a redirection to rfc7.txt
    MOVED_BADLY = 302, // a redirection to a file:// URL
    NOT_THERE = 404,
    SILENT = 999,   // no answer
    ENDLESS = 1001, // no end
};

/* Starts it in a thread of its own. Returns its port. */
int server_start(void);

/* Ends it, and joins the thread. Its port refuses connections from then on. */
void server_stop(void);

#endif
