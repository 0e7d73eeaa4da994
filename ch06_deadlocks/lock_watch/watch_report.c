/*
 * watch_report.c - what lock_watch prints. See watch_report.h; watch_symbols.h says why each report is made
 * twice.
 */
#define _GNU_SOURCE // stdin's lock, in glibc
#include "watch_report.h"
#include "watch_ask.h"
#include "watch_news.h"
#include "watch_orders.h"
#include "watch_page.h"
#include "watch_proc.h"
#include "watch_symbols.h"
#include "watch_text.h"
#include "watch_trace.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 20, SHORT_MS = 10 };           // of the table
enum { MOST_LISTED = 64, MANY_TRIES = 100 }; // threads

static struct watch_look look; // at all threads, when the report was begun
static bool is_suppressed;     // the user wants to hear nothing about a function in this report

/* "mutex 3 (lock_1)" or "mutex 3 (0x55d0c0ffee00)". */
static const char *full_name(enum watch_kind kind, const void *address, unsigned int number)
{
    static struct watch_output texts[2];
    static unsigned int next;
    struct watch_output *text = &texts[next++ % 2];
    const char *variable = watch_variable(address);
    text->size = 0;
    if (variable[0] != '\0')
        watch_add(text, "%s %u (%s)", watch_kind_name(kind), number, variable);
    else
        watch_add(text, "%s %u (%p)", watch_kind_name(kind), number, address);
    return text->text;
}

static const char *lock_name(const struct watch_lock *lock)
{
    return full_name(lock->kind, lock->address, lock->number);
}

/* ---- places ---- */

/* The first frame that belongs to the program, not to libc or the class that wraps the lock. */
static unsigned int first_frame(const struct watch_stack *stack)
{
    unsigned int i = 0;
    while (i + 1 < stack->count &&
           (watch_is_wrapper(stack->frames[i]) || watch_is_libc(stack->frames[i])))
        i++;
    return i;
}

bool watch_names_suppressed(const struct watch_stack *stack)
{
    bool is_named = false;
    for (unsigned int i = 0; stack != NULL && i < stack->count; i++) {
        char function[200];
        snprintf(function, sizeof function, "%s", watch_place(stack->frames[i]));
        char *end = strstr(function, " (");
        if (end != NULL)
            *end = '\0';
        is_named = is_named || watch_is_suppressed(function);
    }
    return is_named;
}

static const char *place(const struct watch_stack *stack)
{
    if (stack == NULL || stack->count == 0)
        return "a place that is not known";
    is_suppressed = watch_names_suppressed(stack) || is_suppressed;
    return watch_place(stack->frames[first_frame(stack)]);
}

/* What has called main, or a thread's function: of no use to the reader. */
static bool is_beginning(const void *address, const char *text)
{
    static const char *const names[] = {"start_thread", "__libc_start", "_start", "clone"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strncmp(text, names[i], strlen(names[i])) == 0)
            return true;
    }
    return watch_is_own_library(address) || strstr(text, "libc.so") != NULL;
}

/* From where the place's function was called: up to the function that the thread began with. */
static void say_callers(const struct watch_stack *stack)
{
    if (stack == NULL || stack->count == 0)
        return;
    for (unsigned int i = first_frame(stack) + 1; i < stack->count; i++) {
        const char *text = watch_place(stack->frames[i]);
        if (is_beginning(stack->frames[i], text))
            break;
        if (watch_is_wrapper(stack->frames[i]))
            continue;
        if (i == stack->handler)
            watch_say("      which, a signal handler, has interrupted %s", text);
        else
            watch_say("      called by %s", text);
    }
}

/* ---- what a thread waits for ---- */

/* A lock that glibc's stdio has in each stream. NULL: it is none of those. */
static const char *stream_lock(const struct watch_sleeper *sleeper, pthread_t *owner)
{
#ifdef __GLIBC__
    static const char *const names[] = {"stdin", "stdout", "stderr"};
    FILE *const streams[] = {stdin, stdout, stderr};
    for (int i = 0; i < 3; i++) {
        const struct {
            int lock, count;
            void *owner;
        } *lock = (const void *)streams[i]->_lock;
        if ((unsigned long)(uintptr_t)lock == sleeper->arguments[0]) {
            memcpy(owner, &lock->owner, sizeof *owner);
            return names[i];
        }
    }
#endif
    (void)sleeper;
    (void)owner;
    return NULL;
}

static void say_owner(const char *verb, unsigned long owner, const struct watch_stack *stack)
{
    const char *after = watch_thread_of(owner) != NULL ? "" : ", which has ended,";
    if (watch_is_from_before_fork(owner))
        after = ", before the fork, which is not in this process,";
    watch_say("    %s thread %s%s in %s", verb, watch_thread_name(watch_number_of(owner)), after,
              place(stack));
    say_callers(stack);
}

static const char *with_time(const struct watch_wait *wait)
{
    static char text[100];
    uint64_t ms = (watch_now() - wait->since) / 1000000;
    text[0] = '\0';
    if (ms >= 1000 || wait->has_deadline)
        snprintf(text, sizeof text, ", for %lu.%lu s now%s", (unsigned long)(ms / 1000),
                 (unsigned long)(ms / 100 % 10), wait->has_deadline ? ", with a deadline" : "");
    return text;
}

static void say_readers(const struct watch_lock *lock)
{
    const struct watch_thread *thread;
    for (unsigned int i = 0; (thread = watch_thread_at(i)) != NULL; i++) {
        const struct watch_held *held =
            READ(thread->identity) == 0 ? NULL : watch_holds(thread, lock);
        if (held != NULL)
            say_owner("read-locked by", READ(thread->identity), READ(held->place));
    }
}

static void say_wait(const struct watch_thread *thread)
{
    const struct watch_wait *wait = &thread->wait;
    const struct watch_lock *lock = wait->lock, *owned = wait->mutex != NULL ? wait->mutex : lock;
    const char *purpose = wait->what == WATCH_TO_READ                  ? " to read"
                          : lock != NULL && lock->kind == WATCH_RWLOCK ? " to write"
                                                                       : "";
    if (wait->what == WATCH_FOR_END) {
        watch_say("    waits for the end of thread %s in %s%s",
                  watch_thread_name(watch_number_of(wait->target)), place(wait->place),
                  with_time(wait));
    } else if (wait->mutex != NULL && READ(wait->mutex->owner) != 0) {
        watch_say("    waits for %s, to return from pthread_cond_wait, in %s%s",
                  lock_name(wait->mutex), place(wait->place), with_time(wait));
    } else if (lock != NULL) {
        watch_say("    waits for %s%s in %s%s", lock_name(lock), purpose, place(wait->place),
                  with_time(wait));
    } else {
        watch_say("    waits in %s%s", place(wait->place), with_time(wait));
    }
    say_callers(wait->place);
    if (lock == NULL)
        return;
    unsigned long owner = READ(owned->owner);
    if (owned->kind <= WATCH_LAST_OWNED && owner != 0)
        say_owner(owned->kind == WATCH_ONCE ? "run by" : "locked by", owner, READ(owned->place));
    else if (owned->kind == WATCH_RWLOCK)
        say_readers(owned);
    else if (watch_dead_owner(owned) != 0)
        watch_say("    locked by thread %d of a process that has ended", watch_dead_owner(owned));
    if (lock->kind == WATCH_SEMAPHORE && owner != 0)
        say_owner("last got by", owner, READ(lock->place));
    if (lock->kind == WATCH_BARRIER)
        watch_say("    which waits for %u threads", READ(lock->limit));
    if (lock->kind == WATCH_CONDITION && READ(lock->signals) == 0)
        watch_say("    which nobody has ever signalled");
    else if (lock->kind == WATCH_CONDITION) {
        watch_say("    which has been signalled %lu time%s, last:", READ(lock->signals),
                  READ(lock->signals) == 1 ? "" : "s");
        say_owner("by", READ(lock->owner), READ(lock->place));
    }
}

/* A thread that only tries never waits, so it is in no cycle; but it may try forever. */
static void say_tried(const struct watch_thread *thread)
{
    const struct watch_tried *tried = &thread->tried;
    const struct watch_lock *lock = READ(tried->lock);
    unsigned long count = READ(tried->count);
    if (count < MANY_TRIES || READ(lock->number) != READ(tried->number))
        return;
    watch_say("    has tried %lu times to lock %s, and never got it, last in %s", count,
              lock_name(lock), place(READ(tried->place)));
    if (READ(lock->owner) != 0)
        say_owner("locked by", READ(lock->owner), READ(lock->place));
}

static void say_held(const struct watch_thread *thread)
{
    unsigned int count = READ(thread->held_count);
    for (unsigned int i = 0; i < count && i < MOST_HELD; i++) {
        const struct watch_held *held = &thread->held[i];
        const struct watch_lock *lock = READ(held->lock);
        if (READ(lock->number) == READ(held->number))
            watch_say("    holds %s%s, locked in %s", lock_name(lock),
                      held->is_shared ? " to read" : "", place(READ(held->place)));
    }
}

/* A thread that is in no call of the watch: what the kernel says of it. */
static void say_sleeper(const struct watch_sleeper *sleeper, const struct watch_stack *stack)
{
    pthread_t owner;
    const char *stream = watch_is_futex(sleeper) ? stream_lock(sleeper, &owner) : NULL;
    if (sleeper->tid == watch_tid())
        watch_say("    was interrupted in %s", place(stack)); // by the signal that asks
    else if (stream != NULL)
        watch_say("    waits for the lock of %s in %s", stream, place(stack));
    else if (stack != NULL && stack->count > 0)
        watch_say("    %s in %s", watch_sleeper_text(sleeper), place(stack));
    else
        watch_say("    %s", watch_sleeper_text(sleeper));
    say_callers(stack);
    if (stream == NULL)
        return;
    const struct watch_thread *thread;
    for (unsigned int i = 0; (thread = watch_thread_at(i)) != NULL; i++) {
        if (READ(thread->identity) != 0 && pthread_equal(thread->handle, owner))
            watch_say("    locked by thread %s", watch_thread_name(thread->number));
    }
}

static void say_thread(const struct watch_thread *thread, bool is_in_cycle)
{
    const struct watch_sleeper *sleeper = watch_sleeper_of(&look, thread->tid);
    watch_say("  thread %s", watch_thread_name(thread->number));
    if (READ(thread->waits))
        say_wait(thread);
    else if (sleeper != NULL)
        say_sleeper(sleeper, watch_stack_of(sleeper));
    say_tried(thread);
    if (!is_in_cycle)
        say_held(thread);
}

static void say_all_threads(void)
{
    const struct watch_thread *thread;
    unsigned int said = 0, more = 0;
    for (unsigned int i = 0; (thread = watch_thread_at(i)) != NULL; i++) {
        if (READ(thread->identity) == 0)
            continue;
        if (said++ < MOST_LISTED)
            say_thread(thread, false);
        else
            more++;
    }
    for (unsigned int i = 0; i < look.count && said < MOST_LISTED; i++) {
        bool is_known = false;
        for (unsigned int j = 0; !is_known && (thread = watch_thread_at(j)) != NULL; j++)
            is_known = READ(thread->identity) != 0 && thread->tid == look.sleepers[i].tid;
        if (is_known)
            continue;
        char name[16];
        watch_sleeper_name(look.sleepers[i].tid, name);
        watch_say("  another thread, %s (%d)", name, look.sleepers[i].tid);
        say_sleeper(&look.sleepers[i], watch_stack_of(&look.sleepers[i]));
        said++;
    }
    if (more > 0)
        watch_say("  and %u more threads", more);
}

/* ---- warnings and the table ---- */

static bool say_warnings(bool is_stuck)
{
    unsigned int count;
    const struct watch_warning *warnings = watch_warnings(&count);
    bool has_said = false, was_silent = watch_is_silent;
    for (unsigned int i = 0; i < count; i++) {
        const struct watch_warning *warning = &warnings[i];
        is_suppressed = false;
        for (unsigned int j = 0; j < warning->length; j++) {
            place(warning->orders[j].from_place);
            place(warning->orders[j].to_place);
        }
        watch_is_silent = was_silent || is_suppressed;
        has_said = has_said || !is_suppressed;
        watch_say("warning: %sthese %u lock orders can make %s:",
                  is_stuck ? "" : "no deadlock this time, but ", warning->length,
                  is_stuck ? "a deadlock" : "one");
        for (unsigned int j = 0; j < warning->length; j++) {
            const struct watch_order *order = &warning->orders[j];
            unsigned int before = j == 0 ? warning->length - 1 : j - 1;
            watch_say("  thread %s%s", watch_thread_name(order->thread),
                      order->by_several ? ", and others" : "");
            watch_say(
                "    locked %s in %s",
                full_name(warning->kinds[before], warning->addresses[before], order->from_number),
                place(order->from_place));
            say_callers(order->from_place);
            watch_say("    and with it %s in %s",
                      full_name(warning->kinds[j], warning->addresses[j], order->to_number),
                      place(order->to_place));
            say_callers(order->to_place);
        }
        watch_is_silent = was_silent;
    }
    if (count == MOST_WARNINGS)
        watch_say("warning: there may be more such orders; only %d are kept", MOST_WARNINGS);
    return has_said;
}

/*
 * Finds the locks that were waited for longest, the longest one first; returns how many. Leaves out those
 * with less than SHORT_MS in all: finding their names would take longer than the waits did.
 */
static unsigned int longest_waits(const struct watch_lock *rows[ROWS], unsigned int *waited_for)
{
    unsigned int count = 0;
    const struct watch_lock *lock;
    *waited_for = 0;
    for (unsigned int i = 0; (lock = watch_lock_number(i)) != NULL; i++) {
        if (lock->number == 0 || lock->waited == 0)
            continue;
        ++*waited_for;
        if (lock->wait_sum < SHORT_MS * 1000000)
            continue;
        unsigned int row = count < ROWS ? count++ : ROWS;
        while (row > 0 && rows[row - 1]->wait_sum < lock->wait_sum) {
            if (row < ROWS)
                rows[row] = rows[row - 1];
            row--;
        }
        if (row < ROWS)
            rows[row] = lock;
    }
    return count;
}

static void say_table(bool is_stuck, bool is_one_of_many)
{
    const struct watch_lock *rows[ROWS];
    unsigned int waited_for, count = longest_waits(rows, &waited_for);
    struct watch_totals totals = watch_totals();
    if (totals.locked == 0) {
        if (!is_one_of_many)
            watch_say("no mutex was locked");
    } else if (count == 0 && !is_stuck)
        watch_say("%lu mutex%s locked %lu time%s, %s", totals.locks, totals.locks == 1 ? "" : "es",
                  totals.locked, totals.locked == 1 ? "" : "s",
                  waited_for == 0 ? "never waited for" : "none waited for longer than 10 ms");
    if (count > 0)
        watch_say("%10s %10s %12s %11s  %s", "locked", "waited for", "in all, ms", "longest, ms",
                  "mutex, and where it was first used");
    for (unsigned int i = 0; i < count; i++) {
        unsigned long all = (unsigned long)(rows[i]->wait_sum / 1000);
        unsigned long longest = (unsigned long)(rows[i]->longest_wait / 1000);
        watch_say("%10lu %10lu %8lu.%03lu %7lu.%03lu  %s %s", rows[i]->locked, rows[i]->waited,
                  all / 1000, all % 1000, longest / 1000, longest % 1000,
                  watch_mutex_name(rows[i]->address, rows[i]->number), place(rows[i]->first_place));
    }
    if (count > 0 && waited_for > count)
        watch_say("and %u mutex%s waited for less", waited_for - count,
                  waited_for - count == 1 ? "" : "es");
}

static void say_what_did_not_fit(void)
{
    struct watch_totals totals = watch_totals();
    if (totals.were_too_many)
        watch_say("not watched: locks beyond the first %d", MOST_LOCKS);
    if (totals.threads_unwatched > 0)
        watch_say("not watched: threads beyond %d at a time: %lu", MOST_THREADS,
                  totals.threads_unwatched);
    if (watch_orders_unwatched() > 0)
        watch_say("lock orders are noted for %d pairs of locks; there were more", MOST_ORDERS - 1);
}

/* ---- all of it ---- */

/* What has happened, in a line. */
static const char *headline(enum watch_news news, struct watch_thread *const threads[],
                            unsigned int count)
{
    static struct watch_output text;
    const char *waits = count == 1 ? " waits" : "s wait";
    text = (struct watch_output){.descriptor = -1};
    if (news == NEWS_CYCLE && count == 1)
        watch_add(&text, "1 thread waits for itself%s",
                  threads[0]->wait.lock != NULL && threads[0]->wait.lock->kind == WATCH_RWLOCK
                      ? ", which reads what it wants to write"
                      : "");
    else if (news == NEWS_CYCLE)
        watch_add(&text, "%u threads wait for each other in a cycle", count);
    else if (news == NEWS_IN_VAIN)
        watch_add(&text, "%u thread%s for a lock that nobody will unlock", count, waits);
    else if (news == NEWS_LATE)
        watch_add(&text,
                  "%u thread%s for a lock that only another thread than its owner can unlock",
                  count, waits);
    else if (news == NEWS_ASLEEP && look.count == 1)
        watch_add(&text, "the only thread is asleep, and nothing can wake it");
    else if (news == NEWS_ASLEEP)
        watch_add(&text, "all %u threads are asleep, and none of them can wake another",
                  look.count);
    else if (news == NEWS_DUMP)
        watch_add(&text, "what the threads of process %d do:", (int)getpid());
    return text.text;
}

static void write_page(const struct watch_options *options, enum watch_news news,
                       struct watch_thread *const threads[], unsigned int count)
{
    const struct watch_page page = {
        options->program, headline(news, threads, count), news, threads, count, &look};
    int error = watch_page_write(watch_is_silent ? "/dev/null" : options->page, &page);
    if (error != 0)
        watch_say("%s: %s", options->page, strerror(error));
}

static bool report_once(const struct watch_options *options, enum watch_news news,
                        struct watch_thread *const threads[], unsigned int count, const char *trace)
{
    bool is_stuck =
        news == NEWS_CYCLE || news == NEWS_IN_VAIN || news == NEWS_LATE || news == NEWS_ASLEEP;
    bool has_said = is_stuck;
    if (news != NEWS_LAST)
        watch_say("%s%s", news == NEWS_CYCLE || news == NEWS_IN_VAIN ? "deadlock: " : "",
                  headline(news, threads, count));
    if (options->page[0] != '\0')
        write_page(options, news, threads, count);
    if (news == NEWS_ASLEEP || news == NEWS_DUMP)
        say_all_threads();
    for (unsigned int i = 0; i < count; i++)
        say_thread(threads[i], news == NEWS_CYCLE);
    if (news == NEWS_LATE || (news == NEWS_ASLEEP && !options->ends_asleep))
        return has_said;
    has_said = say_warnings(is_stuck) || has_said;
    say_table(is_stuck, options->follows);
    say_what_did_not_fit();
    if (options->draws_lanes)
        watch_draw_lanes();
    int error = trace[0] == '\0' ? 0 : watch_write_trace(trace, options->program);
    if (error != 0)
        watch_say("%s: %s", trace, strerror(error));
    return has_said;
}

bool watch_report(const struct watch_options *options, enum watch_news news,
                  struct watch_thread *const threads[], unsigned int count)
{
    watch_look(&look);
    watch_ask_begin();
    watch_trace_stop();
    is_suppressed = false;
    watch_is_silent = true;
    report_once(options, news, threads, count, options->trace[0] == '\0' ? "" : "/dev/null");
    watch_symbols_find();
    is_suppressed = false; // now that the names are known, this finds out
    static const struct watch_options nothing;
    if (news != NEWS_LAST && news != NEWS_DUMP)
        report_once(&nothing, news, threads, count, "");
    bool has_said = false;
    if (!is_suppressed) {
        watch_is_silent = false;
        has_said = report_once(options, news, threads, count, options->trace);
    }
    watch_is_silent = false;
    watch_trace_resume();
    return has_said;
}
