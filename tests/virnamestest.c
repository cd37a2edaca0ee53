/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* The lookup engine with a clock and a folder of the test's own: its answers, and the notes from
 * which a tool or the debug trace tells why. */

#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "testutil.h"
#include "virnames.h"

#define NOW 1000

#define LEASE(ip, mac, name, expiry)                                                               \
    "{\"ip-address\": \"" ip "\", \"mac-address\": \"52:54:00:00:00:" mac                          \
    "\", \"hostname\": \"" name "\", \"expiry-time\": " expiry "}"
#define MAP(domain, macs) "{\"domain\": \"" domain "\", \"macs\": [" macs "]}"
#define MAC1 "\"52:54:00:00:00:01\""
#define MAC2 "\"52:54:00:00:00:02\""

struct lookup {
    const char *path;
    const char *status; /* a.status, NULL: none; b.status has GOOD */
    const char *macs;   /* a.macs, NULL: none */
    enum virNamesService service;
    const char *name;
    int family;
    const char *notes;
    const char *expected;
};

static const char GOOD[] = "[" LEASE("10.0.0.99", "99", "good", "2000") "]";

static const struct lookup lookups[] = {
    { "hit", "[" LEASE("10.0.0.1", "01", "web", "1000") "]", NULL, VIR_NAMES_LIBVIRT, "web",
      AF_UNSPEC, "a.status:answer(10.0.0.1)", "found 10.0.0.1/1000" },
    { "miss", "[" LEASE("10.0.0.1", "01", "web", "1000") "]", NULL, VIR_NAMES_LIBVIRT, "nobody",
      AF_UNSPEC, "", "unknown" },
    { "expired", "[" LEASE("10.0.0.1", "01", "web", "999") "]", NULL, VIR_NAMES_LIBVIRT, "web",
      AF_UNSPEC, "a.status:expired(10.0.0.1)", "unknown" },
    { "other-family", "[" LEASE("10.0.0.1", "01", "web", "1000") "]", NULL, VIR_NAMES_LIBVIRT,
      "web", AF_INET6, "a.status:answer(10.0.0.1)", "other-family" },
    { "order",
      "[" LEASE("10.0.0.4", "01", "web", "0") "," LEASE("10.0.0.1", "01", "web", "1500") "," LEASE(
          "10.0.0.3", "01", "web", "1700") "," LEASE("10.0.0.2", "01", "web", "1500") "]",
      NULL, VIR_NAMES_LIBVIRT, "web", AF_UNSPEC,
      "a.status:answer(10.0.0.4) a.status:answer(10.0.0.1) a.status:answer(10.0.0.3) "
      "a.status:answer(10.0.0.2)",
      "found 10.0.0.3/1700 10.0.0.1/1500 10.0.0.2/1500 10.0.0.4/0" },
    { "same-address-twice",
      "[" LEASE("10.0.0.1", "01", "web", "1500") "," LEASE(
          "10.0.0.2", "01", "web", "1600") "," LEASE("10.0.0.1", "02", "web", "1700") "]",
      NULL, VIR_NAMES_LIBVIRT, "web", AF_UNSPEC,
      "a.status:answer(10.0.0.1) a.status:answer(10.0.0.2) a.status:answer(10.0.0.1)",
      "found 10.0.0.1/1700 10.0.0.2/1600" },
    { "damaged", "[" LEASE("10.0.0.1", "01", "web", "1500") ", {\"", NULL, VIR_NAMES_LIBVIRT,
      "good", AF_UNSPEC, "a.status:damaged@105 b.status:answer(10.0.0.99)",
      "found 10.0.0.99/2000" },
    { "not-a-record", "[{}, " LEASE("10.0.0.1", "01", "web", "1500") "]", NULL, VIR_NAMES_LIBVIRT,
      "web", AF_UNSPEC, "a.status:not-a-record@1 a.status:answer(10.0.0.1)",
      "found 10.0.0.1/1500" },
    { "foreign", "[" LEASE("10.0.0.1", "01", "www.debian.org", "1500") "]", NULL, VIR_NAMES_LIBVIRT,
      "www.debian.org", AF_UNSPEC, "a.status:foreign(10.0.0.1)", "unknown" },
    { "invalid", "[]", NULL, VIR_NAMES_LIBVIRT, "a b", AF_UNSPEC, "invalid", "unknown" },
    { "reserved", "[" LEASE("10.0.0.1", "01", "wpad", "1500") "]", NULL, VIR_NAMES_LIBVIRT, "wpad",
      AF_UNSPEC, "a.status:answer(10.0.0.1) reserved", "unknown" },
    { "other-domain", "[" LEASE("10.0.0.1", "01", "db", "1500") "]", "[" MAP("db", MAC2) "]",
      VIR_NAMES_LIBVIRT, "db", AF_UNSPEC,
      "a.status:answer(10.0.0.1) a.macs:map(db,1) other-domain[10.0.0.1]", "unknown" },
    { "own-domain", "[" LEASE("10.0.0.1", "01", "db", "1500") "]", "[" MAP("db", MAC1) "]",
      VIR_NAMES_LIBVIRT, "db", AF_UNSPEC, "a.status:answer(10.0.0.1) a.macs:map(db,1)",
      "found 10.0.0.1/1500" },
    { "guest", "[" LEASE("10.0.0.1", "01", "web", "1500") "]", "[" MAP("Lab 1", MAC1 "," MAC2) "]",
      VIR_NAMES_LIBVIRT_GUEST, "lab 1", AF_UNSPEC, "a.macs:map(Lab 1,2) a.status:answer(10.0.0.1)",
      "found 10.0.0.1/1500" },
    { "guest-miss", "[" LEASE("10.0.0.1", "01", "web", "1500") "]", "[" MAP("lab", MAC1) "]",
      VIR_NAMES_LIBVIRT_GUEST, "web", AF_UNSPEC, "", "unknown" },
    { "guest-without-lease", "[" LEASE("10.0.0.1", "01", "web", "1500") "]",
      "[" MAP("lab", MAC2) "]", VIR_NAMES_LIBVIRT_GUEST, "lab", AF_UNSPEC, "a.macs:map(lab,1)",
      "unknown" },
    { "guest-expired", "[" LEASE("10.0.0.1", "01", "web", "999") "]", "[" MAP("lab", MAC1) "]",
      VIR_NAMES_LIBVIRT_GUEST, "lab", AF_UNSPEC, "a.macs:map(lab,1) a.status:expired(10.0.0.1)",
      "unknown" },
    { "guest-two-entries",
      "[" LEASE("10.0.0.1", "01", "", "1500") "," LEASE("10.0.0.2", "02", "", "1500") "]",
      "[" MAP("lab", MAC2) "," MAP("other", MAC1) "," MAP("LAB", MAC1) "]", VIR_NAMES_LIBVIRT_GUEST,
      "lab", AF_UNSPEC,
      "a.macs:map(lab,1) a.macs:map(LAB,1) a.status:answer(10.0.0.1) a.status:answer(10.0.0.2)",
      "found 10.0.0.1/1500 10.0.0.2/1500" },
    { "guest-damaged-map", "[" LEASE("10.0.0.1", "01", "", "1500") "]", "[" MAP("lab", MAC1),
      VIR_NAMES_LIBVIRT_GUEST, "lab", AF_UNSPEC,
      "a.macs:map(lab,1) a.macs:damaged@49 a.status:answer(10.0.0.1)", "found 10.0.0.1/1500" },
};

static void
appendAddress(GString *text, const struct virSocketAddr *addr)
{
    char address[INET6_ADDRSTRLEN];

    g_string_append(text, inet_ntop(addr->family, addr->bytes, address, sizeof(address)));
}

static void
hear(const struct virNamesNote *note, void *opaque)
{
    static const char *const kinds[] = {
        [VIR_NAMES_NOTE_FOLDER_FAILED] = "folder-failed",
        [VIR_NAMES_NOTE_FILE_FAILED] = "file-failed",
        [VIR_NAMES_NOTE_FILE_DAMAGED] = "damaged",
        [VIR_NAMES_NOTE_NOT_A_RECORD] = "not-a-record",
        [VIR_NAMES_NOTE_MAP_ENTRY] = "map",
        [VIR_NAMES_NOTE_ANSWER] = "answer",
        [VIR_NAMES_NOTE_STATIC] = "static",
        [VIR_NAMES_NOTE_STATIC_NAME] = "static-name",
        [VIR_NAMES_NOTE_EXPIRED] = "expired",
        [VIR_NAMES_NOTE_FOREIGN] = "foreign",
        [VIR_NAMES_NOTE_INVALID_NAME] = "invalid",
        [VIR_NAMES_NOTE_RESERVED_NAME] = "reserved",
        [VIR_NAMES_NOTE_OTHER_DOMAIN] = "other-domain",
        [VIR_NAMES_NOTE_TOO_MANY] = "too-many",
    };
    GString *text = opaque;

    if (text->len > 0)
        g_string_append_c(text, ' ');
    if (note->file)
        g_string_append_printf(text, "%s:", note->file);
    g_string_append(text, kinds[note->kind]);
    if (note->kind == VIR_NAMES_NOTE_FILE_DAMAGED || note->kind == VIR_NAMES_NOTE_NOT_A_RECORD)
        g_string_append_printf(text, "@%" G_GUINT64_FORMAT, note->offset);
    if (note->error)
        g_string_append_printf(text, "=%s", g_strerror(-note->error));
    if (note->map)
        g_string_append_printf(text, "(%.*s,%zu)", (int)note->map->domainLen, note->map->domain,
                               note->map->nmacs);
    if (note->lease) {
        g_string_append_c(text, '(');
        appendAddress(text, &note->lease->addr);
        g_string_append_c(text, ')');
    }
    if (note->addr) {
        g_string_append_c(text, '[');
        appendAddress(text, note->addr);
        g_string_append_c(text, ']');
    }
}

static char *
describe(enum virNamesResult result, const struct virNames *names)
{
    static const char *const results[] = {
        [VIR_NAMES_FOUND] = "found",
        [VIR_NAMES_UNKNOWN] = "unknown",
        [VIR_NAMES_OTHER_FAMILY] = "other-family",
        [VIR_NAMES_TRY_AGAIN] = "try-again",
        [VIR_NAMES_UNAVAILABLE] = "unavailable",
    };
    GString *text = g_string_new(results[result]);
    size_t i;

    for (i = 0; i < names->nanswers; i++) {
        g_string_append_c(text, ' ');
        appendAddress(text, &names->answers[i].addr);
        g_string_append_printf(text, "/%" G_GINT64_FORMAT, names->answers[i].expiry);
    }
    if (names->error)
        g_string_append_printf(text, " %s", g_strerror(-names->error));
    return g_string_free(text, FALSE);
}

/* Looks up with and without a listener: the answer must be the same. */
static void
expect(const char *folder, enum virNamesService service, const char *name, int family,
       const char *notes, const char *expected)
{
    g_autofree struct virNames *names = g_new(struct virNames, 1);
    g_autoptr(GString) heard = g_string_new(NULL);
    const struct virNamesTracer tracer = { hear, heard };
    struct virNamesQuery query = { folder, service, name, family, NOW, &tracer, { 0 } };
    g_autofree char *got = describe(virNamesByName(names, &query), names);
    g_autofree char *again = NULL;

    virNamesClear(names);
    query.tracer = NULL;
    again = describe(virNamesByName(names, &query), names);
    virNamesClear(names);
    g_assert_cmpstr(heard->str, ==, notes);
    g_assert_cmpstr(got, ==, expected);
    g_assert_cmpstr(again, ==, expected);
}

static char *
makeFolder(void)
{
    char *folder = g_dir_make_tmp("virnames-XXXXXX", NULL);

    g_assert_nonnull(folder);
    return folder;
}

static void
writeFile(const char *folder, const char *name, const char *content)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    if (content)
        g_assert_true(g_file_set_contents(path, content, -1, NULL));
}

static void
removeFolder(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        g_assert_no_errno(g_remove(path));
    }
    g_assert_no_errno(g_rmdir(folder));
}

static void
testLookup(gconstpointer data)
{
    const struct lookup *lookup = data;
    g_autofree char *folder = makeFolder();

    writeFile(folder, "a.status", lookup->status);
    writeFile(folder, "a.macs", lookup->macs);
    writeFile(folder, "b.status", GOOD);
    expect(folder, lookup->service, lookup->name, lookup->family, lookup->notes, lookup->expected);
    removeFolder(folder);
}

static void
testNoFolder(void)
{
    expect("/nonexistent/folder", VIR_NAMES_LIBVIRT, "web", AF_UNSPEC,
           "folder-failed=No such file or directory", "unavailable No such file or directory");
    expect("/nonexistent/folder", VIR_NAMES_LIBVIRT, "a b", AF_UNSPEC,
           "folder-failed=No such file or directory", "unavailable No such file or directory");
}

static void
testBadFiles(void)
{
    g_autofree char *folder = makeFolder();
    g_autofree char *dangling = g_build_filename(folder, "a.status", NULL);

    g_assert_no_errno(symlink("nowhere", dangling));
    writeFile(folder, "b.status", GOOD);
    expect(folder, VIR_NAMES_LIBVIRT, "good", AF_UNSPEC,
           "a.status:file-failed=No such file or directory b.status:answer(10.0.0.99)",
           "found 10.0.0.99/2000");
    removeFolder(folder);
}

/* Without a free descriptor no file says anything: that must not be taken for "nobody has the
 * name". */
static void
testNoDescriptor(void)
{
    g_autofree char *folder = makeFolder();
    struct rlimit saved;
    struct rlimit none;
    int next = dup(STDIN_FILENO);

    g_assert_cmpint(next, >=, 0);
    close(next);
    writeFile(folder, "b.status", GOOD);
    g_assert_no_errno(getrlimit(RLIMIT_NOFILE, &saved));
    none = saved;
    none.rlim_cur = next;
    g_assert_no_errno(setrlimit(RLIMIT_NOFILE, &none));
    expect(folder, VIR_NAMES_LIBVIRT, "good", AF_UNSPEC, "folder-failed=Too many open files",
           "try-again Too many open files");
    none.rlim_cur = next + 1;
    g_assert_no_errno(setrlimit(RLIMIT_NOFILE, &none));
    expect(folder, VIR_NAMES_LIBVIRT, "good", AF_UNSPEC, "b.status:file-failed=Too many open files",
           "try-again Too many open files");
    none.rlim_cur = next + 2;
    g_assert_no_errno(setrlimit(RLIMIT_NOFILE, &none));
    expect(folder, VIR_NAMES_LIBVIRT, "good", AF_UNSPEC, "b.status:answer(10.0.0.99)",
           "found 10.0.0.99/2000");
    g_assert_no_errno(setrlimit(RLIMIT_NOFILE, &saved));
    removeFolder(folder);
}

/* One answer more than VIR_NAMES_ANSWERS_MAX */
static void
testTooMany(void)
{
    g_autofree char *folder = makeFolder();
    g_autofree struct virNames *names = g_new(struct virNames, 1);
    g_autoptr(GString) json = g_string_new("[");
    const struct virNamesQuery query = {
        folder, VIR_NAMES_LIBVIRT, "web", AF_INET, NOW, NULL, { 0 }
    };
    unsigned int i;

    for (i = 0; i <= VIR_NAMES_ANSWERS_MAX; i++)
        g_string_append_printf(
            json, "%s{\"ip-address\": \"10.%u.%u.%u\", \"hostname\": \"web\", \"expiry-time\": 0}",
            i ? "," : "", i >> 16, (i >> 8) & 255, i & 255);
    g_string_append_c(json, ']');
    writeFile(folder, "a.status", json->str);
    g_assert_cmpint(virNamesByName(names, &query), ==, VIR_NAMES_FOUND);
    g_assert_cmpuint(names->nanswers, ==, VIR_NAMES_ANSWERS_MAX);
    g_assert_cmpint(names->answers[VIR_NAMES_ANSWERS_MAX - 1].addr.bytes[1], ==, 0);
    g_assert_cmpint(names->answers[VIR_NAMES_ANSWERS_MAX - 1].addr.bytes[3], ==, 255);
    virNamesClear(names);
    removeFolder(folder);
}

int
main(int argc, char **argv)
{
    testInit(&argc, &argv);
    TEST_ADD_TABLE("lookup", lookups, testLookup);
    g_test_add_func("/no-folder", testNoFolder);
    g_test_add_func("/bad-files", testBadFiles);
    g_test_add_func("/no-descriptor", testNoDescriptor);
    g_test_add_func("/too-many", testTooMany);
    return g_test_run();
}
