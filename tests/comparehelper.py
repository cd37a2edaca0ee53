#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""comparehelper.py [--case NAME] BUILD [REFERENCE]

Gives the lease helper of the build folder BUILD and libvirt's own the same events, as dnsmasq would, and compares the
files that they keep and what they print: random runs of events that libvirt's helper gets right, and the cases of
leasecases.py that it is not to get right. REFERENCE is the path of another libvirt_leaseshelper; without it the
distribution's packages are fetched and unpacked below BUILD, and nothing is installed. With --case only this case of
leasecases.py.

Exit status 1 if anything is not as it should be.
"""

import collections
import os
import random
import subprocess
import sys

import compare
import leasecases
from leasehelper import BRIDGE, INIT, Event, Helper, summary, without_domain

RUNS = 600
WORKERS = 2
SERVER_DUID = "00:01:00:01:32:96:c6:55:52:54:00:8c:14:19"
HERE = os.path.dirname(os.path.abspath(__file__))


class Guests:
    """Makes up what dnsmasq would say of a handful of guests."""

    names = ["web", "db", "Mail-1", "under_score", "x" * 63, "12345"]

    def __init__(self, seed):
        self.chance = random.Random(seed)

    def octets(self, count):
        return ":".join(f"{self.chance.randrange(256):02x}" for _ in range(count))

    def environment(self, hostname):
        chance = self.chance
        maybe = [
            (0.3, "DNSMASQ_DOMAIN", "lab.example"),
            (0.5, "DNSMASQ_TAGS", f"known {BRIDGE}"),
            (0.5, "DNSMASQ_VENDOR_CLASS", "udhcp 1.35.0"),
            (0.2, "DNSMASQ_DATA_MISSING", "1"),
            (0.5 if hostname else 0, "DNSMASQ_SUPPLIED_HOSTNAME", hostname),
            (0.1 if hostname else 0, "DNSMASQ_OLD_HOSTNAME", chance.choice(self.names)),
        ]
        return {"DNSMASQ_INTERFACE": BRIDGE,
                "DNSMASQ_LEASE_EXPIRES": str(chance.choice([0, chance.randrange(1, 2 ** 33)])),
                **{name: value for likely, name, value in maybe if chance.random() < likely}}

    def event(self):
        chance = self.chance
        action = chance.choice(["add", "add", "old", "old", "del"])
        hostname = chance.choice([None, *self.names])
        environment = self.environment(hostname)
        guest = chance.randrange(1, 9)
        mac = f"52:54:00:00:00:0{guest}"
        if chance.random() < 0.6:
            address = f"192.168.122.{guest}"
            client = mac if chance.random() < 0.9 else "06-" + self.octets(6)
            if chance.random() < 0.8:
                environment["DNSMASQ_CLIENT_ID"] = chance.choice(["01:" + mac, "ff:" + self.octets(18), self.octets(255)])
        else:
            address = f"fd00::{guest}:1"
            client = chance.choice(["00:03:00:01:" + mac, "00:04:" + self.octets(16)])
            environment["DNSMASQ_IAID"] = chance.choice(["", "T"]) + str(chance.randrange(2 ** 32))
            environment["DNSMASQ_MAC"] = mac
            environment["DNSMASQ_SERVER_DUID"] = SERVER_DUID
        return Event([action, client, address, *([hostname] if hostname else [])], environment)

    def run(self):
        chance = self.chance
        return [INIT] + [INIT if chance.random() < 0.05 else self.event() for _ in range(chance.randrange(1, 16))]


def compare_runs(ours, theirs, seeds):
    """Prints the number of runs and of events, or the first run with another outcome."""
    counts = collections.Counter()
    for seed in seeds:
        events = Guests(seed).run()
        left, right = ours.run(events), theirs.run(events)
        left = left._replace(files={name: without_domain(content) for name, content in left.files.items()})
        if left != right:
            print(f"run {seed} differs", *events, f"ours: {left}", f"reference: {right}", sep="\n")
            return 1
        counts.update(["runs", *(event.arguments[0] for event in events)])
    print("same bytes:", ", ".join(f"{count} {what}" for what, count in counts.items()), flush=True)
    return 0


def compare_cases(ours, theirs, cases):
    wrong = 0
    for case in cases:
        got = [summary(helper.run(case.events, case.files)) for helper in (ours, theirs)]
        wrong += got != [case.ours, case.theirs]
        print(case.name, *(f"  {who:9}  {text!r}" for who, text in zip(("ours", "reference"), got)), sep="\n")
        for who, text, expected in zip(("ours", "the reference"), got, (case.ours, case.theirs)):
            if text != expected:
                print(f"  EXPECTED of {who}: {expected!r}")
    print(f"wanted differences: {len(cases)}, not as they should be: {wrong}", flush=True)
    return 1 if wrong else 0


def named(name):
    """The cases of that name, one or none."""
    return [case for case in leasecases.CASES if case.name == name]


def work(share, ours, theirs):
    """What a worker does, in a namespace of its own."""
    ours, theirs = Helper(ours), Helper(theirs)
    if share == "cases":
        return compare_cases(ours, theirs, leasecases.CASES)
    if not share.isdecimal():
        return compare_cases(ours, theirs, named(share))
    return compare_runs(ours, theirs, range(int(share), RUNS, WORKERS))


def reference(build, arguments):
    """The path of the helper to compare with, and the folders with the libraries that it needs."""
    if arguments:
        return os.path.abspath(arguments[0]), []
    if not compare.can_fetch():
        sys.exit("comparehelper.py: can fetch the reference with apt-get alone; give the path of libvirt's "
                 "libvirt_leaseshelper: make REFERENCE_HELPER=path")
    folder = compare.unpack(build, "reference-helper", ["libvirt-daemon", *compare.missing("libvirt0")])
    helper = compare.find(folder, "libvirt_leaseshelper")
    return os.path.join(helper, "libvirt_leaseshelper"), compare.library_folders(folder)


def main(arguments):
    if len(arguments) == 4 and arguments[0] == "--work":
        return work(*arguments[1:])
    shares = [*map(str, range(WORKERS)), "cases"]
    if len(arguments) > 2 and arguments[0] == "--case":
        shares = [arguments[1]]
        arguments = arguments[2:]
        if not named(shares[0]):
            sys.exit(f"comparehelper.py: leasecases.py has no case {shares[0]!r}")
    if not 1 <= len(arguments) <= 2 or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    build = os.path.abspath(arguments[0])
    ours = os.path.join(build, "src", "leaseshelper", "libvirt_leaseshelper")
    theirs, libraries = reference(build, arguments[1:])
    environment = dict(os.environ, LD_LIBRARY_PATH=":".join(libraries), LEASEDIR=compare.option(build, "leasedir"),
                       RUNSTATEDIR=compare.option(build, "runstatedir"))
    command = ["sh", os.path.join(HERE, "private.sh"), sys.executable, __file__, "--work"]
    workers = [subprocess.Popen([*command, share, ours, theirs], env=environment)
               for share in shares]
    return 1 if any([worker.wait() for worker in workers]) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
