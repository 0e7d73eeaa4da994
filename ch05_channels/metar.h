/*
 * metar.h - airport weather reports (METAR): the regular expressions that find the wind in them, and
 * strings that are parts of a text, as Go's are.
 *
 * No call waits, locks or keeps state of its own: any number of threads may make them at once, each
 * with strings and lists of its own.
 */
#ifndef METAR_H
#define METAR_H

#include <stdbool.h>
#include <stddef.h>

/* Part of a text: any bytes, not terminated. It does not own them. */
struct string {
    char *start;
    size_t length;
};

/* A list of strings, all of them parts of one text. Its owner frees both, the list and the text. */
struct strings {
    char *text;
    struct string *list;
    size_t count;
};

/* Adds a string to the list, which begins as {.text = …}. Ends the program where memory runs out. */
void append(struct strings *strings, struct string string);

/* Takes the next line, without its newline, off the text. Returns false at the end of the text. */
bool next_line(struct string *text, struct string *line);

/* The string without the spaces at both of its ends. */
struct string trim(struct string string);

/*
 * Makes `string` longer by `more`, which must stand behind it in the same text, and moves left over what
 * was between them; so nothing has to be allocated. An empty string just becomes `more`.
 */
void join(struct string *string, struct string more);

/*
 * The regular expressions. They are written out by hand, since a general matcher would take most of the
 * program's time; the tests compare each with regexec(3). All of them look anywhere in the string.
 */
bool taf_validation(struct string line);  /* .*TAF.*       a forecast: here the reports end */
bool comment(struct string line);         /* \w*#.*                                         */
bool metar_close(struct string line);     /* .*=           the last line of a report        */
bool variable_wind(struct string wind);   /* .*VRB\d{2}KT  such as VRB03KT                  */
bool valid_wind(struct string wind);      /* \d{5}KT       such as 24013KT                  */
double wind_dir_only(struct string wind); /* (\d{3})\d{2}KT  the group, as a number; 0 if none */

/*
 * \d* METAR.*EGLL \d*Z [A-Z ]*(\d{5}KT|VRB\d{2}KT).*=     in a report of London Heathrow
 *
 * Sets `wind` to what the group matches at the leftmost match, longest repetitions tried first. Returns
 * false if nothing matches. Gusts, such as 24013G25KT, do not.
 */
bool wind_regex(struct string metar, struct string *wind);

#endif
