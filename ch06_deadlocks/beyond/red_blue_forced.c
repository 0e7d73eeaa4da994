/*
 * red_blue_forced.c - the same deadlock on every run, after one round of each robot.
 *
 * Lecture   red_blue.c
 * Adds      a gate that decides which robot takes the next step, so that the deadlock needs no bad luck
 * Build     cc -pthread -iquote . -o beyond/red_blue_forced beyond/red_blue_forced.c
 * Run       beyond/red_blue_forced [SECONDS]
 * Expect    a round of Blue, a round of Red; then each takes its first lock and wants the other's.
 *           Done after 2 seconds
 * Watch     lock_watch/lock_watch beyond/red_blue_forced
 */
#include "must.h"

#include <pthread.h>

static pthread_mutex_t lock1 = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t lock2 = PTHREAD_MUTEX_INITIALIZER;

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; // protects: step
static pthread_cond_t next_step = PTHREAD_COND_INITIALIZER;
static int step;

static void wait_for_step(int wanted)
{
    MUST(pthread_mutex_lock(&gate));
    while (step != wanted)
        MUST(pthread_cond_wait(&next_step, &gate));
    MUST(pthread_mutex_unlock(&gate));
}

static void finish_step(void)
{
    MUST(pthread_mutex_lock(&gate));
    step++;
    MUST(pthread_cond_broadcast(&next_step));
    MUST(pthread_mutex_unlock(&gate));
}

/* In the second round Blue wants its second lock only when Red has its first one. */
static void *blue_robot(void *unused)
{
    static const int steps[][2] = {{0, 1}, {6, 8}};
    for (int round = 0; round < 2; round++) {
        wait_for_step(steps[round][0]);
        puts("Blue: Acquiring lock1");
        MUST(pthread_mutex_lock(&lock1));
        finish_step();
        wait_for_step(steps[round][1]);
        puts("Blue: Acquiring lock2");
        finish_step();
        MUST(pthread_mutex_lock(&lock2));
        puts("Blue: Both locks Acquired");
        MUST(pthread_mutex_unlock(&lock1));
        MUST(pthread_mutex_unlock(&lock2));
        puts("Blue: Locks Released");
        finish_step();
    }
    return unused;
}

static void *red_robot(void *unused)
{
    static const int steps[][2] = {{3, 4}, {7, 9}};
    for (int round = 0; round < 2; round++) {
        wait_for_step(steps[round][0]);
        puts("Red: Acquiring lock2");
        MUST(pthread_mutex_lock(&lock2));
        finish_step();
        wait_for_step(steps[round][1]);
        puts("Red: Acquiring lock1");
        finish_step();
        MUST(pthread_mutex_lock(&lock1));
        puts("Red: Both locks Acquired");
        MUST(pthread_mutex_unlock(&lock1));
        MUST(pthread_mutex_unlock(&lock2));
        puts("Red: Locks Released");
        finish_step();
    }
    return unused;
}

int main(int argc, char *argv[])
{
    long seconds_to_look = seconds_or(2, argc, argv, "red_blue_forced [SECONDS]");
    setvbuf(stdout, NULL, _IOLBF, 0);
    pthread_t red, blue;
    MUST(pthread_create(&red, NULL, red_robot, NULL));
    MUST(pthread_create(&blue, NULL, blue_robot, NULL));
    wait_for_step(10); // both want what the other one has; what follows is only for watching
    pause_ms(1000 * seconds_to_look);
    puts("Done");
}
