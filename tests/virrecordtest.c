/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* The records of the files: leases and entries of MAC maps. */

#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "testutil.h"
#include "virlease.h"
#include "virleaserecord.h"
#include "virmacmap.h"

struct row {
    const char *path;
    const char *text;
    const char *expected; /* NULL: no record */
};

#define IP "\"ip-address\": \"10.0.0.1\""
#define MAC "\"mac-address\": \"52:54:0:0:0:A\""
#define EXPIRY "\"expiry-time\": 4000000000"

static const struct row leases[] = {
    { "whole",
      "{" IP ", " MAC ", \"hostname\": \"web\", \"client-id\": \"01\", " EXPIRY
      ", \"domain\": \"lab\"}",
      "10.0.0.1 52:54:00:00:00:0a web lab 4000000000" },
    { "least", "{" EXPIRY "," IP "}", "10.0.0.1 - - - 4000000000" },
    { "v6", "{\"ip-address\": \"fd00:0::1\", " EXPIRY "}", "fd00::1 - - - 4000000000" },
    { "never", "{" IP ", \"expiry-time\": 0}", "10.0.0.1 - - - 0" },
    { "largest", "{" IP ", \"expiry-time\": 9223372036854775807}",
      "10.0.0.1 - - - 9223372036854775807" },
    { "smallest", "{" IP ", \"expiry-time\": -9223372036854775808}",
      "10.0.0.1 - - - -9223372036854775808" },
    { "too-large", "{" IP ", \"expiry-time\": 9223372036854775808}", NULL },
    { "too-small", "{" IP ", \"expiry-time\": -9223372036854775809}", NULL },
    { "fraction", "{" IP ", \"expiry-time\": 1.0}", NULL },
    { "exponent", "{" IP ", \"expiry-time\": 1e9}", NULL },
    { "expiry-string", "{" IP ", \"expiry-time\": \"4000000000\"}", NULL },
    { "expiry-null", "{" IP ", \"expiry-time\": null}", NULL },
    { "no-expiry", "{" IP ", " MAC "}", NULL },
    { "no-ip", "{" MAC ", " EXPIRY "}", NULL },
    { "ip-name", "{\"ip-address\": \"web\", " EXPIRY "}", NULL },
    { "ip-number", "{\"ip-address\": 10, " EXPIRY "}", NULL },
    { "ip-list", "{\"ip-address\": [\"10.0.0.1\"], " EXPIRY "}", NULL },
    { "hostname-number", "{" IP ", " EXPIRY ", \"hostname\": 5}", NULL },
    { "hostname-list", "{" IP ", " EXPIRY ", \"hostname\": []}", NULL },
    { "hostname-null", "{" IP ", " EXPIRY ", \"hostname\": null}", NULL },
    { "domain-object", "{" IP ", " EXPIRY ", \"domain\": {}}", NULL },
    { "mac-number", "{" IP ", " EXPIRY ", \"mac-address\": 5}", NULL },
    { "mac-other-link", "{" IP ", " EXPIRY ", \"mac-address\": \"20-80:00:02:08:fe:80\"}",
      "10.0.0.1 - - - 4000000000" },
    { "mac-bad-behind-good", "{" IP ", " EXPIRY ", " MAC ", \"mac-address\": \"x\"}",
      "10.0.0.1 - - - 4000000000" },
    { "last-wins", "{" IP ", " EXPIRY ", \"hostname\": \"a\", \"hostname\": \"b\"}",
      "10.0.0.1 - b - 4000000000" },
    { "last-ip-wins", "{" IP ", " EXPIRY ", \"ip-address\": \"10.0.0.2\"}",
      "10.0.0.2 - - - 4000000000" },
    { "unknown-members", "{\"x\": {\"ip-address\": 1}, " IP ", \"y\": [null, 1.5e999], " EXPIRY "}",
      "10.0.0.1 - - - 4000000000" },
    { "not-json", "{" IP ", " EXPIRY "", NULL },
};

static void *
workspace(size_t size)
{
    return g_malloc(size);
}

static const char *
orDash(const char *text)
{
    return *text ? text : "-";
}

static char *
describeMac(const struct virMacAddr *mac)
{
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac->octets[0], mac->octets[1],
                           mac->octets[2], mac->octets[3], mac->octets[4], mac->octets[5]);
}

static char *
parseLease(const char *text)
{
    /* Without NUL behind it, so that a read beyond the end is seen by valgrind and the sanitizers
     */
    size_t len = strlen(text);
    g_autofree char *copy = g_memdup2(text, len);
    g_autofree void *memory = workspace(virLeaseWorkspace(len));
    struct virLease lease;
    char address[INET6_ADDRSTRLEN];
    g_autofree char *mac = NULL;
    g_autofree char *hostname = NULL;
    g_autofree char *domain = NULL;
    int result;

    memset(&lease, 0x77, sizeof(lease));
    if ((result = virLeaseParse(&lease, copy, len, memory)) != 0) {
        g_assert_true(result == -EINVAL || result == -EBADMSG);
        return NULL;
    }
    mac = lease.hasMac ? describeMac(&lease.mac) : g_strdup("-");
    hostname = g_strndup(lease.hostname, lease.hostnameLen);
    domain = g_strndup(lease.domain, lease.domainLen);
    return g_strdup_printf("%s %s %s %s %" G_GINT64_FORMAT,
                           inet_ntop(lease.addr.family, lease.addr.bytes, address, sizeof(address)),
                           mac, orDash(hostname), orDash(domain), lease.expiry);
}

static void
testLease(gconstpointer data)
{
    const struct row *row = data;
    g_autofree char *got = parseLease(row->text);

    g_assert_cmpstr(got, ==, row->expected);
}

/* A name of any length does no harm, and is never taken for the valid name that it begins with. */
static void
testLeaseLongNames(void)
{
    size_t len;

    for (len = VIR_HOSTNAME_MAX - 1; len < VIR_HOSTNAME_MAX + 600; len++) {
        g_autofree char *name = g_strnfill(len, 'x');
        g_autofree char *text = g_strdup_printf(
            "{" IP ", " EXPIRY ", \"hostname\": \"%s\", \"domain\": \"%s\"}", name, name);
        g_autofree void *memory = workspace(virLeaseWorkspace(strlen(text)));
        struct virLease lease;

        g_assert_cmpint(virLeaseParse(&lease, text, strlen(text), memory), ==, 0);
        g_assert_cmpuint(lease.hostnameLen, ==, MIN(len, VIR_HOSTNAME_MAX + 1));
        g_assert_cmpuint(lease.domainLen, ==, MIN(len, VIR_HOSTNAME_MAX + 1));
    }
}

static void
testLeaseLive(void)
{
    struct virLease lease = { .expiry = 1000 };

    g_assert_true(virLeaseIsLive(&lease, 999));
    g_assert_true(virLeaseIsLive(&lease, 1000));
    g_assert_false(virLeaseIsLive(&lease, 1001));
    lease.expiry = 0;
    g_assert_true(virLeaseIsLive(&lease, INT64_MAX));
    lease.expiry = -1;
    g_assert_false(virLeaseIsLive(&lease, 0));
}

/* What is read of a lease and printed again; the order is libvirt's */
static const struct row records[] = {
    { "v4", "{" EXPIRY ", \"client-id\": \"01:52\", \"hostname\": \"web\", " MAC ", " IP "}",
      "{\n    \"ip-address\": \"10.0.0.1\",\n    \"mac-address\": \"52:54:0:0:0:A\",\n"
      "    \"hostname\": \"web\",\n    \"client-id\": \"01:52\",\n"
      "    \"expiry-time\": 4000000000\n  }" },
    { "v6",
      "{" EXPIRY ", \"server-duid\": \"00:01\", \"client-id\": \"00:03\", \"domain\": \"lab\", "
      "\"hostname\": \"web\", \"ip-address\": \"fd00::1\", \"iaid\": \"T7\"}",
      "{\n    \"iaid\": \"T7\",\n    \"ip-address\": \"fd00::1\",\n    \"hostname\": \"web\",\n"
      "    \"domain\": \"lab\",\n    \"client-id\": \"00:03\",\n    \"server-duid\": \"00:01\",\n"
      "    \"expiry-time\": 4000000000\n  }" },
    { "least", "{" IP ", \"expiry-time\": 0}",
      "{\n    \"ip-address\": \"10.0.0.1\",\n    \"expiry-time\": 0\n  }" },
    { "quoting", "{" IP ", \"expiry-time\": -1, \"hostname\": \"a\\\"b\\n\\u0000{\\\\}ü\"}",
      "{\n    \"ip-address\": \"10.0.0.1\",\n"
      "    \"hostname\": \"a\\\"b\\n\\u0000{\\\\}ü\",\n    \"expiry-time\": -1\n  }" },
    { "last-wins", "{" IP ", \"expiry-time\": 0, \"iaid\": \"long one\", \"iaid\": \"1\"}",
      "{\n    \"iaid\": \"1\",\n    \"ip-address\": \"10.0.0.1\",\n    \"expiry-time\": 0\n  }" },
    { "last-is-no-string", "{" IP ", \"expiry-time\": 0, \"iaid\": \"1\", \"iaid\": [\"2\"]}",
      "{\n    \"ip-address\": \"10.0.0.1\",\n    \"expiry-time\": 0\n  }" },
    { "no-lease", "{" IP ", \"hostname\": \"web\"}", NULL },
    { "not-json", "{" IP ", " EXPIRY ", }", NULL },
};

static void
printPiece(void *opaque, const char *piece, size_t len)
{
    g_string_append_len(opaque, piece, len);
}

static void
testRecord(gconstpointer data)
{
    const struct row *row = data;
    size_t len = strlen(row->text);
    g_autofree char *text = g_memdup2(row->text, len);
    g_autofree void *memory = workspace(virLeaseRecordWorkspace(len));
    g_autoptr(GString) printed = g_string_new(NULL);
    struct virLeaseRecord record;

    if (virLeaseRecordParse(&record, text, len, memory) != 0) {
        g_assert_null(row->expected);
        return;
    }
    virLeaseRecordFormat(&record, printPiece, printed);
    g_assert_cmpstr(printed->str, ==, row->expected);
}

/* What is recognised without a parser is what the parser makes of the same text, and is printed as
 * it was. Returns how long it is. */
static size_t
checkRecognized(const char *text, size_t len)
{
    g_autofree char *copy = g_memdup2(text, len);
    struct virLeaseRecord quick;
    struct virLeaseRecord careful;
    g_autofree void *memory = NULL;
    g_autoptr(GString) printed = g_string_new(NULL);
    size_t got = virLeaseRecordRecognize(&quick, copy, len);
    size_t i;

    if (got == 0)
        return 0;
    memory = workspace(virLeaseRecordWorkspace(got));
    g_assert_cmpint(virLeaseRecordParse(&careful, copy, got, memory), ==, 0);
    g_assert_cmpint(virSocketAddrCompare(&quick.addr, &careful.addr), ==, 0);
    g_assert_cmpint(quick.expiry, ==, careful.expiry);
    for (i = 0; i < VIR_LEASE_MEMBERS; i++)
        g_assert_cmpmem(quick.strings[i].bytes, quick.strings[i].len, careful.strings[i].bytes,
                        careful.strings[i].len);
    virLeaseRecordFormat(&quick, printPiece, printed);
    g_assert_cmpmem(printed->str, printed->len, copy, got);
    return got;
}

/* A lease as we print it, with any members that are not needed left out */
static char *
makeRecord(unsigned int absent)
{
    static const char *const members[] = {
        "\"iaid\": \"7\"",          "\"mac-address\": \"52:54:00:00:00:01\"",
        "\"hostname\": \"we b'~\"", "\"domain\": \"lab.example\"",
        "\"client-id\": \"01:52\"", "\"server-duid\": \"\"",
    };
    GString *text = g_string_new("{\n");
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(members); i++) {
        if (!(absent & 1U << i))
            g_string_append_printf(text, "    %s,\n", members[i]);
        if (i == 0)
            g_string_append(text, "    \"ip-address\": \"10.0.0.1\",\n");
    }
    g_string_append(text, "    \"expiry-time\": 4000000000\n  }");
    return g_string_free(text, FALSE);
}

static void
testRecognize(void)
{
    unsigned int absent;

    for (absent = 0; absent < 1U << 6; absent++) {
        g_autofree char *text = makeRecord(absent);
        g_autofree char *more = g_strconcat(text, ",\n  {\n", NULL);
        size_t len;

        g_assert_cmpuint(checkRecognized(more, strlen(more)), ==, strlen(text));
        for (len = 0; len < strlen(text); len++)
            g_assert_cmpuint(checkRecognized(text, len), ==, 0);
    }
}

/* Anything else is either recognised rightly or not at all */
static void
testRecognizeOthers(void)
{
    static const char bytes[] = "\"\\{}[],: \n\t0519-ax\x01\x7f\xc3";
    size_t changes = testIsFull() ? 2000000 : 100000;
    size_t recognized = 0;
    size_t i;

    for (i = 0; i < changes; i++) {
        g_autofree char *text = makeRecord(g_test_rand_int_range(0, 1 << 6));
        size_t len = strlen(text);
        int count = g_test_rand_int_range(1, 3);

        while (count-- > 0)
            text[g_test_rand_int_range(0, len)] =
                bytes[g_test_rand_int_range(0, sizeof(bytes) - 1)];
        recognized += checkRecognized(text, len) > 0;
    }
    g_assert_cmpuint(recognized, >, changes / 100);
    g_assert_cmpuint(recognized, <, changes / 2);
}

static const struct row unrecognized[] = {
    { "zeros", "{\n    \"ip-address\": \"10.0.0.1\",\n    \"expiry-time\": 05\n  }", NULL },
    { "negative", "{\n    \"ip-address\": \"10.0.0.1\",\n    \"expiry-time\": -5\n  }", NULL },
    { "too-late",
      "{\n    \"ip-address\": \"10.0.0.1\",\n    \"expiry-time\": 9223372036854775808\n  }", NULL },
    { "no-digits", "{\n    \"ip-address\": \"10.0.0.1\",\n    \"expiry-time\": \n  }", NULL },
    { "no-address", "{\n    \"expiry-time\": 5\n  }", NULL },
    { "bad-address", "{\n    \"ip-address\": \"10.0.0\",\n    \"expiry-time\": 5\n  }", NULL },
    { "order",
      "{\n    \"hostname\": \"a\",\n    \"ip-address\": \"10.0.0.1\",\n    \"expiry-time\": 5\n  }",
      NULL },
    { "twice",
      "{\n    \"ip-address\": \"10.0.0.1\",\n    \"ip-address\": \"10.0.0.1\",\n"
      "    \"expiry-time\": 5\n  }",
      NULL },
    { "utf-8",
      "{\n    \"ip-address\": \"10.0.0.1\",\n    \"hostname\": \"ü\",\n    \"expiry-time\": 5\n  }",
      NULL },
};

static void
testUnrecognized(gconstpointer data)
{
    const struct row *row = data;

    g_assert_cmpuint(checkRecognized(row->text, strlen(row->text)), ==, 0);
}

/* Nobody reads objects that are longer */
static void
testRecognizeLong(void)
{
    int over;

    for (over = 0; over < 2; over++) {
        static const char begin[] = "{\n    \"ip-address\": \"10.0.0.1\",\n    \"hostname\": \"";
        static const char end[] = "\",\n    \"expiry-time\": 5\n  }";
        g_autofree char *filler = g_strnfill(
            VIR_JSON_OBJECT_MAX + over - strlen(begin) - strlen(end), 'x');
        g_autofree char *text = g_strconcat(begin, filler, end, NULL);

        g_assert_cmpuint(checkRecognized(text, strlen(text)), ==, over ? 0 : VIR_JSON_OBJECT_MAX);
    }
}

static const struct row maps[] = {
    { "whole", "{\"domain\": \"web\", \"macs\": [\"52:54:00:00:00:01\", \"52:54:0:0:0:B\"]}",
      "web 52:54:00:00:00:01 52:54:00:00:00:0b" },
    { "other-order", "{\"macs\": [\"52:54:00:00:00:01\"], \"domain\": \"web\"}",
      "web 52:54:00:00:00:01" },
    { "no-macs", "{\"domain\": \"web\"}", "web" },
    { "empty-macs", "{\"domain\": \"web\", \"macs\": []}", "web" },
    { "empty-domain", "{\"domain\": \"\", \"macs\": [\"52:54:00:00:00:01\"]}",
      " 52:54:00:00:00:01" },
    { "bad-macs",
      "{\"domain\": \"web\", \"macs\": [\"x\", 5, null, [\"52:54:00:00:00:02\"], "
      "\"52:54:00:00:00:01\"]}",
      "web 52:54:00:00:00:01" },
    { "any-name", "{\"domain\": \"a \\\"b\\\" {c}.\\u00fc\"}", "a \"b\" {c}.ü" },
    { "last-domain-wins", "{\"domain\": \"web\", \"domain\": \"db\"}", "db" },
    { "no-domain", "{\"macs\": [\"52:54:00:00:00:01\"]}", NULL },
    { "domain-number", "{\"domain\": 5, \"macs\": []}", NULL },
    { "domain-list", "{\"domain\": [\"web\"], \"macs\": []}", NULL },
    { "macs-string", "{\"domain\": \"web\", \"macs\": \"52:54:00:00:00:01\"}", NULL },
    { "macs-object", "{\"domain\": \"web\", \"macs\": {}}", NULL },
    { "not-json", "{\"domain\": \"web\"", NULL },
};

static void
testMap(gconstpointer data)
{
    const struct row *row = data;
    size_t len = strlen(row->text);
    g_autofree char *text = g_memdup2(row->text, len);
    g_autofree void *memory = workspace(virMacMapWorkspace(len));
    g_autoptr(GString) got = NULL;
    struct virMacMap map;
    size_t i;

    if (virMacMapParse(&map, text, len, memory) != 0) {
        g_assert_null(row->expected);
        return;
    }
    g_assert_true((const void *)map.macs == memory);
    got = g_string_new_len(map.domain, map.domainLen);
    for (i = 0; i < map.nmacs; i++) {
        g_autofree char *mac = describeMac(&map.macs[i]);

        g_string_append_printf(got, " %s", mac);
    }
    g_assert_cmpstr(got->str, ==, row->expected);
}

/* As many addresses as a text can hold, in the shortest spelling, and a second list behind the
 * first */
static void
testMapMany(void)
{
    g_autoptr(GString) text = g_string_new("{\"domain\":\"");
    g_autofree void *memory = NULL;
    struct virMacMap map;
    size_t i;

    g_string_append(text, "web\",\"macs\":[\"0:0:0:0:0:0\"");
    for (i = 1; i < 4000; i++)
        g_string_append(text, ",\"0:0:0:0:0:0\"");
    g_string_append(text, "],\"macs\":[\"0:0:0:0:0:1\"]}");
    memory = workspace(virMacMapWorkspace(text->len));
    g_assert_cmpint(virMacMapParse(&map, text->str, text->len, memory), ==, 0);
    g_assert_cmpuint(map.nmacs, ==, 4001);
    g_assert_cmpmem(map.domain, map.domainLen, "web", 3);
    g_assert_cmpint(map.macs[4000].octets[5], ==, 1);
}

int
main(int argc, char **argv)
{
    testInit(&argc, &argv);
    TEST_ADD_TABLE("lease", leases, testLease);
    TEST_ADD_TABLE("record", records, testRecord);
    TEST_ADD_TABLE("unrecognized", unrecognized, testUnrecognized);
    TEST_ADD_TABLE("map", maps, testMap);
    g_test_add_func("/lease/long-names", testLeaseLongNames);
    g_test_add_func("/lease/live", testLeaseLive);
    g_test_add_func("/recognized/any-members", testRecognize);
    g_test_add_func("/recognized/others", testRecognizeOthers);
    g_test_add_func("/recognized/long", testRecognizeLong);
    g_test_add_func("/map/many", testMapMany);
    return g_test_run();
}
