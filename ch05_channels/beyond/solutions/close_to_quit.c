/*
 * close_to_quit.c - a sender learns from its own send that no more numbers are wanted.
 *
 * Exercise 3 of chapter 5
 * Shows     quit_channel.c without a select: the receiver closes the channel, and the send returns EPIPE
 * Build     cc -pthread -iquote . -o beyond/solutions/close_to_quit \
 *           beyond/solutions/close_to_quit.c channel.c
 * Run       beyond/solutions/close_to_quit
 * Expect    ten numbers, and that the thread has ended because the eleventh was not taken
 */
#include "channel.h"
#include "must.h"

#include <pthread.h>

static struct channel *numbers;

static void *fibonacci(void *unused)
{
    long x = 0, y = 1;
    while (channel_send(numbers, &x) == 0) { // EPIPE, also if it was waiting: it is closed
        long sum = x + y;
        x = y;
        y = sum;
    }
    printf("Nobody has taken %ld\n", x);
    return unused;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "close_to_quit");
    numbers = MUST_HAVE(channel_create(0, sizeof(long)));
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, fibonacci, NULL));
    for (int i = 0; i < 10; i++) {
        long number;
        MUST(channel_receive(numbers, &number));
        printf("%ld\n", number);
    }
    MUST(channel_close(numbers)); // in Go the sender would panic
    MUST(pthread_join(thread, NULL));
    puts("Quit");
    channel_destroy(numbers);
}
