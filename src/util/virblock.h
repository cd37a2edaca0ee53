/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Sixteen bytes at once, through the vector extensions that gcc and clang have for every processor.
 * A comparison, a == b or a <= b, gives a virBlockTruth: all bits set where it holds. */

#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VIR_BLOCK_SIZE ((size_t)16)

typedef unsigned char virBlock __attribute__((vector_size(16)));
typedef signed char virBlockTruth __attribute__((vector_size(16)));

/* The 16 bytes at @text, at any alignment. */
static inline virBlock
virBlockLoad(const char *text)
{
    virBlock block;

    memcpy(&block, text, sizeof(block));
    return block;
}

/* 16 times @byte. */
static inline virBlock
virBlockFill(unsigned char byte)
{
    return (virBlock){ 0 } + byte;
}

/* Bit i is set if it holds for byte i. */
static inline unsigned int
virBlockMask(virBlockTruth truth)
{
#ifdef __SSE2__
    return __builtin_ia32_pmovmskb128((char __attribute__((vector_size(16))))truth);
#else
    unsigned int mask = 0;
    size_t i;

    for (i = 0; i < VIR_BLOCK_SIZE; i++)
        mask |= (unsigned int)(truth[i] & 1) << i;
    return mask;
#endif
}
