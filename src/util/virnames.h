/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* The lookup engine: which addresses has a name? It decides for the modules, and tells whoever
 * wants to know how it came to its answer. */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virlease.h"
#include "virmacmap.h"
#include "virscratch.h"
#include "virsocketaddr.h"

/* Addresses of one name, and interfaces of one domain, beyond which further ones are left out: a
 * bound for the memory of the process that asks. */
#define VIR_NAMES_ANSWERS_MAX 65536
#define VIR_NAMES_MACS_MAX 65536

enum virNamesService {
    VIR_NAMES_LIBVIRT,       /* hostnames that guests sent over DHCP */
    VIR_NAMES_LIBVIRT_GUEST, /* names of libvirt domains */
};

enum virNamesNoteKind {
    VIR_NAMES_NOTE_FOLDER_FAILED, /* error: the folder could not be opened or listed */
    VIR_NAMES_NOTE_FILE_FAILED,   /* file, error: passed over */
    VIR_NAMES_NOTE_FILE_DAMAGED,  /* file, offset: not an array of objects from there on */
    VIR_NAMES_NOTE_NOT_A_RECORD,  /* file, offset: an object that is no lease or no map entry */
    VIR_NAMES_NOTE_MAP_ENTRY,     /* file, map: the domain has the name */
    VIR_NAMES_NOTE_ANSWER,        /* file, lease: it answers */
    VIR_NAMES_NOTE_EXPIRED,       /* file, lease: it would, but has run out */
    VIR_NAMES_NOTE_FOREIGN, /* file, lease: its hostname has dots and is not in the lease's domain
                             */
    VIR_NAMES_NOTE_INVALID_NAME,  /* the name asked is no host name: no guest can have it */
    VIR_NAMES_NOTE_RESERVED_NAME, /* the name asked means something else on this host */
    VIR_NAMES_NOTE_OTHER_DOMAIN, /* answer: left out, the name is that of a domain that has not this
                                    MAC */
    VIR_NAMES_NOTE_TOO_MANY,     /* more answers or MACs than the limits above */
};

struct virNamesAnswer;

/* What the engine saw. Pointers are NULL where the kind above does not name them, and valid during
 * the call. */
struct virNamesNote {
    enum virNamesNoteKind kind;
    const char *file;
    uint64_t offset;
    int error; /* negative errno */
    const struct virLease *lease;
    const struct virMacMap *map;
    const struct virNamesAnswer *answer;
};

struct virNamesTracer {
    void (*note)(const struct virNamesNote *note, void *opaque);
    void *opaque;
};

struct virNamesQuery {
    const char *folder;
    enum virNamesService service;
    const char *name;                    /* NUL-terminated, any length, any bytes */
    int family;                          /* AF_INET, AF_INET6, or AF_UNSPEC for both */
    int64_t now;                         /* seconds since the epoch */
    const struct virNamesTracer *tracer; /* NULL: nobody listens */
};

struct virNamesAnswer {
    struct virSocketAddr addr;
    int64_t expiry;
    struct virMacAddr mac;
    bool hasMac;
    uint32_t seen; /* position among all answers in the order of the files */
};

enum virNamesResult {
    VIR_NAMES_FOUND,
    VIR_NAMES_UNKNOWN,      /* nobody has the name */
    VIR_NAMES_OTHER_FAMILY, /* somebody has it, without an address of the family */
    VIR_NAMES_TRY_AGAIN,    /* error: out of memory or file descriptors */
    VIR_NAMES_UNAVAILABLE,  /* error: the folder cannot be read */
};

struct virNames {
    const struct virNamesAnswer *answers; /* each address once, the newest lease first */
    size_t nanswers;                      /* not 0 with VIR_NAMES_FOUND alone */
    int error;                            /* negative errno of the last two results */
    struct virScratch scratch;
};

/* Looks up query->name. @names is filled in any case and must be cleared with virNamesClear(). The
 * answers are those of DHCP leases that have not run out, latest expiry first, leases without
 * expiry last, ties in the order of file name and position; see virhostname.h for the names that
 * service libvirt never answers. Uses at most 30 KiB of stack with @names, and one heap block if
 * that does not suffice. */
enum virNamesResult virNamesByName(struct virNames *names, const struct virNamesQuery *query);

void virNamesClear(struct virNames *names);
