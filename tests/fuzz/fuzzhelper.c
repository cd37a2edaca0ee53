/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* The lease helper: its arguments, a line each, up to an empty line; its environment likewise; then
 * the file of leases. The folder is the one that the build is set up with. */

#include <config.h>

#include "fuzz.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "leaseevent.h"
#include "leaseinit.h"
#include "leaseupdate.h"

#define BRIDGE "fuzzbr0"
#define STATUS LEASEDIR "/" BRIDGE ".status"
#define NOMAC STATUS ".nomac"

static const char *const variables[] = {
    "DNSMASQ_INTERFACE",    "DNSMASQ_CLIENT_ID", "DNSMASQ_LEASE_EXPIRES",
    "DNSMASQ_OLD_HOSTNAME", "DNSMASQ_MAC",       "DNSMASQ_IAID",
    "DNSMASQ_SERVER_DUID",  "DNSMASQ_DOMAIN",    "DNSMASQ_SUPPLIED_HOSTNAME",
};

static void
silence(const char *text)
{
    (void)text;
}

static void
prepare(const uint8_t *content, size_t len)
{
    static bool ready;
    const char *const left[] = { NOMAC, STATUS ".corrupt", NOMAC ".corrupt", STATUS ".new" };
    size_t i;

    if (!ready) {
        g_set_printerr_handler(silence);
        g_mkdir_with_parents(LEASEDIR, 0755);
        ready = true;
    }
    for (i = 0; i < G_N_ELEMENTS(left); i++)
        g_unlink(left[i]);
    FUZZ_CLAIM(g_file_set_contents_full(STATUS, (const char *)content, len,
                                        G_FILE_SET_CONTENTS_NONE, 0644, NULL));
}

static void
setEnvironment(char **lines)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(variables); i++)
        g_unsetenv(variables[i]);
    g_setenv("DNSMASQ_INTERFACE", BRIDGE, TRUE);
    for (; *lines; lines++) {
        char *value = strchr(*lines, '=');

        if (!value)
            continue;
        *value++ = '\0';
        if (strcmp(*lines, variables[0]) != 0 && g_strv_contains(variables, *lines))
            g_setenv(*lines, value, TRUE);
    }
}

/* What is in the files after an event */
struct left {
    const struct virSocketAddr *addr;
    size_t leases; /* of that address */
    size_t damage;
};

static void
countLease(const char *file, const struct virLease *lease, void *opaque)
{
    struct left *left = opaque;

    (void)file;
    left->leases += virSocketAddrCompare(&lease->addr, left->addr) == 0;
}

static void
countDamage(const struct virNamesNote *note, void *opaque)
{
    (void)note;
    ((struct left *)opaque)->damage++;
}

/* Whatever the file was, it is now whole, and has the lease if the event is not that it has ended.
 */
static void
claimWhole(const struct leaseEvent *event)
{
    struct left left = { .addr = &event->record.addr };
    const struct virNamesVisitor visitor = { .lease = countLease, .opaque = &left };
    const struct virNamesTracer tracer = { countDamage, &left };

    FUZZ_CLAIM(virNamesVisit(LEASEDIR, &visitor, &tracer) == 0);
    FUZZ_CLAIM(left.damage == 0);
    FUZZ_CLAIM(left.leases == (event->action == LEASE_ACTION_DEL ? 0 : 1));
}

/* What it prints is for dnsmasq. */
static void
initialize(void)
{
    static int nowhere = -1;
    int out = dup(STDOUT_FILENO);

    if (nowhere < 0)
        nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    fflush(stdout);
    FUZZ_CLAIM(dup2(nowhere, STDOUT_FILENO) >= 0);
    leaseInit();
    fflush(stdout);
    FUZZ_CLAIM(dup2(out, STDOUT_FILENO) >= 0);
    close(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *arguments = fuzzTake(0, &data, &size, "\n\n");
    const char *environment = fuzzTake(1, &data, &size, "\n\n");
    g_auto(GStrv) words = g_strsplit(arguments, "\n", 8);
    g_auto(GStrv) lines = g_strsplit(environment, "\n", 32);
    g_autofree char **argv = g_new0(char *, g_strv_length(words) + 2);
    char program[] = "libvirt_leaseshelper";
    g_autoptr(GError) error = NULL;
    struct leaseEvent event;
    int argc = g_strv_length(words) + 1;

    if (argc < 2)
        return 0;
    argv[0] = program;
    memcpy(argv + 1, words, g_strv_length(words) * sizeof(*words));
    prepare(data, size);
    setEnvironment(lines);
    switch (leaseActionFromText(argv[1])) {
    case LEASE_ACTION_INIT:
        initialize();
        break;
    case LEASE_ACTION_ADD:
    case LEASE_ACTION_OLD:
    case LEASE_ACTION_DEL:
        if (leaseEventParse(&event, argc, argv, &error) && leaseUpdate(&event, &error))
            claimWhole(&event);
        break;
    case LEASE_ACTION_OTHER:
    default:
        break;
    }
    return 0;
}
