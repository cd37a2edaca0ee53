/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* All that is there, before any rule is applied to it: for who shows or diagnoses it. */

#include <config.h>

#include "virnamespriv.h"

static int
virNamesVisitLease(struct virNamesSearch *search, const char *text, size_t len, void *workspace)
{
    struct virLease lease;
    int result = virLeaseParse(&lease, text, len, workspace);

    if (result == 0)
        search->visitor->lease(search->file, &lease, search->visitor->opaque);
    return result;
}

static int
virNamesVisitMap(struct virNamesSearch *search, const char *text, size_t len, void *workspace)
{
    struct virMacMap map;
    int result = virMacMapParse(&map, text, len, workspace);

    if (result == 0)
        search->visitor->map(search->file, &map, search->visitor->opaque);
    return result;
}

static int
virNamesVisitDeclared(struct virNamesSearch *search, const struct virHostsLine *line)
{
    search->visitor->declared(search->file, line, search->visitor->opaque);
    return 0;
}

int
virNamesVisit(const char *folder, const struct virNamesVisitor *visitor,
              const struct virNamesTracer *tracer)
{
    const struct virNamesQuery query = { .folder = folder, .tracer = tracer };
    struct virNamesSearch search;
    struct virNames names;
    int result = virNamesOpen(&names, &search, &query);

    if (result == 0) {
        search.visitor = visitor;
        if (visitor->lease)
            result = virNamesReadStatus(&search, NULL, virNamesVisitLease);
        if (result == 0 && visitor->map)
            result = virNamesReadMacs(&search, NULL, virNamesVisitMap);
        if (result == 0 && visitor->declared)
            result = virNamesReadHosts(&search, virNamesVisitDeclared);
        virLeaseDirClose(&search.dir);
    }
    virNamesClear(&names);
    return result;
}
