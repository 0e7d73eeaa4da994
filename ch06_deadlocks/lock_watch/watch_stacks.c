/*
 * watch_stacks.c - unwinds stacks, by the tables that the compiler makes for exceptions. See
 * watch_stacks.h.
 *
 * Not everywhere: before glibc 2.35 the unwinder takes a lock of the loader's. A thread that waited for
 * that could make a deadlock which the program alone does not have. So without _dl_find_object, which needs
 * none, a stack is its innermost frame.
 */
#define _GNU_SOURCE // RTLD_DEFAULT
#define _DARWIN_C_SOURCE
#include "watch_stacks.h"
#include "watch_graph.h"
#include "watch_trace.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unwind.h>

enum { MOST_STACKS = 1 << 14, AT_ONCE = 2000, PER_SECOND = 10000, HASHES = 1 << 12, PAGE = 4096 };

static struct {
    bool can_unwind;
    uint64_t start;
    atomic_ulong unwound; // so often, at some microseconds each
    unsigned int used;    // under the graph's lock, as are the next two
    struct watch_stack stacks[MOST_STACKS];
    const struct watch_stack *buckets[HASHES];
} all;

void watch_stacks_begin(void)
{
    struct watch_stack stack;
    all.start = watch_now();
    all.can_unwind = dlsym(RTLD_DEFAULT, "_dl_find_object") != NULL;
    watch_unwind_interrupted(&stack); // the first time, it prepares itself
}

/* One walk up a stack. */
struct walk {
    const void
        *caller; // the walk begins where that is the return address; NULL: at a signal's frame
    bool has_begun;
    struct watch_stack *stack;
    uintptr_t slots[MOST_FRAMES]; // where each return address lies
};

static _Unwind_Reason_Code take_frame(struct _Unwind_Context *context, void *argument)
{
    struct walk *walk = argument;
    int is_exact = 0; // the address is no return address: a signal has interrupted it
    const void *address = (const void *)_Unwind_GetIPInfo(context, &is_exact);
    if (address == NULL)
        return _URC_END_OF_STACK;
    if (!walk->has_begun)
        walk->has_begun = walk->caller != NULL ? address == walk->caller : is_exact != 0;
    if (!walk->has_begun)
        return _URC_NO_REASON;
    if (is_exact && walk->stack->count > 0 && walk->stack->handler == 0)
        walk->stack->handler = walk->stack->count;
    walk->slots[walk->stack->count] = (uintptr_t)_Unwind_GetCFA(context) - sizeof(void *);
    walk->stack->frames[walk->stack->count++] = address;
    return walk->stack->count == MOST_FRAMES ? _URC_END_OF_STACK : _URC_NO_REASON;
}

void watch_unwind_interrupted(struct watch_stack *stack)
{
    struct walk walk = {.stack = stack};
    stack->count = 0;
    if (all.can_unwind)
        _Unwind_Backtrace(take_frame, &walk);
}

static bool is_same(const struct watch_stack *one, const struct watch_stack *other)
{
    return one->count == other->count && one->handler == other->handler &&
           memcmp((const void *)one->frames, (const void *)other->frames,
                  one->count * sizeof one->frames[0]) == 0;
}

/* The one stack with these frames. NULL: there is no room. */
static const struct watch_stack *keep(const struct watch_stack *stack)
{
    uint64_t hash = stack->handler;
    for (unsigned int i = 0; i < stack->count; i++)
        hash = (hash + (uintptr_t)stack->frames[i]) * 0x9e3779b97f4a7c15U;
    const struct watch_stack **bucket = &all.buckets[hash >> 40 & (HASHES - 1)];
    sigset_t mask;
    watch_graph_lock(&mask);
    const struct watch_stack *found = *bucket;
    while (found != NULL && !is_same(found, stack))
        found = found->next;
    if (found == NULL && all.used < MOST_STACKS) {
        struct watch_stack *new = &all.stacks[all.used++];
        *new = *stack;
        new->next = *bucket;
        found = *bucket = new;
    }
    watch_graph_unlock(&mask);
    return found;
}

/* Some stacks at once, and then so many a second. */
static bool has_time(void)
{
    return READ(all.unwound) < AT_ONCE ||
           READ(all.unwound) < AT_ONCE + (watch_now() - all.start) / (1000000000 / PER_SECOND);
}

static const struct watch_stack *only_caller(struct watch_known_stacks *stacks, const void *caller)
{
    const struct watch_stack **known =
        &stacks->callers[watch_mixed((uintptr_t)caller) & (KNOWN_CALLERS - 1)];
    if (*known == NULL || (*known)->frames[0] != caller)
        *known = keep(&(struct watch_stack){.count = 1, .frames = {caller}});
    return *known;
}

const struct watch_stack *watch_unwind(struct watch_known_stacks *stacks, const void *caller,
                                       const void *frame, bool always)
{
    if (!all.can_unwind || (!always && !has_time()))
        return only_caller(stacks, caller);
    uintptr_t hash = ((uintptr_t)caller ^ (uintptr_t)frame >> 4) * 0x9e3779b9U;
    struct watch_known_stack *known = &stacks->known[hash >> 20 & (KNOWN_STACKS - 1)];
    struct watch_stack stack = {.count = 0};
    struct walk walk = {.caller = caller, .stack = &stack};
    ADD(all.unwound, 1);
    _Unwind_Backtrace(take_frame, &walk);
    if (stack.count == 0)
        return only_caller(stacks, caller);
    const struct watch_stack *kept = keep(&stack);
    if (kept == NULL)
        return only_caller(stacks, caller);
    *known = (struct watch_known_stack){caller, frame, kept, {0}};
#if defined __x86_64__ || defined __i386__ // where a return address is always at the same place
    uintptr_t page_end = ((uintptr_t)frame | (PAGE - 1)) + 1; // up to there, memory can be read
    for (unsigned int i = 0; i < CHECKED_FRAMES && i + 1 < stack.count; i++) {
        uintptr_t slot = walk.slots[i + 1];
        if (slot <= (uintptr_t)frame || slot + sizeof(void *) > page_end)
            break;
        known->slots[i] = (uint16_t)(slot - (uintptr_t)frame);
    }
#endif
    return kept;
}
