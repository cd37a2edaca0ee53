/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "leaseinit.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "leaseevent.h"
#include "leasefile.h"
#include "leaselock.h"
#include "leasemessage.h"
#include "leaseupdate.h"
#include "vircleanup.h"
#include "virhostname.h"
#include "virleasedir.h"

/* How long a helper of an earlier dnsmasq may keep a new one from starting */
#define LEASE_INIT_SECONDS 5

struct leaseInit {
    const char *file;
    GString *v4;
    GString *v6;
    char *serverDuid;
    GHashTable *seen; /* addresses: a lease on its way from one file to the other is in both */
};

static const char *
leaseInitOrNone(const char *text)
{
    return text ? text : "*";
}

static void
leaseInitVisit(const struct virLeaseRecord *record, const char *text, size_t len, gpointer opaque)
{
    struct leaseInit *init = opaque;
    const gboolean isV6 = record->addr.family == AF_INET6;
    const struct virLeaseString *ip = &record->strings[VIR_LEASE_IP_ADDRESS];
    g_autofree char *address = g_strndup(ip->bytes, ip->len);
    g_autofree char *client = isV6 ? leaseMember(record, VIR_LEASE_IAID, leaseIsIaid)
                                   : leaseMember(record, VIR_LEASE_MAC_ADDRESS,
                                                 leaseIsHardwareAddress);
    g_autofree char *hostname = leaseMember(record, VIR_LEASE_HOSTNAME, leaseIsHostname);
    g_autofree char *id = leaseMember(record, VIR_LEASE_CLIENT_ID, leaseIsClientId);

    (void)text;
    (void)len;
    if (!client) {
        /* TRANSLATORS: a file, an address, and a member of a lease such as mac-address */
        leaseTell(_("%s/%s: dnsmasq is not told of the lease of %s, which has no valid %s"),
                  LEASEDIR, init->file, address,
                  virLeaseKeys[isV6 ? VIR_LEASE_IAID : VIR_LEASE_MAC_ADDRESS].name);
        return;
    }
    if (!g_hash_table_add(init->seen, g_bytes_new(&record->addr, sizeof(record->addr))))
        return;
    if (isV6 && !init->serverDuid)
        init->serverDuid = leaseMember(record, VIR_LEASE_SERVER_DUID, leaseIsServerDuid);
    g_string_append_printf(isV6 ? init->v6 : init->v4, "%" G_GINT64_FORMAT " %s %s %s %s\n",
                           record->expiry, client, address, leaseInitOrNone(hostname),
                           leaseInitOrNone(id));
}

static void
leaseInitRead(struct leaseInit *init, int folder, const char *bridge, const char *suffix)
{
    g_autofree char *name = g_strconcat(bridge, suffix, NULL);
    g_autoptr(GError) error = NULL;
    enum leaseCondition condition;

    init->file = name;
    if (!leaseFileRead(folder, name, leaseInitVisit, init, &condition, &error))
        leaseTell("%s", error->message);
}

/* Reads both files of the bridge. An error keeps the leases of nothing else back. */
static void
leaseInitCollect(struct leaseInit *init)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) lockError = NULL;
    const char *bridge = leaseEventBridge(&error);
    g_autofree char *status = bridge ? g_strconcat(bridge, VIR_LEASE_STATUS_SUFFIX, NULL) : NULL;
    VIR_AUTOCLOSE folder = bridge ? leaseFolderOpen(&error) : -1;
    VIR_AUTOCLOSE lock = folder >= 0 ? leaseLock(bridge, LEASE_INIT_SECONDS, &lockError) : -1;

    if (folder < 0) {
        leaseTell("%s", error->message);
        return;
    }
    /* libvirtd reads the file as well, and nothing of a damaged one */
    if (lock < 0 || !leaseMend(folder, bridge, &lockError))
        leaseTell("%s", lockError->message);
    if (!leaseFileTouch(folder, status, &error))
        leaseTell("%s", error->message);
    leaseInitRead(init, folder, bridge, VIR_LEASE_STATUS_SUFFIX);
    leaseInitRead(init, folder, bridge, VIR_LEASE_NOMAC_SUFFIX);
}

void
leaseInit(void)
{
    struct leaseInit init = {
        .v4 = g_string_new(NULL),
        .v6 = g_string_new(NULL),
        .seen = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref,
                                      NULL),
    };

    leaseInitCollect(&init);
    fputs(init.v4->str, stdout);
    if (init.serverDuid)
        printf("duid %s\n", init.serverDuid);
    fputs(init.v6->str, stdout);
    if (fflush(stdout) == EOF)
        leaseTell(_("the leases cannot be printed: %s"), g_strerror(errno));
    g_string_free(init.v4, TRUE);
    g_string_free(init.v6, TRUE);
    g_free(init.serverDuid);
    g_hash_table_unref(init.seen);
}
