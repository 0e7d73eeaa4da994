/*
 * robots.h - what the robots have printed. For the tests of red_blue and its relatives.
 */
#ifndef ROBOTS_H
#define ROBOTS_H

#include "cases.h"

#include <stdio.h>
#include <string.h>

/* What makes the robots get stuck is no data race: ThreadSanitizer is to look for those only. */
#define RACES_ONLY "TSAN_OPTIONS=\"$TSAN_OPTIONS detect_deadlocks=0\" "

/* How many times the text is there. */
static inline long count(const char *text)
{
    long times = 0;
    for (const char *at = printed; (at = strstr(at, text)) != NULL; at++)
        times++;
    return times;
}

/*
 * Checks that the robot's lines come in turn, four a round, and returns how many there are. `first` and
 * `second` are the locks in its order. It may begin in mid-round, where only the last lines were kept,
 * and the end of a program may cut off the last line.
 */
static inline long check_lines(const char *robot, const char *first, const char *second)
{
    char lines[4][50];
    snprintf(lines[0], sizeof lines[0], "%s: Acquiring %s\n", robot, first);
    snprintf(lines[1], sizeof lines[1], "%s: Acquiring %s\n", robot, second);
    snprintf(lines[2], sizeof lines[2], "%s: Both locks Acquired\n", robot);
    snprintf(lines[3], sizeof lines[3], "%s: Locks Released\n", robot);
    long next = -1, seen = 0;
    for (const char *line = printed; strchr(line, '\n') != NULL; line = strchr(line, '\n') + 1) {
        if (strncmp(line, robot, strlen(robot)) != 0 || line[strlen(robot)] != ':')
            continue;
        for (long i = 0; i < 4 && next == -1; i++)
            next = strncmp(line, lines[i], strlen(lines[i])) == 0 ? i : -1;
        ck_assert_msg(next >= 0 && strncmp(line, lines[next], strlen(lines[next])) == 0,
                      "%.40s, and not %s", line, next < 0 ? "a line of the robot" : lines[next]);
        next = (next + 1) % 4;
        seen++;
    }
    return seen;
}

#endif
