/*
 * channel.pml - the channel of chapter 5. Each thread makes one call; the last sender and the last receiver
 * have a deadline; one closes the channel at any time, and one destroys it as soon as it may. What was sent
 * is received once and in order, and nobody is left waiting.
 *
 * Right      -DSENDERS=2 -DRECEIVERS=2 -DCAPACITY=0
 * Right      -DSENDERS=2 -DRECEIVERS=2 -DCAPACITY=0 -DSPURIOUS=1
 * Right      -DSENDERS=2 -DRECEIVERS=2 -DCAPACITY=1 -DSPURIOUS=1
 * Right      -DSENDERS=3 -DRECEIVERS=2 -DCAPACITY=2
 * Wrong      -DSENDERS=1 -DRECEIVERS=1 -DCAPACITY=0
 * deadline-decides          s/SERVED -> result = OK/SERVED/
 * Wrong      -DSENDERS=2 -DRECEIVERS=2 -DCAPACITY=0 -DSPURIOUS=1
 * if                        s/-> wait(wake\[_pid\], m)/&; break/
 * Mutations  -DSENDERS=2 -DRECEIVERS=2 -DCAPACITY=0 -DSPURIOUS=1
 * no wake-up                s/signal(wake\[partner\])/skip/
 * one condition for all     s/wake\[[a-z_]*\]/wake[0]/
 * the outcome is not set    s/ outcome\[partner\] = what;//
 * a late one stays in line  s/waiters ?? eval(_pid);//
 * a served one stays        s/{ waiters ? partner;/{ waiters ? <partner>;/
 * not served from the line  s/:: len(senders) > 0 ->$/:: false ->/
 * senders not closed        s/release(senders, CLOSED)/break/
 * receivers not closed      s/release(receivers, CLOSED)/break/
 * closed as if served       s/release(senders, CLOSED)/release(senders, SERVED)/
 * sends when closed         /proctype sender/,/proctype receiver/s/:: closed/:: false/
 * receives when closed      /proctype receiver/,/proctype closer/s/:: closed/:: false/
 * sender passes the line    s/len(receivers) > 0 ->/false ->/
 * lowest number first       s/waiters ! _pid/waiters !! _pid/
 * destroy waits for none    s/wait_while(inside > 0, .*);//
 * destroy looks once        s/wait_while(inside/wait_if(inside/
 * no last one out           s/signal(all_out)/skip/
 * nobody is inside          s/; inside++//; s/inside--;//
 * Mutations  -DSENDERS=3 -DRECEIVERS=1 -DCAPACITY=1
 * no sender moves up        s/:: len(senders) > 0 -> senders ? .*$/:: false/
 * closed before drained     s/:: len(ring) > 0 ->/:: len(ring) > 0 \&\& !closed ->/
 * one slot too many         s/len(ring) < CAPACITY/len(ring) <= CAPACITY/
 * past the full ring        s/:: len(ring) > 0 ->/:: len(ring) > 0 \&\& len(senders) == 0 ->/
 */
#define THREADS (SENDERS + RECEIVERS + 2)
#include "monitor.inc"

#define NONE 255

mtype = { WAITING, SERVED, CLOSED, OK, EPIPE, ETIMEDOUT };

mutex m = FREE;
bool closed;
chan ring = [CAPACITY + 1] of { byte };     /* elements: the number of the thread that sends it */
chan senders = [SENDERS] of { byte };       /* threads that wait */
chan receivers = [RECEIVERS] of { byte };
mtype outcome[THREADS];                     /* of each thread that waits, and where it sleeps */
condition wake[THREADS];
byte destination[THREADS] = NONE;           /* of a receiver: its element */
byte inside;
condition all_out;

/* No part of the channel. */
byte calls = THREADS - 1;                   /* not over, and not released by another thread */
byte came, place[THREADS], last;            /* the order of the elements, and the last one that was taken */
bool taken[THREADS], given_up[THREADS];

/* While nobody holds the lock, this holds. */
inline check_and_unlock()
{
    d_step {
        assert(!closed || len(senders) + len(receivers) == 0);
        assert(len(senders) == 0 || len(ring) == CAPACITY);
        assert(len(receivers) == 0 || len(ring) + len(senders) == 0)
    };
    unlock(m)
}

inline take_element(element, receiver)
{
    d_step {
        assert(!taken[element] && !given_up[element] && place[element] > last);
        printf("receiver %d gets the element of sender %d\n", receiver, element);
        taken[element] = true;
        last = place[element];
        destination[receiver] = element
    }
}

inline release(waiters, what)
{
    atomic { waiters ? partner; outcome[partner] = what; calls-- };
    signal(wake[partner])
}

inline get_in_line()
{
    d_step { came++; place[_pid] = came }
}

inline wait_for_partner(waiters)
{
    printf("thread %d waits for a partner\n", _pid);
    atomic { was_released = true; outcome[_pid] = WAITING; waiters ! _pid; inside++ };
    check_and_unlock(); lock(m); /* here it yields, and others may pass */
    do
    :: outcome[_pid] == WAITING && !has_deadline -> wait(wake[_pid], m)
    :: outcome[_pid] == WAITING && has_deadline && !is_late -> timed_wait(wake[_pid], m, is_late)
    :: else -> break
    od;
    result = (is_late -> ETIMEDOUT : OK);
    if
    :: outcome[_pid] == WAITING -> waiters ?? eval(_pid); was_released = false
    :: outcome[_pid] == SERVED -> result = OK
    :: outcome[_pid] == CLOSED -> result = EPIPE
    fi;
    inside--;
    if
    :: inside == 0 -> signal(all_out)
    :: else
    fi
}

active [SENDERS] proctype sender()
{
    bool has_deadline = (_pid == SENDERS - 1), is_late, was_released;
    byte partner;
    mtype result = OK;
    lock(m);
    if
    :: closed -> result = EPIPE
    :: else ->
        get_in_line();
        if
        :: len(receivers) > 0 ->
            receivers ? <partner>;
            take_element(_pid, partner);
            release(receivers, SERVED)
#if CAPACITY
        :: len(receivers) == 0 && len(ring) < CAPACITY -> ring ! _pid
#endif
        :: else -> wait_for_partner(senders)
        fi
    fi;
    given_up[_pid] = (result != OK);
    printf("sender %d: %e\n", _pid, result);
    assert(!taken[_pid] || !given_up[_pid]);
    assert(taken[_pid] || given_up[_pid] || ring ?? [eval(_pid)]);
    check_and_unlock();
    calls = calls - (was_released -> 0 : 1)
}

active [RECEIVERS] proctype receiver()
{
    bool has_deadline = (_pid == SENDERS + RECEIVERS - 1), is_late, was_released;
    byte partner;
    mtype result = OK;
    lock(m);
    if
#if CAPACITY
    :: len(ring) > 0 ->
        atomic { ring ? partner; take_element(partner, _pid) }
        if
        :: len(senders) > 0 -> senders ? <partner>; ring ! partner; release(senders, SERVED)
        :: else
        fi
#else
    :: len(senders) > 0 ->
        senders ? <partner>;
        take_element(partner, _pid);
        release(senders, SERVED)
#endif
    :: else ->
        if
        :: closed -> result = EPIPE
        :: else -> wait_for_partner(receivers)
        fi
    fi;
    printf("receiver %d: %e\n", _pid, result);
    assert((result == OK) == (destination[_pid] != NONE));
    assert(result != EPIPE || len(ring) == 0);
    check_and_unlock();
    calls = calls - (was_released -> 0 : 1)
}

active proctype closer()
{
    byte partner;
    lock(m);
    closed = true;
    printf("thread %d closes the channel\n", _pid);
    do
    :: len(senders) > 0 -> release(senders, CLOSED)
    :: else -> break
    od;
    do
    :: len(receivers) > 0 -> release(receivers, CLOSED)
    :: else -> break
    od;
    check_and_unlock();
    calls--
}

active proctype destroyer()
{
    calls == 0;
    lock(m);
    wait_while(inside > 0, all_out, m);
    unlock(m);
    destroy(m == FREE && all_out == 0)
}
