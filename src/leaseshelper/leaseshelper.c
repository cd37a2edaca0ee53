/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* libvirt_leaseshelper: dnsmasq runs it at each change of a lease, and it keeps the files in which
 * the name service modules and libvirtd look the leases up. */

#include <config.h>

#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "leaseevent.h"
#include "leaseinit.h"
#include "leasemessage.h"
#include "leaseupdate.h"

static int
leasePrintHelp(void)
{
    /* TRANSLATORS: the program, twice; the lease folder; the program's manual */
    printf(_("Usage: %s init\n"
             "       %s add|old|del MAC|DUID ADDRESS [HOSTNAME]\n"
             "\n"
             "Keeps the list of a bridge's DHCP leases in %s.\n"
             "It is for dnsmasq to call, started with --leasefile-ro and --dhcp-script=PATH;\n"
             "the rest is in the environment, see %s(8) and dnsmasq(8).\n"
             "\n"
             "  --help     print this and exit\n"
             "  --version  print the version and exit\n"
             "\n"
             "Exit status: 0 done, or not an action for this program; 1 the list could not be\n"
             "read or written; 2 wrong arguments or environment.\n"
             "After init it is always 0.\n"),
           LEASE_PROGRAM, LEASE_PROGRAM, LEASEDIR, LEASE_PROGRAM);
    return EXIT_SUCCESS;
}

/* dnsmasq gives no options, and what it gives may begin with '-' without being one: they count in
 * place of the action alone. */
static int
leaseOption(const char *option)
{
    g_autofree char *quoted = NULL;

    if (g_str_equal(option, "--help"))
        return leasePrintHelp();
    if (g_str_equal(option, "--version")) {
        printf("%s (libvirt-nss) %s\n", LEASE_PROGRAM, VERSION);
        return EXIT_SUCCESS;
    }
    quoted = leaseQuote(option);
    /* TRANSLATORS: the option, and the program */
    leaseTell(_("unknown option %s; see %s --help"), quoted, LEASE_PROGRAM);
    return LEASE_ERROR_CALL;
}

static int
leaseRun(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    struct leaseEvent event;

    if (leaseEventParse(&event, argc, argv, &error) && leaseUpdate(&event, &error))
        return EXIT_SUCCESS;
    leaseTell("%s", error->message);
    return error->code;
}

/* What is opened must not come to be what messages are written to. */
static void
leaseFillStandard(void)
{
    int fd;

    while ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0 && fd <= STDERR_FILENO)
        continue;
    if (fd >= 0)
        close(fd);
}

int
main(int argc, char **argv)
{
    leaseFillStandard();
    if (argc < 2) {
        leaseTell(_("an action is missing; see %s --help"), LEASE_PROGRAM);
        return LEASE_ERROR_CALL;
    }
    if (argv[1][0] == '-')
        return leaseOption(argv[1]);
    switch (leaseActionFromText(argv[1])) {
    case LEASE_ACTION_INIT:
        leaseInit();
        return EXIT_SUCCESS;
    case LEASE_ACTION_ADD:
    case LEASE_ACTION_OLD:
    case LEASE_ACTION_DEL:
        return leaseRun(argc, argv);
    case LEASE_ACTION_OTHER:
    default:
        return EXIT_SUCCESS;
    }
}
