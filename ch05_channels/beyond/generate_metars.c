/*
 * generate_metars.c - makes up months of airport weather reports, as many as you like.
 *
 * Lecture   wind_direction.c
 * Adds      work for the lecture: the original has 141 months of real reports. These only look like them
 * Build     cc -pthread -iquote . -o beyond/generate_metars beyond/generate_metars.c whole_file.c
 * Run       beyond/generate_metars [-f] [-n months] [-s seed] FOLDER      -f writes over files that are
 *                                                                         there already
 * Expect    FOLDER/jan2012.txt, FOLDER/feb2012.txt, …; the same seed makes the same files
 */
#include "must.h"
#include "whole_file.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>

static const char usage[] = "generate_metars [-f] [-n months] [-s seed] FOLDER";

enum { FIRST_YEAR = 2012, LINE = 76, INDENT = 24 };

/* The weather of a moment, and the page that reports of it are written on. */
struct station {
    FILE *page;
    int column;
    unsigned short random[3];
    int direction, speed, temperature, pressure, cloud; // degrees, knots, °C, hPa, hundreds of feet
};

static int below(struct station *station, int limit)
{
    return (int)(nrand48(station->random) % limit);
}

static bool chance(struct station *station, int percent)
{
    return below(station, 100) < percent;
}

static int limited(int value, int least, int most)
{
    return value < least ? least : value > most ? most : value;
}

static void change_weather(struct station *station)
{
    station->direction = (station->direction + 360 + 10 * (below(station, 5) - 2)) % 360;
    station->speed = limited(station->speed + below(station, 5) - 2, 0, 35);
    station->temperature = limited(station->temperature + below(station, 3) - 1, -9, 30);
    station->pressure = limited(station->pressure + below(station, 3) - 1, 970, 1045);
    station->cloud = limited(station->cloud + below(station, 7) - 3, 2, 60);
}

/* One word of a report. What does not fit on the line goes to the next one, indented. */
static void word(struct station *station, const char *format, ...)
{
    char text[40];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (station->column > 0 && station->column + 1 + length > LINE) {
        fprintf(station->page, "\n%*s", INDENT, "");
        station->column = INDENT;
    } else if (station->column > 0) {
        station->column += fprintf(station->page, " ");
    }
    station->column += fprintf(station->page, "%s", text);
}

static void wind(struct station *station)
{
    int from = station->direction == 0 ? 360 : station->direction;
    if (station->speed == 0)
        word(station, "00000KT"); // calm
    else if (station->speed <= 3 && chance(station, 60))
        word(station, "VRB%02dKT", station->speed);
    else if (station->speed >= 15 && chance(station, 25))
        word(station, "%03d%02dG%02dKT", from, station->speed, station->speed + 10);
    else
        word(station, "%03d%02dKT", from, station->speed);
    if (station->speed > 3 && chance(station, 30))
        word(station, "%03dV%03d", (from + 320) % 360, (from + 40) % 360);
}

static void sky(struct station *station)
{
    static const char *const phenomena[] = {"HZ", "BR", "-RA", "RA", "SHRA", "-DZ", "FG", "-SN"};
    static const char *const amounts[] = {"FEW", "SCT", "BKN", "OVC"};
    if (chance(station, 25)) {
        word(station, "CAVOK");
        return;
    }
    if (chance(station, 80)) {
        word(station, "9999");
    } else {
        word(station, "%04d", 100 * (2 + below(station, 88)));
        word(station, "%s", phenomena[below(station, 8)]);
    }
    int layers = 1 + below(station, 3);
    for (int layer = 0; layer < layers; layer++)
        word(station, "%s%03d", amounts[below(station, 4)], station->cloud + 12 * layer);
}

static void temperature(struct station *station)
{
    int air = station->temperature, dew = air - below(station, 6);
    word(station, "%s%02d/%s%02d", air < 0 ? "M" : "", abs(air), dew < 0 ? "M" : "", abs(dew));
}

static void pressure_and_trend(struct station *station)
{
    bool last = chance(station, 10);
    word(station, "Q%04d%s", station->pressure, last ? "=" : "");
    if (last)
        return;
    if (chance(station, 75)) {
        word(station, "NOSIG=");
    } else {
        word(station, chance(station, 70) ? "TEMPO" : "BECMG");
        word(station, "%04d", 100 * (10 + below(station, 60)));
        word(station, "BKN%03d=", station->cloud);
    }
}

/* A report of the weather at `minute` of the day: routine (METAR) or for a special reason (SPECI). */
static void report(struct station *station, const char *kind, int year, int month, int day,
                   int minute)
{
    int time = minute / 60 * 100 + minute % 60;
    bool automatic = chance(station, 7);
    station->column = 0;
    word(station, "%04d%02d%02d%04d", year, month, day, time);
    word(station, "%s", kind);
    if (!automatic && chance(station, 85))
        word(station, "COR");
    word(station, "EGLL");
    word(station, "%02d%04dZ", day, time);
    if (chance(station, 1) && chance(station, 20)) {
        word(station, "NIL=");
    } else {
        if (automatic)
            word(station, "AUTO");
        wind(station);
        sky(station);
        temperature(station);
        pressure_and_trend(station);
    }
    fprintf(station->page, "\n");
}

static void heading(FILE *page, const char *text)
{
    static const char rule[] = "###################################";
    fprintf(page, "\n%s\n#  %s\n%s\n", rule, text, rule);
}

/* Forecasts follow the reports in such a file. They name winds too, which must not be counted. */
static void forecast(struct station *station, int year, int month, int day)
{
    station->column = 0;
    word(station, "%04d%02d%02d0504", year, month, day);
    word(station, "TAF");
    word(station, "EGLL");
    word(station, "%02d0504Z", day);
    word(station, "%02d06/%02d12", day, day + 1);
    wind(station);
    sky(station);
    word(station, "TEMPO");
    word(station, "%02d07/%02d14", day, day);
    wind(station);
    word(station, "BKN%03d=", station->cloud);
    fprintf(station->page, "\n");
}

static int days_in(int month, int year)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Reports of a whole month, every half hour, the newest first. */
static void write_month(FILE *page, int year, int month, long seed)
{
    uint64_t mixed = ((uint64_t)seed << 32 ^ (uint64_t)(year * 12 + month)) * 0x9E3779B97F4A7C15U;
    struct station station = {
        .page = page,
        .random = {(unsigned short)(mixed >> 16), (unsigned short)(mixed >> 32),
                   (unsigned short)(mixed >> 48)},
        .speed = 8,
        .temperature = 10,
        .pressure = 1013,
        .cloud = 20,
    };
    station.direction = 10 * below(&station, 36);
    fprintf(page,
            "# Made up by generate_metars -s %ld: these are no real reports.\n"
            "# Time interval: from %02d/01/%04d 00:00  to %02d/%02d/%04d 23:59  UTC\n",
            seed, month, year, month, days_in(month, year), year);
    heading(page, "METAR/SPECI from EGLL");
    for (int day = days_in(month, year); day >= 1; day--) {
        for (int minute = 23 * 60 + 50; minute > 0; minute -= 30) {
            change_weather(&station);
            if (chance(&station, 1))
                report(&station, "SPECI", year, month, day, minute + 5);
            report(&station, "METAR", year, month, day, minute);
        }
    }
    heading(page, "large TAF from EGLL");
    for (int day = days_in(month, year) - 1; day >= 1; day -= 9)
        forecast(&station, year, month, day);
}

/* Writes month number `number` since January of the first year. */
static void write_file(const char *folder, long number, long seed, bool replace)
{
    static const char *const names[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                        "jul", "aug", "sep", "oct", "nov", "dec"};
    int year = FIRST_YEAR + (int)(number / 12), month = 1 + (int)(number % 12);
    size_t room = strlen(folder) + 32;
    char *path = MUST_HAVE(malloc(room));
    snprintf(path, room, "%s/%s%d.txt", folder, names[month - 1], year);

    // O_EXCL: never over a file that is there, which may hold real reports.
    int file = open(path, O_WRONLY | O_CREAT | (replace ? O_TRUNC : O_EXCL), 0666);
    if (file < 0)
        give_up(usage, path, errno == EEXIST ? "File exists (-f writes over it)" : strerror(errno));
    FILE *page = MUST_HAVE(fdopen(file, "w"));
    write_month(page, year, month, seed);
    int error = whole_file_close(page, path, ferror(page) ? errno : 0);
    if (error != 0)
        give_up(usage, path, strerror(error));
    free(path);
}

int main(int argc, char *argv[])
{
    long months = 12, seed = 1;
    bool replace = false;
    struct option_line options[] = {
        {'f', .flag = &replace},
        {'n', .number = &months, .least = 1, .most = 12000},
        {'s', .number = &seed, .least = 0, .most = INT32_MAX},
        {0},
    };
    const char *folder = argv[read_options(argc, argv, usage, options, 1, 1)];
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        give_up(usage, folder, strerror(errno));
    for (long i = 0; i < months; i++)
        write_file(folder, i, seed, replace);
}
