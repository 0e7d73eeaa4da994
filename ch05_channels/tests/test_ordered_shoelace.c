/*
 * test_ordered_shoelace.c - areas are exact or not there at all, each once, and in order.
 */
#include "../beyond/in_order.c"
#include "../beyond/polygon_area.c"

#include "cases.h"
#include "must.h"

#include <stdatomic.h>

#define USAGE "usage: ordered_shoelace [-t threads] [FILE]\n"

static int64_t twice_area(const char *text)
{
    return polygon_twice_area(text, strlen(text));
}

START_TEST(test_areas)
{
    ck_assert_int_eq(twice_area("(0,0),(4,0),(4,3)"), 12);
    ck_assert_int_eq(twice_area("(4,3),(4,0),(0,0)"), 12); // clockwise
    ck_assert_int_eq(twice_area("(1,1),(2,1),(1,2)"), 1);
    ck_assert_int_eq(twice_area("(0,0),(2,2),(2,0),(0,2)"), 0); // a bow tie: its halves cancel out
    ck_assert_int_eq(twice_area("(0,0),(9,9)"), 0);
    ck_assert_int_eq(twice_area("(007,0)"), 0);
    ck_assert_int_eq(twice_area(""), 0);
    ck_assert_int_eq(twice_area("(0,0),(1000000,0),(1000000,1000000),(0,1000000)"), 2000000000000);
    ck_assert_int_eq(twice_area("(0,0),(1000000,999999),(999999,999998)"), 1);
}
END_TEST

START_TEST(test_no_polygons)
{
    static const char *const wrong[] = {" ",
                                        "(",
                                        "()",
                                        "(1)",
                                        "(1,)",
                                        "(,1)",
                                        "(1,2",
                                        "1,2",
                                        "(1,2),",
                                        "(1,2)(3,4)",
                                        "(1,2),,(3,4)",
                                        "(1,2);(3,4)",
                                        "(-1,2)",
                                        "(+1,2)",
                                        "(1.5,2)",
                                        "(1, 2)",
                                        "(1,2), (3,4)",
                                        " (1,2)",
                                        "(1,2) ",
                                        "(1,2)\r",
                                        "(1000001,0)",
                                        "(0,99999999999999999999999)",
                                        "((1,2))",
                                        "(a,b)",
                                        "(1,2),(3,4)x",
                                        "[1,2]"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_int_eq(twice_area(wrong[i]), -1);
    // Every beginning of a polygon, but for those that end with a corner.
    const char *whole = "(10,20),(30,40),(50,6)";
    for (size_t length = 1; length <= strlen(whole); length++)
        ck_assert((polygon_twice_area(whole, length) >= 0) == (whole[length - 1] == ')'));
    ck_assert_int_eq(polygon_twice_area("(1,2)\0", 6), -1);
}
END_TEST

/* As many corners as fit, as far out as they can be, add up without overflow; one more is too many. */
START_TEST(test_most_corners)
{
    static const char out[] = ",(1000000,0),(1000000,1000000)";
    char *text = MUST_HAVE(malloc(MOST_CORNERS / 2 * sizeof out)), *end = text;
    for (int i = 0; i < MOST_CORNERS / 2; i++) {
        memcpy(end, out, sizeof out);
        end += sizeof out - 1;
    }
    // Back and forth between two corners: all the terms have the same size, every second one is < 0.
    ck_assert_int_eq(polygon_twice_area(text + 1, (size_t)(end - text) - 1), 0);
    memcpy(end, ",(0,0)", 6);
    ck_assert_int_eq(polygon_twice_area(text + 1, (size_t)(end - text) + 5), -1);
    free(text);
    ck_assert_int_lt(MOST_CORNERS, INT64_MAX / LARGEST_COORDINATE / LARGEST_COORDINATE);
}
END_TEST

/* Threads that put numbers in the order in which they take them. Each result is its own number, plus 1. */
static struct in_order order;
static atomic_long next_number;
static long put;
static char results[ROUNDS * 10 + 1];

static void put_result(void *context, void *result)
{
    ck_assert_ptr_eq(context, &put);
    ck_assert_ptr_eq(result, &results[++put]);
}

static void *put_numbers(void *unused)
{
    for (long number; (number = next_number++) < ROUNDS * 10;) {
        if (number % 100 == 0)
            sched_yield(); // let others come first
        MUST(in_order_put(&order, number, &results[number + 1]));
    }
    return unused;
}

START_TEST(test_in_order)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    MUST(in_order_init(&order, put_result, &put));
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_create(&threads[i], NULL, put_numbers, NULL));
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_join(threads[i], NULL));
    ck_assert_int_eq(put, ROUNDS * 10);
    in_order_destroy(&order);
}
END_TEST

static void *put_one(void *argument)
{
    long *number = argument;
    MUST(in_order_put(&order, *number, &results[*number + 1]));
    return NULL;
}

/* What is early is kept, up to a window of it; what is a window ahead waits until the first one is put. */
START_TEST(test_window)
{
    static long numbers[IN_ORDER_WINDOW + 1];
    pthread_t threads[IN_ORDER_WINDOW + 1];
    put = 0;
    MUST(in_order_init(&order, put_result, &put));
    for (long i = 1; i < IN_ORDER_WINDOW; i++)
        MUST(in_order_put(&order, i, &results[i + 1]));
    ck_assert_int_eq(put, 0);
    for (long i = IN_ORDER_WINDOW; i < IN_ORDER_WINDOW + 3; i++) {
        numbers[i - IN_ORDER_WINDOW] = i;
        MUST(pthread_create(&threads[i - IN_ORDER_WINDOW], NULL, put_one,
                            &numbers[i - IN_ORDER_WINDOW]));
    }
    for (int i = 0; i < 1000; i++) { // a spurious wake-up changes nothing
        sched_yield();
        MUST(pthread_cond_broadcast(&order.moved));
    }
    MUST(pthread_mutex_lock(&order.lock));
    ck_assert_int_eq(put, 0);
    MUST(pthread_mutex_unlock(&order.lock));
    MUST(in_order_put(&order, 0, &results[1]));
    for (int i = 0; i < 3; i++)
        MUST(pthread_join(threads[i], NULL));
    ck_assert_int_eq(put, IN_ORDER_WINDOW + 3);
    in_order_destroy(&order);
}
END_TEST

START_TEST(test_wrong_numbers)
{
    put = 0;
    MUST(in_order_init(&order, put_result, &put));
    ck_assert_int_eq(in_order_put(&order, -1, &results[1]), EINVAL);
    ck_assert_int_eq(in_order_put(&order, LONG_MIN, &results[1]), EINVAL);
    ck_assert_int_eq(in_order_put(&order, LONG_MAX, &results[1]), EINVAL);
    ck_assert_int_eq(in_order_put(&order, 0, NULL), EINVAL);
    ck_assert_int_eq(in_order_put(&order, 1, &results[2]), 0);
    ck_assert_int_eq(in_order_put(&order, 1, &results[2]), EINVAL); // it is there, early
    ck_assert_int_eq(in_order_put(&order, 0, &results[1]), 0);
    ck_assert_int_eq(in_order_put(&order, 0, &results[1]), EINVAL); // it has been put
    ck_assert_int_eq(put, 2);
    in_order_destroy(&order);

    // The last numbers that there are.
    put = 0;
    MUST(in_order_init(&order, put_result, &put));
    order.next = LONG_MAX - 2;
    ck_assert_int_eq(in_order_put(&order, LONG_MAX - 1, &results[2]), 0);
    ck_assert_int_eq(in_order_put(&order, LONG_MAX - 2, &results[1]), 0);
    ck_assert_int_eq(put, 2);
    ck_assert_int_eq(in_order_put(&order, LONG_MAX, &results[3]), EINVAL);
    in_order_destroy(&order);
}
END_TEST

/* A thread that is cancelled while it waits puts its result all the same, and others go on. */
START_TEST(test_cancelled)
{
    long number = IN_ORDER_WINDOW;
    pthread_t thread;
    put = 0;
    MUST(in_order_init(&order, put_result, &put));
    MUST(pthread_create(&thread, NULL, put_one, &number));
    MUST(pthread_cancel(thread));
    for (long i = 0; i < IN_ORDER_WINDOW; i++)
        MUST(in_order_put(&order, i, &results[i + 1]));
    MUST(pthread_join(thread, NULL));
    ck_assert_int_eq(put, IN_ORDER_WINDOW + 1);
    ck_assert_int_eq(in_order_put(&order, IN_ORDER_WINDOW + 1, &results[IN_ORDER_WINDOW + 2]), 0);
    in_order_destroy(&order);
}
END_TEST

/* While a result is put, the same thread may bring the next ones; they are put after it. */
static void put_more(void *context, void *result)
{
    put_result(context, result);
    if (put < 100) {
        long before = put;
        MUST(in_order_put(&order, put, &results[put + 1]));
        ck_assert_int_eq(put, before);
    }
}

START_TEST(test_put_within_put)
{
    put = 0;
    MUST(in_order_init(&order, put_more, &put));
    MUST(in_order_put(&order, 0, &results[1]));
    ck_assert_int_eq(put, 100);
    in_order_destroy(&order);
}
END_TEST

/* The same areas come out of any number of threads, in the order of the lines. */
START_TEST(test_orders)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; parallel_polygons -n %d p && ordered_shoelace -t 1 p >1 && "
                         "wc -l <1 && for t in 2 8 64; do ordered_shoelace -t $t p | cmp 1 - || "
                         "exit 3; done; ordered_shoelace - <p | cmp 1 - && "
                         "cat p | ordered_shoelace - | cmp 1 -",
                         folder, ROUNDS * 5),
                     0);
    ck_assert_int_eq(atoi(printed), ROUNDS * 5);
}
END_TEST

/* The areas of lines that reads cut anywhere, of all lengths around that of a page, and of the last one. */
START_TEST(test_pages)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; awk 'BEGIN { for (i = 1; i <= 300; i++) { printf \"(0,0),(2,0)\"; "
                         "for (k = 0; k < i * 100; k++) printf \",(2,0)\"; "
                         "printf \",(0,%%d)\\n\", i } }' >p; "
                         "awk 'BEGIN { for (i = 1; i <= 300; i++) print i }' >wanted; "
                         "ordered_shoelace p | cmp - wanted && "
                         "dd if=p bs=1000 2>/dev/null | ordered_shoelace - | cmp - wanted && "
                         "head -c 20000 p >q && ordered_shoelace q 2>/dev/null | wc -l",
                         folder),
                     0);
    ck_assert_int_eq(atoi(printed), 7);
    ck_assert_int_eq(run("printf '(0,0),(2,0),(0,1)\n\n(0,0),(2,0),(0,3)' | ordered_shoelace -"),
                     0);
    ck_assert_str_eq(printed, "1\n0\n3\n");
    ck_assert_int_eq(run("printf '\n' | ordered_shoelace -"), 0);
    ck_assert_str_eq(printed, "0\n");
    // A line is answered when it is there, not when the input ends.
    ck_assert_int_eq(
        run("cd %s; mkfifo in out; ordered_shoelace - <in | head -n 1 >out & "
            "exec 3>in; while echo '(0,0),(2,0),(0,1)'; do :; done | head -n 5000 >&3; cat out",
            folder),
        0);
    ck_assert_str_eq(printed, "1\n");
}
END_TEST

/* The first line takes longer than many pages behind it: they wait in the window, and no longer. */
START_TEST(test_one_slow_line)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; awk 'BEGIN { printf \"(0,0)\"; for (i = 0; i < 1000000; i++) "
                         "printf \",(%%d,0)\", i; print \"\"; for (i = 1; i < 300000; i++) "
                         "printf \"(0,0),(2,0),(0,%%d)\\n\", i }' >p; "
                         "ordered_shoelace -t 3 p >areas && "
                         "awk '$1 != NR - 1 { exit 1 } END { print NR }' areas",
                         folder),
                     0);
    ck_assert_str_eq(printed, "300000\n");
}
END_TEST

START_TEST(test_bad_lines)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("cd %s; printf '(0,0),(4,0),(4,3)\\nx\\n\\n(0,0),(1,0),(1,1)\\r\\n(1,2),(3\\n"
            "(0,0),(2,0),(2,2)' >p; ordered_shoelace p 2>errors; echo $?; cat errors",
            folder),
        0);
    ck_assert_str_eq(printed,
                     "6\n0\n0.5\n2\n1\n"
                     "ordered_shoelace: p:2: not a polygon of whole numbers from 0 to 1000000\n"
                     "ordered_shoelace: p:5: not a polygon of whole numbers from 0 to 1000000\n");
    ck_assert_int_eq(run("ordered_shoelace - </dev/null"), 0);
    ck_assert_str_eq(printed, "");
    ck_assert_int_eq(run("head -c 200000 /dev/urandom | ordered_shoelace - 2>&1 | grep -Evc "
                         "'^(ordered_shoelace: -:.*|0)$'"),
                     1); // empty lines would be areas, but nearly none is
    ck_assert_int_eq(run("(head -c 10000000 /dev/zero | tr '\\0' 7; echo; echo '(1,2)') | "
                         "ordered_shoelace - 2>/dev/null"),
                     1);
    ck_assert_str_eq(printed, "0\n");
}
END_TEST

START_TEST(test_unreadable)
{
    ck_assert_int_eq(run("ordered_shoelace /no/such"), 1);
    ck_assert_str_eq(printed, "ordered_shoelace: /no/such: no such file; beyond/parallel_polygons "
                              "makes one\n");
    ck_assert_int_eq(run("ordered_shoelace tests"), 1);
    ck_assert_str_eq(printed, "ordered_shoelace: tests: Is a directory\n");
    ck_assert_int_eq(run("ordered_shoelace - <&-"), 1);
    ck_assert_str_eq(printed, "ordered_shoelace: -: Bad file descriptor\n");
}
END_TEST

/* The areas cannot be printed: it says why and ends, though there is no end to the lines. */
START_TEST(test_full_disk)
{
    ck_assert_int_eq(
        run("while echo '(0,0),(1,0),(0,1)'; do :; done | ordered_shoelace - >/dev/full"), 1);
    ck_assert_str_eq(printed, "ordered_shoelace: standard output: No space left on device\n");
    ck_assert_int_eq(run("echo '(0,0),(1,0),(0,1)' | ordered_shoelace - >/dev/full"), 1);
    ck_assert_str_eq(printed, "ordered_shoelace: standard output: No space left on device\n");
}
END_TEST

START_TEST(test_closed_pipe)
{
    ck_assert_int_eq(
        run("while echo '(0,0),(1,0),(0,1)'; do :; done | ordered_shoelace - | head -n 2"), 0);
    ck_assert_str_eq(printed, "0.5\n0.5\n");
    ck_assert_int_eq(run("while echo '(0,0),(1,0),(0,1)'; do :; done | ordered_shoelace - >&-"), 1);
    ck_assert_str_eq(printed, "ordered_shoelace: standard output: Bad file descriptor\n");
}
END_TEST

START_TEST(test_usage)
{
    static const char *const wrong[] = {"-t 0",  "-t -5", "-t 1001", "-t x",
                                        "-t ''", "-x",    "-t",      "a b"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("ordered_shoelace %s", wrong[i]), 2);
        ck_assert(strstr(printed, USAGE) != NULL);
    }
    ck_assert_int_eq(run("ordered_shoelace -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, USAGE);
}
END_TEST

/* Memory does not grow with the file; and if there is too little for the threads, it says so. */
START_TEST(test_memory)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; parallel_polygons -n 100000 p; ulimit -v 70000; "
                         "ordered_shoelace -t 2 p | wc -l; ordered_shoelace -t 1000 p",
                         folder),
                     1);
    ck_assert(strncmp(printed, "100000\n", 7) == 0);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, "Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *ordered_shoelace_cases(void)
{
    TCase *cases = tcase_create("ordered_shoelace");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_areas);
    tcase_add_test(cases, test_no_polygons);
    tcase_add_test(cases, test_most_corners);
    tcase_add_test(cases, test_in_order);
    tcase_add_test(cases, test_window);
    tcase_add_test(cases, test_wrong_numbers);
    tcase_add_test(cases, test_cancelled);
    tcase_add_test(cases, test_put_within_put);
    tcase_add_test(cases, test_orders);
    tcase_add_test(cases, test_pages);
    tcase_add_test(cases, test_one_slow_line);
    tcase_add_test(cases, test_bad_lines);
    tcase_add_test(cases, test_unreadable);
    tcase_add_test(cases, test_closed_pipe);
    tcase_add_test(cases, test_usage);
    if (is_possible("ordered_shoelace on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("ordered_shoelace with little memory", MEMORY_LIMIT))
        tcase_add_test(cases, test_memory);
    return cases;
}
