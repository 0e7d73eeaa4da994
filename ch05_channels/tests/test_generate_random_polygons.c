/*
 * test_generate_random_polygons.c - the lecture's polygons are closed and convex, and its file is complete or
 * not there. It includes the lecture.
 */
#define main generate_random_polygons_main
#pragma GCC diagnostic ignored "-Wreturn-type" // only main may end without a return
#include "../generate_random_polygons.c"
#undef main

#include "cases.h"

/* The turn from one side to the next, and how much may be lost to rounding. */
static double turn(struct point2d a, struct point2d b, struct point2d c)
{
    return (b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x);
}
#define ROUNDING 1e-9

/*
 * Before they are rounded: all sides, from the last corner to the first among them, turn to the same side,
 * and together make one full turn. So it is also closed: in the original the last side is not.
 */
START_TEST(test_convex)
{
    for (int round = 0; round < ROUNDS * 2; round++) {
        int n = 4 + round % 100;
        struct point2d points[most_points];
        generate_random_convex_polygon(points, n);
        double turned = 0;
        bool right = true;
        for (int i = 0; i < n; i++) {
            struct point2d a = points[i], b = points[(i + 1) % n], c = points[(i + 2) % n];
            right = right && a.x > -ROUNDING && a.x < 300 + ROUNDING && a.y > -ROUNDING &&
                    a.y < 300 + ROUNDING && turn(a, b, c) < ROUNDING; // clockwise
            turned += atan2(turn(a, b, c), (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y));
        }
        ck_assert(right && fabs(turned + 2 * acos(-1)) < 0.01);
    }
}
END_TEST

/* The sizes are spread over the field, as the random numbers are. */
START_TEST(test_random)
{
    double width = 0, height = 0;
    for (int round = 0; round < 2000; round++) {
        struct point2d points[most_points], least = {300, 300}, most = {0, 0};
        generate_random_convex_polygon(points, 20);
        for (int i = 0; i < 20; i++) {
            least.x = fmin(least.x, points[i].x);
            least.y = fmin(least.y, points[i].y);
            most.x = fmax(most.x, points[i].x);
            most.y = fmax(most.y, points[i].y);
        }
        width += (most.x - least.x) / 2000;
        height += (most.y - least.y) / 2000;
    }
    // The mean span of 20 random numbers is 19/21 of 300, or 271.4.
    ck_assert(width > 268 && width < 275);
    ck_assert(height > 268 && height < 275);
}
END_TEST

static bool is_coordinate(const char *text, char **end)
{
    long number = strtol(text, end, 10);
    return isdigit((unsigned char)text[0]) && number >= 0 && number <= 300;
}

/* 100 000 lines of 4 to 103 corners with coordinates from 0 to 300, into polygons.txt, always the same. */
START_TEST(test_file)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s && generate_random_polygons", folder), 0);
    ck_assert_str_eq(printed, "");
    char path[300], *line = NULL;
    size_t room = 0;
    long lines = 0;
    snprintf(path, sizeof path, "%s/polygons.txt", folder);
    FILE *file = MUST_HAVE(fopen(path, "r"));
    long numbers[most_points + 1] = {0};
    for (; getline(&line, &room, file) > 0; lines++) {
        int count = 0;
        char *at = line;
        bool right = true;
        do {
            right = right && *at == '(' && is_coordinate(at + 1, &at) && *at == ',' &&
                    is_coordinate(at + 1, &at) && *at == ')';
            at += 2;
            count++;
        } while (right && at[-1] == ',');
        ck_assert(right && at[-1] == '\n');
        ck_assert_int_ge(count, 4);
        ck_assert_int_le(count, most_points);
        numbers[count]++;
    }
    free(line);
    fclose(file);
    ck_assert_int_eq(lines, 100000);
    for (int count = 4; count <= most_points; count++)
        ck_assert(numbers[count] > 800 && numbers[count] < 1200);
    ck_assert_int_eq(run("cd %s; generate_random_polygons /dev/stdout | head -n 1000 >1; "
                         "head -n 1000 polygons.txt | cmp - 1 && wc -l <1",
                         folder),
                     0);
    ck_assert_int_eq(atoi(printed), 1000);
}
END_TEST

/* However it fails, no half of a file is left behind. */
START_TEST(test_no_half_file)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; trap '' XFSZ; "
                         "(ulimit -f 100; generate_random_polygons p) 2>&1 | cat; ls",
                         folder),
                     0);
    ck_assert_str_eq(printed, "generate_random_polygons: p: File too large\n");
    ck_assert_int_eq(run("generate_random_polygons /no/such/file"), 1);
    ck_assert_str_eq(printed,
                     "generate_random_polygons: /no/such/file: No such file or directory\n");
    ck_assert_int_eq(run("generate_random_polygons %s", folder), 1);
    ck_assert(strstr(printed, ": Is a directory\n") != NULL);
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("generate_random_polygons /dev/full"), 1);
    ck_assert_str_eq(printed, "generate_random_polygons: /dev/full: No space left on device\n");
    ck_assert_int_eq(run("test -c /dev/full"), 0); // it is still there
}
END_TEST

START_TEST(test_usage)
{
    static const char line[] = "usage: generate_random_polygons [FILE]\n";
    static const char *const wrong[] = {"-n 5", "-x", "a b", "--nonsense"};
    const char *folder = new_folder();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("cd %s; generate_random_polygons %s", folder, wrong[i]), 2);
        ck_assert(strstr(printed, line) != NULL);
    }
    ck_assert_int_eq(run("generate_random_polygons -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, line);
    ck_assert_int_eq(run("cd %s && ls", folder), 0);
    ck_assert_str_eq(printed, "");
}
END_TEST

TCase *generate_random_polygons_cases(void)
{
    TCase *cases = tcase_create("generate_random_polygons");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_convex);
    tcase_add_test(cases, test_random);
    tcase_add_test(cases, test_file);
    tcase_add_test(cases, test_no_half_file);
    tcase_add_test(cases, test_usage);
    if (is_possible("generate_random_polygons on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    return cases;
}
