/*
 * bench.c - rounds, medians, and lines of a table. See bench.h.
 */
#ifndef _DARWIN_C_SOURCE
#define _DARWIN_C_SOURCE // for ru_maxrss on macOS
#endif

#define __BSD_VISIBLE 1 // for _SC_NPROCESSORS_ONLN on FreeBSD

#include "bench.h"
#include "must.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* After so many seconds no new round begins; so what takes long has fewer than RUNS. */
enum { RUNS = 7, MOST_WAYS = 10 };
static const double long_enough = 10;

static bool quick;            // -q
static const char *only = ""; // part of the names of the rows that are measured

/* How a way did in one run. A command that fails or is not there has no time. */
struct run {
    double seconds;
    double peak_bytes; // of memory; 0: not measured
};

void bench_begin(const char *chapter, int argc, char *argv[])
{
    quick = argc > 1 && strcmp(argv[1], "-q") == 0;
    if (argc > 1 && !quick)
        only = argv[1];
    printf("%s on %ld processors: medians of up to %d runs in turns\n", chapter,
           sysconf(_SC_NPROCESSORS_ONLN), RUNS);
}

void bench_prepare(const char *command)
{
    fflush(stdout);
    if (system(command) != 0) {
        fprintf(stderr, "bench: %s: failed\n", command);
        exit(EXIT_FAILURE);
    }
}

/* The most memory that any of the commands had that this process has waited for. */
static double peak_of_children(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
#ifdef __APPLE__
    return (double)usage.ru_maxrss;
#else
    return (double)usage.ru_maxrss * 1024;
#endif
}

/* Where a command finds it: in $n. */
static void set_size(long size)
{
    char text[30];
    snprintf(text, sizeof text, "%ld", size);
    MUST(setenv("n", text, 1) == 0 ? 0 : errno);
}

static struct run run_command(const struct way *way)
{
    struct run run = {0};
    char line[200] = "", rest[4096];
    set_size(way->size);
    double start = seconds();
    FILE *output = MUST_HAVE(popen(way->command, "r"));
    if (fgets(line, sizeof line, output) != NULL) {
        while (fread(rest, 1, sizeof rest, output) > 0)
            continue;
    }
    int status = pclose(output);
    run.seconds = way->prints_seconds ? strtod(line, NULL) : seconds() - start;
    run.peak_bytes = peak_of_children();
    return status == 0 ? run : (struct run){0};
}

/* In a process of its own, so that the peak is that of this command alone. */
static struct run run_apart(const struct way *way)
{
    int ends[2];
    struct run run = {0};
    fflush(stdout);
    MUST(pipe(ends) == 0 ? 0 : errno);
    pid_t child = fork();
    MUST(child >= 0 ? 0 : errno);
    if (child == 0) {
        run = run_command(way);
        _exit(write(ends[1], &run, sizeof run) == (ssize_t)sizeof run ? 0 : 1);
    }
    close(ends[1]);
    if (read(ends[0], &run, sizeof run) != (ssize_t)sizeof run)
        run = (struct run){0};
    close(ends[0]);
    waitpid(child, NULL, 0);
    return run;
}

static struct run run_function(const struct way *way, long times)
{
    double start = seconds();
    way->function(way->argument, times);
    return (struct run){.seconds = (seconds() - start) / (double)times};
}

static int compare_seconds(const void *a, const void *b)
{
    double x = ((const struct run *)a)->seconds, y = ((const struct run *)b)->seconds;
    return (x > y) - (x < y);
}

/* Sets medians[i] to that of ways[i]. */
static void measure(long times, const struct way ways[], int count, struct run medians[])
{
    struct run runs[MOST_WAYS][RUNS];
    int rounds = 0, most_rounds = quick ? 1 : RUNS;
    if (quick)
        times = 1 + times / 100;
    double start = seconds();
    while (rounds < most_rounds && (rounds == 0 || seconds() - start < long_enough)) {
        for (int i = 0; i < count; i++) {
            runs[i][rounds] =
                ways[i].function != NULL ? run_function(&ways[i], times) : run_apart(&ways[i]);
        }
        rounds++;
    }
    for (int i = 0; i < count; i++) {
        qsort(runs[i], (size_t)rounds, sizeof runs[i][0], compare_seconds);
        medians[i] = runs[i][(rounds - 1) / 2];
    }
}

/* False, and the end of the line: there are none. */
static bool print_seconds(double seconds)
{
    if (seconds <= 0) {
        puts("       - failed, or not here");
        return false;
    }
    static const struct {
        double seconds;
        const char *name;
    } units[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}, {1e-9, "ns"}};
    size_t i = 0;
    while (i < 3 && seconds < units[i].seconds)
        i++;
    double amount = seconds / units[i].seconds;
    int digits = amount < 10 ? 2 : amount < 100 ? 1 : 0;
    printf("%8.*f %-2s", digits, amount, i == 2 ? "µs" : units[i].name);
    return true;
}

static void print_peak(double bytes)
{
    if (bytes > 0)
        printf("%9.1f MiB", bytes / (1024 * 1024));
    putchar('\n');
    fflush(stdout);
}

void bench_compare(const char *work, long times, const struct way ways[], int count)
{
    struct run medians[MOST_WAYS];
    if (strstr(work, only) == NULL)
        return;
    measure(times, ways, count, medians);
    printf("\n%s\n", work);
    for (int i = 0; i < count; i++) {
        printf("    %-48s", ways[i].name);
        if (print_seconds(medians[i].seconds)) {
            printf("%8.2fx", medians[0].seconds / medians[i].seconds);
            print_peak(ways[i].prints_seconds ? 0 : medians[i].peak_bytes);
        }
    }
}

void bench_growth(const char *work, const char *prepare, const char *command, const long sizes[],
                  int count)
{
    struct way ways[MOST_WAYS] = {0};
    struct run medians[MOST_WAYS];
    if (strstr(work, only) == NULL)
        return;
    if (quick)
        count = 2;
    for (int i = 0; i < count; i++) {
        ways[i] = (struct way){.command = command, .size = sizes[i]};
        set_size(sizes[i]);
        if (prepare != NULL)
            bench_prepare(prepare);
    }
    measure(1, ways, count, medians);
    printf("\n%s\n", work);
    for (int i = 0; i < count; i++) {
        printf("    %-24ld", sizes[i]);
        if (print_seconds(medians[i].seconds)) {
            printf("%8.2f times the first", medians[i].seconds / medians[0].seconds);
            print_peak(medians[i].peak_bytes);
        }
    }
}

void bench_threads(int threads, void *(*run)(void *argument), void *argument)
{
    pthread_t *list = MUST_HAVE(calloc((size_t)threads, sizeof *list));
    for (int i = 0; i < threads; i++)
        MUST(pthread_create(&list[i], NULL, run, argument));
    for (int i = 0; i < threads; i++)
        MUST(pthread_join(list[i], NULL));
    free(list);
}
