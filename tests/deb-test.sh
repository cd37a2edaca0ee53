#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# deb-test.sh BUILD RELEASE: builds the packages inside of a Debian RELEASE that has nothing but what they say they need,
# and installs, upgrades, removes and purges them in another that has nothing at all.
# shellcheck disable=SC2016,SC2154 # dpkg has fields
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$1
release=$2
# shellcheck source=tests/roots.sh
. "$here/roots.sh"

# hosts: the hosts line
hosts() {
    sed -n 's/^hosts: *//p' "$root/etc/nsswitch.conf"
}

# finds NAME EXPECTED WHAT
finds() {
    in_root getent ahostsv4 "$1"
    is "$(printf '%s\n' "$said" | awk 'NR == 1 { print $1 }')" "$2" "$release: $3"
}

guests() {
    mkdir -p "$root/var/lib/libvirt/dnsmasq"
    cp "$here"/nssdata/captured-02-guests-running/* "$root/var/lib/libvirt/dnsmasq/"
}

build_debs
[ "$failures" = 0 ] || finish

# ---- a fresh system, the modules alone ----
layer fresh "$base"
cp "$debs"/*.deb "$root/root/"
guests
cp "$root/etc/nsswitch.conf" "$layers/nsswitch.conf"
is "$(hosts)" "files dns" "$release: nsswitch.conf is the default one"
works "apt update" apt-get -qq update
works "apt install ./libnss-libvirt-names.deb" sh -c 'apt-get -qq -y install /root/libnss-libvirt-names_*.deb'
is "$(hosts)" "files libvirt libvirt_guest dns" "$release: the services are enabled"
finds beta-dom 192.168.122.132 "getent finds a guest by its domain"
finds alpha-host 192.168.122.131 "getent finds a guest by its hostname"
works "and the rest of the world" getent ahostsv4 deb.debian.org

# ---- apt in its sandbox ----
cat >"$root/root/apt" <<'END'
#!/bin/sh
# Looks names up anew: nothing is taken from what was fetched before
rm -rf /var/lib/apt/lists/*
exec apt-get -o APT::Sandbox::Seccomp=1 -o APT::Update::Error-Mode=any -o Acquire::Retries=0 -qq "$@"
END
works "with its seccomp sandbox apt update works" sh /root/apt update
works "and apt install" apt-get -o APT::Sandbox::Seccomp=1 -qq -y install hello
mv "$root/etc/apt/apt.conf.d/90libvirt-nss" "$root/root/"
in_root sh /root/apt update
[ "$status" != 0 ]
case_ok $? "$release: without the file in apt.conf.d it does not" || :
printf '%s\n' "$said" | grep -m 2 -i 'seccomp\|signal\|E:' | sed 's/^/# /'
mv "$root/root/90libvirt-nss" "$root/etc/apt/apt.conf.d/"
works "apt update" apt-get -qq update

# ---- AppArmor ----
works "apt install apparmor" apt-get -qq -y --no-install-recommends install apparmor
printf 'include <tunables/global>\nprofile test {\n include <abstractions/nameservice>\n}\n' >"$root/root/profile"
works "AppArmor compiles a profile with abstractions/nameservice" apparmor_parser --skip-kernel-load --skip-cache /root/profile
in_root apparmor_parser --preprocess /root/profile
is "$(printf '%s\n' "$said" | grep -c 'dnsmasq/\*.{addnhosts,macs')" 1 "$release: and it has the lease files in it"

# ---- away with it ----
works "apt remove" apt-get -qq -y remove libnss-libvirt-names
cmp "$layers/nsswitch.conf" "$root/etc/nsswitch.conf" >/dev/null
case_ok $? "$release: nsswitch.conf has the bytes that it had" || :
works "apt install again" sh -c 'apt-get -qq -y install /root/libnss-libvirt-names_*.deb'
finds beta-dom 192.168.122.132 "which enables the services again"
works "apt purge" apt-get -qq -y purge libnss-libvirt-names
cmp "$layers/nsswitch.conf" "$root/etc/nsswitch.conf" >/dev/null
case_ok $? "$release: nsswitch.conf has the bytes that it had" || :
is "$(find "$root/etc" "$root/usr/lib" "$root/usr/share" "$root/var/lib" -path '*/dpkg/*' -prune -o -path '*/lib/libvirt' -prune -o \
    -name '*libvirt*' -not -path '*/apparmor.d/*' -print)" "" "$release: nothing is left"

# ---- an administrator who decided otherwise ----
works "apt install once more" sh -c 'apt-get -qq -y install /root/libnss-libvirt-names_*.deb'
sed -i 's/^hosts:.*/hosts: files dns/' "$root/etc/nsswitch.conf"
works "apt reinstall" sh -c 'apt-get -qq -y install --reinstall /root/libnss-libvirt-names_*.deb'
is "$(hosts)" "files dns" "$release: an upgrade does not enable what was disabled"
umount -R "$root"

# ---- from libnss-libvirt to ours and back, with apt and with dpkg ----
for tool in apt dpkg; do
    layer "upgrade-$tool" "$base"
    cp "$debs"/libnss-libvirt-names_*.deb "$root/root/"
    guests
    works "apt install libnss-libvirt" sh -c 'apt-get -qq update && apt-get -qq -y --no-install-recommends install libnss-libvirt'
    sed -i 's/^hosts:.*/hosts: files libvirt_guest libvirt dns # mine/' "$root/etc/nsswitch.conf"
    finds beta-dom 192.168.122.132 "$tool: with libnss-libvirt a guest is found"
    if [ "$tool" = apt ]; then
        works "apt: ours takes its place" sh -c 'apt-get -qq -y install /root/libnss-libvirt-names_*.deb'
    else
        works "dpkg: ours takes its place" sh -c 'dpkg -i /root/libnss-libvirt-names_*.deb'
    fi
    in_root dpkg-query -W -f '${db:Status-Status}' libnss-libvirt
    is "$said" config-files "$release: $tool: libnss-libvirt is gone"
    is "$(hosts)" "files libvirt_guest libvirt dns # mine" "$release: $tool: the line is the administrator's"
    works "$tool: all files are there" dpkg --verify libnss-libvirt-names
    finds beta-dom 192.168.122.132 "$tool: the guest is found"
    in_root dpkg-query -S libnss_libvirt.so.2
    is "${said%%:*}" libnss-libvirt-names "$release: $tool: by our module"
    works "$tool: libnss-libvirt takes the place of ours" apt-get -qq -y --no-install-recommends install libnss-libvirt
    is "$(hosts)" "files libvirt_guest libvirt dns # mine" "$release: $tool: the line is still the administrator's"
    finds beta-dom 192.168.122.132 "$tool: the guest is found"
    umount -R "$root"
done

# ---- the lease helper, in front of libvirt's; and all of it together ----
layer helper "$base"
cp "$debs"/*.deb "$root/root/"
rm "$root"/root/*-dbgsym_*
cp "$source/packaging/debian/tests/lookup" "$root/root/"
cp "$root/etc/nsswitch.conf" "$layers/nsswitch.conf"
owner=libvirt-daemon
[ "$release" = bookworm ] || owner=libvirt-daemon-driver-network
works "libvirt's helper" sh -c "apt-get -qq update && cd /tmp && apt-get -qq download $owner && dpkg --force-depends --unpack $owner*.deb"
path=usr/lib/libvirt/libvirt_leaseshelper
theirs=$(sha256sum <"$root/$path")
works "ours comes in front of it" sh -c 'dpkg -i /root/libvirt-leaseshelper_*.deb'
is "$(sha256sum <"$root/$path.libvirt")" "$theirs" "$release: libvirt's stands aside"
[ "$(sha256sum <"$root/$path")" != "$theirs" ]
case_ok $? "$release: at its path is ours" || :
works "libvirt is upgraded" sh -c "dpkg --force-depends --unpack /tmp/$owner*.deb"
is "$(sha256sum <"$root/$path.libvirt")" "$theirs" "$release: it still stands aside"
works "ours goes" dpkg --purge libvirt-leaseshelper
is "$(sha256sum <"$root/$path")" "$theirs" "$release: libvirt's is back"
works "and libvirt too" dpkg --force-depends --purge "$owner"
works "apt install ./*.deb" sh -c 'apt-get -qq -y install /root/*.deb'
works "the packages' own test" sh /root/lookup
is "$(printf '%s\n' "$said" | grep -vc '^ok: ')" 0 "$release: says nothing else" || :
works "apt remove of the modules alone" apt-get -qq -y remove libnss-libvirt-names
in_root virt-names check
is "$(printf '%s\n' "$said" | grep -c 'Run: apt-get install libnss-libvirt-names$')" 2 "$release: check says which package has them" || :
works "apt purge of all" apt-get -qq -y purge libnss-libvirt-names virt-names libvirt-leaseshelper
cmp "$layers/nsswitch.conf" "$root/etc/nsswitch.conf" >/dev/null
case_ok $? "$release: nsswitch.conf has the bytes that it had" || :
finish
