# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""Events in which our lease helper is not to do what libvirt's (9.0.0) does, a case each: what files there are at
first, what dnsmasq says, and what our helper and libvirt's make of it, as leasehelper.summary() tells it."""

import collections

from leasehelper import BRIDGE, Event, v4, v6

Case = collections.namedtuple("Case", "name files events ours theirs")

STATUS = BRIDGE + ".status"
HERE = {"DNSMASQ_INTERFACE": BRIDGE}
ADD = v4("add", 1, "web")
NINE = '{"ip-address": "10.0.0.9", "mac-address": "52:54:00:00:00:09", "hostname": "nine", "expiry-time": 4000000000}'

# What init prints for the leases of these
WEB_LINE = "4000000000 52:54:00:00:00:01 10.0.0.1 web *"
NAMELESS_LINE = "4000000000 52:54:00:00:00:01 10.0.0.1 * *"
NINE_LINE = "4000000000 52:54:00:00:00:09 10.0.0.9 nine *"
SIX_LINE = "duid 00:01; 4000000000 73 fd00::3 six 00:03:00:01:52:54:00:00:00:03"


def refused_name(name):
    """What dnsmasq did not accept as hostname, and therefore did not pass as argument, is none."""
    return Case(f"refused by dnsmasq: {name!r}", {}, [v4("add", 1, DNSMASQ_SUPPLIED_HOSTNAME=name)],
                f"exit 0 0 | .status: 10.0.0.1 01 - 0 | init: {NAMELESS_LINE}",
                f"exit 0 0 | .status: 10.0.0.1 01 {name} 0 | init: "
                + "; ".join(f"4000000000 52:54:00:00:00:01 10.0.0.1 {name} *".splitlines()))


def damaged(name, content, theirs, nine=True):
    """A file that is not a list of leases: its good ones stay."""
    ours = ["10.0.0.9 09 nine 0"] * nine + ["10.0.0.1 01 web 0"]
    return Case(f"damaged file: {name}", {STATUS: content}, [ADD],
                f"exit 0 0 | .status: {', '.join(ours)} | .status.corrupt: not a list of leases | init: "
                + "; ".join([NINE_LINE] * nine + [WEB_LINE]), theirs)


FORGOTTEN = f"exit 0 0 | .status: 10.0.0.1 01 web 0 | init: {WEB_LINE}"
# libvirt's helper takes it too, and mends it without a word
VERTICAL_TAB = f"exit 0 0 | .status: 10.0.0.9 09 nine 0, 10.0.0.1 01 web 0 | init: {NINE_LINE}; {WEB_LINE}"
STUCK = "exit 1 1 | .status: not a list of leases | init: "

CASES = [
    Case("unknown actions are for others", {},
         [Event([action, "1", "2"], HERE) for action in ("tftp", "arp-add", "arp-del", "relay-snoop", "to-come")],
         "exit 0 0 0 0 0 0 | .status:  | init: ",
         "exit 1 1 1 1 1 0 | .status:  | init: "),
    Case("a bridge without name", {}, [Event(["init"], {"VIR_BRIDGE_NAME": ""}), ADD],
         f"exit 0 0 0 | .status: 10.0.0.1 01 web 0 | init: {WEB_LINE}",
         f"exit 0 0 0 | .status:  | .status: 10.0.0.1 01 web 0 | init: {WEB_LINE}"),
    Case("a bridge that is a path", {}, [v4("add", 1, DNSMASQ_INTERFACE="../escape"), ADD],
         f"exit 2 0 0 | .status: 10.0.0.1 01 web 0 | init: {WEB_LINE}",
         f"exit 0 0 0 | .status: 10.0.0.1 01 web 0 | init: {WEB_LINE}"),
    Case("a lease that lost its name to another guest", {},
         [v4("add", 1, "web"), v4("old", 1, DNSMASQ_OLD_HOSTNAME="web"), v4("add", 2, "web")],
         "exit 0 0 0 0 | .status: 10.0.0.1 01 - 0, 10.0.0.2 02 web 0 | init: "
         f"{NAMELESS_LINE}; 4000000000 52:54:00:00:00:02 10.0.0.2 web *",
         "exit 0 0 0 0 | .status: 10.0.0.1 01 web 0, 10.0.0.2 02 web 0 | init: "
         f"{WEB_LINE}; 4000000000 52:54:00:00:00:02 10.0.0.2 web *"),
    Case("a new name that dnsmasq has not accepted yet", {},
         [v4("add", 1, "web"), v4("old", 1, DNSMASQ_OLD_HOSTNAME="web", DNSMASQ_SUPPLIED_HOSTNAME="new")],
         f"exit 0 0 0 | .status: 10.0.0.1 01 - 0 | init: {NAMELESS_LINE}",
         "exit 0 0 0 | .status: 10.0.0.1 01 new 0 | init: 4000000000 52:54:00:00:00:01 10.0.0.1 new *"),
    *map(refused_name, ("valid", "a b", 'a"b', "\x1b[2J", "a\nb", "café", "-a", "x" * 64, "y" * 255, "www.debian.org",
                        "../../x", "localhost", "wpad")),
    Case("a name that is not UTF-8", {}, [ADD, v4("add", 2, DNSMASQ_SUPPLIED_HOSTNAME="bad\udcff\udcfe")],
         "exit 0 0 0 | .status: 10.0.0.1 01 web 0, 10.0.0.2 02 - 0 | init: "
         f"{WEB_LINE}; 4000000000 52:54:00:00:00:02 10.0.0.2 * *",
         f"exit 0 1 0 | .status: 10.0.0.1 01 web 0 | init: {WEB_LINE}"),
    Case("a client identifier that is none", {}, [v4("add", 1, "web", DNSMASQ_CLIENT_ID="\udcff")],
         f"exit 0 0 | .status: 10.0.0.1 01 web 0 | init: {WEB_LINE}",
         "exit 1 0 | .status:  | init: "),
    Case("DHCPv6, MAC address unknown", {}, [v6("add", 3, "six", mac=False)],
         f"exit 0 0 | .status:  | .status.nomac: fd00::3 - six 0 | init: {SIX_LINE}",
         "exit 0 0 | .status:  | init: "),
    Case("DHCPv6, MAC address no longer known", {},
         [v6("add", 3, "six"), v6("old", 3, "other", mac=False, DNSMASQ_LEASE_EXPIRES="4000000077")],
         "exit 0 0 0 | .status: fd00::3 03 other 77 | init: "
         "duid 00:01; 4000000077 73 fd00::3 other 00:03:00:01:52:54:00:00:00:03",
         f"exit 0 0 0 | .status: fd00::3 03 six 0 | init: {SIX_LINE}"),
    Case("DHCPv4 with a stray DNSMASQ_IAID", {}, [v4("add", 1, "web", DNSMASQ_IAID="5")],
         f"exit 0 0 | .status: 10.0.0.1 01 web 0 | init: {WEB_LINE}",
         "exit 0 0 | .status:  | init: "),
    Case("an expiry time that is none", {}, [ADD, v4("add", 2, DNSMASQ_LEASE_EXPIRES="soon")],
         f"exit 0 2 0 | .status: 10.0.0.1 01 web 0 | init: {WEB_LINE}",
         f"exit 0 1 0 | .status: 10.0.0.1 01 web 0 | init: {WEB_LINE}"),
    Case("an address that is none", {}, [ADD, Event(["add", "52:54:00:00:00:02", "10.0.0"], HERE)],
         f"exit 0 2 0 | .status: 10.0.0.1 01 web 0 | init: {WEB_LINE}",
         "exit 0 0 0 | .status: 10.0.0.1 01 web 0, 10.0.0 02 - 0 | init: "
         f"{WEB_LINE}; 0 52:54:00:00:00:02 10.0.0 * *"),
    Case("a MAC address that is none", {}, [ADD, Event(["add", "a b", "10.0.0.2"], HERE)],
         f"exit 0 2 0 | .status: 10.0.0.1 01 web 0 | init: {WEB_LINE}",
         f"exit 0 0 0 | .status: 10.0.0.1 01 web 0, 10.0.0.2  b - 0 | init: {WEB_LINE}; 0 a b 10.0.0.2 * *"),
    Case("too few arguments", {}, [ADD, Event(["add"], HERE), Event(["del", "52:54:00:00:00:01"], HERE)],
         f"exit 0 2 2 0 | .status: 10.0.0.1 01 web 0 | init: {WEB_LINE}",
         f"exit 0 0 1 0 | .status: 10.0.0.1 01 web 0 | init: {WEB_LINE}"),
    damaged("cut off", f"[ {NINE}, {NINE[:50]}".encode(), FORGOTTEN),
    damaged("text behind the list", f"[ {NINE} ] x".encode(), FORGOTTEN),
    damaged("a lease and no list", NINE.encode(), STUCK),
    damaged("no JSON at all", b"\0garbage\xff", FORGOTTEN, nine=False),
    damaged("elements that are no leases", f"[ 1, {NINE}, {{}}, null ]".encode(), STUCK),
    damaged("two broken leases with a good one between them",
            f'[ {{"ip-address": "10.0.0.7", {NINE}, "ip-address": "10.0.0.8"}} ]'.encode(), FORGOTTEN),
    damaged("white space that JSON does not have", f"[ {NINE} ]".replace("{", "{\v").encode(), VERTICAL_TAB),
    damaged("a lease without expiry time", f'[ {NINE}, {{"ip-address": "10.0.0.8"}} ]'.encode(), STUCK),
    Case("damaged file: a name that is not UTF-8", {STATUS: f"[ {NINE} ]".encode().replace(b"nine", b"ni\xffne")}, [ADD],
         "exit 0 0 | .status: 10.0.0.9 09 ni\ufffdne 0, 10.0.0.1 01 web 0 | .status.corrupt: not a list of leases | init: "
         f"4000000000 52:54:00:00:00:09 10.0.0.9 * *; {WEB_LINE}", FORGOTTEN),
    Case("init: a name and an identifier that would break the line",
         {STATUS: (b'[ {"ip-address": "10.0.0.1", "mac-address": "52:54:00:00:00:01", "hostname": "a b\\n0 x", '
                   b'"client-id": "x y", "expiry-time": 4000000000} ]')}, [],
         f"exit 0 | .status: 10.0.0.1 01 a b\n0 x 0 | init: {NAMELESS_LINE}",
         "exit 0 | .status: 10.0.0.1 01 a b\n0 x 0 | init: 4000000000 52:54:00:00:00:01 10.0.0.1 a b; 0 x x y"),
    Case("init: leases that dnsmasq cannot take",
         {STATUS: f'''[ {{"ip-address": "10.0.0.8", "expiry-time": 4000000000}}, {NINE},
                        {{"ip-address": "fd00::8", "mac-address": "52:54:00:00:00:08", "expiry-time": 4000000000}} ]
                   '''.encode()}, [],
         f"exit 0 | .status: 10.0.0.8 - - 0, 10.0.0.9 09 nine 0, fd00::8 08 - 0 | init: {NINE_LINE}",
         "exit 0 | .status: 10.0.0.8 - - 0, 10.0.0.9 09 nine 0, fd00::8 08 - 0 | init: "
         f"4000000000 (null) 10.0.0.8 * *; {NINE_LINE}"),
]
