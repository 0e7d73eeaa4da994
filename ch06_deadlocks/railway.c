/*
 * railway.c - the notes of who holds and who wants what, and the trains' clocks. See railway.h.
 *
 * Trains 0 and 3 arrive at the same moment, and both want intersection 0. Which of them gets it decides
 * in which order all arrive, and when. So the trains do not leave it to the scheduler: each has a clock
 * of its own, and what a train does, it does when no other is behind it in time. Among those of one
 * time, it is the lowest number's turn. So each run goes like the other, on any machine and at any
 * speed; the machine only decides how long it takes.
 *
 * A train that waits for an intersection is left out: nobody waits for its clock. When the intersection
 * becomes free, its clock is set, and it is back among the others before these go on.
 */
#include "railway.h"

#include "must.h"

#include <limits.h>
#include <time.h>

enum { SECOND = 1000000000, MILLISECOND = 1000000 }; // in nanoseconds

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * (long long)SECOND + time.tv_nsec;
}

void railway_init(struct railway *railway, const struct strategy *strategy, long speed, bool prints)
{
    *railway = (struct railway){.strategy = strategy, .speed = speed, .prints = prints};
    railway->notes.under_way = TRAINS;
    railway->clock_zero = now();
    MUST(pthread_mutex_init(&railway->lock, NULL));
    MUST(pthread_cond_init(&railway->over, NULL));
    MUST(pthread_mutex_init(&railway->controller, NULL));
    MUST(pthread_cond_init(&railway->freed, NULL));
    for (int i = 0; i < INTERSECTIONS; i++) {
        railway->notes.holder[i] = NONE;
        MUST(pthread_mutex_init(&railway->intersections[i], NULL));
    }
    for (int i = 0; i < TRAINS; i++) {
        struct train *train = &railway->trains[i];
        train->railway = railway;
        train->number = i;
        train->crossings[0] = (struct crossing){125, i};
        train->crossings[1] = (struct crossing){175, (i + 1) % INTERSECTIONS};
        railway->notes.wants[i] = NONE;
        MUST(pthread_cond_init(&train->turn, NULL));
    }
}

void railway_destroy(struct railway *railway)
{
    for (int i = 0; i < TRAINS; i++)
        MUST(pthread_cond_destroy(&railway->trains[i].turn));
    for (int i = 0; i < INTERSECTIONS; i++)
        MUST(pthread_mutex_destroy(&railway->intersections[i]));
    MUST(pthread_cond_destroy(&railway->freed));
    MUST(pthread_mutex_destroy(&railway->controller));
    MUST(pthread_cond_destroy(&railway->over));
    MUST(pthread_mutex_destroy(&railway->lock));
}

bool railway_needs(const struct train *train, const struct crossing *from, int intersection)
{
    for (int i = 0; i < CROSSINGS; i++) {
        const struct crossing *crossing = &train->crossings[i];
        if (crossing->intersection == intersection && !train->holds[intersection])
            return crossing->position >= from->position &&
                   crossing->position <= from->position + TRAIN_LENGTH;
    }
    return false;
}

/* From here on, static functions want the lock to be held. */

/* Whether somebody else has what the train wants. */
static bool is_waiting(const struct notes *notes, int train)
{
    return notes->wants[train] != NONE && notes->holder[notes->wants[train]] != NONE;
}

/* The train whose clock is behind all others', of those that run. NONE: none runs. */
static int first_train(const struct railway *railway)
{
    int first = NONE;
    for (int i = 0; i < TRAINS; i++) {
        if (railway->clocks[i] != LONG_MAX && !is_waiting(&railway->notes, i) &&
            (first == NONE || railway->clocks[i] < railway->clocks[first]))
            first = i;
    }
    return first;
}

/* A train has gone on by its clock, or has left those that run: so another one may be first now. */
static void wake_first(struct railway *railway)
{
    int first = first_train(railway);
    if (first != NONE)
        MUST(pthread_cond_signal(&railway->trains[first].turn));
}

/* One line for an event. When nobody can read it (a full disk), there is no use in going on. */
static void print_event(struct railway *railway, const struct train *train, const char *what,
                        int intersection)
{
    if (!railway->prints)
        return;
    printf("Train %d at %d: %s", train->number, railway->notes.front[train->number], what);
    if (intersection != NONE)
        printf(" intersection %d", intersection);
    putchar('\n');
    if (fflush(stdout) != 0)
        atomic_store(&railway->stop, true);
}

/*
 * Follows the cycle: from the train to what it wants, to who holds that, to what that one wants ...
 *
 * If this comes back to the train, none of the cycle can ever get on. Each of them wants something that
 * is held, so it is in its call to lock it, or about to make it; and it gives nothing back before that
 * call returns. And no deadlock is missed: each train notes what it holds before it wants more, so the
 * last one to note what it wants finds all the rest of the cycle.
 */
bool is_in_cycle(const struct notes *notes, int train)
{
    int other = train;
    for (int i = 0; i < TRAINS && is_waiting(notes, other); i++) {
        other = notes->holder[notes->wants[other]];
        if (other == train)
            return true;
    }
    return false;
}

void railway_wants(struct railway *railway, struct train *train, int intersection)
{
    MUST(pthread_mutex_lock(&railway->lock));
    struct notes *notes = &railway->notes;
    bool is_new = notes->wants[train->number] != intersection;
    notes->wants[train->number] = intersection;
    if (is_new && is_waiting(notes, train->number))
        print_event(railway, train, "waits for", intersection);
    if (is_in_cycle(notes, train->number)) {
        notes->is_deadlock = true;
        MUST(pthread_cond_signal(&railway->over));
    }
    wake_first(railway); // this one is no longer the first, if it has to wait
    MUST(pthread_mutex_unlock(&railway->lock));
}

void railway_holds(struct railway *railway, struct train *train, int intersection)
{
    train->holds[intersection] = true;
    MUST(pthread_mutex_lock(&railway->lock));
    railway->notes.wants[train->number] = NONE;
    railway->notes.holder[intersection] = train->number;
    print_event(railway, train, "locks", intersection);
    wake_first(railway); // another one may have wanted it, too
    MUST(pthread_mutex_unlock(&railway->lock));
}

void railway_frees(struct railway *railway, struct train *train, int intersection)
{
    train->holds[intersection] = false;
    MUST(pthread_mutex_lock(&railway->lock));
    railway->notes.holder[intersection] = NONE;
    for (int i = 0; i < TRAINS; i++) {
        if (railway->notes.wants[i] == intersection)
            railway->clocks[i] = railway->clocks[train->number]; // it goes on from this moment
    }
    print_event(railway, train, "frees", intersection);
    MUST(pthread_mutex_unlock(&railway->lock));
}

/*
 * How long it is until our time is that of the trains. They do not hurry to make up for what they are
 * late (the program was stopped by Ctrl-Z, or cannot go so fast): their time begins later then.
 */
static long long nanoseconds_left(struct railway *railway)
{
    long long due = railway->notes.time * (long long)MILLISECOND / railway->speed;
    long long left = railway->clock_zero + due - now();
    if (left < -(long long)STEP_TIME * MILLISECOND / railway->speed)
        railway->clock_zero -= left;
    return left > 0 ? left : 0;
}

bool railway_pass(struct railway *railway, struct train *train, int milliseconds)
{
    MUST(pthread_mutex_lock(&railway->lock));
    railway->clocks[train->number] += milliseconds;
    wake_first(railway);
    while (first_train(railway) != train->number)
        MUST(pthread_cond_wait(&train->turn, &railway->lock));
    railway->notes.time = railway->clocks[train->number];
    long long left = nanoseconds_left(railway);
    MUST(pthread_mutex_unlock(&railway->lock));
    if (left > 0)
        nanosleep(&(struct timespec){(time_t)(left / SECOND), (long)(left % SECOND)}, NULL);
    return !atomic_load(&railway->stop);
}

bool railway_step(struct railway *railway, struct train *train)
{
    if (!railway_pass(railway, train, STEP_TIME))
        return false;
    MUST(pthread_mutex_lock(&railway->lock));
    railway->notes.front[train->number]++;
    MUST(pthread_mutex_unlock(&railway->lock));
    return true;
}

void railway_end(struct railway *railway, struct train *train)
{
    MUST(pthread_mutex_lock(&railway->lock));
    if (railway->notes.front[train->number] == TRACK)
        print_event(railway, train, "has arrived", NONE);
    railway->notes.under_way--;
    railway->clocks[train->number] = LONG_MAX; // nobody waits for it any more
    wake_first(railway);
    MUST(pthread_cond_signal(&railway->over));
    MUST(pthread_mutex_unlock(&railway->lock));
}

struct notes railway_notes(struct railway *railway)
{
    MUST(pthread_mutex_lock(&railway->lock));
    struct notes notes = railway->notes;
    MUST(pthread_mutex_unlock(&railway->lock));
    return notes;
}

struct notes railway_wait(struct railway *railway)
{
    MUST(pthread_mutex_lock(&railway->lock));
    while (railway->notes.under_way > 0 && !railway->notes.is_deadlock)
        MUST(pthread_cond_wait(&railway->over, &railway->lock));
    struct notes notes = railway->notes;
    MUST(pthread_mutex_unlock(&railway->lock));
    return notes;
}
