#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# That run.py's count cannot be fooled: each log below is one that meson could leave.
set -u
here=$(dirname "$0")
# shellcheck source=tests/lib.sh
. "$here/lib.sh"

log=$(mktemp) || exit 99
trap 'rm -f "$log"' EXIT

# counts LOG LAST-LINE STATUS NAME
counts() {
    printf '%s' "$1" >"$log"
    output=$(python3 "$here/run.py" --count "$log")
    is "$? $(echo "$output" | tail -n 1)" "$3 $2" "$4"
}

GOOD='{"name": "good", "returncode": 0, "stdout": "1..2\nok 1 - a\nok 2 - b\n"}'

counts "$GOOD" "2 passed, 0 failed, 0 skipped" 0 "two cases"
counts "$GOOD
$GOOD" "4 passed, 0 failed, 0 skipped" 0 "two suites"
counts '{"name": "a", "returncode": 0, "stdout": "ok 1 - a\n1..1\n"}' "1 passed, 0 failed, 0 skipped" 0 "plan at the end"
counts '{"name": "a", "returncode": 0, "stdout": "# x\n1..2\nok 1 - a # SKIP no root\nok 2 - b\n"}' \
    "1 passed, 0 failed, 1 skipped" 0 "a skipped case is not passed"
is "$(python3 "$here/run.py" --count "$log" | head -n 1)" "skipped: a: a: no root" "the reason of a skipped case is told"
counts "$GOOD
"'{"name": "a", "returncode": 0, "stdout": "1..0 # SKIP no namespaces\n"}' "2 passed, 0 failed, 1 skipped" 0 "a skipped suite"
counts '{"name": "a", "returncode": 0, "stdout": "1..1\nok 1 - a # SKIP no root\n"}' "0 passed, 0 failed, 1 skipped" 1 \
    "nothing but skipped cases"
counts '{"name": "a", "returncode": 1, "stdout": "1..2\nnot ok 1 - a\nok 2 - b\n"}' "1 passed, 1 failed, 0 skipped" 1 "a failed case"
counts '{"name": "a", "returncode": 0, "stdout": "1..1\nnot ok 1 - a # TODO later\n"}' "0 passed, 1 failed, 0 skipped" 1 \
    "what is to be done is not done"
counts "$GOOD
"'{"name": "a", "returncode": -11, "stdout": ""}' "2 passed, 1 failed, 0 skipped" 1 "a crash without a word"
counts "$GOOD
"'{"name": "a", "returncode": -11}' "2 passed, 1 failed, 0 skipped" 1 "a program that could not be started"
counts '{"name": "a", "returncode": -6, "stdout": "1..3\nok 1 - a\n"}' "1 passed, 1 failed, 0 skipped" 1 "a crash on the way"
counts '{"name": "a", "returncode": 0, "stdout": "ok 1 - a\n"}' "1 passed, 1 failed, 0 skipped" 1 "no plan"
counts '{"name": "a", "returncode": 99, "stdout": "1..1\nok 1 - a\n"}' "1 passed, 1 failed, 0 skipped" 1 \
    "all cases passed, exit status of a failure"
counts '{"name": "a", "returncode": 0, "stdout": "1..1\nok 1 - a\nok 2 - b\n"}' "2 passed, 1 failed, 0 skipped" 1 \
    "more cases than planned"
counts '' "0 passed, 1 failed, 0 skipped" 1 "no suite at all"
finish
