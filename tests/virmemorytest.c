/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Working memory and sorting. */

#include <config.h>

#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "testutil.h"
#include "virscratch.h"
#include "virsort.h"

static void
testScratchGrows(void)
{
    struct virScratch scratch;
    size_t first;
    size_t second;
    size_t i;

    virScratchInit(&scratch);
    first = virScratchBegin(&scratch);
    for (i = 0; i < 100000; i++) {
        unsigned char *byte = virScratchReserve(&scratch, 1);

        g_assert_nonnull(byte);
        *byte = i;
        virScratchCommit(&scratch, 1);
    }
    g_assert_true(scratch.base != scratch.inlined);
    second = virScratchBegin(&scratch);
    g_assert_cmpuint(second % _Alignof(max_align_t), ==, 0);
    g_assert_cmpuint(second, >=, first + i);
    for (i = 0; i < 100000; i++)
        g_assert_cmpuint(scratch.base[first + i], ==, i & 0xff);
    virScratchClear(&scratch);
    g_assert_true(scratch.base == scratch.inlined);
    g_assert_cmpuint(scratch.used, ==, 0);
}

/* What begins an array is aligned, and within the memory, however little was asked for before. */
static void
testScratchEnd(void)
{
    struct virScratch scratch;
    size_t size;

    for (size = VIR_SCRATCH_INLINE; size < VIR_SCRATCH_INLINE * 4; size += 1021) {
        virScratchInit(&scratch);
        virScratchReserve(&scratch, size + 1);
        virScratchReserve(&scratch, 2 * scratch.size + 1);
        virScratchCommit(&scratch, scratch.size);
        g_assert_cmpuint(virScratchBegin(&scratch), <=, scratch.size);
        virScratchClear(&scratch);
    }
}

static void
testScratchStaysInline(void)
{
    struct virScratch scratch;

    virScratchInit(&scratch);
    g_assert_true(virScratchReserve(&scratch, VIR_SCRATCH_INLINE) == scratch.inlined);
    virScratchCommit(&scratch, 3);
    g_assert_cmpuint(virScratchBegin(&scratch), ==, _Alignof(max_align_t));
    g_assert_true(virScratchReserve(&scratch, 1) == scratch.inlined + _Alignof(max_align_t));
    g_assert_true(virScratchReserve(&scratch, VIR_SCRATCH_INLINE) !=
                  scratch.inlined + _Alignof(max_align_t));
    virScratchClear(&scratch);
}

static void
testScratchLimits(void)
{
    struct virScratch scratch;

    virScratchInit(&scratch);
    g_assert_nonnull(virScratchReserve(&scratch, VIR_SCRATCH_MAX));
    virScratchCommit(&scratch, 1);
    g_assert_null(virScratchReserve(&scratch, VIR_SCRATCH_MAX));
    g_assert_null(virScratchReserve(&scratch, SIZE_MAX));
    g_assert_null(virScratchReserve(&scratch, SIZE_MAX - 1));
    g_assert_nonnull(virScratchReserve(&scratch, 1));
    virScratchClear(&scratch);
}

struct element {
    uint32_t key;
    char padding[20];
};

static int
compareKeys(const void *a, const void *b, const void *opaque)
{
    const struct element *left = a;
    const struct element *right = b;
    const int *direction = opaque;

    return *direction * ((left->key > right->key) - (left->key < right->key));
}

/* Random arrays of every length up to 300, both ways round; the whole element moves with its key.
 */
static void
testSort(void)
{
    static const int directions[] = { 1, -1 };
    size_t count;
    size_t d;

    for (count = 0; count < 300; count++) {
        for (d = 0; d < 2; d++) {
            g_autofree struct element *elements = g_new0(struct element, count + 1);
            guint64 sum = 0;
            size_t i;

            for (i = 0; i < count; i++) {
                elements[i].key = g_test_rand_int_range(0, 200);
                memset(elements[i].padding, elements[i].key, sizeof(elements[i].padding));
                sum += elements[i].key;
            }
            virSort(elements, count, sizeof(*elements), compareKeys, &directions[d]);
            for (i = 0; i < count; i++) {
                if (i > 0)
                    g_assert_cmpint(compareKeys(&elements[i - 1], &elements[i], &directions[d]), <=,
                                    0);
                g_assert_cmpint((unsigned char)elements[i].padding[19], ==, elements[i].key);
                sum -= elements[i].key;
            }
            g_assert_cmpuint(sum, ==, 0);
        }
    }
}

int
main(int argc, char **argv)
{
    testInit(&argc, &argv);
    g_test_add_func("/scratch/grows", testScratchGrows);
    g_test_add_func("/scratch/end", testScratchEnd);
    g_test_add_func("/scratch/stays-inline", testScratchStaysInline);
    g_test_add_func("/scratch/limits", testScratchLimits);
    g_test_add_func("/sort", testSort);
    return g_test_run();
}
