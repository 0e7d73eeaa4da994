/*
 * generate_random_polygons.c - writes 100 000 random convex polygons, one a line: work for shoelace.
 *
 * Original  randompolygons/generate_random_polygons.go
 * Build     cc -O2 -o generate_random_polygons generate_random_polygons.c whole_file.c -lm
 * Run       ./generate_random_polygons [FILE]
 * Expect    FILE, or polygons.txt: a polygon a line, (x,y),(x,y),… The same polygons on each run
 * Beyond    beyond/parallel_polygons.c makes them with several threads, five times as fast
 */
#include "must.h"
#include "whole_file.h"

#include <math.h>

static const char usage[] = "generate_random_polygons [FILE]";

enum { most_points = 103 };

struct point2d {
    double x, y;
};

static int compare_numbers(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

static int compare_angles(const void *a, const void *b)
{
    const struct point2d *first = a, *second = b;
    double first_angle = atan2(first->y, first->x), second_angle = atan2(second->y, second->x);
    return (first_angle < second_angle) - (first_angle > second_angle);
}

/* Pavel Valtr's algorithm, as in cglab.ca/~sander/misc/ConvexGeneration/convex.html */
static void generate_random_convex_polygon(struct point2d points[], int n)
{
    double x_pool[most_points], y_pool[most_points];
    for (int i = 0; i < n; i++) {
        x_pool[i] = drand48();
        y_pool[i] = drand48();
    }

    qsort(x_pool, (size_t)n, sizeof x_pool[0], compare_numbers);
    qsort(y_pool, (size_t)n, sizeof y_pool[0], compare_numbers);

    double min_x = x_pool[0], max_x = x_pool[n - 1], min_y = y_pool[0], max_y = y_pool[n - 1];

    double x_vec[most_points], y_vec[most_points];

    double last_top = min_x, last_bot = min_x;

    for (int i = 1; i < n - 1; i++) {
        double x = x_pool[i];
        if (drand48() < 0.5) {
            x_vec[i - 1] = x - last_top;
            last_top = x;
        } else {
            x_vec[i - 1] = last_bot - x;
            last_bot = x;
        }
    }

    x_vec[n - 2] = max_x - last_top;
    x_vec[n - 1] = last_bot - max_x;

    double last_left = min_y, last_right = min_y;

    for (int i = 1; i < n - 1; i++) {
        double y = y_pool[i];
        if (drand48() < 0.5) {
            y_vec[i - 1] = y - last_left; // Go: y_vec[i], so its polygons do not close
            last_left = y;
        } else {
            y_vec[i - 1] = last_right - y;
            last_right = y;
        }
    }

    y_vec[n - 2] = max_y - last_left;
    y_vec[n - 1] = last_right - max_y;

    for (int i = n - 1; i > 0; i--) {
        int j = (int)(lrand48() % (i + 1));
        double swap = y_vec[i];
        y_vec[i] = y_vec[j];
        y_vec[j] = swap;
    }

    struct point2d vec[most_points];

    for (int i = 0; i < n; i++)
        vec[i] = (struct point2d){x_vec[i], y_vec[i]};

    qsort(vec, (size_t)n, sizeof vec[0], compare_angles);

    double x = 0, y = 0, min_polygon_x = 0, min_polygon_y = 0;

    for (int i = 0; i < n; i++) {
        points[i] = (struct point2d){x, y};
        x += vec[i].x;
        y += vec[i].y;

        min_polygon_x = fmin(min_polygon_x, x);
        min_polygon_y = fmin(min_polygon_y, y);
    }

    double x_shift = min_x - min_polygon_x;
    double y_shift = min_y - min_polygon_y;

    for (int i = 0; i < n; i++) {
        points[i].x = (points[i].x + x_shift) * 300;
        points[i].y = (points[i].y + y_shift) * 300;
    }
}

int main(int argc, char *argv[])
{
    const char *path = argument_or("polygons.txt", argc, argv, usage);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        give_up(usage, path, strerror(errno));

    for (int i = 0; i < 100000 && !ferror(file); i++) {
        struct point2d points[most_points];
        int n = (int)(lrand48() % 100) + 4;
        generate_random_convex_polygon(points, n);
        for (int j = 0; j < n; j++) {
            struct point2d p = points[j];
            fprintf(file, "%s(%.0f,%.0f)", j == 0 ? "" : ",", round(p.x), round(p.y));
        }
        fprintf(file, "\n");
    }
    int error = whole_file_close(file, path, ferror(file) ? errno : 0);
    if (error != 0)
        give_up(usage, path, strerror(error));
}
