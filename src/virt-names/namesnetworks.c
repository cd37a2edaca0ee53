/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namesnetworks.h"

#include <string.h>

#include "virleasedir.h"

/* dnsmasq(8): a line of its configuration file is the long name of an option, "=" and the value */
#define INTERFACE "interface="

static void
readConf(GHashTable *networks, const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *content = NULL;
    g_auto(GStrv) lines = NULL;
    size_t i;

    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR) ||
        !g_file_get_contents(path, &content, NULL, NULL))
        return;
    lines = g_strsplit(content, "\n", -1);
    for (i = 0; lines[i]; i++) {
        if (g_str_has_prefix(lines[i], INTERFACE))
            g_hash_table_insert(networks, g_strdup(g_strstrip(lines[i] + strlen(INTERFACE))),
                                g_strndup(name, strlen(name) - strlen(NAMES_CONF_SUFFIX)));
    }
}

GHashTable *
namesNetworksRead(const char *folder)
{
    GHashTable *networks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        if (g_str_has_suffix(name, NAMES_CONF_SUFFIX))
            readConf(networks, folder, name);
    }
    return networks;
}

/* The length of @file without its suffix; 0 if it has none. */
static size_t
stemLength(const char *file)
{
    static const char *const suffixes[] = { VIR_LEASE_NOMAC_SUFFIX, VIR_LEASE_STATUS_SUFFIX,
                                            NAMES_MACS_SUFFIX, NAMES_HOSTS_SUFFIX,
                                            NAMES_CONF_SUFFIX };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        if (g_str_has_suffix(file, suffixes[i]))
            return strlen(file) - strlen(suffixes[i]);
    }
    return 0;
}

char *
namesNetworksStem(const char *file)
{
    const size_t len = stemLength(file);

    return len > 0 ? g_strndup(file, len) : g_strdup(file);
}

bool
namesNetworksIsFile(const char *file)
{
    return stemLength(file) > 0;
}

bool
namesNetworksIsRead(const char *file)
{
    return namesNetworksIsFile(file) && !g_str_has_suffix(file, NAMES_CONF_SUFFIX);
}
