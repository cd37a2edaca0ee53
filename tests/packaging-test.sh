#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# packaging-test.sh SOURCE: what can be said of packages without building any: their versions, that what bootstrap
# installs is enough to build them, what goes into the tarball, and what is deleted of earlier ones.
set -u
export LC_ALL=C.UTF-8
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
[ -z "${NSS_TEST_SANITIZED:-}" ] || skip_all "a sanitized build is not what ships"
[ -z "${NSS_TEST_VALGRIND:-}" ] || skip_all "valgrind has nothing to say of packages"
source=$1
control=$source/packaging/debian/control
changelog=$source/packaging/debian/changelog
spec=$source/packaging/libvirt-nss.spec
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
bin=$work/bin
mkdir "$bin"

# have COMMAND...: all of them are here
have() {
    for command; do
        command -v "$command" >/dev/null 2>&1 || return 1
    done
}

# tool NAME: a command of that name, with the script from standard input, comes first in $PATH of those who take $bin
tool() {
    { echo '#!/bin/sh' && cat; } >"$bin/$1"
    chmod 755 "$bin/$1"
}

# ---- versions ----
version=$(sed -n "s/^  version: '\(.*\)',/\1/p" "$source/meson.build")
is "$(sed -n '1s/.*(\(.*\)-[^-]*).*/\1/p' "$changelog")" "$version" "Debian's changelog has the version of the sources"
is "$(sed -n 's/^Version: *//p' "$spec")" "$version" "so has the spec file"
is "$(sed -n '/^%changelog/,$s/^\*.* - \(.*\)-[^-]*$/\1/p' "$spec" | sed 1q)" "$version" "so has its changelog"
is "$(sed -n 's/^.*-- .*>  //p' "$changelog" | sed 1q | cut -d' ' -f2-4)" \
    "$(sed -n '/^%changelog/,$s/^\* [A-Za-z]* \([A-Za-z]*\) \([0-9]*\) \([0-9]*\) .*/\2 \1 \3/p' "$spec" | sed 1q)" \
    "both changelogs have the same day"

# ---- the spec file ----
if have rpmspec; then
    rpmspec -P "$spec" >"$work/plain" 2>"$work/said" || sed 's/^/# /' "$work/said"
    is "$(grep -c 'LDFLAGS=.*; meson setup build ' "$work/plain")" 1 "an rpmbuild without macros for meson has its flags"
    is "$(grep -c '^%post\|^%preun\|^%pre \|ldconfig' "$work/plain")" 0 "no package has scriptlets"
    rpmspec -P --define 'meson MACRO' "$spec" >"$work/macros" 2>"$work/said" || sed 's/^/# /' "$work/said"
    is "$(grep -c '^MACRO --auto-features=auto ' "$work/macros")" 1 "Fedora's macro for meson is used"
else
    skip "the spec file" "no rpm here"
fi

# ---- what bootstrap installs for "make deb" ----
# As apt would install it where nothing is installed. $work/admin is what dpkg would know then.
tool dpkg-query </dev/null
if ! have apt-get apt-cache dpkg-checkbuilddeps; then
    skip "bootstrap's groups are enough for Build-Depends" "no apt or no dpkg-dev here"
elif ! apt-cache policy debhelper | grep -q 'Candidate: [0-9]'; then
    skip "bootstrap's groups are enough for Build-Depends" "apt has no list of packages here (apt-get update)"
else
    packages=$(PATH=$bin:$PATH sh "$source/bootstrap" --dry-run build packages)
    packages=${packages#*apt-get:}
    mkdir "$work/admin"
    : >"$work/none"
    # shellcheck disable=SC2086 # one word a package
    apt-get -s --no-install-recommends -o Dir::State::status="$work/none" -o Dir::Cache::pkgcache= \
        -o Dir::Cache::srcpkgcache= install $packages >"$work/said" 2>&1 || sed 's/^/# /' "$work/said"
    sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p' "$work/said" | xargs apt-cache show 2>/dev/null |
        sed 's/^Package: .*/&\nStatus: install ok installed/' >"$work/admin/status"
    is "$(cd "$work" && dpkg-checkbuilddeps --admindir="$work/admin" "$control" 2>&1)" "" \
        "bootstrap's groups are enough for Build-Depends"
    [ -s "$work/admin/status" ]
    case_ok $? "which apt says that it installs"
fi

# ---- the tarball ----
tree=$work/tree
mkdir -p "$tree/packaging" "$tree/build" "$tree/empty"
cp "$source/packaging/tarball.sh" "$tree/packaging/"
echo text >"$tree/file"
echo built >"$tree/build/file"
ln -s file "$tree/link"
ln -s ../file "$tree/packaging/link"

# pack TARBALL: below the folder name
pack() {
    SOURCE_DATE_EPOCH=1000000000 sh "$tree/packaging/tarball.sh" name "$1" 2>"$work/said"
}

# packed TARBALL: what is in it, and the rights to files
packed() {
    xz -dc "$1" | tar -tv -f - | awk '{ print $1, $6, $7, $8 }' | sed 's/^l[^ ]*/l/; s/ *$//'
}

files='-rw-r--r-- name/file
l name/link -> file
l name/packaging/link -> ../file
-rw-r--r-- name/packaging/tarball.sh'
pack "$work/first.xz"
is "$(packed "$work/first.xz")" "$files" "the tarball has the files of a tree without git, and its links"
touch -d '2000-01-01' "$tree/file"
chmod 600 "$tree/file"
XZ_DEFAULTS=-T4 pack "$work/second.xz"
cmp "$work/first.xz" "$work/second.xz"
case_ok $? "the same bytes for other times, rights and threads"
if have git; then
    (cd "$tree" && git init -q . && echo /build >.gitignore && touch gone && git add gone file && rm gone)
    pack "$work/git.xz"
    is "$(packed "$work/git.xz")" "-rw-r--r-- name/.gitignore
$files" "with git those that it would add, without those that are deleted"
    rm -rf "$tree/.git" "$tree/.gitignore"
else
    skip "with git those that it would add, without those that are deleted" "no git here"
fi
tool tar <<'END'
echo "tar: file: Cannot open: Permission denied" >&2
exit 2
END
PATH=$bin:$PATH pack "$work/failed.xz"
is "$? $(ls "$work/failed.xz" 2>/dev/null)" "2 " "there is none where a file cannot be read"
rm "$bin/tar"

# ---- what is deleted of earlier packages ----
# earlier OWN...: a folder of packages, of which these are ours
earlier() {
    rm -rf "$work/output"
    mkdir "$work/output"
    # shellcheck disable=SC2086 # one word a file
    (cd "$work/output" && touch $theirs "$@")
}
theirs="my_notes notes other_1_all.deb virt-names-other_1_all.deb virt-names-1.txt other-1-1.noarch.rpm
    virt-names-other-1-1.noarch.rpm"

tool dpkg-buildpackage <<'END'
touch ../virt-names_2_amd64.deb ../libvirt-nss_2.dsc
END
if have dpkg-parsechangelog; then
    earlier virt-names_1_amd64.deb virt-names-dbgsym_1_amd64.deb libvirt-nss_1.orig.tar.xz \
        libnss-libvirt-names_1_i386.deb
    PATH=$bin:$PATH sh "$source/packaging/deb.sh" "$work/output"
    # shellcheck disable=SC2086 # one word a file
    is "$(cd "$work/output" && printf '%s\n' * | sort)" "$(printf '%s\n' $theirs libvirt-nss_2.dsc \
        "libvirt-nss_$version.orig.tar.xz" virt-names_2_amd64.deb | sort)" \
        "deb.sh deletes our earlier packages, and nothing else"
else
    skip "deb.sh deletes our earlier packages, and nothing else" "no dpkg-dev here"
fi
tool rpmbuild <<'END'
for argument; do
    case $argument in
    "_topdir "*) cd "${argument#* }" ;;
    esac
done
mkdir -p RPMS/x86_64 SRPMS
touch RPMS/x86_64/virt-names-2-1.x86_64.rpm SRPMS/libvirt-nss-2-1.src.rpm
END
earlier virt-names-1-1.x86_64.rpm virt-names-debuginfo-1-1.x86_64.rpm libvirt-nss-debugsource-1-1.x86_64.rpm \
    libvirt-nss-names-1-1.x86_64.rpm libvirt-nss-1-1.src.rpm
PATH=$bin:$PATH sh "$source/packaging/rpm.sh" "$work/output"
# shellcheck disable=SC2086 # one word a file
is "$(cd "$work/output" && printf '%s\n' * | sort)" \
    "$(printf '%s\n' $theirs libvirt-nss-2-1.src.rpm virt-names-2-1.x86_64.rpm | sort)" \
    "rpm.sh deletes our earlier packages, and nothing else"
finish
