/*
 * boids.h - what boids.c and boid.c share.
 */
#ifndef BOIDS_H
#define BOIDS_H

#include "vector2d.h"

#include <pthread.h>

enum { screen_width = 640, screen_height = 360, boid_count = 500 };

static const double view_radius = 13, adj_rate = 0.015;

struct boid {
    struct vector2d position, velocity;
    int id;
};

extern pthread_rwlock_t rw_lock; // protects: boids, boid_map
extern struct boid boids[boid_count];
extern int boid_map[screen_width + 1][screen_height + 1]; // -1, or a boid whose position is there

/* Puts a boid somewhere and starts its thread. The caller holds rw_lock to write. */
void create_boid(int bid);

#endif
