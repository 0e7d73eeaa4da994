/*
 * hangs.c - programs that hang on every run, each in its own way, chosen by name. They meet without a pause:
 * a thread says where it is, others wait for that. test_hangs.c compiles and watches them, and cycles.c (two
 * locks in opposite order), hangs.cpp (C++) and harmless.c (which do not hang). They need Linux.
 */
#define _GNU_SOURCE
#include "scenario.h"

#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t table = PTHREAD_RWLOCK_INITIALIZER;

/* Every thread has this on its stack, even that of lock_watch: some libraries need as much. */
_Thread_local char much[512 * 1024];

/* ---- a thread that waits for another's end ---- */

static void *locks_first(void *argument)
{
    pthread_mutex_lock(&first);
    pthread_mutex_unlock(&first);
    return argument;
}

static void join_under_mutex(void)
{
    pthread_mutex_lock(&first);
    join(start(locks_first, NULL));
    pthread_mutex_unlock(&first);
}

static void *reads(void *argument)
{
    pthread_rwlock_rdlock(&table);
    pthread_rwlock_unlock(&table);
    return argument;
}

static void join_under_write_lock(void)
{
    pthread_rwlock_wrlock(&table);
    join(start(reads, NULL));
    pthread_rwlock_unlock(&table);
}

static pthread_t joiners[3];

static void *joins_next(void *argument)
{
    pthread_t *next = argument;
    wait_until(1); // all three are known
    join(*next);
    return NULL;
}

/* Three, since glibc returns EDEADLK when two join each other. */
static void join_each_other(void)
{
    joiners[0] = pthread_self();
    joiners[1] = start(joins_next, &joiners[2]);
    joiners[2] = start(joins_next, &joiners[0]);
    arrived = 1;
    join(joiners[1]);
}

/* ---- conditions ---- */

static void *waits_for_news(void *argument)
{
    pthread_mutex_lock(&first);
    atomic_fetch_add(&arrived, 1);
    pthread_cond_wait(&news, &first);
    pthread_mutex_unlock(&first);
    return argument;
}

static void lost_signal(void)
{
    pthread_cond_signal(&news);
    join(start(waits_for_news, NULL));
}

/* The waiter is woken, but cannot return without the mutex. */
static void condition_and_join(void)
{
    pthread_t thread = start(waits_for_news, NULL);
    wait_until(1);
    pthread_mutex_lock(&first);
    pthread_cond_broadcast(&news);
    join(thread);
    pthread_mutex_unlock(&first);
}

static void *waits_forever(void *argument)
{
    pthread_mutex_lock(&first);
    for (;;)
        pthread_cond_wait(&news, &first);
    return argument;
}

static void join_endless_wait(void)
{
    join(start(waits_forever, NULL));
}

/* ---- read-write locks ---- */

static void *writes(void *argument)
{
    pthread_rwlock_wrlock(&table);
    pthread_rwlock_unlock(&table);
    return argument;
}

/* A reader reads again. The writer that waits between the two goes first. */
static void read_twice(void)
{
    pthread_rwlockattr_t kind;
    pthread_rwlockattr_init(&kind);
    pthread_rwlockattr_setkind_np(&kind, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&table, &kind);
    pthread_rwlock_rdlock(&table);
    pthread_t writer = start(writes, NULL);
    while (pthread_rwlock_tryrdlock(&table) == 0) { // the writer is not there yet
        pthread_rwlock_unlock(&table);
        sched_yield();
    }
    pthread_rwlock_rdlock(&table);
    join(writer);
}

static void upgrade(void)
{
    pthread_rwlock_rdlock(&table);
    pthread_rwlock_wrlock(&table);
    pthread_rwlock_unlock(&table);
}

/* ---- what never comes ---- */

static pthread_barrier_t start_line;

static void *waits_at_barrier(void *argument)
{
    pthread_barrier_wait(&start_line);
    return argument;
}

static void short_barrier(void)
{
    pthread_barrier_init(&start_line, NULL, 3);
    pthread_t thread = start(waits_at_barrier, NULL);
    pthread_barrier_wait(&start_line);
    join(thread);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_library(void)
{
    pthread_once(&once, init_library);
    atomic_fetch_add(&arrived, 1); // or the call would be a jump
}

static void once_in_once(void)
{
    pthread_once(&once, init_library);
}

static int channel[2];

static void *reads_pipe(void *argument)
{
    char byte;
    while (read(channel[0], &byte, 1) == 1)
        continue;
    return argument;
}

/* The end of the file never comes, as this process itself could still write. */
static void own_pipe(void)
{
    if (pipe(channel) != 0)
        exit(99);
    join(start(reads_pipe, NULL));
}

/* ---- owners that are gone, and one that is interrupted ---- */

static sem_t child_has_ended;

static void *keeps_first(void *argument)
{
    pthread_mutex_lock(&first);
    return argument;
}

static void owner_ended(void)
{
    join(start(keeps_first, NULL));
    pthread_mutex_lock(&first);
    pthread_mutex_unlock(&first);
}

static void *holds_first(void *argument)
{
    pthread_mutex_lock(&first);
    atomic_fetch_add(&arrived, 1);
    sem_wait(&child_has_ended);
    pthread_mutex_unlock(&first);
    return argument;
}

/* The child has a copy of the mutex, but not the thread that holds it. The parent ends as the child does. */
static void owner_not_forked(void)
{
    int status;
    sem_init(&child_has_ended, 0, 0);
    pthread_t thread = start(holds_first, NULL);
    wait_until(1);
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_lock(&first);
        pthread_mutex_unlock(&first);
        _exit(0);
    }
    waitpid(child, &status, 0);
    sem_post(&child_has_ended);
    join(thread);
    exit(WEXITSTATUS(status));
}

static void owner_killed(void)
{
    pthread_mutex_t *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        exit(99);
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(shared, &kind);
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_lock(shared);
        raise(SIGKILL);
    }
    waitpid(child, NULL, 0);
    pthread_mutex_lock(shared);
    pthread_mutex_unlock(shared);
}

static void on_signal(int number)
{
    (void)number;
    pthread_mutex_lock(&first);
    pthread_mutex_unlock(&first);
}

static void handler_locks_again(void)
{
    signal(SIGUSR1, on_signal);
    pthread_mutex_lock(&first);
    raise(SIGUSR1);
    pthread_mutex_unlock(&first);
}

/* A signal that ends a child of vfork leaves its memory, which is the parent's, as it was. */
static void after_vfork(void)
{
    pid_t child = vfork();
    if (child == 0) {
        kill(getpid(), SIGTERM);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    lost_signal();
}

int main(int argc, char *argv[])
{
    static const struct scenario all[] = {
        SCENARIO(join_under_mutex),
        SCENARIO(join_under_write_lock),
        SCENARIO(join_each_other),
        SCENARIO(lost_signal),
        SCENARIO(condition_and_join),
        SCENARIO(join_endless_wait),
        SCENARIO(read_twice),
        SCENARIO(upgrade),
        SCENARIO(short_barrier),
        SCENARIO(once_in_once),
        SCENARIO(own_pipe),
        SCENARIO(owner_ended),
        SCENARIO(owner_not_forked),
        SCENARIO(owner_killed),
        SCENARIO(handler_locks_again),
        SCENARIO(after_vfork),
    };
    return run_scenario(argc > 1 ? argv[1] : NULL, all, sizeof all / sizeof all[0]);
}
