#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# watch-test.sh: what "virt-names watch" tells of guests that come, change and go, with a real dnsmasq and real DHCP
# clients, in namespaces of its own. Leases that run out are in live-test.sh, which waits for one.
# Wants LEASEDIR, RUNSTATEDIR, NSS_MODULE_DIR, LEASE_HELPER and VIRT_NAMES.
# shellcheck disable=SC2119,SC2317 # options of start_dnsmasq; what wait_for calls
set -u
export LC_ALL=C
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/network.sh
. "$(dirname "$0")/network.sh"

need ip dnsmasq busybox dig getent python3
enter_namespace "$0" || skip_all "no private mount, network and process namespaces to be had here"

make_network
rmdir "$LEASEDIR"
start_watch
mkdir "$LEASEDIR"
start_dnsmasq

arrives alpha 01 alpha-host
alpha=$(address alpha)
tells "added libvirt alpha-host $alpha" "a guest appears, in a folder that was not there before"
write_macs alpha-dom 52:54:00:00:00:01
tells "added libvirt_guest alpha-dom $alpha" "its domain is named"

sleep 1 # expiry is told in whole seconds
kill -USR1 "$(client alpha)"
tells "renewed libvirt alpha-host $alpha" "it renews its lease"
tells "renewed libvirt_guest alpha-dom $alpha" "which is its domain's too"

ask_dhcp alpha -x hostname:alpha-new
tells "renamed libvirt alpha-new $alpha from alpha-host" "it changes its hostname"
is "$(told ".* libvirt_guest alpha-dom .* from .*" "gone .*")" "0 0" "its domain keeps its name"

arrives beta 02 beta-host
beta=$(address beta)
tells "added libvirt beta-host $beta" "another guest appears"
ask_dhcp beta -x hostname:alpha-new
tells "renamed libvirt alpha-new $beta from beta-host" "and takes the name of the first"
tells "gone libvirt alpha-new $alpha" "which has none then"
is "$(told "gone libvirt_guest .*")" 0 "but for its domain's"

ask_dhcp beta -x hostname:alpha-dom
tells "gone libvirt alpha-new $beta" "a guest that calls itself as another's domain has no name"

mv "$LEASEDIR/$bridge.macs" "$LEASEDIR/$bridge.macs.away"
tells "gone libvirt_guest alpha-dom $alpha" "libvirtd takes the map away"
tells "added libvirt alpha-dom $beta" "and the name is free for the guest that asked for it"

make_guest six 06
if [ -n "$(lacking dhclient)" ]; then
    skip "DHCPv6" "not installed: dhclient"
else
    ask_dhcp6 six six-host
    six_has_lease() { [ -n "$(address six 6)" ] && [ "$(dns six-host)" = "$(address six 6)" ]; }
    wait_for six_has_lease
    six=$(address six 6)
    tells "added libvirt six-host $six" "a guest appears over DHCPv6"
    release_dhcp6 six
    tells "gone libvirt six-host $six" "and releases its address"
fi

# A network that declares names
printf '192.168.122.250\tprinter\n' >"$LEASEDIR/default.addnhosts"
tells "added static printer 192.168.122.250" "the network declares a name"
rm "$LEASEDIR/default.addnhosts"
tells "gone static printer 192.168.122.250" "and no longer"

lines=$(wc -l <"$work/events")
kill -9 "$dnsmasq"
wait "$dnsmasq" 2>/dev/null
start_dnsmasq
sleep 0.5
is "$(tail -n "+$((lines + 1))" "$work/events")" "" "dnsmasq is killed and started again: nothing has changed"

kill -USR2 "$(client beta)"
tells "gone libvirt alpha-dom $beta" "a guest releases its address"
end_watch
finish
