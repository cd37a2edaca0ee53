/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Packs an answer into the buffer that glibc's caller gave: one bump allocator, whose every refusal
 * means that the buffer is too small (ERANGE). The buffer may begin at any address. */

#pragma once

#include <netdb.h>
#include <nss.h>
#include <stdbool.h>
#include <stddef.h>

#include "virnames.h"

struct nssBuffer {
    char *next;
    size_t left;
};

/* Returns @size bytes aligned to @align, a power of two, or NULL if they do not fit. */
void *nssBufferTake(struct nssBuffer *buffer, size_t size, size_t align);

/* Makes @host from @answers, all of the family @af, with @name as its name and no aliases. What it
 * points to lies in @buffer. False if @buffer is too small. */
bool nssPackHost(struct nssBuffer *buffer, struct hostent *host, const char *name, int af,
                 const struct virNamesAnswer *answers, size_t nanswers);

/* Makes @host from @count entries of @names, from the one at @first on, which are names of one
 * address: the first is its name, the others are aliases. False if @buffer is too small. */
bool nssPackEntries(struct nssBuffer *buffer, struct hostent *host, const struct virNames *names,
                    size_t first, size_t count);

/* Makes a list of tuples from @answers. A caller may bring the first tuple itself in *@first, as
 * getaddrinfo(3) does; if *@first is NULL, as from nscd, it is made in @buffer as well. False if
 * @buffer is too small; *@first is then as it was. */
bool nssPackTuples(struct nssBuffer *buffer, struct gaih_addrtuple **first, const char *name,
                   const struct virNamesAnswer *answers, size_t nanswers);
