/*
 * quiz.c - three questions about locks. What is shown is what runs.
 *
 * Original  quizes/thread_sync_quiz_code.go, quizes/quiz_main.go
 * Build     make quiz
 * Run       ./quiz [NUMBER]
 * Expect    each question with its code; when you have answered, what it prints, and why
 */
#include "must.h"
#include "question.h"

#include <pthread.h>

static pthread_mutex_t lock; // of type PTHREAD_MUTEX_NORMAL
static pthread_rwlock_t rw_lock = PTHREAD_RWLOCK_INITIALIZER;

static void *call_lock_twice(void *unused)
{
    MUST(pthread_mutex_lock(&lock));
    MUST(pthread_mutex_lock(&lock));
    printf("Hello there");
    return unused;
}

static void run_and_wait(void)
{
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, call_lock_twice, NULL));
    pause_ms(10000);
}

static void *one_two_three_a(void *unused)
{
    MUST(pthread_mutex_lock(&lock));
    for (int i = 1; i <= 3; i++) {
        printf("%d\n", i);
        pause_ms(1);
    }
    MUST(pthread_mutex_unlock(&lock));
    return unused;
}

static void start_threads_a(void)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        MUST(pthread_create(&threads[i], NULL, one_two_three_a, NULL));
    for (int i = 0; i < 2; i++)
        MUST(pthread_join(threads[i], NULL));
}

static void *one_two_three_b(void *unused)
{
    MUST(pthread_rwlock_rdlock(&rw_lock));
    for (int i = 1; i <= 3; i++) {
        printf("%d\n", i);
        pause_ms(1);
    }
    MUST(pthread_rwlock_rdlock(&rw_lock));
    return unused;
}

static void start_threads_b(void)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        MUST(pthread_create(&threads[i], NULL, one_two_three_b, NULL));
    for (int i = 0; i < 2; i++)
        MUST(pthread_join(threads[i], NULL));
}

static const struct question questions[] = {
    {
        .shown = "lock call_lock_twice run_and_wait",
        .ask = "What does this print?",
        .choices = {"Hello there", "nothing: the thread waits forever",
                    "nothing: the second lock fails and ends the program"},
        .answer = 'b',
        .run = run_and_wait,
        .explanation =
            "A mutex of this type does not ask which thread wants it. It is held, so the\n"
            "thread waits until it is unlocked, and the only thread that could unlock it is\n"
            "waiting. Go's sync.Mutex behaves the same. A mutex of type\n"
            "PTHREAD_MUTEX_ERRORCHECK would notice: its second lock returns EDEADLK.",
    },
    {
        .shown = "lock one_two_three_a start_threads_a",
        .ask = "What does this print?",
        .choices = {"1 1 2 2 3 3", "1 2 3 1 2 3", "any of these: it depends"},
        .answer = 'b',
        .run = start_threads_a,
        .explanation =
            "Only one thread at a time is between lock and unlock. Either may be first,\n"
            "but that one prints all its numbers before the other begins.",
    },
    {
        .shown = "rw_lock one_two_three_b start_threads_b",
        .ask = "What does this print?",
        .choices = {"always 1 2 3 1 2 3", "1 2 3, and then the second read lock waits forever",
                    "all six numbers, in an order that may differ"},
        .answer = 'c',
        .run = start_threads_b,
        .explanation =
            "A read lock keeps writers out, not other readers: both threads hold it and\n"
            "print at the same time, often 1 1 2 2 3 3. The last line was meant to be an\n"
            "unlock. A second read lock does not wait while no writer does. But now each\n"
            "thread has locked twice and never unlocked: a writer would wait forever.",
    },
};

static const char *const lines[] = {
#include "quiz_lines.h"
    NULL};

int main(int argc, char *argv[])
{
    // Like Go's. With a mutex of the default type, POSIX leaves open what a second lock does.
    pthread_mutexattr_t normal;
    MUST(pthread_mutexattr_init(&normal));
    MUST(pthread_mutexattr_settype(&normal, PTHREAD_MUTEX_NORMAL));
    MUST(pthread_mutex_init(&lock, &normal));
    MUST(pthread_mutexattr_destroy(&normal));
    return question_main(argc, argv, lines, questions, sizeof questions / sizeof questions[0]);
}
