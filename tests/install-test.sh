#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# install-test.sh SOURCE: what "meson install" installs, below a folder; that two builds of the same sources, in other
# folders, at other times and for other users, are the same bytes; that "ninja uninstall" leaves nothing; and that who
# cannot write the loader's cache can install too.
set -u
export LC_ALL=C
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
[ -z "${NSS_TEST_SANITIZED:-}" ] || skip_all "a sanitized build is not what ships"
[ -z "${NSS_TEST_VALGRIND:-}" ] || skip_all "valgrind has nothing to say of an installation"
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
unset DESTDIR SOURCE_DATE_EPOCH

# build NAME OPTION...: copies the sources, builds and installs them below $work/NAME.root
build() {
    name=$1
    shift
    mkdir -p "$work/$name/source"
    (cd "$source" && tar -c --exclude-vcs --exclude='./build*' .) | tar -x -m -C "$work/$name/source"
    {
        meson setup "$work/$name/build" "$work/$name/source" --prefix=/usr -Dtests=false \
            -Daptdir=/etc/apt/apt.conf.d -Dapparmordir=/etc/apparmor.d/abstractions "$@" &&
            meson compile -C "$work/$name/build" &&
            meson install -C "$work/$name/build" --no-rebuild --destdir "$work/$name.root"
    } >"$work/$name.log" 2>&1
    status=$?
    [ "$status" = 0 ] || sed 's/^/# /' "$work/$name.log"
    return "$status"
}

# installed NAME: each file, and the rights to it; each link, and where it leads
installed() {
    (cd "$work/$1.root" && find . -type f -printf '%m %P\n' -o -type l -printf 'link %P %l\n' | sort -k 2)
}

build first
case_ok $? "builds and installs"
# An umask, a language, a time zone and a date that leave traces where something is careless
(
    umask 027
    export TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 SOURCE_DATE_EPOCH=1000000000 USER=nobody HOME=/nonexistent
    build second/with-a-longer-name
)
case_ok $? "builds and installs elsewhere, at another time and as another user would"
mv "$work/second/with-a-longer-name.root" "$work/second.root"

is "$(installed second)" "$(installed first)" "the same files, with the same rights"
diff -r "$work/first.root" "$work/second.root" >"$work/difference"
case_ok $? "the same bytes" || sed 's/^/# /' "$work/difference"
is "$(grep -rlF -e "$work" -e "$source" "$work/first.root")" "" "no file names the folder where it was built"

# expect PATH [TARGET]: it may be there
expect() {
    grep -vxF "$*" "$work/files" >"$work/rest"
    mv "$work/rest" "$work/files"
}

libdir=usr/$(option_of "$work/first/build" libdir)
installed first | sed 's/^[^ ]* //' >"$work/files"
while read -r mode path what; do
    expect "$path"
    is "$(stat -c %a "$work/first.root/$path" 2>&1)" "$mode" "installs $what"
done <<END
755 $libdir/libnss_libvirt.so.2 the module of hostnames where the loader looks
755 $libdir/libnss_libvirt_guest.so.2 the module of domains where the loader looks
755 usr/libexec/libvirt_leaseshelper the lease helper
755 usr/bin/virt-names the command
644 usr/share/man/man1/virt-names.1 the manual page of the command
644 usr/share/man/man8/libvirt_leaseshelper.8 the manual page of the lease helper
644 usr/share/man/man8/nss-libvirt.8 the manual page of the modules
644 usr/share/bash-completion/completions/virt-names completion for bash
644 usr/share/zsh/site-functions/_virt-names completion for zsh
644 usr/share/fish/vendor_completions.d/virt-names.fish completion for fish
644 usr/share/doc/libvirt-nss/COPYING.LESSER the licence
644 usr/share/doc/libvirt-nss/NEWS.md what is new
644 usr/share/doc/libvirt-nss/README.md what it is
644 usr/share/doc/libvirt-nss/SECURITY.md who controls what
644 etc/apt/apt.conf.d/90libvirt-nss what lets apt use the modules
644 etc/apparmor.d/abstractions/nameservice.d/libvirt-nss what lets confined programs use the modules
END
# The manual page of the modules under all of their names
for alias in libnss_libvirt libnss_libvirt_guest libnss_libvirt.so.2 libnss_libvirt_guest.so.2 nss-libvirt-guest; do
    link=usr/share/man/man8/$alias.8
    expect "$link nss-libvirt.8"
    is "$(readlink "$work/first.root/$link")" nss-libvirt.8 "installs $link"
done
# Of each page and picture of the documentation, and of each schema
for file in "$source"/docs/*.rst "$source"/docs/*.svg "$source"/docs/schemas/*.json; do
    name=${file##*/}
    case $file in
    */virt-names.rst) path=usr/share/doc/libvirt-nss/html/virt-names.1.html ;;
    */nss-libvirt.rst | */libvirt_leaseshelper.rst) path=usr/share/doc/libvirt-nss/html/${name%.rst}.8.html ;;
    *.rst) path=usr/share/doc/libvirt-nss/html/${name%.rst}.html ;;
    *.json) path=usr/share/doc/libvirt-nss/schemas/$name ;;
    *) path=usr/share/doc/libvirt-nss/html/$name ;;
    esac
    expect "$path"
    is "$(stat -c %a "$work/first.root/$path" 2>&1)" 644 "installs $path"
done
# Of each language in po/LINGUAS
# shellcheck disable=SC2013 # codes, one or more a line
for language in $(sed 's/#.*//' "$source/po/LINGUAS"); do
    path=usr/share/locale/$language/LC_MESSAGES/libvirt-nss.mo
    expect "$path"
    is "$(stat -c %a "$work/first.root/$path" 2>&1)" 644 "installs the catalogue $language"
done
is "$(cat "$work/files")" "" "and nothing else"

ldconfig=$(PATH=$PATH:/sbin:/usr/sbin command -v ldconfig)
is "$("$ldconfig" -N -v 2>/dev/null | grep -c "^/${libdir#usr/}:\|^/$libdir:")" 1 "the modules' folder is one of the loader's"

# What apt and AppArmor say of their files
if command -v apt-config >/dev/null 2>&1; then
    is "$(APT_CONFIG=$work/first.root/etc/apt/apt.conf.d/90libvirt-nss apt-config dump --format '%v%n' APT::Sandbox::Seccomp::Allow |
        sed '/^$/d' | sort -u)" "$(printf 'getdents\ngetdents64\npread64')" "apt reads that the calls are allowed"
else
    skip "apt reads that the calls are allowed" "no apt here"
fi
parser=$(PATH=$PATH:/sbin:/usr/sbin command -v apparmor_parser)
if [ -n "$parser" ]; then
    printf 'profile test {\n%s\n}\n' "include \"$work/first.root/etc/apparmor.d/abstractions/nameservice.d/libvirt-nss\"" |
        "$parser" --skip-kernel-load --skip-cache >"$work/said" 2>&1
    case_ok $? "AppArmor reads its file" || sed 's/^/# /' "$work/said"
else
    skip "AppArmor reads its file" "no apparmor_parser here"
fi

# Where nobody said so, nothing is written outside of the prefix
meson configure "$work/first/build" --prefix="$work/own" -Daptdir=auto -Dapparmordir=auto >/dev/null 2>&1
meson compile -C "$work/first/build" >"$work/own.log" 2>&1
is "$(meson introspect --installed "$work/first/build" | python3 -c '
import json, sys
print("\n".join(p for p in json.load(sys.stdin).values() if not p.startswith(sys.argv[1])))' "$work/own/")" "" \
    "with a prefix of one's own, all goes below it"

# The loader's cache is brought up to date by whoever can write it; others are told
rm -rf "$work/own"
ordinary=
if [ "$(id -u)" != 0 ]; then
    ordinary="env --"
elif unshare --mount true 2>/dev/null; then
    cat >"$work/ordinary" <<'SCRIPT'
mount --bind /etc /etc && mount -o remount,bind,ro /etc && exec "$@"
SCRIPT
    ordinary="unshare --mount sh $work/ordinary"
fi
for target in install uninstall; do
    if [ -z "$ordinary" ]; then
        skip "make $target without rights to the loader's cache" "this is root, who can have no mount namespace here"
        continue
    fi
    $ordinary make -C "$work/first/source" "$target" BUILD="$work/first/build" >"$work/said" 2>&1
    case_ok $? "make $target without rights to the loader's cache" || sed 's/^/# /' "$work/said"
    is "$(grep -c 'Run as root, if .* ldconfig' "$work/said")" 1 "make $target says what is left to be done"
done
is "$(find "$work/own" ! -type d 2>/dev/null)" "" "and nothing is left"

# The names of the folders in the log are those of the last installation
meson configure "$work/first/build" --prefix=/usr -Daptdir=/etc/apt/apt.conf.d \
    -Dapparmordir=/etc/apparmor.d/abstractions >/dev/null 2>&1
rm -rf "$work/first.root"
meson install -C "$work/first/build" --destdir "$work/first.root" >/dev/null 2>&1
ninja -C "$work/first/build" uninstall >"$work/uninstall.log" 2>&1
case_ok $? "ninja uninstall" || sed 's/^/# /' "$work/uninstall.log"
is "$(find "$work/first.root" -mindepth 1 2>/dev/null)" "" "and nothing is left"
finish
