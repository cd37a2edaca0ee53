/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Files of names that the administrator gave to addresses. */

#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "testutil.h"
#include "virhosts.h"

struct row {
    const char *path;
    const char *text;
    const char *expected; /* the addresses, each with its names behind it */
};

static const struct row rows[] = {
    { "empty", "", "" },
    { "one", "10.0.0.1\tweb\n", "10.0.0.1 web;" },
    { "libvirt", "192.168.150.66\tzeta\tzeta-two\nfd00:e2e::66\tzeta6\n",
      "192.168.150.66 zeta zeta-two; fd00:e2e::66 zeta6;" },
    { "spaces", "  10.0.0.1   web \t db  \n", "10.0.0.1 web db;" },
    { "no-newline-at-end", "10.0.0.1 web", "10.0.0.1 web;" },
    { "cr-lf", "10.0.0.1 web\r\nfd00::1 db\r\n", "10.0.0.1 web; fd00::1 db;" },
    { "comments", "# 10.0.0.9 no\n10.0.0.1 web # db\n10.0.0.2 a#b c\n10.0.0.3#x\n",
      "10.0.0.1 web; 10.0.0.2 a; 10.0.0.3;" },
    { "no-name", "10.0.0.1\n10.0.0.2 \n", "10.0.0.1; 10.0.0.2;" },
    { "bad-lines", "web 10.0.0.1\n10.0.0 x\n\n \n::g x\n1 2\n10.0.0.1/24 x\n10.0.0.2 good\n",
      "10.0.0.2 good;" },
    { "mapped", "::ffff:10.0.0.1 web\n", "::ffff:10.0.0.1 web;" },
    { "odd-names",
      "10.0.0.1 \xff\xfe a\x01"
      "b ü .\n",
      "10.0.0.1 \xff\xfe a\x01"
      "b ü .;" },
};

static int
openText(const char *text, size_t len)
{
    int fd = memfd_create("hosts", MFD_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, text, len), ==, len);
    return fd;
}

static char *
readAll(const char *text, size_t len)
{
    GString *got = g_string_new(NULL);
    struct virHosts hosts;
    struct virHostsLine line;
    int fd = openText(text, len);

    virHostsInit(&hosts, fd);
    while (virHostsNext(&hosts, &line)) {
        char address[INET6_ADDRSTRLEN];
        size_t cursor = 0;
        size_t nameLen;
        const char *name;

        g_string_append_printf(
            got, "%s%s", got->len > 0 ? " " : "",
            inet_ntop(line.addr.family, line.addr.bytes, address, sizeof(address)));
        while ((name = virHostsName(&line, &cursor, &nameLen)))
            g_string_append_printf(got, " %.*s", (int)nameLen, name);
        g_string_append_c(got, ';');
    }
    g_assert_false(virHostsNext(&hosts, &line));
    g_assert_cmpint(hosts.error, ==, 0);
    close(fd);
    return g_string_free(got, FALSE);
}

static void
testRow(gconstpointer data)
{
    const struct row *row = data;
    g_autofree char *got = readAll(row->text, strlen(row->text));

    g_assert_cmpstr(got, ==, row->expected);
}

/* Lines at every offset to the borders of what is in memory at once */
static void
testBorders(void)
{
    size_t fill;

    for (fill = VIR_HOSTS_WINDOW - 80; fill < VIR_HOSTS_WINDOW + 80; fill++) {
        g_autofree char *filler = g_strnfill(fill, ' ');
        g_autofree char *long1 = g_strconcat(filler, "\n10.0.0.1 web\n10.0.0.2 db\n", NULL);
        g_autofree char *many = NULL;
        g_autofree char *got = readAll(long1, strlen(long1));
        g_autofree char *gotMany = NULL;
        size_t i;

        g_assert_cmpstr(got, ==, "10.0.0.1 web; 10.0.0.2 db;");
        for (i = 100; i < fill; i += 100)
            filler[i] = '\n';
        many = g_strconcat(filler, "\n10.0.0.1 web\n10.0.0.2 db", NULL);
        gotMany = readAll(many, strlen(many));
        g_assert_cmpstr(gotMany, ==, "10.0.0.1 web; 10.0.0.2 db;");
    }
}

/* A line is taken whole or not at all */
static void
testLongLines(void)
{
    size_t len;

    for (len = VIR_HOSTS_WINDOW - 3; len < VIR_HOSTS_WINDOW + 3; len++) {
        g_autofree char *name = g_strnfill(len - strlen("10.0.0.1 "), 'x');
        g_autofree char *text = g_strconcat("10.0.0.1 ", name, "\n10.0.0.2 db\n", NULL);
        g_autofree char *last = g_strconcat("10.0.0.2 db\n10.0.0.1 ", name, NULL);
        g_autofree char *got = readAll(text, strlen(text));
        g_autofree char *gotLast = readAll(last, strlen(last));

        g_assert_true(g_str_has_suffix(got, "10.0.0.2 db;"));
        g_assert_cmpint(strncmp(got, "10.0.0.1 x", 10) == 0, ==, len < VIR_HOSTS_WINDOW);
        g_assert_true(g_str_has_prefix(gotLast, "10.0.0.2 db;"));
        g_assert_cmpint(strlen(gotLast) > 20, ==, len < VIR_HOSTS_WINDOW);
    }
}

static void
testReadError(void)
{
    struct virHosts hosts;
    struct virHostsLine line;
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    virHostsInit(&hosts, fd);
    g_assert_false(virHostsNext(&hosts, &line));
    g_assert_cmpint(hosts.error, ==, -EISDIR);
    close(fd);
}

int
main(int argc, char **argv)
{
    testInit(&argc, &argv);
    TEST_ADD_TABLE("line", rows, testRow);
    g_test_add_func("/borders", testBorders);
    g_test_add_func("/long-lines", testLongLines);
    g_test_add_func("/read-error", testReadError);
    return g_test_run();
}
