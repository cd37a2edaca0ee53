#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""leaseshelpertest.py HELPER: what the lease helper does with single events. Run through private.sh."""

import fcntl
import os
import re
import stat
import struct
import subprocess
import sys
import time

import leasehelper
from leasecases import CASES, NINE
from leasehelper import BRIDGE, INIT, LEASEDIR, Event, Helper, path, read, summary, v4, v6
from tap import Tap

TESTDATA = os.environ["TESTDATA"]
LOCK = os.path.join(os.environ["RUNSTATEDIR"], "leaseshelper.pid")
STATUS = BRIDGE + ".status"
NOMAC = STATUS + ".nomac"
ADD = v4("add", 1, "web")
# The fixtures' leases end so many seconds later than those that were seen
HUNDRED_YEARS = 3153600000

tap = Tap()
helper = Helper(sys.argv[1])


def test_cases():
    """What libvirt's helper gets wrong."""
    for case in CASES:
        tap.equal(summary(helper.run(case.events, case.files)), case.ours, case.name)


def captured_call(name):
    """A call that a real dnsmasq made, its output, and the lines of standard output that libvirt's helper printed."""
    with open(os.path.join(TESTDATA, "helper-calls", name), encoding="utf-8", errors="surrogateescape") as file:
        text = file.read()
    environment = dict(re.findall(r"^  (\w+)=(.*)$", text, re.MULTILINE))
    if "DNSMASQ_LEASE_EXPIRES" in environment:
        environment["DNSMASQ_LEASE_EXPIRES"] = str(int(environment["DNSMASQ_LEASE_EXPIRES"]) + HUNDRED_YEARS)
    printed = [line.strip() for line in text.split("standard output:\n")[1].splitlines()]
    return Event(re.search(r"^args: (.*)$", text, re.MULTILINE)[1].split(), environment), printed


def fixture(name, file):
    with open(os.path.join(TESTDATA, name, file), "rb") as content:
        return content.read()


def test_captured():
    """The calls of a real dnsmasq make the files that libvirt's helper made of them."""
    leasehelper.clear()
    moments = {
        "003": ("captured-00-networks-started", ("virbr0", "virbr7", "virbr8")),
        "012": ("captured-02-guests-running", ("virbr0", "virbr7", "virbr8")),
        "015": ("captured-04-alpha-new-hostname", ("virbr0", "virbr7", "virbr8")),
        "111": ("captured-17-lease-expired", ("virbr8",)),
    }
    for name in sorted(os.listdir(os.path.join(TESTDATA, "helper-calls"))):
        event, printed = captured_call(name)
        if event.arguments == ["init"] and printed:
            continue
        called = helper.call(event)
        tap.equal(called, (0, b"", b""), f"captured call {name}")
        folder, bridges = moments.get(name[:3], (None, ()))
        for bridge in bridges:
            file = bridge + ".status"
            tap.equal(leasehelper.without_domain(read()[file]), fixture(folder, file), f"{file} after {name}")


def test_captured_init():
    event, printed = captured_call("112-init-.txt")
    file = "virbr7.status"
    content = re.sub(rb"(?<=expiry-time\": )\d+", lambda match: b"%d" % (int(match[0]) - HUNDRED_YEARS),
                     fixture("captured-13-beta-renamed", file))
    leasehelper.clear()
    leasehelper.write({file: content})
    called = helper.call(event)
    tap.equal(called.printed.decode().splitlines(), printed, "init prints what libvirt's helper printed")
    tap.equal((called.status, called.told), (0, b""), "and nothing else")
    tap.equal(read(), {file: content}, "and leaves the file alone")


def test_layout():
    """Every member, in order and to the byte."""
    event = v6("add", 3, "six", DNSMASQ_DOMAIN="lab.example", DNSMASQ_IAID="T7")
    helper.run([ADD, event])
    tap.equal(read()[STATUS].decode(), """[
  {
    "ip-address": "10.0.0.1",
    "mac-address": "52:54:00:00:00:01",
    "hostname": "web",
    "expiry-time": 4000000000
  },
  {
    "iaid": "T7",
    "ip-address": "fd00::3",
    "mac-address": "52:54:00:00:00:03",
    "hostname": "six",
    "domain": "lab.example",
    "client-id": "00:03:00:01:52:54:00:00:00:03",
    "server-duid": "00:01",
    "expiry-time": 4000000000
  }
]
""", "layout of the file")
    helper.run([ADD, v4("del", 1)])
    tap.equal(read(), {STATUS: b"[\n\n]\n"}, "layout without leases")
    helper.run([])
    tap.equal(read(), {STATUS: b""}, "layout before the first lease")


def test_nomac():
    """DHCPv6 leases without MAC address have a file of their own while there are any."""
    known, unknown = v6("add", 3, "six"), v6("add", 3, "six", mac=False)
    line = "duid 00:01; 4000000000 73 fd00::3 six 00:03:00:01:52:54:00:00:00:03"
    for name, events, expected in [
        ("the MAC address becomes known", [unknown, v6("old", 3, "six")], f".status: fd00::3 03 six 0 | init: {line}"),
        ("the lease ends", [unknown, v6("del", 3, mac=False)], ".status:  | init: "),
        ("another guest has the address, its MAC address is not known", [known, v6("del", 3), Event(
            ["add", "00:03:00:01:aa:aa", "fd00::3"], unknown.environment)],
         ".status:  | .status.nomac: fd00::3 - - 0 | init: duid 00:01; 4000000000 73 fd00::3 * 00:03:00:01:aa:aa"),
        ("another guest, and nobody said that the lease had ended", [known, Event(
            ["old", "00:03:00:01:aa:aa", "fd00::3"], unknown.environment)],
         ".status:  | .status.nomac: fd00::3 - - 0 | init: duid 00:01; 4000000000 73 fd00::3 * 00:03:00:01:aa:aa"),
        ("a new lease is not the old one with its MAC address", [known, unknown],
         f".status:  | .status.nomac: fd00::3 - six 0 | init: {line}"),
        ("what is no MAC address does not stay", [Event(["init"], {}), v6("old", 3, "six", mac=False)],
         f".status:  | .status.nomac: fd00::3 - six 0 | init: {line}"),
        ("two of them", [unknown, v6("add", 4, mac=False)],
         f".status:  | .status.nomac: fd00::3 - six 0, fd00::4 - - 0 | init: {line}; "
         "4000000000 74 fd00::4 * 00:03:00:01:52:54:00:00:00:04"),
    ]:
        exits = "exit " + " ".join("0" * (len(events) + 1))
        earlier = ('[{"ip-address": "fd00::3", "mac-address": "52:54:x", "client-id": "00:03:00:01:52:54:00:00:00:03", '
                   '"expiry-time": 0}]').encode() if "does not stay" in name else b""
        tap.equal(summary(helper.run(events, {STATUS: earlier})), f"{exits} | {expected}", f"no MAC address: {name}")
    helper.run([ADD, known])
    content = read()[STATUS]
    leasehelper.write({NOMAC: content.replace(b"six", b"old")})
    tap.equal(helper.call(INIT).printed.decode().splitlines()[1:], line.split("; "),
              "a lease that a crash left in both files is told once")


def test_same_address():
    """An address is one by value: a lease replaces those of the same address, however it is written."""
    other = '{"ip-address": "fd00:0:0::0003", "mac-address": "52:54:00:00:00:08", "expiry-time": 0}'
    tap.equal(summary(helper.run([v6("add", 3, "six")], {STATUS: f"[{other}, {NINE}, {other}]".encode()})).split(" | ")[1],
              ".status: 10.0.0.9 09 nine 0, fd00::3 03 six 0", "an address in another spelling")


def test_untouched():
    """Leases that an event is not about keep everything, in any layout."""
    odd = ('{"expiry-time":4000000000,"x":{"y":[1.50,true,null,"\\u00fc"]},"ip-address":"10.0.0.9",'
           '"hostname":"\\u0001\\"ü","mac-address":"52:54:00:00:00:09"}')
    outcome = helper.run([ADD], {STATUS: f"[ {odd} ]".encode()})
    tap.ok(outcome.files[STATUS].startswith(f"[\n  {odd},\n  {{\n".encode()), "other leases are copied as they are",
           outcome.files)
    tap.equal(sorted(outcome.files), [STATUS], "what is only laid out otherwise is not damaged")
    for count in (1, 250):
        content = leasehelper.leases(count)
        outcome = helper.run([ADD], {STATUS: content})
        tap.ok(outcome.files[STATUS].startswith(content[:-len("\n]\n")] + b",\n  {\n"), f"{count} leases are copied")


def test_file_itself():
    os.umask(0o077)
    helper.run([ADD, v6("add", 3, mac=False)])
    os.umask(0o022)
    os.umask(0o077)
    os.unlink(path(STATUS))
    helper.call(INIT)
    os.umask(0o022)
    modes = {name: oct(stat.S_IMODE(os.stat(path(name)).st_mode)) for name in os.listdir(LEASEDIR)}
    tap.equal(modes, {STATUS: "0o644", NOMAC: "0o644"}, "everybody may read, whatever the umask, and nothing is left over")
    helper.call(ADD)
    before = os.stat(path(STATUS)).st_ino
    with open(path(STATUS), "rb") as reader:
        helper.call(v4("del", 1))
        tap.ok(b"10.0.0.1" in reader.read(), "who reads the old file goes on reading it whole")
    tap.ok(os.stat(path(STATUS)).st_ino != before, "the file is replaced, not written to")
    leasehelper.clear()
    os.rmdir(LEASEDIR)
    tap.equal((helper.call(ADD).status, sorted(os.listdir(LEASEDIR))), (0, [STATUS]), "the lease folder is made if need be")


def test_kept():
    """Damaged files are kept, each different one."""
    first, second = f"[ {NINE} ] first".encode(), f"[ {NINE} ] second".encode()
    helper.run([ADD], {STATUS: first})
    tap.equal(read()[STATUS + ".corrupt"], first, "a damaged file is kept")
    leasehelper.write({STATUS: first})
    helper.call(ADD)
    tap.equal(sorted(read()), [STATUS, STATUS + ".corrupt"], "the same damage is kept once")
    leasehelper.write({STATUS: second})
    called = helper.call(ADD)
    tap.equal([read()[STATUS + ".corrupt"], read()[STATUS + ".corrupt.1"]], [first, second],
              "another damaged file does not take its place")
    tap.equal(called.told.decode().splitlines(), [
        f"libvirt_leaseshelper: {path(STATUS)}: damaged at byte {len(f'[ {NINE} ] ')}; its other leases are still good",
        f"libvirt_leaseshelper: {path(STATUS)}: what was in the file is kept in {STATUS}.corrupt.1"], "and the log says so")
    for number in range(20):
        leasehelper.write({STATUS: second + b"%d" % number})
        called = helper.call(ADD)
        tap.equal(called.status, 0, f"damage number {number + 3} does not stop the leases")
    kept = [name for name in read() if ".corrupt" in name]
    tap.equal((len(kept), b".corrupt.9 are there already" in called.told), (10, True), "ten are kept, and the log says that no more are")
    helper.run([v6("add", 3, "six", mac=False)], {NOMAC: b"x"})
    tap.equal(sorted(read()), [STATUS, NOMAC, NOMAC + ".corrupt"], "the file of leases without MAC address as well")
    helper.run([], {STATUS: first, NOMAC: b"x"})
    tap.equal((leasehelper.addresses(read()[STATUS]), read()[STATUS + ".corrupt"], read()[NOMAC + ".corrupt"], NOMAC in read()),
              ({"10.0.0.9"}, first, b"x", False), "init makes damaged files whole, and keeps what they were")
    cut = leasehelper.leases(3)
    cut = cut[:cut.rindex(b",\n")]
    helper.run([ADD], {STATUS: cut})
    tap.equal(read()[STATUS + ".corrupt"], cut, "a file that ends between two leases is damaged")
    helper.run([ADD], {STATUS: first, STATUS + ".new": b"", STATUS + ".corrupt": b"older"})
    tap.equal(read()[STATUS + ".corrupt"], b"older", "an older one that differs is not overwritten")


def test_large():
    """A list that nobody would read is not written."""
    limit = 32 * 1024 * 1024
    record = leasehelper.leases(1)[len("[\n"):-len("\n]\n")]
    records = [record.replace(b"guest-0", b"x" * 60000)] * (limit // 61000)
    size = len(b"[\n" + b",\n".join(records) + b"\n]\n")
    while size < limit - 100:
        # The last one leaves a few bytes
        padding = min(limit - size - len(record) - 10, 60000)
        records.append(record.replace(b"guest-0", b"x" * padding))
        size += len(records[-1]) + len(b",\n")
    content = b"[\n" + b",\n".join(records) + b"\n]\n"
    leasehelper.clear()
    leasehelper.write({STATUS: content})
    called = helper.call(ADD)
    tap.equal((limit - 100 < len(content) <= limit, called.status, read() == {STATUS: content}), (True, 1, True),
              "a list that would become too large to be read stays as it was")
    tap.ok(b"would become too large" in called.told, "and the log says so", called.told)


def test_foreign_twice():
    """What is moved away does not take the place of what has been."""
    leasehelper.clear()
    for kind in ("first", "second"):
        os.mkfifo(path(STATUS)) if kind == "first" else os.symlink("/dev/null", path(STATUS))
        helper.call(ADD)
        if kind == "first":
            os.unlink(path(STATUS))
    tap.ok(stat.S_ISFIFO(os.lstat(path(STATUS + ".corrupt")).st_mode), "the first stays")
    tap.ok(stat.S_ISLNK(os.lstat(path(STATUS + ".corrupt.1")).st_mode), "the second has another name")


def test_foreign():
    """What cannot be a file of leases is moved out of the way."""
    def large(name):
        with open(name, "wb") as file:
            file.truncate(32 * 1024 * 1024 + 1)
    for what, make in [("FIFO", os.mkfifo), ("folder", os.mkdir), ("file that is too large", large),
                       ("link to itself", lambda name: os.symlink(name, name)),
                       ("link to a device", lambda name: os.symlink("/dev/null", name))]:
        leasehelper.clear()
        make(path(STATUS))
        kind = stat.S_IFMT(os.lstat(path(STATUS)).st_mode)
        init, add = helper.call(INIT), helper.call(ADD)
        tap.equal((init.status, init.printed, add.status), (0, b"", 0), f"{what}: exit statuses")
        tap.ok(b"is no file of leases" in init.told, f"{what}: the log says so", init.told)
        tap.ok(b"10.0.0.1" in read().get(STATUS, b""), f"{what}: the lease is written")
        tap.equal(stat.S_IFMT(os.lstat(path(STATUS + ".corrupt")).st_mode), kind, f"{what}: it is kept")
    leasehelper.clear()
    os.symlink("/nonexistent", path(STATUS))
    helper.call(ADD)
    tap.ok(stat.S_ISREG(os.lstat(path(STATUS)).st_mode), "a dangling link is replaced")


def test_left_over():
    """A temporary file that a killed helper left is never in the way, and never followed."""
    new = STATUS + ".new"
    helper.run([ADD], {new: b"[ half of a"})
    tap.equal(sorted(read()), [STATUS], "a left over file is taken over")
    victim = os.path.join(os.environ["RUNSTATEDIR"], "victim")
    with open(victim, "w", encoding="ascii") as file:
        file.write("precious")
    os.symlink(victim, path(new))
    helper.call(ADD)
    with open(victim, encoding="ascii") as file:
        tap.equal((file.read(), sorted(os.listdir(LEASEDIR))), ("precious", [STATUS]), "a left over link is not followed")
    os.unlink(victim)
    os.mkdir(path(new))
    before = read()
    called = helper.call(v4("add", 2))
    tap.equal((called.status, read()), (1, before), "a folder there is an error, and the leases stay")
    tap.ok(f"{path(new)}: is left over and cannot be removed".encode() in called.told, "that names it", called.told)


def hold(bridge):
    """Has the lock of a bridge until the file is closed."""
    name_hash = 5381
    for byte in bridge.encode():
        name_hash = (name_hash * 33 + byte) & 0xffffffff
    file = open(LOCK, "a+b")
    fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, name_hash, 1, 0))
    return file


def test_lock():
    leasehelper.clear()
    with hold(BRIDGE):
        waiting = helper.start(ADD)
        other = helper.call(v4("add", 2, "other", DNSMASQ_INTERFACE="virbr1"))
        time.sleep(0.3)
        tap.equal((waiting.poll(), other.status, sorted(read())), (None, 0, ["virbr1.status"]),
                  "an event waits for the lock of its bridge, and for no other")
    tap.equal((waiting.wait(), STATUS in read()), (0, True), "and goes on when the lock is free")
    with hold(BRIDGE):
        called = helper.call(INIT)
        tap.equal((called.status, b"10.0.0.1" in called.printed, b"still after" in called.told), (0, True, True),
                  "init does not wait for ever")
    tap.equal(oct(stat.S_IMODE(os.stat(LOCK).st_mode)), "0o600", "nobody else can take the lock")
    os.chmod(LOCK, 0o644)
    helper.call(ADD)
    tap.equal(oct(stat.S_IMODE(os.stat(LOCK).st_mode)), "0o600", "also where libvirt's helper has left the file")
    os.unlink(LOCK)
    os.symlink(path(STATUS), LOCK)
    called = helper.call(v4("add", 2))
    tap.equal((called.status, b"10.0.0.2" in read()[STATUS]), (1, False), "a link is not followed")
    os.unlink(LOCK)
    os.mkdir(LOCK)
    init, add = helper.call(INIT), helper.call(v4("add", 2))
    os.rmdir(LOCK)
    tap.equal((init.status, b"10.0.0.1" in init.printed, add.status), (0, True, 1), "no lock to be had: init prints, events fail")
    tap.ok(f"{LOCK}: cannot be locked for {BRIDGE}".encode() in add.told, "and say so", add.told)


def test_members_that_are_cut():
    """A NUL, which JSON can have, does not make another text of a member."""
    lease = ('{"ip-address": "10.0.0.9", "mac-address": "52:54:00:00:00:09", "hostname": "nine\\u0000x", '
             '"client-id": "01:02\\u0000", "expiry-time": 4000000000}')
    tap.equal(helper.run([], {STATUS: f"[{lease}]".encode()}).printed, b"4000000000 52:54:00:00:00:09 10.0.0.9 * *\n",
              "NUL in a hostname and in an identifier")
    content = helper.run([v4("add", 1, DNSMASQ_DOMAIN="lab.example")]).files[STATUS]
    tap.ok(b"domain" not in content, "no domain without a hostname", content)


def test_limits():
    """Nothing that a guest sends makes a record large, or gets into the log as it is."""
    long_id = ":".join(["ab"] * 256)
    event = v4("add", 1, "web", DNSMASQ_CLIENT_ID=long_id)
    outcome = helper.run([event])
    tap.equal(summary(outcome).split(" | ")[1], ".status: 10.0.0.1 01 web 0", "a client identifier of 256 octets: none")
    tap.ok(b"client-id" not in outcome.files[STATUS], "it is left out")
    told = helper.call(event).told
    tap.ok(told.count(b"\n") == 1 and len(told) < 300, "and told of in one short line", told)
    longest = v6("add", 3, "x" * 63, DNSMASQ_DOMAIN=".".join(["y" * 63] * 3), DNSMASQ_SERVER_DUID=":".join(["cd"] * 85),
                 DNSMASQ_IAID="T4294967295")
    longest.arguments[1] = long_id[3:]
    size = len(helper.run([longest]).files[STATUS])
    tap.ok(1400 < size < 2000, "the longest record", size)
    for count, taken in ((85, True), (86, False)):
        duid = ":".join(["cd"] * count)
        printed = helper.run([v6("add", 3, "six", DNSMASQ_SERVER_DUID=duid)]).printed.decode()
        tap.equal((f"duid {duid}\n" in printed, "fd00::3" in printed), (taken, True), f"a server with a DUID of {count} octets")
    for octets, status in ((16, 0), (17, 2)):
        tap.equal(helper.call(Event(["add", ":".join(["52"] * octets), "10.0.0.1"], {})).status, status,
                  f"a hardware address of {octets} octets")
    for what, name in [("DNSMASQ_CLIENT_ID", "01:\n5"), ("DNSMASQ_CLIENT_ID", "\x1b[2Jé"), ("DNSMASQ_DOMAIN", "a b\n")]:
        told = helper.call(v4("add", 1, "web", **{what: name})).told
        tap.ok(re.fullmatch(rb"libvirt_leaseshelper: [ -~]+\n", told), f"{what}={name!r} in the log", told)
    for iaid in ("", "T", "4294967296", "-1", "1x", "T T"):
        tap.ok(b"iaid" not in helper.run([v6("add", 3, DNSMASQ_IAID=iaid)]).files[STATUS], f"DNSMASQ_IAID={iaid!r} is none")
    for bridge in ("", ".", "..", "a/b", "a b", "a:b", "a\nb", "x" * 16):
        called = helper.call(v4("add", 1, DNSMASQ_INTERFACE=bridge))
        init = helper.call(Event(["init"], {"DNSMASQ_INTERFACE": bridge}))
        tap.equal((called.status, init.status, init.printed), (2, 0, b""), f"DNSMASQ_INTERFACE={bridge!r} is none")
    tap.equal(helper.call(v4("add", 1, DNSMASQ_INTERFACE="x" * 15)).status, 0, "a bridge with a name of 15 letters")
    tap.equal(helper.call(Event(["add", "20-", "10.0.0.1"], {})).status, 0, "a link without hardware addresses")


def test_call():
    for arguments, status in [([], 2), (["--help"], 0), (["--version"], 0), (["--nonsense"], 2)]:
        called = helper.call(Event(arguments, {}))
        tap.equal((called.status, bool(called.printed), bool(called.told)), (status, status == 0, status != 0),
                  f"called with {arguments}")
    leasehelper.clear()
    helper.call(ADD)
    process = helper.start(INIT, stdout=open("/dev/full", "wb"), stderr=subprocess.PIPE)
    told = process.communicate()[1]
    tap.equal((process.returncode, b"cannot be printed" in told), (0, True), "init with nowhere to print to")
    tap.equal(helper.call(Event(["add", "52:54:00:00:00:01", "10.0.0.1", "--help"], {})).printed, b"",
              "a hostname is never an option")


for name, test in list(globals().items()):
    if name.startswith("test_"):
        test()
tap.finish()
