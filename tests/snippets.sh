#!/bin/sh
# Every piece that the README offers for copying works alone: its .c and .h in an empty folder, compiled as
# plain C11 and linked to a program of a few lines. Then the same program is compiled as C++11, and as C++20
# where the compiler has it, which shows that the header can be included there. The folder is named by -I, and
# system headers of nearly the same names come first. Each compiler that is installed does all this.
cd "$(dirname "$0")/.." || exit 1
root=$PWD
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
strict='-O2 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -pthread'
failed=0

complain() {
    echo "snippets: $*"
    failed=1
}

# The program for a piece, in the language that C and C++ have in common. It ends with 0 if all is right.
wait_group='
    struct wait_group group;
    return wait_group_init(&group) != 0 || wait_group_add(&group, 2) != 0 ||
           wait_group_done(&group) != 0 || wait_group_done(&group) != 0 ||
           wait_group_wait(&group) != 0 || wait_group_destroy(&group) != 0;'
display='
    struct colour green = {10, 255, 50};
    const char *reason;
    struct display *display = display_open("Snippet", 16, 8, 1, "none", &reason);
    if (display == NULL)
        return 1;
    display_point(display, 3, 4, green);
    int error = display_show(display);
    display_close(display);
    return error;'
spin_lock='
    static struct spin_lock lock = SPIN_LOCK_INITIALIZER;
    spin_lock_lock(&lock);
    int error = spin_lock_try_lock(&lock);
    spin_lock_unlock(&lock);
    return error != EBUSY || spin_lock_try_lock(&lock) != 0;'
counting_semaphore='
    struct counting_semaphore semaphore;
    struct timespec deadline = counting_semaphore_deadline(1);
    return counting_semaphore_init(&semaphore, 1) != 0 || counting_semaphore_wait(&semaphore) != 0 ||
           counting_semaphore_timed_wait(&semaphore, &deadline) != ETIMEDOUT ||
           counting_semaphore_post(&semaphore) != 0 || counting_semaphore_destroy(&semaphore) != 0;'
rw_lock='
    struct rw_lock lock;
    return rw_lock_init(&lock) != 0 || rw_lock_read_lock(&lock) != 0 ||
           rw_lock_read_unlock(&lock) != 0 || rw_lock_write_lock(&lock) != 0 ||
           rw_lock_write_unlock(&lock) != 0 || rw_lock_destroy(&lock) != 0;'
channel='
    int sent = 42, received = 0;
    struct channel *channel = channel_create(1, sizeof sent);
    if (channel == NULL || channel_send(channel, &sent) != 0 ||
        channel_receive(channel, &received) != 0 || channel_close(channel) != 0 ||
        channel_receive(channel, &received) != EPIPE)
        return 1;
    struct timespec deadline = channel_deadline(1);
    struct channel_case cases[] = {{NULL, CHANNEL_SEND, &sent, 0}, {channel, CHANNEL_RECEIVE, &received, 0}};
    size_t chosen;
    if (channel_timed_select(cases, 1, &chosen, &deadline) != ETIMEDOUT ||
        channel_select(cases, 2, &chosen) != 0 || chosen != 1 || cases[1].error != EPIPE)
        return 1;
    channel_destroy(channel);
    return received != sent;'
fast_channel='
    int sent = 42, received = 0;
    struct fast_channel *channel = fast_channel_create(1, sizeof sent);
    struct timespec deadline = fast_channel_deadline(1);
    if (channel == NULL || fast_channel_send(channel, &sent) != 0 ||
        fast_channel_timed_send(channel, &sent, &deadline) != ETIMEDOUT ||
        fast_channel_receive(channel, &received) != 0 || fast_channel_close(channel) != 0 ||
        fast_channel_receive(channel, &received) != EPIPE)
        return 1;
    fast_channel_destroy(channel);
    return received != sent;'
fast_barrier='
    struct fast_barrier barrier;
    return fast_barrier_init(&barrier, 0) != EINVAL || fast_barrier_init(&barrier, 1) != 0 ||
           fast_barrier_wait(&barrier) != FAST_BARRIER_SERIAL_THREAD ||
           fast_barrier_destroy(&barrier) != 0;'
barrier='
    struct barrier barrier;
    return barrier_init(&barrier, 0) != EINVAL || barrier_init(&barrier, 1) != 0 ||
           barrier_wait(&barrier) != BARRIER_SERIAL_THREAD || barrier_destroy(&barrier) != 0;'

# How a compiler of C is called for C++.
for_cxx() {
    case $1 in
    gcc) echo g++ ;;
    *) echo clang++ ;;
    esac
}

# C++20, if the compiler and its library have it.
newest_of() {
    printf '#include <barrier>\n#include <semaphore>\n' |
        $(for_cxx $1) -std=c++20 -fsyntax-only -x c++ - 2>/dev/null && echo c++20
}

try() {
    "$@" >"$work/log" 2>&1 && return
    cat "$work/log"
    complain "$piece fails with: $*"
}

try_piece() {
    piece=$1
    folder=$2
    eval "body=\$$piece"
    if [ -z "$body" ]; then
        complain "there is no program for $piece.[ch]"
        return
    fi
    rm -rf "$work/alone" && mkdir "$work/alone" && cd "$work/alone" || exit 1
    cp "$root/$folder/$piece".[ch] . || exit 1
    for extension in c cc; do
        printf '#include <%s>\n' errno.h semaphore.h stddef.h >"main.$extension"
        printf '#if __cplusplus > 201703L\n#include <barrier>\n#include <semaphore>\n#endif\n' >>"main.$extension"
        printf '#include "%s.h"\n\nint main(void)\n{%s\n}\n' "$piece" "$body" >>"main.$extension"
    done
    for cc in $compilers; do
        for source in *.c; do
            try $cc -std=c11 $strict -I. -c "$source"
        done
        try $cc -pthread ./*.o -o main
        try ./main
        for language in c++11 $(newest_of $cc); do
            try $(for_cxx $cc) -std=$language $strict -I. -c main.cc -o main.o
            try $(for_cxx $cc) -pthread ./*.o -o main
            try ./main
        done
    done
    cd "$root" || exit 1
    pieces=$((pieces + 1))
}

compilers=
for cc in gcc clang; do
    if command -v $cc >/dev/null && command -v "$(for_cxx $cc)" >/dev/null; then
        compilers="$compilers $cc"
    else
        echo "snippets: skipped: $cc or $(for_cxx $cc) is not here"
    fi
done
[ -n "$compilers" ] || exit 0
pieces=0
# The README's table of pieces.
sed -n 's/^| `\(ch[0-9][^/]*\)\/\([^`]*\)` |.*/\1 \2/p' README.md >"$work/pieces"
while read -r chapter name; do
    path=$chapter/${name%.*}
    try_piece "${path##*/}" "${path%/*}"
done <"$work/pieces"
[ $pieces -gt 0 ] || complain "the README offers nothing to copy"
[ $failed = 0 ] && echo "snippets: $pieces pieces work alone:$compilers, C11, C++11, and C++20 where there is that"
exit $failed
