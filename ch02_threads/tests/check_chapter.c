/*
 * check_chapter.c - runs the tests of this chapter, each in a process of its own.
 * `build/test/tests/check_chapter wait_group` runs the cases of one piece.
 */
#include "cases.h"

int main(int argc, char *argv[])
{
    static const struct cases all[] = {
        {"concurrent_file_search", concurrent_file_search_cases},
        {"boids", boids_cases},
        {"quiz", quiz_cases},
        {"wait_group", wait_group_cases},
        {"display", display_cases},
        {"bounded_file_search", bounded_file_search_cases},
        {"boids_locks", boids_locks_cases},
        {"lost_additions", lost_additions_cases},
        {"solutions", solutions_cases},
    };
    return run_cases(argc, argv, all, sizeof all / sizeof all[0]);
}
