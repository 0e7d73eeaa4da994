/*
 * flock.c - alignment, cohesion, separation, and the border of the field. See flock.h.
 */
#include "flock.h"

#include <math.h>
#include <stdlib.h>

static const double adjustment = 0.015; // how much of what it wants a boid gets in one step

/* The last moment to turn round: a push of 2 turns any velocity. Nearer than this is as near. */
static const double nearest_border = 0.5;

static struct vector sum(struct vector a, struct vector b)
{
    return (struct vector){a.x + b.x, a.y + b.y};
}

static struct vector difference(struct vector a, struct vector b)
{
    return (struct vector){a.x - b.x, a.y - b.y};
}

static struct vector product(struct vector vector, double factor)
{
    return (struct vector){vector.x * factor, vector.y * factor};
}

/* `value`, or the end that it lies beyond. (Of what is no number: `least`.) */
static double between(double least, double value, double most)
{
    return value > least ? value < most ? value : most : least;
}

static short *cell(struct flock *flock, struct vector position)
{
    return &flock->grid[(int)position.x][(int)position.y];
}

static void place(struct flock *flock, int number, struct boid boid)
{
    flock->boids[number] = boid;
    *cell(flock, boid.position) = (short)number;
}

/* One state of random numbers, one thread: nobody flies before all are placed. */
void flock_init(struct flock *flock, int count, long seed)
{
    unsigned short random[3] = {(unsigned short)seed, (unsigned short)(seed >> 16), 0x330e};
    flock->count = count;
    for (int x = 0; x <= FIELD_WIDTH; x++) {
        for (int y = 0; y <= FIELD_HEIGHT; y++)
            flock->grid[x][y] = NOBODY;
    }
    for (int i = 0; i < count; i++) {
        struct boid boid;
        boid.position.x = erand48(random) * FIELD_WIDTH;
        boid.position.y = erand48(random) * FIELD_HEIGHT;
        boid.velocity.x = erand48(random) * 2 - 1;
        boid.velocity.y = erand48(random) * 2 - 1;
        place(flock, i, boid);
    }
}

/* What a boid sees: how many neighbours, and sums over all of them. */
struct view {
    int count;
    struct vector velocities, positions;
    struct vector away; // from each neighbour, by 1; from one at the very same place: nowhere
};

static void look_at(struct view *view, const struct boid *self, const struct boid *other)
{
    struct vector away = difference(self->position, other->position);
    double distance = sqrt(away.x * away.x + away.y * away.y);
    if (distance >= VIEW_RADIUS)
        return;
    view->count++;
    view->velocities = sum(view->velocities, other->velocity);
    view->positions = sum(view->positions, other->position);
    if (distance > 0)
        view->away = sum(view->away, product(away, 1 / distance));
}

/* Scans the square of cells around the boid, as far as it lies in the field. */
static struct view look_around(const struct flock *flock, int number)
{
    const struct boid *self = &flock->boids[number];
    int left = (int)between(0, self->position.x - VIEW_RADIUS, FIELD_WIDTH);
    int right = (int)between(0, self->position.x + VIEW_RADIUS, FIELD_WIDTH);
    int top = (int)between(0, self->position.y - VIEW_RADIUS, FIELD_HEIGHT);
    int bottom = (int)between(0, self->position.y + VIEW_RADIUS, FIELD_HEIGHT);
    struct view view = {0};
    for (int x = left; x <= right; x++) {
        for (int y = top; y <= bottom; y++) {
            int other = flock->grid[x][y];
            if (other != NOBODY && other != number)
                look_at(&view, self, &flock->boids[other]);
        }
    }
    return view;
}

/* The push away from a border that is nearer than the view reaches: the nearer, the stronger. */
static double border_push(double position, double end)
{
    if (position < VIEW_RADIUS)
        return 1 / between(nearest_border, position, VIEW_RADIUS);
    if (position > end - VIEW_RADIUS)
        return -1 / between(nearest_border, end - position, VIEW_RADIUS);
    return 0;
}

struct vector flock_acceleration(const struct flock *flock, int number, int *neighbours)
{
    const struct boid *self = &flock->boids[number];
    struct view view = look_around(flock, number);
    struct vector acceleration = {border_push(self->position.x, FIELD_WIDTH),
                                  border_push(self->position.y, FIELD_HEIGHT)};
    if (view.count > 0) {
        struct vector alignment =
            difference(product(view.velocities, 1.0 / view.count), self->velocity);
        struct vector cohesion =
            difference(product(view.positions, 1.0 / view.count), self->position);
        struct vector separation = view.away;
        struct vector wanted = sum(sum(alignment, cohesion), separation);
        acceleration = sum(acceleration, product(wanted, adjustment));
    }
    *neighbours = view.count;
    return acceleration;
}

/*
 * Whatever the acceleration: the position ends up in the field, because both parts of it are put
 * between 0 and the end of the field as the last thing. So its cell is always one of the grid's,
 * whose last cells are those of the very ends.
 */
void flock_move(struct flock *flock, int number, struct vector acceleration)
{
    struct boid boid = flock->boids[number];
    // Another one may have come into this cell since. Then it is not ours to clear.
    if (*cell(flock, boid.position) == number)
        *cell(flock, boid.position) = NOBODY;
    boid.velocity = sum(boid.velocity, acceleration);
    boid.velocity.x = between(-1, boid.velocity.x, 1);
    boid.velocity.y = between(-1, boid.velocity.y, 1);
    boid.position = sum(boid.position, boid.velocity);
    boid.position.x = between(0, boid.position.x, FIELD_WIDTH);
    boid.position.y = between(0, boid.position.y, FIELD_HEIGHT);
    place(flock, number, boid);
}
