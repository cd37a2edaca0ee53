/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* To be preloaded: lets every write(2) take part of what it is given, as a signal, a quota or a
 * full disk may, and every other one be interrupted. */

#include <config.h>

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHORT 1000

ssize_t
write(int fd, const void *bytes, size_t size)
{
    static unsigned int calls;

    if (calls++ % 2 == 1) {
        errno = EINTR;
        return -1;
    }
    return syscall(SYS_write, fd, bytes, size < SHORT ? size : (size_t)SHORT);
}
