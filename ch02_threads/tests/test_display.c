/*
 * test_display.c - the picture, and what a person sees of it in a terminal.
 *
 * A child process shows pictures in a pseudo-terminal. It draws one for each byte that comes
 * through a pipe, and then rings the bell, so that the test knows when a frame is complete.
 */
#include "../display/display.c"

#include "cases.h"
#include "must.h"
#include "screen.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>

static struct screen screen;
static int commands[2];

static struct display *must_open(int width, int height, const char *name)
{
    const char *reason;
    struct display *display = display_open("Test", width, height, 2, name, &reason);
    ck_assert_msg(display != NULL, "%s: %s", name, reason);
    return display;
}

/* What the child has to do. */
struct show {
    int width, height;
    void (*draw)(struct display *display, char command);
};

/* (The terminal may be one that does not wait until there is room.) */
static void ring_bell(void)
{
    while (write(STDOUT_FILENO, "\a", 1) != 1) {
        MUST(errno == EAGAIN ? 0 : errno);
        sched_yield();
    }
}

static void show_pictures(const void *argument)
{
    const struct show *show = argument;
    char command;
    close(commands[1]);
    struct display *display = must_open(show->width, show->height, "terminal");
    for (;;) {
        ssize_t count = read(commands[0], &command, 1);
        if (count == -1 && errno == EINTR)
            continue; // Ctrl-Z, for one
        if (count != 1)
            break;
        display_clear(display);
        show->draw(display, command);
        display->next = 0; // it is late, so it does not wait for the next frame
        int error = display_show(display);
        if (error != 0) {
            display_close(display);
            exit(error == ECANCELED ? 50 : 51);
        }
        ring_bell();
    }
    display_close(display);
    printf("closed\n");
    exit(0);
}

/* Where every test starts from. */
static void set_environment(void)
{
    setenv("TERM", "xterm", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("NO_COLOR");
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    unsetenv("SDL_VIDEODRIVER");
}

static void begin(int columns, int rows, const struct show *show)
{
    MUST(pipe(commands));
    screen_start(&screen, columns, rows, show_pictures, show);
    close(commands[0]);
}

static void command(char letter)
{
    ck_assert_int_eq(write(commands[1], &letter, 1), 1);
    screen_read_bells(&screen, 1);
}

static void end(void)
{
    close(commands[1]);
    ck_assert_int_eq(screen_end(&screen), 0);
    ck_assert_str_eq(screen.text, "closed\r\n");
}

static const struct character *at(int column, int row)
{
    return &screen.characters[row][column];
}

static bool is_utf8_here(void)
{
    return setlocale(LC_CTYPE, "C.UTF-8") != NULL && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static const struct colour red = {200, 0, 1}, blue = {0, 100, 255}, white = {185, 185, 185};

static void draw_small(struct display *display, char letter)
{
    display_point(display, 0, 0, red);
    display_point(display, 3, 3, blue);
    display_rectangle(display, 4, 0, 2, 4, white);
    display_point(display, 6, 5, red);
    display_point(display, 7, 7, blue);
    if (letter == 'b')
        display_point(display, 0, 7, white);
}

static const struct show small = {8, 8, draw_small};

/* 8 x 8 points are 4 x 2 characters, in the middle. */
START_TEST(test_characters)
{
    begin(80, 24, &small);
    command('a');
    ck_assert(screen.is_other && screen.is_cursor_hidden && screen.is_wrap_off);
    ck_assert_uint_eq(at(38, 11)->code, 0x2801);
    ck_assert_str_eq(at(38, 11)->colour, "38;5;160");
    ck_assert_uint_eq(at(39, 11)->code, 0x2880);
    ck_assert_str_eq(at(39, 11)->colour, "38;5;27");
    ck_assert_uint_eq(at(40, 11)->code, 0x2588);
    ck_assert_str_eq(at(40, 11)->colour, "38;5;145");
    ck_assert_uint_eq(at(41, 11)->code, ' ');
    ck_assert_uint_eq(at(41, 12)->code, 0x2882); // two points, and the mean of their colours
    ck_assert_str_eq(at(41, 12)->colour, "38;5;60");
    int characters = 0;
    for (int row = 0; row < 24; row++) {
        for (int column = 0; column < 80; column++)
            characters += at(column, row)->code != 0 && at(column, row)->is_on_black;
    }
    ck_assert_int_eq(characters, 8);

    // What has not changed is not sent again.
    size_t bytes = screen.bytes;
    command('a');
    ck_assert_uint_eq(screen.bytes, bytes + strlen("\a"));
    command('b');
    ck_assert_uint_eq(at(38, 12)->code, 0x2840);
    ck_assert_uint_eq(screen.bytes, bytes + strlen("\a\033[13;39H\033[38;5;145m...\a"));
    command('a');
    ck_assert_uint_eq(at(38, 12)->code, ' ');
    end();
}
END_TEST

/* Every dot of braille stands where its point is. */
static void draw_dot(struct display *display, char letter)
{
    display_point(display, letter % 2, letter / 2, red);
}

START_TEST(test_dots)
{
    static const unsigned codes[] = {0x2801, 0x2808, 0x2802, 0x2810,
                                     0x2804, 0x2820, 0x2840, 0x2880};
    const struct show show = {2, 4, draw_dot};
    begin(1, 1, &show);
    for (char i = 0; i < 8; i++) {
        command(i);
        ck_assert_uint_eq(at(0, 0)->code, codes[(int)i]);
    }
    end();
}
END_TEST

START_TEST(test_256_colours)
{
    static const int steps[] = {0, 95, 135, 175, 215, 255};
    for (int part = 0; part < 256; part++) {
        int nearest = 0;
        for (int i = 1; i < 6; i++) {
            if (abs(steps[i] - part) < abs(steps[nearest] - part))
                nearest = i;
        }
        ck_assert_int_eq(abs(steps[step_of((unsigned char)part)] - part),
                         abs(steps[nearest] - part));
    }
    begin(80, 24, &small);
    command('a');
    ck_assert_str_eq(at(38, 11)->colour, "38;5;160");
    ck_assert_str_eq(at(39, 11)->colour, "38;5;27");
    end();
}
END_TEST

/* NO_COLOR: no colour at all, and the terminal's own background; but not if it is empty. */
START_TEST(test_no_colours)
{
    setenv("NO_COLOR", "1", 1);
    begin(80, 24, &small);
    command('a');
    ck_assert_uint_eq(at(38, 11)->code, 0x2801);
    ck_assert_uint_eq(at(40, 11)->code, 0x2588);
    for (int i = 38; i <= 41; i++) {
        ck_assert_str_eq(at(i, 11)->colour, "");
        ck_assert(!at(i, 11)->is_on_black);
    }
    command('b');
    ck_assert_uint_eq(at(38, 12)->code, 0x2840);
    end();
    setenv("NO_COLOR", "", 1);
    begin(80, 24, &small);
    command('a');
    ck_assert_str_eq(at(38, 11)->colour, "38;5;160");
    ck_assert(at(38, 11)->is_on_black);
    end();
}
END_TEST

/* Text stands over the dots. 60 x 60 points are 30 x 15 characters from (25, 4). */
static const struct colour black = {0, 0, 0};

static void draw_labels(struct display *display, char letter)
{
    display_rectangle(display, 0, 8, 20, 4, red);
    if (letter == 'a') {
        display_text(display, 0, 0, "Train 1", blue);
        display_text(display, 4, 7, "x y", white);
        display_text(display, 12, 7, "z", black);
        display_text(display, 53, 20, "abcde\033[2J", red); // as far as the border
        display_text(display, -6, 30, "abc", red); // the middle of b is outside, by a point
        display_text(display, -5, 40, "abc", red); // it is inside
        display_text(display, -40, 44, "", red);
        display_text(display, -40, 44, "abc", red);
        display_text(display, 60, 20, "no", red);
        display_text(display, 10, -3, "no", red);
        display_text(display, 10, 58, "no", red);
        display_text(display, 0, 50, "\033\n\x7f\xff", white);
    }
    if (letter == 'c') {
        for (int i = 0; i < 2 * MOST_LETTERS; i++)
            display_text(display, 0, 0, i < MOST_LETTERS ? "a" : "b", red);
    }
}

/* What stands in a row of the picture, with # for braille. */
static const char *row_of_text(int row)
{
    static char text[100];
    for (int i = 0; i < 30; i++) {
        unsigned code = at(25 + i, 4 + row)->code;
        text[i] = code < 128 ? (char)code : '#';
    }
    text[30] = '\0';
    for (char *end = text + 30; end > text && end[-1] == ' ';)
        *--end = '\0';
    return text;
}

START_TEST(test_text)
{
    const struct show labels = {60, 60, draw_labels};
    begin(80, 24, &labels);
    command('a');
    ck_assert_str_eq(row_of_text(0), "Train 1");
    ck_assert_str_eq(at(25, 4)->colour, "38;5;27");
    ck_assert(at(25, 4)->is_on_black);
    ck_assert_str_eq(row_of_text(2), "##x y#z###"); // the space hides the dots, too
    ck_assert_str_eq(at(27, 6)->colour, "38;5;145");
    ck_assert_str_eq(at(30, 6)->colour, "38;5;160"); // the colour of what it covers
    ck_assert_str_eq(at(31, 6)->colour, "38;5;160");
    ck_assert_str_eq(row_of_text(5), "                           abc");
    ck_assert_str_eq(row_of_text(6), "");
    ck_assert_str_eq(row_of_text(8), " c");
    ck_assert_str_eq(row_of_text(10), "bc");
    ck_assert_str_eq(row_of_text(11), "");
    ck_assert_str_eq(row_of_text(13), "????");
    for (int row = 0; row < 15; row++)
        ck_assert_ptr_null(strstr(row_of_text(row), "no"));
    ck_assert_int_eq(screen_dots(&screen), 6 * 8);

    // What has not changed is not sent again; text that is gone gives back what it covered.
    size_t bytes = screen.bytes;
    command('a');
    ck_assert_uint_eq(screen.bytes, bytes + strlen("\a"));
    command('b');
    ck_assert_str_eq(row_of_text(0), "");
    ck_assert_str_eq(row_of_text(2), "##########");
    ck_assert_int_eq(screen_dots(&screen), 10 * 8);
    command('c'); // too many characters
    ck_assert_str_eq(row_of_text(0), "a");

    screen_resize(&screen, 10, 5); // 20 x 20 dots, so 10 x 5 characters
    command('a');
    ck_assert_uint_eq(at(3, 0)->code, 'i'); // of Train 1; the later text stands above the T
    ck_assert_uint_eq(at(6, 0)->code, '1');
    ck_assert_uint_eq(at(9, 1)->code, 'a');
    screen_resize(&screen, 1, 1);
    command('a');
    ck_assert_uint_ne(at(0, 0)->code, 0);
    screen_dots(&screen);
    end();
}
END_TEST

/* The picture as text, w for points that are not black. */
static const char *picture_of(const struct display *display)
{
    static char text[200];
    int count = display->width * display->height;
    ck_assert_int_lt(count, (int)sizeof text);
    for (int i = 0; i < count; i++)
        text[i] = is_black(display->points[i]) ? '.' : 'w';
    text[count] = '\0';
    return text;
}

/* Elsewhere text is drawn as points, each visible character in its own way. */
START_TEST(test_font)
{
    struct display *display = must_open(11, 5, "none");
    display_text(display, 0, 0, "T 1", white);
    ck_assert_str_eq(picture_of(display), "www......w."
                                          ".w......ww."
                                          ".w.......w."
                                          ".w.......w."
                                          ".w......www");
    ck_assert_mem_eq(&display->points[0], &white, sizeof white);
    display_clear(display);
    display_text(display, -2, -1, "lT1l", white); // clipped at all borders
    ck_assert_str_eq(picture_of(display), "...w..ww..w"
                                          "...w...w..w"
                                          "...w...w..w"
                                          "w..w..www.w"
                                          "...........");
    display_clear(display);
    display_text(display, 0, 4, "a", white);
    ck_assert_str_eq(picture_of(display) + 33, "..........."
                                               ".w.........");
    display_close(display);

    static const char visible[] = "!%'()+,-./0123456789:<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    char seen[sizeof visible][16];
    display = must_open(3, 5, "none");
    for (int i = 0; visible[i] != '\0'; i++) {
        display_clear(display);
        display_text(display, 0, 0, (char[]){visible[i], '\0'}, white);
        strcpy(seen[i], picture_of(display));
        ck_assert_ptr_nonnull(strchr(seen[i], 'w'));
        for (int k = 0; k < i; k++)
            ck_assert_str_ne(seen[i], seen[k]);
    }
    for (int code = 1; code < 256; code++) { // anything else: ?, or for small letters the large one
        const char *same = strchr(visible, code >= 'a' && code <= 'z' ? code - 32 : code);
        display_clear(display);
        display_text(display, 0, 0, (char[]){(char)code, '\0'}, white);
        if (code != ' ')
            ck_assert_str_eq(picture_of(display),
                             seen[(same ? same : strchr(visible, '?')) - visible]);
        else
            ck_assert_ptr_null(strchr(picture_of(display), 'w'));
    }
    display_close(display);
}
END_TEST

START_TEST(test_no_braille)
{
    MUST(pipe(commands));
    setenv("LC_ALL", "C", 1);
    screen_start(&screen, 80, 24, show_pictures, &small);
    close(commands[0]);
    command('b');
    ck_assert_uint_eq(at(38, 11)->code, '\'');
    ck_assert_uint_eq(at(39, 11)->code, '.');
    ck_assert_uint_eq(at(40, 11)->code, ':');
    ck_assert_uint_eq(at(41, 11)->code, ' ');
    ck_assert_uint_eq(at(38, 12)->code, '.');
    ck_assert_uint_eq(at(41, 12)->code, ':');
    end();
}
END_TEST

/* One point, or the whole border, or nothing. */
static void draw_one(struct display *display, char letter)
{
    const int x[] = {0, 639, 0, 639, 320, 77, 401}, y[] = {0, 0, 359, 359, 180, 333, 1};
    if (letter < 7)
        display_point(display, x[(int)letter], y[(int)letter], red);
    if (letter == 'b')
        display_rectangle(display, 0, 0, 640, 360, red);
}

static const struct show one = {640, 360, draw_one};
static const int sizes[][2] = {{80, 24}, {1, 1},    {20, 5},    {2, 30},   {200, 1},
                               {7, 3},   {100, 31}, {400, 110}, {320, 90}, {80, 24}};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* Whatever the size of the terminal, no point gets lost, and nothing is written outside it. */
START_TEST(test_sizes)
{
    begin(80, 24, &one);
    for (int i = 0; i < SIZES; i++) {
        screen_resize(&screen, sizes[i][0], sizes[i][1]);
        for (char letter = 0; letter < 7; letter++) {
            command(letter);
            ck_assert_int_eq(screen_dots(&screen), 1);
        }
        command('c');
        ck_assert_int_eq(screen_dots(&screen), 0);
        // All of the picture, in its own shape and as large as it can be: 16 by 9.
        command('b');
        int across = sizes[i][0] * 2, down = sizes[i][1] * 4;
        if (across > 640)
            across = 640;
        if (across * 9 < down * 16)
            down = across * 9 / 16;
        else
            across = down * 16 / 9;
        ck_assert_int_eq(screen_dots(&screen), across * down);
    }
    end();
}
END_TEST

/* However flat or narrow a picture is, there is a row or a column of it. */
static void draw_all(struct display *display, char letter)
{
    (void)letter;
    display_rectangle(display, 0, 0, display->width, display->height, red);
}

START_TEST(test_shapes)
{
    const struct show flat = {400, 10, draw_all}, narrow = {10, 400, draw_all};
    begin(1, 1, &flat);
    command('a');
    ck_assert_int_eq(screen_dots(&screen), 2 * 1);
    end();
    begin(1, 1, &narrow);
    command('a');
    ck_assert_int_eq(screen_dots(&screen), 1 * 4);
    end();
}
END_TEST

/* A terminal that does not know its size is taken to be 80 x 24. */
START_TEST(test_no_size)
{
    begin(0, 0, &one);
    screen.columns = 80;
    screen.rows = 24;
    command('b');
    ck_assert_int_eq(screen_dots(&screen), 160 * 90);
    end();
}
END_TEST

/* Types, and waits until everything has arrived. */
static void type(const char *keys)
{
    int arrived = 0;
    screen_type(&screen, keys);
    while (arrived < (int)strlen(keys)) {
        ck_assert_int_eq(ioctl(screen.other_side, FIONREAD, &arrived), 0);
        sched_yield();
    }
}

/* q and Esc end it; keys that only begin with Esc do not, and neither does anything else. */
START_TEST(test_keys)
{
    static const char *const ends[] = {"q", "\033", "xq", "\033[Aq", "x\033", "\033[15~\033"};
    begin(80, 24, &small);
    command('a');
    type("x\033[A\033OP\033[15~Q\n");
    command('a');
    command('b');
    end();
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        begin(80, 24, &small);
        command('a');
        type(ends[i]);
        ck_assert_int_eq(write(commands[1], "a", 1), 1);
        close(commands[1]);
        ck_assert_int_eq(screen_end(&screen), 50);
    }
}
END_TEST

static void *stop_with_message(void *argument)
{
    (void)argument;
    MUST(EDOM);
    return NULL;
}

/*
 * If a program stops with exit(), in any thread, the screen comes back first, and then the message
 * appears.
 */
static void stop_in_thread(const void *argument)
{
    pthread_t thread;
    struct display *display = must_open(100, 100, "terminal");
    MUST(display_show(display));
    if (argument != NULL) {
        // As if another thread called exit(): from then on, nothing may be drawn.
        leave();
        terminal.has_keyboard = false; // keys come line by line now: a read would wait for one
        display_rectangle(display, 0, 0, 100, 100, white);
        MUST(display_show(display));
        stop_with_message(NULL);
    }
    MUST(pthread_create(&thread, NULL, stop_with_message, NULL));
    while (display_show(display) == 0) {
        display_rectangle(display, 0, 0, 100, 100, white);
        MUST(display_show(display));
        display_clear(display);
    }
}

START_TEST(test_exit)
{
    for (int in_main = 0; in_main <= 1; in_main++) {
        screen_start(&screen, 80, 24, stop_in_thread, in_main ? "" : NULL);
        ck_assert_int_eq(screen_end(&screen), 1);
        ck_assert_msg(strncmp(screen.text, "tests/test_display.c:", 21) == 0 &&
                          strstr(screen.text, ": EDOM: ") != NULL,
                      "%s", screen.text);
    }
}
END_TEST

/* If the terminal is non-blocking, everything arrives, although it does not fit at once. */
static void show_without_blocking(const void *argument)
{
    fcntl(STDOUT_FILENO, F_SETFL, O_RDWR | O_NONBLOCK);
    show_pictures(argument);
}

static void draw_noise(struct display *display, char letter)
{
    for (int i = 0; i < display->width * display->height; i++)
        display->points[i] = letter == 'a' ? (struct colour){(unsigned char)(i % 251 + 1), 0, 0}
                                           : (struct colour){0, 0, (unsigned char)(i % 251 + 1)};
}

START_TEST(test_without_blocking)
{
    const struct show noise = {640, 360, draw_noise};
    MUST(pipe(commands));
    screen_start(&screen, 320, 90, show_without_blocking, &noise);
    close(commands[0]);
    command('a');
    ck_assert_int_eq(screen_dots(&screen), 640 * 360);
    command('b');
    ck_assert_int_eq(screen_dots(&screen), 640 * 360);
    end();
}
END_TEST

/* The terminal is gone, and the signal that says so is ignored: writing fails, and so does the call. */
static void show_to_nobody(const void *argument)
{
    close(commands[0]);
    signal(SIGHUP, SIG_IGN);
    struct display *display = must_open(8, 8, "terminal");
    int error;
    for (int i = 0; (error = display_show(display)) == 0; i++) {
        display_clear(display);
        display_point(display, i % 8, 0, white);
    }
    MUST(write(commands[1], &error, sizeof error) != sizeof error);
    display_close(display);
    (void)argument;
    exit(0);
}

START_TEST(test_hang_up)
{
    int error;
    MUST(pipe(commands));
    screen_start(&screen, 80, 24, show_to_nobody, NULL);
    close(commands[1]);
    screen_read_until(&screen, true, 1);
    close(screen.other_side);
    close(screen.terminal);
    ck_assert_int_eq(read(commands[0], &error, sizeof error), sizeof error);
    ck_assert(error == EIO ||
              error == ECANCELED); // ECANCELED: it saw first that the keyboard is gone
    ck_assert_int_eq(waitpid(screen.child, NULL, 0), screen.child);
}
END_TEST

/* While the terminal takes nothing (Ctrl-S), a signal still ends display_show. */
static void show_to_stopped(const void *argument)
{
    tcflow(STDOUT_FILENO, TCOOFF);
    show_to_nobody(argument);
}

START_TEST(test_stopped_output)
{
    struct termios mode;
    int error;
    MUST(pipe(commands));
    screen_start(&screen, 80, 24, show_to_stopped, NULL);
    close(commands[1]);
    do { // until it has caught the signals and begins to write
        ck_assert_int_eq(tcgetattr(screen.other_side, &mode), 0);
        sched_yield();
    } while ((mode.c_lflag & ICANON) != 0);
    kill(screen.child, SIGINT);
    ck_assert_int_eq(read(commands[0], &error, sizeof error), sizeof error);
    ck_assert_int_eq(error, ECANCELED);
    tcflow(screen.other_side, TCOON);
    ck_assert_int_eq(screen_end(&screen), 0);
}
END_TEST

/* What lies outside the picture is left out. */
START_TEST(test_rectangles)
{
    struct display *display = must_open(5, 3, "none");
    display_rectangle(display, -2, -2, 3, 4, red);
    display_rectangle(display, 3, 1, 10, 1, blue);
    display_rectangle(display, 1, 0, 0, 3, white);
    display_rectangle(display, 1, 0, 3, -1, white);
    for (int i = -1; i <= 5; i++) {
        display_point(display, i, -1, white);
        display_point(display, i, 3, white);
        display_point(display, -1, i, white);
        display_point(display, 5, i, white);
    }
    display_point(display, 4, 2, white);
    static const char expected[] = "r...."
                                   "r..bb"
                                   "....w";
    for (int i = 0; i < 15; i++) {
        const struct colour *point = &display->points[i];
        struct colour colour = expected[i] == 'r'   ? red
                               : expected[i] == 'b' ? blue
                               : expected[i] == 'w' ? white
                                                    : (struct colour){0, 0, 0};
        ck_assert_mem_eq(point, &colour, sizeof colour);
    }
    display_clear(display);
    for (int i = 0; i < 15; i++)
        ck_assert(is_black(display->points[i]));
    display_close(display);
    display_close(NULL);
}
END_TEST

/* While a display is open, signals end it, unless they were ignored; afterwards they do not. */
START_TEST(test_signals)
{
    struct sigaction before, after;
    signal(SIGINT, SIG_DFL); // a shell, or nohup, may have these ignored
    signal(SIGHUP, SIG_DFL);
    signal(SIGQUIT, SIG_IGN);
    for (int i = 0; i < 4; i++) { // the others are for Ctrl-Z
        sigaction(signals[i], NULL, &before);
        struct display *display = must_open(5, 3, "none");
        ck_assert_str_eq(display_name(display), "none");
        ck_assert_int_eq(display_show(display), 0);
        raise(signals[i]);
        ck_assert_int_eq(display_show(display), signals[i] == SIGQUIT ? 0 : ECANCELED);
        display_close(display);
        sigaction(signals[i], NULL, &after);
        ck_assert(after.sa_handler == before.sa_handler);
    }
}
END_TEST

/* 30 frames a second (times PACE), never faster. */
START_TEST(test_pace)
{
    struct display *display = must_open(5, 3, "none");
    for (int late = 0; late <= 1; late++) {
        long long begin = now();
        for (int i = 0; i < 15; i++)
            ck_assert_int_eq(display_show(display), 0);
        ck_assert_int_ge(now() - begin, 490000000 / PACE);
        // After a pause it does not hurry to catch up.
        display->next = 0;
        ck_assert_int_eq(display_show(display), 0);
    }
    display_close(display);
}
END_TEST

START_TEST(test_which)
{
    const char *reason;
    int output = open("/dev/null", O_WRONLY);
    ck_assert(display_is_kind("window") && display_is_kind("terminal") && display_is_kind("none"));
    ck_assert(!display_is_kind("") && !display_is_kind("win"));
    dup2(output, STDOUT_FILENO);
    ck_assert_ptr_null(display_open("Test", 5, 3, 1, "terminal", &reason));
    ck_assert_str_eq(reason, "standard output is not a terminal");
    ck_assert_ptr_null(display_open("Test", 5, 3, 1, "window", &reason));
#ifdef HAVE_SDL2
    ck_assert_str_eq(reason, "there is no desktop: neither DISPLAY nor WAYLAND_DISPLAY is set");
#else
    ck_assert_str_eq(reason, "built without SDL2");
#endif
    ck_assert_ptr_null(display_open("Test", 5, 3, 1, "radio", &reason));
    ck_assert_str_eq(reason, "there is no such display");
    struct display *display = must_open(5, 3, NULL);
    ck_assert_str_eq(display_name(display), "none");
    ck_assert_ptr_null(display_open("Test", 5, 3, 1, "none", &reason));
    ck_assert_str_eq(reason, "another display is open");
    display_close(display);
    display_close(must_open(5, 3, "none"));
}
END_TEST

/* Without a desktop, a terminal is the best there is, unless it can do too little. */
static void open_best(const void *argument)
{
    (void)argument;
    struct display *display = must_open(5, 3, NULL);
    const char *name = display_name(display);
    fprintf(stderr, "best: "); // while the screen is another one
    display_close(display);
    fprintf(stderr, "%s", name);
    _exit(0); // nothing is left in a buffer
}

START_TEST(test_best)
{
    screen_start(&screen, 80, 24, open_best, NULL);
    ck_assert_int_eq(screen_end(&screen), 0);
    ck_assert_str_eq(screen.text, "best: terminal");
    setenv("TERM", "dumb", 1); // the text is all that came, so there was no escape sequence
    screen_start(&screen, 80, 24, open_best, NULL);
    ck_assert_int_eq(screen_end(&screen), 0);
    ck_assert_str_eq(screen.text, "best: none");
    unsetenv("TERM");
    screen_start(&screen, 80, 24, open_best, NULL);
    ck_assert_int_eq(screen_end(&screen), 0);
    ck_assert_str_eq(screen.text, "best: none");
}
END_TEST

/* Ctrl-Z gives the screen back and stops; SIGCONT takes it again and draws everything. */
START_TEST(test_stop_and_continue)
{
    int status;
    struct termios mode;
    begin(80, 24, &one);
    command('b');
    ck_assert_int_eq(screen_dots(&screen), 160 * 90);
    ck_assert_int_eq(tcgetattr(screen.other_side, &mode), 0);
    ck_assert((mode.c_lflag & (ICANON | ECHO)) == 0);
    kill(screen.child, SIGTSTP);
    ck_assert_int_eq(write(commands[1], "b", 1), 1);
    ck_assert_int_eq(waitpid(screen.child, &status, WUNTRACED), screen.child);
    ck_assert(WIFSTOPPED(status));
    screen_read_until(&screen, false, 0);
    ck_assert_int_eq(tcgetattr(screen.other_side, &mode), 0);
    ck_assert((mode.c_lflag & (ICANON | ECHO)) == (ICANON | ECHO));
    kill(screen.child, SIGCONT);
    screen_read_bells(&screen, 1);
    ck_assert(screen.is_other && screen.is_cursor_hidden);
    ck_assert_int_eq(screen_dots(&screen), 160 * 90);
    ck_assert_str_eq(at(0, 0)->colour, "38;5;160");
    end();
}
END_TEST

/* Without a terminal Ctrl-Z stops it, too. */
START_TEST(test_stop_unseen)
{
    int status;
    struct display *display = must_open(5, 3, "none"); // before the fork: the signals are caught
    pid_t child = fork();
    if (child == 0) {
        int error;
        while ((error = display_show(display)) == 0)
            ;
        _exit(error == ECANCELED ? 50 : 51);
    }
    kill(child, SIGTSTP);
    ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
    ck_assert(WIFSTOPPED(status));
    kill(child, SIGCONT);
    kill(child, SIGTERM);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 50);
    display_close(display);
}
END_TEST

#ifdef HAVE_SDL2

static struct display *must_open_window(void)
{
    struct display *display = must_open(40, 20, NULL);
    ck_assert_str_eq(display_name(display), "window");
    return display;
}

/* The point as it is in the window, where it is 2 x 2 pixels. */
static struct colour pixel(int x, int y)
{
    unsigned char bytes[3];
    SDL_Rect place = {2 * x + 1, 2 * y + 1, 1, 1};
    SDL_RenderSetLogicalSize(window.renderer, 0, 0);
    ck_assert_int_eq(SDL_RenderReadPixels(window.renderer, &place, SDL_PIXELFORMAT_RGB24, bytes, 3),
                     0);
    SDL_RenderSetLogicalSize(window.renderer, 40, 20);
    return (struct colour){bytes[0], bytes[1], bytes[2]};
}

static void press(SDL_Keycode key, int modifiers)
{
    SDL_Event event = {.type = SDL_KEYDOWN};
    event.key.keysym.sym = key;
    event.key.keysym.mod = (Uint16)modifiers;
    ck_assert_int_eq(SDL_PushEvent(&event), 1);
}

/* The title, the size, the points and the text; and what ends it. Standard output is a file. */
static void check_window(void)
{
    int width, height;
    setenv("SDL_RENDER_DRIVER", "software", 1); // so that the pixels can be read
    dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
    struct display *display = must_open_window();
    ck_assert_str_eq(SDL_GetWindowTitle(window.window), "Test");
    ck_assert((SDL_GetWindowFlags(window.window) & SDL_WINDOW_RESIZABLE) != 0);
    SDL_GetWindowSize(window.window, &width, &height);
    ck_assert_int_eq(width, 80);
    ck_assert_int_eq(height, 40);
    for (int i = 0; i < 2; i++) {
        display_clear(display);
        display_point(display, 39, 19, red);
        display_text(display, 1, 1, "t", blue);
        ck_assert_int_eq(display_show(display), 0);
        for (int y = 0; y < 20; y++) {
            for (int x = 0; x < 40; x++) {
                struct colour shown = pixel(x, y), drawn = display->points[y * 40 + x];
                ck_assert_mem_eq(&shown, &drawn, sizeof shown);
            }
        }
    }
    ck_assert_mem_eq(&display->points[41], &blue, sizeof blue);

    press(SDLK_x, 0);
    press(SDLK_c, 0);
    ck_assert_int_eq(display_show(display), 0);
    for (int i = 0; i < 4; i++) {
        if (i == 3)
            SDL_PushEvent(&(SDL_Event){.type = SDL_QUIT});
        else
            press(i == 0 ? SDLK_q : i == 1 ? SDLK_ESCAPE : SDLK_c, i == 2 ? KMOD_LCTRL : 0);
        ck_assert_int_eq(display_show(display), ECANCELED);
        while (SDL_PollEvent(&(SDL_Event){0}))
            ;
    }
    raise(SIGINT);
    ck_assert_int_eq(display_show(display), ECANCELED);
    display_close(display);
    display_close(must_open_window());
}

START_TEST(test_window)
{
    const char *reason;
    dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
    dup2(STDOUT_FILENO, STDERR_FILENO); // Wayland's library complains there
    for (int i = 0; i <= 1; i++) {      // without a desktop, with one that does not answer
        setenv(i == 0 ? "SDL_VIDEODRIVER" : "DISPLAY", "none_such", 1);
        ck_assert_ptr_null(display_open("Test", 5, 3, 1, "window", &reason));
        ck_assert_ptr_nonnull(strstr(reason, i == 0 ? "none_such" : "x11"));
        struct display *display = must_open(5, 3, NULL); // another display will do
        ck_assert_str_eq(display_name(display), "none");
        display_close(display);
        unsetenv("SDL_VIDEODRIVER");
    }
    setenv("SDL_VIDEODRIVER", "dummy", 1);
    check_window();
}
END_TEST

START_TEST(test_x_window)
{
    screen_start_x();
    check_window();
}
END_TEST

#endif

TCase *display_cases(void)
{
    TCase *cases = tcase_create("display");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_environment, NULL);
#ifdef HAVE_SDL2
    if (is_possible("the window", PLAIN_BUILD)) // sanitizers find faults in the system's libraries
        tcase_add_test(cases, test_window);
    if (is_possible("the window in X", PLAIN_BUILD " && " X_SERVER))
        tcase_add_test(cases, test_x_window);
#endif
    tcase_add_test(cases, test_font);
    tcase_add_test(cases, test_rectangles);
    tcase_add_test(cases, test_signals);
    tcase_add_test(cases, test_pace);
    tcase_add_test(cases, test_which);
    tcase_add_test(cases, test_best);
    tcase_add_test(cases, test_no_braille);
    tcase_add_test(cases, test_keys);
    tcase_add_test(cases, test_exit);
    tcase_add_test(cases, test_hang_up);
    tcase_add_test(cases, test_stopped_output);
    tcase_add_test(cases, test_stop_unseen);
    tcase_add_test(cases, test_256_colours);
    if (!is_utf8_here()) {
        is_possible("braille", "LC_ALL=C.UTF-8 false");
        return cases;
    }
    tcase_add_test(cases, test_characters);
    tcase_add_test(cases, test_no_colours);
    tcase_add_test(cases, test_text);
    tcase_add_test(cases, test_dots);
    tcase_add_test(cases, test_sizes);
    tcase_add_test(cases, test_shapes);
    tcase_add_test(cases, test_no_size);
    tcase_add_test(cases, test_without_blocking);
    tcase_add_test(cases, test_stop_and_continue);
    return cases;
}
