/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* The rules for host names. */

#include <config.h>

#include <glib.h>
#include <string.h>

#include "testutil.h"
#include "virhostname.h"

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct row {
    const char *name;
    gboolean expected;
};

static const struct row valid[] = {
    { "a", TRUE },
    { "guest", TRUE },
    { "GUEST-1", TRUE },
    { "under_score", TRUE },
    { "_gateway", TRUE },
    { "1", TRUE },
    { "a.b.c", TRUE },
    { "a-", TRUE },
    { L63, TRUE },
    { L63 "." L63 "." L63 "."
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      TRUE },
    { L63 "." L63 "." L63 "."
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      FALSE },
    { L63 "a", FALSE },
    { "", FALSE },
    { ".", FALSE },
    { ".a", FALSE },
    { "a.", FALSE },
    { "a..b", FALSE },
    { "-a", FALSE },
    { "a.-b", FALSE },
    { "a b", FALSE },
    { "a/b", FALSE },
    { "a:b", FALSE },
    { "a%b", FALSE },
    { "a\tb", FALSE },
    { "a\nb", FALSE },
    { "a\033b", FALSE },
    { "a\x7f", FALSE },
    { "caf\xc3\xa9", FALSE },
    { "caf\xe9", FALSE },
};

static const struct row reserved[] = {
    { "localhost", TRUE },
    { "LOCALHOST", TRUE },
    { "localhost.localdomain", TRUE },
    { "a.localhost", TRUE },
    { "a.b.LocalHost", TRUE },
    { "_gateway", TRUE },
    { "_outbound", TRUE },
    { "wpad", TRUE },
    { "isatap", TRUE },
    { ".localhost", FALSE },
    { "localhos", FALSE },
    { "localhost1", FALSE },
    { "notlocalhost", FALSE },
    { "localhost.example", FALSE },
    { "gateway", FALSE },
    { "wpad.example", FALSE },
    { "", FALSE },
};

struct claim {
    const char *name;
    const char *hostname;
    const char *domain;
    enum virHostnameClaim expected;
};

#define GOOD VIR_HOSTNAME_CLAIM_GOOD
#define OTHER VIR_HOSTNAME_CLAIM_OTHER
#define FOREIGN VIR_HOSTNAME_CLAIM_FOREIGN

static const struct claim claims[] = {
    { "web", "web", "", GOOD },
    { "WEB", "web", "", GOOD },
    { "web", "db", "", OTHER },
    { "web", "", "", OTHER },
    { "web", "", "lab", OTHER },
    { "web.lab", "web", "", OTHER },
    { "web.lab", "web", "lab", GOOD },
    { "web", "web", "lab", GOOD },
    { "web.la", "web", "lab", OTHER },
    { "web.labs", "web", "lab", OTHER },
    { "web.lab", "web.lab", "", FOREIGN },
    { "web", "web.lab", "", OTHER },
    { "web.lab", "web.lab", "lab", GOOD },
    { "web", "web.lab", "lab", GOOD },
    { "web.lab", "web.lab", "other", FOREIGN },
    { "web", "web.lab", "other", OTHER },
    { "web.other", "web.lab", "other", OTHER },
    { "web.a.lab", "web.a.lab", "lab", FOREIGN },
    { "web.a.lab", "web", "a.lab", GOOD },
    { "web", "web.", "", OTHER },
    { "lab", "web", "lab", OTHER },
};

static void
testValid(gconstpointer data)
{
    const struct row *row = data;

    g_assert_cmpint(virHostnameIsValid(row->name, strlen(row->name)), ==, row->expected);
}

static void
testReserved(gconstpointer data)
{
    const struct row *row = data;

    g_assert_cmpint(virHostnameIsReserved(row->name, strlen(row->name)), ==, row->expected);
}

static void
testClaim(gconstpointer data)
{
    const struct claim *claim = data;

    g_assert_cmpint(virHostnameCheckClaim(claim->name, strlen(claim->name), claim->hostname,
                                          strlen(claim->hostname), claim->domain,
                                          strlen(claim->domain)),
                    ==, claim->expected);
}

static gboolean
isOwn(const char *name, const char *own)
{
    return virHostnameIsOwn(name, strlen(name), own);
}

static void
testOwn(void)
{
    g_assert_true(isOwn("host", "host"));
    g_assert_true(isOwn("HOST", "host"));
    g_assert_true(isOwn("host", "host.example.org"));
    g_assert_true(isOwn("host.example.org", "host.example.org"));
    g_assert_true(isOwn("host.example.org", "host.example.org."));
    g_assert_false(isOwn("host.example", "host.example.org"));
    g_assert_false(isOwn("host.example.org", "host"));
    g_assert_false(isOwn("example", "host.example.org"));
    g_assert_false(isOwn("host", ""));
}

static void
testParts(void)
{
    g_assert_cmpuint(virHostnameWithoutDot("a.", 2), ==, 1);
    g_assert_cmpuint(virHostnameWithoutDot("a..", 3), ==, 2);
    g_assert_cmpuint(virHostnameWithoutDot("a", 1), ==, 1);
    g_assert_cmpuint(virHostnameWithoutDot("", 0), ==, 0);
    g_assert_cmpuint(virHostnameFirstLabel("a.b.c", 5), ==, 1);
    g_assert_cmpuint(virHostnameFirstLabel("abc", 3), ==, 3);
    g_assert_cmpuint(virHostnameFirstLabel(".a", 2), ==, 0);
    g_assert_true(virHostnameEqual("a\0B", 3, "A\0b", 3));
    g_assert_false(virHostnameEqual("a\0b", 3, "a\0c", 3));
    g_assert_false(virHostnameEqual("ab", 2, "abc", 3));
    g_assert_false(virHostnameEqual("\xc3\xbc", 2, "\xc3\x9c", 2));
    /* '@' and '`' differ in the bit that tells letters of either case apart */
    g_assert_false(virHostnameEqual("@", 1, "`", 1));
}

int
main(int argc, char **argv)
{
    testInit(&argc, &argv);
    TEST_ADD_NUMBERED_TABLE("valid", valid, testValid);
    TEST_ADD_NUMBERED_TABLE("reserved", reserved, testReserved);
    TEST_ADD_NUMBERED_TABLE("claim", claims, testClaim);
    g_test_add_func("/own", testOwn);
    g_test_add_func("/parts", testParts);
    return g_test_run();
}
