/*
 * railway.h - four trains, four intersections, and the notes of who holds and who wants which.
 *
 *                     |     1
 *                     ^     |
 *                     |     v
 *            0 --->--[0]---[1]---
 *                     |     |
 *                 ---[3]---[2]--<--- 2
 *                     ^     |
 *                     |     v
 *                     3     |
 *
 * Train i runs 300 points, and meets intersection i at 125, the next one (train 3: intersection 0) at
 * 175. It is 70 long, so for a while it stands on both.
 *
 * A strategy says how a train gets an intersection, and how it gives it back. It tells the railway what
 * it does, so that main can draw it, and notices when trains wait for each other in a cycle:
 *
 *   railway_wants(railway, train, intersection);
 *   pthread_mutex_lock(&railway->intersections[intersection]);
 *   railway_holds(railway, train, intersection);
 *   ... the train crosses ...
 *   railway_frees(railway, train, intersection);
 *   pthread_mutex_unlock(&railway->intersections[intersection]);
 *
 * For a strategy of your own write a file like deadlock.c, and add its name below, in the table of
 * trains.c, and in the Makefile.
 */
#ifndef RAILWAY_H
#define RAILWAY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { TRAINS = 4, INTERSECTIONS = 4, CROSSINGS = 2 };
enum { TRACK = 300, TRAIN_LENGTH = 70 };
enum { STEP_TIME = 30 }; // a train moves by one point in so many milliseconds
enum { NONE = -1 };      // no train; no intersection

/* Where a train meets an intersection. */
struct crossing {
    int position, intersection;
};

struct train {
    struct railway *railway;
    int number;
    struct crossing crossings[CROSSINGS]; // in the order in which it meets them
    bool holds[INTERSECTIONS];            // only its own thread looks here
    pthread_t thread;
    pthread_cond_t turn; // it is the first, by the clocks; waits: railway_pass
};

/* What a person could see who looks down on the railway. Main takes a copy and draws that. */
struct notes {
    int front[TRAINS];         // how far each train has come
    int wants[TRAINS];         // what it waits for, or is about to lock; or NONE
    int holder[INTERSECTIONS]; // the train that holds it; or NONE
    int under_way;             // trains that have not ended yet
    bool is_deadlock;          // a cycle of trains has closed in which each waits for the next
    long time;                 // of the trains, in milliseconds
};

/*
 * A train notes what it wants before it locks it; that it holds it after that; and that it does not,
 * before it unlocks it. So who is noted as the holder does hold it, and who holds one and is noted to
 * want another gives nothing back before it has got that.
 *
 * The lock is held for a few lines only, and never while waiting for an intersection: a train that is
 * stuck stops nobody from looking. It comes last: who holds it takes no other.
 */
struct railway {
    const struct strategy *strategy; // these three never change
    long speed;                      // the trains' time runs so many times as fast as ours
    bool prints;                     // a line for each event
    struct train trains[TRAINS];
    atomic_bool stop; // all trains that are not stuck are to end

    pthread_mutex_t lock; // protects:
    struct notes notes;
    pthread_cond_t over;  // no train is under way, or it is a deadlock; waits: main
    long clocks[TRAINS];  // each train's own time, in milliseconds
    long long clock_zero; // when they would have begun, in nanoseconds of CLOCK_MONOTONIC

    // In deadlock and hierarchy: the train that crosses it holds it.
    pthread_mutex_t intersections[INTERSECTIONS];

    // In arbitrator: who changes notes.holder has this lock, too; so who has either of the two may look.
    pthread_mutex_t controller;
    pthread_cond_t freed; // some holder has become NONE; waits: a train that needs several
};

/* How trains get intersections. Both are called by the train's own thread. */
struct strategy {
    const char *name;

    /* The front of the train is at the crossing. Returns when the train may go on. */
    void (*arrive)(struct railway *railway, struct train *train, const struct crossing *crossing);

    /* The back of the train is at it. Does not wait. */
    void (*leave)(struct railway *railway, struct train *train, const struct crossing *crossing);
};

extern const struct strategy deadlock, hierarchy, arbitrator;

void railway_init(struct railway *railway, const struct strategy *strategy, long speed,
                  bool prints);

/* No train may be there any more. */
void railway_destroy(struct railway *railway);

/*
 * The notes of a strategy: of what a train is about to wait for (none of these calls waits itself), what
 * it has got, and what it is about to give back. While somebody else holds what it wants, the others do
 * not wait for its clock.
 */
void railway_wants(struct railway *railway, struct train *train, int intersection);
void railway_holds(struct railway *railway, struct train *train, int intersection);
void railway_frees(struct railway *railway, struct train *train, int intersection);

/*
 * Whether the train has to get the intersection, too, before it goes on from this crossing: it will
 * stand on it before its back is over the crossing, and does not hold it yet.
 */
bool railway_needs(const struct train *train, const struct crossing *from, int intersection);

/*
 * Lets time pass for the train, and waits until it is the first of all trains by their clocks (see
 * railway.c). Intersections may be held meanwhile; the controller may not, since others need it to get
 * on. False: the train is to end.
 */
bool railway_pass(struct railway *railway, struct train *train, int milliseconds);

/* The same for a step: afterwards its front is one point further. */
bool railway_step(struct railway *railway, struct train *train);

/* The train has arrived, or was told to end. It holds nothing any more. */
void railway_end(struct railway *railway, struct train *train);

/* How things are at this moment. */
struct notes railway_notes(struct railway *railway);

/* Waits until no train is under way any more, or all that are cannot get on. */
struct notes railway_wait(struct railway *railway);

/* Whether the train waits, by way of others, for itself. */
bool is_in_cycle(const struct notes *notes, int train);

#endif
