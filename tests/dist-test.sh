#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# dist-test.sh BUILD RELEASE TARBALL: unpacks what "make dist" has made in a fresh Debian RELEASE that has nothing else,
# and runs the tests there as continuous integration does. It skips the cases that want what bootstrap does not install for
# them, and no others.
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$1
release=$2
tarball=$3
# shellcheck source=tests/roots.sh
. "$here/roots.sh"

layer dist "$base"
mkdir "$root/srv/dist"
tar -x -C "$root/srv/dist" --strip-components=1 -f "$tarball"
is "$(find "$root/srv/dist" -maxdepth 1 \( -name .git -o -name 'build*' \))" "" "$release: neither .git nor a build folder is in the tarball"
works "it builds and passes its tests" sh -c 'cd /srv/dist && sh .ci/run'
printf '%s\n' "$said" | grep -E '^FAILED:|^[0-9]+ passed' | sed 's/^/# /'
is "$(printf '%s\n' "$said" | sed -n 's/^skipped: [^ ]* \/ //p' | sort)" \
    "install: AppArmor reads its file: no apparmor_parser here
packaging: the spec file: no rpm here
packaging: with git those that it would add, without those that are deleted: no git here" "$release: skips what it has to"
finish
