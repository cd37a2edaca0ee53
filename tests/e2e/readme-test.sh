#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# readme-test.sh README BUILD: somebody who has just installed the build folder BUILD does what README says under "Use
# it", command by command, and sees what README shows: on a host with a network as libvirt makes them, a guest, and an
# nsswitch.conf that knows nothing of us. In namespaces of its own, with a layer of its own above /usr/local and /etc.
# Wants LEASEDIR, RUNSTATEDIR and LEASE_HELPER.
# shellcheck disable=SC2119 # options of start_dnsmasq
set -u
export LC_ALL=C
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/network.sh
. "$(dirname "$0")/network.sh"

need ip dnsmasq busybox dig dropbear dropbearkey ssh ssh-keygen getent python3 meson ldconfig
readme=$1
build=$2
[ "$(option_of "$build" prefix)" = /usr/local ] || skip_all "the build folder is not set up for /usr/local"
enter_namespace "$0" "$@" || skip_all "no private mount, network and process namespaces to be had here"

# layer FOLDER: what is written below it from now on is gone with the namespace
layer() {
    mkdir -p "$work/layers$1" "$work/work$1"
    mount -t overlay overlay -o "lowerdir=$1,upperdir=$work/layers$1,workdir=$work/work$1" "$1" 2>/dev/null
}

# What README shows, as commands behind "$ " and their output; sudo is for who is not root
script() {
    sed -n '/^## Use it$/,/^| service/s/^    //p' "$readme" | sed 's/^\$ sudo /$ /'
}

make_network
{ layer /usr/local && layer /etc; } || skip_all "no overlay file system to be had here"
{ meson install -C "$build" --no-rebuild && ldconfig; } >"$work/install.log" 2>&1
case_ok $? "make install" || sed 's/^/# /' "$work/install.log"
grep -v '^hosts:' /etc/nsswitch.conf >/etc/nsswitch.conf.new
echo 'hosts:          files dns' >>/etc/nsswitch.conf.new
mv /etc/nsswitch.conf.new /etc/nsswitch.conf
echo 'options timeout:1 attempts:1' >/etc/resolv.conf 2>/dev/null
unset LD_LIBRARY_PATH

start_dnsmasq --dhcp-host=52:54:00:00:00:01,192.168.122.131
arrives web1 01 shop
write_macs web1 52:54:00:00:00:01
start_sshd web1
# The same host key and user as everywhere in these tests, but all the rest is what ssh does by itself
printf 'Host *\n  IdentityFile %s\n  StrictHostKeyChecking no\n  UserKnownHostsFile %s\n  BatchMode yes\n' \
    "$work/key" "$work/known_hosts" >/etc/ssh/ssh_config

is "$(script | grep -c '^\$ ')" 6 "README has six commands"
script | sed -n 's/^\$ //p' >"$work/commands"
while IFS= read -r command; do
    # The output that README shows behind this command: each line must be there
    script | awk -v command="\$ $command" '$0 == command { on = 1; next } /^\$ / { on = 0 } on && $0 != "..."' >"$work/shown"
    case $command in
    ssh\ *) sh -c "$command uname -n" >"$work/said" 2>&1 </dev/null ;;
    *) sh -c "$command" >"$work/said" 2>&1 </dev/null ;;
    esac
    status=$?
    case $command in
    "virt-names check") ;;
    *) is "$status" 0 "$command: exit status" ;;
    esac
    is "$(while IFS= read -r line; do grep -qxF -- "$line" "$work/said" || printf '%s\n' "$line"; done <"$work/shown")" "" \
        "$command: says what README shows" || sed 's/^/# /' "$work/said"
    case $command in
    ssh\ *) is "$(tail -n 1 "$work/said")" web1 "$command: ends up in the guest" ;;
    esac
done <"$work/commands"
virt-names check >"$work/said" 2>&1
is $? 0 "then virt-names check finds no problem" || sed 's/^/# /' "$work/said"
virt-names disable >/dev/null
getent hosts web1 >/dev/null
is $? 2 "after virt-names disable the guest is not found"
is "$(grep '^hosts:' /etc/nsswitch.conf)" "hosts:          files dns" "and the hosts line is what it was"
finish
