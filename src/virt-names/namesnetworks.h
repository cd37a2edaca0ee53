/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Which bridge is which network's. The one file that says so and that stays while a network is down
 * is libvirtd's NETWORK.conf, and root alone may read it. */

#pragma once

#include <glib.h>
#include <stdbool.h>

/* The suffixes of what libvirtd keeps of a network beside files of leases; see virleasedir.h. */
#define NAMES_CONF_SUFFIX ".conf"
#define NAMES_MACS_SUFFIX ".macs"
#define NAMES_HOSTS_SUFFIX ".addnhosts"

/* Returns a table from a bridge's name to its network's, both strings, from the .conf files of
 * @folder that can be read. Free it with g_hash_table_unref(). */
GHashTable *namesNetworksRead(const char *folder);

/* Returns @file without its suffix, which is the name of a bridge, or of a network if the suffix is
 * NAMES_HOSTS_SUFFIX. Free with g_free(). */
char *namesNetworksStem(const char *file);

/* Whether @file has one of these suffixes, or one of a file of leases. */
bool namesNetworksIsFile(const char *file);

/* Whether it is one of those that the modules read. */
bool namesNetworksIsRead(const char *file);
