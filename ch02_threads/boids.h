/*
 * flock.h - the rules by which boids fly: each looks only at its neighbours, and flocks come about.
 *
 * No threads and no locks in here: the caller sees to it that nobody moves while others look.
 * (Rules: Craig Reynolds, "Flocks, herds and schools: a distributed behavioral model", 1987.)
 */
#ifndef FLOCK_H
#define FLOCK_H

enum { FIELD_WIDTH = 640, FIELD_HEIGHT = 360, VIEW_RADIUS = 13, MOST_BOIDS = 10000, NOBODY = -1 };

struct vector {
    double x, y;
};

struct boid {
    struct vector position, velocity; // velocity: in points a step
};

/*
 * A cell of the grid is one point of the field. It makes looking around cheap: a boid scans the
 * cells near by, however many boids there are.
 *
 * At all times: 0 <= position.x <= FIELD_WIDTH, 0 <= position.y <= FIELD_HEIGHT, and -1 to 1 for
 * both parts of a velocity. A cell holds NOBODY or the number of a boid whose position is in it.
 * Where several are in one cell, it is the last that moved; the others are not seen until they move
 * on.
 */
struct flock {
    int count;
    struct boid boids[MOST_BOIDS];
    short grid[FIELD_WIDTH + 1][FIELD_HEIGHT + 1];
};

/* Puts `count` boids (1 to MOST_BOIDS) anywhere. The same seed puts them to the same places. */
void flock_init(struct flock *flock, int count, long seed);

/*
 * How the boid wants to change its velocity. Counts the neighbours it sees in `neighbours`. Only
 * reads the flock, so any number of threads may do this at once.
 */
struct vector flock_acceleration(const struct flock *flock, int number, int *neighbours);

/* Changes the velocity of the boid and moves it by one step. */
void flock_move(struct flock *flock, int number, struct vector acceleration);

#endif
