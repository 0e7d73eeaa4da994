#!/bin/sh
# Checks what `make compile-commands` writes: it names every .c file of the chapters, and each of its commands
# compiles its file. Where clangd is installed, it finds no error in the file that needs most of the flags.
cd "$(dirname "$0")/.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

if ! command -v python3 >/dev/null; then
    echo "compile_commands: skipped: python3 is not here"
    exit 0
fi
sh tests/write_compile_commands.sh >"$work/compile_commands.json" || exit 1
without=none
pkg-config --exists check 2>/dev/null || {
    echo "compile_commands: skipped: the chapters' tests: Check is not here"
    without=tests/
}
python3 - "$work/compile_commands.json" $without <<'END' || exit 1
import concurrent.futures, glob, json, os, subprocess, sys

entries = json.load(open(sys.argv[1]))
failed = 0

def complain(text):
    global failed
    failed = 1
    print("compile_commands:", text)

def compiles(entry):
    return subprocess.run([*entry["arguments"], "-fsyntax-only"], cwd=entry["directory"], capture_output=True, text=True)

paths = [os.path.join(entry["directory"], entry["file"]) for entry in entries]
all_files = glob.glob(os.path.join(os.getcwd(), "ch[0-9][0-9]_*/**/*.c"), recursive=True)
all_files = [path for path in all_files if "/build/" not in os.path.relpath(path)]
if sorted(paths) != sorted(all_files):
    complain(f"one too many or missing: {sorted(set(paths) ^ set(all_files)) or 'there are doubles'}")
wanted = [entry for entry in entries if not entry["file"].startswith(sys.argv[2])]
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    for entry, result in zip(wanted, pool.map(compiles, wanted)):
        if result.returncode != 0 or result.stderr:
            complain(f"{entry['directory']}/{entry['file']}: {entry['arguments']}\n{result.stderr}")
arguments = {path: entry["arguments"] for path, entry in zip(paths, entries)}
if "-O3" not in arguments.get(os.path.abspath("ch04_condvars/matrix_multiply.c"), []):
    complain("the flags that matrix_multiply has for itself are missing")
if not failed:
    print(f"compile_commands: {len(wanted)} files compile as it says")
sys.exit(failed)
END
if ! command -v clangd >/dev/null; then
    echo "compile_commands: skipped: what clangd makes of it: clangd is not here"
elif ! timeout 100 clangd --compile-commands-dir="$work" --check=ch02_threads/beyond/bounded_file_search.c >"$work/log" 2>&1; then
    grep '^E' "$work/log"
    echo "compile_commands: clangd finds errors in ch02_threads/beyond/bounded_file_search.c"
    exit 1
fi
