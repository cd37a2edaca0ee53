/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* virt-names check: nsswitch.conf. */

#include <config.h>

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "namescheck.h"
#include "namesedit.h"

static const char *const ours[] = { NAMES_SERVICE_LIBVIRT, NAMES_SERVICE_GUEST, NULL };

/* What makes the line right, and says what the line then is in *@line. NULL, and why in *@line, if
 * no command does. */
static char *
enableCommand(const struct namesSetup *setup, char **line)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = namesEditEnable(setup->hosts, ours, &error);
    g_autoptr(namesSwitch) enabled = NULL;

    *line = namesOwnerAdvice(setup->owner, true);
    if (*line)
        return g_strdup(namesOwnerCommand(setup->owner, true));
    if (!text) {
        *line = g_strdup(error->message);
        return NULL;
    }
    enabled = namesSwitchParse(g_strdup(text), strlen(text));
    *line = namesSwitchLine(enabled);
    return g_strdup("virt-names enable");
}

/* Adds a finding that enabling mends. */
static void
foundLine(struct namesSetup *setup, enum namesLevel level, const char *id, const char *why,
          const char *seen)
{
    g_autofree char *line = namesSwitchLine(setup->hosts);
    g_autofree char *better = NULL;
    char *command = enableCommand(setup, &better);

    namesFindingsAdd(setup->findings, level, id, why, command,
                     command ? _("hosts: %s -- %s; the line should be: hosts: %s")
                             : _("hosts: %s -- %s; %s"),
                     line, seen, better);
}

static void
checkMissing(struct namesSetup *setup)
{
    const bool libvirt = namesSwitchFind(setup->hosts, NAMES_SERVICE_LIBVIRT) >= 0;
    const bool guest = namesSwitchFind(setup->hosts, NAMES_SERVICE_GUEST) >= 0;

    if (setup->hosts->line == 0)
        foundLine(setup, NAMES_LEVEL_PROBLEM, "no-hosts-line", _("No program asks the modules."),
                  _("that is what glibc takes without a hosts line"));
    else if (!libvirt && !guest)
        foundLine(setup, NAMES_LEVEL_PROBLEM, "not-enabled", _("No program asks the modules."),
                  _("neither libvirt nor libvirt_guest is in it"));
    else if (!libvirt)
        foundLine(setup, NAMES_LEVEL_WARNING, "libvirt-not-enabled",
                  _("Guests are not found by the hostnames that they have."),
                  _("libvirt is not in it"));
    else if (!guest)
        foundLine(
            setup, NAMES_LEVEL_WARNING, "libvirt-guest-not-enabled",
            _("Guests are not found by the names of their domains, and those that send no hostname "
              "not at all."),
            _("libvirt_guest is not in it"));
}

/* Whether the service knows names below .local alone: it ends the search for these only. */
static bool
isMulticast(const char *service)
{
    return g_str_has_prefix(service, "mdns");
}

static void
checkHidden(struct namesSetup *setup, guint i)
{
    const int hider = namesSwitchHider(setup->hosts, i);
    const char *service = namesSwitchGet(setup->hosts, i)->name;
    const char *before;
    g_autofree char *seen = NULL;

    if (hider < 0)
        return;
    before = namesSwitchGet(setup->hosts, hider)->name;
    seen = g_strdup_printf(_("%s ends the search before %s is asked"), before, service);
    if (isMulticast(before))
        foundLine(setup, NAMES_LEVEL_WARNING, "hidden-local",
                  _("Names that end in .local do not get as far."), seen);
    else
        foundLine(setup, NAMES_LEVEL_PROBLEM, "hidden",
                  _("The action in brackets is taken when that service does not know a name."),
                  seen);
}

static void
checkOrder(struct namesSetup *setup, guint i)
{
    static const char *const slow[] = { "resolve", "dns" };
    const int files = namesSwitchFind(setup->hosts, "files");
    const char *service = namesSwitchGet(setup->hosts, i)->name;
    size_t j;

    if (files > (int)i) {
        g_autofree char *seen = g_strdup_printf(_("%s is asked before files"), service);

        foundLine(setup, NAMES_LEVEL_WARNING, "before-files",
                  _("A guest that calls itself as a line of /etc/hosts does gets the connections."),
                  seen);
    }
    for (j = 0; j < G_N_ELEMENTS(slow); j++) {
        int found = namesSwitchFind(setup->hosts, slow[j]);

        if (found >= 0 && found < (int)i && namesSwitchHider(setup->hosts, i) < 0) {
            g_autofree char *seen = g_strdup_printf(_("%s is asked after %s"), service, slow[j]);

            foundLine(
                setup, NAMES_LEVEL_WARNING, "after-dns",
                _("Each look-up of a guest waits for the DNS, and whoever answers there for every "
                  "name hides the guests."),
                seen);
            return;
        }
    }
}

static guint
countFaults(const struct namesSetup *setup)
{
    return namesFindingsCount(setup->findings, NAMES_LEVEL_WARNING) +
           namesFindingsCount(setup->findings, NAMES_LEVEL_PROBLEM);
}

static void
checkLine(struct namesSetup *setup)
{
    const guint faults = countFaults(setup);
    g_autofree char *line = namesSwitchLine(setup->hosts);
    size_t i;

    checkMissing(setup);
    for (i = 0; ours[i]; i++) {
        int found = namesSwitchFind(setup->hosts, ours[i]);

        if (found < 0)
            continue;
        checkHidden(setup, found);
        checkOrder(setup, found);
    }
    if (countFaults(setup) == faults)
        namesFound(setup, OK, "nsswitch", NULL, NULL, _("%s has hosts: %s"), NAMES_SWITCH_PATH,
                   line);
}

/* The file itself. */
static void
checkFile(struct namesSetup *setup)
{
    GStatBuf status;

    if (g_stat(NAMES_SWITCH_PATH, &status) < 0 || status.st_mode & S_IROTH)
        return;
    namesFound(setup, PROBLEM, "nsswitch-unreadable",
               _("Programs of everybody but its owner do without it, and so without the modules."),
               namesCommandOn("chmod a+r", NAMES_SWITCH_PATH),
               _("%s is not readable for everybody."), NAMES_SWITCH_PATH);
}

void
namesCheckSwitch(struct namesSetup *setup)
{
    checkFile(setup);
    if (!setup->hosts)
        return;
    if (setup->hosts->damaged) {
        namesFound(
            setup, PROBLEM, "nsswitch-damaged",
            _("It then uses nothing of the file, or nothing behind the mistake. nsswitch.conf(5) "
              "has the form of actions in brackets."),
            NULL, _("%s:%u: glibc cannot parse the hosts line."), NAMES_SWITCH_PATH,
            setup->hosts->line);
        return;
    }
    if (setup->hosts->lines > 1)
        namesFound(setup, WARNING, "several-hosts-lines", _("glibc goes by the last one."), NULL,
                   _("%s has %u hosts lines; line %u counts."), NAMES_SWITCH_PATH,
                   setup->hosts->lines, setup->hosts->line);
    checkLine(setup);
}
