/*
 * ch02.c - the search beside find, and what many threads cost.
 */
#include "bench.h"

#include <stddef.h>

int main(int argc, char *argv[])
{
    bench_begin("Chapter 2", argc, argv);
    const struct way searches[] = {
        {.name = "find /usr -name '*stdio*'", .command = "find /usr -name '*stdio*' >/dev/null"},
        {.name = "bounded_file_search -t 1",
         .command = "beyond/bounded_file_search -t 1 /usr stdio >/dev/null"},
        {.name = "bounded_file_search",
         .command = "beyond/bounded_file_search /usr stdio >/dev/null"},
        {.name = "concurrent_file_search",
         .command = "./concurrent_file_search /usr stdio >/dev/null"},
    };
    bench_compare("a search through /usr", 1, searches, 4);

    static const long threads[] = {1, 10, 100, 1000};
    bench_growth("bounded_file_search -t, through /usr", NULL,
                 "beyond/bounded_file_search -q -t $n /usr stdio", threads, 4);
    static const long directories[] = {100, 1000, 10000};
    bench_growth("bounded_file_search, directories with 10 files each",
                 "for i in $(awk -v n=$n 'BEGIN { while (i++ < n) print i }'); do echo "
                 "build/bench/$n/$((i / 100))/$i; done | xargs mkdir -p && "
                 "for f in 0 1 2 3 4 5 6 7 8 9; do "
                 "for i in $(awk -v n=$n 'BEGIN { while (i++ < n) print i }'); do echo "
                 "build/bench/$n/$((i / 100))/$i/$f; done; done | xargs touch",
                 "beyond/bounded_file_search -q build/bench/$n stdio", directories, 3);
    bench_prepare("rm -rf build/bench");
    return 0;
}
