/*
 * picture.h - the railway from above.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include "display.h"
#include "railway.h"

enum { PICTURE_SIZE = 320 }; // points across, and down

/* Draws the railway as the notes say. */
void picture_draw(struct display *display, const struct notes *notes);

#endif
