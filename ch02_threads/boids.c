/*
 * boids.c - 500 threads, one for each boid, share a field under one readers-writer lock.
 *
 * Original  boids/boid.go, game.go, main.go, vector.go
 * Run       ./boids [-d window|terminal|none] [-n frames] [-s seed] [-t boids]
 * Expect    flocks, though no boid sees farther than 13 points. q, Esc or Ctrl-C ends it; then the
 *           steps made, steps a second, and mean neighbours
 * Try       YIELDS 0 and ./boids -d none -t 1000: how many steps a second are left? And with a mutex
 *           in place of the rwlock?
 * Compare   concurrent_file_search.c (threads come and go); flock.c (the rules, without threads)
 */
#include "display.h"
#include "flock.h"
#include "must.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>

static const char usage[] =
    "usage: boids [-d window|terminal|none] [-n frames] [-s seed] [-t boids]\n";

enum { STEP = 5000000, SECOND = 1000000000 }; // in nanoseconds
enum { YIELDS = 10 };                         // see take
enum { SMALL_STACK = 64 * 1024 };             // a usual one of 8 MB, 500 times, is a lot
enum { FRAMES_UNSEEN = 90 };                  // when there is nobody to press q

/*
 * Boids that look around only read the flock: many may do so at once. One that moves is alone with
 * it. So nobody sees a boid half moved, or in a cell that it has left.
 */
struct box {
    pthread_rwlock_t lock;
    struct flock flock; // protected by the lock
    atomic_bool stop;   // main wants all boids to end
};

struct boid_thread {
    pthread_t thread;
    struct box *box;
    int number;
    long steps, neighbours; // the boid's own counts; main reads them after the join
};

/*
 * Takes the lock. Everybody holds it for a microsecond or two, while to fall asleep and be woken
 * takes many times as long. So a boid first gives way to the others, a few times. (On two cores
 * 1000 boids make 197 steps a second each; 100 to 140 if they sleep at once.)
 */
static void take(pthread_rwlock_t *lock, int (*try)(pthread_rwlock_t *),
                 int (*wait)(pthread_rwlock_t *))
{
    for (int yields = 0; try(lock) != 0; yields++) {
        if (yields >= YIELDS) {
            MUST(wait(lock));
            return;
        }
        sched_yield();
    }
}

static struct timespec now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time;
}

static long long nanoseconds_between(struct timespec from, struct timespec to)
{
    return (to.tv_sec - from.tv_sec) * (long long)SECOND + to.tv_nsec - from.tv_nsec;
}

/* Sleeps until the step that began at `begin` has taken 5 ms. When the next one begins. */
static struct timespec next_step(struct timespec begin)
{
    struct timespec next = {begin.tv_sec + (begin.tv_nsec + STEP) / SECOND,
                            (begin.tv_nsec + STEP) % SECOND};
    long long rest = nanoseconds_between(now(), next);
    if (rest <= 0)
        return now(); // late; no use in hurrying to make up for it
    nanosleep(&(struct timespec){.tv_nsec = (long)rest}, NULL);
    return next;
}

static void *fly(void *argument)
{
    struct boid_thread *self = argument;
    struct box *box = self->box;
    struct timespec begin = now();
    while (!atomic_load(&box->stop)) {
        int neighbours;
        take(&box->lock, pthread_rwlock_tryrdlock, pthread_rwlock_rdlock);
        struct vector acceleration = flock_acceleration(&box->flock, self->number, &neighbours);
        MUST(pthread_rwlock_unlock(&box->lock));

        take(&box->lock, pthread_rwlock_trywrlock, pthread_rwlock_wrlock);
        flock_move(&box->flock, self->number, acceleration);
        MUST(pthread_rwlock_unlock(&box->lock));

        self->steps++;
        self->neighbours += neighbours;
        begin = next_step(begin);
    }
    return NULL;
}

/*
 * Starts `count` threads, or as many as the system allows; then `error` says why. Returns how many.
 *
 * As long as main has the lock to write, nobody flies. And as a thread blocks the signals that its
 * creator blocks, they all come to main.
 */
static int start(struct boid_thread *threads, int count, struct box *box, int *error)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    size_t least = (size_t)PTHREAD_STACK_MIN; // no constant everywhere
    MUST(pthread_attr_init(&attributes));
    MUST(pthread_attr_setstacksize(&attributes, least > SMALL_STACK ? least : SMALL_STACK));
    sigfillset(&all);
    MUST(pthread_sigmask(SIG_SETMASK, &all, &before));
    MUST(pthread_rwlock_wrlock(&box->lock));
    *error = 0;
    int started = 0;
    while (started < count && *error == 0) {
        threads[started] = (struct boid_thread){.box = box, .number = started};
        *error = pthread_create(&threads[started].thread, &attributes, fly, &threads[started]);
        started += *error == 0;
    }
    MUST(pthread_rwlock_unlock(&box->lock));
    MUST(pthread_sigmask(SIG_SETMASK, &before, NULL));
    MUST(pthread_attr_destroy(&attributes));
    return started;
}

/* Draws all boids as they are at one moment. The lock is held for a copy, not while drawing. */
static void draw(struct box *box, struct display *display)
{
    static const struct colour green = {10, 255, 50};
    static struct boid boids[MOST_BOIDS];
    int count = box->flock.count; // never changes
    MUST(pthread_rwlock_rdlock(&box->lock));
    memcpy(boids, box->flock.boids, (size_t)count * sizeof boids[0]);
    MUST(pthread_rwlock_unlock(&box->lock));

    display_clear(display);
    for (int i = 0; i < count; i++) {
        int x = (int)boids[i].position.x, y = (int)boids[i].position.y;
        display_point(display, x + 1, y, green);
        display_point(display, x - 1, y, green);
        display_point(display, x, y - 1, green);
        display_point(display, x, y + 1, green);
    }
}

/* Lets the boids fly for so many frames, or until the user wants to end (-1). Returns 0, or 1. */
static int let_fly(struct box *box, struct display *display, long frames)
{
    static struct boid_thread threads[MOST_BOIDS];
    int count = box->flock.count, error;
    long shown = 0, steps = 0, neighbours = 0;
    int started = start(threads, count, box, &error);
    struct timespec begin = now();
    while (error == 0 && shown != frames) {
        draw(box, display);
        error = display_show(display);
        shown++;
    }
    atomic_store(&box->stop, true);
    for (int i = 0; i < started; i++) {
        MUST(pthread_join(threads[i].thread, NULL));
        steps += threads[i].steps;
        neighbours += threads[i].neighbours;
    }
    double seconds = (double)nanoseconds_between(begin, now()) / SECOND;

    const char *name = display_name(display);
    display_close(display); // from here on, what is printed is seen
    if (started < count) {
        fprintf(stderr, "boids: thread %d of %d: %s\n", started + 1, count, strerror(error));
        return 1;
    }
    if (error != 0 && error != ECANCELED) {
        complain(usage, name, strerror(error));
        return 1;
    }
    printf("%d boids, %ld frames in %.1f s (display: %s)\n"
           "%ld steps, %.0f a second, %.1f of each boid (the goal: %d)\n"
           "%.2f neighbours on average\n",
           count, shown, seconds, name, steps, (double)steps / seconds,
           (double)steps / seconds / count, SECOND / STEP,
           steps > 0 ? (double)neighbours / (double)steps : 0.0);
    return 0;
}

int main(int argc, char *argv[])
{
    static struct box box; // too large for the stack of some systems
    const char *wanted = NULL, *reason;
    long frames = -1, count = 500, seed = 1;
    int option;
    while ((option = getopt(argc, argv, "d:n:s:t:h")) != -1) {
        switch (option) {
        case 'd':
            wanted = optarg;
            if (!display_is_kind(wanted))
                wrong_usage(wanted, "no such display", usage);
            break;
        case 'n':
            frames = number_from(optarg, 0, INT32_MAX, usage);
            break;
        case 's':
            seed = number_from(optarg, 0, INT32_MAX, usage);
            break;
        case 't':
            count = number_from(optarg, 1, MOST_BOIDS, usage);
            break;
        default:
            return show_usage(option, usage);
        }
    }
    if (argc > optind)
        return show_usage('?', usage);

    struct display *display =
        display_open("Boids in a box", FIELD_WIDTH, FIELD_HEIGHT, 2, wanted, &reason);
    if (display == NULL) {
        complain(usage, wanted != NULL ? wanted : "display", reason);
        return 1;
    }
    if (frames == -1 && strcmp(display_name(display), "none") == 0)
        frames = FRAMES_UNSEEN;
    flock_init(&box.flock, (int)count, seed);
    MUST(pthread_rwlock_init(&box.lock, NULL));
    int status = let_fly(&box, display, frames);
    MUST(pthread_rwlock_destroy(&box.lock));
    return finish_output(status, usage);
}
