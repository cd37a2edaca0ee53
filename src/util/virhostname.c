/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "virhostname.h"

#include <string.h>

#include "c-ctype.h"

size_t
virHostnameWithoutDot(const char *name, size_t len)
{
    return len > 0 && name[len - 1] == '.' ? len - 1 : len;
}

size_t
virHostnameFirstLabel(const char *name, size_t len)
{
    const char *dot = memchr(name, '.', len);

    return dot ? (size_t)(dot - name) : len;
}

bool
virHostnameEqual(const char *a, size_t alen, const char *b, size_t blen)
{
    return alen == blen && virHostnameCompare(a, alen, b, blen) == 0;
}

int
virHostnameCompare(const char *a, size_t alen, const char *b, size_t blen)
{
    size_t i;

    for (i = 0; i < alen && i < blen; i++) {
        int left = c_tolower((unsigned char)a[i]);
        int right = c_tolower((unsigned char)b[i]);

        if (left != right)
            return left - right;
    }
    return alen < blen ? -1 : alen > blen;
}

bool
virHostnameIsValid(const char *name, size_t len)
{
    size_t label = 0;
    size_t i;

    if (len == 0 || len > VIR_HOSTNAME_MAX)
        return false;
    for (i = 0; i < len; i++) {
        if (name[i] == '.') {
            if (label == 0)
                return false;
            label = 0;
        } else if (c_isalnum(name[i]) || name[i] == '_' || (name[i] == '-' && label > 0)) {
            if (++label > VIR_HOSTNAME_LABEL_MAX)
                return false;
        } else {
            return false;
        }
    }
    return label > 0;
}

static bool
virHostnameIs(const char *name, size_t len, const char *other)
{
    return virHostnameEqual(name, len, other, strlen(other));
}

bool
virHostnameIsReserved(const char *name, size_t len)
{
    static const char reserved[][sizeof("localhost.localdomain")] = {
        "localhost", "localhost.localdomain", "_gateway", "_outbound", "wpad", "isatap",
    };
    const size_t suffix = strlen(".localhost");
    size_t i;

    for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (virHostnameIs(name, len, reserved[i]))
            return true;
    }
    return len > suffix && virHostnameIs(name + len - suffix, suffix, ".localhost");
}

bool
virHostnameIsOwn(const char *name, size_t len, const char *own)
{
    size_t ownLen = virHostnameWithoutDot(own, strlen(own));

    return virHostnameEqual(name, len, own, ownLen) ||
           virHostnameEqual(name, len, own, virHostnameFirstLabel(own, ownLen));
}

enum virHostnameClaim
virHostnameCheckClaim(const char *name, size_t len, const char *hostname, size_t hostnameLen,
                      const char *domain, size_t domainLen)
{
    size_t host = virHostnameFirstLabel(hostname, hostnameLen);
    size_t first = virHostnameFirstLabel(name, len);

    if (host < hostnameLen &&
        (domainLen == 0 ||
         !virHostnameEqual(hostname + host + 1, hostnameLen - host - 1, domain, domainLen)))
        return virHostnameEqual(name, len, hostname, hostnameLen) ? VIR_HOSTNAME_CLAIM_FOREIGN
                                                                  : VIR_HOSTNAME_CLAIM_OTHER;
    if (!virHostnameEqual(name, first, hostname, host))
        return VIR_HOSTNAME_CLAIM_OTHER;
    if (first == len ||
        (domainLen > 0 && virHostnameEqual(name + first + 1, len - first - 1, domain, domainLen)))
        return VIR_HOSTNAME_CLAIM_GOOD;
    return VIR_HOSTNAME_CLAIM_OTHER;
}
