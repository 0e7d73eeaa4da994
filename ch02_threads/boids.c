/*
 * boids.c - 500 threads, one for each boid, share a map under one read-write lock.
 *
 * Original  boids/main.go
 * Build     cc -pthread -iquote display -o boids boids.c boid.c display/display.c -lm
 *           (make boids also finds SDL2, for the window)
 * Run       ./boids [SECONDS]      without SECONDS until q or Ctrl-C, or until the window is closed
 * Expect    flocks, though no boid sees farther than 13 points: in a window if there is a desktop, else
 *           in the terminal
 * Try       a mutex in place of the read-write lock, here and in boid.c
 * Beyond    beyond/boids_locks.c counts the steps with each of the two
 */
#include "boids.h"

#include "display.h"
#include "must.h"

#include <limits.h>

static const struct colour green = {10, 255, 50};
struct boid boids[boid_count];
int boid_map[screen_width + 1][screen_height + 1];
pthread_rwlock_t rw_lock = PTHREAD_RWLOCK_INITIALIZER; // protects: boids, boid_map

static void draw(struct display *screen)
{
    display_clear(screen);
    MUST(pthread_rwlock_rdlock(&rw_lock));
    for (int i = 0; i < boid_count; i++) {
        int x = (int)boids[i].position.x, y = (int)boids[i].position.y;
        display_point(screen, x + 1, y, green);
        display_point(screen, x - 1, y, green);
        display_point(screen, x, y - 1, green);
        display_point(screen, x, y + 1, green);
    }
    MUST(pthread_rwlock_unlock(&rw_lock));
}

int main(int argc, char *argv[])
{
    static const char usage[] = "boids [SECONDS]";
    double end = seconds() + (double)seconds_or(LONG_MAX, argc, argv, usage);
    for (int i = 0; i <= screen_width; i++) {
        for (int j = 0; j <= screen_height; j++)
            boid_map[i][j] = -1;
    }

    const char *reason;
    struct display *screen =
        display_open("Boids in a box", screen_width, screen_height, 2, NULL, &reason);
    if (screen == NULL)
        give_up(usage, "display", reason);
    MUST(pthread_rwlock_wrlock(&rw_lock)); // so that none flies before all are there
    for (int i = 0; i < boid_count; i++)
        create_boid(i);
    MUST(pthread_rwlock_unlock(&rw_lock));
    int error;
    do {
        draw(screen);
        error = display_show(screen);
    } while (error == 0 && seconds() < end);
    display_close(screen);
    if (error != 0 && error != ECANCELED) // ECANCELED: the user has ended it
        give_up(usage, "display", strerror(error));
    return 0;
}
