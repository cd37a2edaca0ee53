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
set -- valgrind --quiet --error-exitcode=99 --track-fds=yes --leak-check=full --errors-for-leak-kinds=definite,indirect \
    --suppressions="$(dirname "$0")/valgrind.supp" --log-file="$log" --child-silent-after-fork=yes "$@"
G_SLICE=always-malloc PYTHONMALLOC=malloc "$@"
status=$?
# Each descriptor that is still open is followed by where it was opened, or by "<inherited from parent>". glib opens these two
# once in a process, for all who wait for files and signals, and never closes them.
left=$(awk '/Open (file descriptor|AF_)/ { open = $0; getline; if ($0 !~ /inherited from parent|: (inotify_init1|eventfd) \(/) print open }' "$log")
if [ "$status" = 99 ] || [ -n "$left" ]; then
    cat "$log" >&2
    exit 99
fi
exit "$status"
