/*
 * quiz.c - two questions about wait groups. What is shown is what runs.
 *
 * Original  quizes/waitgroup_quiz_code.go, quizes/quiz_main.go
 * Build     make quiz
 * Run       ./quiz [NUMBER]
 * Expect    each question with its code; when you have answered, what it prints, and why
 * Beyond    beyond/lost_additions.c gives a wrong count on every run
 */
#include "must.h"
#include "question.h"
#include "wait_group.h"

#include <pthread.h>

static void *increment(void *argument);

static void wait_group_ques_a(void)
{
    struct wait_group wg;
    MUST(wait_group_init(&wg));
    MUST(wait_group_wait(&wg));
    printf("Done\n");
    MUST(wait_group_destroy(&wg));
}

struct counter {
    int *x;
    struct wait_group *wg;
};

static void count(void)
{
    struct wait_group wg;
    MUST(wait_group_init(&wg));
    int x = 0;
    struct counter counter = {&x, &wg};
    MUST(wait_group_add(&wg, 5));
    for (int i = 0; i < 5; i++) {
        pthread_t thread;
        MUST(pthread_create(&thread, NULL, increment, &counter));
    }
    MUST(wait_group_wait(&wg));
    printf("%d\n", x);
    MUST(wait_group_destroy(&wg));
}

static void *increment(void *argument)
{
    struct counter *counter = argument;
    MUST(pthread_detach(pthread_self()));
    for (int i = 0; i < 100; i++)
        *counter->x += 1;
    MUST(wait_group_done(counter->wg));
    return NULL;
}

static const struct question questions[] = {
    {
        .shown = "wait_group_ques_a",
        .ask = "Nothing was added to the group. What does this print?",
        .choices = {"nothing: the wait never ends", "Done, at once",
                    "nothing: the wait fails and ends the program"},
        .answer = 'b',
        .run = wait_group_ques_a,
        .explanation =
            "A wait lasts while there are tasks that are not done, and there are none. So\n"
            "wait_group_add comes before pthread_create, and not in the new thread: a wait\n"
            "that comes before the add does not wait.",
    },
    {
        .shown = "count increment",
        .ask = "What does count print?",
        .choices = {"always 500", "500 or less", "always less than 500", "500 or more"},
        .answer = 'b',
        .run = count,
        .explanation =
            "*x += 1 reads, adds and writes. If two threads read the same number, both write\n"
            "the same sum, and one addition is lost. The wait group puts all that the threads\n"
            "do before what count does after its wait, but it does not order the threads\n"
            "among themselves. A run seldom shows it, which is worse: the fault stays hidden.\n"
            "To the C standard this is a data race, and then nothing at all is promised.\n"
            "beyond/lost_additions makes the threads meet, so that every run loses additions.",
    },
};

static const char *const lines[] = {
#include "quiz_lines.h"
    NULL};

int main(int argc, char *argv[])
{
    return question_main(argc, argv, lines, questions, sizeof questions / sizeof questions[0]);
}
