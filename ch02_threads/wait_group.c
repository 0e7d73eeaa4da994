/*
 * wait_group.c - a counter, and a condition that it has fallen to zero. See wait_group.h.
 */
#include "wait_group.h"

#include <errno.h>
#include <limits.h>

int wait_group_init(struct wait_group *group)
{
    group->count = 0;
    group->generation = 0;
    group->inside = 0;
    int error = pthread_mutex_init(&group->lock, NULL);
    if (error != 0)
        return error;
    error = pthread_cond_init(&group->all_done, NULL);
    if (error == 0) {
        error = pthread_cond_init(&group->all_out, NULL);
        if (error == 0)
            return 0;
        pthread_cond_destroy(&group->all_done);
    }
    pthread_mutex_destroy(&group->lock);
    return error;
}

int wait_group_add(struct wait_group *group, int tasks)
{
    int error = 0;
    pthread_mutex_lock(&group->lock);
    if (tasks < -group->count) {
        error = EINVAL;
    } else if (tasks > INT_MAX - group->count) {
        error = EOVERFLOW;
    } else {
        group->count += tasks;
        if (group->count == 0) {
            group->generation++;
            pthread_cond_broadcast(&group->all_done);
        }
    }
    // The lock is held to the end: a waiter gets it only after this, and may then destroy the group.
    pthread_mutex_unlock(&group->lock);
    return error;
}

int wait_group_done(struct wait_group *group)
{
    return wait_group_add(group, -1);
}

/*
 * The predicate is the generation and not the count: before a thread that was woken runs, others may
 * have added tasks again. A thread that was cancelled in its wait would still be counted inside, so
 * cancellation is disabled.
 */
int wait_group_wait(struct wait_group *group)
{
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pthread_mutex_lock(&group->lock);
    if (group->count > 0) {
        unsigned long generation = group->generation;
        group->inside++;
        while (group->generation == generation)
            pthread_cond_wait(&group->all_done, &group->lock);
        if (--group->inside == 0)
            pthread_cond_signal(&group->all_out); // only destroy waits there
    }
    pthread_mutex_unlock(&group->lock);
    pthread_setcancelstate(cancel_state, &cancel_state);
    return 0;
}

int wait_group_destroy(struct wait_group *group)
{
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pthread_mutex_lock(&group->lock);
    int error = group->count > 0 ? EBUSY : 0;
    while (error == 0 && group->inside > 0)
        pthread_cond_wait(&group->all_out, &group->lock);
    pthread_mutex_unlock(&group->lock);
    pthread_setcancelstate(cancel_state, &cancel_state);
    if (error != 0)
        return error;
    pthread_cond_destroy(&group->all_out);
    pthread_cond_destroy(&group->all_done);
    return pthread_mutex_destroy(&group->lock);
}
