/*
 * test_barrier_lanes.c - red and blue wait for each other in every round; their lanes in a terminal, and
 * the lines without one. (The tests' programs run twenty times as fast, and -x multiplies that.)
 */
#include "cases.h"

#include "must.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

START_TEST(test_lines)
{
    static const int rounds[] = {1, 2, 30};
    for (size_t i = 0; i < sizeof rounds / sizeof rounds[0]; i++) {
        ck_assert_int_eq(run("barrier_lanes -x 1000 -n %d", rounds[i]), 0);
        ck_assert_int_eq(check_rounds(printed), rounds[i]);
    }
    ck_assert_int_eq(run("barrier_lanes -x 1000"), 0);
    ck_assert_int_eq(check_rounds(printed), 10);
}
END_TEST

/* No thread sleeps less than it should: 2 rounds of 10 seconds. */
START_TEST(test_factor)
{
    double begin = seconds();
    ck_assert_int_eq(run("barrier_lanes -x 4 -n 2"), 0);
    ck_assert(seconds() - begin >= 0.25);
}
END_TEST

/* A program in a terminal of its own, and all that it has sent there. */
static struct terminal {
    int side; // ours
    pid_t child;
    char sent[1 << 18];
    size_t length;
} terminal;

static void must_not_fail(int result)
{
    MUST(result == -1 ? errno : 0);
}

static void resize(int columns, int rows)
{
    struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
    must_not_fail(ioctl(terminal.side, TIOCSWINSZ, &size));
}

static void start(int columns, int rows, const char *command)
{
    terminal.length = 0;
    terminal.side = posix_openpt(O_RDWR | O_NOCTTY);
    must_not_fail(terminal.side);
    must_not_fail(grantpt(terminal.side));
    must_not_fail(unlockpt(terminal.side));
    int other_side = open(MUST_HAVE(ptsname(terminal.side)), O_RDWR | O_NOCTTY);
    must_not_fail(other_side);
    resize(columns, rows);
    terminal.child = fork();
    must_not_fail(terminal.child);
    if (terminal.child == 0) {
        char path[5000];
        signal(SIGINT, SIG_DFL); // a shell that runs the tests in the background has it ignored
        setsid();
        ioctl(other_side, TIOCSCTTY, 0);
        for (int i = 0; i < 3; i++)
            dup2(other_side, i);
        close(other_side);
        close(terminal.side);
        snprintf(path, sizeof path, "%s/beyond:%s", OUT, getenv("PATH"));
        setenv("PATH", path, 1);
        setenv("TERM", "xterm", 1);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(99);
    }
    close(other_side);
}

/* Reads what there is. Returns false when there will be no more. */
static bool take(void)
{
    ck_assert_uint_lt(terminal.length, sizeof terminal.sent - 1);
    ssize_t count = read(terminal.side, terminal.sent + terminal.length,
                         sizeof terminal.sent - 1 - terminal.length);
    terminal.length += count > 0 ? (size_t)count : 0;
    terminal.sent[terminal.length] = '\0';
    return count > 0;
}

static void read_until(const char *text)
{
    while (strstr(terminal.sent, text) == NULL || terminal.length == 0)
        ck_assert_msg(take(), "no %s in %s", text, terminal.sent);
}

static void read_more(size_t bytes)
{
    for (bytes += terminal.length; terminal.length < bytes;)
        ck_assert_msg(take(), "it has ended: %s", terminal.sent);
}

/* Reads until the program has ended. Returns its exit status; 128 and more: the signal plus 128. */
static int end(void)
{
    int status;
    while (take())
        continue;
    must_not_fail(waitpid(terminal.child, &status, 0));
    close(terminal.side);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* What a person would see of what was sent: lines, in a terminal that is high enough for all. */
enum { LINES = 300, COLUMNS = 600 };
static char lines[LINES][COLUMNS];

static int show_lines(void)
{
    int row = 0, column = 0, up, used = 0;
    bool is_coloured = false;
    memset(lines, 0, sizeof lines);
    for (const char *next = terminal.sent; *next != '\0'; next += used) {
        used = 1;
        if (*next == '\r') {
            column = 0;
        } else if (*next == '\n') {
            row++;
            ck_assert(!is_coloured);
        } else if (*next != '\033') {
            ck_assert(row < LINES && column < COLUMNS - 1 && *next >= ' ');
            lines[row][column++] = *next;
        } else if (sscanf(next, "\033[%dA%n", &up, &used) == 1 && used > 1) {
            row -= up;
            ck_assert(row >= 0 && column == 0);
        } else if (strncmp(next, "\033[J", 3) == 0) {
            used = 3;
            memset(lines[row], 0, sizeof lines[0] * (size_t)(LINES - row));
        } else if (strncmp(next, "\033[0m", 4) == 0) {
            used = 4;
            is_coloured = false;
        } else {
            ck_assert(strncmp(next, "\033[1;31mred ", 11) == 0 ||
                      strncmp(next, "\033[1;34mblue ", 12) == 0);
            used = 7;
            is_coloured = true;
        }
    }
    ck_assert(!is_coloured && column == 0);
    return row;
}

/* So many times # (at least `least`), . (any number), |; nothing else, but spaces before and after. */
static void check_lane(const char *name, const char *lane, int rounds, int least)
{
    ck_assert_msg(strncmp(lane, name, 5) == 0, "no lane of %s: %s", name, lane);
    lane += 5 + strspn(lane + 5, " ");
    for (int round = 0; round < rounds; round++) {
        size_t running = strspn(lane, "#");
        ck_assert_msg((int)running >= least, "round %d, too short: %s", round, lane);
        lane += running;
        lane += strspn(lane, ".");
        ck_assert_msg(*lane == '|', "round %d, no end: %s", round, lane);
        lane++;
    }
    ck_assert_msg(strspn(lane, " ") == strlen(lane), "more: %s", lane);
}

/* The lines that are no lanes, together. */
static const char *printed_lines(int count)
{
    static char text[LINES * (COLUMNS + 1)];
    text[0] = '\0';
    for (int i = 0; i < count; i++)
        strcat(strcat(text, lines[i]), "\n");
    return text;
}

/* The lanes stand below all lines, once. (A column is half a second; a | takes the place of one.) */
START_TEST(test_lanes)
{
    start(550, 50, "barrier_lanes -x 1 -n 3"); // wide enough for a machine ten times as slow
    ck_assert_int_eq(end(), 0);
    int rows = show_lines();
    ck_assert_int_eq(rows, 3 * 4 + 2);
    ck_assert_int_eq(check_rounds(printed_lines(rows - 2)), 3);
    check_lane("red  ", lines[rows - 2], 3, 4 * 2 - 1);
    check_lane("blue ", lines[rows - 1], 3, 10 * 2 - 1);

    // They grew, and not only with the lines: more frames than lines were drawn.
    int frames = 0;
    for (const char *next = terminal.sent; (next = strstr(next, "\033[J")) != NULL; next++)
        frames++;
    ck_assert_int_ge(frames, 3 * 4 + 3);
}
END_TEST

/* Lanes that are longer than the terminal is wide: the latest part of them. */
START_TEST(test_long_lanes)
{
    static const int columns[] = {7, 40, 550};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        start(columns[i], 24, "barrier_lanes -x 1000 -n 30");
        ck_assert_int_eq(end(), 0);
        int rows = show_lines(), width = columns[i] < 506 ? columns[i] - 6 : 500;
        ck_assert_int_eq(rows, 30 * 4 + 2);
        ck_assert_int_eq(check_rounds(printed_lines(rows - 2)), 30);
        for (int j = 1; j <= 2; j++) {
            const char *lane = lines[rows - j] + 5;
            int length = (int)strlen(lane);
            ck_assert(length == width || length == width - 1);
            ck_assert_int_eq((int)strspn(lane, "#.| "), length);
        }
    }
}
END_TEST

/* Too small for lanes, or no terminal that a cursor can be moved in: the lines, and nothing else. */
START_TEST(test_no_lanes)
{
    static const struct {
        int columns, rows;
        const char *command;
    } cases[] = {{1, 1, "barrier_lanes -x 1000 -n 3"},
                 {6, 24, "barrier_lanes -x 1000 -n 3"},
                 {80, 2, "barrier_lanes -x 1000 -n 3"},
                 {80, 24, "TERM=dumb barrier_lanes -x 1000 -n 3"},
                 {80, 24, "TERM= barrier_lanes -x 1000 -n 3"},
                 {80, 24, "unset TERM; barrier_lanes -x 1000 -n 3"},
                 {80, 24, "barrier_lanes -x 1000 -n 3 | cat"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start(cases[i].columns, cases[i].rows, cases[i].command);
        ck_assert_int_eq(end(), 0);
        ck_assert(strchr(terminal.sent, '\033') == NULL);
        ck_assert_int_eq(check_rounds(printed_lines(show_lines())), 3);
    }
    // No size at all: as if it were 80 by 24.
    start(0, 0, "barrier_lanes -x 1000 -n 10");
    ck_assert_int_eq(end(), 0);
    int rows = show_lines();
    ck_assert_int_eq(check_rounds(printed_lines(rows - 2)), 10);
    ck_assert_int_ge((int)strlen(lines[rows - 1]), 78);
    ck_assert_int_le((int)strlen(lines[rows - 1]), 79);
}
END_TEST

/* The same lanes without colours. */
START_TEST(test_no_colour)
{
    start(550, 50, "NO_COLOR=1 barrier_lanes -x 1 -n 1");
    ck_assert_int_eq(end(), 0);
    ck_assert(strchr(terminal.sent, 'm') == NULL);
    int rows = show_lines();
    ck_assert_int_eq(check_rounds(printed_lines(rows - 2)), 1);
    check_lane("red  ", lines[rows - 2], 1, 4 * 2 - 1);
    check_lane("blue ", lines[rows - 1], 1, 10 * 2 - 1);
    start(400, 50, "NO_COLOR= barrier_lanes -x 1000 -n 3");
    ck_assert_int_eq(end(), 0);
    ck_assert(strstr(terminal.sent, "\033[1;31mred ") != NULL);
}
END_TEST

/*
 * Narrower and wider again. A terminal may have wrapped lanes that are too wide, so it is not known how
 * far up they begin: they are left there, no line is overwritten, and new ones follow.
 */
START_TEST(test_resize)
{
    start(70, 50, "barrier_lanes -x 5 -n 5");
    read_until("#########|####");
    resize(20, 50);
    read_more(500);
    resize(80, 50);
    ck_assert_int_eq(end(), 0);
    int rows = show_lines(), kept = 0;
    for (int i = 0; i < rows; i++) {
        if (strchr("#.| ", lines[i][5]) == NULL)
            memmove(lines[kept++], lines[i], sizeof lines[i]);
    }
    ck_assert_int_eq(check_rounds(printed_lines(kept)), 5);
    ck_assert_int_ge(rows - kept, 2 * 2);
}
END_TEST

/* In the middle of it the colours are what they were, and the cursor stands in a line of its own. */
START_TEST(test_interrupt)
{
    start(80, 24, "exec barrier_lanes -x 2");
    read_until("#######");
    ck_assert_int_eq(write(terminal.side, "\003", 1), 1);
    ck_assert_int_eq(end(), 128 + SIGINT);
    char *echo = strstr(terminal.sent, "^C");
    if (echo != NULL)
        *echo = '\0';
    show_lines();
}
END_TEST

START_TEST(test_pipes)
{
    signal(SIGPIPE, SIG_DFL); // the tests may have been started with it ignored
    // Lines arrive when they are printed, also through a pipe: this ends with the third one of 400.
    ck_assert_int_eq(run("barrier_lanes -x 2 -n 100 | head -n 2"), 0);
    ck_assert(strcmp(printed, "red running\nblue running\n") == 0 ||
              strcmp(printed, "blue running\nred running\n") == 0);
}
END_TEST

START_TEST(test_usage)
{
    static const char *const wrong[] = {"-n 0", "-n x",    "-n ''",  "-n", "-x 0",
                                        "-x",   "-x 1001", "-x 1.5", "-t", "a"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("barrier_lanes %s", wrong[i]), 2);
        ck_assert(strstr(printed, "usage: barrier_lanes [-n rounds] [-x factor]\n") != NULL);
    }
    ck_assert_int_eq(run("barrier_lanes -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: barrier_lanes [-n rounds] [-x factor]\n");
    ck_assert_int_eq(run("barrier_lanes --help 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: barrier_lanes [-n rounds] [-x factor]\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("barrier_lanes -x 1000 -n 1 >/dev/full"), 1);
    ck_assert_str_eq(printed, "barrier_lanes: standard output: No space left on device\n");
    ck_assert_int_eq(run("barrier_lanes -x 1000 -n 1 >&-"), 1);
    ck_assert_str_eq(printed, "barrier_lanes: standard output: Bad file descriptor\n");
}
END_TEST

START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -v 8000; barrier_lanes"), 1);
    ck_assert(strstr(printed, "Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *barrier_lanes_cases(void)
{
    TCase *cases = tcase_create("barrier_lanes");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_lines);
    tcase_add_test(cases, test_factor);
    tcase_add_test(cases, test_lanes);
    tcase_add_test(cases, test_long_lanes);
    tcase_add_test(cases, test_no_lanes);
    tcase_add_test(cases, test_no_colour);
    tcase_add_test(cases, test_resize);
    tcase_add_test(cases, test_interrupt);
    tcase_add_test(cases, test_pipes);
    tcase_add_test(cases, test_usage);
    if (is_possible("barrier_lanes on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("barrier_lanes with little memory", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    return cases;
}
