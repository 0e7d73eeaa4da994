/*
 * watch_sleepers.h - a thread that looks now and then: do all others sleep, so that none can wake
 * another? See watch_sleepers.c.
 */
#ifndef WATCH_SLEEPERS_H
#define WATCH_SLEEPERS_H

/* Begins to look, if it does not yet. Any thread, when it holds no lock of the watch. */
void watch_sleepers_start(void);

/* After fork, in the child: no thread looks until watch_sleepers_start is called again. */
void watch_sleepers_stop(void);

#endif
