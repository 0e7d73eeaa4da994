/*
 * vector2d.h - vectors in the plane.
 *
 * Original  boids/vector2d.go
 */
#ifndef VECTOR2D_H
#define VECTOR2D_H

#include <math.h>

struct vector2d {
    double x, y;
};

static inline struct vector2d add(struct vector2d v1, struct vector2d v2)
{
    return (struct vector2d){v1.x + v2.x, v1.y + v2.y};
}

static inline struct vector2d subtract(struct vector2d v1, struct vector2d v2)
{
    return (struct vector2d){v1.x - v2.x, v1.y - v2.y};
}

static inline struct vector2d multiply(struct vector2d v1, struct vector2d v2)
{
    return (struct vector2d){v1.x * v2.x, v1.y * v2.y};
}

static inline struct vector2d add_v(struct vector2d v1, double d)
{
    return (struct vector2d){v1.x + d, v1.y + d};
}

static inline struct vector2d multiply_v(struct vector2d v1, double d)
{
    return (struct vector2d){v1.x * d, v1.y * d};
}

static inline struct vector2d division_v(struct vector2d v1, double d)
{
    return (struct vector2d){v1.x / d, v1.y / d};
}

static inline struct vector2d limit(struct vector2d v1, double lower, double upper)
{
    return (struct vector2d){fmin(fmax(v1.x, lower), upper), fmin(fmax(v1.y, lower), upper)};
}

static inline double distance(struct vector2d v1, struct vector2d v2)
{
    return sqrt(pow(v1.x - v2.x, 2) + pow(v1.y - v2.y, 2));
}

#endif
