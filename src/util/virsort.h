/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Sorting in place. qsort(3) is no choice inside a name service module: depending on glibc's
 * version it takes a second heap block or a large piece of stack. */

#pragma once

#include <stddef.h>

/* Largest element that virSort() takes, in bytes. */
#define VIR_SORT_ELEMENT_MAX 64

/* <0, 0, >0 as @a belongs before, beside or behind @b; @opaque is what virSort() was given. */
typedef int (*virSortCompare)(const void *a, const void *b, const void *opaque);

/* Sorts @count elements of @size bytes at @base: O(n log n) in the worst case, no memory beside a
 * few words of stack, not stable (let @compare decide ties). */
void virSort(void *base, size_t count, size_t size, virSortCompare compare, const void *opaque);
