/*
 * test_parallel_polygons.c - every polygon is closed and convex; a file of them is complete or not there.
 */
#include "../beyond/convex_polygon.c"

#include "cases.h"
#include "must.h"

#define USAGE "usage: parallel_polygons [-n polygons] [-s seed] [-t threads] [FILE]\n"

/*
 * The sides, from the last corner to the first among them, turn left or go straight on, and all of
 * them together make one full turn: as they begin in the order of their angles, they point up again
 * after having pointed down just once.
 */
static bool is_convex(const struct point *points, int count)
{
    int turns = 0;
    long area = 0;
    for (int i = 0; i < count; i++) {
        struct point a = points[i], b = points[(i + 1) % count], c = points[(i + 2) % count];
        struct point first = {b.x - a.x, b.y - a.y}, second = {c.x - b.x, c.y - b.y};
        if (first.x == 0 && first.y == 0)
            return false;
        // Straight on is allowed, straight back is not.
        int side = cross(first, second);
        if (side < 0 || (side == 0 && first.x * second.x + first.y * second.y < 0))
            return false;
        turns += !points_up(first) && points_up(second);
        area += cross(a, b);
    }
    return turns == 1 && area > 0;
}

START_TEST(test_is_convex)
{
    struct point square[] = {{0, 0}, {2, 0}, {2, 2}, {0, 2}};
    struct point dent[] = {{0, 0}, {2, 0}, {1, 1}, {0, 2}, {0, 1}};
    struct point arrow[] = {{0, 0}, {4, 0}, {1, 1}, {0, 4}};
    struct point star[] = {{0, 0}, {4, 2}, {0, 2}, {4, 0}, {2, 4}};
    struct point twice[] = {{0, 0}, {2, 0}, {2, 2}, {0, 2}, {0, 0}, {2, 0}, {2, 2}, {0, 2}};
    struct point flat[] = {{0, 0}, {1, 1}, {2, 2}};
    ck_assert(is_convex(square, 4));
    ck_assert(is_convex(dent, 5)); // (1,1) lies on the line
    ck_assert(!is_convex(arrow, 4));
    ck_assert(!is_convex(star, 5));
    ck_assert(!is_convex(twice, 8));
    ck_assert(!is_convex(flat, 3));
}
END_TEST

START_TEST(test_convex)
{
    unsigned short random[3] = {7, 7, 7};
    struct point points[MOST_POINTS];
    for (int round = 0; round < ROUNDS * 2; round++) {
        int count = 3 + round % (MOST_POINTS - 2), size = round % 5 == 0 ? 100000 / count : 300;
        size = size > 20000 ? 20000 : size;
        convex_polygon(points, count, size, random);
        bool inside = true;
        for (int i = 0; i < count; i++)
            inside = inside && points[i].x >= 0 && points[i].x <= size && points[i].y >= 0 &&
                     points[i].y <= size;
        ck_assert(inside && is_convex(points, count));
    }
}
END_TEST

/* The sizes that come out are spread over the field, as the random numbers are. */
START_TEST(test_random)
{
    unsigned short random[3] = {8, 8, 8};
    struct point points[MOST_POINTS];
    double width = 0, height = 0;
    for (int round = 0; round < 2000; round++) {
        int left = 300, right = 0, bottom = 300, top = 0;
        convex_polygon(points, 20, 300, random);
        for (int i = 0; i < 20; i++) {
            left = points[i].x < left ? points[i].x : left;
            right = points[i].x > right ? points[i].x : right;
            bottom = points[i].y < bottom ? points[i].y : bottom;
            top = points[i].y > top ? points[i].y : top;
        }
        width += (right - left) / 2000.0;
        height += (top - bottom) / 2000.0;
    }
    // The span of 20 draws of 0 … 300: 19/21 of 300 in the mean, 271.4. Give it 3.
    ck_assert(width > 268 && width < 275);
    ck_assert(height > 268 && height < 275);
}
END_TEST

START_TEST(test_file)
{
    FILE *file;
    const char *folder = new_folder();
    long lines = 2000;
    ck_assert_int_eq(run("parallel_polygons -n %ld %s/polygons", lines, folder), 0);
    ck_assert_str_eq(printed, "");
    char path[300], *line = NULL;
    size_t room = 0;
    snprintf(path, sizeof path, "%s/polygons", folder);
    file = MUST_HAVE(fopen(path, "r"));
    bool seen[MOST_POINTS + 1] = {false};
    for (; getline(&line, &room, file) > 0; lines--) {
        struct point points[MOST_POINTS + 1];
        int count = 0, used;
        char *at = line, end;
        do {
            ck_assert_int_le(count, MOST_POINTS);
            ck_assert_int_eq(
                sscanf(at, "(%d,%d)%c%n", &points[count].x, &points[count].y, &end, &used), 3);
            at += used;
            count++;
        } while (end == ',');
        ck_assert_int_eq(end, '\n');
        ck_assert_int_ge(count, 4);
        ck_assert(is_convex(points, count));
        seen[count] = true;
    }
    ck_assert_int_eq(lines, 0);
    ck_assert(seen[4] && seen[MOST_POINTS]);
    free(line);
    fclose(file);
}
END_TEST

/* One seed, one file: whatever the number of threads, also when they outnumber the pages. */
START_TEST(test_seed)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; for t in 1 2 7 8 100; do parallel_polygons -t $t -n 1234 p$t "
                         "&& cmp p1 p$t || exit; done; parallel_polygons -n 1234 -s 2 other; "
                         "cmp -s p1 other && exit 9; wc -l <other",
                         folder),
                     0);
    ck_assert_int_eq(atoi(printed), 1234);
    ck_assert_int_eq(run("cd %s; parallel_polygons -n 0 none && wc -c <none", folder), 0);
    ck_assert_int_eq(atoi(printed), 0);
    ck_assert_int_eq(run("cd %s; parallel_polygons -n 3 && wc -l <polygons.txt", folder), 0);
    ck_assert_int_eq(atoi(printed), 3);
    ck_assert_int_eq(run("cd %s; parallel_polygons -n 3 /dev/stdout | wc -l", folder), 0);
    ck_assert_int_eq(atoi(printed), 3);
}
END_TEST

/* However it fails, no half of a file is left behind. */
START_TEST(test_no_half_file)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("cd %s; trap '' XFSZ; (ulimit -f 100; parallel_polygons p) 2>&1 | cat; ls", folder), 0);
    ck_assert_str_eq(printed, "parallel_polygons: p: File too large\n");
    ck_assert_int_eq(run("parallel_polygons /no/such/file"), 1);
    ck_assert_str_eq(printed, "parallel_polygons: /no/such/file: No such file or directory\n");
    ck_assert_int_eq(run("parallel_polygons %s", folder), 1);
    ck_assert(strstr(printed, ": Is a directory\n") != NULL);
    // A reader that goes away ends it, as it ends any program in a pipe.
    ck_assert_int_eq(run("parallel_polygons /dev/stdout | head -n 1 | wc -l"), 0);
    ck_assert_int_eq(atoi(printed), 1);
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("parallel_polygons /dev/full"), 1);
    ck_assert_str_eq(printed, "parallel_polygons: /dev/full: No space left on device\n");
    ck_assert_int_eq(run("test -c /dev/full"), 0); // not replaced by a file
}
END_TEST

START_TEST(test_usage)
{
    static const char *const wrong[] = {"-n -1", "-n x",  "-n 1e3", "-t 0", "-t 1001",
                                        "-s -1", "-s ''", "-x",     "-t",   "a b"};
    const char *folder = new_folder();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("cd %s; parallel_polygons %s", folder, wrong[i]), 2);
        ck_assert(strstr(printed, USAGE) != NULL);
    }
    ck_assert_int_eq(run("parallel_polygons -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, USAGE);
    ck_assert_int_eq(run("cd %s && ls", folder), 0);
    ck_assert_str_eq(printed, "");
}
END_TEST

/* No memory for another stack: a message, and no file. */
START_TEST(test_no_more_threads)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; ulimit -v 100000; parallel_polygons -t 1000 p", folder), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, "Resource temporarily unavailable\n") != NULL);
    ck_assert_int_eq(run("cd %s && ls", folder), 0);
    ck_assert_str_eq(printed, "");
}
END_TEST

TCase *parallel_polygons_cases(void)
{
    TCase *cases = tcase_create("parallel_polygons");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_is_convex);
    tcase_add_test(cases, test_convex);
    tcase_add_test(cases, test_random);
    tcase_add_test(cases, test_file);
    tcase_add_test(cases, test_seed);
    tcase_add_test(cases, test_no_half_file);
    tcase_add_test(cases, test_usage);
    if (is_possible("parallel_polygons on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("parallel_polygons without memory", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_more_threads);
    return cases;
}
