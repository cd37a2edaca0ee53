#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# import.sh SRCDIR OUTDIR HOST CC...
#
# Takes the modules that SRCDIR/modules lists out of the distribution's gnulib, configures them, and
# prints the C sources of libgnu, one a line. Two stages, each skipped when nothing that it depends on changed:
#   OUTDIR/import  gnulib's sources and their configure script (depends on gnulib, autotools and the list)
#   OUTDIR/conf    config.h and generated headers              (depends on the compiler as well)
# Nothing is written outside OUTDIR, so the source tree may be read-only.
set -eu
src=$1 out=$2 host=$3
shift 3
export LC_ALL=C
# A make that calls this one would have its own say, such as telling which folder it enters
unset MAKEFLAGS MFLAGS MAKELEVEL
tool=${GNULIB_TOOL:-gnulib-tool}
import=$out/import conf=$out/conf

die() {
    echo "gnulib/import.sh: $*" >&2
    exit 1
}

# run LOG COMMAND...: quiet unless it fails
run() {
    log=$1
    shift
    "$@" >>"$log" 2>&1 || {
        cat "$log" >&2
        die "'$*' failed; its output is above and in $log"
    }
}

for command in "$tool" autoconf automake make; do
    command -v "$command" >/dev/null || die "$command not found: run ./bootstrap, or install gnulib, autoconf, automake and make"
done

modules=$(sed 's/#.*//' "$src/modules")
key=$({
    "$tool" --version | sed 1q
    autoconf --version | sed 1q
    automake --version | sed 1q
    cat "$src/modules" "$src/configure.ac" "$0"
} | sha256sum | cut -c1-64)
mkdir -p "$out"
if [ "$(cat "$import/.key" 2>/dev/null || :)" != "$key" ]; then
    rm -rf "$import"
    mkdir "$import"
    cp "$src/configure.ac" "$import/"
    # shellcheck disable=SC2086 # one word a module
    run "$import/log" "$tool" --import --dir="$import" --quiet --lgpl=2 --no-vc-files --no-cache-modules $modules
    (cd "$import" && run log autoreconf -fi)
    echo "$key" >"$import/.key"
fi

key="$key $host $*"
if [ "$(cat "$conf/.key" 2>/dev/null || :)" != "$key" ]; then
    rm -rf "$conf"
    mkdir "$conf"
    cd "$conf"
    run log "$import/configure" -q ${host:+"--host=$host"} CC="$*" CFLAGS=-O2
    # shellcheck disable=SC2016 # for make, not for the shell
    printf 'headers: $(BUILT_SOURCES)\nlist: ; @printf "%%s\\n" $(libgnu_a_OBJECTS) $(libgnu_a_LIBADD)\n' >list.mk
    run log make -s -C lib -f Makefile -f ../list.mk headers
    make -s --no-print-directory -C lib -f Makefile -f ../list.mk list |
        sed "s|libgnu_a-||; s|\.o\$|.c|; s|^|$import/lib/|" >sources
    echo "$key" >.key
fi
cat "$conf/sources"
