/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* All that the files of a lease folder hold, before any rule is applied. */

#pragma once

#include <glib.h>
#include <stdbool.h>

#include "virnames.h"

/* A lease, and the file that it is in. */
struct namesLease {
    const char *file;
    struct virLease lease;
};

/* A domain of a MAC map. */
struct namesDomain {
    const char *file;
    const char *name; /* NUL-terminated */
    GArray *macs;     /* struct virMacAddr */
};

struct namesInventory {
    GArray *leases;      /* struct namesLease */
    GArray *domains;     /* struct namesDomain */
    GPtrArray *problems; /* struct namesNote *: what is to be said of folder and files */
    GHashTable *owners;  /* MAC address to the number of the first domain that has it */
    GHashTable *leased;  /* MAC address to the number of its lease that runs out last */
    GStringChunk *strings;
    bool isRead; /* the folder could be read */
};

typedef struct namesInventory namesInventory;

/* Free with namesInventoryFree(). */
namesInventory *namesInventoryRead(const char *folder);
void namesInventoryFree(namesInventory *inventory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(namesInventory, namesInventoryFree)

const struct namesLease *namesInventoryLease(const namesInventory *inventory, guint i);
const struct namesDomain *namesInventoryDomain(const namesInventory *inventory, guint i);

/* The first domain that has the MAC address, or NULL. */
const struct namesDomain *namesInventoryOwner(const namesInventory *inventory,
                                              const struct virMacAddr *mac);

/* Whether @domain has a lease that is live at @now. */
bool namesInventoryHasLease(const namesInventory *inventory, const struct namesDomain *domain,
                            gint64 now);
