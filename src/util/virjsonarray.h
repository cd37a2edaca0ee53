/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Walks a file that holds a JSON array of objects, in a fixed amount of memory, and finds where
 * each object begins and ends. Damage costs no more than the objects that it touches.
 *
 * The borders are lexical: an object runs from its '{' to the '}' that closes it, strings passed
 * over. JSON allows no control character inside a string (RFC 8259, 7), so a string that meets one
 * is broken and so is the object around it; the files have a newline behind every member, so that a
 * lost quote cannot swallow more than its own line. Behind a broken object the search goes on at
 * the next '{' after its first byte. */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virsearch.h"

/* Bytes of a file that are in memory at once. */
#define VIR_JSON_WINDOW ((size_t)16 * 1024)

/* Bytes of it that can be looked at ahead of the walk. */
#define VIR_JSON_AHEAD ((size_t)4 * 1024)

struct virJsonArray {
    int fd;
    uint64_t size; /* bytes of the file to look at */
    uint64_t pos;  /* where the walk goes on */
    /* where the text first is not an array of objects, or VIR_JSON_UNDAMAGED; not looked for when
     * only some objects are wanted */
    uint64_t damage;
    int error;  /* negative errno of a read that failed: the file ended there for us */
    int expect; /* between objects: what the grammar wants next */
    const struct virSearch *wanted;
    uint64_t place; /* no place of wanted lies in the searched part of the file before this one */
    uint64_t searched;
    uint64_t start; /* offset in the file of window[0] */
    size_t len;     /* bytes in window */
    char window[VIR_JSON_WINDOW];
};

#define VIR_JSON_UNDAMAGED UINT64_MAX

/* The borders of one object, which is at most VIR_JSON_OBJECT_MAX long. */
struct virJsonSpan {
    uint64_t offset;
    size_t len;
};

/* Starts a walk over the first @size bytes of @fd, which stays the caller's. With @wanted, which
 * must live as long as the walk, objects that cannot hold what is wanted may be left out, and a
 * file without any is read once and not walked at all; NULL wants every object. */
void virJsonArrayInit(struct virJsonArray *array, int fd, uint64_t size,
                      const struct virSearch *wanted);

/* Returns the text behind the newest element of the array, for a caller who may know what comes
 * next without looking for its borders; NULL where only an element's beginning or the array's could
 * be.
 * @len bytes are in memory, VIR_JSON_AHEAD or all that the file has; valid until the next call. */
const char *virJsonArrayAhead(struct virJsonArray *array, size_t *len);

/* Goes on behind the first @len bytes of what virJsonArrayAhead() returned: a comma and an element.
 */
void virJsonArrayStep(struct virJsonArray *array, size_t len);

/* Finds the next object. False at the end, when array->damage and array->error are final. */
bool virJsonArrayNext(struct virJsonArray *array, struct virJsonSpan *span);

/* Returns the text of @span, the newest one: in the window if it is there whole, else read into
 * @buffer, which has room for span->len bytes. NULL if the file has become shorter meanwhile or,
 * with array->error set, cannot be read. */
const char *virJsonArrayText(struct virJsonArray *array, const struct virJsonSpan *span,
                             char *buffer);

/* Says that the text of @span, the newest one, is not JSON: two broken objects may stand at its
 * ends, with good ones between them. Goes on behind its first byte. */
void virJsonArrayReject(struct virJsonArray *array, const struct virJsonSpan *span);

/* Whether virJsonArrayText() will need its buffer. */
bool virJsonArrayNeedsBuffer(const struct virJsonArray *array, const struct virJsonSpan *span);
