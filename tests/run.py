#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""run.py BUILD [argument of "meson test"]...

Runs the test suites of the build folder BUILD and counts single cases over all of them. The last line is
"N passed, N failed, N skipped". Exit status 1 if a case failed or none ran.

run.py --count FILE: only counts, from the JSON log of an earlier run.
"""

import json
import os
import re
import subprocess
import sys

CASE = re.compile(r"^(?P<verdict>ok|not ok)\b\s*\d*\s*-?\s*(?P<name>.*?)"
                  r"(?:\s*#\s*(?P<directive>SKIP|TODO)\S*\s*(?P<reason>.*))?$", re.IGNORECASE)
PLAN = re.compile(r"^1\.\.(?P<count>\d+)(?:\s*#\s*SKIP\S*\s*(?P<reason>.*))?", re.IGNORECASE)


class Count:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def add_suite(self, log):
        """Counts the cases of one test program from its entry in meson's log."""
        seen, planned, failures = 0, None, len(self.failed)
        for line in log.get("stdout", "").splitlines():
            plan = PLAN.match(line)
            if plan:
                planned = int(plan["count"])
                if planned == 0:
                    self.skipped.append((log["name"], plan["reason"] or "no reason given"))
                continue
            case = CASE.match(line)
            if not case:
                continue
            seen += 1
            name = f"{log['name']}: {case['name']}"
            if (case["directive"] or "").upper() == "SKIP":
                self.skipped.append((name, case["reason"] or "no reason given"))
            elif case["verdict"] == "ok":
                self.passed += 1
            else:
                self.failed.append((name, ""))
        if planned is None:
            self.failed.append((log["name"], "ended without a plan: it crashed or ran out of time"))
        elif seen != planned:
            self.failed.append((log["name"], f"planned {planned} cases, ran {seen}"))
        elif log["returncode"] != 0 and len(self.failed) == failures:
            self.failed.append((log["name"], f"exit status {log['returncode']} though no case failed"))

    def report(self):
        for name, reason in self.skipped:
            print(f"skipped: {name}: {reason}")
        for name, reason in self.failed:
            print(f"FAILED: {name}{': ' + reason if reason else ''}")
        if not self.failed and not self.passed and not self.skipped:
            self.failed.append(("no case ran", ""))
        print(f"{self.passed} passed, {len(self.failed)} failed, {len(self.skipped)} skipped")
        return 1 if self.failed or not self.passed else 0


def count(path):
    total = Count()
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            total.add_suite(json.loads(line))
    return total.report()


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--count":
        return count(arguments[1])
    if not arguments or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    build, rest = arguments[0], arguments[1:]
    setup = next((a.split("=", 1)[1] for a in rest if a.startswith("--setup=")), None)
    log = os.path.join(build, "meson-logs", f"testlog-{setup}.json" if setup else "testlog.json")
    if os.path.exists(log):
        os.unlink(log)
    status = subprocess.run(["meson", "test", "-C", build, "--print-errorlogs", *rest], check=False).returncode
    if not os.path.exists(log):
        print(f"run.py: meson test (exit status {status}) left no {log}", file=sys.stderr)
        return 1
    return count(log) or (1 if status else 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
