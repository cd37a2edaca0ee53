#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# elf-test.sh MODULES [LIBRARY]: what the shipped modules need, export and carry. They need libc alone, and LIBRARY where
# there is no static one to be linked.
set -u
export LC_ALL=C
here=$(dirname "$0")
# shellcheck source=tests/lib.sh
. "$here/lib.sh"
[ -z "${NSS_TEST_SANITIZED:-}" ] || skip_all "a sanitized build is not what ships: its modules need the sanitizer's libraries"

dynamic() {
    readelf --dynamic --wide "$1" | sed -n "s/.*($2) *//p"
}

for service in libvirt libvirt_guest; do
    module=$1/libnss_$service.so.2
    is "$(dynamic "$module" SONAME)" "Library soname: [libnss_$service.so.2]" "$service: soname"
    is "$(dynamic "$module" NEEDED)" "${2:+Shared library: [$2]
}Shared library: [libc.so.6]" "$service: needs libc alone${2:+ and $2}"
    is "$(nm --dynamic --defined-only "$module" | cut -d' ' -f3)" "$(sed "s/SERVICE/$service/" "$here/symbols.txt")" \
        "$service: exports what symbols.txt lists"
    is "$(readelf --segments --wide "$module" | grep -c ' TLS ')" 0 "$service: no thread-local data"
    is "$(readelf --sections --wide "$module" | grep -oE ' \.(data|tdata|tbss|init_array|fini_array|ctors|dtors|init|fini|text\.startup) ')" "" \
        "$service: no initialised writable data, no constructor"
    is "$(nm "$module" | sed -n 's/.* [bB] //p')" "nssState" "$service: no other writable data than the state of host enumeration"
    is "$(readelf --segments --wide "$module" | grep -cE 'GNU_STACK.* RW +0x')" 1 "$service: stack not executable"
    is "$(readelf --segments --wide "$module" | grep -c GNU_RELRO)" 1 "$service: relocations read-only"
    dynamic "$module" FLAGS_1 | grep -q NOW
    case_ok $? "$service: bound at load time"
    is "$(dynamic "$module" TEXTREL)$(dynamic "$module" RPATH)$(dynamic "$module" RUNPATH)" "" \
        "$service: no text relocation, no run path"
    nm --dynamic --undefined-only "$module" | grep -q __stack_chk_fail
    case_ok $? "$service: stack protector"
    # The property note would cover the whole module, and Debian's yajl archive is built without it: what can be
    # had is our own code with landing pads.
    if [ "$(uname -m)" = x86_64 ]; then
        is "$(objdump -d --no-show-raw-insn "$module" | grep -A1 -E '^[0-9a-f]+ <_nss_.*>:' | grep -c endbr64)" \
            "$(wc -l <"$here/symbols.txt")" "$service: control-flow enforcement in our code"
    else
        skip "$service: control-flow enforcement in our code" "looked for on x86_64 alone"
    fi
    is "$(nm --dynamic --undefined-only "$module" | grep -oE ' (setlocale|setenv|putenv|getenv|signal|sigaction|chdir|exit|system|popen|dlopen|strcasecmp|strncasecmp|qsort|tolower|toupper|isalnum)(@.*)?$')" "" \
        "$service: calls nothing that changes the process or follows its locale"
done
finish
