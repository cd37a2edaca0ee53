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

/* What two rows have in common if the guest has moved, or was renamed; NULL without MAC address. */
static char *
keyOf(const struct namesRow *row, enum namesChangeKind kind)
{
    g_autofree char *address = namesTextAddress(&row->addr);
    g_autofree char *mac = row->hasMac ? namesTextMac(&row->mac) : NULL;

    if (!mac)
        return NULL;
    return kind == NAMES_CHANGE_MOVED
               ? g_strdup_printf("%u %d %s %s", row->source, row->addr.family, mac, row->name)
               : g_strdup_printf("%u %s %s", row->source, mac, address);
}

/* Pairs what is gone with what is new if they have the same key: drops both from the sets. */
static void
pair(GArray *changes, GHashTable *gone, GPtrArray *fresh, enum namesChangeKind kind)
{
    g_autoptr(GHashTable) byKey = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GHashTableIter iter;
    gpointer row;
    guint i = 0;

    g_hash_table_iter_init(&iter, gone);
    while (g_hash_table_iter_next(&iter, &row, NULL)) {
        char *key = keyOf(row, kind);

        if (key)
            g_hash_table_insert(byKey, key, row);
    }
    while (i < fresh->len) {
        g_autofree char *key = keyOf(fresh->pdata[i], kind);
        struct namesRow *old = key ? g_hash_table_lookup(byKey, key) : NULL;

        if (!old) {
            i++;
            continue;
        }
        addChange(changes, kind, fresh->pdata[i], old);
        g_hash_table_remove(byKey, key);
        g_hash_table_remove(gone, old);
        g_ptr_array_remove_index(fresh, i);
    }
}

/* Takes the rows that both have out of @gone; those of @after that are new come into @fresh. */
static void
compare(GArray *changes, const struct namesRows *after, GHashTable *gone, GPtrArray *fresh)
{
    size_t i;

    for (i = 0; i < after->nrows; i++) {
        struct namesRow *row = &after->rows[i];
        const struct namesRow *old = g_hash_table_lookup(gone, row);

        if (!old) {
            g_ptr_array_add(fresh, row);
            continue;
        }
        if (old->expiry != row->expiry)
            addChange(changes, NAMES_CHANGE_RENEWED, row, old);
        g_hash_table_remove(gone, row);
    }
}

GArray *
namesChangesFind(const struct namesRows *before, const struct namesRows *after, gint64 now)
{
    GArray *changes = g_array_new(FALSE, FALSE, sizeof(struct namesChange));
    g_autoptr(GArray) news = g_array_new(FALSE, FALSE, sizeof(struct namesChange));
    g_autoptr(GHashTable) gone = rowSet(before);
    g_autoptr(GPtrArray) fresh = g_ptr_array_new();
    size_t i;
    guint j;

    compare(news, after, gone, fresh);
    pair(news, gone, fresh, NAMES_CHANGE_MOVED);
    pair(news, gone, fresh, NAMES_CHANGE_RENAMED);
    for (i = 0; before && i < before->nrows; i++) {
        const struct namesRow *row = &before->rows[i];

        if (g_hash_table_lookup(gone, row) == row)
            addChange(changes,
                      row->expiry != 0 && row->expiry < now ? NAMES_CHANGE_EXPIRED
                                                            : NAMES_CHANGE_GONE,
                      row, NULL);
    }
    for (j = 0; j < fresh->len; j++)
        addChange(news, NAMES_CHANGE_ADDED, fresh->pdata[j], NULL);
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
