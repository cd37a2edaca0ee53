#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# libvirt-test.sh BUILD RELEASE: libvirt-scenes.sh to its end; then again, stopped while a system is made, while our
# packages are built and while guests run. None of it may leave anything behind on this machine.
# shellcheck disable=SC2317 # what interrupted calls
set -u
export LC_ALL=C.UTF-8
PATH=$PATH:/usr/sbin:/sbin
e2e=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib.sh
. "$e2e/../lib.sh"

[ "$(id -u)" = 0 ] || bail_out "debootstrap and libvirtd need root"
for tool in awk ip nft; do
    command -v "$tool" >/dev/null || bail_out "no $tool here"
done
build=$1
release=$2
notes=$(mktemp -d)
export TMPDIR=$notes/tmp
mkdir -p "$TMPDIR" "$build/roots"
job=

# start OUTPUT COMMAND...: as a job, which has a process group of its own and heeds SIGINT
start() {
    set -m
    "${@:2}" >>"$1" 2>&1 &
    job=$!
    set +m
}

# stop SIGNAL: ends the job, and returns when it is gone. Who is impatient does it twice.
stop() {
    kill "-$1" -- "-$job"
    sleep 0.2
    kill "-$1" -- "-$job"
    wait "$job"
} 2>/dev/null
trap 'trap "" HUP INT TERM
    [ -z "$job" ] || stop TERM
    rm -rf "$notes"' EXIT
trap 'exit 1' HUP INT TERM

# Nothing but the scenes, for the test below, which stops what an administrator would stop
if [ -n "${SCENES_ALONE:-}" ]; then
    start /dev/stdout bash "$e2e/libvirt-scenes.sh" "$build" "$release"
    wait "$job"
    status=$?
    job=
    exit "$status"
fi
export SCENES_ALONE=1
mkfifo "$notes/output"
mkdir -p "$notes/build/roots"
# The end of the path of a system's folder, which is all that is seen of it in another file system
systems=/$(basename "$(cd "$build/.." && pwd)")/$(basename "$build")/roots/$release-

# ours: where in /proc the processes are that live on what this test has mounted, below $TMPDIR, or in a system. The
# machine may have a libvirtd and a dnsmasq of its own, and other tests run.
ours() {
    grep -lF -e "$TMPDIR/" -e "$notes/build/roots/" -e "$systems" /proc/[0-9]*/mountinfo 2>/dev/null |
        sed 's/mountinfo$//'
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
    find /dev /etc/libvirt /run/libvirt /var/lib/libvirt /var/log/libvirt /sys/fs/cgroup -regextype posix-extended \
        -regex '.*/(virbr[78]|lab|short|.*(alpha|beta|gamma|delta|fixed)(-|\\x2d)dom).*' 2>/dev/null
} 2>&1

began=$SECONDS
before=$(machine)
start "$notes/output" bash "$0" "$build" "$release"
relay "" <"$notes/output"
wait "$job"
job=
is "$(machine)" "$before" "nothing is left on this machine"
echo "# $((SECONDS - began)) s"
# Where it could not run, it cannot be stopped
[ -n "$planned" ] || finish

# interrupted SIGNAL WHEN BUILD CONDITION: stopped as soon as the condition is true
interrupted() {
    local signal=$1 when=$2 tries=600 so=1
    : >"$notes/log"
    # Who runs this in the background has told it to ignore SIGINT
    start "$notes/log" env --default-signal=INT bash "$0" "$3" "$release"
    while kill -0 "$job" 2>/dev/null && [ $((tries -= 1)) != 0 ]; do
        if "$4"; then
            so=0
            break
        fi
        sleep 0.2
    done
    began=$SECONDS
    stop "$signal"
    job=
    case_ok "$so" "$when" || tail -n 20 "$notes/log" | sed 's/^/# /'
    is "$((SECONDS - began < 30)) $(grep -c '^1\.\.' "$notes/log")" "1 0" "$when: $signal ends it"
    is "$(machine)" "$before" "$when: nothing is left on this machine"
}

is_unpacked() {
    [ -e "$notes/build/roots/$release-base.new/usr/bin/dpkg" ]
}
# Of a name /proc has 15 bytes
are_built() {
    ours | sed 's/$/comm/' | xargs -r grep -qxsF dpkg-buildpacka
}
# libvirtd starts some to ask what they can do, too
guests_run() {
    [ "$(ours | sed 's/$/cmdline/' | xargs -r grep -lzs '^guest=' | wc -l)" -ge 4 ]
}
interrupted TERM "a system is made" "$notes/build" is_unpacked
interrupted TERM "packages are built" "$build" are_built
interrupted INT "guests run" "$build" guests_run
echo "# $SECONDS s in all"
finish
