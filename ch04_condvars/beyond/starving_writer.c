/*
 * starving_writer.c - readers that overlap keep a writer out for ever, unless the lock prefers writers.
 *
 * Original  none; a lesson beside those of condvariables/
 * Run       ./starving_writer [-n readers]
 * Expect    under the readers-first rule the writer enters last of all; under the writers-first rule
 *           when the one reader has left that was inside before it
 * Try       ./starving_writer -n 1000 | grep 'writer enters'. How long would the writer wait if there were
 *           always one reader more? And who starves under the other rule, by what?
 * Compare   readers_first.c and rw_lock.c: find the line that makes the difference
 */
#include "must.h"
#include "readers_first.h"
#include "rw_lock.h"
#include "semaphore.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

static const char usage[] = "usage: starving_writer [-n readers]\n";

struct library {
    bool readers_first; // which of the two locks is used
    struct readers_first readers_first_lock;
    struct rw_lock writers_first_lock;
    int readers;
    atomic_int entered; // readers that are or were inside
};

/* The same call of the one or the other lock. */
#define WITH_LOCK(library, call)                                                                   \
    ((library)->readers_first ? readers_first_##call(&(library)->readers_first_lock)               \
                              : rw_lock_##call(&(library)->writers_first_lock))

/* A reader, and what it and main tell each other. */
struct reader {
    struct library *library;
    int number; // from 1
    pthread_t thread;
    struct semaphore arrived; // it is inside, or has found that it must wait
    struct semaphore inside;
    struct semaphore may_leave;
};

static void *read_until_told(void *argument)
{
    struct reader *self = argument;
    struct library *library = self->library;
    if (WITH_LOCK(library, try_read_lock) != 0) {
        printf("  reader %d waits\n", self->number);
        MUST(semaphore_post(&self->arrived));
        MUST(WITH_LOCK(library, read_lock));
        printf("  reader %d enters\n", self->number);
    } else {
        printf("  reader %d enters\n", self->number);
        MUST(semaphore_post(&self->arrived));
    }
    atomic_fetch_add(&library->entered, 1);
    MUST(semaphore_post(&self->inside));
    MUST(semaphore_wait(&self->may_leave));
    printf("  reader %d leaves\n", self->number);
    MUST(WITH_LOCK(library, read_unlock));
    return NULL;
}

static void *write_once(void *argument)
{
    struct library *library = argument;
    MUST(WITH_LOCK(library, write_lock));
    printf("  writer enters, after %d of %d readers\n", atomic_load(&library->entered),
           library->readers);
    printf("  writer leaves\n");
    MUST(WITH_LOCK(library, write_unlock));
    return NULL;
}

static void start_reader(struct reader *reader)
{
    MUST(semaphore_init(&reader->arrived, 0));
    MUST(semaphore_init(&reader->inside, 0));
    MUST(semaphore_init(&reader->may_leave, 0));
    MUST(pthread_create(&reader->thread, NULL, read_until_told, reader));
    MUST(semaphore_wait(&reader->arrived));
}

static void end_reader(struct reader *reader)
{
    MUST(semaphore_post(&reader->may_leave));
    MUST(pthread_join(reader->thread, NULL));
    MUST(semaphore_destroy(&reader->arrived));
    MUST(semaphore_destroy(&reader->inside));
    MUST(semaphore_destroy(&reader->may_leave));
}

/*
 * A chain of readers: each leaves when the next one has arrived, so that if it may, the next one is
 * inside by then. The writer comes when the first reader is inside.
 */
static void show(struct library *library)
{
    struct reader *readers = MUST_HAVE(calloc((size_t)library->readers, sizeof *readers));
    pthread_t writer;
    for (int i = 0; i < library->readers; i++) {
        readers[i] = (struct reader){.library = library, .number = i + 1};
        start_reader(&readers[i]);
        if (i == 0) {
            MUST(pthread_create(&writer, NULL, write_once, library));
            while (WITH_LOCK(library, writers_waiting) == 0)
                sched_yield(); // until it is certain that the writer was there before reader 2
            printf("  writer waits\n");
        } else {
            end_reader(&readers[i - 1]);
        }
        MUST(semaphore_wait(&readers[i].inside));
    }
    end_reader(&readers[library->readers - 1]);
    MUST(pthread_join(writer, NULL));
    free(readers);
}

int main(int argc, char *argv[])
{
    struct library library = {.readers = 5};
    int option;
    while ((option = getopt(argc, argv, "n:h")) != -1) {
        switch (option) {
        case 'n':
            library.readers = (int)number_from(optarg, 2, 100000, usage);
            break;
        default:
            return show_usage(option, usage);
        }
    }
    if (optind < argc)
        return show_usage('?', usage);

    MUST(readers_first_init(&library.readers_first_lock));
    puts("Readers first:");
    library.readers_first = true;
    show(&library);
    MUST(readers_first_destroy(&library.readers_first_lock));

    MUST(rw_lock_init(&library.writers_first_lock));
    puts("Writers first:");
    library.readers_first = false;
    library.entered = 0;
    show(&library);
    MUST(rw_lock_destroy(&library.writers_first_lock));
    return finish_output(0, usage);
}
