#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# libvirt-scenes.sh BUILD RELEASE: a libvirt host in a Debian RELEASE of its own, with our packages, real libvirtd, its
# dnsmasq and virtual machines; libvirtscenes.py says what happens there. Played twice at a time: with our lease helper,
# and with libvirt's. The table of what all four pairs of modules and helpers answer is then in
# BUILD/comparison-scenes.txt, and is to be that of docs/comparison-scenes.txt.
# shellcheck disable=SC2154 # roots.sh sets the variables
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
build=$1
release=$2
# shellcheck source=tests/lib.sh
. "$here/lib.sh"
[ "$(uname -m)" = x86_64 ] || bail_out "the guests are for x86_64 alone, and this is $(uname -m)"
# shellcheck source=tests/roots.sh
. "$here/roots.sh"

# The packages' own tests are for check-deb
DEB_BUILD_OPTIONS=nocheck build_debs
make_system guest 'sh /tmp/image.sh' "$here/e2e/guest/image.sh" "$here/e2e/guest/init"
guest=$system
make_system libvirt 'apt-get -qq update
    apt-get -qq -y --no-install-recommends install dnsmasq-base iproute2 iptables iputils-ping libvirt-clients \
        libvirt-daemon-system openssh-client procps python3 qemu-system-x86
    # What ours are compared with
    cd /tmp && apt-get -qq download libnss-libvirt && dpkg -x libnss-libvirt_*.deb /opt/reference
    apt-get clean'
host=$system

# make_host NAME PACKAGE...: $root is now a host with these packages of ours
make_host() {
    layer "$1" "$host"
    shift
    mkdir -p "$root/source" "$root/guest"
    mount --bind -o ro "$source" "$root/source"
    mount --bind -o ro "$guest/guest" "$root/guest"
    for package; do
        cp "$debs/$package"_*.deb "$root/root/"
    done
    works "our packages on a libvirt host: $*" sh -c 'apt-get -qq -y --no-install-recommends install /root/*.deb'
    sed -i 's/^hosts:.*/hosts: files libvirt libvirt_guest/' "$root/etc/nsswitch.conf"
}

# play HELPER: what happens, in $root
play() {
    enter_root unshare --net --uts --ipc \
        python3 -B /source/tests/e2e/libvirtscenes.py "$1" /source/docs/comparison.rst /run/record
}

make_host theirs libnss-libvirt-names virt-names
theirs=$root
play "libvirt's" >"$layers/theirs.tap" 2>&1 &
player=$!
make_host ours libnss-libvirt-names virt-names libvirt-leaseshelper
relay "our helper: " < <(play ours 2>&1)
wait "$player"
relay "libvirt's helper: " <"$layers/theirs.tap"
if [ -s "$root/run/record" ] && [ -s "$theirs/run/record" ]; then
    relay "" < <(python3 -B "$here/e2e/libvirtreport.py" "$root/run/record" "$theirs/run/record" \
        "$source/docs/comparison.rst" "$build/comparison-scenes.txt" "$source/docs/comparison-scenes.txt" 2>&1)
else
    case_ok 1 "both have left a record"
fi
finish
