/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Which names a lease claims and a network declares, and what no guest may claim whatever the other
 * files say. */

#include <config.h>

#include <string.h>
#include <unistd.h>

#include "virhostname.h"
#include "virnamespriv.h"

struct virSocketAddr
virNamesKeptFor(const struct virSocketAddr *declared)
{
    struct virSocketAddr kept = *declared;

    virSocketAddrUnmap(&kept);
    return kept;
}

bool
virNamesIsReserved(const char *name, size_t len)
{
    size_t first = virHostnameFirstLabel(name, len);
    char own[VIR_HOSTNAME_MAX + 2] = "";

    /* A failure leaves it empty or cut; there is nothing better to compare with. */
    if (gethostname(own, sizeof(own) - 1) < 0)
        own[0] = '\0';
    return virHostnameIsReserved(name, len) || virHostnameIsReserved(name, first) ||
           virHostnameIsOwn(name, len, own) || virHostnameIsOwn(name, first, own);
}

/* The names that a lease claims: in a network with a domain "host.domain", by which dnsmasq knows
 * it, and "host", else "host" alone. Both begin where @text does. */
struct virNamesClaims {
    char text[VIR_HOSTNAME_MAX];
    size_t lengths[2];
    size_t count;
};

/* Nothing, with a note, if the hostname is none, or one in a foreign domain. */
static void
virNamesClaim(const struct virNamesSearch *search, const struct virLease *lease,
              struct virNamesClaims *claims)
{
    size_t host = virHostnameFirstLabel(lease->hostname, lease->hostnameLen);
    size_t len = host + 1 + lease->domainLen;

    claims->count = 0;
    if (!virHostnameIsValid(lease->hostname, lease->hostnameLen)) {
        if (lease->hostnameLen > 0)
            virNamesTell(
                search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_NOT_A_NAME, .lease = lease });
        return;
    }
    if (virHostnameCheckClaim(lease->hostname, lease->hostnameLen, lease->hostname,
                              lease->hostnameLen, lease->domain,
                              lease->domainLen) != VIR_HOSTNAME_CLAIM_GOOD) {
        virNamesTell(search,
                     (struct virNamesNote){ .kind = VIR_NAMES_NOTE_FOREIGN, .lease = lease });
        return;
    }
    memcpy(claims->text, lease->hostname, host);
    if (lease->domainLen > 0 && len <= VIR_HOSTNAME_MAX) {
        claims->text[host] = '.';
        memcpy(claims->text + host + 1, lease->domain, lease->domainLen);
        /* Nobody can ask for what is no host name */
        if (virHostnameIsValid(claims->text, len))
            claims->lengths[claims->count++] = len;
    }
    claims->lengths[claims->count++] = host;
}

int
virNamesAddClaims(struct virNamesSearch *search, const struct virLease *lease)
{
    const struct virNamesEntry like = {
        .addr = lease->addr, .expiry = lease->expiry, .mac = lease->mac, .hasMac = lease->hasMac
    };
    struct virNamesClaims claims;
    size_t i;
    int result = 0;

    virNamesClaim(search, lease, &claims);
    for (i = 0; i < claims.count && result == 0; i++) {
        virNamesTell(search,
                     (struct virNamesNote){ .kind = VIR_NAMES_NOTE_ANSWER, .lease = lease });
        result = virNamesAddEntry(search, &like, claims.text, claims.lengths[i]);
    }
    return result;
}

int
virNamesAddDeclared(struct virNamesSearch *search, const struct virHostsLine *line,
                    const struct virSocketAddr *addr)
{
    const struct virNamesEntry like = { .addr = *addr, .isStatic = true };
    size_t cursor = 0;
    size_t len;
    const char *name;
    int result = 0;

    while (result == 0 && (name = virHostsName(line, &cursor, &len))) {
        len = virHostnameWithoutDot(name, len);
        if (!virHostnameIsValid(name, len))
            continue;
        virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_STATIC, .addr = addr });
        result = virNamesAddEntry(search, &like, name, len);
    }
    return result;
}
