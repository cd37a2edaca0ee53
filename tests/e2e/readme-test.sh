#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# readme-test.sh README BUILD: somebody who has just built the build folder BUILD does what README says, command by
# command, and sees what README shows (see shown.py): on a host with a network as libvirt makes them, a guest, and an
# nsswitch.conf that knows nothing of us. In namespaces of its own, with a layer of its own above /usr/local and /etc.
# Wants LEASEDIR, RUNSTATEDIR and LEASE_HELPER.
# shellcheck disable=SC2119 # options of start_dnsmasq
set -u
export LC_ALL=C
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/network.sh
. "$(dirname "$0")/network.sh"

need ip dnsmasq busybox dig dropbear dropbearkey ssh ssh-keygen getent python3 meson ldconfig make
readme=$1
build=$2
[ "$(option_of "$build" prefix)" = /usr/local ] || skip_all "the build folder is not set up for /usr/local"
enter_namespace "$0" "$@" || skip_all "no private mount, network and process namespaces to be had here"

make_network
install_layers
grep -v '^hosts:' /etc/nsswitch.conf >/etc/nsswitch.conf.new
echo 'hosts:          files dns' >>/etc/nsswitch.conf.new
mv /etc/nsswitch.conf.new /etc/nsswitch.conf
echo 'options timeout:1 attempts:1' >/etc/resolv.conf 2>/dev/null

start_dnsmasq --dhcp-host=52:54:00:00:00:01,192.168.122.131
arrives web1 01 shop
write_macs web1 52:54:00:00:00:01
start_sshd web1
# The same host key and user as everywhere in these tests, but all the rest is what ssh does by itself
cat >/etc/ssh/ssh_config <<END
Host *
  IdentityFile $work/key
  StrictHostKeyChecking no
  UserKnownHostsFile $work/known_hosts
  BatchMode yes
  LogLevel ERROR
END

# sudo is for who is not root; what ssh is asked to run there says where it ends up
mkdir -p /usr/local/bin
printf '#!/bin/sh\nexec "$@"\n' >/usr/local/bin/sudo
printf '#!/bin/sh\nexec %s "$@" uname -n >%s\n' "$(command -v ssh)" "$work/reached" >/usr/local/bin/ssh
chmod +x /usr/local/bin/sudo /usr/local/bin/ssh
source_tree "$build"
follow "$readme"
is "$(cat "$work/reached")" web1 "ssh ends up in the guest"
virt-names check >"$work/said" 2>&1
is $? 0 "then virt-names check finds no problem" || sed 's/^/# /' "$work/said"
virt-names disable >/dev/null
getent hosts web1 >/dev/null
is $? 2 "after virt-names disable the guest is not found"
is "$(grep '^hosts:' /etc/nsswitch.conf)" "hosts:          files dns" "and the hosts line is what it was"
finish
