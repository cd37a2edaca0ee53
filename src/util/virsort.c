/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "virsort.h"

#include <stdbool.h>
#include <string.h>

struct virSortArray {
    unsigned char *base;
    size_t size;
    virSortCompare compare;
    const void *opaque;
};

static unsigned char *
virSortAt(const struct virSortArray *array, size_t i)
{
    return array->base + i * array->size;
}

static void
virSortSwap(const struct virSortArray *array, size_t i, size_t j)
{
    unsigned char saved[VIR_SORT_ELEMENT_MAX];

    memcpy(saved, virSortAt(array, i), array->size);
    memcpy(virSortAt(array, i), virSortAt(array, j), array->size);
    memcpy(virSortAt(array, j), saved, array->size);
}

static bool
virSortBefore(const struct virSortArray *array, size_t i, size_t j)
{
    return array->compare(virSortAt(array, i), virSortAt(array, j), array->opaque) < 0;
}

/* Lets element @root sink until no child within @count is larger: the step of heapsort. */
static void
virSortSink(const struct virSortArray *array, size_t root, size_t count)
{
    size_t child;

    while ((child = 2 * root + 1) < count) {
        if (child + 1 < count && virSortBefore(array, child, child + 1))
            child++;
        if (!virSortBefore(array, root, child))
            return;
        virSortSwap(array, root, child);
        root = child;
    }
}

void
virSort(void *base, size_t count, size_t size, virSortCompare compare, const void *opaque)
{
    const struct virSortArray array = { base, size, compare, opaque };
    size_t i;

    for (i = count / 2; i > 0; i--)
        virSortSink(&array, i - 1, count);
    for (i = count; i > 1; i--) {
        virSortSwap(&array, 0, i - 1);
        virSortSink(&array, 0, i - 1);
    }
}
