/*
 * harmless.c - programs that look as if they hung, and go on: each chosen by its name. They need Linux.
 */
#define _GNU_SOURCE
#include "scenario.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { A_MOMENT = 300000000 }; // ns: long enough to be taken for stuck

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER,
                       gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t table = PTHREAD_RWLOCK_INITIALIZER;
static sem_t woken;

static void pause_for(long ns)
{
    nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

static void both(void *(*one)(void *), void *(*other)(void *))
{
    pthread_t threads[] = {start(one, NULL), start(other, NULL)};
    join(threads[0]);
    join(threads[1]);
}

/* ---- locks ---- */

static void *unlocks_first(void *argument)
{
    pause_for(A_MOMENT);
    pthread_mutex_unlock(&first);
    return argument;
}

/* Undefined in POSIX, but on Linux it works. */
static void handed_over(void)
{
    pthread_mutex_lock(&first);
    pthread_t thread = start(unlocks_first, NULL);
    pthread_mutex_lock(&first);
    pthread_mutex_unlock(&first);
    join(thread);
}

static void *ping(void *argument)
{
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&first);
        pthread_mutex_unlock(&second);
    }
    return argument;
}

static void *pong(void *argument)
{
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&second);
        pthread_mutex_unlock(&first);
    }
    return argument;
}

/* Two mutexes as two semaphores of one permit. */
static void handed_over_often(void)
{
    pthread_mutex_lock(&second);
    both(ping, pong);
}

static void *reads_for_a_moment(void *argument)
{
    pthread_rwlock_rdlock(&table);
    meet();
    pause_for(A_MOMENT);
    pthread_rwlock_unlock(&table);
    return argument;
}

static void readers(void)
{
    pthread_t threads[] = {start(reads_for_a_moment, NULL), start(reads_for_a_moment, NULL)};
    wait_until(2);
    pthread_rwlock_wrlock(&table);
    pthread_rwlock_unlock(&table);
    join(threads[0]);
    join(threads[1]);
}

static void lock_both(pthread_mutex_t *one, pthread_mutex_t *other)
{
    pthread_rwlock_wrlock(&table);
    pthread_mutex_lock(one);
    pthread_mutex_lock(other);
    pthread_mutex_unlock(other);
    pthread_mutex_unlock(one);
    pthread_rwlock_unlock(&table);
}

static void *upwards(void *argument)
{
    for (int i = 0; i < 1000; i++)
        lock_both(&first, &second);
    return argument;
}

static void *downwards(void *argument)
{
    for (int i = 0; i < 1000; i++)
        lock_both(&second, &first);
    return argument;
}

static void write_locked_gate(void)
{
    both(upwards, downwards);
}

static void back_off(pthread_mutex_t *one, pthread_mutex_t *other)
{
    for (int done = 0; done < 1000;) {
        pthread_mutex_lock(one);
        if (pthread_mutex_trylock(other) == 0) {
            done++;
            pthread_mutex_unlock(other);
        }
        pthread_mutex_unlock(one);
        sched_yield();
    }
}

static void *tries_second(void *argument)
{
    back_off(&first, &second);
    return argument;
}

static void *tries_first(void *argument)
{
    back_off(&second, &first);
    return argument;
}

static void tried(void)
{
    both(tries_second, tries_first);
}

enum { NODES = 8 };
static pthread_mutex_t nodes[NODES];

/* From node to node, and never without a lock. */
static void walk(int from, int step)
{
    pthread_mutex_lock(&gate);
    pthread_mutex_lock(&nodes[from]);
    for (int i = 1; i < NODES; i++, from += step) {
        pthread_mutex_lock(&nodes[from + step]);
        pthread_mutex_unlock(&nodes[from]);
    }
    pthread_mutex_unlock(&nodes[from]);
    pthread_mutex_unlock(&gate);
}

static void *walks_up(void *argument)
{
    for (int i = 0; i < 500; i++)
        walk(0, 1);
    return argument;
}

static void *walks_down(void *argument)
{
    for (int i = 0; i < 500; i++)
        walk(NODES - 1, -1);
    return argument;
}

static void hand_over_hand(void)
{
    for (int i = 0; i < NODES; i++)
        pthread_mutex_init(&nodes[i], NULL);
    both(walks_up, walks_down);
}

/* ---- threads that are all asleep, until time or a signal wakes one ---- */

static void on_signal(int number)
{
    (void)number;
    sem_post(&woken);
}

static void sleep_until_signal(void)
{
    while (sem_wait(&woken) != 0 && errno == EINTR)
        continue;
}

static void *waits_for_first(void *argument)
{
    pthread_mutex_lock(&first);
    pthread_mutex_unlock(&first);
    return argument;
}

static void interval_timer(void)
{
    struct itimerval in = {.it_value.tv_usec = A_MOMENT / 1000};
    sem_init(&woken, 0, 0);
    signal(SIGALRM, on_signal);
    pthread_mutex_lock(&first);
    pthread_t thread = start(waits_for_first, NULL);
    setitimer(ITIMER_REAL, &in, NULL);
    sleep_until_signal();
    pthread_mutex_unlock(&first);
    join(thread);
}

static void posix_timer(void)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    struct itimerspec in = {.it_value.tv_nsec = A_MOMENT};
    sem_init(&woken, 0, 0);
    signal(SIGALRM, on_signal);
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &in, NULL);
    sleep_until_signal();
    timer_delete(timer);
}

/* The parent, or a person, sends the signal. */
static void daemon_sleeps(void)
{
    sem_init(&woken, 0, 0);
    signal(SIGTERM, on_signal);
    puts("ready");
    fflush(stdout);
    sleep_until_signal();
}

static void *takes_signal(void *set)
{
    int number;
    sigwait(set, &number);
    sem_post(&woken);
    return NULL;
}

static void signal_thread(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    sem_init(&woken, 0, 0);
    pthread_t thread = start(takes_signal, &set);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_usec = A_MOMENT / 1000}, NULL);
    sleep_until_signal();
    join(thread);
}

static void deadline(void)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += (end.tv_nsec + A_MOMENT) / 1000000000;
    end.tv_nsec = (end.tv_nsec + A_MOMENT) % 1000000000;
    pthread_mutex_lock(&first);
    pthread_t thread = start(waits_for_first, NULL);
    while (pthread_cond_timedwait(&news, &first, &end) != ETIMEDOUT)
        continue;
    pthread_mutex_unlock(&first);
    join(thread);
}

static void *sleeps(void *argument)
{
    pause_for(A_MOMENT);
    return argument;
}

static void sleepers(void)
{
    both(sleeps, sleeps);
}

/* ---- other processes ---- */

static void end_child(pid_t child)
{
    int status;
    waitpid(child, &status, 0);
    printf("child: %d\n", status);
}

static void child_works(void)
{
    pid_t child = fork();
    if (child == 0) {
        pause_for(A_MOMENT);
        _exit(3);
    }
    end_child(child);
}

static void child_posts(void)
{
    sem_t *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || sem_init(shared, 1, 0) != 0)
        exit(99);
    pid_t child = fork();
    if (child == 0) {
        pause_for(A_MOMENT);
        sem_post(shared);
        _exit(0);
    }
    sem_wait(shared);
    end_child(child);
}

/* This process has the other end, too. */
static void child_writes(void)
{
    int channel[2];
    char byte = 'x';
    if (pipe(channel) != 0)
        exit(99);
    pid_t child = fork();
    if (child == 0) {
        pause_for(A_MOMENT);
        _exit(write(channel[1], &byte, 1) == 1 ? 0 : 1);
    }
    if (read(channel[0], &byte, 1) == 1)
        end_child(child);
}

/* The child has the thread that holds the mutex. */
static void child_unlocks(void)
{
    pthread_mutex_lock(&first);
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_unlock(&first);
        pthread_mutex_lock(&first);
        pthread_mutex_unlock(&first);
        _exit(0);
    }
    pthread_mutex_unlock(&first);
    end_child(child);
}

int main(int argc, char *argv[])
{
    static const struct scenario all[] = {
        SCENARIO(handed_over),    SCENARIO(handed_over_often),
        SCENARIO(readers),        SCENARIO(write_locked_gate),
        SCENARIO(tried),          SCENARIO(hand_over_hand),
        SCENARIO(interval_timer), SCENARIO(posix_timer),
        SCENARIO(daemon_sleeps),  SCENARIO(signal_thread),
        SCENARIO(deadline),       SCENARIO(sleepers),
        SCENARIO(child_works),    SCENARIO(child_posts),
        SCENARIO(child_writes),   SCENARIO(child_unlocks),
    };
    return run_scenario(argc > 1 ? argv[1] : NULL, all, sizeof all / sizeof all[0]);
}
