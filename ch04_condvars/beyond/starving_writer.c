/*
 * starving_writer.c - readers that overlap keep a writer out forever, unless the lock prefers writers.
 *
 * Lecture   stingy_spendy_waits.c
 * Adds      readers-writer locks, made of a mutex and conditions, with two rules, and what each rule does
 *           to a waiting writer
 * Build     cc -pthread -iquote . -o beyond/starving_writer beyond/starving_writer.c \
 *           beyond/rw_lock.c beyond/readers_first.c beyond/counting_semaphore.c
 * Run       beyond/starving_writer [-n readers]
 * Expect    under the readers-first rule the writer enters last of all; under the writers-first rule, as
 *           soon as the one reader that was inside before it has left
 * Try       beyond/starving_writer -n 1000 | grep 'writer enters'. How long would the writer wait if there
 *           were always another reader? And which threads starve under the other rule?
 */
#include "counting_semaphore.h"
#include "must.h"
#include "readers_first.h"
#include "rw_lock.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

struct library {
    bool readers_first; // which of the two locks is used
    struct readers_first readers_first_lock;
    struct rw_lock writers_first_lock;
    long readers;
    atomic_long entered; // readers that are or were inside
};

/* The same call, of one lock or the other. */
#define WITH_LOCK(library, call)                                                                   \
    ((library)->readers_first ? readers_first_##call(&(library)->readers_first_lock)               \
                              : rw_lock_##call(&(library)->writers_first_lock))

/* A reader, and what it and main tell each other. */
struct reader {
    struct library *library;
    long number; // from 1
    pthread_t thread;
    struct counting_semaphore arrived; // it is inside, or knows that it must wait
    struct counting_semaphore inside;
    struct counting_semaphore may_leave;
};

static void *read_until_told(void *argument)
{
    struct reader *self = argument;
    struct library *library = self->library;
    if (WITH_LOCK(library, try_read_lock) != 0) {
        printf("  reader %ld waits\n", self->number);
        MUST(counting_semaphore_post(&self->arrived));
        MUST(WITH_LOCK(library, read_lock));
        printf("  reader %ld enters\n", self->number);
    } else {
        printf("  reader %ld enters\n", self->number);
        MUST(counting_semaphore_post(&self->arrived));
    }
    atomic_fetch_add(&library->entered, 1);
    MUST(counting_semaphore_post(&self->inside));
    MUST(counting_semaphore_wait(&self->may_leave));
    printf("  reader %ld leaves\n", self->number);
    MUST(WITH_LOCK(library, read_unlock));
    return NULL;
}

static void *write_once(void *argument)
{
    struct library *library = argument;
    MUST(WITH_LOCK(library, write_lock));
    printf("  writer enters, after %ld of %ld readers\n", atomic_load(&library->entered),
           library->readers);
    printf("  writer leaves\n");
    MUST(WITH_LOCK(library, write_unlock));
    return NULL;
}

static void start_reader(struct reader *reader)
{
    MUST(counting_semaphore_init(&reader->arrived, 0));
    MUST(counting_semaphore_init(&reader->inside, 0));
    MUST(counting_semaphore_init(&reader->may_leave, 0));
    MUST(pthread_create(&reader->thread, NULL, read_until_told, reader));
    MUST(counting_semaphore_wait(&reader->arrived));
}

static void end_reader(struct reader *reader)
{
    MUST(counting_semaphore_post(&reader->may_leave));
    MUST(pthread_join(reader->thread, NULL));
    MUST(counting_semaphore_destroy(&reader->arrived));
    MUST(counting_semaphore_destroy(&reader->inside));
    MUST(counting_semaphore_destroy(&reader->may_leave));
}

/*
 * A chain of readers: each leaves when the next one has arrived. By then that is inside, if it may be.
 * The writer comes when the first reader is inside.
 */
static void show(struct library *library)
{
    struct reader *readers = MUST_HAVE(calloc((size_t)library->readers, sizeof *readers));
    pthread_t writer;
    for (long i = 0; i < library->readers; i++) {
        readers[i] = (struct reader){.library = library, .number = i + 1};
        start_reader(&readers[i]);
        if (i == 0) {
            MUST(pthread_create(&writer, NULL, write_once, library));
            while (WITH_LOCK(library, writers_waiting) == 0)
                sched_yield(); // the writer has to be there before reader 2 comes
            printf("  writer waits\n");
        } else {
            end_reader(&readers[i - 1]);
        }
        MUST(counting_semaphore_wait(&readers[i].inside));
    }
    end_reader(&readers[library->readers - 1]);
    MUST(pthread_join(writer, NULL));
    free(readers);
}

int main(int argc, char *argv[])
{
    struct library library = {.readers = 5};
    struct option_line options[] = {
        {'n', .number = &library.readers, .least = 2, .most = 100000},
        {0},
    };
    read_options(argc, argv, "starving_writer [-n readers]", options, 0, 0);

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
}
