/*
 * test_boids.c - the rules by hand, the field under the lock with many threads, and the program in
 * pipes, terminals and windows.
 */
#include "../flock.c"

#define main boids_main
#include "../boids.c"
#undef main

#include "cases.h"
#include "screen.h"

#include <signal.h>
#include <sys/wait.h>

static struct box field; // its flock is what the tests of the rules use
static struct screen screen;

/* A flock of which nobody is in the field yet. */
static void empty_field(int count)
{
    flock_init(&field.flock, count, 1);
    for (int x = 0; x <= FIELD_WIDTH; x++) {
        for (int y = 0; y <= FIELD_HEIGHT; y++)
            field.flock.grid[x][y] = NOBODY;
    }
}

static void put_boid(int number, double x, double y, double velocity_x, double velocity_y)
{
    place(&field.flock, number, (struct boid){{x, y}, {velocity_x, velocity_y}});
}

static void check_acceleration(int number, int neighbours, double x, double y)
{
    int seen = -1;
    struct vector acceleration = flock_acceleration(&field.flock, number, &seen);
    ck_assert_int_eq(seen, neighbours);
    ck_assert_double_eq_tol(acceleration.x, x, 1e-12);
    ck_assert_double_eq_tol(acceleration.y, y, 1e-12);
}

/* What has to be true whenever nobody holds the lock to write. Returns whether it is. */
static bool is_sound(const struct flock *flock)
{
    int occupied = 0;
    for (int x = 0; x <= FIELD_WIDTH; x++) {
        for (int y = 0; y <= FIELD_HEIGHT; y++) {
            int number = flock->grid[x][y];
            if (number == NOBODY)
                continue;
            if (number < 0 || number >= flock->count)
                return false;
            const struct boid *boid = &flock->boids[number];
            if ((int)boid->position.x != x || (int)boid->position.y != y)
                return false;
            occupied++;
        }
    }
    for (int i = 0; i < flock->count; i++) {
        const struct boid *boid = &flock->boids[i];
        if (!(boid->position.x >= 0 && boid->position.x <= FIELD_WIDTH && boid->position.y >= 0 &&
              boid->position.y <= FIELD_HEIGHT && boid->velocity.x >= -1 && boid->velocity.x <= 1 &&
              boid->velocity.y >= -1 && boid->velocity.y <= 1))
            return false;
    }
    return occupied > 0 && occupied <= flock->count;
}

START_TEST(test_start)
{
    static struct flock again;
    for (int count = 1; count <= MOST_BOIDS; count += 1111) {
        flock_init(&field.flock, count, 7);
        ck_assert_int_eq(field.flock.count, count);
        ck_assert(is_sound(&field.flock));
        flock_init(&again, count, 7);
        ck_assert_mem_eq(&again.grid, &field.flock.grid, sizeof again.grid);
        ck_assert_mem_eq(again.boids, field.flock.boids, (size_t)count * sizeof again.boids[0]);
        flock_init(&again, count, 7 + (1 << (count % 31)));
        ck_assert(memcmp(again.boids, field.flock.boids, sizeof again.boids[0]) != 0);
    }
    // Anywhere: in every tenth of the field both ways there are about as many, and fast as well as
    // slow.
    int across[10] = {0}, down[10] = {0}, fast[10] = {0};
    for (int i = 0; i < 9000; i++) {
        const struct boid *boid = &field.flock.boids[i];
        across[(int)(boid->position.x / FIELD_WIDTH * 10)]++;
        down[(int)(boid->position.y / FIELD_HEIGHT * 10)]++;
        fast[(int)((boid->velocity.x + 1) * 5)]++;
        ck_assert(boid->velocity.y != boid->velocity.x);
    }
    for (int i = 0; i < 10; i++) {
        ck_assert(across[i] > 750 && across[i] < 1050);
        ck_assert(down[i] > 750 && down[i] < 1050);
        ck_assert(fast[i] > 750 && fast[i] < 1050);
    }
}
END_TEST

/* Alone, a boid flies on; two have all three rules to keep, by the numbers. */
START_TEST(test_rules)
{
    empty_field(4);
    put_boid(0, 100, 100, 0.5, -0.25);
    check_acceleration(0, 0, 0, 0);

    // 6 to the right and 8 down, so 10 away. Alignment + cohesion + separation.
    put_boid(1, 106, 108, 1, 0.75);
    check_acceleration(0, 1, 0.015 * (0.5 + 6 - 0.6), 0.015 * (1 + 8 - 0.8));
    check_acceleration(1, 1, 0.015 * (-0.5 - 6 + 0.6), 0.015 * (-1 - 8 + 0.8));

    // Two neighbours: the mean of velocities and positions, the sum of separations.
    put_boid(2, 100, 92, -1, -0.75);
    check_acceleration(0, 2, 0.015 * (-0.5 + 3 - 0.6), 0.015 * (0.25 + 0 - 0.8 + 1));
}
END_TEST

/*
 * The view is a circle: of the square that is scanned, the corners do not count, nor does 13
 * itself.
 */
START_TEST(test_view)
{
    static const struct {
        double x, y;
        int neighbours;
    } cases[] = {{113, 100, 0},     {112.99, 100, 1},  {87, 100, 0},    {87.01, 100, 1},
                 {100, 113, 0},     {100, 112.99, 1},  {100, 87, 0},    {100, 87.01, 1},
                 {110, 110, 0},     {109.1, 109.1, 1}, {90, 90, 0},     {90.9, 90.9, 1},
                 {105, 112, 0},     {104.9, 112, 1},   {88, 105, 0},    {88, 104.9, 1},
                 {200.5, 100.5, 0}, {100, 300, 0},     {100.7, 100, 1}, {101, 99, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int seen;
        empty_field(2);
        put_boid(0, 100, 100, 0, 0);
        put_boid(1, cases[i].x, cases[i].y, 0, 0);
        flock_acceleration(&field.flock, 0, &seen);
        ck_assert_msg(seen == cases[i].neighbours, "case %d", (int)i);
    }
    // All of a full neighbourhood, in the middle and in each corner of the field.
    for (int corner = 0; corner < 5; corner++) {
        int expected = -1, seen;
        empty_field(27 * 27);
        for (int i = 0; i < 27 * 27; i++) {
            int x = i % 27, y = i / 27;
            if (corner == 4)
                put_boid(i, 320 + x, 180 + y, 0, 0);
            else
                put_boid(i, corner % 2 == 0 ? x : FIELD_WIDTH - x,
                         corner / 2 == 0 ? y : FIELD_HEIGHT - y, 0, 0);
        }
        int self = corner == 4 ? 13 * 27 + 13 : 0, from = corner == 4 ? 13 : 0;
        for (int i = 0; i < 27 * 27; i++)
            expected += (i % 27 - from) * (i % 27 - from) + (i / 27 - from) * (i / 27 - from) < 169;
        flock_acceleration(&field.flock, self, &seen);
        ck_assert_int_eq(seen, expected);
    }
}
END_TEST

/* Two on one spot: no direction leads away from the other, so there is no separation. */
START_TEST(test_one_spot)
{
    empty_field(2);
    put_boid(0, 100.5, 100.5, 0, 0);
    put_boid(1, 100.5, 100.5, 1, -1);
    check_acceleration(0, 1, 0.015, -0.015);
    check_acceleration(1, 0, 0, 0); // it has the cell, the other is not seen
    // As near as numbers can be: by 1 in its direction, no more.
    put_boid(1, nextafter(100.5, 200), 100.5, 0, 0);
    check_acceleration(0, 1, -0.015, 0);
    // So near to the origin that a distance squared is nothing at all. It stays a number.
    put_boid(0, 1e-200, 1e-200, 0, 0);
    put_boid(1, 0, 0, 0, 0);
    check_acceleration(0, 1, 2, 2);
    // And each leaves the cell alone that is the other's.
    flock_move(&field.flock, 0, (struct vector){0, 0});
    ck_assert_int_eq(field.flock.grid[0][0], 0);
    put_boid(1, 0, 0, 1, 1);
    flock_move(&field.flock, 0, (struct vector){1, 0});
    ck_assert_int_eq(field.flock.grid[0][0], 1);
    ck_assert_int_eq(field.flock.grid[1][0], 0);
    flock_move(&field.flock, 1, (struct vector){0, 0});
    ck_assert_int_eq(field.flock.grid[0][0], NOBODY);
    ck_assert_int_eq(field.flock.grid[1][1], 1);
}
END_TEST

/* The push at a distance from a border, by the numbers; in both directions, and both at once. */
START_TEST(test_borders)
{
    static const double push[][2] = {{0, 2},    {0.25, 2},      {0.5, 2}, {1, 1},  {2, 0.5},
                                     {10, 0.1}, {12, 1.0 / 12}, {13, 0},  {150, 0}};
    empty_field(1);
    for (size_t i = 0; i < sizeof push / sizeof push[0]; i++) {
        double near = push[i][0], strength = push[i][1];
        put_boid(0, near, 180, 0, 0);
        check_acceleration(0, 0, strength, 0);
        put_boid(0, FIELD_WIDTH - near, 180, 0, 0);
        check_acceleration(0, 0, -strength, 0);
        put_boid(0, 320, near, 0, 0);
        check_acceleration(0, 0, 0, strength);
        put_boid(0, FIELD_WIDTH - near, FIELD_HEIGHT - near, 0, 0);
        check_acceleration(0, 0, -strength, -strength);
    }
}
END_TEST

/* Whatever it is pushed by, a boid stays in the field, and in its cell. */
START_TEST(test_moves)
{
    static const double pushes[] = {0, 0.001, 1, 2, 1e300, INFINITY, NAN};
    empty_field(1);
    for (size_t i = 0; i < sizeof pushes / sizeof pushes[0]; i++) {
        for (int corner = 0; corner < 4; corner++) {
            double x = corner % 2 == 0 ? -1 : 1, y = corner / 2 == 0 ? -1 : 1;
            empty_field(1);
            put_boid(0, x < 0 ? 0 : FIELD_WIDTH, y < 0 ? 0 : FIELD_HEIGHT, x, y);
            for (int step = 0; step < 3; step++) {
                flock_move(&field.flock, 0, (struct vector){x * pushes[i], y * pushes[i]});
                ck_assert(is_sound(&field.flock));
            }
            flock_move(&field.flock, 0, (struct vector){-x * pushes[i], -y * pushes[i]});
            ck_assert(is_sound(&field.flock));
        }
    }
    empty_field(1);
    put_boid(0, 100, 100, 0.5, -0.5);
    flock_move(&field.flock, 0, (struct vector){0.25, 0.25});
    ck_assert_double_eq(field.flock.boids[0].velocity.x, 0.75);
    ck_assert_double_eq(field.flock.boids[0].position.x, 100.75);
    ck_assert_double_eq(field.flock.boids[0].position.y, 99.75);
    ck_assert_int_eq(field.flock.grid[100][99], 0);
    ck_assert_int_eq(field.flock.grid[100][100], NOBODY);
    flock_move(&field.flock, 0, (struct vector){3, -3});
    ck_assert_double_eq(field.flock.boids[0].velocity.x, 1);
    ck_assert_double_eq(field.flock.boids[0].velocity.y, -1);
}
END_TEST

static double mean_neighbours(void)
{
    long sum_seen = 0;
    for (int i = 0; i < field.flock.count; i++) {
        int seen;
        flock_acceleration(&field.flock, i, &seen);
        sum_seen += seen;
    }
    return (double)sum_seen / field.flock.count;
}

/* The point of it all: flocks come about, and stay in the field. */
START_TEST(test_flocks)
{
    flock_init(&field.flock, 500, 1);
    double before = mean_neighbours();
    for (int step = 0; step < 800; step++) {
        for (int i = 0; i < 500; i++) {
            int seen;
            flock_move(&field.flock, i, flock_acceleration(&field.flock, i, &seen));
        }
        if (step % 100 == 0)
            ck_assert(is_sound(&field.flock));
    }
    ck_assert_double_lt(before, 1.5); // 499 * 13 * 13 * pi / 640 / 360 are to be expected: 1.15
    ck_assert_double_gt(mean_neighbours(), 3 * before);
}
END_TEST

/* Every thread flies; whoever has the lock to read finds everything in order, at any time. */
START_TEST(test_threads)
{
    static struct boid_thread threads[500];
    static struct boid old[500];
    static const int counts[] = {1, 7, 500};
    int error, rounds = ROUNDS / 500;
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        int count = counts[c];
        flock_init(&field.flock, count, 1);
        atomic_store(&field.stop, false);
        MUST(pthread_rwlock_init(&field.lock, NULL));
        memcpy(old, field.flock.boids, sizeof old);
        ck_assert_int_eq(start(threads, count, &field, &error), count);
        ck_assert_int_eq(error, 0);
        // A round is over when nearly all have moved. (One may lie still in a corner.)
        for (int round = 0; round < rounds;) {
            MUST(pthread_rwlock_rdlock(&field.lock));
            int moved = 0;
            bool sound = is_sound(&field.flock);
            for (int i = 0; i < count; i++)
                moved += memcmp(&old[i], &field.flock.boids[i], sizeof old[i]) != 0;
            if (moved * 10 >= count * 9) {
                memcpy(old, field.flock.boids, sizeof old);
                round++;
            }
            MUST(pthread_rwlock_unlock(&field.lock));
            ck_assert(sound);
            sched_yield();
        }
        atomic_store(&field.stop, true);
        int flown = 0;
        for (int i = 0; i < count; i++) {
            MUST(pthread_join(threads[i].thread, NULL));
            flown += threads[i].steps > 0;
            ck_assert_int_ge(threads[i].neighbours, 0);
        }
        ck_assert_int_ge(flown * 10, count * 9); // those that moved in the first round, at least
        ck_assert(is_sound(&field.flock));
        MUST(pthread_rwlock_destroy(&field.lock));
    }
}
END_TEST

/* No boid takes a signal that is for main. */
START_TEST(test_signals)
{
    static struct boid_thread threads[300];
    int error;
    sigset_t pending, usr1;
    flock_init(&field.flock, 300, 1);
    MUST(pthread_rwlock_init(&field.lock, NULL));
    atomic_store(&field.stop, false);
    ck_assert_int_eq(start(threads, 300, &field, &error), 300);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    MUST(pthread_sigmask(SIG_BLOCK, &usr1, NULL));
    kill(getpid(), SIGUSR1); // would end the process, if a thread took it
    sigpending(&pending);
    ck_assert_int_eq(sigismember(&pending, SIGUSR1), 1);
    atomic_store(&field.stop, true);
    for (int i = 0; i < 300; i++)
        MUST(pthread_join(threads[i].thread, NULL));
    sigpending(&pending);
    ck_assert_int_eq(sigismember(&pending, SIGUSR1), 1);
    MUST(pthread_rwlock_destroy(&field.lock));
}
END_TEST

/* Steps begin every 5 ms. Who is late begins at once, and does not make up for it. */
START_TEST(test_steps)
{
    struct timespec first = now(), begin = first;
    for (int i = 0; i < 20; i++)
        begin = next_step(begin);
    ck_assert(nanoseconds_between(first, now()) >= 100000000);
    ck_assert(nanoseconds_between(first, begin) >= 100000000);
    begin.tv_sec -= 10;
    first = now();
    begin = next_step(begin);
    ck_assert(nanoseconds_between(first, begin) >= 0);
    // Over the end of a second.
    begin = (struct timespec){now().tv_sec - 1, SECOND - 1};
    begin = next_step(begin);
    ck_assert(begin.tv_nsec >= 0 && begin.tv_nsec < SECOND);
}
END_TEST

START_TEST(test_draw)
{
    const char *reason;
    struct display *display = display_open("", FIELD_WIDTH, FIELD_HEIGHT, 1, "none", &reason);
    MUST(pthread_rwlock_init(&field.lock, NULL));
    empty_field(3);
    put_boid(0, 100.9, 50.2, 0, 0);
    put_boid(1, 0, 0, 0, 0);
    put_boid(2, FIELD_WIDTH, FIELD_HEIGHT, 0,
             0); // beyond the last point: nothing of it is to be seen
    draw(&field, display);
    draw(&field, display);
    static const int green[][2] = {{99, 50}, {101, 50}, {100, 49}, {100, 51}, {1, 0}, {0, 1}};
    int drawn = 0;
    for (int i = 0; i < FIELD_WIDTH * FIELD_HEIGHT; i++)
        drawn += display->points[i].green != 0;
    ck_assert_int_eq(drawn, 6);
    for (int i = 0; i < 6; i++) {
        const struct colour *point = &display->points[green[i][1] * FIELD_WIDTH + green[i][0]];
        ck_assert(point->red == 10 && point->green == 255 && point->blue == 50);
    }
    display_close(display);
    MUST(pthread_rwlock_destroy(&field.lock));
}
END_TEST

/* What boids prints at its end. */
struct summary {
    int boids;
    long frames, steps;
    double seconds, steps_a_second, of_each, neighbours;
    char display[20];
};

static struct summary read_summary(const char *text)
{
    struct summary summary;
    int end = 0;
    ck_assert_msg(sscanf(text,
                         "%d boids, %ld frames in %lf s (display: %19[a-z])\n%ld steps, %lf a "
                         "second, %lf of each boid (the goal: 200)\n%lf neighbours on average %n",
                         &summary.boids, &summary.frames, &summary.seconds, summary.display,
                         &summary.steps, &summary.steps_a_second, &summary.of_each,
                         &summary.neighbours, &end) == 8 &&
                      end > 0 && text[end] == '\0',
                  "no summary: %s", text);
    return summary;
}

/* In a pipe there is nothing to see: 90 frames, and a summary. */
START_TEST(test_summary)
{
    ck_assert_int_eq(run("unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER; boids"), 0);
    struct summary summary = read_summary(printed);
    ck_assert_int_eq(summary.boids, 500);
    ck_assert_int_eq(summary.frames, 90);
    ck_assert_str_eq(summary.display, "none");
    ck_assert_double_gt(summary.seconds, 2.9);
    ck_assert_int_ge(summary.steps, 500);
    ck_assert_double_lt(summary.of_each, 205); // never faster than a step in 5 ms
    ck_assert_double_gt(summary.of_each, 0.1);
    ck_assert_double_eq_tol(summary.steps_a_second / 500, summary.of_each, 0.1);
    ck_assert_double_gt(summary.neighbours, 1);
    ck_assert_double_lt(summary.neighbours, 100);
}
END_TEST

START_TEST(test_options)
{
    ck_assert_int_eq(run("boids -d none -n 0"), 0);
    ck_assert_int_eq(read_summary(printed).frames, 0);
    ck_assert_int_eq(run("boids -d none -n 1 -t 1 -s 2147483647"), 0);
    struct summary summary = read_summary(printed);
    ck_assert_int_eq(summary.frames, 1);
    ck_assert_int_eq(summary.boids, 1);
    ck_assert_double_eq(summary.neighbours, 0);
    ck_assert_int_eq(run("boids -d none -n 5 -t 2000 -s 0"), 0);
    ck_assert_int_eq(read_summary(printed).boids, 2000);
    ck_assert_int_eq(run("boids -d none -n 10 -t 100 | head -n 1 | cut -c 1-9"), 0);
    ck_assert_str_eq(printed, "100 boids\n");
}
END_TEST

START_TEST(test_usage)
{
    static const char *const wrong[] = {"-t 0",  "-t -1", "-t 10001", "-t x",  "-t ''",
                                        "-n -1", "-n",    "-n 1x",    "-s -1", "-s 2147483648",
                                        "-d",    "-d ''", "-d tv",    "-x",    "now"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("boids %s", wrong[i]), 2);
        ck_assert(strstr(printed, usage) != NULL);
    }
    ck_assert_int_eq(run("boids -d tv >/dev/null"), 2);
    ck_assert(strncmp(printed, "boids: tv: no such display\nusage: ", 34) == 0);
    ck_assert_int_eq(run("boids -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
    ck_assert_int_eq(run("boids -d terminal"), 1);
    ck_assert_str_eq(printed, "boids: terminal: standard output is not a terminal\n");
    ck_assert_int_eq(run("unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER; boids -d window"), 1);
    ck_assert(strncmp(printed, "boids: window: ", 15) == 0);
    ck_assert_int_eq(run("boids -d none -n 1 >&-"), 1);
    ck_assert_str_eq(printed, "boids: standard output: Bad file descriptor\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("boids -d none -n 1 >/dev/full"), 1);
    ck_assert_str_eq(printed, "boids: standard output: No space left on device\n");
}
END_TEST

/* The system gives some threads, not all: those there are end, and it says why. */
static void check_refusal(const char *text)
{
    int number = 0, end = 0;
    sscanf(text, "boids: thread %d of 10000: Resource temporarily unavailable %n", &number, &end);
    ck_assert_msg(end > 0 && text[end] == '\0', "%s", text);
    ck_assert_int_gt(number, 1);
    ck_assert_int_lt(number, 10000);
}

START_TEST(test_memory)
{
    ck_assert_int_eq(run("ulimit -v 150000; boids -d none -t 10000"), 1);
    check_refusal(printed);
    setenv("TERM", "xterm", 1);
    screen_run(&screen, 80, 24, "ulimit -v 150000; exec boids -t 10000");
    ck_assert_int_eq(screen_end(&screen), 1);
    check_refusal(screen.text);
}
END_TEST

/* In a terminal: flocks to see, and at the end, however it comes, everything is as it was. */
START_TEST(test_terminal)
{
    setenv("TERM", "xterm", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    static const int sizes[][2] = {{80, 24}, {1, 1}, {20, 5}, {200, 60}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        screen_run(&screen, sizes[i][0], sizes[i][1],
                   i == 0 ? "exec boids -n 10" : "exec boids -t 50 -n 10");
        ck_assert_int_eq(screen_end(&screen), 0);
        struct summary summary = read_summary(screen.text);
        ck_assert_int_eq(summary.frames, 10);
        ck_assert_str_eq(summary.display, "terminal");
    }
}
END_TEST

START_TEST(test_terminal_signals)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    setenv("TERM", "xterm", 1);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        screen_run(&screen, 80, 24, "exec boids -t 50");
        screen_read_until(&screen, true, 2000);
        kill(screen.child, numbers[i]);
        ck_assert_int_eq(screen_end(&screen), 0);
        ck_assert_int_gt(read_summary(screen.text).frames, 0);
    }
}
END_TEST

START_TEST(test_terminal_keys)
{
    static const char *const keys[] = {"q", "\033", "\003",
                                       "\034"}; // the last two: Ctrl-C, Ctrl-Backslash
    setenv("TERM", "xterm", 1);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        screen_run(&screen, 80, 24, "exec boids -t 50");
        screen_read_until(&screen, true, 2000);
        screen_resize(&screen, 40, 12);
        screen_read_until(&screen, true, 500);
        screen_type(&screen, keys[i]);
        ck_assert_int_eq(screen_end(&screen), 0);
        ck_assert_str_eq(read_summary(screen.text).display, "terminal");
    }
}
END_TEST

/* The window, on a screen that nobody sees: title and size are right, and q ends it. */
START_TEST(test_window)
{
    ck_assert_int_eq(run("SDL_VIDEODRIVER=dummy boids -n 20"), 0);
    struct summary summary = read_summary(printed);
    ck_assert_int_eq(summary.frames, 20);
    ck_assert_str_eq(summary.display, "window");
    ck_assert_int_eq(run("SDL_VIDEODRIVER=none_such boids -d window -n 1"), 1);
    ck_assert(strncmp(printed, "boids: window: ", 15) == 0);
    ck_assert_int_eq(run("SDL_VIDEODRIVER=none_such boids -n 1"), 0); // another display will do
    ck_assert_str_eq(read_summary(printed).display, "none");
}
END_TEST

/* (xvfb-run now and then waits for ever for a server that is there. Then it gets another try.) */
START_TEST(test_x_window)
{
    ck_assert_int_eq(
        run("for i in 1 2 3; do timeout -k 1 15 xvfb-run -a -s '-screen 0 1400x900x24' "
            "boids -d window -t 50 -n 20; test $? = 124 || break; done"),
        0);
    struct summary summary = read_summary(printed);
    ck_assert_int_eq(summary.frames, 20);
    ck_assert_str_eq(summary.display, "window");
}
END_TEST

TCase *boids_cases(void)
{
    TCase *cases = tcase_create("boids");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_start);
    tcase_add_test(cases, test_rules);
    tcase_add_test(cases, test_view);
    tcase_add_test(cases, test_one_spot);
    tcase_add_test(cases, test_borders);
    tcase_add_test(cases, test_moves);
    tcase_add_test(cases, test_flocks);
    tcase_add_test(cases, test_threads);
    tcase_add_test(cases, test_signals);
    tcase_add_test(cases, test_steps);
    tcase_add_test(cases, test_draw);
    tcase_add_test(cases, test_summary);
    tcase_add_test(cases, test_options);
    tcase_add_test(cases, test_usage);
    tcase_add_test(cases, test_terminal);
    tcase_add_test(cases, test_terminal_signals);
    tcase_add_test(cases, test_terminal_keys);
    if (is_possible("boids on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("boids with little memory", MEMORY_LIMIT))
        tcase_add_test(cases, test_memory);
    if (is_possible("the window of boids", PLAIN_BUILD " && pkg-config --exists sdl2"))
        tcase_add_test(cases, test_window);
    if (is_possible("the window of boids in X", PLAIN_BUILD
                    " && pkg-config --exists sdl2 && command -v xvfb-run timeout >/dev/null"))
        tcase_add_test(cases, test_x_window);
    return cases;
}
