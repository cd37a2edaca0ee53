/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* virt-names check: what runs on this machine. */

#include <config.h>

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "namescheck.h"
#include "namesmodule.h"
#include "namesnetworks.h"
#include "namesprocesses.h"
#include "namestext.h"

/* Options of dnsmasq(8) that libvirtd gives it; each with its value behind '=' */
#define OPTION_CONF "--conf-file="
#define OPTION_SCRIPT "--dhcp-script="

/* ---- dnsmasq ---- */

/* The value of the last argument that begins with @option, or NULL. */
static const char *
findOption(char **arguments, const char *option)
{
    const char *value = NULL;

    for (; *arguments; arguments++) {
        if (g_str_has_prefix(*arguments, option))
            value = *arguments + strlen(option);
    }
    return value;
}

/* The network whose dnsmasq this is, or NULL; free with g_free(). */
static char *
networkOf(const struct namesSetup *setup, char **arguments)
{
    const char *conf = findOption(arguments, OPTION_CONF);
    g_autofree char *folder = conf ? g_path_get_dirname(conf) : NULL;
    g_autofree char *name = conf ? g_path_get_basename(conf) : NULL;

    return g_strcmp0(folder, setup->folder) == 0 && g_str_has_suffix(name, NAMES_CONF_SUFFIX)
               ? namesNetworksStem(name)
               : NULL;
}

static void
checkNetwork(struct namesSetup *setup, const char *network, char **arguments)
{
    const char *script = findOption(arguments, OPTION_SCRIPT);
    g_autofree char *destroy = namesCommandOn("virsh net-destroy", network);
    g_autofree char *start = namesCommandOn("virsh net-start", network);
    g_autofree char *restart = g_strconcat(destroy, " && ", start, NULL);

    if (!script)
        namesFound(
            setup, PROBLEM, "no-dhcp-script",
            _("Nobody writes the leases of this network into a file. libvirtd starts dnsmasq with "
              "a script; guests lose their connection when the network is started anew."),
            g_steal_pointer(&restart), _("The dnsmasq of network %s runs without --dhcp-script."),
            network);
    else if (access(script, X_OK) < 0)
        namesFound(setup, PROBLEM, "dhcp-script-missing",
                   _("Nobody writes the leases of this network into a file."), NULL,
                   /* TRANSLATORS: a program, a network, and an error */
                   _("The lease helper %s of network %s cannot be run: %s."), script, network,
                   g_strerror(errno));
    else
        namesFound(setup, OK, "network", NULL, NULL,
                   /* TRANSLATORS: a network, and a program */
                   _("The dnsmasq of network %s runs, with the lease helper %s."), network, script);
}

void
namesCheckNetworks(struct namesSetup *setup)
{
    g_autoptr(GPtrArray) processes = namesProcessesFind("dnsmasq");
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint i;

    for (i = 0; i < processes->len; i++) {
        const struct namesProcess *process = processes->pdata[i];
        char *network = networkOf(setup, process->arguments);

        /* There are two of each network: one of them runs the script, as root */
        if (network && !g_hash_table_contains(seen, network))
            checkNetwork(setup, network, process->arguments);
        if (network)
            g_hash_table_add(seen, network);
    }
    if (g_hash_table_size(seen) == 0)
        namesFound(setup, WARNING, "no-network",
                   _("Guests of networks that are down are not reached, whatever they are called. "
                     "\"virsh net-list --all\" shows them all."),
                   NULL, _("No dnsmasq of a libvirt network runs here."));
}

/* ---- caches ---- */

void
namesCheckCache(struct namesSetup *setup)
{
    g_autoptr(GPtrArray) processes = NULL;
    const char *cache = namesProcessesFindCache(&processes);

    if (cache)
        namesFound(setup, OK, "cache",
                   /* TRANSLATORS: of a cache: nscd or nsncd */
                   _("For some seconds it may remember that a guest was not there (nscd.conf(5), "
                     "negative-time-to-live)."),
                   NULL, _("%s runs: programs ask it, and it asks the modules."), cache);
}

/* Whether a module is newer than the process: glibc tries once only to load one. */
static bool
isOlderThanModules(const struct namesProcess *process)
{
    const char *const *ours;

    for (ours = namesSwitchOurs; *ours; ours++) {
        g_autoptr(namesModule) module = namesModuleOpen(*ours);
        GStatBuf status;

        if (module->path && g_stat(module->path, &status) == 0 &&
            process->started <= status.st_ctime)
            return true;
    }
    return false;
}

char *
namesCacheCommand(void)
{
    static const char invalidate[] = "nscd --invalidate=hosts";
    g_autoptr(GPtrArray) processes = NULL;
    const char *cache = namesProcessesFindCache(&processes);
    /* As sd_booted(3) has it */
    const bool systemd = g_file_test("/run/systemd/system", G_FILE_TEST_IS_DIR);

    if (!cache)
        return NULL;
    if (strcmp(cache, "nscd") != 0)
        return g_strdup_printf("systemctl restart %s", cache);
    if (!isOlderThanModules(processes->pdata[0]))
        return g_strdup(invalidate);
    /* It takes a moment to end, and knows after its start what it knew before */
    return g_strconcat(systemd ? "systemctl restart nscd" : "nscd --shutdown; sleep 1; nscd",
                       " && ", invalidate, NULL);
}

/* ---- programs that do not ask ---- */

void
namesCheckPrograms(struct namesSetup *setup)
{
    static const struct {
        const char *path;
        const char *name;
    } kinds[] = {
        { "/var/lib/flatpak/app", "Flatpak" },
        { "/snap/core", "snap" },
        { "/lib/ld-musl-x86_64.so.1", "musl" },
        { "/lib/ld-musl-aarch64.so.1", "musl" },
    };
    g_autoptr(GString) here = g_string_new(NULL);
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_file_test(kinds[i].path, G_FILE_TEST_EXISTS))
            namesTextAppend(here, kinds[i].name);
    }
    namesFound(
        setup, OK, "other-resolvers",
        /* TRANSLATORS: of programs that never ask glibc */
        _("For these: virt-names list --format=hosts prints lines for their own /etc/hosts; of "
          "programs in Go, GODEBUG=netdns=cgo makes those ask glibc that are not static."),
        NULL,
        here->len > 0
            ? _("Some programs never ask glibc, and so not the modules: those in containers, "
                "static ones (as many in Go are) and those of %s, which are here.")
            : _("Some programs never ask glibc, and so not the modules: those in containers, "
                "static ones (as many in Go are), and those of Flatpak, snap and musl."),
        here->str);
}
