#!/bin/sh
# Checks the pages without running anything. A chapter's README has at most about 1 200 words. Links lead to
# files and headings that exist. No line of code is wider than 80 columns (a program's output may be), and no
# row of a table, as it is shown (a row with nothing but names may be). Where aspell is installed, with its
# British dictionary, it knows every word, or the word stands in tests/words.txt.
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failed=0
count=0
pages=$(ls ./*.md ch[0-9][0-9]_*/*.md ch[0-9][0-9]_*/*/*.md ch[0-9][0-9]_*/*/*/*.md tests/*/*.md 2>/dev/null)

complain() {
    echo "pages: $*"
    failed=1
}

# The page without its code, both in blocks and in lines.
prose() {
    awk '/^ *```/ { inside = !inside; next } !inside' "$1" | sed 's/`[^`]*`//g'
}

# A heading, as a link names it: in small letters, without punctuation, with - for blanks.
anchors() {
    awk '/^ *```/ { inside = !inside; next } !inside && /^#/' "$1" |
        sed 's/^#* *//' | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9_\n\200-\377-'
}

for page in $pages; do
    count=$((count + 1))
    folder=$(dirname "$page")
    case $page in
    ch*_*/*/*) ;;
    ch*/README.md)
        words=$(wc -w <"$page")
        [ "$words" -le 1250 ] || complain "$page: $words words"
        ;;
    esac

    prose "$page" | tr '(' '\n' | sed -n 's/^\([^ )]*\)).*/\1/p' | grep -v '^[a-z]*:' >"$work/links"
    while read -r link; do
        file=${link%%#*}
        case $link in
        *'#'*) anchors "$folder/${file:-$(basename "$page")}" | grep -qx -e "${link#*#}" || complain "$page: no heading $link" ;;
        *.* | */*) [ -e "$folder/$file" ] || complain "$page: no file $link" ;;
        esac
    done <"$work/links"

    # Bytes that go on with a letter are not counted. In a session, only commands are.
    tr -d '\200-\277' <"$page" | awk -v page="$page" '
        /^ *```/ { inside = !inside; is_session = /console/; next }
        !inside && /^\|/ { # a link is shown without its address
            gsub(/\]\([^)]*\)/, "")
            gsub(/\[/, "")
            gsub(/  +/, " ")
            if (length($0) <= 80 || !/[^| ] [^| ]/)
                next
            print page ": a row wider than 80 columns: " $0
            found = 1
        }
        inside && length($0) > 80 && (!is_session || /^\$ /) { print page ": wider than 80 columns: " $0; found = 1 }
        END { exit found }' || failed=1
done

if command -v aspell >/dev/null && aspell dicts 2>/dev/null | grep -qx en_GB; then
    for page in $pages; do
        prose "$page" | sed 's/<[^>]*>//g; s/([^ )]*)//g' | LC_ALL=C.UTF-8 aspell list --lang=en_GB --encoding=utf-8 |
            sort -u | grep -avxF -f tests/words.txt >"$work/unknown"
        [ -s "$work/unknown" ] && complain "$page: is this spelled right? Then add it to tests/words.txt:" $(cat "$work/unknown")
    done
else
    echo "pages: skipped: spelling: aspell or its British words are not here"
fi
[ $failed = 0 ] && echo "pages: $count pages are short, well spelled, and link to what is there"
exit $failed
