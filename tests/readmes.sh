#!/bin/sh
# What the pages and the programs' heads say is true. Every session that one shows (a console block) runs in a
# copy of the repository, in the chapter's folder, and prints what is shown. There, … stands for what differs
# from run to run: within a line, or alone on a line for any number of lines. A session that needs a tool
# names it: ```console gdb. Files, options and targets that the pages name exist.
# Takes folders as arguments (. is the whole repository); without any, all of them.
cd "$(dirname "$0")/.." || exit 1
root=$PWD
[ $# -gt 0 ] || set -- . ch[0-9][0-9]_*
make=${MAKE:-make} # GNU make has other names on some systems
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER MAKEFLAGS MAKELEVEL
failed=0

complain() {
    echo "readmes: $*"
    failed=1
}

# One shell script that runs all commands of a README, so that `cd` and files stay for the next ones; and
# what each of them should print, in a file of its own.
extract() {
    awk -v folder="$work" -v missing=" $missing" '
        /^```console/ { inside = !index(missing, " " ($2 == "" ? "-" : $2) " "); next }
        /^```/ { inside = 0 }
        inside && /^\$ / {
            close(expected)
            expected = sprintf("%s/%03d.expected", folder, ++count)
            printf "" >expected
            printf "echo %03d\n{ %s\n} >%s/%03d.printed 2>&1 </dev/null\n", count, substr($0, 3), folder, count
            print substr($0, 3) >(folder "/" sprintf("%03d", count) ".command")
            next
        }
        inside { print >expected }' "$1"
}

# Whether the second file holds what the first one shows. Columns may be wider or narrower.
is_as_shown() {
    awk '
        function line_matches(shown, line) {
            gsub(/[][\\.^$*+?(){}|]/, "\\\\&", shown)
            gsub(/…/, ".*", shown)
            gsub(/ +/, " +", shown)
            return line ~ ("^" shown "$")
        }
        function matches(i, j) {
            while (i <= shown_lines && shown[i] != "…") {
                if (j > lines || !line_matches(shown[i], line[j]))
                    return 0
                i++
                j++
            }
            if (i > shown_lines)
                return j > lines
            for (; j <= lines + 1; j++)
                if (matches(i + 1, j))
                    return 1
            return 0
        }
        NR == FNR { shown[++shown_lines] = $0; next }
        { line[++lines] = $0 }
        END {
            while (shown_lines > 0 && shown[shown_lines] == "")
                shown_lines--
            while (lines > 0 && line[lines] == "")
                lines--
            exit !matches(1, 1)
        }' "$1" "$2"
}

# Takes the chapter and the page.
check_sessions() {
    rm -f "$work"/*.expected "$work"/*.printed "$work"/*.command
    extract "$root/$2" >"$work/script"
    rm -rf "$work/run" && cp -R "$work/copy" "$work/run" && (cd "$work/run/$1" && sh "$work/script" >/dev/null)
    for expected in "$work"/*.expected; do
        [ -e "$expected" ] || continue
        session=${expected%.expected}
        if is_as_shown "$expected" "$session.printed"; then
            sessions=$((sessions + 1))
        else
            complain "$2: $(cat "$session.command") does not print what is shown, but:"
            head -n 40 "$session.printed"
        fi
    done
}

# The code that stands within lines: `like this`.
words() {
    awk '/^```/ { inside = !inside } !inside' "$1" | awk -F '`' '{ for (i = 2; i < NF; i += 2) print $i }' | sort -u
}

# Whether there is such a file: beside the page, in its chapter, or in any chapter.
exists() {
    ls $place/$1 $folder/$1 ch*/$1 ch*/beyond/$1 ch*/beyond/solutions/$1 ch*/display/$1 ch*/lock_watch/$1 2>/dev/null | grep -q .
}

# What all programs of a chapter say of their options, a line each; [-ab] as [-a] [-b].
usages() {
    for source in $(grep -l '^int main(' "$1"/*.c "$1"/beyond/*.c "$1"/beyond/solutions/*.c "$1"/lock_watch/*.c 2>/dev/null); do
        "$work/copy/${source%.c}" -h | tr -s '\n ' ' ' |
            sed -e ':again' -e 's/\[-\([a-z]\)\([a-z]\{1,\}\)\]/[-\1] [-\2]/' -e 't again' && echo
    done
}

# Takes the chapter and the page.
check_names() {
    folder=$1 page=$2 place=$(dirname "$2") # pages.sh looks at the links
    words "$page" | while IFS= read -r word; do
        case $word in
        *' '*/* | '#'* | '<'*) ;;
        *.c | *.h) exists "$word" || echo "there is no $word" ;;
        *'.[ch]')
            for name in "${word%.*}.c" "${word%.*}.h"; do
                exists "$name" || echo "there is no $name"
            done
            ;;
        'make '*)
            grep -q "^\([a-z -]* \)*${word#make }\( [a-z -]*\)*:" "$folder/Makefile" ||
                echo "there is no target ${word#make }"
            ;;
        ./* | beyond/[a-z_]* | lock_watch/[a-z_]*)
            program=${word%% *}
            usage=$(usages "$folder" | grep "^usage: ${program##*/} ")
            [ -n "$usage" ] || [ -e "$folder/$program" ] || echo "there is no $word"
            for option in $(echo "$word" | tr ' ' '\n' | sed -n 's/^\(-[a-z]\).*/\1/p'); do
                echo "$usage" | grep -q -- "\\$option" || echo "${program##*/} has no option $option"
            done
            ;;
        -[a-z] | -[a-z]' '*)
            option=${word%% *}
            usages "$folder" | grep -E -q -- "$option([^a-z]|\$)" || echo "no program has the option $option"
            ;;
        esac
    done >"$work/missing"
    while IFS= read -r missing; do
        complain "$page: $missing"
    done <"$work/missing"
}

# The command in the head of each program that says how it is built, as one would type it. A \ continues it.
check_heads() {
    for source in "$1"/*.c "$1"/beyond/*.c "$1"/beyond/solutions/*.c; do
        build=$(sed -n '/^ \* Build / { s/^ \* Build  *//; :more
            /\\$/ { N; s/\n \*/\n/; b more
            }; p; }' "$source" 2>/dev/null)
        [ -n "$build" ] || continue
        heads=$((heads + 1))
        (cd "$work/copy/$1" && sh -c "$build") >"$work/log" 2>&1 ||
            complain "$source: $build: $(head -n 5 "$work/log")"
    done
}

missing=
command -v valgrind >/dev/null || missing="$missing valgrind "
cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null >"$work/scope" # not 0: only root may attach
command -v gdb >/dev/null && { [ "$(id -u)" = 0 ] || ! grep -q '[1-9]' "$work/scope"; } || missing="$missing gdb "
[ -z "$missing" ] || echo "readmes: skipped: sessions of$missing"

mkdir "$work/copy" && cp -R Makefile README.md LICENSE .clang-format ch[0-9][0-9]_* tests "$work/copy" || exit 1
"$make" -s -C "$work/copy" clean >/dev/null && "$make" -s -C "$work/copy" >/dev/null || exit 1
sessions=0
heads=0
for folder; do
    for page in "$folder"/*.md "$folder"/*/README.md "$folder"/*/solutions/README.md; do
        case $page in
        ./*/README.md) continue ;; # those of the chapters, when the folder is the repository
        esac
        [ -e "$page" ] || continue
        check_sessions "$folder" "$page"
        check_names "$folder" "$page"
    done
    check_heads "$folder" # last: a line may build a program in another way than make
done
[ $failed = 0 ] && echo "readmes: $sessions sessions print what is shown, $heads heads build their programs," \
    "and all that is named exists"
exit $failed
