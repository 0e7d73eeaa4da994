/*
 * first_answer.c - two servers get the same question. The first answer counts; main waits at most a second
 * for the other one.
 *
 * Lecture   quiz.c
 * Adds      channel_timed_select: one deadline for several channels; and a buffer, so that a server whose
 *           answer comes too late does not wait forever
 * Build     cc -pthread -iquote . -o beyond/first_answer beyond/first_answer.c channel.c
 * Run       beyond/first_answer
 * Expect    the answer of server 2; a second later, that there was none of server 1, and that it came
 */
#include "channel.h"
#include "must.h"

#include <pthread.h>

struct server {
    int number;
    struct channel *reply;
    pthread_t thread;
};

static struct channel *mended; // closed: server 1 works again

static void *answer(void *argument)
{
    struct server *self = argument;
    if (self->number == 1)
        channel_receive(mended, NULL);
    MUST(channel_send(self->reply, &self->number));
    return NULL;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "first_answer");
    struct server servers[] = {{.number = 1}, {.number = 2}};
    struct channel_case cases[2];
    int number;
    size_t chosen;
    mended = MUST_HAVE(channel_create(0, 0));
    for (int i = 0; i < 2; i++) {
        servers[i].reply = MUST_HAVE(channel_create(1, sizeof(int)));
        cases[i] = (struct channel_case){servers[i].reply, CHANNEL_RECEIVE, &number, 0};
        MUST(pthread_create(&servers[i].thread, NULL, answer, &servers[i]));
    }

    MUST(channel_select(cases, 2, &chosen));
    printf("Server %d has answered\n", number);
    struct timespec deadline = channel_deadline(1000 / PACE);
    int error = channel_timed_select(cases, 2, &chosen, &deadline);
    if (error != ETIMEDOUT)
        MUST(error);
    puts("No other answer within a second");

    MUST(channel_close(mended));
    for (int i = 0; i < 2; i++)
        MUST(pthread_join(servers[i].thread, NULL));
    printf("Answers that came too late: %zu\n", channel_length(servers[0].reply));
    for (int i = 0; i < 2; i++)
        channel_destroy(servers[i].reply);
    channel_destroy(mended);
}
