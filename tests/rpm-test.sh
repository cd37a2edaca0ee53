#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# rpm-test.sh BUILD RELEASE: installs the RPM packages of BUILD/rpm with the dnf of a Debian RELEASE, into a folder in
# which there are a package libvirt-nss, which is Fedora's by its name and files, and one that provides all that ours
# need of others. What is in them is not run: they are built with Debian's libraries.
# shellcheck disable=SC2016 # rpm has fields
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$1
release=$2
# shellcheck source=tests/roots.sh
. "$here/roots.sh"

# there EXPECTED WHAT: which packages of the three there are
there() {
    in_root rpm --root /srv/fedora -q --qf '%{NAME} ' libvirt-nss libvirt-nss-names libvirt-leaseshelper
    is "$(printf '%s\n' "$said" | sed 's/package .* is not installed//' | xargs)" "$1" "$release: $2"
}

make_system dnf 'apt-get -qq update
    apt-get -qq -y --no-install-recommends install createrepo-c dnf rpm
    apt-get clean'
layer dnf "$system"
cp "$build"/rpm/*.rpm "$root/root/"
cat >"$root/root/libvirt-nss.spec" <<'SPEC'
Name: libvirt-nss
Version: 11.0.0
Release: 1
Summary: The modules of libvirt, by their names
License: LGPL-2.1-or-later
%description
%install
mkdir -p %{buildroot}%{_libdir}
touch %{buildroot}%{_libdir}/libnss_libvirt.so.2 %{buildroot}%{_libdir}/libnss_libvirt_guest.so.2
%files
%{_libdir}/libnss_libvirt*.so.2
SPEC
cat >"$root/root/others.spec" <<'SPEC'
Name: others
Version: 1
Release: 1
Summary: What ours need
License: LGPL-2.1-or-later
%description
%files
SPEC
cat >"$root/root/dnf" <<'END'
exec dnf -y --disablerepo='*' --repofrompath=test,file:///srv/repository --enablerepo=test --setopt=gpgcheck=0 \
    --setopt=install_weak_deps=0 --releasever=40 --installroot=/srv/fedora "$@"
END
works "a repository" sh -euc 'cd /root && mkdir -p /srv/repository /srv/fedora
    for package in *.x86_64.rpm; do rpm -qp --requires "$package"; done | sort -u |
        sed -n "/^rpmlib\|^libvirt\|^virt/d; s/^/Provides: /p" | sed -i "/^License/r /dev/stdin" others.spec
    for spec in *.spec; do rpmbuild -bb --quiet --define "_rpmdir /srv/repository" "$spec"; done
    createrepo_c -q /srv/repository'
works "the modules of libvirt" sh /root/dnf install libvirt-nss
in_root sh -c 'sh /root/dnf install /root/libvirt-nss-names-*.rpm'
is "$status $(printf '%s\n' "$said" | grep -c 'libvirt-nss-names.* conflicts with libvirt-nss')" "1 1" \
    "$release: dnf removes nothing for ours"
there "libvirt-nss" "unless it is told so"
works "dnf swap" sh -c 'sh /root/dnf swap libvirt-nss /root/libvirt-nss-names-*.rpm'
is "$(printf '%s\n' "$said" | grep -ci 'scriptlet')" 0 "$release: runs no scriptlet"
there "libvirt-nss-names" "puts ours in their place"
works "its files are there" rpm --root /srv/fedora -V --nodeps libvirt-nss-names
works "dnf swap" sh /root/dnf swap libvirt-nss-names libvirt-nss
there "libvirt-nss" "puts them back"
works "the lease helper" sh -c 'sh /root/dnf install /root/libvirt-leaseshelper-*.rpm'
there "libvirt-nss libvirt-leaseshelper" "stands beside libvirt's"
in_root test -x /srv/fedora/usr/libexec/libvirt-nss/libvirt_leaseshelper
case_ok "$status" "$release: in the folder that docs/migration.rst names"
finish
