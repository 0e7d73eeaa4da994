/*
 * boids_locks.c - how many steps a boid makes with a read-write lock, and how many with a mutex.
 *
 * Lecture   boids.c, boid.c
 * Adds      a choice of locks, and of yielding a few times before sleeping; counts the steps, and
 *           draws nothing
 * Build     cc -pthread -iquote . -o beyond/boids_locks beyond/boids_locks.c -lm
 * Run       beyond/boids_locks [-l rwlock|mutex] [-y] [-t boids] [-s seconds]       -y: yields first
 * Expect    steps a second of each boid, 200 at most; and how many neighbours a boid sees by then
 * Try       -l rwlock and -l mutex, each with and without -y
 */
#include "boids.h"
#include "must.h"

#include <sched.h>

static const char usage[] = "boids_locks [-l rwlock|mutex] [-y] [-t boids] [-s seconds]";

enum { RWLOCK, MUTEX };
static const char *const lock_names[] = {"rwlock", "mutex", NULL};

struct boid boids[boid_count];
int boid_map[screen_width + 1][screen_height + 1];

/* One of these protects boids, boid_map and steps. */
pthread_rwlock_t rw_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int chosen_lock = RWLOCK;
static bool yields_first;

static long steps; // of all boids

static int try_lock(bool to_write)
{
    if (chosen_lock == MUTEX)
        return pthread_mutex_trylock(&mutex);
    return to_write ? pthread_rwlock_trywrlock(&rw_lock) : pthread_rwlock_tryrdlock(&rw_lock);
}

static int wait_for_lock(bool to_write)
{
    if (chosen_lock == MUTEX)
        return pthread_mutex_lock(&mutex);
    return to_write ? pthread_rwlock_wrlock(&rw_lock) : pthread_rwlock_rdlock(&rw_lock);
}

/*
 * A boid holds the lock for a microsecond or two, but falling asleep and being woken takes many times as
 * long. So it may pay to let other threads run a few times first.
 */
static int take_lock(bool to_write)
{
    for (int i = 0; yields_first && i < 10; i++) {
        if (try_lock(to_write) == 0)
            return 0;
        sched_yield();
    }
    return wait_for_lock(to_write);
}

static int take_to_read(void)
{
    return take_lock(false);
}

static int take_to_write(void)
{
    int error = take_lock(true);
    if (error == 0)
        steps++; // every boid takes it once a step
    return error;
}

static int unlock(void)
{
    return chosen_lock == MUTEX ? pthread_mutex_unlock(&mutex) : pthread_rwlock_unlock(&rw_lock);
}

/* The lecture's boids, with these in place of its lock. */
#define pthread_rwlock_rdlock(lock) take_to_read()
#define pthread_rwlock_wrlock(lock) take_to_write()
#define pthread_rwlock_unlock(lock) unlock()
#include "boid.c"

static double neighbours_on_average(long count)
{
    long seen = 0;
    for (long i = 0; i < count; i++) {
        for (long k = 0; k < count; k++)
            seen += k != i && distance(boids[i].position, boids[k].position) < view_radius;
    }
    return (double)seen / (double)count;
}

int main(int argc, char *argv[])
{
    long count = boid_count, seconds_to_fly = 5;
    struct option_line options[] = {
        {'l', .choice = &chosen_lock, .words = lock_names},
        {'y', .flag = &yields_first},
        {'t', .number = &count, .least = 1, .most = boid_count},
        {'s', .number = &seconds_to_fly, .least = 0, .most = 86400},
        {0},
    };
    read_options(argc, argv, usage, options, 0, 0);
    memset(boid_map, -1, sizeof boid_map);

    MUST(take_lock(true));
    for (int i = 0; i < count; i++)
        create_boid(i);
    double begin = seconds();
    MUST(unlock());
    pause_ms(1000 * seconds_to_fly);
    MUST(take_lock(true));
    double of_each = (double)steps / (seconds() - begin) / (double)count;
    double neighbours = neighbours_on_average(count);
    MUST(unlock());
    printf("%ld boids, %s%s: %.0f steps a second each, %.1f neighbours\n", count,
           lock_names[chosen_lock], yields_first ? ", yields first" : "", of_each, neighbours);
}
