/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* What the lookup engine says of a look-up, kept, and put into words. */

#pragma once

#include <glib.h>
#include <stdbool.h>

#include "namesjson.h"
#include "virnames.h"

struct namesNote {
    enum virNamesNoteKind kind; /* of a lease that was left out in the end, the reason for that */
    bool isLease;
    char *file;  /* or NULL */
    char *shown; /* the same for people */
    guint64 offset;
    int error; /* errno */
    struct virLease lease;
    char *domain;      /* of a map entry, any bytes but NUL; or NULL */
    GArray *macs;      /* of a map entry, struct virMacAddr */
    GArray *leaseless; /* those of them that no lease in sight has */
    struct virSocketAddr addr;
    char *name; /* or NULL */
};

/* An array of struct namesNote *; free with g_ptr_array_unref(). */
GPtrArray *namesNotesNew(void);

/* For struct virNamesTracer: adds to the array that @opaque is. */
void namesNotesHear(const struct virNamesNote *note, void *opaque);

/* To be called after the look-up: gives leases that were taken first and left out later their
 * reason, and drops what was said twice. If the leases were looked for @byMac, as those of a
 * domain's name are, it also finds the MAC addresses that have none. */
void namesNotesFinish(GPtrArray *notes, bool byMac);

/* One line, in which a file has its name alone, or its path in @folder if that is not NULL; free
 * with g_free(). */
char *namesNoteText(const struct namesNote *note, const char *folder, gint64 now);

/* Writes an element of an array. */
void namesNoteJson(namesJson *json, const struct namesNote *note, gint64 now);

/* For struct virNamesTracer: prints a warning to standard error for files that are passed over or
 * damaged, and for limits, each once. @opaque is a struct namesWarned. */
void namesNotesWarn(const struct virNamesNote *note, void *opaque);

struct namesWarned {
    const char *folder;
    GHashTable *texts; /* those that were printed; a set of strings that frees them */
};
