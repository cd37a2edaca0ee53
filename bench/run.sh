#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# run.sh BUILD [REFERENCE [REFERENCE-HELPER]]: all measurements of docs/performance.rst. Prints the tables and writes
# them, the data of the plot and the plot itself below BUILD/bench. Without REFERENCE, the folder of the modules to compare
# with, and REFERENCE-HELPER, the path of the lease helper, the distribution's are fetched.
set -eu -o pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib.sh
. "$here/../tests/lib.sh"
build=$(cd "$1" && pwd)
out=$build/bench

if [ -n "${2:-}" ]; then
    reference=$(cd "$2" && pwd)
elif [ "$(option_of "$build" leasedir)" != /var/lib/libvirt/dnsmasq ]; then
    echo "run.sh: the distribution's modules read another lease folder, so they are left out" >&2
    reference=-
else
    reference=$(python3 "$here/../tests/compare.py" --fetch "$build") || reference=-
fi

{
    echo "on $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r), $(getconf GNU_LIBC_VERSION)"
    echo
    "$out/nssbench" "$build/src/nss" "$reference" "$out/performance.data"
    echo
    [ "$reference" != - ] || reference=
    sh "$here/cold.sh" "$build" ${reference:+"$reference"}
} | tee "$out/performance.txt"

echo
python3 "$here/leaseshelper.py" "$build" ${3:+"$3"} | tee "$out/performance-leaseshelper.txt"

columns=$(awk '!/^#/ { print NF; exit }' "$out/performance.data")
gnuplot -e "data='$out/performance.data'; columns=$columns" "$here/plot.gp" >"$out/performance.svg"
echo
echo "written: $out/performance.txt, performance-leaseshelper.txt, performance.data, performance.svg"
