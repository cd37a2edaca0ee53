#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
"""mutate.py [NUMBER...]: plants small faults in src/util and src/nss, one at a time, in a copy of the sources, and says
which of them the tests notice, and which suite does so first. With numbers, only these. Exits with 1 if fewer than 95
of 100 are noticed, or if the tests fail without any fault."""

import os
import shutil
import subprocess
import sys
import tempfile

NEEDED = 0.95
# The quick ones first; a fault is noticed by the first that fails
SUITES = ["virhostname", "viraddr", "virhosts", "virjson", "virsearch", "virleasedir", "virmemory", "virrecord", "virnames",
          "nssanswer", "nssprotocol", "fuzz-status", "fuzz-macs", "fuzz-hosts", "fuzz-tree", "nsssandbox", "getent", "elf",
          "glibc", "nssthreads", "nssfault", "virpaths", "nomemory"]
# Of the time that a suite may take, so much must do: a fault may make it run for ever
TIMES = 0.4

# The file below src, what stands there, once, and what comes in its place; and where one suite is there for such faults,
# that one has to notice it
FAULTS = [
    ("util/virhostname.c", "len > 0 && name[len - 1] == '.' ? len - 1 : len", "len"),
    ("util/virhostname.c", "len > VIR_HOSTNAME_MAX", "len >= VIR_HOSTNAME_MAX"),
    ("util/virhostname.c", "(name[i] == '-' && label > 0)", "name[i] == '-'"),
    ("util/virhostname.c", "++label > VIR_HOSTNAME_LABEL_MAX", "label++ > VIR_HOSTNAME_LABEL_MAX"),
    ("util/virhostname.c", "return alen < blen ? -1 : alen > blen;", "return 0;"),
    ("util/virhostname.c", "len > suffix && virHostnameIs(", "len >= suffix && virHostnameIs("),
    ("util/virhostname.c", "        (domainLen == 0 ||\n         !virHostnameEqual", "        (!virHostnameEqual"),
    ("util/virmacaddr.c", "    if (pos != len)\n        return false;\n", ""),
    ("util/virmacaddr.c", "parsed.octets[i] * 16", "parsed.octets[i] * 10"),
    ("util/virsocketaddr.c", "len >= sizeof(terminated) || memchr(text, '\\0', len)", "len >= sizeof(terminated)"),
    ("util/virsocketaddr.c", "a->family == AF_INET ? -1 : 1", "a->family == AF_INET ? 1 : -1"),
    ("util/virsort.c", "child + 1 < count && virSortBefore", "child + 1 <= count && virSortBefore"),
    ("util/virsort.c", "i = count / 2", "i = count / 4"),
    ("util/virhosts.c", "while (got < 0 && errno == EINTR)", "while (0)"),
    ("util/virhosts.c", "skipped = skipped || hosts->skipping;", ""),
    ("util/virhosts.c", "&& text[i] != '#'", ""),
    ("util/virscratch.c", "need + -need % _Alignof(max_align_t)", "need"),
    ("util/virscratch.c", "        memcpy(base, scratch->inlined, scratch->used);\n", "        ;\n"),
    ("util/virleasedir.c", "    if (!S_ISREG(st.st_mode))\n        return -EINVAL;\n", ""),
    ("util/virleasedir.c", "st.st_size > VIR_LEASE_FILE_MAX", "st.st_size >= VIR_LEASE_FILE_MAX"),
    ("util/virlease.c", "lease->expiry >= now", "lease->expiry > now"),
    ("util/virlease.c", "lease->expiry == 0 || ", ""),
    ("util/virlease.c", "negative ? -digit : digit", "digit"),
    ("util/virlease.c", "    lease->domainLen = 0;\n", ""),
    ("util/virjsonobject.c", "++parser->depth <= VIR_JSON_DEPTH_MAX", "++parser->depth < VIR_JSON_DEPTH_MAX"),
    ("util/virjsonobject.c", "strlen(key) == len && memcmp(key, name, len) == 0", "memcmp(key, name, len) == 0"),
    ("util/virjsonobject.c", "return parser.refused ? -EINVAL : 0;", "return 0;"),
    ("util/virjsonobject.c", "yajl_dont_validate_strings, 1", "yajl_dont_validate_strings, 0"),
    ("util/virjsonarray.c", "escaped = c == '\\\\' && !escaped;", "escaped = c == '\\\\';"),
    ("util/virjsonarray.c", "if (start > array->place)\n            continue;", "if (start > array->place)\n            return false;"),
    ("util/virjsonarray.c", "    array->pos = span->offset + 1;\n", "    array->pos = span->offset + span->len;\n"),
    ("util/virjsonarray.c", "if (c == '|' || __builtin_parity(odd ^ before))", "if (c == '|')"),
    ("util/virsearch.c", "if (first >= 0x10) {", "if (first > 0) {"),
    ("util/virsearch.c", "'0' + last / 10 % 10", "'0' + last / 10"),
    ("util/virmacmap.c", "if (result == 0 && !parser.hasDomain)", "if (0)"),
    ("util/virnames.c", "    virNamesSortMacs(search);\n    return result;", "    return result;"),
    ("util/virnames.c", "    search->declared = search->answers.count;\n", ""),
    ("util/virnames.c", "answer->isStatic || !search->isDomain ||", "answer->isStatic ||"),
    ("util/virnames.c", "return answer->isStatic;", "return true;"),
    ("util/virnames.c", "if (virSocketAddrCompare(&kept, &answer->addr) == 0)\n            return true;", ""),
    ("util/virnamesfiles.c", "return a > b ? -1 : 1;", "return a > b ? 1 : -1;"),
    ("util/virnamesfiles.c", "len == 0 || len > NAME_MAX ||", "len == 0 ||"),
    ("util/virnamesfiles.c", "map->domain[len - 1] == '.' ||", ""),
    ("util/virnamesfiles.c", "error == -ENOMEM || error == -EMFILE ||", "error == -ENOMEM ||"),
    ("util/virnamesfiles.c", "if (search->answers.count == VIR_NAMES_ANSWERS_MAX) {", "if (0) {"),
    ("util/virnamesreverse.c", "if (search->declaredElsewhere && !search->declaredHere)", "if (0)"),
    ("util/virnamesreverse.c", "    search->scratch->used = used;\n", ""),
    ("util/virnamesreverse.c", "if (search->isDomain && !(mac && virNamesHasMac(search, mac)))", "if (0)"),
    ("util/virnamesrules.c", "virHostnameIsOwn(name, first, own)", "false"),
    ("util/virnamesrules.c", "        if (virHostnameIsValid(claims->text, len))\n", ""),
    ("util/virnameslist.c", "if (search->tooMany || list->domains.tooMany)", "if (search->tooMany)"),
    ("util/virnameslist.c", "        if (domain->hasMac)\n", ""),
    ("util/virnameslist.c", "return elsewhere && !here;", "return elsewhere;"),
    ("nss/libvirt_nss_buffer.c", "padding > buffer->left || size > buffer->left - padding", "size > buffer->left - padding"),
    ("nss/libvirt_nss_buffer.c", "    list[nanswers] = NULL;\n", ""),
    ("nss/libvirt_nss_buffer.c", "size_t given = *first ? 1 : 0;", "size_t given = 0;"),
    ("nss/libvirt_nss_buffer.c", "    aliases[count - 1] = NULL;\n", ""),
    ("nss/libvirt_nss_status.c", "    errno = savedErrno;\n", ""),
    ("nss/libvirt_nss_status.c", "    if (ttlp)\n        *ttlp = 0;\n", ""),
    ("nss/libvirt_nss_status.c", "NSS_STATUS_NOTFOUND, ENOENT, NO_DATA", "NSS_STATUS_NOTFOUND, ENOENT, HOST_NOT_FOUND"),
    ("nss/libvirt_nss_status.c", "pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelState);\n    nssDebugStart",
     "pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &cancelState);\n    nssDebugStart"),
    ("nss/libvirt_nss_enumerate.c", "holder != self && ", ""),
    ("nss/libvirt_nss_enumerate.c", "            nssState.list = NULL;\n            return;", "            return;"),
    ("nss/libvirt_nss_enumerate.c", "        nssState.ended = true;\n", ""),
    ("nss/libvirt_nss_enumerate.c", "    if (!list)\n", "    if (0)\n", "nssfault"),
    ("util/virscratch.c", "if (!(base = realloc(onHeap ? scratch->base : NULL, size)))",
     "base = realloc(onHeap ? scratch->base : NULL, size);\n    if (0)", "nssfault"),
    ("util/virleasedir.c", "if (fd < 0 || fstat(fd, &st) < 0)", "fstat(fd, &st);\n    if (fd < 0)", "nssfault"),
    ("util/virleaserecord.c", "    if (!moved)\n        abort();\n", "", "nomemory"),
    ("nss/libvirt_nss_debug.c", "if (!secure_getenv(\"LIBVIRT_NSS_DEBUG\"))", "if (!getenv(\"LIBVIRT_NSS_DEBUG\"))"),
    ("nss/libvirt_nss_debug.c", "c_isprint(name[i]) && name[i] != '\"'", "name[i] != '\"'"),
]


def quietly(*command):
    """The exit status."""
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode


def first_failure(build, suites=SUITES):
    """The first suite that fails, or None."""
    for suite in suites:
        if quietly("meson", "test", "-C", build, "--no-rebuild", f"--timeout-multiplier={TIMES}", suite):
            return suite
    return None


def build_all(build):
    return quietly("meson", "compile", "-C", build, "nss_libvirt", "nss_libvirt_guest",
                   *(suite + "test" for suite in SUITES if suite not in ("getent", "elf", "nomemory") and "fuzz" not in suite),
                   *(suite for suite in SUITES if "fuzz" in suite), "libvirt_leaseshelper", "virt-names", "failmalloc")


def plant(source, build, fault):
    """What becomes of one fault: in words, and whether it counts as noticed; None if it cannot be built."""
    file, before, after, *demanded = fault
    path = os.path.join(source, "src", file)
    with open(path, encoding="utf-8") as opened:
        text = opened.read()
    if text.count(before) != 1:
        return f"stands there {text.count(before)} times: mend tests/mutate.py", False
    with open(path, "w", encoding="utf-8") as opened:
        opened.write(text.replace(before, after))
    if build_all(build):
        verdict = "is not built", None
    else:
        suite = first_failure(build, demanded or SUITES)
        verdict = (f"noticed by {suite}", True) if suite else ("NOT NOTICED", False)
    with open(path, "w", encoding="utf-8") as opened:
        opened.write(text)
    return verdict


def main():
    numbers = [int(word) for word in sys.argv[1:]] or range(len(FAULTS))
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    noticed = planted = 0
    with tempfile.TemporaryDirectory(prefix="mutate-") as top:
        source, build = os.path.join(top, "source"), os.path.join(top, "build")
        shutil.copytree(here, source, ignore=shutil.ignore_patterns("build*", ".git"), symlinks=True)
        # Without optimising, as that is what takes the time; a checkout below /tmp can be read by everybody
        os.chmod(top, 0o755)
        subprocess.run(["meson", "setup", "--optimization=1", build, source], stdout=subprocess.DEVNULL, check=True)
        suite = "the build" if build_all(build) else first_failure(build)
        if suite:
            sys.exit(f"without any fault {suite} fails")
        for number in numbers:
            words, is_noticed = plant(source, build, FAULTS[number])
            print(f"{number:3} {FAULTS[number][0]}: {FAULTS[number][1].strip()!r} -> {FAULTS[number][2].strip()!r}: {words}",
                  flush=True)
            planted += is_noticed is not None
            noticed += bool(is_noticed)
    print(f"{noticed} of {planted} faults noticed")
    sys.exit(0 if planted and noticed >= NEEDED * planted else 1)


main()
