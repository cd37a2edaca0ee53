/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* An entry of a MAC map, BRIDGE.macs, as libvirtd writes it when a guest starts or stops:
 *
 *   { "domain": "the domain's name", "macs": ["52:54:00:00:00:01", ...] }
 *
 * with the members in any order and others between them. */

#pragma once

#include <stddef.h>

#include "virmacaddr.h"

struct virMacMap {
    const char *domain; /* any bytes, not NUL-terminated */
    size_t domainLen;
    const struct virMacAddr *macs;
    size_t nmacs;
};

/* Bytes of working memory that virMacMapParse() needs for a text of @len bytes. */
size_t virMacMapWorkspace(size_t len);

/* Reads the object of @len bytes at @text. @workspace, aligned for any type, has
 * virMacMapWorkspace(@len) bytes; map->macs begins at its first byte and map->domain lies in it as
 * well. What is not a MAC address in "macs" is passed over. Returns 0, -EBADMSG if it is not JSON,
 * -EINVAL if it has no domain, or has a known member of another type. */
int virMacMapParse(struct virMacMap *map, const char *text, size_t len, void *workspace);
