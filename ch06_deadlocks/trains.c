/*
 * trains.c - four trains, four intersections, and three ways to share them. In one of them, all stop.
 *
 * Original  deadlocks_train/ (its strategies: deadlock.c, hierarchy.c, arbitrator.c)
 * Run       ./trains [-d window|terminal|none] [-x factor] [deadlock|hierarchy|arbitrator]
 *                      -x 10: time runs ten times as fast. Without a display, a line for each event
 * Expect    deadlock: each train holds an intersection and waits for the next one's; hierarchy: all
 *           arrive, one after the other; arbitrator: two at a time. The times printed are the trains'
 * Try       trains of length 40, which is less than from one intersection to the next (railway.h).
 *           Why is there no deadlock any more?
 * Compare   deadlock.c, hierarchy.c, arbitrator.c (the strategies); railway.c (how main knows)
 */
#include "display.h"
#include "must.h"
#include "picture.h"
#include "railway.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "usage: trains [-d window|terminal|none] [-x factor] [deadlock|hierarchy|arbitrator]\n";

static const struct strategy *const strategies[] = {&deadlock, &hierarchy, &arbitrator};
enum { STRATEGIES = sizeof strategies / sizeof strategies[0] };

enum { LAST_PICTURE = 2 }; // how many seconds, of the trains' time, it is shown

static void *travel(void *argument)
{
    struct train *train = argument;
    struct railway *railway = train->railway;
    const struct strategy *strategy = railway->strategy;
    for (int front = 1; front <= TRACK && railway_step(railway, train); front++) {
        for (int i = 0; i < CROSSINGS; i++) {
            const struct crossing *crossing = &train->crossings[i];
            if (front == crossing->position)
                strategy->arrive(railway, train, crossing);
            if (front - TRAIN_LENGTH == crossing->position)
                strategy->leave(railway, train, crossing);
        }
    }
    // One that was told to end in the middle frees the way, so that those who wait come and end, too.
    for (int i = 0; i < CROSSINGS; i++) {
        if (train->holds[train->crossings[i].intersection])
            strategy->leave(railway, train, &train->crossings[i]);
    }
    railway_end(railway, train);
    return NULL;
}

/* A thread blocks the signals that its creator blocks: so they all come to main. */
static void start(struct railway *railway)
{
    sigset_t all, before;
    sigfillset(&all);
    MUST(pthread_sigmask(SIG_SETMASK, &all, &before));
    for (int i = 0; i < TRAINS; i++)
        MUST(pthread_create(&railway->trains[i].thread, NULL, travel, &railway->trains[i]));
    MUST(pthread_sigmask(SIG_SETMASK, &before, NULL));
}

static bool is_over(const struct notes *notes)
{
    return notes->under_way == 0 || notes->is_deadlock;
}

/* Shows the trains until it is over, and the last picture for a while. 0, or what display_show says. */
static int show(struct railway *railway, struct display *display)
{
    long frames_left = LAST_PICTURE * FRAMES_A_SECOND / railway->speed + 1;
    int error = 0;
    while (error == 0 && frames_left > 0) {
        struct notes notes = railway_notes(railway);
        picture_draw(display, &notes);
        error = display_show(display);
        if (is_over(&notes))
            frames_left--;
    }
    return error;
}

/* Who holds what and waits for what, once round. The lowest number comes first. */
static void print_cycle(const struct notes *notes)
{
    int first = 0;
    while (!is_in_cycle(notes, first))
        first++;
    int held = notes->wants[first];
    while (notes->holder[held] != first) // round to the one that waits for the first
        held = notes->wants[notes->holder[held]];
    int train = first;
    do {
        int wanted = notes->wants[train], next = notes->holder[wanted];
        printf("Train %d holds intersection %d and waits for %d, which train %d holds\n", train,
               held, wanted, next);
        held = wanted;
        train = next;
    } while (train != first);
}

static void print_outcome(const struct notes *notes)
{
    double seconds = (double)notes->time / 1000;
    bool all_arrived = true;
    for (int i = 0; i < TRAINS; i++)
        all_arrived = all_arrived && notes->front[i] == TRACK;
    if (notes->is_deadlock) {
        printf("Deadlock after %.2f s\n", seconds);
        print_cycle(notes);
    } else if (all_arrived) {
        printf("All trains arrived after %.2f s\n", seconds);
    } else {
        printf("Ended after %.2f s, before all trains had arrived\n", seconds);
    }
}

/*
 * Without a display: waits until it is over. A deadlock is to be seen here, too, as some seconds in which
 * nothing happens. (And who looks on with a debugger finds the last train asleep, as the others are.)
 */
static void look_on(struct railway *railway)
{
    long rest = LAST_PICTURE * 1000L / railway->speed; // in milliseconds
    if (railway_wait(railway).is_deadlock)
        nanosleep(&(struct timespec){rest / 1000, rest % 1000 * 1000000}, NULL);
}

/*
 * Runs the trains. 0, or what has become of the display.
 *
 * In a deadlock, the threads of the trains can be neither joined nor ended: each sleeps in
 * pthread_mutex_lock. They go when main returns, as all threads do then. Until that moment they use the
 * railway: so it is not destroyed, and has to be static.
 */
static int run_trains(struct railway *railway, struct display *display, struct notes *outcome)
{
    int error = 0;
    start(railway);
    if (display != NULL)
        error = show(railway, display);
    else
        look_on(railway);
    atomic_store(&railway->stop, true);
    *outcome = railway_wait(railway);
    if (!outcome->is_deadlock) {
        for (int i = 0; i < TRAINS; i++)
            MUST(pthread_join(railway->trains[i].thread, NULL));
        railway_destroy(railway);
    }
    return error;
}

static const struct strategy *strategy_from(const char *name)
{
    for (int i = 0; i < STRATEGIES; i++) {
        if (strcmp(name, strategies[i]->name) == 0)
            return strategies[i];
    }
    wrong_usage(name, "no such strategy", usage);
}

/* Exits with 1 when there is no such display. NULL: there is to be none. */
static struct display *open_display(const char *wanted)
{
    const char *reason;
    if (wanted == NULL && !isatty(STDOUT_FILENO))
        return NULL;
    struct display *display =
        display_open("Trains in a box", PICTURE_SIZE, PICTURE_SIZE, 3, wanted, &reason);
    if (display == NULL) {
        complain(usage, wanted != NULL ? wanted : "display", reason);
        exit(EXIT_FAILURE);
    }
    if (strcmp(display_name(display), "none") != 0)
        return display;
    display_close(display);
    return NULL;
}

int main(int argc, char *argv[])
{
    static struct railway railway;
    struct notes outcome;
    const char *wanted = NULL;
    long speed = 1;
    int option;
    while ((option = getopt(argc, argv, "d:x:h")) != -1) {
        switch (option) {
        case 'd':
            wanted = optarg;
            if (!display_is_kind(wanted))
                wrong_usage(wanted, "no such display", usage);
            break;
        case 'x':
            speed = number_from(optarg, 1, 1000, usage);
            break;
        default:
            return show_usage(option, usage);
        }
    }
    if (argc > optind + 1)
        return show_usage('?', usage);
    const struct strategy *strategy = optind < argc ? strategy_from(argv[optind]) : strategies[0];

    struct display *display = open_display(wanted);
    railway_init(&railway, strategy, speed, display == NULL);
    int error = run_trains(&railway, display, &outcome);
    const char *name = display != NULL ? display_name(display) : "none";
    display_close(display); // from here on, what is printed is seen
    if (error != 0 && error != ECANCELED) {
        complain(usage, name, strerror(error));
        return EXIT_FAILURE;
    }
    print_outcome(&outcome);
    return finish_output(EXIT_SUCCESS, usage);
}
