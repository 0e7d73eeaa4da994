/*
 * polygon_area.h - the area of a polygon that is given as text.
 */
#ifndef POLYGON_AREA_H
#define POLYGON_AREA_H

#include <stddef.h>
#include <stdint.h>

enum { LARGEST_COORDINATE = 1000000, MOST_CORNERS = 9000000 };

/*
 * Returns twice the area of the polygon that the `length` characters at `text` describe, by the shoelace
 * formula: an exact whole number. The form is (x,y),(x,y),… and nothing else, with whole numbers from 0
 * to LARGEST_COORDINATE and at most MOST_CORNERS corners, so that the sum fits. An empty text has an
 * area of 0. Returns -1 if the text is not of that form. Any number of threads may call it.
 */
int64_t polygon_twice_area(const char *text, size_t length);

#endif
