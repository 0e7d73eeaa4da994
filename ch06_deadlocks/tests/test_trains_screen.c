/*
 * test_trains_screen.c - trains in terminals of any size, and in windows.
 */
#include "must.h"

#include "cases.h"
#include "outcome.h"
#include "screen.h"

#include <signal.h>

static struct screen screen;

/* Of any size. Where nothing can be drawn, there is only the last line. */
START_TEST(test_terminal)
{
    setenv("TERM", "xterm", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    static const int sizes[][2] = {{1, 1}, {20, 5}, {200, 60}};
    for (int i = 0; i < 3; i++) {
        screen_run(&screen, sizes[i][0], sizes[i][1], RACES_ONLY "exec trains");
        screen_read_until(&screen, true, 1);
        screen_type(&screen, "q");
        ck_assert_int_eq(screen_end(&screen), 0);
    }
    screen_run(&screen, 80, 24, RACES_ONLY "TERM=dumb exec trains");
    ck_assert_int_eq(screen_end(&screen), 0);
    ck_assert(is_outcome(DEADLOCK, screen.text));
}
END_TEST

/* The screen comes back, and then the reason is seen. */
START_TEST(test_no_thread)
{
    setenv("TERM", "xterm", 1);
    screen_run(&screen, 80, 24, "ulimit -s 60000; ulimit -v 150000; exec trains");
    ck_assert_int_eq(screen_end(&screen), 1);
    ck_assert(strstr(screen.text, ": Resource temporarily unavailable") != NULL);
}
END_TEST

/* Whether the text stands on the screen, in one row. With a colour: in that one. */
static bool is_on_screen(const char *text, const char *colour)
{
    int length = (int)strlen(text);
    for (int row = 0; row < screen.rows; row++) {
        for (int column = 0; column + length <= screen.columns; column++) {
            int same = 0;
            while (same < length &&
                   screen.characters[row][column + same].code == (unsigned char)text[same] &&
                   (colour == NULL ||
                    strcmp(screen.characters[row][column + same].colour, colour) == 0))
                same++;
            if (same == length)
                return true;
        }
    }
    return false;
}

static void wait_until_on_screen(const char *text, const char *colour)
{
    while (!is_on_screen(text, colour))
        screen_read_until(&screen, true, 1);
}

/* Strategy, keys, and the numbers in the colours that say which train holds which intersection. */
START_TEST(test_terminal_text)
{
    setenv("TERM", "xterm", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    screen_run(&screen, 80, 40, RACES_ONLY "exec trains deadlock");
    wait_until_on_screen("deadlock", "38;5;145");
    wait_until_on_screen("ends", "38;5;145");
    wait_until_on_screen("0", "38;5;160");
    wait_until_on_screen("1", "38;5;68");
    wait_until_on_screen("2", "38;5;214");
    wait_until_on_screen("3", "38;5;29");
    ck_assert_int_gt(screen_dots(&screen), 100);
    ck_assert_int_eq(screen_end(&screen), 0);
    ck_assert(is_outcome(DEADLOCK, screen.text));
}
END_TEST

/* A run that is ended at its beginning. */
static void check_end_in_the_middle(void)
{
    double seconds_told;
    int end = 0;
    ck_assert_int_eq(screen_end(&screen), 0);
    ck_assert_msg(sscanf(screen.text, "Ended after %lf s, before all trains had%n", &seconds_told,
                         &end) == 1 &&
                      end > 0,
                  "%s", screen.text);
}

/* By a key or a signal. At the original pace, so that there is a middle. */
START_TEST(test_end_in_the_middle)
{
    static const char *const keys[] = {"q", "\033", "\003",
                                       "\034"}; // the last two: Ctrl-C, Ctrl-Backslash
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    const char *folder = new_folder();
    setenv("TERM", "xterm", 1);
    ck_assert_int_eq(run("${CC:-cc} -std=c11 -D_XOPEN_SOURCE=700 -pthread -iquote . "
                         "-iquote display -o %s/trains trains.c draw_trains.c deadlock.c "
                         "hierarchy.c arbitrator.c display/*.c",
                         folder),
                     0);
    for (int i = 0; i < 8; i++) {
        char command[300];
        snprintf(command, sizeof command, "exec %s/trains %s", folder, names[i % STRATEGIES]);
        screen_run(&screen, 80, 24, command);
        screen_read_until(&screen, true, 300);
        screen_resize(&screen, 40, 12);
        screen_read_until(&screen, true, 100);
        if (i < 4)
            screen_type(&screen, keys[i]);
        else
            kill(screen.child, signals[i - 4]);
        check_end_in_the_middle();
    }
}
END_TEST

/* The window, on a screen that nobody sees; where it cannot be opened, the program does without. */
START_TEST(test_window)
{
    ck_assert_int_eq(run("SDL_VIDEODRIVER=dummy trains & SDL_VIDEODRIVER=none_such trains && "
                         "wait $!"),
                     0);
    ck_assert_msg(is_outcome(DEADLOCK, printed), "%s", printed);
    ck_assert_msg(is_outcome(DEADLOCK, strchr(printed, '\n') + 1), "%s", printed);
}
END_TEST

/*
 * On a desktop there is a window, wherever the output goes. (It is there for less than a second, so a
 * look may come too late. Then there is another try.)
 */
START_TEST(test_x_window)
{
    const char *folder = new_folder();
    screen_start_x();
    printed[0] = '\0';
    for (int tries = 0; strstr(printed, "\"Trains in a box\"") == NULL; tries++) {
        ck_assert_int_lt(tries, 20);
        ck_assert_int_eq(
            run("trains >%s/out & while kill -0 $! 2>/dev/null; do "
                "xwininfo -root -tree 2>&1 | grep -F 'Trains in a box' && break; done; "
                "wait; cat %s/out",
                folder, folder),
            0);
    }
    ck_assert_msg(is_outcome(DEADLOCK, strchr(printed, '\n') + 1), "%s", printed);
    ck_assert_msg(strstr(printed, " 960x960+") != NULL, "%s", printed);
}
END_TEST

TCase *trains_screen_cases(void)
{
    TCase *cases = tcase_create("trains_screen");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_terminal);
    tcase_add_test(cases, test_terminal_text);
    if (is_possible("trains in a terminal, with little memory", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    if (is_possible("trains at the original pace", PLAIN_BUILD))
        tcase_add_test(cases, test_end_in_the_middle);
    if (is_possible("the window of trains", PLAIN_BUILD " && pkg-config --exists sdl2"))
        tcase_add_test(cases, test_window);
    if (is_possible("the window of trains in X",
                    PLAIN_BUILD " && pkg-config --exists sdl2 && " X_SERVER
                                " && command -v xwininfo >/dev/null"))
        tcase_add_test(cases, test_x_window);
    return cases;
}
