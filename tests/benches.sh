#!/bin/sh
# The benchmarks run: each chapter's, once and a hundredth of it, and every way to do the work is there. (A
# system may lack some of pthreads' own locks, and then has no line for them.) No figure decides anything.
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
