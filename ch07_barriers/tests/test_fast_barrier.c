/*
 * test_fast_barrier.c - the fast barrier: the tests of the lecture's, and those of its own parts.
 */
#define barrier fast_barrier
#define barrier_init fast_barrier_init
#define barrier_wait fast_barrier_wait
#define barrier_destroy fast_barrier_destroy
#define BARRIER_SERIAL_THREAD FAST_BARRIER_SERIAL_THREAD
#define IMPLEMENTATION "beyond/fast_barrier.c"
#define WAYS 3
#include "barrier_tests.h"

/* With yields (unless the machine is busy); without; and without, but it gives way now and then. */
static void choose_way(int way)
{
    atomic_store(&sleeps_to_come, way == 0 ? 0 : INT_MAX);
    atomic_store(&gives_way, way == 2);
}

static unsigned int arrived(struct barrier *b)
{
    return atomic_load(&b->arrivals) % b->threads;
}

static unsigned int are_inside(struct barrier *b)
{
    return atomic_load(&b->inside);
}

static unsigned int asleep(struct barrier *b)
{
    return atomic_load(&b->sleepers);
}

static void wrap_after(struct barrier *b, unsigned int rounds)
{
    atomic_store(&b->arrivals, rounds > 0 ? b->limit - rounds * b->threads : 0);
}

static unsigned int rounds_since(struct barrier *b)
{
    return atomic_load(&b->arrivals) / b->threads;
}

static void complete_round_and_arrive(struct barrier *b)
{
    atomic_fetch_add(&b->inside, 1);
    atomic_fetch_add(&b->arrivals, b->threads);
}

static void count_inside(struct barrier *b)
{
    atomic_fetch_add(&b->inside, 1);
}

static void leave_barrier(struct barrier *b)
{
    leave(b);
}

static pthread_mutex_t *mutex_of(struct barrier *b)
{
    return &b->lock;
}

static pthread_cond_t *wait_condition(struct barrier *b)
{
    return &b->round_complete;
}

static pthread_cond_t *destroy_condition(struct barrier *b)
{
    return &b->all_out;
}

/*
 * Every round has its numbers, also the first and the last one: no thread leaves before the last of them,
 * and every thread does after it.
 */
static const int numbers[] = {1, 2, 3, 4, 7, 251, 65536, INT_MAX / 3, INT_MAX};
enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

START_TEST(test_numbers)
{
    struct barrier b;
    unsigned int threads = (unsigned int)numbers[_i], limit = UINT_MAX - UINT_MAX % threads;
    unsigned int begins[] = {0, threads, limit - 2 * threads, limit - threads};
    MUST(barrier_init(&b, numbers[_i]));
    ck_assert_uint_eq(b.limit, limit);
    for (int i = 0; i < 4; i++) {
        unsigned int begin = begins[i], last = begin + threads - 1;
        unsigned int others[] = {0, 1, begin - 1, last + 1, last + 2, limit - 2, limit - 1};
        atomic_store(&b.arrivals, begin);
        ck_assert(!is_complete(&b, begin));
        atomic_store(&b.arrivals, last);
        ck_assert(!is_complete(&b, begin));
        ck_assert_uint_eq(arrive(&b), last);
        ck_assert_uint_eq(atomic_load(&b.arrivals), last + 1 == limit ? 0 : last + 1);
        ck_assert(is_complete(&b, begin));
        for (int j = 0; j < 7; j++) {
            if (others[j] < limit && (others[j] < begin || others[j] > last)) {
                atomic_store(&b.arrivals, others[j]);
                ck_assert(is_complete(&b, begin));
            }
        }
    }
    atomic_store(&b.arrivals, 0);
    MUST(barrier_destroy(&b));
}
END_TEST

/* One slow yield, and there is none for a thousand waits. Then one thread tries again. */
START_TEST(test_busy_machine)
{
    struct barrier b;
    MUST(barrier_init(&b, 2));
    for (int i = 0; i < 2; i++) {
        atomic_store(&yields_are_slow, true);
        yield_while_incomplete(&b, 0);
        atomic_store(&yields_are_slow, false);
        ck_assert_int_eq(yields, i + 1);
        for (int j = SLEEPS_AFTER_SLOW_YIELD; j > 0; j--) {
            ck_assert_int_eq(sleeps_to_come, j);
            yield_while_incomplete(&b, 0);
        }
        ck_assert_int_eq(sleeps_to_come, 0);
    }
    // Where yields are fast there are not many either, and none when the round is complete.
    yield_while_incomplete(&b, 1);
    ck_assert_int_eq(yields, 2);
    yield_while_incomplete(&b, 0);
    ck_assert_int_gt(yields, 2);
    ck_assert_int_le(yields, 2 + YIELDS);
    MUST(barrier_destroy(&b));
}
END_TEST

START_TEST(test_from_cpp)
{
    check_from_cpp("beyond/fast_barrier", "fast_", "FAST_");
}
END_TEST

TCase *fast_barrier_cases(void)
{
    TCase *cases = tcase_create("fast_barrier");
    add_barrier_tests(cases);
    tcase_add_loop_test(cases, test_numbers, 0, NUMBERS);
    tcase_add_test(cases, test_busy_machine);
    if (is_possible("fast_barrier from C++", HAVE_CXX))
        tcase_add_test(cases, test_from_cpp);
    return cases;
}
