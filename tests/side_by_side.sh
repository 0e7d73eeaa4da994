#!/bin/sh
# Checks the pages of `make side-by-side`, first of a small made-up Go program and its C, then of all that
# README.md names, with made-up Go: which parts stand in one row, that no line is lost or changed, and what it
# says about wrong input. Where Chromium is installed, it opens them: without a complaint, and with heads
# level.
cd "$(dirname "$0")/.." || exit 1
root=$PWD
make=${MAKE:-make} # GNU make has other names on some systems
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
unset MAKEFLAGS MAKELEVEL GO PAGES
failed=0

complain() {
    echo "side_by_side: $*"
    failed=1
}

if ! command -v python3 >/dev/null; then
    echo "side_by_side: skipped: python3 is not here"
    exit 0
fi

mkdir -p "$work/small/clone/farm/barn" "$work/small/ch09_farm" && cd "$work/small" || exit 1
cat >README.md <<'END'
| original | here |
|---|---|
| `farm/cow.go`, `barn/door.go` | [ch09_farm/cow.c](ch09_farm/cow.c), [door.h](ch09_farm/door.h); an aside: [x](ch09_farm/x.c) |
| Go's `sync.Mutex` | [ch09_farm/x.c](ch09_farm/x.c) |
| `farm/goat.go` | [ch09_farm/cow.c](ch09_farm/cow.c) |
END
sed 's/$/\r/' >clone/farm/cow.go <<'END' # as on Windows
package main

import (
	"fmt"
)

var milk = map[string]int{"a<b && c": '"', `raw // no comment
"still raw`: 1}

type Cow struct {
	name string
}

// Moo is loud.
func (c *Cow) MooTwice() {
	fmt.Println("// no comment either \" <moo>") // a comment with a "quote"
}

func onlyInGo() {}

/* func notThere() {
} */
func main() {
	if 1 < 2 && 2 > 1 {
		(&Cow{"Bella, whose name is long so that this line is wider than half a window, and goes on"}).MooTwice()
	}
}
END
cat >ch09_farm/cow.c <<'END'
/*
 * cow.c - a cow, and it's loud.
 */
#include <stdio.h>

#include "door.h"

static const char quote = '"'; // there's one
static void later(int a);

struct cow {
    const char *name;
};

struct argument {
    struct cow *cow;
};

/* Says it twice. */
static void moo_twice(struct cow *c, const char *what,
                      int how_often)
{
    printf("%s /* no comment */\n", c->name);
}

static void later(int a)
{
    puts("&amp; stays");
}

int main(void)
{
    moo_twice(&(struct cow){"Bella"}, "", 2);
    later(1);
}
END
cat >clone/farm/barn/door.go <<'END'
package barn

type Door struct{}

func NewDoor() *Door {
}

func (d Door) Open() {
}
END
cat >ch09_farm/door.h <<'END'
#ifndef DOOR_H
#define DOOR_H

int door_init(struct door *d);

static int door_open(void)
{
}

static int door_init(void)
{
}
#endif
END
cat >expected <<'END'
farm/cow.go ch09_farm/cow.c
before - 1
imports 1 4
globals 7 8
type 10 11
type - 15
before 14 19
function 15 20
function 19 -
function - 26
before 21 -
function 23 31
farm/barn/door.go ch09_farm/door.h
imports 1 1
type 3 -
globals - 4
function 5 10
function 8 6
before - 13
END

# For each row of a page, its kind and the first lines of Go and C.
rows() {
    awk '
        /^<thead>/ { print substr($0, index($0, "<th>") + 4) }
        /^<tr / { split($0, word, "\""); printf "%s", word[2] }
        /^<td>/ {
            printf " %s%s", match($0, /[0-9]+/) ? substr($0, RSTART, RLENGTH) : "-", ++cells % 2 ? "" : "\n"
        }' "$1" |
        sed 's,<th>, ,; s,<.*>,,'
}

# All lines of code on a page, and in files, sorted.
lines_of_page() {
    sed -n 's/^<li[^>]*>//p' "$1" | sed "s/<[^>]*>//g; s/&lt;/</g; s/&gt;/>/g; s/&#x27;/'/g" |
        sed 's/&quot;/"/g; s/&amp;/\&/g' | grep . | sort
}
lines_of_files() {
    cat "$@" | tr -d '\r' | expand -t 4 | grep . | sort
}

python3 "$root/tests/side_by_side.py" README.md clone pages >said 2>&1 || complain "it fails: $(cat said)"
grep -q '^side_by_side: clone/farm/goat.go: no such file' said ||
    complain "it does not say which file is missing: $(cat said)"
[ "$(ls pages | tr '\n' ' ')" = "ch09_cow.html index.html " ] || complain "other pages: $(ls pages)"
rows pages/ch09_cow.html | diff expected - || complain "other rows than expected (above)"
lines_of_page pages/ch09_cow.html >on_page
lines_of_files clone/farm/cow.go ch09_farm/cow.c clone/farm/barn/door.go ch09_farm/door.h | diff - on_page ||
    complain "other lines than in the files (above)"
while IFS= read -r line; do
    grep -q -F -e ">$line" pages/ch09_cow.html || complain "not on the page: $line"
done <<'END'
var milk = map[string]int{<q>&quot;a&lt;b &amp;&amp; c&quot;</q>: <q>&#x27;&quot;&#x27;</q>, <q>`raw // no comment</q>
<q>&quot;still raw`</q>: 1}
    fmt.Println(<q>&quot;// no comment either \&quot; &lt;moo&gt;&quot;</q>) <i>// a comment with a &quot;quote&quot;</i>
    if 1 &lt; 2 &amp;&amp; 2 &gt; 1 {
<i> * cow.c - a cow, and it&#x27;s loud.</i>
    puts(<q>&quot;&amp;amp; stays&quot;</q>);
END
grep -n '<script\|http' pages/*.html && complain "a page needs more than itself (above)"

# What is said of wrong input, and how it ends.
says() {
    status=$1 words=$2
    shift 2
    "$@" >said 2>&1
    [ $? = "$status" ] && grep -q -e "$words" said || complain "$*: $(cat said)"
}
says 1 '^side_by_side: nowhere: no such folder$' python3 "$root/tests/side_by_side.py" README.md nowhere pages
says 1 "^side_by_side: ch09_farm: none of the original's programs are there" \
    python3 "$root/tests/side_by_side.py" README.md ch09_farm pages
says 2 '^usage: make side-by-side GO=' "$make" -C "$root" side-by-side
cd "$root" || exit 1

# Everything that README.md names: first the files that it misses in an empty folder; then Go with the functions
# that each C file has.
make_pages() {
    "$make" -s side-by-side GO="$work/clone" PAGES="$work/pages" >"$work/said" 2>&1
}
mkdir "$work/clone" "$work/pages"
make_pages && complain "nothing is missing in an empty folder"
sed -n 's/^side_by_side: \(.*\): no such file.*/\1/p' "$work/said" >"$work/wanted"
while IFS= read -r go; do
    mkdir -p "${go%/*}" && echo 'package main' >"$go"
done <"$work/wanted"
make_pages || complain "it fails: $(cat "$work/said")"
[ "$(grep -c '^| `[^|]*\.go`' README.md)" = $(($(ls "$work/pages" | wc -l) - 1)) ] ||
    complain "not a page for each row of the table"

for page in "$work"/pages/ch*.html; do
    rows "$page" | grep '^[^ ]*\.go '
done >"$work/pairs"
while read -r go c; do
    awk '
        /^[A-Za-z_].*\(/ && !/[;=]/ { head = $0 }
        /^{/ && match(head, /[a-z0-9_]+\(/) {
            count = split(substr(head, RSTART, RLENGTH - 1), word, "_")
            printf "\nfunc %s", word[1]
            for (i = 2; i <= count; i++)
                printf "%s%s", toupper(substr(word[i], 1, 1)), substr(word[i], 2)
            print "() {\n}"
            head = ""
        }' "$c" >>"$work/clone/$go"
done <"$work/pairs"
make_pages || complain "it fails: $(cat "$work/said")"
pages=0 functions=0
for page in "$work"/pages/ch*.html; do
    files=$(rows "$page" | sed -n "s,^\([^ ]*\.go\) \(.*\),$work/clone/\1 \2,p")
    lines_of_page "$page" >"$work/on_page"
    lines_of_files $files | diff - "$work/on_page" || complain "${page##*/}: other lines than in the files (above)"
    rows "$page" | grep -q '^function.*-' && complain "${page##*/}: a function has no counterpart: $(rows "$page")"
    count=$(rows "$page" | grep -c '^function')
    [ "$count" = "$(cat $files | grep -c '^func ')" ] || complain "${page##*/}: $count functions"
    pages=$((pages + 1)) functions=$((functions + count))
done

# Opens a page in a window as wide as that. Heads with a counterpart are level, and below those before them; lines
# that are wider than their side are broken, and a narrow window scrolls.
opens() {
    cp "$1" "$work/open.html" && cat >>"$work/open.html" <<'END'
<script>
const top_of = cell => cell.querySelector('li').getBoundingClientRect().top;
const heads = [...document.querySelectorAll('tr.function')].filter(row => row.querySelectorAll('ol').length == 2)
    .map(row => [...row.cells].map(top_of));
const level = heads.filter(([go, c], i) => go === c && (i == 0 || go > heads[i - 1][0] + 20)).length;
const broken = [...document.querySelectorAll('li')].every(line => line.scrollWidth <= line.clientWidth);
const fits = document.documentElement.scrollWidth <= innerWidth;
document.documentElement.replaceChildren(
    `[${level} of ${heads.length} level, ${broken ? '' : 'not '}broken, ${fits ? 'fits' : 'scrolls'}]`);
</script>
END
    timeout 60 "$browser" --headless=new --no-sandbox --disable-gpu --window-size="$2,900" --enable-logging=stderr \
        --v=0 --user-data-dir="$work/profile" --dump-dom "file://$work/open.html" >"$work/seen" 2>&1
    grep 'CONSOLE' "$work/seen" && complain "${1##*/}: the browser complains (above)"
    grep -q -F "[$3]" "$work/seen" || complain "${1##*/}: not $3, but: $(grep '\[' "$work/seen" | tail -n 1)"
}
browser=$(command -v chromium || command -v google-chrome)
if [ -n "$browser" ]; then
    opens "$work/small/pages/ch09_cow.html" 1600 '4 of 4 level, broken, fits'
    opens "$work/small/pages/ch09_cow.html" 600 '4 of 4 level, broken, scrolls'
    opens "$work/pages/ch06_red_blue.html" 1600 '3 of 3 level, broken, fits'
    opens "$work/pages/index.html" 1600 '0 of 0 level, broken, fits'
else
    echo "side_by_side: skipped: the pages in a browser: Chromium is not here"
fi
[ $failed = 0 ] && echo "side_by_side: $pages pages, on which $functions functions of Go and C stand side by side"
exit $failed
