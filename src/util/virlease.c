/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "virlease.h"

#include <errno.h>
#include <string.h>

#include "c-ctype.h"
#include "intprops.h"
#include "minmax.h"

const struct virJsonKey virLeaseKeys[VIR_LEASE_MEMBERS] = {
    [VIR_LEASE_IAID] = { "iaid" },
    [VIR_LEASE_IP_ADDRESS] = { "ip-address" },
    [VIR_LEASE_MAC_ADDRESS] = { "mac-address" },
    [VIR_LEASE_HOSTNAME] = { "hostname" },
    [VIR_LEASE_DOMAIN] = { "domain" },
    [VIR_LEASE_CLIENT_ID] = { "client-id" },
    [VIR_LEASE_SERVER_DUID] = { "server-duid" },
    [VIR_LEASE_EXPIRY_TIME] = { "expiry-time" },
};

struct virLeaseParser {
    struct virLease *lease;
    virJsonVisit member;
    void *opaque;
    bool hasAddr;
    bool hasExpiry;
};

bool
virLeaseParseExpiry(int64_t *expiry, const char *text, size_t len)
{
    bool negative = len > 0 && text[0] == '-';
    int64_t value = 0;
    size_t i;

    for (i = negative; i < len; i++) {
        int digit = text[i] - '0';

        if (!c_isdigit(text[i]) || INT_MULTIPLY_WRAPV(value, 10, &value) ||
            INT_ADD_WRAPV(value, negative ? -digit : digit, &value))
            return false;
    }
    *expiry = value;
    return len > negative;
}

static bool
virLeaseCopyName(char *name, size_t *nameLen, const char *value, size_t len)
{
    *nameLen = MIN(len, VIR_HOSTNAME_MAX + 1);
    memcpy(name, value, *nameLen);
    return true;
}

static bool
virLeaseVisit(size_t key, enum virJsonType type, const char *value, size_t len, void *opaque)
{
    struct virLeaseParser *parser = opaque;
    struct virLease *lease = parser->lease;

    if (parser->member && !parser->member(key, type, value, len, parser->opaque))
        return false;
    if (key == VIR_LEASE_IAID || key == VIR_LEASE_CLIENT_ID || key == VIR_LEASE_SERVER_DUID)
        return true;
    if (type != (key == VIR_LEASE_EXPIRY_TIME ? VIR_JSON_NUMBER : VIR_JSON_STRING))
        return false;
    switch (key) {
    case VIR_LEASE_IP_ADDRESS:
        parser->hasAddr = virSocketAddrParse(&lease->addr, value, len);
        return parser->hasAddr;
    case VIR_LEASE_MAC_ADDRESS:
        lease->hasMac = virMacAddrParse(&lease->mac, value, len);
        return true;
    case VIR_LEASE_HOSTNAME:
        return virLeaseCopyName(lease->hostname, &lease->hostnameLen, value, len);
    case VIR_LEASE_DOMAIN:
        return virLeaseCopyName(lease->domain, &lease->domainLen, value, len);
    default:
        parser->hasExpiry = virLeaseParseExpiry(&lease->expiry, value, len);
        return parser->hasExpiry;
    }
}

size_t
virLeaseWorkspace(size_t len)
{
    return virJsonObjectArenaSize(len);
}

int
virLeaseParseMembers(struct virLease *lease, const char *text, size_t len, void *workspace,
                     virJsonVisit member, void *opaque)
{
    struct virLeaseParser parser = { .lease = lease, .member = member, .opaque = opaque };
    const struct virJsonVisitor visitor = { virLeaseKeys, VIR_LEASE_MEMBERS, virLeaseVisit,
                                            &parser };
    int result;

    lease->hasMac = false;
    lease->hostnameLen = 0;
    lease->domainLen = 0;
    result = virJsonObjectParse(text, len, workspace, virLeaseWorkspace(len), &visitor);
    if (result == 0 && !(parser.hasAddr && parser.hasExpiry))
        result = -EINVAL;
    return result;
}

int
virLeaseParse(struct virLease *lease, const char *text, size_t len, void *workspace)
{
    return virLeaseParseMembers(lease, text, len, workspace, NULL, NULL);
}

bool
virLeaseIsLive(const struct virLease *lease, int64_t now)
{
    return lease->expiry == 0 || lease->expiry >= now;
}
