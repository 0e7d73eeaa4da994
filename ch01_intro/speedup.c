/*
 * speedup.c - what more threads are worth: a sum shared out to 1, 2, 4 … threads, and two laws about it.
 *
 * Original  none: the course tells of Amdahl's and Gustafson's law in its opening lectures
 * Run       ./speedup [-t threads] [-f percent] [-n numbers]     -f is the serial share of the work
 * Expect    the time with 1, 2, 4, 8 threads, and how many times faster than one thread that is: what
 *           Amdahl says, up to the number of processors, and no more
 * Try       -f 0, -f 50, -f 100. Then -n 1000: when are more threads slower, and why?
 * Compare   processes_and_threads.c (what a thread costs); race_condition.c (what sharing costs)
 */

// The number of processors and the width of a terminal are in no standard: ask for all that there is.
#undef _XOPEN_SOURCE
#define _DEFAULT_SOURCE

#include "must.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static const char usage[] = "usage: speedup [-t threads] [-f percent] [-n numbers]\n";

enum { TRIES = 3, MOST_THREADS = 1024, MOST_ROWS = 11 };

/* The numbers from `first` to `end` - 1. Each part is of one thread alone: nothing is shared. */
struct part {
    long first, end;
    uint64_t sum;
    pthread_t thread;
};

/*
 * Much computing and no memory: a thread has only a processor to wait for. All numbers take the same
 * time, also the small ones (0000000042), so that equal parts are equal work.
 */
static uint64_t sum_of_digits(long first, long end)
{
    uint64_t sum = 0;
    for (long number = first; number < end; number++) {
        uint32_t rest = (uint32_t)number;
        for (int digit = 0; digit < 10; digit++) {
            sum += rest % 10;
            rest /= 10;
        }
    }
    return sum;
}

static void *add_up(void *argument)
{
    struct part *part = argument;
    part->sum = sum_of_digits(part->first, part->end);
    return NULL;
}

/* The numbers below `serial` are added by main alone; then the threads share those up to `end`. */
static uint64_t parallel_sum(long serial, long end, long threads)
{
    uint64_t sum = sum_of_digits(0, serial);
    struct part *parts = MUST_HAVE(calloc((size_t)threads, sizeof *parts));
    long first = serial;
    for (long i = 0; i < threads; i++) {
        parts[i].first = first;
        parts[i].end = first += (end - first) / (threads - i);
        MUST(pthread_create(&parts[i].thread, NULL, add_up, &parts[i]));
    }
    for (long i = 0; i < threads; i++) {
        MUST(pthread_join(parts[i].thread, NULL));
        sum += parts[i].sum;
    }
    free(parts);
    return sum;
}

static double milliseconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* The shortest of a few tries: what else the machine had to do can only make them longer. */
static double measure(long serial, long end, long threads, uint64_t expected)
{
    double shortest = 0;
    for (int i = 0; i < TRIES; i++) {
        double start = milliseconds();
        uint64_t sum = parallel_sum(serial, end, threads);
        double time = milliseconds() - start;
        if (sum != expected) {
            complain(usage, "the threads' sum", "is wrong");
            exit(EXIT_FAILURE);
        }
        if (i == 0 || time < shortest)
            shortest = time;
    }
    return shortest;
}

/* The same work in less time: the serial share takes as long as ever. */
static double amdahl(double serial, double threads)
{
    return 1 / (serial + (1 - serial) / threads);
}

/* More work in the same time: the parallel share grows with the number of threads. */
static double gustafson(double serial, double threads)
{
    return serial + (1 - serial) * threads;
}

/* The width of the terminal: $COLUMNS, or what the terminal says, or 80. */
static int columns(void)
{
    const char *text = getenv("COLUMNS");
    int width = text == NULL ? 0 : atoi(text);
#ifdef TIOCGWINSZ
    struct winsize size;
    if (width <= 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
#endif
    return width > 0 && width <= 1000 ? width : 80;
}

/* The number of processors; 0: the system does not tell. */
static long processors(void)
{
#ifdef _SC_NPROCESSORS_ONLN
    long number = sysconf(_SC_NPROCESSORS_ONLN);
    return number > 0 ? number : 0;
#else
    return 0;
#endif
}

/* What the speed-up is with a number of threads. */
enum { MEASURED, AMDAHL, GUSTAFSON, KINDS };

struct row {
    long threads;
    double speedup[KINDS];
};

/* All bars begin in one column, and the longest one fills the window. */
static void print_bars(const struct row *rows, int count)
{
    static const char *const names[KINDS] = {"measured", "Amdahl", "Gustafson"};
    enum { WIDTH_BEFORE = 26 };
    double largest = 1;
    for (int i = 0; i < count * KINDS; i++) {
        if (rows[i / KINDS].speedup[i % KINDS] > largest)
            largest = rows[i / KINDS].speedup[i % KINDS];
    }
    for (int i = 0; i < count * KINDS; i++) {
        double speedup = rows[i / KINDS].speedup[i % KINDS];
        if (i % KINDS == 0)
            printf("\n%7ld", rows[i / KINDS].threads);
        printf("%*s%-9s%7.2f ", i % KINDS == 0 ? 2 : 9, "", names[i % KINDS], speedup);
        int length = (int)(speedup / largest * (columns() - WIDTH_BEFORE));
        while (length-- > 0)
            putchar('#');
        putchar('\n');
    }
}

int main(int argc, char *argv[])
{
    long most_threads = 8, percent = 10, numbers = 20000000;
    int option;
    while ((option = getopt(argc, argv, "t:f:n:h")) != -1) {
        switch (option) {
        case 't':
            most_threads = number_from(optarg, 1, MOST_THREADS, usage);
            break;
        case 'f':
            percent = number_from(optarg, 0, 100, usage);
            break;
        case 'n':
            numbers = number_from(optarg, 1, 2000000000, usage);
            break;
        default:
            return show_usage(option, usage);
        }
    }
    if (argc > optind)
        return show_usage('?', usage);

    long alone = (long)((int64_t)numbers * percent / 100), online = processors();
    uint64_t expected = sum_of_digits(0, numbers);
    printf("The digits of all numbers below %ld have the sum %" PRIu64 ".\n", numbers, expected);
    printf("Main adds up %ld%% of them alone, the threads share the rest.\n\n", percent);
    printf("threads        time  speed-up    Amdahl  Gustafson\n");

    struct row rows[MOST_ROWS];
    int count = 0;
    double time_of_one = 0, share = (double)percent / 100;
    for (long threads = 1; threads <= most_threads;) {
        double time = measure(alone, numbers, threads, expected);
        if (threads == 1)
            time_of_one = time;
        rows[count] = (struct row){threads,
                                   {time_of_one / time, amdahl(share, (double)threads),
                                    gustafson(share, (double)threads)}};
        printf("%7ld %9.1fms %9.2f %9.2f %10.2f%s\n", threads, time, rows[count].speedup[MEASURED],
               rows[count].speedup[AMDAHL], rows[count].speedup[GUSTAFSON],
               online != 0 && threads > online ? " *" : "");
        fflush(stdout);
        count++;
        // The powers of two, and last the number that was asked for.
        threads = threads < most_threads && threads * 2 > most_threads ? most_threads : threads * 2;
    }
    if (online != 0 && most_threads > online)
        printf("* more threads than processors (%ld): they take turns\n", online);
    print_bars(rows, count);
    return finish_output(0, usage);
}
