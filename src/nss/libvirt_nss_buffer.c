/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "libvirt_nss_buffer.h"

#include <stdint.h>
#include <string.h>

#include "intprops.h"

void *
nssBufferTake(struct nssBuffer *buffer, size_t size, size_t align)
{
    size_t padding = -(uintptr_t)buffer->next % align;
    char *taken;

    if (padding > buffer->left || size > buffer->left - padding)
        return NULL;
    taken = buffer->next + padding;
    buffer->next = taken + size;
    buffer->left -= padding + size;
    return taken;
}

static void *
nssBufferTakeArray(struct nssBuffer *buffer, size_t count, size_t size, size_t align)
{
    size_t bytes;

    return INT_MULTIPLY_WRAPV(count, size, &bytes) ? NULL : nssBufferTake(buffer, bytes, align);
}

static char *
nssBufferCopy(struct nssBuffer *buffer, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = nssBufferTake(buffer, size, 1);

    return copy ? memcpy(copy, text, size) : NULL;
}

bool
nssPackHost(struct nssBuffer *buffer, struct hostent *host, const char *name, int af,
            const struct virNamesAnswer *answers, size_t nanswers)
{
    size_t length = virSocketAddrLength(af);
    /* The NULL behind the addresses is the empty list of aliases too. */
    char **list = nssBufferTakeArray(buffer, nanswers + 1, sizeof(*list), _Alignof(char *));
    char *bytes = nssBufferTakeArray(buffer, nanswers, length, _Alignof(uint32_t));
    char *copy = nssBufferCopy(buffer, name);
    size_t i;

    if (!list || !bytes || !copy)
        return false;
    for (i = 0; i < nanswers; i++)
        list[i] = memcpy(bytes + i * length, answers[i].addr.bytes, length);
    list[nanswers] = NULL;
    *host = (struct hostent){
        .h_name = copy,
        .h_aliases = list + nanswers,
        .h_addrtype = af,
        .h_length = length,
        .h_addr_list = list,
    };
    return true;
}

bool
nssPackEntries(struct nssBuffer *buffer, struct hostent *host, const struct virNames *names,
               size_t first, size_t count)
{
    const struct virSocketAddr *addr = &virNamesGetEntry(names, first)->addr;
    size_t length = virSocketAddrLength(addr->family);
    /* One less than names, and NULL */
    char **aliases = nssBufferTakeArray(buffer, count, sizeof(*aliases), _Alignof(char *));
    char **list = nssBufferTakeArray(buffer, 2, sizeof(*list), _Alignof(char *));
    char *bytes = nssBufferTake(buffer, length, _Alignof(uint32_t));
    size_t i;

    if (!aliases || !list || !bytes)
        return false;
    list[0] = memcpy(bytes, addr->bytes, length);
    list[1] = NULL;
    aliases[count - 1] = NULL;
    *host = (struct hostent){
        .h_aliases = aliases,
        .h_addrtype = addr->family,
        .h_length = length,
        .h_addr_list = list,
    };
    for (i = 0; i < count; i++) {
        char *name = nssBufferCopy(buffer, virNamesGetEntry(names, first + i)->name);

        if (!name)
            return false;
        *(i == 0 ? &host->h_name : &aliases[i - 1]) = name;
    }
    return true;
}

bool
nssPackTuples(struct nssBuffer *buffer, struct gaih_addrtuple **first, const char *name,
              const struct virNamesAnswer *answers, size_t nanswers)
{
    size_t given = *first ? 1 : 0;
    struct gaih_addrtuple *tuples = nssBufferTakeArray(buffer, nanswers - given, sizeof(*tuples),
                                                       _Alignof(struct gaih_addrtuple));
    char *copy = nssBufferCopy(buffer, name);
    struct gaih_addrtuple **link = first;
    size_t i;

    if (!tuples || !copy)
        return false;
    for (i = 0; i < nanswers; i++) {
        struct gaih_addrtuple *tuple = i < given ? *first : &tuples[i - given];

        *tuple = (struct gaih_addrtuple){ .name = copy, .family = answers[i].addr.family };
        memcpy(tuple->addr, answers[i].addr.bytes, sizeof(tuple->addr));
        *link = tuple;
        link = &tuple->next;
    }
    return true;
}
