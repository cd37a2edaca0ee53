#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""libvirtscenes.py HELPER PAGE RECORD

What happens on a libvirt host, scene by scene. In each, what virsh says of leases and domains is compared with what
programs find through our modules, and through libvirt's, which are asked the same. HELPER is "ours" or "libvirt's",
whoever the lease helper in place is from; PAGE gives the reasons for which an answer is not to be like virsh's; into
RECORD goes what was asked and answered, for libvirtreport.py.
"""

import glob
import json
import re
import sys
import time

from libvirthost import (CONSOLES, LEASE_TIMES, MACS, Host, domain_addresses, leases, run, running, ssh, virsh,
                         wait_until)
from libvirtquestions import Questions
sys.path.insert(0, sys.path[0] + "/..")
from tap import Tap  # noqa: E402

# Names that guests send. dnsmasq accepts some, and libvirt's helper writes down what it does not accept.
HOSTILE = (b"localhost", b"alpha-dom", b"printer", b'q"uo\\te', b"-rf", b"two words", b"$(reboot)", b"www.debian.org",
           "\u00fcml\u00e4ut".encode(), b"\xff\xfe", b"a\nb", b"x" * 64)
NOT_UTF8 = b"\xff\xfe"
# What others are reached by
CLAIMS = (b"localhost", b"alpha-dom", b"printer")


def text_of(name):
    """The bytes of a name as arguments of commands and what they print."""
    return name.decode(errors="surrogateescape")


class Scenes(Questions):
    def __init__(self, helper, page):
        super().__init__(Host(), helper, page, Tap())
        self.names.update(text_of(name) for name in HOSTILE)

    # ---- what the scenes are made of ----

    def address(self, domain):
        (address,) = domain_addresses(domain)
        return address

    def start(self, domain, count):
        virsh("start", domain)
        return self.settled(domain, count)

    def settled(self, domain, count):
        """The domain has so many addresses and lets in who has the key."""
        wait_until(lambda: len(domain_addresses(domain)) == count, f"{domain} has {count} addresses")
        addresses = domain_addresses(domain)
        wait_until(lambda: all(ssh(address, "true").returncode == 0 for address in addresses),
                   f"{domain} answers at {addresses}")

    def sends(self, address, name, how="send"):
        """The guest sends another name from now on, to the server that knows its lease or, "anew", has got it back.
        Returns what virsh says that it is called, when no more events come."""
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
        self.tap.ok(now.expiry > time.time() + LEASE_TIMES[now.network, now.protocol] - 60,
                    f"{self.scene}: the lease is as long as a new one", now)
        while now != after:
            time.sleep(0.5)
            now, after = lease(), now
        return now.hostname

    def in_a_moment(self, domain, command):
        """For what ends the connection too."""
        done = ssh(domain, f"(sleep 2; {command}) </dev/null >/dev/null 2>&1 &")
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stderr}")

    def off(self, domain):
        """The guest goes by itself."""
        self.in_a_moment(domain, "poweroff -f")
        wait_until(lambda: domain not in running(), f"{domain} is shut off")

    def restart_libvirtd(self):
        self.host.stop_libvirtd()
        self.host.start_libvirtd()

    # ---- the scenes ----

    def beginning(self):
        self.host.start_networks()
        self.host.define("alpha-dom", [("default", MACS["alpha"])], "alpha", "alpha-host")
        self.host.define("beta-dom", [("default", MACS["beta"].upper())], "beta")
        self.host.define("gamma-dom", [("default", MACS["gamma"]), ("lab", MACS["gamma-lab"])], "gamma", "gamma-host",
                         dhcp6=True)
        self.host.define("fixed-dom", [("lab", MACS["fixed"].upper())], "fixed")
        self.host.define("delta-dom", [("short", MACS["delta"])], "delta", "delta-host")
        self.look("no guest yet", gone=["alpha-dom"])
        for domain in ("alpha-dom", "beta-dom", "gamma-dom", "fixed-dom"):
            virsh("start", domain)
        for domain, count in (("alpha-dom", 1), ("beta-dom", 1), ("gamma-dom", 3), ("fixed-dom", 1)):
            self.settled(domain, count)
        self.look("start: hostname unlike the domain's name", reach={"alpha-dom": ["alpha-host"]})
        check = run("virt-names", "check")
        self.tap.equal(check.returncode, 0, f"{self.scene}: virt-names check has no complaint")
        print("".join(f"# {line}\n" for line in (check.stdout + check.stderr).splitlines()), flush=True)

    def no_hostname(self):
        self.look("no hostname, MAC address in upper case", reach={"beta-dom": []})

    def two_networks(self):
        self.look("two networks, and IPv6", reach={"gamma-dom": ["gamma-host"]})
        for address in sorted(domain_addresses("gamma-dom")):
            self.tap.equal(ssh(address, "hostname").stdout, "gamma\n", f"{self.scene}: ssh to {address}")

    def static_entries(self):
        self.look("<host>, <dns><host>, <domain name=>", reach={"fixed-dom": ["fixed-name"]})
        self.tap.equal(self.address("fixed-dom"), "192.168.150.77", f"{self.scene}: the address is that of its <host>")

    def another_name(self):
        self.say("hostname changes in a running guest")
        self.tap.equal(self.sends(self.address("alpha-dom"), b"alpha-new"), "alpha-new",
                       f"{self.scene}: virsh has the new one")
        self.look(self.scene, reach={"alpha-dom": ["alpha-new"]}, gone=["alpha-host"])
        self.say("hostname changes, over IPv6 too")
        self.renames("gamma-dom", b"gamma-new", 3)
        self.look(self.scene, reach={"gamma-dom": ["gamma-new"]}, gone=["gamma-host"])

    def renames(self, domain, name, count):
        addresses = domain_addresses(domain)
        self.in_a_moment(domain, f"lease send {name.hex()}")
        wait_until(lambda: {lease.hostname for lease in leases() if lease.address in addresses} == {name.decode()},
                   f"all leases of {domain} have the name {name}")
        self.settled(domain, count)

    def hostile(self):
        beta = self.address("beta-dom")
        for name in HOSTILE:
            self.say(f"a guest sends {ascii(name)[1:] if len(name) < 64 else '64 letters'}")
            if name == NOT_UTF8 and self.helper != "ours":
                self.lost(beta, name)
                continue
            shown = self.sends(beta, name, "anew")
            print(f"# virsh shows {shown!a}")
            self.look(self.scene, reach={"alpha-dom": ["alpha-new"], "beta-dom": []} if name in CLAIMS else {})
            if name == b"localhost":
                self.reached("getent ahosts localhost", lambda whose: self.addresses_of(whose, "all", "localhost"),
                             {"127.0.0.1"})
        self.say("a guest sends no name any more")
        self.tap.equal(self.sends(beta, b"", "anew"), None, f"{self.scene}: virsh has none")
        self.look(self.scene, reach={"beta-dom": [], "alpha-dom": ["alpha-new"]})

    def lost(self, address, name):
        """What is not UTF-8 makes libvirt's helper fail: the guest has an address, and is in no list."""
        self.in_a_moment(address, f"lease anew {name.hex()}")
        wait_until(lambda: not any(lease.address == address for lease in leases()), "the lease is given back")
        wait_until(lambda: ssh(address, "test -e /run/bound").returncode == 0, "the guest has its address again")
        self.look(self.scene, gone=["beta-dom"])
        self.views[-1]["lost"] = ["beta-dom", MACS["beta"]]

    def save_and_restore(self):
        virsh("save", "alpha-dom", "/run/alpha.saved")
        self.look("save", gone=["alpha-dom"])
        virsh("restore", "/run/alpha.saved")
        self.settled("alpha-dom", 1)
        self.look("restore", reach={"alpha-dom": ["alpha-new"]})

    def second_interface(self):
        virsh("attach-interface", "alpha-dom", "network", "lab", "--mac", MACS["plugged"], "--model", "virtio",
              "--live")
        self.settled("alpha-dom", 2)
        self.look("second interface is plugged in", reach={"alpha-dom": ["alpha-new"]})
        virsh("detach-interface", "alpha-dom", "network", "--mac", MACS["plugged"], "--live")
        wait_until(lambda: len(domain_addresses("alpha-dom")) == 1, "the interface is gone")
        # By the hostname it may not be reached as long as the lease of the other interface is there, for virsh too
        self.look("second interface is unplugged", reach={"alpha-dom": []})

    def reboot(self):
        self.say("reboot")

        def boot():
            return ssh("gamma-dom", "cat", "/proc/sys/kernel/random/boot_id").stdout

        booted = boot()
        self.in_a_moment("gamma-dom", "reboot -f")
        wait_until(lambda: boot() not in ("", booted), "gamma-dom is up again")
        wait_until(lambda: not any(lease.hostname == "gamma-new" for lease in leases()), "it sends its own name again")
        self.settled("gamma-dom", 3)
        self.look(self.scene, reach={"gamma-dom": ["gamma-host"]}, gone=["gamma-new"])

    def without_libvirtd(self):
        self.say("libvirtd is stopped")
        self.host.stop_libvirtd()
        everybody = {"beta-dom": [], "gamma-dom": ["gamma-host"]}
        for domain, hostnames in everybody.items():
            self.reach(domain, hostnames)
        self.host.start_libvirtd()
        self.look("libvirtd is started again", reach=everybody)

    def network_down(self):
        virsh("net-destroy", "lab")
        self.look("network is destroyed", reach={"beta-dom": []})
        virsh("destroy", "fixed-dom")
        self.left = {"fixed-dom": {MACS["fixed"]}}
        self.look("a domain goes while its network is down")
        check = run("virt-names", "check")
        self.tap.ok(check.returncode == 0 and re.search(r"^WARNING .*\bvirbr7\b", check.stdout, re.MULTILINE),
                    f"{self.scene}: virt-names check tells of its files", check.stdout, check.stderr)
        virsh("net-start", "lab")
        self.look("network is started again")
        # It is libvirtd that puts the interfaces of running domains back on the bridge
        self.restart_libvirtd()
        self.start("fixed-dom", 1)
        self.left = {}
        self.settled("gamma-dom", 3)
        self.look("guests are back in the network", reach={"fixed-dom": ["fixed-name"], "gamma-dom": ["gamma-host"]})

    def rename(self):
        self.off("gamma-dom")
        virsh("domrename", "gamma-dom", "gamma-two")
        self.host.uts["gamma-two"] = self.host.uts.pop("gamma-dom")
        self.look("domain is renamed", gone=["gamma-dom", "gamma-two"])
        self.start("gamma-two", 3)
        self.look("renamed domain is started", reach={"gamma-two": ["gamma-host"]}, gone=["gamma-dom"])

    def lease_ends(self):
        self.start("delta-dom", 1)
        self.look("lease of two minutes", reach={"delta-dom": ["delta-host"]})
        self.off("delta-dom")
        self.look("shutdown", gone=["delta-dom"])
        wait_until(lambda: not any(lease.network == "short" for lease in leases()), "the lease is over")
        self.look("lease ends", gone=["delta-dom", "delta-host"])

    def end(self):
        domains = running()
        for domain in domains:
            virsh("destroy", domain)
        self.look("all guests are gone", gone=domains)

    def play(self):
        for scene in (self.beginning, self.no_hostname, self.two_networks, self.static_entries, self.another_name,
                      self.hostile, self.save_and_restore, self.second_interface, self.reboot, self.without_libvirtd,
                      self.network_down, self.rename, self.lease_ends, self.end):
            began = time.monotonic()
            scene()
            print(f"# {time.monotonic() - began:.1f} s", flush=True)

    def explain(self):
        """What virsh, libvirtd and the guests said last."""
        logs = ["/run/libvirt.log", *sorted(glob.glob(CONSOLES + "/*"))]
        for command in (["virsh", "list", "--all"], ["virsh", "net-list", "--all"],
                        *(["virsh", "net-dhcp-leases", network] for network in ("default", "lab", "short")),
                        *(["virsh", "domifaddr", domain, "--source", "lease"] for domain in self.host.uts),
                        *(["tail", "-n", "15", log] for log in logs)):
            done = run(*command)
            print("\n".join(f"# {line}" for line in [" ".join(command), *(done.stdout + done.stderr).splitlines()]),
                  flush=True)


def main():
    helper, page, record = sys.argv[1:]
    scenes = Scenes(helper, page)
    try:
        print(f"# {run('dpkg-query', '-W', 'libvirt-daemon', 'dnsmasq-base', 'qemu-system-x86').stdout.split()}")
        scenes.play()
    except Exception as error:  # whatever it was: what the others say of it is wanted now
        scenes.tap.ok(False, f"{scenes.scene}: goes on to its end", repr(error))
        scenes.explain()
    with open(record, "w", encoding="ascii") as file:
        json.dump({"helper": helper, "rows": scenes.rows, "views": scenes.views}, file, indent=1)
    scenes.tap.finish()


main()
