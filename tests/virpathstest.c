/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* The engine has a fast way, which looks for bytes before it looks at JSON, and a careful way,
 * which looks at every record and is taken when somebody listens. Both must give the same answers
 * on any file: here on generated ones, plain, odd and damaged. And a list of everything must have
 * just what look-ups by name and by address give. The seed is printed; --seed repeats a run. */

#include <config.h>

#include <arpa/inet.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "testutil.h"
#include "virnames.h"

#define NOW 2000000000

/* What a generated file is like: chances in percent */
struct profile {
    const char *path;
    guint files;   /* pairs of them, of a slow run */
    guint records; /* at most */
    guint odd;     /* that a record, a member or a string is unlike what libvirt writes */
    guint damaged; /* that the file is damaged */
};

static const struct profile profiles[] = {
    { "plain", 30000, 12, 0, 0 },    { "odd", 38000, 8, 25, 0 },
    { "damaged", 24000, 8, 0, 100 }, { "odd-and-damaged", 14000, 6, 25, 100 },
    { "large", 800, 400, 2, 20 },
};

/* Names of guests, of domains and of nobody; some are words of the format, some what a JSON text
 * uses, some near to each other. */
static const char *const names[] = {
    "web",
    "Web",
    "web1",
    "web-1",
    "a",
    "db.lab",
    "hostname",
    "domain",
    "macs",
    "lab",
    "nobody",
    "52",
    "a b",
    "a{b}",
    "a|b",
    "mac-address",
    "x.y.z",
    "WEB-1",
    "umlaut-ü",
    "",
    "ip-address",
    "two\"quotes\"s",
    "[",
    "long-name-of-a-domain-that-goes-on-and-on-until-it-is-longer-than-any-label-may-be",
};

static gboolean
chance(guint percent)
{
    return (guint)g_test_rand_int_range(0, 100) < percent;
}

static guint
below(guint end)
{
    return g_test_rand_int_range(0, end);
}

static const char *
oneOf(const char *const *texts, gsize count)
{
    return texts[below(count)];
}

#define ONE_OF(texts) oneOf(texts, G_N_ELEMENTS(texts))

static void
addSpace(GString *json, guint odd)
{
    static const char *const spaces[] = { "", " ", "\n", "\r\n", "\t", "\n\n    ", "          " };

    g_string_append(json, chance(odd) ? ONE_OF(spaces) : "\n    ");
}

/* A JSON string; an odd one has escapes that need not be, and now and then none that must be. */
static void
addString(GString *json, const char *text, guint odd)
{
    g_string_append_c(json, '"');
    for (; *text; text++) {
        if (chance(odd / 4))
            g_string_append_printf(json, "\\u%04x", (guint)*text & 0x7f);
        else if (strchr("\"\\", *text) && !chance(odd / 8))
            g_string_append_printf(json, "\\%c", *text);
        else if (chance(odd / 4))
            g_string_append_c(json, g_ascii_isupper(*text) ? g_ascii_tolower(*text)
                                                           : g_ascii_toupper(*text));
        else
            g_string_append_c(json, *text);
    }
    g_string_append_c(json, '"');
}

static void
addMac(GString *json, guint odd)
{
    g_autoptr(GString) mac = g_string_new(NULL);
    guint i;

    for (i = 0; i < 6; i++) {
        guint octet = i < 4 ? 0x50 + i : below(i == 4 ? 2 : 24);
        const char *format = chance(odd) ? "%x" : chance(odd) ? "%02X" : "%02x";

        g_string_append(mac, i ? ":" : "");
        /* The format is one of the three above */
        if (strcmp(format, "%x") == 0)
            g_string_append_printf(mac, "%x", octet);
        else if (strcmp(format, "%02X") == 0)
            g_string_append_printf(mac, "%02X", octet);
        else
            g_string_append_printf(mac, "%02x", octet);
    }
    addString(json, mac->str, odd / 4);
}

/* A value of another kind, with what could be taken for a record inside */
static void
addOddValue(GString *json)
{
    static const char *const values[] = {
        "null",
        "true",
        "-1.5e3",
        "[]",
        "{}",
        "[[[{}]]]",
        "{\"hostname\": \"web\"}",
        "{\"ip-address\": \"10.6.6.6\", \"hostname\": \"web\", \"expiry-time\": 0}",
        "[{\"ip-address\": \"10.6.6.6\", \"hostname\": \"web\", \"expiry-time\": 0}]",
        "{\"domain\": \"web\", \"macs\": [\"50:51:52:53:00:01\"]}",
        "\"}{][\"",
        "\"\\\\\"",
        "\"{\\\"hostname\\\": \\\"web\\\"}\"",
        "\"web\"",
        "\"|\"",
        "[\"web\", \"50:51:52:53:00:01\"]",
    };

    g_string_append(json, ONE_OF(values));
}

static void
addMember(GString *json, const char *name, guint odd)
{
    if (json->str[json->len - 1] != '{')
        g_string_append_c(json, ',');
    addSpace(json, odd);
    addString(json, name, odd / 8);
    g_string_append(json, chance(odd / 4) ? " \n:" : ":");
    g_string_append_c(json, ' ');
}

/* An address, few enough that they come twice; odd ones in other spellings */
static void
addAddress(GString *json, guint odd)
{
    static const char *const common[] = { "fd00::1", "fd00::12", "fd00::", "fd00::a:0",
                                          "fd00::1f" };
    static const char *const spellings[] = {
        "FD00::1",     "fd00:0::0001",    "fd00::0.0.0.1",     "fd00::0.0.0.18",
        "fd00:0:0::0", "fd00:0::0.0.0.0", "fd00::0:0000:0012", "fd00::000a:0000",
        "fd00::A:0",   "fd00::0.10.0.0",  "fd00::1F",
    };

    if (chance(odd))
        addString(json, ONE_OF(spellings), odd);
    else if (chance(30))
        addString(json, ONE_OF(common), odd);
    else
        g_string_append_printf(json, "\"10.0.%u.%u\"", below(2), below(20));
}

/* A hosts file, often empty as most are */
static char *
generateHosts(const struct profile *profile)
{
    static const char *const lines[] = { "10.0.0.1",        "10.0.1.2", "fd00::1", "fd00::12",
                                         "::ffff:10.0.0.1", "10.0.0.3", "x",       "" };
    GString *text = g_string_new(NULL);
    guint count = chance(50) ? 0 : below(MIN(profile->records, 12));

    while (count-- > 0) {
        guint words = below(4);

        g_string_append(text, ONE_OF(lines));
        while (words-- > 0)
            g_string_append_printf(text, "%s%s", chance(50) ? "\t" : " ", ONE_OF(names));
        g_string_append(text, chance(profile->odd) ? " # web\r\n" : "\n");
    }
    return g_string_free(text, FALSE);
}

static void
addLease(GString *json, guint odd)
{
    guint member;

    g_string_append_c(json, '{');
    for (member = 0; member < 6; member++) {
        if (chance(odd / 2)) {
            addMember(json, "unknown", odd);
            addOddValue(json);
        }
        if (chance(odd / 4))
            member = below(6);
        switch (member) {
        case 0:
            addMember(json, "ip-address", odd);
            addAddress(json, odd);
            break;
        case 1:
            addMember(json, "mac-address", odd);
            addMac(json, odd);
            break;
        case 2:
            addMember(json, "hostname", odd);
            addString(json, ONE_OF(names), odd);
            break;
        case 3:
            addMember(json, "client-id", odd);
            g_string_append(json, "\"01:50:51:52:53:00:01\"");
            break;
        case 4:
            addMember(json, "expiry-time", odd);
            g_string_append_printf(json, "%u", chance(10) ? 0 : NOW - 100 + below(1000));
            break;
        default:
            if (chance(30)) {
                addMember(json, "domain", odd);
                addString(json, "lab", odd);
            }
            break;
        }
    }
    addSpace(json, odd);
    g_string_append_c(json, '}');
}

static void
addMap(GString *json, guint odd)
{
    guint macs = chance(3) ? 12 : below(4);

    g_string_append_c(json, '{');
    addMember(json, "domain", odd);
    addString(json, ONE_OF(names), odd);
    if (chance(odd)) {
        addMember(json, "unknown", odd);
        addOddValue(json);
    }
    addMember(json, "macs", odd);
    g_string_append_c(json, '[');
    while (macs-- > 0) {
        addSpace(json, odd);
        addMac(json, odd);
        g_string_append(json, macs > 0 ? "," : "");
    }
    g_string_append(json, "]\n  }");
}

static void
damage(GString *json)
{
    static const char *const pieces[] = {
        "{", "}", "[",    "]",   "\"",  "\\",  ",",    ":",     "\n",
        "|", "a", "\001", "{\"", "\"}", "},{", "\\\"", "\\u00",
    };
    guint blows = 1 + below(4);

    while (blows-- > 0 && json->len > 0) {
        guint at = below(json->len);
        guint length = 1 + below(chance(20) ? 200 : 3);

        length = MIN(length, json->len - at);
        switch (below(5)) {
        case 0:
            g_string_truncate(json, at);
            break;
        case 1:
            g_string_erase(json, at, length);
            break;
        case 2:
            json->str[at] = *ONE_OF(pieces);
            break;
        case 3: {
            g_autofree char *copy = g_strndup(json->str + at, length);

            g_string_insert(json, below(json->len), copy);
            break;
        }
        default:
            g_string_insert(json, at, ONE_OF(pieces));
            break;
        }
    }
}

static char *
generate(const struct profile *profile, void (*add)(GString *json, guint odd))
{
    GString *json = g_string_new("[");
    guint records = below(profile->records + 1);
    guint i;

    for (i = 0; i < records; i++) {
        g_string_append(json, i ? "," : "");
        addSpace(json, profile->odd);
        if (chance(profile->odd / 4))
            addOddValue(json);
        else
            add(json, profile->odd);
    }
    g_string_append(json, "\n]\n");
    if (chance(profile->damaged))
        damage(json);
    return g_string_free(json, FALSE);
}

static void
describeAddress(GString *text, const struct virSocketAddr *addr)
{
    char address[INET6_ADDRSTRLEN];

    g_string_append_printf(text, " %s",
                           inet_ntop(addr->family, addr->bytes, address, sizeof(address)));
}

static char *
describe(enum virNamesResult result, const struct virNames *found)
{
    GString *text = g_string_new(NULL);
    size_t i;

    g_string_printf(text, "%u:", result);
    for (i = 0; i < found->nanswers; i++) {
        const struct virNamesAnswer *answer = &found->answers[i];

        describeAddress(text, &answer->addr);
        g_string_append_printf(text, "/%" G_GINT64_FORMAT, answer->expiry);
        if (answer->hasMac)
            g_string_append_printf(text, "/%02x%02x", answer->mac.octets[4], answer->mac.octets[5]);
    }
    for (i = 0; i < found->nentries; i++) {
        const struct virNamesEntry *entry = virNamesGetEntry(found, i);

        describeAddress(text, &entry->addr);
        g_string_append_printf(text, "=%s", entry->name);
    }
    return g_string_free(text, FALSE);
}

static void
ignore(const struct virNamesNote *note, void *opaque)
{
    (void)note;
    (void)opaque;
}

/* What makes a run worth something: both ways must have been taken to a real end. */
struct tally {
    guint answered;
    guint unknown;
};

typedef enum virNamesResult (*lookupFunction)(struct virNames *names,
                                              const struct virNamesQuery *query);

/* Asks in both ways. */
static gboolean
agree(lookupFunction lookup, struct virNamesQuery query, struct tally *tally)
{
    const struct virNamesTracer listener = { ignore, NULL };
    struct virNames found;
    g_autofree char *fast = NULL;
    g_autofree char *careful = NULL;

    fast = describe(lookup(&found, &query), &found);
    virNamesClear(&found);
    query.tracer = &listener;
    careful = describe(lookup(&found, &query), &found);
    tally->answered += found.nanswers + found.nentries > 0;
    tally->unknown += found.nanswers + found.nentries == 0;
    virNamesClear(&found);
    if (strcmp(fast, careful) != 0)
        g_test_message("service %u, name \"%s\": fast %s, careful %s", query.service,
                       query.name ? query.name : "(by address)", fast, careful);
    return strcmp(fast, careful) == 0;
}

static int
compareTexts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether an entry of the list is one of those of @addr: what a network declares for an IPv4
 * address that is mapped into IPv6 is for both. */
static gboolean
isOf(const struct virNamesEntry *entry, const struct virSocketAddr *addr)
{
    struct virSocketAddr own = entry->addr;

    if (entry->isStatic && addr->family == AF_INET)
        virSocketAddrUnmap(&own);
    return virSocketAddrCompare(&own, addr) == 0;
}

/* " ADDRESS" of each entry that has the name or, without one, " =NAME" of each that has the
 * address; each once, sorted */
static char *
pick(const struct virNames *all, const char *name, const struct virSocketAddr *addr)
{
    g_autoptr(GPtrArray) picked = g_ptr_array_new_with_free_func(g_free);
    size_t i;

    for (i = 0; i < all->nentries; i++) {
        const struct virNamesEntry *entry = virNamesGetEntry(all, i);
        g_autoptr(GString) text = g_string_new(NULL);
        g_autofree char *lower = NULL;

        if (name ? g_ascii_strcasecmp(entry->name, name) != 0 : !isOf(entry, addr))
            continue;
        if (name)
            describeAddress(text, &entry->addr);
        else
            g_string_append_printf(text, " =%s", entry->name);
        lower = g_ascii_strdown(text->str, -1);
        if (!g_ptr_array_find_with_equal_func(picked, lower, g_str_equal, NULL))
            g_ptr_array_add(picked, g_steal_pointer(&lower));
    }
    g_ptr_array_sort(picked, compareTexts);
    g_ptr_array_add(picked, NULL);
    return g_strjoinv("", (char **)picked->pdata);
}

/* The addresses of a name, sorted */
static char *
askName(struct virNamesQuery query, const char *name)
{
    g_autoptr(GPtrArray) got = g_ptr_array_new_with_free_func(g_free);
    struct virNames found;
    size_t i;

    query.name = name;
    virNamesByName(&found, &query);
    for (i = 0; i < found.nanswers; i++) {
        g_autoptr(GString) text = g_string_new(NULL);

        describeAddress(text, &found.answers[i].addr);
        g_ptr_array_add(got, g_strdup(text->str));
    }
    virNamesClear(&found);
    g_ptr_array_sort(got, compareTexts);
    g_ptr_array_add(got, NULL);
    return g_strjoinv("", (char **)got->pdata);
}

/* The names of an address, sorted */
static char *
askAddress(struct virNamesQuery query, const struct virSocketAddr *addr)
{
    struct virNames found;
    char *text;

    query.addr = *addr;
    virNamesByAddress(&found, &query);
    text = pick(&found, NULL, addr);
    virNamesClear(&found);
    return text;
}

static gboolean
same(const char *what, const char *got, const char *listed)
{
    if (strcmp(got, listed) != 0)
        g_test_message("%s: asked %s, listed %s", what, got, listed);
    return strcmp(got, listed) == 0;
}

/* Whether the list of everything is what the questions for each of its parts give. */
static gboolean
consistent(struct virNamesQuery query)
{
    struct virNames all;
    gboolean good = TRUE;
    size_t i;

    virNamesAll(&all, &query);
    for (i = 0; i < G_N_ELEMENTS(names) && good; i++) {
        g_autofree char *got = askName(query, names[i]);
        g_autofree char *listed = pick(&all, names[i], NULL);

        /* Nobody can ask for these two by name */
        good = *names[i] == '\0' || same(names[i], got, listed);
    }
    for (i = below(8); i < all.nentries && good; i += 1 + all.nentries / 8) {
        const struct virSocketAddr *addr = &virNamesGetEntry(&all, i)->addr;
        g_autofree char *got = askAddress(query, addr);
        g_autofree char *listed = pick(&all, NULL, addr);

        good = same("address", got, listed);
    }
    virNamesClear(&all);
    return good;
}

/* An address that may be in the files */
static struct virSocketAddr
anyAddress(void)
{
    struct virSocketAddr addr;
    g_autoptr(GString) text = g_string_new(NULL);

    addAddress(text, 25);
    if (!virSocketAddrParse(&addr, text->str + 1, text->len - 2))
        virSocketAddrParse(&addr, "10.0.0.1", strlen("10.0.0.1"));
    return addr;
}

static gboolean
askAll(const char *folder, struct tally *tally)
{
    struct virNamesQuery query = { folder, VIR_NAMES_LIBVIRT, NULL, AF_UNSPEC, NOW, NULL, { 0 } };
    gboolean good = TRUE;
    guint questions;

    for (questions = 0; questions < 3 && good; questions++) {
        query.name = ONE_OF(names);
        query.addr = anyAddress();
        for (query.service = VIR_NAMES_LIBVIRT; query.service <= VIR_NAMES_LIBVIRT_GUEST;
             query.service++) {
            good = good && agree(virNamesByName, query, tally) &&
                   agree(virNamesByAddress, query, tally);
        }
    }
    query.name = NULL;
    for (query.service = VIR_NAMES_LIBVIRT; query.service <= VIR_NAMES_LIBVIRT_GUEST;
         query.service++)
        good = good && (chance(90) || consistent(query));
    return good;
}

static void
testAgree(gconstpointer data)
{
    const struct profile *profile = data;
    guint files = profile->files / (g_getenv("NSS_TEST_VALGRIND") ? 100 : testIsFull() ? 1 : 5);
    g_autofree char *folder = g_dir_make_tmp("virpaths-XXXXXX", NULL);
    g_autofree char *status = g_build_filename(folder, "virbr0.status", NULL);
    g_autofree char *macs = g_build_filename(folder, "virbr0.macs", NULL);
    g_autofree char *hosts = g_build_filename(folder, "default.addnhosts", NULL);
    struct tally tally = { 0, 0 };
    gboolean good = TRUE;
    guint i;

    g_assert_nonnull(folder);
    for (i = 0; i < files && good; i++) {
        /* A lookup reads all files; any may be the damaged one. */
        g_autofree char *leases = generate(profile, addLease);
        g_autofree char *maps = generate(profile, addMap);
        g_autofree char *declared = generateHosts(profile);

        g_assert_true(
            g_file_set_contents_full(status, leases, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
        g_assert_true(
            g_file_set_contents_full(macs, maps, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
        g_assert_true(
            g_file_set_contents_full(hosts, declared, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
        good = askAll(folder, &tally);
        if (!good) {
            g_autofree char *escaped = g_strescape(declared, NULL);

            g_test_message("virbr0.status:\n%s\nvirbr0.macs:\n%s\ndefault.addnhosts:\n%s", leases,
                           maps, escaped);
        }
    }
    g_assert_true(good);
    g_test_message("%u sets of files, lookups answered: %u, not: %u", i, tally.answered,
                   tally.unknown);
    g_assert_cmpuint(tally.answered, >, i / 20);
    g_assert_cmpuint(tally.unknown, >, i / 20);
    g_assert_no_errno(g_unlink(status));
    g_assert_no_errno(g_unlink(macs));
    g_assert_no_errno(g_unlink(hosts));
    g_assert_no_errno(g_rmdir(folder));
}

int
main(int argc, char **argv)
{
    testInit(&argc, &argv);
    TEST_ADD_TABLE("agree", profiles, testAgree);
    return g_test_run();
}
