/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* JSON as it is printed, written by yajl. Whatever bytes a string has, what comes out is UTF-8 in
 * which nothing but newlines between members controls a terminal. */

#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "virmacaddr.h"
#include "virsocketaddr.h"

typedef struct namesJson namesJson;

/* Starts a text. Without @pretty it is one line. Free it with namesJsonFree(). */
namesJson *namesJsonNew(bool pretty);
void namesJsonFree(namesJson *json);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(namesJson, namesJsonFree)

/* Of each of these, @key is the member's name in an object, and NULL in an array. */
void namesJsonBeginObject(namesJson *json, const char *key);
void namesJsonEndObject(namesJson *json);
void namesJsonBeginArray(namesJson *json, const char *key);
void namesJsonEndArray(namesJson *json);
void namesJsonString(namesJson *json, const char *key, const char *value); /* NULL: null */
void namesJsonBytes(namesJson *json, const char *key, const char *bytes, size_t len);
void namesJsonInteger(namesJson *json, const char *key, gint64 value);
void namesJsonBoolean(namesJson *json, const char *key, bool value);
void namesJsonAddress(namesJson *json, const char *key, const struct virSocketAddr *addr);
void namesJsonMac(namesJson *json, const char *key, const struct virMacAddr *mac); /* NULL: null */

/* Prints what has been written, and a newline, to standard output, and starts anew. */
void namesJsonPrint(namesJson *json);
