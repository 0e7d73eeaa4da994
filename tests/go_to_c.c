/*
 * go_to_c.c - the C lines of ch01_intro/GO_TO_C.md, at work. go_to_c.sh compares the page with this file, and
 * compiles and runs it.
 */
#include "channel.h"
#include "must.h"
#include "wait_group.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* ---- go ---- */

struct deposit {
    int account, amount;
};

static int accounts[2];

static void *make_deposit(void *argument)
{
    struct deposit *deposit = argument;
    accounts[deposit->account] += deposit->amount;
    return NULL;
}

static void start_and_join(void)
{
    struct deposit first = {.account = 1, .amount = 10};
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, make_deposit, &first));
    MUST(pthread_join(thread, NULL));
    assert(accounts[1] == 10);
}

static atomic_int sum;

static void *add(void *argument)
{
    int *number = argument;
    sum += *number;
    free(number);
    return NULL;
}

static void start_in_a_loop(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        int *number = MUST_HAVE(malloc(sizeof *number));
        *number = i;
        MUST(pthread_create(&threads[i], NULL, add, number));
    }
    for (int i = 0; i < 4; i++)
        MUST(pthread_join(threads[i], NULL));
    assert(sum == 6);
}

/* ---- defer ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int money = 100;

static bool spend(int amount)
{
    bool is_enough = false;
    MUST(pthread_mutex_lock(&lock));
    if (money < amount)
        goto out;
    money -= amount;
    is_enough = true;
out:
    MUST(pthread_mutex_unlock(&lock));
    return is_enough;
}

static void unlock_on_every_path(void)
{
    assert(spend(60) && !spend(60) && money == 40);
}

/* ---- sync.WaitGroup ---- */

static struct wait_group group;

static void *work(void *argument)
{
    pause_ms(1);
    MUST(wait_group_done(&group));
    return argument;
}

static void wait_for_a_group(void)
{
    pthread_attr_t detached;
    pthread_t thread;
    MUST(pthread_attr_init(&detached));
    MUST(pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED));
    MUST(wait_group_init(&group));
    for (int i = 0; i < 4; i++) {
        MUST(wait_group_add(&group, 1));
        MUST(pthread_create(&thread, &detached, work, NULL));
    }
    MUST(wait_group_wait(&group));
    MUST(wait_group_destroy(&group));
    MUST(pthread_attr_destroy(&detached));
}

/* ---- sync.Mutex, sync.RWMutex, sync.Once ---- */

static pthread_rwlock_t rw_lock = PTHREAD_RWLOCK_INITIALIZER;
static int setting = 1;

static void read_and_write(void)
{
    MUST(pthread_rwlock_rdlock(&rw_lock));
    int seen = setting;
    MUST(pthread_rwlock_unlock(&rw_lock));

    MUST(pthread_rwlock_wrlock(&rw_lock));
    setting = seen + 1;
    MUST(pthread_rwlock_unlock(&rw_lock));
    assert(setting == 2);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int times_loaded;

static void load(void)
{
    times_loaded++;
}

static void do_it_once(void)
{
    MUST(pthread_once(&once, load));
    MUST(pthread_once(&once, load));
    assert(times_loaded == 1);
}

/* ---- sync.Cond ---- */

static pthread_cond_t has_changed = PTHREAD_COND_INITIALIZER;
static bool is_ready;

static void *get_ready(void *argument)
{
    MUST(pthread_mutex_lock(&lock));
    is_ready = true;
    MUST(pthread_cond_broadcast(&has_changed));
    MUST(pthread_mutex_unlock(&lock));
    return argument;
}

static void wait_for_a_change(void)
{
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, get_ready, NULL));
    MUST(pthread_mutex_lock(&lock));
    while (!is_ready)
        MUST(pthread_cond_wait(&has_changed, &lock));
    MUST(pthread_mutex_unlock(&lock));
    MUST(pthread_join(thread, NULL));
}

/* ---- sync/atomic ---- */

static atomic_int count;

static void add_atomically(void)
{
    int before = atomic_fetch_add(&count, 1);
    int now = atomic_load(&count);
    atomic_store(&count, 0);
    int expected = 0;
    bool is_swapped = atomic_compare_exchange_strong(&count, &expected, 5);
    assert(before == 0 && now == 1 && is_swapped && count == 5);
}

/* ---- channels ---- */

static struct channel *numbers;

static void *send_three(void *argument)
{
    for (int i = 1; i <= 3; i++)
        MUST(channel_send(numbers, &i));
    MUST(channel_close(numbers));
    return argument;
}

static void receive_until_closed(void)
{
    numbers = MUST_HAVE(channel_create(2, sizeof(int)));
    pthread_t thread;
    int number, total = 0;
    MUST(pthread_create(&thread, NULL, send_three, NULL));
    while (channel_receive(numbers, &number) == 0)
        total += number;
    MUST(pthread_join(thread, NULL));
    assert(total == 6);

    int error = channel_send(numbers, &number);
    assert(error == EPIPE); // it is closed
    channel_destroy(numbers);
}

static void wait_for_one_of_two(void)
{
    struct channel *in = MUST_HAVE(channel_create(1, sizeof(int)));
    struct channel *out = MUST_HAVE(channel_create(1, sizeof(int)));
    int received = 0, sent = 7;
    size_t chosen;
    MUST(channel_send(in, &sent));
    MUST(channel_send(out, &sent));

    struct channel_case cases[] = {
        {in, CHANNEL_RECEIVE, &received, 0},
        {out, CHANNEL_SEND, &sent, 0},
    };
    MUST(channel_select(cases, 2, &chosen));
    if (chosen == 0)
        assert(received == 7);
    assert(chosen == 0); // there is no room in `out`

    int error = channel_try_select(cases, 2, &chosen);
    if (error == EAGAIN)
        chosen = 2; // the default case
    assert(chosen == 2);

    struct timespec deadline = channel_deadline(10);
    error = channel_timed_receive(in, &received, &deadline);
    assert(error == ETIMEDOUT);
    channel_destroy(in);
    channel_destroy(out);
}

/* ---- time, runtime ---- */

static void pause_and_yield(void)
{
    pause_ms(1);
    sched_yield();
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    assert(processors >= 1);
}

int main(void)
{
    start_and_join();
    start_in_a_loop();
    unlock_on_every_path();
    wait_for_a_group();
    read_and_write();
    do_it_once();
    wait_for_a_change();
    add_atomically();
    receive_until_closed();
    wait_for_one_of_two();
    pause_and_yield();
    return 0;
}
