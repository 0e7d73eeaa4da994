/*
 * broken_barrier.c - two barriers that nearly work, and the moments when they do not.
 *
 * Lecture   barrier.[ch]
 * Adds      what two lines of barrier.c, which the original lacks, are for: the generation, and `while`.
 *           The program forces the bad moments on every run, and barrier.c survives them
 * Build     cc -pthread -iquote . -o beyond/broken_barrier beyond/broken_barrier.c barrier.c
 * Run       beyond/broken_barrier
 * Expect    without a generation, both threads wait forever if one is slow (main ends that after a
 *           second); with `if`, a spurious wake-up lets one through alone
 * Try       add to each of the two the line that it lacks, and run it again
 */
#include "barrier.h"
#include "must.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

/* The first fault: no generation. It takes the round for complete when no thread of it is counted. */
static int wait_without_generation(struct barrier *b)
{
    MUST(pthread_mutex_lock(&b->mutex));
    b->count -= 1;
    if (b->count == 0) {
        b->count = b->total;
        MUST(pthread_cond_broadcast(&b->cond));
    } else {
        while (b->count < b->total)
            MUST(pthread_cond_wait(&b->cond, &b->mutex));
    }
    MUST(pthread_mutex_unlock(&b->mutex));
    return 0;
}

/* The second fault: there is a generation, but a thread that is woken does not look at it. */
static int wait_with_if(struct barrier *b)
{
    MUST(pthread_mutex_lock(&b->mutex));
    unsigned long generation = b->generation;
    b->count -= 1;
    if (b->count == 0) {
        b->count = b->total;
        b->generation += 1;
        MUST(pthread_cond_broadcast(&b->cond));
    } else {
        if (b->generation == generation)
            MUST(pthread_cond_wait(&b->cond, &b->mutex));
    }
    MUST(pthread_mutex_unlock(&b->mutex));
    return 0;
}

enum { SECOND = 1000 / PACE, LONG = 60000 }; // in milliseconds; a long one ends as soon as it may

struct visitor {
    struct meeting *meeting;
    pthread_t thread;
    atomic_int left; // rounds that it has left
};

/* Red and blue meet at a barrier, in one of the three ways to wait there. */
struct meeting {
    int rounds;                    // never changes
    int (*wait)(struct barrier *); // nor does this
    struct barrier barrier;
    struct visitor red, blue;
};

static void *visit(void *argument)
{
    struct visitor *self = argument;
    struct meeting *meeting = self->meeting;
    for (int i = 0; i < meeting->rounds; i++) {
        meeting->wait(&meeting->barrier);
        self->left++;
    }
    return NULL;
}

/* Waits until the visitor has left that many rounds. Returns false if the time is over before. */
static bool has_left(struct visitor *visitor, int rounds, long milliseconds)
{
    double end = seconds() + (double)milliseconds / 1000;
    while (visitor->left < rounds && seconds() < end)
        pause_ms(1);
    return visitor->left >= rounds;
}

/* Until one of the two has arrived at the barrier and is counted there. */
static void until_one_waits(struct barrier *b)
{
    bool one_waits = false;
    while (!one_waits) {
        sched_yield();
        MUST(pthread_mutex_lock(&b->mutex));
        one_waits = b->count < b->total;
        MUST(pthread_mutex_unlock(&b->mutex));
    }
}

/*
 * Any thread may be slow, because the system runs others. To force that, a signal interrupts the thread,
 * and the handler does not return until main says so. It reads from a pipe: a handler may do that, but
 * must not wait for a condition.
 */
static int is_held[2], goes_on[2]; // the two ends of pipes; global, as handlers get no argument

static void hold(int signal_number)
{
    int error = errno;
    char byte = (char)signal_number;
    ssize_t done = write(is_held[1], &byte, 1);
    while (done == 1 && (done = read(goes_on[0], &byte, 1)) == -1 && errno == EINTR)
        done = 1;
    if (done != 1) {
        static const char message[] = "broken_barrier: pipe: cannot be used\n";
        done = write(STDERR_FILENO, message, sizeof message - 1);
        _exit(EXIT_FAILURE);
    }
    errno = error;
}

/* Meanwhile main holds the barrier's mutex, so that the thread does not hold it when it is interrupted. */
static void hold_up(struct visitor *visitor)
{
    struct barrier *b = &visitor->meeting->barrier;
    char byte;
    MUST(pthread_mutex_lock(&b->mutex));
    MUST(pthread_kill(visitor->thread, SIGUSR1));
    MUST(read(is_held[0], &byte, 1) == 1 ? 0 : errno);
    MUST(pthread_mutex_unlock(&b->mutex));
}

static void let_go_on(void)
{
    MUST(write(goes_on[1], "", 1) == 1 ? 0 : errno);
}

/* Ends what would last forever: says, as often as it takes, that the round is complete, though it is not. */
static void let_through(struct meeting *meeting)
{
    struct barrier *b = &meeting->barrier;
    while (!has_left(&meeting->red, meeting->rounds, 0) ||
           !has_left(&meeting->blue, meeting->rounds, 0)) {
        MUST(pthread_mutex_lock(&b->mutex));
        b->count = b->total;
        MUST(pthread_cond_broadcast(&b->cond));
        MUST(pthread_mutex_unlock(&b->mutex));
        sched_yield();
    }
}

static void start(struct visitor *visitor)
{
    MUST(pthread_create(&visitor->thread, NULL, visit, visitor));
}

/* Red is slow and blue is quick: blue is back for round 2 before red has noticed that round 1 is over. */
static void show_slow_thread(struct meeting *meeting)
{
    bool is_right = meeting->wait == barrier_wait;
    start(&meeting->red);
    until_one_waits(&meeting->barrier);
    puts("  red waits in round 1");
    hold_up(&meeting->red);
    start(&meeting->blue);
    if (has_left(&meeting->blue, 1, LONG))
        puts("  blue arrives, and leaves round 1");
    until_one_waits(&meeting->barrier);
    puts("  blue waits in round 2");
    let_go_on();
    puts("  red is slow, and looks only now");
    if (has_left(&meeting->red, 1, is_right ? LONG : SECOND)) {
        puts("  red leaves round 1, and arrives for round 2");
    } else {
        puts("  nothing in a second: red waits in round 1, and blue for red, forever");
        let_through(meeting);
    }
}

/*
 * POSIX allows a wait to end for no reason at all. Main sees to it that this one does; more than once, as
 * red may not sleep yet the first time.
 */
static void show_stray_wake_up(struct meeting *meeting)
{
    bool is_right = meeting->wait == barrier_wait, has_left_it = false;
    start(&meeting->red);
    until_one_waits(&meeting->barrier);
    puts("  red waits in round 1");
    puts("  red is woken, though blue has not arrived");
    for (int i = 0; i < 100 && !has_left_it; i++) {
        MUST(pthread_mutex_lock(&meeting->barrier.mutex));
        MUST(pthread_cond_broadcast(&meeting->barrier.cond));
        MUST(pthread_mutex_unlock(&meeting->barrier.mutex));
        has_left_it = has_left(&meeting->red, 1, is_right ? SECOND / 100 : LONG / 100);
    }
    puts(has_left_it ? "  red leaves round 1, alone"
                     : "  nothing in a second and a hundred wake-ups: red waits in round 1");
    start(&meeting->blue);
    if (has_left(&meeting->blue, 1, LONG))
        puts("  blue arrives, and leaves round 1");
}

static void show(const char *title, int (*wait)(struct barrier *), int rounds,
                 void (*show_moment)(struct meeting *))
{
    struct meeting meeting = {.rounds = rounds, .wait = wait};
    meeting.red.meeting = meeting.blue.meeting = &meeting;
    MUST(barrier_init(&meeting.barrier, 2));
    puts(title);
    show_moment(&meeting);
    MUST(pthread_join(meeting.red.thread, NULL));
    MUST(pthread_join(meeting.blue.thread, NULL));
    MUST(barrier_destroy(&meeting.barrier));
}

int main(int argc, char *argv[])
{
    struct sigaction action = {.sa_handler = hold};
    no_arguments(argc, argv, "broken_barrier");
    MUST(pipe(is_held) == 0 && pipe(goes_on) == 0 ? 0 : errno);
    MUST(sigaction(SIGUSR1, &action, NULL) == 0 ? 0 : errno);
    show("No generation, and a slow thread:", wait_without_generation, 2, show_slow_thread);
    show("The right barrier, and a slow thread:", barrier_wait, 2, show_slow_thread);
    show("`if` for `while`, and a stray wake-up:", wait_with_if, 1, show_stray_wake_up);
    show("The right barrier, and a stray wake-up:", barrier_wait, 1, show_stray_wake_up);
}
