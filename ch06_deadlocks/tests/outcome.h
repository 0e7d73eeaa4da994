/*
 * outcome.h - what trains prints at its end.
 */
#ifndef OUTCOME_H
#define OUTCOME_H

#include "cases.h"

#include <stdio.h>
#include <string.h>

enum { DEADLOCK, HIERARCHY, ARBITRATOR, STRATEGIES };

static const char *const names[] = {"deadlock", "hierarchy", "arbitrator"};
/* What stops the trains is no data race: ThreadSanitizer is to look for those only. */
#define RACES_ONLY "TSAN_OPTIONS=\"$TSAN_OPTIONS detect_deadlocks=0\" "

static const char stuck_line[] =
    "Nothing has moved for 3 s: trains 0 1 2 3 hold intersections 0 1 2 3\n";

/* Where a machine is so busy that a train is late by 50 steps, even `deadlock` has none. */
enum { TRIES = 20 };

static inline bool is_stuck(const char *text)
{
    return strncmp(text, stuck_line, strlen(stuck_line) - 1) == 0;
}

/* Whether the text is what the strategy may end with. (A terminal ends lines with two characters.) */
static inline bool is_outcome(int strategy, const char *text)
{
    double seconds_told = 0;
    int length = 0;
    if (strategy == DEADLOCK && is_stuck(text))
        return true;
    sscanf(text, "All trains have arrived after %lf s%n", &seconds_told, &length);
    // 300 steps of 30 ms are the least. In tests, a twentieth; and it was rounded.
    return length > 0 && seconds_told >= 0.3 && strspn(text + length, "\r\n") > 0;
}

#endif
