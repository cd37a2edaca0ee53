# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""For tests of "virt-names check": a machine on which all is well, in namespaces of its own, and what glibc, nscd and
virt-names say there. /etc and /usr are overlays: whatever is written there ends with the test."""

import glob
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time

BRIDGE = "virbr0"
NETWORK = "default"
GATEWAY = "192.168.122.1"
LEASEDIR = os.environ.get("LEASEDIR", "/var/lib/libvirt/dnsmasq")
NSS_MODULE_DIR = os.environ.get("NSS_MODULE_DIR", "")
WRAPPER = shlex.split(os.environ.get("NSS_TEST_WRAPPER", ""))
NSSWITCH = "/etc/nsswitch.conf"
SERVICES = ("libvirt", "libvirt_guest")
MODULES = [f"libnss_{service}.so.2" for service in SERVICES]
MODULE_FOLDER = "/usr/local/lib"
HELPER = "/usr/libexec/libvirt_leaseshelper"
NOBODY = 65534
NEVER = 4000000000

# Guests: what their hostnames, domains and addresses are
SHOP = "192.168.122.131"
DB = "192.168.122.132"
PRINTER = "192.168.122.5"
NAMES = {"shop": SHOP, "web1": SHOP, "db": DB, "printer": PRINTER}

# No network is reached: who asks the DNS asks one that runs here. No LD_LIBRARY_PATH: the modules are installed.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin", "LC_ALL": "C",
               "RES_OPTIONS": "timeout:1 attempts:1", "NO_COLOR": "1"}
DNS_SAYS_NO = "127.0.0.1"
DNS_SAYS_YES = "127.0.0.2"
YES = "10.9.9.9"


# ---- namespaces ----

def enter_namespaces():
    """Runs this program again in network and process namespaces, inside the mount namespace of private.sh. The process
    namespace ends whatever was started in it. False where that cannot be done."""
    if os.environ.get("IN_CHECK_NAMESPACES"):
        return True
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
               "--propagation", "private"]
    if subprocess.run([*command, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        return False
    os.environ["IN_CHECK_NAMESPACES"] = "1"
    os.execvp(command[0], [*command, sys.executable, *sys.argv])


def mount(*arguments):
    return subprocess.run(["mount", *arguments], stderr=subprocess.DEVNULL, check=False).returncode == 0


def overlay(path):
    layer = "/run/layers" + path
    for name in ("upper", "work"):
        os.makedirs(f"{layer}/{name}", exist_ok=True)
    options = f"lowerdir={path},upperdir={layer}/upper,workdir={layer}/work"
    return mount("-t", "overlay", "-o", options, "overlay", path) or \
        mount("-t", "overlay", "-o", options + ",userxattr", "overlay", path)


def can_write(folder):
    # access(2) knows of capabilities, but not that they do not count here
    name = os.path.join(folder, "can-write")
    try:
        write(name, "")
        os.unlink(name)
    except OSError:
        return False
    return True


def make_machine(program, helper):
    """Returns why it cannot be made, or None."""
    for folder in ("/run", "/var/cache"):
        if not mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", folder):
            return f"no file system can be mounted on {folder}"
    for folder in ("/run/nscd", "/var/cache/nscd", "/var/cache/ldconfig", os.environ.get("RUNSTATEDIR", "/run")):
        os.makedirs(folder, exist_ok=True)
    for folder, below in (("/etc", "/etc/ld.so.conf.d"), ("/usr", "/usr/local/bin")):
        # Who is root in a user's namespace alone may not write into folders of the real one, not even in an overlay
        if not overlay(folder) or not can_write(below):
            return f"no overlay that can be written into is to be had on {folder} here"
    for copy in installed_modules():
        os.unlink(copy)
    write("/etc/ld.so.conf", f"{MODULE_FOLDER}\ninclude /etc/ld.so.conf.d/*.conf\n")
    use_program(program)
    os.makedirs(os.path.dirname(HELPER), exist_ok=True)
    shutil.copy(helper, HELPER)
    return make_network()


def use_program(program):
    write("/usr/local/bin/virt-names", f"#!/bin/sh\nexec {shlex.join([*WRAPPER, program])} \"$@\"\n", 0o755)


def make_network():
    for command in (f"link add {BRIDGE} type bridge", f"addr add {GATEWAY}/24 dev {BRIDGE}", f"link set {BRIDGE} up",
                    "link set lo up"):
        if subprocess.run(["ip", *command.split()], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            return f"ip {command} fails"
    return None


# ---- programs ----

def run(command, **options):
    """A command of the shell, as root. Its exit status and all that it prints."""
    options.setdefault("env", ENVIRONMENT)
    done = subprocess.run(["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="backslashreplace", check=False, **options)
    return done.returncode, done.stdout


def found(name, user=False):
    """The addresses that getent(1) prints for a name, for an ordinary user or for root; None if there are none."""
    options = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if user else {}
    printed = run("getent ahosts -- " + shlex.quote(name), **options)[1]
    return " ".join(sorted({line.split()[0] for line in printed.splitlines()})) or None


class Checked:
    """What virt-names check has to say."""

    def __init__(self, environment=None, arguments="", wrapper=""):
        done = run(f"{wrapper} virt-names check --json {arguments} 2>/run/check-stderr",
                   env={**ENVIRONMENT, **(environment or {})})
        self.status, self.printed = done
        with open("/run/check-stderr", encoding="utf-8", errors="backslashreplace") as file:
            self.told = file.read()
        try:
            self.json = json.loads(self.printed)
        except ValueError:
            self.json = {"findings": [], "problems": -1}
        self.findings = self.json["findings"]
        # A signal's or a wrapper's own exit status is neither of these
        self.is_sound = self.status == int(self.json["problems"] > 0) and not self.told

    def of(self, identity):
        return [f for f in self.findings if f["id"] == identity and f["level"] != "OK"]

    def faults(self):
        return [f"{f['level']} {f['id']}" for f in self.findings if f["level"] != "OK"]

    def __str__(self):
        lines = [f"exit {self.status}", self.told]
        for f in self.findings:
            lines.append(f"{f['level']} {f['id']}: {f['seen']} | {f['why']} | {f['command']}")
        return "\n".join(line for line in lines if line)


def start(*command):
    """A program that runs until stop()."""
    return subprocess.Popen(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def stop(process):
    process.send_signal(signal.SIGTERM)
    process.wait()


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


# dnsmasq becomes nobody else: a user's namespace has no other user
DNSMASQ = ("dnsmasq", "--keep-in-foreground", "--user=root", "--pid-file=")


def start_dns(address, *answers):
    """A DNS server that knows nothing but the given answers."""
    process = start(*DNSMASQ, "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces",
                    f"--listen-address={address}", *answers)
    wait_for(lambda: is_listening(address))
    return process


def is_listening(address):
    with socket.socket() as client:
        return client.connect_ex((address, 53)) == 0


CONF = (f"strict-order\nport=0\nexcept-interface=lo\nbind-dynamic\ninterface={BRIDGE}\n"
        "dhcp-range=192.168.122.2,192.168.122.254\n")


def start_network(*options, conf=f"{NETWORK}.conf"):
    """The dnsmasq of the network as libvirtd starts it."""
    write(path(conf), CONF)
    process = start(*DNSMASQ, f"--conf-file={path(conf)}", "--leasefile-ro", *options)
    wait_for(lambda: process.poll() is not None or is_serving())
    return process


def is_serving():
    """Whether a DHCP server has its socket: port 67, in the table of proc(5) /proc/net/udp."""
    with open("/proc/net/udp", encoding="ascii") as table:
        return any(line.split()[1].endswith(":0043") for line in table.readlines()[1:])


# ---- files ----

def write(name, content, mode=0o644):
    """Puts a new file in place of whatever was there."""
    remove(name)
    with open(name, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    os.chmod(name, mode)


def remove(name):
    if os.path.islink(name) or not os.path.isdir(name):
        if os.path.lexists(name):
            os.unlink(name)
    else:
        shutil.rmtree(name)


def path(name):
    return os.path.join(LEASEDIR, name)


def use_hosts(line, **options):
    write(NSSWITCH, f"passwd: files\ngroup: files\nhosts: {line}\n", **options)


def mac(number):
    return f"52:54:00:00:00:{number:02x}"


def lease(address, number, hostname=None, **more):
    record = {"ip-address": address, "mac-address": mac(number)}
    if hostname is not None:
        record["hostname"] = hostname
    return {**record, **more, "expiry-time": NEVER}


def use_leases(*leases, file=BRIDGE + ".status"):
    write(path(file), json.dumps(leases, indent=2) + "\n")


def use_map(file=BRIDGE + ".macs", **domains):
    write(path(file), json.dumps([{"domain": name, "macs": [mac(n) for n in numbers]}
                                  for name, numbers in domains.items()], indent=2) + "\n")


GOOD_LEASES = (lease(SHOP, 1, "shop"), lease(DB, 2))


def make_leases():
    if os.path.islink(LEASEDIR) or not os.path.isdir(LEASEDIR):
        remove(LEASEDIR)
        os.makedirs(LEASEDIR)
    os.chmod(os.path.dirname(LEASEDIR), 0o755)
    os.chmod(LEASEDIR, 0o755)
    for name in os.listdir(LEASEDIR):
        remove(path(name))
    use_leases(*GOOD_LEASES)
    use_map(web1=[1], db=[2])
    write(path(NETWORK + ".addnhosts"), f"{PRINTER}\tprinter\n")
    write(path(NETWORK + ".conf"), CONF)


def installed_modules():
    """Wherever the loader, or virt-names, may look: /usr/lib, /usr/local/lib64, /usr/lib/x86_64-linux-gnu."""
    return [copy for name in MODULES for prefix in ("/usr", "/usr/local") for folder in ("lib*", "lib*/*-linux-gnu")
            for copy in glob.glob(f"{prefix}/{folder}/{name}")]


def install_modules():
    for copy in installed_modules():
        remove(copy)
    for name in MODULES:
        shutil.copy(os.path.join(NSS_MODULE_DIR, name), MODULE_FOLDER)
    remove("/etc/ld.so.conf.d/libvirt-nss.conf")
    run("ldconfig")


def make_good(modules=False):
    """Puts everything right again; the modules only if a fault was with them, because ldconfig(8) is slow."""
    remove("/etc/authselect")
    for name in glob.glob("/etc/nsswitch*"):
        remove(name)
    use_hosts("files libvirt libvirt_guest")
    write("/etc/hosts", "127.0.0.1 localhost\n")
    write("/etc/resolv.conf", f"nameserver {DNS_SAYS_NO}\n")
    make_leases()
    if modules:
        install_modules()
