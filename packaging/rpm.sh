#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# rpm.sh FOLDER: builds the RPM packages, binary and source, from this tree as it is now, and leaves them in FOLDER.
set -eu
export LC_ALL=C.UTF-8
source=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
output=$(cd "$1" && pwd)
spec=$source/packaging/libvirt-nss.spec
version=$(sed -n 's/^Version: *//p' "$spec")
SOURCE_DATE_EPOCH=$(date -u -d "$(sed -n 's/^\* \([A-Za-z]* [A-Za-z]* [0-9]* [0-9]*\) .*/\1/p' "$spec" | sed 1q)" +%s)
export SOURCE_DATE_EPOCH
work=$(mktemp -d)
# Some tests run programs as a user with fewer rights
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

mkdir "$work/SOURCES"
sh "$source/packaging/tarball.sh" "libvirt-nss-$version" "$work/SOURCES/libvirt-nss-$version.tar.xz"
# Where packages are Debian's, rpm knows none that is installed
nodeps=
[ ! -e /etc/debian_version ] || nodeps=--nodeps
rpmbuild -ba $nodeps --define "_topdir $work" "$spec"
# What is there of an earlier version
sed -n 's/^Name: *//p; s/^%package -n //p' "$spec" | while read -r name; do
    find "$output" -maxdepth 1 -type f -regextype posix-extended \
        -regex ".*/$name(-debuginfo|-debugsource)?-[0-9][^-]*-[^-]*\.rpm" -delete
done
mv "$work"/RPMS/*/*.rpm "$work"/SRPMS/*.rpm "$output"/
