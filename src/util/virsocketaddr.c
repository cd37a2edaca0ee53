/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "virsocketaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

bool
virSocketAddrParse(struct virSocketAddr *addr, const char *text, size_t len)
{
    struct virSocketAddr parsed = { .family = AF_INET };
    char terminated[INET6_ADDRSTRLEN];

    if (len >= sizeof(terminated) || memchr(text, '\0', len))
        return false;
    memcpy(terminated, text, len);
    terminated[len] = '\0';
    if (memchr(text, ':', len))
        parsed.family = AF_INET6;
    if (inet_pton(parsed.family, terminated, parsed.bytes) != 1)
        return false;
    *addr = parsed;
    return true;
}

void
virSocketAddrUnmap(struct virSocketAddr *addr)
{
    static const unsigned char prefix[12] = { [10] = 0xff, [11] = 0xff };
    struct virSocketAddr unmapped = { .family = AF_INET };

    if (addr->family != AF_INET6 || memcmp(addr->bytes, prefix, sizeof(prefix)) != 0)
        return;
    memcpy(unmapped.bytes, addr->bytes + sizeof(prefix), sizeof(struct in_addr));
    *addr = unmapped;
}

size_t
virSocketAddrLength(int family)
{
    switch (family) {
    case AF_INET:
        return sizeof(struct in_addr);
    case AF_INET6:
        return sizeof(struct in6_addr);
    default:
        return 0;
    }
}

int
virSocketAddrCompare(const struct virSocketAddr *a, const struct virSocketAddr *b)
{
    if (a->family != b->family)
        return a->family == AF_INET ? -1 : 1;
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}
