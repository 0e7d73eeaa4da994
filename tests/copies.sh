#!/bin/sh
# A file that stands in several chapters is the same in all of them, byte for byte. (Each chapter has its own
# copies, so that it can be taken alone.) Files that every chapter writes for itself are the exception.
cd "$(dirname "$0")/.." || exit 1
failed=0
names=$(printf '%s\n' ch[0-9][0-9]_*/*.[ch] ch[0-9][0-9]_*/display/* ch[0-9][0-9]_*/beyond/*.[ch] \
    ch[0-9][0-9]_*/tests/run.c ch[0-9][0-9]_*/tests/screen.[ch] | sed 's,^[^/]*/,,')
for name in $(echo "$names" | sort | uniq -d); do
    case $name in quiz.c | quiz_lines.h) continue ;; esac
    first=
    for copy in ch[0-9][0-9]_*/"$name"; do
        if [ -z "$first" ]; then
            first=$copy
        elif ! cmp "$first" "$copy"; then
            failed=1
        fi
    done
done
[ $failed = 0 ] && echo "copies: all the same"
exit $failed
