#!/bin/sh
# Real programs run under lock_watch as they do without it: with the same output and status, and lock_watch
# reports no deadlock. The script prints warnings about the order of locks, for a person to look at: they may
# be true. It also prints the times, which decide nothing, and names what is not installed.
# Takes names of the functions below as arguments; without any, all of them.
cd "$(dirname "$0")/.." || exit 1
make=${MAKE:-make} # GNU make has other names on some systems
if [ "$(uname)" != Linux ] || ! command -v bash >/dev/null; then
    echo "real_programs: skipped: on Linux only, and with bash, which can talk to servers"
    exit 0
fi
for tool in timeout seq; do
    command -v $tool >/dev/null || { echo "real_programs: skipped: $tool is not here" && exit 0; }
done
case $(date +%s%N) in
*[!0-9]*) echo "real_programs: skipped: date tells no nanoseconds here" && exit 0 ;;
esac
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
"$make" -s -C ch06_deadlocks OUT="$work/ch06" CFLAGS='-O2 -g' "$work/ch06/lock_watch/lock_watch" \
    "$work/ch06/lock_watch/lock_watch.so" || exit 1
failed=0
tried=0
missing=
PATH=$PATH:/usr/sbin:/sbin

# ---- what is run: each prints what is to be the same, in a folder of its own ----

# The program itself, bare or watched. It has a minute.
run() {
    timeout -k 5 60 env ${preload:+LD_PRELOAD=$preload} $watch "$@"
}

# A server: its pid is in `server`, and what it prints in `log`. It ends with the function at the latest.
serve() {
    env $watch "$@" >log 2>&1 & # env, as a function here has the same name
    server=$!
    trap 'kill -KILL $server 2>/dev/null' EXIT
}

# Waits until the server has ended, and says how. It has half a minute.
end_of_server() {
    for _ in $(seq 300); do
        grep -q '^State:.[^Z]' "/proc/$server/status" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL $server 2>/dev/null
    wait $server
    echo "server: $?"
    trap - EXIT
}

# Waits until a server listens at the port or socket; then another moment, in which the server has nothing to do.
until_it_listens() {
    for _ in $(seq 100); do
        sleep 0.1
        if [ -S "$1" ] || bash -c "exec 3<>/dev/tcp/127.0.0.1/$1" 2>/dev/null; then
            sleep 0.5
            return
        fi
    done
    echo "nobody listens: $1"
    cat log
}

free_port() {
    port=$((20000 + $$ % 10000))
    while bash -c "exec 3<>/dev/tcp/127.0.0.1/$port" 2>/dev/null; do
        port=$((port + 1))
    done
}

# Sends the lines to the port, and prints the answer.
talk() {
    timeout 20 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port && printf '%b' '$1' >&3 && cat <&3"
}

redis_server() {
    run redis-server --version
    free_port
    serve redis-server --port "$port" --save '' --dir . --bind 127.0.0.1 --io-threads 2
    until_it_listens "$port"
    talk 'SET a 1\r\nINCR a\r\nLPUSH l x y z\r\nLRANGE l 0 -1\r\nFLUSHALL ASYNC\r\nGET a\r\nQUIT\r\n'
    talk 'SHUTDOWN NOSAVE\r\n'
    end_of_server
}

memcached() {
    free_port
    serve memcached -u root -l 127.0.0.1 -p "$port" -t 4
    until_it_listens "$port"
    talk 'set a 0 0 5\r\nhello\r\nget a\r\nincr b 1\r\nquit\r\n'
    kill -TERM $server
    end_of_server
}

nginx() {
    free_port
    cp ../data file
    cat >conf <<END
daemon off;
master_process off;
pid pid;
error_log error.log;
thread_pool default threads=2;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
    server { listen 127.0.0.1:$port; location / { root .; sendfile off; aio threads; } }
}
END
    serve nginx -p "$PWD" -c conf
    until_it_listens "$port"
    for _ in 1 2 3; do
        talk 'GET /file HTTP/1.0\r\n\r\n' | sed '1,/^\r*$/d' | cksum
    done
    kill -QUIT $server # for which it has a handler, so it gets it
    end_of_server
}

mariadbd() {
    run mariadbd --no-defaults --help --verbose 2>&1 | grep -v -e '^tmpdir' -e '^20.* \[Warning\]'
    mariadb-install-db --no-defaults --user="$(id -un)" --auth-root-authentication-method=normal \
        --datadir="$PWD/data" >/dev/null 2>&1
    serve mariadbd --no-defaults --user="$(id -un)" --datadir="$PWD/data" --socket="$PWD/socket" --skip-networking
    until_it_listens socket
    mariadb --no-defaults --user=root --socket=socket --execute='CREATE DATABASE d; USE d; CREATE TABLE t (n INT) ENGINE=InnoDB;
        INSERT INTO t VALUES (1), (2), (3); UPDATE t SET n = n * n; SELECT SUM(n) FROM t;'
    mariadb-admin --no-defaults --user=root --socket=socket shutdown
    end_of_server
}

dig() {
    run dig -v
}

varnishd() {
    run varnishd -V
}

pigz() {
    run pigz -p 4 -b 128 -n -c ../data | cksum
    command pigz -c ../data | run pigz -d -c | cksum
}

zstd() {
    run zstd -q -T2 -c ../data | cksum
}

xz() {
    run xz -T2 --block-size=200KiB -1 -c ../data | cksum
}

sort() {
    run sort --parallel=2 -S 1M ../data | cksum
}

ffmpeg() {
    run ffmpeg -nostdin -loglevel error -f lavfi -i testsrc=duration=1:size=320x240:rate=25 -threads 2 \
        -c:v mpeg4 -bitexact -f framemd5 -
}

sqlite3() {
    run sqlite3 base 'CREATE TABLE t (n INT); WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 100000)
        INSERT INTO t SELECT x FROM c; PRAGMA threads = 2; CREATE INDEX i ON t (n DESC); SELECT SUM(n) FROM t;'
}

python3() {
    # What is called so may be a script that finds the real one.
    run "$(command python3 -c 'import sys; print(sys.executable)')" -c '
import queue, threading
from concurrent.futures import ThreadPoolExecutor
q, lock, total = queue.Queue(10), threading.RLock(), 0
def take():
    global total
    while (n := q.get()) is not None:
        with lock:
            total += n
threads = [threading.Thread(target=take) for _ in range(4)]
for t in threads: t.start()
for n in range(20000): q.put(n)
for t in threads: q.put(None)
for t in threads: t.join()
with ThreadPoolExecutor(4) as pool:
    print(total, sum(pool.map(len, map(str, range(5000)))))'
}

node() {
    run node -e '
const { Worker } = require("worker_threads");
const results = [];
for (let i = 0; i < 3; i++)
    new Worker(`const { parentPort } = require("worker_threads");
        let n = 0; for (let i = 0; i < 1e6; i++) n += i % 7; parentPort.postMessage(n);`, { eval: true })
        .on("message", (n) => { results.push(n); if (results.length === 3) console.log(results.join()); });
require("crypto").pbkdf2("a", "b", 10000, 16, "sha256", (e, key) => process.on("exit", () => console.log(key.toString("hex"))));'
}

# Another library that stands in front of libc, and locks mutexes before the program's main.
jemalloc() {
    preload=$jemalloc
    for program in xz sort python3 sqlite3; do
        ! is_installed $program || $program
    done
}

# ---- bare and watched ----

# The functions above have the names of the programs, so that `command -v` would find those.
is_installed() {
    case $1 in
    jemalloc) [ -n "$jemalloc" ] ;;
    *) env sh -c 'command -v "$1"' - "$(echo "$1" | tr _ -)" >/dev/null ;;
    esac
}

now() {
    echo $(($(date +%s%N) / 1000000))
}

# Runs the function in a new folder. Sets `elapsed`, in ms.
in_folder() {
    watch=$1
    mkdir "$work/folder" || exit 1
    begun=$(now)
    (cd "$work/folder" && $name </dev/null; echo "status $?") >"$2" 2>&1
    elapsed=$(($(now) - begun))
    rm -rf "$work/folder"
}

compare() {
    : >"$work/said"
    in_folder '' "$work/bare"
    bare=$elapsed
    in_folder "$work/ch06/lock_watch/lock_watch -o $work/said" "$work/watched"
    tried=$((tried + 1))
    echo "real_programs: $name: $bare ms, watched $elapsed ms: $((elapsed * 100 / (bare + 1)))%"
    if ! cmp -s "$work/bare" "$work/watched"; then
        echo "real_programs: $name: something else is printed, or it ends in another way:"
        diff "$work/bare" "$work/watched" | head -n 10
        failed=1
    fi
    if grep -A 20 -e 'deadlock:' -e asleep "$work/said"; then
        echo "real_programs: $name: is accused"
        failed=1
    fi
    [ -s "$work/said" ] || { echo "real_programs: $name: lock_watch says nothing" && failed=1; }
    grep -A 12 'warning:' "$work/said" | head -n 40
}

# Lines for the programs to work on, the same each time.
seq 1 200000 | awk '{ print $1 * 7919 % 200003, "line", $1 % 100 }' >"$work/data"
jemalloc=$(ls /usr/lib/*/libjemalloc.so.2 /usr/lib/libjemalloc.so.2 2>/dev/null | head -n 1)
for name in ${*:-redis_server memcached nginx mariadbd dig varnishd pigz zstd xz sort ffmpeg sqlite3 python3 node jemalloc}; do
    if is_installed "$name"; then
        compare
    else
        missing="$missing $name"
    fi
done
[ -z "$missing" ] || echo "real_programs: not installed:$missing"
[ $failed = 0 ] && echo "real_programs: $tried programs run as they do without lock_watch"
exit $failed
