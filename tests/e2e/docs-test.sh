#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# docs-test.sh BUILD PAGE...: somebody who has just installed the build folder BUILD does what the pages of its
# documentation show, command by command, and sees what stands there (see shown.py). In namespaces of its own, with a
# layer of its own above /usr/local and /etc.
# Wants LEASEDIR, RUNSTATEDIR, LEASE_HELPER and TESTDATA.
# shellcheck disable=SC2016,SC2119 # what a script expands; options of start_dnsmasq
set -u
export LC_ALL=C.UTF-8
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/network.sh
. "$(dirname "$0")/network.sh"

need ip busybox getent python3 man meson ldconfig nscd strace jq dnsmasq dig make
build=$1
[ "$(option_of "$build" prefix)" = /usr/local ] || skip_all "the build folder is not set up for /usr/local"
enter_namespace "$0" "$@" || skip_all "no private mount, network and process namespaces to be had here"
shift

busybox hostname host1
make_network
install_build "$build"
# No DNS server is there, and nobody waits for one
echo 'nameserver 127.0.0.1' >/etc/resolv.conf 2>/dev/null
echo '127.0.0.1 localhost' >/etc/hosts
rm -f /etc/nsswitch.conf
echo 'hosts: files dns' >/etc/nsswitch.conf
source_tree "$build"
# A test that runs inside this one keeps its log apart, and builds nothing
printf '#!/bin/sh\n[ "$1" != test ] || set -- "$@" --no-rebuild --logbase=docs\nexec %s "$@"\n' "$(command -v meson)" \
    >/usr/local/bin/meson
chmod +x /usr/local/bin/meson

# As on a host of libvirt
start_dnsmasq

for page; do
    echo "# ${page##*/}"
    follow "$page"
done
for name in libnss_libvirt libnss_libvirt_guest libnss_libvirt.so.2 libnss_libvirt_guest.so.2 nss-libvirt-guest; do
    is "$(MANPATH=/usr/local/share/man man "$name" 2>&1 | sed -n '1s/ .*//p')" "NSS-LIBVIRT(8)" "man $name"
done
finish
