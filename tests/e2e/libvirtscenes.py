#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""libvirtscenes.py HELPER DIFFERENCES RECORD

What happens on a libvirt host, scene by scene. After each, what virsh says of leases and domains is compared with what
programs find through our modules, and through libvirt's, which are asked the same. HELPER is "ours" or "libvirt's",
whoever the lease helper in place is from; DIFFERENCES is the page that gives the reasons for which an answer is not to
be like virsh's; into RECORD goes what was asked and answered, for libvirtreport.py.
"""

import json
import re
import sys
import time

from libvirthost import (Host, declared, domain_addresses, domain_macs, leases, modules_of, must, run, running, ssh,
                         virsh, wait_until)
sys.path.insert(0, sys.path[0] + "/..")
from tap import Tap  # noqa: E402

MACS = {name: f"52:54:00:aa:00:{number:02x}" for number, name in enumerate(
    ["alpha", "beta", "gamma", "gamma-lab", "fixed", "delta", "plugged"], 1)}
# What no guest may be called on this host, or is no host name: dnsmasq may accept it
FORBIDDEN = {"localhost", "alpha-dom", "printer"}
HOSTNAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}")
GETADDRINFO = """
import socket, sys
print(*sorted({address[4][0] for address in socket.getaddrinfo(sys.argv[1], None)}))
for line in open("/proc/self/maps"):
    if "libnss_libvirt" in line:
        print(line.split()[-1])
"""


class Scenes:
    def __init__(self, helper, differences):
        self.helper = helper
        with open(differences, encoding="utf-8") as file:
            self.reasons = set(re.findall(r"^``(\w+)``$", file.read(), re.MULTILINE))
        self.tap = Tap()
        self.modules = {whose: modules_of(whose) for whose in ("ours", "libvirt's")}
        self.rows = []
        self.views = []
        self.name = None
        self.host = Host()

    # ---- questions ----

    def say(self, name):
        """A new scene begins."""
        self.name = name
        print(f"# {name}", flush=True)

    def ask(self, whose, service, database, key):
        """What getent prints: the addresses of a name (ahosts), the names of an address (hosts)."""
        done = run("getent", "-s", f"hosts:{service}", database, "--", key, **self.modules[whose])
        words = [line.split() for line in done.stdout.splitlines()]
        return {line[0] for line in words} if database == "ahosts" else {word for line in words for word in line[1:]}

    def compare(self, service, database, key, by_virsh, unlike=None):
        """What virsh says is what our module says. Where that is not to be so: unlike is the reason and our answer."""
        reason, expected = unlike or (None, by_virsh)
        answers = {whose: self.ask(whose, service, database, key) for whose in self.modules}
        self.rows.append({"scene": self.name, "question": f"{service} {key}", "virsh": sorted(by_virsh),
                          "reason": reason, **{whose: sorted(answer) for whose, answer in answers.items()}})
        if reason:
            self.tap.ok(reason in self.reasons, f"{self.name}: there is a reason: {reason}")
        self.tap.equal(sorted(answers["ours"]), sorted(expected), f"{self.name}: {service} answers for {key!r}")

    def agree(self, refused=(), inactive=None):
        """Everything that virsh says of leases, running domains and <dns><host> is what our modules say, but for what
        guests are refused (these hostnames), and the names that lead into a network that is down (to these addresses).
        """
        found = leases()
        inactive = inactive or {}
        by_name, by_domain = declared(), {domain: domain_addresses(domain) for domain in running()}
        self.views.append({"scene": self.name, "leases": sorted(json.dumps(lease[:-1]) for lease in found),
                           "domains": {domain: sorted(addresses) for domain, addresses in by_domain.items()}})
        legitimate = {name: set(addresses) for name, addresses in by_name.items()}
        for lease in found:
            if lease.hostname:
                by_name.setdefault(lease.hostname, set()).add(lease.address)
        for name in {*by_name, *(name for name in inactive if name not in by_domain)}:
            unlike = ("refused", legitimate.get(name, set())) if name in refused else None
            if name in inactive:
                unlike = ("inactive", inactive[name])
            self.compare("libvirt", "ahosts", name, by_name.get(name, set()), unlike)
        for domain, addresses in by_domain.items():
            self.compare("libvirt_guest", "ahosts", domain, addresses,
                         ("inactive", inactive[domain]) if domain in inactive else None)
        self.agree_reverse(found, refused)

    def agree_reverse(self, found, refused):
        domains = {mac: domain for domain in running() for mac in domain_macs(domain)}
        for lease in found:
            names = {lease.hostname} - {None}
            unlike = None
            if lease.hostname in refused:
                unlike = ("refused", set())
            elif names and lease.network == "lab" and self.helper == "ours":
                unlike = ("full", names | {f"{lease.hostname}.lab.test"})
            self.compare("libvirt", "hosts", lease.address, names, unlike)
            self.compare("libvirt_guest", "hosts", lease.address, {domains.get(lease.mac)} - {None})

    def reach(self, name, uts):
        """Everybody reaches the guest by this name, with nothing but the line in nsswitch.conf."""
        addresses = self.addresses(name)
        self.tap.ok(bool(addresses), f"{self.name}: getent ahosts {name}")
        self.tap.ok(run("getent", "hosts", name).stdout.split(" ")[0] in addresses, f"{self.name}: getent hosts {name}")
        by_python = must("python3", "-c", GETADDRINFO, name).splitlines()
        self.tap.equal(by_python[0].split(), sorted(addresses), f"{self.name}: getaddrinfo in Python, {name}")
        self.tap.ok(all(re.fullmatch(r"/(usr/)?lib/\S+", path) for path in by_python[1:]) and len(by_python) > 1,
                    f"{self.name}: by the installed modules", *by_python)
        ping = run("ping", "-c", "1", "-W", "5", name)
        self.tap.equal(ping.returncode, 0, f"{self.name}: ping {name}")
        there = ssh(name, "hostname")
        self.tap.equal((there.stdout, there.stderr), (uts + "\n", ""), f"{self.name}: ssh root@{name} hostname")

    def addresses(self, name):
        return {line.split()[0] for line in run("getent", "ahosts", name).stdout.splitlines()}

    def names(self, address, expected):
        """The names of the address, the first first, as nsswitch.conf has the services."""
        found = run("getent", "hosts", address).stdout.split()[1:]
        self.tap.equal(found, expected, f"{self.name}: the names of {address}")

    def unknown(self, name):
        done = run("getent", "ahosts", name)
        self.tap.equal((done.returncode, done.stdout), (2, ""), f"{self.name}: nobody knows {name}")
        there = ssh(name, "hostname")
        self.tap.ok(there.returncode == 255 and "Could not resolve hostname" in there.stderr,
                    f"{self.name}: nor does ssh", there.stderr)

    # ---- what the scenes are made of ----

    def settled(self, domain, count):
        """The domain has so many addresses and lets in who has the key."""
        wait_until(lambda: len(domain_addresses(domain)) == count, f"{domain} has {count} addresses")
        addresses = domain_addresses(domain)
        wait_until(lambda: all(ssh(address, "true").returncode == 0 for address in addresses), f"{domain} answers at {addresses}")
        return addresses

    def sends(self, address, name, how="send"):
        """The guest sends another name from now on: with the lease that it has, or "anew". Returns what virsh says that
        it is called, when no more events come."""
        def lease():
            return next((lease for lease in leases() if lease.address == address), None)

        def renewed():
            now = lease()
            return now if now and (not before or now.expiry != before.expiry) else None

        before = lease()
        # The second in which the lease ends is what shows that it was renewed
        time.sleep(1)
        self.in_a_moment(address, f"lease {how} {name.hex()}")
        now, after = wait_until(renewed, f"{address} has renewed its lease"), None
        while now != after:
            time.sleep(0.5)
            now, after = lease(), now
        return now.hostname

    def in_a_moment(self, domain, command):
        """For what ends the connection too."""
        done = ssh(domain, f"(sleep 0.5; {command}) </dev/null >/dev/null 2>&1 &")
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stderr}")

    def off(self, domain):
        """The guest goes by itself."""
        self.in_a_moment(domain, "poweroff -f")
        wait_until(lambda: domain not in running(), f"{domain} is shut off")

    # ---- the scenes ----

    def start(self):
        self.say("start")
        self.host.start_networks()
        self.host.define("alpha-dom", [("default", MACS["alpha"])], "alpha", "alpha-host")
        self.host.define("beta-dom", [("default", MACS["beta"].upper())], "beta")
        self.host.define("gamma-dom", [("default", MACS["gamma"]), ("lab", MACS["gamma-lab"])], "gamma", "gamma-host",
                         dhcp6=True)
        self.host.define("fixed-dom", [("lab", MACS["fixed"].upper())], "fixed")
        self.host.define("delta-dom", [("short", MACS["delta"])], "delta", "delta-host")
        for domain in ("alpha-dom", "beta-dom", "gamma-dom", "fixed-dom", "delta-dom"):
            virsh("start", domain)
        (self.alpha,) = self.settled("alpha-dom", 1)
        (self.beta,) = self.settled("beta-dom", 1)
        self.settled("gamma-dom", 3)
        self.settled("fixed-dom", 1)
        (self.delta,) = self.settled("delta-dom", 1)
        self.agree()
        check = run("virt-names", "check")
        self.tap.equal(check.returncode, 0, f"{self.name}: virt-names check has no complaint")
        print("".join(f"# {line}\n" for line in (check.stdout + check.stderr).splitlines()), flush=True)

    def shut_down_first(self):
        """Its lease runs out while the other scenes are played."""
        self.say("shutdown")
        self.reach("delta-host", "delta")
        self.off("delta-dom")
        self.unknown("delta-dom")
        self.agree()
        self.tap.equal(self.addresses("delta-host"), {self.delta}, "shutdown: the lease is still there")

    def another_hostname(self):
        self.say("hostname is not the domain's name")
        self.reach("alpha-dom", "alpha")
        self.reach("alpha-host", "alpha")
        self.names(self.alpha, ["alpha-host"])

    def no_hostname(self):
        self.say("no hostname, MAC address in upper case")
        self.reach("beta-dom", "beta")
        self.names(self.beta, ["beta-dom"])

    def two_networks(self):
        self.say("two networks, and IPv6")
        addresses = domain_addresses("gamma-dom")
        self.tap.equal(sum(":" in address for address in addresses), 1, f"{self.name}: one is an IPv6 address")
        for name in ("gamma-dom", "gamma-host"):
            self.tap.equal(self.addresses(name), addresses, f"{self.name}: {name} has them all")
            self.reach(name, "gamma")
        for address in addresses:
            there = ssh(address, "hostname")
            self.tap.equal(there.stdout, "gamma\n", f"{self.name}: ssh to {address}")

    def static_entries(self):
        self.say("<host>, <dns><host>, <domain name=>")
        self.tap.equal(domain_addresses("fixed-dom"), {"192.168.150.77"}, f"{self.name}: the address is that of its <host>")
        self.reach("fixed-dom", "fixed")
        self.reach("fixed-name", "fixed")
        self.tap.equal(self.addresses("printer"), {"192.168.150.200"}, f"{self.name}: printer, which no guest is")
        self.names("192.168.150.200", ["printer", "printer.lab.test"])
        # The domain of a network is in a lease if our helper wrote it
        full = {"192.168.150.77"} if self.helper == "ours" else set()
        self.tap.equal(self.addresses("fixed-name.lab.test"), full, f"{self.name}: the name with the network's domain")

    def another_name(self):
        self.say("hostname changes in a running guest")
        self.tap.equal(self.sends(self.alpha, b"alpha-new"), "alpha-new", f"{self.name}: virsh has the new one")
        self.reach("alpha-new", "alpha")
        self.unknown("alpha-host")
        self.agree()

    def hostile(self):
        for name in (b"localhost", b"alpha-dom", b"printer", b'q"uo\\te', b"-rf", b"two words", b"$(reboot)",
                     b"www.debian.org", "\u00fcml\u00e4ut".encode(), b"\xff\xfe", b"a\nb", b"x" * 64):
            self.say(f"a guest sends {ascii(name)[1:] if len(name) < 64 else '64 letters'}")
            if name == b"\xff\xfe" and self.helper != "ours":
                self.lost(name)
                continue
            shown = self.sends(self.beta, name, "anew")
            print(f"# virsh shows {shown!a}")
            self.agree(refused={shown} if shown in FORBIDDEN or not HOSTNAME.fullmatch(shown or "") else ())
            self.tap.equal(self.addresses("alpha-dom"), {self.alpha}, f"{self.name}: alpha-dom is itself")
            self.tap.equal(self.addresses("beta-dom"), {self.beta}, f"{self.name}: beta-dom is found")
        self.say("a guest sends no name any more")
        self.tap.equal(self.sends(self.beta, b"", "anew"), None, f"{self.name}: virsh has none")
        self.reach("beta-dom", "beta")
        self.reach("alpha-dom", "alpha")
        self.agree()

    def lost(self, name):
        """What is not UTF-8 makes libvirt's helper fail: the guest has an address, and is in no list."""
        self.in_a_moment(self.beta, f"lease anew {name.hex()}")
        wait_until(lambda: not any(lease.address == self.beta for lease in leases()), "the lease is given back")
        time.sleep(2)
        wait_until(lambda: ssh(self.beta, "true").returncode == 0, "the guest has its address again")
        self.unknown("beta-dom")
        self.agree()

    def second_interface(self):
        self.say("second interface is plugged in")
        virsh("attach-interface", "alpha-dom", "network", "lab", "--mac", MACS["plugged"], "--model", "virtio",
              "--live")
        self.settled("alpha-dom", 2)
        self.agree()
        self.tap.equal(self.addresses("alpha-dom"), domain_addresses("alpha-dom"), f"{self.name}: both addresses")
        self.reach("alpha-dom", "alpha")
        virsh("detach-interface", "alpha-dom", "network", "--mac", MACS["plugged"], "--live")
        wait_until(lambda: len(domain_addresses("alpha-dom")) == 1, "the interface is gone")
        self.say("second interface is unplugged")
        self.agree()

    def save_and_restore(self):
        self.say("save")
        virsh("save", "beta-dom", "/run/beta.saved")
        self.unknown("beta-dom")
        self.agree()
        self.say("restore")
        virsh("restore", "/run/beta.saved")
        self.settled("beta-dom", 1)
        self.reach("beta-dom", "beta")
        self.agree()

    def reboot(self):
        self.say("reboot")
        def boot():
            return ssh("gamma-dom", "cat", "/proc/sys/kernel/random/boot_id").stdout

        booted = boot()
        self.in_a_moment("gamma-dom", "reboot -f")
        wait_until(lambda: boot() not in ("", booted), "gamma-dom is up again")
        self.settled("gamma-dom", 3)
        self.reach("gamma-host", "gamma")
        self.agree()

    def without_libvirtd(self):
        self.say("libvirtd is stopped")
        self.host.stop_libvirtd()
        self.reach("beta-dom", "beta")
        self.reach("gamma-host", "gamma")
        self.host.start_libvirtd()
        self.say("libvirtd is started again")
        self.reach("beta-dom", "beta")
        self.reach("gamma-host", "gamma")
        self.agree()

    def network_down(self):
        self.say("network is destroyed")
        def lab():
            return {lease.address for lease in leases() if lease.network == "lab"}

        names = ("alpha-new", "gamma-dom", "gamma-host", "fixed-dom", "fixed-name")
        before = {name: self.addresses(name) for name in names}
        addresses = lab()
        virsh("net-destroy", "lab")
        self.agree(inactive=before)
        self.say("network is started again")
        virsh("net-start", "lab")
        self.agree()
        self.tap.equal(lab(), addresses, f"{self.name}: with its leases")
        # It is libvirtd that puts the interfaces of running domains back on the bridge
        self.host.stop_libvirtd()
        self.host.start_libvirtd()
        self.settled("fixed-dom", 1)
        self.reach("fixed-dom", "fixed")
        self.agree()

    def rename(self):
        self.say("domain is renamed")
        self.off("gamma-dom")
        virsh("domrename", "gamma-dom", "gamma-two")
        self.unknown("gamma-dom")
        virsh("start", "gamma-two")
        self.settled("gamma-two", 3)
        self.reach("gamma-two", "gamma")
        self.unknown("gamma-dom")
        self.agree()

    def lease_ends(self):
        self.say("lease ends")
        wait_until(lambda: not any(lease.network == "short" for lease in leases()), "the lease is over", 150)
        self.unknown("delta-host")
        self.agree()

    def over(self):
        self.say("all guests are gone")
        for domain in running():
            virsh("destroy", domain)
        self.agree()
        for name in ("alpha-dom", "beta-dom", "gamma-two", "fixed-dom"):
            self.unknown(name)

    def play(self):
        for scene in (self.start, self.shut_down_first, self.another_hostname, self.no_hostname, self.two_networks,
                      self.static_entries, self.another_name, self.hostile, self.second_interface, self.save_and_restore,
                      self.reboot, self.without_libvirtd, self.network_down, self.rename, self.lease_ends, self.over):
            began = time.monotonic()
            scene()
            print(f"# {time.monotonic() - began:.1f} s", flush=True)


def main():
    helper, differences, record = sys.argv[1:]
    scenes = Scenes(helper, differences)
    try:
        scenes.play()
    except Exception as error:  # whatever it was: what virsh and the guests say is wanted now
        scenes.tap.ok(False, f"{scenes.name}: goes on to its end", repr(error))
        with open("/run/libvirt.log", encoding="utf-8", errors="replace") as file:
            print("".join("# " + line for line in file.readlines()[-20:]), flush=True)
    with open(record, "w", encoding="utf-8") as file:
        json.dump({"helper": helper, "rows": scenes.rows, "views": scenes.views}, file, indent=1)
    scenes.tap.finish()


main()
