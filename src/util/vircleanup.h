/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Clean-up attributes for code without glib: what is declared with one is released when it goes out
 * of scope, on every path. */

#pragma once

#include <unistd.h>

static inline void
virAutoClose(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* int that closes the file descriptor it holds; negative means none. */
#define VIR_AUTOCLOSE __attribute__((cleanup(virAutoClose))) int
