/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* The folder in which libvirtd and the lease helper keep their files: listing it, and opening its
 * files in a way that no file can turn against the caller. */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "virscratch.h"

/* libvirt refuses to read a lease file or a MAC map that is larger (32 MiB); so do we. */
#define VIR_LEASE_FILE_MAX ((uint64_t)32 * 1024 * 1024)

/* What follows the bridge's name in the name of a file of leases. Leases without a MAC address have
 * a file of their own, which our lease helper alone writes: libvirtd reads BRIDGE.status and fails
 * on such a lease. */
#define VIR_LEASE_STATUS_SUFFIX ".status"
#define VIR_LEASE_NOMAC_SUFFIX ".status.nomac"

enum virLeaseFileKind {
    VIR_LEASE_FILE_STATUS, /* BRIDGE.status, BRIDGE.status.nomac: leases, see virlease.h */
    VIR_LEASE_FILE_MACS,   /* BRIDGE.macs: MAC map, see virmacmap.h */
    VIR_LEASE_FILE_HOSTS,  /* NETWORK.addnhosts: names of addresses, see virhosts.h */
};

struct virLeaseDir {
    int fd;
    const struct virScratch *scratch;
    size_t index; /* offset in scratch of uint32_t offsets of the records, in order of file name */
    size_t count;
};

/* Opens the folder @path and lists the files of known kinds into @scratch, which must live as long
 * as @dir. Returns 0, or a negative errno with nothing left open. Call virLeaseDirClose() after
 * success. */
int virLeaseDirOpen(struct virLeaseDir *dir, const char *path, struct virScratch *scratch);

void virLeaseDirClose(struct virLeaseDir *dir);

/* Returns the name of the next file of @kind in the order of strcmp(), or NULL behind the last one.
 * *@cursor is 0 at the start. The name is valid until @scratch changes. */
const char *virLeaseDirNext(const struct virLeaseDir *dir, enum virLeaseFileKind kind,
                            size_t *cursor);

/* Opens file @name of @folder, a file descriptor, for reading and stores its size in bytes. Never
 * waits (a FIFO without writer), never takes a terminal, and accepts regular files of at most
 * VIR_LEASE_FILE_MAX bytes only; links are followed. Returns a file descriptor to be closed by the
 * caller, or a negative errno: -EFBIG too large, -EISDIR a folder, -EINVAL another kind of file,
 * else what open(2) said.
 */
int virLeaseDirOpenFile(int folder, const char *name, uint64_t *size);
