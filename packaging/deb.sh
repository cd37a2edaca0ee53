#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# deb.sh FOLDER: builds the Debian packages, binary and source, from this tree as it is now, and leaves them in FOLDER.
set -eu
export LC_ALL=C.UTF-8
source=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
output=$(cd "$1" && pwd)
debian=$source/packaging/debian
version=$(dpkg-parsechangelog -l "$debian/changelog" -S Version)
upstream=${version%-*}
SOURCE_DATE_EPOCH=$(dpkg-parsechangelog -l "$debian/changelog" -S Timestamp)
export SOURCE_DATE_EPOCH
work=$(mktemp -d)
# Some tests run programs as a user with fewer rights
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

sh "$source/packaging/tarball.sh" "libvirt-nss-$upstream" "$work/libvirt-nss_$upstream.orig.tar.xz"
tar -x -C "$work" -f "$work/libvirt-nss_$upstream.orig.tar.xz"
tree=$work/libvirt-nss-$upstream
cp -r "$debian" "$tree/debian"
(cd "$tree" && dpkg-buildpackage -us -uc)
rm -rf "$tree"
# What is there of an earlier version
sed -n 's/^\(Source\|Package\): //p' "$debian/control" | while read -r name; do
    find "$output" -maxdepth 1 -type f \( -name "${name}_*" -o -name "$name-dbgsym_*" \) -delete
done
mv "$work"/*_* "$output"/
