/*
 * broken_barrier.c - a plain barrier; two that nearly work, and the moments in which they do not.
 *
 * Original  none; barriers/barrier.go has no number of the round, and waits without a loop
 * Run       ./broken_barrier
 * Expect    without a number of the round, both threads wait for ever when one is slow (after a second
 *           main ends it); with `if`, a wake-up that nobody has sent lets one through alone. The right
 *           barrier gets over both
 * Try       mend each of the two by the line that it lacks, and run it again
 * Compare   barrier.c (the same, made faster); chapter 4, signal_before_wait.c
 */
#include "must.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

static const char usage[] = "usage: broken_barrier\n";

/* A barrier as one would write it down first. The right way to wait there is wait_rightly. */
struct plain_barrier {
    unsigned int threads; // that meet in a round; never changes

    pthread_mutex_t lock;          // protects all that follows. While nobody holds it:
    unsigned int arrived;          // in this round: 0 <= arrived < threads
    unsigned int round;            // the number of this round
    pthread_cond_t round_complete; // round has grown; waits: whoever is not the last one
};

/* They wait for the number of the round: it never goes back, while `arrived` does. */
static void wait_rightly(struct plain_barrier *barrier)
{
    MUST(pthread_mutex_lock(&barrier->lock));
    unsigned int round = barrier->round;
    if (++barrier->arrived == barrier->threads) {
        barrier->arrived = 0;
        barrier->round++;
        MUST(pthread_cond_broadcast(&barrier->round_complete));
    } else {
        while (barrier->round == round)
            MUST(pthread_cond_wait(&barrier->round_complete, &barrier->lock));
    }
    MUST(pthread_mutex_unlock(&barrier->lock));
}

/* The first fault: no number of the round. It is complete, they think, when nobody is counted. */
static void wait_without_round(struct plain_barrier *barrier)
{
    MUST(pthread_mutex_lock(&barrier->lock));
    if (++barrier->arrived == barrier->threads) {
        barrier->arrived = 0;
        MUST(pthread_cond_broadcast(&barrier->round_complete));
    } else {
        while (barrier->arrived > 0)
            MUST(pthread_cond_wait(&barrier->round_complete, &barrier->lock));
    }
    MUST(pthread_mutex_unlock(&barrier->lock));
}

/* The second fault: there is a number, but who is woken does not look at it. */
static void wait_with_if(struct plain_barrier *barrier)
{
    MUST(pthread_mutex_lock(&barrier->lock));
    unsigned int round = barrier->round;
    if (++barrier->arrived == barrier->threads) {
        barrier->arrived = 0;
        barrier->round++;
        MUST(pthread_cond_broadcast(&barrier->round_complete));
    } else {
        if (barrier->round == round)
            MUST(pthread_cond_wait(&barrier->round_complete, &barrier->lock));
    }
    MUST(pthread_mutex_unlock(&barrier->lock));
}

enum { SECOND = 1000, LONG = 60 * SECOND }; // in milliseconds

struct visitor {
    struct meeting *meeting;
    pthread_t thread;
    int left; // how many rounds it is through
};

/* Red and blue meet at a barrier, in one of the three ways to wait there. */
struct meeting {
    int rounds;                           // never changes
    void (*wait)(struct plain_barrier *); // nor does this
    struct plain_barrier barrier;
    struct visitor red, blue;
    pthread_mutex_t lock;    // protects what each of them has left
    pthread_cond_t has_left; // one is through one round more; waits: main
};

static void *visit(void *argument)
{
    struct visitor *self = argument;
    struct meeting *meeting = self->meeting;
    for (int i = 0; i < meeting->rounds; i++) {
        meeting->wait(&meeting->barrier);
        MUST(pthread_mutex_lock(&meeting->lock));
        self->left++;
        MUST(pthread_cond_signal(&meeting->has_left));
        MUST(pthread_mutex_unlock(&meeting->lock));
    }
    return NULL;
}

/* Waits until the visitor is through so many rounds. False: it is not, though the time is over. */
static bool has_left(struct visitor *visitor, int rounds, long milliseconds)
{
    struct meeting *meeting = visitor->meeting;
    struct timespec deadline;
    int error = 0;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_nsec += milliseconds % 1000 * 1000000;
    deadline.tv_sec += milliseconds / 1000 + deadline.tv_nsec / 1000000000;
    deadline.tv_nsec %= 1000000000;
    MUST(pthread_mutex_lock(&meeting->lock));
    while (visitor->left < rounds && error == 0)
        error = pthread_cond_timedwait(&meeting->has_left, &meeting->lock, &deadline);
    bool left = visitor->left >= rounds;
    MUST(pthread_mutex_unlock(&meeting->lock));
    return left;
}

/* Until one has come to the barrier and is counted there. */
static void until_one_waits(struct plain_barrier *barrier)
{
    unsigned int arrived = 0;
    while (arrived == 0) {
        sched_yield();
        MUST(pthread_mutex_lock(&barrier->lock));
        arrived = barrier->arrived;
        MUST(pthread_mutex_unlock(&barrier->lock));
    }
}

/*
 * Any thread may be slow: the system runs others. To have that for certain, a signal interrupts the
 * thread, and the handler does not return until main says so. It reads from a pipe, as handlers may do,
 * while they must not wait for a condition.
 */
static int is_held[2], goes_on[2]; // the two ends of pipes; global, as handlers get no argument

static void hold(int signal_number)
{
    int error = errno;
    char byte = (char)signal_number;
    if (write(is_held[1], &byte, 1) == 1) {
        while (read(goes_on[0], &byte, 1) == -1 && errno == EINTR)
            continue;
    }
    errno = error;
}

/* Main has the barrier's lock meanwhile, so the thread that is held has not. */
static void hold_up(struct visitor *visitor)
{
    struct plain_barrier *barrier = &visitor->meeting->barrier;
    char byte;
    MUST(pthread_mutex_lock(&barrier->lock));
    MUST(pthread_kill(visitor->thread, SIGUSR1));
    MUST(read(is_held[0], &byte, 1) == 1 ? 0 : errno);
    MUST(pthread_mutex_unlock(&barrier->lock));
}

static void let_go_on(void)
{
    MUST(write(goes_on[1], "", 1) == 1 ? 0 : errno);
}

/* Ends what would last for ever: completes rounds that are none, as often as it takes. */
static void let_through(struct meeting *meeting)
{
    struct plain_barrier *barrier = &meeting->barrier;
    while (!has_left(&meeting->red, meeting->rounds, 0) ||
           !has_left(&meeting->blue, meeting->rounds, 0)) {
        MUST(pthread_mutex_lock(&barrier->lock));
        barrier->arrived = 0;
        MUST(pthread_cond_broadcast(&barrier->round_complete));
        MUST(pthread_mutex_unlock(&barrier->lock));
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
    bool is_right = meeting->wait == wait_rightly;
    start(&meeting->red);
    until_one_waits(&meeting->barrier);
    puts("  red waits in round 1");
    hold_up(&meeting->red);
    start(&meeting->blue);
    if (has_left(&meeting->blue, 1, LONG))
        puts("  blue comes, and is through round 1");
    until_one_waits(&meeting->barrier);
    puts("  blue waits in round 2");
    let_go_on();
    puts("  red is slow, and looks only now");
    if (has_left(&meeting->red, 1, is_right ? LONG : SECOND)) {
        puts("  red is through round 1, and comes to round 2");
    } else {
        puts("  nothing in a second: red waits in round 1, and blue for red, for ever");
        let_through(meeting);
    }
}

/*
 * POSIX allows a wait to end for no reason at all. Main sees to it that this one does; more than once, as
 * the first time red may not sleep yet.
 */
static void show_stray_wake_up(struct meeting *meeting)
{
    bool is_right = meeting->wait == wait_rightly, is_through = false;
    start(&meeting->red);
    until_one_waits(&meeting->barrier);
    puts("  red waits in round 1");
    puts("  red is woken, though nobody else has come");
    for (int i = 0; i < 100 && !is_through; i++) {
        MUST(pthread_mutex_lock(&meeting->barrier.lock));
        MUST(pthread_cond_broadcast(&meeting->barrier.round_complete));
        MUST(pthread_mutex_unlock(&meeting->barrier.lock));
        is_through = has_left(&meeting->red, 1, is_right ? SECOND / 100 : SECOND / 10);
    }
    puts(is_through ? "  red is through round 1, alone"
                    : "  nothing in a second and a hundred wake-ups: red waits in round 1");
    start(&meeting->blue);
    if (has_left(&meeting->blue, 1, LONG))
        puts("  blue comes, and is through round 1");
}

static void show(const char *title, void (*wait)(struct plain_barrier *), int rounds,
                 void (*show_moment)(struct meeting *))
{
    struct meeting meeting = {.rounds = rounds, .wait = wait, .barrier.threads = 2};
    meeting.red.meeting = meeting.blue.meeting = &meeting;
    MUST(pthread_mutex_init(&meeting.barrier.lock, NULL));
    MUST(pthread_cond_init(&meeting.barrier.round_complete, NULL));
    MUST(pthread_mutex_init(&meeting.lock, NULL));
    MUST(pthread_cond_init(&meeting.has_left, NULL));
    puts(title);
    show_moment(&meeting);
    MUST(pthread_join(meeting.red.thread, NULL));
    MUST(pthread_join(meeting.blue.thread, NULL));
    MUST(pthread_cond_destroy(&meeting.has_left));
    MUST(pthread_mutex_destroy(&meeting.lock));
    MUST(pthread_cond_destroy(&meeting.barrier.round_complete));
    MUST(pthread_mutex_destroy(&meeting.barrier.lock));
}

int main(int argc, char *argv[])
{
    struct sigaction action = {.sa_handler = hold};
    int option = getopt(argc, argv, "h");
    if (option != -1 || optind < argc)
        return show_usage(option, usage);
    MUST(pipe(is_held) == 0 && pipe(goes_on) == 0 ? 0 : errno);
    MUST(sigaction(SIGUSR1, &action, NULL) == 0 ? 0 : errno);
    show("No number of the round, and a slow thread:", wait_without_round, 2, show_slow_thread);
    show("The right barrier, and a slow thread:", wait_rightly, 2, show_slow_thread);
    show("`if` for `while`, and a stray wake-up:", wait_with_if, 1, show_stray_wake_up);
    show("The right barrier, and a stray wake-up:", wait_rightly, 1, show_stray_wake_up);
    return finish_output(0, usage);
}
