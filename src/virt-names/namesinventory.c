/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namesinventory.h"

#include "namesnotes.h"
#include "namestext.h"

static void
takeLease(const char *file, const struct virLease *lease, void *opaque)
{
    namesInventory *inventory = opaque;
    const struct namesLease taken = { g_string_chunk_insert_const(inventory->strings, file),
                                      *lease };

    g_array_append_val(inventory->leases, taken);
}

static void
takeMap(const char *file, const struct virMacMap *map, void *opaque)
{
    namesInventory *inventory = opaque;
    const struct namesDomain taken = {
        g_string_chunk_insert_const(inventory->strings, file),
        g_string_chunk_insert_len(inventory->strings, map->domain, map->domainLen),
        g_array_new(FALSE, FALSE, sizeof(struct virMacAddr)),
    };

    g_array_append_vals(taken.macs, map->macs, map->nmacs);
    g_array_append_val(inventory->domains, taken);
}

/* That the files can be read is all that matters here. */
static void
takeDeclared(const char *file, const struct virHostsLine *line, void *opaque)
{
    (void)file;
    (void)line;
    (void)opaque;
}

/* Whether @lease runs out later than the one at @known. */
static bool
isLater(const namesInventory *inventory, const struct virLease *lease, gpointer known)
{
    const struct virLease *other = &namesInventoryLease(inventory, GPOINTER_TO_UINT(known))->lease;

    return other->expiry != 0 && (lease->expiry == 0 || lease->expiry > other->expiry);
}

/* Makes the tables of MAC addresses, when the arrays do not move any more. */
static void
indexMacs(namesInventory *inventory)
{
    guint i;
    guint j;

    for (i = 0; i < inventory->domains->len; i++) {
        const GArray *macs = namesInventoryDomain(inventory, i)->macs;

        for (j = 0; j < macs->len; j++) {
            struct virMacAddr *mac = &g_array_index(macs, struct virMacAddr, j);

            if (!g_hash_table_contains(inventory->owners, mac))
                g_hash_table_insert(inventory->owners, mac, GUINT_TO_POINTER(i));
        }
    }
    for (i = 0; i < inventory->leases->len; i++) {
        struct virLease *lease = &g_array_index(inventory->leases, struct namesLease, i).lease;
        gpointer known;

        if (lease->hasMac &&
            (!g_hash_table_lookup_extended(inventory->leased, &lease->mac, NULL, &known) ||
             isLater(inventory, lease, known)))
            g_hash_table_replace(inventory->leased, &lease->mac, GUINT_TO_POINTER(i));
    }
}

static void
clearDomain(gpointer data)
{
    g_array_unref(((struct namesDomain *)data)->macs);
}

namesInventory *
namesInventoryRead(const char *folder)
{
    namesInventory *inventory = g_new0(namesInventory, 1);
    const struct virNamesVisitor visitor = { takeLease, takeMap, takeDeclared, inventory };
    struct virNamesTracer tracer = { namesNotesHear, NULL };

    inventory->leases = g_array_new(FALSE, FALSE, sizeof(struct namesLease));
    inventory->domains = g_array_new(FALSE, FALSE, sizeof(struct namesDomain));
    g_array_set_clear_func(inventory->domains, clearDomain);
    tracer.opaque = inventory->problems = namesNotesNew();
    inventory->strings = g_string_chunk_new(4096);
    inventory->owners = g_hash_table_new(namesTextMacHash, namesTextMacEqual);
    inventory->leased = g_hash_table_new(namesTextMacHash, namesTextMacEqual);
    inventory->isRead = virNamesVisit(folder, &visitor, &tracer) == 0;
    indexMacs(inventory);
    return inventory;
}

void
namesInventoryFree(namesInventory *inventory)
{
    g_hash_table_unref(inventory->owners);
    g_hash_table_unref(inventory->leased);
    g_array_unref(inventory->leases);
    g_array_unref(inventory->domains);
    g_ptr_array_unref(inventory->problems);
    g_string_chunk_free(inventory->strings);
    g_free(inventory);
}

const struct namesLease *
namesInventoryLease(const namesInventory *inventory, guint i)
{
    return &g_array_index(inventory->leases, struct namesLease, i);
}

const struct namesDomain *
namesInventoryDomain(const namesInventory *inventory, guint i)
{
    return &g_array_index(inventory->domains, struct namesDomain, i);
}

const struct namesDomain *
namesInventoryOwner(const namesInventory *inventory, const struct virMacAddr *mac)
{
    gpointer i;

    return g_hash_table_lookup_extended(inventory->owners, mac, NULL, &i)
               ? namesInventoryDomain(inventory, GPOINTER_TO_UINT(i))
               : NULL;
}

bool
namesInventoryHasLease(const namesInventory *inventory, const struct namesDomain *domain,
                       gint64 now)
{
    guint i;

    for (i = 0; i < domain->macs->len; i++) {
        gpointer lease;

        if (g_hash_table_lookup_extended(inventory->leased,
                                         &g_array_index(domain->macs, struct virMacAddr, i), NULL,
                                         &lease) &&
            virLeaseIsLive(&namesInventoryLease(inventory, GPOINTER_TO_UINT(lease))->lease, now))
            return true;
    }
    return false;
}
