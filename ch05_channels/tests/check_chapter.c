/*
 * check_chapter.c - runs the tests of this chapter, each in a process of its own.
 * `build/test/tests/check_chapter channel` runs the cases of one piece.
 */
#include "cases.h"

int main(int argc, char *argv[])
{
    static const struct cases all[] = {
        {"channel", channel_cases},
        {"select", select_cases},
        {"fast_channel", fast_channel_cases},
#ifndef SLEEPERS // check_sleepers has only those above
        {"channel_on_macos", channel_on_macos_cases},
        {"fast_channel_on_macos", fast_channel_on_macos_cases},
        {"wind_direction", wind_direction_cases},
        {"metar", metar_cases},
        {"whole_file", whole_file_cases},
        {"generate_random_polygons", generate_random_polygons_cases},
        {"shoelace", shoelace_cases},
        {"quiz", quiz_cases},
        {"generate_metars", generate_metars_cases},
        {"parallel_polygons", parallel_polygons_cases},
        {"ordered_shoelace", ordered_shoelace_cases},
        {"fourth_send", fourth_send_cases},
        {"select_programs", select_programs_cases},
        {"solutions", solutions_cases},
#endif
    };
    return run_cases(argc, argv, all, sizeof all / sizeof all[0]);
}
