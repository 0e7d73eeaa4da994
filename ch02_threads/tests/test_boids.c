/*
 * test_boids.c - the rules by hand, the map under the lock with all threads, and the program in pipes,
 * terminals and windows. It includes the lecture, to see its statics.
 */
#include "../boid.c"

#define main boids_main
#include "../boids.c"
#undef main

#include "cases.h"
#include "screen.h"

#include <sched.h>
#include <signal.h>

static struct screen screen;

static void empty_map(void)
{
    memset(boid_map, -1, sizeof boid_map);
}

static const double width = screen_width, height = screen_height;

/* As create_boid, but without a thread. */
static void put_boid(int id, double x, double y, double velocity_x, double velocity_y)
{
    boids[id] = (struct boid){{x, y}, {velocity_x, velocity_y}, id};
    boid_map[(int)x][(int)y] = id;
}

static void check_acceleration(int id, double x, double y)
{
    struct vector2d acceleration = calc_acceleration(&boids[id]);
    ck_assert_double_eq_tol(acceleration.x, x, 1e-12);
    ck_assert_double_eq_tol(acceleration.y, y, 1e-12);
}

/* What has to be true whenever no thread holds the lock to write. Returns whether it is. */
static bool is_sound(int count)
{
    int occupied = 0;
    for (int x = 0; x <= screen_width; x++) {
        for (int y = 0; y <= screen_height; y++) {
            int id = boid_map[x][y];
            if (id == -1)
                continue;
            if (id < 0 || id >= count)
                return false;
            if ((int)boids[id].position.x != x || (int)boids[id].position.y != y)
                return false;
            occupied++;
        }
    }
    for (int i = 0; i < count; i++) {
        const struct boid *b = &boids[i];
        if (!(b->id == i && b->position.x >= 0 && b->position.x <= width && b->position.y >= 0 &&
              b->position.y <= height && b->velocity.x >= -1 && b->velocity.x <= 1 &&
              b->velocity.y >= -1 && b->velocity.y <= 1))
            return false;
    }
    return occupied > 0 && occupied <= count;
}

START_TEST(test_vectors)
{
    struct vector2d v1 = {3, -4}, v2 = {0.5, 2};
    static const struct vector2d wanted[] = {{3.5, -2}, {2.5, -6}, {1.5, -8}, {5, -2},
                                             {6, -8},   {1.5, -2}, {2, -1}};
    const struct vector2d got[] = {add(v1, v2),     subtract(v1, v2),  multiply(v1, v2),
                                   add_v(v1, 2),    multiply_v(v1, 2), division_v(v1, 2),
                                   limit(v1, -1, 2)};
    for (int i = 0; i < 7; i++) {
        ck_assert_double_eq(got[i].x, wanted[i].x);
        ck_assert_double_eq(got[i].y, wanted[i].y);
    }
    ck_assert_double_eq(distance((struct vector2d){1, 1}, (struct vector2d){4, -3}), 5);
    ck_assert_double_eq(limit((struct vector2d){INFINITY, -INFINITY}, -1, 1).x, 1);
    ck_assert_double_eq(limit((struct vector2d){INFINITY, -INFINITY}, -1, 1).y, -1);
}
END_TEST

/* They start anywhere: in every tenth of the map there are some, fast as well as slow. */
START_TEST(test_start)
{
    int across[10] = {0}, down[10] = {0}, fast[10] = {0};
    empty_map();
    MUST(pthread_rwlock_wrlock(&rw_lock)); // so that they stay where they are
    for (int i = 0; i < boid_count; i++)
        create_boid(i);
    ck_assert(is_sound(boid_count));
    for (int i = 0; i < boid_count; i++) {
        across[(int)(boids[i].position.x / width * 10)]++;
        down[(int)(boids[i].position.y / height * 10)]++;
        fast[(int)((boids[i].velocity.x + 1) * 5)]++;
        ck_assert(boids[i].velocity.y != boids[i].velocity.x);
    }
    for (int i = 0; i < 10; i++) {
        ck_assert(across[i] > 20 && across[i] < 80);
        ck_assert(down[i] > 20 && down[i] < 80);
        ck_assert(fast[i] > 20 && fast[i] < 80);
    }
}
END_TEST

/* Alone, a boid flies on; two have all three rules to keep, by the numbers. */
START_TEST(test_rules)
{
    empty_map();
    put_boid(0, 100, 100, 0.5, -0.25);
    check_acceleration(0, 0, 0);

    // 6 to the right and 8 down, so 10 away. Alignment + cohesion + separation.
    put_boid(1, 106, 108, 1, 0.75);
    check_acceleration(0, 0.015 * (0.5 + 6 - 0.6), 0.015 * (1 + 8 - 0.8));
    check_acceleration(1, 0.015 * (-0.5 - 6 + 0.6), 0.015 * (-1 - 8 + 0.8));

    // Two neighbours: the mean of velocities and positions, the sum of separations.
    put_boid(2, 100, 92, -1, -0.75);
    check_acceleration(0, 0.015 * (-0.5 + 3 - 0.6), 0.015 * (0.25 + 0 - 0.8 + 1));
}
END_TEST

/* What the boid wants, from all the others and without the map. */
static void check_by_hand(int id, int count)
{
    struct vector2d position = boids[id].position, velocity = boids[id].velocity;
    struct vector2d sum_position = {0, 0}, sum_velocity = {0, 0}, away = {0, 0};
    int seen = 0;
    for (int i = 0; i < count; i++) {
        double x = position.x - boids[i].position.x, y = position.y - boids[i].position.y;
        if (i == id || hypot(x, y) >= 13)
            continue;
        seen++;
        sum_position = add(sum_position, boids[i].position);
        sum_velocity = add(sum_velocity, boids[i].velocity);
        away = add(away, (struct vector2d){x / hypot(x, y), y / hypot(x, y)});
    }
    ck_assert_int_gt(seen, 100);
    check_acceleration(id,
                       border_bounce(position.x, screen_width) +
                           0.015 * (sum_velocity.x / seen - velocity.x + sum_position.x / seen -
                                    position.x + away.x),
                       border_bounce(position.y, screen_height) +
                           0.015 * (sum_velocity.y / seen - velocity.y + sum_position.y / seen -
                                    position.y + away.y));
}

/* The view is a circle: of the square that is scanned, the corners do not count, nor does 13 itself. */
START_TEST(test_view)
{
    static const struct {
        double x, y;
        bool seen;
    } cases[] = {{113, 100, 0},     {112.99, 100, 1},  {87, 100, 0},    {87.01, 100, 1},
                 {100, 113, 0},     {100, 112.99, 1},  {100, 87, 0},    {100, 87.01, 1},
                 {110, 110, 0},     {109.1, 109.1, 1}, {90, 90, 0},     {90.9, 90.9, 1},
                 {105, 112, 0},     {104.9, 112, 1},   {88, 105, 0},    {88, 104.9, 1},
                 {200.5, 100.5, 0}, {100, 300, 0},     {100.7, 100, 1}, {101, 99, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        empty_map();
        put_boid(0, 100, 100, 0, 0);
        put_boid(1, cases[i].x, cases[i].y, 0, 0);
        struct vector2d acceleration = calc_acceleration(&boids[0]);
        bool seen = acceleration.x != 0 || acceleration.y != 0;
        ck_assert_msg(seen == cases[i].seen, "case %d", (int)i);
    }
    // All of a full neighbourhood, in each corner of the map and in the middle.
    for (int corner = 0; corner < 5; corner++) {
        empty_map();
        for (int i = 0; i < 22 * 22; i++) {
            int x = i % 22, y = i / 22;
            double speed = (i % 7 - 3) / 3.0;
            if (corner == 4)
                put_boid(i, 320 + 1.3 * x, 180 + 1.3 * y, speed, -speed);
            else
                put_boid(i, corner % 2 == 0 ? x + 0.5 : screen_width - x - 0.5,
                         corner / 2 == 0 ? y + 0.5 : screen_height - y - 0.5, speed, -speed);
        }
        check_by_hand(corner == 4 ? 11 * 22 + 11 : 0, 22 * 22);
        check_by_hand(corner == 4 ? 11 * 22 + 11 : 3 * 22 + 9, 22 * 22);
    }
}
END_TEST

/* Two on one spot: no direction leads away from the other, so there is no separation. */
START_TEST(test_one_spot)
{
    empty_map();
    put_boid(0, 100.5, 100.5, 0, 0);
    put_boid(1, 100.5, 100.5, 1, -1);
    check_acceleration(0, 0.015, -0.015);
    check_acceleration(1, 0, 0); // it has the cell, the other is not seen
    // As near as numbers can be: by 1 in its direction, no more.
    put_boid(1, nextafter(100.5, 200), 100.5, 0, 0);
    check_acceleration(0, -0.015, 0);
    // And each leaves the cell alone that is the other's.
    empty_map();
    put_boid(1, 100.5, 100.5, 1, 0);
    put_boid(0, 100.5, 100.5, 0, 0);
    move_one(&boids[1]);
    ck_assert_int_eq(boid_map[100][100], 0);
    ck_assert_int_eq(boid_map[(int)boids[1].position.x][(int)boids[1].position.y], 1);
    move_one(&boids[0]);
    move_one(&boids[0]);
    ck_assert(is_sound(2));
}
END_TEST

/* The push at a distance from a border, by the numbers; in both directions, and both at once. */
START_TEST(test_borders)
{
    static const double push[][2] = {{0, INFINITY}, {0.25, 4},    {0.5, 2}, {1, 1},  {2, 0.5},
                                     {10, 0.1},     {12.5, 0.08}, {13, 0},  {150, 0}};
    for (size_t i = 0; i < sizeof push / sizeof push[0]; i++) {
        ck_assert_double_eq(border_bounce(push[i][0], screen_width), push[i][1]);
        ck_assert_double_eq(border_bounce(width - push[i][0], screen_width), -push[i][1]);
        ck_assert_double_eq(border_bounce(height - push[i][0], screen_height), -push[i][1]);
    }
    empty_map();
    put_boid(0, 2, 180, 0, 0);
    check_acceleration(0, 0.5, 0);
    put_boid(0, 320, screen_height - 2, 0, 0);
    check_acceleration(0, 0, -0.5);
    put_boid(0, screen_width - 10, 1, 0, 0);
    check_acceleration(0, -0.1, 1);
}
END_TEST

/* Wherever it is and however it flies, a boid stays in the map, and in its cell. */
START_TEST(test_moves)
{
    static const double from_border[] = {0, 1e-300, 0.001, 0.5, 1, 2};
    for (int corner = 0; corner < 4; corner++) {
        for (int i = 0; i < 6; i++) {
            for (int k = 0; k < 6; k++) {
                double x = from_border[i], y = from_border[k];
                empty_map();
                put_boid(0, corner % 2 == 0 ? x : width - x, corner / 2 == 0 ? y : height - y,
                         corner % 2 == 0 ? -1 : 1, corner / 2 == 0 ? -1 : 1);
                for (int step = 0; step < 20; step++) {
                    move_one(&boids[0]);
                    ck_assert(is_sound(1));
                }
            }
        }
    }
    empty_map();
    put_boid(0, 100, 100, 0.75, -0.25);
    move_one(&boids[0]);
    ck_assert_double_eq(boids[0].velocity.x, 0.75);
    ck_assert_double_eq(boids[0].position.x, 100.75);
    ck_assert_double_eq(boids[0].position.y, 99.75);
    ck_assert_int_eq(boid_map[100][99], 0);
    ck_assert_int_eq(boid_map[100][100], -1);
    put_boid(0, 0.25, height - 0.25, 0, 0); // pushed by 4, which is too fast
    move_one(&boids[0]);
    ck_assert_double_eq(boids[0].velocity.x, 1);
    ck_assert_double_eq(boids[0].velocity.y, -1);
}
END_TEST

static double mean_neighbours(void)
{
    int seen = 0;
    for (int i = 0; i < boid_count; i++) {
        for (int k = 0; k < boid_count; k++)
            seen += i != k && distance(boids[i].position, boids[k].position) < view_radius;
    }
    return (double)seen / (double)boid_count;
}

/* The point of it all: flocks form, and stay in the map. */
START_TEST(test_flocks)
{
    empty_map();
    for (int i = 0; i < boid_count; i++)
        put_boid(i, drand48() * width, drand48() * height, drand48() * 2 - 1, drand48() * 2 - 1);
    double before = mean_neighbours();
    for (int step = 0; step < 800; step++) {
        for (int i = 0; i < boid_count; i++)
            move_one(&boids[i]);
        if (step % 100 == 0)
            ck_assert(is_sound(boid_count));
    }
    ck_assert_double_lt(before, 1.5); // 499 * 13 * 13 * pi / 640 / 360 are to be expected: 1.15
    ck_assert_double_gt(mean_neighbours(), 3 * before);
}
END_TEST

/* Every thread flies; a thread that has the lock to read finds everything in order, at any time. */
START_TEST(test_threads)
{
    static struct boid old[boid_count];
    static const int counts[] = {1, 7, boid_count};
    static bool has_flown[boid_count];
    int count = counts[_i], flown = 0;
    empty_map();
    MUST(pthread_rwlock_wrlock(&rw_lock));
    for (int i = 0; i < count; i++)
        create_boid(i);
    memcpy(old, boids, sizeof old);
    MUST(pthread_rwlock_unlock(&rw_lock));
    // A round is over when nearly all have moved. (One may lie still in a corner.)
    for (int round = 0; round < ROUNDS / 500 || flown < count;) {
        MUST(pthread_rwlock_rdlock(&rw_lock));
        int moved = 0;
        bool sound = is_sound(count);
        for (int i = 0; i < count; i++) {
            bool has_moved = memcmp(&old[i], &boids[i], sizeof old[i]) != 0;
            moved += has_moved;
            flown += has_moved && !has_flown[i];
            has_flown[i] = has_flown[i] || has_moved;
        }
        if (moved * 10 >= count * 9) {
            memcpy(old, boids, sizeof old);
            round++;
        }
        MUST(pthread_rwlock_unlock(&rw_lock));
        ck_assert(sound);
        sched_yield();
    }
}
END_TEST

START_TEST(test_draw)
{
    const char *reason;
    struct display *display = display_open("", screen_width, screen_height, 1, "none", &reason);
    empty_map();
    // All others are where nothing of them is seen, as is the third: beyond the last point.
    for (int i = 0; i < boid_count; i++)
        put_boid(i, screen_width, screen_height, 0, 0);
    put_boid(0, 100.9, 50.2, 0, 0);
    put_boid(1, 0, 0, 0, 0);
    draw(display);
    draw(display);
    static const int shown[][2] = {{99, 50}, {101, 50}, {100, 49}, {100, 51}, {1, 0}, {0, 1}};
    int drawn = 0;
    for (int i = 0; i < screen_width * screen_height; i++)
        drawn += display->points[i].green != 0;
    ck_assert_int_eq(drawn, 6);
    for (int i = 0; i < 6; i++) {
        const struct colour *point = &display->points[shown[i][1] * screen_width + shown[i][0]];
        ck_assert(point->red == 10 && point->green == 255 && point->blue == 50);
    }
    display_close(display);
}
END_TEST

#define NO_DESKTOP "unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER; "

/* In a pipe there is nothing to see; it flies as long as it is told to. */
START_TEST(test_seconds)
{
    double begin = seconds();
    ck_assert_int_eq(run(NO_DESKTOP "boids 1"), 0);
    ck_assert_str_eq(printed, "");
    ck_assert_double_ge(seconds() - begin, 1);
    ck_assert_int_eq(run(NO_DESKTOP "boids 0 | cat"), 0);
    ck_assert_str_eq(printed, "");
}
END_TEST

START_TEST(test_usage)
{
    static const char usage[] = "usage: boids [SECONDS]\n";
    static const char *const wrong[] = {"-1", "86401", "1x",  "x",   "''",     "' '",
                                        "-x", "now",   "1 2", "1.5", "-d none"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("boids %s", wrong[i]), 2);
        ck_assert(strstr(printed, usage) != NULL);
    }
    ck_assert_int_eq(run("boids -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
    ck_assert_int_eq(run("boids --help 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
    ck_assert_int_eq(run("boids -h >&-"), 1);
    ck_assert_str_eq(printed, "boids: standard output: Bad file descriptor\n");
    ck_assert_int_eq(run(NO_DESKTOP "boids 0 >&-"), 0); // there is nothing to print
    ck_assert_str_eq(printed, "");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("boids -h >/dev/full"), 1);
    ck_assert_str_eq(printed, "boids: standard output: No space left on device\n");
}
END_TEST

/* The system gives some threads, not all: it says so, after the terminal is as it was. */
static void check_refusal(const char *text)
{
    ck_assert_msg(strncmp(text, "boid.c:", 7) == 0, "%s", text);
    ck_assert_msg(strstr(text, ": pthread_create(") != NULL, "%s", text);
    ck_assert_msg(strstr(text, ": Resource temporarily unavailable") != NULL, "%s", text);
}

START_TEST(test_memory)
{
    ck_assert_int_eq(run(NO_DESKTOP "ulimit -v 150000; boids"), 1);
    check_refusal(printed);
    setenv("TERM", "xterm", 1);
    screen_run(&screen, 80, 24, "ulimit -v 150000; exec boids");
    ck_assert_int_eq(screen_end(&screen), 1);
    check_refusal(screen.text);
}
END_TEST

enum { A_PICTURE = 60 }; // even a picture of one character takes more bytes than that

/* In a terminal: boids to see, and at the end, however it comes, everything is as it was. */
START_TEST(test_terminal)
{
    setenv("TERM", "xterm", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    static const int sizes[][2] = {{80, 24}, {1, 1}, {20, 5}, {200, 60}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        screen_run(&screen, sizes[i][0], sizes[i][1], "exec boids 0");
        ck_assert_int_eq(screen_end(&screen), 0);
        ck_assert_uint_eq(screen.text_length, 0);
        ck_assert_uint_gt(screen.bytes, A_PICTURE);
    }
}
END_TEST

static bool shows_something(void)
{
    for (int row = 0; row < screen.rows; row++) {
        for (int column = 0; column < screen.columns; column++) {
            if (screen.characters[row][column].code > ' ')
                return true;
        }
    }
    return false;
}

START_TEST(test_terminal_signals)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    setenv("TERM", "xterm", 1);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        screen_run(&screen, 80, 24, "exec boids");
        screen_read_until(&screen, true, 2000);
        ck_assert(shows_something());
        kill(screen.child, numbers[i]);
        ck_assert_int_eq(screen_end(&screen), 0);
        ck_assert_uint_eq(screen.text_length, 0);
    }
}
END_TEST

START_TEST(test_terminal_keys)
{
    // The last two: Ctrl-C, Ctrl-Backslash.
    static const char *const keys[] = {"q", "\033", "\003", "\034"};
    setenv("TERM", "xterm", 1);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        screen_run(&screen, 80, 24, "exec boids");
        screen_read_until(&screen, true, 2000);
        screen_resize(&screen, 40, 12);
        screen_read_until(&screen, true, 500);
        screen_type(&screen, keys[i]);
        ck_assert_int_eq(screen_end(&screen), 0);
        ck_assert_uint_eq(screen.text_length, 0);
    }
}
END_TEST

/* Whether it was built with SDL2, which is not always what the machine has now. */
#define HAS_WINDOW "! grep -q 'built without SDL2' " OUT "/boids"

/* A window that nobody sees is better than a terminal. If it cannot be opened, the terminal will do. */
START_TEST(test_window)
{
    setenv("TERM", "xterm", 1);
    screen_run(&screen, 80, 24, "SDL_VIDEODRIVER=dummy exec boids 0");
    ck_assert_int_eq(screen_end(&screen), 0);
    ck_assert_uint_eq(screen.bytes, 1); // the bell that screen_end rings
    screen_run(&screen, 80, 24, "SDL_VIDEODRIVER=none_such exec boids 0");
    ck_assert_int_eq(screen_end(&screen), 0);
    ck_assert_uint_gt(screen.bytes, A_PICTURE);
    ck_assert_int_eq(run("SDL_VIDEODRIVER=dummy boids 0"), 0);
    ck_assert_int_eq(run("SDL_VIDEODRIVER=none_such boids 0"), 0);
    ck_assert_str_eq(printed, "");
}
END_TEST

/* In X: title and size are right, and q ends it. */
START_TEST(test_x_window)
{
    ck_assert_int_eq(
        run("cd %s && { Xvfb -displayfd 3 -noreset -screen 0 1400x900x24 3>number 2>/dev/null & } "
            "&& "
            "server=$!; until test -s number; do kill -0 $server || exit 1; done; "
            "export DISPLAY=:$(cat number); { boids 2>/dev/null; echo $? >status; } & "
            "until xwininfo -name 'Boids in a box' >window 2>&1; do test ! -s status || exit 1; "
            "done; "
            "sed -n 's/^ *//; /^Width\\|^Height/p' window; until test -s status; do "
            "xdotool search --name 'Boids in a box' key q >/dev/null 2>&1; done; kill $server; "
            "exit $(cat status)",
            new_folder()),
        0);
    ck_assert_str_eq(printed, "Width: 1280\nHeight: 720\n");
}
END_TEST

/* make builds boids again when it is to be built with other flags, as after SDL2 was installed. */
START_TEST(test_make)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cp -R Makefile *.[ch] display %s && cd %s && "
                         "unset MAKEFLAGS MAKELEVEL MAKEOVERRIDES && export CFLAGS=-O0 && "
                         "for flags in -DFIRST -DFIRST -DSECOND -DSECOND; do "
                         "make boids OUT=. SDL_FLAGS=$flags SDL_LIBS= >log 2>&1 || cat log; "
                         "grep -o -e '-D[FS][A-Z]*' log || echo no; done",
                         folder, folder),
                     0);
    ck_assert_str_eq(printed, "-DFIRST\nno\n-DSECOND\nno\n");
}
END_TEST

TCase *boids_cases(void)
{
    TCase *cases = tcase_create("boids");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_vectors);
    tcase_add_test(cases, test_start);
    tcase_add_test(cases, test_rules);
    tcase_add_test(cases, test_view);
    tcase_add_test(cases, test_one_spot);
    tcase_add_test(cases, test_borders);
    tcase_add_test(cases, test_moves);
    tcase_add_test(cases, test_flocks);
    tcase_add_loop_test(cases, test_threads, 0, 3);
    tcase_add_test(cases, test_draw);
    tcase_add_test(cases, test_seconds);
    tcase_add_test(cases, test_usage);
    tcase_add_test(cases, test_terminal);
    tcase_add_test(cases, test_terminal_signals);
    tcase_add_test(cases, test_terminal_keys);
    if (is_possible("boids on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("boids with little memory", MEMORY_LIMIT))
        tcase_add_test(cases, test_memory);
    if (is_possible("boids built again", PLAIN_BUILD " && make --version | grep -q GNU"))
        tcase_add_test(cases, test_make);
    if (is_possible("the window of boids", PLAIN_BUILD " && " HAS_WINDOW))
        tcase_add_test(cases, test_window);
    if (is_possible("the window of boids in X",
                    PLAIN_BUILD " && " HAS_WINDOW " && command -v Xvfb >/dev/null && "
                                "command -v xwininfo >/dev/null && command -v xdotool >/dev/null"))
        tcase_add_test(cases, test_x_window);
    return cases;
}
