/*
 * test_trains.c - the notes and the clocks by hand, every strategy on every run, ends in the middle, the
 * picture, and the program in pipes, terminals and windows.
 */
#include "../display/display.c"
#include "../display/display_terminal.c"
#undef HAVE_SDL2
#include "../display/display_window.c"

#include "../picture.c"
#include "../railway.c"

#define arrive deadlock_arrive
#define leave deadlock_leave
#include "../deadlock.c"
#undef arrive
#undef leave

#define arrive hierarchy_arrive
#define leave hierarchy_leave
#include "../hierarchy.c"
#undef arrive
#undef leave

#define arrive arbitrator_arrive
#define leave arbitrator_leave
#include "../arbitrator.c"
#undef arrive
#undef leave

#define main trains_main
#include "../trains.c"
#undef main

#include "cases.h"
#include "screen.h"

#include <sched.h>

static struct screen screen;
static struct railway railway;

/* Sanitizers go round less often. */
enum { RUNS = ROUNDS < 20000 ? 5 : 50 };

/* Notes in which nobody holds or wants anything. */
static struct notes empty_notes(void)
{
    struct notes notes = {.under_way = TRAINS};
    for (int i = 0; i < TRAINS; i++)
        notes.wants[i] = notes.holder[i] = NONE;
    return notes;
}

START_TEST(test_cycles)
{
    static const struct {
        int wants[TRAINS], holder[INTERSECTIONS], in_cycle[TRAINS];
    } table[] = {
        {{NONE, NONE, NONE, NONE}, {NONE, NONE, NONE, NONE}, {0, 0, 0, 0}},
        {{NONE, NONE, NONE, NONE}, {0, 1, 2, 3}, {0, 0, 0, 0}},
        {{1, 2, 3, NONE}, {0, 1, 2, 3}, {0, 0, 0, 0}},
        {{1, 2, 3, 0}, {0, 1, 2, 3}, {1, 1, 1, 1}},
        {{1, 2, 3, 0}, {0, 1, 2, NONE}, {0, 0, 0, 0}}, // 3 is free, so train 2 can get it
        {{1, 0, NONE, NONE}, {0, 1, 2, 3}, {1, 1, 0, 0}},
        {{NONE, 3, NONE, 1}, {0, 1, 2, 3}, {0, 1, 0, 1}},
        {{1, 0, 0, 2}, {0, 1, 2, 3}, {1, 1, 0, 0}}, // 3 waits for 2, which waits for the cycle
        {{2, NONE, NONE, NONE}, {0, 0, 0, 0}, {1, 0, 0, 0}}, // for what it holds itself
        {{3, 2, 1, 0}, {3, 2, 1, 0}, {1, 1, 1, 1}},          // that, all of them
    };
    for (size_t t = 0; t < sizeof table / sizeof table[0]; t++) {
        struct notes notes = empty_notes();
        memcpy(notes.wants, table[t].wants, sizeof notes.wants);
        memcpy(notes.holder, table[t].holder, sizeof notes.holder);
        for (int i = 0; i < TRAINS; i++)
            ck_assert_msg(is_in_cycle(&notes, i) == table[t].in_cycle[i], "%zu, train %d", t, i);
    }
}
END_TEST

/* Where the trains meet which intersections, and which they need together. */
START_TEST(test_crossings)
{
    railway_init(&railway, &hierarchy, 1, false);
    for (int i = 0; i < TRAINS; i++) {
        struct train *train = &railway.trains[i];
        int next = (i + 1) % 4;
        ck_assert_int_eq(train->crossings[0].position, 125);
        ck_assert_int_eq(train->crossings[0].intersection, i);
        ck_assert_int_eq(train->crossings[1].position, 175);
        ck_assert_int_eq(train->crossings[1].intersection, next);
        for (int other = 0; other < INTERSECTIONS; other++) {
            ck_assert_int_eq(railway_needs(train, &train->crossings[0], other),
                             other == i || other == next);
            ck_assert_int_eq(railway_needs(train, &train->crossings[1], other), other == next);
        }
        train->holds[next] = true;
        ck_assert(!railway_needs(train, &train->crossings[0], next));
        ck_assert(!railway_needs(train, &train->crossings[1], next));
        // One that ends before the other begins.
        train->holds[next] = false;
        train->crossings[1].position = 195;
        ck_assert(railway_needs(train, &train->crossings[0], next));
        train->crossings[1].position = 196;
        ck_assert(!railway_needs(train, &train->crossings[0], next));
    }
    railway_destroy(&railway);
}
END_TEST

/* A deadlock is seen in the very note that closes the cycle, and no sooner. */
START_TEST(test_notes)
{
    for (int last = 0; last < TRAINS; last++) {
        railway_init(&railway, &deadlock, 1, false);
        struct train *trains = railway.trains;
        for (int i = 0; i < TRAINS; i++) {
            railway_wants(&railway, &trains[i], i);
            ck_assert_int_eq(railway_notes(&railway).wants[i], i);
            railway_holds(&railway, &trains[i], i);
            struct notes notes = railway_notes(&railway);
            ck_assert_int_eq(notes.wants[i], NONE);
            ck_assert_int_eq(notes.holder[i], i);
            ck_assert(trains[i].holds[i]);
        }
        for (int i = 1; i < TRAINS; i++) {
            int train = (last + i) % TRAINS;
            railway_wants(&railway, &trains[train], (train + 1) % 4);
            ck_assert(!railway_notes(&railway).is_deadlock);
        }
        // The last one gives back what it has: now all others can go on.
        railway_frees(&railway, &trains[last], last);
        ck_assert(!trains[last].holds[last]);
        railway_wants(&railway, &trains[last], (last + 1) % 4);
        ck_assert(!railway_notes(&railway).is_deadlock);
        // It has it again, and wants more.
        railway_holds(&railway, &trains[last], last);
        ck_assert(!railway_notes(&railway).is_deadlock);
        railway_wants(&railway, &trains[last], (last + 1) % 4);
        ck_assert(railway_notes(&railway).is_deadlock);
        ck_assert(railway_wait(&railway).is_deadlock); // returns at once
        railway_destroy(&railway);
    }
}
END_TEST

static void set_clocks(long first, long second, long third, long fourth)
{
    const long clocks[TRAINS] = {first, second, third, fourth};
    memcpy(railway.clocks, clocks, sizeof clocks);
}

START_TEST(test_clocks)
{
    railway_init(&railway, &deadlock, 1, false);
    ck_assert_int_eq(first_train(&railway), 0);
    set_clocks(30, 30, 0, 0);
    ck_assert_int_eq(first_train(&railway), 2);
    set_clocks(30, 30, 30, 29);
    ck_assert_int_eq(first_train(&railway), 3);
    set_clocks(LONG_MAX, 60, 60, LONG_MAX);
    ck_assert_int_eq(first_train(&railway), 1);

    // Nobody waits for one that waits, until what it waits for is free. Then the time is as it is.
    railway_holds(&railway, &railway.trains[2], 2);
    railway_wants(&railway, &railway.trains[1], 2);
    ck_assert_int_eq(first_train(&railway), 2);
    railway.clocks[2] = 900;
    ck_assert_int_eq(first_train(&railway), 2);
    railway_frees(&railway, &railway.trains[2], 2);
    ck_assert_int_eq(first_train(&railway), 1);
    ck_assert_int_eq(railway.clocks[1], 900);
    // Another one has been faster.
    railway_holds(&railway, &railway.trains[2], 2);
    ck_assert_int_eq(first_train(&railway), 2);

    set_clocks(LONG_MAX, LONG_MAX, LONG_MAX, LONG_MAX);
    ck_assert_int_eq(first_train(&railway), NONE);
    railway_destroy(&railway);
}
END_TEST

static atomic_bool has_passed;

static void *pass(void *argument)
{
    struct train *train = argument;
    railway_pass(train->railway, train, 30);
    atomic_store(&has_passed, true);
    return NULL;
}

/* A train waits until nobody is before it, however often it is woken; and is woken when that is so. */
START_TEST(test_turns)
{
    pthread_t thread;
    railway_init(&railway, &deadlock, 1000, false);
    struct train *trains = railway.trains;
    set_clocks(0, LONG_MAX, 0, LONG_MAX);
    MUST(pthread_create(&thread, NULL, pass, &trains[2]));
    for (long clock = 0; clock != 30; sched_yield()) { // until it waits
        MUST(pthread_mutex_lock(&railway.lock));
        clock = railway.clocks[2];
        MUST(pthread_mutex_unlock(&railway.lock));
    }
    for (int i = 0; i < 1000; i++) {
        MUST(pthread_mutex_lock(&railway.lock));
        MUST(pthread_cond_signal(&trains[2].turn));
        MUST(pthread_mutex_unlock(&railway.lock));
        sched_yield();
    }
    railway_wants(&railway, &trains[0], 0); // it is free, so this train does not wait
    ck_assert(!atomic_load(&has_passed));
    railway_holds(&railway, &trains[3], 0); // but another one has got it: now it does
    MUST(pthread_join(thread, NULL));
    ck_assert(atomic_load(&has_passed));
    railway_destroy(&railway);
}
END_TEST

/* Time goes `speed` times as fast, and who is late does not make up for it. */
START_TEST(test_pace)
{
    static const long speeds[] = {1, 7, 1000};
    for (int i = 0; i < 3; i++) {
        railway_init(&railway, &deadlock, speeds[i], false);
        long long hour = 3600LL * SECOND, step = 30LL * MILLISECOND / speeds[i];
        railway.notes.time = 3600 * 1000;
        long long before = now(), left = nanoseconds_left(&railway);
        ck_assert(left <= hour / speeds[i]);
        ck_assert(left >= hour / speeds[i] - (now() - railway.clock_zero));
        ck_assert(railway.clock_zero <= before);

        // An hour late: it is now. Then the next step is one step away.
        railway.clock_zero -= 2 * hour;
        ck_assert(nanoseconds_left(&railway) == 0);
        long long after = now();
        ck_assert(railway.clock_zero + hour / speeds[i] >= before);
        ck_assert(railway.clock_zero + hour / speeds[i] <= after);
        railway.notes.time += 30;
        ck_assert(nanoseconds_left(&railway) <= step + 1);

        // Half a step late: that is no reason to change anything.
        railway.notes.time = 0;
        long long zero = railway.clock_zero = now() + step; // now() goes on meanwhile
        ck_assert(nanoseconds_left(&railway) <= step);
        ck_assert(railway.clock_zero == zero);
        railway_destroy(&railway);
    }
}
END_TEST

static const char *const names[] = {"deadlock", "hierarchy", "arbitrator"};

/* Each run goes like the other. */
static const char *const expected[] = {
    "Train 0 at 125: locks intersection 0\n"
    "Train 1 at 125: locks intersection 1\n"
    "Train 2 at 125: locks intersection 2\n"
    "Train 3 at 125: locks intersection 3\n"
    "Train 0 at 175: waits for intersection 1\n"
    "Train 1 at 175: waits for intersection 2\n"
    "Train 2 at 175: waits for intersection 3\n"
    "Train 3 at 175: waits for intersection 0\n"
    "Deadlock after 5.25 s\n"
    "Train 0 holds intersection 0 and waits for 1, which train 1 holds\n"
    "Train 1 holds intersection 1 and waits for 2, which train 2 holds\n"
    "Train 2 holds intersection 2 and waits for 3, which train 3 holds\n"
    "Train 3 holds intersection 3 and waits for 0, which train 0 holds\n",

    "Train 0 at 125: locks intersection 0\n"
    "Train 1 at 125: locks intersection 1\n"
    "Train 2 at 125: locks intersection 2\n"
    "Train 3 at 125: waits for intersection 0\n"
    "Train 0 at 125: waits for intersection 1\n"
    "Train 1 at 125: waits for intersection 2\n"
    "Train 2 at 125: locks intersection 3\n"
    "Train 2 at 195: frees intersection 2\n"
    "Train 1 at 125: locks intersection 2\n"
    "Train 2 at 245: frees intersection 3\n"
    "Train 1 at 195: frees intersection 1\n"
    "Train 0 at 125: locks intersection 1\n"
    "Train 2 at 300: has arrived\n"
    "Train 1 at 245: frees intersection 2\n"
    "Train 0 at 195: frees intersection 0\n"
    "Train 3 at 125: locks intersection 0\n"
    "Train 3 at 125: locks intersection 3\n"
    "Train 1 at 300: has arrived\n"
    "Train 0 at 245: frees intersection 1\n"
    "Train 3 at 195: frees intersection 3\n"
    "Train 0 at 300: has arrived\n"
    "Train 3 at 245: frees intersection 0\n"
    "Train 3 at 300: has arrived\n"
    "All trains arrived after 15.36 s\n",

    "Train 0 at 125: locks intersection 0\n"
    "Train 0 at 125: locks intersection 1\n"
    "Train 1 at 125: waits for intersection 1\n"
    "Train 2 at 125: locks intersection 2\n"
    "Train 2 at 125: locks intersection 3\n"
    "Train 3 at 125: waits for intersection 3\n"
    "Train 0 at 195: frees intersection 0\n"
    "Train 2 at 195: frees intersection 2\n"
    "Train 0 at 245: frees intersection 1\n"
    "Train 1 at 125: locks intersection 1\n"
    "Train 1 at 125: locks intersection 2\n"
    "Train 2 at 245: frees intersection 3\n"
    "Train 3 at 125: locks intersection 3\n"
    "Train 3 at 125: locks intersection 0\n"
    "Train 0 at 300: has arrived\n"
    "Train 2 at 300: has arrived\n"
    "Train 1 at 195: frees intersection 1\n"
    "Train 3 at 195: frees intersection 3\n"
    "Train 1 at 245: frees intersection 2\n"
    "Train 3 at 245: frees intersection 0\n"
    "Train 1 at 300: has arrived\n"
    "Train 3 at 300: has arrived\n"
    "All trains arrived after 12.60 s\n",
};

/*
 * Five at a time, which is more than there are processors for. (Under ThreadSanitizer, deadlock is as silent
 * as the others: no train ever gets a second intersection there.)
 */
START_TEST(test_every_run)
{
    const char *folder = new_folder();
    char wanted[sizeof printed / 100];
    snprintf(wanted, sizeof wanted, "%s0\n", expected[_i]);
    for (int i = 0; i < RUNS; i += 5) {
        ck_assert_int_eq(run("cd %s; for i in 1 2 3 4 5; do "
                             "{ trains -x 1000 %s; echo $?; } >$i & done; wait; cat 1 2 3 4 5",
                             folder, names[_i]),
                         0);
        size_t length = strlen(wanted);
        ck_assert_uint_eq(strlen(printed), 5 * length);
        for (size_t k = 0; k < 5; k++)
            ck_assert_msg(strncmp(printed + k * length, wanted, length) == 0, "%s", printed);
    }
}
END_TEST

/* What a line says. Intersection is NONE if the train has arrived. */
struct event {
    int train, position, intersection;
    char what[10];
};

static bool read_event(const char *line, struct event *event)
{
    event->intersection = NONE;
    return sscanf(line, "Train %d at %d: %9[a-z] intersection %d", &event->train, &event->position,
                  event->what, &event->intersection) == 4 ||
           sscanf(line, "Train %d at %d: %9[a-z] for intersection %d", &event->train,
                  &event->position, event->what, &event->intersection) == 4 ||
           sscanf(line, "Train %d at %d: %9[a-z] arrived\n", &event->train, &event->position,
                  event->what) == 3;
}

/*
 * The lines, one by one, make sense: no intersection has two holders, each is locked before the train
 * stands on it, and freed when it has left it.
 */
START_TEST(test_replay)
{
    int holder[INTERSECTIONS] = {NONE, NONE, NONE, NONE}, arrived[TRAINS], count = 0;
    ck_assert_int_eq(run("trains -x 1000 %s", names[_i]), 0);
    struct event event;
    const char *line = printed;
    for (; read_event(line, &event); line = strchr(line, '\n') + 1) {
        int train = event.train, intersection = event.intersection;
        int own = intersection == train ? 125 : 175; // where it stands on it
        if (intersection != NONE)
            ck_assert(intersection == train || intersection == (train + 1) % 4);
        for (int i = 0; i < INTERSECTIONS; i++) {
            if (holder[i] != train || strcmp(event.what, "waits") != 0)
                continue;
            ck_assert_str_ne(names[_i], "arbitrator"); // who waits has nothing there
            if (strcmp(names[_i], "hierarchy") == 0)
                ck_assert_int_gt(intersection, i);
        }
        if (strcmp(event.what, "locks") == 0) {
            ck_assert_int_eq(holder[intersection], NONE);
            ck_assert_int_eq(event.position, strcmp(names[_i], "deadlock") == 0 ? own : 125);
            holder[intersection] = train;
        } else if (strcmp(event.what, "frees") == 0) {
            ck_assert_int_eq(holder[intersection], train);
            ck_assert_int_eq(event.position, own + 70);
            holder[intersection] = NONE;
        } else if (strcmp(event.what, "waits") == 0) {
            ck_assert_int_ne(holder[intersection], NONE);
            ck_assert_int_ne(holder[intersection], train);
        } else {
            ck_assert_str_eq(event.what, "has");
            ck_assert_int_eq(event.position, TRACK);
            arrived[count++] = train;
        }
    }
    // The original: 5.5 s, 15.9 s and 13.1 s. Its steps take a little more than 30 ms.
    static const double original[] = {5.5, 15.9, 13.1};
    double seconds;
    ck_assert(sscanf(line, "Deadlock after %lf s", &seconds) == 1 ||
              sscanf(line, "All trains arrived after %lf s", &seconds) == 1);
    ck_assert_double_lt(seconds, original[_i]);
    ck_assert_double_gt(seconds, original[_i] * 0.95);

    static const int order[][TRAINS] = {{0}, {2, 1, 0, 3}, {0, 2, 1, 3}};
    ck_assert_int_eq(count, _i == 0 ? 0 : TRAINS);
    for (int i = 0; i < TRAINS; i++) {
        ck_assert_int_eq(holder[i], _i == 0 ? i : NONE);
        if (_i != 0)
            ck_assert_int_eq(arrived[i], order[_i][i]);
    }
}
END_TEST

/* However far they are: all end, and leave nothing locked. */
START_TEST(test_stop)
{
    for (int way = 0; way < TRAINS * TRACK; way += 3000 / RUNS) {
        struct notes notes;
        railway_init(&railway, strategies[_i], 1000, false);
        start(&railway);
        do {
            sched_yield();
            notes = railway_notes(&railway);
        } while (notes.front[0] + notes.front[1] + notes.front[2] + notes.front[3] < way &&
                 !is_over(&notes));
        atomic_store(&railway.stop, true);
        notes = railway_wait(&railway);
        if (notes.is_deadlock) {
            ck_assert_int_eq(_i, 0);
            ck_assert_int_gt(way, 0);
            return; // these threads cannot be joined
        }
        for (int i = 0; i < TRAINS; i++) {
            MUST(pthread_join(railway.trains[i].thread, NULL));
            ck_assert_int_eq(notes.holder[i], NONE);
            ck_assert_int_eq(notes.wants[i], NONE);
        }
        ck_assert_int_eq(notes.under_way, 0);
        railway_destroy(&railway);
    }
}
END_TEST

/* No train takes a signal that is for main. */
START_TEST(test_signals)
{
    sigset_t pending, usr1;
    railway_init(&railway, &arbitrator, 1, false);
    start(&railway);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    MUST(pthread_sigmask(SIG_BLOCK, &usr1, NULL));
    kill(getpid(), SIGUSR1); // would end the process, if a thread took it
    atomic_store(&railway.stop, true);
    railway_wait(&railway);
    for (int i = 0; i < TRAINS; i++)
        MUST(pthread_join(railway.trains[i].thread, NULL));
    sigpending(&pending);
    ck_assert_int_eq(sigismember(&pending, SIGUSR1), 1);
    railway_destroy(&railway);
}
END_TEST

static struct display *picture;

static void check_point(int x, int y, struct colour colour)
{
    const struct colour *point = &picture->points[y * PICTURE_SIZE + x];
    ck_assert_msg(is_same_colour(*point, colour), "(%d, %d) is %d %d %d", x, y, point->red,
                  point->green, point->blue);
}

START_TEST(test_picture)
{
    static const struct colour black = {0, 0, 0}, red = {233, 33, 40}, blue = {78, 151, 210},
                               yellow = {251, 170, 26}, green = {11, 132, 54};
    const char *reason;
    picture = display_open("", PICTURE_SIZE, PICTURE_SIZE, 3, "none", &reason);

    // Nobody is there yet: tracks, and intersections that are free.
    struct notes notes = empty_notes();
    picture_draw(picture, &notes);
    for (int i = 0; i < PICTURE_SIZE * PICTURE_SIZE; i++)
        ck_assert(is_black(picture->points[i]) || is_same_colour(picture->points[i], white));
    for (int i = 10; i <= 310; i++) {
        check_point(i, 135, white);
        check_point(i, 185, white);
        check_point(135, i, white);
        check_point(185, i, white);
    }
    check_point(9, 135, black);
    check_point(311, 185, black);
    check_point(160, 160, black);
    check_point(20, 136, black);
    check_point(135 - 5, 135 - 5, white);
    check_point(135 - 6, 135 - 6, black);
    check_point(185 + 5, 185 + 5, white);

    // On their way, one of them so far that its back has come in, one that has arrived.
    notes.front[0] = 1;
    notes.front[1] = 71;
    notes.front[2] = 100;
    notes.front[3] = 300;
    notes.holder[2] = 1;
    picture_draw(picture, &notes);
    check_point(13, 135, white);
    check_point(11, 136, red);
    check_point(186, 10 + 71, blue);
    check_point(186, 10 + 2, blue);
    check_point(185, 10, white);
    check_point(310 - 100, 184, yellow);
    check_point(310 - 31, 184, yellow);
    check_point(310 - 100 - 2, 185, white);
    check_point(310 - 29, 185, white);
    check_point(134, 310 - 300, green);
    check_point(134, 310 - 231, green);
    check_point(135, 310 - 229, white);
    check_point(185 - 5, 185 + 5, blue);
    check_point(185 - 6, 185 + 6, black);

    // All stand still.
    for (int i = 0; i < TRAINS; i++) {
        notes.front[i] = 175;
        notes.holder[i] = i;
        notes.wants[i] = (i + 1) % 4;
    }
    picture_draw(picture, &notes);
    check_point(160, 135, red);
    check_point(185, 160, blue);
    check_point(160, 185, yellow);
    check_point(135, 160, green);
    check_point(131, 131, red); // held by red, wanted by green
    check_point(135 - 7, 135 - 7, green);
    check_point(189, 131, blue);
    check_point(185 + 7, 135 - 7, red);
    check_point(189, 189, yellow);
    check_point(185 + 7, 185 + 7, blue);
    check_point(131, 189, green);
    check_point(135 - 7, 185 + 7, yellow);
    check_point(155, 146, bright); // four arrows
    check_point(174, 155, bright);
    check_point(165, 174, bright);
    check_point(146, 165, bright);

    // One of them gives way, and there is no cycle, and no arrow.
    notes.wants[3] = NONE;
    picture_draw(picture, &notes);
    for (int i = 0; i < PICTURE_SIZE * PICTURE_SIZE; i++)
        ck_assert(!is_same_colour(picture->points[i], bright));
    display_close(picture);
}
END_TEST

START_TEST(test_options)
{
    ck_assert_int_eq(run("trains -x 1000 -d none"), 0);
    ck_assert_str_eq(printed, expected[0]);
    ck_assert_int_eq(run("DISPLAY=:none SDL_VIDEODRIVER=dummy trains -x 1000 arbitrator"), 0);
    ck_assert_str_eq(printed, expected[2]);
}
END_TEST

/* Time goes so many times as fast, and no faster. In a deadlock two seconds more have to pass. */
START_TEST(test_time)
{
    static const long milliseconds[] = {5250 + 2000, 15360, 12600};
    long long begin = now();
    ck_assert_int_eq(run("trains -x 100 %s", names[_i]), 0);
    ck_assert_str_eq(printed, expected[_i]);
    ck_assert(now() - begin >= milliseconds[_i] * MILLISECOND / 100);
}
END_TEST

START_TEST(test_usage)
{
    static const char *const wrong[] = {
        "-x 0",      "-x 1001", "-x -1",     "-x 2.5", "-x ''",    "-x",
        "-d",        "-d ''",   "-d",        "-d tv",  "-n 1",     "''",
        "dead",      "all",     "deadlocks", "-t 4",   "Deadlock", "deadlock hierarchy",
        "deadlock 1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("trains %s", wrong[i]), 2);
        ck_assert(strstr(printed, usage) != NULL);
    }
    ck_assert_int_eq(run("trains dead >/dev/null"), 2);
    ck_assert(strncmp(printed, "trains: dead: no such strategy\nusage: ", 38) == 0);
    ck_assert_int_eq(run("trains -d tv >/dev/null"), 2);
    ck_assert(strncmp(printed, "trains: tv: no such display\nusage: ", 35) == 0);
    ck_assert_int_eq(run("trains -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
    ck_assert_int_eq(run("trains -d terminal"), 1);
    ck_assert_str_eq(printed, "trains: terminal: standard output is not a terminal\n");
    ck_assert_int_eq(run("unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER; trains -d window"), 1);
    ck_assert(strncmp(printed, "trains: window: ", 16) == 0);
}
END_TEST

/* When nobody can read what they do, the trains end. */
START_TEST(test_closed_output)
{
    ck_assert_int_eq(run("trains -x 1000 %s >&-", names[_i]), 1);
    ck_assert_str_eq(printed, "trains: standard output: Bad file descriptor\n");
    ck_assert_int_eq(run("trains -x 1000 %s | head -n 1", names[_i]), 0);
    ck_assert_str_eq(printed, "Train 0 at 125: locks intersection 0\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("trains -x 1000 %s >/dev/full", names[_i]), 1);
    ck_assert_str_eq(printed, "trains: standard output: No space left on device\n");
}
END_TEST

/* Then nobody goes on for nobody. */
START_TEST(test_stop_on_full_disk)
{
    railway_init(&railway, &deadlock, 1, true);
    ck_assert(freopen("/dev/full", "w", stdout) != NULL);
    ck_assert(!atomic_load(&railway.stop));
    railway_holds(&railway, &railway.trains[0], 0);
    ck_assert(atomic_load(&railway.stop));
    railway_destroy(&railway);
}
END_TEST

/* Four stacks of 60 MB do not fit, the program does. */
START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 60000; ulimit -v 150000; trains"), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
    setenv("TERM", "xterm", 1);
    screen_run(&screen, 80, 24, "ulimit -s 60000; ulimit -v 150000; exec trains");
    ck_assert_int_eq(screen_end(&screen), 1);
    ck_assert(strstr(screen.text, ": Resource temporarily unavailable") != NULL);
}
END_TEST

/* What is printed when it is over. (A terminal ends lines with two characters.) */
static void check_outcome(int strategy, const char *text)
{
    static const char *const outcomes[] = {"Deadlock after 5.25 s",
                                           "All trains arrived after 15.36 s",
                                           "All trains arrived after 12.60 s"};
    ck_assert_msg(strncmp(text, outcomes[strategy], strlen(outcomes[strategy])) == 0, "%s", text);
    ck_assert((strstr(text, "Train 3 holds intersection 3") != NULL) == (strategy == 0));
}

START_TEST(test_terminal)
{
    setenv("TERM", "xterm", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    static const int sizes[][2] = {{80, 24}, {1, 1}, {20, 5}, {200, 60}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char command[100];
        snprintf(command, sizeof command, "exec trains -x %d %s", i == 0 ? 200 : 1000, names[_i]);
        screen_run(&screen, sizes[i][0], sizes[i][1], command);
        screen_read_until(&screen, true, 0);
        ck_assert_int_eq(screen_end(&screen), 0);
        check_outcome(_i, screen.text);
    }
    // Where nothing can be drawn, there are lines.
    screen_run(&screen, 80, 24, "TERM=dumb exec trains -x 1000");
    ck_assert_int_eq(screen_end(&screen), 0);
    ck_assert(strncmp(screen.text, "Train 0 at 125: locks intersection 0", 36) == 0);
}
END_TEST

/* A run of 5 seconds or more that is ended at its beginning. */
static void check_end_in_the_middle(void)
{
    double seconds;
    int end = 0;
    ck_assert_int_eq(screen_end(&screen), 0);
    ck_assert_msg(
        sscanf(screen.text, "Ended after %lf s, before all trains had%n", &seconds, &end) == 1 &&
            end > 0,
        "%s", screen.text);
}

START_TEST(test_terminal_keys)
{
    static const char *const keys[] = {"q", "\033", "\003",
                                       "\034"}; // the last two: Ctrl-C, Ctrl-Backslash
    setenv("TERM", "xterm", 1);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char command[100];
        snprintf(command, sizeof command, "exec trains %s", names[_i]);
        screen_run(&screen, 80, 24, command);
        screen_read_until(&screen, true, 300);
        screen_resize(&screen, 40, 12);
        screen_read_until(&screen, true, 100);
        screen_type(&screen, keys[i]);
        check_end_in_the_middle();
    }
}
END_TEST

START_TEST(test_terminal_signals)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    setenv("TERM", "xterm", 1);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        screen_run(&screen, 80, 24, "exec trains hierarchy");
        screen_read_until(&screen, true, 300);
        kill(screen.child, numbers[i]);
        check_end_in_the_middle();
    }
}
END_TEST

/* Only arrows are as white as that. */
static bool shows_an_arrow(void)
{
    for (int row = 0; row < screen.rows; row++) {
        for (int column = 0; column < screen.columns; column++) {
            if (strcmp(screen.characters[row][column].colour, "38;5;231") == 0)
                return true;
        }
    }
    return false;
}

/* In a deadlock: the picture stays for 2 s (here: 0.1 s), then it ends by itself; or by a key. */
START_TEST(test_terminal_deadlock)
{
    setenv("TERM", "xterm", 1);
    for (int key = 0; key < 2; key++) {
        long long begin = now();
        screen_run(&screen, 80, 24, "exec trains -x 20");
        while (!shows_an_arrow())
            screen_read_until(&screen, true, 1);
        if (key == 1)
            screen_type(&screen, "q");
        ck_assert_int_eq(screen_end(&screen), 0);
        check_outcome(0, screen.text);
        if (key == 0)
            ck_assert(now() - begin >= 7250LL * MILLISECOND / 20);
    }
}
END_TEST

/* The window, on a screen that nobody sees. */
START_TEST(test_window)
{
    ck_assert_int_eq(run("SDL_VIDEODRIVER=dummy trains -d window -x 100 %s", names[_i]), 0);
    check_outcome(_i, printed);
    ck_assert_int_eq(run("SDL_VIDEODRIVER=none_such trains -d window -x 100"), 1);
    ck_assert(strncmp(printed, "trains: window: ", 16) == 0);
}
END_TEST

/* (xvfb-run now and then waits for ever for a server that is there. Then it gets another try.) */
START_TEST(test_x_window)
{
    ck_assert_int_eq(
        run("for i in 1 2 3; do timeout -k 1 15 xvfb-run -a -s '-screen 0 1400x1000x24' "
            "trains -d window -x 20; test $? = 124 || break; done"),
        0);
    check_outcome(0, printed);
}
END_TEST

TCase *trains_cases(void)
{
    TCase *cases = tcase_create("trains");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_cycles);
    tcase_add_test(cases, test_crossings);
    tcase_add_test(cases, test_notes);
    tcase_add_test(cases, test_clocks);
    tcase_add_test(cases, test_turns);
    tcase_add_test(cases, test_pace);
    tcase_add_loop_test(cases, test_every_run, 0, STRATEGIES);
    tcase_add_loop_test(cases, test_replay, 0, STRATEGIES);
    tcase_add_loop_test(cases, test_stop, 0, STRATEGIES);
    tcase_add_test(cases, test_signals);
    tcase_add_test(cases, test_picture);
    tcase_add_test(cases, test_options);
    tcase_add_loop_test(cases, test_time, 0, STRATEGIES);
    tcase_add_test(cases, test_usage);
    tcase_add_loop_test(cases, test_closed_output, 0, STRATEGIES);
    tcase_add_loop_test(cases, test_terminal, 0, STRATEGIES);
    tcase_add_loop_test(cases, test_terminal_keys, 0, STRATEGIES);
    tcase_add_test(cases, test_terminal_signals);
    tcase_add_test(cases, test_terminal_deadlock);
    if (is_possible("trains on a full disk", FULL_DISK)) {
        tcase_add_loop_test(cases, test_full_disk, 0, STRATEGIES);
        tcase_add_test(cases, test_stop_on_full_disk);
    }
    if (is_possible("trains with little memory", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    if (is_possible("the window of trains", PLAIN_BUILD " && pkg-config --exists sdl2"))
        tcase_add_loop_test(cases, test_window, 0, STRATEGIES);
    if (is_possible("the window of trains in X", PLAIN_BUILD
                    " && pkg-config --exists sdl2 && command -v xvfb-run timeout >/dev/null"))
        tcase_add_test(cases, test_x_window);
    return cases;
}
