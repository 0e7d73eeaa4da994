/*
 * counting_semaphore.pml - the semaphore of chapter 4: every permit is taken once, even if a deadline runs
 * out at that moment. It may be destroyed as soon as there is a permit for every waiting thread.
 *
 * Right      -DTHREADS=4
 * Right      -DTHREADS=4 -DSPURIOUS=2
 * Wrong      -DTHREADS=4
 * signal-at-0             s/broadcast(posted)/signal(posted)/
 * Wrong      -DTHREADS=4 -DSPURIOUS=1
 * if                      s/wait(posted, m)/&; break/
 * Mutations  -DTHREADS=4 -DSPURIOUS=1
 * no wake-up              s/broadcast(posted)/skip/
 * the permit stays        s/permits--;//
 * wakes after the unlock  s/broadcast(posted)/unlock(m); broadcast(posted); lock(m)/
 * destroy waits for none  s/wait_while(waiting > 0, .*);//
 * destroy looks once      s/wait_while(waiting/wait_if(waiting/
 * no last one out         s/signal(all_out)/skip/
 */
#include "monitor.inc"

mutex m = FREE;
condition posted, all_out;
byte permits, waiting;

/* No part of the semaphore: permits that came and went, and calls that may still need it: posts that have
 * not given their permit yet, and waits that have not begun; the one with a deadline must be over. */
byte given, taken, posts = THREADS - 2, waits = THREADS - 1;
bool late_one_is_over;

inline post()
{
    lock(m);
    permits++; given++; posts--;
    printf("thread %d posts: %d there\n", _pid, permits);
    if
    :: permits == 1 -> broadcast(posted)
    :: else
    fi;
    unlock(m)
}

/* What decides in the end is whether there is a permit, not how the wait has ended. */
inline take_permit()
{
    lock(m);
    waiting++; waits--;
    do
    :: permits == 0 && !has_deadline -> wait(posted, m)
    :: permits == 0 && has_deadline && !is_late -> timed_wait(posted, m, is_late)
    :: else -> break
    od;
    if
    :: permits > 0 ->
        has_permit = true;
        permits--; taken++;
        if
        :: has_deadline -> posts++
        :: else
        fi;
        printf("thread %d takes a permit: %d there\n", _pid, permits)
    :: else
    fi;
    assert(permits + taken == given);
    late_one_is_over = late_one_is_over || has_deadline;
    waiting--;
    if
    :: waiting == 0 -> signal(all_out)
    :: else
    fi;
    unlock(m)
}

inline destroy_semaphore()
{
    lock(m);
    assert(waiting <= permits); /* or EBUSY */
    wait_while(waiting > 0, all_out, m);
    unlock(m);
    destroy(m == FREE && posted == 0 && all_out == 0)
}

/* Posts a permit for each thread that has no deadline. */
active proctype main()
{
    byte i;
    for (i : 1 .. THREADS - 2) {
        post()
    }
}

/* The last one has a deadline. If it gets a permit in time, it gives it back. The first one destroys. */
active [THREADS - 1] proctype thread()
{
    bool has_deadline = (_pid == THREADS - 1), has_permit, is_late;
    take_permit();
    assert(has_permit || is_late);
    if
    :: has_deadline && has_permit -> post()
    :: _pid == 1 -> posts == 0 && waits == 0 && late_one_is_over; destroy_semaphore()
    :: else
    fi
}
