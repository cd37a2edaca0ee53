/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "virjsonarray.h"

#include <errno.h>
#include <unistd.h>

#include "minmax.h"
#include "virjsonobject.h"

enum {
    VIR_JSON_EXPECT_ARRAY,  /* '[', at the beginning */
    VIR_JSON_EXPECT_FIRST,  /* an object or ']' */
    VIR_JSON_EXPECT_OBJECT, /* an object, behind ',' */
    VIR_JSON_EXPECT_COMMA,  /* ',' or ']', behind an object */
    VIR_JSON_EXPECT_END,    /* nothing */
};

#define VIR_JSON_END (-1)

/* Reads into @buffer until @size bytes are there or the file ends. Returns how many. */
static size_t
virJsonRead(int fd, char *buffer, size_t size, uint64_t offset, int *error)
{
    size_t done = 0;

    while (done < size) {
        ssize_t got = pread(fd, buffer + done, size - done, offset + done);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            *error = -errno;
        if (got <= 0)
            break;
        done += got;
    }
    return done;
}

void
virJsonArrayInit(struct virJsonArray *array, int fd, uint64_t size)
{
    array->fd = fd;
    array->size = size;
    array->pos = 0;
    array->damage = VIR_JSON_UNDAMAGED;
    array->error = 0;
    array->expect = VIR_JSON_EXPECT_ARRAY;
    array->start = 0;
    array->len = 0;
}

/* Moves the window so that it holds @pos, and begins at @keep where both fit. */
static bool
virJsonArrayFill(struct virJsonArray *array, uint64_t pos, uint64_t keep)
{
    array->start = pos - keep < sizeof(array->window) ? keep : pos;
    array->len = virJsonRead(array->fd, array->window,
                             MIN(sizeof(array->window), array->size - array->start), array->start,
                             &array->error);
    if (array->start + array->len > pos)
        return true;
    array->size = MIN(array->size, array->start + array->len);
    return false;
}

/* The byte at @pos, VIR_JSON_END behind the last one; bytes from @keep on stay in the window if
 * they can. */
static int
virJsonArrayByte(struct virJsonArray *array, uint64_t pos, uint64_t keep)
{
    if (pos >= array->size)
        return VIR_JSON_END;
    if (pos < array->start || pos - array->start >= array->len) {
        if (!virJsonArrayFill(array, pos, keep))
            return VIR_JSON_END;
    }
    return (unsigned char)array->window[pos - array->start];
}

/* Returns the place behind the string whose opening quote is at @pos, or 0 if it does not end well
 * before
 * @limit. */
static uint64_t
virJsonArraySkipString(struct virJsonArray *array, uint64_t pos, uint64_t limit, uint64_t keep)
{
    bool escaped = false;

    for (pos++; pos < limit; pos++) {
        int c = virJsonArrayByte(array, pos, keep);

        if (c < ' ') /* a control character, or the end */
            return 0;
        if (c == '"' && !escaped)
            return pos + 1;
        escaped = c == '\\' && !escaped;
    }
    return 0;
}

/* Returns the place behind the object that begins at @start, or 0 if it is broken, too long or too
 * deep. */
static uint64_t
virJsonArraySkipObject(struct virJsonArray *array, uint64_t start)
{
    const uint64_t limit = start + VIR_JSON_OBJECT_MAX;
    uint64_t open = 0; /* one bit for each open level, the innermost lowest: 1 object, 0 array */
    unsigned int depth = 0;
    uint64_t pos = start;

    while (pos < limit) {
        int c = virJsonArrayByte(array, pos, start);

        switch (c) {
        case VIR_JSON_END:
            return 0;
        case '"':
            if ((pos = virJsonArraySkipString(array, pos, limit, start)) == 0)
                return 0;
            continue;
        case '{':
        case '[':
            if (depth++ == VIR_JSON_DEPTH_MAX)
                return 0;
            open = open << 1 | (c == '{');
            break;
        case '}':
        case ']':
            if ((open & 1) != (c == '}'))
                return 0;
            open >>= 1;
            if (--depth == 0)
                return pos + 1;
            break;
        default:
            break;
        }
        pos++;
    }
    return 0;
}

static void
virJsonArrayDamaged(struct virJsonArray *array, uint64_t pos)
{
    array->damage = MIN(array->damage, pos);
}

/* Follows the grammar between objects; what does not belong there is damage, and passed over. */
static void
virJsonArrayBetween(struct virJsonArray *array, int c)
{
    int expect = array->expect;

    if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
        return;
    if (c == '[' && expect == VIR_JSON_EXPECT_ARRAY)
        array->expect = VIR_JSON_EXPECT_FIRST;
    else if (c == ',' && expect == VIR_JSON_EXPECT_COMMA)
        array->expect = VIR_JSON_EXPECT_OBJECT;
    else if (c == ']' && (expect == VIR_JSON_EXPECT_FIRST || expect == VIR_JSON_EXPECT_COMMA))
        array->expect = VIR_JSON_EXPECT_END;
    else
        virJsonArrayDamaged(array, array->pos);
}

bool
virJsonArrayNext(struct virJsonArray *array, struct virJsonSpan *span)
{
    int c;

    for (; (c = virJsonArrayByte(array, array->pos, array->pos)) != VIR_JSON_END; array->pos++) {
        uint64_t end;

        if (c != '{') {
            virJsonArrayBetween(array, c);
            continue;
        }
        if (array->expect != VIR_JSON_EXPECT_FIRST && array->expect != VIR_JSON_EXPECT_OBJECT)
            virJsonArrayDamaged(array, array->pos);
        array->expect = VIR_JSON_EXPECT_COMMA;
        if ((end = virJsonArraySkipObject(array, array->pos)) != 0) {
            span->offset = array->pos;
            span->len = end - array->pos;
            array->pos = end;
            return true;
        }
        virJsonArrayDamaged(array, array->pos);
    }
    /* A file without a byte is what libvirt's helper creates before the first lease: not damage. */
    if (array->expect != VIR_JSON_EXPECT_END && array->pos > 0)
        virJsonArrayDamaged(array, array->pos);
    return false;
}

bool
virJsonArrayNeedsBuffer(const struct virJsonArray *array, const struct virJsonSpan *span)
{
    return span->offset < array->start || span->offset + span->len > array->start + array->len;
}

const char *
virJsonArrayText(const struct virJsonArray *array, const struct virJsonSpan *span, char *buffer)
{
    int error;

    if (!virJsonArrayNeedsBuffer(array, span))
        return array->window + (span->offset - array->start);
    if (virJsonRead(array->fd, buffer, span->len, span->offset, &error) < span->len)
        return NULL;
    return buffer;
}
