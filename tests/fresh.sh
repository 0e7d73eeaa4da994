#!/bin/sh
# What the README promises for a fresh Debian or Ubuntu is true. Each of its two commands runs, word for word,
# in a minimal system of its own that debootstrap makes, as root (so without sudo, after apt-get update). The
# systems are made in a temporary folder, of this machine's release and from its package mirror. They run in a
# namespace of their own. Its mounts and processes vanish with it, however this script ends, so removing the
# folder never meets a mount.
cd "$(dirname "$0")/.." || exit 1
PATH=$PATH:/usr/sbin:/sbin
umask 022

skip() {
    echo "fresh: skipped: $*"
    exit 0
}

# Where this machine has its packages from, in the lines of a sources.list.
sources() {
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v release="$1" '($3 == release || $3 == release "-updates" || $3 == release "-security") &&
                             ($4 == "main" || $4 == "universe")' | sort -u
}

# Inside the namespace: makes the minimal system that the others are copies of.
make_system() {
    release=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
    mirror=$(sources "$release" | awk -v release="$release" '$3 == release { print $2; exit }')
    [ -n "$mirror" ] || { echo "apt names no mirror of $release" && return 1; }
    eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy)"
    [ -z "$http_proxy" ] || export http_proxy
    [ -z "$https_proxy" ] || export https_proxy
    debootstrap --variant=minbase "$release" "$folder/system" "$mirror" || return 1
    etc=$folder/system/etc
    sources "$release" >"$etc/apt/sources.list"
    apt-config dump | grep '^Acquire::' >"$etc/apt/apt.conf.d/99acquire"
    for settings in auth.conf auth.conf.d keyrings trusted.gpg trusted.gpg.d; do
        [ ! -e "/etc/apt/$settings" ] || cp -R "/etc/apt/$settings" "$etc/apt/" || return 1
    done
    cp -L /etc/resolv.conf /etc/hosts "$etc/"
}

# Inside the namespace: follows one command of the README in a copy of that system.
follow() {
    cp -ax "$folder/system" "$folder/$1" && cp -R "$folder/repository" "$folder/$1/root/" &&
        mount --rbind /dev "$folder/$1/dev" && mount -t proc proc "$folder/$1/proc" || return 1
    env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        chroot "$folder/$1" sh -c "cd ~/repository && apt-get update && $2"
}

if [ "$1" = inside ]; then
    folder=$2
    shift 2
    "$@"
    exit
fi

[ "$(id -u)" = 0 ] || skip "only root can make a system"
for tool in apt-get debootstrap unshare; do
    command -v $tool >/dev/null || skip "$tool is not here"
done
unshare --mount --pid --fork true 2>/dev/null || skip "namespaces cannot be made here"

folder=$(mktemp -d) || exit 1
inside=
clean_up() {
    [ -z "$inside" ] || kill -KILL $inside 2>/dev/null && wait
    rm -rf "$folder" 2>/dev/null || { sleep 1 && rm -rf "$folder"; } # the namespace is still dying
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
log=$folder/log

# Does one of the above in a namespace; shows the end of what was printed if it fails.
do_inside() {
    began=$(date +%s)
    unshare --mount --pid --fork --kill-child sh tests/fresh.sh inside "$folder" "$@" >"$log" 2>&1 </dev/null &
    inside=$!
    wait $inside
    status=$?
    inside=
    seconds=$(($(date +%s) - began))
    [ $status = 0 ] || tail -n 60 "$log"
    return $status
}

mkdir "$folder/repository" && cp -R Makefile README.md LICENSE .clang-format ch[0-9][0-9]_* tests \
    "$folder/repository" && "${MAKE:-make}" -s -C "$folder/repository" clean >/dev/null || exit 1
do_inside make_system || { echo "fresh: the minimal system could not be made" && exit 1; }
echo "fresh: a minimal system is made ($seconds s)"
failed=0
for target in run test; do
    command=$(sed -n "s/^sudo \(apt-get install .* && make $target\)\$/\1/p" README.md)
    if [ -n "$command" ] && do_inside follow $target "$command"; then
        echo "fresh: $command: works ($seconds s)"
        grep 'skipped:' "$log"
    else
        echo "fresh: ${command:-the command with make $target, which the README should have}: fails"
        failed=1
    fi
    rm -rf "${folder:?}/$target"
done
exit $failed
