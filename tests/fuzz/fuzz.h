/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* What the fuzzing targets share. A target gets an input, makes files of it in a folder of its own,
 * and aborts when something that must always be true is not. */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virnames.h"

/* The time at which leases are looked at, seconds since the epoch. */
#define FUZZ_NOW 2000000000

/* Called with each input; the name is libFuzzer's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Says which claim is wrong, and aborts. */
#define FUZZ_CLAIM(claim)                                                                          \
    do {                                                                                           \
        if (!(claim))                                                                              \
            fuzzFail(__FILE__, __LINE__, #claim);                                                  \
    } while (0)
_Noreturn void fuzzFail(const char *file, int line, const char *claim);

/* The folder, made at the first call and removed when the program ends. */
const char *fuzzFolder(void);

/* Gives a file of that folder its content, in place: an input takes microseconds. */
void fuzzWrite(const char *name, const void *content, size_t len);

/* The part of an input before @separator, NUL-terminated and with NUL bytes in it ending it; what
 * follows is left in @data and @size. Without a separator it is all. Valid until the next call with
 * the same @slot, of which there are FUZZ_SLOTS. */
#define FUZZ_SLOTS 4
const char *fuzzTake(int slot, const uint8_t **data, size_t *size, const char *separator);

/* Looks up @name, or with NULL @addr, or with NULL everything, the quick way and the careful one,
 * in both services and all families: the answers must be the same. */
void fuzzLookUp(const char *name, const struct virSocketAddr *addr);

/* Whether both results are the same, in their order. */
bool fuzzIsSame(const struct virNames *a, const struct virNames *b);
