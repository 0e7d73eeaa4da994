#!/bin/sh
# Runs the tests of the pieces and of the threaded programs under ThreadSanitizer, with yields and short
# sleeps at random moments (see yields.c): SEEDS times, 8 unless told, the last time on one processor. Then
# runs the programs that use no atomics of their own under valgrind's drd, for a second opinion.
# Takes chapters as arguments; without any, all of them.
cd "$(dirname "$0")/.." || exit 1
root=$PWD
[ $# -gt 0 ] || set -- ch[0-9][0-9]_*
make=${MAKE:-make} # GNU make has other names on some systems
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
seeds=${SEEDS:-8}
case $seeds in
*[!0-9]* | 0) echo "interleavings: SEEDS=$seeds: not a whole number from 1 on" >&2 && exit 2 ;;
esac
failed=0
unset MAKEFLAGS MAKELEVEL

# What there is to test: the chapter and the case of its tests.
cases='
ch02_threads wait_group
ch03_mutexes spin_lock
ch04_condvars counting_semaphore
ch04_condvars rw_lock
ch05_channels channel
ch05_channels select
ch05_channels fast_channel
ch06_deadlocks red_blue
ch07_barriers barrier
ch07_barriers fast_barrier
'

# Programs that only lock and wait. They end by themselves.
programs='
ch02_threads concurrent_file_search tests c
ch03_mutexes stingy_spendy
ch03_mutexes beyond/ledger_locks -t 4 -a 20 -r 1 -i 10 -l mutex
ch04_condvars beyond/matrix_multiply_blocks -n 2 -t 4
ch04_condvars beyond/stingy_spendy_ends -n 100
ch04_condvars beyond/starving_writer
ch04_condvars beyond/unlock_after_signal
ch05_channels beyond/generate_metars -n 1 months
ch06_deadlocks beyond/red_blue_ordered -q -n 100
ch06_deadlocks beyond/red_blue_backs_off -q -n 100
'

is_wanted() {
    case " $wanted " in
    *" $1 "*) true ;;
    *) false ;;
    esac
}

run_tests() {
    CK_TIMEOUT_MULTIPLIER=10 YIELD_SEED=$seed \
        TSAN_OPTIONS=detect_deadlocks=1:second_deadlock_stack=1:exitcode=66:atexit_sleep_ms=0 \
        $processor $together build/tsan/tests/check_chapter $case >"$work/log" 2>&1 && return
    echo "interleavings: $chapter: $case fails with YIELD_SEED=$seed $processor"
    tail -n 60 "$work/log"
    failed=1
}

# A copy of the chapter, built with that.
build() {
    cp -R "$chapter" "$work" && cd "$work/$chapter" || exit 1
    "$make" -s OUT=build/tsan all build/tsan/tests/check_chapter \
        CFLAGS="-O1 -g -fsanitize=thread -DPACE=20 -DROUNDS=${ROUNDS:-300} $root/tests/yields.c $wraps" || exit 1
    built=$chapter
}

wanted=$*
together="$(setarch "$(uname -m)" -R true 2>/dev/null && echo setarch "$(uname -m)" -R)"
wraps=$(${CC:-cc} -E tests/yields.c | tr -cs 'a-z_' '\n' | grep '^__wrap_' | sort -u | sed 's/__wrap_/-Wl,--wrap=/' | tr '\n' ' ')
limit=$(timeout -k 1 120 true 2>/dev/null && echo timeout -k 1 120) # where there is that
echo "$cases" >"$work/cases"
if ! echo 'int main(void) { return 0; }' | ${CC:-cc} -fsanitize=thread -Wl,--wrap=malloc -x c -o "$work/probe" - \
    2>/dev/null || ! $together "$work/probe"; then
    echo "interleavings: skipped: yields: ${CC:-cc} has no ThreadSanitizer, or its linker no --wrap"
    : >"$work/cases"
fi
echo "$programs" >"$work/programs"
runs=0
built=none
while read -r chapter case; do
    is_wanted "${chapter:-none}" || continue
    cd "$root" && { [ "$chapter" = "$built" ] || build; }
    cd "$work/$chapter" || exit 1
    processor=
    seed=0
    while [ $seed -lt "$seeds" ]; do
        seed=$((seed + 1))
        [ "$seed" != "$seeds" ] || ! taskset -c 0 true 2>/dev/null || processor='taskset -c 0'
        run_tests
        runs=$((runs + 1))
    done
done <"$work/cases"
cd "$root" || exit 1

if ! command -v valgrind >/dev/null; then
    echo "interleavings: skipped: drd: valgrind is not here"
    : >"$work/programs"
fi
built=none
checked=0
while read -r chapter command; do
    is_wanted "${chapter:-none}" || continue
    [ "$chapter" = "$built" ] || { rm -rf "$work/$chapter" && cp -R "$chapter" "$work" &&
        "$make" -s -C "$work/$chapter" clean all CFLAGS='-O1 -g -DPACE=20' SDL_FLAGS= SDL_LIBS= CURL_FLAGS= CURL_LIBS=; } || exit 1
    built=$chapter
    cd "$work/$chapter" || exit 1
    if ! $limit valgrind --tool=drd --fair-sched=yes --report-signal-unlocked=no -q --error-exitcode=9 \
        ./$command >"$work/log" 2>&1 </dev/null; then
        echo "interleavings: drd: $chapter: $command"
        tail -n 60 "$work/log"
        failed=1
    fi
    checked=$((checked + 1))
    cd "$root" || exit 1
done <"$work/programs"
[ $failed = 0 ] && echo "interleavings: $runs runs of tests with yields at random, and $checked programs under drd: none fails"
exit $failed
