/*
 * quiz.c - the questions about channels. Guess first; the program shows what really happens.
 *
 * Original  quizes/channels_quiz_code.go, quizes/quiz_main.go
 * Run       ./quiz [-y] [QUESTION ...]      a question's name or number; -y only shows, asks nothing
 * Expect    each question, your answer, what it prints when it is run, and why
 * Try       give the channel of question 1 room for one element, and run it ten times. (It may hang:
 *           Ctrl-C.) Who waits for what, when it does?
 * Compare   channel.h (the promises that decide the answers)
 */
#include "channel.h"
#include "must.h"
#include "question.h"

#include <pthread.h>
#include <time.h>

static const char usage[] = "usage: quiz [-y] [QUESTION ...]\n";

static struct timespec in_one_second(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_sec++;
    return time;
}

/* Question 1, from the original. */

static void *run_consumer(void *argument)
{
    struct channel *channel = argument;
    const char *word;
    MUST(channel_receive(channel, &word));
    puts(word);
    word = "Bye";
    MUST(channel_send(channel, &word));
    return NULL;
}

static void run_producer(void)
{
    struct channel *channel = MUST_HAVE(channel_create(0, sizeof(const char *)));
    pthread_t consumer;
    MUST(pthread_create(&consumer, NULL, run_consumer, channel));
    const char *word = "Hello";
    MUST(channel_send(channel, &word));
    MUST(channel_receive(channel, &word));
    puts(word);
    MUST(pthread_join(consumer, NULL));
    channel_destroy(channel);
}

/* Question 2, from the original. */

static void buff_sender(void)
{
    struct channel *channel = MUST_HAVE(channel_create(3, sizeof(int)));
    for (int i = 0; i < 3; i++)
        MUST(channel_send(channel, &i));
    puts("Done");
    channel_destroy(channel);
}

/* Question 3, ours: one more send than question 2. A thread makes it, so that main can watch. */

struct sender {
    struct channel *channel;
    struct channel *done; // a signal: the last send has returned
};

static void *send_four(void *argument)
{
    struct sender *sender = argument;
    for (int i = 0; i < 4; i++) {
        if (channel_send(sender->channel, &i) != 0)
            return NULL; // closed: main has given up on us
    }
    puts("Done");
    MUST(channel_send(sender->done, NULL));
    return NULL;
}

static void buff_sender_four(void)
{
    struct sender sender = {.channel = MUST_HAVE(channel_create(3, sizeof(int))),
                            .done = MUST_HAVE(channel_create(1, 0))};
    struct timespec deadline = in_one_second();
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, send_four, &sender));
    if (channel_timed_receive(sender.done, NULL, &deadline) != 0) {
        printf(
            "Nothing in a second. The sender waits in channel_send for room: %zu of %zu elements\n"
            "are there. Main waits for the sender. Nobody is left who could receive.\n",
            channel_length(sender.channel), channel_capacity(sender.channel));
        channel_close(sender.channel); // the way out: the send returns EPIPE
    }
    MUST(pthread_join(thread, NULL));
    channel_destroy(sender.channel);
    channel_destroy(sender.done);
}

static const struct question questions[] = {
    {
        .name = "RunProducer",
        .code = "    struct channel *channel = channel_create(0, sizeof(const char *));\n"
                "\n"
                "    // the producer                       // the consumer, a thread\n"
                "    const char *word = \"Hello\";           const char *word;\n"
                "    channel_send(channel, &word);         channel_receive(channel, &word);\n"
                "    channel_receive(channel, &word);      puts(word);\n"
                "    puts(word);                           word = \"Bye\";\n"
                "                                          channel_send(channel, &word);\n",
        .ask = "Both talk over one channel without a buffer. What is printed?",
        .choices =
            {"Hello, then Bye", "Hello; then both wait for ever",
             "Hello, then Bye; or the producer gets its own Hello, and the consumer nothing"},
        .answer = 'a',
        .run = run_producer,
        .explanation =
            "Without a buffer, a send is over only when somebody else has taken the element. So\n"
            "Hello is gone before the producer begins to receive, and what it receives can only\n"
            "be Bye. With a buffer of one it would be c.",
    },
    {
        .name = "BuffSender",
        .code = "    struct channel *channel = channel_create(3, sizeof(int));\n"
                "    for (int i = 0; i < 3; i++)\n"
                "        channel_send(channel, &i);\n"
                "    puts(\"Done\");\n",
        .ask = "There is no receiver at all. What happens?",
        .choices = {"the first send waits for ever", "the third send waits for ever",
                    "Done is printed"},
        .answer = 'c',
        .run = buff_sender,
        .explanation =
            "A send waits only while the buffer is full, and three elements have room in it. That\n"
            "nobody receives them is no fault: they go with the channel.",
    },
    {
        .name = "BuffSenderFour",
        .code = "    struct channel *channel = channel_create(3, sizeof(int));\n"
                "    for (int i = 0; i < 4; i++)\n"
                "        channel_send(channel, &i);\n"
                "    puts(\"Done\");\n",
        .ask = "The same, with one send more. What happens now?",
        .choices = {"the fourth send waits for ever", "Done is printed",
                    "the fourth send returns an error", "the oldest element makes room"},
        .answer = 'a',
        .run = buff_sender_four,
        .explanation =
            "A full buffer makes senders wait; nothing is dropped and nothing is refused\n"
            "(channel_try_send refuses, channel_timed_send waits for a while). Go notices\n"
            "that all its goroutines sleep and ends the program; C does not.",
    },
};

int main(int argc, char *argv[])
{
    return question_main(argc, argv, usage, questions, sizeof questions / sizeof questions[0]);
}
