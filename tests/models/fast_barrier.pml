/*
 * fast_barrier.pml - fast_barrier.c of chapter 7, where threads arrive without the lock: no thread leaves a
 * round before as many have come as meet in it, and none is left behind. A thread that is through the last
 * round may destroy the barrier at once: no thread touches it after that.
 *
 * There may be more threads than meet in a round (MEET): any that is free comes. Numbers have 3 bits, so they
 * soon begin again at 0. A thread that is slow for so many rounds that all numbers come round once is left
 * behind. With two threads that takes 3 rounds here, and 2 thousand million in fast_barrier.c.
 *
 * Right      -DTHREADS=2 -DMEET=2 -DROUNDS=4 -DSPURIOUS=1
 * Right      -DTHREADS=3 -DMEET=3 -DROUNDS=2 -DSPURIOUS=1
 * Right      -DTHREADS=3 -DMEET=2 -DROUNDS=2 -DSPURIOUS=1
 * Wrong      -DTHREADS=3 -DMEET=2 -DROUNDS=4
 * slow-all-round          as it is
 * Wrong      -DTHREADS=4 -DMEET=4 -DROUNDS=1
 * only-one-round          as it is
 * Wrong      -DTHREADS=2 -DMEET=2 -DROUNDS=1
 * looks-before-it-comes   s/^    look_for_sleepers()/    skip/; s/touch(begin/look_for_sleepers(); &/
 * counted-after-the-look  s/touch(sleepers++.*;$/skip;/; s/wait_while(incomplete, .*m)/if :: incomplete -> touch(sleepers++); wait(round_complete, m); &; touch(sleepers--) :: else fi/; s/^    touch(sleepers--)/skip/
 * no-lock-to-wake         s/lock(m); unlock(m); broadcast/broadcast/
 * Wrong      -DTHREADS=2 -DMEET=2 -DROUNDS=1 -DSPURIOUS=1
 * if                      s/wait_while(incomplete/wait_if(incomplete/
 * Mutations  -DTHREADS=3 -DMEET=3 -DROUNDS=2 -DSPURIOUS=1
 * no wake-up              s/broadcast(round_complete)/skip/
 * one woken for all       s/broadcast(round_complete)/signal(round_complete)/
 * complete one too early  s/< MEET)/< MEET - 1)/
 * no limit                s/% LIMIT/\& UINT_MAX/
 * difference with a sign  s/(arrivals - begin) & UINT_MAX/arrivals - begin/
 * later numbers only      s/((arrivals - begin) & UINT_MAX) < MEET/arrivals < begin + MEET/
 * a look and a step       s/= arrivals; arrivals =.*% LIMIT/= arrivals); touch(arrivals = (begin + 1) % LIMIT/
 * inside after arrival    s/touch(inside++)/skip/; s/is_last = /touch(inside++); &/
 * leaves, then wakes      s/-> last++;/& leave();/; s/^    leave()/if :: !is_last -> leave() :: else fi/
 * leaves, then unlocks    s/^    touch(sleepers--)/touch(sleepers--; inside--)/; s/^    unlock(m)$/unlock(m); touch(inside++)/
 * nobody signals          s/signal(all_out)/skip/
 * signals without lock    s/lock(m); touch(inside = 0); \(.*\); unlock(m)/touch(inside = 0); \1/
 * signals after unlock    s/signal(all_out); unlock(m)/unlock(m); signal(all_out)/
 * never said to be 0      s/touch(inside = 0)/skip/
 * every last one signals  s/seen == (DESTROYING | 1)/(seen \& ~DESTROYING) == 1/
 * not told of destroy     s/ | DESTROYING)/)/
 * destroy waits for none  s/wait_while(inside > 0, .*, m); //
 * destroy looks once      s/wait_while(inside/wait_if(inside/
 * destroy looks at count  s/inside > 0, all_out/inside > DESTROYING, all_out/
 * Mutations  -DTHREADS=3 -DMEET=2 -DROUNDS=2
 * a look and a step       s/= arrivals; arrivals =.*% LIMIT/= arrivals); touch(arrivals = (begin + 1) % LIMIT/
 */
#include "monitor.inc"

#define UINT_MAX 7
#define DESTROYING 4 /* the top bit */
#define LIMIT (UINT_MAX - UINT_MAX % MEET)

mutex m = FREE;
condition round_complete, all_out;
byte arrivals = LIMIT - MEET, inside, sleepers;

/* No part of the barrier: waits that nobody has begun yet, and that are over; how many arrivals there have
 * been, how many of them were the last ones of a round; and whether somebody is about to destroy it. */
byte to_come = MEET * ROUNDS, over, arrived, last;
bool is_chosen;

/* What an atomic operation does; also one that only looks. */
#define touch(what) atomic { assert(!destroyed); what }

#define incomplete (((arrivals - begin) & UINT_MAX) < MEET)

inline look_for_sleepers()
{
    touch(seen = sleepers; printf("thread %d sees %d sleepers\n", _pid, seen))
}

inline arrive()
{
    touch(inside++);
    touch(begin = arrivals; arrivals = (arrivals + 1) % LIMIT; arrived++);
    printf("thread %d comes: %d in the round\n", _pid, begin % MEET + 1);
    is_last = begin % MEET == MEET - 1;
    begin = begin - begin % MEET
}

inline sleep_while_incomplete()
{
    lock(m);
    touch(sleepers++; printf("thread %d says that it sleeps\n", _pid));
    wait_while(incomplete, round_complete, m);
    touch(sleepers--);
    unlock(m)
}

inline wake_sleepers()
{
    look_for_sleepers();
    if
    :: seen > 0 -> lock(m); unlock(m); broadcast(round_complete)
    :: else
    fi
}

inline leave()
{
    touch(seen = inside; inside--);
    if
    :: seen == (DESTROYING | 1) -> lock(m); touch(inside = 0); signal(all_out); unlock(m)
    :: else
    fi
}

inline barrier_wait()
{
    arrive();
    if
    :: is_last -> last++; wake_sleepers()
    :: !is_last -> atomic { !incomplete -> assert(!destroyed) } /* it has peeked, or yielded */
    :: !is_last -> sleep_while_incomplete()
    fi;
    leave()
}

inline barrier_destroy()
{
    printf("thread %d destroys\n", _pid);
    assert(arrivals % MEET == 0); /* or EBUSY */
    touch(seen = inside; inside = inside | DESTROYING);
    if
    :: seen > 0 -> lock(m); wait_while(inside > 0, all_out, m); unlock(m)
    :: else
    fi;
    destroy(m == FREE && round_complete == 0 && all_out == 0)
}

active [THREADS] proctype thread()
{
    byte begin, seen;
    bool is_last;
    do
    :: atomic { to_come > 0 -> to_come-- }
        barrier_wait();
        d_step { over++; assert(over <= (MEET * ROUNDS - to_come) / MEET * MEET) }
        d_step { begin = 0; seen = 0; is_last = false }
        if
        :: atomic { arrived == MEET * ROUNDS && !is_chosen -> is_chosen = true }
            barrier_destroy();
            assert(last == ROUNDS)
        :: else
        fi
    :: else -> break
    od
}
