#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""shown.py [--from LINE] [--to LINE] [--exit-status N COMMAND]... PAGE

Does what PAGE shows, command by command, and compares what comes with what stands there. Prints a line of TAP for each,
which lib.sh's follow() numbers.

What is run is a block of text that begins with "$ ": each such line is a command, what stands below it is all that it
prints, on standard output and error. A line "..." stands for any lines, "..." in a line for anything. A backslash at
the end of a command's line continues it. --from and --to take the lines from the first that begins with LINE up to the
next that begins so.

Before a block, comments of reStructuredText (".. NAME: VALUE") say in what surroundings it is true:

    leases: FOLDER              the lease folder has what FOLDER of tests/nssdata has; "none": nothing
    file: PATH                  the next block is what PATH has; without "/" it is in the lease folder
    hosts: LINE                 nsswitch.conf has "hosts: LINE"
    before: COMMAND             this has been done
    exit status N: COMMAND      a command below ends with N, not with 0

Wants LEASEDIR, TESTDATA, and to be in namespaces in which all of that may be done.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

SECONDS = 60
SETTING = re.compile(r"^\.\. (?P<name>leases|file|hosts|before|exit status (?P<status>\d+)): (?P<value>.+)$")
SWITCH = "/etc/nsswitch.conf"


def blocks(lines, markdown):
    """Yields settings, as matches, and literal blocks, as lists: in reStructuredText those behind a line that ends with
    "::", in Markdown all that is indented."""
    number, literal = 0, 0 if markdown else None
    while number < len(lines):
        line = lines[number]
        setting = SETTING.match(line)
        indent = len(line) - len(line.lstrip(" "))
        number += 1
        if setting:
            yield setting
        elif literal is not None and line and indent > literal:
            block = [line[indent:]]
            while number < len(lines) and (not lines[number] or lines[number].startswith(" " * indent)):
                block.append(lines[number][indent:])
                number += 1
            while not block[-1]:
                block.pop()
            yield block
            literal = 0 if markdown else None
        elif line and not markdown:
            literal = indent if line.endswith("::") else None


def sessions(block):
    """Yields the commands of a block, each with the lines that it is to print."""
    command, shown, continued = None, [], False
    for line in block:
        if continued:
            command += "\n" + line
        elif line.startswith("$ "):
            if command is not None:
                yield command, shown
            command, shown = line[2:], []
        else:
            shown.append(line)
        continued = (continued or line.startswith("$ ")) and line.endswith("\\")
    yield command, shown


def pattern(shown):
    parts = []
    for line in shown:
        if line == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*".join(re.escape(part) for part in line.rstrip().split("...")) + r" *\n")
    return re.compile("".join(parts))


class Page:
    def __init__(self):
        self.failures = 0
        self.statuses = {}
        self.path = None

    def report(self, good, name, details):
        self.failures += not good
        print(f"{'ok' if good else 'not ok'} - {name}")
        if not good:
            print("".join(f"# {line}\n" for line in details), end="")

    def set(self, setting):
        name, value = setting["name"], setting["value"].strip()
        if name == "leases":
            for entry in os.scandir(os.environ["LEASEDIR"]):
                os.unlink(entry.path)
            if value != "none":
                shutil.copytree(os.path.join(os.environ["TESTDATA"], value), os.environ["LEASEDIR"], dirs_exist_ok=True)
        elif name == "hosts":
            with open(SWITCH, "w", encoding="utf-8") as file:
                file.write(f"passwd: files\ngroup: files\nhosts: {value}\n")
        elif name == "file":
            self.path = os.path.join(os.environ["LEASEDIR"], value)
        elif name == "before":
            done = self.run(value)
            if done.returncode != 0:
                self.report(False, f"before: {value}", done.stdout.splitlines())
        else:
            self.statuses[value] = int(setting["status"])

    @staticmethod
    def run(command):
        return subprocess.run(["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=SECONDS, check=False)

    def show(self, command, shown):
        done = self.run(command)
        status = self.statuses.get(command, 0)
        details = ["shown:", *shown, f"printed, with exit status {done.returncode} for {status}:",
                   *done.stdout.splitlines()]
        said = done.stdout if not done.stdout or done.stdout.endswith("\n") else done.stdout + "\n"
        self.report(done.returncode == status and bool(pattern(shown).fullmatch(said)), f"$ {command.splitlines()[0]}",
                    details)

    def follow(self, lines, markdown):
        for part in blocks(lines, markdown):
            if isinstance(part, re.Match):
                self.set(part)
            elif self.path:
                with open(self.path, "w", encoding="utf-8") as file:
                    file.write("\n".join(part) + "\n")
                self.path = None
            elif part[0].startswith("$ "):
                for command, shown in sessions(part):
                    self.show(command, shown)


def section(lines, first, last):
    start = next(i for i, line in enumerate(lines) if line.startswith(first)) if first else 0
    end = next(i for i, line in enumerate(lines) if i > start and line.startswith(last)) if last else len(lines)
    return lines[start:end]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--from", dest="first")
    parser.add_argument("--to", dest="last")
    parser.add_argument("--exit-status", nargs=2, action="append", default=[], metavar=("N", "COMMAND"))
    parser.add_argument("page")
    arguments = parser.parse_args()
    page = Page()
    page.statuses = {command: int(status) for status, command in arguments.exit_status}
    with open(arguments.page, encoding="utf-8") as file:
        page.follow(section(file.read().splitlines(), arguments.first, arguments.last),
                    arguments.page.endswith(".md"))
    return 1 if page.failures else 0


if __name__ == "__main__":
    sys.exit(main())
