#!/bin/sh
# Runs each chapter's benchmark once, with a hundredth of the work. Every way to do the work must be there. (A
# system that lacks some of pthreads' own locks has no line for them.) No figure decides anything.
# Takes chapters as arguments; without any, all of them.
cd "$(dirname "$0")/.." || exit 1
[ $# -gt 0 ] || set -- ch[0-9][0-9]_*
make=${MAKE:-make} # GNU make has other names on some systems
failed=0
for chapter; do
    table=$("$make" -s -C tests/bench "${chapter%%_*}" ROWS=-q 2>&1) && ! echo "$table" | grep -q failed ||
        { echo "$table" && echo "benches: $chapter: something failed" && failed=1; }
done
[ $failed = 0 ] && echo "benches: all of them run"
exit $failed
