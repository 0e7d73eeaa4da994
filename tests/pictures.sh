#!/bin/sh
# Makes the SVG pictures of the pages from the data in pictures/. With --check it makes them in a temporary
# folder instead, and fails when a picture in the repository differs, when a page shows one that is not there,
# or when no page shows one.
#
# A data file has a command on each line. Numbers are pixels, and y grows downwards. In WORDS, ` | ` begins a
# new line, and backquotes mark code. The styles of the kinds, in light and in dark, stand below.
#   title WORDS                    what the picture shows, for people who cannot see it
#   file PATH                      where the picture goes
#   size WIDTH HEIGHT
#   text X Y STYLES WORDS          STYLES, joined by commas: start, middle or end, and any of bold, dim
#   box X Y WIDTH HEIGHT KIND [WORDS]
#   circle X Y RADIUS KIND [WORDS]
#   line KIND X Y X Y …            through these points; an arrow has its head at the last one
#   arrow KIND X Y X Y …
#   time X WIDTH                   of the lanes below: where they begin, and how wide a step is
#   lane Y HEIGHT WORDS
#   span FROM TO KIND [WORDS]      in the last lane: a box from one step to another
#   axes X Y WIDTH HEIGHT FROM TO MOST    of a chart: x from FROM to TO, y from 0 to MOST
#   x_ticks NUMBER …               and y_ticks
# A data file may hold what `speedup` prints: the script draws its table in the axes, with both laws.
cd "$(dirname "$0")/.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
export LC_ALL=C # numbers have a point, whatever the language
failed=0

complain() {
    echo "pictures: $*"
    failed=1
}

draw() {
    awk '
        # The colours are those of Okabe and Ito, or tints of them. None means anything alone.
        function look(kind, light, dark, more) {
            in_order[++kinds] = kind
            style[kind] = light more
            dark_style[kind] = dark
        }
        function filled(kind, light_fill, light_stroke, dark_fill, dark_stroke, more) {
            look(kind, "fill:" light_fill ";stroke:" light_stroke, "fill:" dark_fill ";stroke:" dark_stroke,
                more)
        }
        BEGIN {
            look("dim", "fill:#59636e", "fill:#9198a1")
            look("bold", "font-weight:600")
            look("middle", "text-anchor:middle")
            look("end", "text-anchor:end")
            look("code", "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace")
            filled("plain", "none", "#59636e", "none", "#9198a1")
            filled("holds", "#cfe6f7", "#0072b2", "#0c3a59", "#56b4e9", ";stroke-width:2")
            filled("waits", "url(#waits)", "#b87400", "url(#waits)", "#e69f00", ";stroke-width:2")
            filled("sleeps", "url(#sleeps)", "#a8568a", "url(#sleeps)", "#cc79a7", ";stroke-width:2")
            filled("quiet", "#eef1f4", "#8c959f", "#21262d", "#6e7681")
            filled("value", "#d9f2ea", "#009e73", "#06382b", "#2fc79a")
            filled("missing", "none", "#59636e", "none", "#9198a1", ";stroke-dasharray:4 4")
            look("train0", "fill:#d55e00;stroke:#000")
            look("train1", "fill:#56b4e9;stroke:#000")
            look("train2", "fill:#e69f00;stroke:#000")
            look("train3", "fill:#009e73;stroke:#000")
            look("on_train", "fill:#000;font-weight:600")
            filled("solid", "none", "#1f2328", "none", "#e6edf3", ";stroke-width:1.8")
            filled("dashed", "none", "#1f2328", "none", "#e6edf3", ";stroke-width:1.8;stroke-dasharray:6 4")
            filled("track", "none", "#8c959f", "none", "#6e7681", ";stroke-width:4")
            filled("guide", "none", "#8c959f", "none", "#6e7681", ";stroke-dasharray:2 4")
            filled("amdahl", "none", "#0072b2", "none", "#56b4e9", ";stroke-width:2.5")
            filled("gustafson", "none", "#b87400", "none", "#e69f00", ";stroke-width:2.5;stroke-dasharray:9 5")
            filled("measured", "#d55e00", "#d55e00", "#ff8a3d", "#ff8a3d", ";stroke-width:1.5")
            look("head", "fill:#1f2328", "fill:#e6edf3")
            look("waits_ground", "fill:#fdf3dd", "fill:#33270b")
            look("waits_lines", "stroke:#e69f00;stroke-width:2;opacity:.6", "")
            look("sleeps_ground", "fill:#f9e9f2", "fill:#3a2332")
            look("sleeps_dots", "fill:#cc79a7;opacity:.7", "")
            look("on_waits", "paint-order:stroke;stroke-width:5;stroke:#fdf3dd", "stroke:#33270b")
            look("on_sleeps", "paint-order:stroke;stroke-width:5;stroke:#f9e9f2", "stroke:#3a2332")
        }

        function fail(why) {
            print FILENAME ": line " FNR ": " why | "cat >&2"
            exit failed = 1
        }
        function put(line) { body = body line "\n" }
        function class(names,    i, list, count) {
            count = split(names, list, " ")
            names = ""
            for (i = 1; i <= count; i++) {
                if (!(list[i] in style))
                    fail("there is no " list[i])
                used[list[i]] = 1
                names = names (i > 1 ? " " : "") list[i]
            }
            return names == "" ? "" : " class=\"" names "\""
        }
        function escaped(words) {
            gsub(/&/, "\\&amp;", words)
            gsub(/</, "\\&lt;", words)
            gsub(/>/, "\\&gt;", words)
            gsub(/"/, "\\&quot;", words)
            return words
        }
        function rest(from,    words) {
            for (; from <= NF; from++)
                words = words (words == "" ? "" : " ") $from
            return escaped(words)
        }
        # The first line of the words has its feet at y.
        function write(x, y, classes, words,    i, j, lines, line, parts, part) {
            lines = split(words, line, " [|] ")
            for (i = 1; i <= lines; i++) {
                words = ""
                parts = split(line[i], part, "`")
                for (j = 1; j <= parts; j++)
                    words = words (j % 2 ? part[j] : "<tspan" class("code") ">" part[j] "</tspan>")
                put("<text x=\"" x "\" y=\"" y + 19 * (i - 1) "\"" class(classes) ">" words "</text>")
            }
        }
        function write_in(x, y, kind, words,    classes) {
            classes = "middle"
            if (kind ~ /^train/)
                classes = classes " on_train"
            else if (("on_" kind) in style)
                classes = classes " on_" kind
            write(x, y + 5 - 9.5 * (split(words, unused, " [|] ") - 1), classes, words)
        }
        function box(x, y, width, height, kind, words) {
            put("<rect x=\"" x "\" y=\"" y "\" width=\"" width "\" height=\"" height "\" rx=\"4\"" \
                class(kind) "/>")
            if (kind == "waits")
                class("waits_ground waits_lines")
            if (kind == "sleeps")
                class("sleeps_ground sleeps_dots")
            if (words != "")
                write_in(x + width / 2, y + height / 2, kind, words)
        }
        function path(kind, points, more) { put("<path d=\"M" points "\"" class(kind) more "/>") }
        function points_from(i,    points) {
            for (; i < NF; i += 2)
                points = points (points == "" ? "" : " ") $i "," $(i + 1)
            return points
        }

        # A chart.
        function at(x, y) {
            return sprintf("%.1f,%.1f", left + (x - from) / (to - from) * wide, bottom - y / most * high)
        }
        function name(words, point,    place) {
            split(point, place, ",")
            write(place[1] + 12, place[2] + 5, "", words)
        }
        function amdahl(serial, threads) { return 1 / (serial + (1 - serial) / threads) }
        function gustafson(serial, threads) { return serial + (1 - serial) * threads }
        function curves(serial,    x, one, other) {
            for (x = 1; x <= to; x += .25) {
                one = one " " at(x, amdahl(serial, x))
                other = other " " at(x, gustafson(serial, x))
            }
            path("amdahl", substr(one, 2))
            path("gustafson", substr(other, 2))
            name("Amdahl", at(to, amdahl(serial, to)))
            name("Gustafson", at(to, gustafson(serial, to)))
        }
        function measured(threads, speed_up,    place) {
            split(at(threads, speed_up), place, ",")
            if (threads > 1)
                path("measured", last_place " " place[1] "," place[2])
            last_place = place[1] "," place[2]
            put("<circle cx=\"" place[1] "\" cy=\"" place[2] "\" r=\"5\"" class("measured") "/>")
            write(place[1], place[2] + 23, "middle", speed_up)
        }

        /^#/ || NF == 0 { next }
        $1 == "title" { title = rest(2); next }
        $1 == "file" { next }
        $1 == "size" { width = $2; height = $3; next }
        $1 == "text" { names = $4; gsub(/,|start/, " ", names); write($2, $3, names, rest(5)); next }
        $1 == "box" { box($2, $3, $4, $5, $6, rest(7)); next }
        $1 == "circle" {
            put("<circle cx=\"" $2 "\" cy=\"" $3 "\" r=\"" $4 "\"" class($5) "/>")
            write_in($2, $3, $5, rest(6))
            next
        }
        $1 == "line" { path($2, points_from(3)); next }
        $1 == "arrow" { class("head"); path($2, points_from(3), " marker-end=\"url(#head)\""); next }
        $1 == "time" { begin = $2; step = $3; next }
        $1 == "lane" { top = $2; tall = $3; write(0, top + tall / 2 + 5, "bold", rest(4)); next }
        $1 == "span" { box(begin + $2 * step, top, ($3 - $2) * step, tall, $4, rest(5)); next }
        $1 == "axes" {
            left = $2; wide = $4; high = $5; from = $6; to = $7; most = $8; bottom = $3 + high
            path("plain", left "," $3 " " left "," bottom " " left + wide "," bottom)
            next
        }
        $1 == "x_ticks" {
            for (i = 2; i <= NF; i++) {
                split(at($i, 0), place, ",")
                path("plain", at($i, 0) " " place[1] "," place[2] + 6)
                write(place[1], place[2] + 22, "middle", $i)
            }
            next
        }
        $1 == "y_ticks" {
            for (i = 2; i <= NF; i++) {
                path("guide", at(from, $i) " " at(to, $i))
                split(at(from, $i), place, ",")
                write(place[1] - 8, place[2] + 5, "end", $i)
            }
            next
        }
        /^The digits of/ || /^threads/ { next }
        /^Main adds/ { curves($3 / 100); next }
        /^ *[0-9]+ +[0-9.]+ ms / { measured($1, $4); next }
        /^This machine has/ {
            name("measured", last_place)
            path("guide", at($4, 0) " " at($4, most))
            name($4 " processors", at($4, most * .96))
            next
        }
        { fail("what is " $1 "?") }

        END {
            if (failed)
                exit 1
            print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " width " " height \
                "\" width=\"" width "\" height=\"" height "\" role=\"img\">"
            print "<title>" title "</title>"
            print "<style>"
            print "text{fill:#1f2328;font:14px system-ui,-apple-system,\"Segoe UI\",Helvetica,Arial,sans-serif}"
            print "path,rect,circle{stroke-linejoin:round}"
            dark = "text{fill:#e6edf3}"
            for (i = 1; i <= kinds; i++) {
                each = in_order[i]
                if (each in used)
                    print "." each "{" style[each] "}"
                if (each in used && dark_style[each] != "")
                    dark = dark "\n." each "{" dark_style[each] "}"
            }
            print "@media (prefers-color-scheme:dark){\n" dark "\n}"
            print "</style>"
            if ("head" in used)
                print "<marker id=\"head\" refX=\"8\" refY=\"5\" markerWidth=\"10\" markerHeight=\"10\"" \
                    " markerUnits=\"userSpaceOnUse\" orient=\"auto\">" \
                    "<path d=\"M0,0 10,5 0,10z\" class=\"head\"/></marker>"
            if ("waits" in used)
                print "<pattern id=\"waits\" width=\"10\" height=\"10\" patternUnits=\"userSpaceOnUse\"" \
                    " patternTransform=\"rotate(45)\"><path d=\"M0,0H10V10H0z\" class=\"waits_ground\"/>" \
                    "<path d=\"M5,0V10\" class=\"waits_lines\"/></pattern>"
            if ("sleeps" in used)
                print "<pattern id=\"sleeps\" width=\"10\" height=\"10\" patternUnits=\"userSpaceOnUse\">" \
                    "<path d=\"M0,0H10V10H0z\" class=\"sleeps_ground\"/>" \
                    "<circle cx=\"5\" cy=\"5\" r=\"1.5\" class=\"sleeps_dots\"/></pattern>"
            printf "%s</svg>\n", body
        }' "$1"
}

made=0
for data in tests/pictures/*.txt; do
    picture=$(sed -n 's/^file //p' "$data")
    if mkdir -p "$work/${picture%/*}" && draw "$data" >"$work/$picture"; then
        made=$((made + 1))
        echo "$picture" >>"$work/pictures"
    else
        complain "$data does not become a picture"
    fi
done
[ $failed = 0 ] || exit 1

if [ "$1" != --check ]; then
    while IFS= read -r picture; do
        cp "$work/$picture" "$picture" || exit 1
    done <"$work/pictures"
    echo "pictures: $made made"
    exit
fi

while IFS= read -r picture; do
    cmp "$picture" "$work/$picture" ||
        complain "$picture is not what its data say: run sh tests/pictures.sh"
done <"$work/pictures"

# Each link to a picture as a path from here; pages and pictures in what make has built do not count.
find . \( -name .git -o -name build \) -prune -o -name '*.md' -print | while IFS= read -r page; do
    grep -o '](\([^)]*\.svg\))' "$page" | grep -v '://' | sed -e "s,^](,${page%/*}/,; s,)\$,," \
        -e ':again' -e 's,/[^/.][^/]*/\.\./,/,; t again'
done | sort -u >"$work/linked"
while IFS= read -r picture; do
    [ -e "$picture" ] || complain "a page shows $picture, which is not there"
done <"$work/linked"
find . \( -name .git -o -name build \) -prune -o -name '*.svg' -print >"$work/there"
while IFS= read -r picture; do
    grep -q -x -F "$picture" "$work/linked" || complain "no page shows $picture"
done <"$work/there"

if command -v xmllint >/dev/null; then
    while IFS= read -r picture; do
        xmllint --noout "$work/$picture" || complain "$picture is not valid XML"
    done <"$work/pictures"
else
    echo "pictures: skipped: xmllint is not here, so the pictures' XML is not checked"
fi
[ $failed = 0 ] && echo "pictures: $made are what their data say, and a page shows each"
exit $failed
