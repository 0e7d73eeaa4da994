/*
 * convex_polygon.h - random convex polygons by Pavel Valtr's algorithm.
 *
 * Source: P. Valtr, "Probability that n random points are in convex position", 1995, in the steps of
 * cglab.ca/~sander/misc/ConvexGeneration/convex.html
 *
 * The call does not wait or keep state: any number of threads may make it, each with a state of its own.
 */
#ifndef CONVEX_POLYGON_H
#define CONVEX_POLYGON_H

struct point {
    int x, y;
};

enum { MOST_POINTS = 103 };

/*
 * Puts the corners of a random polygon of `count` points, 3 to MOST_POINTS, into `points`, in
 * counterclockwise order, with coordinates from 0 to `size`. It is exactly closed and convex: vectors are
 * made of whole numbers, not rounded at the end. Three corners may lie on one line, but no two
 * neighbours at one point, and the area is not 0. `random` is the state for nrand48. `size` is at most
 * 32767, and well above `count`: otherwise finding a polygon may take long.
 */
void convex_polygon(struct point *points, int count, int size, unsigned short random[3]);

#endif
