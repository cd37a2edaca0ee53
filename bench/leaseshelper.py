#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""leaseshelper.py BUILD [REFERENCE]: what an event costs, with the lease helper of the build folder BUILD and with
libvirt's own, or the libvirt_leaseshelper at the path REFERENCE; docs/performance.rst explains the method.

Each measurement is a whole process, from posix_spawn(3) to its end. The programs take turns, so that what else the machine
does touches all of them; the times are medians, and a ratio is the median of the rounds' ratios."""

import os
import re
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests"))
# pylint: disable=wrong-import-position
import compare
import comparehelper
import leasehelper

ROUNDS = 61
LEASES = (5, 250, 5000)
# The guest renews its lease: it is found, taken out, and put to the end
EVENT = leasehelper.Event(["old", "52:54:01:00:00:03", "10.1.0.3", "guest-3"],
                          {"DNSMASQ_INTERFACE": leasehelper.BRIDGE, "DNSMASQ_LEASE_EXPIRES": "4000000000",
                           "DNSMASQ_CLIENT_ID": "01:52:54:01:00:00:03"})
NOTHING = "/bin/true"


def spend(program, environment):
    """Microseconds of one call."""
    start = time.perf_counter_ns()
    child = os.posix_spawn(program, [program, *EVENT.arguments], environment,
                           file_actions=[(os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)])
    status = os.waitpid(child, 0)[1]
    spent = (time.perf_counter_ns() - start) / 1000
    if status != 0:
        raise RuntimeError(f"{program}: wait status {status}")
    return spent


def measure(programs, count, environment):
    """For each program its times, from as many rounds with so many leases."""
    leasehelper.clear()
    leasehelper.write({leasehelper.BRIDGE + ".status": leasehelper.leases(count)})
    times = {name: [] for name in programs}
    for turn in range(ROUNDS + 1):
        for name, program in programs.items():
            spent = spend(program, environment)
            if turn > 0:
                times[name].append(spent)
    return times


def instructions(program):
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, *EVENT.arguments],
                          env=leasehelper.environment_of(EVENT), capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


def shared_objects(program):
    return len(subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout.splitlines())


def use_folder(folder):
    """The lease folder is on the disk that has the folder, or in memory."""
    subprocess.run(["mount", "--bind", folder, leasehelper.LEASEDIR] if folder else
                   ["mount", "-t", "tmpfs", "tmpfs", leasehelper.LEASEDIR], check=True)


def use_libraries(folders):
    """The loader finds the reference's libraries where it finds all others, through its cache."""
    configuration, cache = (os.path.join(os.environ["RUNSTATEDIR"], name) for name in ("ld.so.conf", "ld.so.cache"))
    with open(configuration, "w", encoding="ascii") as file:
        file.write("\n".join([*folders, "include /etc/ld.so.conf"]) + "\n")
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    subprocess.run(["ldconfig", "-f", configuration, "-C", cache], env={"PATH": path}, check=True)
    subprocess.run(["mount", "--bind", cache, "/etc/ld.so.cache"], check=True)


def report(title, programs, environment):
    print(f"\n{title}\n")
    print(f"{'leases':>6}  " + "  ".join(f"{name + ' ms':>12}" for name in programs) + "  reference/ours")
    for count in LEASES:
        times = measure(programs, count, environment)
        ratio = statistics.median(theirs / ours for theirs, ours in zip(times["reference"], times["ours"]))
        print(f"{count:6}  " + "  ".join(f"{statistics.median(spent) / 1000:12.2f}" for spent in times.values())
              + f"  {ratio:14.1f}")


def work(ours, theirs, disk, nofsync, *libraries):
    """In a namespace of its own."""
    use_libraries(libraries)
    programs = {"nothing": NOTHING, "ours": ours, "reference": theirs}
    environment = leasehelper.environment_of(EVENT)
    print("shared objects (lines of ldd): " + ", ".join(
        f"{name} {shared_objects(programs[name])}" for name in ("ours", "reference")))
    use_folder(disk)
    report("lease folder on disk", programs, environment)
    report("lease folder on disk, fsync(2) left out", programs, {**environment, "LD_PRELOAD": nofsync})
    use_folder(None)
    report("lease folder in memory (tmpfs)", programs, environment)
    print(f"\ninstructions (callgrind)\n\n{'leases':>6}  {'ours':>12}  {'reference':>12}  reference/ours")
    for count in LEASES:
        leasehelper.clear()
        leasehelper.write({leasehelper.BRIDGE + ".status": leasehelper.leases(count)})
        counts = [instructions(programs[name]) for name in ("ours", "reference")]
        print(f"{count:6}  {counts[0]:12,}  {counts[1]:12,}  {counts[1] / counts[0]:14.1f}")


def main(arguments):
    if arguments and arguments[0] == "--work":
        work(*arguments[1:])
        return 0
    if not 1 <= len(arguments) <= 2 or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    build = os.path.abspath(arguments[0])
    theirs, libraries = comparehelper.reference(build, arguments[1:])
    disk = os.path.join(build, "bench", "leases")
    os.makedirs(disk, exist_ok=True)
    environment = dict(os.environ, LEASEDIR=compare.option(build, "leasedir"),
                       RUNSTATEDIR=compare.option(build, "runstatedir"))
    return subprocess.run(
        ["sh", os.path.join(HERE, "..", "tests", "private.sh"), sys.executable, __file__, "--work",
         os.path.join(build, "src", "leaseshelper", "libvirt_leaseshelper"), theirs, disk,
         os.path.join(build, "bench", "nofsync.so"), *libraries], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
