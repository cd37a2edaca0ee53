/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "virleasedir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "vircleanup.h"
#include "virsort.h"

/* Room that getdents64() must find: 15 entries with the longest names. */
#define VIR_LEASE_DIR_BATCH ((size_t)4096)

/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
#define VIR_LEASE_DIR_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static bool
virLeaseDirKind(const char *name, enum virLeaseFileKind *kind)
{
    static const struct {
        char suffix[16];
        enum virLeaseFileKind kind;
    } suffixes[] = {
        { VIR_LEASE_STATUS_SUFFIX, VIR_LEASE_FILE_STATUS },
        { VIR_LEASE_NOMAC_SUFFIX, VIR_LEASE_FILE_STATUS },
        { ".macs", VIR_LEASE_FILE_MACS },
        { ".addnhosts", VIR_LEASE_FILE_HOSTS },
    };
    size_t len = strlen(name);
    size_t i;

    for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        size_t suffix = strlen(suffixes[i].suffix);

        if (len > suffix && memcmp(name + len - suffix, suffixes[i].suffix, suffix) == 0) {
            *kind = suffixes[i].kind;
            return true;
        }
    }
    return false;
}

/* Turns the @size bytes of directory entries at @batch into records, in place. A record is one
 * byte, the file's kind + 1 so that it cannot be taken for padding, and its name: never longer than
 * the entry that it came from. Returns the bytes that the records take. */
static size_t
virLeaseDirPack(unsigned char *batch, size_t size, size_t *count)
{
    size_t packed = 0;
    size_t pos = 0;

    while (pos < size) {
        const struct dirent64 *entry = (const void *)(batch + pos);
        enum virLeaseFileKind kind;

        pos += entry->d_reclen;
        if (virLeaseDirKind(entry->d_name, &kind)) {
            size_t len = strlen(entry->d_name) + 1;

            memmove(batch + packed + 1, entry->d_name, len);
            batch[packed] = kind + 1;
            packed += len + 1;
            (*count)++;
        }
    }
    return packed;
}

static int
virLeaseDirList(struct virLeaseDir *dir, struct virScratch *scratch)
{
    while (true) {
        size_t aligned = scratch->used + -scratch->used % _Alignof(struct dirent64);
        size_t room = scratch->size > aligned ? scratch->size - aligned : 0;
        unsigned char *batch;
        ssize_t got;

        if (room < VIR_LEASE_DIR_BATCH)
            room = VIR_LEASE_DIR_BATCH;
        if (!(batch = virScratchReserve(scratch, aligned - scratch->used + room)))
            return -ENOMEM;
        memset(batch, 0, aligned - scratch->used);
        virScratchCommit(scratch, aligned - scratch->used);
        batch = scratch->base + scratch->used;
        if ((got = getdents64(dir->fd, batch, room)) < 0)
            return -errno;
        if (got == 0)
            return 0;
        virScratchCommit(scratch, virLeaseDirPack(batch, got, &dir->count));
    }
}

static int
virLeaseDirCompare(const void *a, const void *b, const void *opaque)
{
    const uint32_t *left = a;
    const uint32_t *right = b;
    const char *base = opaque;

    return strcmp(base + *left + 1, base + *right + 1);
}

/* Lays the index behind the records that begin at @first, and sorts it. */
static int
virLeaseDirIndex(struct virLeaseDir *dir, struct virScratch *scratch, size_t first)
{
    size_t pos = first;
    uint32_t *index;
    size_t i;

    dir->index = virScratchBegin(scratch);
    if (!(index = virScratchReserve(scratch, dir->count * sizeof(*index))))
        return -ENOMEM;
    for (i = 0; i < dir->count; i++) {
        while (scratch->base[pos] == 0)
            pos++;
        index[i] = pos;
        pos += strlen((const char *)scratch->base + pos) + 1;
    }
    virScratchCommit(scratch, dir->count * sizeof(*index));
    virSort(index, dir->count, sizeof(*index), virLeaseDirCompare, scratch->base);
    return 0;
}

int
virLeaseDirOpen(struct virLeaseDir *dir, const char *path, struct virScratch *scratch)
{
    size_t first = scratch->used;
    int result;

    *dir = (struct virLeaseDir){ .scratch = scratch };
    if ((dir->fd = openat(AT_FDCWD, path, VIR_LEASE_DIR_FLAGS | O_DIRECTORY)) < 0)
        return -errno;
    result = virLeaseDirList(dir, scratch);
    if (result == 0)
        result = virLeaseDirIndex(dir, scratch, first);
    if (result < 0)
        virLeaseDirClose(dir);
    return result;
}

void
virLeaseDirClose(struct virLeaseDir *dir)
{
    close(dir->fd);
    dir->fd = -1;
}

const char *
virLeaseDirNext(const struct virLeaseDir *dir, enum virLeaseFileKind kind, size_t *cursor)
{
    const uint32_t *index = (const void *)(dir->scratch->base + dir->index);

    while (*cursor < dir->count) {
        const unsigned char *record = dir->scratch->base + index[(*cursor)++];

        if (record[0] == kind + 1)
            return (const char *)record + 1;
    }
    return NULL;
}

int
virLeaseDirOpenFile(int folder, const char *name, uint64_t *size)
{
    VIR_AUTOCLOSE fd = openat(folder, name, VIR_LEASE_DIR_FLAGS);
    struct stat st;
    int opened;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    if ((uint64_t)st.st_size > VIR_LEASE_FILE_MAX)
        return -EFBIG;
    *size = st.st_size;
    opened = fd;
    fd = -1;
    return opened;
}
