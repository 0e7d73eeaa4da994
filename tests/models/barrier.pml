/*
 * barrier.pml - barrier.c of chapter 7: no thread leaves a round before all have come, and none is left
 * behind. Here thread 0 may also destroy it as soon as it is through its last round. (There, destroy waits
 * for the same condition; here it has one of its own. beyond/fast_barrier.c is fast_barrier.pml.)
 *
 * Right      -DTHREADS=3 -DROUNDS=2
 * Right      -DTHREADS=3 -DROUNDS=2 -DSPURIOUS=2
 * Right      -DTHREADS=2 -DROUNDS=4 -DSPURIOUS=2
 * Wrong      -DTHREADS=2 -DROUNDS=2
 * no-round                s/round == my_round/arrived > 0/
 * Wrong      -DTHREADS=2 -DROUNDS=1 -DSPURIOUS=1
 * if                      s/wait_while(round ==/wait_if(round ==/
 * Mutations  -DTHREADS=3 -DROUNDS=2 -DSPURIOUS=1
 * no wake-up              s/broadcast(round_complete)/skip/
 * one woken for all       s/broadcast(round_complete)/signal(round_complete)/
 * the count stays         s/arrived = 0;//
 * the round stays         s/ round = round + 1;//
 * one is forgotten        s/arrived == THREADS/arrived == THREADS - 1/
 * round looked at late    s/my_round = round;//; s/unlock(m); lock(m);/unlock(m); my_round = round; lock(m);/
 * destroy waits for none  s/wait_while(inside > 0, .*);//
 * destroy looks once      s/wait_while(inside/wait_if(inside/
 * no last one out         s/signal(all_out)/skip/
 * last one is not inside  s/ inside++;//; s/unlock(m); lock(m);/inside++; &/; s/last\[i\]++/&; inside++/
 */
#include "monitor.inc"

mutex m = FREE;
condition round_complete, all_out;
byte arrived, round, inside;

/* No part of the barrier: how many have come to each round, and how many left it as the last one. */
byte came[ROUNDS], last[ROUNDS];

inline barrier_wait()
{
    lock(m);
    my_round = round;
    arrived++; inside++;
    printf("thread %d comes to round %d: %d there\n", _pid, i + 1, arrived);
    if
    :: arrived == THREADS ->
        arrived = 0;
        round = round + 1;
        unlock(m);
        broadcast(round_complete); /* after the unlock: still counted inside, so the barrier is there */
        lock(m);
        last[i]++
    :: else ->
        unlock(m); lock(m); /* here it yields, and others may pass */
        wait_while(round == my_round, round_complete, m)
    fi;
    inside--;
    if
    :: inside == 0 -> signal(all_out)
    :: else
    fi;
    unlock(m)
}

inline barrier_destroy()
{
    lock(m);
    wait_while(inside > 0, all_out, m);
    unlock(m);
    destroy(m == FREE && arrived == 0 && round_complete == 0 && all_out == 0)
}

active [THREADS] proctype thread()
{
    byte i, my_round;
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
