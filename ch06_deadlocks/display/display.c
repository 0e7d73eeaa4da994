/*
 * display.c - the picture, and how a window and a terminal show it. See display.h.
 */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 // for sigaction and clock_gettime, if the compiler is told -std=c11
#endif

#include "display.h"

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
#include <time.h>
#include <unistd.h>

#ifdef HAVE_SDL2
#include <SDL.h>
#endif

/* Pauses are divided by this, so that tests need not wait: cc -DPACE=20. */
#ifndef PACE
#define PACE 1
#endif

/* The best one comes first, and the last one can always be opened. */
enum { WINDOW, TERMINAL, NONE, KINDS };
static const char *const names[KINDS] = {"window", "terminal", "none"};

static bool is_black(struct colour colour)
{
    return colour.red == 0 && colour.green == 0 && colour.blue == 0;
}

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && value[0] != '\0';
}

/* Signals: the handler only takes a note. It may run in any thread. */

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT};
enum { SIGNALS = sizeof signals / sizeof signals[0] };

static struct sigaction actions_before[SIGNALS];
static atomic_bool told_to_end, told_to_stop, was_continued;

static void take_note(int signal_number)
{
    atomic_store(signal_number == SIGTSTP   ? &told_to_stop
                 : signal_number == SIGCONT ? &was_continued
                                            : &told_to_end,
                 true);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = take_note}; // no SA_RESTART: it cuts a wait short
    atomic_store(&told_to_end, false);
    atomic_store(&told_to_stop, false);
    atomic_store(&was_continued, false);
    for (int i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], NULL, &actions_before[i]);
        if (actions_before[i].sa_handler != SIG_IGN) // as nohup does, for one
            sigaction(signals[i], &action, NULL);
    }
}

static void release_signals(void)
{
    for (int i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &actions_before[i], NULL);
}

/*
 * The terminal. The points are gathered into cells, one for each character; then only the cells that
 * differ from what the terminal shows are sent. That makes it fast, even over a slow line.
 */

enum { CELL_WIDTH = 2, CELL_HEIGHT = 4 };         // in dots
enum { DEFAULT_COLUMNS = 80, DEFAULT_ROWS = 24 }; // of a terminal that does not know its size
enum { MOST_LETTERS = 4096 };

/* Another screen, no cursor, no wrapping at the edge; and everything as it was. */
static const char enter_screen[] = "\033[?1049h\033[?25l\033[?7l";
static const char leave_screen[] = "\033[0m\033[?7h\033[?25h\033[?1049l";

/* What a character looks like. */
struct look {
    unsigned char dots;   // of braille, a bit for each
    unsigned char colour; // one of the terminal's 256, or 0: none
    char letter;          // stands above the dots, or is 0
};

/* No cell looks like this, so all of them differ from it and are sent. */
static const struct look unknown = {.letter = '\1'};

struct cell {
    unsigned long red, green, blue, count; // of the points that fall into it
    struct look look, shown;               // what it should look like, and what the terminal shows
};

/* A character of a text. */
struct letter {
    int x, y;  // the middle of the first character of its text that lies in the picture
    int place; // how many others come before this one
    char letter;
    struct colour colour;
};

static struct {
    bool is_utf8, has_colours;
    bool has_keyboard;            // stdin is a terminal, too
    struct termios keyboard_mode; // as it was before

    int columns, rows;            // of the terminal
    int dots_across, dots_down;   // of the picture, made to fit
    int cells_across, cells_down; // the same in cells
    int left, top;                // where its first cell is
    struct cell *cells;
    struct letter letters[MOST_LETTERS];
    int letter_count;

    int pen_column, pen_row;  // where the terminal puts the next character; column -1: unknown
    unsigned char pen_colour; // 0: unknown
    char out[1 << 14];        // text to send
    size_t length;            // how much of it there is
    int error;                // the first that sending met with, or 0

    // Any thread may call exit(), which restores the screen, while the main thread draws. After that
    // nothing more may be sent. The lock is never destroyed, because exit() may come at any time.
    pthread_mutex_t lock; // protects: is_entered
    bool is_entered;      // the screen is ours
} terminal = {.lock = PTHREAD_MUTEX_INITIALIZER};

/*
 * Sends bytes. Gives up when the display has to end, because the terminal may never take more
 * (Ctrl-S). The poll is for that, and for a terminal that somebody has made non-blocking.
 */
static void send_bytes(const char *bytes, size_t size, bool may_give_up)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    while (size > 0 && terminal.error == 0 && !(may_give_up && atomic_load(&told_to_end))) {
        if (poll(&output, 1, 100) <= 0)
            continue;
        ssize_t sent = write(STDOUT_FILENO, bytes, size);
        if (sent >= 0) {
            bytes += sent;
            size -= (size_t)sent;
        } else if (errno != EINTR && errno != EAGAIN) {
            terminal.error = errno;
        }
    }
}

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
    enum { LONGEST = 40 };
    va_list arguments;
    if (terminal.length + LONGEST > sizeof terminal.out)
        flush();
    va_start(arguments, format);
    terminal.length +=
        (size_t)vsnprintf(terminal.out + terminal.length, LONGEST, format, arguments);
    va_end(arguments);
}

/* Takes over the screen. Keys come one by one and are not shown; Ctrl-C and Ctrl-Z still work. */
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
    terminal.columns = 0; // so that everything is drawn
}

/* Gives the screen back as it was, if it is ours. Any thread may call this at any time. */
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

static int cells_for(int dots, int cell_size)
{
    return (dots + cell_size - 1) / cell_size;
}

static const char *open_terminal(const struct display *display)
{
    static bool is_known_to_exit;
    static char messages[1 << 12];
    if (!isatty(STDOUT_FILENO))
        return "standard output is not a terminal";
    if (!is_set("TERM") || strcmp(getenv("TERM"), "dumb") == 0)
        return "TERM names no terminal that can be drawn on";

    // The picture is never enlarged, so there can be no more cells than this.
    terminal.cells = calloc((size_t)cells_for(display->width, CELL_WIDTH) *
                                (size_t)cells_for(display->height, CELL_HEIGHT),
                            sizeof *terminal.cells);
    if (terminal.cells == NULL)
        return strerror(ENOMEM);

    // A message printed to stderr now would vanish with the screen. So it stays in a buffer: exit()
    // first calls leave(), then it prints what is in the buffers.
    if (!is_known_to_exit)
        atexit(leave);
    is_known_to_exit = true;
    setvbuf(stderr, messages, _IOFBF, sizeof messages);

    setlocale(LC_CTYPE, "");
    terminal.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    terminal.has_colours = !is_set("NO_COLOR");
    terminal.has_keyboard =
        isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &terminal.keyboard_mode) == 0;
    terminal.letter_count = 0;
    terminal.error = 0;
    enter();
    return NULL;
}

static void close_terminal(void)
{
    leave();
    fflush(stderr);
    setvbuf(stderr, NULL, _IONBF, 0);
    free(terminal.cells);
}

/* Asks how large the terminal is. If that has changed, begins with an empty screen. */
static void fit(const struct display *display)
{
    struct winsize size;
    int columns = DEFAULT_COLUMNS, rows = DEFAULT_ROWS;
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
        terminal.cells[i].shown = unknown;
    terminal.pen_column = -1;
    terminal.pen_colour = 0;
    put("\033[0m\033[2J");
    if (terminal.has_colours)
        put("\033[48;5;16m"); // from here on, the background is black
}

static int dot_x(const struct display *display, int x)
{
    return x * terminal.dots_across / display->width;
}

static int dot_y(const struct display *display, int y)
{
    return y * terminal.dots_down / display->height;
}

/* The bit of a dot, in the order that braille has: the lowest row was added later. */
static unsigned char dot_bit(int x, int y)
{
    return (unsigned char)(1 << (y < 3 ? x * 3 + y : 6 + x));
}

/* The nearest of the six steps that the 256 colours have: 0, 95, 135, 175, 215, 255. */
static unsigned long step_of(unsigned long part)
{
    return part < 48 ? 0 : part < 115 ? 1 : (part - 35) / 40;
}

static unsigned char colour_of(unsigned long red, unsigned long green, unsigned long blue)
{
    return terminal.has_colours
               ? (unsigned char)(16 + 36 * step_of(red) + 6 * step_of(green) + step_of(blue))
               : 0;
}

/* Works out what every cell should look like. */
static void gather(const struct display *display)
{
    int count = terminal.cells_across * terminal.cells_down;
    for (int i = 0; i < count; i++)
        terminal.cells[i] = (struct cell){.shown = terminal.cells[i].shown};
    for (int y = 0; y < display->height; y++) {
        const struct colour *line = &display->points[y * display->width];
        int down = dot_y(display, y);
        struct cell *row = &terminal.cells[down / CELL_HEIGHT * terminal.cells_across];
        for (int x = 0; x < display->width; x++) {
            if (is_black(line[x]))
                continue;
            int across = dot_x(display, x);
            struct cell *cell = &row[across / CELL_WIDTH];
            cell->red += line[x].red;
            cell->green += line[x].green;
            cell->blue += line[x].blue;
            cell->count++;
            cell->look.dots |= dot_bit(across % CELL_WIDTH, down % CELL_HEIGHT);
        }
    }
    for (int i = 0; i < count; i++) {
        struct cell *cell = &terminal.cells[i];
        if (cell->count > 0)
            cell->look.colour = colour_of(cell->red / cell->count, cell->green / cell->count,
                                          cell->blue / cell->count);
    }
    for (int i = 0; i < terminal.letter_count; i++) {
        const struct letter *letter = &terminal.letters[i];
        int column = dot_x(display, letter->x) / CELL_WIDTH + letter->place;
        int row = dot_y(display, letter->y) / CELL_HEIGHT;
        if (column >= terminal.cells_across)
            continue;
        struct look *look = &terminal.cells[row * terminal.cells_across + column].look;
        look->letter = letter->letter;
        if (!is_black(letter->colour))
            look->colour = colour_of(letter->colour.red, letter->colour.green, letter->colour.blue);
    }
}

static void put_character(struct look look)
{
    const unsigned char upper = 0x1b, all = 0xff; // the upper two of four rows
    if (look.letter != '\0')
        put("%c", look.letter);
    else if (look.dots == 0)
        put(" ");
    else if (!terminal.is_utf8)
        put("%s", (look.dots & upper) == 0 ? "." : (look.dots & ~upper) == 0 ? "'" : ":");
    else if (look.dots == all)
        put("\xe2\x96\x88"); // U+2588, a full block
    else
        put("\xe2%c%c", 0xa0 | look.dots >> 6, 0x80 | (look.dots & 0x3f)); // U+2800 and the dots
}

static void put_cell(int column, int row, struct look look)
{
    if (column != terminal.pen_column || row != terminal.pen_row)
        put("\033[%d;%dH", terminal.top + row + 1, terminal.left + column + 1);
    terminal.pen_column = column + 1;
    terminal.pen_row = row;
    if (look.colour != 0 && look.colour != terminal.pen_colour) {
        put("\033[38;5;%dm", look.colour);
        terminal.pen_colour = look.colour;
    }
    put_character(look);
}

/* Whether the user has typed q or Esc. (Other keys may send Esc, too, but more behind it.) */
static bool has_typed_the_end(void)
{
    char keys[64];
    ssize_t count = terminal.has_keyboard ? read(STDIN_FILENO, keys, sizeof keys) : 0;
    return count > 0 && (memchr(keys, 'q', (size_t)count) != NULL || keys[count - 1] == '\033');
}

static int show_terminal(const struct display *display)
{
    fit(display);
    gather(display);
    for (int row = 0; row < terminal.cells_down; row++) {
        for (int column = 0; column < terminal.cells_across; column++) {
            struct cell *cell = &terminal.cells[row * terminal.cells_across + column];
            if (memcmp(&cell->look, &cell->shown, sizeof cell->look) != 0)
                put_cell(column, row, cell->look);
            cell->shown = cell->look;
        }
    }
    flush();
    return terminal.error != 0 ? terminal.error : has_typed_the_end() ? ECANCELED : 0;
}

/* The window, by SDL2 (https://wiki.libsdl.org/SDL2). */

#ifdef HAVE_SDL2

static struct {
    SDL_Window *window;
    SDL_Renderer *renderer; // draws in the window
    SDL_Texture *texture;   // the picture, as the renderer wants it
} window;

static void close_window(void)
{
    SDL_DestroyTexture(window.texture);
    SDL_DestroyRenderer(window.renderer);
    SDL_DestroyWindow(window.window);
    SDL_Quit();
    window.texture = NULL;
    window.renderer = NULL;
    window.window = NULL;
}

/* Without a desktop SDL might take over a server's console. SDL_VIDEODRIVER is SDL's own choice. */
static bool is_desktop(void)
{
#ifdef __APPLE__
    return true;
#else
    return is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") || is_set("SDL_VIDEODRIVER");
#endif
}

static const char *open_window(const struct display *display, const char *title, int scale)
{
    static char reason[200];
    int width = display->width, height = display->height;
    if (!is_desktop())
        return "there is no desktop: neither DISPLAY nor WAYLAND_DISPLAY is set";
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); // there are some above
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "nearest");
#ifndef __APPLE__
    SDL_SetHint("SDL_VIDEODRIVER", "x11,wayland"); // it has others, whose windows nobody sees
#endif
    if (SDL_Init(SDL_INIT_VIDEO) == 0) {
        window.window = SDL_CreateWindow(title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED,
                                         width * scale, height * scale, SDL_WINDOW_RESIZABLE);
        if (window.window != NULL)
            window.renderer = SDL_CreateRenderer(window.window, -1, 0);
        if (window.renderer != NULL)
            window.texture = SDL_CreateTexture(window.renderer, SDL_PIXELFORMAT_RGB24,
                                               SDL_TEXTUREACCESS_STREAMING, width, height);
        // A window of another shape gets black bars.
        if (window.texture != NULL && SDL_RenderSetLogicalSize(window.renderer, width, height) == 0)
            return NULL;
    }
    snprintf(reason, sizeof reason, "%s", SDL_GetError());
    close_window();
    return reason;
}

static bool asks_to_end(const SDL_Event *event)
{
    const SDL_Keysym *key = &event->key.keysym;
    return event->type == SDL_QUIT ||
           (event->type == SDL_KEYDOWN && (key->sym == SDLK_q || key->sym == SDLK_ESCAPE ||
                                           (key->sym == SDLK_c && (key->mod & KMOD_CTRL) != 0)));
}

static int show_window(const struct display *display)
{
    SDL_Event event;
    int line = display->width * (int)sizeof display->points[0];
    bool is_shown = SDL_UpdateTexture(window.texture, NULL, display->points, line) == 0 &&
                    SDL_RenderClear(window.renderer) == 0 &&
                    SDL_RenderCopy(window.renderer, window.texture, NULL, NULL) == 0;
    SDL_RenderPresent(window.renderer);
    while (SDL_PollEvent(&event)) {
        if (asks_to_end(&event))
            return ECANCELED;
    }
    return is_shown ? 0 : EIO;
}

#else

static const char *open_window(const struct display *display, const char *title, int scale)
{
    (void)display, (void)title, (void)scale;
    return "built without SDL2";
}

static int show_window(const struct display *display)
{
    (void)display;
    return 0;
}

static void close_window(void)
{
}

#endif

/* Every display. */

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

bool display_is_kind(const char *name)
{
    for (int kind = 0; kind < KINDS; kind++) {
        if (strcmp(name, names[kind]) == 0)
            return true;
    }
    return false;
}

struct display *display_open(const char *title, int width, int height, int scale, const char *name,
                             const char **reason)
{
    static struct display display; // the only one
    if (display.points != NULL) {
        *reason = "another display is open";
        return NULL;
    }
    display.width = width;
    display.height = height;
    display.points = calloc((size_t)width * (size_t)height, sizeof display.points[0]);
    if (display.points == NULL) {
        *reason = strerror(ENOMEM);
        return NULL;
    }
    *reason = "there is no such display";
    catch_signals();
    for (int kind = 0; kind < KINDS; kind++) {
        if (name != NULL && strcmp(name, names[kind]) != 0)
            continue;
        *reason = kind == WINDOW     ? open_window(&display, title, scale)
                  : kind == TERMINAL ? open_terminal(&display)
                                     : NULL;
        if (*reason == NULL) {
            display.kind = kind;
            display.next = now();
            return &display;
        }
    }
    release_signals();
    free(display.points);
    display.points = NULL;
    return NULL;
}

const char *display_name(const struct display *display)
{
    return names[display->kind];
}

void display_clear(struct display *display)
{
    memset(display->points, 0,
           (size_t)display->width * (size_t)display->height * sizeof display->points[0]);
    terminal.letter_count = 0;
}

void display_rectangle(struct display *display, int x, int y, int width, int height,
                       struct colour colour)
{
    int left = x > 0 ? x : 0, right = x + width < display->width ? x + width : display->width;
    int top = y > 0 ? y : 0, bottom = y + height < display->height ? y + height : display->height;
    for (y = top; y < bottom; y++) {
        for (x = left; x < right; x++)
            display->points[y * display->width + x] = colour;
    }
}

void display_point(struct display *display, int x, int y, struct colour colour)
{
    display_rectangle(display, x, y, 1, 1, colour);
}

/* Text. */

enum { GLYPH_WIDTH = 3, GLYPH_HEIGHT = 5, GLYPH_SIZE = GLYPH_WIDTH * GLYPH_HEIGHT };

/* The rows of each glyph from the top, an octal digit each: 7 is XXX, 5 is X.X, 1 is ..X. */
static const unsigned short glyphs[128] = {
    ['!'] = 022202, ['%'] = 051245, ['\''] = 022000, ['('] = 012221, [')'] = 042224, ['+'] = 002720,
    [','] = 000024, ['-'] = 000700, ['.'] = 000002,  ['/'] = 011244, ['0'] = 075557, ['1'] = 026227,
    ['2'] = 071747, ['3'] = 071717, ['4'] = 055711,  ['5'] = 074717, ['6'] = 074757, ['7'] = 071122,
    ['8'] = 075757, ['9'] = 075717, [':'] = 002020,  ['<'] = 012421, ['='] = 007070, ['>'] = 042124,
    ['?'] = 071202, ['A'] = 025755, ['B'] = 065656,  ['C'] = 034443, ['D'] = 065556, ['E'] = 074647,
    ['F'] = 074644, ['G'] = 034553, ['H'] = 055755,  ['I'] = 072227, ['J'] = 011152, ['K'] = 055655,
    ['L'] = 044447, ['M'] = 057755, ['N'] = 065555,  ['O'] = 025552, ['P'] = 065644, ['Q'] = 025573,
    ['R'] = 065655, ['S'] = 034216, ['T'] = 072222,  ['U'] = 055557, ['V'] = 055552, ['W'] = 055775,
    ['X'] = 055255, ['Y'] = 055222, ['Z'] = 071247,  ['_'] = 000007,
};

static unsigned glyph_of(char letter)
{
    int code = letter >= 'a' && letter <= 'z' ? letter - 'a' + 'A' : letter;
    if (code == ' ')
        return 0;
    return code > 0 && code < 128 && glyphs[code] != 0 ? glyphs[code] : glyphs['?'];
}

static void draw_text(struct display *display, int x, int y, const char *text, struct colour colour)
{
    for (; *text != '\0'; text++, x += GLYPH_WIDTH + 1) {
        unsigned rows = glyph_of(*text);
        for (int i = 0; i < GLYPH_SIZE; i++) {
            if ((rows >> (GLYPH_SIZE - 1 - i) & 1) != 0)
                display_point(display, x + i % GLYPH_WIDTH, y + i / GLYPH_WIDTH, colour);
        }
    }
}

/* (x, y) is the middle of the first character. */
static void note_text(const struct display *display, int x, int y, const char *text,
                      struct colour colour)
{
    for (; x < 0 && *text != '\0'; text++)
        x += GLYPH_WIDTH + 1;
    if (x >= display->width || y < 0 || y >= display->height)
        return;
    for (int place = 0; text[place] != '\0' && terminal.letter_count < MOST_LETTERS; place++) {
        char letter = text[place] >= ' ' && text[place] <= '~' ? text[place] : '?';
        terminal.letters[terminal.letter_count++] = (struct letter){x, y, place, letter, colour};
    }
}

void display_text(struct display *display, int x, int y, const char *text, struct colour colour)
{
    if (display->kind == TERMINAL)
        note_text(display, x + GLYPH_WIDTH / 2, y + GLYPH_HEIGHT / 2, text, colour);
    else
        draw_text(display, x, y, text, colour);
}

/* Sleeps until the next picture is due. */
static void keep_pace(struct display *display)
{
    display->next += 1000000000 / (FRAMES_A_SECOND * PACE);
    long long rest = display->next - now();
    if (rest <= 0)
        display->next -= rest;
    else
        nanosleep(&(struct timespec){.tv_nsec = (long)rest}, NULL); // a signal cuts it short
}

int display_show(struct display *display)
{
    if (atomic_exchange(&told_to_stop, false)) {
        leave();
        raise(SIGSTOP); // the whole program stops here, until somebody sends SIGCONT
    }
    if (atomic_exchange(&was_continued, false) && display->kind == TERMINAL)
        enter();
    int error = display->kind == WINDOW     ? show_window(display)
                : display->kind == TERMINAL ? show_terminal(display)
                                            : 0;
    if (error == 0 && !atomic_load(&told_to_end))
        keep_pace(display);
    return atomic_load(&told_to_end) ? ECANCELED : error;
}

void display_close(struct display *display)
{
    if (display == NULL)
        return;
    if (display->kind == WINDOW)
        close_window();
    if (display->kind == TERMINAL)
        close_terminal();
    release_signals();
    free(display->points);
    display->points = NULL;
}
