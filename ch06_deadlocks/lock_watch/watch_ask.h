/*
 * watch_ask.h - asks a thread that is in no call of the watch where it is.
 *
 * It gets a signal, and its handler unwinds the stack. The system call that it sleeps in, a wait for a futex
 * or a pipe without a deadline, goes on afterwards as if nothing had been. Threads in other calls, which a
 * signal would end, are asked only if the process ends after the report. One thread at a time, under the graph's lock.
 */
#ifndef WATCH_ASK_H
#define WATCH_ASK_H

#include "watch_proc.h"

/* A new report begins: earlier answers are forgotten. */
void watch_ask_begin(void);

/* After this report the process ends: so any thread may be asked, and stays where it answers. */
void watch_ask_for_good(void);

/* The stack of that thread, which stays for this report; NULL: it is not known. */
const struct watch_stack *watch_stack_of(const struct watch_sleeper *sleeper);

/* The signal that asks; 0: the program uses all there are. */
int watch_asking_signal(void);

#endif
