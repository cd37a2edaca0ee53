/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "leaselock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "leasemessage.h"

#define LEASE_LOCK_FILE RUNSTATEDIR "/leaseshelper.pid"

/* Whoever could open it could lock it, and have every helper wait for ever. */
#define LEASE_LOCK_MODE 0600

/* How often a wait with an end looks whether the lock is free, in microseconds */
#define LEASE_LOCK_PAUSE (20 * 1000)

static gboolean
leaseLockWait(int fd, const struct flock *lock, unsigned int seconds)
{
    const gint64 end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
    int result;

    while ((result = fcntl(fd, seconds == 0 ? F_OFD_SETLKW : F_OFD_SETLK, lock)) < 0) {
        if (errno == EAGAIN && g_get_monotonic_time() < end)
            g_usleep(LEASE_LOCK_PAUSE);
        else if (errno != EINTR)
            break;
    }
    return result == 0;
}

int
leaseLock(const char *bridge, unsigned int seconds, GError **error)
{
    /* Two names with one hash would only wait for each other. */
    const struct flock lock = {
        .l_type = F_WRLCK,
        .l_whence = SEEK_SET,
        .l_start = g_str_hash(bridge),
        .l_len = 1,
    };
    int fd = open(LEASE_LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, LEASE_LOCK_MODE);

    if (fd >= 0 && fchmod(fd, LEASE_LOCK_MODE) == 0 && leaseLockWait(fd, &lock, seconds))
        return fd;
    if (fd >= 0 && errno == EAGAIN)
        g_set_error(error, LEASE_ERROR, LEASE_ERROR_FILE,
                    /* TRANSLATORS: the file with the locks, a bridge, and seconds */
                    _("%s: the lock of %s is held by another helper, still after %u s"),
                    LEASE_LOCK_FILE, bridge, seconds);
    else
        /* TRANSLATORS: the file with the locks, a bridge, and why */
        g_set_error(error, LEASE_ERROR, LEASE_ERROR_FILE, _("%s: cannot be locked for %s: %s"),
                    LEASE_LOCK_FILE, bridge, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}
