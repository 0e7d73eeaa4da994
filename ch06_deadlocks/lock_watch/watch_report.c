/*
 * watch_report.c - what lock_watch prints. See watch_report.h; and watch_symbols.h, why each report is
 * made twice.
 */
#include "watch_report.h"
#include "watch_symbols.h"
#include "watch_text.h"
#include "watch_trace.h"

#include <string.h>

enum { ROWS = 20 }; // of the table

/* "mutex 3 (lock_1)" or "mutex 3 (0x55d0c0ffee00)". */
static const char *full_name(const void *address, unsigned int number)
{
    static struct watch_output texts[2];
    static unsigned int next;
    struct watch_output *text = &texts[next++ % 2];
    const char *variable = watch_variable(address);
    text->size = 0;
    if (variable[0] != '\0')
        watch_add(text, "mutex %u (%s)", number, variable);
    else
        watch_add(text, "mutex %u (%p)", number, address);
    return text->text;
}

static void say_deadlock(const struct watch_thread *stuck, unsigned int length)
{
    const struct watch_thread *thread = stuck;
    for (unsigned int i = 0; i < length && thread != NULL; i++) {
        const struct watch_mutex *mutex = atomic_load(&thread->waits_for);
        const struct watch_thread *owner = watch_thread_of(atomic_load(&mutex->owner));
        if (owner == NULL)
            break;
        watch_say("  thread %s", watch_thread_name(thread->number));
        watch_say("    waits for %s%s in %s", full_name(mutex->address, mutex->number),
                  atomic_load(&thread->is_asleep) ? ", to return from pthread_cond_wait," : "",
                  watch_place(atomic_load(&thread->waits_at)));
        watch_say("    locked by thread %s in %s", watch_thread_name(owner->number),
                  watch_place(atomic_load(&mutex->place)));
        thread = owner;
    }
}

static void say_warnings(bool is_stuck)
{
    unsigned int count;
    const struct watch_warning *warnings = watch_warnings(&count);
    for (unsigned int i = 0; i < count; i++) {
        const struct watch_warning *warning = &warnings[i];
        watch_say("warning: %sthese %u lock orders can make %s:",
                  is_stuck ? "" : "no deadlock this time, but ", warning->length,
                  is_stuck ? "a deadlock" : "one");
        for (unsigned int j = 0; j < warning->length; j++) {
            const struct watch_order *order = &warning->orders[j];
            const void *from = warning->addresses[j == 0 ? warning->length - 1 : j - 1];
            watch_say("  thread %s%s", watch_thread_name(order->thread),
                      order->by_several ? ", and others" : "");
            watch_say("    locked %s in %s", full_name(from, order->from_number),
                      watch_place(order->from_place));
            watch_say("    and with it %s in %s",
                      full_name(warning->addresses[j], order->to_number),
                      watch_place(order->to_place));
        }
    }
    if (count == MOST_WARNINGS)
        watch_say("warning: there may be more such orders; only %d are kept", MOST_WARNINGS);
}

/* The mutexes that were waited for longest, the longest one first; returns how many. */
static unsigned int longest_waits(const struct watch_mutex *rows[ROWS], unsigned int *waited_for)
{
    unsigned int count = 0;
    const struct watch_mutex *mutex;
    *waited_for = 0;
    for (unsigned int i = 0; (mutex = watch_mutex_at(i)) != NULL; i++) {
        if (mutex->number == 0 || mutex->waited == 0)
            continue;
        ++*waited_for;
        unsigned int row = count < ROWS ? count++ : ROWS;
        while (row > 0 && rows[row - 1]->wait_sum < mutex->wait_sum) {
            if (row < ROWS)
                rows[row] = rows[row - 1];
            row--;
        }
        if (row < ROWS)
            rows[row] = mutex;
    }
    return count;
}

static void say_table(bool is_stuck)
{
    const struct watch_mutex *rows[ROWS];
    unsigned int waited_for, count = longest_waits(rows, &waited_for);
    struct watch_totals totals = watch_totals();
    if (totals.locked == 0)
        watch_say("no mutex was locked");
    else if (count == 0 && !is_stuck)
        watch_say("%lu mutex%s locked %lu time%s, never waited for", totals.mutexes,
                  totals.mutexes == 1 ? "" : "es", totals.locked, totals.locked == 1 ? "" : "s");
    if (count > 0)
        watch_say("%10s %10s %12s %11s  %s", "locked", "waited for", "in all, ms", "longest, ms",
                  "mutex, and where it was first used");
    for (unsigned int i = 0; i < count; i++) {
        unsigned long all = (unsigned long)(rows[i]->wait_sum / 1000);
        unsigned long longest = (unsigned long)(rows[i]->longest_wait / 1000);
        watch_say("%10lu %10lu %8lu.%03lu %7lu.%03lu  %s %s", rows[i]->locked, rows[i]->waited,
                  all / 1000, all % 1000, longest / 1000, longest % 1000,
                  watch_mutex_name(rows[i]->address, rows[i]->number),
                  watch_place(rows[i]->first_place));
    }
    if (waited_for > count)
        watch_say("and %u mutex%s waited for less", waited_for - count,
                  waited_for - count == 1 ? "" : "es");
}

static void say_what_did_not_fit(void)
{
    struct watch_totals totals = watch_totals();
    if (totals.were_too_many)
        watch_say("not watched: mutexes beyond the first %d", MOST_MUTEXES);
    if (totals.threads_unwatched > 0)
        watch_say("not watched: threads beyond %d at a time: %lu", MOST_THREADS,
                  totals.threads_unwatched);
    if (totals.orders_unwatched > 0)
        watch_say("lock orders are noted for %d pairs of mutexes; there were more",
                  MOST_ORDERS - 1);
}

static void report_once(const struct watch_options *options, const struct watch_thread *stuck,
                        unsigned int length, const char *trace)
{
    if (stuck != NULL)
        say_deadlock(stuck, length);
    say_warnings(stuck != NULL);
    say_table(stuck != NULL);
    say_what_did_not_fit();
    if (options->draws_lanes)
        watch_draw_lanes();
    int error = trace[0] == '\0' ? 0 : watch_write_trace(trace, options->program);
    if (error != 0)
        watch_say("%s: %s", trace, strerror(error));
}

void watch_report(const struct watch_options *options, const struct watch_thread *stuck,
                  unsigned int length)
{
    if (stuck != NULL)
        watch_say("deadlock: %u thread%s", length,
                  length == 1 ? " waits for itself" : "s wait for each other in a cycle");
    watch_trace_stop();
    watch_is_silent = true;
    report_once(options, stuck, length, options->trace[0] == '\0' ? "" : "/dev/null");
    watch_symbols_find();
    watch_is_silent = false;
    report_once(options, stuck, length, options->trace);
}
