/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* The JSON layer: one object through yajl in an arena, and the borders of the objects of a file. */

#include <config.h>

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "testutil.h"
#include "virjsonarray.h"
#include "virjsonobject.h"

/* One line an event: member, type, value */
static bool
hear(size_t key, enum virJsonType type, const char *value, size_t len, void *opaque)
{
    static const char *const types[] = {
        [VIR_JSON_STRING] = "string",   [VIR_JSON_NUMBER] = "number", [VIR_JSON_ARRAY] = "array",
        [VIR_JSON_ELEMENT] = "element", [VIR_JSON_OTHER] = "other",
    };
    g_autofree char *text = g_strndup(value, len);
    g_autofree char *escaped = g_strescape(text ? text : "", NULL);

    g_string_append_printf(opaque, "%zu:%s:%zu:%s ", key, types[type], len, escaped);
    return !text || strcmp(text, "stop") != 0;
}

static const struct virJsonKey keys[] = { { "a" }, { "list" } };

/* Parses @text with @spare bytes of arena more than it says it needs; -EINVAL and -ENOMEM in words.
 */
static char *
parse(const char *text, size_t len, gssize spare)
{
    g_autoptr(GString) heard = g_string_new(NULL);
    const struct virJsonVisitor visitor = { keys, G_N_ELEMENTS(keys), hear, heard };
    g_autofree char *copy = g_memdup2(text, len);
    size_t size = virJsonObjectArenaSize(len) + spare;
    g_autofree void *arena = g_malloc(size);
    int result = virJsonObjectParse(copy ? copy : "", len, arena, size, &visitor);

    if (result == -ENOMEM)
        return g_strdup("ENOMEM");
    if (result != 0)
        return g_strdup(result == -EINVAL    ? "EINVAL"
                        : result == -EBADMSG ? "EBADMSG"
                                             : "another error");
    return g_strdup(g_strchomp(heard->str));
}

struct object {
    const char *path;
    const char *text;
    const char *expected;
};

static const struct object objects[] = {
    { "empty", "{}", "" },
    { "string", "{\"a\": \"x\"}", "0:string:1:x" },
    { "empty-string", "{\"a\": \"\"}", "0:string:0:" },
    { "number", "{\"a\": -12.5e3}", "0:number:7:-12.5e3" },
    { "large-number", "{\"a\": 99999999999999999999999999}",
      "0:number:26:99999999999999999999999999" },
    { "null", "{\"a\": null}", "0:other:0:" },
    { "boolean", "{\"a\": true}", "0:other:0:" },
    { "object", "{\"a\": {\"a\": \"x\", \"list\": [\"y\"]}}", "0:other:0:" },
    { "array", "{\"list\": [\"x\", \"y\"]}", "1:array:0: 1:element:1:x 1:element:1:y" },
    { "array-mixed", "{\"list\": [1, null, {\"a\": \"x\"}, [\"z\"], true, \"y\"]}",
      "1:array:0: 1:element:1:y" },
    { "unknown-members", "{\"b\": [{\"a\": 1}], \"a\": \"x\", \"aa\": \"y\", \"\": \"z\"}",
      "0:string:1:x" },
    { "after-nested", "{\"b\": {\"c\": {}}, \"a\": \"x\"}", "0:string:1:x" },
    { "twice", "{\"a\": \"x\", \"a\": \"y\"}", "0:string:1:x 0:string:1:y" },
    { "escaped-name", "{\"\\u0061\": \"x\"}", "0:string:1:x" },
    { "escapes", "{\"a\": \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"}",
      "0:string:10:\\\"\\\\/\\b\\f\\n\\r\\t\\303\\251" },
    { "surrogates", "{\"a\": \"\\ud83d\\ude00\"}", "0:string:4:\\360\\237\\230\\200" },
    { "not-utf8", "{\"a\": \"\xff\xc3\"}", "0:string:2:\\377\\303" },
    { "stop", "{\"a\": \"stop\", \"list\": []}", "EINVAL" },
    { "stop-and-nothing-more", "{\"a\": \"stop\", \"a\": \"stop\"}", "EINVAL" },
    { "stop-then-broken", "{\"a\": \"stop\", \"list\" []}", "EBADMSG" },
    { "stop-then-cut", "{\"a\": \"stop\"", "EBADMSG" },
    { "nothing", "", "EBADMSG" },
    { "space-before", " {}", "EBADMSG" },
    { "not-object", "[]", "EBADMSG" },
    { "bare-string", "\"a\"", "EBADMSG" },
    { "cut", "{\"a\": \"x\"", "EBADMSG" },
    { "cut-in-string", "{\"a\": \"x", "EBADMSG" },
    { "two", "{}{}", "EBADMSG" },
    { "no-colon", "{\"a\" \"x\"}", "EBADMSG" },
    { "no-comma", "{\"a\": \"x\" \"list\": []}", "EBADMSG" },
    { "comma-last", "{\"a\": \"x\",}", "EBADMSG" },
    { "control-character", "{\"a\": \"x\ny\"}", "EBADMSG" },
    { "comment", "{/* x */}", "EBADMSG" },
    { "wrong-bracket", "{\"list\": [}", "EBADMSG" },
    { "leading-zero-word", "{\"a\": nul}", "EBADMSG" },
};

static void
testObject(gconstpointer data)
{
    const struct object *object = data;
    g_autofree char *got = parse(object->text, strlen(object->text), 0);

    g_assert_cmpstr(got, ==, object->expected);
}

static void
testObjectNul(void)
{
    static const char escapedText[] = "{\"a\": \"x\\u0000y\"}";
    static const char rawText[] = "{\"a\": \"x\0y\"}";
    g_autofree char *escaped = parse(escapedText, sizeof(escapedText) - 1, 0);
    g_autofree char *raw = parse(rawText, sizeof(rawText) - 1, 0);

    g_assert_cmpstr(escaped, ==, "0:string:3:x");
    g_assert_cmpstr(raw, ==, "EBADMSG");
}

static void
testObjectDepth(void)
{
    int depth;

    for (depth = 1; depth <= VIR_JSON_DEPTH_MAX + 2; depth++) {
        g_autoptr(GString) text = g_string_new("{\"b\": ");
        g_autofree char *got = NULL;
        int i;

        for (i = 1; i < depth; i++)
            g_string_append_c(text, '[');
        if (depth == 1)
            g_string_append_c(text, '0');
        for (i = 1; i < depth; i++)
            g_string_append_c(text, ']');
        g_string_append_c(text, '}');
        got = parse(text->str, text->len, 0);
        g_assert_cmpstr(got, ==, depth <= VIR_JSON_DEPTH_MAX ? "" : "EBADMSG");
    }
}

/* What makes yajl use most memory: escapes, deep nesting, long strings, many keys, and texts that
 * end in the middle of each. What virJsonObjectArenaSize() promises must do for all of them. */
static void
testObjectArena(void)
{
    static const char *const pieces[] = { "\\n", "x", "\\u00e9", "\",\"a\":\"", "\"", "\\" };
    size_t lengths[] = { 1, 10, 100, 1000, 2040, 2048, 2056, 4090, 5000, 16384, 65000 };
    size_t i;
    size_t j;

    for (i = 0; i < G_N_ELEMENTS(pieces); i++) {
        for (j = 0; j < G_N_ELEMENTS(lengths); j++) {
            g_autoptr(GString) text = g_string_new("{\"a\": \"");
            g_autofree char *whole = NULL;
            g_autofree char *cut = NULL;

            while (text->len < lengths[j])
                g_string_append(text, pieces[i]);
            cut = parse(text->str, text->len, 0);
            g_assert_cmpstr(cut, ==, "EBADMSG");
            g_string_append(text, "\"}");
            whole = parse(text->str, text->len, 0);
            g_assert_cmpstr(whole, !=, "ENOMEM");
        }
    }
}

/* Too small an arena is an error, never a write beside it (valgrind and the sanitizers look). */
static void
testObjectArenaTooSmall(void)
{
    static const char text[] = "{\"a\": \"x\\ny\", \"list\": [\"x\\u0020\"]}";
    const gssize all = virJsonObjectArenaSize(sizeof(text) - 1);
    gssize size;
    int failed = 0;

    for (size = 0; size <= all; size += 8) {
        g_autofree char *got = parse(text, sizeof(text) - 1, size - all);

        if (strcmp(got, "ENOMEM") == 0)
            failed++;
        else
            g_assert_cmpstr(got, ==, "0:string:3:x\\ny 1:array:0: 1:element:2:x");
    }
    g_assert_cmpint(failed, >, 0);
}

/* The spans of a file and its damage: "offset+length ... !damage" */
static char *
walk(const char *text, size_t len)
{
    g_autofree struct virJsonArray *array = g_new(struct virJsonArray, 1);
    g_autoptr(GString) spans = g_string_new(NULL);
    struct virJsonSpan span;
    int fd = memfd_create("array", MFD_CLOEXEC);

    g_assert_cmpint(write(fd, text, len), ==, len);
    virJsonArrayInit(array, fd, len, NULL);
    while (virJsonArrayNext(array, &span)) {
        g_autofree char *buffer = g_malloc(span.len);
        const char *found = virJsonArrayText(array, &span, buffer);

        g_assert_cmpmem(found, span.len, text + span.offset, span.len);
        g_assert_true((found == buffer) == virJsonArrayNeedsBuffer(array, &span));
        g_string_append_printf(spans, "%ju+%zu ", (uintmax_t)span.offset, span.len);
    }
    if (array->damage != VIR_JSON_UNDAMAGED)
        g_string_append_printf(spans, "!%ju", (uintmax_t)array->damage);
    g_assert_cmpint(array->error, ==, 0);
    close(fd);
    return g_strdup(g_strchomp(spans->str));
}

static const struct object arrays[] = {
    { "empty-file", "", "" },
    { "empty", "[]", "" },
    { "spaces", " \t\r\n[ \n] \n", "" },
    { "one", "[{}]", "1+2" },
    { "two", "[ {}, {} ]\n", "2+2 6+2" },
    { "nested", "[{\"a\": [{}, [\"]\"]]}]", "1+18" },
    { "braces-in-string", "[{\"}{\": \"]}\"}]", "1+12" },
    { "quote-in-string", "[{\"a\": \"\\\"}\"}]", "1+12" },
    { "backslashes-in-string", "[{\"a\": \"\\\\\"}, {}]", "1+11 14+2" },
    { "only-space", " ", "!1" },
    { "no-array", "{}", "0+2 !0" },
    { "not-json", "hello", "!0" },
    { "no-end", "[{}", "1+2 !3" },
    { "comma-end", "[{},", "1+2 !4" },
    { "comma-first", "[,{}]", "2+2 !1" },
    { "comma-last", "[{},]", "1+2 !4" },
    { "no-comma", "[{}{}]", "1+2 3+2 !3" },
    { "two-commas", "[{},,{}]", "1+2 5+2 !4" },
    { "other-elements", "[1, {}, \"x\"]", "4+2 !1" },
    { "behind-the-end", "[{}] {}", "1+2 5+2 !5" },
    { "cut-object", "[{\"a\": 1}, {\"a\"", "1+8 !11" },
    { "cut-string", "[{\"a\": 1}, {\"a", "1+8 !11" },
    { "cut-escape", "[{\"a\": 1}, {\"a\\", "1+8 !11" },
    { "lost-brace", "[{\"a\": 1, {\"a\": 2}]", "10+8 !1" },
    { "lost-quote", "[{\"a: 1\n}, {\"a\": 2}]", "11+8 !1" },
    { "wrong-bracket", "[{\"a\": [}, {\"a\": 2}]", "11+8 !1" },
    { "extra-brace", "[{}}, {}]", "1+2 6+2 !3" },
    { "object-in-array-in-array", "[[{}]]", "2+2 !1" },
};

static void
testArray(gconstpointer data)
{
    const struct object *array = data;
    g_autofree char *got = walk(array->text, strlen(array->text));

    g_assert_cmpstr(got, ==, array->expected);
}

static void
testArrayNul(void)
{
    g_autofree char *between = walk("[{},\0{}]", 8);
    g_autofree char *inside = walk("[{\"a\": \"\0\"}, {}]", 16);

    g_assert_cmpstr(between, ==, "1+2 5+2 !4");
    g_assert_cmpstr(inside, ==, "13+2 !1");
}

/* An object across the window's border, at each place where it can lie, is found whole. */
static void
testArrayWindow(void)
{
    static const char object[] = "{\"a\": \"\\\\\\\"x\", \"b\": [{}]}";
    const size_t len = sizeof(object) - 1;
    size_t before;

    for (before = VIR_JSON_WINDOW - 2 * len; before < VIR_JSON_WINDOW + len; before++) {
        g_autoptr(GString) text = g_string_new("[");
        g_autofree char *expected = NULL;
        g_autofree char *got = NULL;

        while (text->len < before)
            g_string_append_c(text, ' ');
        g_string_append_printf(text, "%s,%s]", object, object);
        expected = g_strdup_printf("%zu+%zu %zu+%zu", before, len, before + len + 1, len);
        got = walk(text->str, text->len);
        g_assert_cmpstr(got, ==, expected);
    }
}

/* Up to VIR_JSON_OBJECT_MAX an object is found, above it is damage, and what comes behind is found
 * either way. */
static void
testArrayObjectSize(void)
{
    size_t size;

    for (size = VIR_JSON_OBJECT_MAX - 1; size <= VIR_JSON_OBJECT_MAX + 1; size++) {
        g_autofree char *filler = g_strnfill(size - strlen("{\"a\":\"\"}"), 'x');
        g_autofree char *text = g_strdup_printf("[{\"a\":\"%s\"},{}]", filler);
        g_autofree char *got = walk(text, strlen(text));
        g_autofree char *expected = size <= VIR_JSON_OBJECT_MAX
                                        ? g_strdup_printf("1+%zu %zu+2", size, size + 2)
                                        : g_strdup_printf("%zu+2 !1", size + 2);

        g_assert_cmpstr(got, ==, expected);
    }
}

static void
testArrayDepth(void)
{
    int depth;

    for (depth = VIR_JSON_DEPTH_MAX - 1; depth <= VIR_JSON_DEPTH_MAX + 1; depth++) {
        g_autofree char *opening = g_strnfill(depth - 1, '[');
        g_autofree char *closing = g_strnfill(depth - 1, ']');
        g_autofree char *text = g_strdup_printf("[{\"a\":%s%s}]", opening, closing);
        g_autofree char *got = walk(text, strlen(text));
        g_autofree char *expected = depth <= VIR_JSON_DEPTH_MAX
                                        ? g_strdup_printf("1+%zu", strlen(text) - 2)
                                        : g_strdup("!1");

        g_assert_cmpstr(got, ==, expected);
    }
}

/* A file that is shorter than it was when it was opened, and one that cannot be read. */
static void
testArrayShrinks(void)
{
    g_autofree struct virJsonArray *array = g_new(struct virJsonArray, 1);
    g_autofree char *filler = g_strnfill(2 * VIR_JSON_WINDOW, 'x');
    g_autofree char *text = g_strdup_printf("[{},{\"a\":\"%s\"}]", filler);
    g_autofree char *buffer = g_malloc(strlen(text));
    int fd = memfd_create("array", MFD_CLOEXEC);
    struct virJsonSpan span;

    g_assert_cmpint(write(fd, text, strlen(text)), ==, strlen(text));
    virJsonArrayInit(array, fd, strlen(text) + 100, NULL);
    g_assert_true(virJsonArrayNext(array, &span));
    g_assert_true(virJsonArrayNext(array, &span));
    g_assert_true(virJsonArrayNeedsBuffer(array, &span));
    g_assert_no_errno(ftruncate(fd, 10));
    g_assert_null(virJsonArrayText(array, &span, buffer));
    g_assert_false(virJsonArrayNext(array, &span));
    g_assert_cmpint(array->error, ==, 0);
    close(fd);

    virJsonArrayInit(array, fd, 100, NULL);
    g_assert_false(virJsonArrayNext(array, &span));
    g_assert_cmpint(array->error, ==, -EBADF);
}

int
main(int argc, char **argv)
{
    testInit(&argc, &argv);
    TEST_ADD_TABLE("object", objects, testObject);
    TEST_ADD_TABLE("array", arrays, testArray);
    g_test_add_func("/object/nul", testObjectNul);
    g_test_add_func("/object/depth", testObjectDepth);
    g_test_add_func("/object/arena", testObjectArena);
    g_test_add_func("/object/arena-too-small", testObjectArenaTooSmall);
    g_test_add_func("/array/nul", testArrayNul);
    g_test_add_func("/array/window", testArrayWindow);
    g_test_add_func("/array/object-size", testArrayObjectSize);
    g_test_add_func("/array/depth", testArrayDepth);
    g_test_add_func("/array/shrinks", testArrayShrinks);
    return g_test_run();
}
