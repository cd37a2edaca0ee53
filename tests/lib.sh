# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
# shellcheck shell=sh
#
# For tests and demonstrations in shell: a few assertions that speak TAP, and a private namespace in which the
# lease folder and nsswitch.conf can be set without anybody else seeing it.

cases=0
failures=0

# case_ok STATUS NAME: one case, passed if STATUS is 0
case_ok() {
    cases=$((cases + 1))
    if [ "$1" = 0 ]; then
        echo "ok $cases - $2"
    else
        failures=$((failures + 1))
        echo "not ok $cases - $2"
    fi
}

# is GOT EXPECTED NAME
is() {
    if [ "$1" = "$2" ]; then
        case_ok 0 "$3"
    else
        case_ok 1 "$3"
        printf '%s\n' "expected:" "$2" "got:" "$1" | sed 's/^/# /'
    fi
}

# skip NAME REASON: one case that cannot run
skip() {
    cases=$((cases + 1))
    echo "ok $cases - $1 # SKIP $2"
}

skip_all() {
    echo "1..0 # SKIP $*"
    exit 0
}

# bail_out REASON: the test was called for and cannot run, which is a failure
bail_out() {
    echo "Bail out! $*"
    exit 1
}

# Ends a test script.
finish() {
    echo "1..$cases"
    [ "$failures" = 0 ]
    exit
}

# relay PREFIX: takes over the cases of another test, which come from standard input, with PREFIX before their names. Its
# plan is one more case: it has come to its end.
relay() {
    relayed=0
    planned=
    while IFS= read -r line; do
        case $line in
        "ok "* | "not ok "*)
            relayed=$((relayed + 1))
            relayed_name=$1${line#*- }
            case $line in
            *"# SKIP "*) skip "${relayed_name%% # SKIP *}" "${line##*# SKIP }" ;;
            ok*) case_ok 0 "$relayed_name" || : ;;
            *) case_ok 1 "$relayed_name" || : ;;
            esac
            ;;
        "1.."*)
            planned=${line#1..}
            planned=${planned%% *}
            case $line in
            *"# SKIP "*) skip "$1all" "${line##*# SKIP }" ;;
            esac
            ;;
        *) printf '%s\n' "# ${line#"# "}" ;;
        esac
    done
    is "$relayed" "$planned" "$1all cases have run"
}

# option_of BUILD NAME: prints the value of a meson option for which BUILD was set up
option_of() {
    meson introspect --buildoptions "$1" | python3 -c '
import json, sys
print(next(option["value"] for option in json.load(sys.stdin) if option["name"] == sys.argv[1]))' "$2"
}

# above_leases: prints the nearest folder above $LEASEDIR that exists. Fails if that is the root folder: what is
# mounted there is not seen below it.
above_leases() {
    above=$(dirname "$LEASEDIR")
    while [ ! -d "$above" ]; do
        above=$(dirname "$above")
    done
    echo "$above"
    [ "$above" != / ]
}

# Which namespaces of its own enter_namespace gives a script, as options of unshare(1)
namespaces="--mount --uts"

# enter_namespace SCRIPT ARGUMENT...: runs SCRIPT again in namespaces of its own, as root there; returns in that
# second run, and with 1 where it cannot be done.
enter_namespace() {
    [ -z "${IN_NAMESPACE:-}" ] || return 0
    above_leases >/dev/null || return 1
    export IN_NAMESPACE=1
    # shellcheck disable=SC2086 # several options
    if unshare $namespaces mount -t tmpfs tmpfs /mnt 2>/dev/null; then
        exec unshare $namespaces --propagation private sh "$@"
    elif unshare --user --map-root-user $namespaces mount -t tmpfs tmpfs /mnt 2>/dev/null; then
        exec unshare --user --map-root-user $namespaces --propagation private sh "$@"
    fi
    unset IN_NAMESPACE
    return 1
}

# empty_leases: the lease folder is now there and empty. In the namespace only.
empty_leases() {
    if [ -z "${leases_mounted:-}" ]; then
        mount -t tmpfs -o mode=0755 tmpfs "$(above_leases)"
        mkdir -p "$LEASEDIR"
        leases_mounted=1
        # A name service cache would answer with what it knows of the host
        [ ! -d /run/nscd ] || mount -t tmpfs tmpfs /run/nscd
    fi
    find "$LEASEDIR" -mindepth 1 -delete
}

# empty_run: the folder in which lease helpers lock is now empty. In the namespace only.
empty_run() {
    mount -t tmpfs -o mode=0755 tmpfs "$RUNSTATEDIR"
}

# use_leases FOLDER: the lease folder now holds what FOLDER holds. In the namespace only.
use_leases() {
    empty_leases
    cp "$1"/* "$LEASEDIR"/
}

# use_hosts LINE: nsswitch.conf now has "hosts: LINE". In the namespace only.
use_hosts() {
    if [ -z "${nsswitch:-}" ]; then
        nsswitch=$(mktemp)
        mount --bind "$nsswitch" /etc/nsswitch.conf
        rm -f "$nsswitch"
    fi
    printf 'passwd: files\ngroup: files\nhosts: %s\n' "$1" >/etc/nsswitch.conf
}

# own_hosts_file: /etc/hosts now has the name localhost alone, and one address for it. In the namespace only.
own_hosts_file() {
    hosts_file=$(mktemp)
    echo '127.0.0.1 localhost' >"$hosts_file"
    chmod 644 "$hosts_file"
    mount --bind "$hosts_file" /etc/hosts
    rm -f "$hosts_file"
}
