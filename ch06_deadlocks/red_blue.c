/*
 * red_blue.c - two robots take the same two locks in opposite order until neither can go on.
 *
 * Original  deadlocks_simple/red_blue.go
 * Build     cc -pthread -o red_blue red_blue.c
 * Run       ./red_blue [SECONDS]
 * Expect    lines that stop for good within a second or so; Done after 20 seconds
 * Try       gdb -p while it stands still: thread apply all backtrace
 * Watch     lock_watch/lock_watch ./red_blue    names the cycle as soon as it closes
 * Beyond    beyond/red_blue_ordered.c, beyond/red_blue_backs_off.c: two cures;
 *           beyond/red_blue_forced.c
 */
#include "must.h"

#include <pthread.h>

// They protect nothing: what matters is that each robot wants both.
static pthread_mutex_t lock1 = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t lock2 = PTHREAD_MUTEX_INITIALIZER;

static void *blue_robot(void *unused)
{
    for (;;) {
        puts("Blue: Acquiring lock1");
        MUST(pthread_mutex_lock(&lock1));
        puts("Blue: Acquiring lock2");
        MUST(pthread_mutex_lock(&lock2));
        puts("Blue: Both locks Acquired");
        MUST(pthread_mutex_unlock(&lock1));
        MUST(pthread_mutex_unlock(&lock2));
        puts("Blue: Locks Released");
    }
    return unused;
}

static void *red_robot(void *unused)
{
    for (;;) {
        puts("Red: Acquiring lock2");
        MUST(pthread_mutex_lock(&lock2));
        puts("Red: Acquiring lock1");
        MUST(pthread_mutex_lock(&lock1));
        puts("Red: Both locks Acquired");
        MUST(pthread_mutex_unlock(&lock1));
        MUST(pthread_mutex_unlock(&lock2));
        puts("Red: Locks Released");
    }
    return unused;
}

int main(int argc, char *argv[])
{
    long seconds_to_look = seconds_or(20, argc, argv, "red_blue [SECONDS]");
    setvbuf(stdout, NULL, _IOLBF, 0);
    pthread_t red, blue;
    MUST(pthread_create(&red, NULL, red_robot, NULL));
    MUST(pthread_create(&blue, NULL, blue_robot, NULL));
    pause_ms(1000 * seconds_to_look); // two threads that are stuck cannot be joined
    puts("Done");
}
