/*
 * letter_frequency.c - many threads count letters into the same 26 counters, by atomic additions.
 *
 * Original  atomicletterfrequency/letter_frequency.go
 * Build     cc -pthread -o letter_frequency letter_frequency.c texts.c wait_group.c
 * Run       ./letter_frequency [FILE|URL ...]    without arguments the RFCs 1000 to 1200 of the
 *                                                original, or texts/ where libcurl is missing
 * Expect    Done, the time it took, and how often each letter was counted
 * Try       the mutex: its lines are there, commented out. Make `counter` a plain long then
 * Beyond    beyond/letter_frequency_ways.c compares both with separate counters for each thread
 */
#include "must.h"
#include "texts.h"
#include "wait_group.h"

#include <pthread.h>
#include <stdatomic.h>

static const char all_letters[] = "abcdefghijklmnopqrstuvwxyz";

typedef atomic_long counter; // with the mutex: typedef long counter

pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // with the mutex, protects: frequency

struct text {
    const char *url;
    counter *frequency;
    struct wait_group *wg;
};

static void *count_letters(void *argument)
{
    struct text *text = argument;
    MUST(pthread_detach(pthread_self()));
    size_t size;
    char *body = text_get(text->url, &size);
    for (int i = 0; i <= 20; i++) {
        for (size_t b = 0; b < size; b++) {
            int c = tolower((unsigned char)body[b]);
            // MUST(pthread_mutex_lock(&lock));
            const char *letter = memchr(all_letters, c, 26);
            if (letter != NULL) {
                // text->frequency[letter - all_letters] += 1;
                atomic_fetch_add(&text->frequency[letter - all_letters], 1);
            }
            // MUST(pthread_mutex_unlock(&lock));
        }
    }
    free(body);
    MUST(wait_group_done(text->wg));
    return NULL;
}

int main(int argc, char *argv[])
{
    static counter frequency[26];
    struct wait_group wg;
    MUST(wait_group_init(&wg));
    int count, first = read_options(argc, argv, "letter_frequency [FILE|URL ...]", NULL, 0, -1);
    char **urls = text_urls(argc, argv, first, &count);

    double start = seconds();
    struct text *texts = MUST_HAVE(calloc((size_t)count, sizeof *texts));
    for (int i = 0; i < count; i++) {
        pthread_t thread;
        texts[i] = (struct text){urls[i], frequency, &wg};
        MUST(wait_group_add(&wg, 1));
        MUST(pthread_create(&thread, NULL, count_letters, &texts[i]));
    }
    MUST(wait_group_wait(&wg));
    double elapsed = seconds() - start;
    puts("Done");
    printf("Processing took %.3fs\n", elapsed);
    for (int i = 0; i < 26; i++)
        printf("%c -> %ld\n", all_letters[i], frequency[i]);
    free(texts);
}
