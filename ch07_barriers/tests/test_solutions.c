/*
 * test_solutions.c - the solutions of the exercises: who may run on when, products, and a glider.
 */
#include "cases.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define SOLUTION OUT "/beyond/solutions/"

/* No runner begins a round before its barrier lets it. Returns how many were let through. */
static int check_runners(int meet)
{
    static const char *const names[] = {"red", "green", "blue"};
    int runs[3] = {0}, waits[3] = {0}, released = 0, arrived = 0;
    for (const char *line = printed; *line != '\0';) {
        char name[10], what[10];
        int round = 0, length = 0, who = 0;
        ck_assert_int_eq(sscanf(line, "%9s %9s %*s round %d\n%n", name, what, &round, &length), 3);
        while (who < 2 && strcmp(name, names[who]) != 0)
            who++;
        ck_assert_str_eq(name, names[who]);
        if (strcmp(what, "runs") == 0) {
            ck_assert_int_eq(round, ++runs[who]);
            ck_assert_int_eq(waits[who], round - 1);
            for (int i = 0; i < 3 && meet == 3; i++)
                ck_assert_int_ge(waits[i], round - 1);
            released += round > 1;
            ck_assert_int_le(released, arrived / meet * meet);
        } else {
            ck_assert_str_eq(what, "waits");
            ck_assert_int_eq(round, ++waits[who]);
            ck_assert_int_eq(runs[who], round);
            arrived++;
        }
        line += length;
    }
    return released;
}

/* It would go on for a day, but ends because no program reads any more. */
START_TEST(test_green_too)
{
    signal(SIGPIPE, SIG_DFL); // the tests may have been started with it ignored
    for (int meet = 1; meet <= 3; meet++) {
        ck_assert_int_eq(run(SOLUTION "green_too -n %d 86400 | head -n 20", meet), 0);
        ck_assert_int_ge(check_runners(meet), 6);
    }
    ck_assert_int_eq(run(SOLUTION "green_too 86400 | head -n 20"), 0);
    ck_assert_int_ge(check_runners(3), 6);
}
END_TEST

START_TEST(test_serial_thread_adds)
{
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(run(SOLUTION "serial_thread_adds"), 0);
        ck_assert_str_eq(printed, "20 products by 100 threads: right\n");
    }
}
END_TEST

/* A glider comes back to where it was after 4 steps for each cell: 4 * 24 is a multiple of both sides. */
START_TEST(test_game_of_life)
{
    ck_assert_int_eq(run(SOLUTION "game_of_life | sed -n '15,$p'"), 0);
    ck_assert_str_eq(printed, "........................\n"
                              "........................\n"
                              "........................\n"
                              "........................\n"
                              "........................\n"
                              "........................\n"
                              ".......#................\n"
                              "........#...............\n"
                              "......###...............\n"
                              "........................\n"
                              "........................\n"
                              "........................\n");
    for (int round = 1; round <= 20; round++) {
        ck_assert_int_eq(run(SOLUTION "game_of_life -n %d", 96 * round), 0);
        const char *end = strstr(printed + 1, "Step ");
        ck_assert(end != NULL);
        end = strchr(end, '\n') + 1;
        ck_assert_int_eq(strncmp(end, printed + strlen("Step 0\n"), strlen(end)), 0);
        ck_assert_int_eq((int)strlen(end), 12 * 25);
    }
}
END_TEST

TCase *solutions_cases(void)
{
    TCase *cases = tcase_create("solutions");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_green_too);
    tcase_add_test(cases, test_serial_thread_adds);
    tcase_add_test(cases, test_game_of_life);
    return cases;
}
