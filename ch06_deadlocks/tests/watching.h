/*
 * watching.h - what the tests of lock_watch from outside share.
 */
#ifndef WATCHING_H
#define WATCHING_H

#include "cases.h"

#include <string.h>

#define HAS_CC PLAIN_BUILD " && command -v cc >/dev/null"
#define HAS_NAMES HAS_CC " && " NAMERS

/* lock_watch is found by its name. */
#define run(...) run("PATH=\"$PWD/" OUT "/lock_watch:$PATH\"; " __VA_ARGS__)

static inline bool says(const char *text)
{
    return strstr(printed, text) != NULL;
}

#endif
