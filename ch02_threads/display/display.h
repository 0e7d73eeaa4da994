/*
 * display.h - a picture made of coloured points, shown 30 times a second: in a window, in the
 * terminal, or not at all.
 *
 *   const char *reason;
 *   struct display *display = display_open("Snow", 320, 200, 3, NULL, &reason);
 *   do {
 *       display_clear(display);
 *       display_rectangle(display, x, y, 2, 2, white);
 *       display_text(display, 4, 4, "Q ENDS", white);
 *   } while (display_show(display) == 0);
 *   display_close(display);
 *
 * Copy   display.h and display.c; they need POSIX, and SDL2 only for the window
 * Build  cc -pthread snow.c display.c
 *        cc -pthread -DHAVE_SDL2 $(pkg-config --cflags sdl2) snow.c display.c $(pkg-config --libs sdl2)
 *
 * Threads: the main thread makes all calls, because windows insist on that. There is one display at a
 * time.
 *
 * Signals: while a display is open, SIGINT, SIGTERM, SIGHUP and SIGQUIT (unless they were ignored)
 * end the display, not the program: display_show returns ECANCELED. Ctrl-Z stops the program in
 * display_show. display_close makes all of them do what they did before.
 *
 * The window can be resized. The picture grows and shrinks with it, and keeps its shape.
 *
 * The terminal shows the picture in braille characters of 2 x 4 dots, made smaller to fit, never
 * larger. A dot is set if any point that falls on it is not black, so nothing drawn gets lost; the
 * colour of a character is the mean of its points. When the display is closed, or any thread calls
 * exit(), the screen becomes what it was before. What was printed to stderr in the meantime appears
 * then. (For this, stderr gets a buffer.)
 *
 * Environment: NO_COLOR, if not empty: no colours in the terminal. TERM unset, empty or dumb: no
 * display in the terminal. The locale (display_open calls setlocale(LC_CTYPE, "")): without UTF-8
 * there are : ' and . instead of braille.
 */
#ifndef DISPLAY_H
#define DISPLAY_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { FRAMES_A_SECOND = 30 };

struct colour {
    unsigned char red, green, blue;
};

struct display {
    int width, height;     // of the picture, in points
    struct colour *points; // line by line from the top, width * height of them
    int kind;              // private, as is the rest
    long long next;        // when the next picture is due, in nanoseconds
};

/* Returns whether there is a display of that name: "window", "terminal" or "none". */
bool display_is_kind(const char *name);

/*
 * Opens the display of that name with a black picture of width x height points. A window has `scale`
 * times that size in pixels, and the title; the terminal ignores both.
 *
 * With NULL as the name it opens the first of these that it can: a window, if HAVE_SDL2 was defined
 * and there is a desktop (DISPLAY or WAYLAND_DISPLAY is set); the terminal, if standard output is
 * one; "none", which shows nothing but keeps the same pace.
 *
 * Returns NULL if it cannot be opened; then `reason` says why.
 */
struct display *display_open(const char *title, int width, int height, int scale, const char *name,
                             const char **reason);

/* "window", "terminal" or "none". Still valid after display_close. */
const char *display_name(const struct display *display);

/*
 * These draw in memory only, until display_show. What lies outside the picture is left out.
 */

/* Makes the whole picture black, and removes all text. */
void display_clear(struct display *display);

/* Colours a rectangle whose upper left point is (x, y). */
void display_rectangle(struct display *display, int x, int y, int width, int height,
                       struct colour colour);

/* Colours one point. */
void display_point(struct display *display, int x, int y, struct colour colour);

/*
 * Writes ASCII text whose upper left point is (x, y). A character is 3 points wide and 5 high, and
 * the next one begins 4 points further on. Lower case looks like upper case, and a character that
 * the font lacks looks like a question mark.
 *
 * The terminal shows the text as it is, above all that is drawn; each text begins where the middle
 * of its first character is, and one character follows directly on the other. Black text takes the
 * colour of what it covers there. After 4096 characters it ignores the rest until display_clear.
 */
void display_text(struct display *display, int x, int y, const char *text, struct colour colour);

/*
 * Shows the picture, and sleeps until it is time for the next one: a thirtieth of a second after the
 * last. (Built with -DPACE=20: a twentieth of that.) A caller that is late does not have to catch up.
 *
 * Returns 0; or ECANCELED if the user wants to end: has closed the window, pressed q, Esc or Ctrl-C,
 * or sent one of the signals; or another error number if nothing can be shown any more.
 */
int display_show(struct display *display);

/* Closes the display and frees it. NULL is allowed. */
void display_close(struct display *display);

#ifdef __cplusplus
}
#endif

#endif
