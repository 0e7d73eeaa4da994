#!/bin/sh
# Mistreats every program as users do: wrong options and numbers of every kind, too many arguments or too few;
# files that are missing, unreadable, empty, binary, folders, or one line of ten megabytes; and output that no
# program reads. It must end with a clear message and 1, or 2 for wrong usage, and never hang or crash. The
# script reads from its answer to -h what it takes; a short run of each stands below.
# Takes chapters as arguments; without any, all of them.
cd "$(dirname "$0")/.." || exit 1
root=$PWD
[ $# -gt 0 ] || set -- ch[0-9][0-9]_*
make=${MAKE:-make} # GNU make has other names on some systems
work=$(mktemp -d) || exit 1
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER MAKEFLAGS MAKELEVEL
failed=0
cases=0

short_run() {
    options=
    case $program in
    race_condition) options='-m' ;;
    speedup | gustafson) options='-t 2 -n 1000' ;;
    rare_race) options='-m -n 2' ;;
    concurrent_file_search | bounded_file_search | search_pool) options='files e' ;;
    boids) options='1' ;;
    boids_locks) options='-t 5 -s 1' ;;
    quiz) options='1' ;;
    stingy_spendy_unlocked) options='-n 5' ;;
    letter_frequency) options='files/text' ;;
    letter_frequency_ways) options='-n 1 files/text' ;;
    ledger_locks) options='-a 10 -r 1 -i 1' ;;
    stingy_spendy_ends) options='-n 10' ;;
    matrix_multiply_blocks | matrix_multiply_fast_barrier) options='-n 2 -t 2' ;;
    wind_direction | two_parsers) options='files' ;;
    shoelace | ordered_shoelace | area_printer) options='files/polygons' ;;
    generate_metars) options='-f -n 1 months' ;;
    parallel_polygons) options='-n 5 new' ;;
    generate_random_polygons) options='new' ;;
    trains) options='deadlock' ;;
    red_blue_ordered | red_blue_backs_off) options='-n 2' ;;
    lock_watch) options='true' ;;
    barrier_example | green_too) options='15' ;;
    esac
}

# Runs the program as a user who may not read everything.
run() (
    cd "$work/here" && PATH="$(dirname "$binary"):$work/ch06_deadlocks/lock_watch:$PATH" || exit 99
    if [ $input = closed ]; then
        exec <&-
    else
        exec <"$input"
    fi
    exec $unprivileged $limit "$program" "$@"
)

# Runs the program, which is to end with that status. Then `printed` and `errors` hold its output.
expect() {
    wanted=$1
    shift
    cases=$((cases + 1))
    run "$@" >"$work/printed" 2>"$work/errors"
    status=$?
    [ $status = "$wanted" ] && return
    complain "status $status instead of $wanted" "$@"
    head -n 5 "$work/printed" "$work/errors"
}

complain() {
    reason=$1
    shift
    echo "programs: $chapter: $program $*: $reason"
    failed=1
}

# That, and a message of one line that begins with the program's name and names what is wrong.
expect_message() {
    named=$1
    shift
    expect "$@"
    shift
    grep -q "^$program: .*$named.*: " "$work/errors" || complain "no message that names $named: $(cat "$work/errors")" "$@"
}

# That, and the usage; for wrong usage, which is all that is printed on stderr.
expect_usage() {
    expect 2 "$@"
    grep -q "^usage: $program" "$work/errors" || complain "does not print its usage" "$@"
    [ ! -s "$work/printed" ] || complain "prints something, too" "$@"
}

check_usage() {
    expect 0 -h
    grep -q "^usage: $program" "$work/printed" || complain "does not print its usage" -h
    [ ! -s "$work/errors" ] || complain "says something else, too" -h
    usage=$(tr -s '\n ' ' ' <"$work/printed")
    expect 0 --help
    grep -q "^usage: $program" "$work/printed" || complain "does not print its usage" --help
    expect_usage -Z
    expect_usage --no-such-option
    case $program in
    letter_frequency* | lock_watch) ;; # take any number of arguments
    *) expect_usage one two three ;;
    esac
    case $usage in
    *' DIR '* | *' ROOT '* | *' PROGRAM '*) expect_usage ;; # without the argument they must have
    esac
    case $usage in
    *PROGRAM*) return ;; # which has options of its own
    esac
    # The options that take a number, and those that take one of some words.
    for option in $(echo "$usage" | tr '[' '\n' | sed -n 's/^\(-[a-z]\) [a-z]*\].*/\1/p'); do
        expect_usage "$option"
        for number in '' ' ' x 1x x1 -1 1.5 0x10 1e3 99999999999 99999999999999999999 --1 +-1; do
            expect_usage "$option" "$number"
        done
    done
    case $usage in
    *'[SECONDS]'* | *'[NUMBER]'*)
        for number in '' ' ' x 1x -1 1.5 99999999999; do
            expect_usage -- "$number"
        done
        ;;
    esac
    for option in $(echo "$usage" | tr '[' '\n' | sed -n 's/^\(-[a-z]\) [a-z-]*|[a-z|-]*\].*/\1/p'); do
        expect_usage "$option"
        expect_usage "$option" nonsense
        expect_usage "$option" ''
    done
}

# Output that goes nowhere, and no input. (Some print nothing in their short run.)
check_output() {
    short_run
    expect 0 $options
    [ -s "$work/printed" ] || return
    if [ -c /dev/full ]; then
        run $options >/dev/full 2>"$work/errors"
        [ $? = 1 ] && grep -q "^$program: .*: No space left on device" "$work/errors" ||
            complain "on a full disk: $(cat "$work/errors")"
    fi
    run $options >&- 2>"$work/errors"
    [ $? = 1 ] && grep -q "^$program: .*: Bad file descriptor" "$work/errors" ||
        complain "with stdout closed: $(cat "$work/errors")"
    input=closed
    expect 0 $options
    input=/dev/null
    cases=$((cases + 2))
}

# Under lock_watch it does the same, and there is nothing to be said about its locks. (The quizzes' short run
# leaves out the question about a thread that waits for itself.)
check_watched() {
    watched=$program
    watched_binary=$binary
    program=lock_watch
    case $watched in
    lock_watch) ;;
    red_blue | red_blue_forced) expect 86 "$watched_binary" 800 ;; # meant to get stuck, at some time
    trains) # on a busy machine the trains may miss each other in `deadlock`
        expect_silence hierarchy
        expect_silence arbitrator
        ;;
    *) expect_silence $options ;;
    esac
    program=$watched
}

expect_silence() {
    expect 0 "$watched_binary" "$@"
    ! grep -q -e 'warning:' -e 'deadlock:' "$work/errors" || complain "$(cat "$work/errors")" "$watched" "$@"
}

check_files() {
    case $program in
    concurrent_file_search | bounded_file_search)
        expect_message missing 1 missing x
        expect_message text 1 files/text x
        expect_message '' 1 '' x
        ;;
    letter_frequency)
        for file in missing files $unreadable ''; do
            expect_message "$file" 1 files/text "$file"
        done
        expect 0 files/empty
        expect 0 files/binary
        expect 0 files/line
        grep -q "^x -> $((21 * 10000000))\$" "$work/printed" || complain "counts wrongly" line
        ;;
    letter_frequency_ways)
        for file in missing files $unreadable ''; do
            expect_message "$file" 1 -n 1 "$file" files/text
            grep -q '^e -> 2$' "$work/printed" || complain "does not count the rest" "$file"
        done
        expect 0 -n 1 files/empty
        expect 0 -n 1 files/binary
        expect 0 -n 1 files/line
        grep -q "^x -> 10000000\$" "$work/printed" || complain "counts wrongly" line
        ;;
    wind_direction)
        for file in missing files/text ${unreadable%/text} ''; do
            expect_message "$file" 1 "$file"
        done
        expect 0 files
        ;;
    shoelace)
        for file in missing files $unreadable ''; do
            expect_message "$file" 1 "$file"
        done
        for file in empty text binary line; do
            expect 0 "files/$file"
        done
        ;;
    ordered_shoelace)
        for file in missing files $unreadable ''; do
            expect_message "$file" 1 "$file"
        done
        expect 0 files/empty
        for file in text binary line; do
            expect_message "files/$file" 1 "files/$file"
        done
        input=$work/here/files/polygons
        expect 0 -
        input=/dev/null
        [ "$(cat "$work/printed")" = 6 ] || complain "another area" -
        ;;
    generate_metars)
        expect_message files/text 1 -n 1 files/text
        expect_message missing 1 -n 1 missing/months
        ;;
    generate_random_polygons | parallel_polygons)
        expect_message files 1 files
        expect_message missing 1 missing/new
        if [ -c /dev/full ]; then
            expect_message full 1 /dev/full
            [ -c /dev/full ] || complain "has removed" /dev/full
        fi
        ;;
    lock_watch)
        expect_message missing 127 ./missing
        expect_message files 126 ./files
        expect_message missing 1 -t missing/trace true
        expect_message missing 1 -o missing/report true
        expect_message missing 1 -s missing/names true
        expect_usage -w 0 true
        expect_usage -x 256 true
        ;;
    esac
}

make_files() {
    mkdir -p "$work/here/files" "$work/here/unreadable" || exit 1
    cd "$work/here" || exit 1
    echo 'Seven.' >files/text
    : >files/empty
    echo '(0,0),(4,0),(4,3)' >files/polygons
    head -c 100000 /dev/urandom >files/binary
    head -c 10000000 /dev/zero | tr '\0' x >files/line
    cp files/text unreadable
    chmod 0 unreadable
    cd "$root" || exit 1
}

make_files
unprivileged= # root may read everything, unless it gives that up
if [ "$(id -u)" = 0 ] && setpriv --bounding-set=-dac_override,-dac_read_search true 2>/dev/null; then
    unprivileged='setpriv --bounding-set=-dac_override,-dac_read_search'
fi
unreadable=unreadable/text
if $unprivileged cat "$work/here/$unreadable" >/dev/null 2>&1; then
    echo "programs: skipped: unreadable files: this user may read everything, and setpriv cannot change that"
    unreadable=
fi
limit=$(timeout -k 1 60 true 2>/dev/null && echo timeout -k 1 60) # where there is that
input=/dev/null
# Built with pauses of a twentieth. Chapter 6 always, for lock_watch.
build() {
    [ -d "$work/$1" ] || "$make" -s -C "$1" OUT="$work/$1" CFLAGS='-O2 -g -DPACE=20' all || exit 1
}

build ch06_deadlocks
for chapter; do
    build "$chapter"
    for source in $(grep -l '^int main(' "$chapter"/*.c "$chapter"/beyond/*.c "$chapter"/beyond/solutions/*.c \
        "$chapter"/lock_watch/*.c 2>/dev/null); do
        program=$(basename "$source" .c)
        binary=$work/${source%.c}
        check_usage
        check_output
        check_watched
        check_files
    done
done
[ $failed = 0 ] && echo "programs: $cases cases, each with a clear end"
exit $failed
