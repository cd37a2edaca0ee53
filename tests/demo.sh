#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# demo.sh BUILD: guests found by name, live. In private namespaces there is a network as libvirt makes them, with a real
# dnsmasq that runs the lease helper of the build folder BUILD, and guests with real DHCP clients; nsswitch.conf names
# the modules of BUILD. The host is not changed, and everything ends with the script. Exits with 1 if an answer is not
# what it should be.
# shellcheck disable=SC2119 # options of start_dnsmasq
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib.sh
. "$here/lib.sh"
# shellcheck source=tests/e2e/network.sh
. "$here/e2e/network.sh"

build=$(cd "$1" && pwd)
NSS_MODULE_DIR=$build/src/nss
VIRT_NAMES=$build/src/virt-names/virt-names
LEASE_HELPER=$build/src/leaseshelper/libvirt_leaseshelper
LEASEDIR=$(option_of "$build" leasedir)
RUNSTATEDIR=$(option_of "$build" runstatedir)

absent=$(lacking ip dnsmasq busybox dig dropbear dropbearkey ssh ssh-keygen)
if [ -n "$absent" ]; then
    echo "demo: not installed:$absent. Run ./bootstrap demo" >&2
    exit 1
fi
if ! enter_namespace "$0" "$@"; then
    echo "demo: no private namespaces for mounts, network and processes. Some machines let nobody but root make them" >&2
    echo "demo: (unshare(1)), some containers not even root. Run it as root, allow user namespaces (sysctl" >&2
    echo "demo: user.max_user_namespaces), or see that a folder above $LEASEDIR exists that is not /." >&2
    exit 1
fi

wrong=0

bold='' plain=''
[ ! -t 1 ] || { bold=$(printf '\033[1m') plain=$(printf '\033[0m'); }

say() {
    printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

# expect GOT EXPECTED
expect() {
    if [ "$1" != "$2" ]; then
        echo "demo: this is not what was expected, which is: ${2:-nothing}" >&2
        wrong=1
    fi
}

# ask NAME ADDRESS: prints what getent says
ask() {
    echo "\$ getent ahostsv4 $1"
    LD_LIBRARY_PATH=$NSS_MODULE_DIR getent ahostsv4 "$1" >"$work/answer" || echo "(nobody: exit status $?)"
    sed -n '/STREAM/p' "$work/answer"
    expect "$(awk '{ print $1 }' "$work/answer" | sort -u)" "$2"
}

# ask_dns NAME ADDRESS
ask_dns() {
    echo "\$ dig +short @$gateway $1"
    answer=$(dns "$1")
    echo "$answer"
    expect "$answer" "$2"
}

make_network
start_dnsmasq
use_hosts "files libvirt libvirt_guest"

say "A network of its own: bridge $bridge, its dnsmasq, and nothing else"
echo "  dnsmasq runs $LEASE_HELPER,"
echo "    which keeps $LEASEDIR/$bridge.status"
echo "  /etc/nsswitch.conf has the line: $(grep hosts: /etc/nsswitch.conf)"
echo "  the loader takes the modules from $NSS_MODULE_DIR"
echo "Nothing outside of these namespaces is changed."

say "A guest starts. It asks for an address and says that it is called \"shop\""
arrives web1 01 shop || expect "no lease" "a lease"
sed -n 's/^/  /p' "$work/web1.log"
shop=$(address web1)
ask shop "$shop"
ask_dns shop "$shop"

say "For libvirt it is the domain \"web1\", which the MAC map says. The guest knows nothing of it"
ask web1 ""
echo "\$ cat $LEASEDIR/$bridge.macs"
write_macs web1 52:54:00:00:00:01
cat "$LEASEDIR/$bridge.macs"
ask web1 "$shop"

say "Another guest starts and calls itself \"web1\". DNS believes it; here a domain's name stays the domain's"
arrives mallory 02 web1 || expect "no lease" "a lease"
ask_dns web1 "$(address mallory)"
ask web1 "$shop"

say "What the modules answer, and why \"web1\" is not the one that only says so"
echo "\$ virt-names list"
"$VIRT_NAMES" list
expect "$("$VIRT_NAMES" list | grep -c '^web1 .* libvirt_guest ')" 1
echo "\$ virt-names query web1"
LD_LIBRARY_PATH=$NSS_MODULE_DIR "$VIRT_NAMES" query web1 || expect "not found" found

say "dnsmasq is killed and started anew: the helper gives it the leases back"
kill -9 "$dnsmasq"
wait "$dnsmasq" 2>/dev/null
start_dnsmasq
ask shop "$shop"
ask_dns shop "$shop"

say "The first guest runs an ssh server. By its domain name:"
start_sshd web1
# shellcheck disable=SC2016 # for the guest
where='set -- $SSH_CONNECTION; echo "this is $(uname -n), reached at $3"'
echo "\$ ssh admin@web1 '$where'"
answer=$(ssh_to web1 "$where")
echo "$answer"
expect "$answer" "this is web1, reached at $shop"

say "On a libvirt host"
echo "  sudo make install, then let virt-names do the rest:"
echo "    virt-names check"
echo "    sudo virt-names enable"
exit "$wrong"
