/*
 * quiz.c - the questions about condition variables. Guess first; the program shows what really happens.
 *
 * Original  quizes/cond_variable_quiz_code.go, quizes/quiz_main.go
 * Run       ./quiz [-y] [QUESTION ...]      a question's name or number; -y only shows, asks nothing
 * Expect    each question, your answer, what it prints when it is run, and why
 * Try       mend question 1. There are two ways: which of them needs no predicate?
 * Compare   signal_before_wait.c (the other way to wait for ever)
 */
#include "must.h"
#include "question.h"
#include "semaphore.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

static const char usage[] = "usage: quiz [-y] [QUESTION ...]\n";

static struct timespec in_one_second(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_sec++;
    return time;
}

/*
 * Question 1, from the original. The two flags are not in it: they make sure that a wake-up that nobody
 * has sent, which POSIX allows, does not change the order.
 */

struct pair {
    pthread_mutex_t lock; // protects all that follows
    pthread_cond_t cond;
    bool child_has_signalled, main_has_signalled;
    struct semaphore child_is_through;
};

static void *run_child_thread(void *argument)
{
    struct pair *pair = argument;
    MUST(pthread_mutex_lock(&pair->lock));
    pair->child_has_signalled = true;
    MUST(pthread_cond_signal(&pair->cond));
    while (!pair->main_has_signalled)
        MUST(pthread_cond_wait(&pair->cond, &pair->lock));
    puts("RunChildThread, Running");
    MUST(pthread_mutex_unlock(&pair->lock));
    MUST(semaphore_post(&pair->child_is_through));
    return NULL;
}

static void run_main_thread(void)
{
    struct pair pair = {.child_has_signalled = false};
    MUST(pthread_mutex_init(&pair.lock, NULL));
    MUST(pthread_cond_init(&pair.cond, NULL));
    MUST(semaphore_init(&pair.child_is_through, 0));
    pthread_t child;
    MUST(pthread_mutex_lock(&pair.lock));
    MUST(pthread_create(&child, NULL, run_child_thread, &pair));
    while (!pair.child_has_signalled)
        MUST(pthread_cond_wait(&pair.cond, &pair.lock));
    puts("RunMainThread, Running");
    pair.main_has_signalled = true;
    MUST(pthread_cond_signal(&pair.cond));

    struct timespec deadline = in_one_second();
    if (semaphore_timed_wait(&pair.child_is_through, &deadline) != 0)
        puts("Nothing more in a second. The child has been signalled, and waits for the lock that "
             "main\n"
             "holds. Main unlocks now, to end this:");
    MUST(pthread_mutex_unlock(&pair.lock));
    MUST(pthread_join(child, NULL));
    MUST(semaphore_destroy(&pair.child_is_through));
    MUST(pthread_cond_destroy(&pair.cond));
    MUST(pthread_mutex_destroy(&pair.lock));
}

/* Questions 2 and 3, ours: some threads wait on one condition, and main comes when they all do. */

struct place {
    pthread_mutex_t lock; // protects all that follows
    pthread_cond_t cond;
    bool open;            // question 2
    int loaves;           // question 3
    int waiting;          // have come to wait
    int through;          // have done what they waited for
    pthread_cond_t moved; // one of these two has grown; waits: main
};

static void pass_gate(struct place *place)
{
    while (!place->open)
        MUST(pthread_cond_wait(&place->cond, &place->lock));
}

static void eat_loaf(struct place *place)
{
    if (place->loaves == 0)
        MUST(pthread_cond_wait(&place->cond, &place->lock));
    place->loaves--;
}

struct visitor {
    struct place *place;
    void (*visit)(struct place *);
};

static void *come(void *argument)
{
    struct visitor *self = argument;
    MUST(pthread_mutex_lock(&self->place->lock));
    // It has the lock until it sleeps, so main, too, learns of it only then.
    self->place->waiting++;
    MUST(pthread_cond_signal(&self->place->moved));
    self->visit(self->place);
    self->place->through++;
    MUST(pthread_cond_signal(&self->place->moved));
    MUST(pthread_mutex_unlock(&self->place->lock));
    return NULL;
}

/* Waits until `count` visitors wait. Returns with the lock held. */
static void begin_visits(struct place *place, struct visitor *visitor, pthread_t *threads,
                         int count)
{
    MUST(pthread_mutex_init(&place->lock, NULL));
    MUST(pthread_cond_init(&place->cond, NULL));
    MUST(pthread_cond_init(&place->moved, NULL));
    for (int i = 0; i < count; i++)
        MUST(pthread_create(&threads[i], NULL, come, visitor));
    MUST(pthread_mutex_lock(&place->lock));
    while (place->waiting < count)
        MUST(pthread_cond_wait(&place->moved, &place->lock));
}

/* Gives the lock back, and waits until they are all through. */
static void end_visits(struct place *place, const pthread_t *threads, int count)
{
    MUST(pthread_mutex_unlock(&place->lock));
    for (int i = 0; i < count; i++)
        MUST(pthread_join(threads[i], NULL));
    MUST(pthread_cond_destroy(&place->moved));
    MUST(pthread_cond_destroy(&place->cond));
    MUST(pthread_mutex_destroy(&place->lock));
}

static void one_signal(void)
{
    enum { COUNT = 3 };
    struct place place = {.open = false};
    struct visitor visitor = {.place = &place, .visit = pass_gate};
    pthread_t threads[COUNT];
    begin_visits(&place, &visitor, threads, COUNT);
    place.open = true;
    MUST(pthread_cond_signal(&place.cond));
    while (place.through == 0)
        MUST(pthread_cond_wait(&place.moved, &place.lock));
    struct timespec deadline = in_one_second();
    int error = 0;
    while (place.through < COUNT && error == 0)
        error = pthread_cond_timedwait(&place.moved, &place.lock, &deadline);
    printf("After a second %d of %d are through, and %d sleep though the gate is open.\n",
           place.through, COUNT, COUNT - place.through);
    MUST(pthread_cond_broadcast(&place.cond)); // the way out
    end_visits(&place, threads, COUNT);
}

static void one_loaf(void)
{
    enum { COUNT = 2 };
    struct place place = {.loaves = 0};
    struct visitor visitor = {.place = &place, .visit = eat_loaf};
    pthread_t threads[COUNT];
    begin_visits(&place, &visitor, threads, COUNT);
    place.loaves++;
    MUST(pthread_cond_broadcast(&place.cond));
    end_visits(&place, threads, COUNT);
    printf("loaves: %d\n", place.loaves);
}

static const struct question questions[] = {
    {
        .name = "RunMainThread",
        .code = "    // main, first of all                 // the child\n"
                "    pthread_mutex_lock(&lock);            pthread_mutex_lock(&lock);\n"
                "    … starts the child …                  pthread_cond_signal(&cond);\n"
                "    pthread_cond_wait(&cond, &lock);      pthread_cond_wait(&cond, &lock);\n"
                "    puts(\"RunMainThread, Running\");       puts(\"RunChildThread, Running\");\n"
                "    pthread_cond_signal(&cond);\n"
                "    … goes on to other things …\n",
        .ask = "Each signals the other one. What is printed?",
        .choices = {"nothing: both wait for ever", "RunMainThread, Running, and no more",
                    "RunMainThread, Running, then RunChildThread, Running",
                    "RunChildThread, Running, and no more"},
        .answer = 'b',
        .run = run_main_thread,
        .explanation = "To wait is to unlock, to sleep, and to lock again. Main's wait lets the "
                       "child in, the\n"
                       "child's wait lets main out. Main's signal does wake the child; but before "
                       "its wait can\n"
                       "return it has to lock again, and main has gone on without unlocking. What "
                       "it waits for\n"
                       "is no longer the condition, it is the lock.",
    },
    {
        .name = "OneSignal",
        .code = "    // three threads                      // main, when all three wait\n"
                "    pthread_mutex_lock(&lock);            pthread_mutex_lock(&lock);\n"
                "    while (!open)                         open = true;\n"
                "        pthread_cond_wait(&cond, &lock);  pthread_cond_signal(&cond);\n"
                "    through++;                            pthread_mutex_unlock(&lock);\n"
                "    pthread_mutex_unlock(&lock);\n",
        .ask = "The gate is open, for ever. Who gets through?",
        .choices = {"all three, one after the other", "one of them, and two sleep on", "nobody"},
        .answer = 'b',
        .run = one_signal,
        .explanation =
            "A sleeping thread does not look at its predicate: it has to be woken for that, and\n"
            "a signal is made to wake one. (POSIX says: at least one.) Where one change lets many "
            "go\n"
            "on, they must all be woken: pthread_cond_broadcast.",
    },
    {
        .name = "OneLoaf",
        .code = "    // two hungry threads                 // the baker, when both wait\n"
                "    pthread_mutex_lock(&lock);            pthread_mutex_lock(&lock);\n"
                "    if (loaves == 0)                      loaves++;\n"
                "        pthread_cond_wait(&cond, &lock);  pthread_cond_broadcast(&cond);\n"
                "    loaves--;                             pthread_mutex_unlock(&lock);\n"
                "    pthread_mutex_unlock(&lock);\n",
        .ask = "Both have eaten. How many loaves are left?",
        .choices = {"0: one eats, the other one waits for the next loaf", "1", "-1"},
        .answer = 'c',
        .run = one_loaf,
        .explanation = "Both are woken, and one after the other gets the lock. The second one "
                       "finds no loaf, but\n"
                       "does not look: `if` has looked once, before the wait. With `while` it "
                       "would look again,\n"
                       "see 0, and sleep. A wake-up says that something has changed, and not that "
                       "it is yours.",
    },
};

int main(int argc, char *argv[])
{
    return question_main(argc, argv, usage, questions, sizeof questions / sizeof questions[0]);
}
