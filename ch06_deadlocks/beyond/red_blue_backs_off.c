/*
 * red_blue_backs_off.c - a robot that does not get its second lock gives back the first one.
 *
 * A robot never waits while it holds a lock, so the order of the locks does not matter. The price: a robot
 * may have to start over, and two robots in step could do so again and again, awake but getting nowhere:
 * a livelock. A pause of random length leads out of it.
 *
 * Lecture   red_blue.c
 * Adds      pthread_mutex_trylock for the second lock, and an end; in the first round each robot has
 *           its first lock before either tries the second, so that one has to back off
 * Build     cc -pthread -iquote . -o beyond/red_blue_backs_off beyond/red_blue_backs_off.c
 * Run       beyond/red_blue_backs_off [-n rounds] [-q]    10 rounds; -q prints only the end
 * Expect    the lines of each robot, with Backing off among them; then how often each did, and Done
 */
#include "must.h"

#include <pthread.h>

enum { LONGEST_PAUSE = 200000 }; // in nanoseconds

struct robot {
    const char *name;
    pthread_mutex_t *first, *second;
    const char *first_name, *second_name;
    unsigned short random[3];
    long times_backed_off;
    pthread_t thread;
};

static long rounds = 10;
static bool is_quiet;

// They protect nothing: what matters is that each robot wants both.
static pthread_mutex_t lock1 = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t lock2 = PTHREAD_MUTEX_INITIALIZER;

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; // protects: robots_at_gate
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;
static int robots_at_gate;

static void say(const struct robot *robot, const char *what, const char *which)
{
    if (!is_quiet)
        printf("%s: %s%s\n", robot->name, what, which);
}

static void meet_the_other(void)
{
    MUST(pthread_mutex_lock(&gate));
    robots_at_gate++;
    MUST(pthread_cond_broadcast(&arrived));
    while (robots_at_gate < 2)
        MUST(pthread_cond_wait(&arrived, &gate));
    MUST(pthread_mutex_unlock(&gate));
}

/*
 * A robot that begins again at once may do so thousands of times before the other one has woken up and
 * got what it wants. (With sched_yield in place of the pause, Blue backed off 2500 times in a row.)
 */
static void pause_at_random(struct robot *robot)
{
    nanosleep(&(struct timespec){.tv_nsec = nrand48(robot->random) % LONGEST_PAUSE}, NULL);
}

/* Returns false if the other robot holds it. */
static bool try_to_acquire_second(struct robot *robot)
{
    say(robot, "Acquiring ", robot->second_name);
    int error = pthread_mutex_trylock(robot->second);
    if (error == EBUSY)
        return false;
    MUST(error);
    return true;
}

static void acquire_first(struct robot *robot)
{
    say(robot, "Acquiring ", robot->first_name);
    MUST(pthread_mutex_lock(robot->first));
}

static void *go_round(void *argument)
{
    struct robot *robot = argument;
    for (long i = 0; i < rounds; i++) {
        acquire_first(robot);
        if (i == 0)
            meet_the_other();
        while (!try_to_acquire_second(robot)) {
            say(robot, "Backing off", "");
            robot->times_backed_off++;
            MUST(pthread_mutex_unlock(robot->first));
            pause_at_random(robot);
            acquire_first(robot);
        }
        say(robot, "Both locks Acquired", "");
        MUST(pthread_mutex_unlock(&lock1));
        MUST(pthread_mutex_unlock(&lock2));
        say(robot, "Locks Released", "");
    }
    return NULL;
}

int main(int argc, char *argv[])
{
    struct option_line options[] = {
        {'n', .number = &rounds, .least = 1, .most = 1000000000},
        {'q', .flag = &is_quiet},
        {0},
    };
    read_options(argc, argv, "red_blue_backs_off [-n rounds] [-q]", options, 0, 0);
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct robot red = {.name = "Red", .first = &lock2, .second = &lock1, .random = {1}};
    struct robot blue = {.name = "Blue", .first = &lock1, .second = &lock2, .random = {2}};
    red.first_name = blue.second_name = "lock2";
    red.second_name = blue.first_name = "lock1";
    MUST(pthread_create(&red.thread, NULL, go_round, &red));
    MUST(pthread_create(&blue.thread, NULL, go_round, &blue));
    MUST(pthread_join(red.thread, NULL));
    MUST(pthread_join(blue.thread, NULL));
    MUST(pthread_mutex_destroy(&lock1)); // fails if one is still locked
    MUST(pthread_mutex_destroy(&lock2));
    printf("No deadlock in %ld round%s of each\n", rounds, rounds == 1 ? "" : "s");
    printf("Times backed off: Blue %ld, Red %ld\nDone\n", blue.times_backed_off,
           red.times_backed_off);
}
