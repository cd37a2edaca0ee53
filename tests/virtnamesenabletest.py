#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""virtnamesenabletest.py VIRT-NAMES: enable and disable, on the nsswitch.conf files of many machines, each below a root
folder of its own."""

import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

from tap import FULL, WRAPPER, Tap

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "nsswitchdata")
SERVICES = "libvirt libvirt_guest"
BACKUP = "nsswitch.conf.virt-names-backup"
AUTHSELECT = "authselect enable-feature with-libvirt"
FAILED, USAGE = 3, 64

# What stands above the line where there was no service
EMPTY = "# virt-names(1) added files and dns to a hosts line that had no service\n"
# What stands above the line where files had to be put in front
FILES = '# virt-names(1) added the first "files", so that no guest takes a name of /etc/hosts\n'

# The hosts line of each file once both services are enabled; None: there was none. The rest of the file is as it was.
ENABLED = {
    "debian-12": "hosts:          files libvirt libvirt_guest dns",
    "debian-12-desktop":
        "hosts:          files libvirt libvirt_guest mdns4_minimal [NOTFOUND=return] dns mymachines",
    "ubuntu-2404-resolve": "hosts:          files libvirt libvirt_guest resolve [!UNAVAIL=return] dns",
    "ubuntu-desktop-avahi":
        "hosts:          files libvirt libvirt_guest mdns4_minimal [NOTFOUND=return] dns myhostname mymachines",
    "fedora-without-authselect": "hosts:      files myhostname libvirt libvirt_guest mdns4_minimal [NOTFOUND=return] "
                                 "resolve [!UNAVAIL=return] dns",
    "rhel-7": "hosts:      files libvirt libvirt_guest dns myhostname",
    "arch": FILES + "hosts: mymachines files libvirt libvirt_guest resolve [!UNAVAIL=return] files myhostname dns",
    "opensuse": "hosts:\t\tfiles libvirt libvirt_guest mdns_minimal [NOTFOUND=return] dns",
    "nixos": FILES + "hosts:     mymachines files libvirt libvirt_guest resolve [!UNAVAIL=return] files myhostname dns",
    "gentoo-nis": "hosts:       files libvirt libvirt_guest nis dns",
    "samba-wins": "hosts: files libvirt libvirt_guest wins dns",
    "no-hosts-line": None,
    "no-hosts-line-no-newline": None,
    "only-comments-no-newline": None,
    "empty": None,
    "continuation-comments": "hosts: files libvirt libvirt_guest   dns   # local names first, then \\",
    "files-ends-the-search": FILES + "hosts: files libvirt libvirt_guest files [NOTFOUND=return] dns",
    "tabs-and-crlf": "hosts:\tfiles libvirt libvirt_guest\tdns\r",
    "no-space": "hosts:files libvirt libvirt_guest dns",
    "two-hosts-lines": "hosts: files libvirt libvirt_guest dns",
    "dns-alone": "hosts: libvirt libvirt_guest dns",
    "no-services": EMPTY + "hosts: files libvirt libvirt_guest dns",
    "no-services-but-a-comment": "hosts:  libvirt libvirt_guest # none",
    "no-space-behind-action": "hosts: mymachines [SUCCESS=return]libvirt libvirt_guest dns",
    "files-twice": "hosts: files libvirt libvirt_guest sss files dns",
}
# Files with ours in the line already, and the line that enable makes of it and that disable leaves
MENDED = {
    "libvirt-own-package": ("hosts:          files libvirt libvirt_guest dns", "hosts:          files dns"),
    "ours-in-front": ("hosts: files libvirt libvirt_guest dns", "hosts: files dns"),
    "ours-behind-dns": ("hosts: files libvirt libvirt_guest resolve [!UNAVAIL=return] dns",
                        "hosts: files resolve [!UNAVAIL=return] dns"),
    "ours-with-actions": ("hosts: files libvirt libvirt_guest dns", "hosts: files dns"),
    # glibc passes over a last line that no newline ends
    "no-newline-at-end": ("hosts: files libvirt libvirt_guest dns\n", "hosts: files dns\n"),
    "attached-behind": ("hosts: files libvirt libvirt_guest l ibvirt dns", "hosts: files l ibvirt dns"),
    "enabled-already": ("hosts:          files  libvirt\tlibvirt_guest dns", "hosts:          files dns"),
}
# Files that are refused, and a word of the reason
REFUSED = {
    "hosts-alone": "nothing behind the word hosts",
    "damaged-action": "line 1: glibc cannot parse",
    "damaged-other-database": "line 2: glibc cannot parse",
    "brackets-without-service": "no service stands before these brackets: [SUCCESS=return] dns.",
}
ADDED = ("# There was no hosts line before virt-names(1) added this one\n"
         "hosts:          files libvirt libvirt_guest dns\n")

Ran = collections.namedtuple("Ran", "status printed told")
tap = Tap()
program = [*WRAPPER, sys.argv[1]]


def run(*arguments):
    done = subprocess.run([*program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"}, check=False)
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


class Root:
    """A root folder with nsswitch.conf, for as long as a with statement lasts."""

    def __init__(self, name=None):
        self.root = tempfile.mkdtemp(prefix="virt-names-")
        self.etc = os.path.join(self.root, "etc")
        self.conf = os.path.join(self.etc, "nsswitch.conf")
        os.mkdir(self.etc)
        if name:
            shutil.copyfile(os.path.join(DATA, name + ".conf"), self.conf)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        shutil.rmtree(self.root)

    def run(self, command, *options):
        return run(command, "--root=" + self.root, *options)

    def read(self):
        with open(self.conf, "rb") as file:
            return file.read()

    def names(self):
        return sorted(os.listdir(self.etc))


def original(name):
    with open(os.path.join(DATA, name + ".conf"), "rb") as file:
        return file.read()


def with_hosts_line(content, line):
    """The content with the last hosts line replaced."""
    lines = content.split(b"\n")
    number = max(i for i, text in enumerate(lines) if re.match(rb"\s*hosts:", text))
    return b"\n".join([*lines[:number], line.encode(), *lines[number + 1:]])


def expected_enabled(name):
    if ENABLED[name]:
        return with_hosts_line(original(name), ENABLED[name])
    # Before the first line that is neither empty nor a comment with an end
    before, after = re.fullmatch(rb"((?:#[^\n]*\n|\n)*)(.*)", original(name), re.DOTALL).groups()
    return before + ADDED.encode() + after


def test_every_file_is_covered():
    tap.equal(sorted([*ENABLED, *MENDED, *REFUSED, "fedora-authselect"]),
              sorted(name.removesuffix(".conf") for name in os.listdir(DATA) if name.endswith(".conf")),
              "each file of tests/nsswitchdata is in a table")


def test_enable_and_disable():
    for name in ENABLED:
        with Root(name) as root:
            first = root.run("enable")
            enabled = root.read()
            inode = os.stat(root.conf).st_ino
            second = root.run("enable")
            tap.equal((first.status, first.told, enabled), (0, "", expected_enabled(name)), f"enable: {name}")
            tap.equal((second.status, "as it should be" in second.printed, root.read(), os.stat(root.conf).st_ino),
                      (0, True, enabled, inode), f"enable again changes nothing: {name}")
            done = root.run("disable")
            tap.equal((done.status, root.read()), (0, original(name)), f"disable gives the original bytes: {name}")
            tap.equal(root.run("disable").status, 0, f"disable again: {name}")


def test_mended():
    for name, (enabled, disabled) in MENDED.items():
        with Root(name) as root:
            root.run("enable")
            tap.equal(root.read(), with_hosts_line(original(name), enabled), f"enable: {name}")
            root.run("disable")
            tap.equal(root.read(), with_hosts_line(original(name), disabled), f"disable: {name}")


def test_line_above():
    """Somebody wrote a hosts line above the one that was added, where it did not count."""
    for above, left in [(b"hosts: files dns\n", b"hosts: files dns\n"),
                        (b"hosts: files libvirt dns\n", b"hosts: files dns\n"),
                        (ADDED.encode(), b"")]:
        with Root() as root:
            with open(root.conf, "wb") as file:
                file.write(above + ADDED.encode() + b"passwd: files\n")
            tap.equal((root.run("disable").status, root.read()), (0, left + b"passwd: files\n"),
                      f"a line above the added one: {above!r}")
    with Root() as root:
        cut = b"hosts: se libvirt[NOTFOUND=return] [SUCCESS=return] libvirt dns\n" + ADDED.encode()
        with open(root.conf, "wb") as file:
            file.write(cut)
        ran = root.run("disable")
        tap.equal((ran.status, "line 1: no service stands before these" in ran.told, root.read()), (FAILED, True, cut),
                  "a line above the added one that is to be mended first")


def test_refused():
    for name, reason in REFUSED.items():
        with Root(name) as root:
            ran = root.run("enable")
            tap.equal((ran.status, ran.printed, reason in ran.told, root.read(), root.names()),
                      (FAILED, "", True, original(name), ["nsswitch.conf"]), f"refused: {name}")


def test_services():
    """One of the services alone, and one after the other."""
    steps = [("enable", "libvirt_guest", "files libvirt_guest dns"), ("enable", "libvirt", f"files {SERVICES} dns"),
             ("disable", "libvirt", "files libvirt_guest dns"), ("disable", "both", "files dns"),
             ("enable", "libvirt", "files libvirt dns"), ("disable", "libvirt_guest", "files libvirt dns")]
    with Root("debian-12") as root:
        for command, service, line in steps:
            root.run(command, "--service=" + service)
            tap.equal(root.read(), with_hosts_line(original("debian-12"), "hosts:          " + line),
                      f"{command} --service={service}")
    with Root("arch") as root:
        root.run("enable")
        root.run("disable", "--service=libvirt")
        tap.equal(root.read(), with_hosts_line(original("arch"), FILES + "hosts: mymachines files libvirt_guest "
                                               "resolve [!UNAVAIL=return] files myhostname dns"),
                  "the files in front stays for as long as one of ours does")
        root.run("disable")
        tap.equal(root.read(), original("arch"), "and goes with the last")
    ran = run("enable", "--service=dns")
    tap.equal((ran.status, "there is no service" in ran.told), (USAGE, True), "a service that is none of ours")


def apply(diff, content):
    """What patch(1) makes of the content."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "file")
        with open(path, "wb") as file:
            file.write(content)
        done = subprocess.run(["patch", "--silent", "--binary", path], input=diff.encode(), check=False,
                              stdout=subprocess.PIPE)
        with open(path, "rb") as file:
            return file.read() if done.returncode == 0 else done.stdout


def test_dry_run():
    for name in ENABLED:
        with Root(name) as root:
            ran = root.run("enable", "--dry-run")
            tap.equal((ran.status, root.read(), root.names()), (0, original(name), ["nsswitch.conf"]),
                      f"--dry-run changes nothing: {name}")
            if shutil.which("patch"):
                tap.equal(apply(ran.printed, original(name)), expected_enabled(name),
                          f"patch takes the difference: {name}")
            else:
                tap.skip(f"patch takes the difference: {name}", "no patch(1)")
    with Root("debian-12") as root:
        tap.equal(root.run("enable", "--dry-run").printed.splitlines()[2:],
                  ["@@ -7,7 +7,7 @@", " shadow:         files systemd", " gshadow:        files systemd", " ",
                   "-hosts:          files dns", "+hosts:          files libvirt libvirt_guest dns",
                   " networks:       files", " ", " protocols:      db files"], "what --dry-run prints")
    with Root("enabled-already") as root:
        tap.ok(root.run("enable", "--dry-run").printed.endswith("hosts: files  libvirt\tlibvirt_guest dns\n"),
               "--dry-run where nothing is to be done")


def test_backup():
    with Root("debian-12") as root:
        root.run("enable")
        with open(os.path.join(root.etc, BACKUP), "rb") as file:
            tap.equal(file.read(), original("debian-12"), "what it was is kept")
        tap.equal(root.names(), ["nsswitch.conf", BACKUP], "and nothing else is left")
        root.run("disable")
        with open(os.path.join(root.etc, BACKUP), "rb") as file:
            tap.equal(file.read(), expected_enabled("debian-12"), "the backup is what it was before the last change")
    with Root() as root:
        ran = root.run("enable")
        tap.equal((ran.status, root.read(), root.names()), (0, ADDED.encode(), ["nsswitch.conf"]), "there was no file")
        tap.equal(os.stat(root.conf).st_mode & 0o7777, 0o644, "the new one can be read by everybody")


def test_status():
    """Owner, mode and extended attributes."""
    with Root("debian-12") as root:
        os.chmod(root.conf, 0o640)
        owner = (os.getuid(), os.getgid())
        if os.getuid() == 0:
            try:
                os.chown(root.conf, 7, 12)
                owner = (7, 12)
            except OSError:
                pass
        attributes = {}
        try:
            os.setxattr(root.conf, "user.remark", b"mine\0too")
            attributes = {"user.remark": b"mine\0too"}
        except OSError:
            tap.skip("extended attributes stay", "the file system has none")
        root.run("enable")
        status = os.stat(root.conf)
        tap.equal((status.st_mode & 0o7777, status.st_uid, status.st_gid), (0o640, *owner),
                  "owner, group and mode stay")
        if attributes:
            tap.equal({name: os.getxattr(root.conf, name) for name in os.listxattr(root.conf)}, attributes,
                      "extended attributes stay")
    with Root("debian-12") as root:
        os.chmod(root.conf, 0o444)
        tap.equal((root.run("enable").status, os.stat(root.conf).st_mode & 0o7777, root.read()),
                  (0, 0o444, expected_enabled("debian-12")), "a file that nobody may write, in a folder that one may")


def test_links():
    """Where nsswitch.conf is a link, what it leads to changes, below the root folder whatever it says."""
    for target, where in [("../usr/lib/nsswitch.conf", "usr/lib"),
                          ("/usr/lib/nsswitch.conf", "usr/lib"),
                          ("../../../../usr/lib/nsswitch.conf", "usr/lib"), ("other.conf", "etc")]:
        with Root("debian-12") as root:
            os.makedirs(os.path.join(root.root, where), exist_ok=True)
            real = os.path.join(root.root, where, os.path.basename(target))
            os.rename(root.conf, real)
            os.symlink(target, root.conf)
            ran = root.run("enable")
            with open(real, "rb") as file:
                tap.equal((ran.status, os.readlink(root.conf), file.read()), (0, target, expected_enabled("debian-12")),
                          f"a link to {target}")
    with Root() as root:
        os.symlink("nowhere", root.conf)
        ran = root.run("enable")
        tap.equal((ran.status, "cannot be read" in ran.told, root.names()), (FAILED, True, ["nsswitch.conf"]),
                  "a link to nowhere")


def test_not_ours_to_edit():
    for name, target, advice in [
            ("fedora-authselect", "/etc/authselect/nsswitch.conf", AUTHSELECT),
            ("nixos", "/nix/store/abc-nsswitch.conf", "virtualisation.libvirtd.nss = { enable = true;")]:
        with Root(name) as root:
            real = root.root + target
            os.makedirs(os.path.dirname(real))
            os.rename(root.conf, real)
            os.symlink(target, root.conf)
            root.conf = real
            for options in ([], ["--dry-run"]):
                ran = root.run("enable", *options)
                tap.equal((ran.status, advice in ran.told, root.read(), os.listdir(os.path.dirname(real))),
                          (FAILED, True, original(name), [os.path.basename(real)]),
                          f"{name} {options}: not ours to edit")
            tap.equal(root.run("disable").status, 0, f"{name}: nothing to disable, nothing to refuse")
    with Root("fedora-authselect") as root:
        os.mkdir(os.path.join(root.etc, "authselect"))
        with open(os.path.join(root.etc, "authselect", "authselect.conf"), "w", encoding="ascii") as file:
            file.write("sssd\nwith-mdns4\n")
        tap.equal((AUTHSELECT in root.run("enable").told, root.read()), (True, original("fedora-authselect")),
                  "authselect, where the file is no link")
        os.unlink(os.path.join(root.etc, "authselect", "authselect.conf"))
        tap.equal(root.run("enable").status, 0, "where authselect was given up")


def test_impossible():
    with Root("debian-12") as root:
        shutil.rmtree(root.etc)
        ran = root.run("enable")
        tap.equal((ran.status, root.root + "/etc/nsswitch.conf cannot be read" in ran.told), (FAILED, True), "no /etc")
    ran = run("enable", "--root=/nonexistent")
    tap.equal((ran.status, "root folder /nonexistent" in ran.told), (FAILED, True), "no such root folder")
    tap.equal(run("enable", "--root=").status, USAGE, "a root folder without name")
    with Root("debian-12") as root:
        os.makedirs(os.path.join(root.etc, BACKUP, "full"))
        ran = root.run("enable")
        tap.equal((ran.status, "its backup cannot be made" in ran.told, root.read(), root.names()),
                  (FAILED, True, original("debian-12"), ["nsswitch.conf", BACKUP]), "no place for the backup")
    with Root() as root:
        os.mkfifo(root.conf)
        tap.equal(root.run("enable").status, FAILED, "a FIFO is not waited for")
    with Root("debian-12") as root:
        with open(root.conf, "ab") as file:
            file.write(b"\0")
        tap.equal((root.run("enable").status, root.read()), (FAILED, original("debian-12") + b"\0"), "a NUL byte")
    with Root("debian-12") as root:
        with open(root.conf, "ab") as file:
            file.truncate(2 << 20)
        tap.equal(root.run("enable").status, FAILED, "a file that is no configuration")
    if os.getuid() != 0 and not WRAPPER:
        with Root("debian-12") as root:
            os.chmod(root.etc, 0o555)
            ran = root.run("enable")
            tap.equal((ran.status, "Run this as root" in ran.told, root.read()), (FAILED, True, original("debian-12")),
                      "a folder that one may not write")
            os.chmod(root.etc, 0o755)


def test_at_once():
    """Many at once, and each change is in the file at the end, which is whole at any moment."""
    rounds = 3 if WRAPPER else 250 if FULL else 25
    wrong = []
    for _ in range(rounds):
        with Root("debian-12") as root:
            started = [subprocess.Popen([*program, "enable", "--root=" + root.root, "--service=" + service],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                       for service in ("libvirt", "libvirt_guest", "both", "libvirt") * 2]
            told = [(process.communicate()[1], process.returncode) for process in started]
            if (root.read() != expected_enabled("debian-12") or root.names() != ["nsswitch.conf", BACKUP] or
                    os.stat(root.conf).st_mode & 0o777 != 0o644 or any(map(any, told))):
                wrong.append((root.read(), root.names(), told))
    tap.equal(wrong, [], f"{rounds} times eight at once")


# What can go wrong on the way, as options of strace: nothing may have changed then, and nothing be left over
FAULTS = ["write:error=ENOSPC", "fchmod:error=EPERM", "fchown:error=EPERM", "fsync:error=EIO:when=1",
          "linkat:error=EMLINK", "renameat:error=EIO:when=1", "renameat:error=EBUSY:when=2", "flistxattr:error=EIO"]
NO_STRACE = "strace is not here, or cannot be used on an instrumented program"


def has_strace():
    return shutil.which("strace") and not WRAPPER and not os.environ.get("NSS_TEST_SANITIZED")


def test_faults():
    if not has_strace():
        tap.skip("system calls that fail", NO_STRACE)
        return
    for fault in FAULTS:
        call = fault.split(":")[0]
        with Root("debian-12") as root:
            done = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-P", root.etc, "-P", root.conf,
                                   "-P", root.conf + ".virt-names-new", "-e", f"trace={call}", "-e", f"inject={fault}",
                                   *program, "enable", "--root=" + root.root],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
            tap.equal((done.returncode, b"cannot be replaced" in done.stderr, root.read(),
                       [name for name in root.names() if name != BACKUP]),
                      (FAILED, True, original("debian-12"), ["nsswitch.conf"]), f"{fault}: all is as it was")


def test_order():
    """On disk before it takes the other's place, and the folder after that."""
    if not has_strace():
        tap.skip("order of the system calls", NO_STRACE)
        return
    with Root("debian-12") as root, tempfile.NamedTemporaryFile() as trace:
        subprocess.run(["strace", "-qq", "-y", "-o", trace.name, "-e", "trace=write,fsync,renameat", *program, "enable",
                        "--root=" + root.root], stdout=subprocess.DEVNULL, check=False)
        calls = re.findall(r"^(\w+)\([^<]*<([^>]*)>(?:, \"[^\"]*\", [^,]*, \"([^\"]*)\")?", trace.read().decode(),
                           re.MULTILINE)
        told = [" ".join(filter(None, (call, os.path.basename(path), name))) for call, path, name in calls
                if path.startswith(root.etc)]
        tap.equal(told, ["write nsswitch.conf.virt-names-new", "fsync nsswitch.conf.virt-names-new",
                         f"renameat etc {BACKUP}", "renameat etc nsswitch.conf", "fsync etc"],
                  "order of the system calls")


if WRAPPER:
    print("1..0 # SKIP valgrind does not know openat2(2), by which root folders are entered")
    sys.exit(0)
for test_name, test in list(globals().items()):
    if test_name.startswith("test_"):
        test()
tap.finish()
