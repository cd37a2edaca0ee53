#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# run.sh BUILD SECONDS TARGET...: fuzzes each target for so long, as many at once as there are processors. Begins with the
# inputs in corpus and regressions, goes on with what earlier runs have found in BUILD. What a finding needs to be repeated
# is left in BUILD/findings; exits with 1 if there is one.
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$1
seconds=$2
shift 2
declare -A dictionaries=([status]=json [macs]=json [tree]=json [hosts]=hosts [switch]=switch [helper]=helper)
# Leaks and errors of undefined behaviour are findings too. glib's own memory is not.
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1

# fuzz TARGET
fuzz() {
    mkdir -p "$build/corpus/$1" "$build/findings"
    # shellcheck disable=SC2046 # one folder or none
    "$build/tests/fuzz/fuzz-$1" -max_total_time="$seconds" -max_len=8192 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -dict="$here/${dictionaries[$1]}.dict" -artifact_prefix="$build/findings/$1-" \
        "$build/corpus/$1" "$here/corpus/$1" $(find "$here/regressions/$1" -maxdepth 0 2>/dev/null) >"$build/fuzz-$1.log" 2>&1
}

running=0
declare -A targets=()
failed=0
# next: waits for one target to end, and tells of it
next() {
    local process status
    wait -n -p process
    status=$?
    running=$((running - 1))
    local target=${targets[$process]}
    if [ "$status" = 0 ]; then
        printf '%-7s %s\n' "$target" "$(awk '/ cov: / { line = $0 } /number_of_executed_units/ { units = $2 }
            END { match(line, /cov: [0-9]+/); print units, "inputs,", substr(line, RSTART + 5, RLENGTH - 5), "edges, no finding" }' \
            "$build/fuzz-$target.log")"
    else
        failed=1
        echo "$target: a finding:"
        tail -n 60 "$build/fuzz-$target.log"
    fi
}

for target; do
    [ "$running" -lt "$(nproc)" ] || next
    fuzz "$target" &
    targets[$!]=$target
    running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
    next
done
exit "$failed"
