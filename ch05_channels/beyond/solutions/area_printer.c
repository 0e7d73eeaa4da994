/*
 * area_printer.c - the pool sends its areas through a second channel to a thread that prints them.
 *
 * Exercise 2 of chapter 5
 * Shows     a stage behind a pool; main closes its channel when it has joined the whole pool
 * Build     cc -pthread -iquote . -o beyond/solutions/area_printer \
 *           beyond/solutions/area_printer.c channel.c beyond/polygon_area.c
 * Run       beyond/solutions/area_printer [-c room] [FILE]      polygons.txt unless told, room for 1000
 * Expect    an area a line, in any order, and the time it took. A line that is no polygon is reported on
 *           stderr, and it exits with 1 at the end
 * Try       -c 0: each thread of the pool waits until its area is printed
 */
#include "beyond/polygon_area.h"
#include "channel.h"
#include "must.h"

#include <inttypes.h>
#include <pthread.h>

static const char usage[] = "area_printer [-c room] [FILE]";

enum { number_of_threads = 8 };

static struct channel *input_channel; // char *: a line, which the receiver frees
static struct channel *area_channel;  // int64_t: twice an area; -1 for a line that is no polygon
static bool incomplete;               // there was such a line; main reads it after the join

static void *find_area(void *unused)
{
    char *points_str;
    while (channel_receive(input_channel, &points_str) == 0) {
        int64_t twice = polygon_twice_area(points_str, strcspn(points_str, "\r\n"));
        free(points_str);
        MUST(channel_send(area_channel, &twice));
    }
    return unused;
}

static void *print_areas(void *unused)
{
    int64_t twice;
    while (channel_receive(area_channel, &twice) == 0) {
        if (twice < 0) {
            complain(usage, "a line", "not a polygon");
            incomplete = true;
        } else {
            printf("%" PRId64 "%s\n", twice / 2, twice % 2 == 0 ? "" : ".5");
        }
    }
    return unused;
}

int main(int argc, char *argv[])
{
    long room = 1000;
    struct option_line options[] = {{'c', .number = &room, .least = 0, .most = 1000000}, {0}};
    int first = read_options(argc, argv, usage, options, 0, 1);
    const char *path = first < argc ? argv[first] : "polygons.txt";
    FILE *file = fopen(path, "r");
    if (file == NULL)
        give_up(usage, path, strerror(errno));
    input_channel = MUST_HAVE(channel_create(1000, sizeof(char *)));
    area_channel = MUST_HAVE(channel_create((size_t)room, sizeof(int64_t)));
    pthread_t pool[number_of_threads], printer;
    for (int i = 0; i < number_of_threads; i++)
        MUST(pthread_create(&pool[i], NULL, find_area, NULL));
    MUST(pthread_create(&printer, NULL, print_areas, NULL));

    double start = seconds();
    char *line = NULL;
    for (size_t size = 0; getline(&line, &size, file) > 0; line = NULL, size = 0)
        MUST(channel_send(input_channel, &line));
    if (!feof(file))
        give_up(usage, path, strerror(errno));
    MUST(channel_close(input_channel));
    for (int i = 0; i < number_of_threads; i++)
        MUST(pthread_join(pool[i], NULL));
    MUST(channel_close(area_channel)); // only now: none of the pool can still send
    MUST(pthread_join(printer, NULL));
    fprintf(stderr, "Processing took %.3fs\n", seconds() - start);
    free(line);
    fclose(file);
    channel_destroy(input_channel);
    channel_destroy(area_channel);
    return incomplete ? 1 : 0;
}
