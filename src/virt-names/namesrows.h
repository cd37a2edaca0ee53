/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Every name that the modules would answer, for list and watch. */

#pragma once

#include <glib.h>
#include <stdbool.h>

#include "namesjson.h"
#include "virnames.h"

enum namesSource {
    NAMES_SOURCE_LIBVIRT, /* a guest's hostname */
    NAMES_SOURCE_GUEST,   /* a domain's name */
    NAMES_SOURCE_STATIC,  /* declared by a network; service libvirt answers it */
};

/* A name with one address. */
struct namesRow {
    const char *name; /* NUL-terminated; any bytes */
    enum namesSource source;
    struct virSocketAddr addr;
    struct virMacAddr mac;
    bool hasMac;
    gint64 expiry; /* seconds since the epoch; 0: never, or declared */
    bool expired;
    const char *bridge;  /* NULL: declared in a network whose bridge is not known */
    const char *network; /* NULL: a bridge whose network is not known */
};

struct namesRows {
    struct namesRow *rows;
    size_t nrows;
    GArray *array;
    GStringChunk *strings;
};

/* What is live at @now, seconds since the epoch, and with @expired also what has run out. Leaves
 * out all but 65,536 names a service; @tracer hears of that, and of damaged files. NULL, and an
 * error that names the folder, if it cannot be read. Free with namesRowsFree(). */
struct namesRows *namesRowsRead(const char *folder, gint64 now, bool expired,
                                const struct virNamesTracer *tracer, GError **error);
struct namesRows *namesRowsEmpty(void);
void namesRowsFree(struct namesRows *rows);

/* For tables of rows: the same are those with the same name, source and address. */
guint namesRowHash(gconstpointer row);
gboolean namesRowEqual(gconstpointer a, gconstpointer b);

/* How the source is called in tables and in JSON: libvirt, libvirt_guest, static. */
const char *namesRowSource(const struct namesRow *row);

/* The name as namesTextName() shows it; free with g_free(). */
char *namesRowName(const struct namesRow *row);

/* The network's name or, where that is not known, the bridge's. */
const char *namesRowNetwork(const struct namesRow *row);

/* The same as namesTextName() shows it; free with g_free(). */
char *namesRowShownNetwork(const struct namesRow *row);

/* Writes an object's members. */
void namesRowJson(namesJson *json, const struct namesRow *row);
