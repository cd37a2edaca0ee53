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

# state PACKAGE EXPECTED WHAT: what dpkg says of it
state() {
    in_root dpkg-query -W -f '${db:Status-Status}' "$1" || said=not-installed
    is "$said" "$2" "$release: $3"
}

# left: what is below /etc, /usr and /var/lib with a name of ours and belongs to no package
left() {
    (cd "$root" && find etc usr var/lib -path var/lib/dpkg -prune -o -path var/lib/libvirt -prune -o \
        \( -name '*libvirt*' -o -name '*virt-names*' \) -print) | while IFS= read -r path; do
        in_root dpkg-query -S "/$path" || in_root dpkg-query -S "${path#usr}" || printf '/%s\n' "$path"
    done
}

# repack VERSION ARCHITECTURE: the modules' package as of another version or for another architecture, in /root. It is
# for what the maintainer scripts do: it depends on nothing, and modules for another architecture are copies of these,
# in a folder where the loader does not look.
repack() {
    in_root sh -euc 'own=$(dpkg --print-architecture)
        rm -rf /tmp/repack && dpkg-deb -R /root/libnss-libvirt-names_*.deb /tmp/repack && cd /tmp/repack
        sed -i "s/^Version: .*/Version: $1/; s/^Architecture: .*/Architecture: $2/; /^Depends: /d" DEBIAN/control
        [ "$2" = "$own" ] || {
            library=$(dirname "$(find . -name libnss_libvirt.so.2)")
            mv "$library" "${library%/*}/other-linux-gnu"
            sed -i "s|${library#./}/|${library%/*}/other-linux-gnu/|; s|  \./|  |" DEBIAN/md5sums
        }
        dpkg-deb -b . "/root/repacked_$1_$2.deb"' sh "$1" "$2"
    case_ok $? "$release: a package of version $1 for $2" || printf '%s\n' "$said" | sed 's/^/# /'
}

# default_switch: nsswitch.conf is that of a new system
default_switch() {
    cp "$base/etc/nsswitch.conf" "$root/etc/nsswitch.conf"
}

# as_before: one case, nsswitch.conf is that of a new system
as_before() {
    cmp "$base/etc/nsswitch.conf" "$root/etc/nsswitch.conf" >/dev/null
    case_ok $? "$release: nsswitch.conf has the bytes that it had" || sed -n 's/^hosts:/# &/p' "$root/etc/nsswitch.conf"
}

build_debs
[ "$failures" = 0 ] || finish
is "$(dpkg-deb -f "$debs"/libvirt-leaseshelper_*.deb Built-Using | sed 's/ (= [^)]*)//g')" "glib2.0, gnulib" \
    "$release: the lease helper names what is compiled in"
is "$(dpkg-deb -f "$debs"/virt-names_*.deb Built-Using | sed 's/ (= [^)]*)//g')" gnulib "$release: so does the command"

# ---- what lintian of the release says. The standards are those of Debian 12, which that of others knows to be old ----
make_system lintian 'apt-get -qq update && apt-get -qq -y --no-install-recommends install lintian && apt-get clean'
layer lintian "$system"
cp "$debs"/* "$source/packaging/lintianrc" "$root/root/"
works "lintian" sh -c 'lintian --cfg /root/lintianrc --suppress-tags out-of-date-standards-version \
    --fail-on error,warning,info --allow-root /root/*.changes'
is "$said" "" "$release: has nothing to say"
umount -R "$root"

# ---- a fresh system, the modules alone ----
layer fresh "$base"
cp "$debs"/*.deb "$root/root/"
guests
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
is "$(hosts)" "files libvirt libvirt_guest dns" "$release: the services are configuration, and stay"
is "$(printf '%s\n' "$said" | grep -c 'libvirt and libvirt_guest stay in the hosts line')" 1 "$release: it says so"
works "a name is passed on" getent ahostsv4 deb.debian.org
works "apt install again" sh -c 'apt-get -qq -y install /root/libnss-libvirt-names_*.deb'
is "$(hosts)" "files libvirt libvirt_guest dns" "$release: the services are there once"
finds beta-dom 192.168.122.132 "and answer"
works "apt remove" apt-get -qq -y remove libnss-libvirt-names
works "and purge" dpkg --purge libnss-libvirt-names
as_before
works "apt install again" sh -c 'apt-get -qq -y install /root/libnss-libvirt-names_*.deb'
finds beta-dom 192.168.122.132 "which enables the services again"
works "apt purge" apt-get -qq -y purge libnss-libvirt-names
as_before
is "$(left)" "" "$release: nothing is left"

# ---- an installation that fails half way ----
mkdir -p "$root/root/clash/DEBIAN" "$root/root/clash/etc/apt/apt.conf.d"
printf '%s\n' 'Package: clash' 'Version: 1' 'Architecture: all' 'Maintainer: test <test@test.invalid>' \
    'Description: test' >"$root/root/clash/DEBIAN/control"
: >"$root/root/clash/etc/apt/apt.conf.d/90libvirt-nss"
works "a package that has one of our files" sh -c 'dpkg-deb -b /root/clash /root/clash.deb && dpkg -i /root/clash.deb'
in_root sh -c 'dpkg -i /root/libnss-libvirt-names_*.deb'
is "$status $(printf '%s\n' "$said" | grep -c 'trying to overwrite')" "1 1" "$release: ours cannot be unpacked then"
state libnss-libvirt-names not-installed "and is not there"
works "the other goes" dpkg --purge clash
is "$(left)" "" "$release: nothing is left"
works "it is unpacked, not configured, and purged" sh -c \
    'dpkg --unpack /root/libnss-libvirt-names_*.deb && dpkg --purge libnss-libvirt-names'
is "$(left)" "" "$release: nothing is left"
as_before

# ---- hosts lines with no place behind files, or with one that is not asked ----
while IFS='|' read -r before after hint what; do
    printf 'hosts:%s\n' "$before" >"$root/etc/nsswitch.conf"
    in_root sh -c 'dpkg -i /root/libnss-libvirt-names_*.deb'
    is "$(sed -n 's/^hosts://p' "$root/etc/nsswitch.conf")" "$after" "$release: $what: the line"
    is "$(printf '%s\n' "$said" | sed -n 's/.*Run: virt-names \([a-z]*\) .*/\1/p')" "$hint" "$release: $what: the hint"
    in_root dpkg --purge libnss-libvirt-names
    is "$(sed -n 's/^hosts://p' "$root/etc/nsswitch.conf")" "$before" "$release: $what: the line when it is purged"
done <<'LINES'
 files dns| files libvirt libvirt_guest dns||files and dns
 dns| dns|enable|no files
files dns|files dns|enable|no space behind the colon
 resolve [!UNAVAIL=return] files dns| resolve [!UNAVAIL=return] files libvirt libvirt_guest dns|check|an end before files
 files [notfound = Return] dns| files [notfound = Return] libvirt libvirt_guest dns|check|an end right behind files
 files # [NOTFOUND=return]| files libvirt libvirt_guest # [NOTFOUND=return]||an end in the comment
 files libvirt dns| files libvirt dns||one of the services
LINES
default_switch

# ---- an administrator who decided otherwise ----
works "apt install once more" sh -c 'apt-get -qq -y install /root/libnss-libvirt-names_*.deb'
sed -i 's/^hosts:.*/hosts: files dns/' "$root/etc/nsswitch.conf"
works "apt reinstall" sh -c 'apt-get -qq -y install --reinstall /root/libnss-libvirt-names_*.deb'
is "$(hosts)" "files dns" "$release: an upgrade does not enable what was disabled"
works "apt purge" apt-get -qq -y purge libnss-libvirt-names

# ---- for two architectures at once ----
default_switch
own=$(dpkg-deb -f "$debs"/libnss-libvirt-names_*.deb Architecture)
other=i386
[ "$own" != i386 ] || other=amd64
works "a second architecture" dpkg --add-architecture "$other"
repack 0.1.0-1 "$other"
repack 0.1.0-2 "$other"
repack 0.1.0-2 "$own"
second="/root/repacked_0.1.0-1_$other.deb"
upgrades="/root/repacked_0.1.0-2_$own.deb /root/repacked_0.1.0-2_$other.deb"

sed -i 's/^hosts:.*/hosts: files libvirt_guest libvirt dns # mine/' "$root/etc/nsswitch.conf"
works "both are installed" sh -c "dpkg -i /root/libnss-libvirt-names_*.deb && dpkg -i $second"
works "one is purged" dpkg --purge "libnss-libvirt-names:$other"
works "the other is removed" dpkg --remove libnss-libvirt-names
works "and purged" dpkg --purge libnss-libvirt-names
is "$(hosts)" "files libvirt_guest libvirt dns # mine" "$release: the administrator's own line outlasts both"
works "both are installed together" sh -c "dpkg -i $upgrades"
works "and purged together" dpkg --purge "libnss-libvirt-names:$other" "libnss-libvirt-names:$own"
is "$(hosts)" "files libvirt_guest libvirt dns # mine" "$release: the administrator's own line outlasts both again"
is "$(left)" "" "$release: nothing is left"

default_switch
works "one is installed" sh -c 'dpkg -i /root/libnss-libvirt-names_*.deb'
works "it is upgraded while the other comes" sh -c "dpkg -i $upgrades"
is "$(hosts)" "files libvirt libvirt_guest dns" "$release: the services are there once"
works "one is purged" dpkg --purge "libnss-libvirt-names:$own"
is "$(hosts)" "files libvirt libvirt_guest dns" "$release: they stay for the other"
works "and the other" dpkg --purge "libnss-libvirt-names:$other"
as_before
is "$(left)" "" "$release: nothing is left"

works "one is installed" sh -c 'dpkg -i /root/libnss-libvirt-names_*.deb'
default_switch
works "the services are taken out, and the other comes" dpkg -i "$second"
is "$(hosts)" "files dns" "$release: it does not enable what was disabled"
works "both are upgraded" sh -c "dpkg -i $upgrades"
is "$(hosts)" "files dns" "$release: nor do they"
works "and purged" dpkg --purge "libnss-libvirt-names:$other" "libnss-libvirt-names:$own"

works "one is unpacked" sh -c 'dpkg --unpack /root/libnss-libvirt-names_*.deb'
in_root sh -c "dpkg-deb -R $second /tmp/differs && echo >>/tmp/differs/usr/share/doc/libnss-libvirt-names/copyright &&
    dpkg-deb -b /tmp/differs /root/differs.deb && dpkg -i /root/differs.deb"
is "$(printf '%s\n' "$said" | grep -c 'trying to overwrite shared')" 1 "$release: the other cannot be, beside it"
works "the one is configured" dpkg --configure -a
is "$(hosts)" "files libvirt libvirt_guest dns" "$release: and enables the services"
umount -R "$root"

# ---- ours and libnss-libvirt by turns, from the line of a new system, in which libnss-libvirt enables nothing ----
layer turns "$base"
cp "$debs"/libnss-libvirt-names_*.deb "$root/root/"
guests
works "apt update" apt-get -qq update
for turn in first second; do
    works "$turn turn: ours" sh -c 'apt-get -qq -y --no-install-recommends install /root/libnss-libvirt-names_*.deb'
    is "$(hosts)" "files libvirt libvirt_guest dns" "$release: $turn turn: the services are in the line"
    finds beta-dom 192.168.122.132 "$turn turn: a guest is found"
    works "$turn turn: libnss-libvirt" apt-get -qq -y --no-install-recommends install libnss-libvirt
    is "$(hosts)" "files libvirt libvirt_guest dns" "$release: $turn turn: they still are"
    finds beta-dom 192.168.122.132 "$turn turn: the guest is found by libvirt's"
done
state libnss-libvirt-names config-files "ours is gone, but not purged"
works "it is purged" dpkg --purge libnss-libvirt-names
is "$(hosts)" "files libvirt libvirt_guest dns" "$release: the services stay for libnss-libvirt"
finds beta-dom 192.168.122.132 "the guest is found"
works "ours once more" sh -c 'apt-get -qq -y --no-install-recommends install /root/libnss-libvirt-names_*.deb'
works "and both purged" apt-get -qq -y purge libnss-libvirt-names libnss-libvirt
is "$(hosts)" "files libvirt libvirt_guest dns" "$release: ours takes out only what it has put in"
is "$(left)" "" "$release: nothing else is left"

default_switch
works "ours" sh -c 'apt-get -qq -y --no-install-recommends install /root/libnss-libvirt-names_*.deb'
works "libnss-libvirt in its place" apt-get -qq -y --no-install-recommends install libnss-libvirt
works "away with that" apt-get -qq -y purge libnss-libvirt
works "and then with ours" dpkg --purge libnss-libvirt-names
as_before
works "libnss-libvirt" apt-get -qq -y --no-install-recommends install libnss-libvirt
works "ours in its place" sh -c 'apt-get -qq -y --no-install-recommends install /root/libnss-libvirt-names_*.deb'
is "$(hosts)" "files libvirt libvirt_guest dns" "$release: it enables what libnss-libvirt did not"
works "apt purge" apt-get -qq -y purge libnss-libvirt-names
as_before
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
cp "$source"/packaging/debian/tests/[a-z]* "$root/root/"
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
# What docs/migration.rst has for a helper that comes from source
page=$source/docs/migration.rst
works "libvirt's is put aside" sh -c "$(sed -n 's/^    sudo \(dpkg-divert --rename --divert .*\)/\1/p' "$page")"
is "$(sha256sum <"$root/$path.libvirt")" "$theirs" "$release: it stands aside"
echo ours >"$root/$path"
works "libvirt is upgraded" sh -c "dpkg --force-depends --unpack /tmp/$owner*.deb"
is "$(cat "$root/$path")" ours "$release: ours is still there"
works "the way back" sh -euc "$(sed -n 's/^    sudo \(rm .*leaseshelper\|dpkg-divert --rename --remove .*\)$/\1/p' "$page")"
is "$(sha256sum <"$root/$path")" "$theirs" "$release: libvirt's is back"
works "and libvirt too" dpkg --force-depends --purge "$owner"
works "apt install ./*.deb" sh -c 'apt-get -qq -y install /root/*.deb'
works "what they need" apt-get -qq -y --no-install-recommends install python3
for test in lookup apt; do
    works "the packages' own test $test" sh "/root/$test"
    is "$(printf '%s\n' "$said" | grep -vc '^ok: ')" 0 "$release: says nothing else" || :
done
works "apt remove of the modules alone" apt-get -qq -y remove libnss-libvirt-names
in_root virt-names check
is "$(printf '%s\n' "$said" | grep -c 'Run: apt-get install libnss-libvirt-names$')" 2 "$release: check says which package has them" || :
works "the command disables and enables" sh -c 'virt-names disable && virt-names enable'
works "apt purge of all" apt-get -qq -y purge libnss-libvirt-names virt-names libvirt-leaseshelper
as_before
is "$(left)" "" "$release: nothing is left"
finish
