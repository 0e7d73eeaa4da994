/*
 * letter_frequency_ways.c - three ways to count letters: all threads add to the same 26 counters, with
 * atomic additions or under a mutex; or each has counters of its own, and adds them to the 26 at the end.
 *
 * Lecture   letter_frequency.c
 * Adds      the third way, and compares all three on the same texts; reports a text that cannot be read,
 *           and counts the rest
 * Build     cc -pthread -iquote . -o beyond/letter_frequency_ways beyond/letter_frequency_ways.c texts.c
 * Run       beyond/letter_frequency_ways [-m atomic|mutex|local] [-n passes] [FILE|URL ...]
 *                                                   without -m all three, one after the other
 * Expect    how long each way takes, and how often each letter is there: the same in all three ways
 */
#include "must.h"
#include "texts.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

static const char usage[] =
    "letter_frequency_ways [-m atomic|mutex|local] [-n passes] [FILE|URL ...]";

enum { LETTERS = 26 };

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
    const char *name; // of a file, or a URL
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

/* Counts every byte, so that the loop decides nothing; the letters are picked out at the end. */
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

/* A thread: reads the text, unless it has been read. */
static void *read_text(void *argument)
{
    struct text *text = argument;
    char reason[TEXT_REASON];
    if (text->read)
        return NULL;
    text->read = true;
    text->failed = !text_read(text->name, &text->bytes, &text->size, reason);
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

/* A thread for each text. Where the system refuses one, main does its work, so that no text is left out. */
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

/* Counts all texts in one way. Returns the time that it took. */
static double count_texts(struct texts texts, struct frequency *frequency, const struct way *way,
                          unsigned long counts[LETTERS])
{
    double start = seconds();
    frequency->way = way;
    for (int i = 0; i < LETTERS; i++) {
        frequency->atomic_counts[i] = 0;
        frequency->counts[i] = 0;
    }
    run_threads(texts, count_text);
    for (int i = 0; i < LETTERS; i++)
        counts[i] = frequency->atomic_counts[i] + frequency->counts[i]; // one of them is 0
    return seconds() - start;
}

/* Counts in all ways, after reading the texts. Returns false if they do not agree. */
static bool compare_ways(struct texts texts, struct frequency *frequency,
                         unsigned long counts[LETTERS])
{
    run_threads(texts, read_text);
    bool same = true;
    for (int i = 0; i < WAYS; i++) {
        unsigned long others[LETTERS];
        double time = count_texts(texts, frequency, &ways[i], i == 0 ? counts : others);
        printf("%-8s %.3fs\n", ways[i].name, time);
        fflush(stdout);
        same = same && (i == 0 || memcmp(counts, others, sizeof others) == 0);
    }
    return same;
}

int main(int argc, char *argv[])
{
    static const char *const way_names[] = {"atomic", "mutex", "local", NULL};
    struct frequency frequency = {.passes = 21};
    int way = -1; // all of them
    struct option_line options[] = {
        {'m', .choice = &way, .words = way_names},
        {'n', .number = &frequency.passes, .least = 1, .most = 1000000},
        {0},
    };
    int first = read_options(argc, argv, usage, options, 0, -1);
    int count;
    char **urls = text_urls(argc, argv, first, &count);
    struct texts texts = {MUST_HAVE(calloc((size_t)count, sizeof(struct text))), count};
    for (int i = 0; i < count; i++)
        texts.list[i] = (struct text){.name = urls[i], .frequency = &frequency};
    MUST(pthread_mutex_init(&frequency.lock, NULL));

    double start = seconds();
    unsigned long counts[LETTERS];
    bool right = true;
    if (way >= 0)
        count_texts(texts, &frequency, &ways[way], counts);
    else
        right = compare_ways(texts, &frequency, counts);
    printf("Done\nProcessing took %.3fs\n", seconds() - start);
    for (int i = 0; i < LETTERS; i++)
        printf("%c -> %lu\n", 'a' + i, counts[i]);
    if (!right)
        complain(usage, "the ways to count", "they do not agree");

    MUST(pthread_mutex_destroy(&frequency.lock));
    for (long i = 0; i < texts.count; i++) {
        right = right && !texts.list[i].failed;
        free(texts.list[i].bytes);
    }
    free(texts.list);
    return right ? 0 : 1;
}
