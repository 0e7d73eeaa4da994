/*
 * parallel_polygons.c - each thread makes some of the pages, and main puts them in order: it takes one page
 * from each thread's channel in turn.
 *
 * Lecture   generate_random_polygons.c
 * Adds      threads, a channel for each, and the same file however many there are; whole numbers, so that
 *           no rounding bends a side
 * Build     cc -O2 -pthread -iquote . -o beyond/parallel_polygons \
 *           beyond/parallel_polygons.c beyond/convex_polygon.c channel.c whole_file.c
 * Run       beyond/parallel_polygons [-n polygons] [-s seed] [-t threads] [FILE]
 * Expect    polygons.txt, or FILE: 100 000 lines of (x,y),(x,y),… The same seed makes the same file
 */
#include "channel.h"
#include "convex_polygon.h"
#include "must.h"
#include "whole_file.h"

#include <pthread.h>
#include <stdint.h>

static const char usage[] = "parallel_polygons [-n polygons] [-s seed] [-t threads] [FILE]";

enum { FEWEST_POINTS = 4, SIZE = 300, PAGE_POLYGONS = 100, PAGES_AHEAD = 2 };
enum { POLYGON_ROOM = MOST_POINTS * (sizeof "(300,300),") }; // SIZE has three digits

/* The text of up to PAGE_POLYGONS polygons. The thread that receives it owns the text. */
struct page {
    char *text;
    size_t length;
};

struct job {
    long polygons, pages, seed, threads;
};

struct worker {
    const struct job *job;
    long number;           // makes the pages number, number + threads, number + 2 * threads, …
    struct channel *pages; // and sends them here
    pthread_t thread;
};

static char *put_number(char *to, int number)
{
    char digits[12];
    int count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
    } while ((number /= 10) > 0);
    while (count > 0)
        *to++ = digits[--count];
    return to;
}

/* Writes "(x,y),(x,y),…\n". (snprintf takes three times as long: 0.35 s for 100 000, not 0.1.) */
static char *put_polygon(char *to, const struct point *points, int count)
{
    for (int i = 0; i < count; i++) {
        *to++ = '(';
        to = put_number(to, points[i].x);
        *to++ = ',';
        to = put_number(to, points[i].y);
        *to++ = ')';
        *to++ = i < count - 1 ? ',' : '\n';
    }
    return to;
}

/* Every page has random numbers of its own, so it does not matter which thread makes it. */
static struct page make_page(const struct job *job, long number)
{
    uint64_t mixed = ((uint64_t)job->seed << 32 ^ (uint64_t)number) * 0x9E3779B97F4A7C15U;
    unsigned short random[3] = {(unsigned short)(mixed >> 16), (unsigned short)(mixed >> 32),
                                (unsigned short)(mixed >> 48)};
    long polygons = job->polygons - number * PAGE_POLYGONS;
    if (polygons > PAGE_POLYGONS)
        polygons = PAGE_POLYGONS;
    struct point points[MOST_POINTS];
    struct page page = {.text = MUST_HAVE(malloc((size_t)PAGE_POLYGONS * POLYGON_ROOM))};
    char *end = page.text;
    for (long i = 0; i < polygons; i++) {
        int count = FEWEST_POINTS + (int)(nrand48(random) % (MOST_POINTS - FEWEST_POINTS + 1));
        convex_polygon(points, count, SIZE, random);
        end = put_polygon(end, points, count);
    }
    page.length = (size_t)(end - page.text);
    return page;
}

static void *make_pages(void *argument)
{
    struct worker *self = argument;
    for (long number = self->number; number < self->job->pages; number += self->job->threads) {
        struct page page = make_page(self->job, number);
        if (channel_send(self->pages, &page) != 0) {
            free(page.text); // main has closed it: the file cannot be written
            break;
        }
    }
    channel_close(self->pages);
    return NULL;
}

/* Takes the pages from the workers in turn, which is their order. 0, or why it had to stop. */
static int write_pages(const struct job *job, struct worker *workers, FILE *file)
{
    int error = 0;
    for (long number = 0; number < job->pages && error == 0; number++) {
        struct page page;
        MUST(channel_receive(workers[number % job->threads].pages, &page));
        if (fwrite(page.text, 1, page.length, file) != page.length)
            error = errno;
        free(page.text);
    }
    return error;
}

/* Tells a worker to stop, if it has not yet, and frees the pages that are no longer needed. */
static void dismiss(struct worker *worker)
{
    struct page page;
    channel_close(worker->pages);
    while (channel_receive(worker->pages, &page) == 0)
        free(page.text);
    MUST(pthread_join(worker->thread, NULL));
    channel_destroy(worker->pages);
}

int main(int argc, char *argv[])
{
    struct job job = {.polygons = 100000, .seed = 1, .threads = 8};
    struct option_line options[] = {
        {'n', .number = &job.polygons, .least = 0, .most = 1000000000},
        {'s', .number = &job.seed, .least = 0, .most = INT32_MAX},
        {'t', .number = &job.threads, .least = 1, .most = 1000},
        {0},
    };
    int first = read_options(argc, argv, usage, options, 0, 1);
    const char *path = first < argc ? argv[first] : "polygons.txt";
    job.pages = (job.polygons + PAGE_POLYGONS - 1) / PAGE_POLYGONS;

    struct worker *workers = MUST_HAVE(calloc((size_t)job.threads, sizeof *workers));
    for (long i = 0; i < job.threads; i++) {
        workers[i] = (struct worker){.job = &job, .number = i};
        workers[i].pages = MUST_HAVE(channel_create(PAGES_AHEAD, sizeof(struct page)));
        MUST(pthread_create(&workers[i].thread, NULL, make_pages, &workers[i]));
    }
    FILE *file = fopen(path, "w"); // not before there are threads: without them there is no file
    if (file == NULL)
        give_up(usage, path, strerror(errno));
    int error = write_pages(&job, workers, file);
    for (long i = 0; i < job.threads; i++)
        dismiss(&workers[i]);
    free(workers);
    error = whole_file_close(file, path, error);
    if (error != 0)
        give_up(usage, path, strerror(error));
}
