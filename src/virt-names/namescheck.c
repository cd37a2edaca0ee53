/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* virt-names check */

#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

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

/* The name of the service that answered, or NULL. */
static const char *
answeringService(struct namesSetup *setup, const char *name)
{
    g_autoptr(namesTrail)
        trail = setup->hosts ? namesTrailFollow(setup->hosts, name, NULL, setup->now) : NULL;

    return trail ? g_intern_string(trail->endedBy) : NULL;
}

static void
lookUp(struct namesSetup *setup, const struct namesRow *row)
{
    g_autofree char *error = NULL;
    g_autoptr(namesAnswer) answer = namesTrailResolve(row->name, &error);
    g_autofree char *name = namesRowName(row);
    g_autofree char *address = namesTextAddress(&row->addr);
    const char *service = namesRowSource(row);
    const char *answering;
    g_autofree char *command = namesCommandOn("virt-names query", name);

    if (namesAnswerHasAddress(answer, &row->addr)) {
        namesFound(setup, OK, "live", NULL, NULL, _("A look-up of %s (%s) gives %s."), name,
                   service, address);
        return;
    }
    if (error) {
        namesFound(setup, PROBLEM, "live", _("What stands above says why; or ask:"),
                   g_steal_pointer(&command),
                   _("A look-up of %s fails, although %s has it with the address %s: %s."), name,
                   service, address, error);
        return;
    }
    answering = answeringService(setup, row->name);
    /* Of a domain and a guest with one name the guest's hostname comes first, and may be of one of
     * the domain's interfaces alone */
    if (answering && g_str_has_prefix(answering, NAMES_SERVICE_LIBVIRT)) {
        namesFound(setup, OK, "live", NULL, NULL, _("A look-up of %s is answered by %s."), name,
                   answering);
        return;
    }
    namesFound(setup, WARNING, "shadowed",
               _("Another service that is asked before has the name as well: an old line in "
                 "/etc/hosts, perhaps."),
               g_steal_pointer(&command),
               _("A look-up of %s does not give %s, which %s has for it; %s answered."), name,
               address, service, answering ? answering : "?");
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
        namesCheckLive(setup);
    }
}

int
namesCheck(const struct namesCommand *command, int argc, char **argv)
{
    g_autofree char *folder = NULL;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        NAMES_OPTION_JSON(&json),
        NAMES_OPTION_LEASEDIR(&folder),
        { NULL },
    };
    g_autoptr(namesFindings) findings = namesFindingsNew();
    g_autoptr(namesInventory) inventory = NULL;
    g_autoptr(namesSwitch) hosts = NULL;
    g_autoptr(namesFile) file = NULL;
    struct namesSetup setup = { .findings = findings };

    if (!namesParse(command, entries, &argc, &argv, 0, 0))
        return NAMES_EXIT_USAGE;
    setup.folder = namesLeaseDir(folder);
    setup.isOfHost = strcmp(setup.folder, LEASEDIR) == 0;
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
