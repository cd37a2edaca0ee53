/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* The search for bytes: what it must report, what it should not, and that no border hides anything.
 */

#include <config.h>

#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "testutil.h"
#include "virblock.h"
#include "virjsonarray.h"
#include "virsearch.h"

#define NOWHERE (-1)

struct row {
    const char *path;
    const char *text;
    const char *wanted; /* a name, a MAC address or an address */
    gboolean dotted;
    int place;
};

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct row names[] = {
    { "value", "{\"hostname\": \"web\"}", "web", FALSE, 13 },
    { "case", "{\"hostname\": \"WeB\"}", "wEb", FALSE, 13 },
    { "no-spaces", "{\"hostname\":\"web\"}", "web", FALSE, 12 },
    { "second", "{\"hostname\": \"webs\", \"a\": \"web\"}", "web", FALSE, 26 },
    { "longer", "{\"hostname\": \"web1\"}", "web", FALSE, NOWHERE },
    { "shorter", "{\"hostname\": \"we\"}", "web", FALSE, NOWHERE },
    { "end-of-another", "{\"hostname\": \"cobweb\"}", "web", FALSE, NOWHERE },
    { "dot", "{\"hostname\": \"web.lab\"}", "web", FALSE, NOWHERE },
    { "dotted", "{\"hostname\": \"web.lab\"}", "web", TRUE, 13 },
    { "dotted-plain", "{\"hostname\": \"web\"}", "web", TRUE, 13 },
    { "dotted-longer", "{\"hostname\": \"web1.lab\"}", "web", TRUE, NOWHERE },
    { "one-letter", "{\"hostname\": \"w\"}", "W", FALSE, 13 },
    { "empty", "{\"hostname\": \"\"}", "", FALSE, 13 },
    { "not-empty", "{\"hostname\": \"a\"}", "", FALSE, NOWHERE },
    { "key", "{\"hostname\": \"web\"}", "hostname", FALSE, NOWHERE },
    { "key-space", "{\"hostname\" \r\n\t : \"web\"}", "hostname", FALSE, NOWHERE },
    { "key-and-value", "{\"hostname\": \"hostname\"}", "hostname", FALSE, 13 },
    { "no-letters", "{\"hostname\": \"1@2\"}", "1@2", FALSE, 13 },
    { "letters-only-fold", "{\"hostname\": \"1`2\"}", "1@2", FALSE, NOWHERE },
    { "high-bytes", "{\"domain\": \"\xc3\xbc\"}", "\xc3\xbc", FALSE, 11 },
    { "high-bytes-exact", "{\"domain\": \"\xc3\x9c\"}", "\xc3\xbc", FALSE, NOWHERE },
    { "braces", "{\"domain\": \"{a}\"}", "{a}", FALSE, 11 },
    { "backslash", "{\"hostname\": \"a\\nb\"}", "web", FALSE, 15 },
    { "backslash-behind", "{\"hostname\": \"web\", \"a\": \"\\n\"}", "web", FALSE, 13 },
    { "63-letters", "[\"" L63 "\"]", L63, FALSE, 1 },
    { "63-letters-not", "[\"" L63 "b\"]", L63, FALSE, NOWHERE },
    { "beginning-of-long", "[\"" L63 "bcd\"]", L63 "xyz", FALSE, 1 },
    { "cut", "[\"web", "web", FALSE, NOWHERE },
    { "at-the-end", "\"web\"", "web", FALSE, 0 },
    { "no-text", "", "web", FALSE, NOWHERE },
};

/* The place is the last character but one. */
static const struct row macs[] = {
    { "lower", "\"52:54:00:e2:00:0a\"", "52:54:00:e2:00:0a", FALSE, 16 },
    { "upper", "\"52:54:00:E2:00:0A\"", "52:54:00:e2:00:0a", FALSE, 16 },
    { "short", "\"52:54:0:e2:0:a\"", "52:54:00:e2:00:0a", FALSE, 13 },
    { "shortest", "\"0:0:0:0:0:0\"", "00:00:00:00:00:00", FALSE, 10 },
    { "two-digits", "\"52:54:0:E2:0:AF\"", "52:54:00:e2:00:af", FALSE, 14 },
    { "two-digits-another", "\"52:54:0:E2:0:F\"", "52:54:00:e2:00:af", FALSE, NOWHERE },
    { "another", "\"52:54:00:e2:01:0a\"", "52:54:00:e2:00:0a", FALSE, NOWHERE },
    { "same-end", "\"ip\": \"fd00::a\"", "52:54:00:e2:00:0a", FALSE, NOWHERE },
    { "client-id", "\"01:52:54:00:e2:00:0a\"", "52:54:00:e2:00:0a", FALSE, NOWHERE },
    { "no-quote-before", "52:54:00:e2:00:0a\"", "52:54:00:e2:00:0a", FALSE, NOWHERE },
    { "no-quote-behind", "\"52:54:00:e2:00:0a", "52:54:00:e2:00:0a", FALSE, NOWHERE },
    { "backslash", "\"52:54:00:e2:00:0\\u0061\"", "52:54:00:e2:00:0a", FALSE, 17 },
};

/* With IPv4 the place is the opening quote, as for a name; with IPv6 the first character, or the
 * last but one where the first group has fewer than four digits. */
static const struct row addresses[] = {
    { "v4", "\"10.0.0.123\"", "10.0.0.123", FALSE, 0 },
    { "v4-one-digit", "\"10.0.0.1\"", "10.0.0.1", FALSE, 0 },
    { "v4-longer", "\"10.0.0.1234\"", "10.0.0.123", FALSE, NOWHERE },
    { "v4-shorter", "\"0.0.0.123\"", "10.0.0.123", FALSE, NOWHERE },
    { "v4-other", "\"10.0.1.123\"", "10.0.0.123", FALSE, NOWHERE },
    { "v4-key", "\"10.0.0.1\": \"x\"", "10.0.0.1", FALSE, NOWHERE },
    { "v4-backslash", "\"10.0.0.\\u0031\"", "10.0.0.1", FALSE, 8 },
    { "v6", "\"fd00::1f\"", "fd00::1f", FALSE, 1 },
    { "v6-case", "\"FD00::1F\"", "fd00::1f", FALSE, 1 },
    { "v6-long", "\"fd00:0000:0000:0000:0000:0000:0000:001f\"", "fd00::1f", FALSE, 1 },
    { "v6-dotted", "\"fd00::255.255.255.255\"", "fd00::ffff:ffff", FALSE, 1 },
    { "v6-colons", "\"fd00::\"", "fd00::", FALSE, 1 },
    { "v6-zero", "\"fd00::0\"", "fd00::", FALSE, 1 },
    { "v6-colons-inside", "\"fd00::1:0\"", "fd00::1:0", FALSE, 1 },
    { "v6-other", "\"fd00::2f\"", "fd00::1f", FALSE, NOWHERE },
    { "v6-prefix", "\"fd00::1f\"", "fd00::1", FALSE, NOWHERE },
    { "v6-no-quote-before", "fd00::1f\"", "fd00::1f", FALSE, NOWHERE },
    { "v6-no-quote-behind", "\"fd00::1f", "fd00::1f", FALSE, NOWHERE },
    { "v6-in-long-string", "\"fd00::1fffffffffffffffffffffffffffffffffffffffffffffffffff\"",
      "fd00::1f", FALSE, NOWHERE },
    { "v6-short-group", "\"fe::1f\"", "fe::1f", FALSE, 5 },
    { "v6-short-group-padded", "\"00fe::001F\"", "fe::1f", FALSE, 9 },
    { "v6-short-group-dotted", "\"fe::0.0.0.31\"", "fe::1f", FALSE, 11 },
    { "v6-short-group-dotted-three", "\"fe::0.0.0.123\"", "fe::7b", FALSE, 12 },
    { "v6-three-digits", "\"a12::1\"", "a12::1", FALSE, 5 },
    { "v6-short-group-digit", "\"fe::1:1\"", "fe::1:1", FALSE, 6 },
    { "v6-short-group-zero", "\"fe::00\"", "fe::", FALSE, 5 },
    { "v6-short-group-colons", "\"fe::\"", "fe::", FALSE, 3 },
    { "v6-loopback", "\"::1\"", "::1", FALSE, 2 },
    { "v6-any", "\"::\"", "::", FALSE, 1 },
    { "v6-mapped", "\"::ffff:10.0.0.1\"", "::ffff:10.0.0.1", FALSE, 14 },
    { "v6-mapped-hex", "\"::ffff:a00:1\"", "::ffff:10.0.0.1", FALSE, 11 },
};

static int
find(const struct virSearch *search, const char *text, size_t len)
{
    /* Without NUL behind it, so that a read beyond the end is seen by valgrind and the sanitizers
     */
    g_autofree char *copy = g_memdup2(text, len);
    size_t place = virSearchNext(search, copy, 0, len, len);

    return place < len ? (int)place : NOWHERE;
}

/* Also behind other text of every length up to several blocks, so that the string lies everywhere
 * in the blocks that are compared at once. */
static void
testRow(const struct row *row, const struct virSearch *search)
{
    g_autoptr(GString) text = g_string_new(row->text);
    size_t shift;

    for (shift = 0; shift < 10 * VIR_BLOCK_SIZE; shift++) {
        g_assert_cmpint(find(search, text->str, text->len), ==,
                        row->place == NOWHERE ? NOWHERE : row->place + (int)shift);
        g_string_prepend_c(text, 'x');
    }
}

static void
testName(gconstpointer data)
{
    const struct row *row = data;
    struct virSearch search;

    virSearchName(&search, row->wanted, strlen(row->wanted), row->dotted);
    testRow(row, &search);
}

static void
testMac(gconstpointer data)
{
    const struct row *row = data;
    struct virSearch search;
    struct virMacAddr mac;

    g_assert_true(virMacAddrParse(&mac, row->wanted, strlen(row->wanted)));
    virSearchMacs(&search, &mac, 1);
    testRow(row, &search);
}

static void
testAddress(gconstpointer data)
{
    const struct row *row = data;
    struct virSearch search;
    struct virSocketAddr addr;

    g_assert_true(virSocketAddrParse(&addr, row->wanted, strlen(row->wanted)));
    virSearchAddr(&search, &addr);
    testRow(row, &search);
}

/* With several addresses the first place of any of them is reported; with too many, every place. */
static void
testManyMacs(void)
{
    static const char text[] = "[\"0:0:0:0:0:7\", \"0:0:0:0:0:3\", \"0:0:0:0:0:5\"]";
    struct virMacAddr wanted[VIR_SEARCH_MACS_MAX + 1] = { 0 };
    struct virSearch search;
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(wanted); i++)
        wanted[i].octets[5] = i + 3;
    virSearchMacs(&search, wanted, 2);
    g_assert_cmpint(find(&search, text, sizeof(text) - 1), ==, 26);
    virSearchMacs(&search, wanted, VIR_SEARCH_MACS_MAX);
    g_assert_cmpint(find(&search, text, sizeof(text) - 1), ==, 11);
    virSearchMacs(&search, wanted, VIR_SEARCH_MACS_MAX + 1);
    g_assert_cmpint(find(&search, text, sizeof(text) - 1), ==, 0);
}

/* Only places from "from" on and below "to" count. */
static void
testRange(void)
{
    static const char text[] = "[\"web\", \"web\"]";
    struct virSearch search;

    virSearchName(&search, "web", 3, FALSE);
    g_assert_cmpuint(virSearchNext(&search, text, 0, 14, 14), ==, 1);
    g_assert_cmpuint(virSearchNext(&search, text, 1, 14, 14), ==, 1);
    g_assert_cmpuint(virSearchNext(&search, text, 2, 14, 14), ==, 8);
    g_assert_cmpuint(virSearchNext(&search, text, 9, 14, 14), ==, 14);
    g_assert_cmpuint(virSearchNext(&search, text, 2, 8, 14), ==, 8);
    g_assert_cmpuint(virSearchNext(&search, text, 2, 7, 14), ==, 7);
    g_assert_cmpuint(virSearchNext(&search, text, 5, 5, 14), ==, 5);
}

static guint
countWanted(const char *text, size_t len, const struct virSearch *search, uint64_t *offset)
{
    g_autofree struct virJsonArray *array = g_new(struct virJsonArray, 1);
    struct virJsonSpan span;
    int fd = memfd_create("array", MFD_CLOEXEC);
    guint count = 0;

    g_assert_cmpint(write(fd, text, len), ==, len);
    virJsonArrayInit(array, fd, len, search);
    while (virJsonArrayNext(array, &span)) {
        *offset = span.offset;
        count++;
    }
    close(fd);
    return count;
}

/* The wanted object stands at each offset around the border of the window, behind other objects or
 * behind spaces, before other objects; it alone is handed out. */
static void
testWindow(void)
{
    static const char other[] = "{\"hostname\": \"no\", \"mac-address\": \"52:54:00:00:00:02\"},\n";
    static const char object[] = "{\"mac-address\": \"52:54:00:00:00:01\", \"hostname\": \"web\"}";
    const struct virMacAddr mac = { { 0x52, 0x54, 0, 0, 0, 1 } };
    struct virSearch name;
    struct virSearch address;
    size_t before;

    virSearchName(&name, "web", 3, FALSE);
    virSearchMacs(&address, &mac, 1);
    for (before = VIR_JSON_WINDOW - 250; before < VIR_JSON_WINDOW + 100; before++) {
        g_autoptr(GString) text = g_string_new("[");
        uint64_t offset = 0;

        while (before % 2 == 0 && text->len + sizeof(other) < before)
            g_string_append(text, other);
        while (text->len < before)
            g_string_append_c(text, ' ');
        g_string_append_printf(text, "%s,%s%s{}]", object, other, other);
        g_assert_cmpuint(countWanted(text->str, text->len, &name, &offset), ==, 1);
        g_assert_cmpuint(offset, ==, before);
        g_assert_cmpuint(countWanted(text->str, text->len, &address, &offset), ==, 1);
        g_assert_cmpuint(offset, ==, before);
    }
}

/* What is wanted, but not in an object, or in one that is none. */
static void
testOutside(void)
{
    static const char *const texts[] = {
        "[\"web\"]",
        "[\"web\", {}]",
        "[{}, \"web\"]",
        "[{\"hostname\": \"web\"",
        "[{\"hostname\": \"web\n\"}]",
        "\"web\"",
    };
    struct virSearch search;
    uint64_t offset;
    size_t i;

    virSearchName(&search, "web", 3, FALSE);
    for (i = 0; i < G_N_ELEMENTS(texts); i++)
        g_assert_cmpuint(countWanted(texts[i], strlen(texts[i]), &search, &offset), ==, 0);
}

static void
testBlock(void)
{
    char text[VIR_BLOCK_SIZE + 1] = "0123456789abcdef";
    unsigned int i;

    for (i = 0; i < VIR_BLOCK_SIZE; i++) {
        g_assert_cmpuint(virBlockMask(virBlockLoad(text) == virBlockFill(text[i])), ==, 1U << i);
        g_assert_cmpuint(virBlockMask(virBlockLoad(text) <= virBlockFill(text[i])), ==,
                         (2U << i) - 1);
    }
    g_assert_cmpuint(virBlockMask(virBlockLoad(text) == virBlockFill('x')), ==, 0);
    memset(text, 0xff, VIR_BLOCK_SIZE);
    g_assert_cmpuint(virBlockMask(virBlockLoad(text) == virBlockFill(0xff)), ==, 0xffff);
    g_assert_cmpuint(virBlockMask(virBlockLoad(text) <= virBlockFill(0xfe)), ==, 0);
}

int
main(int argc, char **argv)
{
    testInit(&argc, &argv);
    TEST_ADD_TABLE("name", names, testName);
    TEST_ADD_TABLE("mac", macs, testMac);
    TEST_ADD_TABLE("address", addresses, testAddress);
    g_test_add_func("/many-macs", testManyMacs);
    g_test_add_func("/range", testRange);
    g_test_add_func("/array/window", testWindow);
    g_test_add_func("/array/outside", testOutside);
    g_test_add_func("/block", testBlock);
    return g_test_run();
}
