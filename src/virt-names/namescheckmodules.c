/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* virt-names check: the modules as glibc finds them. */

#include <config.h>

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#include "namescheck.h"
#include "namesmodule.h"

/* Entry points that our modules have and libvirt's have not */
#define OUR_FUNCTION "gethostbyaddr2_r"

/* Where ldconfig(8) reads of further folders on every distribution */
#define LOADER_CONF "/etc/ld.so.conf.d/libvirt-nss.conf"

/* The entry points without which there are no look-ups by name */
static const char *const needed[] = { "gethostbyname2_r", "gethostbyname_r" };

/* Folders in which an installation may have put a module, below prefixes */
static char **
findFolders(void)
{
    static const char *const prefixes[] = { "/usr/local", "/usr", "" };
    GPtrArray *folders = g_ptr_array_new();
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        g_autofree char *lib = g_strconcat(prefixes[i], "/lib", NULL);
        g_autoptr(GDir) dir = g_dir_open(lib, 0, NULL);
        const char *name;

        g_ptr_array_add(folders, g_strdup(lib));
        g_ptr_array_add(folders, g_strconcat(lib, "64", NULL));
        /* Debian's multiarch: /usr/lib/x86_64-linux-gnu */
        while (dir && (name = g_dir_read_name(dir))) {
            if (strstr(name, "-linux-gnu"))
                g_ptr_array_add(folders, g_build_filename(lib, name, NULL));
        }
    }
    g_ptr_array_add(folders, NULL);
    return (char **)g_ptr_array_free(folders, FALSE);
}

/* Path of the first file of the module's name with which loading works, or does not; NULL if there
 * is none. Free with g_free(). */
static char *
findFile(const char *service, bool works)
{
    g_autofree char *name = g_strdup_printf("libnss_%s.so.2", service);
    g_auto(GStrv) folders = findFolders();
    size_t i;

    for (i = 0; folders[i]; i++) {
        g_autofree char *path = g_build_filename(folders[i], name, NULL);
        g_autofree char *error = NULL;
        bool crashes;

        if (!g_file_test(path, G_FILE_TEST_EXISTS))
            continue;
        error = namesModuleTry(path, &crashes);
        if (!error == works)
            return g_steal_pointer(&path);
    }
    return NULL;
}

/* Whether ldconfig(8) looks into @folder. What it says of itself is lines with a folder and a
 * colon, and indented ones. */
static bool
isKnownToLoader(const char *folder)
{
    char *arguments[] = { (char[]){ "/sbin/ldconfig" }, (char[]){ "-NXv" }, NULL };
    g_autofree char *output = NULL;
    g_auto(GStrv) lines = NULL;
    GStatBuf wanted;
    size_t i;

    if (g_stat(folder, &wanted) < 0 ||
        !g_spawn_sync(NULL, arguments, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &output, NULL,
                      NULL, NULL))
        return true;
    lines = g_strsplit(output, "\n", -1);
    for (i = 0; lines[i]; i++) {
        char *colon = strchr(lines[i], ':');
        GStatBuf status;

        if (*lines[i] != '/' || !colon)
            continue;
        *colon = '\0';
        /* One folder has several names: /lib is a link to /usr/lib */
        if (g_stat(lines[i], &status) == 0 && status.st_dev == wanted.st_dev &&
            status.st_ino == wanted.st_ino)
            return true;
    }
    return false;
}

/* What makes the loader find the file at @path. */
static char *
cacheCommand(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *print = namesCommandOn("echo", folder);

    return isKnownToLoader(folder) ? g_strdup("ldconfig")
                                   : g_strconcat(print, " > " LOADER_CONF " && ldconfig", NULL);
}

/* The command that installs the package with the modules; NULL if there is none. */
static char *
packageCommand(bool again)
{
    const char *manager = NULL;

    if (g_file_test("/usr/bin/apt-get", G_FILE_TEST_EXISTS))
        manager = again ? "apt-get install --reinstall " : "apt-get install ";
    else if (g_file_test("/usr/bin/dnf", G_FILE_TEST_EXISTS))
        manager = again ? "dnf reinstall " : "dnf install ";
    return manager && *MODULES_PACKAGE ? g_strconcat(manager, MODULES_PACKAGE, NULL) : NULL;
}

/* What puts a good file in place of the one at @path; NULL: no package has put it there. */
static char *
replaceCommand(const char *path)
{
    return g_str_has_prefix(path, "/usr/local/") ? NULL : packageCommand(true);
}

/* The file that is at fault when loading fails, or NULL if none is there. */
static char *
brokenFile(const namesModule *module)
{
    g_autofree char *missing = g_strdup_printf("libnss_%s.so.2: ", module->service);
    const char *colon = strstr(module->error, ": ");
    g_autofree char *path = colon ? g_strndup(module->error, colon - module->error) : NULL;

    /* glibc's loader begins its message with the file that it found; with the name that it was
     * given if it found none; or with that of a library that the module needs */
    if (path && g_path_is_absolute(path) && g_file_test(path, G_FILE_TEST_EXISTS))
        return g_steal_pointer(&path);
    return g_str_has_prefix(module->error, missing) ? NULL : findFile(module->service, false);
}

static void
checkMissing(struct namesSetup *setup, const namesModule *module)
{
    g_autofree char *broken = brokenFile(module);
    g_autofree char *other = findFile(module->service, true);

    if (broken) {
        g_autofree char *removal = namesCommandOn("rm", broken);

        namesFound(
            setup, PROBLEM, "module-broken",
            _("The file is cut off, made for another machine, or lacks something that it needs. "
              "Install the module again as it was installed."),
            other ? g_strconcat(removal, " && ldconfig", NULL) : replaceCommand(broken),
            /* TRANSLATORS: a service such as libvirt_guest, the file of its module, and an error */
            _("The module of %s, %s, cannot be loaded: %s."), module->service, broken,
            module->error);
    } else if (other) {
        namesFound(setup, PROBLEM, "module-not-in-cache",
                   /* TRANSLATORS: the last "it" is the module */
                   _("glibc finds modules through the loader's cache, and that does not have it."),
                   cacheCommand(other),
                   /* TRANSLATORS: a service such as libvirt_guest, and the file of its module */
                   _("The module of %s is %s, but glibc does not find it."), module->service,
                   other);
    } else {
        namesFound(setup, PROBLEM, "module-missing",
                   *MODULES_PACKAGE
                       ? _("glibc passes over a service whose module is not there.")
                       : _("glibc passes over a service whose module is not there. The module "
                           "is built from the same source as this program: run \"make install\" "
                           "in the folder of that source, as root."),
                   packageCommand(false),
                   /* TRANSLATORS: a service such as libvirt_guest, and an error of the loader */
                   _("The module of %s is not installed: %s."), module->service, module->error);
    }
}

/* Whether a process that does not have our environment finds the module, too. */
static bool
isInLoaderPath(const namesModule *module)
{
    const char *variable = g_getenv("LD_LIBRARY_PATH");
    g_auto(GStrv) folders = g_strsplit_set(variable ? variable : "", ":;", -1);
    g_autofree char *folder = module->path ? g_path_get_dirname(module->path) : NULL;
    size_t i;

    for (i = 0; folder && folders[i]; i++) {
        g_autofree char *path = *folders[i] ? g_canonicalize_filename(folders[i], NULL) : NULL;

        if (g_strcmp0(path, folder) == 0)
            return false;
    }
    return true;
}

static void
checkModule(struct namesSetup *setup, const char *service)
{
    g_autoptr(namesModule) module = namesModuleOpen(service);
    size_t i;

    setup->crashes = setup->crashes || module->crashes;
    if (!module->handle) {
        checkMissing(setup, module);
        return;
    }
    for (i = 0; i < G_N_ELEMENTS(needed); i++) {
        if (!namesModuleHas(module, needed[i])) {
            namesFound(setup, PROBLEM, "module-abi",
                       _("The file is no module of this service, or is built for another glibc."),
                       replaceCommand(module->path),
                       /* TRANSLATORS: a file; the last two are parts of a function's name */
                       _("%s has no function _nss_%s_%s."), module->path, service, needed[i]);
            return;
        }
    }
    if (!isInLoaderPath(module))
        namesFound(setup, WARNING, "module-from-environment",
                   /* TRANSLATORS: of a module that is found because of LD_LIBRARY_PATH */
                   _("Programs without this variable, and set-user-ID programs, do not see it."),
                   NULL, _("%s is found because of LD_LIBRARY_PATH."), module->path);
    else if (!namesModuleHas(module, OUR_FUNCTION))
        namesFound(setup, WARNING, "module-foreign",
                   _("libvirt's module does not know the names of addresses nor what networks "
                     "declare, and one damaged lease file makes it fail."),
                   NULL, _("%s is not ours but libvirt's own."), module->path);
    else
        /* TRANSLATORS: a service such as libvirt_guest, and the file of its module */
        namesFound(setup, OK, "module", NULL, NULL, _("The module of %s is %s."), service,
                   module->path);
}

void
namesCheckModules(struct namesSetup *setup)
{
    const char *const *ours;

    for (ours = namesSwitchOurs; *ours; ours++)
        checkModule(setup, *ours);
}
