/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* virt-names list */

#include <config.h>

#include <glib/gi18n.h>
#include <string.h>
#include <sys/socket.h>

#include "namescommand.h"
#include "namesjson.h"
#include "namesnotes.h"
#include "namesoutput.h"
#include "namesrows.h"
#include "namestext.h"
#include "virhostname.h"

struct options {
    char *leasedir;
    char *network;
    char *family;
    char *sort;
    char *format;
    gboolean expired;
    gboolean full;
    gboolean json;
};

typedef void (*printer)(const struct namesRows *rows, const struct options *options, gint64 now);

/* ---- which rows, and in which order ---- */

static int
compareExpiry(const struct namesRow *a, const struct namesRow *b)
{
    /* What never runs out comes last */
    guint64 left = (guint64)a->expiry - 1;
    guint64 right = (guint64)b->expiry - 1;

    return left < right ? -1 : left > right;
}

static int
compareNames(const struct namesRow *a, const struct namesRow *b)
{
    return virHostnameCompare(a->name, strlen(a->name), b->name, strlen(b->name));
}

static int
compareAddresses(const struct namesRow *a, const struct namesRow *b)
{
    return virSocketAddrCompare(&a->addr, &b->addr);
}

static int
compareMacs(const struct namesRow *a, const struct namesRow *b)
{
    if (a->hasMac != b->hasMac)
        return a->hasMac ? -1 : 1;
    return virMacAddrCompare(&a->mac, &b->mac);
}

static int
compareNetworks(const struct namesRow *a, const struct namesRow *b)
{
    return strcmp(namesRowNetwork(a), namesRowNetwork(b));
}

static int
compareSources(const struct namesRow *a, const struct namesRow *b)
{
    return (int)a->source - (int)b->source;
}

typedef int (*comparison)(const struct namesRow *a, const struct namesRow *b);

static const struct {
    const char *name;
    comparison compare;
} orders[] = {
    { "name", compareNames },       { "address", compareAddresses }, { "mac", compareMacs },
    { "network", compareNetworks }, { "service", compareSources },   { "expires", compareExpiry },
};

/* What is equal in the column asked for is in the order of the others. */
static int
compareRows(gconstpointer a, gconstpointer b, gpointer data)
{
    const comparison *first = data;
    int order = (*first)(a, b);
    size_t i;

    for (i = 0; order == 0 && i < G_N_ELEMENTS(orders); i++)
        order = orders[i].compare(a, b);
    return order;
}

static comparison
findOrder(const char *name)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(orders); i++) {
        if (strcmp(orders[i].name, name) == 0)
            return orders[i].compare;
    }
    return NULL;
}

/* AF_UNSPEC for any, -1 for a text that names no family. */
static int
readFamily(const char *text)
{
    static const struct {
        const char *name;
        int family;
    } families[] = { { "any", AF_UNSPEC }, { "ipv4", AF_INET },  { "4", AF_INET },
                     { "inet", AF_INET },  { "ipv6", AF_INET6 }, { "6", AF_INET6 },
                     { "inet6", AF_INET6 } };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(families); i++) {
        if (g_ascii_strcasecmp(families[i].name, text) == 0)
            return families[i].family;
    }
    return -1;
}

static bool
isWanted(const struct namesRow *row, const struct options *options, int family)
{
    if (family != AF_UNSPEC && row->addr.family != family)
        return false;
    return !options->network || g_strcmp0(row->network, options->network) == 0 ||
           g_strcmp0(row->bridge, options->network) == 0;
}

static void
selectRows(struct namesRows *rows, const struct options *options, int family, comparison order)
{
    size_t kept = 0;
    size_t i;

    for (i = 0; i < rows->nrows; i++) {
        if (isWanted(&rows->rows[i], options, family))
            rows->rows[kept++] = rows->rows[i];
    }
    rows->nrows = kept;
    g_array_set_size(rows->array, kept);
    if (order)
        g_array_sort_with_data(rows->array, compareRows, &order);
}

/* ---- how they are printed ---- */

static char *
describeExpiry(const struct namesRow *row, const struct options *options, gint64 now)
{
    if (row->source == NAMES_SOURCE_STATIC)
        return g_strdup("-");
    return options->full && row->expiry != 0 ? namesTextTime(row->expiry)
                                             : namesTextExpiry(row->expiry, now);
}

static void
printTable(const struct namesRows *rows, const struct options *options, gint64 now)
{
    const struct namesColumn columns[] = {
        { _("NAME"), 12, false }, { _("SERVICE"), 0, true },  { _("ADDRESS"), 0, false },
        { _("MAC"), 0, true },    { _("NETWORK"), 8, false }, { _("EXPIRES"), 0, false },
    };
    g_autoptr(namesTable) table = namesTableNew(columns, G_N_ELEMENTS(columns));
    size_t i;

    for (i = 0; i < rows->nrows; i++) {
        const struct namesRow *row = &rows->rows[i];
        char **cells = g_new0(char *, G_N_ELEMENTS(columns) + 1);

        cells[0] = namesRowName(row);
        cells[1] = g_strdup(namesRowSource(row));
        cells[2] = namesTextAddress(&row->addr);
        cells[3] = row->hasMac ? namesTextMac(&row->mac) : g_strdup("-");
        cells[4] = namesRowShownNetwork(row);
        cells[5] = describeExpiry(row, options, now);
        namesTableAdd(table, cells, row->expired ? NAMES_COLOR_DIM : NAMES_COLOR_NONE);
    }
    if (rows->nrows > 0)
        namesTablePrint(table, options->full);
}

static void
printJson(const struct namesRows *rows, const struct options *options, gint64 now)
{
    g_autoptr(namesJson) json = namesJsonNew(true);
    size_t i;

    (void)options;
    namesJsonBeginObject(json, NULL);
    namesJsonInteger(json, "version", 1);
    namesJsonInteger(json, "time", now);
    namesJsonBeginArray(json, "names");
    for (i = 0; i < rows->nrows; i++) {
        namesJsonBeginObject(json, NULL);
        namesRowJson(json, &rows->rows[i]);
        namesJsonEndObject(json);
    }
    namesJsonEndArray(json);
    namesJsonEndObject(json);
    namesJsonPrint(json);
}

/* A line of hosts(5). */
struct line {
    GString *text;
    GHashTable *names; /* those in it */
};

static void
freeLine(gpointer data)
{
    struct line *line = data;

    g_string_free(line->text, TRUE);
    g_hash_table_unref(line->names);
    g_free(line);
}

/* The line of @row's address, a new one at the end of @order if there is none. */
static struct line *
lineOf(GHashTable *lines, GPtrArray *order, struct namesRow *row)
{
    struct line *line = g_hash_table_lookup(lines, &row->addr);
    g_autofree char *address = NULL;

    if (line)
        return line;
    address = namesTextAddress(&row->addr);
    line = g_new0(struct line, 1);
    line->text = g_string_new(address);
    line->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_insert(lines, &row->addr, line);
    g_ptr_array_add(order, line);
    return line;
}

/* A line for each address, in the order of the rows, with all of its names. */
static void
printHosts(const struct namesRows *rows, const struct options *options, gint64 now)
{
    g_autoptr(GHashTable) lines = g_hash_table_new(namesTextAddressHash, namesTextAddressEqual);
    g_autoptr(GPtrArray) order = g_ptr_array_new_with_free_func(freeLine);
    size_t refused = 0;
    size_t i;
    guint j;

    (void)options;
    (void)now;
    for (i = 0; i < rows->nrows; i++) {
        const char *name = rows->rows[i].name;
        struct line *line;

        if (!virHostnameIsValid(name, strlen(name))) {
            refused++;
            continue;
        }
        line = lineOf(lines, order, &rows->rows[i]);
        if (g_hash_table_add(line->names, g_strdup(name)))
            g_string_append_printf(line->text, "%c%s",
                                   g_hash_table_size(line->names) > 1 ? ' ' : '\t', name);
    }
    for (j = 0; j < order->len; j++)
        namesOutputFormat("%s\n", ((const struct line *)order->pdata[j])->text->str);
    if (refused > 0)
        namesTell(
            g_dngettext(GETTEXT_PACKAGE, "%zu name is left out: it is none that hosts(5) can hold",
                        "%zu names are left out: they are none that hosts(5) can hold", refused),
            refused);
}

static const struct {
    const char *name;
    printer print;
} formats[] = { { "table", printTable }, { "json", printJson }, { "hosts", printHosts } };

static printer
findFormat(const char *name)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (strcmp(formats[i].name, name) == 0)
            return formats[i].print;
    }
    return NULL;
}

/* ---- the command ---- */

static int
list(const struct namesCommand *command, const struct options *options)
{
    const char *folder = namesLeaseDir(options->leasedir);
    g_autoptr(GHashTable) texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct namesWarned warned = { folder, texts };
    const struct virNamesTracer tracer = { namesNotesWarn, &warned };
    comparison order = findOrder(options->sort ? options->sort : "name");
    int family = readFamily(options->family ? options->family : "any");
    printer print = findFormat(options->json     ? "json"
                               : options->format ? options->format
                                                 : "table");
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    g_autoptr(GError) error = NULL;
    struct namesRows *rows;

    if (options->json && options->format && strcmp(options->format, "json") != 0)
        return namesRefuse(command, _("--json and --format=%s exclude each other"),
                           options->format);
    if (!order)
        return namesRefuse(command,
                           _("cannot sort by \"%s\"; there are name, address, mac, network, "
                             "service and expires"),
                           options->sort);
    if (family < 0)
        return namesRefuse(command, _("there is no family \"%s\"; there are ipv4, ipv6 and any"),
                           options->family);
    if (!print)
        return namesRefuse(command, _("there is no format \"%s\"; there are table, json and hosts"),
                           options->format);
    rows = namesRowsRead(folder, now, options->expired, &tracer, &error);
    if (!rows) {
        /* TRANSLATORS: an error, and the program */
        namesTell(_("%s. Run \"%s check\" to find out why"), error->message, NAMES_PROGRAM);
        return NAMES_EXIT_FAILED;
    }
    /* The first name of an address in hosts(5) is the one that it has: let it be the modules' */
    selectRows(rows, options, family, print == printHosts && !options->sort ? NULL : order);
    print(rows, options, now);
    if (rows->nrows == 0 && print == printTable)
        namesTell(options->network ? _("there are no names in the network %s")
                                   : _("there are no names: no guest has a lease"),
                  options->network);
    namesRowsFree(rows);
    return NAMES_EXIT_GOOD;
}

int
namesList(const struct namesCommand *command, int argc, char **argv)
{
    struct options options = { 0 };
    const GOptionEntry entries[] = {
        { "network", 0, 0, G_OPTION_ARG_STRING, &options.network,
          N_("Show one network, or bridge, only"), N_("NAME") },
        { "family", 0, 0, G_OPTION_ARG_STRING, &options.family,
          N_("Show addresses of ipv4 or of ipv6 only"), N_("FAMILY") },
        { "expired", 0, 0, G_OPTION_ARG_NONE, &options.expired,
          N_("Show leases that have run out as well"), NULL },
        { "sort", 0, 0, G_OPTION_ARG_STRING, &options.sort,
          N_("Sort by name, address, mac, network, service or expires"), N_("COLUMN") },
        { "full", 0, 0, G_OPTION_ARG_NONE, &options.full,
          N_("Show when leases run out, and cut nothing"), NULL },
        { "format", 0, 0, G_OPTION_ARG_STRING, &options.format,
          N_("Print a table, json, or hosts: lines of /etc/hosts"), N_("FORMAT") },
        NAMES_OPTION_JSON(&options.json),
        NAMES_OPTION_LEASEDIR(&options.leasedir),
        G_OPTION_ENTRY_NULL,
    };
    int status;

    if (namesParse(command, entries, &argc, &argv, 0, 0, &status))
        status = list(command, &options);
    g_free(options.leasedir);
    g_free(options.network);
    g_free(options.family);
    g_free(options.sort);
    g_free(options.format);
    return status;
}
