/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* A DHCP lease as BRIDGE.status holds it: an object with the members
 *
 *   iaid         string, a number, behind a T if the address is a temporary one; DHCPv6 alone
 *   ip-address   string, IPv4 or IPv6                                      needed
 *   mac-address  string
 *   hostname     string, whatever the guest sent
 *   domain       string, the network's domain (our lease helper alone writes it)
 *   client-id    string, octets in hexadecimal with colons between them; with DHCPv6 the DUID
 *   server-duid  string, octets likewise; DHCPv6 alone
 *   expiry-time  integer, seconds since the epoch, 0 for never             needed
 *
 * in any order, among others. It is what libvirt 9.0's lease helper writes, in this order, from the
 * arguments and the environment that dnsmasq(8) documents under --dhcp-script. */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virhostname.h"
#include "virjsonobject.h"
#include "virmacaddr.h"
#include "virsocketaddr.h"

enum virLeaseMember {
    VIR_LEASE_IAID,
    VIR_LEASE_IP_ADDRESS,
    VIR_LEASE_MAC_ADDRESS,
    VIR_LEASE_HOSTNAME,
    VIR_LEASE_DOMAIN,
    VIR_LEASE_CLIENT_ID,
    VIR_LEASE_SERVER_DUID,
    VIR_LEASE_EXPIRY_TIME,
    VIR_LEASE_MEMBERS
};

/* Their names. */
extern const struct virJsonKey virLeaseKeys[VIR_LEASE_MEMBERS];

/* What a lookup needs of a lease. */
struct virLease {
    struct virSocketAddr addr;
    struct virMacAddr mac;
    bool hasMac;
    int64_t expiry;
    /* Not NUL-terminated; length 0 means none. Longer ones are cut behind VIR_HOSTNAME_MAX + 1
     * bytes, which no valid name has. */
    size_t hostnameLen;
    size_t domainLen;
    char hostname[VIR_HOSTNAME_MAX + 1];
    char domain[VIR_HOSTNAME_MAX + 1];
};

/* Bytes of working memory that virLeaseParse() needs for a text of @len bytes. */
size_t virLeaseWorkspace(size_t len);

/* Reads the object of @len bytes at @text. @workspace, aligned for any type, has
 * virLeaseWorkspace(@len) bytes. Returns 0, -EBADMSG if it is not JSON, -EINVAL if it lacks what is
 * needed, or has a known member of another type. A MAC that is none of an Ethernet interface leaves
 * hasMac false. */
int virLeaseParse(struct virLease *lease, const char *text, size_t len, void *workspace);

/* The same, and tells @member of each known member, whose key is an enum virLeaseMember; it ends
 * the parse with false, as virJsonVisit says. */
int virLeaseParseMembers(struct virLease *lease, const char *text, size_t len, void *workspace,
                         virJsonVisit member, void *opaque);

/* Reads seconds from the @len bytes at @text: digits, perhaps with '-' in front. False if they are
 * anything else, or more than fit. */
bool virLeaseParseExpiry(int64_t *expiry, const char *text, size_t len);

/* Whether @lease has not run out at @now, in seconds since the epoch. */
bool virLeaseIsLive(const struct virLease *lease, int64_t now);
