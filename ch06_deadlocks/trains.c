/*
 * trains.c - four trains, four intersections, and three ways to share them. In one, all stand still.
 *
 * Original  deadlocks_train/launcher.go
 * Build     cc -pthread -iquote display -o trains \
 *           trains.c draw_trains.c deadlock.c hierarchy.c arbitrator.c display/display.c
 * Run       ./trains [deadlock|hierarchy|arbitrator]
 * Expect    deadlock: all stand still after about 5 s, and 3 s later the program ends; hierarchy: all arrive
 *           after about 15 s, mostly one after the other; arbitrator: after about 13 s, two at a time
 * Try       a train_length of 40, less than from one intersection to the next. Why is there no deadlock?
 * Watch     lock_watch/lock_watch ./trains    names the cycle as soon as it closes
 * Beyond    beyond/README.md: every order in which the trains can take their steps
 */
#include "trains.h"

#include "must.h"

static const char usage[] = "trains [deadlock|hierarchy|arbitrator]";

enum { train_length = 70, seconds_still = 3 };

struct train trains[4];
struct intersection intersections[4];

static void draw(struct display *screen, const char *strategy)
{
    display_clear(screen);
    draw_tracks(screen);
    draw_intersections(screen);
    draw_trains(screen);
    display_text(screen, 4, 4, strategy, white);
    display_text(screen, 4, 311, "q ends", white);
}

int main(int argc, char *argv[])
{
    const struct strategy *strategies[] = {&deadlock, &hierarchy, &arbitrator}, *strategy = NULL;
    const char *name = argument_or("deadlock", argc, argv, usage), *reason;
    for (int i = 0; i < 3; i++) {
        if (strcmp(name, strategies[i]->name) == 0)
            strategy = strategies[i];
    }
    if (strategy == NULL)
        wrong_usage(usage, name, "no such strategy");
    struct display *screen = display_open("Trains in a box", 320, 320, 3, NULL, &reason);
    if (screen == NULL)
        give_up(usage, "display", reason);

    for (int i = 0; i < 4; i++) {
        trains[i].id = i;
        trains[i].train_length = train_length;
    }
    for (int i = 0; i < 4; i++) {
        intersections[i].id = i;
        MUST(pthread_mutex_init(&intersections[i].mutex, NULL));
        intersections[i].locked_by = -1;
    }

    static struct journey journeys[4]; // static: trains that are stuck stay until the program ends
    double start = seconds();
    for (int i = 0; i < 4; i++) {
        journeys[i] = (struct journey){
            &trains[i], 300, {{125, &intersections[i]}, {175, &intersections[(i + 1) % 4]}}};
        pthread_t thread;
        MUST(pthread_create(&thread, NULL, strategy->move_train, &journeys[i]));
    }

    // Go draws until the window is closed. C also ends when all have arrived, or none moves any more.
    int sum = 0, frames_still = 0, error = 0;
    while (error == 0 && sum < 4 * 300 && frames_still < seconds_still * FRAMES_A_SECOND) {
        draw(screen, strategy->name);
        error = display_show(screen);
        int before = sum;
        sum = trains[0].front + trains[1].front + trains[2].front + trains[3].front;
        frames_still = sum == before && sum > 0 ? frames_still + 1 : 0;
    }
    double time = seconds() - start;
    display_close(screen); // before it prints, so that the terminal is back
    if (error != 0 && error != ECANCELED)
        give_up(usage, "display", strerror(error));
    if (sum == 4 * 300)
        printf("All trains have arrived after %.1f s\n", time);
    else if (error != 0)
        printf("Ended after %.1f s, before all trains had arrived\n", time);
    else
        printf("Nothing has moved for 3 s: trains %d %d %d %d hold intersections 0 1 2 3\n",
               intersections[0].locked_by, intersections[1].locked_by, intersections[2].locked_by,
               intersections[3].locked_by);
}
