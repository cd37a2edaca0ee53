/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* virt-names check: the lease folder and its files, as an ordinary user meets them. */

#include <config.h>

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "namescheck.h"
#include "namesnetworks.h"
#include "namesnotes.h"
#include "virleasedir.h"

/* What our lease helper adds to the name of a file that was damaged */
#define KEPT_SUFFIX ".corrupt"

/* ---- the folder ---- */

/* Whether everybody can enter all folders above @path. */
static bool
checkAbove(struct namesSetup *setup, const char *path)
{
    g_autofree char *above = g_path_get_dirname(path);
    GStatBuf status;

    if (strcmp(above, path) != 0 && !checkAbove(setup, above))
        return false;
    if (g_stat(above, &status) < 0 || status.st_mode & S_IXOTH)
        return true;
    namesFound(setup, PROBLEM, "folder-closed",
               _("Programs of ordinary users see no guest at all."),
               namesCommandOn("chmod a+x", above),
               _("The folder %s can be entered by its owner and group alone."), above);
    return false;
}

/* False: there is nothing to be seen below it. */
static bool
checkFolder(struct namesSetup *setup)
{
    /* Where links lead to; the folders on the way to them can be closed as well */
    g_autofree char *real = realpath(setup->folder, NULL);
    GStatBuf status;

    if (!checkAbove(setup, setup->folder) ||
        (real && strcmp(real, setup->folder) != 0 && !checkAbove(setup, real)))
        return true;
    if (g_stat(setup->folder, &status) < 0) {
        namesFound(
            setup, PROBLEM, "folder-missing",
            /* TRANSLATORS: of the lease folder, which is not there */
            _("libvirtd makes it when it starts a network: none has ever been started here."),
            g_strdup("virsh net-start default"),
            /* TRANSLATORS: a folder, and an error such as "No such file or directory" */
            _("The lease folder %s: %s."), setup->folder, g_strerror(errno));
        return false;
    }
    if (!S_ISDIR(status.st_mode)) {
        namesFound(setup, PROBLEM, "folder-unreadable", NULL, NULL,
                   _("The lease folder %s is no folder."), setup->folder);
        return false;
    }
    if ((status.st_mode & (S_IROTH | S_IXOTH)) != (S_IROTH | S_IXOTH))
        namesFound(
            setup, PROBLEM, "folder-closed", _("Programs of ordinary users see no guest at all."),
            namesCommandOn("chmod a+rx", setup->folder),
            _("The lease folder %s can be read by its owner and group alone."), setup->folder);
    else if (!setup->inventory->isRead)
        namesFound(setup, PROBLEM, "folder-unreadable", NULL, NULL,
                   _("The lease folder %s cannot be read."), setup->folder);
    else
        namesFound(setup, OK, "folder", NULL, NULL,
                   _("The lease folder %s can be read by everybody."), setup->folder);
    return true;
}

/* ---- its files ---- */

/* What gives the file at @path another name, which nobody reads. */
static char *
moveCommand(const char *path, const char *suffix)
{
    g_autofree char *move = namesCommandOn("mv", path);
    g_autofree char *kept = g_strconcat(path, suffix, NULL);

    return namesCommandOn(move, kept);
}

static void
checkFileStatus(struct namesSetup *setup, const char *path, const GStatBuf *status)
{
    if (!S_ISREG(status->st_mode)) {
        namesFound(setup, PROBLEM, "not-a-file",
                   _("Where libvirtd or dnsmasq wants to write, it fails, and leases are lost."),
                   S_ISDIR(status->st_mode) ? moveCommand(path, ".folder")
                                            : namesCommandOn("rm", path),
                   _("%s is no regular file; the modules pass it over."), path);
        return;
    }
    if (!(status->st_mode & S_IROTH))
        namesFound(setup, PROBLEM, "file-closed",
                   /* TRANSLATORS: of a lease file, which its owner and group alone can read */
                   _("Programs of ordinary users do not see the guests in it."),
                   namesCommandOn("chmod a+r", path),
                   _("%s can be read by its owner and group alone."), path);
    if (status->st_size > (goffset)VIR_LEASE_FILE_MAX)
        namesFound(setup, PROBLEM, "file-too-large",
                   _("Neither libvirt nor the modules read a file of more than 32 MiB."),
                   moveCommand(path, ".too-large"), _("%s is too large."), path);
}

static void
checkFile(struct namesSetup *setup, const char *name)
{
    g_autofree char *path = g_build_filename(setup->folder, name, NULL);
    GStatBuf status;

    if (g_stat(path, &status) == 0)
        checkFileStatus(setup, path, &status);
    else if (g_file_test(path, G_FILE_TEST_IS_SYMLINK))
        namesFound(setup, PROBLEM, "dangling-link",
                   /* TRANSLATORS: of a link in the lease folder that leads to nowhere */
                   _("The modules pass it over; libvirt's own fail for every name."),
                   namesCommandOn("rm", path), _("%s is a link to nowhere."), path);
}

static void
checkKept(struct namesSetup *setup, const char *name)
{
    g_autofree char *path = g_build_filename(setup->folder, name, NULL);

    namesFound(
        setup, WARNING, "damaged-file-kept",
        _("All that was in good form is in the file that the modules read. If nothing else is "
          "wanted, remove the damaged file that was kept."),
        namesCommandOn("rm", path),
        _("%s is a lease file that was damaged; the lease helper has kept it."), path);
}

static int
compareNames(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
checkFiles(struct namesSetup *setup)
{
    g_autoptr(GDir) dir = g_dir_open(setup->folder, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    guint i;

    while (dir && (name = g_dir_read_name(dir)))
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compareNames);
    for (i = 0; i < names->len; i++) {
        if (namesNetworksIsRead(names->pdata[i]))
            checkFile(setup, names->pdata[i]);
        else if (strstr(names->pdata[i], VIR_LEASE_STATUS_SUFFIX KEPT_SUFFIX))
            checkKept(setup, names->pdata[i]);
    }
}

/* ---- what is in them ---- */

/* Our lease helper as libvirtd runs it; NULL if it is not ours that is installed. */
static const char *
findHelper(void)
{
    static const char *const paths[] = { LEASE_HELPER, "/usr/lib/libvirt/libvirt_leaseshelper",
                                         "/usr/libexec/libvirt_leaseshelper" };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *output = NULL;
        g_autofree char *path = g_strdup(paths[i]);
        g_autofree char *version = g_strdup("--version");
        char *arguments[] = { path, version, NULL };

        if (g_file_test(paths[i], G_FILE_TEST_IS_EXECUTABLE) &&
            g_spawn_sync(NULL, arguments, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &output,
                         NULL, NULL, NULL) &&
            strstr(output, "libvirt-nss"))
            return paths[i];
    }
    return NULL;
}

/* What makes a damaged file whole. For leases it is the helper, which keeps those in good form. */
static char *
repairCommand(const struct namesSetup *setup, const char *file)
{
    g_autofree char *path = g_build_filename(setup->folder, file, NULL);
    const char *helper = setup->isOfHost ? findHelper() : NULL;

    if (helper && (g_str_has_suffix(file, VIR_LEASE_STATUS_SUFFIX) ||
                   g_str_has_suffix(file, VIR_LEASE_NOMAC_SUFFIX))) {
        g_autofree char *bridge = namesNetworksStem(file);
        g_autofree char *quoted = g_shell_quote(bridge);

        return g_strdup_printf("VIR_BRIDGE_NAME=%s %s init", quoted, helper);
    }
    return moveCommand(path, ".damaged");
}

static void
checkContent(struct namesSetup *setup, const struct namesNote *note)
{
    g_autofree char *text = namesNoteText(note, setup->folder, setup->now);
    /* TRANSLATORS: makes a sentence of what else stands without its full stop */
    g_autofree char *seen = g_strdup_printf(_("%s."), text);

    switch ((int)note->kind) {
    case VIR_NAMES_NOTE_FILE_DAMAGED:
        namesFound(
            setup, PROBLEM, "file-damaged",
            _("libvirtd and its own lease helper use nothing of such a file, and may keep the "
              "network from starting."),
            repairCommand(setup, note->file), "%s", seen);
        break;
    case VIR_NAMES_NOTE_NOT_A_RECORD:
        namesFound(setup, WARNING, "not-a-record", NULL, NULL, "%s", seen);
        break;
    case VIR_NAMES_NOTE_FILE_FAILED:
        /* What is wrong with its kind, its size or its mode has been said */
        if (note->error != EINVAL && note->error != EISDIR && note->error != EFBIG &&
            note->error != ENOENT && note->error != EACCES && note->error != ELOOP)
            namesFound(setup, PROBLEM, "file-unreadable", NULL, NULL, "%s", seen);
        break;
    default:
        break;
    }
}

void
namesCheckFiles(struct namesSetup *setup)
{
    guint i;

    if (!checkFolder(setup))
        return;
    checkFiles(setup);
    for (i = 0; i < setup->inventory->problems->len; i++)
        checkContent(setup, setup->inventory->problems->pdata[i]);
}
