#!/bin/sh
# Prints how each .c file of the chapters is compiled, as clangd and editors read it from compile_commands.json.
# `make -n -B check` lists all commands of a chapter. Here they run with `record` in place of the compiler: it
# prints its arguments, one a line, so they are split as the shell splits them.
cd "$(dirname "$0")/.." || exit 1
make=${MAKE:-make} # GNU make has other names on some systems
compiler=${CC:-cc}
unset MAKEFLAGS MAKELEVEL

record() {
    printf '%s\n' "$PWD" $compiler "$@" ''
}

for chapter in ch[0-9][0-9]_*; do
    cd "$chapter" || exit 1
    # Also the command that writes quiz_lines.h, which quiz.c includes.
    commands=$("$make" -n -B --no-print-directory CC=record check |
        awk '/^record |^sed .*>quiz_lines.h$/ { wanted = 1 } wanted; !/\\$/ { wanted = 0 }')
    eval "$commands"
    printf '%s\n' "$PWD" others # what is only included elsewhere, or compiled by a test
    find . -name build -prune -o -name '*.c' -print | sed 's,^\./,,' | sort
    echo
    cd ..
done | awk -F '\n' '
    function quoted(text) {
        gsub(/\\/, "\\\\&", text)
        gsub(/"/, "\\\\&", text)
        return "\"" text "\""
    }
    BEGIN { RS = ""; print "[" }
    {
        files = ""
        arguments = $2 == "others" ? first_arguments : ""
        for (i = 2; i <= NF; i++) {
            if ($i ~ /\.c$/)
                files = files $i "\n"
            else if ($i == "-o")
                i++
            else if ($i !~ /^-l/ && $2 != "others")
                arguments = arguments quoted($i) ", "
        }
        if ($1 != folder)
            first_arguments = arguments
        folder = $1
        count = split(files, file, "\n") - 1
        for (i = 1; i <= count; i++)
            if (!seen[folder, file[i]]++)
                printf "%s{\"directory\": %s, \"file\": %s,\n \"arguments\": [%s\"-c\", %s]}", comma++ ? ",\n" : "",
                    quoted(folder), quoted(file[i]), arguments, quoted(file[i])
    }
    END { print "\n]" }'
