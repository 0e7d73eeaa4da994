/*
 * test_trains.c - the three strategies, step by step and in many runs; the picture; and the program where
 * there is no screen.
 *
 * It includes the lecture, in which each pause becomes a moment for the test to look around.
 */
#include "../trains.h"
#include "must.h"

#include <sched.h>

static void look_around(long milliseconds);
#define pause_ms(milliseconds) look_around(milliseconds)

#define move_train deadlock_move_train
#include "../deadlock.c"
#undef move_train

static int note_and_lock(pthread_mutex_t *mutex);
#define pthread_mutex_lock(mutex) note_and_lock(mutex)
#define move_train hierarchy_move_train
#define lock_intersections_in_distance hierarchy_lock_intersections_in_distance
#include "../hierarchy.c"
#undef lock_intersections_in_distance
#undef move_train
#undef pthread_mutex_lock

static int wait_and_count(pthread_cond_t *condition, pthread_mutex_t *mutex);
#define pthread_cond_wait(condition, mutex) wait_and_count(condition, mutex)
#define move_train arbitrator_move_train
#define lock_intersections_in_distance arbitrator_lock_intersections_in_distance
#include "../arbitrator.c"
#undef lock_intersections_in_distance
#undef move_train
#undef pthread_cond_wait

#include "../draw_trains.c"

#pragma GCC diagnostic ignored "-Wreturn-type" // only main may end without a return
static int note_thread(void *journey);
#define pthread_create(thread, attributes, function, argument)                                     \
    ((void)(thread), note_thread(argument))
#define main trains_main
#include "../trains.c"
#undef main
#undef pthread_create

#include "cases.h"
#include "outcome.h"

static const struct strategy *const strategies[] = {&deadlock, &hierarchy, &arbitrator};

enum { TRACK = 300, NONE = -1 };
enum { RUNS = ROUNDS / 100 };

/* ---- the strategies ---- */

static struct journey journeys[4];
static int length = train_length;

static void set_up(void)
{
    for (int i = 0; i < 4; i++) {
        trains[i].id = i;
        trains[i].train_length = length;
        trains[i].front = 0;
        intersections[i].id = i;
        intersections[i].locked_by = NONE;
        MUST(pthread_mutex_init(&intersections[i].mutex, NULL));
    }
    for (int i = 0; i < 4; i++)
        journeys[i] = (struct journey){
            &trains[i], TRACK, {{125, &intersections[i]}, {175, &intersections[(i + 1) % 4]}}};
}

/* Fails if a mutex is still locked. */
static void tear_down(void)
{
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(intersections[i].locked_by, NONE);
        MUST(pthread_mutex_destroy(&intersections[i].mutex));
    }
}

static _Thread_local struct journey *own; // NULL: this thread is no train
static _Thread_local long own_time;       // in milliseconds: how long its pauses are in all
static _Thread_local unsigned short random_state[3];

static atomic_int
    occupant[4]; // of each intersection: the train that stands on it, as the test sees it

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // protects: trains_ready, trains_done
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int trains_ready, trains_done;
static int all_wait_at = 124; // so that all four come to their intersections together

static void wait_for_all(void)
{
    MUST(pthread_mutex_lock(&lock));
    int all = (trains_ready / 4 + 1) * 4; // of this time: others may already be here for the next
    trains_ready++;
    MUST(pthread_cond_broadcast(&changed));
    while (trains_ready < all)
        MUST(pthread_cond_wait(&changed, &lock));
    MUST(pthread_mutex_unlock(&lock));
}

/* Check writes a note at each assertion. That is too much for the threads here. */
static void must_be(bool condition, const char *what, int id, int front)
{
    if (!condition)
        ck_abort_msg("train %d at %d: %s", id, front, what);
}

/*
 * No two trains are ever on one intersection: a train that stands on it finds no other there. It
 * leaves in the pause before the step in which it unlocks.
 */
static void look_around(long milliseconds)
{
    if (own == NULL)
        return;
    own_time += milliseconds;
    bool is_step = milliseconds == 30; // and not between the locks that it takes before it goes on
    int id = own->train->id, front = own->train->front, back = front - length;
    for (int i = 0; i < crossing_count && is_step; i++) {
        const struct crossing *crossing = &own->crossings[i];
        if (front < crossing->position || back >= crossing->position)
            continue;
        int before = NONE;
        bool is_free =
            atomic_compare_exchange_strong(&occupant[crossing->intersection->id], &before, id);
        must_be(is_free || before == id, "two trains are on one intersection", id, front);
        must_be(crossing->intersection->locked_by == id, "it has not locked it", id, front);
    }
    if (front == all_wait_at)
        wait_for_all();
    // Where others may want the same, it lets some of them go before. (Everywhere, that would take long.)
    bool is_near = (front >= 124 && front <= 126) || (back >= 123 && back <= 126) ||
                   (front >= 174 && front <= 176) || (back >= 173 && back <= 176);
    for (long i = is_near ? nrand48(random_state) % 4 : 0; i > 0; i--)
        sched_yield();
    for (int i = 0; i < crossing_count; i++) {
        if (back == own->crossings[i].position - 1)
            must_be(atomic_exchange(&occupant[own->crossings[i].intersection->id], NONE) == id,
                    "it leaves where it has not been", id, front);
    }
}

static const struct strategy *strategy_to_run;

static void *run_train(void *argument)
{
    own = argument;
    random_state[0] = (unsigned short)own->train->id;
    wait_for_all();
    strategy_to_run->move_train(own);
    long wanted = TRACK * 30L + (strategy_to_run == &deadlock ? 0 : 2 * 10L);
    must_be(own_time == wanted, "it took another time", own->train->id, TRACK);
    MUST(pthread_mutex_lock(&lock));
    trains_done++;
    MUST(pthread_cond_broadcast(&changed));
    MUST(pthread_mutex_unlock(&lock));
    return NULL;
}

/* All are at 175, where the next intersection is held: nothing can change any more. */
static bool are_stuck(void)
{
    for (int i = 0; i < 4; i++) {
        if (trains[i].front != 175 || intersections[i].locked_by != i)
            return false;
    }
    return true;
}

/* Returns false if they are stuck. */
static bool all_arrive(const struct strategy *strategy)
{
    set_up();
    strategy_to_run = strategy;
    trains_ready = trains_done = 0;
    for (int i = 0; i < 4; i++)
        occupant[i] = NONE;
    for (int i = 0; i < 4; i++) {
        pthread_t thread;
        MUST(pthread_create(&thread, NULL, run_train, &journeys[i]));
    }
    for (int done = 0; done < 4;) {
        if (are_stuck())
            return false;
        sched_yield();
        MUST(pthread_mutex_lock(&lock));
        done = trains_done;
        MUST(pthread_mutex_unlock(&lock));
    }
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(trains[i].front, TRACK);
        ck_assert_int_eq(occupant[i], NONE);
    }
    tear_down();
    return true;
}

/* However their steps mix. After a deadlock there is no other run: its threads cannot be joined. */
START_TEST(test_many_runs)
{
    bool arrive = true;
    for (int i = 0; i < RUNS && arrive; i++) {
        arrive = all_arrive(strategies[_i]);
        ck_assert(arrive || _i == DEADLOCK);
    }
}
END_TEST

/* Each has its first intersection before any wants its second: then it is certain. */
START_TEST(test_deadlock)
{
    all_wait_at = 150;
    ck_assert(!all_arrive(&deadlock));
    for (int i = 0; i < 20; i++) {
        sched_yield();
        ck_assert(are_stuck());
    }
}
END_TEST

/* Trains that leave the first intersection before they come to the second hold nothing while they wait. */
START_TEST(test_short_trains)
{
    length = 40;
    for (int i = 0; i < RUNS; i++)
        ck_assert(all_arrive(&deadlock));
}
END_TEST

/* Which intersections a train takes from where, and which it has already. */
static void check_reservations(void (*lock_in_distance)(int, int, int, struct crossing *),
                               bool takes_mutexes)
{
    for (int id = 0; id < 4; id++) {
        struct intersection *first = &intersections[id], *second = &intersections[(id + 1) % 4];
        for (int position = 170; position <= 200; position++) {
            struct crossing crossings[] = {{125, first}, {position, second}};
            set_up();
            lock_in_distance(id, 125, 195, crossings);
            bool takes_second = position <= 195;
            ck_assert_int_eq(first->locked_by, id);
            ck_assert_int_eq(second->locked_by, takes_second ? id : NONE);
            int error = pthread_mutex_trylock(&second->mutex);
            ck_assert_int_eq(error, takes_mutexes && takes_second ? EBUSY : 0);
            if (error == 0)
                MUST(pthread_mutex_unlock(&second->mutex));
            // It does not take again what it holds, and does not need what is behind it.
            lock_in_distance(id, position, position + 70, crossings);
            ck_assert_int_eq(second->locked_by, id);
            for (int i = 0; i < 4; i++)
                ck_assert(intersections[i].locked_by == NONE || &intersections[i] == first ||
                          &intersections[i] == second);
            if (takes_mutexes) {
                MUST(pthread_mutex_unlock(&first->mutex));
                MUST(pthread_mutex_unlock(&second->mutex));
            }
            first->locked_by = second->locked_by = NONE;
            tear_down();
        }
    }
}

START_TEST(test_reservations)
{
    check_reservations(hierarchy_lock_intersections_in_distance, true);
    check_reservations(arbitrator_lock_intersections_in_distance, false);
}
END_TEST

static _Thread_local pthread_mutex_t *locked_before, *locked_last; // by hierarchy

static int note_and_lock(pthread_mutex_t *mutex)
{
    locked_before = locked_last;
    locked_last = mutex;
    return pthread_mutex_lock(mutex);
}

/* The lowest id comes first, also where the train meets it last. */
START_TEST(test_order)
{
    for (int id = 0; id < 4; id++) {
        int low = id == 3 ? 0 : id, high = id == 3 ? 3 : id + 1;
        set_up();
        hierarchy_lock_intersections_in_distance(id, 125, 195, journeys[id].crossings);
        ck_assert_ptr_eq(locked_before, &intersections[low].mutex);
        ck_assert_ptr_eq(locked_last, &intersections[high].mutex);
    }
}
END_TEST

START_TEST(test_all_free)
{
    struct intersection *both[] = {&intersections[1], &intersections[2]};
    set_up();
    ck_assert(all_free(both, 2));
    intersections[2].locked_by = 0;
    ck_assert(!all_free(both, 2));
    ck_assert(all_free(both, 1));
    ck_assert(all_free(both, 0));
    intersections[2].locked_by = NONE;
    intersections[1].locked_by = 3;
    ck_assert(!all_free(both, 2));
}
END_TEST

static int
    waits; // how often a train has begun to wait in arbitrator; under its lock, the controller

static int wait_and_count(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    waits++;
    return pthread_cond_wait(condition, mutex);
}

static void wait_for_waits(int wanted)
{
    for (int seen = 0; seen < wanted; sched_yield()) {
        MUST(pthread_mutex_lock(&controller));
        seen = waits;
        MUST(pthread_mutex_unlock(&controller));
    }
}

static void *take_reservation(void *argument)
{
    struct journey *journey = argument;
    arbitrator_lock_intersections_in_distance(journey->train->id, 125, 195, journey->crossings);
    return NULL;
}

/*
 * Every waiting train looks again when one leaves: here 3 waits for 3 and 0, and then 0 for 0 and 1.
 * Another one leaves 0. 3 is woken first and cannot go on, but 0 can.
 */
START_TEST(test_all_are_woken)
{
    pthread_t first, second, leaver;
    set_up();
    intersections[3].locked_by = 2;
    // static: the thread that leaves detaches itself, and may go on after the test.
    static struct train short_train = {.id = 1, .train_length = 1};
    static struct journey leaves = {
        &short_train, 2, {{1, &intersections[0]}, {9, &intersections[2]}}};
    intersections[0].locked_by = 1; // as if it had taken it before
    MUST(pthread_create(&first, NULL, take_reservation, &journeys[3]));
    wait_for_waits(1);
    MUST(pthread_create(&second, NULL, take_reservation, &journeys[0]));
    wait_for_waits(2);
    MUST(pthread_create(&leaver, NULL, arbitrator_move_train, &leaves));
    MUST(pthread_join(second, NULL));
    ck_assert_int_eq(intersections[0].locked_by, 0);
    ck_assert_int_eq(intersections[1].locked_by, 0);
    ck_assert_int_eq(intersections[3].locked_by, 2);
}
END_TEST

static const struct journey *started[4];
static int started_count;

static int note_thread(void *journey)
{
    started[started_count++] = journey;
    trains[0].front = 1; // main waits for the first step
    return 0;
}

/* What main gives to the trains, seen without any. */
START_TEST(test_journeys)
{
    char *arguments[] = {"trains", "hierarchy", NULL};
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    unsetenv("SDL_VIDEODRIVER");
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
    trains_main(2, arguments);
    ck_assert_int_eq(started_count, 4);
    for (int i = 0; i < 4; i++) {
        const struct journey *journey = started[i];
        ck_assert_ptr_eq(journey->train, &trains[i]);
        ck_assert_int_eq(trains[i].id, i);
        ck_assert_int_eq(trains[i].train_length, 70);
        ck_assert_int_eq(intersections[i].id, i);
        ck_assert_int_eq(intersections[i].locked_by, NONE);
        ck_assert_int_eq(journey->distance, 300);
        ck_assert_int_eq(journey->crossings[0].position, 125);
        ck_assert_ptr_eq(journey->crossings[0].intersection, &intersections[i]);
        ck_assert_int_eq(journey->crossings[1].position, 175);
        ck_assert_ptr_eq(journey->crossings[1].intersection, &intersections[(i + 1) % 4]);
    }
}
END_TEST

/* ---- the picture ---- */

enum { PICTURE_SIZE = 320 };
static struct display *picture;

static void check_point(int x, int y, struct colour colour)
{
    const struct colour *point = &picture->points[y * PICTURE_SIZE + x];
    ck_assert_msg(memcmp(point, &colour, sizeof colour) == 0, "(%d, %d) is %d %d %d", x, y,
                  point->red, point->green, point->blue);
}

/* How many points in a rectangle have the colour. */
static int points_in(int left, int top, int width, int height, struct colour colour)
{
    int points = 0;
    for (int y = top; y < top + height; y++) {
        for (int x = left; x < left + width; x++)
            points += memcmp(&picture->points[y * PICTURE_SIZE + x], &colour, sizeof colour) == 0;
    }
    return points;
}

START_TEST(test_picture)
{
    static const struct colour black = {0, 0, 0}, red = {233, 33, 40}, blue = {78, 151, 210},
                               yellow = {251, 170, 26}, green = {11, 132, 54};
    const char *reason;
    picture = display_open("", PICTURE_SIZE, PICTURE_SIZE, 3, "none", &reason);
    ck_assert_ptr_nonnull(picture);
    set_up();

    // No train is there yet: tracks, intersections that are free, and text.
    draw(picture, "hierarchy");
    for (int i = 11; i < 310; i++) {
        check_point(i, 135, white);
        check_point(185, i, white);
        check_point(i, 185, white);
        check_point(135, i, white);
    }
    check_point(310, 135, black);
    check_point(10, 135, red);
    check_point(8, 135, red); // its back is still outside
    check_point(160, 160, black);
    static const int places[4][2] = {{145, 145}, {175, 145}, {175, 175}, {145, 175}};
    for (int i = 0; i < 4; i++) {
        int x = places[i][0], y = places[i][1];
        check_point(x, y, white);
        check_point(x - 1, y, white);
        check_point(x + 1, y, white);
        check_point(x, y - 1, white);
        check_point(x, y + 1, white);
        check_point(x - 1, y - 1, black);
        ck_assert_int_ge(points_in(140, 140, 40, 40, white), 4 * 5 + 4 * 8); // and numbers
    }
    ck_assert_int_gt(points_in(4, 4, 40, 5, white), 50); // HIERARCHY
    ck_assert_int_eq(points_in(4, 9, 40, 5, white), 0);
    ck_assert_int_gt(points_in(4, 311, 30, 5, white), 30); // Q ENDS

    // On their way, one that is all there, one that has arrived; and one has an intersection.
    trains[0].front = 100;
    trains[1].front = 71;
    trains[2].front = 150;
    trains[3].front = 300;
    intersections[2].locked_by = 1;
    draw(picture, "hierarchy");
    check_point(10 + 101, 135, white);
    check_point(10 + 100, 135, red);
    check_point(10 + 99, 134, red);
    check_point(10 + 99, 136, red);
    check_point(10 + 100, 134, black);
    check_point(10 + 30, 135, red);
    check_point(10 + 29, 135, white);
    check_point(185, 10 + 71, blue);
    check_point(184, 10 + 70, blue);
    check_point(185, 10 + 1, blue);
    check_point(185, 10, white);
    check_point(310 - 150, 185, yellow);
    check_point(310 - 149, 184, yellow);
    check_point(310 - 80, 185, yellow);
    check_point(310 - 79, 185, white);
    check_point(135, 310 - 300, green);
    check_point(135, 310 - 230, green);
    check_point(136, 310 - 229, green);
    check_point(135, 310 - 229, white);
    check_point(175, 175, blue);
    ck_assert_int_eq(points_in(169, 167, 3, 5, blue), 11); // the number of intersection 2
    ck_assert_int_gt(points_in(10, 120, 100, 10, red), 8); // the numbers of trains 0 to 3
    ck_assert_int_gt(points_in(190, 40, 10, 40, blue), 6);
    ck_assert_int_gt(points_in(175, 190, 20, 10, yellow), 8);
    ck_assert_int_gt(points_in(120, 10, 10, 60, green), 8);

    // All stand still, each behind the one that is before it.
    for (int i = 0; i < 4; i++) {
        trains[i].front = 175;
        intersections[i].locked_by = i;
    }
    draw(picture, "deadlock");
    static const struct colour *const of_train[4] = {&red, &blue, &yellow, &green};
    for (int i = 0; i < 4; i++)
        check_point(places[i][0], places[i][1], *of_train[i]);
    check_point(160, 135, red);
    check_point(185, 160, blue);
    check_point(160, 185, yellow);
    check_point(135, 160, green);
    display_close(picture);
}
END_TEST

/* ---- the program ---- */

/* Without an argument, too. Both at once, to save time. */
START_TEST(test_stuck)
{
    int tries = 0;
    do {
        ck_assert_int_eq(run(RACES_ONLY "trains & " RACES_ONLY "trains deadlock && wait $!"), 0);
        const char *second = strchr(printed, '\n') + 1;
        ck_assert_msg(is_outcome(DEADLOCK, printed) && is_outcome(DEADLOCK, second), "%s", printed);
        ck_assert_ptr_eq(strchr(second, '\n') + 1, printed + strlen(printed));
    } while ((!is_stuck(printed) || !is_stuck(strchr(printed, '\n') + 1)) && ++tries < TRIES);
    ck_assert_int_lt(tries, TRIES);
}
END_TEST

/* More runs at a time than there are processors: none is wrongly taken for stuck. */
START_TEST(test_arrive)
{
    const char *folder = new_folder();
    for (int i = 0; i < RUNS; i += 8) {
        ck_assert_int_eq(run("cd %s; for i in 1 2; do for s in hierarchy arbitrator; do "
                             "{ trains $s; echo $?; } >$i.$s & done; done; wait; cat ?.*",
                             folder),
                         0);
        const char *line = printed;
        for (int k = 0; k < 4; k++) {
            ck_assert_msg(is_outcome(HIERARCHY, line), "%.100s", line);
            line = strchr(line, '\n') + 1;
            ck_assert_int_eq(strncmp(line, "0\n", 2), 0);
            line += 2;
        }
    }
}
END_TEST

START_TEST(test_usage)
{
    static const char *const wrong[] = {"''",        "dead",     "all",
                                        "deadlocks", "Deadlock", "deadlock hierarchy",
                                        "-x 10",     "-d none",  "1"};
    char line[200];
    snprintf(line, sizeof line, "usage: %s\n", usage);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("trains %s", wrong[i]), 2);
        ck_assert(strstr(printed, line) != NULL);
    }
    ck_assert_int_eq(run("trains dead >/dev/null"), 2);
    ck_assert(strncmp(printed, "trains: dead: no such strategy\nusage: ", 38) == 0);
    ck_assert_int_eq(run("trains -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, line);
}
END_TEST

/* Both at once, to save time. */
START_TEST(test_output)
{
    ck_assert_int_eq(run(RACES_ONLY "trains >&- & " RACES_ONLY "trains >%s; echo $?; wait $!",
                         system(FULL_DISK) == 0 ? "/dev/full" : "&-"),
                     1);
    ck_assert(strstr(printed, "trains: standard output: Bad file descriptor\n") != NULL);
    ck_assert(strstr(printed, "trains: standard output: No space left on device\n") != NULL ||
              system(FULL_DISK) != 0);
    ck_assert(strstr(printed, "1\n") != NULL);
}
END_TEST

/* Four stacks of 60 MB do not fit, the program does. */
START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 60000; ulimit -v 150000; trains"), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *strategies_cases(void)
{
    TCase *cases = tcase_create("strategies");
    tcase_set_timeout(cases, 60);
    // ThreadSanitizer reports the orders of `deadlock`, if it does not stop them all.
    bool is_tsan = system(TSAN_BUILD) == 0;
    tcase_add_loop_test(cases, test_many_runs, is_tsan ? HIERARCHY : DEADLOCK, STRATEGIES);
    tcase_add_test(cases, test_deadlock);
    tcase_add_test(cases, test_short_trains);
    tcase_add_test(cases, test_reservations);
    tcase_add_test(cases, test_order);
    tcase_add_test(cases, test_all_free);
    tcase_add_test(cases, test_all_are_woken);
    tcase_add_test(cases, test_arrive);
    return cases;
}

TCase *trains_cases(void)
{
    TCase *cases = tcase_create("trains");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_journeys);
    tcase_add_test(cases, test_picture);
    tcase_add_test(cases, test_stuck);
    tcase_add_test(cases, test_usage);
    tcase_add_test(cases, test_output);
    if (is_possible("trains with little memory", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    return cases;
}
