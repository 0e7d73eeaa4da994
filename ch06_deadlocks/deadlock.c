/*
 * deadlock.c - each train locks an intersection when it gets there, and holds it while it crosses.
 *
 * Original  deadlocks_train/deadlock/train.go
 * Build     make trains
 * Run       ./trains deadlock
 * Expect    each train gets its first intersection, and stops at the second, which the next train holds
 * Try       a train_length of 40 in trains.c: less than from one intersection to the next
 * Watch     lock_watch/lock_watch ./trains deadlock    names the cycle as soon as it closes
 * Beyond    beyond/README.md: the shortest way into the deadlock, found by a model checker
 */
#include "must.h"
#include "trains.h"

static void *move_train(void *argument)
{
    struct journey *journey = argument;
    struct train *train = journey->train;
    struct crossing *crossings = journey->crossings;
    MUST(pthread_detach(pthread_self()));
    while (train->front < journey->distance) {
        train->front += 1;
        for (int i = 0; i < crossing_count; i++) {
            struct intersection *intersection = crossings[i].intersection;
            if (train->front == crossings[i].position) {
                MUST(pthread_mutex_lock(&intersection->mutex));
                intersection->locked_by = train->id;
            }
            int back = train->front - train->train_length;
            if (back == crossings[i].position) {
                intersection->locked_by = -1;
                MUST(pthread_mutex_unlock(&intersection->mutex));
            }
        }
        pause_ms(30);
    }
    return NULL;
}

const struct strategy deadlock = {"deadlock", move_train};
