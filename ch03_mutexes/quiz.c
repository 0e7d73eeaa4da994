/*
 * quiz.c - the questions about locks. Guess first; the program shows what really happens.
 *
 * Original  quizes/thread_sync_quiz_code.go, quizes/quiz_main.go
 * Run       ./quiz [-y] [QUESTION ...]      a question's name or number; -y only shows, asks nothing
 * Expect    each question, your answer, what it prints when it is run, and why
 * Try       give question 1 a recursive mutex (PTHREAD_MUTEX_RECURSIVE). What has to be added now?
 * Compare   stingy_spendy.c (one lock, one unlock); chapter 6 (two threads, two locks)
 */
#include "must.h"
#include "question.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char usage[] = "usage: quiz [-y] [QUESTION ...]\n";

/* Question 1, from the original. */

static void init_mutex(pthread_mutex_t *mutex, int type)
{
    pthread_mutexattr_t attributes;
    MUST(pthread_mutexattr_init(&attributes));
    MUST(pthread_mutexattr_settype(&attributes, type));
    MUST(pthread_mutex_init(mutex, &attributes));
    MUST(pthread_mutexattr_destroy(&attributes));
}

static void *lock_twice(void *argument)
{
    pthread_mutex_t *lock = argument;
    MUST(pthread_mutex_lock(lock));
    int error = pthread_mutex_lock(lock);
    if (error == 0)
        puts("Hello there");
    else
        printf("The second pthread_mutex_lock returns %s: %s\n",
               error == EDEADLK ? "EDEADLK" : "an error", strerror(error));
    fflush(stdout);
    MUST(pthread_mutex_unlock(lock));
    return NULL;
}

static void run_lock_twice(int type)
{
    pthread_mutex_t lock;
    pthread_t thread;
    init_mutex(&lock, type);
    MUST(pthread_create(&thread, NULL, lock_twice, &lock));
    MUST(pthread_join(thread, NULL));
    MUST(pthread_mutex_destroy(&lock));
}

/*
 * With a normal mutex the thread never comes back. It cannot be joined, nor cancelled
 * (pthread_mutex_lock is no cancellation point), and nobody else may unlock what it holds. A process
 * can be ended from outside, a thread cannot; so this one runs in a process of its own.
 */
static void run_lock_twice_for_a_second(void)
{
    int ends[2]; // the child holds one end of the pipe as long as it lives
    if (pipe(ends) != 0)
        MUST(errno);
    pid_t child = fork(); // no thread but this one exists now
    if (child < 0)
        MUST(errno);
    if (child == 0) {
        alarm(10); // should nobody be left to end it
        close(ends[0]);
        run_lock_twice(PTHREAD_MUTEX_NORMAL);
        _exit(0);
    }
    close(ends[1]);
    struct pollfd until_it_ends = {.fd = ends[0], .events = POLLIN};
    if (poll(&until_it_ends, 1, 1000) <= 0) {
        puts("Nothing in a second. The thread waits in pthread_mutex_lock for the mutex, and only "
             "the\n"
             "thread that holds it may give it back: that is itself. Main waits in pthread_join "
             "for\n"
             "the thread. So the process they are in is ended from outside.");
        kill(child, SIGKILL);
    }
    close(ends[0]);
    int status;
    if (waitpid(child, &status, 0) < 0)
        MUST(errno);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        exit(EXIT_FAILURE); // and the child has said why
}

static void run_and_wait(void)
{
    run_lock_twice_for_a_second();
    puts("The same with an error-checking mutex:");
    run_lock_twice(PTHREAD_MUTEX_ERRORCHECK);
}

/* Questions 2 and 3, from the original. */

static void count_to_three(void)
{
    static const struct timespec moment = {.tv_nsec = 10000000}; // in which the other one may run
    for (int i = 1; i <= 3; i++) {
        printf("%d\n", i);
        fflush(stdout);
        nanosleep(&moment, NULL);
    }
}

static void *count_under_mutex(void *argument)
{
    pthread_mutex_t *lock = argument; // protects: the order of what is printed
    MUST(pthread_mutex_lock(lock));
    count_to_three();
    MUST(pthread_mutex_unlock(lock));
    return NULL;
}

static void start_two(pthread_t threads[2], void *(*function)(void *), void *argument)
{
    for (int i = 0; i < 2; i++)
        MUST(pthread_create(&threads[i], NULL, function, argument));
}

static void join_two(pthread_t threads[2])
{
    for (int i = 0; i < 2; i++)
        MUST(pthread_join(threads[i], NULL));
}

static void start_threads_a(void)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_t threads[2];
    start_two(threads, count_under_mutex, &lock);
    join_two(threads);
    MUST(pthread_mutex_destroy(&lock));
}

/*
 * The mistake of question 3 leaves the lock held. Only who holds a lock may give it back, so the two
 * threads stay until main has looked at it, and make up for it then.
 */
struct readers {
    pthread_rwlock_t lock;

    pthread_mutex_t mutex; // protects what follows
    int done;              // threads that have counted to three
    bool shown;            // main has looked
    pthread_cond_t changed;
};

static void *count_under_read_lock(void *argument)
{
    struct readers *readers = argument;
    MUST(pthread_rwlock_rdlock(&readers->lock));
    count_to_three();
    MUST(pthread_rwlock_rdlock(&readers->lock)); // an unlock was meant

    MUST(pthread_mutex_lock(&readers->mutex));
    readers->done++;
    MUST(pthread_cond_broadcast(&readers->changed));
    while (!readers->shown)
        MUST(pthread_cond_wait(&readers->changed, &readers->mutex));
    MUST(pthread_mutex_unlock(&readers->mutex));
    MUST(pthread_rwlock_unlock(&readers->lock));
    MUST(pthread_rwlock_unlock(&readers->lock));
    return NULL;
}

/* A writer that does not wait, so that we can see whether it would. */
static void try_to_write(pthread_rwlock_t *lock)
{
    int error = pthread_rwlock_trywrlock(lock);
    printf("pthread_rwlock_trywrlock: %s\n", error == 0       ? "0, it has the lock"
                                             : error == EBUSY ? "EBUSY, a writer would wait"
                                                              : strerror(error));
    if (error == 0)
        MUST(pthread_rwlock_unlock(lock));
}

static void start_threads_b(void)
{
    struct readers readers = {.lock = PTHREAD_RWLOCK_INITIALIZER,
                              .mutex = PTHREAD_MUTEX_INITIALIZER,
                              .changed = PTHREAD_COND_INITIALIZER};
    pthread_t threads[2];
    start_two(threads, count_under_read_lock, &readers);
    MUST(pthread_mutex_lock(&readers.mutex));
    while (readers.done < 2)
        MUST(pthread_cond_wait(&readers.changed, &readers.mutex));
    puts("Both are done.");
    try_to_write(&readers.lock);
    readers.shown = true;
    MUST(pthread_cond_broadcast(&readers.changed));
    MUST(pthread_mutex_unlock(&readers.mutex));
    join_two(threads);
    puts("Each of the two has unlocked twice.");
    try_to_write(&readers.lock);
    MUST(pthread_cond_destroy(&readers.changed));
    MUST(pthread_mutex_destroy(&readers.mutex));
    MUST(pthread_rwlock_destroy(&readers.lock));
}

static const struct question questions[] = {
    {
        .name = "RunAndWait",
        .code = "    pthread_mutex_lock(&lock);      // of type PTHREAD_MUTEX_NORMAL\n"
                "    pthread_mutex_lock(&lock);\n"
                "    puts(\"Hello there\");\n",
        .ask = "A thread runs this, and main waits for it. What is printed?",
        .choices = {"Hello there", "nothing: the thread waits for ever",
                    "nothing: the second lock ends the thread with an error"},
        .answer = 'b',
        .run = run_and_wait,
        .explanation =
            "A mutex does not ask who wants it. It is held, so the thread waits until it is given\n"
            "back; and the only one who could do that is waiting. An error-checking mutex does "
            "ask,\n"
            "and tells the thread, which has to look at what pthread_mutex_lock returns. What a\n"
            "default mutex does is not defined: on Linux it waits. Go's sync.Mutex waits, too.",
    },
    {
        .name = "StartThreadsA",
        .code = "    pthread_mutex_lock(&lock);\n"
                "    for (int i = 1; i <= 3; i++)\n"
                "        printf(\"%d\\n\", i);\n"
                "    pthread_mutex_unlock(&lock);\n",
        .ask = "Two threads run this at the same time, with one lock. What is printed?",
        .choices = {"1 1 2 2 3 3", "1 2 3 1 2 3", "any of these, it depends"},
        .answer = 'b',
        .run = start_threads_a,
        .explanation = "Only one of them is between lock and unlock at a time. Which one comes "
                       "first is open,\n"
                       "but it prints all its numbers before the other one begins.",
    },
    {
        .name = "StartThreadsB",
        .code = "    pthread_rwlock_rdlock(&lock);\n"
                "    for (int i = 1; i <= 3; i++)\n"
                "        printf(\"%d\\n\", i);\n"
                "    pthread_rwlock_rdlock(&lock);\n",
        .ask = "Two threads run this at the same time, with one lock. What is printed?",
        .choices = {"1 2 3 1 2 3", "1 2 3, and then the second read lock waits for ever",
                    "all the numbers, in an order that is open: often 1 1 2 2 3 3"},
        .answer = 'c',
        .run = start_threads_b,
        .explanation =
            "A read lock keeps writers out, not other readers: both hold it at the same time and\n"
            "print as they come. The last line was meant to be an unlock. A second read lock does\n"
            "not wait (unless a writer does), but now each has taken the lock twice and given it\n"
            "back never, and the next writer waits for ever.",
    },
};

int main(int argc, char *argv[])
{
    return question_main(argc, argv, usage, questions, sizeof questions / sizeof questions[0]);
}
