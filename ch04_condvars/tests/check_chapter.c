/*
 * check_chapter.c - runs the tests of this chapter, each in a process of its own.
 * `build/test/tests/check_chapter rw_lock` runs the cases of one piece.
 */
#include "cases.h"

int main(int argc, char *argv[])
{
    static const struct cases all[] = {
        {"stingy_spendy_waits", stingy_spendy_waits_cases},
        {"matrix_multiply", matrix_multiply_cases},
        {"quiz", quiz_cases},
        {"every_run", every_run_cases},
        {"stingy_spendy_ends", stingy_spendy_ends_cases},
        {"matrix_multiply_blocks", matrix_multiply_blocks_cases},
        {"starving_writer", starving_writer_cases},
        {"counting_semaphore", counting_semaphore_cases},
        {"counting_semaphore_on_macos", counting_semaphore_on_macos_cases},
        {"rw_lock", rw_lock_cases},
        {"solutions", solutions_cases},
    };
    return run_cases(argc, argv, all, sizeof all / sizeof all[0]);
}
