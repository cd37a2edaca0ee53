/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* What "virt-names watch" makes of two moments. */

#include <config.h>

#include <arpa/inet.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "nameschanges.h"
#include "testutil.h"

#define NOW 1000

/* Rows are written "SERVICE NAME ADDRESS MAC EXPIRY", one behind the other with "; " between: the
 * service is h for a guest's hostname, d for a domain's name and s for what a network declares, the
 * MAC address its last octet, or "-" for none. */
struct moments {
    const char *path;
    const char *before; /* NULL: nobody has looked yet */
    const char *after;
    /* "EVENT NAME ADDRESS", behind what was renewed, moved or renamed " < " and how it was */
    const char *expected;
};

static const struct moments moments[] = {
    { "nothing", "", "", "" },
    { "nobody-looked", NULL, "h web 10.0.0.1 01 2000", "added web 10.0.0.1" },
    { "same", "h web 10.0.0.1 01 2000; d web 10.0.0.1 01 2000; s gw 10.0.0.9 - 0",
      "h web 10.0.0.1 01 2000; d web 10.0.0.1 01 2000; s gw 10.0.0.9 - 0", "" },
    { "other-order", "h web 10.0.0.1 01 2000; h db 10.0.0.2 02 2000",
      "h db 10.0.0.2 02 2000; h web 10.0.0.1 01 2000", "" },
    { "added", "", "h web 10.0.0.1 01 2000; s gw 10.0.0.9 - 0",
      "added web 10.0.0.1, added gw 10.0.0.9" },
    { "gone", "h web 10.0.0.1 01 2000; s gw 10.0.0.9 - 0", "",
      "gone web 10.0.0.1, gone gw 10.0.0.9" },
    { "never-expires", "h web 10.0.0.1 01 0", "", "gone web 10.0.0.1" },
    /* dnsmasq takes a lease off its list in the second in which it ends */
    { "expired", "h a 10.0.0.1 01 999; h b 10.0.0.2 02 1000; h c 10.0.0.3 03 1001", "",
      "expired a 10.0.0.1, expired b 10.0.0.2, gone c 10.0.0.3" },
    { "renewed", "h web 10.0.0.1 01 2000", "h web 10.0.0.1 01 3000",
      "renewed web 10.0.0.1 < web 10.0.0.1" },
    { "renewed-for-ever", "h web 10.0.0.1 01 2000", "h web 10.0.0.1 01 0",
      "renewed web 10.0.0.1 < web 10.0.0.1" },
    /* The name answers as before, but whoever keeps the list must hear of it */
    { "mac-is-known", "h web fd00::1 - 2000", "h web fd00::1 01 2000",
      "renewed web fd00::1 < web fd00::1" },
    { "other-mac", "h web 10.0.0.1 01 2000", "h web 10.0.0.1 02 2000",
      "renewed web 10.0.0.1 < web 10.0.0.1" },
    { "moved", "h web 10.0.0.1 01 2000", "h web 10.0.0.2 01 2000",
      "moved web 10.0.0.2 < web 10.0.0.1" },
    { "moved-and-renewed", "h web 10.0.0.1 01 2000", "h web 10.0.0.2 01 3000",
      "moved web 10.0.0.2 < web 10.0.0.1" },
    { "domain-moved", "d web 10.0.0.1 01 2000; h x 10.0.0.1 01 2000",
      "d web 10.0.0.2 01 2000; h x 10.0.0.2 01 2000",
      "moved web 10.0.0.2 < web 10.0.0.1, moved x 10.0.0.2 < x 10.0.0.1" },
    { "other-family", "h web 10.0.0.1 01 2000", "h web fd00::1 01 2000",
      "gone web 10.0.0.1, added web fd00::1" },
    { "name-moves-to-another-guest", "h web 10.0.0.1 01 2000", "h web 10.0.0.2 02 2000",
      "gone web 10.0.0.1, added web 10.0.0.2" },
    { "address-goes-to-another-guest", "h web 10.0.0.1 01 2000", "h db 10.0.0.1 02 2000",
      "gone web 10.0.0.1, added db 10.0.0.1" },
    { "moved-and-renamed", "h web 10.0.0.1 01 2000", "h db 10.0.0.2 01 2000",
      "gone web 10.0.0.1, added db 10.0.0.2" },
    { "without-mac", "h web fd00::1 - 2000", "h db fd00::1 - 2000",
      "gone web fd00::1, added db fd00::1" },
    { "static", "s gw 10.0.0.9 - 0", "s gw 10.0.0.8 - 0", "gone gw 10.0.0.9, added gw 10.0.0.8" },
    { "lease-becomes-static", "h web 10.0.0.1 01 2000", "s web 10.0.0.1 - 0",
      "gone web 10.0.0.1, added web 10.0.0.1" },
    { "hostname-becomes-domain", "h web 10.0.0.1 01 2000", "d web 10.0.0.1 01 2000",
      "gone web 10.0.0.1, added web 10.0.0.1" },
    { "renamed", "h web 10.0.0.1 01 2000", "h db 10.0.0.1 01 2000",
      "renamed db 10.0.0.1 < web 10.0.0.1" },
    { "other-letters", "h web 10.0.0.1 01 2000", "h Web 10.0.0.1 01 2000",
      "renamed Web 10.0.0.1 < web 10.0.0.1" },
    { "both-names-renamed", "h web.lab 10.0.0.1 01 2000; h web 10.0.0.1 01 2000",
      "h db.lab 10.0.0.1 01 3000; h db 10.0.0.1 01 3000",
      "renamed db.lab 10.0.0.1 < web.lab 10.0.0.1, renamed db 10.0.0.1 < web 10.0.0.1" },
    { "both-names-renamed-in-other-order", "h web 10.0.0.1 01 2000; h web.lab 10.0.0.1 01 2000",
      "h db.lab 10.0.0.1 01 3000; h db 10.0.0.1 01 3000",
      "renamed db.lab 10.0.0.1 < web.lab 10.0.0.1, renamed db 10.0.0.1 < web 10.0.0.1" },
    { "renamed-without-domain", "h web.lab 10.0.0.1 01 2000; h web 10.0.0.1 01 2000",
      "h db 10.0.0.1 01 2000", "gone web.lab 10.0.0.1, renamed db 10.0.0.1 < web 10.0.0.1" },
    { "other-domain", "h web.lab 10.0.0.1 01 2000; h web 10.0.0.1 01 2000",
      "h web.net 10.0.0.1 01 2000; h web 10.0.0.1 01 2000",
      "renamed web.net 10.0.0.1 < web.lab 10.0.0.1" },
    { "both-names-moved", "h web.lab 10.0.0.1 01 2000; h web 10.0.0.1 01 2000",
      "h web.lab 10.0.0.2 01 2000; h web 10.0.0.2 01 2000",
      "moved web.lab 10.0.0.2 < web.lab 10.0.0.1, moved web 10.0.0.2 < web 10.0.0.1" },
    { "addresses-swapped", "h web 10.0.0.1 01 2000; h db 10.0.0.2 02 2000",
      "h web 10.0.0.2 01 2000; h db 10.0.0.1 02 2000",
      "moved web 10.0.0.2 < web 10.0.0.1, moved db 10.0.0.1 < db 10.0.0.2" },
    { "names-swapped", "h web 10.0.0.1 01 2000; h db 10.0.0.2 02 2000",
      "h db 10.0.0.1 01 2000; h web 10.0.0.2 02 2000",
      "renamed db 10.0.0.1 < web 10.0.0.1, renamed web 10.0.0.2 < db 10.0.0.2" },
    { "several-addresses-renewed", "h web 10.0.0.1 01 2000; h web fd00::1 01 2000",
      "h web 10.0.0.1 01 2001; h web fd00::1 01 2002",
      "renewed web 10.0.0.1 < web 10.0.0.1, renewed web fd00::1 < web fd00::1" },
    { "several-addresses-moved", "h web 10.0.0.1 01 2000; h web 10.0.0.2 01 2000",
      "h web 10.0.0.3 01 2000; h web 10.0.0.4 01 2000",
      "moved web 10.0.0.3 < web 10.0.0.1, moved web 10.0.0.4 < web 10.0.0.2" },
    { "one-of-several-stays", "h web 10.0.0.1 01 2000; h web 10.0.0.2 01 2000",
      "h web 10.0.0.2 01 2000; h web 10.0.0.3 01 2000", "moved web 10.0.0.3 < web 10.0.0.1" },
    { "one-becomes-two", "h web 10.0.0.1 01 2000", "h web 10.0.0.2 01 2000; h web 10.0.0.3 01 2000",
      "moved web 10.0.0.2 < web 10.0.0.1, added web 10.0.0.3" },
    { "two-become-one", "h web 10.0.0.1 01 2000; h web 10.0.0.2 01 2000", "h web 10.0.0.3 01 2000",
      "gone web 10.0.0.2, moved web 10.0.0.3 < web 10.0.0.1" },
    { "both-families-moved", "h web 10.0.0.1 01 2000; h web fd00::1 01 2000",
      "h web fd00::2 01 2000; h web 10.0.0.2 01 2000",
      "moved web fd00::2 < web fd00::1, moved web 10.0.0.2 < web 10.0.0.1" },
    { "one-mac-several-names", "d a 10.0.0.1 01 2000; d b 10.0.0.1 01 2000",
      "d b 10.0.0.1 01 2000; d c 10.0.0.1 01 2000", "renamed c 10.0.0.1 < a 10.0.0.1" },
    { "order", "h a 10.0.0.1 01 2000; h b 10.0.0.2 02 2000; h c 10.0.0.3 03 900; h d 10.0.0.4 04 1",
      "h e 10.0.0.5 05 2000; h b2 10.0.0.2 02 2000; h a 10.0.0.1 01 3000; h d 10.0.0.9 04 2000",
      "expired c 10.0.0.3, renewed a 10.0.0.1 < a 10.0.0.1, moved d 10.0.0.9 < d 10.0.0.4, "
      "renamed b2 10.0.0.2 < b 10.0.0.2, added e 10.0.0.5" },
};

static void
addRow(struct namesRows *rows, enum namesSource source, const char *name, const char *addr,
       int octet, gint64 expiry)
{
    struct namesRow row = {
        .name = g_string_chunk_insert(rows->strings, name),
        .source = source,
        .addr.family = strchr(addr, ':') ? AF_INET6 : AF_INET,
        .mac.octets = { 0x52, 0x54, 0, 0, 0, 0 },
        .hasMac = octet >= 0,
        .expiry = expiry,
        .bridge = "virbr0",
    };

    g_assert_cmpint(inet_pton(row.addr.family, addr, row.addr.bytes), ==, 1);
    row.mac.octets[5] = octet;
    g_array_append_val(rows->array, row);
    rows->rows = (struct namesRow *)(void *)rows->array->data;
    rows->nrows = rows->array->len;
}

static struct namesRows *
parse(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "; ", -1);
    struct namesRows *rows = namesRowsEmpty();
    size_t i;

    for (i = 0; lines[i]; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", 5);
        enum namesSource source = NAMES_SOURCE_LIBVIRT;

        g_assert_cmpuint(g_strv_length(words), ==, 5);
        if (words[0][0] == 'd')
            source = NAMES_SOURCE_GUEST;
        else if (words[0][0] == 's')
            source = NAMES_SOURCE_STATIC;
        addRow(rows, source, words[1], words[2],
               words[3][0] == '-' ? -1 : (int)g_ascii_strtoll(words[3], NULL, 16),
               g_ascii_strtoll(words[4], NULL, 10));
    }
    return rows;
}

static void
describeRow(GString *text, const struct namesRow *row)
{
    char addr[INET6_ADDRSTRLEN];

    g_string_append_printf(text, "%s %s", row->name,
                           inet_ntop(row->addr.family, row->addr.bytes, addr, sizeof(addr)));
}

static char *
describe(const GArray *changes)
{
    static const char *const kinds[] = {
        [NAMES_CHANGE_PRESENT] = "present", [NAMES_CHANGE_ADDED] = "added",
        [NAMES_CHANGE_RENEWED] = "renewed", [NAMES_CHANGE_MOVED] = "moved",
        [NAMES_CHANGE_RENAMED] = "renamed", [NAMES_CHANGE_EXPIRED] = "expired",
        [NAMES_CHANGE_GONE] = "gone",
    };
    GString *text = g_string_new(NULL);
    guint i;

    for (i = 0; i < changes->len; i++) {
        const struct namesChange *change = &g_array_index(changes, struct namesChange, i);

        g_string_append_printf(text, "%s%s ", i ? ", " : "", kinds[change->kind]);
        describeRow(text, change->row);
        if (change->old) {
            g_string_append(text, " < ");
            describeRow(text, change->old);
        }
    }
    return g_string_free(text, FALSE);
}

static void
testMoments(gconstpointer data)
{
    const struct moments *moment = data;
    struct namesRows *before = moment->before ? parse(moment->before) : NULL;
    struct namesRows *after = parse(moment->after);
    g_autoptr(GArray) changes = namesChangesFind(before, after, NOW);
    g_autofree char *got = describe(changes);

    g_assert_cmpstr(got, ==, moment->expected);
    g_clear_pointer(&before, namesRowsFree);
    namesRowsFree(after);
}

static void
testPresent(void)
{
    struct namesRows *rows = parse("h web 10.0.0.1 01 2000; s gw 10.0.0.9 - 0");
    g_autoptr(GArray) changes = namesChangesPresent(rows);
    g_autofree char *got = describe(changes);

    g_assert_cmpstr(got, ==, "present web 10.0.0.1, present gw 10.0.0.9");
    namesRowsFree(rows);
}

/* What becomes of many guests at once. */
static const struct many {
    const char *path;
    gboolean isMoved;
    gboolean isRenamed;
    gboolean hasOneMac; /* all addresses are of one guest */
    enum namesChangeKind kind;
} manys[] = {
    { "renewed", FALSE, FALSE, FALSE, NAMES_CHANGE_RENEWED },
    { "moved", TRUE, FALSE, FALSE, NAMES_CHANGE_MOVED },
    { "moved-one-guest", TRUE, FALSE, TRUE, NAMES_CHANGE_MOVED },
    { "renamed", FALSE, TRUE, FALSE, NAMES_CHANGE_RENAMED },
    { "renamed-one-guest", FALSE, TRUE, TRUE, NAMES_CHANGE_RENAMED },
    { "others", TRUE, TRUE, FALSE, NAMES_CHANGE_GONE },
};

#define MANY 20000u

static struct namesRows *
makeMany(const struct many *many, gboolean isAfter)
{
    struct namesRows *rows = namesRowsEmpty();
    unsigned int i;

    for (i = 0; i < MANY; i++) {
        g_autofree char *name = NULL;
        g_autofree char *addr = NULL;

        name = g_strdup_printf("%s-%u", isAfter && many->isRenamed ? "new" : "old",
                               many->hasOneMac && many->isMoved ? 0 : i);
        addr = g_strdup_printf("10.%u.%u.%u", isAfter && many->isMoved ? 1u : 0u, i >> 8, i & 255);
        addRow(rows, NAMES_SOURCE_LIBVIRT, name, addr, 1, isAfter ? 3000 : 2000);
        if (!many->hasOneMac) {
            rows->rows[i].mac.octets[3] = i >> 8;
            rows->rows[i].mac.octets[4] = i & 255;
        }
    }
    return rows;
}

static void
testMany(gconstpointer data)
{
    const struct many *many = data;
    struct namesRows *before = makeMany(many, FALSE);
    struct namesRows *after = makeMany(many, TRUE);
    const clock_t begin = clock();
    g_autoptr(GArray) changes = namesChangesFind(before, after, NOW);
    /* Of the processor: others may take it as long as they like */
    const double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    guint others = 0;
    guint i;

    g_test_message("%u changes in %.3f s", changes->len, seconds);
    /* It takes about a tenth of that; a sanitizer may take several times as long */
    if (!g_getenv("NSS_TEST_VALGRIND"))
        g_assert_cmpfloat(seconds, <, INSTRUMENTED ? 5 : 0.5);
    g_assert_cmpuint(changes->len, ==, many->kind == NAMES_CHANGE_GONE ? 2 * MANY : MANY);
    for (i = 0; i < MIN(MANY, changes->len); i++)
        others += g_array_index(changes, struct namesChange, i).kind != many->kind;
    g_assert_cmpuint(others, ==, 0);
    namesRowsFree(before);
    namesRowsFree(after);
}

int
main(int argc, char **argv)
{
    testInit(&argc, &argv);
    TEST_ADD_TABLE("changes", moments, testMoments);
    TEST_ADD_TABLE("many", manys, testMany);
    g_test_add_func("/changes/present", testPresent);
    return g_test_run();
}
