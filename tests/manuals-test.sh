#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# manuals-test.sh PAGE...: does every manual page render without a warning, and fit a terminal of 80 columns?
set -u
export LC_ALL=C.UTF-8
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

for command in groff man; do
    command -v "$command" >/dev/null 2>&1 || skip_all "not installed: $command"
done

for page; do
    name=${page##*/}
    folder=$(mktemp -d)
    # -b and -ww: groff says whatever it has to say. grotty's escapes are none of the width.
    groff -man -ww -b -Tutf8 -P-cbou -rLL=80n -rLT=80n "$page" >"$folder/text" 2>"$folder/warnings"
    is "$? $(cat "$folder/warnings")" "0 " "$name: groff has no warning"
    is "$(grep -E '^.{81,}$' "$folder/text")" "" "$name: 80 columns suffice"
    MANWIDTH=80 man --warnings=w --pager=cat -l "$page" >/dev/null 2>"$folder/warnings"
    is "$? $(cat "$folder/warnings")" "0 " "$name: man has no warning"
    is "$(head -n 1 "$folder/text" | grep -c "$(printf %s "${name%.*}" | tr '[:lower:]' '[:upper:]')\|${name%.*}")" 1 \
        "$name: the name of the page is in its heading"
    is "$(grep -c '^SEE ALSO$' "$folder/text")" 1 "$name: it says what else to read"
    rm -r "$folder"
done
finish
