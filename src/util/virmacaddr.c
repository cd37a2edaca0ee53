/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "virmacaddr.h"

#include <string.h>

#include "c-ctype.h"

static unsigned int
virMacAddrDigit(char c)
{
    return c_isdigit(c) ? c - '0' : c_tolower(c) - 'a' + 10;
}

bool
virMacAddrParse(struct virMacAddr *mac, const char *text, size_t len)
{
    struct virMacAddr parsed;
    size_t pos = 0;
    size_t i;

    for (i = 0; i < VIR_MAC_ADDR_LEN; i++) {
        if (i > 0 && (pos == len || text[pos++] != ':'))
            return false;
        if (pos == len || !c_isxdigit(text[pos]))
            return false;
        parsed.octets[i] = virMacAddrDigit(text[pos++]);
        if (pos < len && c_isxdigit(text[pos]))
            parsed.octets[i] = parsed.octets[i] * 16 + virMacAddrDigit(text[pos++]);
    }
    if (pos != len)
        return false;
    *mac = parsed;
    return true;
}

int
virMacAddrCompare(const struct virMacAddr *a, const struct virMacAddr *b)
{
    return memcmp(a->octets, b->octets, sizeof(a->octets));
}
