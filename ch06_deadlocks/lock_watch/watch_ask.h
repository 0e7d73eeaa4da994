/*
 * watch_ask.h - asks a thread that is in no call of the watch where it is.
 *
 * The watch sends it a signal, whose handler unwinds the stack. A wait for a futex or a pipe without a
 * deadline then goes on as if nothing had happened. A signal would end other calls, so threads in those are
 * asked only if the process ends after the report. One thread at a time, under the graph's lock.
 */
#ifndef WATCH_ASK_H
#define WATCH_ASK_H

#include "watch_proc.h"

/* A new report begins: earlier answers are forgotten. */
void watch_ask_begin(void);

/* The process ends after this report: so any thread may be asked, and it stays where it answers. */
void watch_ask_for_good(void);

/* The stack of that thread, which stays for this report; NULL: it is not known. */
const struct watch_stack *watch_stack_of(const struct watch_sleeper *sleeper);

/* The signal that asks; 0: the program uses all there are. */
int watch_asking_signal(void);

#endif
