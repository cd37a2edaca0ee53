/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* virt-names: shows, explains, diagnoses and enables the name service for libvirt's guests. */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "namescommand.h"
#include "namesoutput.h"

static const struct namesCommand commands[] = {
    { "list", NULL, N_("List the names that guests and networks have, with their addresses"), NULL,
      namesList },
    { "query", N_("NAME|ADDRESS..."), N_("Explain who answers for a name or an address, and why"),
      N_("Exit status: 0 all found, 2 not all, 3 an error, 64 a wrong call."), namesQuery },
    { "watch", NULL, N_("Print names as they come, change and go"), NULL, namesWatch },
    { "check", NULL, N_("Find out why guests are not found by name, and what to do about it"),
      N_("Exit status: 0 no problems, 1 problems, 3 an error, 64 a wrong call."), namesCheck },
    { "enable", NULL, N_("Add the modules to the hosts line of nsswitch.conf"), NULL, namesEnable },
    { "disable", NULL, N_("Take the modules out of the hosts line of nsswitch.conf"), NULL,
      namesDisable },
};

static void
printHelp(void)
{
    size_t i;

    g_print(_("Usage: %s COMMAND [OPTION...]\n\n"
              "Names of libvirt's guests: see, explain, diagnose and enable them.\n\n"
              "Commands:\n"),
            NAMES_PROGRAM);
    for (i = 0; i < G_N_ELEMENTS(commands); i++)
        g_print("  %-8s  %s\n", commands[i].name, _(commands[i].summary));
    /* TRANSLATORS: the program, twice */
    g_print(_("\n%s COMMAND --help has a command's options; the manual is virt-names(1).\n"
              "Not reached by name? Start with \"%s check\".\n"),
            NAMES_PROGRAM, NAMES_PROGRAM);
}

static int
runCommand(int argc, char **argv)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(&commands[i], argc - 1, argv + 1);
    }
    /* TRANSLATORS: what was called, and the program */
    namesTell(_("there is no command \"%s\"; see %s --help"), argv[1], NAMES_PROGRAM);
    return NAMES_EXIT_USAGE;
}

/* What could not be written was not said. A reader that has gone, as head(1) does, wanted no more.
 */
static int
endOutput(int status)
{
    const int error = namesOutputFlush();

    if (error == 0 || error == EPIPE)
        return status;
    namesTell(_("what was to be printed could not be written: %s"), g_strerror(error));
    return NAMES_EXIT_FAILED;
}

/* What is opened must not come to be what is printed to; and what is printed to nothing is not
 * printed. */
static void
fillStandard(void)
{
    int fd;

    while ((fd = open("/dev/full", O_RDWR | O_CLOEXEC)) >= 0 && fd <= STDERR_FILENO)
        continue;
    if (fd >= 0)
        close(fd);
}

int
main(int argc, char **argv)
{
    fillStandard();
    setlocale(LC_ALL, "");
    bindtextdomain(GETTEXT_PACKAGE, LOCALEDIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    textdomain(GETTEXT_PACKAGE);
    if (argc < 2) {
        namesTell(_("a command is missing; see %s --help"), NAMES_PROGRAM);
        return NAMES_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        printHelp();
        return endOutput(NAMES_EXIT_GOOD);
    }
    if (strcmp(argv[1], "--version") == 0) {
        g_print("%s (libvirt-nss) %s\n", NAMES_PROGRAM, VERSION);
        return endOutput(NAMES_EXIT_GOOD);
    }
    return endOutput(runCommand(argc, argv));
}
