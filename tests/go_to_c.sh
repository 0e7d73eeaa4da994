#!/bin/sh
# Every C line of ch01_intro/GO_TO_C.md stands in tests/go_to_c.c, block by block, and that program compiles without
# a warning and does what it says. Where gofmt is installed, the Go lines are Go.
cd "$(dirname "$0")/.." || exit 1
page=ch01_intro/GO_TO_C.md
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failed=0

complain() {
    echo "go_to_c: $*"
    failed=1
}

# A file for each block of a language.
blocks() {
    awk -v language="$1" -v folder="$work" '
        /^```/ { inside = $0 == "```" language; if (inside) file = folder "/" ++count "." language; next }
        inside { print >file }' "$page"
}
blocks c
blocks go

# Lines count without their indentation, which is deeper in the program.
sed 's/^[ 	]*//' tests/go_to_c.c >"$work/program"
count=0
for block in "$work"/*.c; do
    sed 's/^[ 	]*//' "$block" >"$work/block"
    awk -v file="$work/block" '
        BEGIN { while ((getline line <file) > 0) shown[++lines] = line }
        { seen[NR] = $0 }
        END {
            for (i = 0; i + lines <= NR && !found; i++) {
                found = 1
                for (j = 1; j <= lines && found; j++)
                    found = seen[i + j] == shown[j]
            }
            exit !found
        }' "$work/program" || complain "not in tests/go_to_c.c: $(cat "$block")"
    count=$((count + 1))
done
[ $count -gt 0 ] || complain "$page shows no C"

${CC:-cc} -std=c11 -D_XOPEN_SOURCE=700 -O1 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -pthread \
    -iquote ch01_intro -iquote ch02_threads -iquote ch05_channels -o "$work/go_to_c" \
    tests/go_to_c.c ch02_threads/wait_group.c ch05_channels/channel.c || complain "tests/go_to_c.c does not compile"
[ $failed = 1 ] || "$work/go_to_c" || complain "tests/go_to_c.c does not do what it says"

if command -v gofmt >/dev/null; then
    for block in "$work"/*.go; do
        gofmt -e <"$block" >/dev/null 2>"$work/errors" ||
            complain "this is no Go: $(cat "$block" "$work/errors")"
    done
else
    echo "go_to_c: skipped: whether the Go lines are Go: gofmt is not here"
fi
[ $failed = 0 ] && echo "go_to_c: $count blocks of C compile and do what the page says"
exit $failed
