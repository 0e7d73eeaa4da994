/*
 * channel_select.pml - calls that wait on two channels, A and B, that have no buffer. Call 0 sends on A or
 * does SECOND; call 1, which has a deadline, sends on B or receives on A; call 2 does nothing but THIRD. One
 * thread closes both channels at any time, and for each channel there is one that destroys it as soon as it
 * may. Each call does exactly one of its cases, with one other call. No call is left waiting, or in a queue,
 * and no thread touches a channel that was destroyed or a call that has returned. (The rest of the channel:
 * channel.pml.)
 *
 * Right      -DSECOND=RECEIVE_B -DTHIRD=SEND_A
 * Right      -DSECOND=RECEIVE_B -DTHIRD=RECEIVE_B -DSPURIOUS=1
 * Right      -DSECOND=RECEIVE_A -DTHIRD=RECEIVE_A
 * Wrong      -DSECOND=RECEIVE_B -DTHIRD=RECEIVE_B
 * not-claimed               s/:: claimed\[partner\] ->/:: false ->/
 * in-any-order              s/higher < lower ->/false ->/
 * Mutations  -DSECOND=RECEIVE_B -DTHIRD=RECEIVE_B -DSPURIOUS=1
 * only the first is tried   s/queue\[q\] ? partner; partner = NOBODY/&; break/
 * the deadline decides      s/is_mine = !claimed\[_pid\]/is_mine = true/
 * sleeps without a look     s/state\[_pid\] == AWAKE -> state/state/
 * no wake-up                s/signal(wake\[partner\])/skip/
 * woken is not set          s/woken\[partner\] = true/skip/
 * no lock to wake           /lock(call_lock\[partner\])/d
 * wakes after unlocking     /signal(wake/{ h; d; }; /unlock(call_lock\[partner\]/{ s/$/;/; G; }
 * it is not ended           s/state\[partner\] = ENDED/skip/
 * chosen is not set         s/chosen\[partner\] = q;//
 * chosen comes late         s/chosen\[partner\] = q;//; s/state\[partner\] = ENDED }/&; chosen[partner] = q/
 * late and served, it goes  s/:: else -> wait_while.*$/:: else/
 * stays in the other queue  s/:: higher != served/:: false/
 * comes back to the one     s/:: higher != served/:: higher != NO_CHANNEL/
 * a late one stays          s/served = (is_mine -> NO_CHANNEL :/served = (is_mine -> lower :/
 * a served one stays        s/take_off(q, partner);//
 * looks, then queues        s/d_step { queue\[first\] ! _pid/unlock_all(); lock_all(); &/
 * does both cases           s/:: result == EAGAIN ->$/:: true ->/
 * waits where it is closed  s/closed\[CHANNEL(first)\] || //
 * senders not closed        s/release(2 \* ch);//
 * receivers not closed      s/release(2 \* ch + 1);//
 * destroy does not lock     s/users\[ch\] == 0; lock_channel(ch); unlock_channel(ch);/users[ch] == 0;/
 * Mutations  -DSECOND=RECEIVE_A -DTHIRD=RECEIVE_A
 * its other case stays      s/take_off(OPPOSITE(q), partner)/skip/
 */
#define THREADS 3 /* calls; the others do not wait */
#include "monitor.inc"

/* What a call can do. Two cases that serve each other make a channel: A is 0, and B is 1. */
#define SEND_A 0
#define RECEIVE_A 1
#define SEND_B 2
#define RECEIVE_B 3
#define NOTHING 4
#define NO_CHANNEL 2
#define OPPOSITE(case) ((case) ^ 1)
#define CHANNEL(case) ((case) / 2)
#define NOBODY 255

mtype = { AWAKE, ASLEEP, ENDED, OK, EPIPE, ETIMEDOUT, EAGAIN };

mutex m[2] = FREE;                          /* of each channel */
bool closed[2], gone[2];                    /* gone: it was destroyed */
chan queue[4] = [THREADS] of { byte };      /* for each case: the calls that wait to do it */

/* The calls that wait, each on the stack of its thread: it is gone when the call has returned. */
bool claimed[THREADS];
byte chosen[THREADS] = NOTHING;
mtype error[THREADS];                       /* OK or EPIPE */
mtype state[THREADS] = AWAKE;
mutex call_lock[THREADS] = FREE;            /* protects: woken */
bool woken[THREADS];
condition wake[THREADS];
bool returned[THREADS];

/* No part of the channels. */
byte users[2] = THREADS + 1;                /* which the destroyer has to wait for */
byte done[THREADS] = NOTHING;
byte i, senders, receivers, both;

inline lock_channel(ch)
{
    atomic { lock(m[ch]); assert(!gone[ch]); printf("thread %d locks channel %c\n", _pid, 65 + ch) }
}

/* While nobody holds the lock, this is true: if a call waits to send and one to receive, they are the same. */
inline unlock_channel(ch)
{
    d_step {
        assert(!gone[ch] && m[ch] == _pid);
        assert(!closed[ch] || len(queue[2 * ch]) + len(queue[2 * ch + 1]) == 0);
        do
        :: i < THREADS ->
            if
            :: claimed[i]
            :: else ->
                senders = senders + queue[2 * ch] ?? [eval(i)];
                receivers = receivers + queue[2 * ch + 1] ?? [eval(i)];
                both = both + (queue[2 * ch] ?? [eval(i)] && queue[2 * ch + 1] ?? [eval(i)])
            fi;
            i++
        :: else -> break
        od;
        assert(senders * receivers == both);
        i = 0; senders = 0; receivers = 0; both = 0;
        m[ch] = FREE
    }
}

/* The last that a call does with a channel. It may be destroyed from here on: destroy waits for the lock. */
inline leave_channel(ch)
{
    users[ch]--;
    unlock_channel(ch)
}

inline lock_all()
{
    lock_channel(lower);
    if
    :: higher != NO_CHANNEL -> lock_channel(higher)
    :: else
    fi
}

inline unlock_all()
{
    unlock_channel(lower);
    if
    :: higher != NO_CHANNEL -> unlock_channel(higher)
    :: else
    fi
}

/* The first call that no thread has claimed: then this one has. Those before it leave the queue. */
inline claim_first(q)
{
    d_step {
        partner = NOBODY;
        do
        :: partner == NOBODY && len(queue[q]) > 0 ->
            queue[q] ? <partner>;
            assert(!returned[partner]);
            if
            :: claimed[partner] -> queue[q] ? partner; partner = NOBODY
            :: else -> claimed[partner] = true
            fi
        :: else -> break
        od
    }
}

inline take_off(q, call)
{
    do /* once, or twice where both of its cases are the same */
    :: queue[q] ?? [eval(call)] -> queue[q] ?? eval(call)
    :: else -> break
    od
}

/* Ends a call that this thread has claimed. From ENDED on it may be gone, unless it was ASLEEP: until woken. */
inline end(q, what)
{
    d_step {
        assert(!returned[partner]);
        users[CHANNEL(q)]--;
        chosen[partner] = q; error[partner] = what;
        take_off(q, partner); take_off(OPPOSITE(q), partner)
    };
    if
    :: d_step { state[partner] == ASLEEP -> state[partner] = ENDED };
        lock(call_lock[partner]);
        woken[partner] = true;
        atomic { assert(!returned[partner]); signal(wake[partner]) };
        unlock(call_lock[partner])
    :: d_step { state[partner] == AWAKE -> state[partner] = ENDED }
    fi
}

inline release(q)
{
    do
    :: claim_first(q); if :: partner != NOBODY -> end(q, EPIPE) :: else -> break fi
    od
}

/* The call takes itself off a channel that has not served it. */
inline take_itself_off(ch)
{
    lock_channel(ch);
    d_step { take_off(2 * ch, _pid); take_off(2 * ch + 1, _pid) };
    leave_channel(ch)
}

inline wait_for_partner()
{
    d_step { queue[first] ! _pid; if :: second != NOTHING -> queue[second] ! _pid :: else fi };
    printf("thread %d waits for a partner\n", _pid);
    unlock_all();
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
    d_step {
        served = (is_mine -> NO_CHANNEL : CHANNEL(chosen[_pid]));
        result = (is_mine -> ETIMEDOUT : error[_pid]);
        assert(!is_mine || is_late);
        assert(is_mine || chosen[_pid] == first || chosen[_pid] == second);
        assert(result != OK || chosen[_pid] == done[_pid])
    };
    /* The channel that has served it may be gone; in the queues of the other one it still stands. */
    if
    :: lower != served -> take_itself_off(lower)
    :: else
    fi;
    if
    :: higher != served && higher != NO_CHANNEL -> take_itself_off(higher)
    :: else
    fi;
    d_step { assert(call_lock[_pid] == FREE && wake[_pid] == 0); returned[_pid] = true }
}

active [THREADS] proctype call()
{
    byte first = (_pid == 0 -> SEND_A : (_pid == 1 -> SEND_B : THIRD));
    byte second = (_pid == 0 -> SECOND : (_pid == 1 -> RECEIVE_A : NOTHING));
    byte lower, higher = NO_CHANNEL, served, c, partner = NOBODY;
    bool has_deadline = (_pid == 1), is_late, is_mine;
    mtype result = EAGAIN;
    d_step { /* locks are taken in this order */
        lower = CHANNEL(first);
        if
        :: CHANNEL(second) != lower -> higher = CHANNEL(second)
        :: else
        fi;
        if
        :: higher < lower -> higher = lower; lower = CHANNEL(second)
        :: else
        fi;
        users[0] = users[0] - (lower != 0 && higher != 0);
        users[1] = users[1] - (lower != 1 && higher != 1)
    };
    lock_all();
    /* One of the cases that are ready. If only calls wait there that were claimed, it looks once more. */
    do
    :: result == EAGAIN ->
        if
        :: closed[CHANNEL(first)] || len(queue[OPPOSITE(first)]) > 0 -> c = first
        :: second != NOTHING && (closed[CHANNEL(second)] || len(queue[OPPOSITE(second)]) > 0) -> c = second
        :: else -> break
        fi;
        claim_first(OPPOSITE(c));
        if
        :: closed[CHANNEL(c)] -> result = EPIPE
        :: !closed[CHANNEL(c)] && partner != NOBODY ->
            d_step {
                printf("thread %d and thread %d meet on channel %c\n", _pid, partner, 65 + CHANNEL(c));
                assert(done[_pid] == NOTHING && done[partner] == NOTHING);
                done[_pid] = c; done[partner] = OPPOSITE(c)
            };
            end(OPPOSITE(c), OK);
            result = OK
        :: else
        fi
    :: else -> break
    od;
    if
    :: result == EAGAIN -> wait_for_partner()
    :: else ->
        leave_channel(lower);
        if
        :: higher != NO_CHANNEL -> leave_channel(higher)
        :: else
        fi
    fi;
    d_step {
        c = 0; partner = NOBODY; /* so that Spin has fewer states to tell apart */
        printf("thread %d: %e\n", _pid, result);
        assert((result == OK) == (done[_pid] != NOTHING))
    }
}

active proctype closer()
{
    byte ch, partner = NOBODY;
    do
    :: ch < 2 ->
        lock_channel(ch);
        d_step { closed[ch] = true; printf("thread %d closes channel %c\n", _pid, 65 + ch) };
        release(2 * ch);
        release(2 * ch + 1);
        leave_channel(ch);
        ch++
    :: else -> break
    od
}

/* As soon as each call was served or woken, or has nothing left to do with the channel but to unlock it. */
active [2] proctype destroyer()
{
    byte ch = _pid - THREADS - 1;
    users[ch] == 0; lock_channel(ch); unlock_channel(ch);
    d_step { assert(m[ch] == FREE && len(queue[2 * ch]) + len(queue[2 * ch + 1]) == 0); gone[ch] = true }
}
