/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "nameschanges.h"

#include <string.h>

#include "namestext.h"

static void
addChange(GArray *changes, enum namesChangeKind kind, const struct namesRow *row,
          const struct namesRow *old)
{
    const struct namesChange change = { kind, row, old };

    g_array_append_val(changes, change);
}

/* In what two rows must be alike to be one that has changed. */
enum likeness {
    LIKE_MOVED,         /* all but the address */
    LIKE_RENAMED_HOST,  /* all but the first label of the name */
    LIKE_RENAMED_WHOLE, /* all but the name */
};

/* NULL is no rows. */
static GHashTable *
rowSet(const struct namesRows *rows)
{
    GHashTable *set = g_hash_table_new(namesRowHash, namesRowEqual);
    size_t i;

    for (i = 0; rows && i < rows->nrows; i++)
        g_hash_table_add(set, &rows->rows[i]);
    return set;
}

/* A text that is the same for all rows that are alike; NULL for one without MAC address, which
 * cannot be told from another guest's. */
static char *
keyOf(const struct namesRow *row, enum likeness likeness)
{
    g_autofree char *mac = row->hasMac ? namesTextMac(&row->mac) : NULL;
    g_autofree char *address = NULL;

    if (!mac)
        return NULL;
    if (likeness == LIKE_MOVED)
        return g_strdup_printf("%u %d %s %s", row->source, row->addr.family, mac, row->name);
    address = namesTextAddress(&row->addr);
    return g_strdup_printf("%u %s %s%s", row->source, mac, address,
                           likeness == LIKE_RENAMED_HOST ? strchrnul(row->name, '.') : "");
}

static void
freeQueue(gpointer queue)
{
    g_queue_free(queue);
}

/* The places in @rows of those with the same key, in their order. */
static GHashTable *
placesByKey(const GPtrArray *rows, enum likeness likeness)
{
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, freeQueue);
    guint i;

    for (i = 0; i < rows->len; i++) {
        g_autofree char *key = rows->pdata[i] ? keyOf(rows->pdata[i], likeness) : NULL;
        GQueue *places = key ? g_hash_table_lookup(table, key) : NULL;

        if (!key)
            continue;
        if (!places) {
            places = g_queue_new();
            g_hash_table_insert(table, g_strdup(key), places);
        }
        g_queue_push_tail(places, &rows->pdata[i]);
    }
    return table;
}

/* Pairs what is gone with what is new if they are alike, the first with the first; both places are
 * NULL then. */
static void
pair(GArray *changes, GPtrArray *gone, GPtrArray *fresh, enum likeness likeness)
{
    g_autoptr(GHashTable) places = placesByKey(gone, likeness);
    guint i;

    for (i = 0; i < fresh->len; i++) {
        g_autofree char *key = fresh->pdata[i] ? keyOf(fresh->pdata[i], likeness) : NULL;
        GQueue *queue = key ? g_hash_table_lookup(places, key) : NULL;
        gpointer *old = queue ? g_queue_pop_head(queue) : NULL;

        if (!old)
            continue;
        addChange(changes, likeness == LIKE_MOVED ? NAMES_CHANGE_MOVED : NAMES_CHANGE_RENAMED,
                  fresh->pdata[i], *old);
        *old = NULL;
        fresh->pdata[i] = NULL;
    }
}

static bool
isRenewed(const struct namesRow *row, const struct namesRow *old)
{
    return row->expiry != old->expiry || row->hasMac != old->hasMac ||
           (row->hasMac && virMacAddrCompare(&row->mac, &old->mac) != 0);
}

/* Puts the rows of @before that are not in @after into @gone; those of @after that are new into
 * @fresh. */
static void
compare(GArray *changes, const struct namesRows *before, const struct namesRows *after,
        GPtrArray *gone, GPtrArray *fresh)
{
    g_autoptr(GHashTable) known = rowSet(before);
    size_t i;

    for (i = 0; i < after->nrows; i++) {
        struct namesRow *row = &after->rows[i];
        const struct namesRow *old = g_hash_table_lookup(known, row);

        if (!old) {
            g_ptr_array_add(fresh, row);
            continue;
        }
        if (isRenewed(row, old))
            addChange(changes, NAMES_CHANGE_RENEWED, row, old);
        g_hash_table_remove(known, row);
    }
    for (i = 0; before && i < before->nrows; i++) {
        if (g_hash_table_lookup(known, &before->rows[i]) == &before->rows[i])
            g_ptr_array_add(gone, &before->rows[i]);
    }
}

/* dnsmasq takes a lease off its list at the beginning of the second up to whose end the modules
 * answer. */
static enum namesChangeKind
kindOfEnd(const struct namesRow *row, gint64 now)
{
    return row->expiry != 0 && row->expiry <= now ? NAMES_CHANGE_EXPIRED : NAMES_CHANGE_GONE;
}

GArray *
namesChangesFind(const struct namesRows *before, const struct namesRows *after, gint64 now)
{
    GArray *changes = g_array_new(FALSE, FALSE, sizeof(struct namesChange));
    g_autoptr(GArray) news = g_array_new(FALSE, FALSE, sizeof(struct namesChange));
    g_autoptr(GPtrArray) gone = g_ptr_array_new();
    g_autoptr(GPtrArray) fresh = g_ptr_array_new();
    guint i;

    compare(news, before, after, gone, fresh);
    pair(news, gone, fresh, LIKE_MOVED);
    /* Of host and host.domain each is to become what it is in the other domain or host */
    pair(news, gone, fresh, LIKE_RENAMED_HOST);
    pair(news, gone, fresh, LIKE_RENAMED_WHOLE);
    for (i = 0; i < gone->len; i++) {
        if (gone->pdata[i])
            addChange(changes, kindOfEnd(gone->pdata[i], now), gone->pdata[i], NULL);
    }
    for (i = 0; i < fresh->len; i++) {
        if (fresh->pdata[i])
            addChange(news, NAMES_CHANGE_ADDED, fresh->pdata[i], NULL);
    }
    g_array_append_vals(changes, news->data, news->len);
    return changes;
}

GArray *
namesChangesPresent(const struct namesRows *rows)
{
    GArray *changes = g_array_new(FALSE, FALSE, sizeof(struct namesChange));
    size_t i;

    for (i = 0; i < rows->nrows; i++)
        addChange(changes, NAMES_CHANGE_PRESENT, &rows->rows[i], NULL);
    return changes;
}
