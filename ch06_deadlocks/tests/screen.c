/*
 * screen.c - see screen.h.
 */
#include "screen.h"

#include "cases.h"
#include "must.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void must_not_fail(int result)
{
    MUST(result == -1 ? errno : 0);
}

void screen_resize(struct screen *screen, int columns, int rows)
{
    struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
    ck_assert_int_le(columns, MOST_COLUMNS);
    ck_assert_int_le(rows, MOST_ROWS);
    must_not_fail(ioctl(screen->terminal, TIOCSWINSZ, &size));
    screen->columns = columns;
    screen->rows = rows;
}

void screen_start(struct screen *screen, int columns, int rows, void (*child)(const void *),
                  const void *argument)
{
    memset(screen, 0, sizeof *screen);
    screen->terminal = posix_openpt(O_RDWR | O_NOCTTY);
    must_not_fail(screen->terminal);
    must_not_fail(grantpt(screen->terminal));
    must_not_fail(unlockpt(screen->terminal));
    const char *name = MUST_HAVE(ptsname(screen->terminal));
    screen->other_side = open(name, O_RDWR | O_NOCTTY);
    must_not_fail(screen->other_side);
    must_not_fail(tcgetattr(screen->other_side, &screen->before));
    screen_resize(screen, columns, rows);
    screen->child = fork();
    must_not_fail(screen->child);
    if (screen->child == 0) {
        // A shell that runs the tests in the background, or nohup, has these ignored.
        signal(SIGINT, SIG_DFL);
        signal(SIGQUIT, SIG_DFL);
        signal(SIGHUP, SIG_DFL);
        setsid();
        int terminal = open(name, O_RDWR);
        must_not_fail(terminal);
#ifdef TIOCSCTTY
        ioctl(terminal, TIOCSCTTY, 0);
#endif
        for (int i = 0; i < 3; i++)
            dup2(terminal, i);
        close(terminal);
        close(screen->terminal);
        close(screen->other_side);
        child(argument);
        _exit(99);
    }
}

static void run_shell(const void *command)
{
    char folder[2000], path[3 * sizeof folder];
    const char *old = getenv("PATH");
    MUST_HAVE(getcwd(folder, sizeof folder));
    snprintf(path, sizeof path, "%s/" OUT ":%s/" OUT "/beyond:%s", folder, folder,
             old != NULL ? old : "/bin:/usr/bin");
    setenv("PATH", path, 1);
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    unsetenv("SDL_VIDEODRIVER");
    unsetenv("NO_COLOR");
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
}

void screen_run(struct screen *screen, int columns, int rows, const char *command)
{
    screen_start(screen, columns, rows, run_shell, command);
}

static bool is_sequence(const struct screen *screen, const char *text)
{
    return strcmp((const char *)screen->sequence, text) == 0;
}

/* The end of an escape sequence has come. */
static void obey(struct screen *screen)
{
    const char *sequence = (const char *)screen->sequence;
    int row, column;
    char last;
    if (is_sequence(screen, "[?1049h") || is_sequence(screen, "[?1049l")) {
        screen->is_other = is_sequence(screen, "[?1049h");
        memset(screen->characters, 0, sizeof screen->characters);
    } else if (is_sequence(screen, "[?25l") || is_sequence(screen, "[?25h")) {
        screen->is_cursor_hidden = is_sequence(screen, "[?25l");
    } else if (is_sequence(screen, "[?7l") || is_sequence(screen, "[?7h")) {
        screen->is_wrap_off = is_sequence(screen, "[?7l");
    } else if (is_sequence(screen, "[0m")) {
        screen->colour[0] = '\0';
        screen->is_black = false;
    } else if (is_sequence(screen, "[48;5;16m")) {
        screen->is_black = true;
    } else if (is_sequence(screen, "[2J")) {
        ck_assert(screen->is_other);
        memset(screen->characters, 0, sizeof screen->characters);
    } else if (sscanf(sequence, "[%d;%d%c", &row, &column, &last) == 3 && last == 'H') {
        screen->row = row - 1;
        screen->column = column - 1;
    } else if (strncmp(sequence, "[38;", 4) == 0) {
        snprintf(screen->colour, sizeof screen->colour, "%.*s", (int)strlen(sequence) - 2,
                 sequence + 1);
    } else {
        ck_abort_msg("unknown sequence: %s", sequence);
    }
}

static void write_character(struct screen *screen, unsigned code)
{
    // The terminal may just have become smaller; it keeps such characters at its edge.
    ck_assert(screen->row >= 0 && screen->row < MOST_ROWS && screen->column >= 0 &&
              screen->column < MOST_COLUMNS);
    struct character *character = &screen->characters[screen->row][screen->column++];
    character->code = code;
    character->is_on_black = screen->is_black;
    strcpy(character->colour, screen->colour);
}

/* Whether the sequence or character ends here. */
static bool is_complete(const struct screen *screen)
{
    const unsigned char first = screen->sequence[0];
    const unsigned char last = screen->sequence[screen->sequence_length - 1];
    if (first == '[')
        return screen->sequence_length > 1 && last >= '@' && last <= '~';
    ck_assert_uint_eq(first, 0xe2); // all of braille and of the blocks have three bytes
    return screen->sequence_length == 3;
}

static void take_byte(struct screen *screen, unsigned char byte)
{
    const bool is_character = screen->is_other && byte == 0xe2;
    screen->bytes++;
    if (byte == '\033' || (screen->sequence_length == 0 && is_character)) {
        // An escape starts afresh even in the middle: the program gave up what it was writing.
        screen->sequence[0] = byte;
        screen->sequence_length = 1;
    } else if (screen->sequence_length > 0) {
        if (screen->sequence[0] == '\033') {
            ck_assert_int_eq(byte, '[');
            screen->sequence_length = 0;
        }
        screen->sequence[screen->sequence_length++] = byte;
        screen->sequence[screen->sequence_length] = '\0';
        ck_assert_uint_lt(screen->sequence_length, sizeof screen->sequence - 1);
        if (!is_complete(screen))
            return;
        screen->sequence_length = 0;
        if (screen->sequence[0] == '[')
            obey(screen);
        else
            write_character(screen, 0x2000u | (screen->sequence[1] & 0x3fu) << 6 |
                                        (screen->sequence[2] & 0x3fu));
    } else if (byte == '\a') {
        screen->bells++;
    } else if (screen->is_other) {
        ck_assert_msg(byte >= ' ' && byte <= '~', "unknown character: %d", byte);
        write_character(screen, byte);
    } else if (screen->text_length < sizeof screen->text - 1) {
        screen->text[screen->text_length++] = (char)byte;
    }
}

/* Whether the program has ended. (It has not been waited for yet.) */
static bool has_ended(const struct screen *screen)
{
    siginfo_t end = {0};
    return waitid(P_PID, (id_t)screen->child, &end, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           end.si_pid != 0;
}

/* Waits for bytes and takes them. False: there will be no more. */
static bool take(struct screen *screen)
{
    unsigned char bytes[4096];
    struct pollfd output = {.fd = screen->terminal, .events = POLLIN};
    for (bool ended = false; poll(&output, 1, 100) == 0; ended = has_ended(screen)) {
        if (ended)
            return false;
    }
    ssize_t count = read(screen->terminal, bytes, sizeof bytes);
    for (ssize_t i = 0; i < count; i++)
        take_byte(screen, bytes[i]);
    return count > 0;
}

void screen_read_bells(struct screen *screen, int count)
{
    for (count += screen->bells; screen->bells < count;)
        ck_assert_msg(take(screen), "the program has ended: %s", screen->text);
}

void screen_read_until(struct screen *screen, bool is_other, size_t bytes)
{
    while (screen->is_other != is_other)
        ck_assert_msg(take(screen), "the program has ended: %s", screen->text);
    for (bytes += screen->bytes; screen->bytes < bytes;)
        ck_assert_msg(take(screen), "the program has ended: %s", screen->text);
}

void screen_type(const struct screen *screen, const char *keys)
{
    ck_assert_int_eq(write(screen->terminal, keys, strlen(keys)), (ssize_t)strlen(keys));
}

int screen_end(struct screen *screen)
{
    struct pollfd output = {.fd = screen->terminal, .events = POLLIN};
    struct termios after;
    int status;
    while (waitpid(screen->child, &status, WNOHANG) == 0) {
        if (poll(&output, 1, 10) > 0)
            take(screen);
    }
    ck_assert_int_eq(write(screen->other_side, "\a", 1), 1); // behind all that was written
    screen_read_bells(screen, 1);
    must_not_fail(tcgetattr(screen->other_side, &after));
    close(screen->other_side);
    close(screen->terminal);

    screen->text[screen->text_length] = '\0';
    ck_assert_msg(!screen->is_other && !screen->is_cursor_hidden && !screen->is_wrap_off &&
                      !screen->is_black && screen->colour[0] == '\0',
                  "the screen is not as it was; text: %s", screen->text);
    ck_assert_uint_eq(after.c_lflag, screen->before.c_lflag);
    ck_assert_uint_eq(after.c_iflag, screen->before.c_iflag);
    ck_assert_uint_eq(after.c_oflag, screen->before.c_oflag);
    ck_assert_int_eq(after.c_cc[VMIN], screen->before.c_cc[VMIN]);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int screen_dots(const struct screen *screen)
{
    int dots = 0;
    for (int row = 0; row < MOST_ROWS; row++) {
        for (int column = 0; column < MOST_COLUMNS; column++) {
            const struct character *character = &screen->characters[row][column];
            if (character->code == 0x2588)
                dots += 8;
            for (unsigned bits = character->code - 0x2800; bits > 0 && bits <= 0xff;
                 bits &= bits - 1)
                dots++;
            if (character->code != 0) {
                ck_assert_int_lt(row, screen->rows);
                ck_assert_int_lt(column, screen->columns);
            }
        }
    }
    return dots;
}

static pid_t x_server;

static void end_x_server(void)
{
    kill(x_server, SIGTERM);
    waitpid(x_server, NULL, 0);
}

void screen_start_x(void)
{
    int display[2];
    char number[20], name[20] = ":";
    must_not_fail(pipe(display));
    x_server = fork();
    must_not_fail(x_server);
    if (x_server == 0) {
        snprintf(number, sizeof number, "%d", display[1]);
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        execlp("Xvfb", "Xvfb", "-displayfd", number, "-noreset", "-screen", "0", "1400x1000x24",
               (char *)NULL);
        _exit(127);
    }
    atexit(end_x_server);
    close(display[1]);
    // It takes a free number, and says which one when it is ready.
    FILE *answer = MUST_HAVE(fdopen(display[0], "r"));
    ck_assert_msg(fgets(name + 1, (int)sizeof name - 1, answer) != NULL, "Xvfb does not start");
    fclose(answer);
    name[strcspn(name, "\n")] = '\0';
    setenv("DISPLAY", name, 1);
}
