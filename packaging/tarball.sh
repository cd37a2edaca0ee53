#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# tarball.sh NAME TARBALL: packs this tree as it is now below a folder NAME. The bytes follow from the files and from
# SOURCE_DATE_EPOCH alone.
set -eu
source=$(cd "$(dirname "$0")/.." && pwd)

# The files that git knows or would add, or those of an unpacked tarball
files() {
    if [ -e "$source/.git" ] && command -v git >/dev/null 2>&1; then
        git -C "$source" -c safe.directory='*' ls-files --cached --others --exclude-standard -z
    else
        (cd "$source" && find . \( -path './build*' -o -path ./.git \) -prune -o -type f -print0)
    fi
}

files | sort -z | (cd "$source" && tar -c --null --no-recursion --ignore-failed-read -T - --sort=name --owner=0 --group=0 \
    --numeric-owner --mode=go=rX,u+rw --mtime="@$SOURCE_DATE_EPOCH" --transform "s|^\(\./\)\?|$1/|") | xz >"$2"
