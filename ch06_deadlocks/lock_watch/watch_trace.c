/*
 * watch_trace.c - the record of a run. See watch_trace.h.
 *
 * Each thread writes into a chunk of its own, without locks. When that is full, it takes the next chunk
 * around the ring of all chunks, which is the oldest: what was in there is lost. The word of a chunk
 * tells how many events it has, and who may do what:
 *
 * - WRITTEN: a thread has it, and adds events. Such a chunk is never taken. Its thread gives it back when
 *   it has got the next one, and when it ends. There are more chunks than threads.
 * - READ: a report uses it. A chunk that has this mark is not taken either. A report sets it in all
 *   chunks once recording has stopped. But a thread may have looked at `records` before that, and still
 *   be about to add an event, or to take a chunk. No report waits for it, since a report may come from a
 *   signal handler that has interrupted just this thread. If it adds to its own chunk, the report sees
 *   the event or not; those before it never change. If it takes a chunk, then either the report has
 *   found no event in that, or the thread finds the mark, and its event is lost.
 *
 * To take a chunk is one compare-and-swap from "neither" to WRITTEN with no events, so a mark is never
 * overlooked, and no count is ever of events that are being overwritten.
 *
 * While nothing is recorded, a thread's first event becomes WATCH_LOST, and its end is still written: into
 * its own chunk, which has two places more for these.
 *
 * A lane is the list of a thread's chunks, in the order of time. To show it, it is played again: between
 * two events a thread is in one state, and those stretches are what is written or drawn.
 */
#include "watch_trace.h"
#include "watch_symbols.h"
#include "watch_text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { COUNT = 0xff, WRITTEN = 0x100, READ = 0x200 };

struct chunk {
    _Alignas(64) atomic_uint word; // COUNT events, and marks
    unsigned int lane;             // number of the thread
    struct watch_recorded events[EVENTS_IN_A_CHUNK + 2];
};

static struct {
    atomic_bool records;
    uint64_t start, length;           // length: when recording has stopped
    struct chunk chunks[MOST_CHUNKS]; // the first one is not used
    atomic_ullong hand;               // how far round the ring chunks have been taken
    atomic_ulong lost;                // events
    atomic_ullong lost_until;         // the time of the last one

    // The report's: chunks that have events, sorted by lane and time.
    bool is_listed;
    unsigned int marked, listed;
    unsigned short list[MOST_CHUNKS];
} trace;

uint64_t watch_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

void watch_trace_begin(void)
{
    trace.start = watch_now();
    atomic_store(&trace.records, true);
}

static unsigned int chunks_used(void)
{
    unsigned long long hand = atomic_load(&trace.hand);
    return hand < MOST_CHUNKS - 1 ? (unsigned int)hand : MOST_CHUNKS - 1;
}

void watch_trace_begin_in_child(struct watch_thread *self)
{
    for (unsigned int i = chunks_used(); i > 0; i--)
        atomic_store(&trace.chunks[i].word, 0);
    atomic_store(&trace.hand, 0);
    atomic_store(&trace.lost, 0);
    atomic_store(&trace.lost_until, 0);
    trace.is_listed = false;
    self->chunk = 0;
    watch_trace_begin();
}

void watch_trace_stop(void)
{
    if (atomic_exchange(&trace.records, false))
        trace.length = watch_now() - trace.start;
}

void watch_trace_resume(void)
{
    if (trace.start == 0 || atomic_load(&trace.records))
        return;
    for (unsigned int i = trace.is_listed ? trace.marked : 0; i > 0; i--)
        atomic_fetch_and(&trace.chunks[i].word, ~(unsigned int)READ);
    trace.is_listed = false;
    atomic_store(&trace.records, true);
}

/* ---- recording ---- */

static unsigned int count_of(const struct chunk *chunk)
{
    return atomic_load_explicit(&chunk->word, memory_order_acquire) & COUNT;
}

static void lose(const struct chunk *chunk, unsigned int count)
{
    if (count == 0)
        return;
    unsigned long long time = chunk->events[count - 1].time, until = atomic_load(&trace.lost_until);
    while (until < time && !atomic_compare_exchange_weak(&trace.lost_until, &until, time))
        ;
    atomic_fetch_add(&trace.lost, count);
}

/* Returns 0 while a report is made. */
static unsigned int take_chunk(unsigned int lane)
{
    for (unsigned int tries = 0; tries < 2 * MOST_CHUNKS; tries++) {
        unsigned int i = 1 + (unsigned int)(atomic_fetch_add(&trace.hand, 1) % (MOST_CHUNKS - 1));
        struct chunk *chunk = &trace.chunks[i];
        unsigned int word = atomic_load(&chunk->word);
        if ((word & READ) != 0)
            return 0;
        if ((word & WRITTEN) == 0 && atomic_compare_exchange_strong(&chunk->word, &word, WRITTEN)) {
            lose(chunk, word & COUNT);
            chunk->lane = lane;
            return i;
        }
    }
    return 0;
}

static void give_back_chunk(struct watch_thread *thread)
{
    if (thread->chunk != 0)
        atomic_fetch_and_explicit(&trace.chunks[thread->chunk].word, ~(unsigned int)WRITTEN,
                                  memory_order_release);
    thread->chunk = 0;
}

/* Whether the thread's next event has a place in its chunk. */
static bool has_room(struct watch_thread *thread)
{
    if (thread->chunk != 0 && count_of(&trace.chunks[thread->chunk]) < EVENTS_IN_A_CHUNK)
        return true;
    unsigned int next = take_chunk(thread->number);
    if (next == 0)
        return false;
    give_back_chunk(thread);
    thread->chunk = next;
    return true;
}

static void add_event(const struct watch_thread *thread, enum watch_event_kind kind,
                      const void *address, unsigned int number)
{
    struct chunk *chunk = &trace.chunks[thread->chunk];
    unsigned int count = atomic_load_explicit(&chunk->word, memory_order_relaxed) & COUNT;
    chunk->events[count] =
        (struct watch_recorded){watch_now() - trace.start, address, number, kind};
    atomic_fetch_add_explicit(&chunk->word, 1, memory_order_release);
}

static bool is_lost(const struct watch_thread *thread)
{
    const struct chunk *chunk = &trace.chunks[thread->chunk];
    return chunk->events[count_of(chunk) - 1].kind == WATCH_LOST;
}

void watch_event(struct watch_thread *thread, enum watch_event_kind kind, const void *address,
                 unsigned int number)
{
    if (atomic_load_explicit(&trace.records, memory_order_relaxed) && has_room(thread))
        add_event(thread, kind, address, number);
    else if (thread->chunk == 0)
        return;
    else if (kind == WATCH_END)
        add_event(thread, WATCH_END, NULL, 0);
    else if (!is_lost(thread))
        add_event(thread, WATCH_LOST, NULL, 0);
    if (kind == WATCH_END)
        give_back_chunk(thread);
}

/* ---- reading ---- */

static bool is_before(unsigned int i, unsigned int j)
{
    const struct chunk *one = &trace.chunks[i], *other = &trace.chunks[j];
    if (one->lane != other->lane)
        return one->lane < other->lane;
    return one->events[0].time < other->events[0].time;
}

/* Marks all chunks, and sorts those that have events (Shell's way; qsort of libc may allocate memory). */
static void list_chunks(void)
{
    if (trace.is_listed)
        return;
    trace.is_listed = true;
    trace.marked = chunks_used();
    trace.listed = 0;
    for (unsigned int i = 1; i <= trace.marked; i++) {
        if ((atomic_fetch_or(&trace.chunks[i].word, READ) & COUNT) > 0)
            trace.list[trace.listed++] = (unsigned short)i;
    }
    for (unsigned int gap = trace.listed / 2; gap > 0; gap /= 2) {
        for (unsigned int i = gap; i < trace.listed; i++) {
            unsigned short moved = trace.list[i];
            unsigned int j = i;
            for (; j >= gap && is_before(moved, trace.list[j - gap]); j -= gap)
                trace.list[j] = trace.list[j - gap];
            trace.list[j] = moved;
        }
    }
}

/* The i-th chunk of the list; NULL: after the last one. */
static const struct chunk *listed(unsigned int i)
{
    return i < trace.listed ? &trace.chunks[trace.list[i]] : NULL;
}

/* The place in the list of the first chunk of that lane, or of one above it. */
static unsigned int first_of(unsigned int lane)
{
    list_chunks();
    unsigned int low = 0, high = trace.listed;
    while (low < high) {
        unsigned int middle = (low + high) / 2;
        if (listed(middle)->lane < lane)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct watch_window watch_trace_window(void)
{
    uint64_t from = atomic_load(&trace.lost_until);
    return (struct watch_window){.from = from < trace.length ? from : trace.length,
                                 .end = trace.length,
                                 .lost = atomic_load(&trace.lost)};
}

unsigned int watch_trace_next(unsigned int lane)
{
    const struct chunk *chunk = listed(first_of(lane + 1));
    return chunk == NULL ? 0 : chunk->lane;
}

void watch_trace_each(unsigned int lane, unsigned long most,
                      void (*take)(const struct watch_recorded *, void *), void *context)
{
    const struct chunk *chunk;
    unsigned long count = 0;
    unsigned int first = first_of(lane);
    for (unsigned int i = first; (chunk = listed(i)) != NULL && chunk->lane == lane; i++)
        count += count_of(chunk);
    unsigned long skipped = count > most ? count - most : 0;
    count -= skipped; // one more may have come meanwhile
    for (unsigned int i = first; (chunk = listed(i)) != NULL && chunk->lane == lane; i++) {
        unsigned int used = count_of(chunk);
        for (unsigned int j = 0; j < used && count > 0; j++) {
            if (skipped > 0) {
                skipped--;
                continue;
            }
            count--;
            take(&chunk->events[j], context);
        }
    }
}

/* ---- names ---- */

static char *next_text(void)
{
    static char texts[4][200];
    static unsigned int next;
    return texts[next++ % 4];
}

const char *watch_mutex_name(const void *address, unsigned int number)
{
    char *text = next_text();
    const char *variable = watch_variable(address);
    const struct watch_lock *lock = watch_lock_of(address);
    if (variable[0] != '\0')
        snprintf(text, 200, "%s", variable);
    else if (address == NULL)
        snprintf(text, 200, "the end of a thread");
    else if (number != 0)
        snprintf(text, 200, "%s %u", watch_kind_name(lock == NULL ? WATCH_MUTEX : READ(lock->kind)),
                 number);
    else
        snprintf(text, 200, "%s %p",
                 watch_kind_name(lock == NULL ? WATCH_CONDITION : READ(lock->kind)), address);
    return text;
}

const char *watch_thread_name(unsigned int number)
{
    char *text = next_text();
    const struct watch_name *name = watch_name_of(number);
    const char *what = "";
    if (name != NULL && name->text[0] != '\0' && strcmp(name->text, name->given) != 0)
        what = name->text;
    else if (number == 1)
        what = "main";
    else if (name != NULL && name->start != NULL)
        what = watch_function((const void *)(uintptr_t)name->start);
    if (strstr(what, ".so") != NULL && strstr(what, "+0x") != NULL)
        what = ""; // a function of std::thread's or another library's that has no name
    snprintf(text, 200, "%u%s%s", number, what[0] == '\0' ? "" : " ", what);
    for (char *c = text; *c != '\0'; c++)
        *c = (unsigned char)*c < ' ' ? '?' : *c; // a name may be anything, but not two lines
    return text;
}

/* ---- playing it again ---- */

static void held_changes(struct watch_stretch *now, const struct watch_recorded *event)
{
    if (event->kind == WATCH_GOT && now->held_count < MOST_HELD) {
        now->held[now->held_count++] = *event;
        return;
    }
    if (event->kind == WATCH_GOT) {
        now->held_beyond++;
        return;
    }
    for (unsigned int i = now->held_count; i-- > 0;) {
        if (now->held[i].number == event->number) {
            now->held_count--;
            memmove(&now->held[i], &now->held[i + 1], (now->held_count - i) * sizeof now->held[0]);
            return;
        }
    }
    now->held_beyond -= now->held_beyond > 0;
}

struct player {
    struct watch_stretch now;
    uint64_t end;
    bool has_ended;
    void (*take)(const struct watch_stretch *, void *);
    void *context;
};

static void play_event(const struct watch_recorded *event, void *context)
{
    struct player *player = context;
    struct watch_stretch *now = &player->now;
    now->to = event->time < player->end ? event->time : player->end;
    if (event->kind != WATCH_START && now->to > now->from)
        player->take(now, player->context);
    now->from = now->to;
    player->has_ended = event->kind == WATCH_END;
    if (event->kind == WATCH_LOST)
        now->held_count = now->held_beyond = 0;
    if (event->kind == WATCH_GOT || event->kind == WATCH_UNLOCKS)
        held_changes(now, event);
    now->state = now->held_count + now->held_beyond > 0 ? WATCH_HOLDING : WATCH_RUNNING;
    if (event->kind == WATCH_LOST)
        now->state = WATCH_UNKNOWN;
    if (event->kind == WATCH_WAITS || event->kind == WATCH_SLEEPS) {
        now->state = event->kind == WATCH_WAITS ? WATCH_WAITING : WATCH_SLEEPING;
        now->wait = *event;
    }
}

void watch_trace_play(unsigned int lane, void (*take)(const struct watch_stretch *, void *),
                      void *context)
{
    static struct player player;
    player = (struct player){.now = {.lane = lane, .state = WATCH_UNKNOWN},
                             .end = trace.length,
                             .has_ended = true, // it has not begun
                             .take = take,
                             .context = context};
    watch_trace_each(lane, ULONG_MAX, play_event, &player);
    player.now.to = player.end;
    if (!player.has_ended && player.now.to > player.now.from)
        take(&player.now, context);
}

/* ---- the trace file: Chrome's Trace Event Format, of which every viewer knows these kinds ---- */

static void name_stretch(char *text, size_t size, const struct watch_stretch *stretch)
{
    if (stretch->state == WATCH_RUNNING || stretch->state == WATCH_UNKNOWN) {
        snprintf(text, size, stretch->state == WATCH_RUNNING ? "running" : "not recorded");
    } else if (stretch->state == WATCH_HOLDING) {
        size_t length = (size_t)snprintf(text, size, "holding");
        for (unsigned int i = 0; i < stretch->held_count && length < size; i++)
            length += (size_t)snprintf(
                text + length, size - length, "%s %s", i == 0 ? "" : ",",
                watch_mutex_name(stretch->held[i].address, stretch->held[i].number));
        if (stretch->held_beyond > 0 && length < size)
            snprintf(text + length, size - length, " and %u more", stretch->held_beyond);
    } else {
        snprintf(text, size, "waiting for %s",
                 watch_mutex_name(stretch->wait.address, stretch->wait.number));
    }
}

static void write_stretch(const struct watch_stretch *stretch, void *context)
{
    struct watch_output *output = context;
    char name[600];
    uint64_t length = stretch->to - stretch->from;
    name_stretch(name, sizeof name, stretch);
    watch_add(output, ",\n{\"ph\": \"X\", \"pid\": 1, \"tid\": %u, ", stretch->lane);
    watch_add(output, "\"ts\": %lu.%03u, \"dur\": %lu.%03u, \"name\": ",
              (unsigned long)(stretch->from / 1000), (unsigned int)(stretch->from % 1000),
              (unsigned long)(length / 1000), (unsigned int)(length % 1000));
    watch_add_quoted(output, name);
    watch_add(output, "}");
}

int watch_write_trace(const char *path, const char *program)
{
    static struct watch_output output;
    output = (struct watch_output){.descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666)};
    if (output.descriptor < 0)
        return errno;
    watch_add(&output, "{\"displayTimeUnit\": \"ms\", \"otherData\": {\"events dropped\": %lu},\n",
              atomic_load(&trace.lost));
    watch_add(&output,
              "\"traceEvents\": [\n{\"ph\": \"M\", \"pid\": 1, \"name\": \"process_name\", "
              "\"args\": {\"name\": ");
    const char *slash = strrchr(program, '/');
    watch_add_quoted(&output, slash == NULL ? program : slash + 1);
    watch_add(&output, "}}");
    for (unsigned int lane = 0; (lane = watch_trace_next(lane)) != 0;) {
        watch_add(&output, ",\n{\"ph\": \"M\", \"pid\": 1, \"tid\": %u, ", lane);
        watch_add(&output, "\"name\": \"thread_name\", \"args\": {\"name\": ");
        watch_add_quoted(&output, watch_thread_name(lane));
        watch_add(&output, "}}");
        watch_trace_play(lane, write_stretch, &output);
    }
    watch_add(&output, "\n]}\n");
    watch_flush(&output);
    if (close(output.descriptor) != 0 && output.error == 0)
        output.error = errno;
    return output.error;
}
