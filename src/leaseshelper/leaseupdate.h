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
