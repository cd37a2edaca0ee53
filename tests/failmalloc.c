/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* For LD_PRELOAD: the allocation whose number is in FAIL_MALLOC fails, counted from 1 since the
 * program opened its first file. That is the first thing that our programs do: what glib allocates
 * before, when it is loaded, it waits for without end. At the end of a program in which there were
 * fewer, the file that FAIL_MALLOC_UNUSED names is made: that was all.
 */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

static unsigned long left;
static int begun;

static void __attribute__((constructor)) begin(void)
{
    const char *number = getenv("FAIL_MALLOC");

    left = number ? strtoul(number, NULL, 10) : 0;
}

static void __attribute__((destructor)) end(void)
{
    const char *path = getenv("FAIL_MALLOC_UNUSED");

    if (left > 0 && path)
        close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static int
fails(void)
{
    if (!begun || left == 0 || --left > 0)
        return 0;
    errno = ENOMEM;
    return 1;
}

int
open64(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode = 0;

    begun = 1;
    va_start(args, flags);
    if (flags & O_CREAT)
        mode = va_arg(args, mode_t);
    va_end(args);
    return openat(AT_FDCWD, path, flags, mode);
}

void *
malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *block, size_t size)
{
    return fails() ? NULL : __libc_realloc(block, size);
}
