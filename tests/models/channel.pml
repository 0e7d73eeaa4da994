/*
 * channel.pml - the channel of chapter 5. Each thread makes one call; the last sender and the last receiver
 * have a deadline; one thread closes the channel at any time, and one destroys it as soon as it may. What was
 * sent is received once and in order. No thread is left waiting, and none touches a channel that was
 * destroyed or a call that has returned. (Calls that wait on two channels at a time: channel_select.pml.)
 *
 * Right      -DSENDERS=2 -DRECEIVERS=2 -DCAPACITY=0
 * Right      -DSENDERS=2 -DRECEIVERS=2 -DCAPACITY=0 -DSPURIOUS=1
 * Right      -DSENDERS=2 -DRECEIVERS=2 -DCAPACITY=1 -DSPURIOUS=1
 * Right      -DSENDERS=3 -DRECEIVERS=2 -DCAPACITY=2
 * Wrong      -DSENDERS=1 -DRECEIVERS=1 -DCAPACITY=0
 * deadline-decides          s/is_mine = !claimed\[_pid\]/is_mine = true/
 * sleeps-without-a-look     s/state\[_pid\] == AWAKE -> state/state/
 * Wrong      -DSENDERS=2 -DRECEIVERS=2 -DCAPACITY=0 -DSPURIOUS=1
 * if                        s/-> wait(wake\[_pid\], .*)/&; break/
 * Mutations  -DSENDERS=2 -DRECEIVERS=2 -DCAPACITY=0 -DSPURIOUS=1
 * claims what is claimed    s/:: claimed\[partner\] ->/:: false ->/
 * only the first is tried   s/queue ? partner; partner = NONE/&; break/
 * looks before it sleeps    s/d_step { state\[_pid\] == AWAKE ->/state[_pid] == AWAKE -> d_step {/
 * no wake-up                s/signal(wake\[partner\])/skip/
 * one condition for all     s/wake\[[a-z_]*\]/wake[0]/
 * woken is not set          s/woken\[partner\] = true/skip/
 * it is not ended           s/state\[partner\] = ENDED/skip/
 * the outcome is not set    s/error\[partner\] = what;//
 * the outcome comes late    s/error\[partner\] = what;//; s/state\[partner\] = ENDED }/&; error[partner] = what/
 * no lock to wake           /lock(call_lock\[partner\])/d
 * wakes after unlocking     /signal(wake/{ h; d; }; /unlock(call_lock\[partner\]/{ s/$/;/; G; }
 * late and served, it goes  s/:: else -> wait_while.*$/:: else/
 * a late one stays in line  s/:: queue ?? .eval(_pid). -> queue ?? eval(_pid)/:: true/
 * a served one stays        s/ queue ? partner };/ skip };/
 * a served one comes back   s/:: else -> result = error/:: else -> lock_channel(); leave_channel(); result = error/
 * looks, then queues        s/d_step { queue ! _pid/unlock_channel(); lock_channel(); &/
 * not served from the line  /proctype receiver/,/^}/s/claim_first(senders)/partner = NONE/
 * senders not closed        s/release(senders, EPIPE)/skip/
 * receivers not closed      s/release(receivers, EPIPE)/skip/
 * closed as if served       s/release(senders, EPIPE)/release(senders, OK)/
 * sends when closed         /proctype sender/,/^}/s/:: closed/:: false/
 * receives when closed      s/:: partner == NONE \&\& closed/:: false/
 * sender passes the line    /proctype sender/,/^}/s/claim_first(receivers)/partner = NONE/
 * lowest number first       s/queue ! _pid/queue !! _pid/
 * destroy does not lock     s/calls == 0; lock_channel(); unlock_channel();/calls == 0;/
 * Mutations  -DSENDERS=3 -DRECEIVERS=1 -DCAPACITY=1
 * no sender moves up        s/:: partner != NONE -> ring ! partner.*$/:: false/
 * closed before drained     s/:: len(ring) > 0 ->/:: len(ring) > 0 \&\& !closed ->/
 * one slot too many         s/len(ring) < CAPACITY/len(ring) <= CAPACITY/
 * past the full ring        s/:: len(ring) > 0 ->/:: len(ring) > 0 \&\& partner == NONE ->/
 */
#define THREADS (SENDERS + RECEIVERS + 2)
#include "monitor.inc"

#define NONE 255

mtype = { AWAKE, ASLEEP, ENDED, OK, EPIPE, ETIMEDOUT, EAGAIN };

mutex m = FREE;
bool closed, gone;                          /* gone: the channel was destroyed */
chan ring = [CAPACITY + 1] of { byte };     /* elements: the number of the thread that sends it */
chan senders = [SENDERS] of { byte };       /* threads that wait */
chan receivers = [RECEIVERS] of { byte };

/* The calls that wait, each on the stack of its thread: it is gone when the call has returned. */
bool claimed[THREADS];
mtype error[THREADS];                       /* OK or EPIPE */
mtype state[THREADS] = AWAKE;
mutex call_lock[THREADS] = FREE;            /* protects: woken */
bool woken[THREADS];
condition wake[THREADS];
bool returned[THREADS];

/* No part of the channel. */
byte calls = THREADS - 1;                   /* which the destroyer has to wait for */
byte came, place[THREADS], last;            /* the order of the elements, and the last one that was taken */
bool taken[THREADS], given_up[THREADS];     /* of each sender: its element */
bool got[THREADS];                          /* of each receiver: an element */
byte i, senders_wait, receivers_wait;

inline lock_channel()
{
    atomic { lock(m); assert(!gone) }
}

/* While no thread holds the lock, this is true. A call that was claimed may still be in line for a while. */
inline unlock_channel()
{
    d_step {
        assert(!gone && m == _pid);
        assert(!closed || len(senders) + len(receivers) == 0);
        do
        :: i < THREADS ->
            senders_wait = senders_wait + (senders ?? [eval(i)] && !claimed[i]);
            receivers_wait = receivers_wait + (receivers ?? [eval(i)] && !claimed[i]);
            i++
        :: else -> break
        od;
        assert(senders_wait == 0 || len(ring) == CAPACITY);
        assert(receivers_wait == 0 || len(ring) + senders_wait == 0);
        i = 0; senders_wait = 0; receivers_wait = 0;
        m = FREE
    }
}

/* The last that a call does. The channel may be destroyed from here on: destroy waits for the lock. */
inline leave_channel()
{
    d_step { calls--; partner = NONE };
    unlock_channel()
}

inline take_element(element, receiver)
{
    d_step {
        assert(!taken[element] && !given_up[element] && place[element] > last && !got[receiver]);
        printf("receiver %d gets the element of sender %d\n", receiver, element);
        taken[element] = true;
        last = place[element];
        got[receiver] = true
    }
}

/* The first call that no thread has claimed: then this one has. Those before it leave the queue. */
inline claim_first(queue)
{
    d_step {
        partner = NONE;
        do
        :: partner == NONE && len(queue) > 0 ->
            queue ? <partner>;
            assert(!returned[partner]);
            if
            :: claimed[partner] -> queue ? partner; partner = NONE
            :: else -> claimed[partner] = true
            fi
        :: else -> break
        od
    }
}

/* Ends a call that this thread has claimed. From ENDED on it may be gone, unless it was ASLEEP: until woken. */
inline end(queue, what)
{
    d_step { assert(!returned[partner]); calls--; error[partner] = what; queue ? partner };
    if
    :: d_step { state[partner] == ASLEEP -> state[partner] = ENDED };
        lock(call_lock[partner]);
        woken[partner] = true;
        atomic { assert(!returned[partner]); signal(wake[partner]) };
        unlock(call_lock[partner])
    :: d_step { state[partner] == AWAKE -> state[partner] = ENDED }
    fi
}

inline release(queue, what)
{
    do
    :: claim_first(queue); if :: partner != NONE -> end(queue, what) :: else -> break fi
    od
}

inline wait_for_partner(queue)
{
    d_step { queue ! _pid; printf("thread %d waits for a partner\n", _pid) };
    unlock_channel();
    /* It looks for a while. Only if it has not been ended by then, it sleeps. */
    if
    :: d_step { state[_pid] == AWAKE -> state[_pid] = ASLEEP };
        lock(call_lock[_pid]);
        do
        :: !woken[_pid] && !has_deadline -> wait(wake[_pid], call_lock[_pid])
        :: !woken[_pid] && has_deadline && !is_late -> timed_wait(wake[_pid], call_lock[_pid], is_late)
        :: else -> break
        od;
        if
        :: !woken[_pid] -> /* the deadline has passed, but another thread may have been first */
            d_step { is_mine = !claimed[_pid]; claimed[_pid] = true };
            if
            :: is_mine
            :: else -> wait_while(!woken[_pid], wake[_pid], call_lock[_pid])
            fi
        :: else
        fi;
        unlock(call_lock[_pid])
    :: state[_pid] == ENDED
    fi;
    /* Where it was served, the channel may be gone. */
    if
    :: is_mine ->
        d_step { assert(is_late); result = ETIMEDOUT };
        lock_channel();
        if
        :: queue ?? [eval(_pid)] -> queue ?? eval(_pid)
        :: else
        fi;
        leave_channel()
    :: else -> result = error[_pid]
    fi;
    d_step { assert(call_lock[_pid] == FREE && wake[_pid] == 0); returned[_pid] = true }
}

active [SENDERS] proctype sender()
{
    bool has_deadline = (_pid == SENDERS - 1), is_late, is_mine;
    byte partner = NONE;
    mtype result = OK;
    lock_channel();
    d_step { came++; place[_pid] = came; claim_first(receivers) };
    if
    :: closed -> result = EPIPE
    :: !closed && partner != NONE -> take_element(_pid, partner); end(receivers, OK)
#if CAPACITY
    :: !closed && partner == NONE && len(ring) < CAPACITY -> ring ! _pid
#endif
    :: else -> result = EAGAIN
    fi;
    if
    :: result == EAGAIN -> wait_for_partner(senders)
    :: else -> leave_channel()
    fi;
    d_step {
        given_up[_pid] = (result != OK);
        printf("sender %d: %e\n", _pid, result);
        assert(!taken[_pid] || !given_up[_pid]);
        assert(taken[_pid] || given_up[_pid] || ring ?? [eval(_pid)])
    }
}

active [RECEIVERS] proctype receiver()
{
    bool has_deadline = (_pid == SENDERS + RECEIVERS - 1), is_late, is_mine;
    byte element, partner = NONE;
    mtype result = OK;
    lock_channel();
    claim_first(senders);
    if
#if CAPACITY
    :: len(ring) > 0 ->
        d_step { ring ? element; take_element(element, _pid); element = 0 }
        if
        :: partner != NONE -> ring ! partner; end(senders, OK)
        :: else
        fi
#else
    :: partner != NONE -> take_element(partner, _pid); end(senders, OK)
#endif
    :: partner == NONE && closed && len(ring) == 0 -> result = EPIPE
    :: else -> result = EAGAIN
    fi;
    if
    :: result == EAGAIN -> wait_for_partner(receivers)
    :: else -> leave_channel()
    fi;
    d_step {
        printf("receiver %d: %e\n", _pid, result);
        assert((result == OK) == got[_pid]);
        assert(result != EPIPE || len(ring) == 0)
    }
}

active proctype closer()
{
    byte partner = NONE;
    lock_channel();
    d_step { closed = true; printf("thread %d closes the channel\n", _pid) };
    release(senders, EPIPE);
    release(receivers, EPIPE);
    leave_channel()
}

/* As soon as each call was served or woken, or has nothing left to do but to unlock. */
active proctype destroyer()
{
    calls == 0; lock_channel(); unlock_channel();
    d_step { assert(m == FREE && len(senders) + len(receivers) == 0); gone = true }
}
