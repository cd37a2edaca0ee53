/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "virmacmap.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "virjsonobject.h"

enum {
    VIR_MAC_MAP_DOMAIN,
    VIR_MAC_MAP_MACS,
};

struct virMacMapParser {
    struct virMacAddr *macs;
    size_t nmacs;
    char *domain;
    size_t domainLen;
    bool hasDomain;
};

/* The shortest MAC address in JSON, "0:0:0:0:0:0" with its quotes, bounds how many a text can hold.
 */
static size_t
virMacMapMacsMax(size_t len)
{
    return len / strlen("\"0:0:0:0:0:0\"") + 1;
}

/* The workspace: addresses, the domain's name, yajl's arena. */
static size_t
virMacMapArenaOffset(size_t len)
{
    size_t offset = virMacMapMacsMax(len) * sizeof(struct virMacAddr) + len;

    return offset + -offset % _Alignof(max_align_t);
}

size_t
virMacMapWorkspace(size_t len)
{
    return virMacMapArenaOffset(len) + virJsonObjectArenaSize(len);
}

static bool
virMacMapVisit(size_t key, enum virJsonType type, const char *value, size_t len, void *opaque)
{
    struct virMacMapParser *parser = opaque;

    if (key == VIR_MAC_MAP_DOMAIN) {
        if (type != VIR_JSON_STRING)
            return false;
        memcpy(parser->domain, value, len);
        parser->domainLen = len;
        parser->hasDomain = true;
        return true;
    }
    if (type == VIR_JSON_ELEMENT && virMacAddrParse(&parser->macs[parser->nmacs], value, len))
        parser->nmacs++;
    return type == VIR_JSON_ELEMENT || type == VIR_JSON_ARRAY;
}

int
virMacMapParse(struct virMacMap *map, const char *text, size_t len, void *workspace)
{
    static const struct virJsonKey keys[] = {
        [VIR_MAC_MAP_DOMAIN] = { "domain" },
        [VIR_MAC_MAP_MACS] = { "macs" },
    };
    unsigned char *memory = workspace;
    struct virMacMapParser parser = {
        .macs = workspace,
        .domain = (char *)memory + virMacMapMacsMax(len) * sizeof(struct virMacAddr),
    };
    const struct virJsonVisitor visitor = { keys, sizeof(keys) / sizeof(keys[0]), virMacMapVisit,
                                            &parser };
    int result = virJsonObjectParse(text, len, memory + virMacMapArenaOffset(len),
                                    virJsonObjectArenaSize(len), &visitor);

    if (result == 0 && !parser.hasDomain)
        result = -EINVAL;
    *map = (struct virMacMap){ parser.domain, parser.domainLen, parser.macs, parser.nmacs };
    return result;
}
