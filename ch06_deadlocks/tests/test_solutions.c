/*
 * test_solutions.c - the solutions of the exercises: which orders deadlock, and trains that never do.
 */
#include "robots.h"

#define SOLUTION OUT "/beyond/solutions/"

START_TEST(test_three_robots)
{
    ck_assert_int_eq(run(SOLUTION "three_robots"), 0);
    ck_assert_str_eq(printed,
                     "Blue takes 123: deadlock: Red has 2, wants 1. Blue has 1, wants 2.\n"
                     "Blue takes 132: deadlock: Green has 2, wants 3. Blue has 13, wants 2.\n"
                     "Blue takes 213: never a deadlock\n"
                     "Blue takes 231: never a deadlock\n"
                     "Blue takes 312: deadlock: Green has 2, wants 3. Blue has 31, wants 2.\n"
                     "Blue takes 321: deadlock: Green has 2, wants 3. Blue has 3, wants 2.\n");
    ck_assert_int_eq(run(SOLUTION "three_robots 213"), 0);
    ck_assert_str_eq(printed, "Blue takes 213: never a deadlock\n");
    ck_assert_int_eq(run(SOLUTION "three_robots 12"), 2);
    ck_assert(strstr(printed, "three_robots: 12: no such order\nusage: three_robots ") != NULL);
}
END_TEST

/* The threads do get stuck: none of them goes on. */
START_TEST(test_three_robots_stuck)
{
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(run(RACES_ONLY SOLUTION "three_robots 312"), 0);
        ck_assert_str_eq(printed,
                         "Blue takes 312: deadlock: Green has 2, wants 3. Blue has 31, wants 2.\n"
                         "Done\n");
    }
}
END_TEST

START_TEST(test_three_robots_watched)
{
    static const char *const orders[] = {"123", "132", "312", "321"};
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(run(OUT "/lock_watch/lock_watch " SOLUTION "three_robots %s", orders[i]),
                         86);
        ck_assert(strstr(printed, "deadlock: 2 threads wait for each other in a cycle\n") != NULL);
    }
}
END_TEST

START_TEST(test_trains_back_off)
{
    double time = 0;
    long times = -1;
    int end = 0;
    ck_assert_int_eq(run(SOLUTION "trains_back_off"), 0);
    ck_assert_int_eq(sscanf(printed,
                            "All trains have arrived after %lf s, and backed off %ld times\n%n",
                            &time, &times, &end),
                     2);
    ck_assert_int_eq(end, (int)strlen(printed));
    ck_assert_int_gt(times, 0); // four trains want four intersections, two each, at the same time
}
END_TEST

/* Exercise 2: a train that leaves its first intersection before its second. */
START_TEST(test_short_trains)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("sed 's/train_length = 70/train_length = 40/' trains.c >%s/trains.c && "
            "! cmp -s trains.c %s/trains.c && cc -DPACE=20 -pthread -iquote . -iquote display -o "
            "%s/trains %s/trains.c draw_trains.c deadlock.c hierarchy.c arbitrator.c display/*.c "
            "&& "
            "%s/trains deadlock | grep -c '^All trains have arrived after'",
            folder, folder, folder, folder, folder),
        0);
    ck_assert_str_eq(printed, "1\n");
}
END_TEST

TCase *solutions_cases(void)
{
    TCase *cases = tcase_create("solutions");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_three_robots);
    tcase_add_test(cases, test_three_robots_stuck);
    tcase_add_test(cases, test_trains_back_off);
    if (is_possible("three_robots under lock_watch", PLAIN_BUILD))
        tcase_add_test(cases, test_three_robots_watched);
    if (is_possible("trains that are short", PLAIN_BUILD " && command -v cc >/dev/null"))
        tcase_add_test(cases, test_short_trains);
    return cases;
}
