/*
 * quiz.c - the questions about wait groups. Guess first; the program shows what really happens.
 *
 * Original  quizes/waitgroup_quiz_code.go, quizes/quiz_main.go
 * Run       ./quiz [-y] [QUESTION ...]      a question's name or number; -y only shows, asks nothing
 * Expect    each question, your answer, what it prints when it is run, and why
 * Try       build it with ThreadSanitizer (make tsan, then build/tsan/quiz -y Count): it names the two
 *           lines that race. Now make the counter an atomic_int: atomic_fetch_add, and 500 every time
 * Compare   wait_group.h; chapter 3 (the cures: a mutex, an atomic)
 */
#include "must.h"
#include "question.h"
#include "wait_group.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static const char usage[] = "usage: quiz [-y] [QUESTION ...]\n";

/* Question 1, from the original. */

static void wait_group_ques_a(void)
{
    struct wait_group group;
    MUST(wait_group_init(&group));
    MUST(wait_group_wait(&group));
    puts("Done");
    MUST(wait_group_destroy(&group));
}

/* Question 2, from the original. */

enum { THREADS = 5, ADDITIONS = 100 };

struct counter {
    int count;          // the bug: nothing protects it
    atomic_int readers; // how many have read `count` for their first addition
    struct wait_group group;
};

/*
 * Waits until all five have read the same count: the interleaving that otherwise comes about once in a
 * while comes on every run. The atomic is relaxed on purpose: it decides who runs when, but puts
 * nothing in order, so the data race is still one. (And as a call it keeps the compiler from making one
 * addition of a hundred.)
 */
static void let_others_read(struct counter *counter)
{
    atomic_fetch_add_explicit(&counter->readers, 1, memory_order_relaxed);
    while (atomic_load_explicit(&counter->readers, memory_order_relaxed) < THREADS)
        sched_yield();
}

static void *add(void *argument)
{
    struct counter *counter = argument;
    for (int i = 0; i < ADDITIONS; i++) {
        int count = counter->count; // counter->count++ does these steps, too
        let_others_read(counter);
        counter->count = count + 1;
    }
    MUST(wait_group_done(&counter->group));
    return NULL;
}

static void count(void)
{
    struct counter counter = {.count = 0};
    pthread_t threads[THREADS];
    MUST(wait_group_init(&counter.group));
    MUST(wait_group_add(&counter.group, THREADS));
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_create(&threads[i], NULL, add, &counter));
    MUST(wait_group_wait(&counter.group));
    printf("%d\n", counter.count);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_join(threads[i], NULL));
    MUST(wait_group_destroy(&counter.group));
}

static const struct question questions[] = {
    {
        .name = "WaitGroupQuesA",
        .code = "    struct wait_group group;\n"
                "    wait_group_init(&group);\n"
                "    wait_group_wait(&group);\n"
                "    puts(\"Done\");\n",
        .ask = "Nobody has added to the group. What happens?",
        .choices = {"the wait never ends", "Done is printed at once", "the wait returns an error"},
        .answer = 'b',
        .run = wait_group_ques_a,
        .explanation =
            "A wait lasts while there are tasks that are not done, and there is none. This is "
            "also\n"
            "why wait_group_add comes before the thread is created, and not first thing in it: a\n"
            "wait that comes before the add does not wait.",
    },
    {
        .name = "Count",
        .code = "    int count = 0;                      // five threads, each:\n"
                "    wait_group_add(&group, 5);          for (int i = 0; i < 100; i++)\n"
                "    … create five threads …                 count++;\n"
                "    wait_group_wait(&group);            wait_group_done(&group);\n"
                "    printf(\"%d\\n\", count);\n",
        .ask = "Main waits for all five. What is printed?",
        .choices = {"500", "500 or less", "always less than 500", "500 or more"},
        .answer = 'b',
        .run = count,
        .explanation =
            "count++ reads, adds and writes. Where two threads read the same count, both write "
            "the\n"
            "same sum, and one addition is lost. The wait group orders what the threads have done\n"
            "before what main does after; it does not order the threads among themselves.\n"
            "Here all five were made to read the first 0 together, so additions were lost for "
            "sure:\n"
            "four at least, and often 400, when each thread writes its 1 to 100 over those of the\n"
            "others. Without that, 500 comes out nearly always, which is worse: it hides the bug.\n"
            "(To the C standard this is a data race, and then nothing at all is promised.)",
    },
};

int main(int argc, char *argv[])
{
    return question_main(argc, argv, usage, questions, sizeof questions / sizeof questions[0]);
}
