/*
 * check_chapter.c - runs the tests of this chapter, each in a process of its own.
 * `build/test/tests/check_chapter barrier` runs the cases of one piece.
 */
#include "cases.h"

int main(int argc, char *argv[])
{
    static const struct cases all[] = {
        {"barrier", barrier_cases},
        {"barrier_example", barrier_example_cases},
        {"matrix_multiply_barrier", matrix_multiply_barrier_cases},
        {"fast_barrier", fast_barrier_cases},
        {"broken_barrier", broken_barrier_cases},
        {"matrix_multiply_fast_barrier", matrix_multiply_fast_barrier_cases},
        {"solutions", solutions_cases},
    };
    return run_cases(argc, argv, all, sizeof all / sizeof all[0]);
}
