#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# libvirt-test.sh BUILD RELEASE: libvirt-scenes.sh to its end; then again, stopped while a system is made, while our
# packages are built and while guests run. None of it may leave anything behind on this machine.
# shellcheck disable=SC2317 # what interrupted calls
set -u
export LC_ALL=C.UTF-8
e2e=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib.sh
. "$e2e/../lib.sh"

[ "$(id -u)" = 0 ] || bail_out "debootstrap and libvirtd need root"
build=$1
release=$2
notes=$(mktemp -d)
export TMPDIR=$notes/tmp
mkdir -p "$TMPDIR" "$build/roots" "$notes/build/roots"
mkfifo "$notes/output"
job=

# stop SIGNAL: ends the job, as Control-C or kill(1) of make does, and returns when it is gone
stop() {
    kill "-$1" -- "-$job" 2>/dev/null
    wait "$job"
}
trap '[ -z "$job" ] || stop TERM; rm -rf "$notes"' EXIT
trap 'exit 1' HUP INT TERM

# start BUILD OUTPUT: the scenes as a job, which has a process group of its own and heeds SIGINT
start() {
    set -m
    bash "$e2e/libvirt-scenes.sh" "$1" "$release" >"$2" 2>&1 &
    job=$!
    set +m
}

# ours: where in /proc the processes are that live on what this test has mounted, below $TMPDIR. The machine may have a
# libvirtd and a dnsmasq of its own, and other tests run.
ours() {
    grep -lF "$TMPDIR/" /proc/[0-9]*/mountinfo 2>/dev/null | sed 's/mountinfo$//'
}

# running NAME: how many of our processes have this name, of which /proc has 15 bytes
running() {
    ours | while read -r process; do
        cat "$process/comm"
    done 2>/dev/null | grep -cxF "$(printf %.15s "$1")"
}

# machine: our processes and files, and what a libvirt host has that goes by the names of ours
machine() {
    ours | sed 's/^/process /'
    find "$TMPDIR" "$build/roots" "$notes/build/roots" -mindepth 1 -maxdepth 1 \( -path "$TMPDIR/*" -o -name '*.new' \)
    ip -o link | grep -oE '(virbr|vnet)[0-9]+(-nic)?'
    ip route | grep virbr
    ip -6 route | grep virbr
    nft list ruleset | grep -E 'LIBVIRT|virbr'
    awk -v notes="$notes" 'index($5, notes) || $5 ~ /libvirt/ { print "mount " $5 }' /proc/self/mountinfo
    sha256sum /etc/nsswitch.conf /etc/hosts /etc/resolv.conf
    find /etc/libvirt /run/libvirt /var/lib/libvirt /var/log/libvirt /sys/fs/cgroup -regextype posix-extended \
        -regex '.*/(virbr[78]|lab|short|(alpha|beta|gamma|delta|fixed)-).*' 2>/dev/null
} 2>&1

began=$SECONDS
before=$(machine)
start "$build" "$notes/output"
relay "" <"$notes/output"
wait "$job"
job=
is "$(machine)" "$before" "nothing is left on this machine"
echo "# $((SECONDS - began)) s"
# Where it could not run, it cannot be stopped
[ -n "$planned" ] || finish

# interrupted SIGNAL WHEN BUILD CONDITION...: stopped as soon as the condition is true
interrupted() {
    local signal=$1 when=$2 tries=600
    start "$3" "$notes/log"
    shift 3
    until "$@" || ! kill -0 "$job" 2>/dev/null || [ $((tries -= 1)) = 0 ]; do
        sleep 0.2
    done
    "$@"
    case_ok $? "$when: it is so" || :
    tries=$SECONDS
    stop "$signal"
    job=
    is "$((SECONDS - tries < 30)) $(grep -c '^1\.\.' "$notes/log")" "1 0" "$when: $signal ends it"
    is "$(machine)" "$before" "$when: nothing is left on this machine"
}

is_unpacked() {
    [ -e "$notes/build/roots/$release-base.new/usr/bin/dpkg" ]
}
are_built() {
    [ "$(running dpkg-buildpackage)" -ge 1 ]
}
guests_run() {
    [ "$(running qemu-system-x86_64)" -ge 4 ]
}
interrupted TERM "a system is made" "$notes/build" is_unpacked
interrupted TERM "packages are built" "$build" are_built
interrupted INT "guests run" "$build" guests_run
finish
