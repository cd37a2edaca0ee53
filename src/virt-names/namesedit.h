/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* What the text of nsswitch.conf becomes when our services are enabled or disabled. Nothing but the
 * hosts line changes, and of that nothing but what is ours. */

#pragma once

#include <glib.h>

#include "namesswitch.h"

/* Returns the text with @services, NULL-terminated, in the hosts line: behind files and before
 * every service that asks elsewhere or ends the search. It is the same text if they are there
 * already. Where files stands behind such services only, or is one, a second one comes before ours,
 * so that no guest can have a name of /etc/hosts. NULL and an error if the line cannot be parsed.
 * Free with g_free(). */
char *namesEditEnable(const struct namesSwitch *hosts, const char *const *services, GError **error);

/* Returns the text without @services, and without what namesEditEnable() has added besides. NULL
 * and an error if the line cannot be parsed. Free with g_free(). */
char *namesEditDisable(const struct namesSwitch *hosts, const char *const *services,
                       GError **error);

/* Whether @services stand where namesEditEnable() would have them. */
bool namesEditIsEnabled(const struct namesSwitch *hosts, const char *const *services);

/* Prints the difference between two texts as diff -u does. */
void namesEditPrintDiff(const char *path, const char *before, const char *after);
