#!/bin/sh
# How much of the sources the chapters' tests reach: lines and branches of each file, and those lines that
# are not reached. In a copy of the repository, and with fewer rounds. What a test kills, or what leaves by
# _exit, is not counted.
# Takes chapters as arguments; without any, all of them.
cd "$(dirname "$0")/.." || exit 1
[ $# -gt 0 ] || set -- ch[0-9][0-9]_*
make=${MAKE:-make} # GNU make has other names on some systems
command -v gcovr >/dev/null || { echo "coverage: gcovr is not here" && exit 1; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cp -R "$@" "$work" && cd "$work" || exit 1
for chapter; do
    "$make" -s -C "$chapter" clean >/dev/null
    if ! "$make" -C "$chapter" test CC=gcc CFLAGS='-O0 -g --coverage -fprofile-update=atomic -DROUNDS=2000' >log 2>&1; then
        tail -n 60 log
        echo "coverage: the tests of $chapter fail"
        exit 1
    fi
done
gcovr --exclude '.*/tests/' --merge-mode-functions=separate --print-summary
gcovr --exclude '.*/tests/' --merge-mode-functions=separate --branches | tail -n 3
