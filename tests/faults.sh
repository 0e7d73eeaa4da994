#!/bin/sh
# Lets each pthread_create, malloc, open, read, … that a program makes in a short run fail once. The program
# must either do without, with its usual output, or say what went wrong and exit with 1. It never crashes,
# hangs, leaks (the sanitizers watch) or prints something else.
# Takes chapters as arguments; without any, all of them.
cd "$(dirname "$0")/.." || exit 1
root=$PWD
[ $# -gt 0 ] || set -- ch[0-9][0-9]_*
make=${MAKE:-make} # GNU make has other names on some systems
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1:exitcode=99
export UBSAN_OPTIONS=exitcode=99:print_stacktrace=1
unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER MAKEFLAGS MAKELEVEL
limit=$(timeout -k 1 60 true 2>/dev/null && echo timeout -k 1 60) # where there is that
if ! echo 'int main(void) { return 0; }' | ${CC:-cc} -fsanitize=address,undefined -Wl,--wrap=malloc -x c \
    -o "$work/probe" - 2>/dev/null || ! "$work/probe"; then
    echo "faults: skipped: ${CC:-cc} has no sanitizers, or its linker no --wrap"
    exit 0
fi

# Short runs: the chapter, and what one would type there. They print the same every time, in some order.
runs='
ch01_intro race_condition -m
ch01_intro processes_and_threads
ch01_intro speedup -t 4 -n 1000
ch01_intro forced_race
ch01_intro rare_race -m -t 3 -n 5
ch02_threads concurrent_file_search tests c
ch02_threads boids 1
ch02_threads quiz
ch02_threads bounded_file_search -t 3 tests c
ch02_threads boids_locks -t 5 -s 1
ch02_threads lost_additions
ch03_mutexes stingy_spendy
ch03_mutexes atomic_stingy_spendy
ch03_mutexes letter_frequency texts/1_queues.txt texts/2_keys.txt
ch03_mutexes multi_ledger
ch03_mutexes quiz
ch03_mutexes stingy_spendy_unlocked -n 5
ch03_mutexes letter_frequency_ways -n 1 -m atomic texts/1_queues.txt texts/2_keys.txt
ch03_mutexes letter_frequency_ways -n 1 -m mutex texts/1_queues.txt texts/2_keys.txt
ch03_mutexes letter_frequency_ways -n 1 -m local texts/1_queues.txt texts/2_keys.txt
ch03_mutexes ledger_locks -t 3 -a 10 -r 1 -i 1
ch03_mutexes ledger_locks -t 3 -a 10 -r 1 -i 1 -l mutex
ch04_condvars stingy_spendy_waits
ch04_condvars matrix_multiply
ch04_condvars quiz
ch04_condvars matrix_multiply_blocks -n 2 -t 4 -v
ch04_condvars one_loaf
ch04_condvars one_signal
ch04_condvars signal_before_wait
ch04_condvars starving_writer
ch04_condvars stingy_spendy_ends -n 20
ch04_condvars stingy_spendy_if
ch04_condvars unlock_after_signal
ch05_channels wind_direction
ch05_channels generate_random_polygons polygons
ch05_channels shoelace polygons.txt
ch05_channels quiz
ch05_channels generate_metars -n 2 months
ch05_channels parallel_polygons -n 20 -t 3 polygons
ch05_channels ordered_shoelace -t 3 polygons.txt
ch05_channels fourth_send
ch05_channels fan_in
ch05_channels first_answer
ch05_channels quit_channel
ch05_channels prime_sieve -n 5
ch06_deadlocks red_blue
ch06_deadlocks trains deadlock
ch06_deadlocks trains hierarchy
ch06_deadlocks trains arbitrator
ch06_deadlocks red_blue_forced
ch06_deadlocks red_blue_ordered -n 2
ch06_deadlocks red_blue_backs_off -n 2
ch07_barriers barrier_example
ch07_barriers matrix_multiply_barrier
ch07_barriers broken_barrier
ch07_barriers matrix_multiply_fast_barrier -n 2 -t 4 -v
'

build() {
    wraps=$(${CC:-cc} -E tests/faults.c | tr -cs 'a-z_' '\n' | grep '^__wrap_' | sort -u | sed 's/__wrap_/-Wl,--wrap=/' | tr '\n' ' ')
    for chapter; do
        "$make" -s -C "$chapter" OUT="$work/$chapter" SDL_FLAGS= SDL_LIBS= CURL_FLAGS= CURL_LIBS= \
            CFLAGS="-O1 -g -DPACE=1000 -fsanitize=address,undefined -fno-sanitize-recover=undefined $root/tests/faults.c $wraps" ||
            exit 1
    done
}

# Runs the program in a fresh copy of its folder. Leaves its status, and what it has printed, in order.
try() {
    rm -rf "$work/run" && cp -R "$work/folder" "$work/run" && cd "$work/run" || exit 1
    PATH="$work/$chapter:$work/$chapter/beyond:$PATH" FAULT=$fault FAULT_COUNTS=$work/counts $limit $command \
        <"$work/answers" >"$work/printed" 2>"$work/errors"
    status=$?
    cd "$root" || exit 1
    # Times, and the numbers that depend on them, differ.
    sed 's/[0-9]* steps, [0-9]* a second/…/; s/^[0-9]* 1000$/… 1000/; s/ *[0-9]*\.[0-9]*/ …/g; s/ *##*/ …/' "$work/printed" |
        sort >"$work/output"
}

complain() {
    echo "faults: $chapter: $command, with $fault: $*"
    head -n 20 "$work/printed" "$work/errors"
    failed=1
}

check_run() {
    rm -rf "$work/folder" && cp -R "$chapter" "$work/folder" && rm -rf "$work/folder/build" || exit 1
    printf '(0,0),(4,0),(4,3)\n(1,1),(2,1),(1,2)\n' >"$work/folder/polygons.txt"
    fault=none
    try
    [ $status = 0 ] || complain "exit status $status"
    mv "$work/output" "$work/usual"
    mv "$work/counts" "$work/kinds"
    while read -r kind calls; do
        # Of very many calls of one kind, the first ones and the last ones.
        for call in $(awk -v calls="$calls" 'BEGIN { while (n++ < calls) if (calls <= 60 || n <= 20 || n > calls - 5) print n }'); do
            fault=$kind:$call
            try
            total=$((total + 1))
            case $status in
            0) cmp -s "$work/usual" "$work/output" || complain "prints something else" ;;
            1) [ -s "$work/errors" ] || complain "does not say what is wrong" ;;
            *) complain "exit status $status" ;;
            esac
        done
    done <"$work/kinds"
}

failed=0
total=0
build "$@"
echo "$runs" >"$work/runs"
printf '%s\n' b b b b b b b b b b >"$work/answers" # for the quizzes
while read -r chapter command; do
    case " $* " in
    *" ${chapter:-none} "*) check_run ;;
    esac
done <"$work/runs"
[ $failed = 0 ] && echo "faults: $total faults, each with a clear end"
exit $failed
