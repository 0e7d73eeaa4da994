/*
 * barrier_example.c - red needs 4 seconds a round, blue 10; at the barrier red waits for blue.
 *
 * Original  barriers/barrier_example.go
 * Run       ./barrier_example [-n rounds] [-x factor]
 *                                        -x 10 runs ten times as fast
 * Expect    in each of ten rounds: both are running, red is waiting on barrier, six seconds later blue
 *           is, too, and the next round begins. A terminal also shows their lanes, below what is printed:
 *               red  ########............|#######............|####
 *               blue ####################|###################|####
 * Try       a third one, green, that needs 7 seconds. What happens while barrier_init still says 2?
 * Compare   matrix_multiply_barrier.c (work in place of sleep)
 */
#include "barrier.h"
#include "must.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static const char usage[] = "usage: barrier_example [-n rounds] [-x factor]\n";

/* What a lane shows. */
enum { RUNNING = '#', WAITING = '.', LET_THROUGH = '|', NOTHING = ' ' };

enum { COLUMNS_A_SECOND = 2, LANE_COLUMNS = 500 };
enum { LABEL = 5 }; // columns: "blue "
enum { FRAMES_A_SECOND = 10 };

static const long long SECOND = 1000000000; // in nanoseconds

struct runner {
    struct show *show;
    const char *name;
    const char *colour; // as terminals understand it
    int seconds;        // how long it runs in a round
    pthread_t thread;

    // The lock of the show protects the rest.
    char state;              // from now on
    long filled;             // columns of its lane, up to now
    char lane[LANE_COLUMNS]; // the latest of them: column i is in lane[i % LANE_COLUMNS]
};

enum { RUNNERS = 2 };

struct show {
    int rounds, factor; // never change
    bool has_lanes;     // nor does this: the output is a terminal that can show them
    struct timespec begin;
    struct barrier barrier;

    pthread_mutex_t lock; // protects what follows, and the output
    struct runner runners[RUNNERS];
    int running;             // runners that have not ended
    pthread_cond_t all_done; // running is 0; waits: main
    int lanes_shown;         // columns of the lanes that stand above the cursor; 0: there are none
};

/* The column of the lanes that belongs to this moment. */
static long column_now(const struct show *show)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (double)(now.tv_sec - show->begin.tv_sec) +
                     (double)(now.tv_nsec - show->begin.tv_nsec) / 1e9;
    return (long)(seconds * show->factor * COLUMNS_A_SECOND);
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
    int width = columns - LABEL - 1; // one stays free, so that no line breaks by itself
    return rows <= RUNNERS || width < 0 ? 0 : width < LANE_COLUMNS ? width : LANE_COLUMNS;
}

/*
 * Prints a line, if there is one, where the lanes were, and the lanes below it, under the lock. The cursor
 * then stands below all that; the colours are what they were. So the program may be stopped at any time.
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
        printf("%s%-*s", runner->colour, LABEL, runner->name);
        for (long column = end > width ? end - width : 0; column < runner->filled; column++)
            putchar(runner->lane[column % LANE_COLUMNS]);
        puts("\033[0m");
    }
    show->lanes_shown = width == 0 || end > width ? width : (int)end;
    if (fflush(stdout) != 0) { // nobody would see the rest
        complain(usage, "standard output", strerror(errno));
        exit(EXIT_FAILURE);
    }
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
    if (state == NOTHING && --show->running == 0)
        MUST(pthread_cond_signal(&show->all_done));
    MUST(pthread_mutex_unlock(&show->lock));
}

static struct timespec in_nanoseconds(long long nanoseconds)
{
    return (struct timespec){(time_t)(nanoseconds / SECOND), (long)(nanoseconds % SECOND)};
}

static void *run(void *argument)
{
    struct runner *self = argument;
    struct show *show = self->show;
    for (int round = 0; round < show->rounds; round++) {
        struct timespec rest = in_nanoseconds(self->seconds * SECOND / show->factor);
        change_state(self, RUNNING, "running");
        while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
            continue;
        change_state(self, WAITING, "is waiting on barrier");
        barrier_wait(&show->barrier);
    }
    change_state(self, NOTHING, NULL);
    return NULL;
}

/* Until all have ended. Meanwhile the lanes grow, ten times a second, also when nobody prints a line. */
static void watch(struct show *show)
{
    struct timespec now, frame;
    MUST(pthread_mutex_lock(&show->lock));
    while (show->running > 0) {
        clock_gettime(CLOCK_REALTIME, &now);
        long long next = now.tv_nsec + SECOND / FRAMES_A_SECOND;
        frame = in_nanoseconds(next);
        frame.tv_sec += now.tv_sec;
        if (!show->has_lanes)
            MUST(pthread_cond_wait(&show->all_done, &show->lock));
        else if (pthread_cond_timedwait(&show->all_done, &show->lock, &frame) == ETIMEDOUT)
            print(show, NULL, NULL);
    }
    MUST(pthread_mutex_unlock(&show->lock));
}

/* Whether the output is a terminal in which a cursor can be moved. */
static bool is_terminal(void)
{
    const char *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && terminal != NULL && strcmp(terminal, "") != 0 &&
           strcmp(terminal, "dumb") != 0;
}

int main(int argc, char *argv[])
{
    struct show show = {.rounds = 10, .factor = 1, .running = RUNNERS, .has_lanes = is_terminal()};
    static const struct runner runners[RUNNERS] = {
        {.name = "red", .colour = "\033[1;31m", .seconds = 4},
        {.name = "blue", .colour = "\033[1;34m", .seconds = 10},
    };
    static char output[1 << 13]; // room for a whole frame: it is sent at once
    int option;
    while ((option = getopt(argc, argv, "n:x:h")) != -1) {
        switch (option) {
        case 'n':
            show.rounds = (int)number_from(optarg, 1, INT32_MAX, usage);
            break;
        case 'x':
            show.factor = (int)number_from(optarg, 1, 1000, usage);
            break;
        default:
            return show_usage(option, usage);
        }
    }
    if (optind < argc)
        return show_usage('?', usage);

    setvbuf(stdout, output, _IOFBF, sizeof output);
    clock_gettime(CLOCK_MONOTONIC, &show.begin);
    MUST(barrier_init(&show.barrier, RUNNERS));
    MUST(pthread_mutex_init(&show.lock, NULL));
    MUST(pthread_cond_init(&show.all_done, NULL));
    for (int i = 0; i < RUNNERS; i++) {
        show.runners[i] = runners[i];
        show.runners[i].show = &show;
        show.runners[i].state = NOTHING;
    }
    for (int i = 0; i < RUNNERS; i++)
        MUST(pthread_create(&show.runners[i].thread, NULL, run, &show.runners[i]));
    watch(&show);
    for (int i = 0; i < RUNNERS; i++)
        MUST(pthread_join(show.runners[i].thread, NULL));
    MUST(pthread_cond_destroy(&show.all_done));
    MUST(pthread_mutex_destroy(&show.lock));
    MUST(barrier_destroy(&show.barrier));
    return finish_output(0, usage);
}
