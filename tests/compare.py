#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""compare.py BUILD [REFERENCE]

Runs each case of the modules' tests twice, once on the modules of the build folder BUILD and once on those in the
folder REFERENCE, every time in a process of its own, and prints what came of it. Without REFERENCE it fetches the
distribution's package libnss-libvirt and unpacks it below BUILD; nothing is installed.

Exit status 1 if a case fails on the modules of BUILD; what the reference fails is only told.

compare.py --case "SUITE CASE" BUILD [REFERENCE]: only this case.

compare.py --fetch BUILD: only fetches the package, and prints the folder that has its modules.
"""

import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys

SUITES = ("nssanswer", "nssprotocol")
SERVICES = ("libvirt", "libvirt_guest")
SECONDS = 60
ASSERTION = re.compile(r'^# ERROR:[^ ]*: assertion failed \(.*? == .*?\): \((?P<got>.*) == (?P<expected>.*)\)$', re.MULTILINE)
CASE = re.compile(r"^(ok|not ok) \d+ (?P<name>\S+)(?P<skip> # SKIP.*)?$", re.MULTILINE)
ERRNO_ALONE = "right but for errno"
SIGNALS = {4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 11: "SIGSEGV"}


def cases(build, suite):
    listing = subprocess.run([os.path.join(build, "tests", suite + "test"), "-l"],
                             capture_output=True, text=True, check=True).stdout
    return [(suite, line) for line in listing.splitlines() if line.startswith("/")]


def shorten(text):
    return text if len(text) <= 90 else text[:87] + "..."


def differs_in_errno_alone(got, expected):
    """Whether two answers, such as "NOTFOUND ESRCH HOST_NOT_FOUND", mean the same to glibc and differ in errno."""
    got, expected = got.strip('"').split(), expected.strip('"').split()
    return len(got) == len(expected) == 3 and got[0] == expected[0] == "NOTFOUND" and got[2] == expected[2]


def run(build, modules, suite, case):
    """What came of one case: "passed", "skipped ...", or how it failed."""
    environment = dict(os.environ, NSS_MODULE_DIR=modules, LD_LIBRARY_PATH=modules, G_SLICE="always-malloc")
    command = [os.path.join(build, "tests", suite + "test"), "--tap", "-k", "-p", case]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer within {SECONDS} seconds"
    output = done.stdout.decode(errors="replace")
    verdict = next((match for match in CASE.finditer(output) if match["name"] == case), None)
    assertion = ASSERTION.search(output)
    if done.returncode < 0:
        return f"killed by {SIGNALS.get(-done.returncode, -done.returncode)}"
    if assertion:
        if differs_in_errno_alone(assertion["got"], assertion["expected"]):
            return ERRNO_ALONE
        return shorten(f"got {assertion['got']}, not {assertion['expected']}")
    if done.returncode != 0 or verdict is None:
        return "failed"
    return "skipped" + verdict["skip"].removeprefix(" # SKIP") if verdict["skip"] else "passed"


def option(build, name):
    """The value of one of meson's options in the build folder."""
    listing = subprocess.run(["meson", "introspect", "--buildoptions", build], capture_output=True, check=True).stdout
    return next(entry["value"] for entry in json.loads(listing) if entry["name"] == name)


def can_fetch():
    return all(map(shutil.which, ("apt-get", "dpkg")))


def missing(package):
    """What a machine like this one lacks to install the package: itself and those that it needs."""
    plan = subprocess.run(["apt-get", "-s", "-qq", "install", "--no-install-recommends", package],
                          capture_output=True, text=True, check=True).stdout
    return [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]


def unpack(build, name, packages):
    """A folder below the build folder with the content of the distribution's packages."""
    folder = os.path.abspath(os.path.join(build, name))
    os.makedirs(folder, exist_ok=True)
    if not any(entry.endswith(".deb") for entry in os.listdir(folder)):
        print("fetching the distribution's " + ", ".join(packages), file=sys.stderr)
        subprocess.run(["apt-get", "download", "-qq", *packages], cwd=folder, check=True)
    for package in sorted(entry for entry in os.listdir(folder) if entry.endswith(".deb")):
        subprocess.run(["dpkg", "-x", package, "unpacked"], cwd=folder, check=True)
    return folder


def find(folder, name):
    """The folder below the folder that has the file."""
    for path, _, files in os.walk(folder):
        if name in files:
            return path
    raise FileNotFoundError(f"no {name} below {folder}")


def library_folders(folder):
    return sorted({path for path, _, files in os.walk(folder) if any(".so." in name for name in files)})


def fetch(build):
    """The folder with the modules of the distribution's package, and the package's name."""
    folder = unpack(build, "reference", ["libnss-libvirt"])
    package = next(name for name in sorted(os.listdir(folder)) if name.endswith(".deb"))
    return find(folder, "libnss_libvirt.so.2"), package


def table(results):
    groups = {}
    for (suite, case), (ours, theirs) in results.items():
        group = groups.setdefault(f"{suite} {case.rsplit('/', 1)[0]}".rstrip(), [0, 0, 0, 0])
        for i, counts in enumerate((True, ours == "passed", theirs == "passed", theirs == ERRNO_ALONE)):
            group[i] += counts
    groups["all"] = [sum(column) for column in zip(*groups.values())]
    width = max(map(len, groups))
    titles = ("cases", "ours passes", "reference passes", ERRNO_ALONE)
    print(" " * width, *titles, sep="  ")
    for name, counts in groups.items():
        print(f"{name:{width}}", *(f"{count:{len(title)}}" for count, title in zip(counts, titles)), sep="  ")


def tell_failed(title, outcomes):
    print(f"\n{title}\n")
    failed = [f"{suite} {case}: {outcome}" for (suite, case), outcome in outcomes.items()
              if outcome not in ("passed", ERRNO_ALONE)]
    print("\n".join(failed or ["none"]))


def compare_case(build, ours, theirs, case):
    if case not in cases(build, case[0]):
        sys.exit(f"compare.py: {case[0]} has no case {case[1]}")
    for name, modules in (("ours", ours), ("reference", theirs)):
        print(f"{name}: {run(build, modules, *case)}")
    return 0


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--fetch":
        print(fetch(arguments[1])[0])
        return 0
    one = None
    if len(arguments) > 2 and arguments[0] == "--case":
        one = tuple(arguments[1].split(" ", 1))
        arguments = arguments[2:]
        if len(one) != 2 or one[0] not in SUITES:
            sys.exit(f'compare.py: a case is a suite ({", ".join(SUITES)}) and a path, as "nssanswer /claims/wpad"')
    if not arguments or len(arguments) > 2 or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    build = os.path.abspath(arguments[0])
    ours = os.path.join(build, "src", "nss")
    if len(arguments) == 2:
        theirs, name = os.path.abspath(arguments[1]), arguments[1]
    elif can_fetch():
        theirs, name = fetch(build)
    else:
        print("compare.py: can fetch the reference with apt-get alone. Unpack libvirt's libnss_libvirt*.so.2 into a "
              "folder and give it: make check-reference REFERENCE=folder", file=sys.stderr)
        return 2
    for service in SERVICES:
        if not os.path.exists(os.path.join(theirs, f"libnss_{service}.so.2")):
            print(f"compare.py: {theirs} has no libnss_{service}.so.2; give the folder that has both modules",
                  file=sys.stderr)
            return 2

    if one:
        return compare_case(build, ours, theirs, one)
    every = [case for suite in SUITES for case in cases(build, suite)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = {case: [pool.submit(run, build, modules, *case) for modules in (ours, theirs)] for case in every}
        results = {case: [future.result() for future in pair] for case, pair in futures.items()}
    print(f"reference: {name}\n")
    table(results)
    tell_failed("Not passed by ours:", {case: pair[0] for case, pair in results.items()})
    tell_failed("Not passed by the reference:", {case: pair[1] for case, pair in results.items()})
    return 0 if all(outcomes[0] == "passed" for outcomes in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
