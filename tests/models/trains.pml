/*
 * trains.pml - the four trains of chapter 6 and their strategies. A train reaches its second intersection
 * before it has left the first one. With `deadlock` the trains can stop forever, unless they are short.
 *
 * Right      -DHIERARCHY
 * Right      -DARBITRATOR
 * Right      -DARBITRATOR -DSPURIOUS=2
 * Right      -DDEADLOCK -DSHORT
 * Wrong      -DDEADLOCK
 * deadlock                 as it is
 * Mutations  -DHIERARCHY
 * its own order            s/lowest = .*;/lowest = first, highest = second;/
 * locks the first only     s/ lock(intersections\[highest\])/ skip/
 * the second stays locked  s/unlock(intersections\[which\])/if :: which == first -> & :: else fi/
 * Mutations  -DARBITRATOR -DSPURIOUS=1
 * no wake-up               s/broadcast(freed)/skip/
 * looks once               s/wait_while/wait_if/
 * looks at the first only  s/ || holder\[second\] != NONE//
 * takes the first only     s/ holder\[second\] = _pid;//
 * wakes at the first only  s/broadcast(freed)/if :: which == first -> & :: else fi/
 */
#define THREADS 4
#include "monitor.inc"

#define NONE 255

bool occupied[THREADS]; /* by a train: no part of the strategies, which see to it that one comes at a time */

#ifdef ARBITRATOR
mutex controller = FREE;
condition freed;
byte holder[THREADS] = NONE;

/* Takes both intersections at once, or neither. */
inline arrive_at_first()
{
    lock(controller);
    wait_while(holder[first] != NONE || holder[second] != NONE, freed, controller);
    holder[first] = _pid; holder[second] = _pid;
    unlock(controller)
}

inline leave(which)
{
    lock(controller);
    holder[which] = NONE;
    broadcast(freed);
    unlock(controller)
}
#else
mutex intersections[THREADS] = FREE;

#ifdef HIERARCHY
/* Takes both, the lower number first. */
inline arrive_at_first()
{
    lock(intersections[lowest]);
    printf("train %d has locked intersection %d\n", _pid, lowest);
    lock(intersections[highest])
}
#else
inline arrive_at(which)
{
    printf("train %d comes to intersection %d\n", _pid, which);
    lock(intersections[which])
}

inline arrive_at_first() { arrive_at(first) }
inline arrive_at_second() { arrive_at(second) }
#endif

inline leave(which)
{
    unlock(intersections[which])
}
#endif
#ifndef DEADLOCK
inline arrive_at_second() { skip } /* it has it */
#endif

inline enter(which)
{
    printf("train %d enters intersection %d\n", _pid, which);
    d_step { assert(!occupied[which]); occupied[which] = true }
}

inline pass(which)
{
    printf("train %d leaves intersection %d\n", _pid, which);
    occupied[which] = false;
    leave(which)
}

active [THREADS] proctype train()
{
    byte first = _pid, second = (_pid + 1) % THREADS;
    byte lowest = (first < second -> first : second), highest = (first < second -> second : first);
#ifdef SHORT
    arrive_at_first(); enter(first); pass(first);
    arrive_at_second(); enter(second); pass(second)
#else
    arrive_at_first(); enter(first);
    arrive_at_second(); enter(second);
    pass(first);
    pass(second)
#endif
}
