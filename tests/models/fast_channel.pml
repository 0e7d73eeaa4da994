/*
 * fast_channel.pml - fast_channel.c of chapter 5: slots that say whose turn it is, and marks for those that
 * sleep. Each thread makes one call, a send or a receive, the last one with a deadline; one thread closes the
 * channel, at any time or when no other can go on; and one destroys it as soon as it may. Elements are
 * received once, whole, and in order; full and empty mean exactly that. No thread sleeps while there is an
 * element or room for it, none is left waiting, and none touches the channel when it is gone.
 *
 * Positions have a slot and 4 laps and begin again at 0 soon. Memory is sequentially consistent here, as are
 * the atomic operations of fast_channel.c. Yields are left out: a thread that waits looks again, or sleeps.
 *
 * Right      -DCALLS=3 -DCAPACITY=1
 * Wrong      -DCALLS=2 -DCAPACITY=1
 * sleeps-unmarked         s/turn\[slot_of(position)\] = seen | WATCHED; marks++/skip/
 * does-not-look-again     s/!= (seen | WATCHED), skip)/&; sleep_while_turn_lasts()/
 * wakes-without-lock      s/; leave(marks, true)$/; broadcast(woken); leave(marks, false)/
 * sends-after-close       s/&& tail == position,$/\&\& (tail \& ~CLOSED) == position,/; s/tail = next(position)/& | (tail \& CLOSED)/
 * Mutations  -DCALLS=2 -DCAPACITY=1
 * no wake-up              s/; leave(marks, true)$/; leave(marks, false)/
 * wakes, then turns       s/change_turn(what)); leave(marks, true)/skip); leave(marks, true); touch(change_turn(what))/
 * a store for the turn    s/; leave(marks, true)$//
 * close wakes nobody      s/leave(inside, true); end_call/leave(inside, false); end_call/
 * close not looked for    s/^#define was_closed.*$/#define was_closed false/
 * empty by the turn       s/^#define is_empty.*$/#define is_empty true/
 * closed is empty         s/^#define is_empty/& (tail \& CLOSED) ||/
 * destroy waits for none  s/wait_while(inside > 0, all_out, m);//
 * destroy looks once      s/wait_while(inside > 0/wait_if(inside > 0/
 * marks not waited for    s/wait_while(marks > 0, all_out, m);//
 * marks not taken off     s/:: turn\[slot_of(head)\] & WATCHED ->.*$/:: false/
 * no last one out         s/broadcast(all_out)/skip/
 * Mutations  -DCALLS=3 -DCAPACITY=1
 * no next lap             s/(position + LAP) % POSITIONS)/position)/
 * full by the turn        s/^#define is_full.*$/#define is_full true/
 * a look and a step       s/&& tail == position,$/,/; s/&& head == position,$/,/
 * one woken for all       s/broadcast(woken)/signal(woken)/
 * marks taken off first   s/wait_while(inside > 0, all_out, m);//; s/wait_while(marks > 0/wait_while(inside > 0 || marks > 0/
 * Mutations  -DCALLS=3 -DCAPACITY=2
 * turn off by one        s/set_turn(position | FULL)/set_turn(position + STEP | FULL)/
 * one slot too many       s/slot_of(position) + 1 < CAPACITY/slot_of(position) < CAPACITY/
 */
#define THREADS (CALLS + 2)
#include "monitor.inc"

#define FULL 1
#define WATCHED 2
#define CLOSED 1
#define STEP 4
#if CAPACITY == 1
#define LAP STEP
#else
#define LAP (2 * STEP)
#endif
#define POSITIONS (4 * LAP)
#define BEGIN (POSITIONS - LAP)

#define slot_of(position) ((position & (LAP - 1)) / STEP)
#define next(position) (slot_of(position) + 1 < CAPACITY -> position + STEP : (position - slot_of(position) * STEP + LAP) % POSITIONS)

mtype = { OK, EPIPE, EAGAIN, EBUSY, ETIMEDOUT };

byte turn[CAPACITY] = BEGIN, element[CAPACITY];
byte head = BEGIN, tail = BEGIN;
mutex m = FREE;
byte inside, marks;
condition woken, all_out;

/* No part of the channel. */
byte sent, received;                        /* positions taken */
byte sender_of[CALLS];                    /* of each of them, in order */
bool is_copied[CAPACITY];                   /* by a thread, just now */
byte calls = THREADS - 1;                   /* that destroy does not wait for */
bool sends[THREADS], waits[THREADS];        /* calls that send; that wait, or have waited */
bool is_over[THREADS];                      /* those that no longer count */
bool is_made, is_drained;                   /* the channel; a receiver was told that it is */

/* What an atomic operation does, also one that only looks; the guard is what it finds. */
#define touch(what) atomic { assert(!destroyed); what }
#define touch_if(guard, what) atomic { guard -> assert(!destroyed); what }

inline end_call(who)
{
    atomic {
        if
        :: !is_over[who] -> is_over[who] = true; calls--
        :: else
        fi
    }
}

/* Under the lock a thread changes only what no other one looks at without it: that is one step. */

inline enter()
{
    atomic { lock(m); inside++; waits[_pid] = true; unlock(m) }
}

/* Only destroy waits on all_out. */
inline leave(count, wakes_others)
{
    atomic {
        lock(m);
        if
        :: wakes_others -> broadcast(woken)
        :: else
        fi;
        count--;
        if
        :: count == 0 -> broadcast(all_out)
        :: else
        fi;
        unlock(m)
    }
}

inline begin_copy()
{
    assert(!is_copied[slot_of(position)]);
    is_copied[slot_of(position)] = true
}

inline change_turn(what)
{
    is_copied[slot_of(position)] = false;
    turn[slot_of(position)] = what;
    result = OK;
    end_call(_pid);
    printf("thread %d is done with slot %d\n", _pid, slot_of(position))
}

/* The element has been copied. */
inline set_turn(what)
{
    if
    :: touch_if(turn[slot_of(position)] & WATCHED, change_turn(what)); leave(marks, true)
    :: touch_if(!(turn[slot_of(position)] & WATCHED), change_turn(what))
    fi
}

#define is_turn(which) ((seen & ~WATCHED) == (which))
#define is_full ((head + LAP) % POSITIONS == position)
#define is_empty ((tail & ~CLOSED) == position)

inline give()
{
    do
    :: position & CLOSED -> result = EPIPE; break
    :: touch_if(!(position & CLOSED), seen = turn[slot_of(position)]);
        if
        :: touch_if(is_turn(position) && tail == position,
                assert(!is_drained); tail = next(position); sender_of[sent] = _pid; sent++; begin_copy();
                element[slot_of(position)] = _pid);
            set_turn(position | FULL);
            break
        :: touch_if(is_turn(position) && tail != position, position = tail)
        :: touch_if(!is_turn(position) && is_full, result = EAGAIN; assert(sent - received == CAPACITY));
            break
        :: touch_if(!is_turn(position) && !is_full, skip);
            if
            :: touch_if(tail == position, result = EBUSY); break
            :: touch_if(tail != position, position = tail)
            fi
        fi
    od
}

inline take()
{
    do
    :: touch(seen = turn[slot_of(position)]);
        if
        :: touch_if(is_turn(position | FULL) && head == position,
                head = next(position); begin_copy();
                assert(element[slot_of(position)] == sender_of[received]); received++);
            set_turn((position + LAP) % POSITIONS);
            break
        :: touch_if(is_turn(position | FULL) && head != position, position = head)
        :: touch_if(!is_turn(position | FULL) && is_empty,
                result = (tail & CLOSED -> EPIPE : EAGAIN); assert(sent == received);
                is_drained = is_drained || result == EPIPE);
            break
        :: touch_if(!is_turn(position | FULL) && !is_empty, skip);
            if
            :: touch_if(head == position, result = EBUSY); break
            :: touch_if(head != position, position = head)
            fi
        fi
    od
}

inline sleep_while_turn_lasts()
{
    if
    :: has_deadline && result == EAGAIN -> timed_wait(woken, m, is_late)
    :: else -> wait(woken, m)
    fi
}

#define was_closed (result == EAGAIN && (tail & CLOSED))
#define must_wait (result == EBUSY || result == EAGAIN)
#define may_wait (has_tried && must_wait && !(result == EAGAIN && is_late))

/* First it tries, and as long as it must wait, it goes on with one of these steps, and then tries again. */
active [CALLS] proctype call()
{
    bool has_deadline = (_pid == CALLS - 1), is_late, has_tried;
    byte position, seen;
    mtype result = EAGAIN;
    if
    :: is_made -> sends[_pid] = true; printf("thread %d sends\n", _pid)
    :: is_made -> printf("thread %d receives\n", _pid)
    fi;
    do
    :: touch_if(!has_tried && must_wait && sends[_pid], has_tried = true; position = tail); give()
    :: touch_if(!has_tried && must_wait && !sends[_pid], has_tried = true; position = head); take()
    :: atomic { has_tried && result == EAGAIN && is_late -> result = ETIMEDOUT }
    :: atomic { may_wait && !waits[_pid] -> enter(); has_tried = false }
    :: touch_if(may_wait && waits[_pid] && m == FREE && was_closed, has_tried = false)
    :: touch_if(may_wait && waits[_pid] && m == FREE && !was_closed, m = _pid);
        if
        :: touch_if(turn[slot_of(position)] == (seen & ~WATCHED),
                turn[slot_of(position)] = seen | WATCHED; marks++);
            sleep_while_turn_lasts()
        :: touch_if(turn[slot_of(position)] == (seen | WATCHED), skip);
            sleep_while_turn_lasts()
        :: touch_if((turn[slot_of(position)] | WATCHED) != (seen | WATCHED), skip)
        fi;
        atomic { unlock(m); position = 0; seen = 0; has_tried = false }
    :: atomic { !must_wait && waits[_pid] -> leave(inside, false) } break
    :: !must_wait && !waits[_pid] -> break
    od;
    atomic { end_call(_pid); position = 0; seen = 0; printf("thread %d returns %e\n", _pid, result) }
}

/* At any time, or as soon as no other thread can go on. Then there is nothing left that one could do. */
active proctype closer()
{
    byte who;
    if
    :: is_made
    :: is_made ->
        atomic {
            timeout ->
            printf("all the others wait\n");
            do
            :: who < CALLS ->
                assert(is_over[who] || (sends[who] -> sent - received == CAPACITY : sent == received));
                who++
            :: else -> who = 0; break
            od
        }
    fi;
    atomic {
        enter();
        tail = tail | CLOSED;
        printf("thread %d closes the channel\n", _pid);
        do
        :: who < CALLS && waits[who] -> end_call(who); who++
        :: who < CALLS && !waits[who] -> who++
        :: else -> who = 0; break
        od
    }
    atomic { leave(inside, true); end_call(_pid) }
}

active proctype destroyer()
{
    d_step { turn[CAPACITY - 1] = BEGIN + (CAPACITY - 1) * STEP; is_made = true }
    calls == 0;
    lock(m);
    wait_while(inside > 0, all_out, m);
    touch(
        if
        :: turn[slot_of(head)] & WATCHED -> turn[slot_of(head)] = turn[slot_of(head)] & ~WATCHED; marks--
        :: else
        fi);
    wait_while(marks > 0, all_out, m);
    unlock(m);
    destroy(m == FREE && woken == 0 && all_out == 0)
}
