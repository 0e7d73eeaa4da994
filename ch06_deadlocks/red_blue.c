/*
 * red_blue.c - two robots take the same two locks, in opposite order, until each has what the other wants.
 *
 * Original  deadlocks_simple/red_blue.go
 * Run       ./red_blue [-c | -o | -b] [-n rounds] [-q]
 *                                        -c leaves the deadlock to chance and counts the rounds;
 *                                        -o both take the locks in one order; -b who does not get the
 *                                        second lock gives back the first; -q says only how it ends
 * Expect    a round of each, then who holds what and waits for what: a cycle; with -o and -b all rounds
 * Try       -c -q a few times; then on one processor (taskset -c 0). How many rounds does it take?
 * Compare   trains.c (four threads, four locks); lock_watch.c (finds the cycle from outside)
 */
#include "must.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

static const char usage[] = "usage: red_blue [-c | -o | -b] [-n rounds] [-q]\n";

enum { MOST_ROUNDS = 1000000000 };
enum { LONGEST_PAUSE = 200000, LAST_LOOK = 100000000 }; // in nanoseconds

enum way { FORCED, BY_CHANCE, ONE_ORDER, BACK_OFF };

struct robot;

struct lock {
    const char *name;
    pthread_mutex_t mutex;
    const struct robot *holder; // protected by the notes' lock
};

/*
 * The notes say who holds and who waits for what. A robot notes its wish before it waits for a lock, and
 * that it holds the lock after it has got it; it takes that back before it unlocks. So a lock that is
 * noted as held is held, and a cycle in the notes is one of threads: each of them waits for the next,
 * and none can ever get on. Whose wish closes the cycle sees that.
 *
 * Nobody waits for one of the robots' locks while holding the notes' lock.
 */
struct notes {
    enum way way;           // never changes
    bool quiet;             // never changes
    pthread_mutex_t lock;   // protects what follows, and what the robots and locks have noted
    long count;             // notes made
    pthread_cond_t counted; // count has grown; waits: a robot, for its turn
    int robots_done;
    bool is_cycle;
    pthread_cond_t ended; // robots_done or is_cycle has changed; waits: main
};

struct robot {
    const char *name;
    struct notes *notes;
    struct lock *first, *second;
    int turns[4]; // how many notes come before its first wishes, where their order is forced
    pthread_t thread;
    long rounds; // never changes
    unsigned short random[3];
    // Protected by the notes' lock:
    const struct lock *waits_for;
    long wishes, rounds_done, times_backed_off;
};

static void count_note(struct notes *notes)
{
    notes->count++;
    MUST(pthread_cond_broadcast(&notes->counted));
}

static void say(const struct robot *robot, const char *what, const char *which)
{
    if (!robot->notes->quiet)
        printf("%s: %s%s\n", robot->name, what, which);
}

/* From the robot to the holder of what it waits for, to the holder of what that one waits for, … */
static bool closes_cycle(const struct robot *robot)
{
    const struct robot *next = robot;
    do
        next = next->waits_for->holder;
    while (next != NULL && next != robot && next->waits_for != NULL);
    return next == robot;
}

/*
 * With `waits`, the robot will wait for the lock as long as it takes.
 *
 * The wishes of the first two rounds may have their turns in a forced order. A round takes seven notes. In
 * the first one Blue goes round, then Red. In the second Blue gets lock1, Red lock2, and only then each
 * of them wants the other one, too.
 */
static void note_wish(struct robot *robot, const struct lock *lock, bool waits)
{
    struct notes *notes = robot->notes;
    bool is_forced = (notes->way == FORCED || notes->way == BACK_OFF) && robot->wishes < 4;
    MUST(pthread_mutex_lock(&notes->lock));
    while (is_forced && notes->count < robot->turns[robot->wishes])
        MUST(pthread_cond_wait(&notes->counted, &notes->lock));
    say(robot, "Acquiring ", lock->name);
    robot->wishes++;
    count_note(notes);
    if (waits) {
        robot->waits_for = lock;
        if (closes_cycle(robot)) {
            notes->is_cycle = true;
            MUST(pthread_cond_signal(&notes->ended));
        }
    }
    MUST(pthread_mutex_unlock(&notes->lock));
}

static void note_holder(struct robot *robot, struct lock *lock)
{
    struct notes *notes = robot->notes;
    MUST(pthread_mutex_lock(&notes->lock));
    lock->holder = robot;
    robot->waits_for = NULL;
    count_note(notes);
    MUST(pthread_mutex_unlock(&notes->lock));
}

static void acquire(struct robot *robot, struct lock *lock)
{
    note_wish(robot, lock, true);
    MUST(pthread_mutex_lock(&lock->mutex));
    note_holder(robot, lock);
}

/* False: somebody else has it. */
static bool try_to_acquire(struct robot *robot, struct lock *lock)
{
    note_wish(robot, lock, false);
    int error = pthread_mutex_trylock(&lock->mutex);
    if (error == EBUSY)
        return false;
    MUST(error);
    note_holder(robot, lock);
    return true;
}

static void release(struct robot *robot, struct lock *lock)
{
    MUST(pthread_mutex_lock(&robot->notes->lock));
    lock->holder = NULL;
    count_note(robot->notes);
    MUST(pthread_mutex_unlock(&robot->notes->lock));
    MUST(pthread_mutex_unlock(&lock->mutex));
}

/* The fault: the robots' first and second lock are not the same. With -o they are. */
static void acquire_both(struct robot *robot)
{
    acquire(robot, robot->first);
    acquire(robot, robot->second);
}

/*
 * Who begins again at once may do so thousands of times, before the other one has woken up and got what
 * it wants; and if both do, they may keep step. By chance, one is late enough.
 */
static void pause_at_random(struct robot *robot)
{
    nanosleep(&(struct timespec){.tv_nsec = nrand48(robot->random) % LONGEST_PAUSE}, NULL);
}

/* The order does not matter for one who never waits while it holds a lock. */
static void acquire_both_or_back_off(struct robot *robot)
{
    acquire(robot, robot->first);
    while (!try_to_acquire(robot, robot->second)) {
        release(robot, robot->first);
        say(robot, "Backing off", "");
        robot->times_backed_off++;
        pause_at_random(robot);
        acquire(robot, robot->first);
    }
}

static void *go_round(void *argument)
{
    struct robot *robot = argument;
    struct notes *notes = robot->notes;
    for (long round = 0; round < robot->rounds; round++) {
        if (notes->way == BACK_OFF)
            acquire_both_or_back_off(robot);
        else
            acquire_both(robot);
        say(robot, "Both locks Acquired", "");
        release(robot, robot->first);
        release(robot, robot->second);

        MUST(pthread_mutex_lock(&notes->lock));
        say(robot, "Locks Released", "");
        robot->rounds_done++;
        count_note(notes);
        MUST(pthread_mutex_unlock(&notes->lock));
    }
    MUST(pthread_mutex_lock(&notes->lock));
    notes->robots_done++;
    MUST(pthread_cond_signal(&notes->ended));
    MUST(pthread_mutex_unlock(&notes->lock));
    return NULL;
}

/* Waits until both robots have gone all their rounds, or neither will ever go on. False: the latter. */
static bool wait_for_end(struct notes *notes)
{
    MUST(pthread_mutex_lock(&notes->lock));
    while (notes->robots_done < 2 && !notes->is_cycle)
        MUST(pthread_cond_wait(&notes->ended, &notes->lock));
    bool all_done = !notes->is_cycle;
    MUST(pthread_mutex_unlock(&notes->lock));
    return all_done;
}

static void print_cycle(struct notes *notes, const struct robot *robot)
{
    MUST(pthread_mutex_lock(&notes->lock));
    const struct robot *other = robot->waits_for->holder;
    printf("Deadlock, after %ld rounds of %s and %ld of %s:\n", robot->rounds_done, robot->name,
           other->rounds_done, other->name);
    printf("  %s holds %s and waits for %s,\n", robot->name, other->waits_for->name,
           robot->waits_for->name);
    printf("  %s holds %s and waits for %s.\n", other->name, robot->waits_for->name,
           other->waits_for->name);
    MUST(pthread_mutex_unlock(&notes->lock));
}

int main(int argc, char *argv[])
{
    // Not on main's stack: robots that are stuck stay there until the program has ended.
    static struct notes notes = {.lock = PTHREAD_MUTEX_INITIALIZER,
                                 .counted = PTHREAD_COND_INITIALIZER,
                                 .ended = PTHREAD_COND_INITIALIZER};
    static struct lock lock1 = {.name = "lock1", .mutex = PTHREAD_MUTEX_INITIALIZER},
                       lock2 = {.name = "lock2", .mutex = PTHREAD_MUTEX_INITIALIZER};
    static struct robot blue = {.name = "Blue",
                                .first = &lock1,
                                .second = &lock2,
                                .turns = {0, 2, 14, 18},
                                .random = {1}},
                        red = {.name = "Red",
                               .first = &lock2,
                               .second = &lock1,
                               .turns = {7, 9, 16, 19},
                               .random = {2}};
    long rounds = -1;
    int option;
    while ((option = getopt(argc, argv, "cobn:qh")) != -1) {
        switch (option) {
        case 'c':
        case 'o':
        case 'b':
            if (notes.way != FORCED)
                return show_usage('?', usage);
            notes.way = option == 'c' ? BY_CHANCE : option == 'o' ? ONE_ORDER : BACK_OFF;
            break;
        case 'n':
            rounds = number_from(optarg, 1, MOST_ROUNDS, usage);
            break;
        case 'q':
            notes.quiet = true;
            break;
        default:
            return show_usage(option, usage);
        }
    }
    if (optind < argc)
        return show_usage('?', usage);
    if (rounds == -1)
        rounds = notes.way == BY_CHANCE ? MOST_ROUNDS : 10;

    blue.notes = red.notes = &notes;
    blue.rounds = red.rounds = rounds;
    if (notes.way == ONE_ORDER) {
        red.first = &lock1;
        red.second = &lock2;
    }
    MUST(pthread_create(&blue.thread, NULL, go_round, &blue));
    MUST(pthread_create(&red.thread, NULL, go_round, &red));
    if (!wait_for_end(&notes)) {
        // Who closes the cycle notes that first, and only then waits. It gets the time to do so: others
        // that watch, such as lock_watch or a debugger, are to find both robots stuck. And nobody can
        // join two threads that wait for ever; they end with the program.
        nanosleep(&(struct timespec){.tv_nsec = LAST_LOOK}, NULL);
        print_cycle(&notes, &blue);
        puts("Done");
        return finish_output(0, usage);
    }
    MUST(pthread_join(blue.thread, NULL));
    MUST(pthread_join(red.thread, NULL));
    MUST(pthread_mutex_destroy(&lock2.mutex));
    MUST(pthread_mutex_destroy(&lock1.mutex));
    MUST(pthread_cond_destroy(&notes.ended));
    MUST(pthread_cond_destroy(&notes.counted));
    MUST(pthread_mutex_destroy(&notes.lock));
    printf("No deadlock in %ld rounds of each\n", rounds);
    if (notes.way == BACK_OFF)
        printf("Times backed off: Blue %ld, Red %ld\n", blue.times_backed_off,
               red.times_backed_off);
    puts("Done");
    return finish_output(0, usage);
}
