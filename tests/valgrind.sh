#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# valgrind.sh PROGRAM ARGUMENT...: the program under memcheck. A fault is any error, any leaked block and any
# descriptor that the program opened and left open. Scripts are run as they are, with valgrind in front of the
# programs that they start through $NSS_TEST_WRAPPER.
set -u
case $(basename "$1") in
sh | bash | dash | python3*)
    NSS_TEST_WRAPPER="sh $0"
    export NSS_TEST_WRAPPER
    exec "$@"
    ;;
esac

log=$(mktemp) || exit 99
trap 'rm -f "$log"' EXIT
set -- valgrind --quiet --error-exitcode=99 --track-fds=yes --leak-check=full --show-leak-kinds=definite,indirect,possible \
    --errors-for-leak-kinds=definite,indirect --log-file="$log" --child-silent-after-fork=yes \
    --suppressions="$(dirname "$0")/valgrind.supp" "$@"
G_SLICE=always-malloc PYTHONMALLOC=malloc "$@"
status=$?
# Reported descriptors are followed by where they were opened, or by <inherited from parent>.
left=$(grep -A1 'Open .*file descriptor\|Open AF_' "$log" | grep -v 'inherited from parent' | grep -A1 '^.* at 0x\|^.* by 0x' || :)
if [ "$status" = 99 ] || [ -n "$left" ]; then
    cat "$log" >&2
    exit 99
fi
exit "$status"
