#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# private.sh PROGRAM ARGUMENT...: runs a test program in a private namespace, with a lease folder and a runtime folder
# that are empty and its own, and an nsswitch.conf and an /etc/hosts that are its own. Wants LEASEDIR and RUNSTATEDIR.
set -u
export LC_ALL=C
here=$(dirname "$0")
# shellcheck source=tests/lib.sh
. "$here/lib.sh"
enter_namespace "$0" "$@" || skip_all "no private mount namespace to be had here, or nothing can be mounted above $LEASEDIR"
empty_leases
empty_run
use_hosts files
own_hosts_file
exec "$@"
