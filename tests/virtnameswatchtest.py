#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""virtnameswatchtest.py VIRT_NAMES: what "virt-names watch" tells of folders that this test makes, and how soon."""

import collections
import json
import os
import pty
import queue
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from tap import WRAPPER, Tap

PROGRAM = [*WRAPPER, os.path.abspath(sys.argv[1])]
SLOW = 4 if WRAPPER else 3 if os.environ.get("NSS_TEST_SANITIZED") else 1
# An event is to come within a second; machines are shared, so that a case fails later
LIMIT = 3 * SLOW
# That watches are used up glib does not say: then there is a look every so many seconds
IDLE = 5
# In which nothing must come, where nothing is to come
QUIET = 0.4 * SLOW
NEVER = 4000000000
MEMBERS = {"time", "event", "name", "service", "address", "mac", "network", "bridge", "expires", "expired"}

tap = Tap()
latencies = []
top = tempfile.TemporaryDirectory(prefix="virtnameswatch-")
os.chmod(top.name, 0o755)


# ---- files ----

def lease(last, hostname, expiry=NEVER, mac=None, **members):
    """The lease of the address 10.0.0.LAST; the MAC address ends with LAST unless MAC says otherwise."""
    return {"ip-address": f"10.0.0.{last}", "mac-address": f"52:54:00:00:00:{mac or last:02x}", "hostname": hostname,
            "expiry-time": expiry, **members}


def domain(name, *macs):
    return {"domain": name, "macs": [f"52:54:00:00:00:{mac:02x}" for mac in macs]}


def text_of(content):
    return content if isinstance(content, bytes) else json.dumps(content).encode()


class Folder:
    """A folder of its own."""

    def __init__(self, name="leases", make=True, above=None):
        self.above = above or tempfile.mkdtemp(dir=top.name)
        os.chmod(self.above, 0o755)
        self.path = os.path.join(self.above, name)
        if make:
            os.makedirs(self.path)

    def file(self, name):
        return os.path.join(self.path, name)

    def replace(self, name, content):
        """As the lease helper and libvirtd write."""
        with open(self.file(name + ".new"), "wb") as file:
            file.write(text_of(content))
        os.rename(self.file(name + ".new"), self.file(name))

    def write(self, name, content):
        with open(self.file(name), "wb") as file:
            file.write(text_of(content))

    def remove(self, name):
        os.unlink(self.file(name))


def folder_with(*leases):
    folder = Folder()
    folder.replace("virbr0.status", list(leases))
    return folder


# ---- the program ----

Line = collections.namedtuple("Line", "when text")


def told(line):
    """A line of JSON in short: event, service, name, address, and how it was."""
    try:
        event = json.loads(line)
    except ValueError:
        return f"no JSON: {line!r}"
    was = event.get("old-address") or event.get("old-name")
    words = [event[member] for member in ("event", "service", "name", "address")]
    return " ".join(words + (["from", was] if was else []))


class Watch:
    """A running "virt-names watch", and its lines with the time at which each came."""

    def __init__(self, folder, *options, as_json=True, environment=None, before=(), read=True, **popen):
        command = [*before, *PROGRAM, "watch", *(["--json"] if as_json else []), "--leasedir",
                   getattr(folder, "path", folder), *options]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})},
                                        **{"stdout": subprocess.PIPE, **popen})
        self.lines = queue.Queue()
        if read:
            threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(Line(time.monotonic(), line))

    def pid(self):
        """Under valgrind.sh, or another program, that is not the process that was started."""
        pid = self.process.pid
        while WRAPPER:
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
                below = children.read().split()
            if not below:
                break
            pid = int(below[0])
        return pid

    def armed(self, limit=LIMIT):
        """Waits until the program watches something, and then until it has read what is there."""
        end = time.monotonic() + limit
        while time.monotonic() < end and not self.has_watch():
            time.sleep(0.01)
        time.sleep(0.2 * SLOW)
        return self

    def has_watch(self):
        try:
            for fd in os.listdir(f"/proc/{self.pid()}/fdinfo"):
                with open(f"/proc/{self.pid()}/fdinfo/{fd}", encoding="ascii") as file:
                    if "inotify wd:" in file.read():
                        return True
        except OSError:
            pass
        return False

    def take(self, count, limit=LIMIT):
        """The next so many lines, or those that come within the limit."""
        end = time.monotonic() + limit
        lines = []
        while len(lines) < count:
            try:
                lines.append(self.lines.get(timeout=max(0, end - time.monotonic())))
            except queue.Empty:
                break
        return lines

    def expect(self, began, expected, name, limit=LIMIT):
        """Lines of JSON that are to come of what was done since the moment began."""
        lines = self.take(len(expected), limit)
        if len(lines) == len(expected) and lines:
            latencies.append((lines[-1].when - began, name))
        tap.equal([told(line.text) for line in lines], expected, name)
        return [json.loads(line.text) for line in lines]

    def present(self, *expected):
        """With --present: what was there at the start. Then the program knows everything."""
        lines = self.take(len(expected), 10 * SLOW)
        if [told(line.text) for line in lines] != ["present " + text for text in expected]:
            tap.equal([told(line.text) for line in lines], list(expected), "what is there at the start")
        return self

    def quiet(self, name):
        tap.equal([line.text for line in self.take(1, QUIET)], [], name)

    def wait(self, limit=LIMIT):
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "still there"

    def ended(self, name, status=0, message=b""):
        """Waits for the end, which must come soon."""
        got = self.wait()
        error = self.process.stderr.read()
        self.process.stderr.close()
        tap.ok((got, bool(error)) == (status, bool(message)) and message in error, name, got, error)

    def stop(self, name="ends when it is told to", signum=signal.SIGTERM):
        began = time.monotonic()
        os.kill(self.pid(), signum)
        self.ended(name)
        latencies.append((time.monotonic() - began, name))


def since():
    return time.monotonic()


# ---- what is told ----

def test_start():
    folder = folder_with(lease(1, "web"))
    watch = Watch(folder).armed()
    watch.quiet("nothing is told of what is there at the start")
    began = since()
    folder.replace("virbr0.status", [lease(1, "web"), lease(2, "db")])
    watch.expect(began, ["added libvirt db 10.0.0.2"], "what comes later is told")
    watch.stop()
    folder.replace("virbr0.macs", [domain("shop", 1)])
    folder.replace("default.addnhosts", b"10.0.0.9 gate\n")
    watch = Watch(folder, "--present")
    got = sorted(told(line.text) for line in watch.take(4))
    tap.equal(got, ["present libvirt db 10.0.0.2", "present libvirt web 10.0.0.1",
                    "present libvirt_guest shop 10.0.0.1", "present static gate 10.0.0.9"], "--present tells it")
    watch.quiet("once")
    watch.stop()


def test_leases():
    folder = folder_with(lease(1, "web", 3000000000))
    watch = Watch(folder, "--present").present("libvirt web 10.0.0.1")
    steps = [
        ("added", [lease(1, "web", 3000000000), lease(2, "db")], ["added libvirt db 10.0.0.2"]),
        ("renewed", [lease(1, "web", 3000003600), lease(2, "db")], ["renewed libvirt web 10.0.0.1"]),
        ("moved", [lease(3, "web", 3000003600, mac=1), lease(2, "db")],
         ["moved libvirt web 10.0.0.3 from 10.0.0.1"]),
        ("renamed", [lease(3, "shop", 3000003600, mac=1), lease(2, "db")],
         ["renamed libvirt shop 10.0.0.3 from web"]),
        ("gone", [lease(3, "shop", 3000003600, mac=1)], ["gone libvirt db 10.0.0.2"]),
        ("rewritten without a change", [lease(3, "shop", 3000003600, mac=1)], []),
        ("everything at once", [lease(3, "a", mac=1), lease(4, "b", mac=4), lease(5, "c", mac=5)],
         ["renamed libvirt a 10.0.0.3 from shop", "added libvirt b 10.0.0.4", "added libvirt c 10.0.0.5"]),
        ("addresses swapped", [lease(3, "a", mac=1), lease(5, "b", mac=4), lease(4, "c", mac=5)],
         ["moved libvirt b 10.0.0.5 from 10.0.0.4", "moved libvirt c 10.0.0.4 from 10.0.0.5"]),
        ("host and domain", [lease(3, "a", mac=1, domain="lab"), lease(5, "b", mac=4), lease(4, "c", mac=5)],
         ["added libvirt a.lab 10.0.0.3"]),
        ("both renamed", [lease(3, "z", mac=1, domain="lab"), lease(5, "b", mac=4), lease(4, "c", mac=5)],
         ["renamed libvirt z.lab 10.0.0.3 from a.lab", "renamed libvirt z 10.0.0.3 from a"]),
        ("the last ones", [], ["gone libvirt z.lab 10.0.0.3", "gone libvirt z 10.0.0.3", "gone libvirt b 10.0.0.5",
                               "gone libvirt c 10.0.0.4"]),
    ]
    for name, leases, expected in steps:
        began = since()
        folder.replace("virbr0.status", leases)
        if expected:
            watch.expect(began, expected, f"leases: {name}")
        else:
            watch.quiet(f"leases: {name}")
    watch.quiet("and nothing more")
    watch.stop()


def test_ways_of_writing():
    folder = Folder()
    watch = Watch(folder).armed()
    began = since()
    folder.write("virbr0.status", [lease(1, "web")])
    watch.expect(began, ["added libvirt web 10.0.0.1"], "a file is made in place")
    began = since()
    folder.write("virbr0.status", [lease(1, "web"), lease(2, "db")])
    watch.expect(began, ["added libvirt db 10.0.0.2"], "a file is written in place")
    began = since()
    with open(folder.file("virbr0.status"), "r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(text_of([lease(3, "log")]).replace(b"[", b",", 1))
        file.flush()
        watch.expect(began, ["added libvirt log 10.0.0.3"], "a file grows while it is open for writing")
    began = since()
    folder.remove("virbr0.status")
    watch.expect(began, [f"gone libvirt {name}" for name in ("web 10.0.0.1", "db 10.0.0.2", "log 10.0.0.3")],
                 "a file is deleted")
    other = folder_with(lease(1, "web"))
    began = since()
    os.rename(other.file("virbr0.status"), folder.file("virbr1.status"))
    watch.expect(began, ["added libvirt web 10.0.0.1"], "a file is moved into the folder")
    began = since()
    os.rename(folder.file("virbr1.status"), other.file("virbr0.status"))
    watch.expect(began, ["gone libvirt web 10.0.0.1"], "a file is moved out of the folder")
    began = since()
    os.symlink(other.file("virbr0.status"), folder.file("virbr0.status"))
    watch.expect(began, ["added libvirt web 10.0.0.1"], "a link to a file is made")
    os.link(other.file("virbr0.status"), folder.file("virbr2.status"))
    os.unlink(folder.file("virbr0.status"))
    watch.quiet("the same lease in a file of another name is no change")
    for name in ("dnsmasq.leases", "virbr0.status.new", "x"):
        folder.write(name, [lease(9, "nine")])
    watch.quiet("files that the modules do not read are of no interest")
    watch.stop()


def test_expired():
    """By time alone: the file stays as it is."""
    end = int(time.time()) + 2 + SLOW // 2
    folder = folder_with(lease(1, "web", end), lease(2, "db"), lease(3, "old", int(time.time()) - 5))
    watch = Watch(folder, "--present").present("libvirt web 10.0.0.1", "libvirt db 10.0.0.2")
    lines = watch.take(1, LIMIT + 2 + SLOW)
    late = time.time() - (end + 1)
    tap.equal([told(line.text) for line in lines], ["expired libvirt web 10.0.0.1"], "a lease runs out")
    tap.ok(0 <= late < LIMIT, "when its last second has passed, and at once", late)
    latencies.append((late, "a lease runs out"))
    event = json.loads(lines[0].text) if lines else {}
    tap.equal((event.get("expires"), event.get("expired")), (end, True), "and the event says so")
    folder.replace("virbr0.status", [lease(2, "db")])
    watch.quiet("that dnsmasq takes it off the list later is no news")
    began = since()
    folder.replace("virbr0.status", [lease(2, "db"), lease(1, "web")])
    watch.expect(began, ["added libvirt web 10.0.0.1"], "it comes back")
    end = int(time.time()) + 1
    folder.replace("virbr0.status", [lease(2, "db"), lease(1, "web", end)])
    tap.equal([told(line.text) for line in watch.take(1)], ["renewed libvirt web 10.0.0.1"], "shortened")
    while time.time() < end:
        time.sleep(0.01)
    folder.replace("virbr0.status", [lease(2, "db")])
    tap.equal([told(line.text) for line in watch.take(1)], ["expired libvirt web 10.0.0.1"],
              "taken off the list in its last second, as dnsmasq does, it has expired")
    watch.stop()


def test_hostile_expiry():
    for expiry in (9223372036854775807, 9223372036854775, -9223372036854775808, 253402300800, 0):
        folder = folder_with(lease(1, "web", expiry), lease(2, "db", int(time.time()) + 2 * SLOW))
        watch = Watch(folder, "--present")
        present = watch.take(1 + (expiry >= 0))
        tap.equal(len(present), 1 + (expiry >= 0), f"expiry {expiry}: present")
        tap.equal([told(line.text) for line in watch.take(1, LIMIT + 3 * SLOW)], ["expired libvirt db 10.0.0.2"],
                  f"expiry {expiry}: another lease runs out in time")
        began = since()
        folder.replace("virbr0.status", [lease(1, "web", 9223372036854775806)])
        event = "renewed" if expiry >= 0 else "added"
        watch.expect(began, [f"{event} libvirt web 10.0.0.1"], f"expiry {expiry}: changed")
        watch.stop()
    listed = subprocess.run([*PROGRAM, "list", "--expired", "--leasedir",
                             folder_with(lease(1, "web", -9223372036854775808)).path], capture_output=True, check=False)
    tap.ok((listed.returncode, listed.stderr) == (0, b"") and b" ago" in listed.stdout, "the least is long ago", listed)
    watch = Watch(folder_with(lease(1, "web", 9223372036854775807)), "--present", as_json=False)
    tap.ok(b"9223372036854775807" not in b"".join(line.text for line in watch.take(1)), "and is text")
    watch.stop()


def test_static():
    folder = Folder()
    watch = Watch(folder).armed()
    began = since()
    folder.replace("default.addnhosts", b"10.0.0.9\tgate\tgate.lab\nfd00::9 gate\n")
    watch.expect(began, ["added static gate 10.0.0.9", "added static gate.lab 10.0.0.9", "added static gate fd00::9"],
                 "a network declares names")
    began = since()
    folder.replace("default.addnhosts", b"fd00::9 gate\n")
    watch.expect(began, ["gone static gate 10.0.0.9", "gone static gate.lab 10.0.0.9"], "and less of them")
    began = since()
    folder.replace("virbr0.status", [lease(1, "gate")])
    watch.expect(began, ["added libvirt gate 10.0.0.1"], "a guest has one in the other family")
    began = since()
    folder.write("default.addnhosts", b"10.0.0.8 gate\n")
    watch.expect(began, ["gone libvirt gate 10.0.0.1", "gone static gate fd00::9", "added static gate 10.0.0.8"],
                 "which it must not have once it is declared")
    began = since()
    folder.remove("default.addnhosts")
    watch.expect(began, ["gone static gate 10.0.0.8", "added libvirt gate 10.0.0.1"], "the network declares no more")
    watch.quiet("and that is all")
    watch.stop()


def test_domains():
    folder = folder_with(lease(1, "web"), lease(2, ""))
    watch = Watch(folder, "--present").present("libvirt web 10.0.0.1")
    began = since()
    folder.replace("virbr0.macs", [domain("shop", 1), domain("Lab 1", 2)])
    watch.expect(began, ["added libvirt_guest shop 10.0.0.1", "added libvirt_guest Lab 1 10.0.0.2"],
                 "a map of MAC addresses names domains")
    began = since()
    folder.replace("virbr0.status", [lease(3, "web", mac=1), lease(2, "")])
    watch.expect(began, ["moved libvirt web 10.0.0.3 from 10.0.0.1", "moved libvirt_guest shop 10.0.0.3 from 10.0.0.1"],
                 "a domain moves with its guest")
    began = since()
    folder.replace("virbr0.macs", [domain("store", 1), domain("Lab 1", 2)])
    watch.expect(began, ["renamed libvirt_guest store 10.0.0.3 from shop"], "a domain is renamed")
    began = since()
    folder.replace("virbr0.macs", [domain("web", 2)])
    watch.expect(began, ["gone libvirt web 10.0.0.3", "gone libvirt_guest store 10.0.0.3",
                         "renamed libvirt_guest web 10.0.0.2 from Lab 1"], "a guest loses its name to another's domain")
    began = since()
    folder.remove("virbr0.macs")
    watch.expect(began, ["gone libvirt_guest web 10.0.0.2", "added libvirt web 10.0.0.3"], "the map is deleted")
    watch.stop()


def test_nomac():
    """A DHCPv6 lease whose MAC address becomes known goes from one file to the other."""
    six = {"ip-address": "fd00::6", "hostname": "six", "expiry-time": NEVER}
    folder = Folder()
    folder.replace("virbr0.status.nomac", [six])
    watch = Watch(folder, "--present").present("libvirt six fd00::6")
    began = since()
    folder.replace("virbr0.status", [{**six, "mac-address": "52:54:00:00:00:06"}])
    folder.remove("virbr0.status.nomac")
    event = watch.expect(began, ["renewed libvirt six fd00::6"], "a MAC address becomes known")
    tap.equal([one["mac"] for one in event], ["52:54:00:00:00:06"], "and is told")
    watch.stop()


def test_members():
    """Each line is one object with the members that the manual names."""
    folder = folder_with(lease(1, "web"))
    folder.replace("default.conf", b"strict-order\ninterface=virbr0\n")
    watch = Watch(folder, "--present")
    lines = watch.take(1)
    steps = [[lease(1, "web", NEVER - 1)], [lease(2, "web", NEVER - 1, mac=1)], [lease(2, "db", NEVER - 1, mac=1)],
             [lease(2, "db", NEVER - 1, mac=1), lease(3, "short", int(time.time()) + 2 + SLOW)], []]
    began = int(time.time())
    for leases in steps:
        folder.replace("virbr0.status", leases)
        lines += watch.take(1)
        if leases and leases[-1]["hostname"] == "short":
            lines += watch.take(1, LIMIT + 3 + SLOW)
    folder.replace("default.addnhosts", b"fd00::9 gate\n")
    lines += watch.take(1)
    events = [json.loads(line.text) for line in lines]
    tap.equal([event["event"] for event in events],
              ["present", "renewed", "moved", "renamed", "added", "expired", "gone", "added"], "every event")
    for event in events:
        more = {"moved": {"old-address"}, "renamed": {"old-name"}}.get(event["event"], set())
        tap.equal(set(event), MEMBERS | more, f"members of {event['event']} {event['name']}")
    tap.equal([events[1][member] for member in ("name", "service", "address", "mac", "network", "bridge", "expires")],
              ["web", "libvirt", "10.0.0.1", "52:54:00:00:00:01", "default", "virbr0", NEVER - 1], "a lease's")
    tap.equal([events[7][member] for member in ("name", "service", "address", "mac", "network", "bridge", "expires")],
              ["gate", "static", "fd00::9", None, "default", "virbr0", 0], "a declared name's")
    tap.equal((events[2]["old-address"], events[3]["old-name"]), ("10.0.0.1", "web"), "what was before")
    tap.equal([event["expired"] for event in events], [False] * 5 + [True, False, False], "what has expired")
    times = [event["time"] for event in events]
    tap.ok(all(isinstance(when, int) and began - LIMIT <= when <= time.time() for when in times), "times", times)
    tap.ok(all(line.text.count(b"\n") == 1 and line.text.endswith(b"}\n") for line in lines), "a line each")
    watch.stop()


def test_text():
    folder = folder_with(lease(1, "web", int(time.time()) + 3599))
    watch = Watch(folder, "--present", as_json=False)
    for leases, line in [
        (None, r"present  web  10\.0\.0\.1  libvirt virbr0  expires in 59m.*"),
        ([lease(1, "web", int(time.time()) + 7300)], r"renewed  web  10\.0\.0\.1  libvirt virbr0  expires in 2h.*"),
        ([lease(2, "web", 0, mac=1)], r"moved    web  10\.0\.0\.2  libvirt virbr0  from 10\.0\.0\.1"),
        ([lease(2, "db", 0, mac=1)], r"renamed  db  10\.0\.0\.2  libvirt virbr0  from web"),
        ([lease(2, "db", 0, mac=1), lease(3, "log", 0)], r"added    log  10\.0\.0\.3  libvirt virbr0  never expires"),
        ([lease(3, "log", 0)], r"gone     db  10\.0\.0\.2  libvirt virbr0"),
    ]:
        if leases is not None:
            folder.replace("virbr0.status", leases)
        got = b"".join(line.text for line in watch.take(1)).decode()
        tap.ok(re.fullmatch(r"\d\d:\d\d:\d\d  " + line + r"\n", got), f"text: {line}", got)
    watch.stop()


def test_hostile_names():
    names = ["\x1b[2Jesc", "new\nline", "tab\there", "\u202eoverride", "\u2066isolate", "csi\u009b31m", "del\x7f",
             "sep\u2028arator", 'quo"te', "back\\slash", "\U000e0041tag", "snow\u2603man", "\ufeffmark"]
    raw = json.dumps([domain(name, i + 1) for i, name in enumerate(names)], ensure_ascii=False).encode()
    raw = raw.replace(b"override", b"over\xff\xfe\xc0\xafride")
    leases = [lease(i + 1, "") for i in range(len(names))]
    for as_json in (True, False):
        folder = folder_with(*leases)
        watch = Watch(folder, as_json=as_json).armed()
        folder.replace("virbr0.macs", raw)
        lines = [line.text for line in watch.take(len(names))]
        folder.remove("virbr0.macs")
        lines += [line.text for line in watch.take(len(names))]
        how = "JSON" if as_json else "text"
        tap.equal(len(lines), 2 * len(names), f"{how}: a line for each domain")
        output = b"".join(lines)
        tap.ok(not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", output), f"{how}: no control characters", output)
        shown = output.decode(errors="replace")
        tap.ok("\ufffd" not in shown if not as_json else True, f"{how}: is UTF-8", output)
        bad = [f"{ord(char):x}" for char in shown if ord(char) in (*range(0x80, 0xa0), *range(0x200b, 0x2010),
               *range(0x2028, 0x202f), *range(0x2060, 0x2070), 0xfeff) or 0xe0000 <= ord(char) < 0xe0080]
        tap.equal(bad, [], f"{how}: nothing that turns, breaks or hides text")
        tap.ok("snow\u2603man" in shown, f"{how}: what can be shown is", output)
        if as_json:
            got = [json.loads(line)["name"] for line in lines[:len(names)]]
            tap.equal([name for name in got if "over" not in name], [name for name in names if "over" not in name],
                      "JSON: says the same names")
            tap.ok(all(len(line.decode().splitlines()) == 1 for line in lines), "JSON: a line each for whoever splits")
        watch.stop()


def test_old_name_is_shown_safely():
    for as_json in (True, False):
        folder = folder_with(lease(1, ""))
        folder.replace("virbr0.macs", [domain("\x1b\u202ebad", 1)])
        watch = Watch(folder, "--present", as_json=as_json)
        lines = watch.take(1)
        folder.replace("virbr0.macs", [domain("good", 1)])
        output = b"".join(line.text for line in lines + watch.take(1)).decode()
        tap.ok("good" in output and not re.search("[\x1b\u202e]", output), f"former name, JSON: {as_json}", output)
        watch.stop()


# ---- files that are damaged ----

def test_damaged():
    good = [lease(1, "web"), lease(2, "db")]
    whole = json.dumps(good, indent=2).encode()
    folder = Folder()
    folder.replace("virbr0.status", whole)
    folder.replace("virbr1.status", [lease(7, "seven")])
    watch = Watch(folder, "--present").present("libvirt web 10.0.0.1", "libvirt db 10.0.0.2", "libvirt seven 10.0.0.7")
    for name, content in [("cut off in a lease", whole[:-2].rstrip(b"]\n ") + b', {"ip-address": "10.0.0.3", "host'),
                          ("without its end", whole.rstrip(b"]")),
                          ("with rubbish at its end", whole + b"\0\xff{{{"),
                          ("with rubbish inside", whole.replace(b"[", b"[ {]}, xyz, 12, ", 1)),
                          ("mended", whole)]:
        folder.replace("virbr0.status", content)
        watch.quiet(f"a file {name}: good leases do not flicker")
    began = since()
    folder.replace("virbr0.status", whole.rstrip(b"]\n ") + b", " + text_of(lease(3, "log")))
    watch.expect(began, ["added libvirt log 10.0.0.3"], "a lease is added to a damaged file")
    for _ in range(20):
        folder.write("virbr1.status", b"\xff\xff{")
        folder.write("virbr1.status", [lease(7, "seven")])
        time.sleep(0.03)
    lines = [told(line.text) for line in watch.take(100, QUIET)]
    tap.ok(all("seven" in line for line in lines), "a file written badly again and again costs itself alone", lines)
    os.unlink(folder.file("virbr1.status"))
    os.mkfifo(folder.file("virbr1.status"))
    began = since()
    folder.replace("virbr0.status", [lease(1, "web"), lease(2, "db")])
    got = [told(line.text) for line in watch.take(2)]
    tap.ok("gone libvirt log 10.0.0.3" in got, "a FIFO does not hold it up", got)
    watch.stop()


# ---- folders that come, change and go ----

def test_folder_comes():
    for name, missing in [("a folder", "leases"), ("two levels", "lib/leases"), ("four levels", "a/b/c/leases")]:
        folder = Folder(missing, make=False)
        watch = Watch(folder).armed()
        began = since()
        os.makedirs(folder.path)
        folder.replace("virbr0.status", [lease(1, "web")])
        watch.expect(began, ["added libvirt web 10.0.0.1"], f"{name} that was missing is made, with a lease")
        began = since()
        folder.replace("virbr0.status", [])
        watch.expect(began, ["gone libvirt web 10.0.0.1"], f"{name}: and watched from then on")
        began = since()
        shutil.rmtree(folder.path)
        os.makedirs(folder.path)
        folder.replace("virbr0.status", [lease(2, "db")])
        watch.expect(began, ["added libvirt db 10.0.0.2"], f"{name}: removed and made again at once")
        began = since()
        shutil.rmtree(os.path.join(folder.above, missing.split("/")[0]))
        watch.expect(began, ["gone libvirt db 10.0.0.2"], f"{name}: removed")
        time.sleep(0.3)
        step = folder.above
        for part in missing.split("/"):
            step = os.path.join(step, part)
            os.mkdir(step)
            time.sleep(0.15)
        began = since()
        folder.replace("virbr0.status", [lease(3, "log")])
        watch.expect(began, ["added libvirt log 10.0.0.3"], f"{name}: made again step by step")
        watch.stop()


def test_folder_replaced():
    for depth in (0, 1):
        folder = Folder("upper/leases")
        folder.replace("virbr0.status", [lease(1, "web")])
        other = Folder("upper/leases")
        other.replace("virbr0.status", [lease(2, "db")])
        watch = Watch(folder, "--present").present("libvirt web 10.0.0.1")
        mine, its = [os.path.dirname(one.path) if depth else one.path for one in (folder, other)]
        name = "the folder above it" if depth else "the folder"
        began = since()
        os.rename(mine, mine + ".old")
        os.rename(its, mine)
        watch.expect(began, ["gone libvirt web 10.0.0.1", "added libvirt db 10.0.0.2"], f"{name} is replaced")
        began = since()
        folder.replace("virbr0.status", [lease(3, "log")])
        watch.expect(began, ["gone libvirt db 10.0.0.2", "added libvirt log 10.0.0.3"], f"{name}: and watched then")
        began = since()
        os.rename(mine, mine + ".away")
        watch.expect(began, ["gone libvirt log 10.0.0.3"], f"{name} is renamed")
        with open(os.path.join(mine + ".away", "" if not depth else "leases", "virbr0.status"), "wb") as file:
            file.write(text_of([lease(4, "four")]))
        watch.quiet(f"{name}: what goes on under the other name is of no interest")
        began = since()
        os.rename(mine + ".old", mine)
        watch.expect(began, ["added libvirt web 10.0.0.1"], f"{name}: the first one is back")
        watch.stop()


def switch(link, target):
    os.symlink(target, link + ".new")
    os.rename(link + ".new", link)


def test_links():
    for kind in ("the folder", "a folder above it", "a link to a link"):
        one, two = Folder("upper/leases"), Folder("upper/leases")
        one.replace("virbr0.status", [lease(1, "web")])
        two.replace("virbr0.status", [lease(2, "db")])
        link = os.path.join(tempfile.mkdtemp(dir=top.name), "link")
        is_above = kind == "a folder above it"
        targets = [os.path.dirname(folder.path) if is_above else folder.path for folder in (one, two)]
        path = link + "/leases" if is_above else link
        os.symlink(targets[0], link)
        if kind == "a link to a link":
            path = os.path.join(tempfile.mkdtemp(dir=top.name), "outer")
            os.symlink(link, path)
        watch = Watch(path, "--present").present("libvirt web 10.0.0.1")
        began = since()
        one.replace("virbr0.status", [lease(3, "log")])
        watch.expect(began, ["gone libvirt web 10.0.0.1", "added libvirt log 10.0.0.3"], f"behind a link for {kind}")
        began = since()
        switch(link, targets[1])
        watch.expect(began, ["gone libvirt log 10.0.0.3", "added libvirt db 10.0.0.2"], f"{kind}: the link is switched")
        began = since()
        two.replace("virbr0.status", [])
        watch.expect(began, ["gone libvirt db 10.0.0.2"], f"{kind}: what it leads to now is watched")
        one.replace("virbr0.status", [lease(4, "four")])
        watch.quiet(f"{kind}: what it led to is of no interest")
        two.replace("virbr0.status", [lease(5, "five")])
        watch.take(1)
        began = since()
        switch(link, "nowhere/at/all")
        watch.expect(began, ["gone libvirt five 10.0.0.5"], f"the link for {kind} leads nowhere")
        began = since()
        os.makedirs(os.path.join(os.path.dirname(link), "nowhere/at/all/leases"))
        nowhere = Folder("leases" if path.endswith("/leases") else "", make=False,
                         above=os.path.join(os.path.dirname(link), "nowhere/at/all"))
        nowhere.replace("virbr0.status", [lease(6, "six")])
        watch.expect(began, ["added libvirt six 10.0.0.6"], f"{kind}: and then somewhere")
        watch.stop()


def test_strange_names():
    """Relative ones, with dots, slashes at the end, links in a circle."""
    folder = folder_with(lease(1, "web"))
    for name, path in [("relative", "leases"), ("with dots", "./leases/../leases/."), ("with slashes", "leases///")]:
        watch = Watch(path, "--present", cwd=folder.above).present("libvirt web 10.0.0.1")
        began = since()
        folder.replace("virbr0.status", [lease(2, "db")])
        watch.expect(began, ["gone libvirt web 10.0.0.1", "added libvirt db 10.0.0.2"], f"a name that is {name}")
        folder.replace("virbr0.status", [lease(1, "web")])
        watch.stop()
    other = folder_with(lease(3, "log"))
    os.mkdir(other.file("below"))
    os.symlink(other.file("below"), os.path.join(folder.above, "link"))
    watch = Watch("link/..", "--present", cwd=folder.above).present("libvirt log 10.0.0.3")
    began = since()
    other.replace("virbr0.status", [])
    watch.expect(began, ["gone libvirt log 10.0.0.3"], "what is above the folder to which a link leads")
    watch.stop()
    circle = os.path.join(folder.above, "circle")
    os.symlink("circle", circle)
    watch = Watch(circle).armed()
    began = since()
    switch(circle, folder.path)
    watch.expect(began, ["added libvirt web 10.0.0.1"], "a link to itself is mended")
    watch.stop()
    plain = os.path.join(folder.above, "plain")
    with open(plain, "wb"):
        pass
    watch = Watch(plain).armed()
    began = since()
    os.unlink(plain)
    os.rename(folder.path, plain)
    watch.expect(began, ["added libvirt web 10.0.0.1"], "a file is there where the folder should be, and then is")
    watch.stop()


def test_closed_folder():
    """As somebody who may not read everything, which root may."""
    folder = folder_with(lease(1, "web"))
    user = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    probe = subprocess.run([sys.argv[1], "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           check=False, **user).returncode
    if WRAPPER or probe != 0:
        tap.skip("a folder that is closed", "under valgrind, or no other user can run the program")
        return
    watch = Watch(folder, "--present", **user).present("libvirt web 10.0.0.1")
    for where, path in [("the folder", folder.path), ("the folder above it", folder.above)]:
        began = since()
        os.chmod(path, 0)
        watch.expect(began, ["gone libvirt web 10.0.0.1"], f"{where} is closed")
        began = since()
        os.chmod(path, 0o755)
        watch.expect(began, ["added libvirt web 10.0.0.1"], f"{where} is opened")
    os.chmod(folder.above, 0o711)
    began = since()
    folder.replace("virbr0.status", [lease(2, "db")])
    watch.expect(began, ["gone libvirt web 10.0.0.1", "added libvirt db 10.0.0.2"], "the one above cannot be listed")
    os.chmod(folder.above, 0o755)
    began = since()
    os.chmod(folder.file("virbr0.status"), 0)
    watch.expect(began, ["gone libvirt db 10.0.0.2"], "a file is closed")
    began = since()
    os.chmod(folder.file("virbr0.status"), 0o644)
    watch.expect(began, ["added libvirt db 10.0.0.2"], "a file is opened")
    watch.stop()


def test_no_inotify():
    """Where the system has no watches left, it looks now and then."""
    folder = folder_with(lease(1, "web"))
    go_on = os.path.join(folder.above, "go-on")
    before = ["unshare", "--user", "--map-root-user", "sh", "-c", """
        limit=$0 go_on=$1
        shift
        echo 0 >"$limit" || exit
        (for try in $(seq 600); do [ -e "$go_on" ] && break; sleep 0.1; done; echo 99 >"$limit") >/dev/null 2>&1 &
        exec "$@" """]
    try:
        os.mknod(go_on)
        probe = subprocess.run([*before, "/proc/sys/user/max_inotify_watches", go_on, "true"], check=False,
                               stderr=subprocess.DEVNULL).returncode
        os.unlink(go_on)
    except FileNotFoundError:
        probe = 1
    if probe or WRAPPER:
        tap.skip("no inotify to be had", "no user namespace to be had here, or under valgrind")
        return
    for limit in ("max_inotify_instances", "max_inotify_watches"):
        watch = Watch(folder, "--present", before=[*before, f"/proc/sys/user/{limit}", go_on])
        watch.present("libvirt web 10.0.0.1")
        tap.ok(not watch.has_watch(), f"{limit} is 0: nothing is watched")
        began = since()
        folder.replace("virbr0.status", [lease(2, "db")])
        watches = limit == "max_inotify_watches"
        watch.expect(began, ["gone libvirt web 10.0.0.1", "added libvirt db 10.0.0.2"], f"{limit} is 0: told still",
                     LIMIT + IDLE if watches else LIMIT)
        os.mknod(go_on)
        # For its one instance glib asks only once: then it goes on looking now and then
        tap.equal(watch.armed(LIMIT + IDLE if watches else QUIET).has_watch(), watches, f"{limit} is raised")
        began = since()
        folder.replace("virbr0.status", [lease(3, "three")])
        watch.expect(began, ["gone libvirt db 10.0.0.2", "added libvirt three 10.0.0.3"], f"{limit} is raised: told")
        os.unlink(go_on)
        watch.stop()
        folder.replace("virbr0.status", [lease(1, "web")])


def test_no_descriptor():
    """Without free file descriptors everything is as it was, for lack of better knowledge."""
    if WRAPPER:
        tap.skip("no file descriptor left", "valgrind has its own")
        return
    folder = folder_with(lease(1, "web"))
    watch = Watch(folder, "--present").present("libvirt web 10.0.0.1")
    used = max(map(int, os.listdir(f"/proc/{watch.pid()}/fd")))
    old = resource.prlimit(watch.pid(), resource.RLIMIT_NOFILE)
    resource.prlimit(watch.pid(), resource.RLIMIT_NOFILE, (used + 1, old[1]))
    folder.replace("virbr0.status", [lease(2, "db")])
    watch.quiet("no file descriptor left: nothing is told")
    began = since()
    resource.prlimit(watch.pid(), resource.RLIMIT_NOFILE, old)
    watch.expect(began, ["gone libvirt web 10.0.0.1", "added libvirt db 10.0.0.2"], "and all of it once there are some")
    watch.stop()


# ---- the end ----

def test_signals():
    folder = folder_with(lease(1, "web"))
    for signum in (signal.SIGINT, signal.SIGTERM):
        watch = Watch(folder, "--present").present("libvirt web 10.0.0.1")
        watch.stop(f"{signum.name}: ends well", signum)
        many = folder_with(*(lease(i % 250 + 1, f"guest-{i}") for i in range(3000)))
        watch = Watch(many, "--present", read=False)
        time.sleep(0.5 * SLOW)
        watch.stop(f"{signum.name}: ends well while nobody reads", signum)
        watch.process.stdout.close()
    watch = Watch(folder, "--present").present("libvirt web 10.0.0.1")
    os.kill(watch.pid(), signal.SIGSTOP)
    folder.replace("virbr0.status", [lease(1, "db")])
    time.sleep(0.2)
    began = since()
    os.kill(watch.pid(), signal.SIGCONT)
    watch.expect(began, ["renamed libvirt db 10.0.0.1 from web"], "stopped and continued: goes on")
    watch.stop()
    watch = Watch(folder, "--present", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    watch.present("libvirt db 10.0.0.1")
    os.kill(watch.pid(), signal.SIGINT)
    watch.quiet("in the background of a shell, which has it ignore SIGINT,")
    tap.equal(watch.process.poll(), None, "it stays")
    watch.stop()


def test_reader_ends():
    folder = folder_with(lease(1, "web"))
    for present in ([], ["--present"]):
        watch = Watch(folder, *present, read=False)
        time.sleep(0.5 * SLOW)
        watch.process.stdout.close()
        watch.ended(f"the reader ends, nothing changes {present}")
    watch = Watch(folder, "--present", read=False)
    watch.process.stdout.close()
    watch.ended("the reader ends before anything is printed")
    many = folder_with(*(lease(i % 250 + 1, f"guest-{i}") for i in range(3000)))
    watch = Watch(many, "--present", read=False)
    tap.ok(watch.process.stdout.readline(), "a line is read")
    watch.process.stdout.close()
    watch.ended("the reader ends while much is printed")
    master, slave = pty.openpty()
    watch = Watch(folder, "--present", read=False, as_json=False, stdout=slave)
    os.close(slave)
    tap.ok(b"web" in os.read(master, 1000), "on a terminal")
    os.close(master)
    watch.ended("the terminal is closed")


def test_output_fails():
    folder = folder_with(lease(1, "web"))
    with open("/dev/full", "wb") as full:
        watch = Watch(folder, "--present", read=False, stdout=full)
        watch.ended("no room for what is present", 3, b"No space left on device")
        watch = Watch(folder, read=False, stdout=full).armed()
        folder.replace("virbr0.status", [lease(2, "db")])
        watch.ended("no room for what changes", 3, b"No space left on device")
    output = os.path.join(folder.above, "output")
    with open(output, "wb") as file:
        watch = Watch(folder, "--present", read=False, stdout=file).armed()
    folder.replace("virbr0.status", [lease(3, "log")])
    end = time.monotonic() + LIMIT
    content = b""
    while time.monotonic() < end and content.count(b"\n") < 3:
        time.sleep(0.05)
        with open(output, "rb") as file:
            content = file.read()
    tap.equal([told(line) for line in content.splitlines()],
              ["present libvirt db 10.0.0.2", "gone libvirt db 10.0.0.2", "added libvirt log 10.0.0.3"], "into a file")
    watch.stop()


def test_usage():
    for arguments in (["--nonsense"], ["argument"], ["--leasedir"], ["--present", "--", "x"]):
        called = subprocess.run([*PROGRAM, "watch", *arguments], capture_output=True, check=False, timeout=LIMIT)
        got = called.returncode, called.stdout, called.stderr.count(b"\n")
        tap.equal(got, (64, b"", 1), f"called with {arguments}")
    called = subprocess.run([*PROGRAM, "watch", "--help"], capture_output=True, check=False, timeout=LIMIT)
    options = (b"--present", b"--json", b"--leasedir")
    tap.ok(called.returncode == 0 and all(option in called.stdout for option in options), "--help", called)


# ---- much at once ----

class Replay:
    """What is there, from events alone."""

    def __init__(self):
        self.state = {}
        self.wrong = []

    def apply(self, event):
        key = (event["service"], event["name"], event["address"])
        kind = event["event"]
        before = {"moved": (key[0], key[1], event.get("old-address")),
                  "renamed": (key[0], event.get("old-name"), key[2]),
                  "renewed": key, "gone": key, "expired": key}.get(kind)
        if before and self.state.pop(before, None) is None or before != key and key in self.state:
            self.wrong.append(event)
        if kind not in ("gone", "expired"):
            self.state[key] = (event["mac"], event["expires"])


WRITER = """
import json, os, random, sys, time
path, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(seed)
for _ in range(count):
    addresses = draw.sample(range(1, 40), draw.randrange(12))
    names = draw.sample(range(40), len(addresses))
    macs = draw.sample(range(1, 30), len(addresses))
    leases = [{"ip-address": f"10.0.0.{address}", "mac-address": f"52:54:00:00:00:{mac:02x}",
               "hostname": f"guest-{name}", "expiry-time": 4000000000 + draw.randrange(3)}
              for address, name, mac in zip(addresses, names, macs)]
    with open(path + ".new", "w") as file:
        json.dump(leases, file)
    os.rename(path + ".new", path)
print(time.monotonic())
"""


def final_state(folder):
    """What the files say, by rules that are simple as long as the files are."""
    with open(folder.file("virbr0.status"), "rb") as file:
        leases = json.load(file)
    with open(folder.file("virbr0.macs"), "rb") as file:
        domains = {mac: entry["domain"] for entry in json.load(file) for mac in entry["macs"]}
    state = {}
    for one in leases:
        mac = one["mac-address"]
        state["libvirt", one["hostname"], one["ip-address"]] = (mac, one["expiry-time"])
        if mac in domains:
            state["libvirt_guest", domains[mac], one["ip-address"]] = (mac, one["expiry-time"])
    return state


def memory(pid):
    """Resident KiB, and the file descriptors."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return int(re.search(r"VmRSS:\s*(\d+)", file.read())[1]), sorted(os.listdir(f"/proc/{pid}/fd"))


def drain(watch, replay, folder, last, name):
    """Takes events until they say what the files do and no more come."""
    expected = final_state(folder)
    end = time.monotonic() + 10 * SLOW
    when = last
    count = 0
    while time.monotonic() < end:
        lines = watch.take(1, QUIET if replay.state == expected else LIMIT)
        if not lines and replay.state == expected:
            break
        for line in lines:
            replay.apply(json.loads(line.text))
            when = line.when
            count += 1
    tap.equal(replay.wrong[:3], [], f"{name}: {count} events, each of which makes sense")
    tap.equal(replay.state, expected, f"{name}: they lead to what the files say")
    tap.ok(when - last < LIMIT, f"{name}: soon after the last change", when - last)
    latencies.append((when - last, name))


def rename_often(folder, seed, count):
    writer = subprocess.run([sys.executable, "-c", WRITER, folder.file("virbr0.status"), str(seed), str(count)],
                            stdout=subprocess.PIPE, check=True)
    return float(writer.stdout)


def many_domains():
    folder = Folder()
    folder.replace("virbr0.macs", [domain(f"dom {i}", i, i + 1) for i in range(1, 30, 4)])
    folder.replace("virbr0.status", [lease(250, "guest")])
    return folder


def test_renames():
    count = 5000 if SLOW == 1 else 1000
    folder = many_domains()
    watch = Watch(folder, "--present")
    replay = Replay()
    used = []
    for line in watch.take(1):
        replay.apply(json.loads(line.text))
    used.append(memory(watch.pid()))
    for seed in (1, 2):
        began = time.monotonic()
        last = rename_often(folder, seed, count)
        print(f"# {count} renames in {last - began:.2f} s")
        drain(watch, replay, folder, last, f"{count} rapid renames, round {seed}")
        used.append(memory(watch.pid()))
    print("# KiB resident: " + ", ".join(str(kib) for kib, _ in used))
    if SLOW > 1:
        tap.skip("rapid renames: memory", "valgrind and the sanitizers keep what is freed")
    else:
        tap.ok(used[2][0] <= used[1][0] + 512, "rapid renames: memory does not grow", used)
    tap.ok(used[0][1] == used[1][1] == used[2][1], "rapid renames: file descriptors are the same", used)
    watch.stop()


def test_overflow():
    """More changes than the system keeps for a process that is stopped."""
    with open("/proc/sys/fs/inotify/max_queued_events", encoding="ascii") as file:
        count = int(file.read()) // 4 + 1000
    if count > 20000:
        tap.skip("inotify's queue overflows", f"it takes {count} renames here")
        return
    folder = many_domains()
    watch = Watch(folder, "--present")
    replay = Replay()
    for line in watch.take(1):
        replay.apply(json.loads(line.text))
    os.kill(watch.pid(), signal.SIGSTOP)
    rename_often(folder, 3, count)
    last = time.monotonic()
    os.kill(watch.pid(), signal.SIGCONT)
    drain(watch, replay, folder, last, "inotify's queue overflows")
    watch.stop()


def processor_time(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_many_leases():
    """50,000 leases, of which one changes all the time."""
    if SLOW > 1:
        tap.skip("50,000 leases", "no times are measured under valgrind and the sanitizers")
        return
    folder = Folder()
    for net in range(10):
        folder.replace(f"virbr{net}.status", [
            {"ip-address": f"10.{net}.{i // 250}.{i % 250}", "hostname": f"guest-{net}-{i}", "expiry-time": NEVER,
             "mac-address": f"52:54:00:{net:02x}:{i // 250:02x}:{i % 250:02x}"} for i in range(5000)])
    watch = Watch(folder, "--present")
    tap.equal(len(watch.take(50000, 30)), 50000, "50,000 leases are there")
    worst = 0
    for i in range(3):
        began = since()
        folder.replace("virbr99.status", [lease(i + 1, f"new-{i}")])
        lines = watch.take(2 if i else 1, 3 * LIMIT)
        worst = max(worst, (lines[-1].when if lines else began + 3 * LIMIT) - began)
        time.sleep(1)
    print(f"# 50,000 leases: an event after {worst:.3f} s")
    latencies.append((worst, "50,000 leases"))
    # All of that is read by a processor that others use too
    tap.ok(worst < 3 * LIMIT, "50,000 leases: an event comes in time", worst)
    used, began = processor_time(watch.pid()), since()
    while since() < began + 4:
        folder.replace("virbr99.status", [lease(random.randrange(1, 250), "busy")])
        time.sleep(0.01)
    share = (processor_time(watch.pid()) - used) / (since() - began)
    print(f"# 50,000 leases, always changing: {100 * share:.0f} % of a processor")
    tap.ok(share < 0.5, "50,000 leases: constant change leaves most of a processor to others", share)
    # The last changes may still be under way; nothing more must come then
    for _ in range(10):
        used, began = processor_time(watch.pid()), since()
        time.sleep(1)
        share = (processor_time(watch.pid()) - used) / (since() - began)
        if share < 0.02:
            break
    tap.ok(share < 0.02, "50,000 leases: no change costs nothing", share)
    watch.stop()


try:
    for test_name, test in list(globals().items()):
        if test_name.startswith("test_") and (len(sys.argv) < 3 or test_name in sys.argv[2:]):
            test()
finally:
    top.cleanup()
if latencies:
    print("# worst latency: {:.3f} s, {}".format(*max(latencies)))
    print(f"# {len(latencies)} latencies, {sum(late > 1 for late, _ in latencies)} beyond a second")
tap.finish()
