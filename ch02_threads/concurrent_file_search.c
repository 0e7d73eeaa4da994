/*
 * concurrent_file_search.c - a thread for each directory; a wait group knows when all are done.
 *
 * Original  filesearch/concurrent_file_search.go
 * Build     cc -pthread -o concurrent_file_search concurrent_file_search.c wait_group.c
 * Run       ./concurrent_file_search ROOT NAME
 * Expect    Searching in DIR for each directory, in any order; then Matched PATH for each file and
 *           directory whose name contains NAME
 * Try       main without its wait: it prints what has been found so far, and ends the program
 * Beyond    beyond/bounded_file_search.c: a few threads share the directories, three times as fast
 */
#include "must.h"
#include "wait_group.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

static const char usage[] = "concurrent_file_search ROOT NAME";

enum { most_searches = 64 }; // at once. Go sets no limit, and may run out of open files

static char **matches;
static size_t match_count;
static struct wait_group waitgroup;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // protects: matches, match_count
static atomic_int searches;                              // under way
static atomic_bool incomplete;                           // a directory could not be read
static pthread_attr_t detached;                          // a wait group stands for the joins

struct search {
    char *root;
    const char *filename;
};

static void start_search(char *root, const char *filename);

static void *file_search(void *argument)
{
    struct search *search = argument;
    char *root = search->root;
    printf("Searching in %s\n", root);
    struct dirent **files = NULL;
    int count = scandir(root, &files, NULL, alphasort);
    if (count < 0) {
        complain(usage, root, strerror(errno));
        incomplete = true;
    }
    for (int i = 0; i < count; i++) {
        const char *name = files[i]->d_name;
        bool is_child = strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
        size_t length = strlen(root), room = length + strlen(name) + 2;
        char *path = MUST_HAVE(malloc(room));
        snprintf(path, room, "%s%s%s", root, root[length - 1] == '/' ? "" : "/", name);
        if (is_child && strstr(name, search->filename) != NULL) {
            MUST(pthread_mutex_lock(&lock));
            matches = MUST_HAVE(realloc(matches, (match_count + 1) * sizeof *matches));
            matches[match_count++] = MUST_HAVE(strdup(path));
            MUST(pthread_mutex_unlock(&lock));
        }
        struct stat status = {0};
        if (is_child && lstat(path, &status) != 0) {
            complain(usage, path, strerror(errno));
            incomplete = true;
        }
        if (is_child && S_ISDIR(status.st_mode))
            start_search(path, search->filename);
        else
            free(path);
        free(files[i]);
    }
    free(files);
    free(root);
    free(search);
    searches--;
    MUST(wait_group_done(&waitgroup));
    return NULL;
}

/* Go's `go fileSearch(root, filename)`. If the system gives no thread, the caller searches. */
static void start_search(char *root, const char *filename)
{
    struct search *search = MUST_HAVE(malloc(sizeof *search));
    *search = (struct search){root, filename};
    MUST(wait_group_add(&waitgroup, 1));
    pthread_t thread;
    if (++searches > most_searches || pthread_create(&thread, &detached, file_search, search) != 0)
        file_search(search);
}

int main(int argc, char *argv[])
{
    int first = read_options(argc, argv, usage, NULL, 2, 2);
    MUST(wait_group_init(&waitgroup));
    MUST(pthread_attr_init(&detached));
    MUST(pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED));
    MUST(pthread_attr_setstacksize(&detached, 2 << 20)); // small ones are used again at once
    start_search(MUST_HAVE(strdup(argv[first])), argv[first + 1]);
    MUST(wait_group_wait(&waitgroup));
    for (size_t i = 0; i < match_count; i++)
        printf("Matched %s\n", matches[i]);
    return incomplete;
}
