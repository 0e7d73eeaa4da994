/*
 * two_parsers.c - the pipeline with two threads for its slowest step: the last to finish closes its channel.
 *
 * Exercise 1 of chapter 5
 * Shows     several senders on one channel: none may close it while another may still send
 * Build     cc -pthread -iquote . -o beyond/solutions/two_parsers \
 *           beyond/solutions/two_parsers.c channel.c metar.c whole_file.c -lm
 * Run       beyond/solutions/two_parsers [FOLDER]      metarfiles unless told
 * Expect    the numbers that wind_direction prints
 * Try       close metar_channel in each parser: the other's send fails with a broken pipe (EPIPE)
 */
#include "channel.h"
#include "metar.h"
#include "must.h"
#include "whole_file.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

static const char usage[] = "two_parsers [FOLDER]";

enum { parsers = 2 };

static struct channel *text_channel, *metar_channel, *winds_channel;
static atomic_int parsers_left = parsers;
static long wind_dist[8];

static void *parse_to_array(void *unused)
{
    struct string text, line;
    while (channel_receive(text_channel, &text) == 0) {
        struct strings metar_slice = {.text = text.start};
        struct string metar_str = {text.start, 0};
        while (next_line(&text, &line) && !taf_validation(line)) {
            bool closes = metar_close(line);
            if (!comment(line))
                join(&metar_str, trim(line));
            if (closes) {
                append(&metar_slice, metar_str);
                metar_str.length = 0;
            }
        }
        MUST(channel_send(metar_channel, &metar_slice));
    }
    if (atomic_fetch_sub(&parsers_left, 1) == 1) // only the last one: no other can still send
        MUST(channel_close(metar_channel));
    return unused;
}

static void *extract_wind_direction(void *unused)
{
    struct strings metars;
    while (channel_receive(metar_channel, &metars) == 0) {
        struct strings winds = {.text = metars.text};
        for (size_t i = 0; i < metars.count; i++) {
            struct string wind;
            if (wind_regex(metars.list[i], &wind))
                append(&winds, wind);
        }
        free(metars.list);
        MUST(channel_send(winds_channel, &winds));
    }
    MUST(channel_close(winds_channel));
    return unused;
}

static void *mine_wind_distribution(void *unused)
{
    struct strings winds;
    while (channel_receive(winds_channel, &winds) == 0) {
        for (size_t i = 0; i < winds.count; i++) {
            for (int k = 0; k < 8 && variable_wind(winds.list[i]); k++)
                wind_dist[k]++;
            if (valid_wind(winds.list[i]))
                wind_dist[(int)round(wind_dir_only(winds.list[i]) / 45.0) % 8]++;
        }
        free(winds.list);
        free(winds.text);
    }
    return unused;
}

int main(int argc, char *argv[])
{
    const char *folder = argument_or("metarfiles", argc, argv, usage);
    text_channel = MUST_HAVE(channel_create(0, sizeof(struct string)));
    metar_channel = MUST_HAVE(channel_create(0, sizeof(struct strings)));
    winds_channel = MUST_HAVE(channel_create(0, sizeof(struct strings)));
    pthread_t threads[parsers + 2];
    for (int i = 0; i < parsers; i++)
        MUST(pthread_create(&threads[i], NULL, parse_to_array, NULL));
    MUST(pthread_create(&threads[parsers], NULL, extract_wind_direction, NULL));
    MUST(pthread_create(&threads[parsers + 1], NULL, mine_wind_distribution, NULL));

    int count;
    char **files = whole_file_list(folder, &count);
    if (files == NULL)
        give_up(usage, folder, strerror(errno));
    for (int i = 0; i < count; i++) {
        struct string text;
        int error = whole_file_read(files[i], &text.start, &text.length);
        if (error != 0)
            give_up(usage, files[i], strerror(error));
        MUST(channel_send(text_channel, &text));
        free(files[i]);
    }
    free(files);
    MUST(channel_close(text_channel));
    for (int i = 0; i < parsers + 2; i++)
        MUST(pthread_join(threads[i], NULL));
    for (int i = 0; i < 8; i++)
        printf("%c%ld", i == 0 ? '[' : ' ', wind_dist[i]);
    puts("]");
    channel_destroy(text_channel);
    channel_destroy(metar_channel);
    channel_destroy(winds_channel);
}
