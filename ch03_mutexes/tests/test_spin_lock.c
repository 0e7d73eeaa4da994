/*
 * test_spin_lock.c - the spin lock, proved the hard way.
 */
#include "spin_lock.h"

#include "cases.h"
#include "must.h"

#include <pthread.h>

enum { MOST_THREADS = 64 };

/* What the lock protects. The thread that holds it writes its own number here, and finds it again. */
struct shared {
    struct spin_lock lock;
    long owner, total;
    bool disturbed;
};

struct member {
    struct shared *shared;
    long number, rounds;
    bool tries; // takes the lock by trying
    pthread_t thread;
};

static void *count_rounds(void *argument)
{
    struct member *self = argument;
    struct shared *shared = self->shared;
    for (long i = 0; i < self->rounds; i++) {
        if (self->tries) {
            while (spin_lock_try_lock(&shared->lock) != 0)
                sched_yield();
        } else {
            spin_lock_lock(&shared->lock);
        }
        if (shared->owner != 0)
            shared->disturbed = true;
        shared->owner = self->number;
        if (i % 32 == self->number % 32)
            sched_yield(); // others run, and find it taken
        if (shared->owner != self->number)
            shared->disturbed = true;
        shared->owner = 0;
        shared->total++;
        spin_lock_unlock(&shared->lock);
    }
    return NULL;
}

/* One of two, or of many more than there are processors, at a time: each round counts. */
START_TEST(test_one_at_a_time)
{
    static const int numbers[] = {1, 2, 3, 8, MOST_THREADS};
    for (int tries = 0; tries <= 1; tries++) {
        for (size_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++) {
            struct shared shared = {.lock = SPIN_LOCK_INITIALIZER};
            struct member members[MOST_THREADS];
            long rounds = 5L * ROUNDS / numbers[n];
            for (int i = 0; i < numbers[n]; i++) {
                members[i] = (struct member){.shared = &shared,
                                             .number = i + 1,
                                             .rounds = rounds,
                                             .tries = tries && i % 2 == 0};
                MUST(pthread_create(&members[i].thread, NULL, count_rounds, &members[i]));
            }
            for (int i = 0; i < numbers[n]; i++)
                MUST(pthread_join(members[i].thread, NULL));
            ck_assert(!shared.disturbed);
            ck_assert_int_eq(shared.total, rounds * numbers[n]);
            ck_assert_int_eq(spin_lock_try_lock(&shared.lock), 0); // nobody holds it at the end
        }
    }
}
END_TEST

/* Trying tells whether it is held, by whomever, and takes it if it is not. */
static void *try_once(void *argument)
{
    static int results[] = {0, EBUSY, -1};
    int error = spin_lock_try_lock(argument);
    return error == 0 ? &results[0] : error == EBUSY ? &results[1] : &results[2];
}

static int try_in_a_thread(struct spin_lock *lock)
{
    pthread_t thread;
    void *result;
    MUST(pthread_create(&thread, NULL, try_once, lock));
    MUST(pthread_join(thread, &result));
    return *(int *)result;
}

START_TEST(test_try_lock)
{
    struct spin_lock lock = SPIN_LOCK_INITIALIZER;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(spin_lock_try_lock(&lock), 0);
        ck_assert_int_eq(spin_lock_try_lock(&lock), EBUSY);
        ck_assert_int_eq(try_in_a_thread(&lock), EBUSY);
        spin_lock_unlock(&lock);
        spin_lock_lock(&lock);
        ck_assert_int_eq(spin_lock_try_lock(&lock), EBUSY);
        ck_assert_int_eq(try_in_a_thread(&lock), EBUSY);
        spin_lock_unlock(&lock);
    }
    ck_assert_int_eq(try_in_a_thread(&lock), 0); // and now it is held
    ck_assert_int_eq(spin_lock_try_lock(&lock), EBUSY);
}
END_TEST

/* Every way to make one; and neighbours do not lock each other. */
static struct spin_lock initialized = SPIN_LOCK_INITIALIZER, zero,
                        several[3] = {SPIN_LOCK_INITIALIZER, SPIN_LOCK_INITIALIZER};

START_TEST(test_made_in_every_way)
{
    struct {
        char first;
        struct spin_lock lock;
        char last;
    } inside = {1, SPIN_LOCK_INITIALIZER, 2};
    struct spin_lock *allocated = MUST_HAVE(calloc(3, sizeof *allocated));
    ck_assert_uint_eq(sizeof(struct spin_lock), sizeof(int));
    ck_assert_int_eq(spin_lock_try_lock(&initialized), 0);
    ck_assert_int_eq(spin_lock_try_lock(&zero), 0);
    ck_assert_int_eq(spin_lock_try_lock(&inside.lock), 0);
    ck_assert_int_eq(spin_lock_try_lock(&allocated[1]), 0);
    ck_assert_int_eq(spin_lock_try_lock(&several[1]), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(spin_lock_try_lock(&allocated[i]), i == 1 ? EBUSY : 0);
        ck_assert_int_eq(spin_lock_try_lock(&several[i]), i == 1 ? EBUSY : 0);
        spin_lock_unlock(&allocated[i]);
        ck_assert_int_eq(spin_lock_try_lock(&allocated[i]), 0);
    }
    *allocated = (struct spin_lock)SPIN_LOCK_INITIALIZER;
    ck_assert_int_eq(spin_lock_try_lock(allocated), 0);
    spin_lock_unlock(&inside.lock);
    ck_assert_int_eq(inside.first + inside.last, 3);
    free(allocated);
}
END_TEST

/* No thread gets through while it is held, and no cancellation takes a waiting thread out. */
struct waiter {
    struct spin_lock *lock;
    atomic_bool here, through;
    pthread_t thread;
};

static void *wait_for_lock(void *argument)
{
    struct waiter *self = argument;
    atomic_store(&self->here, true);
    spin_lock_lock(self->lock);
    atomic_store(&self->through, true);
    spin_lock_unlock(self->lock);
    return self;
}

START_TEST(test_waits)
{
    enum { WAITERS = 4 };
    struct spin_lock lock = SPIN_LOCK_INITIALIZER;
    struct waiter waiters[WAITERS];
    spin_lock_lock(&lock);
    for (int i = 0; i < WAITERS; i++) {
        waiters[i] = (struct waiter){.lock = &lock};
        MUST(pthread_create(&waiters[i].thread, NULL, wait_for_lock, &waiters[i]));
    }
    for (int i = 0; i < WAITERS; i++) {
        while (!atomic_load(&waiters[i].here))
            sched_yield();
        MUST(pthread_cancel(waiters[i].thread));
    }
    for (int i = 0; i < 1000; i++) {
        sched_yield();
        ck_assert(!atomic_load(&waiters[i % WAITERS].through));
    }
    spin_lock_unlock(&lock);
    for (int i = 0; i < WAITERS; i++) {
        void *result;
        MUST(pthread_join(waiters[i].thread, &result));
        ck_assert_ptr_eq(result, &waiters[i]);
        ck_assert(atomic_load(&waiters[i].through));
    }
}
END_TEST

/* The last thread to leave frees the lock, while the one before may still be about to return. */
enum { VISITORS = 3 };

struct visited {
    struct spin_lock lock;
    int visitors; // still to come
};

static struct visited *places[ROUNDS];
static atomic_int arrived[ROUNDS]; // visitors at that place: they enter all at once

static void *visit_all(void *unused)
{
    for (int i = 0; i < ROUNDS; i++) {
        struct visited *place = places[i];
        atomic_fetch_add(&arrived[i], 1);
        while (atomic_load(&arrived[i]) < VISITORS)
            sched_yield();
        spin_lock_lock(&place->lock);
        bool last = --place->visitors == 0;
        spin_lock_unlock(&place->lock);
        if (last)
            free(place);
    }
    return unused;
}

START_TEST(test_free_right_after_unlock)
{
    pthread_t threads[VISITORS];
    for (int i = 0; i < ROUNDS; i++) {
        places[i] = MUST_HAVE(malloc(sizeof *places[i]));
        *places[i] = (struct visited){SPIN_LOCK_INITIALIZER, VISITORS};
    }
    for (int i = 0; i < VISITORS; i++)
        MUST(pthread_create(&threads[i], NULL, visit_all, NULL));
    for (int i = 0; i < VISITORS; i++)
        MUST(pthread_join(threads[i], NULL));
}
END_TEST

/* The header is C++ as well. */
#define CXX "${CXX:-c++}"
#define STRICT " -O2 -Wall -Wextra -Wpedantic -Werror -pthread "

START_TEST(test_from_cpp)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("cat >%s/cpp.cpp <<'end'\n"
            "#include \"spin_lock.h\"\n"
            "#include <cstdio>\n"
            "#include <thread>\n"
            "struct account { spin_lock lock; int balance; };\n"
            "static account one = {SPIN_LOCK_INITIALIZER, 100};\n"
            "static void add() {\n"
            "    for (int i = 0; i < 100000; i++) {\n"
            "        spin_lock_lock(&one.lock); one.balance++; spin_lock_unlock(&one.lock);\n"
            "    }\n"
            "}\n"
            "int main() {\n"
            "    std::thread first(add), second(add);\n"
            "    first.join(); second.join();\n"
            "    std::printf(\"%%d %%d\\n\", one.balance, spin_lock_try_lock(&one.lock));\n"
            "}\n"
            "end\n" CXX " -std=c++11" STRICT "-I. -o %s/cpp %s/cpp.cpp && "
            "%s/cpp",
            folder, folder, folder, folder),
        0);
    ck_assert_str_eq(printed, "200100 0\n");
}
END_TEST

/* What the head says about padding, in both languages. */
START_TEST(test_padded)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("{ echo '#include \"spin_lock.h\"'; sed -n 's/^ \\* .*\\(struct "
                         ".*_Alignas(.*\\)/\\1/p' "
                         "spin_lock.h; echo 'struct account accounts[3]; int main(void) "
                         "{ return sizeof accounts == 3 * 128 ? accounts[2].balance : 1; }'; } "
                         ">%s/padded.c && cd %s && sed s/_Alignas/alignas/ padded.c >padded.cpp && "
                         "${CC:-cc} -std=c11" STRICT
                         "-iquote \"$OLDPWD\" -o c padded.c && ./c && " CXX " -std=c++11" STRICT
                         "-iquote \"$OLDPWD\" -o cpp padded.cpp && ./cpp",
                         folder, folder),
                     0);
    ck_assert_str_eq(printed, "");
}
END_TEST

TCase *spin_lock_cases(void)
{
    TCase *cases = tcase_create("spin_lock");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_one_at_a_time);
    tcase_add_test(cases, test_try_lock);
    tcase_add_test(cases, test_made_in_every_way);
    tcase_add_test(cases, test_waits);
    tcase_add_test(cases, test_free_right_after_unlock);
    if (is_possible("spin_lock from C++", PLAIN_BUILD " && echo 'int main() {}' | " CXX
                                                      " -x c++ -o /dev/null - 2>/dev/null")) {
        tcase_add_test(cases, test_from_cpp);
        tcase_add_test(cases, test_padded);
    }
    return cases;
}
