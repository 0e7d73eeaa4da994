/*
 * deadlock.c - a strategy: each train locks an intersection when it gets there, and holds it while it
 * crosses.
 *
 * Original  deadlocks_train/deadlock/train.go
 * Run       ./trains deadlock
 * Expect    each train gets its first intersection and stops at the second, which the next one holds
 * Try       let train 3 lock intersection 0 and then 3, both at 125. Why is one such train enough?
 * Compare   hierarchy.c (locks in one order), arbitrator.c (takes all it needs at once)
 */
#include "must.h"
#include "railway.h"

static void arrive(struct railway *railway, struct train *train, const struct crossing *crossing)
{
    railway_wants(railway, train, crossing->intersection);
    MUST(pthread_mutex_lock(&railway->intersections[crossing->intersection]));
    railway_holds(railway, train, crossing->intersection);
}

static void leave(struct railway *railway, struct train *train, const struct crossing *crossing)
{
    railway_frees(railway, train, crossing->intersection);
    MUST(pthread_mutex_unlock(&railway->intersections[crossing->intersection]));
}

const struct strategy deadlock = {"deadlock", arrive, leave};
