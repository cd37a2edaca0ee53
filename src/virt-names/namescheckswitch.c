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
#include "namesmodule.h"

/* What makes the line right; NULL if no command of ours does. */
static char *
enableCommand(const struct namesSetup *setup)
{
    if (setup->owner == NAMES_OWNER_ADMIN)
        return g_strdup("virt-names enable");
    return g_strdup(namesOwnerCommand(setup->owner, true));
}

/* What is to be done, for people. */
static char *
enableAdvice(const struct namesSetup *setup)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autofree char *line = NULL;
    g_autoptr(namesSwitch) enabled = NULL;

    if (setup->owner != NAMES_OWNER_ADMIN)
        return namesOwnerAdvice(setup->owner, true);
    if (!(text = namesEditEnable(setup->hosts, namesSwitchOurs, &error)))
        return g_strdup(error->message);
    enabled = namesSwitchParse(g_strdup(text), strlen(text));
    line = namesSwitchLine(enabled);
    return g_strdup_printf(_("the line should be: hosts: %s"), line);
}

/* Adds a finding that enabling mends. */
static void
foundLine(struct namesSetup *setup, enum namesLevel level, const char *id, const char *why,
          const char *seen)
{
    g_autofree char *services = namesSwitchLine(setup->hosts);
    g_autofree char *line = g_strconcat("hosts:", *services ? " " : "", services, NULL);
    g_autofree char *advice = enableAdvice(setup);

    namesFindingsAdd(
        setup->findings, level, id, why, enableCommand(setup),
        /* TRANSLATORS: the hosts line of nsswitch.conf, such as "hosts: files dns"; what
         * is wrong with it; and what to do, such as "the line should be: hosts: ..." */
        _("%s -- %s; %s"), line, seen, advice);
}

static void
checkMissing(struct namesSetup *setup)
{
    const bool libvirt = namesSwitchFind(setup->hosts, NAMES_SERVICE_LIBVIRT) >= 0;
    const bool guest = namesSwitchFind(setup->hosts, NAMES_SERVICE_GUEST) >= 0;

    if (setup->hosts->line == 0)
        foundLine(setup, NAMES_LEVEL_PROBLEM, "no-hosts-line", _("No program asks the modules."),
                  /* TRANSLATORS: of the services that stand before it */
                  _("that is what glibc takes without a hosts line"));
    else if (namesSwitchIsEmpty(setup->hosts))
        foundLine(setup, NAMES_LEVEL_PROBLEM, "no-services",
                  _("glibc finds no name at all then, and programs that look one up may crash."),
                  /* TRANSLATORS: of the hosts line */
                  _("no service is in it"));
    else if (!libvirt && !guest)
        foundLine(setup, NAMES_LEVEL_PROBLEM, "not-enabled", _("No program asks the modules."),
                  /* TRANSLATORS: of the hosts line */
                  _("neither libvirt nor libvirt_guest is in it"));
    else if (!libvirt)
        foundLine(setup, NAMES_LEVEL_WARNING, "libvirt-not-enabled",
                  _("Guests are not found by the hostnames that they have."),
                  /* TRANSLATORS: of the hosts line */
                  _("libvirt is not in it"));
    else if (!guest)
        foundLine(
            setup, NAMES_LEVEL_WARNING, "libvirt-guest-not-enabled",
            _("Guests are not found by the names of their domains, and those that send no hostname "
              "not at all."),
            /* TRANSLATORS: of the hosts line */
            _("libvirt_guest is not in it"));
}

/* Whether the service knows names below .local alone: it ends the search for these only. */
static bool
isMulticast(const char *service)
{
    return g_str_has_prefix(service, "mdns");
}

/* Whether what the service asks is there: resolve passes the question on where systemd-resolved
 * does not run, and glibc passes over a service whose module is not installed. */
static bool
isAnswering(const struct namesService *service)
{
    g_autoptr(namesModule) module = namesModuleOpen(service->name);
    /* A question that gives nothing away */
    g_autoptr(namesAnswer) answer = namesModuleByName(module, "localhost");

    return answer->status != NAMES_STATUS_UNAVAIL ||
           service->actions[NAMES_STATUS_UNAVAIL] != NAMES_ACTION_CONTINUE;
}

/* Says which service ends the search before service @i is asked, if it is not @told, of which that
 * has been said; returns it. */
static int
checkHidden(struct namesSetup *setup, guint i, int told)
{
    const int hider = namesSwitchHider(setup->hosts, i);
    const char *service = namesSwitchGet(setup->hosts, i)->name;
    const char *before;
    g_autofree char *seen = NULL;

    if (hider < 0 || hider == told)
        return hider;
    before = namesSwitchGet(setup->hosts, hider)->name;
    /* TRANSLATORS: two services of the hosts line */
    seen = g_strdup_printf(_("%s ends the search before %s is asked"), before, service);
    if (isMulticast(before))
        foundLine(setup, NAMES_LEVEL_WARNING, "hidden-local",
                  _("Names that end in .local do not get as far."), seen);
    else if (!isAnswering(namesSwitchGet(setup->hosts, hider)))
        foundLine(
            setup, NAMES_LEVEL_WARNING, "hidden-later",
            _("The service that would end the search does not do so now: its module is not "
              "installed, or what it asks does not run. As soon as that is there, no guest is "
              "found."),
            seen);
    else
        foundLine(setup, NAMES_LEVEL_PROBLEM, "hidden",
                  _("The action in brackets is taken when that service does not know a name."),
                  seen);
    return hider;
}

/* Returns whether there was something to be said. */
static bool
checkFilesFirst(struct namesSetup *setup, guint i)
{
    g_autofree char *seen = NULL;

    if (namesSwitchFind(setup->hosts, "files") <= (int)i)
        return false;
    seen = g_strdup_printf(_("%s is asked before files"), namesSwitchGet(setup->hosts, i)->name);
    foundLine(setup, NAMES_LEVEL_WARNING, "before-files",
              _("A guest that calls itself as a line of /etc/hosts does gets the connections."),
              seen);
    return true;
}

/* The same. */
static bool
checkDnsLast(struct namesSetup *setup, guint i)
{
    static const char *const slow[] = { "resolve", "dns" };
    size_t j;

    for (j = 0; j < G_N_ELEMENTS(slow); j++) {
        const int found = namesSwitchFind(setup->hosts, slow[j]);
        g_autofree char *seen = NULL;

        if (found < 0 || found > (int)i || namesSwitchHider(setup->hosts, i) >= 0)
            continue;
        /* TRANSLATORS: two services of the hosts line */
        seen = g_strdup_printf(_("%s is asked after %s"), namesSwitchGet(setup->hosts, i)->name,
                               slow[j]);
        foundLine(
            setup, NAMES_LEVEL_WARNING, "after-dns",
            _("Each look-up of a guest waits for the DNS, and whoever answers there for every "
              "name hides the guests."),
            seen);
        return true;
    }
    return false;
}

/* A comment where glibc knows none. */
static void
checkComment(struct namesSetup *setup)
{
    guint i;

    for (i = 0; i < setup->hosts->services->len; i++) {
        const char *service = namesSwitchGet(setup->hosts, i)->name;

        if (!strchr(service, '#'))
            continue;
        namesFound(setup, WARNING, "not-a-comment",
                   _("glibc knows comments only as lines of their own, and asks the services that "
                     "are named behind the # as well."),
                   NULL,
                   /* TRANSLATORS: a file, the number of a line, and a word of it */
                   _("%s:%u: \"%s\" is no comment but the name of a service."), NAMES_SWITCH_PATH,
                   setup->hosts->line, service);
        return;
    }
}

static guint
countFaults(const struct namesSetup *setup)
{
    return namesFindingsCount(setup->findings, NAMES_LEVEL_WARNING) +
           namesFindingsCount(setup->findings, NAMES_LEVEL_PROBLEM);
}

/* The places of ours in the line. What is wrong with both is said once. */
static void
checkPlaces(struct namesSetup *setup)
{
    bool filesTold = false;
    bool dnsTold = false;
    int hider = -1;
    const char *const *ours;

    for (ours = namesSwitchOurs; *ours; ours++) {
        int found = namesSwitchFind(setup->hosts, *ours);

        if (found < 0)
            continue;
        hider = checkHidden(setup, found, hider);
        filesTold = filesTold || checkFilesFirst(setup, found);
        dnsTold = dnsTold || checkDnsLast(setup, found);
    }
}

static void
checkLine(struct namesSetup *setup)
{
    const guint faults = countFaults(setup);
    g_autofree char *line = namesSwitchLine(setup->hosts);

    checkMissing(setup);
    checkPlaces(setup);
    checkComment(setup);
    if (countFaults(setup) == faults)
        /* TRANSLATORS: nsswitch.conf, and the services of its hosts line */
        namesFound(setup, OK, "nsswitch", NULL, NULL, _("%s has hosts: %s"), NAMES_SWITCH_PATH,
                   line);
}

/* What makes the file be there again where it is a link to nowhere. */
static char *
relinkCommand(void)
{
    g_autofree char *target = g_file_read_link(NAMES_SWITCH_PATH, NULL);

    return g_strdup(target && strstr(target, "/authselect/") ? "authselect apply-changes"
                                                             : "rm " NAMES_SWITCH_PATH
                                                               " && virt-names enable");
}

/* The file itself; false: nothing can be said of what is in it. */
static bool
checkFile(struct namesSetup *setup)
{
    /* TRANSLATORS: of nsswitch.conf, which cannot be read */
    static const char *const why = N_("glibc does without it, and so without the modules.");
    GStatBuf status;

    if (g_stat(NAMES_SWITCH_PATH, &status) < 0 &&
        g_file_test(NAMES_SWITCH_PATH, G_FILE_TEST_IS_SYMLINK)) {
        namesFound(setup, PROBLEM, "nsswitch-unreadable", _(why), relinkCommand(),
                   _("%s is a link to nowhere."), NAMES_SWITCH_PATH);
        return false;
    }
    if (g_stat(NAMES_SWITCH_PATH, &status) == 0 && S_ISREG(status.st_mode) &&
        !(status.st_mode & S_IROTH))
        namesFound(
            setup, PROBLEM, "nsswitch-unreadable",
            /* TRANSLATORS: of nsswitch.conf, which its owner alone can read */
            _("Programs of everybody but its owner do without it, and so without the modules."),
            namesCommandOn("chmod a+r", NAMES_SWITCH_PATH), _("%s is not readable for everybody."),
            NAMES_SWITCH_PATH);
    else if (!setup->hosts)
        namesFound(setup, PROBLEM, "nsswitch-unreadable", _(why), NULL, _("%s cannot be read."),
                   NAMES_SWITCH_PATH);
    return setup->hosts;
}

/* The form of the file; false: glibc does not come to what else it says. */
static bool
checkForm(struct namesSetup *setup)
{
    const namesSwitch *hosts = setup->hosts;

    if (hosts->damaged) {
        namesFound(
            setup, PROBLEM, "nsswitch-damaged",
            _("glibc then uses nothing of the file, and programs find no name at all, not even "
              "those of /etc/hosts. nsswitch.conf(5) has the form of actions in brackets."),
            NULL, _("%s:%u: glibc cannot parse this line."), NAMES_SWITCH_PATH, hosts->damaged);
        return false;
    }
    if (hosts->unended)
        namesFound(setup, PROBLEM, "no-newline",
                   _("glibc passes over a last line that no newline ends."), enableCommand(setup),
                   _("%s ends with a hosts line without newline."), NAMES_SWITCH_PATH);
    if (hosts->cut)
        namesFound(setup, PROBLEM, "nsswitch-damaged",
                   _("No service stands before these brackets: all actions of a service are in one "
                     "pair."),
                   NULL,
                   /* TRANSLATORS: a file, the number of a line, and the rest of that line */
                   _("%s:%u: glibc passes over the rest of the line, from here: %.*s"),
                   NAMES_SWITCH_PATH, hosts->line, (int)(hosts->end - hosts->cut),
                   hosts->text + hosts->cut);
    return !hosts->unended && !hosts->cut;
}

void
namesCheckSwitch(struct namesSetup *setup)
{
    if (!checkFile(setup))
        return;
    setup->crashes = setup->crashes || namesSwitchIsEmpty(setup->hosts);
    if (!checkForm(setup))
        return;
    if (setup->hosts->lines > 1)
        namesFound(setup, WARNING, "several-hosts-lines", _("glibc goes by the last one."), NULL,
                   g_dngettext(GETTEXT_PACKAGE, "%s has %u hosts line; line %u counts.",
                               "%s has %u hosts lines; line %u counts.", setup->hosts->lines),
                   NAMES_SWITCH_PATH, setup->hosts->lines, setup->hosts->line);
    checkLine(setup);
}
