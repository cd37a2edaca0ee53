/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Reading a file of leases, and replacing it so that at any moment either the old or the new one is
 * there whole. */

#pragma once

#include <glib.h>

#include "virleaserecord.h"

/* Opens the lease folder, made if it is not there. Returns a file descriptor for the functions
 * below, or -1 with @error set. */
int leaseFolderOpen(GError **error);

/* Appends to @opaque, a GString: a virLeasePrint. */
void leaseAppend(void *opaque, const char *piece, size_t len);

/* Called for each lease of a file; @text is its @len bytes of JSON, valid UTF-8. */
typedef void (*leaseVisit)(const struct virLeaseRecord *record, const char *text, size_t len,
                           gpointer opaque);

enum leaseCondition {
    LEASE_FILE_GOOD,    /* or not there, which means no leases */
    LEASE_FILE_DAMAGED, /* not an array of leases; the leases in it are good */
    LEASE_FILE_FOREIGN, /* not a regular file, or too large for anyone to read */
};

/* Reads file @name and calls @visit for its leases in their order. One that not every reader of
 * JSON would take is damaged, and comes repaired. Tells of a @condition that is not good. FALSE
 * with
 * @error set, perhaps after some calls, if the file cannot be read. */
gboolean leaseFileRead(int folder, const char *name, leaseVisit visit, gpointer opaque,
                       enum leaseCondition *condition, GError **error);

/* Keeps what file @name is now, in a @condition that is not good, as NAME.corrupt or, if that is
 * there and differs, as NAME.corrupt.1 and so on: a damaged file is copied and stays, a foreign one
 * moves. */
gboolean leaseFileKeep(int folder, const char *name, enum leaseCondition condition, GError **error);

/* Gives file @name the @content. It is on disk when this returns TRUE. With @error set the file is
 * as it was or, if it was only not possible to make that last, as it should be. Needs the bridge's
 * lock (leaselock.h). */
gboolean leaseFileReplace(int folder, const char *name, const GString *content, GError **error);

/* Removes file @name, as durably. */
gboolean leaseFileRemove(int folder, const char *name, GError **error);

/* Makes an empty file @name if there is none, as libvirt's helper does at the start of a network.
 */
gboolean leaseFileTouch(int folder, const char *name, GError **error);
