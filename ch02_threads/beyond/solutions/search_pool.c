/*
 * search_pool.c - four threads take directories from one list, and add to it what they find.
 *
 * Exercise 2 of chapter 2
 * Shows     when such a search is over: the list is empty, and no thread is at work that may add to it
 * Build     cc -pthread -iquote . -o beyond/solutions/search_pool beyond/solutions/search_pool.c wait_group.c
 * Run       beyond/solutions/search_pool ROOT NAME
 * Expect    Matched PATH for each file and directory whose name contains NAME, in any order
 */
#include "must.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/stat.h>

static const char usage[] = "search_pool ROOT NAME";

enum { threads = 4 };

struct directory {
    struct directory *next;
    char path[];
};

static const char *filename;
static struct directory *list;
static int at_work; // threads that have taken a directory, and may add some
static bool incomplete;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;  // protects: the three above
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER; // there is a directory, or it is over

static struct directory *new_directory(const char *root, const char *name)
{
    const char *slash = name[0] == '\0' || root[strlen(root) - 1] == '/' ? "" : "/";
    size_t size = strlen(root) + strlen(slash) + strlen(name) + 1;
    struct directory *new = MUST_HAVE(malloc(sizeof *new + size));
    snprintf(new->path, size, "%s%s%s", root, slash, name);
    return new;
}

static void add(struct directory *directory)
{
    MUST(pthread_mutex_lock(&lock));
    directory->next = list;
    list = directory;
    MUST(pthread_cond_broadcast(&changed));
    MUST(pthread_mutex_unlock(&lock));
}

/* Waits for a directory. NULL: it is over. `done`: the caller has searched the one it had. */
static struct directory *take(bool done)
{
    MUST(pthread_mutex_lock(&lock));
    at_work -= done;
    while (list == NULL && at_work > 0)
        MUST(pthread_cond_wait(&changed, &lock));
    struct directory *taken = list;
    if (taken != NULL) {
        list = taken->next;
        at_work++;
    } else {
        MUST(pthread_cond_broadcast(&changed)); // the others, too, are to see that it is over
    }
    MUST(pthread_mutex_unlock(&lock));
    return taken;
}

static void fail(const char *path)
{
    complain(usage, path, strerror(errno));
    MUST(pthread_mutex_lock(&lock));
    incomplete = true;
    MUST(pthread_mutex_unlock(&lock));
}

static void search(const char *root)
{
    struct dirent **files = NULL;
    int count = scandir(root, &files, NULL, alphasort);
    if (count < 0)
        fail(root);
    for (int i = 0; i < count; i++) {
        const char *name = files[i]->d_name;
        struct directory *found = new_directory(root, name);
        struct stat status = {0};
        bool is_child = strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
        if (is_child && strstr(name, filename) != NULL)
            printf("Matched %s\n", found->path);
        if (is_child && lstat(found->path, &status) != 0)
            fail(found->path);
        if (S_ISDIR(status.st_mode))
            add(found);
        else
            free(found);
        free(files[i]);
    }
    free(files);
}

static void *search_all(void *unused)
{
    struct directory *directory = take(false);
    while (directory != NULL) {
        search(directory->path);
        free(directory);
        directory = take(true);
    }
    return unused;
}

int main(int argc, char *argv[])
{
    int first = read_options(argc, argv, usage, NULL, 2, 2);
    filename = argv[first + 1];
    add(new_directory(argv[first], ""));
    pthread_t pool[threads];
    for (int i = 0; i < threads; i++)
        MUST(pthread_create(&pool[i], NULL, search_all, NULL));
    for (int i = 0; i < threads; i++)
        MUST(pthread_join(pool[i], NULL));
    return incomplete;
}
