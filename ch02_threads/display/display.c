/*
 * display.c - the picture, the pace, and the signals that end it. See display.h.
 */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 // for sigaction and clock_gettime, where a compiler is told -std=c11
#endif

#include "display.h"

#include "display_kind.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The display for nobody to look at. */

static const char *open_nothing(const struct display *display, const char *title)
{
    (void)display;
    (void)title;
    return NULL;
}

static int show_nothing(const struct display *display)
{
    (void)display;
    return 0;
}

static void close_nothing(void)
{
}

static const struct display_kind display_none = {"none", open_nothing, show_nothing, close_nothing};

/* The best one comes first, and the last one can always be opened. */
static const struct display_kind *const kinds[] = {&display_window, &display_terminal,
                                                   &display_none};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* The signals by which a user ends a program. The handler only takes a note. */

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { SIGNALS = sizeof signals / sizeof signals[0] };

static struct sigaction actions_before[SIGNALS];
static atomic_bool told_to_end; // the handler may run in any thread, so it is atomic

static void note_the_end(int signal_number)
{
    (void)signal_number;
    atomic_store(&told_to_end, true);
}

bool display_must_end(void)
{
    return atomic_load(&told_to_end);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = note_the_end}; // no SA_RESTART: it ends what waits
    atomic_store(&told_to_end, false);
    for (int i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], NULL, &actions_before[i]);
        if (actions_before[i].sa_handler != SIG_IGN) // nohup, for one
            sigaction(signals[i], &action, NULL);
    }
}

static void release_signals(void)
{
    for (int i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &actions_before[i], NULL);
}

bool display_is_kind(const char *name)
{
    for (int i = 0; i < KINDS; i++) {
        if (strcmp(name, kinds[i]->name) == 0)
            return true;
    }
    return false;
}

struct display *display_open(const char *title, int width, int height, int scale, const char *name,
                             const char **reason)
{
    struct display *display = malloc(sizeof *display);
    struct colour *points = calloc((size_t)width * (size_t)height, sizeof *points);
    *reason = display != NULL && points != NULL ? "there is no such display" : strerror(ENOMEM);
    catch_signals();
    for (int i = 0; i < KINDS && display != NULL && points != NULL; i++) {
        if (name != NULL && strcmp(name, kinds[i]->name) != 0)
            continue;
        *display = (struct display){width, height, scale, points, kinds[i], {0}};
        *reason = kinds[i]->open(display, title);
        if (*reason == NULL) {
            clock_gettime(CLOCK_MONOTONIC, &display->next);
            return display;
        }
    }
    release_signals();
    free(points);
    free(display);
    return NULL;
}

const char *display_name(const struct display *display)
{
    return display->kind->name;
}

void display_clear(struct display *display)
{
    memset(display->points, 0,
           (size_t)display->width * (size_t)display->height * sizeof display->points[0]);
}

void display_rectangle(struct display *display, int x, int y, int width, int height,
                       struct colour colour)
{
    int left = x > 0 ? x : 0, right = x + width < display->width ? x + width : display->width;
    int top = y > 0 ? y : 0, bottom = y + height < display->height ? y + height : display->height;
    for (y = top; y < bottom; y++) {
        for (x = left; x < right; x++)
            display->points[y * display->width + x] = colour;
    }
}

void display_point(struct display *display, int x, int y, struct colour colour)
{
    display_rectangle(display, x, y, 1, 1, colour);
}

/* Sleeps until the next picture is due. Who is late does not hurry to catch up. */
static void keep_pace(struct display *display)
{
    const long second = 1000000000L;
    struct timespec now, rest;
    display->next.tv_nsec += second / FRAMES_A_SECOND;
    display->next.tv_sec += display->next.tv_nsec / second;
    display->next.tv_nsec %= second;
    clock_gettime(CLOCK_MONOTONIC, &now);
    rest.tv_sec = display->next.tv_sec - now.tv_sec;
    rest.tv_nsec = display->next.tv_nsec - now.tv_nsec;
    if (rest.tv_nsec < 0) {
        rest.tv_nsec += second;
        rest.tv_sec--;
    }
    if (rest.tv_sec < 0)
        display->next = now;
    else
        nanosleep(&rest, NULL); // a signal cuts it short, and that is well
}

int display_show(struct display *display)
{
    int error = display->kind->show(display);
    if (error == 0 && !display_must_end())
        keep_pace(display);
    return display_must_end() ? ECANCELED : error;
}

void display_close(struct display *display)
{
    if (display == NULL)
        return;
    display->kind->close();
    release_signals();
    free(display->points);
    free(display);
}
