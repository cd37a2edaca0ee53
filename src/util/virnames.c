/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "virnames.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "virhostname.h"
#include "virnamespriv.h"
#include "virsort.h"

/* What the files must hold, as bytes, to say something about the name. */
static void
virNamesWantName(const struct virNamesSearch *search, struct virSearch *wanted)
{
    if (search->query->service == VIR_NAMES_LIBVIRT)
        virSearchName(wanted, search->name, virHostnameFirstLabel(search->name, search->len), true);
    else
        virSearchName(wanted, search->name, search->len, false);
}

static bool
virNamesIsName(const struct virNamesSearch *search, const struct virMacMap *map)
{
    if (virHostnameEqual(map->domain, map->domainLen, search->name, search->len))
        return true;
    /* In service libvirt "host.domain" is a claim to "host" too. */
    return search->query->service == VIR_NAMES_LIBVIRT &&
           virHostnameEqual(map->domain, map->domainLen, search->name,
                            virHostnameFirstLabel(search->name, search->len));
}

static int
virNamesHandleMap(struct virNamesSearch *search, const char *text, size_t len, void *workspace)
{
    struct virMacMap map;
    int result = virMacMapParse(&map, text, len, workspace);

    if (result < 0 || !virNamesIsName(search, &map))
        return result;
    virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_MAP_ENTRY, .map = &map });
    search->isDomain = true;
    if (map.nmacs > VIR_NAMES_MACS_MAX - search->macs.count) {
        virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_TOO_MANY });
        return 0;
    }
    /* They stand where the workspace begins, which is the end of the array. */
    virScratchCommit(search->scratch, map.nmacs * sizeof(*map.macs));
    search->macs.count += map.nmacs;
    return 0;
}

int
virNamesReadMaps(struct virNamesSearch *search)
{
    struct virSearch wanted;
    int result;

    virNamesWantName(search, &wanted);
    search->isDomain = false;
    search->macs = (struct virNamesArray){ virScratchBegin(search->scratch), 0 };
    result = virNamesReadMacs(search, &wanted, virNamesHandleMap);
    virNamesSortMacs(search);
    return result;
}

/* Whether @lease is about the name; a note says so if it is but may not have it. */
static bool
virNamesMatches(const struct virNamesSearch *search, const struct virLease *lease)
{
    if (search->query->service == VIR_NAMES_LIBVIRT_GUEST)
        return lease->hasMac && virNamesHasMac(search, &lease->mac);
    switch (virHostnameCheckClaim(search->name, search->len, lease->hostname, lease->hostnameLen,
                                  lease->domain, lease->domainLen)) {
    case VIR_HOSTNAME_CLAIM_GOOD:
        return true;
    case VIR_HOSTNAME_CLAIM_FOREIGN:
        virNamesTell(search,
                     (struct virNamesNote){ .kind = VIR_NAMES_NOTE_FOREIGN, .lease = lease });
        return false;
    case VIR_HOSTNAME_CLAIM_OTHER:
    default:
        return false;
    }
}

static int
virNamesHandleLease(struct virNamesSearch *search, const char *text, size_t len, void *workspace)
{
    struct virLease lease;
    int result = virLeaseParse(&lease, text, len, workspace);

    if (result < 0 || !virNamesMatches(search, &lease))
        return result;
    if (!virLeaseIsLive(&lease, search->query->now)) {
        virNamesTell(search,
                     (struct virNamesNote){ .kind = VIR_NAMES_NOTE_EXPIRED, .lease = &lease });
        return 0;
    }
    virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_ANSWER, .lease = &lease });
    return virNamesAddAnswer(search, &(struct virNamesAnswer){ .addr = lease.addr,
                                                               .expiry = lease.expiry,
                                                               .mac = lease.mac,
                                                               .hasMac = lease.hasMac });
}

static int
virNamesReadLeases(struct virNamesSearch *search)
{
    struct virSearch wanted;

    if (search->query->service == VIR_NAMES_LIBVIRT_GUEST)
        virSearchMacs(&wanted, virNamesMacs(search), search->macs.count);
    else
        virNamesWantName(search, &wanted);
    return virNamesReadStatus(search, &wanted, virNamesHandleLease);
}

bool
virNamesIsDeclared(const struct virHostsLine *line, const char *name, size_t len)
{
    size_t cursor = 0;
    size_t wordLen;
    const char *word;

    while ((word = virHostsName(line, &cursor, &wordLen))) {
        if (virHostnameEqual(word, virHostnameWithoutDot(word, wordLen), name, len))
            return true;
    }
    return false;
}

static int
virNamesHandleHosts(struct virNamesSearch *search, const struct virHostsLine *line)
{
    const size_t host = virHostnameFirstLabel(search->name, search->len);
    struct virNamesAnswer answer = { .addr = line->addr, .isStatic = true };

    if (!virNamesIsDeclared(line, search->name, search->len)) {
        /* dnsmasq may know it as "host.domain" as well (--expand-hosts): so that is not a guest's
         */
        answer.isOfHost = host < search->len && virNamesIsDeclared(line, search->name, host);
        return answer.isOfHost ? virNamesAddAnswer(search, &answer) : 0;
    }
    /* As glibc's service files has it: who asks for IPv4 gets it unmapped */
    if (search->query->family == AF_INET)
        virSocketAddrUnmap(&answer.addr);
    virNamesTell(search,
                 (struct virNamesNote){ .kind = VIR_NAMES_NOTE_STATIC, .addr = &answer.addr });
    return virNamesAddAnswer(search, &answer);
}

/* Leases in the order of rank, then what networks declare. */
static int
virNamesByRank(const void *a, const void *b, const void *opaque)
{
    const struct virNamesAnswer *left = a;
    const struct virNamesAnswer *right = b;

    (void)opaque;
    if (left->isStatic != right->isStatic)
        return left->isStatic ? 1 : -1;
    return virNamesCompareRank(left->expiry, left->seen, right->expiry, right->seen);
}

static int
virNamesByAddr(const void *a, const void *b, const void *opaque)
{
    const struct virNamesAnswer *left = a;
    const struct virNamesAnswer *right = b;
    int order = virSocketAddrCompare(&left->addr, &right->addr);

    return order ? order : virNamesByRank(a, b, opaque);
}

/* Leaves the best answer of each address, in the order of rank. */
static void
virNamesArrange(struct virNamesSearch *search)
{
    struct virNamesAnswer *answers = virNamesAnswers(search);
    size_t kept = 0;
    size_t i;

    virSort(answers, search->answers.count, sizeof(*answers), virNamesByAddr, NULL);
    for (i = 0; i < search->answers.count; i++) {
        if (kept == 0 || virSocketAddrCompare(&answers[kept - 1].addr, &answers[i].addr) != 0)
            answers[kept++] = answers[i];
    }
    search->answers.count = kept;
    virSort(answers, kept, sizeof(*answers), virNamesByRank, NULL);
}

/* Whether an answer stays. */
typedef bool (*virNamesFilter)(const struct virNamesSearch *search,
                               const struct virNamesAnswer *answer);

/* Drops the answers that @stays refuses, with a note of the @kind. Returns whether there were any.
 */
static bool
virNamesDrop(struct virNamesSearch *search, virNamesFilter stays, int kind)
{
    struct virNamesAnswer *answers = virNamesAnswers(search);
    size_t count = search->answers.count;
    size_t kept = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        if (stays(search, &answers[i]))
            continue;
        if (kind >= 0)
            virNamesTell(search, (struct virNamesNote){ .kind = kind,
                                                        .addr = &answers[i].addr,
                                                        .name = search->name,
                                                        .nameLen = search->len });
        answers[i].addr.family = AF_UNSPEC;
    }
    for (i = 0; i < count; i++) {
        if (answers[i].addr.family != AF_UNSPEC)
            answers[kept++] = answers[i];
    }
    search->answers.count = kept;
    return kept < count;
}

static bool
virNamesIsOfFamily(const struct virNamesSearch *search, const struct virNamesAnswer *answer)
{
    return search->query->family == AF_UNSPEC || answer->addr.family == search->query->family;
}

static bool
virNamesIsAnswer(const struct virNamesSearch *search, const struct virNamesAnswer *answer)
{
    (void)search;
    return !answer->isOfHost;
}

static bool
virNamesIsStatic(const struct virNamesSearch *search, const struct virNamesAnswer *answer)
{
    (void)search;
    return answer->isStatic;
}

/* A name that a network declares, with a domain or without, is not a guest's, unless it is for the
 * guest's own address. */
static bool
virNamesIsUndeclared(const struct virNamesSearch *search, const struct virNamesAnswer *answer)
{
    const struct virNamesAnswer *answers = virNamesAnswers(search);
    bool declared = false;
    size_t i;

    for (i = 0; i < search->declared && !answer->isStatic; i++) {
        const struct virSocketAddr kept = virNamesKeptFor(&answers[i].addr);

        if (kept.family != answer->addr.family)
            continue;
        if (virSocketAddrCompare(&kept, &answer->addr) == 0)
            return true;
        declared = true;
    }
    return !declared;
}

/* A domain's name belongs to the domain, not to guests that only send it. */
static bool
virNamesIsOfDomain(const struct virNamesSearch *search, const struct virNamesAnswer *answer)
{
    return answer->isStatic || !search->isDomain ||
           (answer->hasMac && virNamesHasMac(search, &answer->mac));
}

/* Applies the rules to the answers that are leases. */
static int
virNamesJudgeLeases(struct virNamesSearch *search)
{
    int result;

    if (virNamesIsReserved(search->name, search->len)) {
        virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_RESERVED_NAME,
                                                    .name = search->name,
                                                    .nameLen = search->len });
        virNamesDrop(search, virNamesIsStatic, -1);
        return 0;
    }
    if (search->declared > 0)
        virNamesDrop(search, virNamesIsUndeclared, VIR_NAMES_NOTE_STATIC_NAME);
    if ((result = virNamesReadMaps(search)) == 0)
        virNamesDrop(search, virNamesIsOfDomain, VIR_NAMES_NOTE_OTHER_DOMAIN);
    return result;
}

static int
virNamesFindHostname(struct virNamesSearch *search)
{
    int result;

    search->answers.offset = virScratchBegin(search->scratch);
    result = virNamesReadHosts(search, virNamesHandleHosts);
    search->declared = search->answers.count;
    /* Where not all that is declared is known, no guest is believed */
    if (result == 0 && !search->tooMany)
        result = virNamesReadLeases(search);
    if (result == 0 && search->answers.count > search->declared)
        result = virNamesJudgeLeases(search);
    virNamesDrop(search, virNamesIsAnswer, -1);
    return result;
}

static int
virNamesFindDomain(struct virNamesSearch *search)
{
    int result = virNamesReadMaps(search);

    search->answers.offset = virScratchBegin(search->scratch);
    return result < 0 || search->macs.count == 0 ? result : virNamesReadLeases(search);
}

static enum virNamesResult
virNamesFinish(struct virNamesSearch *search, struct virNames *names)
{
    bool others;

    virNamesArrange(search);
    others = virNamesDrop(search, virNamesIsOfFamily, -1);
    names->answers = virNamesAnswers(search);
    names->nanswers = search->answers.count;
    if (names->nanswers > 0)
        return VIR_NAMES_FOUND;
    return others ? VIR_NAMES_OTHER_FAMILY : VIR_NAMES_UNKNOWN;
}

enum virNamesResult
virNamesByName(struct virNames *names, const struct virNamesQuery *query)
{
    struct virNamesSearch search;
    int error = virNamesOpen(names, &search, query);

    if (error < 0)
        return virNamesFail(names, error);
    search.name = query->name;
    search.len = virHostnameWithoutDot(query->name, strlen(query->name));
    if (query->service == VIR_NAMES_LIBVIRT_GUEST)
        error = virNamesFindDomain(&search);
    else if (virHostnameIsValid(search.name, search.len))
        error = virNamesFindHostname(&search);
    else
        virNamesTell(&search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_INVALID_NAME });
    virLeaseDirClose(&search.dir);
    return error < 0 ? virNamesFail(names, error) : virNamesFinish(&search, names);
}

void
virNamesClear(struct virNames *names)
{
    virScratchClear(&names->scratch);
    names->answers = NULL;
    names->nanswers = 0;
    names->entries = NULL;
    names->nentries = 0;
}
