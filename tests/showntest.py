#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""Does shown.py notice what is wrong with a page? Each case is a page, and what of it fails."""

import contextlib
import io
import os
import tempfile
import time

import shown
from tap import Tap

ACCOUNTED = "each block is run, or it is said why not"

# Name, page, and the cases that fail. In Markdown, where nothing else is said.
MARKDOWN = (
    ("a command prints what is shown", "    $ echo one; echo two >&2\n    one\n    two\n", []),
    ("a command prints something else", "    $ echo one\n    two\n", ["$ echo one"]),
    ("a command prints less", "    $ echo one\n    one\n    two\n", ["$ echo one"]),
    ("a command prints more", "    $ echo one; echo two\n    one\n", ["$ echo one; echo two"]),
    ("dots stand for anything", "    $ seq 9\n    1\n    ...\n    9\n    $ echo a b c\n    a ... c\n", []),
    ("dots stand for no other line", "    $ seq 3\n    1...3\n", ["$ seq 3"]),
    ("a command fails", "    $ false\n", ["$ false"]),
    ("a command fails as it is to", "<!-- exit status 3: exit 3 -->\n\n    $ exit 3\n", []),
    ("a command succeeds that is to fail", "<!-- exit status 1: true -->\n\n    $ true\n", ["$ true"]),
    ("commands go on behind a backslash, a bar and ands",
     "    $ echo one \\\n      two |\n      cat &&\n      true\n    one two\n", []),
    ("a block of commands without a word", "    true\n", [ACCOUNTED]),
    ("a block with a prompt further down", "    a\n    $ true\n", [ACCOUNTED]),
    ("text that is indented by less", "- an item\n  of two lines\n", []),
    ("text that is indented behind text", "text\n    goes on\n", []),
    ("commands of which it is not shown what they print",
     "<!-- commands: long -->\n\n    echo one\n    # a comment\n    true # another\n", []),
    ("one of them fails", "<!-- commands: long -->\n\n    true\n    false # why\n", ["$ false # why"]),
    ("no commands", "<!-- text: a drawing -->\n\n    --> o\n", []),
    ("commands that are said to be none", "<!-- text: a drawing -->\n\n    $ true\n", ["line 3: text: a drawing"]),
    ("what is not run", "<!-- not run: it would not end -->\n\n    $ false\n", []),
    ("what a test runs", "<!-- run by: tests/showntest.py -->\n\n    false\n", []),
    ("what a test runs that is not there", "<!-- run by: tests/none.py -->\n\n    false\n",
     ["line 3: run by tests/none.py"]),
    ("lines of a file", "<!-- lines of: tests/symbols.txt -->\n\n    {symbol}\n", []),
    ("lines that it has not", "<!-- lines of: tests/symbols.txt -->\n\n    {symbol}\n    none\n",
     ["lines of tests/symbols.txt"]),
    ("a comment without block", "<!-- text: a -->\n\n<!-- text: b -->\n\n    x\n", ["text: a"]),
    ("a comment at the end", "<!-- text: a -->\n", ["text: a"]),
    ("a file of the lease folder",
     "<!-- file: a.status -->\n\n    [\n\n    ]\n\nthen\n\n    $ cat $LEASEDIR/a.status\n    [\n\n    ]\n", []),
    ("what is done before and after", "<!-- before: echo 1 >x -->\n\n    $ cat x\n    1\n\n<!-- after: rm x -->\n", []),
    ("it fails", "<!-- before: false -->\n<!-- after: exit 2 -->\n", ["before: false", "after: exit 2"]),
    ("meanwhile", "<!-- meanwhile: sleep 0.2; echo 1 >y -->\n\n    $ until test -s y; do sleep 0.1; done; cat y\n    1\n", []),
    ("targets of the makefile", "    make check\n    make fuzz FUZZ_SECONDS=60   # long\n", []),
    ("targets that it has not", "    make check\n    make none\n", ["make none"]),
    ("make with more", "    make && false\n", [ACCOUNTED]),
    ("what has no end", "<!-- 1 seconds: echo 1; exec sleep 99 -->\n\n    $ echo 1; exec sleep 99\n    1\n", []),
)
RST = (
    ("a block behind colons", "Text::\n\n  $ echo one\n  two\n", ["$ echo one"]),
    ("a block whose first line is indented more", "::\n\n      a\n    b\n", [ACCOUNTED]),
    ("a directive", ".. list-table::\n   :widths: 1\n\n   * - $ false\n", []),
    ("code", ".. code-block::\n\n   x\n", [ACCOUNTED]),
    ("two blocks", "One::\n\n  $ true\n\nTwo::\n\n  $ false\n", ["$ false"]),
    ("a block in an item", "* One::\n\n    $ false\n\n* Two\n", ["$ false"]),
    ("a comment", ".. text: a grammar\n\n::\n\n  x\n", []),
)

tap = Tap()


def failures(text, markdown):
    page = shown.Page()
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        page.follow(text.splitlines(), markdown)
        page.finish()
    return [line.removeprefix("not ok - ") for line in output.getvalue().splitlines() if line.startswith("not ok - ")]


def test_pages():
    symbol = shown.read(os.path.join(shown.SOURCE, "tests", "symbols.txt")).splitlines()[-1].strip()
    for table, markdown in ((MARKDOWN, True), (RST, False)):
        for name, text, expected in table:
            tap.equal(failures(text.replace("{symbol}", symbol), markdown), expected, name)


def test_fences():
    try:
        failures("```\nfalse\n```\n", True)
    except ValueError as error:
        tap.equal(str(error), "line 1: blocks are indented here, not fenced", "a block between fences")
    else:
        tap.ok(False, "a block between fences")


def test_time():
    """What has no end and is not said to, and what a daemon keeps open."""
    seconds, shown.SECONDS = shown.SECONDS, 1
    began = time.monotonic()
    tap.equal(failures("    $ sleep 99\n", True), ["$ sleep 99"], "a command that does not end")
    tap.ok(time.monotonic() - began < 20, "is ended")
    shown.SECONDS = seconds
    began = time.monotonic()
    tap.equal(failures("    $ sleep 30 & echo $! >daemon\n\n<!-- after: kill $(cat daemon) -->\n", True), [], "a daemon")
    tap.ok(time.monotonic() - began < 20, "is not waited for")


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["LEASEDIR"] = folder
        os.symlink(os.path.join(shown.SOURCE, "Makefile"), "Makefile")
        for name, test in list(globals().items()):
            if name.startswith("test_"):
                test()
        os.chdir("/")
    tap.finish()


main()
