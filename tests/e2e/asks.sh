#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# asks.sh BRIDGE NUMBER NAME [FOUND]: a new guest on BRIDGE, whose MAC address ends with NUMBER, asks for an address and
# sends NAME. Ends with 0 as soon as this machine finds it by that name, or by FOUND. In the namespaces of a test that has
# made the bridge.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/network.sh
. "$(dirname "$0")/network.sh"
bridge=$1
make_guest "guest-$2" "$2"
ask_dhcp "guest-$2" -x "hostname:$3"
wait_for getent hosts "${4:-$3}"
