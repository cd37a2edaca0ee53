/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namesjson.h"

#include <string.h>
#include <yajl/yajl_gen.h>

#include "namesoutput.h"
#include "namestext.h"

struct namesJson {
    yajl_gen gen;
};

/* yajl does not look whether it got memory: glib's functions always have some, or end the program.
 */
static void *
allocate(void *context, size_t size)
{
    (void)context;
    return g_malloc(size);
}

static void *
reallocate(void *context, void *block, size_t size)
{
    (void)context;
    return g_realloc(block, size);
}

static void
release(void *context, void *block)
{
    (void)context;
    g_free(block);
}

namesJson *
namesJsonNew(bool pretty)
{
    static const yajl_alloc_funcs allocator = { allocate, reallocate, release, NULL };
    namesJson *json = g_new0(namesJson, 1);

    json->gen = yajl_gen_alloc(&allocator);
    yajl_gen_config(json->gen, yajl_gen_beautify, pretty);
    yajl_gen_config(json->gen, yajl_gen_indent_string, "  ");
    return json;
}

void
namesJsonFree(namesJson *json)
{
    yajl_gen_free(json->gen);
    g_free(json);
}

static void
writeString(namesJson *json, const char *text)
{
    yajl_gen_string(json->gen, (const unsigned char *)text, strlen(text));
}

static void
writeKey(namesJson *json, const char *key)
{
    if (key)
        writeString(json, key);
}

void
namesJsonBeginObject(namesJson *json, const char *key)
{
    writeKey(json, key);
    yajl_gen_map_open(json->gen);
}

void
namesJsonEndObject(namesJson *json)
{
    yajl_gen_map_close(json->gen);
}

void
namesJsonBeginArray(namesJson *json, const char *key)
{
    writeKey(json, key);
    yajl_gen_array_open(json->gen);
}

void
namesJsonEndArray(namesJson *json)
{
    yajl_gen_array_close(json->gen);
}

void
namesJsonString(namesJson *json, const char *key, const char *value)
{
    if (value) {
        namesJsonBytes(json, key, value, strlen(value));
    } else {
        writeKey(json, key);
        yajl_gen_null(json->gen);
    }
}

void
namesJsonBytes(namesJson *json, const char *key, const char *bytes, size_t len)
{
    g_autofree char *valid = g_utf8_make_valid(bytes, len);

    writeKey(json, key);
    writeString(json, valid);
}

void
namesJsonInteger(namesJson *json, const char *key, gint64 value)
{
    writeKey(json, key);
    yajl_gen_integer(json->gen, value);
}

void
namesJsonBoolean(namesJson *json, const char *key, bool value)
{
    writeKey(json, key);
    yajl_gen_bool(json->gen, value);
}

void
namesJsonAddress(namesJson *json, const char *key, const struct virSocketAddr *addr)
{
    g_autofree char *text = namesTextAddress(addr);

    namesJsonString(json, key, text);
}

void
namesJsonMac(namesJson *json, const char *key, const struct virMacAddr *mac)
{
    g_autofree char *text = mac ? namesTextMac(mac) : NULL;

    namesJsonString(json, key, text);
}

/* Most of what is printed. */
static bool
isPlain(char byte)
{
    return (byte >= ' ' && byte <= '~') || byte == '\n';
}

static void
appendCharacter(GString *text, gunichar character)
{
    if (namesTextIsShown(character))
        g_string_append_unichar(text, character);
    else if (character < 0x10000)
        g_string_append_printf(text, "\\u%04x", character);
    else
        g_string_append_printf(text, "\\u%04x\\u%04x", 0xd7c0 + (character >> 10),
                               0xdc00 + (character & 0x3ff));
}

/* JSON may have any character but ASCII's control characters as it is, a terminal should not.
 * Outside of strings there are none of these, and in strings \u means the same. */
static char *
escape(const char *text, size_t len)
{
    GString *escaped = g_string_sized_new(len + 1);
    const char *end = text + len;

    while (text < end) {
        const char *next = text;

        while (next < end && isPlain(*next))
            next++;
        g_string_append_len(escaped, text, next - text);
        if (next < end) {
            appendCharacter(escaped, g_utf8_get_char(next));
            next = g_utf8_find_next_char(next, NULL);
        }
        text = next;
    }
    /* Behind a text of more than one line yajl has put the newline already */
    if (escaped->len == 0 || escaped->str[escaped->len - 1] != '\n')
        g_string_append_c(escaped, '\n');
    return g_string_free(escaped, FALSE);
}

void
namesJsonPrint(namesJson *json)
{
    g_autofree char *escaped = NULL;
    const unsigned char *text;
    size_t len;

    yajl_gen_get_buf(json->gen, &text, &len);
    escaped = escape((const char *)text, len);
    namesOutputWrite(escaped, strlen(escaped));
    yajl_gen_clear(json->gen);
    yajl_gen_reset(json->gen, NULL);
}
