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
