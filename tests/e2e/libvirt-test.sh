#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# libvirt-test.sh BUILD RELEASE: libvirt-scenes.sh to its end; then once more, interrupted while guests run. Neither may
# leave anything behind on this machine.
set -u
export LC_ALL=C.UTF-8
e2e=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib.sh
. "$e2e/../lib.sh"

[ "$(id -u)" = 0 ] || skip_all "debootstrap and libvirtd need root"
notes=$(mktemp -d)
export TMPDIR=$notes/tmp
mkdir -p "$TMPDIR" "$1/roots"
job=
trap '[ -z "$job" ] || kill -TERM -- "-$job" 2>/dev/null; rm -rf "$notes"' EXIT

# ours: where in /proc the processes are that live on what this test has mounted, below $TMPDIR. The machine may have a
# libvirtd and a dnsmasq of its own, and other tests run.
ours() {
    grep -lF "$TMPDIR/" /proc/[0-9]*/mountinfo 2>/dev/null | sed 's/mountinfo$//'
}

# machine BUILD: our processes, and what a libvirt host has that goes beyond a process
machine() {
    ip -o link | sed 's/^[0-9]*: \([^:@]*\).*/interface \1/'
    ip route | sed 's/^/route /'
    { nft list ruleset || iptables-save -t nat; } 2>/dev/null | sed '/^#/d; s/^/rule /'
    sed 's/^[^ ]* [^ ]* [^ ]* [^ ]* \([^ ]*\).*/mount \1/' /proc/self/mountinfo
    ours | sed 's/^/process /'
    find /etc/libvirt /etc/nsswitch.conf /etc/hosts /run/libvirt /var/lib/libvirt /var/log/libvirt "$TMPDIR" \
        \( -type d -printf 'folder %p\n' -o -printf 'file %p %s %T@\n' \) 2>/dev/null
    find "$1/roots" -maxdepth 1 -name '*.new'
}

before=$notes/before
machine "$1" >"$before"
relay "" < <(bash "$e2e/libvirt-scenes.sh" "$@" 2>&1)
is "$(machine "$1" | diff "$before" -)" "" "nothing is left on this machine"
# Where it could not run, it cannot be interrupted
[ "$planned" != 0 ] || finish

# As with Control-C: a job has a process group of its own, and heeds the interrupt
set -m
bash "$e2e/libvirt-scenes.sh" "$@" >"$notes/log" 2>&1 &
job=$!
set +m
# A name in /proc is cut off at 15 bytes
guests() { [ "$(ours | while read -r process; do grep -x qemu-system-x86 "$process/comm"; done 2>/dev/null | wc -l)" -ge "$1" ]; }
tries=600
until guests 4 || [ $((tries -= 1)) = 0 ]; do
    sleep 0.5
done
guests 4
case_ok $? "guests run" || :
kill -INT -- "-$job"
! wait "$job" 2>/dev/null
case_ok $? "it is interrupted" || :
tries=50
until [ -z "$(machine "$1" | diff "$before" -)" ] || [ $((tries -= 1)) = 0 ]; do
    sleep 0.1
done
is "$(machine "$1" | diff "$before" -)" "" "nothing is left on this machine when it was interrupted"
job=
finish
