/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* One JSON object (RFC 8259), parsed by yajl inside memory that the caller gives. */

#pragma once

#include <stdbool.h>
#include <stddef.h>

/* No lease or map entry that anyone writes comes near; what is longer is not looked at. It bounds
 * the memory and the time that one object can cost. */
#define VIR_JSON_OBJECT_MAX ((size_t)64 * 1024)

/* Objects and arrays that may be open at once, the object itself included. */
#define VIR_JSON_DEPTH_MAX 64

/* A member that the caller wants to hear of. Not a pointer, so that tables of keys need no
 * relocation. */
struct virJsonKey {
    char name[16];
};

enum virJsonType {
    VIR_JSON_STRING,  /* value: the string, decoded; any bytes, NUL and broken UTF-8 included */
    VIR_JSON_NUMBER,  /* value: the number as it is written */
    VIR_JSON_ARRAY,   /* no value; the strings in it follow as VIR_JSON_ELEMENT */
    VIR_JSON_ELEMENT, /* value: a string that is an element of the member's array */
    VIR_JSON_OTHER,   /* no value: true, false, null or an object */
};

/* Called for each member whose name is keys[@key], in order of the text. @value has @len bytes, is
 * not NUL-terminated and is valid during the call. Returning false refuses the object: no more of
 * it is told. Elements of a member's array that are not strings, and all that lies deeper, are
 * passed over. */
typedef bool (*virJsonVisit)(size_t key, enum virJsonType type, const char *value, size_t len,
                             void *opaque);

/* What to hear, and who hears it. */
struct virJsonVisitor {
    const struct virJsonKey *keys;
    size_t nkeys;
    virJsonVisit visit;
    void *opaque;
};

/* Bytes of memory that yajl can need for an object of @len bytes, at most VIR_JSON_OBJECT_MAX. */
size_t virJsonObjectArenaSize(size_t len);

/* Parses the @len bytes at @text, exactly one object without anything around it. yajl takes its
 * memory from the @arenaSize bytes at @arena alone. Strings need not be UTF-8: dnsmasq passes on
 * what a guest sends. Returns 0; -EINVAL when the visitor has refused it; -EBADMSG when the text is
 * no object, refused or not: what only seems to be one may have good ones in it; -ENOMEM when the
 * arena was too small. */
int virJsonObjectParse(const char *text, size_t len, void *arena, size_t arenaSize,
                       const struct virJsonVisitor *visitor);
