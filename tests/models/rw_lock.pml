/*
 * rw_lock.pml - the writers-first lock of chapter 4: a writer is alone inside, no wake-up is lost, and no
 * reader passes a writer that was waiting when the reader came.
 *
 * Right      -DREADERS=2 -DWRITERS=2
 * Right      -DREADERS=2 -DWRITERS=2 -DSPURIOUS=2
 * Right      -DREADERS=3 -DWRITERS=2 -DSPURIOUS=1
 * Wrong      -DREADERS=2 -DWRITERS=1
 * readers-first           s/(writers == 0 \&\& writers_waiting == 0)/(writers == 0)/
 * Wrong      -DREADERS=1 -DWRITERS=2 -DSPURIOUS=1
 * if                      s/waiting--/&; break/
 * Mutations  -DREADERS=2 -DWRITERS=2 -DSPURIOUS=1
 * last reader wakes none  s/readers == 0 -> broadcast(may_write)/readers == 0/
 * first reader wakes      s/:: readers == 0 -> broadcast/:: readers > 0 -> broadcast/
 * writer wakes no writer  s/:: writers_waiting > 0 -> broadcast(may_write)/:: writers_waiting > 0/
 * writer wakes no reader  s/broadcast(may_read)/skip/
 * one woken for all       s/broadcast(may_read)/signal(may_read)/
 * wakes readers only      s/writers_waiting > 0 -> broadcast(may_write)/false/
 * writer sees nobody      s/(writers == 0 \&\& readers == 0)/true/
 * writer sees no readers  s/(writers == 0 \&\& readers == 0)/(writers == 0)/
 * writer sees no writer   s/(writers == 0 \&\& readers == 0)/(readers == 0)/
 * reader sees no writer   s/(writers == 0 \&\& writers_waiting == 0)/(writers_waiting == 0)/
 * waits forever in line   s/waiting--/skip/
 */
#define THREADS (READERS + WRITERS)
#include "monitor.inc"

#define MAY_READ (writers == 0 && writers_waiting == 0)
#define MAY_WRITE (writers == 0 && readers == 0)

mutex m = FREE;
condition may_read, may_write;
byte readers, writers, readers_waiting, writers_waiting;

/* No part of the lock: the writers that wait, a bit for each. */
byte queued;

inline wait_until(is_time, may_enter, waiting)
{
    do
    :: !is_time ->
        waiting++;
        wait(may_enter, m);
        waiting--
    :: else -> break
    od
}

inline write_unlock()
{
    lock(m);
    writers--;
    if
    :: writers_waiting > 0 -> broadcast(may_write)
    :: else -> broadcast(may_read)
    fi;
    unlock(m)
}

inline read_unlock()
{
    lock(m);
    readers--;
    if
    :: readers == 0 -> broadcast(may_write)
    :: else
    fi;
    unlock(m)
}

active [READERS] proctype reader()
{
    byte before_me;
    lock(m);
    before_me = queued;
    wait_until(MAY_READ, may_read, readers_waiting);
    readers++;
    printf("reader %d enters\n", _pid);
    assert((before_me & queued) == 0); /* a thread that waited then no longer waits */
    unlock(m);
    assert(writers == 0);
    read_unlock();
    printf("reader %d has left\n", _pid)
}

active [WRITERS] proctype writer()
{
    lock(m);
    printf("writer %d comes\n", _pid);
    queued = queued | MY_BIT;
    wait_until(MAY_WRITE, may_write, writers_waiting);
    queued = queued - MY_BIT;
    writers++;
    printf("writer %d enters\n", _pid);
    unlock(m);
    assert(writers == 1 && readers == 0);
    write_unlock();
    printf("writer %d has left\n", _pid)
}
