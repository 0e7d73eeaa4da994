/*
 * three_robots.c - tries all orders of the steps of three robots, for each order of Blue's three locks.
 *
 * Exercise 1 of chapter 6
 * Shows     which of Blue's orders can deadlock; with one of them as argument, the deadlock itself
 * Build     cc -pthread -iquote . -o beyond/solutions/three_robots beyond/solutions/three_robots.c
 * Run       beyond/solutions/three_robots [ORDER]
 * Expect    two of the six orders never deadlock: those in which Blue takes lock2 first, as the others do
 * Watch     lock_watch/lock_watch beyond/solutions/three_robots 312    names the cycle
 */
#include "must.h"

#include <pthread.h>

static const char usage[] = "three_robots [123|132|213|231|312|321]";

enum { robots = 3 };

struct robot {
    const char *name;
    char order[4]; // its locks, in the order in which it takes them; then it gives all of them back
    int held;      // so many of them; -1: it has given them back
};

static struct robot all[robots] = {{"Red", "21", 0}, {"Green", "23", 0}, {"Blue", "123", 0}};

/* The robot that holds a lock, or NULL. */
static const struct robot *owner_of(char lock)
{
    for (int i = 0; i < robots; i++) {
        for (int k = 0; k < all[i].held; k++) {
            if (all[i].order[k] == lock)
                return &all[i];
        }
    }
    return NULL;
}

/* Tries the next step of each robot that can go on, and all that may follow. True: at a deadlock. */
static bool find_deadlock(void)
{
    bool all_done = true, stuck = true;
    for (int i = 0; i < robots; i++) {
        struct robot *robot = &all[i];
        int held = robot->held;
        char wanted = held >= 0 ? robot->order[held] : '\0';
        all_done = all_done && held < 0;
        if (held < 0 || (wanted != '\0' && owner_of(wanted) != NULL))
            continue;
        stuck = false;
        robot->held = wanted != '\0' ? held + 1 : -1;
        if (find_deadlock())
            return true;
        robot->held = held; // takes the step back, to try another one
    }
    return stuck && !all_done;
}

/* Returns whether Blue's order can deadlock. If it can, the robots now stand as in the deadlock. */
static bool can_deadlock(const char *order)
{
    snprintf(all[2].order, sizeof all[2].order, "%s", order);
    for (int i = 0; i < robots; i++)
        all[i].held = 0;
    bool found = find_deadlock();
    printf("Blue takes %s: %s", order, found ? "deadlock:" : "never a deadlock");
    for (int i = 0; i < robots && found; i++) {
        if (all[i].held > 0)
            printf(" %s has %.*s, wants %c.", all[i].name, all[i].held, all[i].order,
                   all[i].order[all[i].held]);
    }
    puts("");
    return found;
}

static pthread_mutex_t locks[3] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                   PTHREAD_MUTEX_INITIALIZER};
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; // protects: missing
static pthread_cond_t all_there = PTHREAD_COND_INITIALIZER;
static int missing; // robots that do not yet hold what they hold in the deadlock

static void *run_robot(void *argument)
{
    struct robot *robot = argument;
    for (int i = 0; i < robot->held; i++)
        MUST(pthread_mutex_lock(&locks[robot->order[i] - '1']));
    MUST(pthread_mutex_lock(&gate));
    if (--missing == 0)
        MUST(pthread_cond_broadcast(&all_there));
    while (missing > 0)
        MUST(pthread_cond_wait(&all_there, &gate));
    MUST(pthread_mutex_unlock(&gate));
    MUST(pthread_mutex_lock(&locks[robot->order[robot->held] - '1']));
    printf("%s goes on\n", robot->name); // never
    return NULL;
}

int main(int argc, char *argv[])
{
    static const char *const orders[] = {"123", "132", "213", "231", "312", "321"};
    const char *order = argument_or("", argc, argv, usage);
    bool known = false;
    for (int i = 0; i < 6; i++) {
        known = known || strcmp(order, orders[i]) == 0;
        if (order[0] == '\0')
            can_deadlock(orders[i]);
    }
    if (order[0] == '\0')
        return EXIT_SUCCESS;
    if (!known)
        wrong_usage(usage, order, "no such order");
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!can_deadlock(order))
        return EXIT_SUCCESS;
    for (int i = 0; i < robots; i++)
        missing += all[i].held > 0;
    for (int i = 0; i < robots; i++) {
        pthread_t thread;
        if (all[i].held > 0)
            MUST(pthread_create(&thread, NULL, run_robot, &all[i]));
    }
    pause_ms(2000); // threads that are stuck cannot be joined
    puts("Done");
}
