/*
 * picture.c - draws tracks, intersections and trains. See picture.h.
 *
 * An intersection is a square in the colour of the train that holds it, framed in the colour of one that
 * waits for it. When a cycle of waiting trains has closed, there is an arrow for each of them: from the
 * intersection that it holds to that which it waits for.
 */
#include "picture.h"

static const struct colour white = {185, 185, 185}, bright = {255, 255, 255};
static const struct colour colours[TRAINS] = {
    {233, 33, 40}, {78, 151, 210}, {251, 170, 26}, {11, 132, 54}};

/* Where the tracks begin, and in which direction they go. Track i meets i + 1 at 175, i - 1 at 125. */
static const struct {
    int x, y, step_x, step_y;
} tracks[TRAINS] = {{10, 135, 1, 0}, {185, 10, 0, 1}, {310, 185, -1, 0}, {135, 310, 0, -1}};

/* A square around the point that is `along` points down the track, and `aside` to the right of it. */
static void draw_square(struct display *display, int track, int along, int aside, int size,
                        struct colour colour)
{
    int step_x = tracks[track].step_x, step_y = tracks[track].step_y;
    int x = tracks[track].x + step_x * along - step_y * aside;
    int y = tracks[track].y + step_y * along + step_x * aside;
    display_rectangle(display, x - size / 2, y - size / 2, size, size, colour);
}

static void draw_line(struct display *display, int track, int from, int to, int aside, int width,
                      struct colour colour)
{
    for (int along = from; along <= to; along++)
        draw_square(display, track, along, aside, width, colour);
}

static void draw_arrow(struct display *display, int track, int from, int to, int aside)
{
    draw_line(display, track, from, to, aside, 1, bright);
    for (int i = 1; i <= 4; i++) {
        draw_square(display, track, to - i, aside - i, 1, bright);
        draw_square(display, track, to - i, aside + i, 1, bright);
    }
}

void picture_draw(struct display *display, const struct notes *notes)
{
    display_clear(display);
    for (int i = 0; i < TRAINS; i++)
        draw_line(display, i, 0, TRACK, 0, 1, white);
    // Track i meets intersection i at 125.
    for (int i = 0; i < TRAINS; i++) {
        if (notes->wants[i] != NONE)
            draw_square(display, notes->wants[i], 125, 0, 15, colours[i]);
    }
    for (int i = 0; i < INTERSECTIONS; i++) {
        int holder = notes->holder[i];
        draw_square(display, i, 125, 0, 11, holder == NONE ? white : colours[holder]);
    }
    for (int i = 0; i < TRAINS; i++) {
        int back = notes->front[i] - TRAIN_LENGTH;
        draw_line(display, i, back > 0 ? back + 1 : 1, notes->front[i], 0, 3, colours[i]);
        if (is_in_cycle(notes, i))
            draw_arrow(display, i, 139, 161, 11);
    }
}
