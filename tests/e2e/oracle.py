#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""oracle.py GATEWAY DIFFERENCES: reads names and addresses, a line each, asks service libvirt through the real glibc and
the DNS of the network at GATEWAY, and compares. What differs has to be told in front, "QUESTION # KEY", with a key of the
page DIFFERENCES, which has the reason. Speaks TAP, and says at the end how many agreed."""

import ipaddress
import os
import subprocess
import sys

MODULES = os.environ["NSS_MODULE_DIR"]


def run(*command):
    return subprocess.run(command, env={**os.environ, "LD_LIBRARY_PATH": MODULES}, stdout=subprocess.PIPE, text=True,
                          check=False).stdout.split("\n")


def is_address(question):
    try:
        ipaddress.ip_address(question)
        return True
    except ValueError:
        return False


def ours(question):
    """The addresses of a name, each once, or the name of an address."""
    if is_address(question):
        return " ".join(line.split()[1] for line in run("getent", "-s", "hosts:libvirt", "hosts", question) if line)
    found = {line.split()[0] for kind in ("ahostsv4", "ahostsv6")
             for line in run("getent", "-s", "hosts:libvirt", kind, question) if line}
    # getent prints IPv4 addresses mapped where IPv6 ones are asked for and there are none
    return " ".join(sorted(address for address in found if not address.startswith("::ffff:")))


def theirs(gateway, question):
    dig = ["dig", "+short", "+tries=1", "+timeout=2", "@" + gateway]
    if is_address(question):
        return " ".join(line.rstrip(".") for line in run(*dig, "-x", question) if line)
    return " ".join(sorted(line for kind in ("A", "AAAA") for line in run(*dig, "-q", question, "-t", kind) if line))


def main(gateway, page):
    with open(page, encoding="utf-8") as file:
        keys = {line.strip("`\n") for line in file if line.startswith("``")}
    agreed = failures = cases = 0
    for line in filter(None, sys.stdin.read().splitlines()):
        question, _, key = map(str.strip, line.partition("#"))
        left, right = ours(question), theirs(gateway, question)
        if key:
            good, what = left != right and key in keys, f"{question} differs: {key}"
        else:
            good, what = left == right, question
            agreed += good
        cases += 1
        failures += not good
        print(f"{'ok' if good else 'not ok'} {cases} - {what}", flush=True)
        if not good:
            print(f"# service libvirt: {left}\n# DNS: {right}")
    print(f"# {cases} questions, {agreed} agreed, {cases - agreed - failures} differ as {os.path.basename(page)} says, "
          f"{failures} do not")
    print(f"1..{cases}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
