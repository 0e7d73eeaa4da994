/*
 * display_terminal.c - shows the picture in the terminal. See display.h.
 *
 * A frame is made in two steps: the points are gathered into cells, one for each character; then
 * the cells that differ from what the terminal shows are sent. Nothing else is: that is what makes
 * it fast, also over a slow line.
 */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 // for sigaction, where a compiler is told -std=c11
#endif

#include "display_kind.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { CELL_WIDTH = 2, CELL_HEIGHT = 4 }; // in dots

/* Another screen, no cursor, no wrapping at the edge; and everything as it was. */
static const char enter_screen[] = "\033[?1049h\033[?25l\033[?7l";
static const char leave_screen[] = "\033[0m\033[?7h\033[?25h\033[?1049l";

/* What one character shows. Where there is no dot, the colour is black. */
struct cell {
    unsigned char dots; // a bit for each
    struct colour colour;
};

/* No cell is like this one: so all differ from it, and are sent. */
static const struct cell unknown = {0, {255, 255, 255}};

/* The points that fall into a cell. */
struct gathered {
    unsigned long red, green, blue, count;
    unsigned char dots;
};

static struct {
    bool is_utf8, has_all_colours;
    bool has_keyboard;            // stdin is a terminal, too; then
    struct termios keyboard_mode; // as it was before
    struct sigaction stop_before, continue_before;

    int columns, rows;            // of the terminal
    int dots_across, dots_down;   // the picture, made to fit
    int cells_across, cells_down; // the same in cells
    int left, top;                // where its first cell is, in the middle of the terminal
    struct gathered *gathered;    // cells_across * cells_down of each
    struct cell *shown;           // what the terminal shows
    int pen_column, pen_row;  // where the terminal puts the next character; column -1: somewhere
    struct colour pen_colour; // its colour, if
    bool pen_has_colour;      // it is known
    char out[1 << 14];        // text to send
    size_t length;            // how much of it there is
    int error;                // the first that sending met with, or 0

    // exit() may come from any thread while the main thread draws, and it restores the screen.
    // After that nothing more may be sent. This lock is never destroyed: exit() may come at any
    // time.
    pthread_mutex_t lock; // protects:
    bool is_entered;      // the screen is ours
} terminal = {.lock = PTHREAD_MUTEX_INITIALIZER};

static atomic_bool told_to_stop, was_continued; // what SIGTSTP and SIGCONT leave behind

static void note_stop_or_continue(int signal_number)
{
    atomic_store(signal_number == SIGTSTP ? &told_to_stop : &was_continued, true);
}

/* Sends bytes. Gives up when the display has to end: the terminal may never take more (Ctrl-S). */
static void send_bytes(const char *bytes, size_t size, bool may_give_up)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    while (size > 0 && terminal.error == 0 && !(may_give_up && display_must_end())) {
        ssize_t sent = write(STDOUT_FILENO, bytes, size);
        if (sent >= 0) {
            bytes += sent;
            size -= (size_t)sent;
        } else if (errno == EAGAIN) {
            poll(&output, 1, 100); // somebody has set O_NONBLOCK
        } else if (errno != EINTR) {
            terminal.error = errno;
        }
    }
}

/* Sends what has been put. */
static void flush(void)
{
    pthread_mutex_lock(&terminal.lock);
    if (terminal.is_entered)
        send_bytes(terminal.out, terminal.length, true);
    pthread_mutex_unlock(&terminal.lock);
    terminal.length = 0;
}

static void put(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void put(const char *format, ...)
{
    enum { LONGEST = 100 };
    va_list arguments;
    if (terminal.length + LONGEST > sizeof terminal.out)
        flush();
    va_start(arguments, format);
    int length = vsnprintf(terminal.out + terminal.length, LONGEST, format, arguments);
    va_end(arguments);
    terminal.length += (size_t)length;
}

/*
 * Takes over the screen. Keys come one by one and are not shown; Ctrl-C and Ctrl-Z stay what they
 * are.
 */
static void enter(void)
{
    if (terminal.has_keyboard) {
        struct termios mode = terminal.keyboard_mode;
        mode.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
        mode.c_cc[VMIN] = 0; // a read that finds no key returns at once
        mode.c_cc[VTIME] = 0;
        tcsetattr(STDIN_FILENO, TCSANOW, &mode);
    }
    pthread_mutex_lock(&terminal.lock);
    terminal.is_entered = true;
    send_bytes(enter_screen, strlen(enter_screen), true);
    pthread_mutex_unlock(&terminal.lock);
    terminal.columns = 0; // so that all is drawn
}

/* Gives the screen back as it was. Any thread may call this, at any time: see exit(). */
static void leave(void)
{
    pthread_mutex_lock(&terminal.lock);
    if (terminal.is_entered) {
        send_bytes(leave_screen, strlen(leave_screen), false);
        if (terminal.has_keyboard) {
            tcflush(STDIN_FILENO, TCIFLUSH); // keys meant for the display are not for the shell
            tcsetattr(STDIN_FILENO, TCSANOW, &terminal.keyboard_mode);
        }
    }
    terminal.is_entered = false;
    pthread_mutex_unlock(&terminal.lock);
}

static bool is_one_of(const char *name, const char *first, const char *second)
{
    const char *value = getenv(name);
    return value != NULL && (strcmp(value, first) == 0 || strcmp(value, second) == 0);
}

static int cells_for(int dots, int cell_size)
{
    return (dots + cell_size - 1) / cell_size;
}

static const char *open_terminal(const struct display *display, const char *title)
{
    static bool is_known_to_exit;
    static char messages[1 << 12];
    struct sigaction action = {.sa_handler = note_stop_or_continue};
    (void)title;
    if (!isatty(STDOUT_FILENO))
        return "standard output is not a terminal";
    if (getenv("TERM") == NULL || is_one_of("TERM", "dumb", ""))
        return "TERM names no terminal that can be drawn on";

    // The picture is never enlarged, so this is the most that there can be.
    size_t most = (size_t)cells_for(display->width, CELL_WIDTH) *
                  (size_t)cells_for(display->height, CELL_HEIGHT);
    terminal.gathered = calloc(most, sizeof *terminal.gathered);
    terminal.shown = calloc(most, sizeof *terminal.shown);
    if (terminal.gathered == NULL || terminal.shown == NULL) {
        free(terminal.gathered);
        free(terminal.shown);
        return strerror(ENOMEM);
    }
    // A message printed to stderr now would vanish with the screen. So it stays in a buffer: exit()
    // first calls leave(), then it prints what is in the buffers.
    if (!is_known_to_exit) {
        is_known_to_exit = true;
        atexit(leave);
        setvbuf(stderr, messages, _IOFBF, sizeof messages);
    }
    setlocale(LC_CTYPE, "");
    terminal.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    terminal.has_all_colours = is_one_of("COLORTERM", "truecolor", "24bit");
    terminal.has_keyboard =
        isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &terminal.keyboard_mode) == 0;
    terminal.error = 0;

    sigaction(SIGCONT, &action, &terminal.continue_before);
    sigaction(SIGTSTP, NULL, &terminal.stop_before);
    if (terminal.stop_before.sa_handler != SIG_IGN) // or nobody is there to continue it
        sigaction(SIGTSTP, &action, NULL);
    enter();
    return NULL;
}

static void close_terminal(void)
{
    leave();
    sigaction(SIGTSTP, &terminal.stop_before, NULL);
    sigaction(SIGCONT, &terminal.continue_before, NULL);
    fflush(stderr);
    free(terminal.gathered);
    free(terminal.shown);
}

/* Asks how large the terminal is. If that has changed, begins with an empty screen. */
static void fit(const struct display *display)
{
    struct winsize size;
    int columns = 80, rows = 24;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        columns = size.ws_col;
        rows = size.ws_row;
    }
    if (columns == terminal.columns && rows == terminal.rows)
        return;
    terminal.columns = columns;
    terminal.rows = rows;

    int across = columns * CELL_WIDTH < display->width ? columns * CELL_WIDTH : display->width;
    int down = rows * CELL_HEIGHT < display->height ? rows * CELL_HEIGHT : display->height;
    if (across * display->height > down * display->width)
        across = down * display->width / display->height;
    else
        down = across * display->height / display->width;
    terminal.dots_across = across > 0 ? across : 1;
    terminal.dots_down = down > 0 ? down : 1;
    terminal.cells_across = cells_for(terminal.dots_across, CELL_WIDTH);
    terminal.cells_down = cells_for(terminal.dots_down, CELL_HEIGHT);
    terminal.left = (columns - terminal.cells_across) / 2;
    terminal.top = (rows - terminal.cells_down) / 2;
    for (int i = 0; i < terminal.cells_across * terminal.cells_down; i++)
        terminal.shown[i] = unknown;
    terminal.pen_column = -1;
    terminal.pen_has_colour = false;
    put("\033[0m\033[2J\033[48;5;16m"); // empty; from here on, the background is black
}

static bool is_black(struct colour colour)
{
    return colour.red == 0 && colour.green == 0 && colour.blue == 0;
}

/* The bit of a dot, in the order that braille has: the lowest row was added later. */
static unsigned char dot_bit(int x, int y)
{
    return (unsigned char)(1 << (y < 3 ? x * 3 + y : 6 + x));
}

/* Every point that is not black goes to its cell. */
static void gather(const struct display *display)
{
    memset(terminal.gathered, 0,
           (size_t)(terminal.cells_across * terminal.cells_down) * sizeof terminal.gathered[0]);
    for (int y = 0; y < display->height; y++) {
        const struct colour *line = &display->points[y * display->width];
        int dot_y = y * terminal.dots_down / display->height;
        for (int x = 0; x < display->width; x++) {
            if (is_black(line[x]))
                continue;
            int dot_x = x * terminal.dots_across / display->width;
            int row = dot_y / CELL_HEIGHT, column = dot_x / CELL_WIDTH;
            struct gathered *cell = &terminal.gathered[row * terminal.cells_across + column];
            cell->red += line[x].red;
            cell->green += line[x].green;
            cell->blue += line[x].blue;
            cell->count++;
            cell->dots |= dot_bit(dot_x % CELL_WIDTH, dot_y % CELL_HEIGHT);
        }
    }
}

static struct cell cell_of(const struct gathered *gathered)
{
    struct cell cell = {.dots = gathered->dots};
    if (gathered->count > 0) {
        cell.colour.red = (unsigned char)(gathered->red / gathered->count);
        cell.colour.green = (unsigned char)(gathered->green / gathered->count);
        cell.colour.blue = (unsigned char)(gathered->blue / gathered->count);
    }
    return cell;
}

static bool is_same_colour(struct colour a, struct colour b)
{
    return a.red == b.red && a.green == b.green && a.blue == b.blue;
}

/* The nearest of the six steps of 256 colours: 0, 95, 135, 175, 215, 255. */
static int step_of(unsigned char part)
{
    return part < 48 ? 0 : part < 115 ? 1 : (part - 35) / 40;
}

static void put_colour(struct colour colour)
{
    if (terminal.has_all_colours)
        put("\033[38;2;%d;%d;%dm", colour.red, colour.green, colour.blue);
    else
        put("\033[38;5;%dm",
            16 + 36 * step_of(colour.red) + 6 * step_of(colour.green) + step_of(colour.blue));
}

static void put_dots(unsigned char dots)
{
    const unsigned char upper = 0x1b, all = 0xff; // the upper two of four rows
    if (dots == 0)
        put(" ");
    else if (!terminal.is_utf8)
        put("%s", (dots & upper) == 0 ? "." : (dots & ~upper) == 0 ? "'" : ":");
    else if (dots == all)
        put("\xe2\x96\x88"); // U+2588, a full block
    else
        put("\xe2%c%c", 0xa0 | dots >> 6, 0x80 | (dots & 0x3f)); // U+2800 and the dots
}

static void put_cell(int column, int row, struct cell cell)
{
    if (column != terminal.pen_column || row != terminal.pen_row)
        put("\033[%d;%dH", terminal.top + row + 1, terminal.left + column + 1);
    terminal.pen_column = column + 1;
    terminal.pen_row = row;
    if (cell.dots != 0 &&
        !(terminal.pen_has_colour && is_same_colour(cell.colour, terminal.pen_colour))) {
        put_colour(cell.colour);
        terminal.pen_colour = cell.colour;
        terminal.pen_has_colour = true;
    }
    put_dots(cell.dots);
}

/* Whether the user has typed q or Esc. (Other keys may send Esc, too, but more behind it.) */
static bool asks_to_end(void)
{
    char keys[64];
    ssize_t count = terminal.has_keyboard ? read(STDIN_FILENO, keys, sizeof keys) : 0;
    return count > 0 && (memchr(keys, 'q', (size_t)count) != NULL || keys[count - 1] == '\033');
}

static int show_terminal(const struct display *display)
{
    if (atomic_exchange(&told_to_stop, false)) {
        leave();
        raise(SIGSTOP); // all of the program stops here, until somebody sends SIGCONT
    }
    if (atomic_exchange(&was_continued, false))
        enter();
    fit(display);
    gather(display);
    for (int row = 0; row < terminal.cells_down; row++) {
        for (int column = 0; column < terminal.cells_across; column++) {
            int i = row * terminal.cells_across + column;
            struct cell cell = cell_of(&terminal.gathered[i]);
            if (cell.dots == terminal.shown[i].dots &&
                is_same_colour(cell.colour, terminal.shown[i].colour))
                continue;
            put_cell(column, row, cell);
            terminal.shown[i] = cell;
        }
    }
    flush();
    return terminal.error != 0 ? terminal.error : asks_to_end() ? ECANCELED : 0;
}

const struct display_kind display_terminal = {"terminal", open_terminal, show_terminal,
                                              close_terminal};
