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
from leasehelper import BRIDGE, INIT, LEASEDIR, Event, Helper, Tap, addresses, path, read, v4, v6

STATUS = BRIDGE + ".status"
NOMAC = STATUS + ".nomac"
KILLS = 1000
# Under valgrind a call takes a second
BRIDGES, EVENTS = (2, 5) if leasehelper.WRAPPER else (8, 200)
ERRORS = ("ENOSPC", "EIO", "EINTR")
SMALL_DISK = 64 * 1024

tap = Tap()
helper = Helper(sys.argv[1])
shortwrite = sys.argv[2]
instrumented = bool(leasehelper.WRAPPER or os.environ.get("NSS_TEST_SANITIZED"))


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
    if leasehelper.WRAPPER:
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

    files = {STATUS: leasehelper.leases(20), NOMAC: None}
    event = v6("old", 3, "six")
    before = addresses(leasehelper.leases(20)) | {"fd00::3"}

    @classmethod
    def start(cls):
        leasehelper.clear()
        leasehelper.write({STATUS: cls.files[STATUS]})
        helper.call(v6("add", 3, "six", mac=False))
        cls.files = read()

    @classmethod
    def put(cls):
        leasehelper.clear()
        leasehelper.write(cls.files)


def traced(event, *options):
    """Calls the helper under strace; its exit status, or minus the signal that killed it, and the system calls."""
    command = ["strace", "-f", "-qq", *options, "-o", "/proc/self/fd/2", "--", *helper.command, *event.arguments]
    done = subprocess.run(command, env=leasehelper.environment_of(event), stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    return done.returncode, re.findall(rb"^(?:\d+ +)?(\w+)\(", done.stderr, re.MULTILINE)


def system_calls():
    """How often the helper makes each system call, from the first to the last."""
    Move.put()
    status, calls = traced(Move.event)
    if status != 0 or b"renameat" not in calls:
        return None
    return collections.Counter(call.decode() for call in calls if call not in (b"execve", b"exit_group"))


def test_faults():
    """Each system call of a write fails, in each way, and is where the helper is killed."""
    if instrumented:
        tap.skip("system calls that fail", "an instrumented program makes others than what ships")
        return
    Move.start()
    calls = system_calls()
    if calls is None:
        tap.skip("system calls that fail", "strace cannot trace here")
        return
    for fault in (*(f"error={error}" for error in ERRORS), "signal=SIGKILL"):
        wrong, met = [], collections.Counter()
        for call, count in calls.items():
            for number in range(1, count + 1):
                Move.put()
                status, _ = traced(Move.event, "-e", f"inject={call}:{fault}:when={number}")
                met["failed" if status else "done"] += 1
                if not Move.before <= known() or (status == 0 and NOMAC in read()):
                    wrong.append((call, number, status, read()))
        print(f"# {fault}: {sum(met.values())} places, {met['failed']} calls did not succeed")
        tap.equal(wrong, [], f"{fault} at each of {sum(calls.values())} system calls")
        # Most of what the helper does must not be skipped over when it fails
        tap.ok(met["failed"] > 20, f"{fault}: a call that does not do its work says so", met)


def test_short_writes():
    if leasehelper.WRAPPER:
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
