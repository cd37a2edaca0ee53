/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "virjsonobject.h"

#include <errno.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "minmax.h"

/* yajl uses what its allocator returns without looking, so the allocator may never return NULL: it
 * leaves the parser with longjmp() instead. That is safe because all that the parser owns lies in
 * the arena. */
struct virJsonArena {
    unsigned char *base;
    size_t size;
    size_t used;
    size_t last; /* where the newest block begins: it can grow where it is */
    jmp_buf full;
};

/* yajl 2.1.0 allocates a handle, a lexer, two buffer heads and 128 bytes of state stack, under 600
 * bytes in all; 2 KiB in which the lexer keeps what a text ends with; and, for the first string
 * with escapes, a buffer to decode it that starts with 2 KiB and doubles until it is larger than
 * the string. That one is the newest block whenever it grows, so that it grows in place. */
size_t
virJsonObjectArenaSize(size_t len)
{
    return _Alignof(max_align_t) + 1024 + 2048 + 2048 + 2 * len;
}

static void *
virJsonArenaMalloc(void *opaque, size_t size)
{
    struct virJsonArena *arena = opaque;
    size_t start = arena->used + -arena->used % _Alignof(max_align_t);

    if (start > arena->size || size > arena->size - start)
        longjmp(arena->full, 1);
    arena->last = start;
    arena->used = start + size;
    return arena->base + start;
}

static void *
virJsonArenaRealloc(void *opaque, void *old, size_t size)
{
    struct virJsonArena *arena = opaque;
    const unsigned char *bytes = old;
    size_t start;

    if (!bytes)
        return virJsonArenaMalloc(arena, size);
    start = bytes - arena->base;
    if (start == arena->last) {
        arena->used = start;
        return virJsonArenaMalloc(arena, size);
    }
    /* The old block's size is not known; it ends before the newest one begins. yajl never shrinks.
     */
    return memcpy(virJsonArenaMalloc(arena, size), old, MIN(size, arena->last - start));
}

static void
virJsonArenaFree(void *opaque, void *block)
{
    (void)opaque;
    (void)block;
}

#define VIR_JSON_NO_KEY SIZE_MAX

struct virJsonParser {
    const struct virJsonVisitor *visitor;
    size_t key; /* of the member whose value comes, or VIR_JSON_NO_KEY */
    unsigned int depth;
    bool inArray; /* at depth 2: a member's array is open, not an object */
    bool refused; /* the visitor has heard enough */
    struct virJsonArena arena;
};

static int
virJsonReport(struct virJsonParser *parser, enum virJsonType type, const void *value, size_t len)
{
    if (parser->key == VIR_JSON_NO_KEY || parser->refused)
        return 1;
    if (parser->depth == 2 && parser->inArray) {
        if (type != VIR_JSON_STRING)
            return 1;
        type = VIR_JSON_ELEMENT;
    } else if (parser->depth != 1) {
        return 1;
    }
    parser->refused = !parser->visitor->visit(parser->key, type, value, len,
                                              parser->visitor->opaque);
    return 1;
}

static int
virJsonOnNull(void *opaque)
{
    return virJsonReport(opaque, VIR_JSON_OTHER, NULL, 0);
}

static int
virJsonOnBoolean(void *opaque, int value)
{
    (void)value;
    return virJsonReport(opaque, VIR_JSON_OTHER, NULL, 0);
}

static int
virJsonOnNumber(void *opaque, const char *text, size_t len)
{
    return virJsonReport(opaque, VIR_JSON_NUMBER, text, len);
}

static int
virJsonOnString(void *opaque, const unsigned char *text, size_t len)
{
    return virJsonReport(opaque, VIR_JSON_STRING, text, len);
}

static int
virJsonOnKey(void *opaque, const unsigned char *name, size_t len)
{
    struct virJsonParser *parser = opaque;
    size_t i;

    if (parser->depth != 1)
        return 1;
    parser->key = VIR_JSON_NO_KEY;
    for (i = 0; i < parser->visitor->nkeys; i++) {
        const char *key = parser->visitor->keys[i].name;

        if (strlen(key) == len && memcmp(key, name, len) == 0)
            parser->key = i;
    }
    return 1;
}

static int
virJsonOnStart(struct virJsonParser *parser, enum virJsonType type)
{
    if (parser->depth == 1) {
        virJsonReport(parser, type, NULL, 0);
        parser->inArray = type == VIR_JSON_ARRAY;
    }
    /* Only a wrongly built object comes here at depth 0: "[" */
    return (parser->depth > 0 || type == VIR_JSON_OTHER) && ++parser->depth <= VIR_JSON_DEPTH_MAX;
}

static int
virJsonOnStartMap(void *opaque)
{
    return virJsonOnStart(opaque, VIR_JSON_OTHER);
}

static int
virJsonOnStartArray(void *opaque)
{
    return virJsonOnStart(opaque, VIR_JSON_ARRAY);
}

static int
virJsonOnEnd(void *opaque)
{
    struct virJsonParser *parser = opaque;

    parser->depth--;
    return 1;
}

int
virJsonObjectParse(const char *text, size_t len, void *arena, size_t arenaSize,
                   const struct virJsonVisitor *visitor)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = virJsonOnNull,
        .yajl_boolean = virJsonOnBoolean,
        /* Takes the place of yajl_integer and yajl_double, which parse in the locale's way. */
        .yajl_number = virJsonOnNumber,
        .yajl_string = virJsonOnString,
        .yajl_start_map = virJsonOnStartMap,
        .yajl_map_key = virJsonOnKey,
        .yajl_end_map = virJsonOnEnd,
        .yajl_start_array = virJsonOnStartArray,
        .yajl_end_array = virJsonOnEnd,
    };
    /* The caller's memory may lie behind an array of MAC addresses */
    const size_t padding = MIN(-(uintptr_t)arena % _Alignof(max_align_t), arenaSize);
    struct virJsonParser parser = {
        .visitor = visitor,
        .key = VIR_JSON_NO_KEY,
        .arena = { .base = (unsigned char *)arena + padding, .size = arenaSize - padding },
    };
    yajl_alloc_funcs allocator = { virJsonArenaMalloc, virJsonArenaRealloc, virJsonArenaFree,
                                   &parser.arena };
    yajl_handle handle;

    if (len == 0 || text[0] != '{')
        return -EBADMSG;
    if (setjmp(parser.arena.full) != 0)
        return -ENOMEM;
    handle = yajl_alloc(&callbacks, &allocator, &parser);
    yajl_config(handle, yajl_dont_validate_strings, 1);
    if (yajl_parse(handle, (const unsigned char *)text, len) != yajl_status_ok ||
        yajl_complete_parse(handle) != yajl_status_ok)
        return -EBADMSG;
    return parser.refused ? -EINVAL : 0;
}
