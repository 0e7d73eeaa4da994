/*
 * why_not.h - why a program cannot be watched, or only in part.
 */
#ifndef WHY_NOT_H
#define WHY_NOT_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Returns whether the system can load the library into the program in that file, and says why not, in
 * one line, on `to`. `follows`: the programs that this one starts are to be watched, too; then true also
 * for one that can only hand the library on.
 */
bool can_be_watched(const char *program, const char *library, bool follows, FILE *to);

#endif
