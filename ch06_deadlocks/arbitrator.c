/*
 * arbitrator.c - each train takes all the intersections it will be on at once, when all of them are free.
 *
 * One mutex guards every locked_by; the intersections' own mutexes are not used.
 *
 * Original  deadlocks_train/arbitrator/train.go
 * Build     make trains
 * Run       ./trains arbitrator
 * Expect    all arrive, two at a time: 0 and 2, and 1 and 3
 * Try       signal instead of broadcast. Which train sleeps on, though all that it needs is free?
 * Watch     lock_watch/lock_watch -g ./trains arbitrator    draws which train waits when
 * Beyond    beyond/README.md: why no order of steps leads to a deadlock
 */
#include "must.h"
#include "trains.h"

static pthread_mutex_t controller = PTHREAD_MUTEX_INITIALIZER; // protects: every locked_by
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static bool all_free(struct intersection **intersections_to_lock, int count)
{
    for (int i = 0; i < count; i++) {
        if (intersections_to_lock[i]->locked_by >= 0)
            return false;
    }
    return true;
}

static void lock_intersections_in_distance(int id, int reserve_start, int reserve_end,
                                           struct crossing *crossings)
{
    struct intersection *intersections_to_lock[crossing_count];
    int count = 0;
    for (int i = 0; i < crossing_count; i++) {
        struct crossing *crossing = &crossings[i];
        if (reserve_end >= crossing->position && reserve_start <= crossing->position &&
            crossing->intersection->locked_by != id)
            intersections_to_lock[count++] = crossing->intersection;
    }
    MUST(pthread_mutex_lock(&controller));
    while (!all_free(intersections_to_lock, count))
        MUST(pthread_cond_wait(&cond, &controller));
    for (int i = 0; i < count; i++) {
        intersections_to_lock[i]->locked_by = id;
        pause_ms(10);
    }
    MUST(pthread_mutex_unlock(&controller));
}

static void *move_train(void *argument)
{
    struct journey *journey = argument;
    struct train *train = journey->train;
    struct crossing *crossings = journey->crossings;
    MUST(pthread_detach(pthread_self()));
    while (train->front < journey->distance) {
        train->front += 1;
        for (int i = 0; i < crossing_count; i++) {
            int position = crossings[i].position;
            if (train->front == position)
                lock_intersections_in_distance(train->id, position, position + train->train_length,
                                               crossings);
            int back = train->front - train->train_length;
            if (back == position) {
                MUST(pthread_mutex_lock(&controller));
                crossings[i].intersection->locked_by = -1;
                MUST(pthread_cond_broadcast(&cond));
                MUST(pthread_mutex_unlock(&controller));
            }
        }
        pause_ms(30);
    }
    return NULL;
}

const struct strategy arbitrator = {"arbitrator", move_train};
