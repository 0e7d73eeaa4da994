#!/bin/sh
# Every program does the same everywhere. Each compiler that is installed here builds it without a warning,
# and it prints and writes, byte for byte, what it does when gcc builds it for this machine. The runs below
# make equal what depends on the clock and on the order of threads: times and speeds become N, lines are
# sorted. Floating point needs no more than that: no program prints a number that a platform may round in its
# own way, as the x87 of -m32 does. Takes platforms as arguments; without any, all of them.
#   apt-get install clang musl-tools gcc-multilib qemu-user gcc-aarch64-linux-gnu gcc-riscv64-linux-gnu \
#       gcc-s390x-linux-gnu
cd "$(dirname "$0")/.." || exit 1
make=${MAKE:-make} # GNU make has other names on some systems
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'trap "" TERM; kill 0; wait; exit 1' HUP INT TERM # all that it has started, too
unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER MAKEFLAGS MAKELEVEL
export LC_ALL=C
limit=$(timeout -k 2 300 true 2>/dev/null && echo timeout -k 2 300) # where there is that
failed=0

# The compiler of each platform, and what runs its programs where the machine cannot. The folder is that
# of the headers for both kinds of x86, which some systems hide from -m32.
platforms='gcc clang musl m32 aarch64 riscv64 s390x'
gcc='gcc'
clang='clang'
musl='musl-gcc -static'
m32="gcc -m32 -isystem /usr/include/$(gcc -print-multiarch 2>/dev/null)"
aarch64='aarch64-linux-gnu-gcc'
aarch64_runner='qemu-aarch64 -L /usr/aarch64-linux-gnu'
riscv64='riscv64-linux-gnu-gcc -fno-tree-loop-vectorize' # whose vector code is wrong in gcc 12.2: its bug 106322
riscv64_runner='qemu-riscv64 -L /usr/riscv64-linux-gnu'
s390x='s390x-linux-gnu-gcc' # big-endian
s390x_runner='qemu-s390x -L /usr/s390x-linux-gnu'

# It comes between a program and the library of threads that the program loads. A static program loads none,
# and an emulator would hand it to itself first.
of_its_platform='ch06_deadlocks/lock_watch/lock_watch'
without_it='musl aarch64 riscv64 s390x'

# The runs in each chapter, in a copy of its folder, where out/ is compared too. Each ends with status 0;
# what should fail says so. $n takes all numbers out, $ms the times.
export n='s/-*[0-9][0-9.]*/N/g' ms='s/ *[0-9.]*s$/ Ns/'
runs() {
    case $1 in
    ch01_intro)
        cat <<'END'
./race_condition | sed "$n"
./race_condition -m
./processes_and_threads | sed 's/0x[0-9a-f]*/ADDRESS/; s/ *[0-9.]* µs/ N µs/'
./speedup -n 1000 -t 4 | sed 's/ *[0-9.]* ms *[0-9.]* / N /'
./speedup -n 1000 -t none || echo failed
beyond/forced_race
beyond/rare_race | head -n 1
beyond/rare_race -m -n 100
END
        ;;
    ch02_threads)
        cat <<'END'
mkdir -p out/a/b out/c && touch out/here out/a/there out/a/b/where out/c/nothing
./concurrent_file_search out here | sort
./concurrent_file_search nowhere here 2>&1 | sort
./boids 1
./boids one || echo failed
while echo b; do :; done | ./quiz | sed "/^It runs/,/^\$/$n"
beyond/bounded_file_search out here | sort
beyond/bounded_file_search -q -t 1 out b
beyond/boids_locks -t 5 -s 1 | sed "$n"
beyond/boids_locks -t 1 -s 1 -l mutex | sed "$n"
beyond/lost_additions
END
        ;;
    ch03_mutexes)
        cat <<'END'
./stingy_spendy | sort
./atomic_stingy_spendy | sort
./letter_frequency texts/*.txt | sed "$ms"
./letter_frequency | sed "$ms"
./letter_frequency nowhere || echo failed
./multi_ledger | sed 's/^[0-9]* /N /'
while echo b; do :; done | ./quiz | sed "/^It runs/,/^\$/$n"
beyond/stingy_spendy_unlocked -n 1000 | sort
beyond/letter_frequency_ways -n 1 texts/*.txt | sed "$ms"
beyond/letter_frequency_ways -m local README.md letter_frequency.c | sed "$ms"
beyond/letter_frequency_ways nowhere texts/1_queues.txt 2>&1 | head -n 1
beyond/ledger_locks -i 10 -r 2 | sed 's/^[0-9.]* /N /'
beyond/ledger_locks -i 10 -r 2 -l mutex -a 3 | sed 's/^[0-9.]* /N /'
beyond/ledger_locks -i 10 -r 2 -l pthread-spin -t 2 | sed 's/^[0-9.]* /N /'
END
        ;;
    ch04_condvars)
        cat <<'END'
./stingy_spendy_waits 60 | grep -v sees
./matrix_multiply | sed "$ms"
while echo b; do :; done | ./quiz
beyond/matrix_multiply_blocks -v -n 3 | sed "s/[0-9.]*s$/Ns/"
beyond/matrix_multiply_blocks -v -n 3 -t 2 -s 7 | sed "s/[0-9.]*s$/Ns/"
beyond/one_loaf
beyond/one_signal
beyond/signal_before_wait
beyond/starving_writer
beyond/stingy_spendy_ends -n 10 | grep -v sees | sort
beyond/stingy_spendy_if | tail -n 3 | sort
beyond/unlock_after_signal
END
        ;;
    ch05_channels)
        cat <<'END'
./wind_direction | sed "$ms"
./wind_direction nowhere || echo failed
./generate_random_polygons out/polygons.txt
head -n 500 out/polygons.txt >out/some.txt
./shoelace out/some.txt 2>/dev/null | sort
echo '(1,1),(2' | ./shoelace /dev/stdin 2>/dev/null
while echo b; do :; done | ./quiz | sed '/^It runs/,/^$/d'
beyond/generate_metars -n 3 -s 5 out/metars
./wind_direction out/metars | sed "$ms"
beyond/parallel_polygons -n 500 -s 7 -t 3 out/others.txt
beyond/ordered_shoelace -t 3 out/others.txt
beyond/fourth_send
beyond/fan_in | sort
beyond/first_answer
beyond/quit_channel
beyond/prime_sieve -n 100
END
        ;;
    ch06_deadlocks)
        cat <<'END'
./red_blue 1 | grep -c '^Done$'
./trains deadlock | grep -c .
./trains hierarchy | sed "$n"
./trains arbitrator | sed "$n"
beyond/red_blue_forced 1
beyond/red_blue_ordered -n 100 | sort
beyond/red_blue_backs_off -n 100 | grep -c 'Both locks Acquired'
lock_watch/lock_watch beyond/red_blue_forced 2>&1 | grep -c 'waits for mutex'
END
        ;;
    ch07_barriers)
        cat <<'END'
./barrier_example 15 | sort
./matrix_multiply_barrier | sed "$ms"
beyond/broken_barrier
beyond/matrix_multiply_fast_barrier -v -n 3 | sed "s/[0-9.]*s$/Ns/"
beyond/matrix_multiply_fast_barrier -v -n 3 -t 2 -s 7 | sed "s/[0-9.]*s$/Ns/"
END
        ;;
    esac
}

complain() {
    echo "portable: $*"
    failed=1
}

# Whether a platform makes programs that run here. If not, says why.
is_here() {
    eval "compiler=\$$1 runner=\${$1_runner}"
    for tool in "${compiler%% *}" "${runner%% *}"; do
        if [ -n "$tool" ] && ! command -v "$tool" >/dev/null; then
            echo "portable: skipped: $1: $tool is not here"
            return 1
        fi
    done
    echo '#include <pthread.h>
int main(void) { return pthread_equal(pthread_self(), pthread_self()) == 0; }' >"$work/probe.c"
    $compiler -pthread -o "$work/probe" "$work/probe.c" 2>/dev/null && $runner "$work/probe" && return
    echo "portable: skipped: $1: $compiler makes no programs that run here"
    return 1
}

# Whether a platform does not run a program.
lacks() {
    case " $without_it " in
    *" $1 "*) [ "$2" = "$of_its_platform" ] ;;
    *) false ;;
    esac
}

# The programs of a chapter.
programs() {
    (cd "$1" && grep -l '^int main(' ./*.c beyond/*.c lock_watch/*.c 2>/dev/null) | sed 's,^\./,,; s,\.c$,,'
}

# The first word of a run that is a program here.
first_program() {
    echo "$1" | tr ' ' '\n' | sed 's,^\./,,' | grep -x -F "$(programs .)" | head -n 1
}

# Builds and runs all chapters on a platform. What they print goes to out/ in the chapter.
run_on() {
    eval "compiler=\$$1 runner=\${$1_runner}"
    for chapter in $chapters; do
        mkdir -p "$work/$1" && cp -R "$chapter" "$work/$1" && cd "$work/$1/$chapter" || return 1
        "$make" -s clean >/dev/null && rm -rf out && mkdir out || return 1
        goals=all
        case $compiler in
        *-static) goals=$(programs . | grep -v lock_watch | sed 's,^,./,') ;; # and no library to be loaded
        esac
        "$make" -s CC="$compiler" CFLAGS='-O2 -DPACE=20' WERROR=-Werror SDL_FLAGS= SDL_LIBS= CURL_FLAGS= CURL_LIBS= \
            $goals || return 1
        [ -z "$runner" ] || for program in $(programs .); do
            mv "$program" "$program.elsewhere"
            printf '#!/bin/sh\nexec %s -0 "$0" "$0.elsewhere" "$@"\n' "$runner" >"$program"
            chmod +x "$program"
        done
        runs "$chapter" | while IFS= read -r run; do
            program=$(first_program "$run")
            lacks "$1" "$chapter/$program" || {
                echo "\$ $run"
                $limit sh -c "$run" </dev/null || echo "status $?"
            } >>"out/printed_by_${program##*/}" 2>&1
        done
        cd - >/dev/null || return 1
    done
}

# How many programs of a chapter a platform has built.
built() (
    cd "$work/$1/$2" && for program in $(programs .); do
        [ ! -x "$program" ] || echo "$program"
    done | grep -c .
)

# What a platform has done with a chapter, a line.
tell() {
    built=$(built "$1" "$2")
    ran=$(find "$work/$1/$2/out" -name 'printed_by_?*' | grep -c .)
    if [ "$ran" = "$built" ]; then
        echo "portable: $1: $2: $built programs compiled, linked and run"
    else
        echo "portable: $1: $2: $built programs compiled and linked, $ran of them run"
    fi
}

chapters=
count=0
for chapter in ch[0-9][0-9]_*; do
    chapters="$chapters $chapter"
    for program in $(programs "$chapter"); do
        runs "$chapter" | sed 's/^/ /; s/$/ /' | grep -q " \(\./\)\{0,1\}$program " ||
            complain "there is no run of $chapter/$program"
        count=$((count + 1))
    done
done

here=
for platform in ${*:-$platforms}; do
    is_here "$platform" && here="$here $platform"
done
[ -n "$here" ] || exit 0

# Two platforms at a time.
set -- $here
while [ $# -gt 0 ]; do
    for platform in "$1" ${2:+"$2"}; do
        run_on "$platform" >"$work/$platform.log" 2>&1 && touch "$work/$platform.done" &
    done
    wait
    shift $(($# > 1 ? 2 : 1))
done

first=
for platform in $here; do
    if [ ! -e "$work/$platform.done" ]; then
        cat "$work/$platform.log"
        complain "$platform: not all is built"
        continue
    fi
    : "${first:=$platform}"
    for chapter in $chapters; do
        result=$platform/$chapter/out
        if grep -B 4 '^status ' "$work/$result"/printed_by_*; then
            complain "$platform: $chapter: a run fails"
        fi
        left_out=
        if lacks "$platform" "$of_its_platform" && [ "$chapter" = "${of_its_platform%%/*}" ]; then
            echo "portable: skipped: $platform: $of_its_platform"
        fi
        if lacks "$platform" "$of_its_platform" || lacks "$first" "$of_its_platform"; then
            left_out="-x printed_by_${of_its_platform##*/}"
        fi
        tell "$platform" "$chapter" >>"$work/table"
        diff -a -r -U 2 $left_out "$work/$first/$chapter/out" "$work/$result" >"$work/diff" && continue
        head -n 20 "$work/diff" | cut -c 1-160
        complain "$chapter differs between $first and $platform"
    done
done
cat "$work/table" 2>/dev/null
[ $failed = 0 ] && echo "portable: $count programs do the same on:$here"
exit $failed
