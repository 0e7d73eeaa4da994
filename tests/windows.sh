#!/bin/sh
# As much of Windows as can be tested here. mingw-w64 compiles the pieces without a warning, and their own
# tests run under wine. So do the programs that need only threads and files, and they print there what they
# print here. tests/windows/ holds what Windows lacks. The rest (processes, signals, terminals) needs WSL.
#   apt-get install gcc-mingw-w64-x86-64-posix wine64
# Takes chapters as arguments; without any, all of them.
cd "$(dirname "$0")/.." || exit 1
root=$PWD
[ $# -gt 0 ] || set -- ch[0-9][0-9]_*
make=${MAKE:-make} # GNU make has other names on some systems
compiler=x86_64-w64-mingw32-gcc-posix
wine=$(command -v wine64 || echo /usr/lib/wine/wine64)
server=$(command -v wineserver || echo /usr/lib/wine/wineserver)
on_windows=${MSYSTEM:-} # in MSYS2: no wine is needed, and there is no other system to compare with
[ -z "$on_windows" ] || compiler=gcc wine=env server=true
for tool in "$compiler" "$wine" "$server" timeout; do
    command -v "$tool" >/dev/null || {
        echo "windows: skipped: $tool is not here"
        exit 0
    }
done
work=$(mktemp -d) || exit 1
export WINEPREFIX="$work/prefix" WINEDEBUG=-all LC_ALL=C
trap 'timeout 20 "$server" -k 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER MAKEFLAGS MAKELEVEL
# Where the kernel chooses addresses at random, one program in some thousands gets an address that wine
# needs, and does not start.
if [ -z "$on_windows" ] && setarch -R true 2>/dev/null; then
    printf '#!/bin/sh\nexec setarch -R "%s" "$@"\n' "$wine" >"$work/wine" && chmod +x "$work/wine" || exit 1
    wine=$work/wine
fi
failed=0
[ -n "$on_windows" ] || timeout -k 5 200 "$wine" cmd /c exit >/dev/null 2>&1 || { # makes its folder, too
    echo "windows: skipped: $wine runs no program here"
    exit 0
}

strict='-std=c11 -D_XOPEN_SOURCE=700 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -O2 -pthread'

compat="-include $root/tests/windows/compat.h"

# The pieces; those that need compat.h, too; the cases of the tests, and what other files these need.
pieces='
ch02_threads wait_group.c
ch03_mutexes wait_group.c spin_lock.h
ch04_condvars wait_group.c beyond/counting_semaphore.c beyond/rw_lock.c beyond/readers_first.c beyond/matrix.c
ch05_channels wait_group.c channel.c beyond/fast_channel.c beyond/in_order.c beyond/polygon_area.c
ch07_barriers barrier.c beyond/fast_barrier.c beyond/matrix.c
'
with_compat='
ch03_mutexes texts.c
ch05_channels metar.c whole_file.c beyond/convex_polygon.c
'
cases='
ch02_threads wait_group
ch03_mutexes spin_lock
ch04_condvars counting_semaphore
ch04_condvars rw_lock
ch05_channels channel
ch05_channels select tests/test_channel.c
ch05_channels fast_channel
ch05_channels ordered_shoelace
ch05_channels parallel_polygons
ch07_barriers barrier tests/rounds.c
ch07_barriers fast_barrier tests/rounds.c
'
left_out_tests='
ch02_threads: question.c needs fork
ch03_mutexes: question.c needs fork; the tests of texts.c need a shell
ch04_condvars: question.c needs fork
ch05_channels: question.c needs fork; the tests of metar.c need regcomp, those of whole_file.c links and pipes
'

# The programs. The others need WSL.
programs='
ch01_intro race_condition speedup beyond/forced_race beyond/rare_race
ch02_threads concurrent_file_search beyond/bounded_file_search beyond/boids_locks beyond/lost_additions
ch03_mutexes stingy_spendy atomic_stingy_spendy letter_frequency multi_ledger beyond/stingy_spendy_unlocked
ch03_mutexes beyond/letter_frequency_ways
ch04_condvars stingy_spendy_waits matrix_multiply beyond/matrix_multiply_blocks beyond/one_loaf
ch04_condvars beyond/one_signal beyond/signal_before_wait beyond/starving_writer beyond/stingy_spendy_ends
ch04_condvars beyond/stingy_spendy_if beyond/unlock_after_signal
ch05_channels wind_direction generate_random_polygons shoelace beyond/generate_metars beyond/parallel_polygons
ch05_channels beyond/ordered_shoelace beyond/fourth_send beyond/fan_in beyond/first_answer beyond/quit_channel
ch05_channels beyond/prime_sieve
ch06_deadlocks red_blue beyond/red_blue_forced beyond/red_blue_ordered beyond/red_blue_backs_off
ch07_barriers barrier_example matrix_multiply_barrier beyond/matrix_multiply_fast_barrier
'

# What is run, and how numbers and times are made equal, is that of portable.sh. Windows has no /dev/stdin.
eval "$(sed -n '/^export n=/p; /^runs() {/,/^}/p; /^programs() {/,/^}/p; /^first_program() {/,/^}/p' tests/portable.sh)"

complain() {
    echo "windows: $*"
    failed=1
}

# What a table has for a chapter.
of() {
    echo "$2" | sed -n "s/^$1 //p"
}

# Adds to the number of those that are compiled. The first argument is an option of the compiler.
compile_pieces() {
    flags=$1
    shift
    for piece; do
        if (cd "$chapter" && echo "#include \"$piece\"" >"$work/piece.c" &&
            $compiler $strict $flags -iquote . -iquote beyond -c -o "$work/piece.o" "$work/piece.c"); then
            compiled=$((compiled + 1))
        else
            complain "$chapter/$piece does not compile"
        fi
    done
}

# A test file says "N passed, K left out, F failed".
run_tests() {
    run=0 left_out=0
    of "$chapter" "$cases" >"$work/cases"
    while read -r name others; do
        (cd "$chapter" && $compiler $strict -static $compat -I "$root/tests/windows" \
            -iquote . -iquote tests -DROUNDS=200 -DOUT='"."' -DCREATE="${name}_cases" -o "$work/$name.exe" \
            "$root/tests/windows/run.c" "tests/test_$name.c" $others) || {
            complain "$chapter: the tests of $name do not compile"
            continue
        }
        timeout -k 5 300 "$wine" "$work/$name.exe" </dev/null >"$work/printed" 2>&1 || {
            tail -n 20 "$work/printed"
            complain "$chapter: the tests of $name fail"
        }
        set -- $(tr -d '\r' <"$work/printed" | grep ' passed, .* left out, ')
        run=$((run + ${1:-0})) left_out=$((left_out + ${3:-0}))
    done <"$work/cases"
}

# A compiler whose programs are scripts that let wine run them. A long is shorter there than a pointer, which
# is enough for the small numbers that some lectures give to a thread.
mkdir "$work/here" "$work/there"
cat >"$work/cc" <<END
#!/bin/sh
exec $compiler "\$@" -static $compat -Wno-pointer-to-int-cast -Wno-int-to-pointer-cast
END
cat >"$work/run" <<END
#!/bin/sh
{ timeout -k 5 100 "$wine" "\$0.exe" "\$@"; echo \$? >"\$0.status"; } | tr -d '\\r'
exit "\$(cat "\$0.status")"
END
chmod +x "$work/cc" "$work/run"

# Builds the programs of the chapter in a copy, and runs them there. What they print and write goes to out/.
run_programs() {
    cp -R "$chapter" "$work/$1" && cd "$work/$1/$chapter" && "$make" -s clean >/dev/null && rm -rf out && mkdir out &&
        "$make" -s CC="$2" CFLAGS='-O2 -DPACE=20' WERROR=-Werror CURL_FLAGS= CURL_LIBS= \
            $(echo "$wanted" | sed 's,^,./,') || return 1
    [ "$1" = here ] || for program in $wanted; do cp "$work/run" "$program"; done
    runs "$chapter" | grep -v /dev/stdin | while IFS= read -r run; do
        program=$(first_program "$run")
        echo "$wanted" | grep -q -x -F "$program" || continue
        {
            echo "\$ $run"
            timeout -k 5 100 sh -c "$run" </dev/null || echo "status $?"
        } 2>&1 | tr -d '\r' | sed 's/^.*\\\([a-z_]*\)\.exe: /\1: /; /^wine client error/d' >>"out/printed_by_${program##*/}"
    done
}

for chapter; do
    compiled=0 same=0
    wanted=$([ -n "$on_windows" ] || of "$chapter" "$programs" | tr ' ' '\n')
    compile_pieces '' $(of "$chapter" "$pieces")
    compile_pieces "$compat" $(of "$chapter" "$with_compat")
    run_tests
    [ -n "$on_windows" ] || {
        (run_programs here "${CC:-cc}") &
        (run_programs there "$work/cc") || complain "$chapter: not all programs are built"
        wait
    }
    for program in $wanted; do
        printed=$chapter/out/printed_by_${program##*/}
        if grep -B 4 '^status ' "$work/there/$printed"; then
            complain "$chapter/$program fails"
        elif diff -a -U 2 "$work/here/$printed" "$work/there/$printed" >"$work/diff"; then
            same=$((same + 1))
        else
            head -n 20 "$work/diff" | cut -c 1-160
            complain "$chapter/$program prints something else"
        fi
    done
    echo "windows: $chapter: $compiled pieces compiled, $run tests run under wine ($left_out left out: a shell)," \
        "$same programs print what they print here"
    echo "$left_out_tests" | sed -n "s/^$chapter: /windows: $chapter: left out: /p"
    [ -z "$on_windows" ] || continue
    rest=$(programs "$chapter" | grep -v -x -F "$wanted" | tr '\n' ' ')
    [ -z "$rest" ] || echo "windows: $chapter: use WSL: ${rest% }"
done
exit $failed
