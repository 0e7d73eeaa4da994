/*
 * wind_direction.c - a pipeline: three threads, each doing one step, with channels between them.
 *
 * Original  channels/wind_dIrection.go
 * Run       ./wind_direction [DIR]       a directory of weather reports. Default: metarfiles beside
 *                                        the program, where its path leads to it
 * Expect    […] how often the wind blew from N NE E SE S SW W NW, and the time it took
 * Try       ./generate_metars -n 141 months, for more to do. Give the channels room for 10 files
 *           each. Is it faster? Which step do the others wait for?
 * Compare   shoelace.c (many threads on one channel, all doing the same)
 */
#include "channel.h"
#include "metar.h"
#include "must.h"
#include "whole_file.h"

#include <dirent.h>
#include <libgen.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

static const char usage[] = "usage: wind_direction [DIR]\n";

/* What flows from step to step, one for each file. Who receives it owns what it points to. */
struct text {
    char *bytes;
    size_t size;
};

struct reports {
    char *bytes; // the text that the reports are parts of
    struct report *list;
    size_t count;
};

struct winds {
    char (*list)[WIND_LENGTH];
    size_t count;
};

struct distribution {
    long counts[WIND_DIRECTIONS];
};

struct pipeline {
    struct channel *texts, *reports, *winds, *distributions;
};

/* Waits for the next element. False: there are no more. */
static bool receive(struct channel *channel, void *element)
{
    int error = channel_receive(channel, element);
    if (error != EPIPE)
        MUST(error);
    return error == 0;
}

/* Step 1: a text becomes reports. */
static void *parse_reports(void *argument)
{
    struct pipeline *pipeline = argument;
    struct text text;
    while (receive(pipeline->texts, &text)) {
        struct reports reports = {.bytes = text.bytes};
        char *from = text.bytes, *end = from + metar_part(text.bytes, text.size);
        size_t room = 0;
        struct report report;
        while (metar_next_report(&from, end, &report)) {
            if (reports.count == room) {
                room = room == 0 ? 1024 : room * 2;
                reports.list = MUST_HAVE(realloc(reports.list, room * sizeof report));
            }
            reports.list[reports.count++] = report;
        }
        MUST(channel_send(pipeline->reports, &reports));
    }
    channel_close(pipeline->reports); // the next step ends when this one has
    return NULL;
}

/* Step 2: reports become winds. */
static void *extract_winds(void *argument)
{
    struct pipeline *pipeline = argument;
    struct reports reports;
    while (receive(pipeline->reports, &reports)) {
        struct winds winds = {.list = MUST_HAVE(malloc((reports.count + 1) * WIND_LENGTH))};
        for (size_t i = 0; i < reports.count; i++) {
            const char *wind = metar_wind(reports.list[i]);
            if (wind != NULL)
                memcpy(winds.list[winds.count++], wind, WIND_LENGTH);
        }
        free(reports.list);
        free(reports.bytes);
        MUST(channel_send(pipeline->winds, &winds));
    }
    channel_close(pipeline->winds);
    return NULL;
}

/* Step 3: winds are counted; the distribution goes on when there are no more. */
static void *mine_distribution(void *argument)
{
    struct pipeline *pipeline = argument;
    struct distribution distribution = {0};
    struct winds winds;
    while (receive(pipeline->winds, &winds)) {
        for (size_t i = 0; i < winds.count; i++)
            metar_count(winds.list[i], distribution.counts);
        free(winds.list);
    }
    MUST(channel_send(pipeline->distributions, &distribution));
    return NULL;
}

/* Sends every file of the directory into the pipeline. False: some could not be read. */
static bool send_files(struct channel *texts, DIR *directory, const char *path)
{
    bool complete = true;
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(directory);
        if (entry == NULL)
            break;
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        struct text text;
        int error = whole_file_read(dirfd(directory), name, &text.bytes, &text.size);
        if (error == 0) {
            MUST(channel_send(texts, &text));
        } else {
            fprintf(stderr, "wind_direction: %s/%s: %s\n", path, name, strerror(error));
            complete = false;
        }
    }
    if (errno != 0) {
        complain(usage, path, strerror(errno));
        complete = false;
    }
    return complete;
}

static double milliseconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

int main(int argc, char *argv[])
{
    int option = getopt(argc, argv, "h");
    if (option != -1 || argc > optind + 1)
        return show_usage(option, usage);
    // The chapter's own reports stand beside the program, whatever the current directory is.
    char beside[4096] = "metarfiles";
    if (strchr(argv[0], '/') != NULL)
        snprintf(beside, sizeof beside, "%s/metarfiles", dirname(argv[0]));
    const char *path = optind < argc ? argv[optind] : beside;
    DIR *directory = opendir(path);
    if (directory == NULL) {
        complain(usage, path, strerror(errno));
        return 1;
    }

    double start = milliseconds();
    struct pipeline pipeline = {
        .texts = MUST_HAVE(channel_create(0, sizeof(struct text))),
        .reports = MUST_HAVE(channel_create(0, sizeof(struct reports))),
        .winds = MUST_HAVE(channel_create(0, sizeof(struct winds))),
        .distributions = MUST_HAVE(channel_create(0, sizeof(struct distribution))),
    };
    pthread_t threads[3];
    MUST(pthread_create(&threads[0], NULL, parse_reports, &pipeline));
    MUST(pthread_create(&threads[1], NULL, extract_winds, &pipeline));
    MUST(pthread_create(&threads[2], NULL, mine_distribution, &pipeline));

    bool complete = send_files(pipeline.texts, directory, path);
    closedir(directory);
    channel_close(pipeline.texts);
    struct distribution distribution;
    MUST(channel_receive(pipeline.distributions, &distribution));
    for (int i = 0; i < 3; i++)
        MUST(pthread_join(threads[i], NULL));

    for (int i = 0; i < WIND_DIRECTIONS; i++)
        printf("%c%ld", i == 0 ? '[' : ' ', distribution.counts[i]);
    printf("]\nProcessing took %.3fms\n", milliseconds() - start);
    channel_destroy(pipeline.texts);
    channel_destroy(pipeline.reports);
    channel_destroy(pipeline.winds);
    channel_destroy(pipeline.distributions);
    return finish_output(complete ? 0 : 1, usage);
}
