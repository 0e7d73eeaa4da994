/*
 * wind_direction.c - a pipeline: three threads, one for each step, with channels between them.
 *
 * Original  channels/wind_dIrection.go
 * Build     cc -pthread -O2 -o wind_direction wind_direction.c metar.c whole_file.c channel.c -lm
 * Run       ./wind_direction [FOLDER]      a folder of weather reports; metarfiles beside the program
 *                                          unless told
 * Expect    how often the wind blew from N, NE, E, SE, S, SW, W and NW, and the time it took
 * Try       channels with room for 10 files each. Is it faster? Which step do the others wait for?
 * Beyond    beyond/generate_metars.c makes more months, as many as you like
 */
#include "channel.h"
#include "metar.h"
#include "must.h"
#include "whole_file.h"

#include <math.h>
#include <pthread.h>

static const char usage[] = "wind_direction [FOLDER]";

static long wind_dist[8];

/* What a thread receives belongs to it, with the text that it points to, until it sends it on. */
struct pipeline {
    struct channel *text_channel;    // struct string
    struct channel *metar_channel;   // struct strings, one of each file
    struct channel *winds_channel;   // the same
    struct channel *results_channel; // long[8]
};

static void *parse_to_array(void *argument)
{
    struct pipeline *pipeline = argument;
    struct string text, line;
    while (channel_receive(pipeline->text_channel, &text) == 0) {
        struct strings metar_slice = {.text = text.start};
        struct string metar_str = {text.start, 0};
        while (next_line(&text, &line)) {
            if (taf_validation(line))
                break;
            bool closes = metar_close(line); // join moves the line, within the text
            if (!comment(line))
                join(&metar_str, trim(line));
            if (closes) {
                append(&metar_slice, metar_str);
                metar_str.length = 0;
            }
        }
        MUST(channel_send(pipeline->metar_channel, &metar_slice));
    }
    MUST(channel_close(pipeline->metar_channel));
    return NULL;
}

static void *extract_wind_direction(void *argument)
{
    struct pipeline *pipeline = argument;
    struct strings metars;
    while (channel_receive(pipeline->metar_channel, &metars) == 0) {
        struct strings winds = {.text = metars.text};
        for (size_t i = 0; i < metars.count; i++) {
            struct string wind;
            if (wind_regex(metars.list[i], &wind))
                append(&winds, wind);
        }
        free(metars.list);
        MUST(channel_send(pipeline->winds_channel, &winds));
    }
    MUST(channel_close(pipeline->winds_channel));
    return NULL;
}

static void *mine_wind_distribution(void *argument)
{
    struct pipeline *pipeline = argument;
    struct strings winds;
    while (channel_receive(pipeline->winds_channel, &winds) == 0) {
        for (size_t w = 0; w < winds.count; w++) {
            struct string wind = winds.list[w];
            if (variable_wind(wind)) {
                for (int i = 0; i < 8; i++)
                    wind_dist[i]++;
            } else if (valid_wind(wind)) {
                double d = wind_dir_only(wind);
                int dir_index = (int)round(d / 45.0) % 8;
                wind_dist[dir_index]++;
            }
        }
        free(winds.list);
        free(winds.text);
    }
    MUST(channel_send(pipeline->results_channel, wind_dist));
    MUST(channel_close(pipeline->results_channel));
    return NULL;
}

int main(int argc, char *argv[])
{
    char *beside = MUST_HAVE(whole_file_beside(argv[0], "metarfiles"));
    const char *folder = argument_or(beside, argc, argv, usage);
    struct pipeline pipeline = {
        .text_channel = MUST_HAVE(channel_create(0, sizeof(struct string))),
        .metar_channel = MUST_HAVE(channel_create(0, sizeof(struct strings))),
        .winds_channel = MUST_HAVE(channel_create(0, sizeof(struct strings))),
        .results_channel = MUST_HAVE(channel_create(0, sizeof wind_dist)),
    };
    pthread_t threads[3];
    // 1. Text to a list: each report is an item of its own.
    MUST(pthread_create(&threads[0], NULL, parse_to_array, &pipeline));
    // 2. The wind of each: EGLL 312350Z 07004KT CAVOK 12/09 Q1016 NOSIG= -> 07004KT
    MUST(pthread_create(&threads[1], NULL, extract_wind_direction, &pipeline));
    // 3. How many from N, NE, E, SE, S, SW, W, NW: 07004KT -> E + 1
    MUST(pthread_create(&threads[2], NULL, mine_wind_distribution, &pipeline));

    int status = 0, count;
    char **files = whole_file_list(folder, &count);
    if (files == NULL)
        give_up(usage, folder,
                errno == ENOENT ? "no such folder; beyond/generate_metars makes one"
                                : strerror(errno));
    double start = seconds();
    for (int i = 0; i < count; i++) {
        struct string text;
        int error = whole_file_read(files[i], &text.start, &text.length);
        if (error == 0) {
            MUST(channel_send(pipeline.text_channel, &text));
        } else {
            complain(usage, files[i], strerror(error));
            status = 1;
        }
        free(files[i]);
    }
    free(files);
    free(beside);
    MUST(channel_close(pipeline.text_channel));
    long results[8];
    MUST(channel_receive(pipeline.results_channel, results));
    double elapsed = seconds() - start;
    for (int i = 0; i < 8; i++)
        printf("%c%ld", i == 0 ? '[' : ' ', results[i]);
    printf("]\nProcessing took %.3fs\n", elapsed);
    for (int i = 0; i < 3; i++)
        MUST(pthread_join(threads[i], NULL));
    channel_destroy(pipeline.text_channel);
    channel_destroy(pipeline.metar_channel);
    channel_destroy(pipeline.winds_channel);
    channel_destroy(pipeline.results_channel);
    return status;
}
