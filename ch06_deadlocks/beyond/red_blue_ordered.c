/*
 * red_blue_ordered.c - both robots take lock1 first, and so they never get stuck.
 *
 * A robot that holds lock2 holds lock1 already, so it is not waiting: it will finish and release both.
 *
 * Lecture   red_blue.c
 * Adds      one order for both robots, and an end
 * Build     cc -pthread -iquote . -o beyond/red_blue_ordered beyond/red_blue_ordered.c
 * Run       beyond/red_blue_ordered [-n rounds] [-q]      10 rounds; -q prints only the end
 * Expect    the lines of each robot, in their order; then how many rounds went well, and Done
 */
#include "must.h"

#include <pthread.h>

static long rounds = 10;
static bool is_quiet;

// They protect nothing: what matters is that each robot wants both, and in which order.
static pthread_mutex_t lock1 = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t lock2 = PTHREAD_MUTEX_INITIALIZER;

static void say(const char *line)
{
    if (!is_quiet)
        puts(line);
}

static void *blue_robot(void *unused)
{
    for (long i = 0; i < rounds; i++) {
        say("Blue: Acquiring lock1");
        MUST(pthread_mutex_lock(&lock1));
        say("Blue: Acquiring lock2");
        MUST(pthread_mutex_lock(&lock2));
        say("Blue: Both locks Acquired");
        MUST(pthread_mutex_unlock(&lock1));
        MUST(pthread_mutex_unlock(&lock2));
        say("Blue: Locks Released");
    }
    return unused;
}

static void *red_robot(void *unused)
{
    for (long i = 0; i < rounds; i++) {
        say("Red: Acquiring lock1"); // the cure: the lecture takes lock2 here
        MUST(pthread_mutex_lock(&lock1));
        say("Red: Acquiring lock2");
        MUST(pthread_mutex_lock(&lock2));
        say("Red: Both locks Acquired");
        MUST(pthread_mutex_unlock(&lock1));
        MUST(pthread_mutex_unlock(&lock2));
        say("Red: Locks Released");
    }
    return unused;
}

int main(int argc, char *argv[])
{
    struct option_line options[] = {
        {'n', .number = &rounds, .least = 1, .most = 1000000000},
        {'q', .flag = &is_quiet},
        {0},
    };
    read_options(argc, argv, "red_blue_ordered [-n rounds] [-q]", options, 0, 0);
    setvbuf(stdout, NULL, _IOLBF, 0);
    pthread_t red, blue;
    MUST(pthread_create(&red, NULL, red_robot, NULL));
    MUST(pthread_create(&blue, NULL, blue_robot, NULL));
    MUST(pthread_join(red, NULL));
    MUST(pthread_join(blue, NULL));
    MUST(pthread_mutex_destroy(&lock1)); // fails if one is still locked
    MUST(pthread_mutex_destroy(&lock2));
    printf("No deadlock in %ld round%s of each\nDone\n", rounds, rounds == 1 ? "" : "s");
}
