#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# demo.sh BUILD: guests found by name, in a private namespace in which nsswitch.conf names the modules of the
# build folder BUILD and the lease folder holds what a real libvirtd and its dnsmasq wrote. The host is not
# changed. Exits with 1 if an answer is not what it should be.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib.sh
. "$here/lib.sh"

modules=$(cd "$1" && pwd)/src/nss
LEASEDIR=$(leasedir_of "$1")
fixture=$here/nssdata/captured-02-guests-running

if ! enter_namespace "$0" "$@"; then
    echo "demo: no private mount namespace with something mounted above $LEASEDIR. Some machines let nobody but" >&2
    echo "demo: root make one (unshare(1)), some containers not even root. Run it as root, allow user namespaces" >&2
    echo "demo: (sysctl user.max_user_namespaces), or see that the folder above exists and is not /." >&2
    exit 1
fi

wrong=0

bold='' plain=''
[ ! -t 1 ] || { bold=$(printf '\033[1m') plain=$(printf '\033[0m'); }

say() {
    printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

# ask NAME ADDRESSES REASON: prints what getent says, then REASON and the modules' own trace
ask() {
    say "\$ getent ahosts $1"
    trace=$(LD_LIBRARY_PATH=$modules LIBVIRT_NSS_DEBUG=1 getent ahosts "$1" 2>&1 >"$answer")
    status=$?
    cat "$answer"
    [ "$status" = 0 ] || echo "(exit status $status)"
    echo "  $3"
    echo "$trace" | sed 's/^/  | /'
    if [ "$(awk '{ print $1 }' "$answer" | sort -u | tr '\n' ' ')" != "$2" ]; then
        echo "demo: this is not the expected answer, which is: ${2:-none}" >&2
        wrong=1
    fi
}

answer=$(mktemp) || exit 1
trap 'rm -f "$answer"' EXIT
use_leases "$fixture"
use_hosts "files libvirt libvirt_guest"

say "A private mount namespace, in which"
echo "  $LEASEDIR has the files of a real libvirtd and dnsmasq"
echo "    ($(cd "$fixture" && echo *.macs *.status), from ${fixture#"$here/"})"
echo "  /etc/nsswitch.conf has the line: $(grep hosts: /etc/nsswitch.conf)"
echo "  the loader takes the modules from $modules"
echo "Nothing outside of it is changed. The lines with | are what LIBVIRT_NSS_DEBUG=1 makes the modules say."

ask alpha-host "192.168.122.131 " \
    "A guest that told dnsmasq this hostname. Service libvirt answers, so libvirt_guest is not asked:"
ask eps-dom "192.168.122.135 192.168.150.166 fd00:e2e::1692 " \
    "The name of a domain, with interfaces in two networks. No lease has it as hostname; libvirt_guest knows the domain's MAC addresses:"
ask nobody "" \
    "A name that nobody has. Both services say so, and glibc would go on with the next one, such as dns:"

say "On a libvirt host"
echo "  sudo make install, then add the two services to the line \"hosts:\" of /etc/nsswitch.conf:"
echo "    hosts: files libvirt libvirt_guest dns"
echo "  and \"ssh user@guest\" works, with a guest's hostname as with its domain name."
exit "$wrong"
