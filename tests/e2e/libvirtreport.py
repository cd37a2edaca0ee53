#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""libvirtreport.py OURS THEIRS PAGE TABLE SHOWN

Whether libvirtd sees the same with our lease helper and with its own, scene by scene, from the records OURS and THEIRS
of libvirtscenes.py, but for the reasons of the page PAGE; and the table of all answers beside each other, into TABLE,
which is to be that in the file SHOWN.
"""

import json
import sys

from libvirtview import SERVICES, is_hostname, reasons_of
sys.path.insert(0, sys.path[0] + "/..")
from tap import Tap  # noqa: E402

MODULES = ("ours", "libvirt's")
# What libvirt's modules do not have at all: one line of the table stands for all of it
NEVER = {"address": "names of an address", "list": "the list of everybody"}


def without(view, domain, mac):
    """What libvirtd sees without the leases of a MAC address, which is the domain's."""
    return {**view, "leases": [lease for lease in view["leases"] if lease[1] != mac],
            "domains": {**view["domains"], domain: []}}


def with_accepted_names(view, ours):
    """The view without the names that are no hostnames where ours has none."""
    nameless = [lease[:4] for lease in ours["leases"] if lease[4] is None]

    def accepted(lease):
        is_one = lease[4] is None or is_hostname(lease[4]) or lease[:4] not in nameless
        return lease if is_one else [*lease[:4], None, *lease[5:]]

    return {**view, "leases": [accepted(lease) for lease in view["leases"]]}


def compare_views(tap, ours, theirs):
    """Returns the reasons for which they are not the same."""
    seen = set()
    tap.equal([view["scene"] for view in ours], [view["scene"] for view in theirs], "both had the same scenes")
    for our, their in zip(ours, theirs):
        reason = None
        if "lost" in their:
            reason, our, lost = "lost", without(our, *their["lost"]), their.pop("lost")
            tap.equal(their, without(their, *lost), f"libvirtd has no lease of {lost[0]}: {our['scene']}")
        elif our != their:
            reason, their = "unaccepted", with_accepted_names(their, our)
        tap.equal(their, our, f"libvirtd sees the same: {our['scene']}" + (f" [{reason}]" if reason else ""))
        if reason:
            seen.add(reason)
    return seen


def differences(record):
    """What was not answered as virsh says it, and where. A list is not shown, because its lines are, and what the line
    of nsswitch.conf makes of it only if it is something else than what the service said."""
    found = {}
    for row in record["rows"]:
        for whose in MODULES:
            if row[whose] == row["virsh"]:
                continue
            if whose != "ours" and row["kind"] in NEVER and not row[whose]:
                text = f"  {whose:10} {NEVER[row['kind']]}: nothing"
            elif row["kind"] == "program" and row[whose] == ["not resolved"]:
                text = f"  {whose:10} ping, ssh and Python, by a name that is not found: not resolved"
            elif row["kind"] == "list" or is_repeated(row, whose, record["rows"]):
                continue
            else:
                question, said, by_virsh = (ascii(text)[1:-1] for text in (
                    row["question"], ", ".join(row[whose]) or "nothing", ", ".join(row["virsh"]) or "nothing"))
                reason = f" [{row['reason']}]" if whose == "ours" else ""
                text = f"  {whose:10} {question}: {said}{reason}; virsh: {by_virsh}"
            found.setdefault(text, []).append(row["scene"])
    return [f"{text} ({len(scenes)} x, first in: {scenes[0]})" for text, scenes in found.items()]


def is_repeated(row, whose, rows):
    """Whether a service has said the same to the same question in this scene, and virsh as well."""
    same = ("scene", "kind", "virsh", whose)
    questions = [row["question"].replace("getent ", f"getent -s hosts:{service} ") for service in SERVICES]
    return any(other["question"] in questions and all(other[key] == row[key] for key in same)
               for other in rows if other["question"] != row["question"])


def table(records):
    scenes = list(dict.fromkeys(row["scene"] for record in records for row in record["rows"]))
    lines = [f"{'':44}{'our lease helper':>27}{'libvirt' + chr(39) + 's lease helper':>27}",
             f"{'scene':44}" + f"{'asked':>7}{'ours':>8}{'libvirt' + chr(39) + 's':>12}" * 2, ""]
    sums = [0] * 6
    for scene in scenes:
        numbers = []
        for record in records:
            rows = [row for row in record["rows"] if row["scene"] == scene]
            numbers += [len(rows), *(sum(row[whose] == row["virsh"] for row in rows) for whose in MODULES)]
        sums = [one + other for one, other in zip(sums, numbers)]
        lines.append(f"{scene:44}" + "{:7}{:8}{:12}{:7}{:8}{:12}".format(*numbers))
    lines += ["", f"{'all':44}" + "{:7}{:8}{:12}{:7}{:8}{:12}".format(*sums), ""]
    for record in records:
        helper = "our" if record["helper"] == "ours" else "libvirt's"
        lines += ["", f"Not like virsh, with {helper} lease helper:", "", *differences(record)]
    return "\n".join(lines) + "\n"


def main():
    paths, page, output, shown = sys.argv[1:3], sys.argv[3], sys.argv[4], sys.argv[5]
    records = []
    for path in paths:
        with open(path, encoding="ascii") as file:
            records.append(json.load(file))
    tap = Tap()
    seen = compare_views(tap, *(record["views"] for record in records))
    seen |= {reason for record in records for row in record["rows"] for reason in row["reason"].split()}
    tap.equal(sorted(seen), sorted(reasons_of(page)), f"{page} gives the reasons that there are")
    text = table(records)
    with open(output, "w", encoding="ascii", errors="backslashreplace") as file:
        file.write(text)
    print("".join(f"# {line}\n" for line in text.splitlines()))
    with open(shown, encoding="ascii") as file:
        tap.ok(file.read() == text, f"{shown} shows what was seen", f"diff {shown} {output}")
    tap.finish()


main()
