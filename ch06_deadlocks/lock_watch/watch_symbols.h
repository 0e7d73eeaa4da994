/*
 * watch_symbols.h - the function, file and line of an address in the code; the variable at one in the
 * data.
 *
 * The tools that know these names take a while, so all addresses are gathered first: a report is made twice.
 * In the first pass nothing is printed, and every address it asks for is noted; then watch_symbols_find asks
 * the tools; in the second pass the names are there.
 *
 * One thread at a time. Needs no memory, and no lock of libc (before glibc 2.35, the loader's).
 */
#ifndef WATCH_SYMBOLS_H
#define WATCH_SYMBOLS_H

#include <stdbool.h>

/* The watched program's file; needed where the loader knows it only by a relative name. */
void watch_symbols_program(const char *path);

/*
 * "function (file.c:12)", or as much as is known of it, for the call that returns to that address. The
 * text stays; "" while it is not known yet. Of C++ functions, the arguments are left out.
 */
const char *watch_place(const void *address);

/* The same for a function's own address, and its name only. */
const char *watch_function(const void *address);

/* The name of a variable that is there. "": there is none, or it is not known yet. */
const char *watch_variable(const void *address);

/* Asks the tools for all that is new since the last time; for some seconds at most. */
void watch_symbols_find(void);

/*
 * Known after watch_symbols_find, for addresses that watch_place was asked for. Whether the call stands
 * in the C++ library, or in a header of the system, as that in std::mutex::lock does: its caller tells
 * more. Whether it stands in libc; and in this library.
 */
bool watch_is_wrapper(const void *address);
bool watch_is_libc(const void *address);
bool watch_is_own_library(const void *address);

/*
 * Shortens the demangled name of a C++ function: "int f<long>(char) const" becomes "f<long>", and, if that
 * is still too long, "f<>".
 */
void watch_shorten(char *name);

#endif
