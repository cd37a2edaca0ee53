#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""watch.py FOLDER JSON: reads what "virt-names watch --json" prints, copies it to the file JSON, and prints each event
as "SECONDS EVENT SERVICE NAME ADDRESS [from OLD]", as soon as it comes. The seconds are those since FOLDER or a file in
it was changed or, for a lease that has expired by time, those since its last second.

watch.py --replay JSON: reads what "virt-names list --json" prints, and prints what the events in the file JSON would
have somebody believe who has heard nothing else, where that is different."""

import json
import os
import sys
import time


def changed(folder):
    """When a file in the folder was written last, came or went."""
    times = [0]
    for path in (folder, *(entry.path for entry in os.scandir(folder))):
        try:
            times.append(os.stat(path).st_mtime_ns)
        except FileNotFoundError:
            pass
    return max(times) / 1e9


def follow(folder, copy):
    with open(copy, "w", encoding="utf-8") as file:
        for line in sys.stdin:
            now = time.time()
            event = json.loads(line)
            began = changed(folder)
            if event["event"] == "expired":
                began = max(began, event["expires"] + 1)
            old = event.get("old-address") or event.get("old-name")
            print(f"{max(0, now - began):.3f}", event["event"], event["service"], event["name"], event["address"],
                  *(["from", old] if old else []), flush=True)
            print(line, end="", file=file, flush=True)


def key(event, **old):
    return tuple({**event, **old}[member] for member in ("service", "name", "address"))


def replay(events):
    state = {}
    for event in events:
        kind = event["event"]
        before = {"moved": key(event, address=event.get("old-address")),
                  "renamed": key(event, name=event.get("old-name"))}
        if kind not in ("present", "added") and state.pop(before.get(kind, key(event)), None) is None:
            print("unknown until then:", event)
        if kind not in ("gone", "expired"):
            state[key(event)] = (event["mac"], event["expires"])
    return state


def main(arguments):
    if arguments[0] != "--replay":
        follow(*arguments)
        return
    with open(arguments[1], encoding="utf-8") as file:
        believed = replay(map(json.loads, file))
    true = {key(row): (row["mac"], row["expires"]) for row in json.load(sys.stdin)["names"]}
    for row in sorted({*believed, *true}):
        if believed.get(row) != true.get(row):
            print(*row, "is", true.get(row), "believed", believed.get(row))


main(sys.argv[1:])
