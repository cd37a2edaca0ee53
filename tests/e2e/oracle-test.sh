#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# oracle-test.sh DIFFERENCES: the network's own DNS knows what the names and addresses of its guests are. Every name and
# every address that is in play is asked there and through service libvirt; DIFFERENCES is the page that has the
# differences that we want. Wants LEASEDIR, RUNSTATEDIR, NSS_MODULE_DIR and LEASE_HELPER.
# shellcheck disable=SC2317 # what wait_for calls
set -u
export LC_ALL=C
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/network.sh
. "$(dirname "$0")/network.sh"

need ip dnsmasq busybox dig getent python3 dhclient
enter_namespace "$0" "$@" || skip_all "no private mount, network and process namespaces to be had here"

make_network
printf '192.168.122.200\tstatic\tstatic-alias\tother.name.example\nfd00:122::200\tstatic6\n192.168.122.201\tboth\nfd00:122::201\tboth\n' \
    >"$LEASEDIR/default.addnhosts"
printf '192.168.122.202 spaced   twice   # a comment\n192.168.122.203 twice\r\nnot-an-address bad-line\n' >>"$LEASEDIR/default.addnhosts"
# As libvirtd has it for a network with <domain name='lab.example' localOnly='yes'/>
start_dnsmasq --domain=lab.example --local=/lab.example/ --expand-hosts --addn-hosts="$LEASEDIR/default.addnhosts" \
    --dhcp-host=52:54:00:00:00:04,reserved --local=/name.example/

# settled GUEST: it has its address, and the helper has been told
settled() {
    [ -n "$(address "$1")" ] && leases_with ip-address | grep -qx "$(address "$1")"
}

# joins GUEST NUMBER [OPTION...]
joins() {
    guest=$1
    make_guest "$1" "$2"
    shift 2
    ask_dhcp "$guest" "$@"
    wait_for settled "$guest"
}

joins alpha 01 -x hostname:alpha
joins upper 02 -x hostname:UPPER-Case
joins nameless 03
joins reserved 04
joins thief 05 -x hostname:static
joins impostor 06 -x hostname:reserved
joins proxy 07 -x hostname:wpad
joins taken 08 -x hostname:web
joins dotted 09 -x hostname:full.lab.example
joins foreign 0a -x hostname:www.debian.org
joins odd 0b -x 0x0c:6120622263
joins number 0c -x hostname:12345
joins first 0d -x hostname:shared
joins second 0e -x hostname:shared
joins renamed 0f -x hostname:before
ask_dhcp renamed -x hostname:after
wait_for has_lease renamed after
write_macs web 52:54:00:00:00:99
ask_dhcp6 alpha alpha
six_settled() { [ -n "$(address "$1" 6)" ] && [ -n "$(dns "$2")" ] && leases_with ip-address | grep -qx "$(address "$1" 6)"; }
wait_for six_settled alpha alpha
make_guest six 10
ask_dhcp6 six six
wait_for six_settled six six
joins gone 11 -x hostname:gone
gone=$(address gone)
kill -USR2 "$(client gone)"
is_gone() { ! leases_with ip-address | grep -qx "$gone"; }
wait_for is_gone

python3 "$e2e/oracle.py" "$gateway" "$1" <<QUESTIONS
alpha
ALPHA
Alpha.Lab.Example
alpha.lab.example
alpha.lab.example.
alpha.example
upper-case
UPPER-Case
upper-case.lab.example
reserved
reserved.lab.example
full
full.lab.example
www
www.lab.example
www.name.example
12345 # numeric
12345.lab.example
shared
shared.lab.example
before
before.lab.example
after
after.lab.example
six
six.lab.example
SIX
gone
gone.lab.example
nobody
nobody.lab.example
nameless
lab.example
static
STATIC
static-alias
other.name.example
Other.Name.Example.
name.example
static6
both
spaced
twice
comment
bad-line
static.lab.example # expanded
static-alias.lab.example # expanded
static6.lab.example # expanded
both.lab.example # expanded
twice.lab.example # expanded
wpad # reserved
wpad.lab.example # reserved
web # domain
web.lab.example # domain
$(address alpha)
$(address alpha 6)
$(address upper)
$(address nameless)
$(address reserved)
$(address thief)
$(address impostor)
$(address dotted)
$(address foreign)
$(address odd)
$(address number)
$(address first)
$(address second)
$(address renamed)
$(address six 6)
$(address proxy) # reserved
$(address taken) # domain
$gone
192.168.122.200 # expanded
fd00:122::200 # expanded
192.168.122.201 # expanded
fd00:122::201 # expanded
192.168.122.202 # expanded
192.168.122.203 # expanded
192.168.122.254
fd00:122::fffe
10.99.99.99
::1234
QUESTIONS
