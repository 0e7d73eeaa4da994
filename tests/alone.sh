#!/bin/sh
# Every chapter stands alone: copied to an empty folder, with an empty environment, it builds and
# runs and tests itself there, and no source includes what lies outside the chapter. The stress tests
# go fewer rounds: `make test` in the chapter itself goes them all.
# Takes chapters as arguments; without any, all of them.
cd "$(dirname "$0")/.." || exit 1
if grep -n '#include "\.\./' ch*/*.[ch] || grep -n '#include "\.\./.*/' ch*/tests/*.[ch]; then
    echo "alone: the files above include something from outside their chapter"
    exit 1
fi
[ $# -gt 0 ] || set -- ch[0-9][0-9]_*
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
make=${MAKE:-make} # GNU make has other names on some systems
for chapter; do
    rm -rf "${folder:?}"/*
    cp -R "$chapter" "$folder" && "$make" -s -C "$folder/$chapter" clean || exit 1
    for target in all run test; do
        if ! env -i PATH="$PATH" ${CC:+CC="$CC"} "$make" -C "$folder/$chapter" $target \
            CFLAGS='-O2 -g -DROUNDS=2000' >"$folder/log" 2>&1; then
            cat "$folder/log"
            echo "alone: make $target fails in $chapter when it is copied to an empty folder"
            exit 1
        fi
    done
    echo "alone: $chapter builds, runs and tests itself in an empty folder"
done
