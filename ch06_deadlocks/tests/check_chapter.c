/*
 * check_chapter.c - runs the tests of this chapter, each in a process of its own.
 * `build/test/tests/check_chapter red_blue` runs the cases of one piece.
 */
#include "cases.h"

int main(int argc, char *argv[])
{
    static const struct cases all[] = {
        {"red_blue", red_blue_cases},
        {"strategies", strategies_cases},
        {"trains", trains_cases},
        {"trains_screen", trains_screen_cases},
        {"red_blue_beyond", red_blue_beyond_cases},
        {"watch_graph", watch_graph_cases},
        {"watch_trace", watch_trace_cases},
        {"lock_watch", lock_watch_cases},
        {"launcher", launcher_cases},
        {"lock_watch_page", lock_watch_page_cases},
        {"hangs", hangs_cases},
        {"solutions", solutions_cases},
    };
    return run_cases(argc, argv, all, sizeof all / sizeof all[0]);
}
