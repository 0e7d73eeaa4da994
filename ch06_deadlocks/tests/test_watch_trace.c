/*
 * test_watch_trace.c - the record of lock_watch by itself, and the names of addresses, with and without
 * sanitizers.
 */
#include "../lock_watch/watch_symbols.c" // first: it asks for more of the system than the others

#include "../lock_watch/watch_cpp.c"
#include "../lock_watch/watch_text.c"
#include "../lock_watch/watch_trace.c"

#include "cases.h"
#include "must.h"

#include <pthread.h>
#include <sched.h>

enum { CAPACITY = (MOST_CHUNKS - 1) * EVENTS_IN_A_CHUNK };

/* A thread's events are numbered from 1, and at the address of its lane. */
static void record(struct watch_thread *thread, unsigned int number)
{
    watch_event(thread, WATCH_UNLOCKS, thread, number);
}

/* What a lane has. Its events follow each other; after WATCH_LOST some are missing. */
struct seen {
    const void *address;
    uint64_t time;
    unsigned int number, count;
    bool has_ended, is_wrong;
};

/* No assertions of Check here: each one is written to a file, and there are millions. */
static void see(const struct watch_recorded *event, void *context)
{
    struct seen *seen = context;
    seen->is_wrong = seen->is_wrong || event->time < seen->time || seen->has_ended;
    seen->time = event->time;
    seen->count++;
    seen->has_ended = event->kind == WATCH_END;
    if (event->kind == WATCH_LOST) {
        seen->number = 0;
    } else if (event->kind == WATCH_UNLOCKS) {
        seen->is_wrong = seen->is_wrong ||
                         (seen->number != 0 && event->number != seen->number + 1) ||
                         (seen->address != NULL && event->address != seen->address);
        seen->address = event->address;
        seen->number = event->number;
    }
}

static struct seen see_lane(unsigned int lane, unsigned long most)
{
    struct seen seen = {0};
    watch_trace_each(lane, most, see, &seen);
    ck_assert(!seen.is_wrong);
    return seen;
}

START_TEST(test_last_ones_are_kept)
{
    static struct watch_thread thread = {.number = 7};
    watch_trace_begin();
    for (unsigned int i = 1; i <= CAPACITY; i++)
        record(&thread, i);
    watch_trace_stop();
    ck_assert_uint_eq(watch_trace_window().lost, 0);
    ck_assert_uint_eq(watch_trace_window().from, 0);
    ck_assert_uint_eq(see_lane(7, ULONG_MAX).count, CAPACITY);
    watch_trace_resume();
    for (unsigned int i = 1; i <= CAPACITY + 10; i++)
        record(&thread, CAPACITY + i);
    watch_trace_stop();
    const unsigned long kept = CAPACITY - EVENTS_IN_A_CHUNK + 10;
    ck_assert_uint_eq(watch_trace_window().lost, 2 * CAPACITY + 10 - kept);
    struct seen seen = see_lane(7, ULONG_MAX);
    ck_assert_uint_eq(seen.count, kept);
    ck_assert_uint_eq(seen.number, 2 * CAPACITY + 10);
    ck_assert_uint_eq(see_lane(7, 100).count, 100);
    ck_assert_uint_eq(see_lane(7, 100).number, 2 * CAPACITY + 10);
    ck_assert_uint_gt(watch_trace_window().from, 0);
    ck_assert_uint_le(watch_trace_window().from, seen.time);
    ck_assert_uint_eq(watch_trace_next(0), 7);
    ck_assert_uint_eq(watch_trace_next(7), 0);
    ck_assert_uint_eq(see_lane(6, 100).count + see_lane(8, 100).count, 0);
}
END_TEST

/* A thread that does nothing keeps its chunk; those that have ended do not. */
START_TEST(test_threads_come_and_go)
{
    static struct watch_thread idle = {.number = 1};
    enum { LANES = MOST_CHUNKS + 1000 };
    watch_trace_begin();
    watch_event(&idle, WATCH_START, NULL, 0);
    for (unsigned int i = 2; i <= LANES; i++) {
        struct watch_thread thread = {.number = i};
        watch_event(&thread, WATCH_START, NULL, 0);
        watch_event(&thread, WATCH_END, NULL, 0);
        ck_assert_uint_eq(thread.chunk, 0);
    }
    watch_trace_stop();
    const unsigned int kept = MOST_CHUNKS - 2; // chunks, beside that of `idle`
    ck_assert_uint_eq(watch_trace_window().lost, 2 * (LANES - 1 - kept));
    unsigned int lane = watch_trace_next(0), count = 1;
    ck_assert_uint_eq(lane, 1);
    ck_assert_uint_eq(see_lane(1, ULONG_MAX).count, 1);
    for (; (lane = watch_trace_next(lane)) != 0; count++) {
        ck_assert_uint_eq(lane, LANES - kept + count);
        ck_assert(see_lane(lane, ULONG_MAX).has_ended);
    }
    ck_assert_uint_eq(count, kept + 1);
}
END_TEST

/* ---- many threads ---- */

enum { WRITERS = 8 };
static struct watch_thread writers[WRITERS];
static unsigned int events_of_each;
static atomic_uint writers_left;

static void *write_events(void *argument)
{
    struct watch_thread *self = argument;
    watch_event(self, WATCH_START, NULL, 0);
    for (unsigned int i = 1; i <= events_of_each; i++)
        record(self, i);
    watch_event(self, WATCH_END, NULL, 0);
    atomic_fetch_sub(&writers_left, 1);
    return NULL;
}

static void start_writers(pthread_t threads[WRITERS], unsigned int events)
{
    events_of_each = events;
    atomic_store(&writers_left, WRITERS);
    watch_trace_begin();
    for (unsigned int i = 0; i < WRITERS; i++) {
        writers[i].number = i + 1;
        MUST(pthread_create(&threads[i], NULL, write_events, &writers[i]));
    }
}

START_TEST(test_many_threads)
{
    pthread_t threads[WRITERS];
    const unsigned int each = CAPACITY / WRITERS * 2;
    start_writers(threads, each);
    for (int i = 0; i < WRITERS; i++)
        MUST(pthread_join(threads[i], NULL));
    watch_trace_stop();
    unsigned long kept = 0;
    for (unsigned int lane = 0; (lane = watch_trace_next(lane)) != 0;) {
        struct seen seen = see_lane(lane, ULONG_MAX);
        kept += seen.count;
        ck_assert(seen.has_ended);
        ck_assert_ptr_eq(seen.address, seen.number == 0 ? NULL : &writers[lane - 1]);
        ck_assert(seen.number == 0 || seen.number == each);
    }
    ck_assert_uint_eq(kept + watch_trace_window().lost, (each + 2UL) * WRITERS);
    ck_assert_uint_le(kept, CAPACITY);
    ck_assert_uint_ge(kept, CAPACITY - WRITERS * EVENTS_IN_A_CHUNK);
}
END_TEST

/* Reports in the middle of it, each after some hundred events. */
START_TEST(test_reports_meanwhile)
{
    pthread_t threads[WRITERS];
    start_writers(threads, CAPACITY / WRITERS * 2);
    while (atomic_load(&writers_left) > 0) {
        unsigned long long hand = atomic_load(&trace.hand);
        while (atomic_load(&trace.hand) < hand + 10 && atomic_load(&writers_left) > 0)
            sched_yield();
        watch_trace_stop();
        for (int i = 0; i < 2; i++) {
            for (unsigned int lane = 0; (lane = watch_trace_next(lane)) != 0;)
                see_lane(lane, 10000);
        }
        watch_trace_resume();
    }
    for (int i = 0; i < WRITERS; i++)
        MUST(pthread_join(threads[i], NULL));
    watch_trace_stop();
    for (unsigned int lane = 1; lane <= WRITERS; lane++) {
        struct seen seen = see_lane(lane, ULONG_MAX);
        ck_assert(seen.count == 0 || seen.has_ended);
    }
}
END_TEST

/* ---- what is shown ---- */

static char states[100];

static void add_state(const struct watch_stretch *stretch, void *context)
{
    uint64_t *end = context;
    ck_assert_uint_ge(stretch->from, *end);
    *end = stretch->to;
    strncat(states, &"r=~#?"[stretch->state], 1);
}

static const char *states_of(unsigned int lane)
{
    uint64_t end = 0;
    states[0] = '\0';
    watch_trace_play(lane, add_state, &end);
    return states;
}

START_TEST(test_what_is_lost_is_unknown)
{
    static struct watch_thread threads[4] = {{.number = 1}, {.number = 2}, {.number = 3}};
    struct watch_thread *one = &threads[0], *other = &threads[1], *third = &threads[2];
    watch_trace_begin();
    watch_event(one, WATCH_START, NULL, 0);
    watch_event(other, WATCH_START, NULL, 0);
    watch_event(one, WATCH_GOT, one, 1);
    watch_event(one, WATCH_GOT, one, 2);
    watch_event(other, WATCH_WAITS, one, 2);
    watch_trace_stop();
    ck_assert_str_eq(states_of(1), "r==");
    ck_assert_str_eq(states_of(2), "r#");
    watch_event(one, WATCH_UNLOCKS, one, 2);
    watch_event(one, WATCH_UNLOCKS, one, 1);
    watch_event(third, WATCH_START, NULL, 0);
    ck_assert_str_eq(states_of(1), "r==");
    ck_assert_str_eq(states_of(2), "r#");
    ck_assert_str_eq(states_of(3), "");
    watch_trace_resume();
    watch_event(one, WATCH_GOT, one, 3);
    watch_event(one, WATCH_UNLOCKS, one, 3);
    watch_event(third, WATCH_GOT, one, 4);
    watch_trace_stop();
    ck_assert_str_eq(states_of(1), "r==?=r");
    ck_assert_str_eq(states_of(2), "r#"); // it has waited all the time
    ck_assert_str_eq(states_of(3), "?=");
    watch_event(one, WATCH_END, NULL, 0);
    watch_event(other, WATCH_GOT, one, 2);
    watch_event(other, WATCH_END, NULL, 0);
    watch_trace_resume();
    watch_event(third, WATCH_UNLOCKS, one, 4);
    watch_trace_stop();
    ck_assert_str_eq(states_of(1), "r==?=r");
    ck_assert_str_eq(states_of(2), "r#?");
    ck_assert_str_eq(states_of(3), "?=r");

    watch_trace_begin_in_child(third);
    watch_event(third, WATCH_START, NULL, 0);
    watch_trace_stop();
    ck_assert_str_eq(states_of(3), "r");
    ck_assert_uint_eq(watch_trace_next(0), 3);
    ck_assert_uint_eq(watch_trace_next(3), 0);
}
END_TEST

/* ---- names ---- */

START_TEST(test_shortened_names)
{
    static const char *const names[][2] = {
        {"main", "main"},
        {"Pool::submit(std::function<int ()>)", "Pool::submit"},
        {"(anonymous namespace)::Pool::size() const", "(anonymous namespace)::Pool::size"},
        {"std::vector<int, std::allocator<int> > f<int (*)(long)>(int, char) const",
         "f<int (*)(long)>"},
        {"f(int)::{lambda(char)#1}::operator()(char) const", "f::{lambda#1}::operator()"},
        {"A::operator bool() const", "A::operator bool"},
        {"bool operator< <int>(A<int> const&, A<int> const&)", "operator< <int>"},
        {"A::operator->() const", "A::operator->"},
        {"f(void (*)(int)) [clone .cold]", "f"},
        {"a_function_of_a_name_that_is_fairly_long<std::vector<int, std::allocator<int> > "
         ">::f(int)",
         "a_function_of_a_name_that_is_fairly_long<>::f"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char name[200];
        strcpy(name, names[i][0]);
        watch_shorten(name);
        ck_assert_str_eq(name, names[i][1]);
    }
}
END_TEST

/* Compiles a library from the source, loads it, and returns what it exports by that name. */
static const char *load(const char *compile, const char *source, const char *name)
{
    const char *folder = new_folder();
    char path[300];
    ck_assert_msg(run("echo '%s' >%s/source && %s -shared -fPIC -o %s/lib.so %s/source", source,
                      folder, compile, folder, folder) == 0,
                  "%s", printed);
    snprintf(path, sizeof path, "%s/lib.so", folder);
    return MUST_HAVE(dlsym(MUST_HAVE(dlopen(path, RTLD_NOW)), name));
}

START_TEST(test_stripped_library)
{
    const char *address =
        load("cc -O1 -s -x c", "int f(int *a) { a[0]++; a[1]++; return a[2]; }", "f");
    const char *data = MUST_HAVE(dlsym(RTLD_DEFAULT, "environ"));
    watch_symbols_program(OUT "/tests/check_chapter"); // where that may be, too
    for (int i = 0; i < 2; i++) {
        const char *place = watch_place(address + 2);
        if (i == 1)
            ck_assert_str_eq(place, "f (lib.so)");
        ck_assert_str_eq(watch_function(address), i == 0 ? "" : "f");
        // This has several names, with versions.
        ck_assert_str_eq(watch_variable(data), i == 0 ? "" : "environ");
        watch_symbols_find();
    }
    ck_assert(!watch_is_wrapper(address + 2));
    // What comes later is found as well.
    ck_assert_str_eq(watch_place(address + 3), "");
    watch_symbols_find();
    ck_assert_str_eq(watch_place(address + 3), "f (lib.so)");
}
END_TEST

static volatile sig_atomic_t was_handled;

static void handle(int signal)
{
    (void)signal;
    was_handled = 1;
}

/* Signals to the whole group of processes, also while a tool begins. */
START_TEST(test_names_during_signals)
{
    const char *address =
        load("cc -O1 -s -x c", "int f(int *a) { a[0]++; a[1]++; return a[2]; }", "f");
    sigset_t terminate;
    sigemptyset(&terminate);
    sigaddset(&terminate, SIGTERM);
    signal(SIGTERM, handle);
    sigprocmask(SIG_BLOCK, &terminate, NULL);
    pid_t parent = getpid(), sender = fork();
    if (sender == 0) {
        while (getppid() == parent)
            kill(0, SIGTERM);
        _exit(0);
    }
    for (int i = 1; i < 8; i++) {
        watch_place(address + i);
        watch_symbols_find();
        ck_assert_str_eq(watch_place(address + i), "f (lib.so)");
    }
    kill(sender, SIGKILL);
    waitpid(sender, NULL, 0);
    ck_assert(!was_handled);
}
END_TEST

START_TEST(test_cpp_names)
{
    const char *address =
        load("c++ -std=c++11 -O0 -s -x c++",
             "namespace A { template <typename T> struct P { int f(T); }; "
             "template <typename T> int P<T>::f(T) { return 1; } template struct P<int>; }",
             "_ZN1A1PIiE1fEi");
    watch_place(address + 2);
    watch_function(address);
    watch_symbols_find();
    ck_assert_str_eq(watch_place(address + 2), "A::P<int>::f (lib.so)");
    ck_assert_str_eq(watch_function(address), "A::P<int>::f");
}
END_TEST

/* A lock of the C++ library that is not inlined stands in a header of the system. */
START_TEST(test_wrappers)
{
    const char *address =
        load("c++ -std=c++11 -O0 -g -x c++",
             "#include <mutex>\nvoid lock(std::mutex &m) { m.lock(); }", "_ZNSt5mutex4lockEv");
    const char *caller = (const char *)(uintptr_t)load;
    watch_place(address + 2);
    watch_place(caller + 2);
    watch_symbols_find();
    ck_assert(watch_is_wrapper(address + 2));
    ck_assert(!watch_is_wrapper(caller + 2));
}
END_TEST

TCase *watch_trace_cases(void)
{
    TCase *cases = tcase_create("watch_trace");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_last_ones_are_kept);
    tcase_add_test(cases, test_threads_come_and_go);
    tcase_add_test(cases, test_many_threads);
    tcase_add_test(cases, test_reports_meanwhile);
    tcase_add_test(cases, test_what_is_lost_is_unknown);
    tcase_add_test(cases, test_shortened_names);
    if (is_possible("names in stripped libraries",
                    "test $(uname) = Linux && command -v cc >/dev/null && " NAMERS)) {
        tcase_add_test(cases, test_stripped_library);
        tcase_add_test(cases, test_names_during_signals);
    }
    if (is_possible("names of C++ functions",
                    "test $(uname) = Linux && command -v c++ >/dev/null && " NAMERS)) {
        tcase_add_test(cases, test_cpp_names);
        tcase_add_test(cases, test_wrappers);
    }
    return cases;
}
