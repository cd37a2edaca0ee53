#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""leasesafetytest.py HELPER SHORTWRITE: that no lease is ever lost. The helper is killed, its system calls fail, the
disk is full, many run at once; afterwards the leases are those of before or those of after the event, in a file that is
whole. Run through private.sh."""

import collections
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time

import leasehelper
from leasehelper import BRIDGE, INIT, LEASEDIR, Event, Helper, addresses, path, read, v4, v6
from tap import FULL, WRAPPER, Tap

STATUS = BRIDGE + ".status"
NOMAC = STATUS + ".nomac"
KILLS = 5000 if FULL else 1000
# glib reads a number's errno, which a failing futex would have set
NEVER_FAIL = ("execve", "exit_group", "futex")
# Under valgrind a call takes a second
BRIDGES, EVENTS = (2, 5) if WRAPPER else (8, 200)
ERRORS = ("ENOSPC", "EIO", "EINTR")
SMALL_DISK = 64 * 1024

tap = Tap()
helper = Helper(sys.argv[1])
shortwrite = sys.argv[2]
instrumented = bool(WRAPPER or os.environ.get("NSS_TEST_SANITIZED"))


def known():
    """All addresses in the bridge's files, each of which must be whole."""
    files = read()
    return addresses(files[STATUS]) | addresses(files.get(NOMAC, b""))


def kill_at_random(kills):
    """Kills helpers that add and remove a lease, at random moments. Returns what became of the calls."""
    chance = random.Random(1)
    leasehelper.clear()
    leasehelper.write({STATUS: leasehelper.leases(1000)})
    others = known()
    longest = measure(v4("add", 1, "web"))
    counts = collections.Counter()
    for kill in range(kills):
        before = known()
        event = v4("del" if before != others else "add", 1, "web")
        after = others if before != others else others | {"10.0.0.1"}
        process = helper.start(event)
        time.sleep(chance.uniform(0, longest))
        process.kill()
        status = process.wait()
        counts["old leases, temporary file left" if os.path.exists(path(STATUS + ".new")) and known() == before else
               "old leases" if known() == before else
               "new leases, killed" if known() == after and status != 0 else
               "new leases" if known() == after else "LOST"] += 1
    return counts


def measure(event):
    """Seconds that a call takes here at the most, of a few."""
    longest = 0
    for _ in range(5):
        start = time.monotonic()
        helper.call(event)
        longest = max(longest, time.monotonic() - start)
    return longest


def test_kill_at_random():
    if WRAPPER:
        tap.skip("killed at random moments", "a kill would meet valgrind's script, not the helper")
        return
    counts = kill_at_random(KILLS)
    print("#", ", ".join(f"{count} {what}" for what, count in sorted(counts.items())))
    tap.equal((sum(counts.values()), counts["LOST"]), (KILLS, 0), f"killed at {KILLS} random moments")
    tap.ok(counts["old leases"] and counts["new leases"], "some of which were early and some late", counts)
    # What a kill may leave behind is gone with the next event
    helper.call(v4("add", 1, "web"))
    tap.equal(sorted(read()), [STATUS], "nothing is left over")


class Move:
    """An event that moves a lease from one file to the other: all that a write can consist of."""

    def __init__(self, name, earlier, event):
        self.name = name
        leasehelper.clear()
        leasehelper.write({STATUS: leasehelper.leases(20)})
        helper.call(earlier)
        self.event = event
        self.files = read()
        self.before = known()
        self.put()
        helper.call(event)
        self.after = read()

    def put(self):
        leasehelper.clear()
        leasehelper.write(self.files)


def traced(event, *options):
    """Calls the helper under strace; its exit status, or minus the signal that killed it, and its system calls."""
    command = ["strace", "-qq", *options, "-o", "/proc/self/fd/2", "--", *helper.command, *event.arguments]
    done = subprocess.run(command, env=leasehelper.environment_of(event), stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    return done.returncode, re.findall(r"^(\w+)\((.*)$", done.stderr.decode(errors="replace"), re.MULTILINE)


def can_trace(name):
    if instrumented:
        tap.skip(name, "an instrumented program makes other system calls than what ships")
        return False
    leasehelper.clear()
    status, calls = traced(v4("add", 1))
    if status != 0 or "renameat" not in dict(calls):
        tap.skip(name, "strace cannot trace here")
        return False
    return True


def test_faults():
    """Each system call of a write fails, in each way, and is where the helper is killed."""
    if not can_trace("system calls that fail"):
        return
    for move in (Move("a MAC address becomes known", v6("add", 3, "six", mac=False), v6("old", 3, "six")),
                 Move("another guest without MAC address", v6("add", 3, "six"), Event(
                     ["old", "00:03:00:01:aa:aa", "fd00::3"], v6("old", 3, mac=False).environment))):
        move.put()
        calls = collections.Counter(call for call, _ in traced(move.event)[1] if call not in NEVER_FAIL)
        for fault in (*(f"error={error}" for error in ERRORS), "signal=SIGKILL"):
            break_calls(move, calls, fault)


def break_calls(move, calls, fault):
    wrong, met = [], collections.Counter()
    for call, count in calls.items():
        for number in range(1, count + 1):
            move.put()
            status, _ = traced(move.event, "-e", f"inject={call}:{fault}:when={number}")
            met["failed" if status else "done"] += 1
            left = [name for name in os.listdir(LEASEDIR) if name.endswith(".new")]
            if not move.before <= known() or (status == 0 and read() != move.after):
                wrong.append((call, number, status, read()))
            # Unless that is what failed, what could not be used is removed
            if left and not fault.startswith("signal") and call != "unlinkat":
                wrong.append((call, number, status, left))
    print(f"# {move.name}, {fault}: {sum(met.values())} places, {met['failed']} calls did not succeed")
    tap.equal(wrong, [], f"{move.name}: {fault} at each of {sum(calls.values())} system calls")
    # Most of what the helper does must not be skipped over when it fails
    tap.ok(met["failed"] > 20, f"{move.name}: {fault}: a call that does not do its work says so", met)


def test_order():
    """What is renamed is on disk before, and the rename after; the list that gains a lease comes first."""
    if not can_trace("order of system calls"):
        return
    move = Move("", v6("add", 3, "six", mac=False), v6("old", 3, "six"))
    move.put()
    _, calls = traced(move.event, "-e", "trace=openat,write,fsync,renameat,unlinkat")
    told = [call + (" ." if call == "openat" and '"."' in rest else "") for call, rest in calls]
    tap.equal(told[told.index("write"):], ["write", "fsync", "renameat", "openat .", "fsync", "unlinkat", "openat .", "fsync"],
              "file and folder are synced around a rename, and the folder behind a removal")


def inject_where(event, call, text, error):
    """Calls the helper with an error at the first such system call with the text among its arguments."""
    _, calls = traced(event)
    number = 1 + [rest for name, rest in calls if name == call].index(
        next(rest for name, rest in calls if name == call and text in rest))
    return lambda: traced(event, "-e", f"inject={call}:error={error}:when={number}")[0]


def test_single_faults():
    if not can_trace("faults of one kind"):
        return
    event = v4("add", 1, "web")
    leasehelper.clear()
    call = inject_where(event, "openat", '"."', "EACCES")
    leasehelper.clear()
    tap.equal((call(), addresses(read()[STATUS])), (0, {"10.0.0.1"}), "a folder that may not be opened for reading")
    damaged = {STATUS: leasehelper.leases(3) + b"x"}
    leasehelper.clear()
    leasehelper.write(damaged)
    call = inject_where(event, "openat", ".corrupt", "ENOSPC")
    leasehelper.clear()
    leasehelper.write(damaged)
    tap.equal((call(), read()), (1, damaged), "a damaged file that cannot be kept is not replaced, with room for the new one")
    long_lease = leasehelper.leases(1).replace(b'"hostname": "', b'"hostname": "\\n' + b"x" * 30000)
    leasehelper.clear()
    leasehelper.write({STATUS: long_lease})
    _, calls = traced(event)
    reads = [name for name, _ in calls].count("pread64")
    wrong = []
    for number in range(1, reads + 1):
        leasehelper.clear()
        leasehelper.write({STATUS: long_lease})
        status, _ = traced(event, "-e", f"inject=pread64:error=EIO:when={number}")
        if not known() >= addresses(long_lease):
            wrong.append((number, status))
    tap.equal(wrong, [], f"a lease longer than what is read at once, and an error at each of {reads} reads")


def test_short_writes():
    if WRAPPER:
        tap.skip("short writes", "valgrind does not let a library be preloaded into the program alone")
        return
    leasehelper.clear()
    content = leasehelper.leases(250)
    leasehelper.write({STATUS: content})
    event = v4("add", 1, "web")
    preload = ":".join(filter(None, [os.environ.get("NSS_TEST_PRELOAD"), shortwrite]))
    called = helper.call(event._replace(environment={**event.environment, "LD_PRELOAD": preload}))
    tap.equal((called.status, read()[STATUS].startswith(content[:-3]), known()),
              (0, True, addresses(content) | {"10.0.0.1"}), "writes that take a part, and are interrupted")


def test_full_disk():
    """A real one: the kernel takes what fits."""
    leasehelper.clear()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK},mode=0755", "tmpfs", LEASEDIR], check=True)
    content = leasehelper.leases(250)
    leasehelper.write({STATUS: content})
    called = helper.call(v4("add", 1, "web"))
    tap.equal((called.status, read()), (1, {STATUS: content}), "the disk is full: the leases stay, nothing is left over")
    tap.ok(b"No space left on device" in called.told and b"stay as they were" in called.told, "and the log says so",
           called.told)
    tap.equal((helper.call(v4("del", 1)).status, helper.call(INIT).status), (1, 0), "also with a lease that ended")
    damaged = content[:-3]
    leasehelper.write({STATUS: damaged})
    tap.equal((helper.call(v4("add", 1, "web")).status, read()), (1, {STATUS: damaged}),
              "a damaged file that cannot be kept is not replaced")
    subprocess.run(["umount", LEASEDIR], check=True)


def test_limit_of_file_size():
    """RLIMIT_FSIZE cuts a write and then kills, if the program does not catch SIGXFSZ."""
    if WRAPPER:
        tap.skip("a file that may not grow", "valgrind's own log could not grow either")
        return
    leasehelper.clear()
    content = leasehelper.leases(250)
    leasehelper.write({STATUS: content})
    limit = len(content) // 2
    process = helper.start(v4("add", 1, "web"), stderr=subprocess.DEVNULL,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    tap.ok(process.wait() in (1, -signal.SIGXFSZ) and read()[STATUS] == content, "a file that may not grow",
           process.returncode)


def test_many_at_once():
    """Every bridge has its dnsmasq, and every lease comes through."""
    leasehelper.clear()
    events = [Event(["add", f"52:54:00:00:{bridge:02x}:{number:02x}", f"10.0.{bridge}.{number}", f"guest-{number}"],
                    {"DNSMASQ_INTERFACE": f"virbr{bridge}", "DNSMASQ_LEASE_EXPIRES": "4000000000"})
              for number in range(EVENTS) for bridge in range(BRIDGES)]
    processes = [helper.start(event) for event in events]
    statuses = {process.wait() for process in processes}
    files = read()
    tap.equal(statuses, {0}, f"{BRIDGES} bridges with {EVENTS} events at once")
    tap.equal(sorted(files), sorted(f"virbr{bridge}.status" for bridge in range(BRIDGES)), "nothing is left over")
    for bridge in range(BRIDGES):
        tap.equal(addresses(files[f"virbr{bridge}.status"]), {f"10.0.{bridge}.{number}" for number in range(EVENTS)},
                  f"virbr{bridge} has every lease")


for name, test in list(globals().items()):
    if name.startswith("test_"):
        test()
tap.finish()
