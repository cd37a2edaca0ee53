#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""docslinks.py SOURCE HTML

Does what the documents lead to exist? A case for each document: links in the pages of the folder HTML, links in the
Markdown files of SOURCE, files of the project that either names, such as tests/lib.sh, and cases that show a difference
from libvirt. What is on other machines is not asked for. Further, whether they say what the sources and the measurements
say: what "virt-names check" finds, how quick things are.
"""

import html.parser
import os
import re
import sys
import urllib.parse

import leasecases
import shown
from tap import Tap

LINK = re.compile(r"\[[^]]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ +(?P<text>.*)$", re.MULTILINE)
# Not in front of it: a letter of a longer path, such as that of a file of the system
NAMED = re.compile(r"(?<![\w./{-])(?P<path>(?:\.ci|bench|docs|gnulib|packaging|po|src|tests)/[\w./*-]*\w)")


# What docs/comparison.rst has for a difference: a case of the modules' tests, or one of leasecases.py
SHOWN_BY = re.compile(r"``(?P<case>nss\w+ /[\w/-]+)``|\"(?P<event>[^\"]+)\"")
# namesFound(setup, LEVEL, "id", ...); foundLine() and namesFindingsAdd() alike
FOUND = re.compile(r'\b(?:namesFound|namesFindingsAdd|foundLine)\((?P<before>[^";]*)"(?P<id>[a-z][a-z-]*)"')
CLAIM = re.compile(r'\{ VIR_NAMES_NOTE_\w+, "([a-z-]+)" \}')
EXPLAINED = re.compile(r"^\*\*(?P<id>[a-z-]+)\*\* \((?P<levels>.*)\)\n    \S", re.MULTILINE)
LEVEL = re.compile(r"OK|WARNING|PROBLEM")
ORDINALS = dict(enumerate("fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
                          "sixteenth seventeenth eighteenth nineteenth twentieth".split(), 4))
ROW = re.compile(r"^   \* - (?:(?!^   \* - |^\S).*\n)+", re.MULTILINE)


class Links(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.targets = []
        self.anchors = set()
        with open(path, encoding="utf-8") as file:
            self.feed(file.read())

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("href", "src"):
                self.targets.append(value)
            elif name in ("id", "name"):
                self.anchors.add(value)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def markdown_anchors(path):
    headings = (match["text"].lower() for match in HEADING.finditer(read(path)))
    return {re.sub(r"[^\w -]", "", heading).replace(" ", "-") for heading in headings}


def anchors(path):
    if path.endswith(".html"):
        return Links(path).anchors
    return markdown_anchors(path) if path.endswith(".md") else set()


def dead_links(path, targets):
    for target in targets:
        url = urllib.parse.urlsplit(target)
        if url.scheme or url.netloc:
            continue
        there = os.path.join(os.path.dirname(path), url.path) if url.path else path
        if not os.path.exists(there) or (url.fragment and url.fragment not in anchors(there)):
            yield target


def dead_names(source, text):
    for match in NAMED.finditer(text):
        path = match["path"]
        # "tests/vir*test.c" and "po/CODE.po" stand for many
        if not re.search(r"[*]|/[A-Z]+\b(?!\.(?:md|lesser))", path) and not os.path.exists(os.path.join(source, path)):
            yield path


def rows_without_case(source):
    """Yields rows of the comparison that are shown by nothing which libvirt's modules or helper were seen to do otherwise."""
    recorded = read(os.path.join(source, "docs", "comparison-cases.txt")).split("Not passed by the reference:")[1]
    differ = {line.split(": ")[0] for line in recorded.splitlines()}
    differ |= {case.name for case in leasecases.CASES if case.ours != case.theirs}
    for row in ROW.findall(read(os.path.join(source, "docs", "comparison.rst"))):
        cells = re.split(r"^     - ", row, flags=re.MULTILINE)
        shown = [match["case"] or match["event"] for match in SHOWN_BY.finditer(cells[-1])]
        if cells[-1].strip() != "shown by" and (not shown or len(cells) != 4 or not differ.issuperset(shown)):
            yield row


def cases_without_difference(source):
    """Yields what the comparison has for cases of the modules' tests, anywhere, and is none that libvirt's do not pass."""
    recorded = read(os.path.join(source, "docs", "comparison-cases.txt")).split("Not passed by the reference:")[1]
    differ = {line.split(": ")[0] for line in recorded.splitlines()}
    for case in re.findall(r"``(nss\w+ /[\w/-]+)``", read(os.path.join(source, "docs", "comparison.rst"))):
        if case not in differ:
            yield case


def literal_blocks(page):
    return [block for _, block in shown.blocks(read(page).splitlines(), False) if isinstance(block, list)]


def findings_of_sources(source):
    """What virt-names check can find, as "id LEVEL"."""
    folder = os.path.join(source, "src", "virt-names")
    text = "".join(read(os.path.join(folder, name)) for name in sorted(os.listdir(folder)) if name.startswith("namescheck"))
    found = {f'{match["id"]} {level}' for match in FOUND.finditer(text) for level in LEVEL.findall(match["before"])}
    return found | {f"{identity} WARNING" for identity in CLAIM.findall(text)}


def findings_of_manual(source):
    text = read(os.path.join(source, "docs", "virt-names.rst"))
    return {f'{match["id"]} {level}' for match in EXPLAINED.finditer(text) for level in LEVEL.findall(match["levels"])}


def table(source, name, title):
    """The rows of the table behind TITLE in a file with measurements, each as its cells, without the head."""
    text = read(os.path.join(source, "docs", name)).split(title, 1)[1]
    return [line.split() for line in text.strip("\n").split("\n\n")[0].splitlines()[1:]]


def speeds(source):
    """Yields documents, and what they are to say of speed by the measurements."""
    helper = min(float(row[-1]) for row in table(source, "performance-leaseshelper.txt", "lease folder on disk\n"))
    for name in ("README.md", "NEWS.md", "packaging/debian/control"):
        yield name, f"less than a {ORDINALS[int(helper)]}"
    modules = [float(row[-4]) for row in table(source, "performance.txt", "folder ") if row[:3] == ["1", "x", "250"]
               and row[-4] != "-"]
    least, most = (round(ratio) for ratio in (min(modules), max(modules)))
    yield "docs/performance.rst", f"take {least} to {most} times as long with 250 leases"
    yield "docs/performance.rst", f"lies {least} times above known names, or more, from 250 leases on"
    yield "README.md", f"between an {ORDINALS[least]} and a {ORDINALS[most]} of what it costs there"


def main(source, pages):
    tap = Tap()
    for name in sorted(os.listdir(pages)):
        path = os.path.join(pages, name)
        if name.endswith(".html"):
            tap.equal(list(dead_links(path, Links(path).targets)), [], f"{name}: links")
    for folder in (source, os.path.join(source, "docs")):
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            if name.endswith(".md"):
                targets = [match["target"] for match in LINK.finditer(read(path))]
                tap.equal(list(dead_links(path, targets)), [], f"{name}: links")
            if name.endswith((".md", ".rst")):
                tap.equal(list(dead_names(source, read(path))), [], f"{name}: files that it names")
    for name in sorted(os.listdir(pages)):
        page = os.path.join(source, "docs", name.split(".")[0] + ".rst")
        if name.endswith(".html"):
            tap.equal(len(literal_blocks(page)) + read(page).count("   :literal:\n"),
                      read(os.path.join(pages, name)).count('class="literal-block"'), f"{name}: shown.py knows each block")
    tap.equal(list(rows_without_case(source)), [], "comparison.rst: each row is shown by cases that differ")
    tap.equal(list(cases_without_difference(source)), [], "comparison.rst: so is what else it says")
    tap.equal(sorted(findings_of_manual(source)), sorted(findings_of_sources(source)),
              "virt-names.rst: each finding of check, with its levels")
    for name, phrase in speeds(source):
        tap.ok(phrase in " ".join(read(os.path.join(source, name)).split()), f"{name}: {phrase}")
    tap.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
