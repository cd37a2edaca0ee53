#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# What dhclient -6 runs in a guest of tests/e2e/network.sh: the guest uses the address that it got.
# shellcheck disable=SC2154 # dhclient sets the variables
case $reason in
BOUND6 | RENEW6 | REBIND6)
    ip addr replace "$new_ip6_address/64" dev "$interface" nodad
    ;;
RELEASE6 | EXPIRE6 | STOP6)
    ip addr del "$old_ip6_address/64" dev "$interface"
    ;;
esac
exit 0
