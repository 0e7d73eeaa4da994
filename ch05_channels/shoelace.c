/*
 * shoelace.c - a pool of threads: one channel of work, and every thread takes the next piece.
 *
 * Original  threadpool/shoelace.go
 * Run       ./shoelace [-o] [-t threads] [FILE]     -o prints the areas in the order of the lines;
 *                                                   FILE - is the standard input
 * Expect    the area of each polygon of polygons.txt, in the order in which the threads finish
 * Try       ./shoelace | head, some times over, then the same with -o. What does the order cost?
 * Compare   wind_direction.c (a thread for each step); generate_random_polygons.c (a channel for each)
 */
#include "channel.h"
#include "must.h"
#include "polygon_area.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

static const char usage[] = "usage: shoelace [-o] [-t threads] [FILE]\n";

enum { LINES_AHEAD = 1000, WINDOW = 4096 };

/* A line of the file. Whoever receives it owns the text. */
struct line {
    long number;
    char *text;
    size_t length;
};

struct pool {
    const char *path;
    bool in_order;
    struct channel *lines;

    pthread_mutex_t lock;        // protects what follows, and keeps what is printed whole
    int error;                   // of the standard output, 0: none
    bool complete;               // no line was bad
    long next;                   // lines up to here are printed; finished[] are those behind it
    int64_t finished[WINDOW];    // result of line n at n % WINDOW: twice the area, or …
    pthread_cond_t window_moved; // next has grown; waits: whoever has a result beyond the window
};

enum { BAD_LINE = -1, NOT_FINISHED = -2 };

/* Prints one result. The lock is held. */
static void print_result(struct pool *pool, long number, int64_t twice_area)
{
    if (twice_area == BAD_LINE) {
        fprintf(stderr,
                "shoelace: %s:%ld: not a polygon: it takes (x,y),(x,y),… of whole numbers "
                "from 0 to %d\n",
                pool->path, number, LARGEST_COORDINATE);
        pool->complete = false;
    } else if (printf("%" PRId64 "%s\n", twice_area / 2, twice_area % 2 == 0 ? "" : ".5") < 0) {
        // Who should read the areas does not get them. Make the reader of the file stop, too.
        pool->error = errno;
        channel_close(pool->lines);
    }
}

/*
 * Keeps the result until all before it are printed, then prints it and all that have waited for it.
 * Only a window of results is kept. A thread whose result lies beyond it waits until the window has
 * moved; the thread that works on the oldest line never waits, so it does move. The lock is held.
 */
static void print_in_order(struct pool *pool, long number, int64_t twice_area)
{
    while (number >= pool->next + WINDOW)
        MUST(pthread_cond_wait(&pool->window_moved, &pool->lock));
    pool->finished[number % WINDOW] = twice_area;
    if (number != pool->next)
        return;
    int64_t *result;
    while (*(result = &pool->finished[pool->next % WINDOW]) != NOT_FINISHED) {
        print_result(pool, pool->next, *result);
        *result = NOT_FINISHED;
        pool->next++;
    }
    MUST(pthread_cond_broadcast(&pool->window_moved));
}

static void *find_areas(void *argument)
{
    struct pool *pool = argument;
    struct line line;
    while (channel_receive(pool->lines, &line) == 0) {
        int64_t twice_area = polygon_twice_area(line.text, line.length);
        free(line.text);
        MUST(pthread_mutex_lock(&pool->lock));
        if (pool->in_order)
            print_in_order(pool, line.number, twice_area);
        else
            print_result(pool, line.number, twice_area);
        MUST(pthread_mutex_unlock(&pool->lock));
    }
    return NULL;
}

/* Sends every line into the channel, until the end or until nobody wants any more. 0, or errno. */
static int send_lines(struct pool *pool, FILE *file)
{
    for (long number = 1;; number++) {
        struct line line = {.number = number};
        size_t room = 0;
        errno = 0;
        ssize_t length = getline(&line.text, &room, file);
        if (length > 0 && line.text[length - 1] == '\n')
            length--;
        if (length > 0 && line.text[length - 1] == '\r')
            length--;
        line.length = (size_t)length;
        if (length < 0 || channel_send(pool->lines, &line) != 0) {
            free(line.text);
            return length < 0 && !feof(file) ? errno : 0;
        }
    }
}

int main(int argc, char *argv[])
{
    static struct pool pool = {.path = "polygons.txt", .complete = true, .next = 1};
    long threads = 8;
    int option;
    while ((option = getopt(argc, argv, "ot:h")) != -1) {
        switch (option) {
        case 'o':
            pool.in_order = true;
            break;
        case 't':
            threads = number_from(optarg, 1, 1000, usage);
            break;
        default:
            return show_usage(option, usage);
        }
    }
    if (argc > optind + 1)
        return show_usage('?', usage);
    if (optind < argc)
        pool.path = argv[optind];
    FILE *file = strcmp(pool.path, "-") == 0 ? stdin : fopen(pool.path, "r");
    if (file == NULL) {
        complain(usage, pool.path, strerror(errno));
        return 1;
    }
    for (int i = 0; i < WINDOW; i++)
        pool.finished[i] = NOT_FINISHED;
    pool.lines = MUST_HAVE(channel_create(LINES_AHEAD, sizeof(struct line)));
    MUST(pthread_mutex_init(&pool.lock, NULL));
    MUST(pthread_cond_init(&pool.window_moved, NULL));
    pthread_t *workers = MUST_HAVE(calloc((size_t)threads, sizeof *workers));
    for (long i = 0; i < threads; i++)
        MUST(pthread_create(&workers[i], NULL, find_areas, &pool));

    int error = send_lines(&pool, file);
    channel_close(pool.lines); // the workers finish what is there, and end
    for (long i = 0; i < threads; i++)
        MUST(pthread_join(workers[i], NULL));
    free(workers);
    channel_destroy(pool.lines);
    MUST(pthread_cond_destroy(&pool.window_moved));
    MUST(pthread_mutex_destroy(&pool.lock));
    fclose(file);

    if (error != 0)
        complain(usage, pool.path, strerror(error));
    errno = pool.error;
    return finish_output(error == 0 && pool.complete ? 0 : 1, usage);
}
