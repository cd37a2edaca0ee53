/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Working memory of one lookup. It starts inside the caller's stack frame and moves into a single
 * heap block when it outgrows it, so that an ordinary lookup never calls malloc and any lookup has
 * at most one block to free. It is used as a stack: arrays are laid one behind the other, and
 * temporary memory lies behind the last of them. */

#pragma once

#include <stddef.h>

/* Room for the listing of about 200 files in one getdents64() call, and for yajl beside a shorter
 * one; with the window of virjsonarray.h it stays within the 32 KiB of stack that a lookup may use.
 */
#define VIR_SCRATCH_INLINE ((size_t)8 * 1024)

/* More than the largest answer needs (VIR_NAMES_ANSWERS_MAX and its MACs); asking for more is
 * ENOMEM. */
#define VIR_SCRATCH_MAX ((size_t)64 * 1024 * 1024)

struct virScratch {
    unsigned char *base; /* inlined, or the heap block */
    size_t size;         /* bytes at base */
    size_t used;         /* bytes at base that are taken */
    _Alignas(max_align_t) unsigned char inlined[VIR_SCRATCH_INLINE];
};

/* Makes @scratch empty. A virScratch must not be copied or moved after this: it may point into
 * itself. */
void virScratchInit(struct virScratch *scratch);

/* Frees what @scratch owns; it may be initialised again afterwards. */
void virScratchClear(struct virScratch *scratch);

/* Starts a new array: returns the offset from scratch->base at which it begins, aligned for any
 * type. */
size_t virScratchBegin(struct virScratch *scratch);

/* Returns @size writable bytes behind what is taken. They are the caller's until the next call of
 * this function, which may move everything: keep offsets, not pointers. NULL when memory is short
 * or the sum passes VIR_SCRATCH_MAX. */
void *virScratchReserve(struct virScratch *scratch, size_t size);

/* Takes the first @size bytes of what virScratchReserve() returned last. */
void virScratchCommit(struct virScratch *scratch, size_t size);
