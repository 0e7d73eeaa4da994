/*
 * boid.c - a boid looks around under the read lock, then moves under the write lock.
 *
 * Original  boids/boid.go
 * Build     make boids
 */
#include "boids.h"
#include "must.h"

static double border_bounce(double pos, double max_border_pos);

static struct vector2d calc_acceleration(struct boid *b)
{
    struct vector2d upper = add_v(b->position, view_radius);
    struct vector2d lower = add_v(b->position, -view_radius);
    struct vector2d avg_position = {0, 0}, avg_velocity = {0, 0}, separation = {0, 0};
    double count = 0;
    MUST(pthread_rwlock_rdlock(&rw_lock));
    for (int i = (int)fmax(lower.x, 0); i <= fmin(upper.x, screen_width); i++) {
        for (int j = (int)fmax(lower.y, 0); j <= fmin(upper.y, screen_height); j++) {
            int other_boid_id = boid_map[i][j];
            if (other_boid_id == -1 || other_boid_id == b->id)
                continue;
            struct boid *other = &boids[other_boid_id];
            double dist = distance(other->position, b->position);
            if (dist < view_radius) {
                count++;
                avg_velocity = add(avg_velocity, other->velocity);
                avg_position = add(avg_position, other->position);
                struct vector2d away = subtract(b->position, other->position);
                if (dist > 0) // two boids on one spot have no direction away from each other
                    separation = add(separation, division_v(away, dist));
            }
        }
    }
    MUST(pthread_rwlock_unlock(&rw_lock));

    struct vector2d accel = {border_bounce(b->position.x, screen_width),
                             border_bounce(b->position.y, screen_height)};
    if (count > 0) {
        avg_position = division_v(avg_position, count);
        avg_velocity = division_v(avg_velocity, count);
        struct vector2d accel_alignment = multiply_v(subtract(avg_velocity, b->velocity), adj_rate);
        struct vector2d accel_cohesion = multiply_v(subtract(avg_position, b->position), adj_rate);
        struct vector2d accel_separation = multiply_v(separation, adj_rate);
        accel = add(add(add(accel, accel_alignment), accel_cohesion), accel_separation);
    }
    return accel;
}

static double border_bounce(double pos, double max_border_pos)
{
    if (pos < view_radius)
        return 1 / pos;
    else if (pos > max_border_pos - view_radius)
        return -1 / (max_border_pos - pos);
    return 0;
}

static void move_one(struct boid *b)
{
    struct vector2d acceleration = calc_acceleration(b);
    MUST(pthread_rwlock_wrlock(&rw_lock));
    b->velocity = limit(add(b->velocity, acceleration), -1, 1);
    int *cell = &boid_map[(int)b->position.x][(int)b->position.y];
    if (*cell == b->id) // another boid may have come into this cell since
        *cell = -1;
    b->position = add(b->position, b->velocity);
    b->position.x = fmin(fmax(b->position.x, 0), screen_width); // no boid may leave the map
    b->position.y = fmin(fmax(b->position.y, 0), screen_height);
    boid_map[(int)b->position.x][(int)b->position.y] = b->id;
    MUST(pthread_rwlock_unlock(&rw_lock));
}

static void *start(void *argument)
{
    for (;;) {
        move_one(argument);
        pause_ms(5);
    }
    return NULL;
}

void create_boid(int bid)
{
    struct boid *b = &boids[bid];
    *b = (struct boid){
        .position = {drand48() * (double)screen_width, drand48() * (double)screen_height},
        .velocity = {drand48() * 2 - 1, drand48() * 2 - 1},
        .id = bid,
    };
    boid_map[(int)b->position.x][(int)b->position.y] = b->id;
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, start, b));
}
