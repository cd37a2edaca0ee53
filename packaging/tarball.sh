#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# tarball.sh NAME TARBALL: packs this tree as it is now below a folder NAME. With one version of xz the bytes follow from
# the files and from SOURCE_DATE_EPOCH alone.
set -eu
export LC_ALL=C
source=$(cd "$(dirname "$0")/.." && pwd)

# The files that git knows or would add, without those that are deleted, or those of an unpacked tarball
files() {
    if [ -e "$source/.git" ] && command -v git >/dev/null 2>&1; then
        for which in '--cached --others --exclude-standard' --deleted; do
            # shellcheck disable=SC2086 # several options
            git -C "$source" -c safe.directory='*' ls-files $which -z
        done | sort -z | uniq -zu
    else
        (cd "$source" && find . \( -path './build*' -o -path ./.git \) -prune -o ! -type d -print0) | sort -z
    fi
}

# In steps, so that each one that fails is noticed. Where a link leads is not changed (the flag S).
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
files >"$work/files"
tar -c -f "$work/tar" -C "$source" --null --no-recursion -T "$work/files" --sort=name --format=gnu --owner=0 --group=0 \
    --numeric-owner --mode=go=rX,u+rw --mtime="@$SOURCE_DATE_EPOCH" --transform "s|^\(\./\)\?|$1/|S"
xz -T1 <"$work/tar" >"$2"
