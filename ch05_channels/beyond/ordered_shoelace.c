/*
 * ordered_shoelace.c - prints the areas in the order of the polygons, and is no slower for that.
 *
 * Lecture   shoelace.c
 * Adds      the order; pages of many lines in place of single lines, so that threads seldom wait for the
 *           channel; exact areas of any polygon; reports a line that is no polygon, with its number
 * Build     cc -O2 -pthread -iquote . -o beyond/ordered_shoelace \
 *           beyond/ordered_shoelace.c beyond/polygon_area.c beyond/in_order.c channel.c
 * Run       beyond/ordered_shoelace [-t threads] [FILE]      FILE - is the standard input
 * Expect    an area a line, that of the first polygon first. Any other line is reported on stderr, and
 *           it exits with 1 at the end
 */
#include "channel.h"
#include "in_order.h"
#include "must.h"
#include "polygon_area.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

static const char usage[] = "ordered_shoelace [-t threads] [FILE]";

enum { PAGE_SIZE = 65536, PAGES_AHEAD = 16 };

/* Many lines of the file, as they stand there. A thread that receives it owns the text. */
struct page {
    long number;
    char *text;
    size_t length;
};

/* The areas of a page, doubled; -1 for a line that is no polygon. */
struct areas {
    long count;
    int64_t twice[];
};

struct pool {
    const char *path;
    struct channel *pages;
    struct in_order order;
    long line;           // the last one printed; only print_areas uses it
    bool incomplete;     // the same: a line was no polygon
    atomic_bool no_more; // the areas cannot be printed, so no more are needed
};

/* Prints the areas of a page. It is called for one page after the other, and never twice at once. */
static void print_areas(void *context, void *result)
{
    struct pool *pool = context;
    struct areas *areas = result;
    for (long i = 0; i < areas->count && !pool->no_more; i++) {
        int64_t twice = areas->twice[i];
        pool->line++;
        if (twice >= 0) {
            printf("%" PRId64 "%s\n", twice / 2, twice % 2 == 0 ? "" : ".5");
        } else {
            fflush(stdout); // the message comes behind what was printed before it
            fprintf(stderr,
                    "ordered_shoelace: %s:%ld: not a polygon of whole numbers from 0 to %d\n",
                    pool->path, pool->line, LARGEST_COORDINATE);
            pool->incomplete = true;
        }
        if (ferror(stdout))
            pool->no_more = true;
    }
    free(areas);
}

/* The end of the line that begins at `line`: its newline, or the end of the page. */
static char *end_of(char *line, char *end)
{
    char *newline = memchr(line, '\n', (size_t)(end - line));
    return newline != NULL ? newline : end;
}

static struct areas *areas_of(const struct page *page)
{
    char *end = page->text + page->length;
    size_t lines = 0;
    for (char *line = page->text; line < end; line = end_of(line, end) + 1)
        lines++;
    struct areas *areas = MUST_HAVE(malloc(sizeof *areas + lines * sizeof areas->twice[0]));
    areas->count = 0;
    for (char *line = page->text; line < end; line = end_of(line, end) + 1) {
        size_t length = (size_t)(end_of(line, end) - line);
        if (length > 0 && line[length - 1] == '\r')
            length--;
        areas->twice[areas->count++] = polygon_twice_area(line, length);
    }
    return areas;
}

static void *find_areas(void *argument)
{
    struct pool *pool = argument;
    struct page page;
    while (channel_receive(pool->pages, &page) == 0) {
        struct areas *areas = areas_of(&page);
        free(page.text);
        MUST(in_order_put(&pool->order, page.number, areas));
    }
    return NULL;
}

/*
 * Sends the whole file. A page is what a read brings, to the last newline in it; what is behind that
 * begins the next page. Returns 0, or the error number of a read.
 */
static int send_pages(struct pool *pool, int file)
{
    size_t room = PAGE_SIZE, length = 0;
    char *text = MUST_HAVE(malloc(room));
    ssize_t got = 1;
    for (long number = 0; got != 0 && !pool->no_more;) {
        if (length == room)
            text = MUST_HAVE(realloc(text, room *= 2)); // a long line
        got = read(file, text + length, room - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        size_t before = length, whole = length += (size_t)got;
        while (got > 0 && whole > before && text[whole - 1] != '\n')
            whole--;
        if (whole == 0 || (got > 0 && whole == before))
            continue;
        struct page page = {number++, text, whole};
        length -= whole;
        room = length + PAGE_SIZE;
        text = MUST_HAVE(malloc(room));
        memcpy(text, page.text + whole, length);
        MUST(channel_send(pool->pages, &page));
    }
    int error = got < 0 ? errno : 0;
    free(text);
    return error;
}

int main(int argc, char *argv[])
{
    static struct pool pool = {.path = "polygons.txt"};
    long threads = 8;
    struct option_line options[] = {{'t', .number = &threads, .least = 1, .most = 1000}, {0}};
    int first = read_options(argc, argv, usage, options, 0, 1);
    if (first < argc)
        pool.path = argv[first];
    int file = strcmp(pool.path, "-") == 0 ? STDIN_FILENO : open(pool.path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        give_up(usage, pool.path,
                errno == ENOENT ? "no such file; beyond/parallel_polygons makes one"
                                : strerror(errno));
    pool.pages = MUST_HAVE(channel_create(PAGES_AHEAD, sizeof(struct page)));
    MUST(in_order_init(&pool.order, print_areas, &pool));
    pthread_t *workers = MUST_HAVE(calloc((size_t)threads, sizeof *workers));
    for (long i = 0; i < threads; i++)
        MUST(pthread_create(&workers[i], NULL, find_areas, &pool));

    int error = send_pages(&pool, file);
    MUST(channel_close(pool.pages)); // the threads finish what is there, and end
    for (long i = 0; i < threads; i++)
        MUST(pthread_join(workers[i], NULL));
    free(workers);
    channel_destroy(pool.pages);
    in_order_destroy(&pool.order);
    close(file);
    if (error != 0)
        give_up(usage, pool.path, strerror(error));
    return pool.incomplete ? 1 : 0;
}
