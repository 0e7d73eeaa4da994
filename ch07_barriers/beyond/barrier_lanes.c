/*
 * barrier_lanes.c - red and blue at the barrier, with a lane for each that shows when it runs and waits.
 *
 * Lecture   barrier_example.c
 * Adds      lanes that grow in a terminal, half a second a column; a number of rounds; a faster clock
 * Build     make beyond/barrier_lanes
 * Run       beyond/barrier_lanes [-n rounds] [-x factor]    -x 10 runs ten times as fast
 * Expect    the lecture's lines, for ten rounds. In a terminal the lanes grow below them:
 *               red  ########............|#######............|####
 *               blue ####################|###################|####
 */
#include "barrier.h"
#include "must.h"

#include <pthread.h>
#include <sys/ioctl.h>
#include <termios.h>

static const char usage[] = "barrier_lanes [-n rounds] [-x factor]";

/* What a lane shows. */
enum { RUNNING = '#', WAITING = '.', LET_THROUGH = '|', NOTHING = ' ' };

enum { COLUMNS_A_SECOND = 2, LANE_COLUMNS = 500 };
enum { LABEL = 5 }; // columns: "blue "
enum { FRAMES_A_SECOND = 10 };
enum { RUNNERS = 2 };

struct runner {
    struct show *show;
    const char *name;
    const char *colour; // the code of a terminal
    int time_to_sleep;  // seconds that it runs in a round
    pthread_t thread;

    // The lock of the show protects the rest.
    char state;              // from now on
    long filled;             // columns of its lane, up to now
    char lane[LANE_COLUMNS]; // the latest of them: column i is in lane[i % LANE_COLUMNS]
};

struct show {
    long rounds, factor; // never change
    bool has_lanes;      // nor does this: the output is a terminal that can show them
    bool has_colours;    // nor this
    double begin;
    struct barrier barrier;

    pthread_mutex_t lock; // protects: what follows, and the output
    struct runner runners[RUNNERS];
    int running;     // runners that have not ended
    int lanes_shown; // columns of the lanes that stand above the cursor; 0: there are none
};

/* The column of the lanes that belongs to this moment. */
static long column_now(const struct show *show)
{
    return (long)((seconds() - show->begin) * (double)show->factor * PACE * COLUMNS_A_SECOND);
}

static void fill_lane(struct runner *runner, long end)
{
    if (end - runner->filled > LANE_COLUMNS)
        runner->filled = end - LANE_COLUMNS;
    while (runner->filled < end)
        runner->lane[runner->filled++ % LANE_COLUMNS] = runner->state;
}

/* How many columns of the lanes the terminal, as large as it is now, has room for. */
static int lanes_width(const struct show *show)
{
    struct winsize size;
    int columns = 80, rows = 24;
    if (!show->has_lanes)
        return 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        columns = size.ws_col;
        rows = size.ws_row;
    }
    int width = columns - LABEL - 1; // one stays free, so that no line wraps
    return rows <= RUNNERS || width < 0 ? 0 : width < LANE_COLUMNS ? width : LANE_COLUMNS;
}

/*
 * Prints a line, if there is one, where the lanes were, and the lanes below it, under the lock. Afterwards
 * the cursor stands below all that and the colours are the usual ones, so that the program may be
 * stopped at any time.
 */
static void print(struct show *show, const char *name, const char *line)
{
    int width = lanes_width(show);
    long end = column_now(show) + 1;
    // Lanes that have become too wide may fill more lines now. They stay where they are.
    if (show->lanes_shown > 0 && show->lanes_shown <= width)
        printf("\033[%dA\033[J", RUNNERS);
    if (line != NULL)
        printf("%s %s\n", name, line);
    for (int i = 0; i < RUNNERS && width > 0; i++) {
        struct runner *runner = &show->runners[i];
        fill_lane(runner, end - 1);
        printf("%s%-*s", show->has_colours ? runner->colour : "", LABEL, runner->name);
        for (long column = end > width ? end - width : 0; column < runner->filled; column++)
            putchar(runner->lane[column % LANE_COLUMNS]);
        puts(show->has_colours ? "\033[0m" : "");
    }
    show->lanes_shown = width == 0 || end > width ? width : (int)end;
    if (fflush(stdout) != 0)
        exit(EXIT_FAILURE); // the rest would be lost; check_output says why
}

static void change_state(struct runner *self, char state, const char *line)
{
    struct show *show = self->show;
    MUST(pthread_mutex_lock(&show->lock));
    fill_lane(self, column_now(show));
    if (self->state == WAITING)
        self->lane[self->filled++ % LANE_COLUMNS] = LET_THROUGH;
    self->state = state;
    print(show, self->name, line);
    if (state == NOTHING)
        show->running--;
    MUST(pthread_mutex_unlock(&show->lock));
}

static void *wait_on_barrier(void *argument)
{
    struct runner *self = argument;
    struct show *show = self->show;
    for (long round = 0; round < show->rounds; round++) {
        change_state(self, RUNNING, "running");
        pause_ms(1000 * self->time_to_sleep / show->factor);
        change_state(self, WAITING, "is waiting on barrier");
        barrier_wait(&show->barrier);
    }
    change_state(self, NOTHING, NULL);
    return NULL;
}

/* Until all have ended, the lanes grow, ten times a second, also when no line is printed. */
static void watch(struct show *show)
{
    bool are_running = true;
    while (are_running) {
        pause_ms(1000 / FRAMES_A_SECOND);
        MUST(pthread_mutex_lock(&show->lock));
        are_running = show->running > 0;
        if (are_running)
            print(show, NULL, NULL);
        MUST(pthread_mutex_unlock(&show->lock));
    }
}

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && value[0] != '\0';
}

/* Whether the output is a terminal in which a cursor can be moved. */
static bool is_terminal(void)
{
    return isatty(STDOUT_FILENO) && is_set("TERM") && strcmp(getenv("TERM"), "dumb") != 0;
}

int main(int argc, char *argv[])
{
    static struct show show = {
        .rounds = 10,
        .factor = 1,
        .running = RUNNERS,
        .runners = {{.name = "red", .colour = "\033[1;31m", .time_to_sleep = 4},
                    {.name = "blue", .colour = "\033[1;34m", .time_to_sleep = 10}},
    };
    struct option_line options[] = {
        {'n', .number = &show.rounds, .least = 1, .most = 1000000},
        {'x', .number = &show.factor, .least = 1, .most = 1000},
        {0},
    };
    read_options(argc, argv, usage, options, 0, 0);

    static char output[1 << 13]; // room for a whole frame: it is sent at once
    setvbuf(stdout, output, _IOFBF, sizeof output);
    show.has_lanes = is_terminal();
    show.has_colours = !is_set("NO_COLOR");
    show.begin = seconds();
    MUST(barrier_init(&show.barrier, RUNNERS));
    MUST(pthread_mutex_init(&show.lock, NULL));
    for (int i = 0; i < RUNNERS; i++) {
        show.runners[i].show = &show;
        show.runners[i].state = NOTHING;
    }
    for (int i = 0; i < RUNNERS; i++)
        MUST(pthread_create(&show.runners[i].thread, NULL, wait_on_barrier, &show.runners[i]));
    if (show.has_lanes)
        watch(&show);
    for (int i = 0; i < RUNNERS; i++)
        MUST(pthread_join(show.runners[i].thread, NULL));
    MUST(pthread_mutex_destroy(&show.lock));
    MUST(barrier_destroy(&show.barrier));
}
