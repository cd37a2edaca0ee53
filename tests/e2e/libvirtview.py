# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""What virsh says of names and addresses, and what our modules are to say, which is the same but for reasons that
docs/comparison.rst gives.
"""

import collections
import re
import time

from libvirthost import domain_addresses, domain_macs, leases, networks, running, virsh

# In the order in which nsswitch.conf has them
SERVICES = ("libvirt", "libvirt_guest")
HOSTNAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}")

Entry = collections.namedtuple("Entry", "service name address")


def reasons_of(page):
    """The words by which the page names reasons for a difference."""
    with open(page, encoding="utf-8") as file:
        return set(re.findall(r"^``(\w+)``$", file.read(), re.MULTILINE))


def is_hostname(name):
    return bool(HOSTNAME.fullmatch(name))


class Hosts:
    """Who has which address, as services know it."""

    def __init__(self, entries):
        self.entries = frozenset(entries)

    def addresses(self, name, services=SERVICES):
        """What the first of the services knows that knows the name."""
        for service in services:
            found = {entry.address for entry in self.entries if (entry.service, entry.name) == (service, name)}
            if found:
                return found
        return set()

    def names(self, address, services=SERVICES):
        """What the first of the services knows that knows the address."""
        for service in services:
            found = {entry.name for entry in self.entries if (entry.service, entry.address) == (service, address)}
            if found:
                return found
        return set()

    def all_names(self, services=SERVICES):
        return {entry.name for entry in self.entries if entry.service in services}

    def all_addresses(self):
        return {entry.address for entry in self.entries}

    def list(self, service):
        """As lines of hosts(5)."""
        return {f"{entry.address} {entry.name}" for entry in self.entries if entry.service == service}


class View:
    """What virsh says at one time."""

    def __init__(self):
        found = leases()
        self.remaining = {lease: lease.expiry - time.time() for lease in found}
        # When a lease was renewed is of no account for names
        self.leases = sorted((lease[:-1] for lease in found), key=str)
        self.domains = {domain: (domain_macs(domain), domain_addresses(domain)) for domain in running()}
        self.declared = collections.defaultdict(set)
        self.network_domains = {}
        for network in networks():
            xml = virsh("net-dumpxml", network)
            for address, names in re.findall(r"<host ip='([^']+)'>(.*?)</host>", xml, re.DOTALL):
                for name in re.findall(r"<hostname>([^<]+)", names):
                    self.declared[name].add(address)
            self.network_domains.update((network, name) for name in re.findall(r"<domain name='([^']+)'", xml))
        self.hosts = Hosts(
            [Entry("libvirt", hostname, address) for *_, address, hostname, _ in self.leases if hostname]
            + self.full_names()
            + [Entry("libvirt", name, address) for name, addresses in self.declared.items() for address in addresses]
            + [Entry("libvirt_guest", domain, address) for domain, (_, addresses) in self.domains.items()
               for address in addresses])

    def __eq__(self, other):
        return (self.leases, self.domains, self.declared) == (other.leases, other.domains, other.declared)

    def is_refused(self, mac, address, hostname):
        """Whether what the guest calls itself means something else on this host, or is no host name."""
        return (not is_hostname(hostname) or hostname == "localhost"
                or address not in self.declared.get(hostname, {address})
                or (hostname in self.domains and mac not in self.domains[hostname][0]))

    def full_names(self):
        """The hostnames in networks that have a <domain>, with that."""
        return [Entry("libvirt", f"{hostname}.{self.network_domains[network]}", address)
                for network, mac, _, address, hostname, _ in self.leases
                if hostname and network in self.network_domains and not self.is_refused(mac, address, hostname)]

    def refused(self):
        """What guests call themselves and may not."""
        return [Entry("libvirt", hostname, address) for _, mac, _, address, hostname, _ in self.leases
                if hostname and self.is_refused(mac, address, hostname)]


class Expected:
    """What our modules are to say at the time of a view. helper: whose lease helper runs; left: the MAC addresses of
    domains, by name, that went while their network was down."""

    def __init__(self, view, helper, left):
        missing = {entry: "refused" for entry in view.refused()}
        if helper != "ours":
            missing.update((entry, "full") for entry in view.full_names())
        added = {Entry("libvirt_guest", domain, address): "left" for domain, macs in left.items()
                 for _, mac, _, address, *_ in view.leases if mac in macs}
        entries = view.hosts.entries
        if missing.keys() - entries or added.keys() & entries:
            raise ValueError(f"no difference to virsh: {missing.keys() - entries or added.keys() & entries}")
        self.reasons = {**missing, **added}
        self.hosts = Hosts(entries - missing.keys() | added.keys())

    def why(self, services, name_or_address=None):
        """The reasons for which these services say something else of it, or of anything, than virsh."""
        return " ".join(sorted({reason for entry, reason in self.reasons.items() if entry.service in services
                                and name_or_address in (None, entry.name, entry.address)}))
