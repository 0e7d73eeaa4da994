/*
 * game_of_life.c - four threads share a field by rows; one barrier a step keeps them together.
 *
 * Exercise 3 of chapter 7
 * Shows     two fields that change places: a step reads one and writes the other, so one meeting a step is
 *           enough
 * Build     cc -pthread -iquote . -o beyond/solutions/game_of_life beyond/solutions/game_of_life.c barrier.c
 * Run       beyond/solutions/game_of_life [-n steps]
 * Expect    a glider that has moved by five cells to the right and down in 20 steps
 * Try       one field that is read and written. How many meetings a step now, and where does each thread
 *           keep its new rows until the second one?
 */
#include "barrier.h"
#include "must.h"

#include <pthread.h>

enum { rows = 12, cols = 24, threads = 4 };

static long steps = 20;
static bool fields[2][rows][cols]; // step s reads fields[s % 2], and writes the other one
static struct barrier barrier;

/* The edges of the field touch: what leaves it on one side comes back on the other. */
static int neighbours(bool field[rows][cols], int row, int col)
{
    int count = -field[row][col];
    for (int y = row + rows - 1; y <= row + rows + 1; y++) {
        for (int x = col + cols - 1; x <= col + cols + 1; x++)
            count += field[y % rows][x % cols];
    }
    return count;
}

static void *live(void *argument)
{
    int part = (int)(long)argument;
    for (long step = 0; step < steps; step++) {
        bool(*now)[cols] = fields[step % 2], (*next)[cols] = fields[(step + 1) % 2];
        for (int row = part * rows / threads; row < (part + 1) * rows / threads; row++) {
            for (int col = 0; col < cols; col++) {
                int count = neighbours(now, row, col);
                next[row][col] = count == 3 || (count == 2 && now[row][col]);
            }
        }
        // Now all of `next` is there, and no thread reads `now` any more: the next step may write it.
        barrier_wait(&barrier);
    }
    return NULL;
}

static void show(long step)
{
    printf("Step %ld\n", step);
    for (int row = 0; row < rows; row++) {
        for (int col = 0; col < cols; col++)
            putchar(fields[step % 2][row][col] ? '#' : '.');
        putchar('\n');
    }
}

int main(int argc, char *argv[])
{
    struct option_line options[] = {{'n', .number = &steps, .least = 0, .most = 1000000}, {0}};
    read_options(argc, argv, "game_of_life [-n steps]", options, 0, 0);
    static const int glider[5][2] = {{1, 2}, {2, 3}, {3, 1}, {3, 2}, {3, 3}};
    for (int i = 0; i < 5; i++)
        fields[0][glider[i][0]][glider[i][1]] = true;
    show(0);
    pthread_t pool[threads];
    MUST(barrier_init(&barrier, threads));
    for (long i = 0; i < threads; i++)
        MUST(pthread_create(&pool[i], NULL, live, (void *)i));
    for (int i = 0; i < threads; i++)
        MUST(pthread_join(pool[i], NULL));
    MUST(barrier_destroy(&barrier));
    show(steps);
}
