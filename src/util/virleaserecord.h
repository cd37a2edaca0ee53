/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* All members of a lease, for the lease helper, which writes leases and hands them back to dnsmasq.
 * virlease.h says what the members are. */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "virlease.h"
#include "virsocketaddr.h"

/* What a file of leases consists of beside the leases, as yajl 2 lays out an array: the beginning,
 * what stands before the first lease and before each other one, and the end. */
#define VIR_LEASE_ARRAY_BEGIN "[\n"
#define VIR_LEASE_ARRAY_FIRST "  "
#define VIR_LEASE_ARRAY_NEXT ",\n  "
#define VIR_LEASE_ARRAY_END "\n]\n"

/* Any bytes, not NUL-terminated; NULL bytes: none. */
struct virLeaseString {
    const char *bytes;
    size_t len;
};

struct virLeaseRecord {
    struct virSocketAddr addr; /* the value of the member ip-address */
    int64_t expiry;            /* the value of the member expiry-time */
    /* The members that are strings, by enum virLeaseMember; those that are absent, and expiry-time,
     * are NULL. */
    struct virLeaseString strings[VIR_LEASE_MEMBERS];
};

/* Bytes of working memory that virLeaseRecordParse() needs for a text of @len bytes. */
size_t virLeaseRecordWorkspace(size_t len);

/* Reads the object of @len bytes at @text. @workspace, aligned for any type, has
 * virLeaseRecordWorkspace(@len) bytes; the strings lie in it. Returns 0 for what virLeaseParse()
 * takes as a lease, else -EINVAL. */
int virLeaseRecordParse(struct virLeaseRecord *record, const char *text, size_t len,
                        void *workspace);

/* Reads the lease at the beginning of the @len bytes at @text if virLeaseRecordFormat() would print
 * it just so and its strings are printable ASCII without escapes, as nearly all are. Returns its
 * length, or 0 if it is anything else: then virLeaseRecordParse() has to look. The strings lie in
 * @text. It is there because reading leases is most of what the lease helper has to do, and parsing
 * them takes twenty times as long. */
size_t virLeaseRecordRecognize(struct virLeaseRecord *record, const char *text, size_t len);

/* Called with the pieces of a text, one behind the other. */
typedef void (*virLeasePrint)(void *opaque, const char *piece, size_t len);

/* Prints @record as an element of an array, in yajl's layout and without anything around it.
 * Strings must be UTF-8. Memory is taken from malloc() while it runs; where
 * there is none, the program ends by abort(3). */
void virLeaseRecordFormat(const struct virLeaseRecord *record, virLeasePrint print, void *opaque);
