/*
 * barrier.pml - barrier.c of chapter 7: no thread leaves a round before all have come, and none is left
 * behind. Thread 0 may destroy it as soon as it is through its last round; no thread touches it after that.
 * (The fast one is fast_barrier.pml.)
 *
 * Right      -DTHREADS=3 -DROUNDS=2
 * Right      -DTHREADS=3 -DROUNDS=2 -DSPURIOUS=2
 * Right      -DTHREADS=2 -DROUNDS=4 -DSPURIOUS=2
 * Wrong      -DTHREADS=2 -DROUNDS=2
 * no-round                s/generation == my_generation/count < THREADS/
 * Wrong      -DTHREADS=2 -DROUNDS=1 -DSPURIOUS=1
 * if                      s/wait_while(generation ==/wait_if(generation ==/
 * Mutations  -DTHREADS=3 -DROUNDS=2 -DSPURIOUS=1
 * no wake-up              s/broadcast(cond); lock/lock/
 * one woken for all       s/broadcast(cond); lock/signal(cond); lock/
 * the count stays         s/count = THREADS;//
 * the round stays         s/ generation = generation + 1;//
 * one is forgotten        s/count == 0/count <= 1/
 * round looked at late    s/my_generation = generation;//; s/:: else -> wait_while/:: else -> unlock(m); lock(m); my_generation = generation; wait_while/
 * destroy waits for none  s/wait_while(inside > 0, .*);//
 * destroy looks once      s/wait_while(inside/wait_if(inside/
 * no last one out         s/inside == 0 -> broadcast(cond)/inside == 0/
 * last one is not inside  s/unlock(m); broadcast(cond); lock(m);/inside--; unlock(m); broadcast(cond); lock(m); inside++;/
 * signals after unlock    s/inside == 0 -> broadcast(cond)/inside == 0 -> unlock(m); broadcast(cond); lock(m)/
 */
#include "monitor.inc"

mutex m = FREE;
condition cond;
byte count = THREADS, generation, inside;

/* No part of the barrier: how many have come to each round, and how many left it as the last one. */
byte came[ROUNDS], last[ROUNDS];

inline barrier_wait()
{
    lock(m);
    my_generation = generation;
    inside++; count--;
    printf("thread %d comes to round %d: %d there\n", _pid, i + 1, THREADS - count);
    if
    :: count == 0 ->
        count = THREADS;
        generation = generation + 1;
        unlock(m); broadcast(cond); lock(m); /* still counted inside, so the barrier is there */
        last[i]++
    :: else -> wait_while(generation == my_generation, cond, m)
    fi;
    inside--;
    if
    :: inside == 0 -> broadcast(cond)
    :: else
    fi;
    unlock(m)
}

inline barrier_destroy()
{
    lock(m);
    assert(count == THREADS); /* or EBUSY */
    wait_while(inside > 0, cond, m);
    unlock(m);
    destroy(m == FREE && cond == 0)
}

active [THREADS] proctype thread()
{
    byte i, my_generation;
    for (i : 0 .. ROUNDS - 1) {
        came[i]++;
        barrier_wait();
        printf("thread %d leaves round %d\n", _pid, i + 1);
        assert(came[i] == THREADS && last[i] <= 1)
    }
    if
    :: _pid == 0 -> barrier_destroy(); assert(last[ROUNDS - 1] == 1)
    :: else
    fi
}
