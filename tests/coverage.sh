#!/bin/sh
# Shows how much of the sources the chapters' tests reach: lines and branches of each file, and the lines that
# they do not reach. It works in a copy of the repository, with fewer rounds. A program that a test kills, or
# that leaves by _exit, is not counted. A test that allows no more open files may fail, because the counting
# then complains.
# Takes chapters as arguments; without any, all of them.
cd "$(dirname "$0")/.." || exit 1
[ $# -gt 0 ] || set -- ch[0-9][0-9]_*
make=${MAKE:-make} # GNU make has other names on some systems
command -v gcov >/dev/null || { echo "coverage: skipped: gcov, which comes with gcc, is not here" && exit 0; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cp -R "$@" "$work" && cd "$work" || exit 1
for chapter; do
    "$make" -s -C "$chapter" clean >/dev/null
    CK_VERBOSITY=normal "$make" -k -C "$chapter" test CC=gcc \
        CFLAGS='-O0 -g --coverage -fprofile-update=atomic' >log 2>&1
    grep -a '^tests/test_.*:[FE]:' log | cut -c 1-100
done

# A file is part of several programs: a line counts that is reached in one of them.
find . -name '*.gcda' | while read -r data; do
    chapter=$(echo "$data" | cut -d / -f 2)
    (cd "$chapter" && gcov -b -t "../$data" 2>/dev/null) | sed "s,^ *-: *0:Source:,Source:$chapter/,"
done | awk '
    /^Source:/ { file = substr($0, 8); sub(/\/tests\/\.\.\//, "/", file); next }
    file ~ /\/tests\// || file ~ /\/\// { next }
    match($0, /^ *[0-9#=]+\*?: *[0-9]+:/) {
        split($0, fields, ":")
        line = fields[2] + 0
        lines[file, line] = 1
        if (fields[1] ~ /[0-9]/)
            reached[file, line] = 1
        next
    }
    /^ *-:/ { next }
    /^branch / {
        branches[file, line, $2] = 1
        if ($3 == "taken" && $4 + 0 > 0)
            taken[file, line, $2] = 1
    }
    END {
        for (key in lines) {
            split(key, part, SUBSEP)
            all[part[1]]++
            if (key in reached)
                got[part[1]]++
            else
                missing[part[1]] = missing[part[1]] " " part[2]
        }
        for (key in branches) {
            split(key, part, SUBSEP)
            ways[part[1]]++
            if (key in taken)
                gone[part[1]]++
        }
        for (file in all) {
            printf "%-45s %5.1f%% of %4d lines %5.1f%% of %4d branches  not reached:%s\n", file,
                100 * got[file] / all[file], all[file], ways[file] ? 100 * gone[file] / ways[file] : 100,
                ways[file], missing[file] | "sort"
            total += all[file]; total_got += got[file]; total_ways += ways[file]; total_gone += gone[file]
        }
        close("sort")
        if (total > 0)
            printf "coverage: %.1f%% of %d lines, %.1f%% of %d branches\n", 100 * total_got / total, total,
                100 * total_gone / total_ways, total_ways
    }'
