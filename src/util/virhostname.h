/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Rules for host names. All of them work on bytes and know ASCII case only, so they give the same
 * answer in every locale; no name needs to be NUL-terminated. */

#pragma once

#include <stdbool.h>
#include <stddef.h>

/* RFC 1035, 2.3.4, and RFC 1123, 2.1: octets of a label, and of a name as text without the final
 * dot. */
#define VIR_HOSTNAME_LABEL_MAX 63
#define VIR_HOSTNAME_MAX 253

/* Length of @name without its trailing dot, if it has one: "web." and "web" are one name (RFC
 * 1034, 3.1). */
size_t virHostnameWithoutDot(const char *name, size_t len);

/* Length of @name's first label: up to the first dot, or all of it. */
size_t virHostnameFirstLabel(const char *name, size_t len);

/* Whether the names are equal but for the case of ASCII letters. */
bool virHostnameEqual(const char *a, size_t alen, const char *b, size_t blen);

/* <0, 0, >0: an order of names that has equal ones beside each other. */
int virHostnameCompare(const char *a, size_t alen, const char *b, size_t blen);

/* Whether @name can stand for a host: labels of letters, digits, '-' and '_' that do not begin with
 * '-', each at most VIR_HOSTNAME_LABEL_MAX long, with single dots between them, at most
 * VIR_HOSTNAME_MAX in all. A label with '-' in front is what dnsmasq refuses too; it could be taken
 * for an option. */
bool virHostnameIsValid(const char *name, size_t len);

/* Whether @name is one that programs on this host give a meaning of their own, so that no guest may
 * have it: localhost and all below it (RFC 6761, 6.3), localhost.localdomain, _gateway and
 * _outbound (nss-myhostname(8)), wpad (web proxy discovery) and isatap (RFC 5214, 8.3.2). */
bool virHostnameIsReserved(const char *name, size_t len);

/* Whether @name is this host's own, @own being what gethostname(2) says: all of it, or its first
 * label. */
bool virHostnameIsOwn(const char *name, size_t len, const char *own);

/* How the name that was asked for relates to what one lease says. */
enum virHostnameClaim {
    VIR_HOSTNAME_CLAIM_OTHER,   /* the lease is about another name */
    VIR_HOSTNAME_CLAIM_GOOD,    /* the lease has the name and may have it */
    VIR_HOSTNAME_CLAIM_FOREIGN, /* the lease says the name, but it has dots and is not in the
                                   lease's domain */
};

/* Compares @name, a valid host name, with the @hostname and the @domain (length 0: none) of a
 * lease. A lease with a domain has two names, "host" and "host.domain"; its hostname may be written
 * as either. A hostname with any other dot in it is a guest's own claim, since dnsmasq cuts domains
 * off, and is not believed. */
enum virHostnameClaim virHostnameCheckClaim(const char *name, size_t len, const char *hostname,
                                            size_t hostnameLen, const char *domain,
                                            size_t domainLen);
