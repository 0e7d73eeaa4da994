/*
 * watch_news.h - when there is something to tell: a cycle, a lock that nobody can unlock, all asleep, a
 * wait that takes too long, a signal that asks, the end of the program.
 */
#ifndef WATCH_NEWS_H
#define WATCH_NEWS_H

#include "watch_graph.h"
#include "watch_options.h"

/* The program begins; and the process ends by itself, or by its own call: the last report. */
void watch_news_begin(const struct watch_options *options);
void watch_news_end(void);

/* After fork, in the child. Returns whether it records what its threads do. */
bool watch_news_in_child(void);

/* The thread that looks calls these, to report what has lasted too long, and that all are asleep. */
void watch_tell_what_is_late(void);
void watch_tell_asleep(void);

/* Whether the watch has a handler of its own for that signal. */
bool watch_is_own_signal(int signal);

/* The number of the thread that holds a mutex, if it ended with its process; 0: it did not. */
int watch_dead_owner(const struct watch_lock *lock);

/* The thread makes a report, and holds the graph's lock. */
extern _Thread_local bool watch_is_reporting;

#endif
