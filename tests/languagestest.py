#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""languagestest.py VIRT-NAMES HELPER SOURCE CATALOGUES LOCALEDIR: the programs in each language of po/LINGUAS. SOURCE is the
project's folder, CATALOGUES the one with the compiled catalogues, LOCALEDIR where the programs look for them. Run through
private.sh."""

import gettext
import json
import os
import re
import shutil
import subprocess
import sys
import time
import unicodedata

import checkhelper
import leasehelper
from tap import WRAPPER, Tap
from terminal import on_terminal

DOMAIN = "libvirt-nss"
NSSWITCH = "/etc/nsswitch.conf"
COMMANDS = ("list", "query", "watch", "check", "enable", "disable")
COLUMNS = 80
# As meson's preset for programs with glib, of what is used here
KEYWORDS = ("_", "N_", "C_:1c,2", "NC_:1c,2", "g_dngettext:2,3")

tap = Tap()
virt_names, helper, source, catalogues, localedir = (os.path.abspath(word) for word in sys.argv[1:6])


def run(command, language=None, environment=None):
    # glibc knows no languages in the locale C alone
    locale = {"LC_ALL": "C.UTF-8", "LANGUAGE": language} if language else {"LC_ALL": "C"}
    done = subprocess.run([*WRAPPER, *command], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                          env={"PATH": os.environ["PATH"], **locale, **(environment or {})})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def width(text):
    return sum(0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
               for character in text)


def languages():
    with open(os.path.join(source, "po", "LINGUAS"), encoding="ascii") as file:
        return [line.strip() for line in file if not line.startswith("#")]


def some_languages():
    """All; under valgrind, where a call takes a second, one with wide characters and one with many plural forms."""
    return [language for language in languages() if not WRAPPER or language in ("ja", "ru")]


def install_catalogues():
    """Puts the catalogues where the programs look, in this mount namespace. False where that cannot be done."""
    folder = localedir
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    if folder in ("/", "/usr", "/usr/local") or subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder],
                                                               check=False).returncode != 0:
        return False
    shutil.copytree(catalogues, localedir, dirs_exist_ok=True)
    return True


def test_linguas():
    files = sorted(name.removesuffix(".po") for name in os.listdir(os.path.join(source, "po")) if name.endswith(".po"))
    tap.ok(files, "there are catalogues")
    tap.equal(languages(), files, "po/LINGUAS names each, in order")


def make_template():
    """The messages that are in the sources now, each string in one line, as xgettext writes them; and what it says."""
    return subprocess.run(["xgettext", "--from-code=UTF-8", "--directory=" + source, "--output=-", "--no-wrap",
                           "--add-comments=TRANSLATORS:", *("--keyword=" + keyword for keyword in KEYWORDS),
                           "--flag=g_strdup_printf:1:c-format",
                           "--files-from=" + os.path.join(source, "po", "POTFILES")], capture_output=True, check=True)


def test_messages():
    """They can be translated without a look into the sources."""
    entries = [(re.search('^msgid "((.|\n)*?)"\nmsg', entry, re.MULTILINE)[1].removeprefix('"\n"'), entry)
               for entry in make_template().stdout.decode().split("\n\n")]
    tap.ok(len(entries) > 100, "there are messages")
    tap.equal([text for text, _ in entries if re.match("(It|They|Their) ", text)], [],
              "none begins with a word for what only another message names")
    tap.equal([text for text, _ in entries if "Glibc" in text], [], "glibc has one spelling")
    tap.equal([text for text, entry in entries
               if len(re.findall(r"%(?:\.\*)?s", text)) > 1 and "TRANSLATORS:" not in entry],
              [], "of those into which more than one text comes it is said which these are")


def test_complete():
    """Against what is in the sources now."""
    template = make_template()
    tap.equal(template.stderr.decode(), "", "xgettext has nothing to say")
    path = os.path.join(os.environ["LEASEDIR"], "template.pot")
    with open(path, "wb") as file:
        file.write(template.stdout)
    for language in languages():
        catalogue = os.path.join(source, "po", language + ".po")
        done = subprocess.run(["msgcmp", catalogue, path], capture_output=True, check=False)
        tap.equal((done.returncode, done.stderr.decode()), (0, ""), f"{language}: each message has a translation")
        done = subprocess.run(["msgfmt", "--check", "--statistics", "--output-file=/dev/null", catalogue],
                              capture_output=True, check=False, env={"PATH": os.environ["PATH"], "LC_ALL": "C"})
        tap.ok(re.fullmatch(r"\d+ translated messages\.\n", done.stderr.decode()), f"{language}: msgfmt --check",
               done.stderr.decode())
    os.unlink(path)


def test_help():
    for language in some_languages():
        for command in ([virt_names], *([virt_names, command] for command in COMMANDS), [helper]):
            name = " ".join([os.path.basename(command[0]), *command[1:]])
            status, printed, told = run([*command, "--help"], language)
            wide = [line for line in printed.splitlines() if width(line) > COLUMNS]
            same = set(printed.splitlines()) & set(run([*command, "--help"])[1].splitlines())
            tap.equal((status, told, wide, [line for line in same if line.strip() and " " in line.strip()]), (0, "", [], []),
                      f"{language}: {name} --help")


def test_english_help():
    for command in ([virt_names], *([virt_names, command] for command in COMMANDS), [helper]):
        wide = [line for line in run([*command, "--help"])[1].splitlines() if len(line) > COLUMNS]
        tap.equal(wide, [], f"{' '.join(command[1:])} --help fits")


def hosts_lines(count):
    with open(NSSWITCH, "w", encoding="ascii") as file:
        file.write("hosts: files\n" * count)


def test_programs():
    leasehelper.clear()
    leasehelper.write({leasehelper.BRIDGE + ".status": leasehelper.leases(3)})
    event = leasehelper.v4("add", 1, "web")
    event.environment["DNSMASQ_LEASE_EXPIRES"] = "soon"
    hosts_lines(2)
    plain = json.loads(run([virt_names, "check", "--json"])[1])
    for language in some_languages():
        translation = gettext.translation(DOMAIN, catalogues, [language])
        for arguments in (["list"], ["list", "--full"], ["query", "guest-0", "10.1.0.0", "nobody"], ["check"],
                          ["enable", "--root=/nonexistent"], ["list", "--sort=x"], ["query"]):
            english, other = run([virt_names, *arguments]), run([virt_names, *arguments], language)
            tap.ok(english[0] == other[0] and english[1:] != other[1:] and "%" not in "".join(other[1:]),
                   f"{language}: virt-names {' '.join(arguments)}", english, other)
        told = run([helper, *event.arguments], language, leasehelper.environment_of(event) | {"LC_ALL": "C.UTF-8"})[2]
        tap.ok("soon" in told and told != run([helper, *event.arguments], None, leasehelper.environment_of(event))[2],
               f"{language}: an error of the lease helper", told)
        tap.ok(any(line.startswith(translation.gettext("PROBLEM")) for line in run([virt_names, "check"], language)[1].splitlines()),
               f"{language}: levels of findings")
        tap.ok(translation.gettext("NAME|ADDRESS...") in run([virt_names, "query"], language)[2],
               f"{language}: what stands for an argument")
        printed = on_terminal(COLUMNS, [*WRAPPER, virt_names, "check"], {"PATH": os.environ["PATH"], "NO_COLOR": "1",
                                                                         "LC_ALL": "C.UTF-8", "LANGUAGE": language})[0]
        tap.equal([line for line in printed.splitlines() if width(line) > COLUMNS], [], f"{language}: check on a terminal")
        table = run([virt_names, "list"], language)[1].splitlines()
        column = width(table[0][:table[0].index(translation.gettext("ADDRESS"))])
        tap.ok(all(row[column:].startswith("10.1.0.") for row in table[1:] if "10.1.0." in row) and len(table) > 1,
               f"{language}: columns stand below their heads", *table)
        found = json.loads(run([virt_names, "check", "--json"], language)[1])
        tap.equal([(finding["level"], finding["id"], finding["command"]) for finding in found["findings"]],
                  [(finding["level"], finding["id"], finding["command"]) for finding in plain["findings"]],
                  f"{language}: what scripts read is in no language")


def test_colons():
    """Not every language has one colon for what a text is about and for what it is the cause of."""
    with open(NSSWITCH, "w", encoding="ascii") as file:
        file.write("hosts: files [\n")
    for language in some_languages():
        translation = gettext.translation(DOMAIN, catalogues, [language])
        about = translation.pgettext("about", "%s: %s") % (NSSWITCH, "")
        told = run([virt_names, "enable"], language)[2]
        tap.ok(about in told, f"{language}: a file, and what is said of it", about, told)
        cause = translation.pgettext("cause", "%s: %s") % (
            translation.gettext("the root folder %s cannot be opened") % "/nonexistent", "")
        told = run([virt_names, "enable", "--root=/nonexistent"], language)[2]
        tap.ok(cause in told, f"{language}: what failed, and why", cause, told)


def printed_by_watch(language):
    """The first line."""
    with subprocess.Popen([*WRAPPER, virt_names, "watch", "--present"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "LANGUAGE": language}) as process:
        line = process.stdout.readline().decode()
        process.terminate()
    return line.rstrip("\n").split(" ", 2)[2]


def test_pieces():
    """What is put together: lists, and columns."""
    leasehelper.clear()
    leasehelper.write({leasehelper.BRIDGE + ".status": leasehelper.leases(1)})
    hosts_lines(2)
    plain = json.loads(run([virt_names, "check", "--json"])[1])
    events = ("present", "added", "renewed", "moved", "renamed", "expired", "gone")
    for language in some_languages():
        translation = gettext.translation(DOMAIN, catalogues, [language])
        items = [translation.gettext("lease of %s") % "10.1.0.0", translation.gettext("MAC %s") % "52:54:01:00:00:00",
                 translation.gettext("hostname %s") % '"guest-0"']
        listed = translation.pgettext("lease", ", ").join([*items, ""])
        text = run([virt_names, "query", "guest-0"], language)[1]
        tap.ok(f"{leasehelper.BRIDGE}.status" in text and listed in text, f"{language}: a lease in words", listed, text)
        counts = [translation.ngettext("%u problem", "%u problems", plain["problems"]) % plain["problems"],
                  translation.ngettext("%u warning", "%u warnings", plain["warnings"]) % plain["warnings"]]
        text = run([virt_names, "check"], language)[1]
        listed = translation.pgettext("list", ", ").join(counts)
        tap.ok(text.endswith(f"\n{listed}\n"), f"{language}: a list", listed, text)
        words = [translation.pgettext("event", event) for event in events]
        column = max(width(word) for word in words)
        tap.ok(len(set(words)) == len(words), f"{language}: each event has a word of its own", *words)
        tap.ok(printed_by_watch(language).startswith(words[0] + " " * (column - width(words[0])) + "  guest-0  10.1.0.0  "),
               f"{language}: watch says what happened, in a column", printed_by_watch(language))


# In a language with a space before the unit, one with other letters, and one with no spaces
SPANS = {"de": "in 3\u00a0d 2\u00a0h", "ru": "через 3\u00a0д 2\u00a0ч", "ja": "あと 3日2時間"}


def test_spans():
    """For how long leases are good."""
    now = int(time.time())
    spans = (("days", 3 * 86400 + 2 * 3600 + 1800, ((3, "d"), (2, "h"))), ("hours", 3600 + 330, ((1, "h"), (5, "m"))),
             ("minutes", 1859, ((30, "m"), (None, "s"))), ("seconds", 59, ((None, "s"),)))
    leasehelper.clear()
    leasehelper.write({leasehelper.BRIDGE + ".status": json.dumps([
        {"ip-address": f"10.1.0.{i}", "hostname": name, "expiry-time": now + seconds}
        for i, (name, seconds, _) in enumerate(spans)]).encode()})
    listed = json.loads(run([virt_names, "list", "--json"])[1])
    for language in some_languages():
        translation = gettext.translation(DOMAIN, catalogues, [language])
        table = {row.split()[0]: row for row in run([virt_names, "list"], language)[1].splitlines()}
        head = table[translation.gettext("NAME")]
        column = width(head[:head.index(translation.gettext("EXPIRES"))])
        for name, _, parts in spans:
            texts = [re.escape(translation.pgettext("span", "%s" + unit) % "N").replace("N", str(count or r"\d+"))
                     for count, unit in parts]
            span = re.escape(translation.pgettext("span", "%s %s")) % (*texts,) if len(texts) == 2 else texts[0]
            text = re.escape(translation.pgettext("lease", "in %s")) % span
            match = re.search(text + "$", table[name])
            tap.ok(match and width(table[name][:match.start()]) == column, f"{language}: a lease that runs for {name}",
                   text, head, table[name])
        if language in SPANS:
            tap.ok(table["days"].endswith("  " + SPANS[language]), f"{language}: {SPANS[language]}", table["days"])
        printed = on_terminal(COLUMNS, [*WRAPPER, virt_names, "list"], {"PATH": os.environ["PATH"], "NO_COLOR": "1",
                                                                        "LC_ALL": "C.UTF-8", "LANGUAGE": language})[0]
        wide = [line for line in printed.splitlines() if width(line) > COLUMNS]
        tap.equal(wide, [], f"{language}: list on a terminal")
        tap.equal(json.loads(run([virt_names, "list", "--json"], language)[1])["names"], listed["names"],
                  f"{language}: what scripts read is in seconds")


def write_map(domains):
    """What the MAC map of the bridge has, of each domain its MAC addresses."""
    entries = [{"domain": domain, "macs": macs} for domain, macs in domains.items()]
    leasehelper.write({leasehelper.BRIDGE + ".macs": json.dumps(entries).encode()})


# A lease folder of which check looks at nothing else
ELSEWHERE = os.path.join(os.environ["RUNSTATEDIR"], "elsewhere")


def links_to_nowhere(count):
    shutil.rmtree(ELSEWHERE, ignore_errors=True)
    os.mkdir(ELSEWHERE)
    for i in range(count):
        os.symlink("nowhere", os.path.join(ELSEWHERE, f"net{i}.status"))
    return (count,)


def kept_files(count):
    links_to_nowhere(0)
    for i in range(count):
        os.close(os.open(os.path.join(ELSEWHERE, f"net{i}.status.corrupt"), os.O_CREAT))
    return (count,)


def lines(count):
    hosts_lines(count)
    return NSSWITCH, count, count


def mac_addresses(count):
    write_map({"web": [f"52:54:00:00:00:{i:02x}" for i in range(count)]})
    return leasehelper.BRIDGE + ".macs", '"web"', count


def names_with_spaces(count):
    leasehelper.write({leasehelper.BRIDGE + ".status": leasehelper.leases(count)})
    write_map({f"two words {i}": [f"52:54:01:00:00:{i:02x}"] for i in range(count)})
    return (count,)


# Each message with a number: what makes so many of it, and returns what comes into the text; the command that says it; how
# many
PLURALS = {
    ("%s has %u hosts line; line %u counts.", "%s has %u hosts lines; line %u counts."): (lines, ["check"], (2, 3, 5, 21)),
    ("%u problem", "%u problems"): (links_to_nowhere, ["check", "--leasedir=" + ELSEWHERE], (1, 2, 3, 5, 21)),
    ("%u warning", "%u warnings"): (kept_files, ["check", "--leasedir=" + ELSEWHERE], (1, 2, 3, 5, 21)),
    ("%s: domain %s has %u MAC address", "%s: domain %s has %u MAC addresses"):
        (mac_addresses, ["query", "web"], (1, 2, 3, 5, 21)),
    ("%zu name is left out: it is none that hosts(5) can hold",
     "%zu names are left out: they are none that hosts(5) can hold"):
        (names_with_spaces, ["list", "--format=hosts"], (1, 2, 3, 5, 21)),
}


def test_plurals():
    for (one, more), (make, command, counts) in PLURALS.items():
        for count in counts:
            leasehelper.clear()
            hosts_lines(1)
            values = make(count)
            for language in some_languages():
                translation = gettext.translation(DOMAIN, catalogues, [language])
                text = translation.ngettext(one, more, values[-1]).replace("%zu", "%u") % values
                printed = "".join(run([virt_names, *command], language)[1:])
                tap.ok(re.search(rf"(?<!\w){re.escape(text)}(?!\w)", printed), f"{language}: {count} of {one}", "expected:", text, "got:", printed)


def test_all_plurals():
    """None was forgotten above."""
    plurals = re.findall('^msgid "(.*)"\nmsgid_plural "(.*)"$', make_template().stdout.decode(), re.MULTILINE)
    tap.equal(sorted(plurals), sorted(PLURALS), "each message with a number is tried")


# Of the processes that check looks for none is to come or go meanwhile, as the dnsmasq of another test does
checkhelper.enter_namespaces()
if not install_catalogues():
    print(f"1..0 # SKIP no file system can be mounted above {localedir}")
    sys.exit(0)
for test_name, test in list(globals().items()):
    if test_name.startswith("test_"):
        test()
tap.finish()
