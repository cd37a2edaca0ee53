/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* MAC addresses as libvirtd and dnsmasq write them. */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#define VIR_MAC_ADDR_LEN 6

struct virMacAddr {
    unsigned char octets[VIR_MAC_ADDR_LEN];
};

/* Reads the @len bytes at @text: six groups of one or two hexadecimal digits with colons between
 * them. Either case and missing leading zeros are fine, so two spellings of one address give one
 * value. Anything else gives false and leaves @mac alone, among it the addresses of other link
 * types, which dnsmasq(8) marks with a prefix ("06-ff:ff:..."): no libvirt interface has one. */
bool virMacAddrParse(struct virMacAddr *mac, const char *text, size_t len);

/* memcmp() order of the six octets. */
int virMacAddrCompare(const struct virMacAddr *a, const struct virMacAddr *b);
