/*
 * letter_frequency.c - many threads count into the same 26 counters: with atomic additions, under a
 * mutex, or each into counters of its own first.
 *
 * Original  atomicletterfrequency/letter_frequency.go
 * Run       ./letter_frequency [-m atomic|mutex|local] [FILE|URL ...]     without -m all three ways, to
 *                                                       compare; without texts 201 threads, on texts/
 *           ./letter_frequency -m atomic -r 1000-1200   those RFCs, from the network, as the original
 * Expect    how long each way takes, and how often each letter is there: the same in all three ways
 * Try       in count_local, take the lock and add after every pass, then after every letter. When does it
 *           begin to cost?
 * Compare   atomic_stingy_spendy.c and stingy_spendy.c (one counter, where none of this matters)
 */
#include "fetch.h"
#include "must.h"
#include "whole_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

static const char usage[] = "usage: letter_frequency [-m atomic|mutex|local] [-n passes] "
                            "[-r first[-last]] [-b base] [FILE|URL ...]\n";

enum { LETTERS = 26, SAMPLE_THREADS = 201 };

/* All threads count here, each way in counters of its kind. */
struct frequency {
    long passes; // over each text
    const struct way *way;
    atomic_ulong atomic_counts[LETTERS];
    pthread_mutex_t lock;
    unsigned long counts[LETTERS]; // protected by the lock
};

struct way {
    const char *name;
    void (*count)(struct frequency *frequency, const unsigned char *text, size_t size);
};

/* One for each thread, which alone uses it until it is joined. */
struct text {
    char *name; // of a file, or a URL
    struct frequency *frequency;
    bool read, failed;
    char *bytes;
    size_t size;
    pthread_t thread;
    bool has_thread;
};

struct texts {
    struct text *list;
    long count;
};

/* 0 for a and A, … 25 for z and Z; more for all else. */
static unsigned letter_of(unsigned char byte)
{
    return (byte | 0x20u) - 'a';
}

static void count_atomic(struct frequency *frequency, const unsigned char *text, size_t size)
{
    for (long pass = 0; pass < frequency->passes; pass++) {
        for (size_t i = 0; i < size; i++) {
            unsigned letter = letter_of(text[i]);
            if (letter < LETTERS)
                atomic_fetch_add(&frequency->atomic_counts[letter], 1);
        }
    }
}

static void count_mutex(struct frequency *frequency, const unsigned char *text, size_t size)
{
    for (long pass = 0; pass < frequency->passes; pass++) {
        for (size_t i = 0; i < size; i++) {
            unsigned letter = letter_of(text[i]);
            if (letter < LETTERS) {
                MUST(pthread_mutex_lock(&frequency->lock));
                frequency->counts[letter]++;
                MUST(pthread_mutex_unlock(&frequency->lock));
            }
        }
    }
}

/* Counts every byte, so that there is nothing to decide; which ones are letters is seen at the end. */
static void count_local(struct frequency *frequency, const unsigned char *text, size_t size)
{
    unsigned long own[UCHAR_MAX + 1] = {0};
    for (long pass = 0; pass < frequency->passes; pass++) {
        for (size_t i = 0; i < size; i++)
            own[text[i]]++;
    }
    MUST(pthread_mutex_lock(&frequency->lock));
    for (unsigned byte = 0; byte <= UCHAR_MAX; byte++) {
        unsigned letter = letter_of((unsigned char)byte);
        if (letter < LETTERS)
            frequency->counts[letter] += own[byte];
    }
    MUST(pthread_mutex_unlock(&frequency->lock));
}

static const struct way ways[] = {
    {"atomic", count_atomic},
    {"mutex", count_mutex},
    {"local", count_local},
};
enum { WAYS = sizeof ways / sizeof ways[0] };

static bool is_url(const char *name)
{
    return strncasecmp(name, "http://", 7) == 0 || strncasecmp(name, "https://", 8) == 0;
}

/* A thread: reads the text, if nobody has yet. */
static void *read_text(void *argument)
{
    struct text *text = argument;
    if (text->read)
        return NULL;
    text->read = true;
    char reason[FETCH_REASON];
    if (is_url(text->name)) {
        text->failed = !fetch(text->name, &text->bytes, &text->size, reason);
    } else {
        int error = whole_file_read(AT_FDCWD, text->name, &text->bytes, &text->size);
        text->failed = error != 0;
        snprintf(reason, sizeof reason, "%s", strerror(error));
    }
    if (text->failed)
        complain(usage, text->name, reason);
    return NULL;
}

/* A thread: reads the text and counts its letters. */
static void *count_text(void *argument)
{
    struct text *text = argument;
    read_text(text);
    if (!text->failed) {
        struct frequency *frequency = text->frequency;
        frequency->way->count(frequency, (const unsigned char *)text->bytes, text->size);
    }
    return NULL;
}

/* A thread for each text. Where the system refuses one, main does its work: no text is left out. */
static void run_threads(struct texts texts, void *(*function)(void *text))
{
    for (long i = 0; i < texts.count; i++) {
        struct text *text = &texts.list[i];
        text->has_thread = pthread_create(&text->thread, NULL, function, text) == 0;
        if (!text->has_thread)
            function(text);
    }
    for (long i = 0; i < texts.count; i++) {
        if (texts.list[i].has_thread)
            MUST(pthread_join(texts.list[i].thread, NULL));
    }
}

static double milliseconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* Counts all texts in one way. Returns the time that it took. */
static double count_texts(struct texts texts, struct frequency *frequency, const struct way *way,
                          unsigned long counts[LETTERS])
{
    double start = milliseconds();
    frequency->way = way;
    for (int i = 0; i < LETTERS; i++) {
        frequency->atomic_counts[i] = 0;
        frequency->counts[i] = 0;
    }
    run_threads(texts, count_text);
    for (int i = 0; i < LETTERS; i++)
        counts[i] = frequency->atomic_counts[i] + frequency->counts[i]; // one of them is 0
    return milliseconds() - start;
}

static void add_text(struct texts *texts, struct frequency *frequency, const char *name)
{
    size_t size = (size_t)(texts->count + 1) * sizeof(struct text);
    texts->list = MUST_HAVE(realloc(texts->list, size));
    texts->list[texts->count++] =
        (struct text){.name = MUST_HAVE(strdup(name)), .frequency = frequency};
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The chapter's own texts, which stand beside the program: as many threads as in the original. */
static void add_samples(struct texts *texts, struct frequency *frequency, char *program)
{
    const char *folder = strchr(program, '/') != NULL ? dirname(program) : ".";
    char path[4096];
    snprintf(path, sizeof path, "%s/texts", folder);
    struct dirent **entries;
    int count = scandir(path, &entries, is_visible, alphasort);
    if (count <= 0) {
        complain(usage, path, count < 0 ? strerror(errno) : "there are no texts");
        exit(EXIT_FAILURE);
    }
    for (int i = 0; i < SAMPLE_THREADS; i++) {
        snprintf(path, sizeof path, "%s/texts/%s", folder, entries[i % count]->d_name);
        add_text(texts, frequency, path);
    }
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
}

/* `range` is 1000 or 1000-1200. */
static void add_rfcs(struct texts *texts, struct frequency *frequency, const char *range,
                     const char *base)
{
    char *from = MUST_HAVE(strdup(range)), *to = strchr(from, '-');
    if (to != NULL)
        *to++ = '\0';
    long first = number_from(from, 1, 99999, usage);
    long last = to == NULL ? first : number_from(to, first, 99999, usage);
    free(from);
    char url[4096];
    for (long number = first; number <= last; number++) {
        snprintf(url, sizeof url, "%s/rfc%ld.txt", base, number);
        add_text(texts, frequency, url);
    }
}

static const struct way *way_from(const char *name)
{
    for (int i = 0; i < WAYS; i++) {
        if (strcmp(name, ways[i].name) == 0)
            return &ways[i];
    }
    wrong_usage(name, "not a way to count", usage);
}

/* Counts in all ways, on texts that are read beforehand. False: they do not agree. */
static bool compare_ways(struct texts texts, struct frequency *frequency,
                         unsigned long counts[LETTERS])
{
    run_threads(texts, read_text);
    bool same = true;
    for (int i = 0; i < WAYS; i++) {
        unsigned long others[LETTERS];
        double time = count_texts(texts, frequency, &ways[i], i == 0 ? counts : others);
        printf("%-8s %10.3fms\n", ways[i].name, time);
        fflush(stdout);
        same = same && (i == 0 || memcmp(counts, others, sizeof others) == 0);
    }
    return same;
}

int main(int argc, char *argv[])
{
    struct frequency frequency = {.passes = 21};
    const struct way *way = NULL; // all
    const char *range = NULL, *base = "https://www.rfc-editor.org/rfc";
    int option;
    while ((option = getopt(argc, argv, "m:n:r:b:h")) != -1) {
        switch (option) {
        case 'm':
            way = way_from(optarg);
            break;
        case 'n':
            frequency.passes = number_from(optarg, 1, 1000000, usage);
            break;
        case 'r':
            range = optarg;
            break;
        case 'b':
            base = optarg;
            break;
        default:
            return show_usage(option, usage);
        }
    }
    struct texts texts = {0};
    if (range != NULL)
        add_rfcs(&texts, &frequency, range, base);
    for (int i = optind; i < argc; i++)
        add_text(&texts, &frequency, argv[i]);
    if (texts.count == 0)
        add_samples(&texts, &frequency, argv[0]);
    if (range != NULL && !fetch_is_possible()) {
        complain(usage, "-r", "built without libcurl");
        return 1;
    }
    if (!fetch_begin()) {
        complain(usage, "libcurl", "cannot be used");
        return 1;
    }
    MUST(pthread_mutex_init(&frequency.lock, NULL));

    double start = milliseconds();
    unsigned long counts[LETTERS];
    bool right = true;
    if (way != NULL)
        count_texts(texts, &frequency, way, counts);
    else
        right = compare_ways(texts, &frequency, counts);
    printf("Done\nProcessing took %.3fms\n", milliseconds() - start);
    for (int i = 0; i < LETTERS; i++)
        printf("%c -> %lu\n", "abcdefghijklmnopqrstuvwxyz"[i], counts[i]);
    if (!right)
        complain(usage, "the ways to count", "they do not agree");

    MUST(pthread_mutex_destroy(&frequency.lock));
    fetch_end();
    for (long i = 0; i < texts.count; i++) {
        right = right && !texts.list[i].failed;
        free(texts.list[i].name);
        free(texts.list[i].bytes);
    }
    free(texts.list);
    return finish_output(right ? 0 : 1, usage);
}
