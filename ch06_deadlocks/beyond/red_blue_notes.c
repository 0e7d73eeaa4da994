/*
 * red_blue_notes.c - two robots that keep notes, and so know of their deadlock as soon as it happens.
 *
 * Lecture   red_blue.c
 * Adds      a note of each wish and each lock held; the note that closes a cycle ends the program, which
 *           counts the rounds that went well before
 * Build     make beyond/red_blue_notes
 * Run       beyond/red_blue_notes [-n rounds] [-q]     as many as it takes; -q prints only the end
 * Expect    after how many rounds they got stuck, and who holds what and waits for what; Done
 * Try       -q a few times; then on one processor (taskset -c 0)
 *
 * lock_watch does the same to any program, from outside.
 */
#include "must.h"

#include <pthread.h>

struct robot;

struct lock {
    const char *name;
    pthread_mutex_t mutex;
    const struct robot *holder; // protected by notes
};

struct robot {
    const char *name;
    struct lock *first, *second;
    // Protected by notes:
    const struct lock *waits_for;
    long rounds_done;
};

static long rounds = 1000000000;
static bool is_quiet;

/*
 * A robot notes its wish before it waits for a lock, and that it holds the lock once it has it; it
 * takes that back before it unlocks. So a lock that is noted as held is held, and a cycle in the notes
 * is a cycle of threads: each waits for the next, and none can go on. The robot whose wish closes the
 * cycle sees it. No robot waits for lock1 or lock2 while it holds the lock of the notes.
 */
static pthread_mutex_t notes = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended =
    PTHREAD_COND_INITIALIZER; // main waits: is_cycle or robots_done changed
static bool is_cycle;
static int robots_done;

static void say(const struct robot *robot, const char *what, const char *which)
{
    if (!is_quiet)
        printf("%s: %s%s\n", robot->name, what, which);
}

/* Goes from the robot to the holder of what it waits for, to the holder of what that one waits for, … */
static bool closes_cycle(const struct robot *robot)
{
    const struct robot *next = robot;
    do
        next = next->waits_for->holder;
    while (next != NULL && next != robot && next->waits_for != NULL);
    return next == robot;
}

static void acquire(struct robot *robot, struct lock *lock)
{
    say(robot, "Acquiring ", lock->name);
    MUST(pthread_mutex_lock(&notes));
    robot->waits_for = lock;
    if (closes_cycle(robot)) {
        is_cycle = true;
        MUST(pthread_cond_broadcast(&ended));
    }
    MUST(pthread_mutex_unlock(&notes));

    MUST(pthread_mutex_lock(&lock->mutex));

    MUST(pthread_mutex_lock(&notes));
    lock->holder = robot;
    robot->waits_for = NULL;
    MUST(pthread_mutex_unlock(&notes));
}

static void release(struct lock *lock)
{
    MUST(pthread_mutex_lock(&notes));
    lock->holder = NULL;
    MUST(pthread_mutex_unlock(&notes));
    MUST(pthread_mutex_unlock(&lock->mutex));
}

static void *go_round(void *argument)
{
    struct robot *robot = argument;
    for (long i = 0; i < rounds; i++) {
        acquire(robot, robot->first);
        acquire(robot, robot->second);
        say(robot, "Both locks Acquired", "");
        release(robot->first);
        release(robot->second);
        say(robot, "Locks Released", "");
        MUST(pthread_mutex_lock(&notes));
        robot->rounds_done++;
        MUST(pthread_mutex_unlock(&notes));
    }
    MUST(pthread_mutex_lock(&notes));
    robots_done++;
    MUST(pthread_cond_broadcast(&ended));
    MUST(pthread_mutex_unlock(&notes));
    return NULL;
}

/* Under the lock of the notes. */
static void print_cycle(const struct robot *robot)
{
    const struct robot *other = robot->waits_for->holder;
    printf("Deadlock. Rounds that went well: %s %ld, %s %ld\n", robot->name, robot->rounds_done,
           other->name, other->rounds_done);
    printf("  %s holds %s and waits for %s,\n", robot->name, other->waits_for->name,
           robot->waits_for->name);
    printf("  %s holds %s and waits for %s.\n", other->name, robot->waits_for->name,
           other->waits_for->name);
}

int main(int argc, char *argv[])
{
    struct option_line options[] = {
        {'n', .number = &rounds, .least = 1, .most = 1000000000},
        {'q', .flag = &is_quiet},
        {0},
    };
    read_options(argc, argv, "red_blue_notes [-n rounds] [-q]", options, 0, 0);
    setvbuf(stdout, NULL, _IOLBF, 0);
    // static: robots that are stuck stay until the program ends. They cannot be joined.
    static struct lock lock1 = {"lock1", PTHREAD_MUTEX_INITIALIZER, NULL};
    static struct lock lock2 = {"lock2", PTHREAD_MUTEX_INITIALIZER, NULL};
    static struct robot blue = {.name = "Blue", .first = &lock1, .second = &lock2};
    static struct robot red = {.name = "Red", .first = &lock2, .second = &lock1};
    pthread_t red_thread, blue_thread;
    MUST(pthread_create(&red_thread, NULL, go_round, &red));
    MUST(pthread_create(&blue_thread, NULL, go_round, &blue));

    MUST(pthread_mutex_lock(&notes));
    while (robots_done < 2 && !is_cycle)
        MUST(pthread_cond_wait(&ended, &notes));
    bool is_stuck = is_cycle;
    if (is_stuck)
        print_cycle(&blue);
    MUST(pthread_mutex_unlock(&notes));
    if (!is_stuck) {
        MUST(pthread_join(red_thread, NULL));
        MUST(pthread_join(blue_thread, NULL));
        printf("No deadlock in %ld round%s of each\n", rounds, rounds == 1 ? "" : "s");
    }
    puts("Done");
}
