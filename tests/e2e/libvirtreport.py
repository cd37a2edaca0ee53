#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""libvirtreport.py OURS THEIRS DIFFERENCES TABLE

Whether libvirtd sees the same with our lease helper and with its own, scene by scene, from the records OURS and THEIRS
of libvirtscenes.py; and the table of all answers beside each other, into TABLE.
"""

import json
import re
import sys

sys.path.insert(0, sys.path[0] + "/..")
from tap import Tap  # noqa: E402

MODULES = ("ours", "libvirt's")
# Scenes in which the helpers are to differ, by the reasons of the page DIFFERENCES
UNLIKE = {"a guest sends '\\xff\\xfe'": "lost"}
UNACCEPTED = "unaccepted"
# When the lease of two minutes ends does not depend on the scene, but in these
AT_ONCE = ("start", "shutdown", "lease ends", "all guests are gone")


def compare_views(tap, ours, theirs, reasons):
    tap.equal([view["scene"] for view in ours], [view["scene"] for view in theirs], "both had the same scenes")
    for our, their in zip(ours, theirs):
        scene = our["scene"]
        for view in (our, their):
            view["leases"] = [lease for lease in view["leases"] if scene in AT_ONCE or json.loads(lease)[0] != "short"]
        if our == their:
            tap.ok(True, f"libvirtd sees the same: {scene}")
        elif scene in UNLIKE:
            tap.ok(UNLIKE[scene] in reasons, f"libvirtd does not see the same, for a reason: {scene}")
        else:
            tap.equal(our["domains"], their["domains"], f"libvirtd sees the same of domains: {scene}")
            tap.ok(UNACCEPTED in reasons and our["leases"] == without_names(their["leases"], our["leases"]),
                   f"libvirtd sees the same but for a name that dnsmasq did not accept: {scene}",
                   *our["leases"], "", *their["leases"])


def without_names(theirs, ours):
    """Their leases, with our name, which is none, in the place of one that is no host name."""
    plain = {}
    for lease in ours:
        words = json.loads(lease)
        plain[tuple(words[:4])] = words
    result = []
    for lease in theirs:
        words = json.loads(lease)
        our = plain.get(tuple(words[:4]))
        if our and our[4] is None and words[4] and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}", words[4]):
            words[4] = None
        result.append(json.dumps(words))
    return sorted(result)


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
        lines += ["", f"Not like virsh, with {helper} lease helper:", ""]
        shown = {}
        for row in record["rows"]:
            for whose in MODULES:
                if row[whose] != row["virsh"]:
                    reason = f" [{row['reason']}]" if whose == "ours" else ""
                    said = {who: " ".join(row[who]) or "nothing" for who in (whose, "virsh")}
                    text = f"  {whose:10} {row['question']!a}: {said[whose]}{reason}; virsh: {said['virsh']}"
                    shown.setdefault(text, []).append(row["scene"])
        lines += [f"{text.rstrip()} ({len(at)} x, first in: {at[0]})" for text, at in shown.items()] or ["  none"]
    return "\n".join(lines) + "\n"


def main():
    paths, page, output = sys.argv[1:3], sys.argv[3], sys.argv[4]
    records = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            records.append(json.load(file))
    with open(page, encoding="utf-8") as file:
        reasons = set(re.findall(r"^``(\w+)``$", file.read(), re.MULTILINE))
    tap = Tap()
    compare_views(tap, records[0]["views"], records[1]["views"], reasons)
    text = table(records)
    with open(output, "w", encoding="ascii", errors="backslashreplace") as file:
        file.write(text)
    print("".join(f"# {line}\n" for line in text.splitlines()))
    tap.finish()


main()
