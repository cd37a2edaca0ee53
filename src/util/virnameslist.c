/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Everything that there is. The rules are those of look-ups by name and by address; but where these
 * look through the files for one name, here all that the rules depend on is read once and sorted.
 */

#include <config.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "virhostname.h"
#include "virnamespriv.h"

/* Entries in the order of what they are looked for by: an array of their offsets in scratch. */
struct virNamesIndex {
    const struct virScratch *store; /* where the array is */
    size_t offset;
    size_t count;
    const struct virScratch *entries; /* where they are */
};

struct virNamesList {
    struct virScratch store;       /* beside the lookup's own, in which its entries grow */
    struct virNamesSearch domains; /* an entry for each MAC address of each domain, in store */
    struct virNamesIndex byDomain; /* domains, by name or, for service libvirt_guest, by MAC */
    struct virNamesIndex declared; /* what networks declare, by name */
};

static const struct virNamesEntry *
virNamesIndexed(const struct virNamesIndex *index, size_t i)
{
    const uint32_t *offsets = (const void *)(index->store->base + index->offset);

    return virNamesEntryAt(&offsets[i], index->entries->base);
}

static int
virNamesByText(const void *a, const void *b, const void *base)
{
    const struct virNamesEntry *left = virNamesEntryAt(a, base);
    const struct virNamesEntry *right = virNamesEntryAt(b, base);
    int order = virHostnameCompare(left->name, left->len, right->name, right->len);

    return order ? order : virNamesInOrder(left, right);
}

static int
virNamesByMac(const void *a, const void *b, const void *base)
{
    const struct virNamesEntry *left = virNamesEntryAt(a, base);
    const struct virNamesEntry *right = virNamesEntryAt(b, base);
    int order = virMacAddrCompare(&left->mac, &right->mac);

    return order ? order : virNamesInOrder(left, right);
}

static int
virNamesAsSeen(const void *a, const void *b, const void *base)
{
    const struct virNamesEntry *left = virNamesEntryAt(a, base);
    const struct virNamesEntry *right = virNamesEntryAt(b, base);

    if (left->isStatic != right->isStatic)
        return left->isStatic ? 1 : -1;
    return virNamesInOrder(left, right);
}

/* Makes the @index of the entries of @search that are static, or of those that are not. */
static int
virNamesMakeIndex(struct virNamesList *list, const struct virNamesSearch *search, bool isStatic,
                  virSortCompare compare, struct virNamesIndex *index)
{
    uint32_t *offsets;
    struct virNamesEntry *entry;
    size_t i;

    *index = (struct virNamesIndex){ .store = &list->store,
                                     .offset = virScratchBegin(&list->store),
                                     .entries = search->scratch };
    if (!(offsets = virScratchReserve(&list->store, search->entries.count * sizeof(*offsets))))
        return -ENOMEM;
    entry = virNamesFirstEntry(search);
    for (i = 0; i < search->entries.count; i++, entry = virNamesNextEntry(entry)) {
        if (entry->isStatic == isStatic)
            offsets[index->count++] = (unsigned char *)entry - search->scratch->base;
    }
    virSort(offsets, index->count, sizeof(*offsets), compare, search->scratch->base);
    virScratchCommit(&list->store, index->count * sizeof(*offsets));
    return 0;
}

/* Position of the first entry that is not before @name. */
static size_t
virNamesFindText(const struct virNamesIndex *index, const char *name, size_t len)
{
    size_t from = 0;
    size_t to = index->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const struct virNamesEntry *entry = virNamesIndexed(index, middle);

        if (virHostnameCompare(entry->name, entry->len, name, len) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static size_t
virNamesFindMacAddr(const struct virNamesIndex *index, const struct virMacAddr *mac)
{
    size_t from = 0;
    size_t to = index->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (virMacAddrCompare(&virNamesIndexed(index, middle)->mac, mac) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* Whether the entry at @i is there and has the name. */
static bool
virNamesIsAt(const struct virNamesIndex *index, size_t i, const char *name, size_t len)
{
    return i < index->count && virHostnameEqual(virNamesIndexed(index, i)->name,
                                                virNamesIndexed(index, i)->len, name, len);
}

static int
virNamesHandleDomain(struct virNamesSearch *search, const char *text, size_t len, void *workspace)
{
    struct virNamesEntry like = { .hasMac = false };
    struct virMacMap map;
    size_t i;
    int result = virMacMapParse(&map, text, len, workspace);

    /* A domain without interfaces has its name all the same */
    if (result == 0 && map.nmacs == 0)
        return virNamesAddDomain(&search->list->domains, &like, &map);
    for (i = 0; result == 0 && i < map.nmacs; i++) {
        like.mac = map.macs[i];
        like.hasMac = true;
        result = virNamesAddDomain(&search->list->domains, &like, &map);
    }
    return result;
}

static int
virNamesReadDomains(struct virNamesSearch *search, virSortCompare compare)
{
    struct virNamesList *list = search->list;
    int result;

    list->domains = (struct virNamesSearch){ .query = search->query, .scratch = &list->store };
    if ((result = virNamesReadMacs(search, NULL, virNamesHandleDomain)) < 0)
        return result;
    return virNamesMakeIndex(list, &list->domains, false, compare, &list->byDomain);
}

/* Service libvirt_guest: a live lease is its domains'. */
static int
virNamesHandleGuest(struct virNamesSearch *search, const char *text, size_t len, void *workspace)
{
    const struct virNamesIndex *index = &search->list->byDomain;
    struct virNamesEntry like = { .hasMac = true };
    struct virLease lease;
    size_t i;
    int result = virLeaseParse(&lease, text, len, workspace);

    if (result < 0 || !lease.hasMac || !virLeaseIsLive(&lease, search->query->now))
        return result;
    like.addr = lease.addr;
    like.expiry = lease.expiry;
    like.mac = lease.mac;
    for (i = virNamesFindMacAddr(index, &lease.mac); i < index->count && result == 0; i++) {
        const struct virNamesEntry *domain = virNamesIndexed(index, i);

        if (virMacAddrCompare(&domain->mac, &lease.mac) != 0)
            break;
        if (domain->hasMac)
            result = virNamesAddEntry(search, &like, domain->name, domain->len);
    }
    return result;
}

static int
virNamesListDomains(struct virNamesSearch *search)
{
    int result = virNamesReadDomains(search, virNamesByMac);

    search->entries.offset = virScratchBegin(search->scratch);
    return result < 0 ? result : virNamesReadStatus(search, NULL, virNamesHandleGuest);
}

static int
virNamesHandleLive(struct virNamesSearch *search, const char *text, size_t len, void *workspace)
{
    struct virLease lease;
    int result = virLeaseParse(&lease, text, len, workspace);

    return result < 0 || !virLeaseIsLive(&lease, search->query->now)
               ? result
               : virNamesAddClaims(search, &lease);
}

static int
virNamesHandleAnyDeclared(struct virNamesSearch *search, const struct virHostsLine *line)
{
    return virNamesAddDeclared(search, line, &line->addr);
}

/* Whether a domain has the name, but none that has the lease's MAC address. */
static bool
virNamesIsOthers(const struct virNamesIndex *domains, const struct virNamesEntry *lease, size_t len,
                 bool *isDomain)
{
    size_t i;

    for (i = virNamesFindText(domains, lease->name, len);
         virNamesIsAt(domains, i, lease->name, len); i++) {
        const struct virNamesEntry *domain = virNamesIndexed(domains, i);

        *isDomain = true;
        if (lease->hasMac && domain->hasMac && virMacAddrCompare(&domain->mac, &lease->mac) == 0)
            return false;
    }
    return true;
}

static bool
virNamesIsForeignDomain(const struct virNamesList *list, const struct virNamesEntry *lease)
{
    size_t first = virHostnameFirstLabel(lease->name, lease->len);
    bool isDomain = false;

    if (!virNamesIsOthers(&list->byDomain, lease, lease->len, &isDomain) ||
        (first < lease->len && !virNamesIsOthers(&list->byDomain, lease, first, &isDomain)))
        return false;
    return isDomain;
}

/* Whether a network declares the first @len bytes of the lease's name, and for which address. */
static void
virNamesFindDeclared(const struct virNamesIndex *declared, const struct virNamesEntry *lease,
                     size_t len, bool *here, bool *elsewhere)
{
    struct virSocketAddr kept;
    size_t i;

    for (i = virNamesFindText(declared, lease->name, len);
         virNamesIsAt(declared, i, lease->name, len); i++) {
        const struct virNamesEntry *other = virNamesIndexed(declared, i);

        kept = virNamesKeptFor(&other->addr);
        if (kept.family != lease->addr.family)
            continue;
        if (virSocketAddrCompare(&kept, &lease->addr) == 0)
            *here = true;
        else
            *elsewhere = true;
    }
}

static bool
virNamesIsDeclaredElsewhere(const struct virNamesIndex *declared, const struct virNamesEntry *lease)
{
    bool here = false;
    bool elsewhere = false;

    virNamesFindDeclared(declared, lease, lease->len, &here, &elsewhere);
    virNamesFindDeclared(declared, lease, virHostnameFirstLabel(lease->name, lease->len), &here,
                         &elsewhere);
    return elsewhere && !here;
}

/* Why a lease may not have its name; VIR_NAMES_NOTE_ANSWER if it may. */
static enum virNamesNoteKind
virNamesJudgeListed(const struct virNamesList *list, const struct virNamesEntry *lease)
{
    if (virNamesIsReserved(lease->name, lease->len))
        return VIR_NAMES_NOTE_RESERVED_NAME;
    if (virNamesIsDeclaredElsewhere(&list->declared, lease))
        return VIR_NAMES_NOTE_STATIC_NAME;
    return virNamesIsForeignDomain(list, lease) ? VIR_NAMES_NOTE_OTHER_DOMAIN
                                                : VIR_NAMES_NOTE_ANSWER;
}

/* Drops the leases that may not have their names. */
static void
virNamesJudgeList(struct virNamesSearch *search)
{
    struct virNamesEntry *entry = virNamesFirstEntry(search);
    size_t i;

    for (i = 0; i < search->entries.count; i++, entry = virNamesNextEntry(entry)) {
        struct virNamesNote note = { .kind = VIR_NAMES_NOTE_ANSWER };

        if (!entry->isStatic)
            note.kind = virNamesJudgeListed(search->list, entry);
        if (note.kind == VIR_NAMES_NOTE_ANSWER)
            continue;
        note.file = (const char *)search->scratch->base + entry->file;
        note.addr = &entry->addr;
        note.name = entry->name;
        note.nameLen = entry->len;
        virNamesTell(search, note);
        entry->addr.family = AF_UNSPEC;
    }
}

/* What leases are judged by is read before them. Where there is too much of it for all to be known,
 * no guest is believed. */
static int
virNamesListHostnames(struct virNamesSearch *search)
{
    struct virNamesList *list = search->list;
    int result;

    search->entries.offset = virScratchBegin(search->scratch);
    if ((result = virNamesReadHosts(search, virNamesHandleAnyDeclared)) < 0 ||
        (result = virNamesReadDomains(search, virNamesByText)) < 0 ||
        (result = virNamesMakeIndex(list, search, true, virNamesByText, &list->declared)) < 0)
        return result;
    if (search->tooMany || list->domains.tooMany)
        return 0;
    if ((result = virNamesReadStatus(search, NULL, virNamesHandleLive)) == 0)
        virNamesJudgeList(search);
    return result;
}

enum virNamesResult
virNamesAll(struct virNames *names, const struct virNamesQuery *query)
{
    struct virNamesSearch search;
    struct virNamesList list;
    int error = virNamesOpen(names, &search, query);

    if (error < 0)
        return virNamesFail(names, error);
    search.list = &list;
    virScratchInit(&list.store);
    error = query->service == VIR_NAMES_LIBVIRT_GUEST ? virNamesListDomains(&search)
                                                      : virNamesListHostnames(&search);
    virScratchClear(&list.store);
    virLeaseDirClose(&search.dir);
    return error < 0 ? virNamesFail(names, error)
                     : virNamesFinishEntries(&search, names, virNamesAsSeen);
}
