/*
 * screen.h - screens to test programs on. One is a pseudo-terminal that keeps track of what a person
 * would see; it knows what display.c sends, and nothing else may come. The other is an X server.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

enum { MOST_COLUMNS = 400, MOST_ROWS = 120 };

struct character {
    unsigned code;   // Unicode; 0: not written since the screen was cleared
    char colour[20]; // as in the escape sequence, "38;5;47"; empty: the terminal's own
    bool is_on_black;
};

struct screen {
    pid_t child;
    int terminal, other_side; // the first is ours
    struct termios before;    // how the terminal was set in the beginning

    int columns, rows, column, row;
    bool is_other, is_cursor_hidden, is_wrap_off; // what has to be undone
    char colour[20];
    bool is_black;
    struct character characters[MOST_ROWS][MOST_COLUMNS]; // of the other screen

    char text[1 << 16]; // everything that was written while the other screen was not there
    size_t text_length;
    size_t bytes; // of all
    int bells;    // how often the bell rang
    unsigned char sequence[40];
    size_t sequence_length; // of the escape sequence or character that is not complete yet
};

/* Runs the function in a new process that has a new terminal. It must not return. */
void screen_start(struct screen *screen, int columns, int rows, void (*child)(const void *),
                  const void *argument);

/* The same for a shell command, run as `run` does, with no desktop and without NO_COLOR. */
void screen_run(struct screen *screen, int columns, int rows, const char *command);

/* Reads until the program has rung the bell `count` times more. */
void screen_read_bells(struct screen *screen, int count);

/* Reads until the other screen is there, or not, and then `bytes` more. */
void screen_read_until(struct screen *screen, bool is_other, size_t bytes);

void screen_type(const struct screen *screen, const char *keys);

/* Gives the terminal another size. What it shows then is undefined until it is cleared. */
void screen_resize(struct screen *screen, int columns, int rows);

/*
 * Reads until the program ends, and checks that it left the terminal as it was. Returns its exit
 * status; 128 and more: the signal plus 128.
 */
int screen_end(struct screen *screen);

/* Counts the dots in all characters of braille, and checks that nothing lies outside the terminal. */
int screen_dots(const struct screen *screen);

/* What screen_start_x needs. */
#define X_SERVER "command -v Xvfb >/dev/null"

/* Starts an X server that nobody sees, and sets DISPLAY. It ends with the test. */
void screen_start_x(void);

#endif
