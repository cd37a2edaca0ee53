/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* A DHCP lease as BRIDGE.status holds it: an object with the members
 *
 *   ip-address   string, IPv4 or IPv6                                      needed
 *   expiry-time  integer, seconds since the epoch, 0 for never             needed
 *   mac-address  string
 *   hostname     string, whatever the guest sent
 *   domain       string, the network's domain (our lease helper alone writes it)
 *
 * in any order, among others that do not matter here. It is what libvirt 9.0's lease helper writes
 * from the arguments and the environment that dnsmasq(8) documents under --dhcp-script. */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virhostname.h"
#include "virmacaddr.h"
#include "virsocketaddr.h"

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
 * virLeaseWorkspace(@len) bytes. Returns 0, or -EINVAL if it is not JSON, lacks what is needed, or
 * has a known member of another type. A MAC that is none of an Ethernet interface leaves hasMac
 * false. */
int virLeaseParse(struct virLease *lease, const char *text, size_t len, void *workspace);

/* Whether @lease has not run out at @now, in seconds since the epoch. */
bool virLeaseIsLive(const struct virLease *lease, int64_t now);
