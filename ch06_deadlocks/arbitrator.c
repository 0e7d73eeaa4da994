/*
 * arbitrator.c - a strategy: a train takes all the intersections that it will stand on at a time, at
 * once, or it waits and holds none.
 *
 * The intersections have no locks of their own here. One lock and one condition guard who holds which:
 * a train waits until all that it needs are free, and takes them before it unlocks.
 *
 * Original  deadlocks_train/arbitrator/train.go
 * Run       ./trains arbitrator
 * Expect    trains 0 and 2 need nothing in common and cross at the same time, then 1 and 3
 * Try       signal instead of broadcast. Which train sleeps on, though all it needs is free?
 * Compare   hierarchy.c (holds some while it waits for others); chapter 4 (conditions)
 */
#include "must.h"
#include "railway.h"

/* One that the train needs and somebody holds. NONE: it can have all that it needs. */
static int first_taken(const struct railway *railway, const struct train *train,
                       const struct crossing *crossing)
{
    for (int i = 0; i < CROSSINGS; i++) {
        int intersection = train->crossings[i].intersection;
        if (railway_needs(train, crossing, intersection) &&
            railway->notes.holder[intersection] != NONE)
            return intersection;
    }
    return NONE;
}

static void arrive(struct railway *railway, struct train *train, const struct crossing *crossing)
{
    int taken;
    MUST(pthread_mutex_lock(&railway->controller));
    while ((taken = first_taken(railway, train, crossing)) != NONE) {
        railway_wants(railway, train, taken);
        MUST(pthread_cond_wait(&railway->freed, &railway->controller));
    }
    for (int i = 0; i < CROSSINGS; i++) {
        if (railway_needs(train, crossing, train->crossings[i].intersection))
            railway_holds(railway, train, train->crossings[i].intersection);
    }
    MUST(pthread_mutex_unlock(&railway->controller));
}

static void leave(struct railway *railway, struct train *train, const struct crossing *crossing)
{
    MUST(pthread_mutex_lock(&railway->controller));
    railway_frees(railway, train, crossing->intersection);
    MUST(pthread_cond_broadcast(&railway->freed));
    MUST(pthread_mutex_unlock(&railway->controller));
}

const struct strategy arbitrator = {"arbitrator", arrive, leave};
