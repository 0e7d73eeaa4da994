/*
 * check_chapter.c - runs the tests of this chapter, each in a process of its own.
 * `build/test/tests/check_chapter spin_lock` runs the cases of one piece.
 */
#include "cases.h"

int main(int argc, char *argv[])
{
    static const struct cases all[] = {
        {"stingy_spendy", stingy_spendy_cases},
        {"letter_frequency", letter_frequency_cases},
        {"spin_lock", spin_lock_cases},
        {"multi_ledger", multi_ledger_cases},
        {"quiz", quiz_cases},
        {"stingy_spendy_unlocked", stingy_spendy_unlocked_cases},
        {"letter_frequency_ways", letter_frequency_ways_cases},
        {"ledger_locks", ledger_locks_cases},
        {"solutions", solutions_cases},
    };
    return run_cases(argc, argv, all, sizeof all / sizeof all[0]);
}
