/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namesrows.h"

#include <glib/gi18n.h>
#include <string.h>

#include "nameserror.h"
#include "namesnetworks.h"
#include "namestext.h"

/* What the rows of one folder are made with. */
struct reader {
    const char *folder;
    const struct virNamesTracer *tracer;
    GHashTable *networks; /* bridge to network */
    GHashTable *bridges;  /* network to bridge */
    GArray *rows;
    GStringChunk *strings;
};

static const char *
keep(const struct reader *reader, const char *text)
{
    return text ? g_string_chunk_insert_const(reader->strings, text) : NULL;
}

static void
addRow(const struct reader *reader, const struct virNames *names, const struct virNamesEntry *entry,
       enum virNamesService service)
{
    g_autofree char *stem = namesNetworksStem(virNamesGetFile(names, entry));
    struct namesRow row = {
        .name = g_string_chunk_insert_len(reader->strings, entry->name, entry->len),
        .source = service == VIR_NAMES_LIBVIRT_GUEST ? NAMES_SOURCE_GUEST : NAMES_SOURCE_LIBVIRT,
        .addr = entry->addr,
        .mac = entry->mac,
        .hasMac = entry->hasMac,
        .expiry = entry->expiry,
    };

    if (entry->isStatic) {
        row.source = NAMES_SOURCE_STATIC;
        row.hasMac = false;
        row.network = keep(reader, stem);
        row.bridge = keep(reader, g_hash_table_lookup(reader->bridges, stem));
    } else {
        row.bridge = keep(reader, stem);
        row.network = keep(reader, g_hash_table_lookup(reader->networks, stem));
    }
    g_array_append_val(reader->rows, row);
}

static bool
addService(const struct reader *reader, enum virNamesService service, gint64 now, GError **error)
{
    const struct virNamesQuery query = {
        .folder = reader->folder, .service = service, .now = now, .tracer = reader->tracer
    };
    g_autofree struct virNames *names = g_new(struct virNames, 1);
    enum virNamesResult result = virNamesAll(names, &query);
    size_t i;

    for (i = 0; i < names->nentries; i++)
        addRow(reader, names, virNamesGetEntry(names, i), service);
    virNamesClear(names);
    if (result == VIR_NAMES_FOUND || result == VIR_NAMES_UNKNOWN)
        return true;
    namesErrorSet(error, -names->error, _("the lease folder %s cannot be read"), reader->folder);
    return false;
}

guint
namesRowHash(gconstpointer data)
{
    const struct namesRow *row = data;

    return (g_str_hash(row->name) + row->source) * 33 + namesTextAddressHash(&row->addr);
}

gboolean
namesRowEqual(gconstpointer a, gconstpointer b)
{
    const struct namesRow *left = a;
    const struct namesRow *right = b;

    return left->source == right->source && strcmp(left->name, right->name) == 0 &&
           virSocketAddrCompare(&left->addr, &right->addr) == 0;
}

/* Adds those that were live once; what is live already stays as it is. */
static bool
addExpired(const struct reader *reader, gint64 now, GError **error)
{
    const guint live = reader->rows->len;
    g_autoptr(GHashTable) known = g_hash_table_new(namesRowHash, namesRowEqual);
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct namesRow));
    struct reader other = *reader;
    guint i;

    other.rows = all;
    other.tracer = NULL; /* It has heard everything */
    if (!addService(&other, VIR_NAMES_LIBVIRT, G_MININT64, error) ||
        !addService(&other, VIR_NAMES_LIBVIRT_GUEST, G_MININT64, error))
        return false;
    /* The array must not move from here on */
    g_array_set_size(reader->rows, live + all->len);
    g_array_set_size(reader->rows, live);
    for (i = 0; i < live; i++)
        g_hash_table_add(known, &g_array_index(reader->rows, struct namesRow, i));
    for (i = 0; i < all->len; i++) {
        struct namesRow *row = &g_array_index(all, struct namesRow, i);

        row->expired = row->expiry != 0 && row->expiry < now;
        if (row->expired && !g_hash_table_contains(known, row))
            g_array_append_vals(reader->rows, row, 1);
    }
    return true;
}

static GHashTable *
invert(GHashTable *table)
{
    GHashTable *inverted = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iter;
    gpointer key;
    gpointer value;

    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, &key, &value))
        g_hash_table_insert(inverted, value, key);
    return inverted;
}

/* Takes @array. */
static struct namesRows *
makeRows(GArray *array, GStringChunk *strings)
{
    struct namesRows *rows = g_new0(struct namesRows, 1);

    rows->array = array;
    rows->strings = strings;
    rows->rows = (struct namesRow *)(void *)array->data;
    rows->nrows = array->len;
    return rows;
}

struct namesRows *
namesRowsEmpty(void)
{
    return makeRows(g_array_new(FALSE, FALSE, sizeof(struct namesRow)), g_string_chunk_new(1));
}

struct namesRows *
namesRowsRead(const char *folder, gint64 now, bool expired, const struct virNamesTracer *tracer,
              GError **error)
{
    g_autoptr(GHashTable) networks = namesNetworksRead(folder);
    g_autoptr(GHashTable) bridges = invert(networks);
    const struct reader reader = {
        .folder = folder,
        .tracer = tracer,
        .networks = networks,
        .bridges = bridges,
        .rows = g_array_new(FALSE, FALSE, sizeof(struct namesRow)),
        .strings = g_string_chunk_new(4096),
    };

    if (addService(&reader, VIR_NAMES_LIBVIRT, now, error) &&
        addService(&reader, VIR_NAMES_LIBVIRT_GUEST, now, error) &&
        (!expired || addExpired(&reader, now, error)))
        return makeRows(reader.rows, reader.strings);
    g_array_unref(reader.rows);
    g_string_chunk_free(reader.strings);
    return NULL;
}

void
namesRowsFree(struct namesRows *rows)
{
    g_array_unref(rows->array);
    g_string_chunk_free(rows->strings);
    g_free(rows);
}

const char *
namesRowSource(const struct namesRow *row)
{
    static const char *const sources[] = {
        [NAMES_SOURCE_LIBVIRT] = "libvirt",
        [NAMES_SOURCE_GUEST] = "libvirt_guest",
        [NAMES_SOURCE_STATIC] = "static",
    };

    return sources[row->source];
}

char *
namesRowName(const struct namesRow *row)
{
    return namesTextName(row->name, strlen(row->name));
}

const char *
namesRowNetwork(const struct namesRow *row)
{
    return row->network ? row->network : row->bridge;
}

char *
namesRowShownNetwork(const struct namesRow *row)
{
    const char *network = namesRowNetwork(row);

    return namesTextName(network, strlen(network));
}

void
namesRowJson(namesJson *json, const struct namesRow *row)
{
    namesJsonString(json, "name", row->name);
    namesJsonString(json, "service", namesRowSource(row));
    namesJsonAddress(json, "address", &row->addr);
    namesJsonMac(json, "mac", row->hasMac ? &row->mac : NULL);
    namesJsonString(json, "network", row->network);
    namesJsonString(json, "bridge", row->bridge);
    namesJsonInteger(json, "expires", row->expiry);
    namesJsonBoolean(json, "expired", row->expired);
}
