/*
 * check_chapter.c - runs the tests of this chapter, each in a process of its own.
 * `build/test/tests/check_chapter speedup` runs the cases of one program.
 */
#include "cases.h"

int main(int argc, char *argv[])
{
    static const struct cases all[] = {
        {"race_condition", race_condition_cases},
        {"processes_and_threads", processes_and_threads_cases},
        {"speedup", speedup_cases},
        {"forced_race", forced_race_cases},
        {"rare_race", rare_race_cases},
        {"solutions", solutions_cases},
    };
    return run_cases(argc, argv, all, sizeof all / sizeof all[0]);
}
