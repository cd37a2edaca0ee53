#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# demo-test.sh BUILD: that the demonstration shows what it promises and leaves the host as it was. Wants LEASEDIR.
set -u
export LC_ALL=C
here=$(dirname "$0")
# shellcheck source=tests/lib.sh
. "$here/lib.sh"
[ -z "${NSS_TEST_SANITIZED:-}" ] || skip_all "a sanitized build is not what ships: getent cannot load its modules"
# shellcheck source=tests/e2e/network.sh
. "$here/e2e/network.sh"
absent=$(lacking ip dnsmasq busybox dig dropbear dropbearkey ssh ssh-keygen)
[ -z "$absent" ] || skip_all "not installed:$absent"
(enter_namespace -c true) || skip_all "no private mount, network and process namespaces to be had here"

# What the demonstration could change
host() {
    cat /proc/self/mounts /etc/nsswitch.conf /etc/passwd
    ls -la "$LEASEDIR" "$(dirname "$LEASEDIR")" 2>&1
    ls -A "$RUNSTATEDIR" "$TMPDIR"
    ip -brief link
    ip -brief address
}

TMPDIR=$(mktemp -d) || exit 99
export TMPDIR
trap 'rmdir "$TMPDIR"' EXIT
before=$(host)
output=$(DEMO_TEST=$$ sh "$here/demo.sh" "$1" 2>&1)
is $? 0 "exit status"
is "$(host)" "$before" "mounts, links, configuration, lease and runtime folder are as before"
is "$(grep -lsz "^DEMO_TEST=$$\$" /proc/[0-9]*/environ)" "" "nothing of it runs any more"
is "$(echo "$output" | sed -n 's/^\$ \([a-z]* *[a-z]*\).* \([a-z0-9]*\)$/\1 \2/p' | grep getent | tr '\n' ' ')" \
    "getent ahostsv shop getent ahostsv web1 getent ahostsv web1 getent ahostsv web1 getent ahostsv shop " \
    "a hostname, a domain's name, before and after what may change them, are looked up"
is "$(echo "$output" | grep -c '^192\.168\.122\.[0-9]* *STREAM')" 4 "and found where they should be"
is "$(echo "$output" | grep -c '^this is web1, reached at 192\.168\.122\.')" 1 "ssh by name ends in the guest"
finish
