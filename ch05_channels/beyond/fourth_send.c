/*
 * fourth_send.c - four sends into a channel with room for three, and no thread receives.
 *
 * Lecture   quiz.c
 * Adds      the send that waits forever, and two ways out: a deadline, and closing the channel
 * Build     cc -pthread -iquote . -o beyond/fourth_send beyond/fourth_send.c channel.c
 * Run       beyond/fourth_send
 * Expect    three sends, then nothing for a second; then main closes the channel, and the fourth send
 *           returns an error
 */
#include "channel.h"
#include "must.h"

#include <pthread.h>

static struct channel *channel; // with room for three words
static struct channel *done;    // a signal: the last send has returned 0

static void *buff_sender(void *unused)
{
    static const char *const words[] = {"ONE", "TWO", "THREE", "FOUR"};
    for (int i = 0; i < 4; i++) {
        printf("Sending %s\n", words[i]);
        int error = channel_send(channel, &words[i]);
        if (error != 0) {
            printf("%s was not sent: %s\n", words[i], strerror(error));
            return NULL;
        }
    }
    puts("Done");
    MUST(channel_send(done, NULL));
    return unused;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "fourth_send");
    setvbuf(stdout, NULL, _IOLBF, 0);
    channel = MUST_HAVE(channel_create(3, sizeof(const char *)));
    done = MUST_HAVE(channel_create(1, 0));
    pthread_t sender;
    MUST(pthread_create(&sender, NULL, buff_sender, NULL));
    while (channel_length(channel) < channel_capacity(channel))
        pause_ms(1);
    struct timespec deadline = channel_deadline(1000 / PACE);
    int error = channel_timed_receive(done, NULL, &deadline);
    if (error != ETIMEDOUT)
        MUST(error);
    printf("Nothing in a second: %zu of %zu elements are there, so the fourth send waits.\n",
           channel_length(channel), channel_capacity(channel));
    MUST(channel_close(channel));
    MUST(pthread_join(sender, NULL));
    channel_destroy(channel);
    channel_destroy(done);
}
