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
    { "good-in-one-refused-and-broken",
      "{\"{\"ip-address\":\"}" LEASE("10.0.0.1", "01", "web", "1500") "\"}", NULL,
      VIR_NAMES_LIBVIRT, "web", AF_UNSPEC,
      "a.status:not-a-record@0 a.status:not-a-record@2 a.status:answer(10.0.0.1) "
      "a.status:damaged@0",
      "found 10.0.0.1/1500" },
    { "not-a-record", "[{}, " LEASE("10.0.0.1", "01", "web", "1500") "]", NULL, VIR_NAMES_LIBVIRT,
      "web", AF_UNSPEC, "a.status:not-a-record@1 a.status:answer(10.0.0.1)",
      "found 10.0.0.1/1500" },
    { "foreign", "[" LEASE("10.0.0.1", "01", "www.debian.org", "1500") "]", NULL, VIR_NAMES_LIBVIRT,
      "www.debian.org", AF_UNSPEC, "a.status:foreign(10.0.0.1)", "unknown" },
    { "invalid", "[]", NULL, VIR_NAMES_LIBVIRT, "a b", AF_UNSPEC, "invalid", "unknown" },
    { "reserved", "[" LEASE("10.0.0.1", "01", "wpad", "1500") "]", NULL, VIR_NAMES_LIBVIRT, "wpad",
      AF_UNSPEC, "a.status:answer(10.0.0.1) reserved<wpad>", "unknown" },
    { "other-domain", "[" LEASE("10.0.0.1", "01", "db", "1500") "]", "[" MAP("db", MAC2) "]",
      VIR_NAMES_LIBVIRT, "db", AF_UNSPEC,
      "a.status:answer(10.0.0.1) a.macs:map(db,1) other-domain[10.0.0.1]<db>", "unknown" },
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
        [VIR_NAMES_NOTE_NOT_A_NAME] = "not-a-name",
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
    if (note->name)
        g_string_append_printf(text, "<%.*s>", (int)note->nameLen, note->name);
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

/* ---- everything ---- */

static enum virNamesResult
listAll(const char *folder, enum virNamesService service, struct virNames *names, GString *notes)
{
    const struct virNamesTracer tracer = { hear, notes };
    const struct virNamesQuery query = {
        .folder = folder, .service = service, .now = NOW, .tracer = notes ? &tracer : NULL
    };

    return virNamesAll(names, &query);
}

/* "name address file" of each entry */
static char *
describeEntries(const struct virNames *names)
{
    GString *text = g_string_new(NULL);
    size_t i;

    for (i = 0; i < names->nentries; i++) {
        const struct virNamesEntry *entry = virNamesGetEntry(names, i);

        g_string_append_printf(text, "%s%s ", i ? ", " : "", entry->name);
        appendAddress(text, &entry->addr);
        g_string_append_printf(text, " %s", virNamesGetFile(names, entry));
    }
    return g_string_free(text, FALSE);
}

static const struct listed {
    const char *path;
    const char *status;
    const char *macs;
    const char *hosts; /* a.addnhosts, NULL: none */
    const char *notes; /* those that say why something is left out, of service libvirt */
    const char *expected;
} listed[] = {
    { "files", "[" LEASE("10.0.0.1", "01", "web", "1000") "]", NULL, "10.0.0.7 seven\n",
      "a.addnhosts:static[10.0.0.7] a.status:answer(10.0.0.1) b.status:answer(10.0.0.99)",
      "web 10.0.0.1 a.status, good 10.0.0.99 b.status, seven 10.0.0.7 a.addnhosts" },
    { "reserved", "[" LEASE("10.0.0.1", "01", "wpad", "1000") "]", NULL, NULL,
      "a.status:answer(10.0.0.1) b.status:answer(10.0.0.99) a.status:reserved[10.0.0.1]<wpad>",
      "good 10.0.0.99 b.status" },
    { "other-domain", "[" LEASE("10.0.0.1", "01", "db", "1000") "]", "[" MAP("db", MAC2) "]", NULL,
      "a.status:answer(10.0.0.1) b.status:answer(10.0.0.99) a.status:other-domain[10.0.0.1]<db>",
      "good 10.0.0.99 b.status" },
    { "declared", "[" LEASE("10.0.0.1", "01", "db", "1000") "]", NULL, "10.0.0.7 db\n",
      "a.addnhosts:static[10.0.0.7] a.status:answer(10.0.0.1) b.status:answer(10.0.0.99) "
      "a.status:static-name[10.0.0.1]<db>",
      "good 10.0.0.99 b.status, db 10.0.0.7 a.addnhosts" },
    { "not-a-name", "[" LEASE("10.0.0.1", "01", "a b", "1000") "]", NULL, NULL,
      "a.status:not-a-name(10.0.0.1) b.status:answer(10.0.0.99)", "good 10.0.0.99 b.status" },
    { "domain-is-no-name",
      "[{\"ip-address\": \"10.0.0.1\", \"hostname\": \"web\", \"domain\": \"a b\", "
      "\"expiry-time\": 0}]",
      NULL, NULL, "a.status:answer(10.0.0.1) b.status:answer(10.0.0.99)",
      "web 10.0.0.1 a.status, good 10.0.0.99 b.status" },
    { "no-name", "[" LEASE("10.0.0.1", "01", "", "1000") "]", NULL, NULL,
      "b.status:answer(10.0.0.99)", "good 10.0.0.99 b.status" },
};

static void
testListed(gconstpointer data)
{
    const struct listed *listing = data;
    g_autofree char *folder = makeFolder();
    g_autofree struct virNames *names = g_new(struct virNames, 1);
    g_autoptr(GString) notes = g_string_new(NULL);
    g_autofree char *got = NULL;

    writeFile(folder, "a.status", listing->status);
    writeFile(folder, "a.macs", listing->macs);
    writeFile(folder, "a.addnhosts", listing->hosts);
    writeFile(folder, "b.status", GOOD);
    g_assert_cmpint(listAll(folder, VIR_NAMES_LIBVIRT, names, notes), ==, VIR_NAMES_FOUND);
    got = describeEntries(names);
    virNamesClear(names);
    g_assert_cmpstr(notes->str, ==, listing->notes);
    g_assert_cmpstr(got, ==, listing->expected);
    removeFolder(folder);
}

/* However many leases there are, what networks declare is listed, and is no guest's. */
static void
testListFull(void)
{
    g_autofree char *folder = makeFolder();
    g_autofree struct virNames *names = g_new(struct virNames, 1);
    g_autoptr(GString) json = g_string_new("[" LEASE("10.0.0.1", "01", "db", "0"));
    g_autoptr(GString) notes = g_string_new(NULL);
    unsigned int declared = 0;
    unsigned int i;

    for (i = 0; i <= VIR_NAMES_ANSWERS_MAX; i++)
        g_string_append_printf(json,
                               ",{\"ip-address\": \"10.%u.%u.%u\", \"hostname\": \"h%u\", "
                               "\"expiry-time\": 0}",
                               i >> 16, (i >> 8) & 255, i & 255, i);
    g_string_append_c(json, ']');
    writeFile(folder, "a.status", json->str);
    writeFile(folder, "a.addnhosts", "10.9.0.7 db\n");
    g_assert_cmpint(listAll(folder, VIR_NAMES_LIBVIRT, names, notes), ==, VIR_NAMES_FOUND);
    /* One place is that of the lease that was dropped */
    g_assert_cmpuint(names->nentries, ==, VIR_NAMES_ANSWERS_MAX - 1);
    for (i = 0; i < names->nentries; i++) {
        const struct virNamesEntry *entry = virNamesGetEntry(names, i);

        if (strcmp(entry->name, "db") != 0)
            continue;
        g_assert_true(entry->isStatic);
        declared++;
    }
    g_assert_cmpuint(declared, ==, 1);
    g_assert_nonnull(strstr(notes->str, "a.status:too-many"));
    virNamesClear(names);
    removeFolder(folder);
}

/* Where there are more declared names, or domains, than can be known, no guest is believed. */
static void
testListFailsClosed(gconstpointer data)
{
    const char *file = data;
    bool isMap = strcmp(file, "a.macs") == 0;
    g_autofree char *folder = makeFolder();
    g_autofree struct virNames *names = g_new(struct virNames, 1);
    g_autoptr(GString) text = g_string_new(isMap ? "[" : "");
    unsigned int i;

    for (i = 0; i <= VIR_NAMES_ANSWERS_MAX; i++) {
        if (isMap)
            g_string_append_printf(text, "%s{\"domain\": \"d%u\", \"macs\": []}", i ? "," : "", i);
        else
            g_string_append_printf(text, "10.%u.%u.%u d%u\n", i >> 16, (i >> 8) & 255, i & 255, i);
    }
    if (isMap)
        g_string_append_c(text, ']');
    writeFile(folder, file, text->str);
    writeFile(folder, "b.status", GOOD);
    g_assert_cmpint(listAll(folder, VIR_NAMES_LIBVIRT, names, NULL), ==,
                    isMap ? VIR_NAMES_UNKNOWN : VIR_NAMES_FOUND);
    g_assert_cmpuint(names->nentries, ==, isMap ? 0 : VIR_NAMES_ANSWERS_MAX);
    virNamesClear(names);
    removeFolder(folder);
}

/* A domain's name is in memory once for each of its leases: the longest must not fill it. */
static void
testLongDomain(void)
{
    g_autofree char *folder = makeFolder();
    g_autofree struct virNames *names = g_new(struct virNames, 1);
    g_autofree char *longest = g_strnfill(255, 'd');
    g_autofree char *tooLong = g_strnfill(30000, 'e');
    g_autoptr(GString) maps = g_string_new("[");
    g_autoptr(GString) leases = g_string_new("[");
    unsigned int i;

    for (i = 0; i < 20000; i++) {
        if (i % 1000 == 0)
            g_string_append_printf(maps, "%s{\"domain\": \"%s\", \"macs\": [\"ff:1:2:3:4:5\"",
                                   i ? "]}," : "", i == 1000 ? tooLong : longest);
        g_string_append_printf(maps, ",\"52:54:0:0:%x:%x\"", i >> 8, i & 255);
        g_string_append_printf(leases,
                               "%s{\"ip-address\": \"10.0.%u.%u\", \"mac-address\": "
                               "\"52:54:00:00:%02x:%02x\", \"expiry-time\": 0}",
                               i ? "," : "", i >> 8, i & 255, i >> 8, i & 255);
    }
    g_string_append(maps, "]}]");
    g_string_append_c(leases, ']');
    writeFile(folder, "a.macs", maps->str);
    writeFile(folder, "a.status", leases->str);
    g_assert_cmpint(listAll(folder, VIR_NAMES_LIBVIRT_GUEST, names, NULL), ==, VIR_NAMES_FOUND);
    g_assert_cmpuint(names->nentries, ==, 19000);
    virNamesClear(names);
    removeFolder(folder);
}

/* A declaration for an IPv4 address mapped into IPv6 keeps the name from guests by IPv4, whichever
 * way one asks. */
static void
testMappedDeclaration(void)
{
    static const int families[] = { AF_INET, AF_UNSPEC };
    g_autofree char *folder = makeFolder();
    g_autofree struct virNames *names = g_new(struct virNames, 1);
    struct virNamesQuery query = { .folder = folder, .name = "db", .now = NOW };
    size_t i;

    writeFile(folder, "a.status", "[" LEASE("10.0.0.1", "01", "db", "1000") "]");
    writeFile(folder, "a.addnhosts", "::ffff:10.0.0.5 db\n");
    for (i = 0; i < G_N_ELEMENTS(families); i++) {
        query.family = families[i];
        g_assert_cmpint(virNamesByName(names, &query), ==, VIR_NAMES_FOUND);
        g_assert_cmpuint(names->nanswers, ==, 1);
        g_assert_true(names->answers[0].isStatic);
        virNamesClear(names);
    }
    query.addr = (struct virSocketAddr){ AF_INET, { 10, 0, 0, 1 } };
    g_assert_cmpint(virNamesByAddress(names, &query), ==, VIR_NAMES_UNKNOWN);
    virNamesClear(names);
    g_assert_cmpint(listAll(folder, VIR_NAMES_LIBVIRT, names, NULL), ==, VIR_NAMES_FOUND);
    g_assert_cmpuint(names->nentries, ==, 1);
    virNamesClear(names);
    removeFolder(folder);
}

/* Domains that nobody can ask for, and those without interfaces, are in no list. */
static void
testListDomains(void)
{
    g_autofree char *folder = makeFolder();
    g_autofree struct virNames *names = g_new(struct virNames, 1);
    g_autofree char *got = NULL;

    writeFile(folder, "a.status",
              "[" LEASE("10.0.0.1", "01", "x", "0") "," LEASE(
                  "10.0.0.2", "02", "x", "0") ", {\"ip-address\": \"10.0.0.3\", \"mac-address\": "
                                              "\"0:0:0:0:0:0\", \"expiry-time\": 0}]");
    writeFile(folder, "a.macs",
              "[" MAP("web.", MAC1) "," MAP("", MAC1) "," MAP("a\\u0000b", MAC1) "," MAP(
                  "none", "") "," MAP("good", MAC2) "]");
    g_assert_cmpint(listAll(folder, VIR_NAMES_LIBVIRT_GUEST, names, NULL), ==, VIR_NAMES_FOUND);
    got = describeEntries(names);
    virNamesClear(names);
    g_assert_cmpstr(got, ==, "good 10.0.0.2 a.status");
    removeFolder(folder);
}

/* Where there are more addresses declared for a name than can be known, no guest has it, by
 * whatever family. */
static void
testNameFailsClosed(void)
{
    g_autofree char *folder = makeFolder();
    g_autofree struct virNames *names = g_new(struct virNames, 1);
    g_autoptr(GString) hosts = g_string_new(NULL);
    const struct virNamesQuery query = {
        .folder = folder, .name = "db", .family = AF_INET6, .now = NOW
    };
    unsigned int i;

    for (i = 0; i <= VIR_NAMES_ANSWERS_MAX; i++)
        g_string_append_printf(hosts, "10.%u.%u.%u db\n", i >> 16, (i >> 8) & 255, i & 255);
    writeFile(folder, "a.status", "[" LEASE("fd00::1", "01", "db", "0") "]");
    writeFile(folder, "a.addnhosts", "10.0.0.1 db\n");
    g_assert_cmpint(virNamesByName(names, &query), ==, VIR_NAMES_FOUND);
    virNamesClear(names);
    writeFile(folder, "a.addnhosts", hosts->str);
    g_assert_cmpint(virNamesByName(names, &query), ==, VIR_NAMES_OTHER_FAMILY);
    virNamesClear(names);
    removeFolder(folder);
}

/* Judging one name after the other takes no more memory than judging one. */
static void
testReverseMemory(void)
{
    g_autofree char *folder = makeFolder();
    g_autofree struct virNames *names = g_new(struct virNames, 1);
    g_autoptr(GString) leases = g_string_new("[");
    g_autoptr(GString) maps = g_string_new("[");
    const struct virNamesQuery query = { .folder = folder,
                                         .now = NOW,
                                         .addr = { AF_INET, { 10, 0, 0, 1 } } };
    unsigned int i;
    unsigned int j;

    for (i = 0; i < 50; i++) {
        g_string_append_printf(leases,
                               "%s{\"ip-address\": \"10.0.0.1\", \"mac-address\": "
                               "\"52:54:00:00:00:01\", \"hostname\": \"h%u\", \"expiry-time\": 0}",
                               i ? "," : "", i);
        g_string_append_printf(maps, "%s{\"domain\": \"h%u\", \"macs\": [" MAC1, i ? "," : "", i);
        for (j = 0; j < 1000; j++)
            g_string_append_printf(maps, ", \"52:54:1:0:%x:%x\"", j >> 8, j & 255);
        g_string_append(maps, "]}");
    }
    g_string_append_c(leases, ']');
    g_string_append_c(maps, ']');
    writeFile(folder, "a.status", leases->str);
    writeFile(folder, "a.macs", maps->str);
    g_assert_cmpint(virNamesByAddress(names, &query), ==, VIR_NAMES_FOUND);
    g_assert_cmpuint(names->nentries, ==, 50);
    g_assert_cmpuint(names->scratch.used, <, 64 * 1024);
    virNamesClear(names);
    removeFolder(folder);
}

/* ---- a visit ---- */

static void
visitLease(const char *file, const struct virLease *lease, void *opaque)
{
    g_string_append_printf(opaque, "%s lease %.*s, ", file, (int)lease->hostnameLen,
                           lease->hostname);
}

static void
visitMap(const char *file, const struct virMacMap *map, void *opaque)
{
    g_string_append_printf(opaque, "%s map %.*s, ", file, (int)map->domainLen, map->domain);
}

static void
visitDeclared(const char *file, const struct virHostsLine *line, void *opaque)
{
    g_string_append_printf(opaque, "%s hosts %.*s, ", file, (int)line->len, line->names);
}

static void
testVisit(void)
{
    g_autofree char *folder = makeFolder();
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autoptr(GString) notes = g_string_new(NULL);
    const struct virNamesVisitor visitor = { visitLease, visitMap, visitDeclared, seen };
    const struct virNamesTracer tracer = { hear, notes };

    writeFile(folder, "a.status", "[" LEASE("10.0.0.1", "01", "wpad", "3") "");
    writeFile(folder, "b.status", GOOD);
    writeFile(folder, "a.macs", "[1, " MAP("wpad", MAC2) "]");
    writeFile(folder, "a.addnhosts", "10.0.0.7 seven eight\n");
    g_assert_cmpint(virNamesVisit(folder, &visitor, &tracer), ==, 0);
    g_assert_cmpstr(seen->str, ==,
                    "a.status lease wpad, b.status lease good, a.macs map wpad, a.addnhosts hosts  "
                    "seven eight, ");
    g_assert_cmpstr(notes->str, ==, "a.status:damaged@101 a.macs:damaged@1");
    removeFolder(folder);
    g_assert_cmpint(virNamesVisit(folder, &visitor, &tracer), ==, -ENOENT);
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
    TEST_ADD_TABLE("list", listed, testListed);
    g_test_add_func("/list-full", testListFull);
    g_test_add_data_func("/list-fails-closed/declared", "a.addnhosts", testListFailsClosed);
    g_test_add_data_func("/list-fails-closed/domains", "a.macs", testListFailsClosed);
    g_test_add_func("/list-long-domain", testLongDomain);
    g_test_add_func("/list-domains", testListDomains);
    g_test_add_func("/name-fails-closed", testNameFailsClosed);
    g_test_add_func("/reverse-memory", testReverseMemory);
    g_test_add_func("/mapped-declaration", testMappedDeclaration);
    g_test_add_func("/visit", testVisit);
    return g_test_run();
}
