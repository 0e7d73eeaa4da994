/*
 * test_barrier.c - the barrier of the lecture.
 */
#define IMPLEMENTATION "barrier.c"
#define WAYS 2
#include "barrier_tests.h"

/* As it is; and its calls give way now and then. */
static void choose_way(int way)
{
    atomic_store(&gives_way, way == 1);
}

/* A member of the barrier, read under its mutex. */
#define MEMBER(type, name, expression)                                                             \
    static type name(struct barrier *b)                                                            \
    {                                                                                              \
        MUST(pthread_mutex_lock(&b->mutex));                                                       \
        type number = (type)(expression);                                                          \
        MUST(pthread_mutex_unlock(&b->mutex));                                                     \
        return number;                                                                             \
    }

MEMBER(unsigned int, arrived, b->total - b->count)
MEMBER(unsigned int, asleep, b->total - b->count)
MEMBER(unsigned int, are_inside, b->inside)
MEMBER(unsigned int, rounds_since, b->generation)

static void wrap_after(struct barrier *b, unsigned int rounds)
{
    b->generation -= rounds;
}

static void complete_round_and_arrive(struct barrier *b)
{
    b->count = b->total - 1;
    b->generation++;
    b->inside++;
}

static void count_inside(struct barrier *b)
{
    b->inside++;
}

static void leave_barrier(struct barrier *b)
{
    MUST(pthread_mutex_lock(&b->mutex));
    if (--b->inside == 0)
        MUST(pthread_cond_broadcast(&b->cond));
    MUST(pthread_mutex_unlock(&b->mutex));
}

static pthread_mutex_t *mutex_of(struct barrier *b)
{
    return &b->mutex;
}

static pthread_cond_t *wait_condition(struct barrier *b)
{
    return &b->cond;
}

static pthread_cond_t *destroy_condition(struct barrier *b)
{
    return &b->cond;
}

START_TEST(test_from_cpp)
{
    check_from_cpp("barrier", "", "");
}
END_TEST

TCase *barrier_cases(void)
{
    TCase *cases = tcase_create("barrier");
    add_barrier_tests(cases);
    if (is_possible("barrier from C++", HAVE_CXX))
        tcase_add_test(cases, test_from_cpp);
    return cases;
}
