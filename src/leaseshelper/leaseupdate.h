/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Brings the files of a bridge up to date with an event. */

#pragma once

#include <glib.h>

#include "leaseevent.h"

/* Makes the leases in BRIDGE.status and BRIDGE.status.nomac those after @event, an add, old or del.
 * FALSE with @error set if that cannot be done; the leases are then as they were, or, if only the
 * last step failed, as they should be. */
gboolean leaseUpdate(const struct leaseEvent *event, GError **error);

/* Replaces each file of @bridge that is not in good condition by the leases that are good in it,
 * and keeps what it was. Needs the bridge's lock. FALSE with @error set if a file cannot be read or
 * written. */
gboolean leaseMend(int folder, const char *bridge, GError **error);
