#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# lint.sh BUILD: what can be said of the sources without running them. Each exception stands where it is made: in
# .clang-tidy, below, or as a comment in the source.
# shellcheck disable=SC2317 # what check calls
set -u
build=$1
status=0

# check NAME COMMAND...: nothing may be printed
check() {
    name=$1
    shift
    said=$("$@" 2>&1)
    if [ -z "$said" ]; then
        echo "ok: $name"
    else
        status=1
        echo "$name:"
        printf '%s\n' "$said"
    fi
}

formatted() {
    clang-format --dry-run -Werror src/*/*.[ch] tests/*.[ch] tests/fuzz/*.[ch]
}

# te is what a guest called itself; the encodings that codespell guesses at are not its errors
spelled() {
    codespell --ignore-words-list=te --skip='tests/nssdata,tests/fuzz/corpus,tests/fuzz/regressions,COPYING.LESSER,build*' \
        README.md NEWS.md CONTRIBUTING.md SECURITY.md docs packaging src tests bench Makefile bootstrap
}

shells() {
    shellcheck -x bootstrap .ci/run packaging/*.sh packaging/debian/*.p* packaging/debian/tests/lookup packaging/debian/tests/apt tests/*.sh tests/e2e/*.sh tests/e2e/guest/* tests/fuzz/*.sh bench/*.sh src/virt-names/completions/virt-names.bash
}

# resourceLeak and memleak do not know the attribute cleanup, invalidPrintfArgType_uint enums; ctuuninitvar takes what is
# filled by a function for what it reads
checked() {
    cppcheck --quiet --enable=warning,performance,portability --inline-suppr --std=c11 --library=gtk,posix,gnu \
        '-DNSS_DECLARE_MODULE_FUNCTIONS(x)=' '-DG_GNUC_FORMAT(x)=' '-DG_DEFINE_AUTOPTR_CLEANUP_FUNC(a,b)=' \
        -D_GNU_SOURCE '-DLEASEDIR=""' '-DNSS_SERVICE_NAME=""' -I src/util -I "$build/gnulib/conf" \
        --suppress=missingIncludeSystem --suppress=resourceLeak --suppress=memleak --suppress=ctuuninitvar \
        --suppress=invalidPrintfArgType_uint src
}

tidy() {
    find src -name '*.c' -print0 | xargs -0 -P "$(nproc)" -n 8 clang-tidy -p "$build" --quiet 2>/dev/null | grep -E '(error|warning):' | sort -u
}

# The flow analysis of gcc 12 knows no attribute cleanup either: it is asked of what has none
analysed() {
    for source in src/util/*.c src/nss/*.c; do
        gcc -fanalyzer -c -o /dev/null -O1 -std=gnu11 -D_GNU_SOURCE '-DLEASEDIR=""' -I src/util -I "$build/gnulib/conf" \
            -I "$build/gnulib/conf/lib" -I gnulib/import/lib -I "$build/gnulib/import/lib" "$source"
    done
}

check clang-format formatted
check shellcheck shells
check codespell spelled
check cppcheck checked
check 'gcc -fanalyzer' analysed
check clang-tidy tidy
exit "$status"
