/*
 * wait_group.h - Go's sync.WaitGroup for C: wait until a number of tasks are done.
 *
 * To use it in a project of your own, copy wait_group.h and wait_group.c; they need libc and pthreads
 * only.
 *
 *   struct wait_group group;
 *   wait_group_init(&group);
 *   wait_group_add(&group, 3);       // before the tasks start; otherwise a wait may come too early
 *   … each task ends with wait_group_done(&group); …
 *   wait_group_wait(&group);         // what the tasks have written can be read now
 *   wait_group_destroy(&group);
 *
 * Unlike a join it waits for tasks, not for threads: one thread may do many tasks, a task may add
 * others, any number of threads may wait, and the threads need not end.
 *
 * The calls return 0 or an error number. Any number of threads may make any of them on one group at the
 * same time, except init and destroy. No call may begin after destroy.
 *
 * None of the calls is a cancellation point (asynchronous cancellation is not supported). None may be
 * made from a signal handler. A child of fork must not use a group that existed before it: another thread
 * may have held its lock at that moment, and then every call waits forever. Processes must not share one.
 *
 * ThreadSanitizer, helgrind and drd understand it.
 *
 * Algorithm: a counter, a lock and a condition variable, as in Go's first WaitGroup. A generation count
 * allows a group to be used again while threads are still leaving the last wait.
 */
#ifndef WAIT_GROUP_H
#define WAIT_GROUP_H

#include <pthread.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wait_group {
    pthread_mutex_t lock;     // protects all that follows
    int count;                // tasks that are not done; >= 0
    unsigned long generation; // how often count has fallen to 0
    pthread_cond_t all_done;  // generation has grown; waits: wait_group_wait
    int inside;               // threads that wait, or were woken and have not left yet
    pthread_cond_t all_out;   // inside has fallen to 0; waits: wait_group_destroy
};

/*
 * Makes a group with nothing to wait for. The memory is the caller's; it must not be moved or copied
 * until it is destroyed. Errors: those of pthread_mutex_init and pthread_cond_init (ENOMEM, EAGAIN);
 * then there is nothing to destroy.
 */
int wait_group_init(struct wait_group *group);

/*
 * Adds `tasks` to the count; a negative number says that so many tasks are done. When the count falls to 0,
 * wakes all waiting threads. Does not wait. Errors, which change nothing: EINVAL: the count would fall
 * below 0. EOVERFLOW: it would not fit into an int.
 */
int wait_group_add(struct wait_group *group, int tasks);

/* One task is done: wait_group_add(group, -1). A waiter may destroy the group before this has returned. */
int wait_group_done(struct wait_group *group);

/*
 * Waits until the count falls to 0; returns at once if it is 0 now. Tasks that are added after that belong
 * to the next round, and this wait does not wait for them. What a task wrote before its done can be read
 * after the wait. Always returns 0.
 */
int wait_group_wait(struct wait_group *group);

/*
 * Ends the group. EBUSY: some tasks are not done; then nothing happens. A thread that has returned from a
 * wait may destroy the group at once, even if the last done has not returned yet; destroy waits for
 * threads that are still leaving their waits.
 */
int wait_group_destroy(struct wait_group *group);

#ifdef __cplusplus
}
#endif

#endif
