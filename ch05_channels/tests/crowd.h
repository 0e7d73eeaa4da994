/*
 * crowd.h - many threads that send, many that receive: the tests that channel.c and fast_channel.c have in
 * common. The file that includes it says which one it tests: CHANNEL is the name of its struct, CALL(send) that
 * of a call; and it has `create` and four `capacities`.
 */
#include "times.h"

/*
 * Many senders, many receivers. Every element carries its sender and its number there, as far as its
 * size allows, and fills the rest of its bytes with a pattern made of them.
 */
enum { MOST_THREADS = 8, LARGEST = 4096 };

struct crowd {
    struct CHANNEL *channel;
    size_t element_size;
    uint64_t each; // elements from each sender; UINT64_MAX: until the channel is closed
    long deadline; // microseconds for each call; 0: none
};

struct member {
    struct crowd *crowd;
    unsigned int id;
    uint64_t done, calls;        // those that returned 0, and all
    uint64_t check;              // the sum of the hashes of all elements
    uint64_t last[MOST_THREADS]; // a receiver: number of the last element of each sender, plus 1
    bool out_of_order, torn;
    int result; // of the last call
    pthread_t thread;
};

static void write_element(unsigned char *element, size_t size, unsigned int id, uint64_t number)
{
    uint64_t stamp = number << 3 | id;
    for (size_t i = 0; i < size; i++)
        element[i] = (unsigned char)(i < 8 ? stamp >> (8 * i) : stamp * 31 + i);
}

static uint64_t hash(const unsigned char *element, size_t size)
{
    uint64_t sum = 14695981039346656037U;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ element[i]) * 1099511628211U;
    return sum;
}

/* Each kind of call in turn. Where deadlines are short, the other threads have to get their turn, too. */
static int call_in_turn(struct member *self, bool sends, unsigned char *element)
{
    struct CHANNEL *channel = self->crowd->channel;
    long microseconds = self->crowd->deadline;
    struct timespec deadline = in_microseconds(microseconds);
    if (microseconds != 0 && ++self->calls % 16 == 0)
        sched_yield();
    if (microseconds == 0)
        return sends ? CALL(send)(channel, element) : CALL(receive)(channel, element);
    if (self->calls % 3 == 0)
        return sends ? CALL(try_send)(channel, element) : CALL(try_receive)(channel, element);
    return sends ? CALL(timed_send)(channel, element, &deadline)
                 : CALL(timed_receive)(channel, element, &deadline);
}

static void *send_many(void *argument)
{
    struct member *self = argument;
    unsigned char element[LARGEST];
    size_t size = self->crowd->element_size;
    while (self->done < self->crowd->each) {
        write_element(element, size, self->id, self->done);
        self->result = call_in_turn(self, true, element);
        if (self->result == EPIPE)
            break;
        if (self->result == 0) {
            self->done++;
            self->check += hash(element, size);
        }
    }
    return NULL;
}

static void *receive_many(void *argument)
{
    struct member *self = argument;
    unsigned char element[LARGEST], expected[LARGEST];
    size_t size = self->crowd->element_size;
    while ((self->result = call_in_turn(self, false, element)) != EPIPE) {
        if (self->result != 0)
            continue;
        self->done++;
        self->check += hash(element, size);
        if (size < 8)
            continue;
        uint64_t stamp = 0;
        for (int i = 7; i >= 0; i--)
            stamp = stamp << 8 | element[i];
        unsigned int id = stamp & 7;
        self->out_of_order = self->out_of_order || self->last[id] > stamp >> 3;
        self->last[id] = (stamp >> 3) + 1;
        write_element(expected, size, id, stamp >> 3);
        self->torn = self->torn || memcmp(element, expected, size) != 0;
    }
    return NULL;
}

/* Runs a crowd; closes the channel when the senders are done, or at once when they never are. */
static void run_crowd(struct crowd *crowd, int senders, int receivers, long yields_before_close)
{
    static struct member from[MOST_THREADS], to[MOST_THREADS];
    uint64_t done = 0, check = 0;
    bool closes_early = crowd->each == UINT64_MAX;
    for (int i = 0; i < receivers; i++) {
        to[i] = (struct member){.crowd = crowd};
        MUST(pthread_create(&to[i].thread, NULL, receive_many, &to[i]));
    }
    for (int i = 0; i < senders; i++) {
        from[i] = (struct member){.crowd = crowd, .id = (unsigned int)i};
        MUST(pthread_create(&from[i].thread, NULL, send_many, &from[i]));
    }
    for (long i = 0; i < yields_before_close; i++)
        sched_yield();
    if (closes_early)
        ck_assert_int_eq(CALL(close)(crowd->channel), 0);
    for (int i = 0; i < senders; i++) {
        MUST(pthread_join(from[i].thread, NULL));
        done += from[i].done;
        check += from[i].check;
        ck_assert_int_eq(from[i].result, closes_early ? EPIPE : 0);
    }
    if (!closes_early) {
        ck_assert_uint_eq(done, crowd->each * (uint64_t)senders);
        ck_assert_int_eq(CALL(close)(crowd->channel), 0);
    }
    for (int i = 0; i < receivers; i++) {
        MUST(pthread_join(to[i].thread, NULL));
        done -= to[i].done;
        check -= to[i].check;
        ck_assert(!to[i].out_of_order);
        ck_assert(!to[i].torn);
    }
    ck_assert_uint_eq(done, 0);
    ck_assert_uint_eq(check, 0);
    ck_assert_uint_eq(CALL(length)(crowd->channel), 0);
}

static const size_t sizes[] = {1, 3, 8, LARGEST};
enum { SHAPES = 16 };

static struct crowd crowd_of_shape(int shape)
{
    size_t size = sizes[shape % 4];
    return (struct crowd){.channel = create(capacities[shape / 4], size), .element_size = size};
}

START_TEST(test_exactly_once)
{
    static const int numbers[] = {1, 2, 3, 8};
    for (int senders = 0; senders < 4; senders++) {
        for (int receivers = 0; receivers < 4; receivers++) {
            struct crowd crowd = crowd_of_shape(_i);
            crowd.each = (crowd.element_size == LARGEST ? ROUNDS / 80 : ROUNDS / 8) /
                         (uint64_t)numbers[senders];
            run_crowd(&crowd, numbers[senders], numbers[receivers], 0);
            CALL(destroy)(crowd.channel);
        }
    }
}
END_TEST

START_TEST(test_close_at_a_random_moment)
{
    unsigned short seed[3] = {1, 2, (unsigned short)_i};
    for (int round = 0; round < ROUNDS / 200; round++) {
        struct crowd crowd = crowd_of_shape(_i);
        crowd.each = UINT64_MAX;
        run_crowd(&crowd, 1 + round % 4, 1 + round / 4 % 4, nrand48(seed) % 20);
        CALL(destroy)(crowd.channel);
    }
}
END_TEST

/* Deadlines about as long as a hand-over takes: they run out while the other side arrives. */
START_TEST(test_deadline_against_hand_over)
{
    static const long deadlines[] = {1, 5, 20, 60, 120, 200};
    for (int i = 0; i < 6; i++) {
        struct crowd crowd = crowd_of_shape(_i);
        crowd.each = ROUNDS / 100;
        crowd.deadline = deadlines[i];
        run_crowd(&crowd, 1 + i % 3, 1 + i % 2, 0);
        CALL(destroy)(crowd.channel);

        crowd = crowd_of_shape(_i);
        crowd.each = UINT64_MAX;
        crowd.deadline = deadlines[i];
        run_crowd(&crowd, 2, 2, 5 * (i + 1));
        CALL(destroy)(crowd.channel);
    }
}
END_TEST
