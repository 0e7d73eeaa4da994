/*
 * hierarchy.c - each train locks all the intersections it will be on, the one with the lowest id first.
 *
 * A waiting train holds only intersections with lower ids than the one it waits for. So the train that
 * holds the highest intersection that any train waits for is not waiting itself: there is no cycle.
 *
 * Original  deadlocks_train/hierarchy/train.go
 * Build     make trains
 * Run       ./trains hierarchy
 * Expect    all arrive, mostly one after the other
 * Try       sort the highest id first. Is one order as good as another?
 * Watch     lock_watch/lock_watch -g ./trains hierarchy    draws which train waits when
 * Beyond    beyond/README.md: why no order of steps leads to a deadlock
 */
#include "must.h"
#include "trains.h"

static int compare_ids(const void *a, const void *b)
{
    return (*(struct intersection *const *)a)->id - (*(struct intersection *const *)b)->id;
}

static void lock_intersections_in_distance(int id, int reserve_start, int reserve_end,
                                           struct crossing *crossings)
{
    struct intersection *intersections_to_lock[crossing_count];
    size_t count = 0;
    for (int i = 0; i < crossing_count; i++) {
        struct crossing *crossing = &crossings[i];
        if (reserve_end >= crossing->position && reserve_start <= crossing->position &&
            crossing->intersection->locked_by != id)
            intersections_to_lock[count++] = crossing->intersection;
    }

    qsort(intersections_to_lock, count, sizeof intersections_to_lock[0], compare_ids);

    for (size_t i = 0; i < count; i++) {
        MUST(pthread_mutex_lock(&intersections_to_lock[i]->mutex));
        intersections_to_lock[i]->locked_by = id;
        pause_ms(10);
    }
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
                crossings[i].intersection->locked_by = -1;
                MUST(pthread_mutex_unlock(&crossings[i].intersection->mutex));
            }
        }
        pause_ms(30);
    }
    return NULL;
}

const struct strategy hierarchy = {"hierarchy", move_train};
