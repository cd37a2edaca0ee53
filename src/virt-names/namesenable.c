/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* virt-names enable, virt-names disable */

#include <config.h>

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#include "namescommand.h"
#include "namesedit.h"
#include "namesfile.h"
#include "namesmodule.h"
#include "namesoutput.h"
#include "namesowner.h"
#include "namesswitch.h"

struct options {
    char *service;
    char *root;
    gboolean dryRun;
};

typedef char *(*editor)(const struct namesSwitch *hosts, const char *const *services,
                        GError **error);

/* The services that --service names; NULL for something else. */
static const char *const *
findServices(const char *name)
{
    static const char *const libvirt[] = { NAMES_SERVICE_LIBVIRT, NULL };
    static const char *const guest[] = { NAMES_SERVICE_GUEST, NULL };

    if (!name || strcmp(name, "both") == 0)
        return namesSwitchOurs;
    if (strcmp(name, NAMES_SERVICE_LIBVIRT) == 0)
        return libvirt;
    return strcmp(name, NAMES_SERVICE_GUEST) == 0 ? guest : NULL;
}

/* What else has to be done for the services to answer. */
static void
adviseEnabled(const char *const *services)
{
    for (; *services; services++) {
        g_autoptr(namesModule) module = namesModuleOpen(*services);

        if (!module->handle)
            /* TRANSLATORS: a service such as libvirt_guest, and an error of the loader */
            namesTell(_("the module of %s is not installed yet, until then nothing changes: %s"),
                      *services, module->error);
    }
}

/* Says what was wrong, and what may help somebody whom the system does not let. */
static int
fail(const GError *error)
{
    if (error->code != EACCES && error->code != EPERM)
        namesTell("%s", error->message);
    else if (geteuid() == 0)
        namesTell(_("%s. Is it immutable (lsattr), or does a security module forbid it?"),
                  error->message);
    else
        namesTell(_("%s. Run this as root"), error->message);
    return NAMES_EXIT_FAILED;
}

/* Sets *@again if somebody else was quicker. */
static int
replaceFile(namesFile *file, const char *text, const struct options *options, bool *again)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(namesSwitch) hosts = namesSwitchParse(g_strdup(text), strlen(text));
    g_autofree char *line = namesSwitchLine(hosts);

    if (strcmp(text, file->text) == 0) {
        /* TRANSLATORS: nsswitch.conf, and the services of its hosts line */
        namesOutputFormat(_("%s is as it should be: hosts: %s\n"), file->path, line);
        return NAMES_EXIT_GOOD;
    }
    if (options->dryRun) {
        namesEditPrintDiff(file->path, file->text, text);
        return NAMES_EXIT_GOOD;
    }
    if (!namesFileReplace(file, text, &error)) {
        *again = error->code == ESTALE;
        return *again ? NAMES_EXIT_FAILED : fail(error);
    }
    /* TRANSLATORS: nsswitch.conf, and the services that its hosts line has now */
    namesOutputFormat(_("%s: hosts: %s\n"), file->path, line);
    if (file->exists)
        /* TRANSLATORS: a file, and what its name ends with in addition */
        namesOutputFormat(_("The previous version is kept in %s%s.\n"), file->path,
                          NAMES_FILE_BACKUP);
    return NAMES_EXIT_GOOD;
}

static int
editOnce(const struct options *options, const char *const *services, editor change, bool *again)
{
    g_autoptr(GError) error = NULL;
    const char *root = options->root ? options->root : "/";
    g_autoptr(namesFile) file = namesFileOpen(root, NAMES_SWITCH_PATH, &error);
    g_autoptr(namesSwitch) hosts = NULL;
    g_autofree char *text = NULL;

    if (!file)
        return fail(error);
    hosts = namesSwitchParse(g_strdup(file->text), file->len);
    if (!(text = change(hosts, services, &error))) {
        /* TRANSLATORS: a file or a service, and what is to be said of it */
        namesTell(C_("about", "%s: %s"), file->path, error->message);
        return NAMES_EXIT_FAILED;
    }
    if (strcmp(text, file->text) != 0) {
        const enum namesOwner owner = namesOwnerOf(root, file);
        g_autofree char *advice = namesOwnerAdvice(owner, change == namesEditEnable);

        if (advice) {
            namesTell(C_("about", "%s: %s"), file->path, advice);
            return NAMES_EXIT_FAILED;
        }
    }
    return replaceFile(file, text, options, again);
}

/* Whoever changes the file at the same time has changed something else: both is to be in it. */
static int
edit(const struct options *options, const char *const *services, editor change)
{
    bool again;
    int status;

    do {
        again = false;
        status = editOnce(options, services, change, &again);
    } while (again);
    return status;
}

static int
run(const struct namesCommand *command, int argc, char **argv, editor change)
{
    struct options options = { 0 };
    const GOptionEntry entries[] = {
        { "service", 0, 0, G_OPTION_ARG_STRING, &options.service,
          N_("Which: libvirt, libvirt_guest or both (the default)"), N_("SERVICE") },
        { "dry-run", 0, 0, G_OPTION_ARG_NONE, &options.dryRun,
          N_("Print what would change, and change nothing"), NULL },
        { "root", 0, 0, G_OPTION_ARG_FILENAME, &options.root,
          N_("Change the system below FOLDER, such as an image"), N_("FOLDER") },
        G_OPTION_ENTRY_NULL,
    };
    const char *const *services;
    int status;

    if (namesParse(command, entries, &argc, &argv, 0, 0, &status)) {
        services = findServices(options.service);
        if (!services)
            status = namesRefuse(
                command,
                _("there is no service \"%s\"; there are libvirt, libvirt_guest and "
                  "both"),
                options.service);
        else
            status = edit(&options, services, change);
        if (status == NAMES_EXIT_GOOD && change == namesEditEnable && !options.root)
            adviseEnabled(services);
    }
    g_free(options.service);
    g_free(options.root);
    return status;
}

int
namesEnable(const struct namesCommand *command, int argc, char **argv)
{
    return run(command, argc, argv, namesEditEnable);
}

int
namesDisable(const struct namesCommand *command, int argc, char **argv)
{
    return run(command, argc, argv, namesEditDisable);
}
