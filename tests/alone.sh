#!/bin/sh
# Every chapter stands alone: copied to a folder whose path has a space, with an empty environment, it builds,
# runs and tests itself, and no source includes a file from outside the chapter.
# Takes chapters as arguments; without any, all of them.
cd "$(dirname "$0")/.." || exit 1
if grep -n '#include "\.\./' ch*/*.[ch] || grep -n '#include "\.\./.*/' ch*/beyond/*.[ch] ||
    grep -n '#include "\.\./\.\.' ch*/*/*.[ch]; then
    echo "alone: the files above include something from outside their chapter"
    exit 1
fi
[ $# -gt 0 ] || set -- ch[0-9][0-9]_*
make=${MAKE:-make} # GNU make has other names on some systems
folder=$(mktemp -d) || exit 1
pids=
trap 'rm -rf "$folder"' EXIT
trap 'trap "" TERM; kill 0; wait; exit 1' HUP INT TERM # all that it has started, too

stand_alone() {
    place="$folder/$1/a copy of"
    mkdir -p "$place" && cp -R "$1" "$place" && "$make" -s -C "$place/$1" clean >/dev/null || return 1
    for target in all run run-beyond test; do
        if ! env -i PATH="$PATH" ${CC:+CC="$CC"} "$make" -C "$place/$1" $target >"$folder/$1/log" 2>&1 \
            </dev/null; then
            cat "$folder/$1/log"
            echo "alone: make $target fails in $1 when it is copied to an empty folder"
            return 1
        fi
    done
    echo "alone: $1 builds, runs and tests itself in an empty folder with a space in its path"
}

# All at once: their programs wait most of the time.
for chapter; do
    stand_alone "$chapter" &
    pids="$pids $!"
done
failed=0
for pid in $pids; do
    wait "$pid" || failed=1
done
exit $failed
