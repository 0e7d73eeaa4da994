#!/bin/sh
# No program calls what macOS or FreeBSD lack: everything that programs import is in tests/posix_symbols.txt.
# They are built without optimisation, so that no call vanishes. Takes chapters as arguments; without any,
# all of them.
cd "$(dirname "$0")/.." || exit 1
[ $# -gt 0 ] || set -- ch[0-9][0-9]_*
make=${MAKE:-make} # GNU make has other names on some systems
if [ "$(uname)" != Linux ]; then
    echo "symbols: skipped: on Linux only, of whose libraries it knows the inner names"
    exit 0
fi
if ! command -v nm >/dev/null; then
    echo "symbols: skipped: nm is not here"
    exit 0
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failed=0

# What may call more than that, and why.
exceptions='
ch03_mutexes/beyond/ledger_locks pthread_spin_init      for comparison only, and only where there is
ch03_mutexes/beyond/ledger_locks pthread_spin_destroy   _POSIX_SPIN_LOCKS
ch03_mutexes/beyond/ledger_locks pthread_spin_lock
ch03_mutexes/beyond/ledger_locks pthread_spin_unlock
ch06_deadlocks/lock_watch/lock_watch getxattr              on Linux only: whether a program has capabilities,
ch06_deadlocks/lock_watch/lock_watch prctl                 and whether they, and its set-user-ID bit, count
ch06_deadlocks/lock_watch/lock_watch.so dladdr              on Linux, macOS and FreeBSD, but not in POSIX.1-2008
ch06_deadlocks/lock_watch/lock_watch.so vfork               so is this
ch06_deadlocks/lock_watch/lock_watch.so dlvsym              where there is glibc
ch06_deadlocks/lock_watch/lock_watch.so environ             a variable
ch06_deadlocks/lock_watch/lock_watch.so _dl_find_object     where there is glibc: the unwinder of gcc calls it
ch06_deadlocks/lock_watch/lock_watch.so prctl               on Linux only: what a thread is called,
ch06_deadlocks/lock_watch/lock_watch.so syscall             its number, and what is in a folder of /proc
ch06_deadlocks/lock_watch/lock_watch.so __libc_current_sigrtmax     SIGRTMAX, on Linux only:
ch06_deadlocks/lock_watch/lock_watch.so __libc_current_sigrtmin     a signal that the program does not use
ch06_deadlocks/lock_watch/lock_watch.so at_quick_exit       not on macOS, where it is left out'

# The names by which a program knows the functions of glibc and musl; nothing for what the compiler calls.
as_in_posix() {
    sed 's/@.*//
        /^__gmon_start__$/d; /^_ITM_/d; /^__libc_start_main$/d; /^__cxa_finalize$/d; /^__stack_chk_fail$/d
        /^_init$/d; /^_fini$/d; /^__\(de\)\{0,1\}register_frame_info$/d; /^__tls_get_addr$/d
        s/^__isoc[0-9]*_//; s/^__sysv_signal$/signal/; s/^__xpg_//; s/^__sigsetjmp$/sigsetjmp/
        s/^__f\{0,1\}xstat\(at\)\{0,1\}$/fstat/; s/^__lxstat$/lstat/; s/^__\([a-z]*\)_chk$/\1/
        s/^__ctype_b_loc$/isalpha/; s/^__ctype_\(to.*er\)_loc$/\1/; s/^__cxa_atexit$/atexit/; s/^__cxa_at_quick_exit$/at_quick_exit/
        s/^__register_atfork$/pthread_atfork/; s/^__environ$/environ/; s/^__posix_getopt$/getopt/; s/^__errno_location$/errno/
        s/^__assert_fail$/assert/; s/^__pthread_key_create$/pthread_key_create/
        s/^__pthread_\(un\)\{0,1\}register_cancel$/pthread_cleanup_push/
        s/^__pthread_unwind_next$/pthread_exit/
        s/^_pthread_cleanup_/pthread_cleanup_/'
}

sed '/^#/d' tests/posix_symbols.txt | tr -s ' ' '\n' >"$work/known"
programs=0
for chapter; do
    cp -R "$chapter" "$work" && "$make" -s -C "$work/$chapter" clean >/dev/null &&
        "$make" -s -C "$work/$chapter" CFLAGS='-O0 -fno-builtin' >/dev/null || exit 1
    for program in "$work/$chapter"/* "$work/$chapter"/beyond/* "$work/$chapter"/beyond/solutions/* \
        "$work/$chapter"/lock_watch/*; do
        { [ -f "$program" ] && [ -x "$program" ] && nm -u "$program" >"$work/imported"; } 2>/dev/null || continue
        programs=$((programs + 1))
        program=${program#"$work/"}
        for symbol in $(awk '{ print $2 }' "$work/imported" | as_in_posix); do
            # The two libraries that are used where they are found.
            case $symbol in SDL_* | curl_*) continue ;; esac
            echo "$symbol" >>"$work/all"
            grep -q -x "$symbol" "$work/known" && continue
            # The pieces leave this out on macOS.
            [ "$symbol" = pthread_condattr_setclock ] &&
                ! grep -L __APPLE__ $(grep -l "$symbol" "$chapter"/*.[ch] "$chapter"/beyond/*.[ch]) | grep -q . && continue
            echo "$exceptions" | grep -E -q "^$program $symbol( |\$)" && continue
            echo "symbols: $program calls $symbol, which is not in tests/posix_symbols.txt"
            failed=1
        done
    done
done
[ $programs -gt 0 ] || { echo "symbols: there is no program that nm can read" && exit 1; }
[ $failed = 0 ] && echo "symbols: $(sort -u "$work/all" | wc -l) functions, called by $programs programs:" \
    "all in POSIX, on macOS and on FreeBSD"
exit $failed
