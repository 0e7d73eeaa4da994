/*
 * quit_channel.c - a thread that would go on forever ends when another channel is closed.
 *
 * Lecture   wind_direction.c
 * Adds      a select of a send and a receive: the thread sends Fibonacci numbers while main takes them, and
 *           learns, even while it waits, when main wants no more
 * Build     cc -pthread -iquote . -o beyond/quit_channel beyond/quit_channel.c channel.c
 * Run       beyond/quit_channel
 * Expect    ten numbers, and that the thread has ended
 */
#include "channel.h"
#include "must.h"

#include <pthread.h>

static struct channel *numbers, *quit;

static void *fibonacci(void *unused)
{
    long x = 0, y = 1;
    struct channel_case cases[] = {{numbers, CHANNEL_SEND, &x, 0},
                                   {quit, CHANNEL_RECEIVE, NULL, 0}};
    for (;;) {
        size_t chosen;
        MUST(channel_select(cases, 2, &chosen));
        if (chosen == 1)
            return unused;
        long sum = x + y;
        x = y;
        y = sum;
    }
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "quit_channel");
    numbers = MUST_HAVE(channel_create(0, sizeof(long)));
    quit = MUST_HAVE(channel_create(0, 0));
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, fibonacci, NULL));
    for (int i = 0; i < 10; i++) {
        long number;
        MUST(channel_receive(numbers, &number));
        printf("%ld\n", number);
    }
    MUST(channel_close(quit)); // a send would reach one thread, a close reaches all
    MUST(pthread_join(thread, NULL));
    puts("Quit");
    channel_destroy(numbers);
    channel_destroy(quit);
}
