# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
# shellcheck shell=sh disable=SC2016,SC2034,SC2119,SC2120,SC2317 # for a guest's shell; for who sources this; what wait_for calls
#
# A network as libvirt makes them, without libvirtd: a bridge, its dnsmasq with our lease helper, and guests that are
# network namespaces with a DHCP client. All of it is in namespaces of the script that sources this, behind tests/lib.sh,
# and ends with the script. Wants LEASEDIR, RUNSTATEDIR, NSS_MODULE_DIR, LEASE_HELPER and
# VIRT_NAMES.

# The process namespace is what makes everything end with the script, whatever way that ends.
namespaces="--mount --uts --net --pid --fork --kill-child --mount-proc"

e2e=$(cd "$(dirname "$0")" && pwd)
[ -e "$e2e/network.sh" ] || e2e=$e2e/e2e
bridge=virbr0
gateway=192.168.122.1
gateway6=fd00:122::1
# Files of the network and its guests: clients' states, keys, logs
work=/run/e2e

# layer FOLDER: what is written below it from now on is gone with the namespace
layer() {
    mkdir -p "$work/layers$1" "$work/work$1"
    mount -t overlay overlay -o "lowerdir=$1,upperdir=$work/layers$1,workdir=$work/work$1" "$1" 2>/dev/null
}

# install_layers: what is installed from now on is on layers of the namespace's own above /usr/local and /etc
install_layers() {
    { layer /usr/local && layer /etc; } || skip_all "no overlay file system to be had here"
    # An ordinary user is root of the namespace, and not of the folders that belong to the machine's root
    { [ -w /usr/local/lib ] && [ -w /etc/hosts ]; } || skip_all "only root can write to a layer above /usr/local and /etc"
    # Whatever became of the layer: this machine's own files are never written to
    mountpoint -q /etc || skip_all "/etc is not a layer of this namespace's own"
    unset LD_LIBRARY_PATH
}

# install_build BUILD: as "make install" does, on such layers. One case.
install_build() {
    install_layers
    { meson install -C "$1" --no-rebuild && ldconfig; } >"$work/install.log" 2>&1
    case_ok $? "make install" || sed 's/^/# /' "$work/install.log"
}

# source_tree BUILD: the current folder is now one with all that is in the folder of the sources, of which BUILD is the
# folder "build", and in which pages may put what they show. It is not below /run, which tests make their own.
source_tree() {
    mount -t tmpfs tmpfs /mnt
    ln -s "$(dirname "$(dirname "$e2e")")"/* /mnt/
    ln -sfn "$1" /mnt/build
    cd /mnt || exit
    # Of a make that runs this test
    unset MAKEFLAGS MAKELEVEL
}

# follow PAGE: a case for each command that a page shows, see shown.py
follow() {
    python3 "$e2e/../shown.py" "$1" >"$work/followed" 2>&1 || case_ok 1 "shown.py $1"
    while IFS= read -r line; do
        case $line in
        "ok - "*) case_ok 0 "${line#ok - }" ;;
        "not ok - "*) case_ok 1 "${line#not ok - }" ;;
        *) printf '%s\n' "# ${line#"# "}" ;;
        esac
    done <"$work/followed"
}

# lacking COMMAND...: prints those that are not there
lacking() {
    for command; do
        command -v "$command" >/dev/null 2>&1 || printf ' %s' "$command"
    done
}

# need COMMAND...: skips all cases of a test where it cannot run
need() {
    [ -z "${NSS_TEST_SANITIZED:-}" ] || skip_all "a sanitized build is not what ships: getent cannot load its modules"
    [ -z "${NSS_TEST_WRAPPER:-}" ] || skip_all "dnsmasq runs the helper itself, not under valgrind"
    absent=$(lacking "$@")
    [ -z "$absent" ] || skip_all "not installed:$absent"
}

# wait_for COMMAND...: until it succeeds, for at most ten seconds
wait_for() {
    tries=200
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.05
    done
}

# no_address_detection: addresses can be used at once, in the network namespace that this runs in
no_address_detection() {
    for interface in /proc/sys/net/ipv6/conf/*; do
        echo 0 >"$interface/accept_dad"
    done
}

# make_network: the bridge, as root of the namespaces
make_network() {
    mount -t tmpfs -o mode=0755 tmpfs /run
    mkdir -p /run/netns "$work"
    [ "$RUNSTATEDIR" = /run ] || empty_run
    empty_leases
    no_address_detection
    ip link set lo up
    ip link add "$bridge" type bridge
    ip addr add "$gateway/24" dev "$bridge"
    ip addr add "$gateway6/64" dev "$bridge" nodad
    ip link set "$bridge" up
}

# start_dnsmasq [OPTION...]: as libvirtd does. It stays in debug mode because a user's namespace has no other user to
# change to.
start_dnsmasq() {
    VIR_BRIDGE_NAME=$bridge dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --strict-order --pid-file= \
        --except-interface=lo --bind-dynamic --interface="$bridge" --no-ping \
        --dhcp-range=192.168.122.2,192.168.122.254,255.255.255.0,3600 --dhcp-range=fd00:122::10,fd00:122::ffff,64,3600 \
        --dhcp-no-override --dhcp-authoritative --dhcp-lease-max=253 --dhcp-host=52:54:00:00:00:5e,120 \
        --leasefile-ro --dhcp-script="$LEASE_HELPER" "$@" >>"$work/dnsmasq.log" 2>&1 &
    dnsmasq=$!
    wait_for dig +tries=1 +timeout=1 "@$gateway" version.bind chaos txt
}

# make_guest GUEST NUMBER: a machine on the bridge with a MAC address that ends with NUMBER
make_guest() {
    ip netns add "$1"
    ip link add "tap-$1" type veth peer name eth0 netns "$1" address "52:54:00:00:00:$2"
    ip link set "tap-$1" master "$bridge" up
    ip netns exec "$1" sh -c '. "$0/network.sh"; no_address_detection; echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start' "$e2e"
    ip -n "$1" link set lo up
    ip -n "$1" link set eth0 up
}

# client GUEST: prints the process number of its DHCP client
client() {
    cat "$work/$1.pid"
}

# ask_dhcp GUEST [OPTION...]: the guest asks for an address, with such options of udhcpc as -x hostname:NAME
ask_dhcp() {
    guest=$1
    shift
    forget_dhcp "$guest"
    ip netns exec "$guest" busybox udhcpc -f -i eth0 -s "$e2e/udhcpc.sh" "$@" >>"$work/$guest.log" 2>&1 &
    echo $! >"$work/$guest.pid"
}

# forget_dhcp GUEST: its client ends without a word, as when a guest is destroyed
forget_dhcp() {
    [ ! -e "$work/$1.pid" ] || kill -9 "$(client "$1")" 2>/dev/null
    rm -f "$work/$1.pid"
}

# ask_dhcp6 GUEST NAME: the guest asks for an address over DHCPv6
ask_dhcp6() {
    printf 'send fqdn.fqdn "%s.";\nsend fqdn.encoded on;\nsend fqdn.server-update off;\n' "$2" >"$work/$1.conf6"
    ip netns exec "$1" dhclient -6 -d -D LL -cf "$work/$1.conf6" -lf "$work/$1.leases6" -pf "$work/$1.pid6" \
        -sf "$e2e/dhclient6.sh" eth0 >>"$work/$1.log" 2>&1 &
}

# release_dhcp6 GUEST
release_dhcp6() {
    ip netns exec "$1" dhclient -6 -r -D LL -cf "$work/$1.conf6" -lf "$work/$1.leases6" -pf "$work/$1.pid6" \
        -sf "$e2e/dhclient6.sh" eth0 >>"$work/$1.log" 2>&1
}

# address GUEST [FAMILY]: prints the address that the guest uses
address() {
    ip -"${2:-4}" -n "$1" -o addr show dev eth0 scope global | sed -n 's|.*inet6* \([^/]*\)/.*|\1|p'
}

# write_macs DOMAIN MAC...: the MAC map names this domain, written as libvirtd does
write_macs() {
    domain=$1
    shift
    {
        printf '[\n  {\n    "domain": "%s",\n    "macs": [\n      "%s"' "$domain" "$1"
        shift
        [ $# = 0 ] || printf ',\n      "%s"' "$@"
        printf '\n    ]\n  }\n]\n'
    } >"$LEASEDIR/$bridge.macs.new"
    mv "$LEASEDIR/$bridge.macs.new" "$LEASEDIR/$bridge.macs"
}

# lookup SERVICE NAME: the addresses that glibc gets from the service, in order of text
lookup() {
    LD_LIBRARY_PATH=$NSS_MODULE_DIR getent -s "hosts:$1" ahosts -- "$2" | awk '{ print $1 }' | sort -u | tr '\n' ' ' | sed 's/ $//'
}

# dns NAME: the addresses that the network's dnsmasq gives for the name
dns() {
    { dig +short "@$gateway" -q "$1" -t A && dig +short "@$gateway" -q "$1" -t AAAA; } | sort -u | tr '\n' ' ' | sed 's/ $//'
}

# leases_with MEMBER...: prints these members of the leases in the status file, a line each
leases_with() {
    python3 - "$LEASEDIR/$bridge.status" "$@" <<'PYTHON'
import json, sys
with open(sys.argv[1]) as file:
    for lease in json.load(file):
        print(*(lease.get(member, "-") for member in sys.argv[2:]))
PYTHON
}

# has_lease GUEST NAME: the guest has a lease, its interface the address, and DNS the name
has_lease() {
    [ -n "$(address "$1")" ] && [ "$(dns "$2")" = "$(address "$1")" ] && leases_with ip-address | grep -qx "$(address "$1")"
}

# arrives GUEST NUMBER NAME: a new guest, which sends this name
arrives() {
    make_guest "$1" "$2"
    ask_dhcp "$1" -x "hostname:$3"
    wait_for has_lease "$1" "$3"
}

# start_watch: from now on $work/events has what "virt-names watch" tells of the network, as watch.py prints it
start_watch() {
    mkfifo "$work/watch.pipe"
    python3 "$e2e/watch.py" "$LEASEDIR" "$work/events.json" <"$work/watch.pipe" >"$work/events" &
    watcher=$!
    "$VIRT_NAMES" watch --json --present --leasedir "$LEASEDIR" >"$work/watch.pipe" 2>"$work/watch.err" &
    watch=$!
    wait_for grep -q inotify "/proc/$watch/fdinfo/"*
}

# told EVENT...: how many of these events have come
told() {
    for event; do
        grep -c "^[0-9.]* $event\$" "$work/events"
    done | paste -sd ' '
}

has_told() {
    [ "$(told "$1")" -gt 0 ]
}

# tells EVENT CASE: the event comes within a second of what causes it. Machines are shared: three are too much.
tells() {
    wait_for has_told "$1"
    is "$(sed -n "s/^\([0-9]*\)[0-9.]* $1\$/\1/p" "$work/events" | grep -c '^[012]$')" 1 "$2"
}

# end_watch: three cases at the end
end_watch() {
    is "$("$VIRT_NAMES" list --json --leasedir "$LEASEDIR" | python3 "$e2e/watch.py" --replay "$work/events.json")" "" \
        "whoever heard the events knows what there is"
    kill -TERM "$watch"
    wait "$watch"
    is "$? $(cat "$work/watch.err")" "0 " "the watch ends when it is told to, without a complaint"
    wait "$watcher"
    case_ok $? "each event was a line of JSON"
    sed -n 's/^\([0-9.]*\) \(.*\)/# \1 s: \2/p' "$work/events" | sort | tail -n 1
}

# start_sshd GUEST: an ssh server in the guest, for the user "admin" with the key $work/key
start_sshd() {
    mkdir -p "$work/home/.ssh"
    chmod go-w "$work" "$work/home" "$work/home/.ssh"
    ssh-keygen -q -t ed25519 -N '' -C demonstration -f "$work/key"
    cp "$work/key.pub" "$work/home/.ssh/authorized_keys"
    dropbearkey -t ed25519 -f "$work/hostkey" >/dev/null 2>&1
    printf 'root:x:0:0:root:/root:/bin/sh\nadmin:x:1000:1000:admin:%s:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' "$work/home" >"$work/passwd"
    mount --bind "$work/passwd" /etc/passwd
    # As an ordinary user, because a user's namespace has no groups that an ssh server run by root could set
    ip netns exec "$1" unshare --uts sh -c 'busybox hostname "$0"; exec "$@"' "$1" \
        unshare --user --map-user=1000 --map-group=1000 \
        dropbear -F -E -s -r "$work/hostkey" -p 22 -P "$work/dropbear.pid" >>"$work/$1.log" 2>&1 &
    wait_for test -s "$work/dropbear.pid"
}

# ssh_to NAME COMMAND...: with ssh as anybody would, but for keys that are of this network alone
ssh_to() {
    name=$1
    shift
    LD_LIBRARY_PATH=$NSS_MODULE_DIR ssh -F none -i "$work/key" -o BatchMode=yes -o ConnectTimeout=5 -o LogLevel=ERROR \
        -o StrictHostKeyChecking=no -o UserKnownHostsFile="$work/known_hosts" "admin@$name" "$@"
}
