#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""shown.py PAGE

Does what PAGE shows, command by command, and compares what comes with what stands there. Prints a line of TAP for each,
which network.sh's follow() numbers. Ends with 0 if it came to the end of the page. Commands run in the current folder.

Each literal block of a page is one of these; a block that is none of them is a failure:

    It begins with "$ ": each such line is a command, what stands below it is all that it prints, on standard output and
    error. A line "..." stands for any lines, "..." in a line for anything.

    All its lines are "make TARGET": the makefile has each. They are not made.

    A comment before it says what it is, ".. NAME: VALUE" in reStructuredText, "<!-- NAME: VALUE -->" in Markdown:
        file: PATH              what PATH has; without "/" it is in the lease folder
        commands: WHY           commands, of which it is not shown what they print: they end with 0
        lines of: FILE          lines that FILE of the project has
        text: WHAT              no commands
        run by: TEST            commands that TEST, a file of the project, runs
        not run: WHY            commands that are not run, and why

A command goes on behind a line that ends with a backslash, "|" or "&&". Further comments say in what surroundings what
follows is true:

    leases: FOLDER              the lease folder has what FOLDER of tests/nssdata has; "none": nothing
    hosts: LINE                 nsswitch.conf has "hosts: LINE"
    before: COMMAND             this has been done
    after: COMMAND              the same, for what looks at the block above or clears up behind it
    meanwhile: COMMAND          this is done while the next command runs
    exit status N: COMMAND      a command below ends with N, not with 0
    N seconds: COMMAND          a command below goes on without end, and is interrupted after N seconds

Wants LEASEDIR, TESTDATA, and to be in namespaces in which all of that may be done.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

SECONDS = 60
KINDS = ("file", "commands", "lines of", "text", "run by", "not run")
SETTING = re.compile(r"(?:\.\.|<!--) (?P<name>" + "|".join(KINDS) + r"|leases|hosts|before|after|meanwhile"
                     r"|exit status (?P<status>\d+)|(?P<seconds>\d+) seconds): (?P<value>.+?)(?: -->)?$")
TARGETS = re.compile(r"make(?: [\w-]+(?:=\S+)?)* *(?:#.*)?")
SWITCH = "/etc/nsswitch.conf"
SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def column(line):
    return len(line) - len(line.lstrip(" "))


def block_at(lines, start, least):
    """The lines from START on that are indented by LEAST columns or more, without what indents all of them, and where
    they end."""
    end = start
    while end < len(lines) and (not lines[end] or column(lines[end]) >= least):
        end += 1
    while not lines[end - 1]:
        end -= 1
    indent = min(column(line) for line in lines[start:end] if line)
    return [line[indent:] for line in lines[start:end]], end


def blocks(lines, markdown):
    """Yields settings, as matches, and literal blocks, as lists, each with the number of its line. A block is what is
    indented: in Markdown by four columns, behind an empty line; in reStructuredText more than a line before it that ends
    with "::" and is none of a directive but code."""
    number, least = 0, None
    while number < len(lines):
        line = lines[number]
        setting = SETTING.match(line)
        if markdown:
            least = 4 if number == 0 or not lines[number - 1] else None
        if setting:
            yield number + 1, setting
        elif line and least is not None and column(line) >= least:
            block, end = block_at(lines, number, least)
            yield number + 1, block
            number, least = end - 1, None
        elif markdown and line.startswith("```"):
            raise ValueError(f"line {number + 1}: blocks are indented here, not fenced")
        elif line:
            directive = line.lstrip().startswith(".. ") and not line.lstrip().startswith((".. code", ".. parsed"))
            least = column(line) + 1 if line.endswith("::") and not directive else None
        number += 1


def sessions(block, prompt):
    """Yields the commands of a block, each with the lines that it is to print. They begin with PROMPT."""
    command, shown, continued = None, [], False
    for line in block:
        begins = not continued and line.startswith(prompt)
        if continued:
            command += "\n" + line
        elif begins:
            if command is not None:
                yield command, shown
            command, shown = line[len(prompt):], []
        else:
            shown.append(line)
        continued = (continued or begins) and line.endswith(("\\", "|", "&&"))
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
        self.kind = None  # of the next block, with what is said of it
        self.unknown = []  # blocks, by their lines
        self.statuses = {}
        self.seconds = {}
        self.meanwhile = None

    @staticmethod
    def report(good, name, details):
        print(f"{'ok' if good else 'not ok'} - {name}")
        if not good:
            print("".join(f"# {line}\n" for line in details), end="")

    def set(self, setting):
        name, value = setting["name"], setting["value"].strip()
        if name in KINDS:
            self.end_kind()
            self.kind = name, value
        elif name == "leases":
            for entry in os.scandir(os.environ["LEASEDIR"]):
                os.unlink(entry.path)
            if value != "none":
                shutil.copytree(os.path.join(os.environ["TESTDATA"], value), os.environ["LEASEDIR"], dirs_exist_ok=True)
        elif name == "hosts":
            with open(SWITCH, "w", encoding="utf-8") as file:
                file.write(f"passwd: files\ngroup: files\nhosts: {value}\n")
        elif name in ("before", "after"):
            self.expect(f"{name}: {value}", *self.run(value))
        elif name == "meanwhile":
            self.meanwhile = value
        elif setting["seconds"]:
            self.seconds[value] = int(setting["seconds"])
        else:
            self.statuses[value] = int(setting["status"])

    def end_kind(self):
        if self.kind:
            self.report(False, ": ".join(self.kind), ["no block follows"])

    def expect(self, name, status, printed):
        """A case if it has failed."""
        if status != 0:
            self.report(False, name, [f"exit status {status}", *printed.splitlines()])

    @staticmethod
    def start(command, output=subprocess.DEVNULL):
        # In a session of its own: what it has started itself can be ended with it, and is not if it is a daemon
        environment = {name: value for name, value in os.environ.items() if name != "IN_NAMESPACE"}
        return subprocess.Popen(["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                env=environment, start_new_session=True)

    @classmethod
    def run(cls, command, seconds=None, end=signal.SIGKILL):
        """Its exit status, and what it has printed. After SECONDS it is sent the signal END, and its status is None."""
        # Not a pipe, which a daemon would keep open
        with tempfile.TemporaryFile() as output:
            process = cls.start(command, output)
            try:
                status = process.wait(seconds or SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, end)
                status = None
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            output.seek(0)
            return status, output.read().decode(errors="replace")

    def run_shown(self, command):
        """The same, and the exit status that is expected."""
        name = command.split(" #")[0].rstrip()
        meanwhile = self.meanwhile and self.start(self.meanwhile)
        if name in self.seconds:
            done = *self.run(command, self.seconds[name], signal.SIGINT), None
        else:
            done = *self.run(command), self.statuses.get(name, 0)
        if meanwhile:
            self.expect(f"meanwhile: {self.meanwhile}", meanwhile.wait(SECONDS), "")
            self.meanwhile = None
        return done

    def show(self, command, shown):
        """SHOWN is None where it is not shown what is printed."""
        status, printed, expected = self.run_shown(command)
        said = printed if not printed or printed.endswith("\n") else printed + "\n"
        details = ["shown:", *(shown or ["(nothing)"]), f"printed, with exit status {status} for {expected}:",
                   *printed.splitlines()]
        self.report(status == expected and (shown is None or bool(pattern(shown).fullmatch(said))),
                    f"$ {command.splitlines()[0]}", details)

    def targets(self, block):
        for line in block:
            status, printed = self.run("make -n" + line.removeprefix("make"))
            self.report(status == 0, line.split("#")[0].strip(), printed.splitlines())

    def marked(self, number, block):
        kind, value = self.kind
        self.kind = None
        if kind == "file":
            path = os.path.join(os.environ["LEASEDIR"], value)
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n".join(block) + "\n")
        elif kind == "commands":
            for command, _ in sessions([line for line in block if not line.startswith("#")], ""):
                self.show(command, None)
        elif kind == "lines of":
            text = read(os.path.join(SOURCE, value)).replace("@LEASEDIR@", os.environ["LEASEDIR"])
            has = {line.strip() for line in text.splitlines()}
            self.report(has.issuperset(line.strip() for line in block), f"lines of {value}", block)
        elif kind == "run by":
            self.report(os.path.exists(os.path.join(SOURCE, value)), f"line {number}: run by {value}", ["it is not there"])
        elif kind == "not run":
            print(f"# line {number} is not run: {value}")
        elif block[0].startswith("$ "):
            self.report(False, f"line {number}: text: {value}", block)

    def follow(self, lines, markdown):
        for number, part in blocks(lines, markdown):
            if isinstance(part, re.Match):
                self.set(part)
            elif self.kind:
                self.marked(number, part)
            elif part[0].startswith("$ "):
                for command, shown in sessions(part, "$ "):
                    self.show(command, shown)
            elif all(TARGETS.fullmatch(line) for line in part):
                self.targets(part)
            else:
                self.unknown.append(f"line {number}: {part[0]}")

    def finish(self):
        self.end_kind()
        self.report(not self.unknown, "each block is run, or it is said why not", self.unknown)


def main(path):
    page = Page()
    page.follow(read(path).splitlines(), path.endswith(".md"))
    page.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
