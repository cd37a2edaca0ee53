# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""For tests of a lease helper: calls it as dnsmasq does, and tells what it made of the lease folder."""

import collections
import json
import os
import subprocess

from tap import WRAPPER

BRIDGE = "virbr0"
LEASEDIR = os.environ.get("LEASEDIR", "/var/lib/libvirt/dnsmasq")

# What dnsmasq says: the arguments, and what it adds to the environment
Event = collections.namedtuple("Event", "arguments environment")
Called = collections.namedtuple("Called", "status printed told")
Outcome = collections.namedtuple("Outcome", "statuses printed files")

INIT = Event(["init"], {})


def environment_of(event):
    """All that a helper sees. The loader's and the sanitizers' own variables go through."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS")}
    return {"LC_ALL": "C", **kept, "VIR_BRIDGE_NAME": BRIDGE, **event.environment}


class Helper:
    """A lease helper, and the lease folder of this mount namespace."""

    def __init__(self, path):
        self.command = [*WRAPPER, path]

    def start(self, event, **options):
        return subprocess.Popen([os.fsencode(word) for word in (*self.command, *event.arguments)],
                                env=environment_of(event), stdin=subprocess.DEVNULL, **options)

    def call(self, event):
        process = self.start(event, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        printed, told = process.communicate()
        return Called(process.returncode, printed, told)

    def run(self, events, files=None):
        """Starts with the given files; the outcome of the events, and of an init after the last."""
        clear()
        write(files or {})
        called = [self.call(event) for event in [*events, INIT]]
        return Outcome([call.status for call in called], called[-1].printed, read())


def path(name):
    return os.path.join(LEASEDIR, name)


def clear():
    for entry in os.scandir(LEASEDIR):
        if entry.is_dir(follow_symlinks=False):
            os.rmdir(entry.path)
        else:
            os.unlink(entry.path)


def write(files):
    for name, content in files.items():
        with open(path(name), "wb") as file:
            file.write(content)


def read():
    """The content of each regular file of the lease folder."""
    content = {}
    for name in sorted(os.listdir(LEASEDIR)):
        if os.path.isfile(path(name)):
            with open(path(name), "rb") as file:
                content[name] = file.read()
    return content


def without_domain(content):
    """The member "domain" is ours alone; libvirt's helper does not write it."""
    return b"".join(line for line in content.splitlines(True) if not line.startswith(b'    "domain": '))


def addresses(content):
    """The addresses in a file of leases, which must be whole and well-formed."""
    return {lease["ip-address"] for lease in json.loads(content)} if content else set()


def leases(count):
    """A file of so many leases of guests that no event is about, as a helper would have written it."""
    records = []
    for i in range(count):
        mac = f"52:54:01:00:{i // 250:02x}:{i % 250:02x}"
        records.append(f'  {{\n    "ip-address": "10.1.{i // 250}.{i % 250}",\n    "mac-address": "{mac}",\n'
                       f'    "hostname": "guest-{i}",\n    "client-id": "01:{mac}",\n    "expiry-time": 4000000000\n  }}')
    return ("[\n" + ",\n".join(records) + "\n]\n").encode()


def v4(action, last, hostname=None, **environment):
    """An event of the guest with the address 10.0.0.LAST and a MAC address that ends with LAST."""
    return Event([action, f"52:54:00:00:00:0{last}", f"10.0.0.{last}", *([hostname] if hostname else [])],
                 {"DNSMASQ_INTERFACE": BRIDGE, "DNSMASQ_LEASE_EXPIRES": "4000000000", **environment})


def v6(action, last, hostname=None, mac=True, **environment):
    """The same with the address fd00::LAST; dnsmasq may not know the MAC address."""
    known = {"DNSMASQ_MAC": f"52:54:00:00:00:0{last}"} if mac else {}
    return Event([action, f"00:03:00:01:52:54:00:00:00:0{last}", f"fd00::{last}", *([hostname] if hostname else [])],
                 {"DNSMASQ_INTERFACE": BRIDGE, "DNSMASQ_LEASE_EXPIRES": "4000000000", "DNSMASQ_IAID": f"7{last}",
                  "DNSMASQ_SERVER_DUID": "00:01", **known, **environment})


def summary(outcome):
    """An outcome in a line: the exit statuses; for each file the address, the end of the MAC address, the hostname and
    the end of the expiry time of its leases; what init printed."""
    parts = ["exit " + " ".join(map(str, outcome.statuses))]
    for name, content in outcome.files.items():
        try:
            told = [" ".join([lease["ip-address"], lease.get("mac-address", "-")[-2:], lease.get("hostname", "-"),
                              str(lease["expiry-time"] % 100)]) for lease in (json.loads(content) if content else [])]
        except (ValueError, KeyError, TypeError):
            told = ["not a list of leases"]
        parts.append(f"{name.removeprefix(BRIDGE)}: " + ", ".join(told))
    parts.append("init: " + "; ".join(outcome.printed.decode(errors="backslashreplace").splitlines()))
    return " | ".join(parts)
