/*
 * watch_stacks.h - where in the program a call came from: the innermost return addresses.
 *
 * A lock that is free must stay cheap, and to unwind a stack takes some microseconds. But nearly always the
 * thread has been at the same place before: at the same depth of its stack, called from the same instruction,
 * with the same return addresses above. So each thread keeps what it has unwound, and compares. If the depth
 * differs each time, unwinding gets only a small part of the time; the other stacks are just their innermost
 * frame.
 */
#ifndef WATCH_STACKS_H
#define WATCH_STACKS_H

#include <stdbool.h>
#include <stdint.h>

enum { MOST_FRAMES = 16, KNOWN_STACKS = 128, KNOWN_CALLERS = 64, CHECKED_FRAMES = 3 };

/* The innermost frame first. Once made, it never changes and is never freed. */
struct watch_stack {
    unsigned int count;
    unsigned int handler; // so many of the frames are a signal handler's; 0: it was none
    const struct watch_stack *next;
    const void *frames[MOST_FRAMES];
};

/* What a thread knows of its own. */
struct watch_known_stack {
    const void *caller, *frame;
    const struct watch_stack *stack;
    uint16_t slots[CHECKED_FRAMES]; // how far above `frame` the return addresses are; 0: not known
};
struct watch_known_stacks {
    struct watch_known_stack known[KNOWN_STACKS];
    const struct watch_stack *callers[KNOWN_CALLERS]; // stacks of nothing but the caller
};

/*
 * The stack of the calling function, whose return address and frame these are. `always`: the thread is about
 * to wait, and has the time.
 */
const struct watch_stack *watch_unwind(struct watch_known_stacks *stacks, const void *caller,
                                       const void *frame, bool always);

/* Inlined into the calls of the watch, which are quick when nobody waits. */
static inline const struct watch_stack *watch_stack_here(struct watch_known_stacks *stacks,
                                                         const void *caller, const void *frame)
{
    uintptr_t hash = ((uintptr_t)caller ^ (uintptr_t)frame >> 4) * 0x9e3779b9U;
    const struct watch_known_stack *known = &stacks->known[hash >> 20 & (KNOWN_STACKS - 1)];
    if (known->caller != caller || known->frame != frame)
        return watch_unwind(stacks, caller, frame, false);
    for (unsigned int i = 0; i < CHECKED_FRAMES && known->slots[i] != 0; i++) {
        const void *const *slot = (const void *const *)((uintptr_t)frame + known->slots[i]);
        if (*slot != known->stack->frames[i + 1])
            return watch_unwind(stacks, caller, frame, false);
    }
    return known->stack;
}

/* Unwinds the stack that a signal handler has interrupted, into `stack`. */
void watch_unwind_interrupted(struct watch_stack *stack);

/* Called once, before there are other threads; the caller is busy. */
void watch_stacks_begin(void);

#endif
