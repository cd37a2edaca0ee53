/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* IPv4 and IPv6 addresses, without port. */

#pragma once

#include <stdbool.h>
#include <stddef.h>

struct virSocketAddr {
    int family;              /* AF_INET or AF_INET6 */
    unsigned char bytes[16]; /* network byte order; IPv4 uses the first four, the rest is zero */
};

/* Reads the @len bytes at @text as inet_pton(3) reads an address of either family (no host names,
 * no prefix length, no scope). False, and @addr untouched, for anything else. */
bool virSocketAddrParse(struct virSocketAddr *addr, const char *text, size_t len);

/* Turns an IPv4 address that is mapped into IPv6 (RFC 4291, 2.5.5.2: ::ffff:10.0.0.1) into IPv4;
 * leaves any other as it is. */
void virSocketAddrUnmap(struct virSocketAddr *addr);

/* Bytes that an address of @family has: 4, 16, or 0 for a family that is neither. */
size_t virSocketAddrLength(int family);

/* Total order: IPv4 before IPv6, then by value. */
int virSocketAddrCompare(const struct virSocketAddr *a, const struct virSocketAddr *b);
