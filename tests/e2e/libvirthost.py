# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""A libvirt host for libvirtscenes.py: libvirtd, its networks, and guests that are virtual machines.

Everything runs in the namespaces and on the root folder that libvirt-scenes.sh has made, and ends with them.
"""

import collections
import glob
import os
import re
import subprocess
import time

GUEST = "/guest"
CONSOLES = "/run/guests"
REFERENCE = "/opt/reference"
KEY = "/root/key"
# A machine that is emulated on a busy one takes its time; it is an error only if it takes this, in seconds
PATIENCE = 300

MACS = {
    "alpha": "52:54:00:aa:00:01",
    "beta": "52:54:00:aa:00:02",
    "gamma": "52:54:00:aa:00:03",
    "gamma-lab": "52:54:00:aa:00:04",
    "fixed": "52:54:00:aa:00:05",
    "delta": "52:54:00:aa:00:06",
    "plugged": "52:54:00:aa:00:07",
}

# Seconds for which leases are given: by libvirt if nothing is said, in the network "short", and for an IPv6 address as
# dhclient asks for it
LEASE_TIMES = {("default", "ipv4"): 3600, ("lab", "ipv4"): 3600, ("short", "ipv4"): 120, ("lab", "ipv6"): 7500}

NETWORKS = {
    # What libvirt's own package brings is the network "default", with the bridge virbr0
    "lab": """
        <network>
          <name>lab</name>
          <bridge name='virbr7'/>
          <domain name='lab.test' localOnly='yes'/>
          <dns>
            <host ip='192.168.150.200'>
              <hostname>printer</hostname>
              <hostname>printer.lab.test</hostname>
            </host>
          </dns>
          <ip address='192.168.150.1' netmask='255.255.255.0'>
            <dhcp>
              <range start='192.168.150.2' end='192.168.150.99'/>
              <host mac='FIXED' name='fixed-name' ip='192.168.150.77'/>
            </dhcp>
          </ip>
          <ip family='ipv6' address='fd00:150::1' prefix='64'>
            <dhcp>
              <range start='fd00:150::1:0' end='fd00:150::1:ffff'/>
            </dhcp>
          </ip>
        </network>""".replace("FIXED", MACS["fixed"]),
    # Two minutes are the shortest time for which dnsmasq gives a lease
    "short": """
        <network>
          <name>short</name>
          <bridge name='virbr8'/>
          <ip address='192.168.160.1' netmask='255.255.255.0'>
            <dhcp>
              <range start='192.168.160.2' end='192.168.160.99'>
                <lease expiry='2' unit='minutes'/>
              </range>
            </dhcp>
          </ip>
        </network>""",
}

DOMAIN = """
<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>160</memory>
  <vcpu>1</vcpu>
  <os>
    <type>hvm</type>
    <kernel>{guest}/vmlinuz</kernel>
    <initrd>{guest}/initrd</initrd>
    <cmdline>console=ttyS0 {options}</cmdline>
  </os>
  <features><acpi/></features>
  <on_reboot>restart</on_reboot>
  <devices>
    {interfaces}
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
    <serial type='file'><source path='{consoles}/{name}'/></serial>
  </devices>
</domain>"""

INTERFACE = "<interface type='network'><source network='{}'/><mac address='{}'/><model type='virtio'/></interface>"

# expiry: in seconds since the epoch
Lease = collections.namedtuple("Lease", "network mac protocol address hostname client expiry")

# The expiry time, the MAC address, protocol and address are words; a hostname is whatever the guest sends
LEASE_LINE = re.compile(r" (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) +([0-9a-f:]+) +(ipv[46]) +([0-9a-f.:]+)/\d+ +(.*?) +(\S+)$")


def run(*command, **environment):
    """Runs a command; what it prints is text in which bytes that are no UTF-8 stay what they are. Its exit status is
    124, as from timeout(1), if it does not end by itself."""
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, encoding="utf-8", errors="surrogateescape", timeout=PATIENCE, check=False,
                              env={**os.environ, **environment})
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"not within {PATIENCE} s")


def must(*command):
    done = run(*command)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr or done.stdout}")
    return done.stdout


def wait_until(true, what):
    """Waits until the function true returns what is true, and returns that."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        result = true()
        if result:
            return result
        time.sleep(0.1)
    raise TimeoutError(f"{what}: not within {PATIENCE} s")


def virsh(*arguments):
    return must("virsh", "--quiet", *arguments)


class Host:
    def __init__(self):
        must("mount", "-t", "sysfs", "sysfs", "/sys")
        must("mount", "-t", "tmpfs", "tmpfs", "/dev/shm")
        must("ip", "link", "set", "lo", "up")
        # libvirtd looks up its own name, and waits for DNS if nobody knows it
        with open("/etc/hosts", "w", encoding="ascii") as file:
            file.write(f"127.0.0.1 localhost\n127.0.1.1 {os.uname().nodename}\n")
        for interfaces in ("all", "default"):
            with open(f"/proc/sys/net/ipv6/conf/{interfaces}/accept_dad", "w", encoding="ascii") as file:
                file.write("0")
        os.makedirs(CONSOLES)
        must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY)
        with open(KEY + ".pub", encoding="ascii") as file:
            self.key = file.read().split()[1]
        # What the hostname command of each guest prints
        self.uts = {}
        self.log = open("/run/libvirt.log", "wb")
        subprocess.Popen(["virtlogd"], stdout=self.log, stderr=self.log)
        self.start_libvirtd()

    def start_libvirtd(self):
        self.libvirtd = subprocess.Popen(["libvirtd"], stdout=self.log, stderr=self.log)
        wait_until(lambda: run("virsh", "list").returncode == 0, "libvirtd answers")

    def stop_libvirtd(self):
        self.libvirtd.terminate()
        self.libvirtd.wait(PATIENCE)

    def start_networks(self):
        for name, xml in NETWORKS.items():
            path = f"/run/{name}.xml"
            with open(path, "w", encoding="ascii") as file:
                file.write(xml)
            virsh("net-define", path)
        for name in ("default", *NETWORKS):
            virsh("net-start", name)

    def define(self, name, interfaces, uts, hostname=None, dhcp6=False):
        """A guest with a MAC address on each of these networks, whose hostname command prints uts."""
        self.uts[name] = uts
        options = f"guest.uts={uts} guest.key={self.key}"
        if hostname:
            options += f" guest.hostname={hostname.encode().hex()}"
        if dhcp6:
            options += " guest.dhcp6"
        path = f"/run/{name}.xml"
        with open(path, "w", encoding="ascii") as file:
            file.write(DOMAIN.format(name=name, guest=GUEST, consoles=CONSOLES, options=options,
                                     interfaces="".join(INTERFACE.format(*interface) for interface in interfaces)))
        virsh("define", path)


def networks():
    """All of them, those that are down too: virsh knows their leases as well."""
    return virsh("net-list", "--all", "--name").split("\n")[:-1]


def leases():
    """What "virsh net-dhcp-leases" prints of all networks."""
    found = []
    for network in networks():
        for line in virsh("net-dhcp-leases", network).splitlines():
            fields = LEASE_LINE.match(line)
            if not fields:
                raise ValueError(f"virsh net-dhcp-leases {network}: {line!r}")
            expiry, mac, protocol, address, hostname, client = fields.groups()
            expiry = time.mktime(time.strptime(expiry, "%Y-%m-%d %H:%M:%S"))
            # Bytes that a terminal might obey are printed so
            hostname = re.sub(r"\\x([01][0-9a-f]|7f)", lambda byte: chr(int(byte[1], 16)), hostname)
            found.append(Lease(network, mac, protocol, address, None if hostname == "-" else hostname, client, expiry))
    return found


def running():
    return virsh("list", "--name").split("\n")[:-1]


def domain_addresses(domain):
    """What "virsh domifaddr --source lease" prints of a running domain."""
    return set(re.findall(r"ipv[46] +([0-9a-f.:]+)/", virsh("domifaddr", domain, "--source", "lease")))


def domain_macs(domain):
    return set(re.findall(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}", virsh("domiflist", domain)))


def modules_of(whose):
    """The variables with which programs use "ours", which are installed, or "libvirt's"."""
    if whose == "ours":
        return {}
    (module,) = glob.glob(REFERENCE + "/**/libnss_libvirt.so.2", recursive=True)
    return {"LD_LIBRARY_PATH": os.path.dirname(module)}


def ssh(name, *command, family="any", **environment):
    """As anybody would, but for keys that are of this host alone, and not waiting for a guest that has been reset."""
    options = (f"AddressFamily={family}", "BatchMode=yes", "ConnectTimeout=20", "LogLevel=ERROR",
               "ServerAliveInterval=3", "ServerAliveCountMax=5", "StrictHostKeyChecking=no",
               "UserKnownHostsFile=/dev/null")
    return run("ssh", "-F", "none", "-i", KEY, *(f"-o{option}" for option in options), f"root@{name}", *command,
               **environment)
