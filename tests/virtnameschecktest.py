#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""virtnameschecktest.py VIRT_NAMES HELPER MANUAL PACKAGE PACKAGED: what "virt-names check" finds. Run through
private.sh. PACKAGE is the one that VIRT_NAMES was built for, "" if for none; PACKAGED is a virt-names that was built for
the package libnss-example.

Each fault of the tables is put into a set-up that is good, with the real glibc, nscd and dnsmasq: some name then is not
found, or found wrongly; check says so; and the command that it prints, run as it is, puts that right."""

import collections
import os
import re
import shutil
import socket
import subprocess
import sys
import time

import checkhelper
from checkhelper import (BRIDGE, DB, GOOD_LEASES, HELPER, LEASEDIR, MODULE_FOLDER, NAMES, NSSWITCH, PRINTER, SHOP, YES,
                         Checked, found, lease, path, run, start, stop, use_hosts, use_leases, use_map, wait_for, write)
from tap import Tap

LIBVIRT, GUEST = (os.path.join(MODULE_FOLDER, name) for name in checkhelper.MODULES)
STATUS = path(BRIDGE + ".status")
MACS = path(BRIDGE + ".macs")
ENABLE = "virt-names enable"
NONE = dict.fromkeys(NAMES)
FOREIGN_ADDRESS = "192.168.122.66"

# A fault: what it is, how it comes about, what check then says (level and id) and which command it prints; for whom and
# which names have which address before that command (None: they are not found), and after it.
Fault = collections.namedtuple("Fault", "name make finding command before after user", defaults=({}, NAMES, False))

seen = set()
tap = Tap()


# ---- how faults come about ----

def hosts(line, **options):
    return lambda: use_hosts(line, **options)


def leases(*records):
    return lambda: use_leases(*GOOD_LEASES, *records)


def both(*makes):
    return lambda: [make() for make in makes]


def content(name, text, mode=0o644):
    return lambda: write(name, text, mode)


def mode(name, bits):
    return lambda: os.chmod(name, bits)


def link(name, target):
    return lambda: (checkhelper.remove(name), os.symlink(target, name))


def gone(*names):
    return lambda: [checkhelper.remove(name) for name in names]


def dns_says_yes():
    write("/etc/resolv.conf", f"nameserver {checkhelper.DNS_SAYS_YES}\n")


def large():
    os.truncate(STATUS, 32 * 1024 * 1024 + 1)


def fifo():
    checkhelper.remove(path("virbr7.status"))
    os.mkfifo(path("virbr7.status"))


def behind_closed_folder():
    """The lease folder is a link, and the one above what it leads to is closed."""
    os.makedirs("/run/closed/dnsmasq", exist_ok=True)
    for name in os.listdir(LEASEDIR):
        shutil.copy(path(name), "/run/closed/dnsmasq")
    shutil.rmtree(LEASEDIR)
    os.symlink("/run/closed/dnsmasq", LEASEDIR)
    os.chmod("/run/closed", 0o700)


# ---- nsswitch.conf ----

DAMAGED_LINE = "files [FOO=bar] libvirt libvirt_guest"
LINE = "files libvirt libvirt_guest"

SWITCH = [
    Fault("neither service is in the hosts line", hosts("files dns"), "PROBLEM not-enabled", ENABLE, NONE),
    Fault("there is no hosts line", content(NSSWITCH, "passwd: files\n"), "PROBLEM no-hosts-line", ENABLE, NONE),
    Fault("there is no nsswitch.conf", gone(NSSWITCH), "PROBLEM no-hosts-line", ENABLE, NONE),
    Fault("nsswitch.conf is empty", content(NSSWITCH, ""), "PROBLEM no-hosts-line", ENABLE, NONE),
    Fault("the hosts line is empty", hosts(""), "PROBLEM no-services", ENABLE, {**NONE, "localhost": None}),
    Fault("what looks like a comment is none",
          hosts("files # libvirt libvirt_guest"), "WARNING not-a-comment", None, NAMES),
    Fault("what looks like a comment ends the search", hosts("files # the [!UNAVAIL=return] libvirt libvirt_guest"),
          "WARNING not-a-comment", None, NAMES),
    Fault("a word of a comment is the services' name",
          hosts("files #libvirt #libvirt_guest"), "PROBLEM not-enabled", ENABLE, NONE),
    Fault("only libvirt is enabled", hosts("files libvirt"), "WARNING libvirt-guest-not-enabled", ENABLE,
          {"shop": SHOP, "web1": None, "db": None}),
    Fault("only libvirt is enabled, and a guest sends no hostname",
          hosts("files libvirt"), "WARNING no-hostname", ENABLE,
          {"db": None}),
    Fault("only libvirt_guest is enabled", hosts("files libvirt_guest"), "WARNING libvirt-not-enabled", ENABLE,
          {"shop": None, "web1": SHOP}),
    Fault("services in capital letters", hosts("files Libvirt Libvirt_Guest"), "PROBLEM not-enabled", ENABLE, NONE),
    Fault("services with commas", hosts("files,libvirt,libvirt_guest"), "PROBLEM not-enabled", ENABLE, NONE),
    Fault("files ends the search",
          hosts("files [NOTFOUND=return] libvirt libvirt_guest"), "PROBLEM hidden", ENABLE, NONE),
    Fault("dns ends the search",
          hosts("files dns [!UNAVAIL=return] libvirt libvirt_guest"), "PROBLEM hidden", ENABLE, NONE),
    Fault("dns ends the search, and stands before files", hosts("dns [!UNAVAIL=return] files libvirt libvirt_guest"),
          "PROBLEM hidden", ENABLE, NONE),
    Fault("libvirt ends the search before libvirt_guest", hosts("files libvirt [NOTFOUND=return] libvirt_guest"),
          "PROBLEM hidden", ENABLE, {"shop": SHOP, "web1": None, "db": None}),
    Fault("resolve would end the search, and is not installed",
          hosts("files resolve [!UNAVAIL=return] libvirt libvirt_guest"),
          "WARNING hidden-later", ENABLE, NAMES),
    Fault("mdns4_minimal ends the search for names in .local",
          both(hosts("files mdns4_minimal [NOTFOUND=return] libvirt libvirt_guest dns"),
               lambda: use_map(**{"x.local": [1]})),
          "WARNING hidden-local", ENABLE, {}, {"x.local": SHOP}),
    Fault("the DNS answers every name, and is asked before",
          both(dns_says_yes, hosts("files dns libvirt libvirt_guest")),
          "WARNING after-dns", ENABLE, dict.fromkeys(NAMES, YES)),
    Fault("a guest has a name of /etc/hosts, and files comes last",
          both(hosts("libvirt libvirt_guest files"), content("/etc/hosts", "10.1.1.1 shop\n127.0.0.1 localhost\n")),
          "WARNING before-files", ENABLE, {"shop": SHOP}, {"shop": "10.1.1.1", "web1": SHOP}),
    Fault("nsswitch.conf is for root alone",
          hosts(LINE, mode=0o600), "PROBLEM nsswitch-unreadable", "chmod a+r " + NSSWITCH,
          NONE, user=True),
    Fault("nsswitch.conf is a link to nowhere", link(NSSWITCH, "/etc/nowhere"), "PROBLEM nsswitch-unreadable",
          f"rm {NSSWITCH} && virt-names enable", NONE),
    Fault("nsswitch.conf is a folder", lambda: (os.unlink(NSSWITCH), os.mkdir(NSSWITCH)), "PROBLEM nsswitch-unreadable",
          None, NONE),
    Fault("no newline ends the hosts line",
          content(NSSWITCH, "passwd: files\nhosts: " + LINE), "PROBLEM no-newline", ENABLE, NONE),
    Fault("no newline ends the second hosts line",
          content(NSSWITCH, "hosts: files\nhosts: " + LINE), "PROBLEM no-newline", ENABLE,
          NONE),
    Fault("no newline ends a comment behind a good line",
          content(NSSWITCH, f"hosts: {LINE}\n# hosts: files"), None, None, NAMES),
    Fault("an action that there is not",
          hosts(DAMAGED_LINE), "PROBLEM nsswitch-damaged", None, {**NONE, "localhost": None}),
    Fault("brackets that are not closed",
          hosts("files libvirt [NOTFOUND=return"), "PROBLEM nsswitch-damaged", None, NONE),
    Fault("a mistake in the line of another database", content(NSSWITCH, f"passwd: files [FOO=bar]\nhosts: {LINE}\n"),
          "PROBLEM nsswitch-damaged", None, {**NONE, "localhost": None}),
    Fault("a mistake in a hosts line that is not the last",
          content(NSSWITCH, f"hosts: {DAMAGED_LINE}\nhosts: {LINE}\n"),
          "PROBLEM nsswitch-damaged", None, {**NONE, "localhost": None}),
    Fault("brackets without a service before them", hosts("files [NOTFOUND=continue] [SUCCESS=return] " + LINE),
          "PROBLEM nsswitch-damaged", None, NONE),
    Fault("the last of two hosts lines has no services", content(NSSWITCH, f"hosts: {LINE}\nhosts: files\n"),
          "PROBLEM not-enabled", ENABLE, NONE),
    Fault("two hosts lines, and the last one is good", content(NSSWITCH, f"hosts: files\nhosts: {LINE}\n"),
          "WARNING several-hosts-lines", None, NAMES),
    Fault("authselect makes nsswitch.conf",
          both(lambda: os.makedirs("/etc/authselect"), content("/etc/authselect/authselect.conf", "sssd\n"),
               content(NSSWITCH, "# Generated by authselect\nhosts: files dns\n")),
          "PROBLEM not-enabled", "authselect enable-feature with-libvirt", NONE),
]

# ---- modules ----


def patched(name, old, new):
    """A module with other words in its tables of strings."""
    def make():
        with open(name, "rb") as file:
            text = file.read()
        assert old in text and len(old) == len(new)
        write(name, text.replace(old, new))
    return make


def cut(name, size):
    return lambda: os.truncate(name, size)


def copied(folder):
    def make():
        os.makedirs(folder, exist_ok=True)
        shutil.copy(LIBVIRT, folder)
    return make


def moved(folder):
    return both(copied(folder), gone(LIBVIRT), lambda: run("ldconfig"))


# What getent(1) prints is the shell's word on it: a signal ends every program that looks up a name
CRASH = {"shop": "Bus"}
CONF = "/etc/ld.so.conf.d/libvirt-nss.conf"


def package_command(package, again=False):
    if not package:
        return None
    if os.path.exists("/usr/bin/apt-get"):
        return f"apt-get install {'--reinstall ' if again else ''}{package}"
    return f"dnf {'reinstall' if again else 'install'} {package}"


def package_faults(package):
    """What is mended by installing the package that virt-names was built for."""
    return [
        Fault("a module is not installed", both(gone(LIBVIRT), lambda: run("ldconfig")), "PROBLEM module-missing",
              package_command(package), {"shop": None, "web1": SHOP}),
        Fault("a module of a package is cut off",
              both(moved("/usr/lib"), lambda: run("ldconfig"), cut("/usr/lib/" + checkhelper.MODULES[0], 4096)),
              "PROBLEM module-broken", package_command(package, again=True), CRASH),
    ]


MODULES = [
    Fault("the loader's cache does not have a module",
          both(gone(LIBVIRT), lambda: run("ldconfig"), lambda: shutil.copy(path_of_built(LIBVIRT), MODULE_FOLDER)),
          "PROBLEM module-not-in-cache", "ldconfig", {"shop": None, "web1": SHOP}),
    Fault("the loader does not know the folder of a module", moved("/usr/local/lib64"), "PROBLEM module-not-in-cache",
          f"echo /usr/local/lib64 > {CONF} && ldconfig", {"shop": None, "web1": SHOP}),
    Fault("a module is cut off, and there is a good one elsewhere",
          both(copied("/usr/lib"), lambda: run("ldconfig"), cut(LIBVIRT, 4096)),
          "PROBLEM module-broken", f"rm {LIBVIRT} && ldconfig", CRASH),
    Fault("a module is cut off, and there is no other", cut(LIBVIRT, 4096), "PROBLEM module-broken", None, CRASH),
    Fault("little is left of a module",
          cut(LIBVIRT, 100), "PROBLEM module-broken", None, {"shop": None, "web1": SHOP}),
    Fault("nothing is left of a module, and there is a good one elsewhere",
          both(copied("/usr/lib"), lambda: run("ldconfig"), cut(LIBVIRT, 0)), "PROBLEM module-broken",
          f"rm {LIBVIRT} && ldconfig", {"shop": None, "web1": SHOP}),
    Fault("a module needs a library that is not there", patched(LIBVIRT, b"libc.so.6\0", b"libq.so.6\0"),
          "PROBLEM module-broken", None, {"shop": None}),
    Fault("a file with the name of a module is none",
          patched(LIBVIRT, b"_nss_libvirt_gethostbyname2_r", b"_nss_libvirt_nosuchentryby2_r"),
          "PROBLEM module-abi", None),
    Fault("a module that knows no names of addresses, as libvirt's own",
          patched(LIBVIRT, b"_nss_libvirt_gethostbyaddr2_r", b"_nss_libvirt_nosuchentry_to_r"),
          "WARNING module-foreign", None, NAMES),
]


def path_of_built(name):
    return os.path.join(checkhelper.NSS_MODULE_DIR, os.path.basename(name))


# ---- files ----

REPAIR = f"VIR_BRIDGE_NAME='{BRIDGE}' {HELPER} init"
LEFT = ("virbr7.status", "virbr7.status.nomac", "virbr7.macs")

FILES = [
    Fault("the lease folder is closed",
          mode(LEASEDIR, 0o700), "PROBLEM folder-closed", f"chmod a+rx {LEASEDIR}", NONE, user=True),
    Fault("the folder above it is closed", mode(os.path.dirname(LEASEDIR), 0o700), "PROBLEM folder-closed",
          "chmod a+x " + os.path.dirname(LEASEDIR), NONE, user=True),
    Fault("a folder above the one that the lease folder links to is closed",
          behind_closed_folder, "PROBLEM folder-closed",
          "chmod a+x /run/closed", NONE, user=True),
    Fault("there is no lease folder", gone(LEASEDIR), "PROBLEM folder-missing", "virsh net-start default", NONE),
    Fault("the lease folder is a file",
          both(gone(LEASEDIR), content(LEASEDIR, "")), "PROBLEM folder-unreadable", None, NONE),
    Fault("a file has a suffix and no name, so that nobody reads it", content(path(".status"), "[", 0o600), None, None, NAMES),
    Fault("a lease file is for root alone", mode(STATUS, 0o600), "PROBLEM file-closed", f"chmod a+r {STATUS}",
          {"shop": None, "web1": None}, user=True),
    Fault("a MAC map is for root alone",
          mode(MACS, 0o600), "PROBLEM file-closed", f"chmod a+r {MACS}", {"web1": None}, user=True),
    Fault("declared names are for root alone", mode(path("default.addnhosts"), 0o600), "PROBLEM file-closed",
          f"chmod a+r {path('default.addnhosts')}", {"printer": None}, user=True),
    Fault("a lease file is a link to nowhere", link(path("virbr7.status"), "nowhere"), "PROBLEM dangling-link",
          f"rm {path('virbr7.status')}", NAMES),
    Fault("a lease file is a link to itself", link(path("virbr7.status"), "virbr7.status"), "PROBLEM dangling-link",
          f"rm {path('virbr7.status')}", NAMES),
    Fault("a FIFO in place of a lease file", fifo, "PROBLEM not-a-file", f"rm {path('virbr7.status')}", NAMES),
    Fault("a folder in place of a lease file", lambda: os.mkdir(path("virbr7.status")), "PROBLEM not-a-file",
          f"mv {path('virbr7.status')} {path('virbr7.status.folder')}", NAMES),
    Fault("a folder in place of a lease file, with a file in it", lambda: os.makedirs(path("virbr7.status/x")),
          "PROBLEM not-a-file", f"mv {path('virbr7.status')} {path('virbr7.status.folder')}", NAMES),
    Fault("a file name with a space", link(path("my net.status"), "nowhere"), "PROBLEM dangling-link",
          f"rm '{path('my net.status')}'", NAMES),
    Fault("a lease file that is too large", large, "PROBLEM file-too-large", f"mv {STATUS} {STATUS}.too-large",
          {"shop": None}, {"shop": None, "printer": PRINTER}),
    Fault("a lease file that is cut off",
          lambda: os.truncate(STATUS, os.path.getsize(STATUS) - 40), "PROBLEM file-damaged", REPAIR,
          {"shop": SHOP, "db": None}, {"shop": SHOP, "web1": SHOP, "db": None}),
    Fault("a lease file with a hole",
          lambda: write(STATUS, open(STATUS, "rb").read().replace(b"ip-address\": \"192.168.122.132", b"\0" * 27)),
          "PROBLEM file-damaged", REPAIR, {"shop": SHOP, "db": None}, {"shop": SHOP, "web1": SHOP, "db": None}),
    Fault("leases without MAC address in a damaged file",
          content(STATUS + ".nomac", "[\n  {\n"), "PROBLEM file-damaged",
          REPAIR, NAMES),
    Fault("a MAC map that is damaged", content(MACS, "[ {"), "PROBLEM file-damaged", f"mv {MACS} {MACS}.damaged",
          {"shop": SHOP, "web1": None}, {"shop": SHOP, "web1": None}),
    Fault("a damaged file that the lease helper has kept",
          content(STATUS + ".corrupt", "x"), "WARNING damaged-file-kept",
          f"rm {STATUS}.corrupt", NAMES),
    Fault("an object that is no lease",
          leases({"hostname": "odd"}), "WARNING not-a-record", None, {**NAMES, "odd": None}),
]

# ---- guests ----

GUESTS = [
    Fault("leases of a bridge that does not exist",
          both(lambda: use_leases(lease("192.168.150.9", 9, "old"), file=LEFT[0]),
               lambda: use_map(file=LEFT[2], olddom=[9])),
          "WARNING left-behind", f"rm {path(LEFT[0])} {path(LEFT[2])}",
          {"old": "192.168.150.9", "olddom": "192.168.150.9"},
          {**NAMES, "old": None, "olddom": None}),
    Fault("a map of a bridge that does not exist", lambda: use_map(file=LEFT[2], olddom=[9]), "WARNING left-behind",
          f"rm {path(LEFT[2])}", NAMES),
    Fault("a lease without any name", leases(lease(FOREIGN_ADDRESS, 66)), "WARNING no-name", None, NAMES),
    Fault("a domain without a lease",
          lambda: use_map(web1=[1], db=[2], idle=[3]), "WARNING no-lease", None, {**NAMES, "idle": None}),
    Fault("two guests with one hostname", leases(lease(FOREIGN_ADDRESS, 66, "SHOP")), "WARNING same-hostname", None,
          {"shop": f"{SHOP} {FOREIGN_ADDRESS}"}),
    Fault("a guest claims a name with a meaning of its own", leases(lease(FOREIGN_ADDRESS, 66, "wpad")),
          "WARNING claims-reserved-name", None, {**NAMES, "wpad": None}),
    Fault("a guest claims the name of another one's domain", leases(lease(FOREIGN_ADDRESS, 66, "web1")),
          "WARNING claims-domain-name", None, NAMES),
    Fault("a guest claims a name that a network declares", leases(lease(FOREIGN_ADDRESS, 66, "printer")),
          "WARNING claims-declared-name", None, NAMES),
    Fault("a guest claims a name in a foreign domain", leases(lease(FOREIGN_ADDRESS, 66, "www.example.org")),
          "WARNING claims-foreign-domain", None, {**NAMES, "www.example.org": None}),
    Fault("a guest's hostname is none", leases(lease(FOREIGN_ADDRESS, 66, "a b")), "WARNING hostname-invalid", None,
          {**NAMES, "a b": None}),
    Fault("an old line of /etc/hosts has the name of a guest",
          content("/etc/hosts", "10.1.1.1 shop\n127.0.0.1 localhost\n"),
          "WARNING shadowed", None, {"shop": "10.1.1.1", "web1": SHOP}),
    Fault("an old line of /etc/hosts has the name of a guest that is not the first", both(
        leases(lease(FOREIGN_ADDRESS, 66, "zoo")), content("/etc/hosts", "10.1.1.1 zoo\n127.0.0.1 localhost\n")),
          "WARNING shadowed", None, {"shop": SHOP, "zoo": "10.1.1.1"}),
    Fault("a domain has the name of this machine in /etc/hosts", both(
        lambda: use_map(web1=[1], db=[2], kvm1=[2]), content("/etc/hosts", "127.0.0.1 localhost\n10.1.1.1 kvm1\n")),
          "WARNING shadowed", None, {"kvm1": "10.1.1.1"}),
]


# ---- cases ----

def note(checked):
    seen.update(finding["id"] for finding in checked.findings)
    return checked


def check(name, **options):
    checked = note(Checked(**options))
    if not checked.is_sound:
        tap.ok(False, f"{name}: check works", checked)
    return checked


def is_found(expected, user, name):
    got = {asked: found(asked, user) for asked in expected}
    tap.equal(got, {**expected, **({"localhost": got["localhost"]} if expected.get("localhost") else {})}, name)


def has_run(command):
    """Whether this machine can run the command: not what asks a package manager, authselect or libvirtd."""
    return command and command.split()[0] not in ("apt-get", "dnf", "virsh", "authselect")


def try_fault(fault, modules=False):
    checkhelper.make_good(modules)
    fault.make()
    if fault.user and not can_change_user:
        tap.skip(fault.name, "this namespace has no other user")
        return
    if fault.before:
        is_found(fault.before, fault.user, f"{fault.name}: what is found")
    checked = check(fault.name)
    if not fault.finding:
        tap.equal(checked.faults(), [], f"{fault.name}: no fault")
        return
    level, identity = fault.finding.split()
    told = checked.of(identity)
    tap.ok([(f["level"], f["command"]) for f in told[:1]] == [(level, fault.command)], f"{fault.name}: {fault.finding}",
           "expected:", fault.finding, fault.command, "got:", checked)
    if not told or told[0]["command"] != fault.command or not has_run(fault.command):
        return
    status, printed = run(told[0]["command"])
    tap.ok(status == 0, f"{fault.name}: {fault.command}", printed)
    again = check(fault.name + ", mended")
    tap.ok(not again.of(identity), f"{fault.name}: check has that no more", again)
    is_found(fault.after, fault.user, f"{fault.name}: what is found then")


def try_all(faults, modules=False):
    for fault in faults:
        try_fault(fault, modules)
    checkhelper.make_good(modules)


def test_good():
    checkhelper.make_good(modules=True)
    for user in (False, True)[:1 + can_change_user]:
        is_found(NAMES, user, f"all is well: what {'everybody' if user else 'root'} finds")
    checked = check("all is well")
    tap.equal((checked.status, checked.faults(), checked.json["problems"], checked.json["warnings"]), (0, [], 0, 0),
              "all is well")
    status, printed = run("virt-names check")
    tap.ok(status == 0 and printed.endswith("\nAll is well.\n"), "all is well, in words", printed)
    tap.ok(not any(f["command"] for f in checked.findings), "no command where all is well", checked)


def test_switch():
    try_all(SWITCH)


def test_modules():
    try_all(MODULES, modules=True)


def test_packages():
    """Where no package has the modules, there is none to install."""
    for program, package in ((sys.argv[1], sys.argv[4]), (sys.argv[5], "libnss-example")):
        checkhelper.use_program(program)
        try_all(package_faults(package), modules=True)
        os.unlink(LIBVIRT)
        run("ldconfig")
        told = check("a module is not installed").of("module-missing")
        tap.equal([('"make install"' in finding["why"]) for finding in told], [not package],
                  f"a module is not installed: built for {package or 'no package'}")
    checkhelper.use_program(sys.argv[1])
    checkhelper.make_good(modules=True)


def test_files():
    try_all(FILES)


def test_disk_errors():
    checkhelper.make_good()
    strace = "strace -f -o /dev/null -P virbr0.status -e trace=openat -e inject=openat:error=EIO"
    if run("strace -f -o /dev/null true")[0] != 0:
        seen.add("file-unreadable")
        tap.skip("a lease file that cannot be read", "no strace(1) to be had here")
        return
    checked = check("a lease file that cannot be read", wrapper=strace)
    tap.equal(checked.faults()[:1], ["PROBLEM file-unreadable"],
              "a lease file that cannot be read: PROBLEM file-unreadable")


def test_guests():
    try_all(GUESTS)


def test_authselect():
    """The file is not touched, whoever asks for it."""
    checkhelper.make_good()
    text = "# Generated by authselect on Mon Jan  1 00:00:00 2024\nhosts: files dns\n"
    os.makedirs("/etc/authselect")
    write("/etc/authselect/authselect.conf", "sssd\n")
    write(NSSWITCH, text)
    status, printed = run(ENABLE)
    with open(NSSWITCH, encoding="utf-8") as file:
        tap.equal((status != 0, file.read()), (True, text), "virt-names enable leaves authselect's file alone")
    tap.ok("authselect enable-feature with-libvirt" in printed, "and says what to run", printed)


def test_environment():
    checkhelper.make_good()
    for module in (LIBVIRT, GUEST):
        os.unlink(module)
    run("ldconfig")
    is_found(NONE, False, "modules in LD_LIBRARY_PATH alone: what other programs find")
    checked = check("modules in LD_LIBRARY_PATH alone", environment={"LD_LIBRARY_PATH": checkhelper.NSS_MODULE_DIR})
    tap.equal([f["level"] for f in checked.of("module-from-environment")], ["WARNING"] * 2,
              "modules in LD_LIBRARY_PATH alone: WARNING module-from-environment")
    checkhelper.make_good(modules=True)


def test_words():
    """What is for people: the command stands on a line of its own."""
    checkhelper.make_good()
    use_hosts("files dns")
    status, printed = run("virt-names check")
    tap.ok(status == 1 and f"\n         Run: {ENABLE}\n" in printed and printed.endswith("4 problems, 1 warning\n"),
           "in words", printed)


def test_untypeable():
    """Of a name that nobody can type there is no command, and no words that lead to one."""
    checkhelper.make_good()
    use_map(**{"a\tb": [2]})
    use_hosts("files")
    told = {finding["seen"].split()[3]: (finding["command"], finding["why"][-1])
            for finding in check("names that cannot be typed").of("live")}
    tap.equal(told, {"a\\x09b": (None, "."), "printer": ("virt-names query -- printer", ":"),
                     "shop": ("virt-names query -- shop", ":")}, "what is said of names that cannot be typed")
    use_hosts(LINE)
    tap.equal(check("names that cannot be typed, enabled").faults(), [], "names that cannot be typed are found")


def test_other_folder():
    """Of leases that were copied from elsewhere this machine's own set-up says nothing."""
    checkhelper.make_good()
    shutil.copytree(LEASEDIR, "/run/copied")
    use_hosts("files")
    checked = check("another folder", arguments="--leasedir=/run/copied")
    tap.equal((checked.status, checked.faults()), (0, []), "another folder: nothing about this machine")
    write("/run/copied/virbr0.macs", "[")
    checked = check("another folder", arguments="--leasedir=/run/copied")
    tap.equal(checked.faults()[:1], ["PROBLEM file-damaged"], "another folder: a damaged file")


# ---- dnsmasq ----

def test_networks():
    global network
    checkhelper.make_good()
    script = "/run/script"
    shutil.copy(HELPER, script)
    stop(network)
    checked = check("no dnsmasq")
    tap.equal(checked.faults(), ["WARNING no-network"], "no dnsmasq runs")
    for name, options, finding in (
            ("a dnsmasq without --dhcp-script", [], "PROBLEM no-dhcp-script"),
            ("a dnsmasq whose --dhcp-script is gone", ["--dhcp-script=" + script], "PROBLEM dhcp-script-missing"),
            ("a dnsmasq with its --dhcp-script", ["--dhcp-script=" + HELPER], None)):
        network = checkhelper.start_network(*options)
        tap.ok(network.poll() is None, name + ": runs")
        if finding and finding.endswith("missing"):
            os.unlink(script)
        checked = check(name)
        tap.equal(checked.faults(), [finding] if finding else [], name)
        if finding == "PROBLEM no-dhcp-script":
            tap.equal(checked.of("no-dhcp-script")[0]["command"],
                      "virsh net-destroy default && virsh net-start default", name + ": the command")
        if finding:
            stop(network)


# ---- nscd ----

def with_nscd(test):
    nscd = start("nscd", "--foreground")
    if not wait_for(lambda: os.path.exists("/run/nscd/socket")):
        tap.ok(False, "nscd starts")
    test()
    run("nscd --shutdown")
    nscd.wait()
    for name in os.listdir("/var/cache/nscd"):
        os.unlink("/var/cache/nscd/" + name)
    wait_for(lambda: not os.path.exists("/run/nscd/socket"))


def stale(name, command, before, after=NAMES):
    is_found(before, False, f"{name}: what is found")
    checked = check(name)
    told = checked.of("cache-stale")
    tap.ok([(f["level"], f["command"]) for f in told[:1]] == [("PROBLEM", command)], f"{name}: PROBLEM cache-stale",
           command, checked)
    status, printed = run(command)
    tap.ok(status == 0, f"{name}: {command}", printed)
    if "--shutdown" in command:
        wait_for(lambda: found("localhost"))
    is_found(after, False, f"{name}: what is found then")
    tap.ok(not check(name + ", mended").of("cache-stale"), f"{name}: check has that no more")


def test_nscd():
    if not shutil.which("nscd", path=checkhelper.ENVIRONMENT["PATH"]):
        tap.skip("nscd", "not installed: nscd")
        return
    checkhelper.make_good()
    # The files of the modules must be older than nscd, and that in whole seconds
    wait_for(lambda: int(time.time()) > int(os.stat(GUEST).st_ctime) + 1)

    def good():
        checked = check("nscd runs")
        tap.equal((checked.faults(), "cache" in [f["id"] for f in checked.findings]), ([], True),
                  "nscd runs, and has nothing stale")
    with_nscd(good)

    # nscd forgets hosts some time after nsswitch.conf is replaced by another file; that one is written into does not
    # make it forget
    use_hosts("files")

    def not_enabled():
        is_found(NONE, False, "nscd is asked before the services are enabled")
        with open(NSSWITCH, "w", encoding="ascii") as file:
            file.write(f"hosts: {LINE}\n")
        stale("nscd remembers what was before the services were enabled", "nscd --invalidate=hosts", NONE)
    with_nscd(not_enabled)

    def not_there():
        use_leases(lease(DB, 2))
        is_found({"shop": None, "web1": None}, False, "nscd is asked before a guest is there")
        use_leases(*GOOD_LEASES)
        stale("nscd remembers that a guest was not there", "nscd --invalidate=hosts",
              {"shop": None, "web1": None, "db": DB})
    with_nscd(not_there)

    def elsewhere():
        is_found(NAMES, False, "nscd is asked for a guest")
        use_leases(lease(FOREIGN_ADDRESS, 1, "shop"), lease(DB, 2))
        is_found({"shop": FOREIGN_ADDRESS, "web1": FOREIGN_ADDRESS}, False,
                 "nscd does not remember a guest's old address")
    with_nscd(elsewhere)

    checkhelper.make_good()
    for module in (LIBVIRT, GUEST):
        os.unlink(module)
    run("ldconfig")

    def before_modules():
        is_found(NONE, False, "nscd is started before the modules are installed")
        checkhelper.make_good(modules=True)
        run("nscd --invalidate=hosts")
        stale("nscd could not load the modules", "nscd --shutdown; sleep 1; nscd && nscd --invalidate=hosts", NONE)
    with_nscd(before_modules)


def test_cache_of_query():
    """Which cache it is, is told by the process: both listen at one place."""
    checkhelper.make_good()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("/run/nscd/socket")

    def lines():
        return [line.split()[:2] for line in run("virt-names query shop")[1].splitlines() if re.match("  ns", line)]
    for name in ("nscd", "nsncd"):
        with subprocess.Popen([name, "60"], executable="/usr/bin/sleep") as process:
            tap.equal(lines(), [[name, "runs"]], f"query: {name} runs")
            process.kill()
    tap.equal(lines(), [["nscd", "is"]], "query: only its socket is seen")
    os.unlink("/run/nscd/socket")
    tap.equal(lines(), [], "query: no cache runs")


# ---- all of it ----

# MANUAL, docs/virt-names.rst, has these, each with a few words
IDS = """
after-dns before-files cache cache-stale claims-declared-name claims-domain-name claims-foreign-domain
claims-reserved-name damaged-file-kept dangling-link dhcp-script-missing file-closed file-damaged
file-too-large file-unreadable folder folder-closed folder-missing folder-unreadable hidden hidden-later
hidden-local hostname-invalid left-behind libvirt-guest-not-enabled libvirt-not-enabled live module module-abi
module-broken module-foreign module-from-environment module-missing module-not-in-cache network no-dhcp-script
no-hostname no-hosts-line no-lease no-name no-network no-newline no-services not-a-comment not-a-file
not-a-record not-enabled nsswitch nsswitch-damaged nsswitch-unreadable other-resolvers same-hostname
several-hosts-lines shadowed
""".split()


def main():
    global network, can_change_user
    if os.environ.get("NSS_TEST_SANITIZED"):
        print("1..0 # SKIP a sanitized build is not what ships: getent and nscd cannot load its modules")
        return
    absent = [program for program in ("dnsmasq", "getent", "ip", "unshare")
              if not shutil.which(program, path=checkhelper.ENVIRONMENT["PATH"])]
    reason = absent and "not installed: " + " ".join(absent)
    reason = reason or (not checkhelper.enter_namespaces() and "no network and process namespaces to be had here")
    reason = reason or checkhelper.make_machine(*sys.argv[1:3])
    if reason:
        print("1..0 # SKIP", reason)
        return
    try:
        can_change_user = run("true", user=checkhelper.NOBODY, extra_groups=[])[0] == 0
    except (PermissionError, OSError):
        can_change_user = False
    checkhelper.make_leases()
    network = checkhelper.start_network("--dhcp-script=" + HELPER)
    checkhelper.start_dns(checkhelper.DNS_SAYS_NO, "--local=/#/")
    checkhelper.start_dns(checkhelper.DNS_SAYS_YES, "--address=/#/" + YES)
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
    tap.equal(sorted(seen), IDS, "every finding that there is")
    with open(sys.argv[3], encoding="utf-8") as manual:
        text = manual.read()
    tap.equal([identity for identity in IDS if f"**{identity}**" not in text], [], "the manual page has all of them")
    tap.finish()


main()
