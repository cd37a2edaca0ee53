/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Processes of this machine, as far as /proc shows them to the caller (proc(5)). */

#pragma once

#include <glib.h>

/* Where nscd(8) and nsncd listen: what they have in their caches is what programs get. */
#define NAMES_CACHE_SOCKET "/var/run/nscd/socket"

struct namesProcess {
    char **arguments; /* NULL-terminated */
    gint64 started;   /* seconds since the epoch */
};

/* Those whose program has the @name. An array of struct namesProcess *; free with
 * g_ptr_array_unref(). */
GPtrArray *namesProcessesFind(const char *name);

/* The name of the cache that runs here, or NULL; in *@processes those with that name, or NULL. Free
 * them with g_ptr_array_unref(). */
const char *namesProcessesFindCache(GPtrArray **processes);
