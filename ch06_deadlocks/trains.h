/*
 * trains.h - trains, intersections, and the ways to share them.
 *
 * Original  deadlocks_train/common/model.go
 */
#ifndef TRAINS_H
#define TRAINS_H

#include "display.h"

#include <pthread.h>
#include <stdatomic.h>

struct train {
    int id, train_length;
    atomic_int front; // moved by the train, drawn by main
};

struct intersection {
    int id;
    pthread_mutex_t mutex; // protects: the crossing, where only one train may be
    atomic_int locked_by;  // a train's id, or -1; set by the train, drawn by main
};

struct crossing {
    int position;
    struct intersection *intersection;
};

enum { crossing_count = 2 };

/* The arguments of move_train, which runs in a thread. */
struct journey {
    struct train *train;
    int distance;
    struct crossing crossings[crossing_count];
};

/* A way to share the intersections. For one of your own, add it here and in main. */
struct strategy {
    const char *name;
    void *(*move_train)(void *journey);
};

extern const struct strategy deadlock, hierarchy, arbitrator;
extern struct train trains[4];
extern struct intersection intersections[4];
extern const struct colour white;

void draw_intersections(struct display *screen);
void draw_tracks(struct display *screen);
void draw_trains(struct display *screen);

#endif
