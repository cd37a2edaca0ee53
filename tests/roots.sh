# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
# shellcheck shell=bash disable=SC2154 # the variables below
#
# For tests in Debian systems of their own, which are folders that debootstrap makes. They are kept in $build/roots;
# what happens in them is on a layer in memory. Everything is in namespaces of its own: with the test all its processes
# and mounts go. To be read first by a test at $here that has its arguments, of which the build folder $build and the
# name $release of the Debian release are two. Wants root and the registry: a test that was called for and cannot run
# has failed.

export LC_ALL=C.UTF-8
# shellcheck source=tests/lib.sh
. "$here/lib.sh"
# shellcheck disable=SC2034 # for the tests
source=$(dirname "$here")
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
PATH=$PATH:/usr/sbin:/sbin

# end_inside: ends all that was started in the namespaces, and returns when it is gone
end_inside() {
    local first=
    # Their first process, with which all others go. unshare(1) heeds no other signal, and would be gone before them.
    read -r first _ <"/proc/$inside/task/$inside/children"
    kill -KILL "${first:-$inside}"
    wait "$inside"
}

mkdir -p "$build/roots"
roots=$(cd "$build/roots" && pwd)
if [ -z "${LAYERS:-}" ]; then
    [ "$(id -u)" = 0 ] || bail_out "debootstrap needs root"
    command -v debootstrap >/dev/null || bail_out "no debootstrap here"
    # One test at a time makes systems and throws them away
    exec {lock}>"$roots/$release.lock"
    flock --nonblock "$lock" || {
        echo "# waits for another test in $roots"
        # Not in the foreground, where signals would wait with it
        flock "$lock" &
        wait "$!"
    }
    LAYERS=$(mktemp -d)
    export LAYERS
    # A second signal is not to cut this short
    trap 'trap "" HUP INT TERM
        [ -z "${inside:-}" ] || end_inside 2>/dev/null
        rm -rf "$roots/$release"-*.new
        rmdir "$LAYERS"' EXIT
    trap 'exit 1' HUP INT TERM
    unshare --mount --pid --fork --kill-child --propagation private bash "$0" "$@" &
    inside=$!
    wait "$inside"
    status=$?
    inside=
    exit "$status"
fi
layers=$LAYERS
mount -t tmpfs tmpfs "$layers"

# prepare ROOT: what a system has when it runs, with an apt that runs as it does there
prepare() {
    mountpoint -q "$1" || mount --bind "$1" "$1"
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    # What is made there is the host's
    ! mountpoint -q "$1/dev/hugepages" || umount -R "$1/dev/hugepages"
    mount -t tmpfs tmpfs "$1/tmp"
    mount -t tmpfs tmpfs "$1/run"
    cp --remove-destination /etc/resolv.conf "$1/etc/resolv.conf"
    printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' >"$1/etc/hosts"
    printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
    chmod 755 "$1/usr/sbin/policy-rc.d"
}

# layer NAME LOWER: $root is now a system of its own above the one in LOWER
layer() {
    root=$layers/$1
    mkdir -p "$root" "$root.upper" "$root.work"
    mount -t overlay overlay -o "lowerdir=$2,upperdir=$root.upper,workdir=$root.work" "$root" ||
        bail_out "no overlay file system to be had here"
    prepare "$root"
}

# enter_root COMMAND...: runs it in $root. The root folder is exchanged, because in one that is only changed, as by
# chroot(1), the kernel lets nobody make a user namespace.
enter_root() {
    # shellcheck disable=SC2016 # for the inner shell
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive unshare --mount --propagation private \
        sh -c 'cd "$0" && pivot_root . mnt && cd / && umount -l /mnt && exec "$@"' "$root" "$@" </dev/null
}

# in_root COMMAND...: what it prints is in $said
in_root() {
    said=$(enter_root "$@" 2>&1)
    status=$?
    return "$status"
}

# works NAME COMMAND...
works() {
    local name=$1
    shift
    in_root "$@"
    case_ok $? "$release: $name" || :
    [ "$status" = 0 ] || {
        printf '%s\n' "$said" >"$roots/failed.log"
        echo "# all of it is in $roots/failed.log"
        printf '%s\n' "$said" | tail -n 40 | sed 's/^/# /'
    }
}

base=$roots/$release-base
if [ ! -d "$base" ]; then
    debootstrap --variant=minbase "$release" "$base.new" "$mirror" >"$roots/$release.log" 2>&1 ||
        bail_out "debootstrap $release failed: $(tail -n 1 "$roots/$release.log")"
    umount -R "$base.new/proc" "$base.new/sys" 2>/dev/null
    mv "$base.new" "$base"
fi

# key FILE...: a name made of what is in the files
key() {
    cat "$@" | sha256sum | cut -c1-12
}

# make_system NAME SCRIPT [FILE...]: $system is a copy of $base in which SCRIPT has been run, with copies of the files in
# /tmp. It is made once, and again when SCRIPT, a file or $base is another.
make_system() {
    local name=$1 script=$2
    shift 2
    system=$roots/$release-$name-$(printf '%s' "$script" | key - "$base/var/lib/dpkg/status" "$@")
    [ ! -d "$system" ] || return 0
    rm -rf "$roots/$release-$name"-*
    cp -a "$base" "$system.new"
    root=$system.new
    prepare "$root"
    [ $# = 0 ] || cp "$@" "$root/tmp/"
    in_root sh -euc "$script" || {
        printf '%s\n' "$said" >&2
        exit 1
    }
    umount -R "$root"
    mv "$system.new" "$system"
}

# build_debs: our packages are now in $debs, built where only their Build-Depends are. One case.
build_debs() {
    debs=$roots/../deb-$release
    mkdir -p "$debs"
    make_system builder 'apt-get -qq update
        apt-get -qq -y --no-install-recommends install dpkg-dev build-essential fakeroot xz-utils
        mkdir -p /tmp/source/debian && cp /tmp/control /tmp/source/debian/
        cd /tmp/source && apt-get -qq -y --no-install-recommends build-dep .
        apt-get clean' "$source/packaging/debian/control"
    layer builder "$system"
    mkdir -p "$root/source" "$root/output"
    mount --bind -o ro "$source" "$root/source"
    mount --bind "$debs" "$root/output"
    works "the packages are built where only their Build-Depends are" env "DEB_BUILD_OPTIONS=${DEB_BUILD_OPTIONS:-}" \
        sh /source/packaging/deb.sh /output
    umount -R "$root"
}
