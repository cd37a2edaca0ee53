#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# The modules as programs of the host meet them: getent(1), python3 and systemd's exerciser of name service
# modules, each with nsswitch.conf and lease folder of a private namespace. Wants NSS_MODULE_DIR, LEASEDIR and
# TESTDATA; NSS_TEST_WRAPPER stands in front of each program, for valgrind.
set -u
export LC_ALL=C
here=$(dirname "$0")
# shellcheck source=tests/lib.sh
. "$here/lib.sh"
enter_namespace "$0" || skip_all "no private mount namespace to be had here, or nothing can be mounted above $LEASEDIR"

# with_modules PROGRAM ARGUMENT...
with_modules() {
    # shellcheck disable=SC2086 # the wrapper is a command line
    LD_LIBRARY_PATH=$NSS_MODULE_DIR LD_PRELOAD=${NSS_TEST_PRELOAD:-} ASAN_OPTIONS=detect_leaks=0 ${NSS_TEST_WRAPPER:-} "$@"
}

# addresses DATABASE NAME: what getent prints, each address once, in order of text
addresses() {
    with_modules getent "$1" -- "$2" | awk '{ print $1 }' | sort -u | tr '\n' ' '
}

use_leases "$TESTDATA/captured-02-guests-running"
use_hosts "files libvirt libvirt_guest"

# What is asked, what comes
while IFS='|' read -r database name expected; do
    is "$(addresses "$database" "$name")" "${expected:+$expected }" "getent $database $name"
done <<'CASES'
ahosts|alpha-host|192.168.122.131
ahosts|ALPHA-HOST|192.168.122.131
ahosts|alpha-host.|192.168.122.131
ahosts|beta-dom|192.168.122.132
ahosts|eps-host|192.168.122.135 192.168.150.166 fd00:e2e::1692
ahosts|eps-dom|192.168.122.135 192.168.150.166 fd00:e2e::1692
ahosts|nobody|
ahostsv4|alpha-host|192.168.122.131
ahostsv4|eps-dom|192.168.122.135 192.168.150.166
ahostsv4|nobody|
ahostsv6|eps-host|fd00:e2e::1692
ahostsv6|eps-dom|fd00:e2e::1692
ahostsv6|nobody|
hosts|alpha-host|192.168.122.131
hosts|beta-dom|192.168.122.132
hosts|eps-host|fd00:e2e::1692
hosts|nobody|
CASES

with_modules getent ahosts nobody >/dev/null
is $? 2 "getent ahosts nobody: exit status"

# The other way: an address's name and its aliases
while IFS='|' read -r service address expected; do
    is "$(with_modules getent ${service:+-s "hosts:$service"} hosts "$address" | awk '{ $1 = $1; print }')" \
        "${expected:+$address $expected}" "getent ${service:+-s hosts:$service }hosts $address"
done <<'CASES'
|192.168.122.131|alpha-host
|192.168.122.132|beta-dom
|192.168.150.66|zeta-static
|192.168.150.50|fixed-a fixed-b.lab.example
|fd00:e2e::50|fixed-six
|fd00:e2e::1692|eps-host
|192.168.122.13|
|fd00:e2e::169|
|::ffff:192.168.122.131|
libvirt|192.168.122.132|
libvirt|192.168.122.131|alpha-host
libvirt_guest|192.168.122.131|alpha-dom
libvirt_guest|192.168.122.132|beta-dom
libvirt_guest|fd00:e2e::1692|eps-dom
libvirt_guest|192.168.122.13|
CASES
with_modules getent hosts 192.168.122.13 >/dev/null
is $? 2 "getent hosts 192.168.122.13: exit status"

# Everything. files comes first, and has what the host has
is "$(with_modules getent hosts | awk '/^(192\.168\.1[25]|fd00:e2e)/ { print $1, $2 }' | sort | tr '\n' ';')" \
    "$(sort <<'CASES' | tr '\n' ';'
192.168.122.131 alpha-dom
192.168.122.131 alpha-host
192.168.122.132 beta-dom
192.168.122.135 eps-dom
192.168.122.135 eps-host
192.168.150.166 eps-dom
192.168.150.166 eps-host
192.168.150.50 fixed-a
192.168.150.50 fixed-b.lab.example
192.168.150.66 zeta-dom
192.168.150.66 zeta-static
fd00:e2e::1692 eps-dom
fd00:e2e::1692 eps-host
fd00:e2e::50 fixed-six
CASES
)" "getent hosts"

use_hosts "files"
while IFS='|' read -r service name expected; do
    is "$(with_modules getent -s "hosts:$service" ahosts "$name" | awk '{ print $1 }' | sort -u | tr '\n' ' ')" \
        "${expected:+$expected }" "getent -s hosts:$service ahosts $name"
done <<'CASES'
libvirt|alpha-host|192.168.122.131
libvirt|alpha-dom|
libvirt_guest|alpha-dom|192.168.122.131
libvirt_guest|alpha-host|
CASES
is "$(addresses ahosts alpha-host)" "" "without the services in nsswitch.conf nothing comes"

use_hosts "libvirt [NOTFOUND=return] libvirt_guest"
is "$(addresses ahosts beta-dom)" "" "[NOTFOUND=return] keeps libvirt_guest from being asked"
use_hosts "libvirt libvirt_guest"

use_leases "$TESTDATA/captured-13-beta-renamed"
# getent would turn the umlaut into punycode; ssh and all others that do not ask for it pass the name as it is
is "$(with_modules getent --no-idn ahosts 'beta two.ü' | awk '{ print $1 }' | sort -u)" 192.168.122.132 \
    "a domain with space, dot and umlaut"

# A second client, and that it is our module that it loads
use_leases "$TESTDATA/captured-02-guests-running"
is "$(with_modules python3 -c '
import os, socket, sys
folder = os.path.realpath(os.environ["NSS_MODULE_DIR"])
for name in ("eps-host", "eps-dom"):
    print(name, *sorted({a[4][0] for a in socket.getaddrinfo(name, 22)}))
try:
    socket.getaddrinfo("nobody", 22)
except socket.gaierror as error:
    print("nobody", error.errno == socket.EAI_NONAME)
print(socket.gethostbyname("alpha-host"))
print(socket.gethostbyname_ex("Alpha-Dom"))
print(socket.gethostbyaddr("192.168.150.50"))
print(socket.gethostbyaddr("fd00:e2e::1692"))
print(socket.getnameinfo(("192.168.122.132", 22), socket.NI_NUMERICSERV))
print(socket.getfqdn("192.168.122.131"))
try:
    socket.gethostbyaddr("192.168.122.13")
except socket.herror:
    print("no name")
modules = {line.split()[-1] for line in open("/proc/self/maps") if "libnss_libvirt" in line}
print(sorted(modules) == [folder + "/libnss_libvirt.so.2", folder + "/libnss_libvirt_guest.so.2"])
')" "eps-host 192.168.122.135 192.168.150.166 fd00:e2e::1692
eps-dom 192.168.122.135 192.168.150.166 fd00:e2e::1692
nobody True
192.168.122.131
('Alpha-Dom', [], ['192.168.122.131'])
('fixed-a', ['fixed-b.lab.example'], ['192.168.150.50'])
('eps-host', [], ['fd00:e2e::1692'])
('beta-dom', '22')
alpha-host
no name
True" "python3's socket module"

# systemd's exerciser calls every entry point for each name and prints what it got
exerciser=
for candidate in /usr/lib/systemd/tests/test-nss-hosts /usr/lib/systemd/tests/unit-tests/test-nss-hosts; do
    [ ! -x "$candidate" ] || exerciser=$candidate
done
for service in libvirt libvirt_guest; do
    if [ -z "$exerciser" ]; then
        skip "test-nss-hosts $service" "no test-nss-hosts here (package systemd-tests)"
        continue
    fi
    name=eps-host
    [ "$service" = libvirt ] || name=eps-dom
    output=$(with_modules "$exerciser" "$service" "$name" nobody 192.168.122.135 fd00:e2e::1692 192.168.122.13 2>&1)
    is $? 0 "test-nss-hosts $service: exit status"
    is "$(echo "$output" | sed -n '/_nss_/,$p' | sed -E 's/^ +//; s/ +$//; s/0x[0-9a-f]+/0x/g; /^$/d')" \
        "$(sed "s/SERVICE/$service/; s/KNOWN/$name/" "$here/nss-hosts.expected")" "test-nss-hosts $service: its report"
done
finish
