/*
 * metar.h - reads the wind out of airport weather reports (METAR), one function a rule.
 *
 * None of the calls waits, locks or allocates, and none keeps state of its own: any number of threads
 * may use them at once, on texts of their own.
 */
#ifndef METAR_H
#define METAR_H

#include <stdbool.h>
#include <stddef.h>

enum { WIND_LENGTH = 7, WIND_DIRECTIONS = 8 };

struct report {
    const char *start; // not terminated
    size_t length;
};

/* The length of what comes before the first line that contains "TAF": forecasts, no reports. */
size_t metar_part(const char *text, size_t size);

/*
 * The next report of a text: lines up to one with a '=', stripped of spaces and joined without any
 * between them. The text of lines with a '#' is left out. Moves *text behind the report and returns
 * true, or returns false at the end; what no '=' closes is dropped.
 *
 * Lines are joined where they stand, in the text itself, which is changed; the report is a part of it.
 */
bool metar_next_report(char **text, const char *end, struct report *report);

/*
 * The wind of a London Heathrow report, WIND_LENGTH characters like "24013KT" or "VRB03KT", or NULL.
 * It is what the group matches in the regular expression
 *
 *     \d* METAR.*EGLL \d*Z [A-Z ]*(\d{5}KT|VRB\d{2}KT).*=
 *
 * at its first match in the report, longest repetitions tried first. Gusts, 24013G25KT, do not match.
 */
const char *metar_wind(struct report report);

/*
 * Adds one to the direction that the wind blows from: N, NE, E, SE, S, SW, W, NW. A variable wind
 * counts for each of them.
 */
void metar_count(const char *wind, long counts[WIND_DIRECTIONS]);

#endif
