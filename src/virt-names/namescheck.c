/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* virt-names check */

#include <config.h>

#include <glib/gi18n.h>
#include <string.h>
#include <sys/stat.h>

#include "namescheck.h"
#include "namescommand.h"
#include "namesfile.h"
#include "namesnotes.h"
#include "namesrows.h"
#include "namestext.h"
#include "namestrail.h"

char *
namesCommandOn(const char *command, const char *path)
{
    static const char plain[] = "/._-+=:@%";
    g_autofree char *quoted = g_shell_quote(path);
    const char *c;

    /* As one would type it, where that can be done */
    for (c = path; g_ascii_isalnum(*c) || (*c && strchr(plain, *c)); c++)
        continue;
    return g_strconcat(command, " ", *path && !*c ? path : quoted, NULL);
}

/* The first row of @source, or NULL. */
static const struct namesRow *
findSample(const struct namesRows *rows, enum namesSource source)
{
    size_t i;

    for (i = 0; i < rows->nrows; i++) {
        if (rows->rows[i].source == source && *rows->rows[i].name)
            return &rows->rows[i];
    }
    return NULL;
}

/* ---- /etc/hosts ---- */

/* What of the names in @rows files has, with other addresses: it is asked before ours. */
static void
checkFiles(struct namesSetup *setup, const struct namesRows *rows)
{
    g_autoptr(namesModule) files = namesModuleOpen("files");
    g_autoptr(GString) names = g_string_new(NULL);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const int place = namesSwitchFind(setup->hosts, "files");
    guint count = 0;
    size_t i;

    for (i = 0; place >= 0 && i < rows->nrows; i++) {
        const struct namesRow *row = &rows->rows[i];
        const char *service = row->source == NAMES_SOURCE_GUEST ? NAMES_SERVICE_GUEST
                                                                : NAMES_SERVICE_LIBVIRT;
        g_autoptr(namesAnswer) answer = NULL;
        g_autofree char *name = NULL;

        if (namesSwitchFind(setup->hosts, service) < place ||
            !g_hash_table_add(seen, g_strdup(row->name)))
            continue;
        answer = namesModuleByName(files, row->name);
        if (answer->addresses->len == 0 || namesAnswerHasAddress(answer, &row->addr))
            continue;
        name = namesRowName(row);
        namesCheckAppend(names, count++, name);
    }
    if (count > 0)
        namesFound(setup, WARNING, "shadowed",
                   _("Look-ups give those addresses: files is asked before the modules. Take the "
                     "names out of /etc/hosts if it is the guests that are meant."),
                   NULL, _("/etc/hosts has other addresses for names of guests: %s."), names->str);
}

/* ---- look-ups ---- */

/* What ended the search, or NULL. */
static const struct namesStep *
lastStep(const namesTrail *trail)
{
    guint i;

    for (i = 0; trail && i < trail->steps->len; i++) {
        const struct namesStep *step = trail->steps->pdata[i];

        if (g_strcmp0(step->service, trail->endedBy) == 0)
            return step;
    }
    return NULL;
}

/* The services answer as they should, when they are asked one by one: then it is a cache. */
static bool
checkStale(struct namesSetup *setup, const struct namesRow *row, const struct namesStep *last)
{
    g_autofree char *name = namesRowName(row);
    g_autofree char *address = namesTextAddress(&row->addr);
    char *command;

    if (!last || !namesAnswerHasAddress(last->answer, &row->addr) ||
        !(command = namesCacheCommand()))
        return false;
    if (namesFindingsHas(setup->findings, "cache-stale"))
        g_free(command);
    else
        namesFound(setup, PROBLEM, "cache-stale",
                   _("The cache remembers what was, or has not loaded the modules."), command,
                   /* TRANSLATORS: an address, a name, and a service such as libvirt_guest */
                   _("The cache does not give the address %s for %s, although the service %s "
                     "does."),
                   address, name, last->service);
    return true;
}

/* A look-up did not give the address of @row. */
static void
checkLost(struct namesSetup *setup, const struct namesRow *row, const char *error)
{
    g_autoptr(namesTrail)
        trail = setup->hosts ? namesTrailFollow(setup->hosts, row->name, NULL, setup->now) : NULL;
    const struct namesStep *last = lastStep(trail);
    g_autofree char *name = namesRowName(row);
    g_autofree char *address = namesTextAddress(&row->addr);
    /* Of a name that cannot be typed there is none */
    g_autofree char *command = strcmp(name, row->name) == 0
                                   ? namesCommandOn("virt-names query --", name)
                                   : NULL;
    const char *why = command ? _("What stands above says why; or ask:")
                              : _("What stands above says why.");
    const char *answering = last ? last->service : "?";
    const char *service = row->source == NAMES_SOURCE_GUEST ? NAMES_SERVICE_GUEST
                                                            : NAMES_SERVICE_LIBVIRT;

    if (checkStale(setup, row, last))
        return;
    if (error)
        namesFound(
            setup, PROBLEM, "live", why, g_steal_pointer(&command),
            /* TRANSLATORS: a name, a service such as libvirt_guest, an address, and an error */
            _("A look-up of %s fails, although %s has it with the address %s: %s."), name, service,
            address, error);
    else if (last && last->isOurs)
        /* Of a domain and a guest with one name the guest's hostname comes first, and may be of one
         * of the domain's interfaces alone */
        /* TRANSLATORS: a name, and a service such as libvirt_guest */
        namesFound(setup, OK, "live", NULL, NULL, _("A look-up of %s is answered by %s."), name,
                   answering);
    else if (strcmp(answering, "files") != 0)
        /* Of /etc/hosts that has been said */
        namesFound(setup, WARNING, "shadowed",
                   _("Another service that is asked before has the name as well."),
                   g_steal_pointer(&command),
                   /* TRANSLATORS: a name, an address, and two services */
                   _("A look-up of %s does not give %s, which %s has for it; %s answered."), name,
                   address, service, answering);
}

static void
lookUp(struct namesSetup *setup, const struct namesRow *row)
{
    g_autofree char *error = NULL;
    g_autoptr(namesAnswer) answer = namesTrailResolve(row->name, &error);
    g_autofree char *name = namesRowName(row);
    g_autofree char *address = namesTextAddress(&row->addr);

    if (namesAnswerHasAddress(answer, &row->addr))
        /* TRANSLATORS: a name, a service such as libvirt_guest, and an address */
        namesFound(setup, OK, "live", NULL, NULL, _("A look-up of %s (%s) gives %s."), name,
                   namesRowSource(row), address);
    else
        checkLost(setup, row, error);
}

void
namesCheckLive(struct namesSetup *setup)
{
    static const enum namesSource sources[] = { NAMES_SOURCE_LIBVIRT, NAMES_SOURCE_GUEST,
                                                NAMES_SOURCE_STATIC };
    g_autoptr(GError) error = NULL;
    struct namesRows *rows = namesRowsRead(setup->folder, setup->now, false, NULL, &error);
    size_t i;

    if (!rows)
        return;
    if (setup->hosts)
        checkFiles(setup, rows);
    if (rows->nrows == 0)
        namesFound(setup, OK, "live", NULL, NULL, _("There is no guest with a lease to look up."));
    for (i = 0; i < G_N_ELEMENTS(sources); i++) {
        const struct namesRow *row = findSample(rows, sources[i]);

        if (row)
            lookUp(setup, row);
    }
    namesRowsFree(rows);
}

static void
check(struct namesSetup *setup)
{
    if (setup->isOfHost) {
        namesCheckModules(setup);
        namesCheckSwitch(setup);
        namesCheckCache(setup);
    }
    namesCheckFiles(setup);
    if (setup->isOfHost)
        namesCheckNetworks(setup);
    namesCheckGuests(setup);
    if (setup->isOfHost) {
        namesCheckPrograms(setup);
        if (!setup->crashes)
            namesCheckLive(setup);
    }
}

static bool
isSameFolder(const char *a, const char *b)
{
    struct stat left;
    struct stat right;

    return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_dev == right.st_dev &&
           left.st_ino == right.st_ino;
}

int
namesCheck(const struct namesCommand *command, int argc, char **argv)
{
    g_autofree char *folder = NULL;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        NAMES_OPTION_JSON(&json),
        NAMES_OPTION_LEASEDIR(&folder),
        G_OPTION_ENTRY_NULL,
    };
    int status;
    g_autoptr(namesFindings) findings = namesFindingsNew();
    g_autoptr(namesInventory) inventory = NULL;
    g_autoptr(namesSwitch) hosts = NULL;
    g_autoptr(namesFile) file = NULL;
    struct namesSetup setup = { .findings = findings };

    if (!namesParse(command, entries, &argc, &argv, 0, 0, &status))
        return status;
    setup.folder = namesLeaseDir(folder);
    setup.isOfHost = !folder || isSameFolder(folder, LEASEDIR);
    setup.now = g_get_real_time() / G_USEC_PER_SEC;
    setup.inventory = inventory = namesInventoryRead(setup.folder);
    setup.hosts = hosts = namesSwitchRead(NAMES_SWITCH_PATH, NULL);
    if ((file = namesFileOpen("/", NAMES_SWITCH_PATH, NULL)))
        setup.owner = namesOwnerOf("/", file);
    check(&setup);
    if (json)
        namesFindingsPrintJson(findings);
    else
        namesFindingsPrint(findings);
    return namesFindingsCount(findings, NAMES_LEVEL_PROBLEM) > 0 ? NAMES_EXIT_PROBLEM
                                                                 : NAMES_EXIT_GOOD;
}
