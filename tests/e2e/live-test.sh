#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# live-test.sh: guests that come, change and go, with a real dnsmasq, real DHCP clients, the real glibc and a real ssh,
# in namespaces of its own. Every answer is compared with what the network's dnsmasq says over DNS.
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

# found NAME ADDRESSES CASE: service libvirt and the network's own DNS say the same
found() {
    is "libvirt: $(lookup libvirt "$1"), DNS: $(dns "$1")" "libvirt: $2, DNS: $2" "$3"
}

# domain NAME ADDRESSES CASE
domain() {
    is "$(lookup libvirt_guest "$1")" "$2" "$3"
}

expiry_of() {
    leases_with ip-address expiry-time | sed -n "s/^$1 //p"
}

make_network
start_watch
start_dnsmasq

# One whose lease is short, so that it has run out when all else is done. Two minutes are the least that dnsmasq gives.
arrives short 5e soon-gone
short=$(address short)
found soon-gone "$short" "a guest with a short lease appears"
forget_dhcp short
short_end=$(expiry_of "$short")

arrives alpha 01 alpha-host
alpha=$(address alpha)
found alpha-host "$alpha" "a guest appears"
found ALPHA-Host "$alpha" "its name in other letters"
found nobody "" "a name of nobody"
domain alpha-dom "" "its domain is not known before the map names it"
write_macs alpha-dom 52:54:00:00:00:01
domain alpha-dom "$alpha" "and then is"

before=$(expiry_of "$alpha")
sleep 1 # expiry is told in whole seconds
kill -USR1 "$(client alpha)"
renewed() { [ "$(expiry_of "$alpha")" -gt "$before" ]; }
wait_for renewed
case_ok $? "a renewed lease ends later"
found alpha-host "$alpha" "the guest is found as before"

ask_dhcp alpha -x hostname:alpha-new
wait_for has_lease alpha alpha-new
found alpha-new "$alpha" "a guest changes its name"
found alpha-host "" "and has its former one no longer"
domain alpha-dom "$alpha" "its domain is found as before"

arrives beta 02 beta-host
beta=$(address beta)
ask_dhcp beta -x hostname:alpha-new
wait_for has_lease beta alpha-new
found alpha-new "$beta" "a name moves to another guest"
is "$(leases_with hostname | grep -cx alpha-new)" 1 "and stands in one lease"
found beta-host "" "which left its former name"
domain alpha-dom "$alpha" "the guest that lost it is found by its domain"

ask_dhcp beta -x hostname:alpha-dom
wait_for has_lease beta alpha-dom
is "$(lookup libvirt alpha-dom)" "" "a guest cannot take the name of another's domain"
is "$(lookup "libvirt libvirt_guest" alpha-dom)" "$alpha" "which keeps its address"

# Names that no guest may have, or that are none. dnsmasq accepts some: then DNS has them, and we do not.
make_guest mallory 66
mallory_has_lease() { leases_with mac-address | grep -qx 52:54:00:00:00:66; }
mallory_is_gone() { ! mallory_has_lease; }
while read -r hex what; do
    ask_dhcp mallory -x "0x0c:$hex"
    wait_for mallory_has_lease
    # The whole file is read by python's json module here: it would fail
    is "$(leases_with mac-address | sort | tr '\n' ' ')" "52:54:00:00:00:01 52:54:00:00:00:02 52:54:00:00:00:5e 52:54:00:00:00:66 " \
        "a guest sends $what: every guest has its lease"
    domain alpha-dom "$alpha" "and is found"
    case $what in
    wpad | localhost | vm) is "$(lookup libvirt "$what")" "" "and $what is not the guest" ;;
    github.com) is "$(lookup libvirt github.com)" "" "and github.com is not the guest" ;;
    esac
    kill -USR2 "$(client mallory)"
    wait_for mallory_is_gone
done <<NAMES
$(
    for name in 'a"b' 'a\b' '../../../etc/x' 'sp ace' '-dash' localhost wpad github.com café '","ip-address":"10.0.0.1' 'x'; do
        printf '%s %s\n' "$(printf %s "$name" | od -An -tx1 | tr -d ' \n')" "$name"
    done
    printf '0a6c696e6532 a newline\n1b5b324a ESC\nfffe61 no UTF-8\n%s 255 letters\n' "$(printf '61%.0s' $(seq 255))"
)
NAMES
is "$(cd "$LEASEDIR" && echo *)" "$bridge.macs $bridge.status" "none of which left a file anywhere"

kill -USR2 "$(client beta)"
beta_is_gone() { ! leases_with ip-address | grep -qx "$beta"; }
wait_for beta_is_gone
found alpha-dom "" "a guest releases its address"

# DHCPv6, if there is a client
if [ -n "$(lacking dhclient)" ]; then
    skip "DHCPv6" "not installed: dhclient"
    skip "DHCPv6 without MAC address" "not installed: dhclient"
    v6=
else
    v6=1
    make_guest six 06
    ask_dhcp6 six six-host
    six_has_lease() { [ -n "$(address six 6)" ] && [ "$(dns six-host)" = "$(address six 6)" ]; }
    wait_for six_has_lease
    six=$(address six 6)
    found six-host "$six" "a guest appears over DHCPv6"
    write_macs six-dom 52:54:00:00:00:06
    domain six-dom "$six" "its domain is known, because its MAC address is"

    # dnsmasq does not believe a neighbour entry of this state, which is what it has for links without addresses
    make_guest hidden 07
    ip neigh add "$(ip -6 -n hidden -o addr show dev eth0 scope link | sed -n 's|.*inet6 \([^/]*\)/.*|\1|p')" \
        lladdr 52:54:00:00:00:07 nud noarp dev "$bridge"
    ask_dhcp6 hidden hidden-host
    hidden_has_lease() { [ -n "$(address hidden 6)" ] && [ "$(dns hidden-host)" = "$(address hidden 6)" ]; }
    wait_for hidden_has_lease
    hidden=$(address hidden 6)
    found hidden-host "$hidden" "a guest appears over DHCPv6, its MAC address is not known"
    is "$(leases_with ip-address mac-address | grep -c "^$hidden ")" 0 "its lease is not where libvirtd would fail on it"
    grep -q "\"$hidden\"" "$LEASEDIR/$bridge.status.nomac"
    case_ok $? "but in a file of its own"
fi

# All that dnsmasq knows is gone with it, and comes back through init
kill -9 "$dnsmasq"
wait "$dnsmasq" 2>/dev/null
is "$(lookup libvirt soon-gone)" "$short" "while dnsmasq is down guests are found"
start_dnsmasq
found soon-gone "$short" "dnsmasq was killed: the leases come back"
[ -z "$v6" ] || found six-host "$six" "that of DHCPv6 too"
[ -z "$v6" ] || domain six-dom "$six" "with its MAC address, which dnsmasq has forgotten"
[ -z "$v6" ] || found hidden-host "$hidden" "that without MAC address too"
arrives gamma 03 gamma-host
is "$([ "$(address gamma)" = "$alpha" ] || [ "$(address gamma)" = "$short" ] && echo twice)" "" "and no address is given twice"
kill -HUP "$dnsmasq"
found gamma-host "$(address gamma)" "dnsmasq reads its files again: guests are found"
if [ -n "$v6" ]; then
    release_dhcp6 hidden
    hidden_is_gone() { [ ! -e "$LEASEDIR/$bridge.status.nomac" ]; }
    wait_for hidden_is_gone
    case_ok $? "the last lease without MAC address ends, and its file with it"
    found hidden-host "" "nobody has the name"
fi

absent=$(lacking dropbear dropbearkey ssh ssh-keygen)
if [ -n "$absent" ]; then
    skip "ssh by domain name" "not installed:$absent"
    skip "ssh by hostname" "not installed:$absent"
else
    write_macs alpha-dom 52:54:00:00:00:01
    use_hosts "files libvirt libvirt_guest"
    ask_dhcp alpha -x hostname:alpha-host
    wait_for has_lease alpha alpha-host
    start_sshd alpha
    is "$(ssh_to alpha-dom uname -n)" alpha "ssh by domain name"
    is "$(ssh_to alpha-host uname -n)" alpha "ssh by hostname"
fi

# The short lease ends now or soon; nobody renews it
while [ "$(date +%s)" -le "$short_end" ]; do
    sleep 0.2
done
is "$(lookup libvirt soon-gone)" "" "a lease that has run out is not found, from the very second on"
short_is_gone() { [ -z "$(expiry_of "$short")" ]; }
wait_for short_is_gone
found soon-gone "" "and dnsmasq has it taken off the list"
tells "expired libvirt soon-gone $short" "virt-names watch told of it in time"
is "$(told "added libvirt soon-gone $short" ".* soon-gone .*")" "1 2" "and of the guest before that, but not of dnsmasq's restart"
end_watch
is "$(grep -c 'libvirt_leaseshelper\|script' "$work/dnsmasq.log")" 0 "nothing went wrong with the helper"
finish
