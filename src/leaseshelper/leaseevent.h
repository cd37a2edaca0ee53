/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* What dnsmasq tells its script, checked: dnsmasq(8), --dhcp-script, has the arguments and the
 * environment. Much of it comes from guests. */

#pragma once

#include <glib.h>

#include "virleaserecord.h"

/* What a lease file can hold: dnsmasq 2.90 reads back hardware addresses of at most so many octets,
 * client identifiers as words of 764 characters, and a server's DUID as one of 255. */
#define LEASE_HARDWARE_ADDRESS_MAX 16
#define LEASE_CLIENT_ID_MAX 255
#define LEASE_SERVER_DUID_MAX 85

enum leaseAction {
    LEASE_ACTION_OTHER, /* none of ours, of which dnsmasq has several and may have more */
    LEASE_ACTION_INIT,
    LEASE_ACTION_ADD,
    LEASE_ACTION_OLD,
    LEASE_ACTION_DEL,
};

struct leaseEvent {
    enum leaseAction action;
    const char *bridge;           /* a plain file name */
    struct virLeaseRecord record; /* with LEASE_ACTION_DEL the address alone */
};

enum leaseAction leaseActionFromText(const char *text);

/* Returns the bridge that dnsmasq works for, or NULL with @error set. */
const char *leaseEventBridge(GError **error);

/* Reads the @argc arguments at @argv, the program's and the action among them, and the environment;
 * @event refers to both afterwards. What is wrong with something that a lease can do without, such
 * as its hostname, costs the lease that and a message; what it cannot do without makes the event
 * fail with @error. */
gboolean leaseEventParse(struct leaseEvent *event, int argc, char **argv, GError **error);

/* Returns a member of @record as text if it is what @isGood says, else NULL. Free with g_free(). */
char *leaseMember(const struct virLeaseRecord *record, enum virLeaseMember member,
                  gboolean (*isGood)(const char *text));

/* Whether @text is a client's identifier or DUID: octets in hexadecimal, two digits each with
 * colons between them, at most LEASE_CLIENT_ID_MAX. */
gboolean leaseIsClientId(const char *text);

/* The same for the DUID of a server, at most LEASE_SERVER_DUID_MAX. */
gboolean leaseIsServerDuid(const char *text);

/* Whether @text is a hardware address as dnsmasq writes it: octets, which for other links than
 * Ethernet have the link's type and '-' in front and may be missing. */
gboolean leaseIsHardwareAddress(const char *text);

/* Whether @text is the identifier of a DHCPv6 association: a number of 32 bits, T in front if its
 * addresses are temporary ones. */
gboolean leaseIsIaid(const char *text);

/* Whether @text is a host name; see virhostname.h. */
gboolean leaseIsHostname(const char *text);
