/*
 * trains_back_off.c - trains that try both intersections, and give back the first if they miss the second.
 *
 * Exercise 3 of chapter 6
 * Shows     a train that waits holds nothing: the condition "hold and wait" is gone, and so is the deadlock
 * Build     cc -pthread -iquote . -iquote display -o beyond/solutions/trains_back_off \
 *           beyond/solutions/trains_back_off.c
 * Run       beyond/solutions/trains_back_off
 * Expect    after about 15 s, that all trains have arrived, and how often they backed off
 * Try       move_train in a file like deadlock.c, as a strategy of ./trains, to look at it
 */
#include "must.h"
#include "trains.h"

enum { train_length = 70, journey_length = 300 };

static struct train all_trains[4];
static struct intersection all_intersections[4];
static atomic_long times_backed_off;

static void lock_both(const struct train *train, const struct crossing *crossings)
{
    struct intersection *first = crossings[0].intersection, *second = crossings[1].intersection;
    for (;;) {
        if (pthread_mutex_trylock(&first->mutex) == 0) {
            if (pthread_mutex_trylock(&second->mutex) == 0)
                break;
            MUST(pthread_mutex_unlock(&first->mutex));
        }
        times_backed_off++;
        pause_ms(10 + 5 * train->id); // each its own, or they might try in step again and again
    }
    first->locked_by = train->id;
    second->locked_by = train->id;
}

static void *move_train(void *argument)
{
    struct journey *journey = argument;
    struct train *train = journey->train;
    struct crossing *crossings = journey->crossings;
    while (train->front < journey->distance) {
        train->front += 1;
        if (train->front == crossings[0].position)
            lock_both(train, crossings);
        for (int i = 0; i < crossing_count; i++) {
            if (train->front - train->train_length == crossings[i].position) {
                crossings[i].intersection->locked_by = -1;
                MUST(pthread_mutex_unlock(&crossings[i].intersection->mutex));
            }
        }
        pause_ms(30);
    }
    return NULL;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "trains_back_off");
    struct journey journeys[4];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        all_trains[i].id = i;
        all_trains[i].train_length = train_length;
        all_intersections[i].id = i;
        all_intersections[i].locked_by = -1;
        MUST(pthread_mutex_init(&all_intersections[i].mutex, NULL));
    }
    double start = seconds();
    for (int i = 0; i < 4; i++) {
        journeys[i] = (struct journey){
            &all_trains[i],
            journey_length,
            {{125, &all_intersections[i]}, {175, &all_intersections[(i + 1) % 4]}}};
        MUST(pthread_create(&threads[i], NULL, move_train, &journeys[i]));
    }
    for (int i = 0; i < 4; i++)
        MUST(pthread_join(threads[i], NULL));
    printf("All trains have arrived after %.1f s, and backed off %ld times\n", seconds() - start,
           times_backed_off);
}
