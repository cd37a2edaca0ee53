/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* The names of an address. What may be a name is found by the address; then the rules of look-ups
 * by name are applied to it, so that no name is given that would not lead back. */

#include <config.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "virhostname.h"
#include "virnamespriv.h"

/* What a network declares first, as dnsmasq answers, then leases in the order of rank. */
static int
virNamesByPrecedence(const void *a, const void *b, const void *base)
{
    const struct virNamesEntry *left = virNamesEntryAt(a, base);
    const struct virNamesEntry *right = virNamesEntryAt(b, base);

    if (left->isStatic != right->isStatic)
        return left->isStatic ? -1 : 1;
    return virNamesCompareRank(left->expiry, left->seen, right->expiry, right->seen);
}

/* Whether @lease is the address's; a note says so if it has run out. */
static bool
virNamesIsLeased(const struct virNamesSearch *search, const struct virLease *lease)
{
    if (virSocketAddrCompare(&lease->addr, &search->query->addr) != 0)
        return false;
    if (virLeaseIsLive(lease, search->query->now))
        return true;
    virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_EXPIRED, .lease = lease });
    return false;
}

static int
virNamesHandleClaim(struct virNamesSearch *search, const char *text, size_t len, void *workspace)
{
    struct virLease lease;
    int result = virLeaseParse(&lease, text, len, workspace);

    return result < 0 || !virNamesIsLeased(search, &lease) ? result
                                                           : virNamesAddClaims(search, &lease);
}

static int
virNamesHandleDeclared(struct virNamesSearch *search, const struct virHostsLine *line)
{
    struct virSocketAddr addr = line->addr;

    /* As glibc's service files has it: who asks for IPv4 means mapped addresses too */
    if (search->query->addr.family == AF_INET)
        virSocketAddrUnmap(&addr);
    return virSocketAddrCompare(&addr, &search->query->addr) == 0
               ? virNamesAddDeclared(search, line, &addr)
               : 0;
}

/* Looks whether a network declares search->name, or its first label, and for which address. */
static int
virNamesHandleName(struct virNamesSearch *search, const struct virHostsLine *line)
{
    const size_t host = virHostnameFirstLabel(search->name, search->len);
    const struct virSocketAddr kept = virNamesKeptFor(&line->addr);

    if (kept.family != search->query->addr.family ||
        (!virNamesIsDeclared(line, search->name, search->len) &&
         !virNamesIsDeclared(line, search->name, host)))
        return 0;
    if (virSocketAddrCompare(&kept, &search->query->addr) == 0)
        search->declaredHere = true;
    else
        search->declaredElsewhere = true;
    return 0;
}

/* Whether a lease may have search->name, as virNamesByName() would decide; otherwise what it says
 * of it. A negative errno ends the lookup. */
static int
virNamesJudge(struct virNamesSearch *search, const struct virMacAddr *mac)
{
    int result;

    if (virNamesIsReserved(search->name, search->len))
        return VIR_NAMES_NOTE_RESERVED_NAME;
    search->declaredHere = search->declaredElsewhere = false;
    if ((result = virNamesReadHosts(search, virNamesHandleName)) < 0)
        return result;
    if (search->declaredElsewhere && !search->declaredHere)
        return VIR_NAMES_NOTE_STATIC_NAME;
    if ((result = virNamesReadMaps(search)) < 0)
        return result;
    if (search->isDomain && !(mac && virNamesHasMac(search, mac)))
        return VIR_NAMES_NOTE_OTHER_DOMAIN;
    return VIR_NAMES_NOTE_ANSWER;
}

/* Drops the entry at @offset if it is a lease that may not have its name. */
static int
virNamesJudgeEntry(struct virNamesSearch *search, size_t offset)
{
    const size_t used = search->scratch->used;
    struct virNamesEntry *entry = (void *)(search->scratch->base + offset);
    const struct virMacAddr mac = entry->mac;
    char name[VIR_HOSTNAME_MAX]; /* scratch may move */
    int verdict;

    if (entry->isStatic)
        return 0;
    memcpy(name, entry->name, entry->len);
    search->name = name;
    search->len = entry->len;
    verdict = virNamesJudge(search, entry->hasMac ? &mac : NULL);
    search->name = NULL;
    search->scratch->used = used;
    if (verdict < 0)
        return verdict;
    if (verdict != VIR_NAMES_NOTE_ANSWER) {
        entry = (void *)(search->scratch->base + offset);
        entry->addr.family = AF_UNSPEC;
        virNamesTell(search, (struct virNamesNote){
                                 .kind = verdict,
                                 .file = (const char *)search->scratch->base + entry->file,
                                 .addr = &search->query->addr,
                                 .name = name,
                                 .nameLen = entry->len,
                             });
    }
    return 0;
}

static int
virNamesFindHostnames(struct virNamesSearch *search)
{
    struct virSearch wanted;
    struct virNamesEntry *entry;
    size_t i;
    int result;

    virSearchAddr(&wanted, &search->query->addr);
    search->entries.offset = virScratchBegin(search->scratch);
    result = virNamesReadStatus(search, &wanted, virNamesHandleClaim);
    if (result == 0)
        result = virNamesReadHosts(search, virNamesHandleDeclared);
    entry = virNamesFirstEntry(search);
    for (i = 0; i < search->entries.count && result == 0; i++) {
        size_t offset = (unsigned char *)entry - search->scratch->base;

        result = virNamesJudgeEntry(search, offset);
        entry = virNamesNextEntry((void *)(search->scratch->base + offset));
    }
    return result;
}

/* Collects the MAC addresses that have leases of the address. */
static int
virNamesHandleMac(struct virNamesSearch *search, const char *text, size_t len, void *workspace)
{
    struct virMacAddr *mac;
    struct virLease lease;
    int result = virLeaseParse(&lease, text, len, workspace);

    if (result < 0 || !virNamesIsLeased(search, &lease) || !lease.hasMac)
        return result;
    virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_ANSWER, .lease = &lease });
    if (search->macs.count == VIR_NAMES_MACS_MAX) {
        virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_TOO_MANY });
        return 0;
    }
    if (!(mac = virScratchReserve(search->scratch, sizeof(*mac))))
        return -ENOMEM;
    *mac = lease.mac;
    virScratchCommit(search->scratch, sizeof(*mac));
    search->macs.count++;
    return 0;
}

static int
virNamesHandleOwner(struct virNamesSearch *search, const char *text, size_t len, void *workspace)
{
    const struct virNamesEntry like = { .addr = search->query->addr };
    struct virMacMap map;
    int result = virMacMapParse(&map, text, len, workspace);
    size_t i;

    for (i = 0; result == 0 && i < map.nmacs; i++) {
        if (!virNamesHasMac(search, &map.macs[i]))
            continue;
        virNamesTell(search,
                     (struct virNamesNote){ .kind = VIR_NAMES_NOTE_MAP_ENTRY, .map = &map });
        return virNamesAddDomain(search, &like, &map);
    }
    return result;
}

static int
virNamesFindDomains(struct virNamesSearch *search)
{
    struct virSearch wanted;
    int result;

    virSearchAddr(&wanted, &search->query->addr);
    search->macs.offset = virScratchBegin(search->scratch);
    result = virNamesReadStatus(search, &wanted, virNamesHandleMac);
    virNamesSortMacs(search);
    virSearchMacs(&wanted, virNamesMacs(search), search->macs.count);
    search->entries.offset = virScratchBegin(search->scratch);
    if (result == 0 && search->macs.count > 0)
        result = virNamesReadMacs(search, &wanted, virNamesHandleOwner);
    return result;
}

enum virNamesResult
virNamesByAddress(struct virNames *names, const struct virNamesQuery *query)
{
    struct virNamesSearch search;
    int error = virNamesOpen(names, &search, query);

    if (error < 0)
        return virNamesFail(names, error);
    error = query->service == VIR_NAMES_LIBVIRT_GUEST ? virNamesFindDomains(&search)
                                                      : virNamesFindHostnames(&search);
    virLeaseDirClose(&search.dir);
    return error < 0 ? virNamesFail(names, error)
                     : virNamesFinishEntries(&search, names, virNamesByPrecedence);
}
