/*
 * draw_trains.c - draws tracks, intersections and trains.
 *
 * Original  deadlocks_train/draw_trains.go
 * Expect    an intersection has the colour of the train that locks it; white: none does
 */
#include "trains.h"

static const struct colour colours[4] = {
    {233, 33, 40},
    {78, 151, 210},
    {251, 170, 26},
    {11, 132, 54},
};

const struct colour white = {185, 185, 185};
static const char *const numbers[4] = {"0", "1", "2", "3"};

static void draw_intersection(struct display *screen, struct intersection *intersection, int x,
                              int y);
static void draw_x_train(struct display *screen, int id, int dir, int start, int y);
static void draw_y_train(struct display *screen, int id, int dir, int start, int x);

void draw_intersections(struct display *screen)
{
    draw_intersection(screen, &intersections[0], 145, 145);
    draw_intersection(screen, &intersections[1], 175, 145);
    draw_intersection(screen, &intersections[2], 175, 175);
    draw_intersection(screen, &intersections[3], 145, 175);
}

void draw_tracks(struct display *screen)
{
    for (int i = 0; i < 300; i++) {
        display_point(screen, 10 + i, 135, white);
        display_point(screen, 185, 10 + i, white);
        display_point(screen, 310 - i, 185, white);
        display_point(screen, 135, 310 - i, white);
    }
}

void draw_trains(struct display *screen)
{
    draw_x_train(screen, 0, 1, 10, 135);
    draw_y_train(screen, 1, 1, 10, 185);
    draw_x_train(screen, 2, -1, 310, 185);
    draw_y_train(screen, 3, -1, 310, 135);
}

static void draw_intersection(struct display *screen, struct intersection *intersection, int x,
                              int y)
{
    int locked_by = intersection->locked_by;
    struct colour c = locked_by >= 0 ? colours[locked_by] : white;
    display_point(screen, x - 1, y, c);
    display_point(screen, x, y - 1, c);
    display_point(screen, x, y, c);
    display_point(screen, x + 1, y, c);
    display_point(screen, x, y + 1, c);
    display_text(screen, x < 160 ? x + 4 : x - 6, y < 160 ? y + 4 : y - 8,
                 numbers[intersection->id], c);
}

static void draw_x_train(struct display *screen, int id, int dir, int start, int y)
{
    int front = trains[id].front;
    for (int i = front - trains[id].train_length; i <= front; i++) {
        int x = start + dir * i;
        display_point(screen, x - dir, y - 1, colours[id]);
        display_point(screen, x, y, colours[id]);
        display_point(screen, x - dir, y + 1, colours[id]);
    }
    display_text(screen, start + dir * (front - 25) - 1, y - 9 * dir - 2, numbers[id], colours[id]);
}

static void draw_y_train(struct display *screen, int id, int dir, int start, int x)
{
    int front = trains[id].front;
    for (int i = front - trains[id].train_length; i <= front; i++) {
        int y = start + dir * i;
        display_point(screen, x - 1, y - dir, colours[id]);
        display_point(screen, x, y, colours[id]);
        display_point(screen, x + 1, y - dir, colours[id]);
    }
    display_text(screen, x + 9 * dir - 1, start + dir * (front - 25) - 2, numbers[id], colours[id]);
}
