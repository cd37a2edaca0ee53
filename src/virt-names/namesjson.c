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

namesJson *
namesJsonNew(bool pretty)
{
    namesJson *json = g_new0(namesJson, 1);

    json->gen = yajl_gen_alloc(NULL);
    if (!json->gen)
        g_error("out of memory");
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

void
namesJsonPrint(namesJson *json)
{
    const unsigned char *text;
    size_t len;

    yajl_gen_get_buf(json->gen, &text, &len);
    namesOutputWrite((const char *)text, len);
    /* Behind a text of more than one line yajl has put the newline already */
    if (len == 0 || text[len - 1] != '\n')
        namesOutputWrite("\n", 1);
    yajl_gen_clear(json->gen);
    yajl_gen_reset(json->gen, NULL);
}
