# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""Cases as lines of TAP, like lib.sh, for tests in Python."""

import os
import shlex
import sys

# What stands in front of each program under test, for valgrind
WRAPPER = shlex.split(os.environ.get("NSS_TEST_WRAPPER", ""))
# Set by "make check-full": more of what takes time
FULL = bool(os.environ.get("NSS_TEST_FULL"))


class Tap:
    def __init__(self):
        self.cases = 0
        self.failures = 0

    def ok(self, good, name, *diagnosis):
        self.cases += 1
        self.failures += not good
        print(f"{'ok' if good else 'not ok'} {self.cases} - {name}", flush=True)
        if not good:
            for line in "\n".join(map(str, diagnosis)).splitlines():
                print("# " + line)

    def equal(self, got, expected, name):
        self.ok(got == expected, name, "expected:", expected, "got:", got)

    def skip(self, name, reason):
        self.cases += 1
        print(f"ok {self.cases} - {name} # SKIP {reason}", flush=True)

    def finish(self):
        print(f"1..{self.cases}")
        sys.exit(1 if self.failures else 0)
