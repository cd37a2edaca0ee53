/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Files that targets write */
#define FUZZ_FILES 8

static struct {
    const char *name;
    int fd;
} files[FUZZ_FILES];

static char folder[] = "/dev/shm/fuzz-XXXXXX";

_Noreturn void
fuzzFail(const char *file, int line, const char *claim)
{
    fprintf(stderr, "%s:%d: not true: %s\n", file, line, claim);
    abort();
}

static void
removeFolder(void)
{
    int dir = open(folder, O_DIRECTORY | O_PATH);
    size_t i;

    for (i = 0; i < FUZZ_FILES && files[i].name; i++)
        unlinkat(dir, files[i].name, 0);
    rmdir(folder);
}

const char *
fuzzFolder(void)
{
    static bool made;

    if (!made) {
        FUZZ_CLAIM(mkdtemp(folder));
        atexit(removeFolder);
        made = true;
    }
    return folder;
}

static int
findFile(const char *name)
{
    size_t i = 0;

    while (files[i].name && strcmp(files[i].name, name) != 0)
        i++;
    FUZZ_CLAIM(i < FUZZ_FILES - 1);
    if (!files[i].name) {
        int dir = open(fuzzFolder(), O_DIRECTORY | O_PATH);

        files[i].name = name;
        files[i].fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        close(dir);
    }
    FUZZ_CLAIM(files[i].fd >= 0);
    return files[i].fd;
}

void
fuzzWrite(const char *name, const void *content, size_t len)
{
    int fd = findFile(name);

    FUZZ_CLAIM(ftruncate(fd, 0) == 0);
    FUZZ_CLAIM(pwrite(fd, content, len, 0) == (ssize_t)len);
}

const char *
fuzzTake(int slot, const uint8_t **data, size_t *size, const char *separator)
{
    static char *texts[FUZZ_SLOTS];
    const uint8_t *end = memmem(*data, *size, separator, strlen(separator));
    size_t len = end ? (size_t)(end - *data) : *size;

    free(texts[slot]);
    FUZZ_CLAIM(texts[slot] = malloc(len + 1));
    memcpy(texts[slot], *data, len);
    texts[slot][len] = '\0';
    if (end)
        len += strlen(separator);
    *data += len;
    *size -= len;
    return texts[slot];
}

bool
fuzzIsSame(const struct virNames *a, const struct virNames *b)
{
    size_t i;

    if (a->nanswers != b->nanswers || a->nentries != b->nentries)
        return false;
    for (i = 0; i < a->nanswers; i++) {
        if (virSocketAddrCompare(&a->answers[i].addr, &b->answers[i].addr) != 0 ||
            a->answers[i].expiry != b->answers[i].expiry)
            return false;
    }
    for (i = 0; i < a->nentries; i++) {
        const struct virNamesEntry *left = virNamesGetEntry(a, i);
        const struct virNamesEntry *right = virNamesGetEntry(b, i);

        if (left->len != right->len || memcmp(left->name, right->name, left->len) != 0 ||
            virSocketAddrCompare(&left->addr, &right->addr) != 0)
            return false;
    }
    return true;
}

/* Who listens makes the engine go the careful way. What it is told must be readable. */
static void
hear(const struct virNamesNote *note, void *opaque)
{
    size_t *sum = opaque;
    size_t i;

    for (i = 0; note->name && i < note->nameLen; i++)
        *sum += note->name[i];
    for (i = 0; note->lease && i < note->lease->hostnameLen; i++)
        *sum += note->lease->hostname[i];
    for (i = 0; note->map && i < note->map->domainLen; i++)
        *sum += note->map->domain[i];
    *sum += note->file ? strlen(note->file) : 0;
}

typedef enum virNamesResult (*lookup)(struct virNames *names, const struct virNamesQuery *query);

static void
compareWays(lookup look, struct virNamesQuery query)
{
    static struct virNames quick;
    static struct virNames careful;
    size_t sum = 0;
    const struct virNamesTracer tracer = { hear, &sum };
    enum virNamesResult result = look(&quick, &query);

    query.tracer = &tracer;
    FUZZ_CLAIM(look(&careful, &query) == result);
    FUZZ_CLAIM(fuzzIsSame(&quick, &careful));
    FUZZ_CLAIM(result == VIR_NAMES_FOUND || quick.nanswers + quick.nentries == 0);
    FUZZ_CLAIM(result != VIR_NAMES_UNAVAILABLE && result != VIR_NAMES_TRY_AGAIN);
    virNamesClear(&quick);
    virNamesClear(&careful);
}

void
fuzzLookUp(const char *name, const struct virSocketAddr *addr)
{
    static const int families[] = { AF_UNSPEC, AF_INET, AF_INET6 };
    struct virNamesQuery query = { .folder = fuzzFolder(), .now = FUZZ_NOW, .name = name };
    size_t i;

    if (addr)
        query.addr = *addr;
    for (query.service = VIR_NAMES_LIBVIRT; query.service <= VIR_NAMES_LIBVIRT_GUEST;
         query.service++) {
        for (i = 0; name && i < sizeof(families) / sizeof(families[0]); i++) {
            query.family = families[i];
            compareWays(virNamesByName, query);
        }
        if (!name)
            compareWays(addr ? virNamesByAddress : virNamesAll, query);
    }
}
