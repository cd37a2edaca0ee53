#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# cold.sh BUILD [REFERENCE]: what the modules add to a program that looks up one name that nobody has, started
# anew: instructions (counted by callgrind) and system calls of "getent ahosts nosuchname", with five leases, beside
# stub modules that do nothing and beside the modules of the folder REFERENCE.
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib.sh
. "$here/../tests/lib.sh"
build=$(cd "$1" && pwd)
reference=${2:-}
LEASEDIR=$(option_of "$build" leasedir)
enter_namespace "$0" "$@" || {
    echo "cold.sh: no private mount namespace to be had here" >&2
    exit 1
}

folder=$(mktemp -d)
log=$folder/log
trap 'rm -rf "$folder"' EXIT

# record KIND NUMBER: a lease or an entry of a MAC map
record() {
    mac=52:54:00:00:00:0$2
    if [ "$1" = status ]; then
        printf '  {\n    "ip-address": "192.168.122.%s",\n    "mac-address": "%s",\n' "$2" "$mac"
        printf '    "hostname": "guest-%s",\n    "client-id": "01:%s",\n    "expiry-time": 4000000000\n  }' "$2" "$mac"
    else
        printf '  {\n    "domain": "domain-%s",\n    "macs": [\n      "%s"\n    ]\n  }' "$2" "$mac"
    fi
}

mkdir "$folder/leases"
for kind in status macs; do
    {
        printf '[\n'
        record "$kind" 1
        for number in 2 3 4 5; do
            printf ',\n'
            record "$kind" "$number"
        done
        printf '\n]\n'
    } >"$folder/leases/virbr0.$kind"
done
use_leases "$folder/leases"

# cost TITLE SERVICES MODULES: prints a line, and leaves the numbers in $instructions and $calls
cost() {
    use_hosts "$2"
    LD_LIBRARY_PATH=$3 valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file="$log" \
        getent ahosts nosuchname || :
    instructions=$(sed -n 's/.*Collected : //p' "$log")
    calls=$(LD_LIBRARY_PATH=$3 "$build/bench/nssbench" --count-syscalls getent ahosts nosuchname)
    if [ -z "${base:-}" ]; then
        base=$instructions base_calls=$calls
    fi
    printf '%-34s  %12s  %9s  %6s  %5s\n' "$1" "$instructions" "+$((instructions - base))" "$calls" "+$((calls - base_calls))"
}

printf '%-34s  %12s  %9s  %6s  %5s\n' "hosts:" instructions added calls added
cost "files" "files" "$build/src/nss"
cost "files stub1 stub2" "files stub1 stub2" "$build/bench"
stubs=$((instructions - base))
cost "files libvirt libvirt_guest" "files libvirt libvirt_guest" "$build/src/nss"
ours=$((instructions - base))
[ -z "$reference" ] || cost "the same, reference" "files libvirt libvirt_guest" "$reference"
echo "instructions of ours beside stubs: $((100 * ours / stubs)) %"
