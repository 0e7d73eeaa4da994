/*
 * display.h - a picture made of coloured points, shown 30 times a second: in a window, in the
 * terminal, or not at all.
 *
 *   const char *reason;
 *   struct display *display = display_open("Snow", 320, 200, 3, NULL, &reason);
 *   do {
 *       display_clear(display);
 *       display_rectangle(display, x, y, 2, 2, white);
 *   } while (display_show(display) == 0);
 *   display_close(display);
 *
 * Drawing changes the picture in memory only; display_show shows it. All calls are for the one
 * thread that opened the display, which is the main thread (windows insist on that), and there is
 * one display at a time. The others that the program starts should block all signals: then Ctrl-C
 * wakes that thread.
 *
 * The window is there when the program is built with HAVE_SDL2. It is `scale` times as large as the
 * picture, and can be resized.
 *
 * The terminal shows the picture in braille characters, eight dots in each, made smaller to fit,
 * never larger. A dot is set where any point is drawn (that is not black), so nothing drawn gets
 * lost; the colour of a character is the mean of the points drawn in it. Where the locale is not
 * UTF-8, it makes do with : ' and . characters. COLORTERM says whether the terminal knows all
 * colours (truecolor, 24bit) or gets the nearest of 256. The screen is as it was before when the
 * display is closed, and also when the program calls exit(). Ctrl-Z works, too. What is printed to
 * stderr meanwhile comes out when the display is closed; after that stderr still has a buffer,
 * until the program ends. (C allows that only if nothing has been printed there before.)
 */
#ifndef DISPLAY_H
#define DISPLAY_H

#include <stdbool.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { FRAMES_A_SECOND = 30 };

struct colour {
    unsigned char red, green, blue;
};

struct display {
    int width, height, scale;        // of the picture, in points; and of the window
    struct colour *points;           // line by line from the top, width * height of them
    const struct display_kind *kind; // which display it is
    struct timespec next;            // when it is time for the next picture
};

/* Whether there is a display of that name: "window", "terminal" or "none". */
bool display_is_kind(const char *name);

/*
 * Opens the display of that name, or for NULL the first that can be opened: a window, the terminal,
 * none. The picture is black. From now on SIGINT, SIGTERM, SIGHUP and SIGQUIT (those that are not
 * ignored) end the display, not the program.
 *
 * NULL: it could not be opened, and `reason` says why.
 */
struct display *display_open(const char *title, int width, int height, int scale, const char *name,
                             const char **reason);

/* "window", "terminal" or "none", which stays there when the display is closed. */
const char *display_name(const struct display *display);

/* Makes all of the picture black. */
void display_clear(struct display *display);

/* Colours the points from (x, y), the left upper one, as far as they lie within the picture. */
void display_rectangle(struct display *display, int x, int y, int width, int height,
                       struct colour colour);

/* One point. */
void display_point(struct display *display, int x, int y, struct colour colour);

/*
 * Shows the picture, and waits until it is time for the next. 0; ECANCELED: the user wants to end
 * (has closed the window, pressed q, Esc or Ctrl-C, or sent one of the signals); or another error
 * number: it cannot be shown any more.
 */
int display_show(struct display *display);

/* Closes the display and frees it. NULL is fine. The signals do again what they did before. */
void display_close(struct display *display);

#ifdef __cplusplus
}
#endif

#endif
