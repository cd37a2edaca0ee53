/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* The lookup engine: which addresses has a name, which names has an address, and what is there at
 * all? It decides for the modules, and tells whoever wants to know how it came to its answer. */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virhosts.h"
#include "virlease.h"
#include "virmacmap.h"
#include "virscratch.h"
#include "virsocketaddr.h"

/* Addresses of one name or names of one address, and interfaces of one domain, beyond which further
 * ones are left out: a bound for the memory of the process that asks. */
#define VIR_NAMES_ANSWERS_MAX 65536
#define VIR_NAMES_MACS_MAX 65536

enum virNamesService {
    VIR_NAMES_LIBVIRT, /* hostnames that guests sent over DHCP, and those that networks declare */
    VIR_NAMES_LIBVIRT_GUEST, /* names of libvirt domains */
};

enum virNamesNoteKind {
    VIR_NAMES_NOTE_FOLDER_FAILED, /* error: the folder could not be opened or listed */
    VIR_NAMES_NOTE_FILE_FAILED,   /* file, error: passed over */
    VIR_NAMES_NOTE_FILE_DAMAGED,  /* file, offset: not an array of objects from there on */
    VIR_NAMES_NOTE_NOT_A_RECORD,  /* file, offset: an object that is no lease or no map entry */
    VIR_NAMES_NOTE_MAP_ENTRY,     /* file, map: the domain has the name */
    VIR_NAMES_NOTE_ANSWER,  /* file, lease: it answers, unless its address is left out below */
    VIR_NAMES_NOTE_STATIC,  /* file, addr: a network declares it, and it answers */
    VIR_NAMES_NOTE_EXPIRED, /* file, lease: it would, but has run out */
    VIR_NAMES_NOTE_FOREIGN, /* file, lease: its hostname has dots and is not in the lease's domain
                             */
    VIR_NAMES_NOTE_NOT_A_NAME,   /* file, lease: its hostname is no host name */
    VIR_NAMES_NOTE_INVALID_NAME, /* the name asked is no host name: no guest can have it */
    /* name: leases of it are left out. By address and in the list also file and addr: this one. */
    VIR_NAMES_NOTE_RESERVED_NAME, /* the name means something else on this host */
    VIR_NAMES_NOTE_OTHER_DOMAIN, /* and addr: it is that of a domain that has not the lease's MAC */
    VIR_NAMES_NOTE_STATIC_NAME,  /* and addr: a network declares it, or its first label, for another
                                    address of the family */
    VIR_NAMES_NOTE_TOO_MANY,     /* more answers or MACs than the limits above */
};

/* What the engine saw. Pointers are NULL where the kind above does not name them, and valid during
 * the call. */
struct virNamesNote {
    enum virNamesNoteKind kind;
    const char *file;
    uint64_t offset;
    int error; /* negative errno */
    const struct virLease *lease;
    const struct virMacMap *map;
    const struct virSocketAddr *addr;
    const char *name; /* not NUL-terminated */
    size_t nameLen;
};

struct virNamesTracer {
    void (*note)(const struct virNamesNote *note, void *opaque);
    void *opaque;
};

struct virNamesQuery {
    const char *folder;
    enum virNamesService service;
    const char *name;                    /* by name: NUL-terminated, any length, any bytes */
    int family;                          /* by name: AF_INET, AF_INET6, or AF_UNSPEC for both */
    int64_t now;                         /* seconds since the epoch */
    const struct virNamesTracer *tracer; /* NULL: nobody listens */
    struct virSocketAddr addr;           /* by address */
};

/* An address of a name. */
struct virNamesAnswer {
    struct virSocketAddr addr;
    int64_t expiry;
    struct virMacAddr mac;
    bool hasMac;
    bool isStatic; /* declared by a network, not leased; the three above mean nothing */
    bool isOfHost; /* declared for the first label alone of a name with a dot: no answer, but a
                      reason not to believe a lease; none is left in a result */
    uint32_t seen; /* position among all answers in the order of the files */
};

/* A name of an address. */
struct virNamesEntry {
    struct virSocketAddr addr;
    int64_t expiry;
    struct virMacAddr mac;
    bool hasMac;
    bool isStatic;
    uint32_t seen;
    uint32_t file; /* that it is from, see virNamesGetFile() */
    uint32_t len;
    char name[]; /* NUL-terminated; for service libvirt a host name, else any bytes but NUL */
};

enum virNamesResult {
    VIR_NAMES_FOUND,
    VIR_NAMES_UNKNOWN,      /* nobody has the name */
    VIR_NAMES_OTHER_FAMILY, /* somebody has it, without an address of the family */
    VIR_NAMES_TRY_AGAIN,    /* error: out of memory or file descriptors */
    VIR_NAMES_UNAVAILABLE,  /* error: the folder cannot be read */
};

struct virNames {
    const struct virNamesAnswer *answers; /* by name: each address once, the best first */
    size_t nanswers;
    const uint32_t *entries; /* otherwise: offsets in scratch, see virNamesGetEntry() */
    size_t nentries;
    int error; /* negative errno of the last two results */
    struct virScratch scratch;
};

/* Looks up query->name. @names is filled in any case and must be cleared with virNamesClear().
 * There are answers with VIR_NAMES_FOUND alone: those of DHCP leases that have not run out, latest
 * expiry first, leases without expiry behind them, ties in the order of file name and position;
 * then those that networks declare. See virhostname.h for the names that a guest cannot have in
 * service libvirt. Uses at most 30 KiB of stack with @names, and one heap block if that does not
 * suffice. */
enum virNamesResult virNamesByName(struct virNames *names, const struct virNamesQuery *query);

/* Looks up query->addr, literally: an IPv4 address that is mapped into IPv6 is another one, as in
 * glibc's service files. There are entries with VIR_NAMES_FOUND alone, each name once, in the order
 * that dnsmasq has: what a network declares first, then leases as above. They are names for which
 * virNamesByName() gives the address. Memory as above. */
enum virNamesResult virNamesByAddress(struct virNames *names, const struct virNamesQuery *query);

/* Collects every entry that virNamesByAddress() gives for any address, in the order of the files:
 * leases, then what networks declare. Uses the heap. */
enum virNamesResult virNamesAll(struct virNames *names, const struct virNamesQuery *query);

/* Returns entry @i of the last two. */
const struct virNamesEntry *virNamesGetEntry(const struct virNames *names, size_t i);

/* Returns the name of the file that @entry is from, or the last of these. */
const char *virNamesGetFile(const struct virNames *names, const struct virNamesEntry *entry);

/* Told of all that the files hold in good form, whatever the rules make of it; NULL where nobody
 * wants to hear. What is handed over is valid during the call. */
struct virNamesVisitor {
    void (*lease)(const char *file, const struct virLease *lease, void *opaque);
    void (*map)(const char *file, const struct virMacMap *map, void *opaque);
    void (*declared)(const char *file, const struct virHostsLine *line, void *opaque);
    void *opaque;
};

/* Visits leases, then map entries, then what networks declare, each in the order of file name and
 * position. @tracer, NULL for nobody, hears of folder and files. Returns 0, or the errno that ended
 * it. Uses the heap. */
int virNamesVisit(const char *folder, const struct virNamesVisitor *visitor,
                  const struct virNamesTracer *tracer);

void virNamesClear(struct virNames *names);
