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
#include "in_order.h"
#include "must.h"
#include "polygon_area.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

static const char usage[] = "usage: shoelace [-o] [-t threads] [FILE]\n";

enum { LINES_AHEAD = 1000 };

/* A line of the file. Whoever receives it owns the text. */
struct line {
    long number;
    char *text;
    size_t length;
};

struct pool {
    const char *path;
    struct channel *lines;
    struct in_order *order; // NULL: print at once
    atomic_bool incomplete; // a line was bad
    atomic_int error;       // of the standard output, 0: none
};

/* Prints one result. (printf locks the stream itself, so lines of several threads do not mix.) */
static void print_area(void *context, long number, int64_t twice_area)
{
    struct pool *pool = context;
    if (twice_area < 0) {
        fflush(stdout); // so that the message comes behind what was printed before it
        fprintf(
            stderr,
            "shoelace: %s:%ld: not a polygon: it takes (x,y),(x,y),… of whole numbers from 0 to "
            "%d, at most %d corners\n",
            pool->path, number, LARGEST_COORDINATE, MOST_CORNERS);
        atomic_store(&pool->incomplete, true);
    } else if (printf("%" PRId64 "%s\n", twice_area / 2, twice_area % 2 == 0 ? "" : ".5") < 0) {
        // Nobody gets the areas. Closed, the channel takes no more lines, and the reader stops.
        atomic_store(&pool->error, errno);
        channel_close(pool->lines);
    }
}

static void *find_areas(void *argument)
{
    struct pool *pool = argument;
    struct line line;
    int error;
    while ((error = channel_receive(pool->lines, &line)) == 0) {
        int64_t twice_area = polygon_twice_area(line.text, line.length);
        free(line.text);
        if (pool->order != NULL)
            in_order_put(pool->order, line.number, twice_area);
        else
            print_area(pool, line.number, twice_area);
    }
    if (error != EPIPE)
        MUST(error);
    return NULL;
}

/* Sends every line into the channel, until the end or until nobody wants any more (EPIPE). 0, or errno. */
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
        int error = length >= 0 ? channel_send(pool->lines, &line) : feof(file) ? EPIPE : errno;
        if (error != 0) {
            free(line.text);
            return error == EPIPE ? 0 : error;
        }
    }
}

int main(int argc, char *argv[])
{
    struct pool pool = {.path = "polygons.txt"};
    static struct in_order order; // too large for the stack of some systems
    long threads = 8;
    int option;
    while ((option = getopt(argc, argv, "ot:h")) != -1) {
        switch (option) {
        case 'o':
            pool.order = &order;
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
    pool.lines = MUST_HAVE(channel_create(LINES_AHEAD, sizeof(struct line)));
    MUST(in_order_init(&order, 1, print_area, &pool));
    pthread_t *workers = MUST_HAVE(calloc((size_t)threads, sizeof *workers));
    for (long i = 0; i < threads; i++)
        MUST(pthread_create(&workers[i], NULL, find_areas, &pool));

    int error = send_lines(&pool, file);
    channel_close(pool.lines); // the workers finish what is there, and end
    for (long i = 0; i < threads; i++)
        MUST(pthread_join(workers[i], NULL));
    free(workers);
    channel_destroy(pool.lines);
    in_order_destroy(&order);
    fclose(file);

    if (error != 0)
        complain(usage, pool.path, strerror(error));
    errno = pool.error;
    return finish_output(error != 0 || pool.incomplete ? 1 : 0, usage);
}
