# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""What programs on a libvirt host are asked, through our modules and through libvirt's, and what is to be answered, for
libvirtscenes.py."""

import re

from libvirthost import LEASE_TIMES, REFERENCE, modules_of, run, ssh
from libvirtview import SERVICES, Expected, View, reasons_of

# What getent's answer begins with that is none
FAILED = "getent ended with"
GETADDRINFO = """
import socket, sys
print(*{address[4][0] for address in socket.getaddrinfo(sys.argv[1], None)})
print(*{line.split()[-1] for line in open("/proc/self/maps") if "libnss_libvirt" in line})
"""


class Questions:
    def __init__(self, host, helper, page, tap):
        """helper: whose lease helper runs; page: gives the reasons for which an answer is not to be like virsh's."""
        self.host = host
        self.helper = helper
        self.reasons = reasons_of(page)
        self.tap = tap
        self.modules = {whose: modules_of(whose) for whose in ("ours", "libvirt's")}
        # What was asked and answered, and what virsh said
        self.rows = []
        self.views = []
        self.scene = None
        self.view = None
        self.expected = None
        # All that anybody has had so far, or has tried to have
        self.names = set()
        self.addresses = set()
        # The MAC addresses of domains, by name, that went while their network was down
        self.left = {}

    # ---- questions to getent ----

    def getent(self, whose, service, database, *keys):
        """The lines that getent prints: for a key, for several that nobody is to have, or of everybody."""
        options = [] if service == "all" else ["-s", f"hosts:{service}"]
        # Without "-i" it would ask for another name than one with letters that are not of ASCII
        done = run("getent", "-i", *options, database, *(["--", *keys] if keys else []), **self.modules[whose])
        found = bool(done.stdout) if len(keys) == 1 else not keys
        if done.returncode != (0 if found else 2):
            return [f"{FAILED} {done.returncode}: {done.stderr.strip()}"]
        return done.stdout.splitlines()

    def addresses_of(self, whose, service, *names):
        lines = self.getent(whose, service, "ahosts", *names)
        # A name may have lines of its own
        addresses = (re.match(r"(\S+) +(STREAM|DGRAM|RAW)\b", line) for line in lines)
        return {address[1] for address in addresses if address} | {line for line in lines if line.startswith(FAILED)}

    def names_of(self, whose, service, address):
        return {name for line in self.getent(whose, service, "hosts", address)
                for name in ([line] if line.startswith(FAILED) else line.split()[1:])}

    def everybody(self, whose, service):
        return [" ".join(line.split()) for line in self.getent(whose, service, "hosts")]

    # ---- questions, and what is to be answered ----

    def ask(self, kind, text, ask, by_virsh, expected, why=""):
        """One question, ask(whose), and what is expected if they are ours; why has the reasons if that is not what
        virsh says."""
        return {"scene": self.scene, "kind": kind, "question": text, "virsh": sorted(by_virsh),
                "expected": sorted(expected), "reason": why if expected != by_virsh else "",
                **{whose: sorted(ask(whose)) for whose in self.modules}}

    def judge(self, row):
        self.rows.append(row)
        name = f"{self.scene}: {ascii(row['question'])[1:-1]}"
        self.tap.equal(row["ours"], row["expected"], name)
        if row["expected"] != row["virsh"]:
            self.tap.ok(row["reason"] and set(row["reason"].split()) <= self.reasons,
                        f"{name}: not as virsh says, for a reason", row["reason"])

    def say(self, scene):
        self.scene = scene
        print(f"# {scene}", flush=True)

    def look(self, scene, reach=None, gone=()):
        """In this scene our modules say all that virsh says of leases, running domains, <dns><host> and <domain>, and
        no more. The domains in reach are reached, by these hostnames too; nobody knows what is gone."""
        self.say(scene)
        self.names.update(gone)
        for _ in range(5):
            self.view = View()
            self.expected = Expected(self.view, self.helper, self.left)
            rows = list(self.ask_all())
            # A lease may come or go meanwhile, and then nobody knows what the answers were to be
            if View() == self.view:
                break
        else:
            raise TimeoutError(f"{scene}: virsh says something else each time")
        for row in rows:
            self.judge(row)
        self.views.append({"scene": scene, "leases": self.view.leases, "domains":
                           {domain: sorted(addresses) for domain, (_, addresses) in self.view.domains.items()}})
        self.tap.ok(all(0 <= seconds <= LEASE_TIMES[lease.network, lease.protocol]
                        for lease, seconds in self.view.remaining.items()),
                    f"{scene}: leases are as long as they were given", self.view.remaining)
        for domain, hostnames in (reach or {}).items():
            self.reach(domain, hostnames)
        for name in gone:
            self.unknown(name)

    def ask_all(self):
        virsh_hosts, hosts = self.view.hosts, self.expected.hosts
        self.names |= virsh_hosts.all_names() | hosts.all_names()
        self.addresses |= virsh_hosts.all_addresses() | hosts.all_addresses()
        for service in (*SERVICES, "all"):
            services = SERVICES if service == "all" else [service]
            getent = "getent" if service == "all" else f"getent -s hosts:{service}"
            # The service "files" comes first
            others = {"localhost"} if service == "all" else set()
            known = (virsh_hosts.all_names(services) | hosts.all_names(services)) - others
            for name in sorted(known):
                yield self.ask("name", f"{getent} ahosts {name}",
                               lambda whose: self.addresses_of(whose, service, name),
                               virsh_hosts.addresses(name, services), hosts.addresses(name, services),
                               self.expected.why(services, name))
            yield self.ask("nobody", f"{getent} ahosts, names of nobody",
                           lambda whose: self.addresses_of(whose, service, *sorted(self.names - known - others)),
                           set(), set())
            for address in sorted(self.addresses):
                yield self.ask("address", f"{getent} hosts {address}",
                               lambda whose: self.names_of(whose, service, address),
                               virsh_hosts.names(address, services), hosts.names(address, services),
                               self.expected.why(services, address))
            if service != "all":
                yield self.ask("list", f"{getent} hosts", lambda whose: self.everybody(whose, service),
                               virsh_hosts.list(service), hosts.list(service),
                               self.expected.why(services))

    # ---- other programs ----

    def reach(self, domain, hostnames):
        """By each of these names every program gets to the domain, and with the domains of its networks behind them."""
        full = {entry.name for entry in self.expected.hosts.entries & set(self.view.full_names())
                if entry.name.partition(".")[0] in hostnames}
        for name in [domain, *hostnames, *sorted(full)]:
            self.reach_by(name, self.host.uts[domain])

    def reach_by(self, name, uts):
        """Every program gets there, with nothing but the line in nsswitch.conf, over each protocol for which there is
        an address."""
        addresses = self.expected.hosts.addresses(name)
        protocols = {protocol: {address for address in addresses if (":" in address) == (protocol == 6)}
                     for protocol in (4, 6)}
        first = protocols[6] or protocols[4]
        self.reached(f"getent hosts {name}", lambda whose: self.first_addresses(whose, name), first)
        self.reached(f"getaddrinfo in Python: {name}", lambda whose: self.getaddrinfo(whose, name), addresses)
        for protocol in protocols:
            if protocols[protocol]:
                self.reached(f"ping -{protocol} {name}", lambda whose: self.ping(whose, protocol, name), ["answer"])
                self.reached(f"ssh -{protocol} root@{name} hostname",
                             lambda whose: self.hostname(whose, protocol, name), [uts])

    def reached(self, text, ask, expected):
        self.judge(self.ask("program", text, ask, expected, expected))

    def first_addresses(self, whose, name):
        return {line.split()[0] for line in self.getent(whose, "all", "hosts", name)}

    def getaddrinfo(self, whose, name):
        done = run("python3", "-c", GETADDRINFO, name, **self.modules[whose])
        if done.returncode:
            return self.failure(done)
        addresses, modules = (line.split() for line in done.stdout.splitlines())
        strangers = [module for module in modules if module.startswith(REFERENCE) != (whose == "libvirt's")]
        return {*addresses, *strangers} if modules else {"found by something else"}

    def ping(self, whose, protocol, name):
        done = run("ping", f"-{protocol}", "-c", "1", "-W", "5", name, **self.modules[whose])
        return ["answer"] if done.returncode == 0 else self.failure(done)

    def hostname(self, whose, protocol, name):
        there = ssh(name, "hostname", family=f"inet{protocol if protocol == 6 else ''}", **self.modules[whose])
        return [there.stdout.strip()] if there.returncode == 0 else self.failure(there)

    def unknown(self, name):
        """ask_all() has asked getent."""
        self.reached(f"ssh root@{name}", lambda whose: self.failure(ssh(name, "true", **self.modules[whose])),
                     ["not resolved"])

    @staticmethod
    def failure(done):
        """Why a program does not reach what it is to reach: "not resolved", or what it says."""
        if done.returncode and "Name or service not known" in done.stderr:
            return ["not resolved"]
        return [" ".join((done.stdout + done.stderr).split()) or f"exit status {done.returncode}"]
