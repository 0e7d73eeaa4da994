#!/bin/sh
# Spin goes through every order in which the threads of the models (models/*.pml) can take their steps.
# In the right ones it finds no error: no assertion fails, no thread is left waiting, and every statement is
# reached (a model in which nothing happens has no error either). In each of the wrong ones it finds an
# error, and in every mutation, a small damage that sed does, too: so the models can fail. The head of each
# model lists them: options for its preprocessor, and what sed has to do.
#
#   models.sh [model…]         checks these models; without any, all of them
#   models.sh -t model name    prints the shortest way into the error of a wrong one or a mutation
cd "$(dirname "$0")/models" || exit 1
models=$PWD
cc=${CC:-cc}
for tool in spin ${cc%% *}; do
    if ! command -v "$tool" >/dev/null; then
        echo "models: skipped: $tool is not here"
        exit 0
    fi
done
tab=$(printf '\t')
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
pids=
trap 'trap "" TERM; kill 0; wait; exit 1' HUP INT TERM # all that it has started, too

# What the head of a model lists, a line each: kind, options, name, sed expression, with tabs between.
listed() {
    awk -v OFS='\t' '
        /^ \*\// { exit }
        $2 == "Right" || $2 == "Wrong" || $2 == "Mutations" || $2 == "Forever" {
            kind = $2
            options = substr($0, index($0, "-D"))
            if (kind == "Right")
                print kind, options, "-"
            next
        }
        kind != "" && match($0, /  +(s?\/|as it is$)/) {
            name = substr($0, 4, RSTART - 4)
            expression = substr($0, RSTART)
            sub(/^ +(as it is)?/, "", expression)
            print kind, options, name, expression
        }' "$1.pml"
}

has_error() {
    ! grep -q 'errors: 0$' said
}

# Goes through all states of a model, in a folder of its own, shortest ways first. What Spin says is in
# the file `said`. Fails when it could not go to the end, neither that of the model nor an error.
explore() {
    model=$1 options=$2 expression=$3 kind=$4
    rm -rf "$work/$model" && mkdir "$work/$model" && cd "$work/$model" && cp "$models/monitor.inc" . || return 1
    cp "$models/$model.pml" right.pml
    sed "1,/^ \*\//b
        $expression" right.pml >"$model.pml" || return 1 # the head stays as it is
    if [ -n "$expression" ] && cmp -s right.pml "$model.pml"; then
        echo "models: $model: this changes nothing: $expression"
        return 1
    fi
    search='-DBFS -DNOREDUCE' run='-w20'
    [ "$kind" = Forever ] && search='-DNP' run='-l -f -m100000'
    if ! { spin $options -a "$model.pml" && $cc -w $search -o pan pan.c && ./pan $run; } >said 2>&1 ||
        ! grep -q 'errors: [01]$' said || { ! has_error && grep -q -e 'not completed' -e 'too small' said; }; then
        cat said
        echo "models: $model: Spin has failed with $options $expression"
        return 1
    fi
}

# Statements of the model that were never reached. (The monitor decides which thread is woken, not the model.)
unreached() {
    grep '^	.*\.pml:[0-9]*, state' said | grep -v 'wakes [0-9]'
}

steps() {
    sed -n 's/^pan:.* (at depth \([0-9]*\))$/\1/p' said
}

check() {
    right='' wrong='' found=0
    listed "$1" >"$work/$1.list"
    while IFS=$tab read -r kind options name expression <&3; do
        explore "$1" "$options" "$expression" "$kind" || return 1
        if [ "$kind" = Right ]; then
            if has_error || unreached; then
                cat said
                echo "models: $1: it is not right with $options"
                return 1
            fi
            right="$right${right:+, }$(sed -n 's/ *\([0-9]*\) states, stored.*/\1/p' said)"
            continue
        fi
        if ! has_error; then
            echo "models: $1: Spin finds nothing wrong with: $name ($options $expression)"
            return 1
        fi
        case $kind in
        Wrong) wrong="$wrong${wrong:+, }$name ($(steps) steps)" ;;
        Forever) wrong="$wrong${wrong:+, }$name (forever)" ;;
        *) found=$((found + 1)) ;;
        esac
    done 3<"$work/$1.list"
    if [ -z "$right" ] || [ -z "$wrong" ] || [ $found = 0 ]; then
        echo "models: $1: the head of the model lists nothing"
        return 1
    fi
    echo "models: $1: right: $right states; wrong: $wrong; $found mutations found"
}

show_trail() {
    listed "$1" | awk -F '\t' -v name="$2" '$3 == name' >"$work/line"
    if ! IFS=$tab read -r kind options name expression <"$work/line"; then
        echo "models: there is no $2 in $1.pml, but:" >&2
        listed "$1" | cut -f 3 | grep -v '^-$' >&2
        return 1
    fi
    explore "$1" "$options" "$expression" "$kind" && has_error || return 1
    spin $options -t -T -B "$1.pml" | sed '
        s/^ *<<<<<START OF CYCLE>>>>>$/And so forever:/
        s/^spin: text of failed assertion: assert(\(.*\))$/This should be true, and is not: \1/w failed
        /^spin: /d
        /^This should be true/d
        /^[0-9]* processes created/d'
    cat failed
    sed -n 's/^pan:1: invalid end state.*/No thread can continue: deadlock/p' said
}

# Ways that READMEs show, in text blocks with the command above: they are those that are found.
check_readmes() {
    awk -v folder="$work" '
        /^```text$/ { begins = 1; next }
        begins && /^\$ sh \.\.\/tests\/models\.sh -t / {
            shown = folder "/" ++count ".shown"
            print shown, $5, $6
            printf "" >shown
        }
        /^```/ { shown = "" }
        shown != "" && !begins { print >shown }
        { begins = 0 }' "$models"/../../*/README.md "$models"/../../*/beyond/README.md >"$work/readmes"
    while read -r shown model name; do
        if ! (show_trail "$model" "$name") >"$work/trail" || ! diff "$shown" "$work/trail"; then
            echo "models: a README shows another way than ../tests/models.sh -t $model $name"
            return 1
        fi
    done <"$work/readmes"
    echo "models: $(grep -c . "$work/readmes") ways into errors are as the READMEs show them"
}

if [ "$1" = -t ]; then
    if [ $# != 3 ] || ! [ -e "$2.pml" ]; then
        echo "usage: models.sh [model…] | models.sh -t model name" >&2
        exit 2
    fi
    show_trail "$2" "$3"
    exit
fi
all=$#
[ $# -gt 0 ] || set -- $(ls ./*.pml | sed 's/^\.\///; s/\.pml$//')
for model; do
    if ! [ -e "$model.pml" ]; then
        echo "models: there is no model $model" >&2
        exit 1
    fi
done
for model; do
    check "$model" >"$work/$model.out" 2>&1 &
    pids="$pids $!"
done
failed=0
for pid in $pids; do
    wait "$pid" || failed=1
done
for model; do
    cat "$work/$model.out"
done
if [ "$all" = 0 ]; then
    check_readmes || failed=1
fi
exit $failed
