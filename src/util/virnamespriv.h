/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* What the parts of the lookup engine share: virnames.c looks up names, virnamesreverse.c
 * addresses, virnameslist.c everything; virnamesfiles.c reads the files for them, and
 * virnamesrules.c says what a guest may not claim. Nobody else includes this. */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virhosts.h"
#include "virlease.h"
#include "virleasedir.h"
#include "virmacmap.h"
#include "virnames.h"
#include "virscratch.h"
#include "virsearch.h"
#include "virsort.h"

/* An array in scratch; see virscratch.h for why it is an offset. */
struct virNamesArray {
    size_t offset;
    size_t count;
};

struct virNamesSearch {
    const struct virNamesQuery *query;
    const char *name; /* without trailing dot, not NUL-terminated */
    size_t len;
    struct virScratch *scratch;
    struct virLeaseDir dir;
    const char *file;    /* the one being read */
    uint32_t fileOffset; /* of its name in the listing, from scratch's base */
    struct virNamesArray macs;
    struct virNamesArray answers;
    size_t declared;              /* how many of them networks declare, before the leases */
    struct virNamesArray entries; /* of variable size, see virNamesAddEntry() */
    bool tooMany;                 /* answers or entries have been left out */
    struct virNamesList *list;    /* virnameslist.c's */
    const struct virNamesVisitor *visitor; /* virnamesvisit.c's */
    bool isDomain;                         /* a map entry has the name */
    bool declaredHere;      /* a network declares the name, or its first label, for query->addr */
    bool declaredElsewhere; /* for another address of its family */
};

/* Handles one object of a file; 0, -EBADMSG when it is not JSON, -EINVAL when it is not what the
 * file should hold, or an errno that ends the lookup. @workspace is the newest reserve of scratch.
 */
typedef int (*virNamesHandler)(struct virNamesSearch *search, const char *text, size_t len,
                               void *workspace);

/* Handles one line of a hosts file; 0, or an errno that ends the lookup. */
typedef int (*virNamesHostsHandler)(struct virNamesSearch *search, const struct virHostsLine *line);

/* ---- virnamesfiles.c ---- */

/* Makes @names empty and @search ready, with the folder open. A negative errno otherwise. */
int virNamesOpen(struct virNames *names, struct virNamesSearch *search,
                 const struct virNamesQuery *query);

/* The result of a lookup that failed with @error. */
enum virNamesResult virNamesFail(struct virNames *names, int error);

/* Tells whoever listens, of search->file unless @note names a file. */
void virNamesTell(const struct virNamesSearch *search, struct virNamesNote note);

/* Gives the files' records to @handle, those that can hold what is @wanted at least. 0, or the
 * errno that ended the lookup. */
int virNamesReadStatus(struct virNamesSearch *search, const struct virSearch *wanted,
                       virNamesHandler handle);
int virNamesReadMacs(struct virNamesSearch *search, const struct virSearch *wanted,
                     virNamesHandler handle);
int virNamesReadHosts(struct virNamesSearch *search, virNamesHostsHandler handle);

/* Adds an answer behind the array of answers, which must be the newest thing in scratch. 0 or
 * -ENOMEM; one too many is left out and sets search->tooMany. */
int virNamesAddAnswer(struct virNamesSearch *search, const struct virNamesAnswer *answer);

/* The same for an entry with this name, which may lie in the newest reserve of scratch; @like,
 * which may not, has the rest. */
int virNamesAddEntry(struct virNamesSearch *search, const struct virNamesEntry *like,
                     const char *name, size_t len);

/* The same for the name of a domain, if that is one that can be asked for: not empty, without NUL,
 * and without a dot at its end. A name longer than NAME_MAX is none: libvirtd keeps a domain in
 * files that are named after it; many of the longest would take too much memory. */
int virNamesAddDomain(struct virNamesSearch *search, const struct virNamesEntry *like,
                      const struct virMacMap *map);

/* The entry behind @entry. */
struct virNamesEntry *virNamesNextEntry(struct virNamesEntry *entry);

static inline struct virNamesAnswer *
virNamesAnswers(const struct virNamesSearch *search)
{
    return (void *)(search->scratch->base + search->answers.offset);
}

static inline struct virMacAddr *
virNamesMacs(const struct virNamesSearch *search)
{
    return (void *)(search->scratch->base + search->macs.offset);
}

static inline struct virNamesEntry *
virNamesFirstEntry(const struct virNamesSearch *search)
{
    return (void *)(search->scratch->base + search->entries.offset);
}

/* Sorts search->macs. */
void virNamesSortMacs(struct virNamesSearch *search);

/* Whether search->macs, sorted, have the address. */
bool virNamesHasMac(const struct virNamesSearch *search, const struct virMacAddr *mac);

/* <0, 0, >0: latest expiry first, those that never expire next, then as seen. */
int virNamesCompareRank(int64_t aExpiry, uint32_t aSeen, int64_t bExpiry, uint32_t bSeen);

/* Makes the result of the entries that are not dropped, those of family AF_UNSPEC: sorted by
 * @compare, which gets pointers to offsets and scratch's base, and each name of an address once. */
enum virNamesResult virNamesFinishEntries(struct virNamesSearch *search, struct virNames *names,
                                          virSortCompare compare);

/* The entry at an offset, for a comparison. */
static inline const struct virNamesEntry *
virNamesEntryAt(const void *offset, const void *base)
{
    return (const void *)((const unsigned char *)base + *(const uint32_t *)offset);
}

/* <0, 0, >0: the order in which entries were added. */
static inline int
virNamesInOrder(const struct virNamesEntry *a, const struct virNamesEntry *b)
{
    return a->seen < b->seen ? -1 : a->seen > b->seen;
}

/* ---- virnames.c ---- */

/* Whether @line declares @name. */
bool virNamesIsDeclared(const struct virHostsLine *line, const char *name, size_t len);

/* Collects the MAC addresses of every domain that has the name, sorted, at the end of scratch, and
 * sets search->isDomain. */
int virNamesReadMaps(struct virNamesSearch *search);

/* ---- virnamesrules.c ---- */

/* The address for which @line keeps names from guests. An IPv4 address that is mapped into IPv6 is
 * a declaration for IPv4: that is how a look-up of IPv4 reads it. */
struct virSocketAddr virNamesKeptFor(const struct virSocketAddr *declared);

/* Whether @name, or its first label, means something else on this host. */
bool virNamesIsReserved(const char *name, size_t len);

/* Adds an entry for each name that @lease, which is live, claims by its hostname: in a network with
 * a domain "host.domain", by which dnsmasq knows it, and "host", else "host" alone. */
int virNamesAddClaims(struct virNamesSearch *search, const struct virLease *lease);

/* Adds an entry for each name of @line that somebody can ask for, with the address @addr. */
int virNamesAddDeclared(struct virNamesSearch *search, const struct virHostsLine *line,
                        const struct virSocketAddr *addr);
