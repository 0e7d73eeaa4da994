/*
 * red_blue.pml - red and blue of chapter 6 need both locks. If they take them in opposite order, they can
 * stop forever; in the same order (red_blue_ordered.c) they cannot. Nor can they if they only try the second
 * lock (red_blue_backs_off.c). But then both can give way again and again, forever if they stay in step: only
 * chance ends that.
 *
 * Right      -DFIRST=0
 * Right      -DFIRST=_pid -DTRY
 * Forever    -DFIRST=_pid -DTRY
 * both-give-way             as it is
 * Wrong      -DFIRST=_pid
 * opposite-order            as it is
 * Mutations  -DFIRST=0
 * the first stays locked    s/unlock(locks\[first\]); //
 * the second stays locked   s/ unlock(locks\[second\])/ skip/
 * the second is not locked  s/ lock(locks\[second\])/ skip/
 * the locks are two pairs   s/locks\[2\]/locks[4]/; s/= FIRST/= 2 * _pid/; s/1 - FIRST/2 * _pid + 1/
 */
#define THREADS 2
#include "monitor.inc"

mtype = { Red, Blue };

mutex locks[2] = FREE;
byte inside; /* those who have both: no part of the program */

active [THREADS] proctype thread()
{
    byte first = FIRST, second = 1 - FIRST;
    mtype name = (_pid == 0 -> Blue : Red);
    bool is_mine;
    do
    ::  printf("%e: Acquiring lock%d\n", name, first + 1);
        lock(locks[first]);
        printf("%e: Acquiring lock%d\n", name, second + 1);
#ifdef TRY
        try_lock(locks[second], is_mine);
        if
        :: is_mine -> break
        :: else -> printf("%e: Gives way\n", name); unlock(locks[first])
        fi
#else
        lock(locks[second]);
        break
#endif
    od;
progress: /* Spin looks for a way to go round forever without coming here */
    printf("%e: Both locks Acquired\n", name);
    inside++;
    assert(inside == 1);
    inside--;
    unlock(locks[first]); unlock(locks[second]);
    printf("%e: Locks Released\n", name)
}
