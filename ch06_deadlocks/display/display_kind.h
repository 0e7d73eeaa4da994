/*
 * display_kind.h - what each kind of display provides. Only display.c and the kinds need it.
 */
#ifndef DISPLAY_KIND_H
#define DISPLAY_KIND_H

#include "display.h"

struct display_kind {
    const char *name;

    /* NULL, or the reason why it cannot be opened (a text that stays where it is). */
    const char *(*open)(const struct display *display, const char *title);

    /* Shows the picture now. As display_show. */
    int (*show)(const struct display *display);

    void (*close)(void);
};

extern const struct display_kind display_window, display_terminal;

/* Whether a signal has told the display to end. Who waits for something better gives up then. */
bool display_must_end(void);

#endif
