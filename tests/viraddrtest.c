/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* MAC and socket addresses. */

#include <config.h>

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>

#include "testutil.h"
#include "virmacaddr.h"
#include "virsocketaddr.h"

struct row {
    const char *text;
    const char *expected; /* in the one spelling, NULL if it is no address */
};

static const struct row macs[] = {
    { "52:54:00:e2:00:01", "52:54:00:e2:00:01" },
    { "52:54:00:E2:00:0A", "52:54:00:e2:00:0a" },
    { "52:54:0:e2:0:1", "52:54:00:e2:00:01" },
    { "0:0:0:0:0:0", "00:00:00:00:00:00" },
    { "ff:ff:ff:ff:ff:ff", "ff:ff:ff:ff:ff:ff" },
    { "", NULL },
    { ":", NULL },
    { "52:54:00:e2:00", NULL },
    { "52:54:00:e2:00:", NULL },
    { "52:54:00:e2:00:01:", NULL },
    { "52:54:00:e2:00:01:02", NULL },
    { "52:54:00:e2:00:001", NULL },
    { "052:54:00:e2:00:01", NULL },
    { "52:54:00:e2:00:0g", NULL },
    { "52-54-00-e2-00-01", NULL },
    { "525400e20001", NULL },
    { " 52:54:00:e2:00:01", NULL },
    { "52:54:00:e2:00:01 ", NULL },
    { "+2:54:00:e2:00:01", NULL },
    { "0x:54:00:e2:00:01", NULL },
    { "20-80:00:02:08:fe:80", NULL },
};

static const struct row addresses[] = {
    { "192.168.122.131", "192.168.122.131" },
    { "0.0.0.0", "0.0.0.0" },
    { "fd00:0:0::01", "fd00::1" },
    { "FD00::A", "fd00::a" },
    { "::ffff:1.2.3.4", "::ffff:1.2.3.4" },
    { "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
    { "", NULL },
    { "1.2.3", NULL },
    { "1.2.3.4.5", NULL },
    { "256.1.1.1", NULL },
    { "1.2.3.4/24", NULL },
    { "0x7f.0.0.1", NULL },
    { "fe80::1%eth0", NULL },
    { "fd00::1::2", NULL },
    { "[fd00::1]", NULL },
    { "localhost", NULL },
    { " 1.2.3.4", NULL },
    { "00000000000000000000000000000000000000000000000000000001.2.3.4", NULL },
};

/* The text without NUL behind it, so that a read beyond its end is seen by valgrind and the
 * sanitizers */
static char *
bare(const char *text, size_t *len)
{
    *len = strlen(text);
    return g_memdup2(text, *len);
}

static void
testMac(gconstpointer data)
{
    const struct row *row = data;
    struct virMacAddr mac = { "\x77" };
    size_t len;
    g_autofree char *text = bare(row->text, &len);
    gboolean parsed = virMacAddrParse(&mac, text ? text : "", len);
    g_autofree char *got = g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac.octets[0],
                                           mac.octets[1], mac.octets[2], mac.octets[3],
                                           mac.octets[4], mac.octets[5]);

    g_assert_cmpstr(parsed ? got : NULL, ==, row->expected);
    if (!parsed)
        g_assert_cmpint(mac.octets[0], ==, 0x77);
}

static void
testAddress(gconstpointer data)
{
    const struct row *row = data;
    struct virSocketAddr addr = { .family = -1 };
    char got[INET6_ADDRSTRLEN];
    size_t len;
    g_autofree char *text = bare(row->text, &len);
    gboolean parsed = virSocketAddrParse(&addr, text ? text : "", len);

    g_assert_cmpstr(parsed ? inet_ntop(addr.family, addr.bytes, got, sizeof(got)) : NULL, ==,
                    row->expected);
    if (!parsed)
        g_assert_cmpint(addr.family, ==, -1);
}

static void
testNulInside(void)
{
    struct virSocketAddr addr;
    struct virMacAddr mac;

    g_assert_false(virSocketAddrParse(&addr, "1.2.3.4\0", 8));
    g_assert_false(virMacAddrParse(&mac, "52:54:00:e2:00:01\0", 18));
}

static void
testOrder(void)
{
    static const char *const ordered[] = { "1.2.3.4", "1.2.3.5", "2.0.0.0", "::1", "fd00::1" };
    static const struct virMacAddr low = { { 0, 1, 2, 3, 4, 5 } };
    static const struct virMacAddr high = { { 0, 1, 2, 3, 4, 0xff } };
    size_t i;
    size_t j;

    for (i = 0; i < G_N_ELEMENTS(ordered); i++) {
        for (j = 0; j < G_N_ELEMENTS(ordered); j++) {
            struct virSocketAddr a;
            struct virSocketAddr b;
            int order;

            g_assert_true(virSocketAddrParse(&a, ordered[i], strlen(ordered[i])));
            g_assert_true(virSocketAddrParse(&b, ordered[j], strlen(ordered[j])));
            order = virSocketAddrCompare(&a, &b);
            g_assert_cmpint((order > 0) - (order < 0), ==, (i > j) - (i < j));
        }
    }
    g_assert_cmpint(virMacAddrCompare(&low, &high), <, 0);
    g_assert_cmpint(virMacAddrCompare(&high, &low), >, 0);
    g_assert_cmpint(virMacAddrCompare(&low, &low), ==, 0);
    g_assert_cmpuint(virSocketAddrLength(AF_INET), ==, 4);
    g_assert_cmpuint(virSocketAddrLength(AF_INET6), ==, 16);
    g_assert_cmpuint(virSocketAddrLength(AF_UNIX), ==, 0);
}

int
main(int argc, char **argv)
{
    testInit(&argc, &argv);
    TEST_ADD_NUMBERED_TABLE("mac", macs, testMac);
    TEST_ADD_NUMBERED_TABLE("address", addresses, testAddress);
    g_test_add_func("/nul-inside", testNulInside);
    g_test_add_func("/order", testOrder);
    return g_test_run();
}
