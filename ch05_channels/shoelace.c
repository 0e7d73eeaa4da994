/*
 * shoelace.c - a pool of eight threads takes polygons from one channel and prints their areas.
 *
 * Original  threadpool/shoelace.go
 * Build     cc -pthread -O2 -o shoelace shoelace.c channel.c wait_group.c -lm
 * Run       ./shoelace [FILE]      polygons.txt unless told; ./generate_random_polygons makes it
 * Expect    an area a line, in the order in which the threads finish, and the time it took
 * Try       ./shoelace | head, several times; number_of_threads 1. Is it slower?
 * Beyond    beyond/ordered_shoelace.c prints the areas in the order of the polygons, faster
 */
#include "channel.h"
#include "must.h"
#include "wait_group.h"

#include <limits.h>
#include <math.h>
#include <pthread.h>

static const char usage[] = "shoelace [FILE]";

struct point2d {
    long x, y;
};

enum { number_of_threads = 8 };

static struct wait_group wait_group;

/* Takes \d* off the text. A number that is too large becomes the largest, as Go's Atoi has it. */
static long number(const char **text)
{
    long n = 0;
    for (; **text >= '0' && **text <= '9'; ++*text)
        n = n > (LONG_MAX - 9) / 10 ? LONG_MAX : n * 10 + (**text - '0');
    return n;
}

static void *find_area(void *argument)
{
    struct channel *input_channel = argument;
    char *points_str;
    MUST(pthread_detach(pthread_self()));
    while (channel_receive(input_channel, &points_str) == 0) {
        struct point2d *points = MUST_HAVE(malloc((strlen(points_str) / 3 + 1) * sizeof *points));
        size_t length = 0;
        for (const char *p = points_str; *p != '\0';) { // Go: \((\d*),(\d*)\)
            if (*p++ != '(')
                continue;
            long x = number(&p);
            if (*p != ',')
                continue;
            p++;
            long y = number(&p);
            if (*p == ')')
                points[length++] = (struct point2d){x, y};
        }

        double area = 0.0;
        for (size_t i = 0; i < length; i++) {
            struct point2d a = points[i], b = points[(i + 1) % length];
            area += (double)a.x * (double)b.y - (double)a.y * (double)b.x;
        }
        printf("%.17g\n", fabs(area) / 2.0);
        free(points);
        free(points_str);
    }
    MUST(wait_group_done(&wait_group));
    return NULL;
}

int main(int argc, char *argv[])
{
    const char *path = argument_or("polygons.txt", argc, argv, usage);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        give_up(usage, path,
                errno == ENOENT ? "no such file; ./generate_random_polygons makes one"
                                : strerror(errno));

    struct channel *input_channel = MUST_HAVE(channel_create(1000, sizeof(char *)));
    MUST(wait_group_init(&wait_group));
    for (int i = 0; i < number_of_threads; i++) {
        pthread_t thread;
        MUST(pthread_create(&thread, NULL, find_area, input_channel));
    }
    MUST(wait_group_add(&wait_group, number_of_threads));
    double start = seconds();
    char *line = NULL;
    for (size_t room = 0; getline(&line, &room, file) > 0; line = NULL, room = 0)
        MUST(channel_send(input_channel, &line));
    if (!feof(file))
        give_up(usage, path, strerror(errno));
    MUST(channel_close(input_channel));
    MUST(wait_group_wait(&wait_group));
    double elapsed = seconds() - start;
    fprintf(stderr, "Processing took %.3fs\n", elapsed);
    free(line);
    channel_destroy(input_channel);
    MUST(wait_group_destroy(&wait_group));
    fclose(file);
}
