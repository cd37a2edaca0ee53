#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# docs-test.sh BUILD PAGE...: somebody who has just installed the build folder BUILD does what the pages of its
# documentation show, command by command, and sees what stands there (see shown.py). In namespaces of its own, with a
# layer of its own above /usr/local and /etc.
# Wants LEASEDIR, RUNSTATEDIR and TESTDATA.
set -u
export LC_ALL=C.UTF-8
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/network.sh
. "$(dirname "$0")/network.sh"

need ip busybox getent python3 man meson ldconfig nscd strace
build=$1
[ "$(option_of "$build" prefix)" = /usr/local ] || skip_all "the build folder is not set up for /usr/local"
enter_namespace "$0" "$@" || skip_all "no private mount, network and process namespaces to be had here"
shift

busybox hostname host1
make_network
install_build "$build"
# Whatever became of the layer: this machine's own files are never written to
mountpoint -q /etc || skip_all "/etc is not a layer of this namespace's own"
# No DNS server is there, and nobody waits for one
echo 'nameserver 127.0.0.1' >/etc/resolv.conf 2>/dev/null
echo '127.0.0.1 localhost' >/etc/hosts
rm -f /etc/nsswitch.conf
echo 'hosts: files dns' >/etc/nsswitch.conf
# Where pages may put what they show
mkdir "$work/here"
cd "$work/here" || exit

for page; do
    echo "# ${page##*/}"
    before=$cases
    follow "$page"
    # A page on which nothing is found tests nothing
    is "$((cases > before))" 1 "${page##*/} has commands that are run"
done
for name in libnss_libvirt libnss_libvirt_guest libnss_libvirt.so.2 libnss_libvirt_guest.so.2 nss-libvirt-guest; do
    is "$(MANPATH=/usr/local/share/man man "$name" 2>&1 | sed -n '1s/ .*//p')" "NSS-LIBVIRT(8)" "man $name"
done
finish
