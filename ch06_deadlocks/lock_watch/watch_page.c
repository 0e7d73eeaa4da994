/*
 * watch_page.c - the page of -p. See watch_page.h; the script at the end of page.html reads this.
 *
 * Any text may hold anything, even what ends a script. So in a string here only letters, digits and harmless
 * characters stand for themselves.
 */
#include "watch_page.h"
#include "watch_ask.h"
#include "watch_orders.h"
#include "watch_symbols.h"
#include "watch_text.h"
#include "watch_trace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MOST_FREE_LOCKS = 1 << 12, // that no thread holds or ever waited for
    MOST_EVENTS = 200000,      // a browser takes a second for more
    FEWEST_EVENTS = 100,       // of a thread
};

static struct watch_output output;
static uint64_t written_at;       // nanoseconds, as the report was begun
static bool is_alive[MOST_NAMES]; // threads, by their number

/* Before each element but the first one. */
static void add_comma(bool *is_first)
{
    watch_add(&output, *is_first ? "\n" : ",\n");
    *is_first = false;
}

static void add_text(const char *text)
{
    watch_add(&output, "\"");
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~')
            watch_add(&output, "?"); // of any encoding
        else if (strchr("\"\\<", *text) != NULL)
            watch_add(&output, "\\u%04x", (unsigned int)*text);
        else
            watch_add(&output, "%c", *text);
    }
    watch_add(&output, "\"");
}

static void add_time(const char *name, uint64_t nanoseconds)
{
    watch_add(&output, ",\"%s\":%lu.%03u", name, (unsigned long)(nanoseconds / 1000),
              (unsigned int)(nanoseconds % 1000));
}

static const char *true_or_false(bool is_true)
{
    return is_true ? "true" : "false";
}

/* The frames, from the first one that belongs to the program, not to what wraps the lock. */
static void add_stack(const char *name, const struct watch_stack *stack)
{
    bool is_first = true;
    watch_add(&output, ",\"%s\":[", name);
    for (unsigned int i = 0; stack != NULL && i < stack->count; i++) {
        bool is_last = i + 1 == stack->count;
        if (watch_is_own_library(stack->frames[i]) ||
            (is_first && !is_last && watch_is_wrapper(stack->frames[i])))
            continue;
        watch_add(&output, is_first ? "" : ",");
        add_text(watch_place(stack->frames[i]));
        is_first = false;
    }
    watch_add(&output, "]");
}

/* ---- threads ---- */

/* The lock that the thread needs to go on: after a wait on a condition its mutex. */
static const struct watch_lock *awaited(const struct watch_thread *thread)
{
    const struct watch_wait *wait = &thread->wait;
    bool is_woken = wait->mutex != NULL && READ(wait->mutex->owner) != 0;
    return is_woken ? wait->mutex : wait->lock;
}

static bool is_stuck(const struct watch_page *page, const struct watch_thread *thread)
{
    for (unsigned int i = 0; i < page->stuck_count; i++) {
        if (page->stuck[i] == thread)
            return true;
    }
    return false;
}

static void begin_wait(const char *kind, const char *text)
{
    watch_add(&output, "{\"for\":\"%s\",\"text\":", kind);
    add_text(text);
}

static void add_wait(const struct watch_thread *thread)
{
    const struct watch_wait *wait = &thread->wait;
    const struct watch_lock *lock = awaited(thread);
    uint64_t waited = written_at > wait->since ? written_at - wait->since : 0;
    uint64_t end = watch_trace_window().end;
    begin_wait(wait->what == WATCH_FOR_END ? "thread" : lock != NULL ? "lock" : "other", "waits");
    watch_add(&output, ",\"lock\":%u,\"thread\":%u,\"deadline\":%s",
              wait->what == WATCH_FOR_END || lock == NULL ? 0 : READ(lock->number),
              wait->what == WATCH_FOR_END ? watch_number_of(wait->target) : 0,
              true_or_false(wait->has_deadline));
    add_time("since_us", end > waited ? end - waited : 0);
    add_stack("stack", wait->place);
    watch_add(&output, "}");
}

/* A thread in no call of the watch: what the kernel says of it. */
static void add_sleep(const struct watch_look *look, int tid)
{
    const struct watch_sleeper *sleeper = watch_sleeper_of(look, tid);
    if (sleeper == NULL || sleeper->call < 0 || tid == watch_tid()) {
        watch_add(&output, "null");
        return;
    }
    begin_wait("other", watch_sleeper_text(sleeper));
    add_stack("stack", watch_stack_of(sleeper));
    watch_add(&output, "}");
}

static void add_held(const struct watch_thread *thread)
{
    bool is_first = true;
    unsigned int count = READ(thread->held_count);
    for (unsigned int i = 0; i < count && i < MOST_HELD; i++) {
        const struct watch_held *held = &thread->held[i];
        if (READ(READ(held->lock)->number) != READ(held->number))
            continue;
        watch_add(&output, "%s{\"lock\":%u", is_first ? "" : ",", READ(held->number));
        add_stack("stack", READ(held->place));
        watch_add(&output, "}");
        is_first = false;
    }
}

static void begin_thread(unsigned int number, bool is_running, bool is_in_cycle)
{
    const char *name = strchr(watch_thread_name(number), ' ');
    watch_add(&output, "{\"id\":%u,\"name\":", number);
    add_text(name == NULL ? "" : name + 1);
    watch_add(&output, ",\"alive\":%s,\"in_cycle\":%s,\"waits\":", true_or_false(is_running),
              true_or_false(is_in_cycle));
}

/* Those that run, and those that have ended but have a lane. */
static void add_threads(const struct watch_page *page)
{
    bool is_first = true;
    const struct watch_thread *thread;
    memset(is_alive, 0, sizeof is_alive);
    for (unsigned int i = 0; (thread = watch_thread_at(i)) != NULL; i++) {
        if (READ(thread->identity) == 0)
            continue;
        if (thread->number < MOST_NAMES)
            is_alive[thread->number] = true;
        add_comma(&is_first);
        begin_thread(thread->number, true, is_stuck(page, thread));
        if (READ(thread->waits))
            add_wait(thread);
        else
            add_sleep(page->look, thread->tid);
        watch_add(&output, ",\"holds\":[");
        add_held(thread);
        watch_add(&output, "]}");
    }
    for (unsigned int lane = 0; (lane = watch_trace_next(lane)) != 0;) {
        if (lane < MOST_NAMES && is_alive[lane])
            continue;
        add_comma(&is_first);
        begin_thread(lane, false, false);
        watch_add(&output, "null,\"holds\":[]}");
    }
}

/* ---- locks ---- */

static bool is_in_cycle(const struct watch_page *page, const struct watch_lock *lock)
{
    for (unsigned int i = 0; i < page->stuck_count; i++) {
        if (page->stuck[i]->wait.what != WATCH_FOR_END && awaited(page->stuck[i]) == lock)
            return true;
    }
    return false;
}

static void add_locks(const struct watch_page *page)
{
    bool is_first = true;
    unsigned int free = 0;
    const struct watch_lock *lock;
    for (unsigned int i = 0; (lock = watch_lock_number(i)) != NULL; i++) {
        unsigned long owner = READ(lock->kind) <= WATCH_LAST_OWNED ? READ(lock->owner) : 0;
        bool is_free = owner == 0 && READ(lock->waited) == 0 &&
                       (lock->kind == WATCH_MUTEX || lock->kind == WATCH_SPIN_LOCK);
        if (READ(lock->number) == 0 || (is_free && free++ >= MOST_FREE_LOCKS))
            continue;
        add_comma(&is_first);
        watch_add(&output, "{\"id\":%u,\"kind\":\"%s\",\"owner\":%u,\"name\":", READ(lock->number),
                  watch_kind_name(READ(lock->kind)), watch_number_of(owner));
        add_text(watch_variable(READ(lock->address)));
        watch_add(&output, ",\"locked\":%lu,\"waited\":%lu,\"in_cycle\":%s", READ(lock->locked),
                  READ(lock->waited), true_or_false(is_in_cycle(page, lock)));
        add_time("wait_us", READ(lock->wait_sum));
        add_time("longest_us", READ(lock->longest_wait));
        add_stack("stack", READ(lock->first_place));
        watch_add(&output, "}");
    }
}

/* ---- warnings ---- */

static void add_warnings(void)
{
    bool is_first = true;
    unsigned int count;
    const struct watch_warning *warnings = watch_warnings(&count);
    for (unsigned int i = 0; i < count; i++) {
        const struct watch_warning *warning = &warnings[i];
        bool is_suppressed = false;
        for (unsigned int j = 0; j < warning->length; j++)
            is_suppressed = is_suppressed ||
                            watch_names_suppressed(warning->orders[j].from_place) ||
                            watch_names_suppressed(warning->orders[j].to_place);
        if (is_suppressed)
            continue;
        add_comma(&is_first);
        watch_add(&output, "{\"text\":\"These %u lock orders can make a deadlock.\",\"orders\":[",
                  warning->length);
        for (unsigned int j = 0; j < warning->length; j++) {
            const struct watch_order *order = &warning->orders[j];
            watch_add(&output, "%s{\"thread\":%u,\"from\":%u,\"to\":%u", j == 0 ? "" : ",",
                      order->thread, order->from_number, order->to_number);
            add_stack("from_stack", order->from_place);
            add_stack("to_stack", order->to_place);
            watch_add(&output, "}");
        }
        watch_add(&output, "]}");
    }
}

/* ---- events ---- */

struct events {
    unsigned int lane;
    bool is_first;
    unsigned long count, written;
};

static void count_event(const struct watch_recorded *event, void *context)
{
    (void)event;
    ((struct events *)context)->count++;
}

static void add_event(const struct watch_recorded *event, void *context)
{
    static const char *const names[] = {
        [WATCH_START] = "start",     [WATCH_WAITS] = "waits",     [WATCH_GOT] = "got",
        [WATCH_GAVE_UP] = "gave up", [WATCH_UNLOCKS] = "unlocks", [WATCH_SLEEPS] = "sleeps",
        [WATCH_WAKES] = "wakes",     [WATCH_LOST] = "lost",       [WATCH_END] = "end",
    };
    struct events *events = context;
    add_comma(&events->is_first);
    events->written++;
    watch_add(&output, "[%u,%lu.%03u,\"%s\",%u]", events->lane, (unsigned long)(event->time / 1000),
              (unsigned int)(event->time % 1000), names[event->kind], event->number);
}

/* The last ones of each thread. */
static void add_events(void)
{
    struct events events = {.is_first = true};
    unsigned int lanes = 0;
    for (unsigned int lane = 0; (lane = watch_trace_next(lane)) != 0; lanes++)
        watch_trace_each(lane, ULONG_MAX, count_event, &events);
    unsigned long most = lanes == 0 ? 0 : MOST_EVENTS / lanes;
    if (most < FEWEST_EVENTS)
        most = FEWEST_EVENTS;
    for (unsigned int lane = 0; (lane = watch_trace_next(lane)) != 0;) {
        events.lane = lane;
        watch_trace_each(lane, events.count <= MOST_EVENTS ? ULONG_MAX : most, add_event, &events);
    }
    unsigned long skipped = events.count > events.written ? events.count - events.written : 0;
    watch_add(&output, "],\n\"dropped\":%lu", skipped + watch_trace_window().lost);
}

/* ---- all of it ---- */

static void add_report(const struct watch_page *page)
{
    static const char *const states[] = {
        [NEWS_CYCLE] = "deadlock", [NEWS_IN_VAIN] = "deadlock", [NEWS_LATE] = "dump",
        [NEWS_ASLEEP] = "asleep",  [NEWS_DUMP] = "dump",        [NEWS_LAST] = "end",
    };
    const char *slash = strrchr(page->program, '/');
    watch_add(&output, "<script>\nreport({\"program\":");
    add_text(slash == NULL ? page->program : slash + 1);
    watch_add(&output, ",\"pid\":%d,\"state\":\"%s\",\"headline\":", (int)getpid(),
              states[page->news]);
    add_text(page->headline);
    add_time("length_us", watch_trace_window().end);
    watch_add(&output, ",\n\"threads\":[");
    add_threads(page);
    watch_add(&output, "],\n\"locks\":[");
    add_locks(page);
    watch_add(&output, "],\n\"warnings\":[");
    add_warnings();
    watch_add(&output, "],\n\"events\":[");
    add_events();
    watch_add(&output, "})\n</script>\n");
}

int watch_page_write(const char *path, const struct watch_page *page)
{
    static off_t empty_size = -1; // of the page without a report
    struct stat file;
    output = (struct watch_output){.descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)};
    if (output.descriptor < 0)
        return errno;
    if (fstat(output.descriptor, &file) != 0) {
        output.error = errno;
    } else if (!S_ISREG(file.st_mode)) {
        written_at = watch_now();
    } else if (empty_size < 0) {
        empty_size = file.st_size;
    } else if (ftruncate(output.descriptor, empty_size) != 0) {
        output.error = errno;
    }
    add_report(page);
    watch_flush(&output);
    if (close(output.descriptor) != 0 && output.error == 0)
        output.error = errno;
    return output.error;
}
