/*
 * convex_polygon.c - Valtr's algorithm on whole numbers. See convex_polygon.h.
 *
 * Vectors that add up to zero, laid end to end in the order of their angles, are the sides of a convex
 * polygon. The rest is about finding such vectors: the steps out to a point and back add up to zero.
 */
#include "convex_polygon.h"

#include <stdbool.h>
#include <stdlib.h>

static int below(int limit, unsigned short random[3])
{
    return (int)(nrand48(random) % limit);
}

static int compare_int(const void *a, const void *b)
{
    const int *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/*
 * Draws `count` numbers and makes steps of them: from the lowest to the highest through some of them,
 * chosen at random, and back through the others. Returns the lowest.
 */
static int random_steps(int *steps, int count, int size, unsigned short random[3])
{
    int values[MOST_POINTS];
    for (int i = 0; i < count; i++)
        values[i] = below(size + 1, random);
    qsort(values, (size_t)count, sizeof values[0], compare_int);

    int lowest = values[0], highest = values[count - 1];
    int out = lowest, back = lowest;
    for (int i = 1; i < count - 1; i++) {
        if (below(2, random) == 0) {
            steps[i - 1] = values[i] - out;
            out = values[i];
        } else {
            steps[i - 1] = back - values[i];
            back = values[i];
        }
    }
    steps[count - 2] = highest - out;
    steps[count - 1] = back - highest;
    return lowest;
}

/*
 * Pairs the steps in x with those in y at random. Steps of 0 are frequent; where two of them meet, another
 * pair gives its y in exchange. Returns false if there is no such pair.
 */
static bool random_pairs(struct point *vectors, const int *x, int *y, int count,
                         unsigned short random[3])
{
    for (int i = count - 1; i >= 0; i--) {
        int j = below(i + 1, random), drawn = y[j];
        y[j] = y[i];
        y[i] = drawn;
    }
    for (int i = 0; i < count; i++) {
        if (x[i] != 0 || y[i] != 0)
            continue;
        int j = 0;
        while (j < count && (x[j] == 0 || y[j] == 0))
            j++;
        if (j == count)
            return false;
        y[i] = y[j];
        y[j] = 0;
    }
    for (int i = 0; i < count; i++)
        vectors[i] = (struct point){x[i], y[i]};
    return true;
}

/* Twice the area between two vectors; positive if b lies to the left of a. */
static int cross(struct point a, struct point b)
{
    return a.x * b.y - a.y * b.x;
}

static bool points_up(struct point a)
{
    return a.y > 0 || (a.y == 0 && a.x > 0);
}

/* By angle; if that is the same, by length, so that every qsort gives the same order. */
static int compare_angle(const void *a, const void *b)
{
    struct point left = *(const struct point *)a, right = *(const struct point *)b;
    if (points_up(left) != points_up(right))
        return points_up(left) ? -1 : 1;
    int area = cross(left, right);
    if (area != 0)
        return area > 0 ? -1 : 1;
    return abs(left.x) + abs(left.y) - abs(right.x) - abs(right.y);
}

void convex_polygon(struct point *points, int count, int size, unsigned short random[3])
{
    int x[MOST_POINTS], y[MOST_POINTS];
    struct point lowest, vectors[MOST_POINTS];
    bool flat;
    do {
        lowest.x = random_steps(x, count, size, random);
        lowest.y = random_steps(y, count, size, random);
        flat = true;
        if (random_pairs(vectors, x, y, count, random)) {
            for (int i = 1; i < count; i++)
                flat = flat && cross(vectors[0], vectors[i]) == 0;
        }
    } while (flat);
    qsort(vectors, (size_t)count, sizeof vectors[0], compare_angle);

    // Lay them end to end, and move the polygon to where the numbers were drawn.
    struct point at = {0, 0}, least = {0, 0};
    for (int i = 0; i < count; i++) {
        points[i] = at;
        least.x = at.x < least.x ? at.x : least.x;
        least.y = at.y < least.y ? at.y : least.y;
        at.x += vectors[i].x;
        at.y += vectors[i].y;
    }
    for (int i = 0; i < count; i++) {
        points[i].x += lowest.x - least.x;
        points[i].y += lowest.y - least.y;
    }
}
