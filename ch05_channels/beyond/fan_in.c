/*
 * fan_in.c - two threads send, each on a channel of its own; main takes what comes first.
 *
 * Lecture   wind_direction.c
 * Adds      channel_select, which waits on several channels at once. A receive waits on one
 * Build     cc -pthread -iquote . -o beyond/fan_in beyond/fan_in.c channel.c
 * Run       beyond/fan_in
 * Expect    five lines of each thread, in an order that differs; then that both have ended
 */
#include "channel.h"
#include "must.h"

#include <pthread.h>

struct producer {
    const char *name;
    int milliseconds; // from one line to the next
    struct channel *channel;
};

struct line {
    const char *name;
    int number;
};

static void *produce(void *argument)
{
    struct producer *self = argument;
    for (int i = 1; i <= 5; i++) {
        pause_ms(self->milliseconds);
        MUST(channel_send(self->channel, &(struct line){self->name, i}));
    }
    MUST(channel_close(self->channel));
    return NULL;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "fan_in");
    struct producer producers[] = {{.name = "Ann", .milliseconds = 20},
                                   {.name = "Joe", .milliseconds = 30}};
    struct channel_case cases[2];
    struct line line;
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        producers[i].channel = MUST_HAVE(channel_create(0, sizeof(struct line)));
        cases[i] = (struct channel_case){producers[i].channel, CHANNEL_RECEIVE, &line, 0};
        MUST(pthread_create(&threads[i], NULL, produce, &producers[i]));
    }

    // A channel that is closed would be chosen again and again; NULL is never chosen.
    for (int open = 2; open > 0;) {
        size_t chosen;
        MUST(channel_select(cases, 2, &chosen));
        if (cases[chosen].error == EPIPE) {
            cases[chosen].channel = NULL;
            open--;
        } else {
            printf("%s says %d\n", line.name, line.number);
        }
    }
    puts("Both have ended");

    for (int i = 0; i < 2; i++) {
        MUST(pthread_join(threads[i], NULL));
        channel_destroy(producers[i].channel);
    }
}
