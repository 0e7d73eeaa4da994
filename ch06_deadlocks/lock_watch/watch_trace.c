/*
 * watch_trace.c - the record of a run. See watch_trace.h.
 *
 * Each thread writes into a chunk of its own, and takes the next one when that is full: no locks. A lane
 * is the list of a thread's chunks, in the order of time. To read it, it is played again: between two
 * events a thread is in one state, and those stretches are what is written or drawn.
 */
#include "watch_trace.h"
#include "watch_symbols.h"
#include "watch_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct chunk {
    unsigned int lane; // number of the thread
    atomic_uint next;  // of this lane; 0: the last one
    atomic_uint used;  // events, which never change again
    struct watch_recorded events[EVENTS_IN_A_CHUNK];
};

static struct {
    atomic_bool records;
    uint64_t start, length;           // length: when recording has stopped
    struct chunk chunks[MOST_CHUNKS]; // the first one is not used
    atomic_uint chunks_used;
    atomic_uint first[MOST_NAMES]; // chunk of each lane
    atomic_ulong dropped[MOST_NAMES];
    atomic_ulong dropped_in_all;
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

void watch_trace_stop(void)
{
    trace.length = watch_now() - trace.start;
    atomic_store(&trace.records, false);
}

/* The chunk where the thread's next event goes; NULL: there is no room. */
static struct chunk *chunk_for(struct watch_thread *thread)
{
    struct chunk *last = &trace.chunks[thread->chunk];
    if (thread->chunk != 0 &&
        atomic_load_explicit(&last->used, memory_order_relaxed) < EVENTS_IN_A_CHUNK)
        return last;
    if (thread->number >= MOST_NAMES || atomic_load(&trace.chunks_used) >= MOST_CHUNKS - 1)
        return NULL;
    unsigned int i = atomic_fetch_add(&trace.chunks_used, 1) + 1;
    if (i >= MOST_CHUNKS)
        return NULL;
    trace.chunks[i].lane = thread->number;
    atomic_store(thread->chunk == 0 ? &trace.first[thread->number] : &last->next, i);
    thread->chunk = i;
    return &trace.chunks[i];
}

void watch_event(struct watch_thread *thread, enum watch_event_kind kind, const void *address,
                 unsigned int number)
{
    if (!atomic_load_explicit(&trace.records, memory_order_relaxed))
        return;
    struct chunk *chunk = chunk_for(thread);
    if (chunk == NULL) {
        atomic_fetch_add_explicit(&trace.dropped_in_all, 1, memory_order_relaxed);
        if (thread->number < MOST_NAMES)
            atomic_fetch_add_explicit(&trace.dropped[thread->number], 1, memory_order_relaxed);
        return;
    }
    unsigned int used = atomic_load_explicit(&chunk->used, memory_order_relaxed);
    chunk->events[used] = (struct watch_recorded){watch_now() - trace.start, address, number, kind};
    atomic_store_explicit(&chunk->used, used + 1, memory_order_release);
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
    if (variable[0] != '\0')
        snprintf(text, 200, "%s", variable);
    else if (number != 0)
        snprintf(text, 200, "mutex %u", number);
    else
        snprintf(text, 200, "condition %p", address);
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

struct watch_window watch_trace_window(void)
{
    return (struct watch_window){trace.length, atomic_load(&trace.dropped_in_all)};
}

unsigned int watch_trace_next(unsigned int lane)
{
    while (++lane < MOST_NAMES) {
        if (atomic_load(&trace.first[lane]) != 0)
            return lane;
    }
    return 0;
}

void watch_trace_play(unsigned int lane, void (*take)(const struct watch_stretch *, void *),
                      void *context)
{
    uint64_t end = trace.length;
    static struct watch_stretch now;
    now = (struct watch_stretch){.lane = lane};
    bool has_begun = false, has_ended = false;
    for (unsigned int i = atomic_load(&trace.first[lane]); i != 0;
         i = atomic_load(&trace.chunks[i].next)) {
        unsigned int used = atomic_load_explicit(&trace.chunks[i].used, memory_order_acquire);
        for (unsigned int j = 0; j < used; j++) {
            const struct watch_recorded *event = &trace.chunks[i].events[j];
            now.to = event->time < end ? event->time : end;
            if (has_begun && now.to > now.from)
                take(&now, context);
            now.from = now.to;
            has_begun = true;
            has_ended = event->kind == WATCH_END;
            if (event->kind == WATCH_GOT || event->kind == WATCH_UNLOCKS)
                held_changes(&now, event);
            now.state = now.held_count + now.held_beyond > 0 ? WATCH_HOLDING : WATCH_RUNNING;
            if (event->kind == WATCH_WAITS || event->kind == WATCH_SLEEPS) {
                now.state = event->kind == WATCH_WAITS ? WATCH_WAITING : WATCH_SLEEPING;
                now.wait = *event;
            }
        }
    }
    now.to = end;
    if (trace.dropped[lane] > 0)
        now.state = WATCH_UNKNOWN;
    if (has_begun && !has_ended && now.to > now.from)
        take(&now, context);
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
              atomic_load(&trace.dropped_in_all));
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
