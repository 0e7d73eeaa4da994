/*
 * wait_group.pml - the wait group of chapter 2, used twice: a waiting thread goes on when the round that it
 * found is over, even if the next has begun; and main destroys it as soon as its last wait is over.
 *
 * Right      -DTHREADS=5
 * Right      -DTHREADS=5 -DSPURIOUS=2
 * Wrong      -DTHREADS=5
 * count-for-generation    s/wait_while(generation == mine/wait_while(count > 0/
 * Wrong      -DTHREADS=5 -DSPURIOUS=1
 * if                      s/wait_while(generation/wait_if(generation/
 * Mutations  -DTHREADS=5 -DSPURIOUS=1
 * no wake-up              s/broadcast(all_done)/skip/
 * one woken for all       s/broadcast(all_done)/signal(all_done)/
 * woken at every done     s/:: count == 0/:: true/
 * the generation stays    s/generation++;//
 * wakes after the unlock  s/broadcast(all_done)/unlock(m); broadcast(all_done); lock(m)/
 * no look at the count    s/count > 0 ->/true ->/
 * destroy waits for none  s/wait_while(inside > 0, .*);//
 * destroy looks once      s/wait_while(inside/wait_if(inside/
 * no last one out         s/signal(all_out)/skip/
 * nobody is inside        s/inside++;//; s/inside--;//
 */
#include "monitor.inc"

mutex m = FREE;
condition all_done, all_out;
byte count, generation, inside;

/* No part of the wait group: tasks that were added and done, the round, and who has begun to wait. */
byte added, finished, round;
bool first_waits, second_waits;

inline add(tasks)
{
    lock(m);
    count = count + tasks; added = added + tasks;
    unlock(m)
}

inline task_done()
{
    finished++;
    printf("thread %d has done its task\n", _pid);
    lock(m);
    count--;
    if
    :: count == 0 ->
        generation++;
        broadcast(all_done)
    :: else
    fi;
    unlock(m)
}

/* begun: set when the wait group knows of this wait. */
inline wait_for_all(begun)
{
    lock(m);
    begun = true;
    mine_added = added;
    if
    :: count > 0 ->
        mine = generation;
        inside++;
        wait_while(generation == mine, all_done, m);
        inside--;
        if
        :: inside == 0 -> signal(all_out)
        :: else
        fi
    :: else
    fi;
    assert(finished >= mine_added);
    unlock(m)
}

inline destroy_group()
{
    lock(m);
    assert(count == 0);
    wait_while(inside > 0, all_out, m);
    unlock(m);
    destroy(m == FREE && all_done == 0 && all_out == 0)
}

active proctype main()
{
    byte mine, mine_added;
    bool begun;
    add(2); round = 1;
    wait_for_all(begun);
    printf("thread %d is through round 1\n", _pid);
    first_waits;
    add(1); round = 2;
    wait_for_all(begun);
    second_waits;
    destroy_group()
}

active [2] proctype worker()
{
    round == 1;
    task_done()
}

/* Waits for round 1, and has the task of round 2. */
active proctype first_waiter()
{
    byte mine, mine_added;
    round == 1;
    wait_for_all(first_waits);
    printf("thread %d is through round 1\n", _pid);
    round == 2;
    task_done()
}

active proctype second_waiter()
{
    byte mine, mine_added;
    round == 2;
    wait_for_all(second_waits)
}
