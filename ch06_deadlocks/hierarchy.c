/*
 * hierarchy.c - a strategy: a train locks all the intersections that it will stand on at a time, the
 * lowest number first.
 *
 * There is no cycle of waiting trains: each waits for an intersection of a higher number than all that
 * it holds. So who waits for the highest one waits for a train that does not wait.
 *
 * Original  deadlocks_train/hierarchy/train.go
 * Run       ./trains hierarchy
 * Expect    trains 0, 1 and 2 get their first intersection, train 3 has to wait with empty hands. So
 *           train 2 gets its second, and all arrive, one after the other
 * Try       lock the highest number first. Who goes first now? Is one order as good as another?
 * Compare   deadlock.c (each in the order in which it meets them); chapter 3, multi_ledger.c
 */
#include "must.h"
#include "railway.h"

enum { PAUSE = 10 }; // milliseconds after each lock, in which the others may come in between

static void arrive(struct railway *railway, struct train *train, const struct crossing *crossing)
{
    for (int intersection = 0; intersection < INTERSECTIONS; intersection++) {
        if (!railway_needs(train, crossing, intersection))
            continue;
        railway_wants(railway, train, intersection);
        MUST(pthread_mutex_lock(&railway->intersections[intersection]));
        railway_holds(railway, train, intersection);
        railway_pass(railway, train, PAUSE);
    }
}

static void leave(struct railway *railway, struct train *train, const struct crossing *crossing)
{
    railway_frees(railway, train, crossing->intersection);
    MUST(pthread_mutex_unlock(&railway->intersections[crossing->intersection]));
}

const struct strategy hierarchy = {"hierarchy", arrive, leave};
