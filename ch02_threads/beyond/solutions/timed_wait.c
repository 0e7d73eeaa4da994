/*
 * timed_wait.c - a wait group whose wait ends at a deadline, and says so.
 *
 * Exercise 3 of chapter 2
 * Shows     that a thread whose time has run out counts itself out of `inside`, like any other: destroy
 *           waits until all have left
 * Build     cc -pthread -iquote . -o beyond/solutions/timed_wait beyond/solutions/timed_wait.c wait_group.c
 * Run       beyond/solutions/timed_wait
 * Expect    a timeout while a task is not done; then none, without waiting
 */
#include "must.h"
#include "wait_group.h"

#include <pthread.h>

/*
 * As wait_group_wait, but returns ETIMEDOUT if the count has not been 0 by `deadline`, a time of
 * CLOCK_REALTIME, which is the clock of a condition that pthread_cond_init has made with NULL.
 */
static int wait_group_timed_wait(struct wait_group *group, const struct timespec *deadline)
{
    int cancel_state, error = 0;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pthread_mutex_lock(&group->lock);
    if (group->count > 0) {
        unsigned long generation = group->generation;
        group->inside++;
        while (group->generation == generation && error == 0)
            error = pthread_cond_timedwait(&group->all_done, &group->lock, deadline);
        if (group->generation != generation)
            error = 0; // it became 0 at the last moment: that counts
        if (--group->inside == 0)
            pthread_cond_signal(&group->all_out); // only destroy waits there
    }
    pthread_mutex_unlock(&group->lock);
    pthread_setcancelstate(cancel_state, &cancel_state);
    return error;
}

static void *task(void *argument)
{
    MUST(wait_group_done(argument));
    return NULL;
}

static void wait_until_soon(struct wait_group *group)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec++;
    int error = wait_group_timed_wait(group, &deadline);
    puts(error == ETIMEDOUT ? "Not done within a second" : "Done");
    if (error != ETIMEDOUT)
        MUST(error);
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "timed_wait");
    struct wait_group group;
    pthread_t thread;
    MUST(wait_group_init(&group));
    MUST(wait_group_add(&group, 1));
    wait_until_soon(&group); // nothing works on the task yet
    MUST(pthread_create(&thread, NULL, task, &group));
    MUST(wait_group_wait(&group));
    wait_until_soon(&group);
    MUST(wait_group_destroy(&group)); // waits for no thread that has gone
    MUST(pthread_join(thread, NULL));
    puts("Destroyed");
}
