/*
 * quiz.c - a question about condition variables. What is shown is what runs.
 *
 * Original  quizes/cond_variable_quiz_code.go, quizes/quiz_main.go
 * Build     make quiz
 * Run       ./quiz [NUMBER]
 * Expect    the question with its code; when you have answered, what it prints, and why
 * Beyond    beyond/unlock_after_signal.c lets both threads run; beyond/one_signal.c and
 *           beyond/one_loaf.c are two more questions
 */
#include "must.h"
#include "question.h"

#include <pthread.h>

static pthread_mutex_t mlock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

// As in the original, the waits stand bare, without a predicate and a loop: they are the question.
// A spurious wake-up, which POSIX allows, would change the answer.
static void *run_child_thread(void *unused)
{
    MUST(pthread_mutex_lock(&mlock));
    puts("RunChildThread, lock acquired");
    MUST(pthread_cond_signal(&cond));
    puts("RunChildThread, Waiting");
    MUST(pthread_cond_wait(&cond, &mlock));
    puts("RunChildThread, Running");
    return unused;
}

static void run_main_thread(void)
{
    MUST(pthread_mutex_lock(&mlock));
    puts("RunMainThread, lock acquired");
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, run_child_thread, NULL));
    puts("RunMainThread, Waiting");
    MUST(pthread_cond_wait(&cond, &mlock));
    puts("RunMainThread, Running");
    MUST(pthread_cond_signal(&cond));
    pause_ms(10000);
}

static const struct question questions[] = {
    {
        .shown = "mlock cond run_child_thread run_main_thread",
        .ask = "Each thread signals the other one. Which of them says that it is running?",
        .choices = {"neither: both wait forever", "RunMainThread, and no other",
                    "RunMainThread, then RunChildThread", "RunChildThread, and no other"},
        .answer = 'b',
        .run = run_main_thread,
        .explanation =
            "A wait unlocks, sleeps, and locks again before it returns. Main's wait lets the\n"
            "child in; the child's wait unlocks, so that main can return from its own. Main's\n"
            "signal wakes the child, but the child needs the lock to return, and main still\n"
            "holds it. The child no longer waits for a signal: it waits for the mutex.",
    },
};

static const char *const lines[] = {
#include "quiz_lines.h"
    NULL};

int main(int argc, char *argv[])
{
    return question_main(argc, argv, lines, questions, sizeof questions / sizeof questions[0]);
}
