/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "virscratch.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "intprops.h"
#include "minmax.h"

void
virScratchInit(struct virScratch *scratch)
{
    scratch->base = scratch->inlined;
    scratch->size = sizeof(scratch->inlined);
    scratch->used = 0;
}

void
virScratchClear(struct virScratch *scratch)
{
    if (scratch->base != scratch->inlined)
        free(scratch->base);
    virScratchInit(scratch);
}

static int
virScratchGrow(struct virScratch *scratch, size_t size)
{
    bool onHeap = scratch->base != scratch->inlined;
    unsigned char *base;

    if (size > VIR_SCRATCH_MAX)
        return -1;
    size = MIN(MAX(size, scratch->size * 2), VIR_SCRATCH_MAX);
    if (!(base = realloc(onHeap ? scratch->base : NULL, size)))
        return -1;
    if (!onHeap)
        memcpy(base, scratch->inlined, scratch->used);
    scratch->base = base;
    scratch->size = size;
    return 0;
}

size_t
virScratchBegin(struct virScratch *scratch)
{
    size_t padding = -scratch->used % _Alignof(max_align_t);

    /* size and VIR_SCRATCH_MAX are multiples of the alignment, so the padding always fits */
    scratch->used += padding;
    return scratch->used;
}

void *
virScratchReserve(struct virScratch *scratch, size_t size)
{
    size_t need;

    if (INT_ADD_WRAPV(scratch->used, size, &need))
        return NULL;
    /* whole alignment units, see virScratchBegin() */
    if (need > scratch->size && (need > VIR_SCRATCH_MAX ||
                                 virScratchGrow(scratch, need + -need % _Alignof(max_align_t)) < 0))
        return NULL;
    return scratch->base + scratch->used;
}

void
virScratchCommit(struct virScratch *scratch, size_t size)
{
    scratch->used += size;
}
