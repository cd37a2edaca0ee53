#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""virtnamestest.py VIRT-NAMES SCHEMAS: what list, query and check print of fixtures and of damaged folders, on terminals of
several widths, as text and as JSON that the published schemas describe; and what wrong calls get. Runs in a private
namespace (private.sh) with an nsswitch.conf of its own."""

import collections
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

import terminal
from tap import WRAPPER, Tap
from terminal import without_colors

TESTDATA = os.environ["TESTDATA"]
RUNNING = os.path.join(TESTDATA, "captured-02-guests-running")
GOOD, PROBLEM, NOT_FOUND, FAILED, USAGE = 0, 1, 2, 3, 64
COMMANDS = ("list", "query", "watch", "check", "enable", "disable")
MAX_RSS = 200 * 1024

Ran = collections.namedtuple("Ran", "status printed told")
tap = Tap()
program = [*WRAPPER, sys.argv[1]]
schemas = sys.argv[2]
instrumented = bool(WRAPPER or os.environ.get("NSS_TEST_SANITIZED"))
try:
    import jsonschema
except ImportError:
    jsonschema = None


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "ASAN_OPTIONS", "LD_LIBRARY_PATH")}
    return {"LC_ALL": "C.UTF-8", "TZ": "UTC", **kept, **more}


def run(*arguments, **more):
    done = subprocess.run([*program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=environment(**more), check=False)
    return Ran(done.returncode, done.stdout.decode(errors="surrogateescape"), done.stderr.decode(errors="surrogateescape"))


def on_terminal(columns, *arguments, **more):
    return terminal.on_terminal(columns, [*program, *arguments], environment(**more))


def lease(address, mac, hostname=None, expiry=0, **more):
    named = {"hostname": hostname} if hostname is not None else {}
    return {"ip-address": address, "mac-address": f"52:54:00:00:00:{mac}", **named, "expiry-time": expiry, **more}


class Folder:
    """A lease folder with these files, for as long as a with statement lasts. Content that is no bytes becomes JSON."""

    def __init__(self, **files):
        self.files = files

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="virt-names-")
        os.chmod(self.folder.name, 0o755)
        for name, content in self.files.items():
            with open(os.path.join(self.folder.name, name.replace("__", ".")), "wb") as file:
                file.write(content if isinstance(content, bytes) else json.dumps(content).encode())
        return self.folder.name

    def __exit__(self, *exception):
        self.folder.cleanup()


def checked(command, text):
    """The JSON of a command, if it is what the schema says."""
    value = json.loads(text)
    if jsonschema:
        with open(os.path.join(schemas, f"virt-names-{command}.schema.json"), encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(value)
    return value


def test_validator():
    if jsonschema:
        tap.ok(True, "JSON is validated against the schemas")
    else:
        tap.skip("JSON is validated against the schemas", "no python3-jsonschema here")


def use_hosts(line):
    with open("/etc/nsswitch.conf", "w", encoding="ascii") as file:
        file.write(f"passwd: files\nhosts: {line}\n")


# ---- list ----

LIST = """\
NAME                 SERVICE        ADDRESS          MAC                NETWORK  EXPIRES
alpha-dom            libvirt_guest  192.168.122.131  52:54:00:e2:00:01  virbr0   2126-10-30 10:39:46+0000
alpha-host           libvirt        192.168.122.131  52:54:00:e2:00:01  virbr0   2126-10-30 10:39:46+0000
beta-dom             libvirt_guest  192.168.122.132  52:54:00:e2:00:02  virbr0   2126-10-30 10:39:49+0000
eps-dom              libvirt_guest  192.168.122.135  52:54:00:e2:00:05  virbr0   2126-10-30 10:39:49+0000
eps-dom              libvirt_guest  192.168.150.166  52:54:00:e2:00:15  virbr7   2126-10-30 10:39:48+0000
eps-dom              libvirt_guest  fd00:e2e::1692   52:54:00:e2:00:15  virbr7   2126-10-30 11:44:48+0000
eps-host             libvirt        192.168.122.135  52:54:00:e2:00:05  virbr0   2126-10-30 10:39:49+0000
eps-host             libvirt        192.168.150.166  52:54:00:e2:00:15  virbr7   2126-10-30 10:39:48+0000
eps-host             libvirt        fd00:e2e::1692   52:54:00:e2:00:15  virbr7   2126-10-30 11:44:48+0000
expires-soon         libvirt        192.168.160.159  52:54:00:0d:00:01  virbr8   2126-10-30 09:41:43+0000
fixed-a              static         192.168.150.50   -                  e2e-lab  -
fixed-b.lab.example  static         192.168.150.50   -                  e2e-lab  -
fixed-six            static         fd00:e2e::50     -                  e2e-lab  -
zeta-dom             libvirt_guest  192.168.150.66   52:54:00:e2:00:06  virbr7   2126-10-30 10:39:48+0000
zeta-static          libvirt        192.168.150.66   52:54:00:e2:00:06  virbr7   2126-10-30 10:39:48+0000
"""
HOSTS = """\
192.168.122.131\talpha-host alpha-dom
192.168.122.135\teps-host eps-dom
192.168.150.66\tzeta-static zeta-dom
fd00:e2e::1692\teps-host eps-dom
192.168.150.166\teps-host eps-dom
192.168.160.159\texpires-soon
192.168.150.50\tfixed-a fixed-b.lab.example
fd00:e2e::50\tfixed-six
192.168.122.132\tbeta-dom
"""


def names(*options, folder=RUNNING):
    """The names and addresses of a list, in its order."""
    listed = checked("list", run("list", "--json", "--leasedir", folder, *options).printed)["names"]
    return [f"{row['name']} {row['address']}" for row in listed]


def test_list():
    tap.equal(run("list", "--full", "--leasedir", RUNNING), Ran(GOOD, LIST, ""), "list --full")
    tap.equal(run("list", "--format=hosts", "--leasedir", RUNNING), Ran(GOOD, HOSTS, ""), "list --format=hosts")
    tap.equal(run("list", "--format=json", "--leasedir", RUNNING).printed.count('"version": 1'), 1, "--format=json")
    for order, first, last in [("address", "alpha-dom 192.168.122.131", "eps-host fd00:e2e::1692"),
                               ("network", "fixed-a 192.168.150.50", "expires-soon 192.168.160.159"),
                               ("mac", "expires-soon 192.168.160.159", "fixed-six fd00:e2e::50"),
                               ("service", "alpha-host 192.168.122.131", "fixed-six fd00:e2e::50"),
                               ("expires", "expires-soon 192.168.160.159", "fixed-six fd00:e2e::50"),
                               ("name", "alpha-dom 192.168.122.131", "zeta-static 192.168.150.66")]:
        listed = names("--sort", order)
        tap.equal((listed[0], listed[-1]), (first, last), f"--sort {order}")
    tap.equal(len(names("--family=ipv6")), 3, "--family=ipv6")
    tap.equal(len(names("--family=4")), 12, "--family=4")
    tap.equal(names("--network=e2e-lab", "--family", "inet6"), ["fixed-six fd00:e2e::50"], "--network and --family")
    tap.equal(len(names("--network=virbr8")), 1, "--network takes the name of a bridge")
    tap.equal(names("--network=nosuch"), [], "a network that is not there")
    with tempfile.TemporaryDirectory() as empty:
        tap.equal(run("list", "--leasedir", empty),
                  Ran(GOOD, "", "virt-names: there are no names: no guest has a lease\n"), "an empty folder")
        tap.equal(run("list", "--leasedir", empty, "--network=x").told, "virt-names: there are no names in the network x\n",
                  "an empty network")
        tap.equal(names(folder=empty), [], "an empty folder, JSON")
        ran = run("list", "--leasedir", empty + "/none")
        tap.equal((ran.status, ran.printed, empty + "/none cannot be read: No such file" in ran.told,
                   "virt-names check" in ran.told), (FAILED, "", True, True), "no folder")


def test_networks():
    """Root may read whose bridge is which."""
    with Folder(virbr0__status=[lease("10.0.0.1", "01", "web")], lab__conf=b"strict-order\ninterface=virbr0\n",
                lab__addnhosts=b"10.0.0.9\tfixed\n") as folder:
        rows = checked("list", run("list", "--json", "--leasedir", folder).printed)["names"]
        tap.equal([(row["name"], row["network"], row["bridge"]) for row in rows],
                  [("fixed", "lab", "virbr0"), ("web", "lab", "virbr0")], "networks and bridges")
        tap.equal(len(names("--network=lab", folder=folder)), 2, "--network by the network's name")


def test_expiry():
    now = int(time.time())
    with Folder(a__status=[lease("10.0.0.1", "01", "past", now - 3 * 3600 - 30), lease("10.0.0.2", "02", "soon", now + 330),
                           lease("10.0.0.3", "03", "later", now + 2 * 86400 + 3700), lease("10.0.0.4", "04", "ever", 0),
                           lease("10.0.0.5", "05", "both", now - 30), lease("10.0.0.5", "05", "both", now + 5400)],
                a__macs=[{"domain": "guest", "macs": ["52:54:00:00:00:01"]}]) as folder:
        cells = {line.split()[0]: re.sub(r"[0-9]+s", "Ns", line[line.index("  a  ") + 2:].split(None, 1)[1].strip())
                 for line in run("list", "--expired", "--leasedir", folder).printed.splitlines()[1:]}
        tap.equal(cells, {"both": "in 1h 29m" if "29m" in cells["both"] else "in 1h 30m", "ever": "never",
                          "guest": "3h ago", "later": "in 2d 1h", "past": "3h ago", "soon": "in 5m Ns"},
                  "relative times, and what ran out")
        expired = {row["name"]: row["expired"]
                   for row in checked("list", run("list", "--json", "--expired", "--leasedir", folder).printed)["names"]}
        tap.equal(expired, {"both": False, "ever": False, "guest": True, "later": False, "past": True, "soon": False},
                  "what ran out is marked, and is not there if another lease lives")
        tap.equal(names(folder=folder), ["both 10.0.0.5", "ever 10.0.0.4", "later 10.0.0.3", "soon 10.0.0.2"],
                  "without --expired it is not there")


HOSTILE = [("esc", "\033[31mred"), ("newline", "a\nb"), ("rtl", "x\u202eevil"), ("wide", "\u4f60\u597d"),
           ("backslash", "a\\b"), ("quote", 'a"b'), ("nul-less", "\x7f"), ("c1", "\x9b31m"), ("zero-width", "a\u200bb")]
SHOWN = {"esc": "\\x1b[31mred", "newline": "a\\x0ab", "rtl": "x\\xe2\\x80\\xaeevil", "wide": "\u4f60\u597d",
         "backslash": "a\\\\b", "quote": 'a"b', "nul-less": "\\x7f", "c1": "\\xc2\\x9b31m",
         "zero-width": "a\\xe2\\x80\\x8bb"}


def test_hostile_names():
    """Domains may be called anything. Nothing of it commands the terminal."""
    for what, name in HOSTILE:
        with Folder(a__status=[lease("10.0.0.1", "01")], a__macs=[{"domain": name, "macs": ["52:54:00:00:00:01"]}]) as folder:
            line = run("list", "--leasedir", folder).printed.splitlines()[1]
            tap.equal(line.split("  ")[0].rstrip(), SHOWN[what], f"a domain's name with {what}")
            tap.equal(checked("list", run("list", "--json", "--leasedir", folder).printed)["names"][0]["name"], name,
                      f"JSON with {what}")
            printed = run("query", "--leasedir", folder, name).printed
            tap.ok(SHOWN[what] in printed.splitlines()[1] and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", printed),
                   f"query of {what}", printed)
    with Folder(a__status=[lease("10.0.0.1", "01")],
                a__macs=b'[{"domain": "bad\xffbyte", "macs": ["52:54:00:00:00:01"]}]') as folder:
        tap.ok(run("list", "--leasedir", folder).printed.splitlines()[1].startswith("bad\\xffbyte "), "a name that is no UTF-8")
        tap.equal(checked("list", run("list", "--json", "--leasedir", folder).printed)["names"][0]["name"], "bad\ufffdbyte",
                  "the same in JSON")
        ran = run("list", "--format=hosts", "--leasedir", folder)
        tap.equal((ran.status, ran.printed, "1 name is left out" in ran.told), (GOOD, "", True), "the same for /etc/hosts")
        tap.ok("bad\\xffbyte" in run("list", "--leasedir", folder, LC_ALL="C").printed, "the same in the C locale")
    with Folder(a__status=[lease("10.0.0.1", "01")], a__macs=[{"domain": "\u00e4", "macs": ["52:54:00:00:00:01"]}]) as folder:
        tap.ok(run("list", "--leasedir", folder, LC_ALL="C").printed.splitlines()[1].startswith("? "),
               "a letter that the locale does not have")


def test_damaged():
    """Damage is told of, and hides nothing else."""
    cut = json.dumps([lease("10.0.0.1", "01", "web")]).encode()[:-1] + b", {"
    with Folder(a__status=cut, b__status=[lease("10.0.0.2", "02", "good")], c__macs=b"[1]") as folder:
        os.symlink("nowhere", os.path.join(folder, "d.status"))
        os.mkfifo(os.path.join(folder, "e.status"))
        ran = run("list", "--leasedir", folder)
        tap.equal((ran.status, [line.split()[0] for line in ran.printed.splitlines()]), (GOOD, ["NAME", "good", "web"]),
                  "list: what is good is there")
        for name, what in [("a.status", f"damaged at byte {len(cut) - 1}"), ("d.status", "passed over: No such file"),
                           ("e.status", "passed over: Invalid argument"), ("c.macs", "damaged at byte 1")]:
            tap.equal(ran.told.count(f"{folder}/{name}: {what}"), 1, f"list tells of {name} once")
        reasons = checked("query", run("query", "--json", "--leasedir", folder, "web").printed)["queries"][0]["services"]
        kinds = [reason["kind"] for step in reasons if step["service"] == "libvirt" for reason in step["reasons"]]
        tap.equal(sorted(set(kinds)), ["file-damaged", "file-unreadable", "lease-taken"], "query tells of them")
        findings = checked("check", run("check", "--json", "--leasedir", folder).printed)["findings"]
        tap.equal(sorted(finding["id"] for finding in findings if finding["level"] == "PROBLEM"),
                  ["dangling-link", "file-damaged", "file-damaged", "not-a-file"], "check finds them")


# ---- terminals ----

def test_terminal():
    def widths(columns, *options, **more):
        printed, _ = on_terminal(columns, "list", "--leasedir", RUNNING, *options, **more)
        return printed

    wide = widths(200)
    tap.ok("\033[1mNAME" in wide and wide.endswith("\n"), "titles are bold on a terminal", wide)
    tap.ok("\033" not in widths(200, NO_COLOR="1"), "NO_COLOR")
    tap.ok("\033" in widths(200, NO_COLOR=""), "NO_COLOR that is empty")
    tap.ok("\033" not in widths(200, TERM="dumb"), "a terminal without colours")
    tap.ok("52:54:00:e2:00:01" in without_colors(wide), "200 columns have room for everything")
    for columns in (80, 70, 60, 55):
        lines = without_colors(widths(columns)).splitlines()
        tap.ok(max(map(len, lines)) <= columns and re.match("NAME .*ADDRESS .*EXPIRES", lines[0]),
               f"{columns} columns hold the table", *lines)
        tap.ok(any("fd00:e2e::1692" in line for line in lines), f"no address is cut at {columns} columns", *lines)
    tap.ok(any(line.startswith("fixed-b.lab") and "\u2026" in line for line in without_colors(widths(55)).splitlines()),
           "names are cut where they must be", widths(55))
    tap.ok("\u2026" not in widths(55, "--full"), "--full cuts nothing")
    tap.equal(max(map(len, without_colors(widths(200, COLUMNS="70")).splitlines())) <= 70, True, "$COLUMNS")
    with Folder(a__status=[lease("10.0.0.1", "01"), lease("10.0.0.2", "02")],
                a__macs=[{"domain": "\u4f60\u597d", "macs": ["52:54:00:00:00:01"]},
                         {"domain": "abcd", "macs": ["52:54:00:00:00:02"]}]) as folder:
        lines = run("list", "--leasedir", folder).printed.splitlines()
        tap.equal([line.index("libvirt_guest") for line in lines[1:]], [6, 4], "wide characters take two columns")
    # A path is not broken into lines, and this tree may have a long one
    with tempfile.TemporaryDirectory() as short:
        folder = shutil.copytree(RUNNING, os.path.join(short, "leases"))
        os.chmod(short, 0o755)
        for columns in (80, 200):
            for arguments in (["query", "--leasedir", folder, "eps-dom", "nobody"], ["check", "--leasedir", folder]):
                lines = without_colors(on_terminal(columns, *arguments)[0]).splitlines()
                tap.ok(max(map(len, lines)) <= columns, f"{arguments[0]} in {columns} columns", *lines)


# ---- query ----

def test_query():
    use_hosts("files libvirt libvirt_guest")
    with Folder(virbr0__status=[lease("10.0.0.1", "01", "web", 4949030386), lease("10.0.0.2", "02", "web", 1000),
                                lease("10.0.0.3", "03", "wpad"), lease("10.0.0.4", "04", "db"), lease("10.0.0.5", "05", "a.b"),
                                lease("10.0.0.6", "06", "fixed"), lease("10.0.0.7", "07")],
                virbr0__macs=[{"domain": "db", "macs": ["52:54:00:00:00:07", "52:54:00:00:00:08"]}],
                net__addnhosts=b"10.0.0.9 fixed\n") as folder:
        def query(text):
            ran = run("query", "--json", "--leasedir", folder, text)
            found = checked("query", ran.printed)["queries"][0]
            steps = {step["service"]: step for step in found["services"]}
            return ran.status, found["kind"], {
                service: (steps[service]["status"], steps[service]["addresses"] + steps[service]["names"],
                          [f"{reason['kind']} {reason.get('address', reason.get('domain', ''))}".strip()
                           for reason in steps[service]["reasons"]])
                for service in ("libvirt", "libvirt_guest")}

        no = ("NOTFOUND", [], [])
        cases = [
            ("web", GOOD, "name", ("SUCCESS", ["10.0.0.1"], ["lease-taken 10.0.0.1", "lease-expired 10.0.0.2"]), no),
            ("nobody", NOT_FOUND, "name", no, no),
            ("wpad", NOT_FOUND, "name", ("NOTFOUND", [], ["lease-reserved-name 10.0.0.3"]), no),
            ("a.b", NOT_FOUND, "name", ("NOTFOUND", [], ["lease-foreign-domain 10.0.0.5"]), no),
            ("fixed", GOOD, "name", ("SUCCESS", ["10.0.0.9"], ["declared 10.0.0.9", "lease-declared-elsewhere 10.0.0.6"]), no),
            ("db", GOOD, "name", ("NOTFOUND", [], ["lease-of-other-domain 10.0.0.4", "map-entry db"]),
             ("SUCCESS", ["10.0.0.7"], ["map-entry db", "lease-taken 10.0.0.7"])),
            ("not a name", NOT_FOUND, "name", ("NOTFOUND", [], ["not-a-host-name"]), no),
            ("10.0.0.1", GOOD, "address", ("SUCCESS", ["web"], ["lease-taken 10.0.0.1"]),
             ("NOTFOUND", [], ["lease-taken 10.0.0.1"])),
            ("10.0.0.3", NOT_FOUND, "address", ("NOTFOUND", [], ["lease-reserved-name 10.0.0.3"]),
             ("NOTFOUND", [], ["lease-taken 10.0.0.3"])),
            ("10.0.0.7", GOOD, "address", no, ("SUCCESS", ["db"], ["lease-taken 10.0.0.7", "map-entry db"])),
            ("10.0.0.9", GOOD, "address", ("SUCCESS", ["fixed"], ["declared 10.0.0.9"]), no),
            ("fd00::1", NOT_FOUND, "address", no, no),
        ]
        for text, status, kind, libvirt, guest in cases:
            tap.equal(query(text), (status, kind, {"libvirt": libvirt, "libvirt_guest": guest}), f"query {text}")
        printed = run("query", "--leasedir", folder, "db").printed
        tap.equal(printed.count("; no lease for 52:54:00:00:00:08\n"), 1, "a MAC address without lease")
        tap.ok('virbr0.status: lease of 10.0.0.4, MAC 52:54:00:00:00:04, hostname "db", never expires: left out: "db" is '
               'the name of a domain that has not this MAC address\n' in printed, "a reason in words", printed)
        tap.equal(run("query", "--leasedir", folder, "web", "nobody").status, NOT_FOUND, "one of two names is not found")
        tap.equal(run("query", "--leasedir", folder, "--", "-x").status, NOT_FOUND, "a name behind --")


def test_query_order():
    """The hosts line of the machine, and what its actions do."""
    with Folder(a__status=[lease("10.0.0.1", "01", "web")]) as folder:
        for line, name, expected in [
                ("files libvirt libvirt_guest", "web", "files NOTFOUND continue, libvirt SUCCESS return, libvirt_guest -"),
                ("libvirt [SUCCESS=continue] files", "web", "libvirt SUCCESS continue, files NOTFOUND continue"),
                ("files [NOTFOUND=return] libvirt", "web", "files NOTFOUND return, libvirt -"),
                ("files [!UNAVAIL=return] libvirt", "localhost", "files SUCCESS return, libvirt -"),
                ("nosuch [UNAVAIL=return] libvirt", "web", "nosuch UNAVAIL return, libvirt -"),
                ("nosuch libvirt", "web", "nosuch UNAVAIL continue, libvirt SUCCESS return")]:
            use_hosts(line)
            steps = checked("query", run("query", "--json", "--leasedir", folder, name).printed)["queries"][0]["services"]
            told = ", ".join(f"{step['service']} {step['status']} {step['action']}" if step["asked"] else f"{step['service']} -"
                             for step in steps if step["configured"])
            others = [step["service"] for step in steps if not step["configured"]]
            tap.equal((told, others), (expected, [] if "libvirt_guest" in line else ["libvirt_guest"]), f"hosts: {line}")
    with open("/etc/nsswitch.conf", "w", encoding="ascii") as file:
        file.write("passwd: files\n")
    queried = checked("query", run("query", "--json", "localhost").printed)
    tap.equal((queried["nsswitch"]["hosts"], queried["queries"][0]["result"]["addresses"]), ("files dns", ["127.0.0.1"]),
              "without a hosts line")
    with open("/etc/nsswitch.conf", "wb") as file:
        file.write(b"passwd: files\nhosts: files \0 dns\n")
    queried = checked("query", run("query", "--json", "localhost").printed)
    tap.equal((queried["nsswitch"]["hosts"], queried["queries"][0]["result"]["addresses"]), ("files", ["127.0.0.1"]),
              "a NUL in the line")
    use_hosts("files")
    ran = run("query", "localhost")
    tap.equal((ran.status, ran.printed.splitlines()[0], ran.printed.splitlines()[-1]),
              (GOOD, "/etc/nsswitch.conf:2: hosts: files", "  getaddrinfo    127.0.0.1"), "what programs get")
    use_hosts("files libvirt libvirt_guest")


def test_query_module():
    """Where modules are installed, it is their answer that counts; the lease folder of the namespace is empty."""
    leasedir = os.environ["LEASEDIR"]
    with open(os.path.join(leasedir, "a.status"), "w", encoding="ascii") as file:
        json.dump([lease("10.0.0.1", "01", "web")], file)
    use_hosts("files libvirt libvirt_guest")
    ran = run("query", "--json", "web", LD_LIBRARY_PATH=os.environ["NSS_MODULE_DIR"])
    found = checked("query", ran.printed)["queries"][0]
    step = found["services"][1]
    tap.equal((ran.status, step["module"], step["status"], step["differs"], found["result"]["addresses"]),
              (GOOD, os.path.join(os.environ["NSS_MODULE_DIR"], "libnss_libvirt.so.2"), "SUCCESS", False, ["10.0.0.1"]),
              "the module that is installed, and getaddrinfo")
    address = checked("query", run("query", "--json", "10.0.0.1", LD_LIBRARY_PATH=os.environ["NSS_MODULE_DIR"]).printed)
    tap.equal(address["queries"][0]["result"]["names"], ["web"], "getnameinfo")
    os.unlink(os.path.join(leasedir, "a.status"))


def test_query_not_known():
    """With one descriptor left, a look-up fails without having asked for the name: that is not "not found"."""
    if instrumented:
        tap.skip("no descriptors left", "an instrumented program needs more of them")
        return
    use_hosts("libvirt")
    with open(os.path.join(os.environ["LEASEDIR"], "a.status"), "w", encoding="ascii") as file:
        json.dump([lease("10.0.0.1", "01", "web")], file)
    for names in (["web"], ["10.0.0.1"], ["nobody", "web"], ["web", "10.9.9.9"]):
        done = subprocess.run(["prlimit", "--nofile=4:4", *program, "query", *names], stdin=subprocess.DEVNULL,
                              capture_output=True, check=False, env=environment(LD_LIBRARY_PATH=os.environ["NSS_MODULE_DIR"]))
        tap.equal((done.returncode, b"System error" in done.stdout), (FAILED, True), f"no descriptors left: {' '.join(names)}")
    os.unlink(os.path.join(os.environ["LEASEDIR"], "a.status"))


# ---- all commands ----

def test_usage():
    for call in ("", "nosuch", "--nosuch", "list --nosuch", "list argument", "list --sort=size", "list --family=ipx",
                 "list --format=xml", "list --leasedir", "query", "query --nosuch x", "watch x", "watch --nosuch", "check x",
                 "check --nosuch", "enable x", "enable --service=x", "disable --nosuch", "disable --service=x",
                 "list --json --format=hosts", "list --leasedir=", "watch --leasedir=", "enable --root="):
        ran = run(*call.split())
        tap.equal((ran.status, ran.printed, ran.told.count("\n"), "--help" in ran.told), (USAGE, "", 1, True),
                  f"wrong call: virt-names {call}")
    for arguments in (["--help"], ["-h"], ["--version"], *([command, "--help"] for command in COMMANDS)):
        ran = run(*arguments)
        tap.equal((ran.status, ran.told, ran.printed != ""), (GOOD, "", True), "virt-names " + " ".join(arguments))
    printed = run("--help").printed
    tap.ok(all(re.search(rf"^  {command} ", printed, re.MULTILINE) for command in COMMANDS), "--help has all commands",
           printed)
    for arguments in (["list", "--leasedir", RUNNING], ["check", "--leasedir", RUNNING], ["--help"], ["query", "localhost"],
                      ["list", "--help"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([*program, *arguments], stdout=full, stderr=subprocess.PIPE, env=environment(),
                                  check=False)
        tap.equal((done.returncode, b"could not be written" in done.stderr), (FAILED, True),
                  f"{arguments[0]} with nowhere to print to")


def test_manual():
    """The manual has the options that --help has, command by command."""
    with open(os.path.join(schemas, "..", "virt-names.rst"), encoding="utf-8") as file:
        synopsis = re.search(r"^SYNOPSIS\n=+\n(.*?)^DESCRIPTION", file.read(), re.MULTILINE | re.DOTALL)[1]
    # A command that needs more than a line goes on in lines of the block that are indented.
    synopsis = synopsis.replace("\n|     ", " ")
    for command in COMMANDS:
        line = next(line for line in synopsis.splitlines() if f"**{command}**" in line)
        told = set(re.findall(r"--[a-z-]+", run(command, "--help").printed)) - {"--help", "--help-all"}
        tap.equal(set(re.findall(r"--[a-z-]+", line)), told, f"the manual has the options of {command}")


def test_closed_output():
    """Without standard output there is nothing that could be said."""
    if WRAPPER:
        tap.skip("closed standard output", "valgrind opens files of its own in its place")
        return
    for arguments in (["list", "--leasedir", RUNNING], ["watch", "--present", "--leasedir", RUNNING]):
        done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *program, *arguments], stderr=subprocess.PIPE,
                              env=environment(), check=False, timeout=60)
        tap.equal((done.returncode, b"could not be written" in done.stderr), (FAILED, True), f"{arguments[0]} >&-")


def test_many_alike():
    """Many guests that do the same are told of in one finding."""
    leases = [lease(f"10.0.{i >> 8}.{i & 255}", f"{i & 255:02x}", "localhost") for i in range(300)]
    with Folder(a__status=leases, n__addnhosts=b"10.0.0.1" + b" long-name" * 2000 + b"\n10.0.0.2 ok\n") as folder:
        findings = checked("check", run("check", "--json", "--leasedir", folder).printed)["findings"]
        tap.equal([finding["id"] for finding in findings if finding["level"] != "OK"],
                  ["not-a-record", "same-hostname", "claims-reserved-name"], "300 guests called localhost, and a line that is too long")
        tap.equal(run("list", "--leasedir", folder).told.count("n.addnhosts: what begins at byte 0 "), 1,
                  "list tells of the line")


def many_leases(count):
    return [{"ip-address": f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}",
             "mac-address": f"52:54:00:{i >> 16:02x}:{i >> 8 & 255:02x}:{i & 255:02x}",
             "hostname": f"host{i}", "expiry-time": 0} for i in range(count)]


def test_too_many():
    """More names than the modules look at."""
    if instrumented:
        tap.skip("65,537 leases", "an instrumented program takes its time")
        return
    with Folder(a__status=many_leases(65537)) as folder:
        ran = run("list", "--leasedir", folder)
        tap.equal((ran.status, ran.told), (GOOD, "virt-names: there are too many answers: the rest is left out\n"),
                  "65,537 leases: list says that one is left out")


def test_large():
    """50,000 leases."""
    if instrumented:
        tap.skip("50,000 leases", "the memory of an instrumented program is not its own")
        return
    with Folder(a__status=many_leases(50000)) as folder:
        for options in ([], ["--json"], ["--format=hosts"], ["--expired"]):
            with tempfile.TemporaryFile() as printed:
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                done = subprocess.run([*program, "list", "--leasedir", folder, *options], stdout=printed,
                                      env=environment(), check=False)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                printed.seek(0)
                count = printed.read().count(b"host49")
            tap.equal((done.returncode, count), (GOOD, 1111), f"50,000 leases: list {' '.join(options)}")
            tap.ok(after.ru_maxrss < MAX_RSS, f"in less than 200 MB: list {' '.join(options)}", after.ru_maxrss)
            print(f"# {after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime:.2f} s of processor time")


for test_name, test in list(globals().items()):
    if test_name.startswith("test_"):
        test()
tap.finish()
