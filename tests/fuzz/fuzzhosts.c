/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* NETWORK.addnhosts: a line with a name or an address, then the file. There is one lease, of a name
 * that the file may declare. */

#include <config.h>

#include "fuzz.h"

#include <string.h>
#include <sys/socket.h>

static const char leases[] =
    "[ {\"ip-address\": \"10.0.0.1\", \"hostname\": \"web\", \"expiry-time\": 0} ]";

/* Every name of the list is found, and has the address. */
static void
claimFound(const struct virNamesEntry *entry)
{
    static struct virNames names;
    const struct virNamesQuery query = {
        .folder = fuzzFolder(), .name = entry->name, .family = entry->addr.family, .now = FUZZ_NOW
    };
    size_t i = 0;

    FUZZ_CLAIM(virNamesByName(&names, &query) == VIR_NAMES_FOUND);
    while (i < names.nanswers && virSocketAddrCompare(&names.answers[i].addr, &entry->addr) != 0)
        i++;
    FUZZ_CLAIM(i < names.nanswers);
    virNamesClear(&names);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct virNames all;
    const struct virNamesQuery query = { .folder = fuzzFolder(), .now = FUZZ_NOW };
    const char *name = fuzzTake(0, &data, &size, "\n");
    struct virSocketAddr addr;
    size_t i;

    fuzzWrite("a.status", leases, strlen(leases));
    fuzzWrite("a.addnhosts", data, size);
    fuzzLookUp(name, NULL);
    fuzzLookUp("web", NULL);
    if (virSocketAddrParse(&addr, name, strlen(name)))
        fuzzLookUp(NULL, &addr);
    virNamesAll(&all, &query);
    for (i = 0; i < all.nentries && i < 64; i++)
        claimFound(virNamesGetEntry(&all, i));
    virNamesClear(&all);
    return 0;
}
