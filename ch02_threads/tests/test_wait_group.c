/*
 * test_wait_group.c - the wait group, proved the hard way.
 *
 * It includes wait_group.c itself, to see which threads wait: "a thread is blocked in wait" is then a fact to
 * wait for, and no sleep has to stand in for it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

/* Only destroy waits on all_out. Elsewhere a signal is lost, the worst that glibc's bug 25847 can do. */
static int signal_if_one_waits(pthread_cond_t *condition, const char *name)
{
    return strstr(name, "all_out") != NULL ? pthread_cond_signal(condition) : 0;
}

/* Every fourth wait fails at once, as winpthreads does while a cancel is pending. It changes nothing. */
static bool wait_fails(void)
{
    static atomic_uint waits;
    return atomic_fetch_add(&waits, 1) % 4 == 3;
}

static int wait_or_fail(pthread_cond_t *condition, pthread_mutex_t *lock)
{
    return wait_fails() ? EINVAL : pthread_cond_wait(condition, lock);
}

#define pthread_cond_signal(condition) signal_if_one_waits(condition, #condition)
#define pthread_cond_wait wait_or_fail
#include "../wait_group.c"
#undef pthread_cond_wait
#undef pthread_cond_signal

#include "../must.h"
#include "cases.h"

#include <check.h>
#include <limits.h>
#include <sched.h>

enum { TASKS = 8, CROWD = 64 };

static int threads_inside(struct wait_group *group)
{
    MUST(pthread_mutex_lock(&group->lock));
    int inside = group->inside;
    MUST(pthread_mutex_unlock(&group->lock));
    return inside;
}

static void until_inside(struct wait_group *group, int number)
{
    while (threads_inside(group) != number)
        sched_yield();
}

static void *call_wait(void *group)
{
    MUST(wait_group_wait(group));
    return NULL;
}

static void *call_done(void *group)
{
    MUST(wait_group_done(group));
    return NULL;
}

static void start(pthread_t *thread, void *(*function)(void *), void *argument)
{
    MUST(pthread_create(thread, NULL, function, argument));
}

static void join_all(pthread_t *threads, int count)
{
    for (int i = 0; i < count; i++)
        MUST(pthread_join(threads[i], NULL));
}

START_TEST(test_count)
{
    struct wait_group group;
    ck_assert_int_eq(wait_group_init(&group), 0);
    ck_assert_int_eq(wait_group_wait(&group), 0); // nothing to wait for
    ck_assert_int_eq(wait_group_add(&group, 0), 0);
    ck_assert_int_eq(wait_group_done(&group), EINVAL);
    ck_assert_int_eq(wait_group_add(&group, INT_MIN), EINVAL);
    ck_assert_int_eq(wait_group_add(&group, 3), 0);
    ck_assert_int_eq(wait_group_add(&group, -4), EINVAL);
    ck_assert_int_eq(wait_group_add(&group, INT_MAX), EOVERFLOW);
    ck_assert_int_eq(wait_group_add(&group, INT_MAX - 2), EOVERFLOW);
    ck_assert_int_eq(wait_group_destroy(&group), EBUSY);
    ck_assert_int_eq(wait_group_add(&group, -2), 0); // neither error has changed the count
    ck_assert_int_eq(wait_group_destroy(&group), EBUSY);
    ck_assert_int_eq(wait_group_done(&group), 0);
    ck_assert_int_eq(wait_group_wait(&group), 0);
    ck_assert_int_eq(wait_group_add(&group, INT_MAX), 0);
    ck_assert_int_eq(wait_group_add(&group, 1), EOVERFLOW);
    ck_assert_int_eq(wait_group_add(&group, -INT_MAX), 0);
    ck_assert_int_eq(wait_group_destroy(&group), 0);
}
END_TEST

/* Several threads wait, and are still there when all tasks but one are done; the last one frees all. */
START_TEST(test_several_waiters)
{
    struct wait_group group;
    MUST(wait_group_init(&group));
    for (int round = 0; round < ROUNDS / 100; round++) {
        pthread_t waiters[TASKS];
        MUST(wait_group_add(&group, 2));
        for (int i = 0; i < TASKS; i++)
            start(&waiters[i], call_wait, &group);
        until_inside(&group, TASKS);
        MUST(wait_group_done(&group));
        ck_assert_int_eq(threads_inside(&group), TASKS);
        MUST(wait_group_done(&group));
        join_all(waiters, TASKS);
    }
    ck_assert_int_eq(threads_inside(&group), 0);
    MUST(wait_group_destroy(&group));
}
END_TEST

/* Two tasks end at the same time, and two threads wait. */
START_TEST(test_two_and_two)
{
    struct wait_group group;
    MUST(wait_group_init(&group));
    for (int round = 0; round < ROUNDS / 40; round++) {
        pthread_t threads[4];
        MUST(wait_group_add(&group, 2));
        for (int i = 0; i < 4; i++)
            start(&threads[i], i < 2 ? call_wait : call_done, &group);
        join_all(threads, 4);
    }
    MUST(wait_group_destroy(&group));
}
END_TEST

/* The next tasks are there before the waiting thread has run. It returns all the same. */
START_TEST(test_next_round_begins_at_once)
{
    struct wait_group group;
    MUST(wait_group_init(&group));
    for (int round = 0; round < ROUNDS / 40; round++) {
        pthread_t waiter;
        MUST(wait_group_add(&group, 1));
        start(&waiter, call_wait, &group);
        until_inside(&group, 1);
        MUST(wait_group_done(&group));
        MUST(wait_group_add(&group, 1));
        MUST(pthread_join(waiter, NULL));
        MUST(wait_group_done(&group));
    }
    MUST(wait_group_destroy(&group));
}
END_TEST

/* A crowd of threads that work round after round, and what they have written is seen after the wait. */
struct crowd {
    struct wait_group begin, finish;
    int rounds, written[CROWD]; // plain: the wait group alone keeps order here
};

struct member {
    struct crowd *crowd;
    int number;
};

static void *work(void *argument)
{
    struct member *self = argument;
    for (int round = 0; round < self->crowd->rounds; round++)
        self->crowd->written[self->number]++;
    MUST(wait_group_done(&self->crowd->finish));
    return NULL;
}

START_TEST(test_writes_are_seen)
{
    struct crowd crowd = {.rounds = ROUNDS / 100};
    MUST(wait_group_init(&crowd.finish));
    for (int round = 1; round <= 20; round++) {
        pthread_t threads[CROWD];
        struct member members[CROWD];
        MUST(wait_group_add(&crowd.finish, CROWD));
        for (int i = 0; i < CROWD; i++) {
            members[i] = (struct member){.crowd = &crowd, .number = i};
            start(&threads[i], work, &members[i]);
        }
        MUST(wait_group_wait(&crowd.finish));
        for (int i = 0; i < CROWD; i++)
            ck_assert_int_eq(crowd.written[i], round * crowd.rounds);
        join_all(threads, CROWD);
    }
    MUST(wait_group_destroy(&crowd.finish));
}
END_TEST

/* Threads that live on: each round they wait for the start, and main waits for them. */
static void *work_in_rounds(void *argument)
{
    struct member *self = argument;
    struct crowd *crowd = self->crowd;
    for (int round = 0; round < crowd->rounds; round++) {
        MUST(wait_group_wait(&crowd[round % 2].begin));
        crowd->written[self->number]++;
        MUST(wait_group_done(&crowd[round % 2].finish));
    }
    return NULL;
}

START_TEST(test_reuse)
{
    struct crowd crowd[2] = {{.rounds = ROUNDS / 20}};
    pthread_t threads[TASKS];
    struct member members[TASKS];
    for (int i = 0; i < 2; i++) {
        MUST(wait_group_init(&crowd[i].begin));
        MUST(wait_group_init(&crowd[i].finish));
        MUST(wait_group_add(&crowd[i].begin, 1));
        MUST(wait_group_add(&crowd[i].finish, TASKS));
    }
    for (int i = 0; i < TASKS; i++) {
        members[i] = (struct member){.crowd = crowd, .number = i};
        start(&threads[i], work_in_rounds, &members[i]);
    }
    for (int round = 0; round < crowd->rounds; round++) {
        struct crowd *now = &crowd[round % 2];
        MUST(wait_group_done(&now->begin));
        MUST(wait_group_wait(&now->finish));
        for (int i = 0; i < TASKS; i++)
            ck_assert_msg(crowd->written[i] == round + 1, "thread %d, round %d", i, round);
        MUST(wait_group_add(&now->finish, TASKS)); // the next but one
        MUST(wait_group_add(&now->begin, 1));
    }
    join_all(threads, TASKS);
    for (int i = 0; i < 2; i++) {
        MUST(wait_group_add(&crowd[i].begin, -1));
        MUST(wait_group_destroy(&crowd[i].begin));
        MUST(wait_group_add(&crowd[i].finish, -TASKS));
        MUST(wait_group_destroy(&crowd[i].finish));
    }
}
END_TEST

/* Tasks that add tasks: a tree of them, and the wait is for all. */
struct tree {
    struct wait_group tasks;
    atomic_int leaves;
};

struct branch {
    struct tree *tree;
    int depth;
    pthread_t left, right;
};

static void *grow(void *argument)
{
    struct branch *self = argument;
    if (self->depth == 0) {
        atomic_fetch_add(&self->tree->leaves, 1);
    } else {
        struct branch left = {.tree = self->tree, .depth = self->depth - 1}, right = left;
        MUST(wait_group_add(&self->tree->tasks, 2));
        start(&self->left, grow, &left);
        start(&self->right, grow, &right);
        MUST(pthread_join(self->left, NULL));
        MUST(pthread_join(self->right, NULL));
    }
    MUST(wait_group_done(&self->tree->tasks));
    return NULL;
}

START_TEST(test_tasks_add_tasks)
{
    for (int round = 0; round < 20; round++) {
        struct tree tree = {.leaves = 0};
        struct branch root = {.tree = &tree, .depth = 5};
        pthread_t thread, waiter;
        MUST(wait_group_init(&tree.tasks));
        MUST(wait_group_add(&tree.tasks, 1));
        start(&waiter, call_wait, &tree.tasks);
        start(&thread, grow, &root);
        MUST(wait_group_wait(&tree.tasks));
        ck_assert_int_eq(atomic_load(&tree.leaves), 32);
        MUST(pthread_join(waiter, NULL));
        MUST(pthread_join(thread, NULL));
        MUST(wait_group_destroy(&tree.tasks));
    }
}
END_TEST

/*
 * A thread that has waited destroys and frees the group at once, while the task is on its way out of done, and
 * another thread on its way out of wait. (The sanitizers watch.)
 */
START_TEST(test_destroy_after_wait)
{
    for (int round = 0; round < ROUNDS / 20; round++) {
        struct wait_group *group = MUST_HAVE(malloc(sizeof *group));
        pthread_t task, waiter;
        bool is_waited_for_twice = round % 2 == 1;
        MUST(wait_group_init(group));
        MUST(wait_group_add(group, 1));
        if (is_waited_for_twice) {
            start(&waiter, call_wait, group);
            until_inside(group, 1);
        }
        start(&task, call_done, group);
        MUST(wait_group_wait(group));
        MUST(wait_group_destroy(group));
        memset(group, 0xA5, sizeof *group);
        free(group);
        MUST(pthread_join(task, NULL));
        if (is_waited_for_twice)
            MUST(pthread_join(waiter, NULL));
    }
}
END_TEST

/* A thread that is cancelled while it waits goes when the wait is over, not before. */
static void *wait_and_tell(void *argument)
{
    struct tree *tree = argument;
    MUST(wait_group_wait(&tree->tasks));
    atomic_fetch_add(&tree->leaves, 1);
    pthread_testcancel();
    atomic_fetch_add(&tree->leaves, 10);
    return NULL;
}

START_TEST(test_no_cancellation_inside)
{
    struct tree tree = {.leaves = 0};
    pthread_t waiter;
    MUST(wait_group_init(&tree.tasks));
    MUST(wait_group_add(&tree.tasks, 1));
    start(&waiter, wait_and_tell, &tree);
    until_inside(&tree.tasks, 1);
    MUST(pthread_cancel(waiter));
    ck_assert_int_eq(threads_inside(&tree.tasks), 1);
    MUST(wait_group_done(&tree.tasks));
    MUST(wait_group_destroy(&tree.tasks));
    MUST(pthread_join(waiter, NULL));
    ck_assert_int_eq(atomic_load(&tree.leaves), 1);
}
END_TEST

TCase *wait_group_cases(void)
{
    TCase *cases = tcase_create("wait_group");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_count);
    tcase_add_test(cases, test_several_waiters);
    tcase_add_test(cases, test_two_and_two);
    tcase_add_test(cases, test_next_round_begins_at_once);
    tcase_add_test(cases, test_writes_are_seen);
    tcase_add_test(cases, test_reuse);
    tcase_add_test(cases, test_tasks_add_tasks);
    tcase_add_test(cases, test_destroy_after_wait);
    tcase_add_test(cases, test_no_cancellation_inside);
    return cases;
}
