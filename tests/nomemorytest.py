#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""nomemorytest.py HELPER VIRT-NAMES FAILMALLOC: every allocation of the lease helper and of virt-names fails in turn. glib
ends a program that has no memory; what must not happen is that leases or nsswitch.conf are lost, or that something
wrong is said. Run through private.sh."""

import os
import shutil
import subprocess
import sys
import tempfile

import leasehelper
from leasehelper import BRIDGE, Helper, addresses, environment_of, path, read, v4, v6
from tap import WRAPPER, Tap

STATUS = BRIDGE + ".status"
HOSTS = b"passwd: files\nhosts: files dns\n"
ENABLED = b"passwd: files\nhosts: files libvirt libvirt_guest dns\n"
# A program ends so that runs out of memory in glib, besides with an error
ABORTED = (-5, -6)

tap = Tap()
helper_path, virt_names, preload = (os.path.abspath(word) for word in sys.argv[1:4])


def each_allocation(command, environment, before, check):
    """Runs the command, each time with another allocation that fails, up to the run in which none does. The number of
    allocations, and what check() found wrong."""
    wrong = []
    with tempfile.TemporaryDirectory() as scratch:
        unused = os.path.join(scratch, "unused")
        number = 0
        while not os.path.exists(unused):
            number += 1
            before()
            try:
                done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=20,
                                      env={**environment, "LD_PRELOAD": preload, "FAIL_MALLOC": str(number),
                                           "FAIL_MALLOC_UNUSED": unused})
            except subprocess.TimeoutExpired:
                wrong.append((number, "does not end"))
                break
            problem = check(done)
            if problem:
                wrong.append((number, done.returncode, problem, done.stderr[-200:]))
    return number - 1, wrong


def told(name, count, wrong):
    tap.ok(count > 5 and not wrong, f"{name}: {count} allocations", *wrong[:5])


def test_helper():
    kept = leasehelper.leases(20)
    others = addresses(kept)
    for name, event, files, own in [
            ("add", v4("add", 1, "web"), {STATUS: kept}, "10.0.0.1"),
            ("add to a damaged file", v4("add", 1, "web"), {STATUS: kept[:-3] + b"x"}, "10.0.0.1"),
            ("del", v4("del", 1), {STATUS: kept}, None),
            ("DHCPv6 without MAC", v6("add", 3, "six", mac=False), {STATUS: kept}, "fd00::3"),
            ("init", leasehelper.Event(["init"], {}), {STATUS: kept}, None)]:
        def before(files=files):
            leasehelper.clear()
            leasehelper.write(files)

        def check(done, own=own, files=files):
            now = read()
            whole = now.get(STATUS) != files[STATUS]
            known = (addresses(now[STATUS]) if whole else others) | addresses(now.get(STATUS + ".nomac", b""))
            if done.returncode not in (0, 1, *ABORTED):
                return "exit status"
            if known - {own} != others or (done.returncode == 0 and own and own not in known):
                return "leases are lost"
            return None

        told(f"helper: {name}", *each_allocation([helper_path, *event.arguments], environment_of(event), before, check))


def test_enable():
    root = tempfile.mkdtemp(prefix="nomemory-")
    conf = os.path.join(root, "etc", "nsswitch.conf")
    os.mkdir(os.path.dirname(conf))

    def before():
        with open(conf, "wb") as file:
            file.write(HOSTS)

    def check(done):
        with open(conf, "rb") as file:
            now = file.read()
        if now not in (HOSTS, ENABLED) or (done.returncode == 0 and now != ENABLED):
            return "nsswitch.conf"
        return None if done.returncode in (0, 3, *ABORTED) else "exit status"

    told("virt-names enable", *each_allocation([virt_names, "enable", "--root=" + root], {"LC_ALL": "C"}, before, check))
    shutil.rmtree(root)


def test_list():
    leasehelper.clear()
    leasehelper.write({STATUS: leasehelper.leases(20)})
    for arguments in (["list", "--json"], ["list", "--format=hosts"]):
        right = subprocess.run([virt_names, *arguments], capture_output=True, check=True, env={"LC_ALL": "C"}).stdout

        def check(done, right=right):
            # The time is another each time
            if done.returncode == 0 and done.stdout.splitlines()[3:] != right.splitlines()[3:]:
                return "what was printed"
            return None if done.returncode in (0, 3, *ABORTED) else "exit status"

        told(f"virt-names {' '.join(arguments)}",
             *each_allocation([virt_names, *arguments], {"LC_ALL": "C"}, lambda: None, check))


if WRAPPER or os.environ.get("NSS_TEST_SANITIZED"):
    print("1..0 # SKIP an instrumented program has functions of its own for memory")
    sys.exit(0)
for test_name, test in list(globals().items()):
    if test_name.startswith("test_"):
        test()
tap.finish()
