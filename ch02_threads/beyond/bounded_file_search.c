/*
 * bounded_file_search.c - the search with limits on threads and open files, and with every thread joined.
 *
 * Lecture   concurrent_file_search.c
 * Adds      -t limits the number of threads. A thread keeps directories for which there is no thread in
 *           a list of its own, so it does not call itself. Threads are joined without a list of them
 * Build     cc -pthread -iquote . -o beyond/bounded_file_search beyond/bounded_file_search.c wait_group.c
 * Run       beyond/bounded_file_search [-q] [-t threads] ROOT NAME     -t: how many at once, at most;
 *                                                                      -q: only what matches
 * Expect    Searching in DIR for each directory, in any order; then Matched PATH for each file and
 *           directory whose name contains NAME
 * Try       -t 1, -t 4 and -t 1000 on a large tree, with >/dev/null and under time. What does a thread
 *           for each directory cost, and what does it gain? Compare with find ROOT -name '*NAME*'
 */
#include "must.h"
#include "wait_group.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/stat.h>

static const char usage[] = "bounded_file_search [-q] [-t threads] ROOT NAME";

/* No system allows fewer than 256 open files, unless it is told to. */
enum { MOST_OPEN = 64 };

/* A thread needs little stack here. With the usual 8 MiB each, a thousand would not fit everywhere. */
enum { STACK_SIZE = 128 * 1024 };

/* A path in a list. The owner of the list owns it, too. */
struct path {
    struct path *next;
    char text[];
};

struct search {
    const char *name;
    bool quiet;
    pthread_attr_t small_stack;
    struct wait_group threads; // at work. When there are none, everything has been searched.

    pthread_mutex_t lock; // protects all that follows
    struct path *matches, **last_match;
    bool incomplete;       // a directory could not be read
    long startable;        // so many more threads may be started; >= 0
    bool has_ended;        // `ended` was the last thread to end its work,
    pthread_t ended;       // and no thread has joined it yet
    int open;              // directories that are being read; <= MOST_OPEN
    pthread_cond_t closed; // open has fallen below MOST_OPEN; waits: read_entries
};

/* What a new thread gets, and owns. */
struct task {
    struct search *search;
    struct path *directory;
};

static void lock(struct search *search)
{
    MUST(pthread_mutex_lock(&search->lock));
}

static void unlock(struct search *search)
{
    MUST(pthread_mutex_unlock(&search->lock));
}

static struct path *path_of(const char *directory, const char *name)
{
    size_t length = strlen(directory);
    const char *slash = length > 0 && directory[length - 1] != '/' ? "/" : "";
    size_t size = length + strlen(slash) + strlen(name) + 1;
    struct path *path = MUST_HAVE(malloc(sizeof *path + size));
    path->next = NULL;
    snprintf(path->text, size, "%s%s%s", directory, slash, name);
    return path;
}

/* A symbolic link to a directory does not count as one: it may lead round in a circle. */
static bool is_directory(const char *parent, const struct dirent *entry)
{
#ifdef DT_DIR
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
#endif
    struct path *path = path_of(parent, entry->d_name);
    struct stat status;
    bool is = lstat(path->text, &status) == 0 && S_ISDIR(status.st_mode);
    free(path);
    return is;
}

/* The entries of a directory, in the order of their names. -1: it cannot be read, errno says why. */
static int read_entries(struct search *search, const char *directory, struct dirent ***entries)
{
    lock(search);
    while (search->open == MOST_OPEN)
        MUST(pthread_cond_wait(&search->closed, &search->lock));
    search->open++;
    unlock(search);

    int count = scandir(directory, entries, NULL, alphasort);
    int error = errno;

    lock(search);
    if (search->open-- == MOST_OPEN)
        MUST(pthread_cond_broadcast(&search->closed));
    unlock(search);
    errno = error;
    return count;
}

static void *search_directories(void *argument);

/* Returns true if a new thread searches the directory, false if there may be no more threads now. */
static bool start_thread(struct search *search, struct path *directory)
{
    lock(search);
    bool startable = search->startable > 0;
    if (startable)
        search->startable--;
    unlock(search);
    if (!startable)
        return false;

    struct task *task = MUST_HAVE(malloc(sizeof *task));
    *task = (struct task){.search = search, .directory = directory};
    pthread_t thread;
    MUST(wait_group_add(&search->threads, 1));
    if (pthread_create(&thread, &search->small_stack, search_directories, task) == 0)
        return true;
    MUST(wait_group_done(&search->threads));
    free(task);
    lock(search);
    search->startable++;
    unlock(search);
    return false;
}

static void add_match(struct search *search, struct path *path)
{
    lock(search);
    *search->last_match = path;
    search->last_match = &path->next;
    unlock(search);
}

/* Searches one directory. Each directory in it gets a thread, or goes to the front of the caller's list. */
static void search_directory(struct search *search, const char *directory, struct path **own)
{
    if (!search->quiet)
        printf("Searching in %s\n", directory);
    struct dirent **entries;
    int count = read_entries(search, directory, &entries);
    if (count < 0) {
        complain(usage, directory, strerror(errno));
        lock(search);
        search->incomplete = true;
        unlock(search);
        return;
    }
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            if (strstr(name, search->name) != NULL)
                add_match(search, path_of(directory, name));
            if (is_directory(directory, entries[i])) {
                struct path *path = path_of(directory, name);
                if (!start_thread(search, path)) {
                    path->next = *own;
                    *own = path;
                }
            }
        }
        free(entries[i]);
    }
    free(entries);
}

/* Searches the directories of a list. The list grows by directories below them that get no thread. */
static void search_list(struct search *search, struct path *own)
{
    while (own != NULL) {
        struct path *directory = own;
        own = own->next;
        search_directory(search, directory->text, &own);
        free(directory);
    }
}

/*
 * A thread. Each has to be joined, but nothing waits for a certain one of them. So every thread joins the
 * one that ended its work before it, and main joins the last one. When that is joined, all are.
 */
static void *search_directories(void *argument)
{
    struct task task = *(struct task *)argument;
    struct search *search = task.search;
    free(argument);
    search_list(search, task.directory);

    lock(search);
    bool has_ended = search->has_ended;
    pthread_t ended = search->ended;
    search->has_ended = true;
    search->ended = pthread_self();
    unlock(search);
    MUST(wait_group_done(&search->threads));
    if (has_ended)
        MUST(pthread_join(ended, NULL));

    lock(search);
    search->startable++;
    unlock(search);
    return NULL;
}

static void print_matches(struct search *search)
{
    while (search->matches != NULL) {
        struct path *path = search->matches;
        search->matches = path->next;
        printf("Matched %s\n", path->text);
        free(path);
    }
}

int main(int argc, char *argv[])
{
    struct search search = {.startable = 64, .last_match = &search.matches};
    struct option_line options[] = {
        {'q', .flag = &search.quiet},
        {'t', .number = &search.startable, .least = 1, .most = 100000},
        {0},
    };
    int first = read_options(argc, argv, usage, options, 2, 2);
    search.name = argv[first + 1];
    MUST(wait_group_init(&search.threads));
    MUST(pthread_attr_init(&search.small_stack));
    MUST(pthread_attr_setstacksize(&search.small_stack, STACK_SIZE));
    MUST(pthread_mutex_init(&search.lock, NULL));
    MUST(pthread_cond_init(&search.closed, NULL));

    struct path *root = path_of("", argv[first]);
    if (!start_thread(&search, root))
        search_list(&search, root);
    MUST(wait_group_wait(&search.threads));
    if (search.has_ended)
        MUST(pthread_join(search.ended, NULL));

    print_matches(&search);
    MUST(pthread_cond_destroy(&search.closed));
    MUST(pthread_mutex_destroy(&search.lock));
    MUST(pthread_attr_destroy(&search.small_stack));
    MUST(wait_group_destroy(&search.threads));
    return search.incomplete ? EXIT_FAILURE : EXIT_SUCCESS;
}
