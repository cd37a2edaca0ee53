/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* BRIDGE.macs: a line with a name or an address, then the file. The leases are always the same. */

#include <config.h>

#include "fuzz.h"

#include <string.h>

static const char leases[] =
    "[ {\"ip-address\": \"10.0.0.1\", \"mac-address\": \"52:54:00:00:00:01\", \"hostname\": "
    "\"web\", "
    "\"expiry-time\": 0}, {\"ip-address\": \"10.0.0.2\", \"mac-address\": \"52:54:00:00:00:02\", "
    "\"hostname\": \"db\", \"domain\": \"lab\", \"expiry-time\": 2000000001}, {\"ip-address\": "
    "\"fd00::3\", "
    "\"mac-address\": \"52:54:00:00:00:01\", \"expiry-time\": 2000000002} ]";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *name = fuzzTake(0, &data, &size, "\n");
    struct virSocketAddr addr;

    fuzzWrite("a.status", leases, strlen(leases));
    fuzzWrite("a.macs", data, size);
    fuzzLookUp(name, NULL);
    fuzzLookUp("web", NULL);
    fuzzLookUp(NULL, NULL);
    virSocketAddrParse(&addr, "10.0.0.1", strlen("10.0.0.1"));
    fuzzLookUp(NULL, &addr);
    return 0;
}
