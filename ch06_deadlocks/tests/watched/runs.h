/*
 * runs.h - the second half of scenarios.c, which includes it: conditions, cancellation, and what threads and
 * processes do from their beginning to their end.
 */
#ifndef RUNS_H
#define RUNS_H

/* ---- conditions and cancellation ---- */

static void *waits_for_news(void *argument)
{
    struct timespec deadline = {0, 0};
    pthread_mutex_lock(&first);
    if (pthread_cond_timedwait(&news, &first, &deadline) != ETIMEDOUT)
        exit(1);
    atomic_fetch_add(&arrived, 1);
    while (!is_there)
        pthread_cond_wait(&news, &first);
    pthread_mutex_unlock(&first);
    return argument;
}

static int conditions(void)
{
    pthread_t threads[20];
    for (int i = 0; i < 20; i++)
        threads[i] = start(waits_for_news, NULL);
    while (atomic_load(&arrived) < 20)
        sched_yield();
    pthread_mutex_lock(&first);
    is_there = 1;
    pthread_cond_broadcast(&news);
    pthread_mutex_unlock(&first);
    for (int i = 0; i < 20; i++)
        pthread_join(threads[i], NULL);
    return 0;
}

static void unlock_first(void *argument)
{
    (void)argument;
    pthread_mutex_unlock(&first);
}

static void *is_cancelled(void *argument)
{
    pthread_mutex_lock(&first);
    pthread_cleanup_push(unlock_first, NULL);
    atomic_fetch_add(&arrived, 1);
    for (;;)
        pthread_cond_wait(&news, &first);
    pthread_cleanup_pop(1);
    return argument;
}

static void lock_first(void *argument)
{
    (void)argument;
    pthread_mutex_lock(&first);
}

static void *is_cancelled_and_stuck(void *argument)
{
    pthread_mutex_lock(&first);
    pthread_cleanup_push(lock_first, NULL);
    pthread_cancel(pthread_self());
    pthread_cond_wait(&news, &first);
    pthread_cleanup_pop(0);
    return argument;
}

/* A thread that is cancelled in a wait has the mutex again, and cannot lock it in its cleanup. */
static int cancelled_and_stuck(void)
{
    alone(is_cancelled_and_stuck, NULL);
    return 0;
}

/* A cancelled thread holds the mutex again in its cleanup: no thread owns it after that. */
static int cancelled(void)
{
    for (int i = 1; i <= 50; i++) {
        void *result;
        pthread_t thread = start(is_cancelled, NULL);
        while (atomic_load(&arrived) < i)
            sched_yield();
        pthread_mutex_lock(&first);
        pthread_cancel(thread);
        pthread_mutex_unlock(&first);
        pthread_join(thread, &result);
        if (result != PTHREAD_CANCELED)
            return 1;
        both(&first, &second);
    }
    return 0;
}

static pthread_key_t key;

static void destroy_value(void *value)
{
    (void)value;
    both(&first, &second);
}

static void *comes_and_goes(void *argument)
{
    pthread_setspecific(key, &key);
    both(&first, &second);
    if (argument != NULL)
        pthread_mutex_lock(argument);
    return NULL;
}

static int comings(void)
{
    pthread_t threads[50];
    pthread_key_create(&key, destroy_value);
    for (int i = 0; i < 40; i++) {
        for (int j = 0; j < 50; j++)
            threads[j] = start(comes_and_goes, NULL);
        for (int j = 0; j < 50; j++)
            pthread_join(threads[j], NULL);
    }
    return 0;
}

/* Threads end while they hold mutexes; others, in the same place of the table, lock others. */
static int left_locked(void)
{
    static pthread_mutex_t left[200];
    pthread_key_create(&key, destroy_value);
    for (int i = 0; i < 200; i++) {
        pthread_mutex_init(&left[i], NULL);
        alone(comes_and_goes, &left[i]);
        if (pthread_mutex_trylock(&left[i]) != EBUSY)
            return 1;
    }
    return 0;
}

static void on_signal(int number)
{
    (void)number;
    atomic_fetch_add(&arrived, 1);
    if (pthread_mutex_trylock(&third) == 0) {
        both(&gate, &second);
        pthread_mutex_unlock(&third);
    }
}

static int signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    pid_t sender = fork();
    while (sender == 0) {
        if (getppid() == 1 || kill(getppid(), SIGUSR1) != 0)
            _exit(0);
    }
    while (atomic_load(&arrived) < 500) {
        pthread_mutex_lock(&first);
        pthread_mutex_unlock(&first);
    }
    kill(sender, SIGKILL);
    waitpid(sender, NULL, 0);
    return 0;
}

static atomic_int forks_are_over;

static void *locks_gate(void *argument)
{
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    return argument;
}

/* Makes new mutexes all the time, each of which the watch has to enter into its tables. */
static void *makes_mutexes(void *argument)
{
    pthread_mutex_t mutex;
    while (!atomic_load(&forks_are_over)) {
        pthread_mutex_init(&mutex, NULL);
        pthread_mutex_destroy(&mutex);
    }
    return argument;
}

/* Meanwhile the process forks; each child locks, starts a thread, and the last one gets stuck. */
static int forks(void)
{
    int status = 0;
    pthread_t threads[2] = {start(makes_mutexes, NULL), start(makes_mutexes, NULL)};
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        if (child == 0) {
            pthread_mutex_lock(&third);
            alone(locks_gate, NULL);
            if (i == 19)
                pthread_mutex_lock(&third);
            exit(3);
        }
        waitpid(child, &status, 0);
        if (i < 19 && WEXITSTATUS(status) != 3)
            return 1;
    }
    atomic_store(&forks_are_over, 1);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    printf("child: %d\n", WEXITSTATUS(status));
    return 0;
}

static int killed(void)
{
    pthread_mutex_lock(&first);
    raise(SIGKILL);
    return 0;
}

static int underscore_exit(void)
{
    pthread_mutex_lock(&first);
    _exit(9);
}

static int quick(void)
{
    pthread_mutex_lock(&first);
#ifndef __APPLE__
    _Noreturn void quick_exit(int); // of C11, which FreeBSD hides where _XOPEN_SOURCE is defined
    quick_exit(8);
#endif
    return 1;
}

static int environment(void)
{
    pthread_mutex_lock(&first);
    fflush(stdout);
    return system("env | grep -c -e LOCK_WATCH -e lock_watch.so; printf '%s\\n' \"$LD_PRELOAD\"") !=
           0;
}

static int moved(void)
{
    return chdir("/") == 0 ? self() : 1;
}

static void *million_rounds(void *argument)
{
    pthread_mutex_t mine = PTHREAD_MUTEX_INITIALIZER;
    for (int i = 0; i < 125000; i++) {
        pthread_mutex_lock(&mine);
        pthread_mutex_unlock(&mine);
    }
    return argument;
}

static int million(void)
{
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        threads[i] = start(million_rounds, NULL);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    return 0;
}

/* Main holds the first two while another thread waits, and then sleeps: what a trace shows. */
static void *waits_then_sleeps(void *argument)
{
    atomic_store(&arrived, 1);
    pthread_mutex_lock(&first);
    atomic_store(&arrived, 2);
    while (!is_there)
        pthread_cond_wait(&news, &first);
    pthread_mutex_unlock(&first);
    return argument;
}

static void pause_for(long milliseconds)
{
    struct timespec rest = {0, milliseconds * 1000000};
    nanosleep(&rest, NULL);
}

static int states(void)
{
    pthread_mutex_lock(&second);
    pthread_mutex_lock(&first);
    pthread_t thread = start(waits_then_sleeps, NULL);
    while (atomic_load(&arrived) < 1)
        sched_yield();
    pause_for(100);
    pthread_mutex_unlock(&first);
    while (atomic_load(&arrived) < 2)
        sched_yield();
    pause_for(100);
    pthread_mutex_lock(&first);
    is_there = 1;
    pthread_cond_signal(&news);
    pthread_mutex_unlock(&first);
    pthread_mutex_unlock(&second);
    return pthread_join(thread, NULL);
}

static int no_locks(void)
{
    return 0;
}

#endif
