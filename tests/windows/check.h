/*
 * check.h - as much of Check as the pieces' tests use, for Windows, where Check is not there. The test files
 * are the same as elsewhere; run.c runs each of their tests in a process of its own.
 */
#ifndef CHECK_H
#define CHECK_H

#include <math.h>
#include <stdint.h>
#include <string.h>

typedef struct TCase TCase;

TCase *tcase_create(const char *name);
void add_tests(TCase *cases, const char *name, void (*test)(int), int first, int end);
_Noreturn void check_failed(const char *file, int line, const char *format, ...)
    __attribute__((format(gnu_printf, 3, 4)));

#define START_TEST(name) static void name(int _i __attribute__((unused)))
#define END_TEST
#define tcase_add_test(cases, test) add_tests(cases, #test, test, 0, 1)
#define tcase_add_loop_test(cases, test, first, end)                                               \
    add_tests(cases, #test, test, first, (int)(end))
#define tcase_set_timeout(cases, seconds) ((void)(cases)) // run.c has one for all

#define ck_abort_msg(...) check_failed(__FILE__, __LINE__, __VA_ARGS__)
#define ck_assert_msg(true_one, ...) ((true_one) ? (void)0 : ck_abort_msg(__VA_ARGS__))
#define ck_assert(true_one) ck_assert_msg(true_one, "%s", #true_one)

#define CHECK_COMPARE(type, format, a, operator, b)                                                \
    do {                                                                                           \
        type check_a = (type)(a);                                                                  \
        type check_b = (type)(b);                                                                  \
        ck_assert_msg(check_a operator check_b, "%s " #operator" %s: " format ", " format, #a, #b, \
                      check_a, check_b);                                                           \
    } while (0)
#define ck_assert_int_eq(a, b) CHECK_COMPARE(intmax_t, "%jd", a, ==, b)
#define ck_assert_int_ne(a, b) CHECK_COMPARE(intmax_t, "%jd", a, !=, b)
#define ck_assert_int_lt(a, b) CHECK_COMPARE(intmax_t, "%jd", a, <, b)
#define ck_assert_int_le(a, b) CHECK_COMPARE(intmax_t, "%jd", a, <=, b)
#define ck_assert_int_gt(a, b) CHECK_COMPARE(intmax_t, "%jd", a, >, b)
#define ck_assert_int_ge(a, b) CHECK_COMPARE(intmax_t, "%jd", a, >=, b)
#define ck_assert_uint_eq(a, b) CHECK_COMPARE(uintmax_t, "%ju", a, ==, b)
#define ck_assert_uint_ne(a, b) CHECK_COMPARE(uintmax_t, "%ju", a, !=, b)
#define ck_assert_uint_lt(a, b) CHECK_COMPARE(uintmax_t, "%ju", a, <, b)
#define ck_assert_uint_le(a, b) CHECK_COMPARE(uintmax_t, "%ju", a, <=, b)
#define ck_assert_uint_gt(a, b) CHECK_COMPARE(uintmax_t, "%ju", a, >, b)
#define ck_assert_uint_ge(a, b) CHECK_COMPARE(uintmax_t, "%ju", a, >=, b)
#define ck_assert_double_eq(a, b) CHECK_COMPARE(double, "%g", a, ==, b)
#define ck_assert_double_gt(a, b) CHECK_COMPARE(double, "%g", a, >, b)
#define ck_assert_double_eq_tol(a, b, tolerance)                                                   \
    CHECK_COMPARE(double, "%g", fabs((a) - (b)), <=, tolerance)
#define ck_assert_ptr_eq(a, b) CHECK_COMPARE(const void *, "%p", a, ==, b)
#define ck_assert_ptr_null(a) CHECK_COMPARE(const void *, "%p", a, ==, NULL)
#define ck_assert_ptr_nonnull(a) CHECK_COMPARE(const void *, "%p", a, !=, NULL)
#define ck_assert_str_eq(a, b) CHECK_COMPARE(int, "%d", strcmp(a, b), ==, 0)
#define ck_assert_mem_eq(a, b, size) CHECK_COMPARE(int, "%d", memcmp(a, b, size), ==, 0)
#define ck_assert_mem_ne(a, b, size) CHECK_COMPARE(int, "%d", memcmp(a, b, size), !=, 0)

#endif
