/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "virjsonarray.h"

#include <errno.h>
#include <unistd.h>

#include "minmax.h"
#include "virblock.h"
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
virJsonArrayInit(struct virJsonArray *array, int fd, uint64_t size, const struct virSearch *wanted)
{
    array->fd = fd;
    array->size = size;
    array->pos = 0;
    array->damage = VIR_JSON_UNDAMAGED;
    array->error = 0;
    array->expect = VIR_JSON_EXPECT_ARRAY;
    array->wanted = wanted;
    array->place = 0;
    array->searched = 0;
    array->start = 0;
    array->len = 0;
}

/* Moves the window so that it begins at @start. */
static void
virJsonArrayLoad(struct virJsonArray *array, uint64_t start)
{
    size_t len = MIN(sizeof(array->window), array->size - start);

    array->start = start;
    array->len = virJsonRead(array->fd, array->window, len, start, &array->error);
    if (array->len < len)
        array->size = start + array->len;
}

static bool
virJsonArrayIsLoaded(const struct virJsonArray *array, uint64_t pos)
{
    return pos >= array->start && pos - array->start < array->len;
}

/* The byte at @pos, VIR_JSON_END behind the last one; bytes from @keep on stay in the window if
 * they can. */
static int
virJsonArrayByte(struct virJsonArray *array, uint64_t pos, uint64_t keep)
{
    if (pos >= array->size)
        return VIR_JSON_END;
    if (!virJsonArrayIsLoaded(array, pos)) {
        virJsonArrayLoad(array, pos - keep < sizeof(array->window) ? keep : pos);
        if (!virJsonArrayIsLoaded(array, pos))
            return VIR_JSON_END;
    }
    return (unsigned char)array->window[pos - array->start];
}

const char *
virJsonArrayAhead(struct virJsonArray *array, size_t *len)
{
    if (array->expect != VIR_JSON_EXPECT_COMMA)
        return NULL;
    if (array->start + array->len < MIN(array->pos + VIR_JSON_AHEAD, array->size))
        virJsonArrayLoad(array, array->pos);
    *len = array->start + array->len - array->pos;
    return array->window + (array->pos - array->start);
}

void
virJsonArrayStep(struct virJsonArray *array, size_t len)
{
    array->pos += len;
}

/* Returns the offset behind the string whose opening quote is at @pos, or 0 if it does not end well
 * before @limit. */
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

/* Returns the offset behind the object that begins at @start, or 0 if it is broken, too long or too
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

/* What virJsonPlainLength() says of an object whose end it does not see. */
#define VIR_JSON_CUT SIZE_MAX

/* Where @block has a bracket or a backslash. With bit 0x20 set, '[' is '{', ']' is '}', and '\\' is
 * '|', which stands between the two: one comparison finds them all, and a real '|' now and then. */
static inline virBlockTruth
virJsonMarks(virBlock block)
{
    return (block | virBlockFill(0x20)) - virBlockFill('{') <= virBlockFill(2);
}

/* The brackets that are open; see virJsonArraySkipObject() */
struct virJsonNesting {
    uint64_t open;
    unsigned int depth;
};

/* Follows the @marks of the block at @pos, whose quotes are @quotes; @odd has a bit for each column
 * in which an odd number of quotes stands before. Returns what virJsonPlainLength() is to return,
 * or VIR_JSON_CUT to go on. */
static inline size_t
virJsonFollowMarks(struct virJsonNesting *nesting, const char *text, size_t pos, unsigned int marks,
                   unsigned int quotes, unsigned int odd)
{
    for (; marks != 0; marks &= marks - 1) {
        unsigned int i = __builtin_ctz(marks);
        unsigned int before = quotes & ((1U << i) - 1);
        char c = text[pos + i];

        if (c == '\\' || (c == '{' && pos + i > 0))
            return 0;
        if (c == '|' || __builtin_parity(odd ^ before))
            continue;
        if (c == '{' || c == '[') {
            if (nesting->depth++ == VIR_JSON_DEPTH_MAX)
                return 0;
            nesting->open = nesting->open << 1 | (c == '{');
        } else {
            if ((nesting->open & 1) != (c == '}'))
                return 0;
            nesting->open >>= 1;
            if (--nesting->depth == 0)
                return pos + i + 1;
        }
    }
    return VIR_JSON_CUT;
}

/* Returns the length of the object at the beginning of the @len bytes at @text if that is easily
 * seen: without a backslash and without an object inside. VIR_JSON_CUT if it is not there whole, 0
 * if somebody else has to look.
 *
 * Without backslashes a byte is in a string if an odd number of quotes stands before it. A string
 * that is broken by a control character is not noticed. That does no harm: a broken object is
 * passed over up to the next '{', and there is none before the length that is returned here. The
 * parser will not take it. */
static size_t
virJsonPlainLength(const char *text, size_t len)
{
    struct virJsonNesting nesting = { 0, 0 };
    virBlockTruth odd = { 0 }; /* for each of the 16 columns: odd number of quotes so far */
    size_t pos;

    /* Two blocks at once, as most have no mark */
    for (pos = 0; pos + 2 * VIR_BLOCK_SIZE <= len; pos += 2 * VIR_BLOCK_SIZE) {
        const virBlock blocks[] = { virBlockLoad(text + pos),
                                    virBlockLoad(text + pos + VIR_BLOCK_SIZE) };
        const virBlockTruth marks[] = { virJsonMarks(blocks[0]), virJsonMarks(blocks[1]) };
        const virBlockTruth quotes[] = { blocks[0] == virBlockFill('"'),
                                         blocks[1] == virBlockFill('"') };
        size_t i;

        if (virBlockMask(marks[0] | marks[1]) == 0) {
            odd ^= quotes[0] ^ quotes[1];
            continue;
        }
#pragma GCC unroll 2
        for (i = 0; i < 2; i++) {
            size_t result = virJsonFollowMarks(&nesting, text, pos + i * VIR_BLOCK_SIZE,
                                               virBlockMask(marks[i]), virBlockMask(quotes[i]),
                                               virBlockMask(odd));

            if (result != VIR_JSON_CUT)
                return result;
            odd ^= quotes[i];
        }
    }
    return VIR_JSON_CUT;
}

/* The same as virJsonArraySkipObject(), faster for most objects. */
static uint64_t
virJsonArraySkipQuickly(struct virJsonArray *array, uint64_t start)
{
    size_t inWindow = start - array->start;
    size_t len = virJsonPlainLength(array->window + inWindow, array->len - inWindow);

    if (len == VIR_JSON_CUT && inWindow > 0 && array->start + array->len < array->size) {
        virJsonArrayLoad(array, start);
        len = virJsonPlainLength(array->window, array->len);
    }
    return len == 0 || len == VIR_JSON_CUT ? virJsonArraySkipObject(array, start) : start + len;
}

/* Finds the next place of what is wanted, from array->pos on. False if there is none. */
static bool
virJsonArrayFindPlace(struct virJsonArray *array)
{
    if (array->place >= array->pos && array->place < array->searched)
        return true;
    array->searched = MAX(array->searched, array->pos);
    while (array->searched < array->size) {
        uint64_t before = MIN(array->searched, VIR_SEARCH_BEHIND);
        uint64_t end = MIN(array->searched + VIR_SEARCH_AHEAD, array->size - 1);
        size_t from;
        size_t to;
        size_t found;

        if (!virJsonArrayIsLoaded(array, array->searched - before) ||
            !virJsonArrayIsLoaded(array, end)) {
            virJsonArrayLoad(array, array->searched - before);
            if (!virJsonArrayIsLoaded(array, array->searched))
                return false;
        }
        from = array->searched - array->start;
        to = array->start + array->len < array->size ? array->len - VIR_SEARCH_AHEAD : array->len;
        found = virSearchNext(array->wanted, array->window, from, to, array->len);
        array->searched = array->start + found;
        if (found < to) {
            array->place = array->searched++;
            return true;
        }
    }
    return false;
}

/* Moves array->pos to the next '{'. */
static bool
virJsonArrayFindObject(struct virJsonArray *array)
{
    int c;

    while ((c = virJsonArrayByte(array, array->pos, array->pos)) != '{') {
        const char *from = array->window + (array->pos - array->start);
        unsigned int mask;

        if (c == VIR_JSON_END)
            return false;
        if (array->pos + VIR_BLOCK_SIZE > array->start + array->len) {
            array->pos++;
            continue;
        }
        mask = virBlockMask(virBlockLoad(from) == virBlockFill('{'));
        if (mask != 0) {
            array->pos += __builtin_ctz(mask);
            return true;
        }
        array->pos += VIR_BLOCK_SIZE;
    }
    return true;
}

static bool
virJsonArrayNextWanted(struct virJsonArray *array, struct virJsonSpan *span)
{
    while (virJsonArrayFindPlace(array) && virJsonArrayFindObject(array)) {
        uint64_t start = array->pos;
        uint64_t end;

        /* What is wanted stands between two objects, where it means nothing. */
        if (start > array->place)
            continue;
        if ((end = virJsonArraySkipQuickly(array, start)) == 0) {
            array->pos++;
            continue;
        }
        array->pos = end;
        if (end > array->place) {
            span->offset = start;
            span->len = end - start;
            return true;
        }
    }
    return false;
}

static bool
virJsonArrayNextAny(struct virJsonArray *array, struct virJsonSpan *span)
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
virJsonArrayNext(struct virJsonArray *array, struct virJsonSpan *span)
{
    return array->wanted ? virJsonArrayNextWanted(array, span) : virJsonArrayNextAny(array, span);
}

bool
virJsonArrayNeedsBuffer(const struct virJsonArray *array, const struct virJsonSpan *span)
{
    return span->offset < array->start || span->offset + span->len > array->start + array->len;
}

const char *
virJsonArrayText(struct virJsonArray *array, const struct virJsonSpan *span, char *buffer)
{
    if (!virJsonArrayNeedsBuffer(array, span))
        return array->window + (span->offset - array->start);
    if (virJsonRead(array->fd, buffer, span->len, span->offset, &array->error) < span->len)
        return NULL;
    return buffer;
}

void
virJsonArrayReject(struct virJsonArray *array, const struct virJsonSpan *span)
{
    virJsonArrayDamaged(array, span->offset);
    array->pos = span->offset + 1;
}
