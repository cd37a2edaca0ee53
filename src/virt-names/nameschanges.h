/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* What is different between two moments. */

#pragma once

#include <glib.h>

#include "namesrows.h"

enum namesChangeKind {
    NAMES_CHANGE_PRESENT, /* it was there before anybody looked */
    NAMES_CHANGE_ADDED,
    NAMES_CHANGE_RENEWED, /* the lease's expiry, or the MAC address, is another one */
    NAMES_CHANGE_MOVED,   /* the same name and MAC address, at another address */
    NAMES_CHANGE_RENAMED, /* the same address and MAC address, under another name */
    NAMES_CHANGE_EXPIRED, /* the lease has run out, or was taken away in its last second */
    NAMES_CHANGE_GONE,
};

struct namesChange {
    enum namesChangeKind kind;
    const struct namesRow *row; /* as it is now, or was last */
    const struct namesRow *old; /* as it was, if it was renewed, moved or renamed; or NULL */
};

/* The changes from @before, NULL for nothing, to @after, at @now, seconds since the epoch: first
 * what is no more, then what is new or different, each in the order of its rows. Where a guest has
 * several rows that may have become one another, the first becomes the first. An array of struct
 * namesChange whose rows are those of @before and @after; free with g_array_unref(). */
GArray *namesChangesFind(const struct namesRows *before, const struct namesRows *after, gint64 now);

/* The rows of @rows, as if nobody had known: NAMES_CHANGE_PRESENT. */
GArray *namesChangesPresent(const struct namesRows *rows);
