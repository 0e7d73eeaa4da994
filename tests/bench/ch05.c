/*
 * ch05.c - the channel beside a plain one, and the programs beside plain ways.
 */
#include "bench.h"
#include "beyond/fast_channel.h"
#include "channel.h"
#include "must.h"
#include "plain_channel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* Threads that send and receive long numbers, each pair as many as the others. */
struct traffic {
    int pairs;
    size_t capacity;

    long elements; // of each pair
    atomic_int started;
    struct channel *channel, *back;
    struct plain_channel *plain, *plain_back;
    struct fast_channel *fast;
};

/* Of the threads that are started, every second one is a sender. */
static bool is_sender(struct traffic *traffic)
{
    return atomic_fetch_add(&traffic->started, 1) % 2 == 0;
}

static void *send_or_receive(void *argument)
{
    struct traffic *traffic = argument;
    bool sends = is_sender(traffic);
    for (long i = 0; i < traffic->elements; i++) {
        if (sends)
            MUST(channel_send(traffic->channel, &i));
        else
            MUST(channel_receive(traffic->channel, &(long){0}));
    }
    return NULL;
}

static void *send_or_receive_fast(void *argument)
{
    struct traffic *traffic = argument;
    bool sends = is_sender(traffic);
    for (long i = 0; i < traffic->elements; i++) {
        if (sends)
            MUST(fast_channel_send(traffic->fast, &i));
        else
            MUST(fast_channel_receive(traffic->fast, &(long){0}));
    }
    return NULL;
}

static void *send_or_receive_plain(void *argument)
{
    struct traffic *traffic = argument;
    bool sends = is_sender(traffic);
    for (long i = 0; i < traffic->elements; i++) {
        if (sends)
            plain_channel_send(traffic->plain, i);
        else
            plain_channel_receive(traffic->plain);
    }
    return NULL;
}

static void *ask_or_answer(void *argument)
{
    struct traffic *traffic = argument;
    bool asks = is_sender(traffic);
    for (long i = 0; i < traffic->elements; i++) {
        if (asks)
            MUST(channel_send(traffic->channel, &i));
        MUST(channel_receive(asks ? traffic->back : traffic->channel, &(long){0}));
        if (!asks)
            MUST(channel_send(traffic->back, &i));
    }
    return NULL;
}

static void *ask_or_answer_plain(void *argument)
{
    struct traffic *traffic = argument;
    bool asks = is_sender(traffic);
    for (long i = 0; i < traffic->elements; i++) {
        if (asks)
            plain_channel_send(traffic->plain, i);
        plain_channel_receive(asks ? traffic->plain_back : traffic->plain);
        if (!asks)
            plain_channel_send(traffic->plain_back, i);
    }
    return NULL;
}

/* What can be no faster: to ask and to answer, each thread has to run in turn. */
static void *yield(void *argument)
{
    struct traffic *traffic = argument;
    for (long i = 0; i < traffic->elements; i++)
        sched_yield();
    return NULL;
}

static void run_threads(struct traffic *traffic, long elements, void *(*run)(void *))
{
    traffic->elements = elements / traffic->pairs;
    atomic_init(&traffic->started, 0);
    traffic->channel = MUST_HAVE(channel_create(traffic->capacity, sizeof(long)));
    traffic->back = MUST_HAVE(channel_create(traffic->capacity, sizeof(long)));
    traffic->plain = plain_channel_create(traffic->capacity);
    traffic->plain_back = plain_channel_create(traffic->capacity);
    bench_threads(2 * traffic->pairs, run, traffic);
    plain_channel_destroy(traffic->plain_back);
    plain_channel_destroy(traffic->plain);
    channel_destroy(traffic->back);
    channel_destroy(traffic->channel);
}

static void with_channel(void *traffic, long elements)
{
    run_threads(traffic, elements, send_or_receive);
}

static void with_plain_channel(void *traffic, long elements)
{
    run_threads(traffic, elements, send_or_receive_plain);
}

static void with_fast_channel(void *argument, long elements)
{
    struct traffic *traffic = argument;
    traffic->fast = MUST_HAVE(fast_channel_create(traffic->capacity, sizeof(long)));
    run_threads(traffic, elements, send_or_receive_fast);
    fast_channel_destroy(traffic->fast);
}

static void there_and_back(void *traffic, long elements)
{
    run_threads(traffic, elements, ask_or_answer);
}

static void there_and_back_plain(void *traffic, long elements)
{
    run_threads(traffic, elements, ask_or_answer_plain);
}

static void yields(void *traffic, long elements)
{
    run_threads(traffic, elements, yield);
}

static void compare_channels(void)
{
    static const struct {
        const char *work;
        size_t capacity;
        int pairs;
        long elements;
    } rows[] = {
        {"channel of 1000, an element, 1 thread to 1", 1000, 1, 300000},
        {"channel of 1000, an element, 2 to 2", 1000, 2, 300000},
        {"channel of 1000, an element, 32 to 32", 1000, 32, 300000},
        {"channel without a buffer, an element, 1 to 1", 0, 1, 50000},
        {"channel without a buffer, an element, 32 to 32", 0, 32, 50000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct traffic traffic = {.pairs = rows[i].pairs, .capacity = rows[i].capacity};
        bool is_buffered = rows[i].capacity > 0; // fast_channel.c has no rendezvous
        const struct way ways[] = {
            {.name = "a lock and conditions", .function = with_plain_channel, .argument = &traffic},
            {.name = "channel.c", .function = with_channel, .argument = &traffic},
            {.name = is_buffered ? "fast_channel.c" : "(one sched_yield in each)",
             .function = is_buffered ? with_fast_channel : yields,
             .argument = &traffic},
        };
        bench_compare(rows[i].work, rows[i].elements, ways, 3);
    }
    struct traffic traffic = {.pairs = 1, .capacity = 0};
    const struct way ways[] = {
        {.name = "a lock and conditions", .function = there_and_back_plain, .argument = &traffic},
        {.name = "channel.c", .function = there_and_back, .argument = &traffic},
    };
    bench_compare("channel without a buffer, there and back", 30000, ways, 2);
}

static void compare_programs(void)
{
    bench_prepare("mkdir -p build/bench && beyond/generate_metars -f -n 141 build/bench/months");
    const struct way winds[] = {
        {.name = "grep -hoE, which only finds them",
         .command =
             "LC_ALL=C grep -hoE ' (VRB|[0-9]{3})[0-9]{2}(G[0-9]{2})?KT' build/bench/months/* "
             "| cat >/dev/null"},
        {.name = "wind_direction", .command = "./wind_direction build/bench/months"},
        {.name = "(cat: only to read them)", .command = "cat build/bench/months/* >/dev/null"},
    };
    bench_compare("the winds of 141 months, 23 MB", 1, winds, 3);

    const struct way polygons[] = {
        {.name = "generate_random_polygons",
         .command = "./generate_random_polygons build/bench/polygons.txt"},
        {.name = "parallel_polygons",
         .command = "beyond/parallel_polygons build/bench/polygons.txt"},
    };
    bench_compare("100 000 random polygons, 48 MB", 1, polygons, 2);

    const struct way areas[] = {
        {.name = "ordered_shoelace -t 1",
         .command = "beyond/ordered_shoelace -t 1 build/bench/polygons.txt >/dev/null"},
        {.name = "shoelace", .command = "./shoelace build/bench/polygons.txt >/dev/null"},
        {.name = "ordered_shoelace",
         .command = "beyond/ordered_shoelace build/bench/polygons.txt >/dev/null"},
        {.name = "(cat: only to read them)",
         .command = "cat build/bench/polygons.txt | cat >/dev/null"},
    };
    bench_compare("the areas of 100 000 polygons", 1, areas, 4);
}

static void show_growth(void)
{
    static const long threads[] = {1, 10, 100, 1000};
    bench_growth("parallel_polygons -t, 10 000 polygons", NULL,
                 "beyond/parallel_polygons -n 10000 -t $n build/bench/more.txt", threads, 4);
    bench_growth("ordered_shoelace -t, 100 000 polygons", NULL,
                 "beyond/ordered_shoelace -t $n build/bench/polygons.txt >/dev/null", threads, 4);
    static const long polygons[] = {100000, 1000000, 10000000};
    bench_growth(
        "parallel_polygons -n | ordered_shoelace", NULL,
        "beyond/parallel_polygons -n $n /dev/stdout | beyond/ordered_shoelace - >/dev/null",
        polygons, 3);
    static const long months[] = {70, 700, 7000};
    bench_growth("wind_direction, months (7000 are 1.1 GB)",
                 "beyond/generate_metars -f -n $n build/bench/months.$n",
                 "./wind_direction build/bench/months.$n", months, 3);
}

int main(int argc, char *argv[])
{
    bench_begin("Chapter 5", argc, argv);
    compare_programs();
    show_growth();
    bench_prepare("rm -rf build/bench");
    compare_channels();
    return 0;
}
