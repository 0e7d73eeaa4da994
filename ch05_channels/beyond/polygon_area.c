/*
 * polygon_area.c - parses corners and adds up as it goes. See polygon_area.h.
 */
#include "polygon_area.h"

#include <stdbool.h>

struct corner {
    int64_t x, y;
};

/* Reads one number and the character behind it. Returns false if they are not there. */
static bool read_number(const char **text, const char *end, char behind, int64_t *number)
{
    const char *at = *text;
    int64_t value = 0;
    while (at < end && *at >= '0' && *at <= '9' && value <= LARGEST_COORDINATE)
        value = value * 10 + (*at++ - '0');
    if (at == *text || at == end || *at != behind || value > LARGEST_COORDINATE)
        return false;
    *number = value;
    *text = at + 1;
    return true;
}

static bool read_corner(const char **text, const char *end, struct corner *corner)
{
    if (*text == end || **text != '(')
        return false;
    ++*text;
    return read_number(text, end, ',', &corner->x) && read_number(text, end, ')', &corner->y);
}

static int64_t cross(struct corner a, struct corner b)
{
    return a.x * b.y - b.x * a.y;
}

int64_t polygon_twice_area(const char *text, size_t length)
{
    const char *end = text + length;
    struct corner first, previous, corner;
    int64_t sum = 0;
    if (length == 0)
        return 0;
    if (!read_corner(&text, end, &first))
        return -1;
    previous = first;
    for (int corners = 1; text < end; corners++) {
        if (*text++ != ',' || corners == MOST_CORNERS || !read_corner(&text, end, &corner))
            return -1;
        sum += cross(previous, corner);
        previous = corner;
    }
    sum += cross(previous, first);
    return sum < 0 ? -sum : sum;
}
