/*
 * quiz.c - two questions about channels. What is shown is what runs.
 *
 * Original  quizes/channels_quiz_code.go, quizes/quiz_main.go
 * Build     make quiz
 * Run       ./quiz [NUMBER]
 * Expect    each question with its code; when you have answered, what it prints, and why
 * Try       in run_producer, a channel with room for one element. Which thread receives Hello?
 * Beyond    beyond/fourth_send.c sends once more than there is room for
 */
#include "channel.h"
#include "must.h"
#include "question.h"

#include <pthread.h>

static void *run_consumer(void *argument)
{
    struct channel *channel = argument;
    const char *msg;
    MUST(channel_receive(channel, &msg));
    printf("Consumer, received %s\n", msg);
    MUST(channel_send(channel, &(const char *){"Bye"}));
    return NULL;
}

static void run_producer(void)
{
    struct channel *channel = MUST_HAVE(channel_create(0, sizeof(const char *)));
    pthread_t consumer;
    MUST(pthread_create(&consumer, NULL, run_consumer, channel));
    puts("Producer Sending Hello");
    MUST(channel_send(channel, &(const char *){"Hello"}));
    const char *msg;
    MUST(channel_receive(channel, &msg));
    printf("Producer, received %s\n", msg);
    MUST(pthread_join(consumer, NULL));
    channel_destroy(channel);
}

static void buff_sender(void)
{
    struct channel *channel = MUST_HAVE(channel_create(3, sizeof(const char *)));
    puts("Sending ONE");
    MUST(channel_send(channel, &(const char *){"ONE"}));
    puts("Sending TWO");
    MUST(channel_send(channel, &(const char *){"TWO"}));
    puts("Sending THREE");
    MUST(channel_send(channel, &(const char *){"THREE"}));
    puts("Done");
    channel_destroy(channel);
}

static const struct question questions[] = {
    {
        .shown = "run_consumer run_producer",
        .ask = "Both use one channel without a buffer. What does run_producer print last?",
        .choices = {"Producer, received Hello", "Producer, received Bye",
                    "Producer Sending Hello: then both wait forever"},
        .answer = 'b',
        .run = run_producer,
        .explanation =
            "Without a buffer, a send returns only when another thread has received the\n"
            "element. So Hello is gone before the producer begins to receive, and Bye is\n"
            "all that it can get. With room for one element, the send would return at\n"
            "once, and the producer might receive its own Hello.",
    },
    {
        .shown = "buff_sender",
        .ask = "There are three sends, and no thread receives. What happens?",
        .choices = {"the first send waits forever", "the third send waits forever",
                    "Done is printed"},
        .answer = 'c',
        .run = buff_sender,
        .explanation =
            "A send waits only while the buffer is full, and this one has room for three\n"
            "elements. Nothing says that they must be received: they are freed with the\n"
            "channel. A fourth send would wait forever.",
    },
};

static const char *const lines[] = {
#include "quiz_lines.h"
    NULL};

int main(int argc, char *argv[])
{
    return question_main(argc, argv, lines, questions, sizeof questions / sizeof questions[0]);
}
