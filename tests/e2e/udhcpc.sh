#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# What udhcpc runs in a guest of tests/e2e/network.sh: the guest uses the address that it got.
# shellcheck disable=SC2154 # udhcpc sets the variables
case $1 in
bound | renew)
    ip -4 addr flush dev "$interface"
    ip addr add "$ip/$mask" dev "$interface"
    ;;
deconfig)
    ip -4 addr flush dev "$interface"
    ;;
esac
