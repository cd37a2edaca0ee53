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
(enter_namespace -c true) || skip_all "no private mount namespace to be had here, or nothing can be mounted above $LEASEDIR"

# What the demonstration could change
host() {
    cat /proc/self/mounts /etc/nsswitch.conf
    ls -la "$LEASEDIR" "$(dirname "$LEASEDIR")" 2>&1
}

before=$(host)
output=$(sh "$here/demo.sh" "$1" 2>&1)
is $? 0 "exit status"
is "$(host)" "$before" "mounts, nsswitch.conf and lease folder are as before"
is "$(echo "$output" | grep '^\$')" '$ getent ahosts alpha-host
$ getent ahosts eps-dom
$ getent ahosts nobody' "a hostname, a domain name and a name of nobody are looked up"
is "$(echo "$output" | grep -c '^192.168.122.131 ')" 3 "the guest's address is shown"
is "$(echo "$output" | grep -c '^  | nss-libvirt')" 16 "and how each service came to its answer"
finish
