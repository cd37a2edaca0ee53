/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "leaselock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "leasemessage.h"

#define LEASE_LOCK_FILE RUNSTATEDIR "/leaseshelper.pid"

/* An alarm is there to end a wait. */
static void
leaseLockAlarm(int number)
{
    (void)number;
}

static gboolean
leaseLockWait(int fd, const struct flock *lock, unsigned int seconds)
{
    const struct sigaction action = { .sa_handler = leaseLockAlarm };
    int result;

    if (seconds == 0) {
        while ((result = fcntl(fd, F_OFD_SETLKW, lock)) < 0 && errno == EINTR)
            continue;
        return result == 0;
    }
    sigaction(SIGALRM, &action, NULL);
    alarm(seconds);
    result = fcntl(fd, F_OFD_SETLKW, lock);
    alarm(0);
    return result == 0;
}

gboolean
leaseLock(const char *bridge, unsigned int seconds, GError **error)
{
    /* Two names with one hash would only wait for each other. */
    const struct flock lock = {
        .l_type = F_WRLCK,
        .l_whence = SEEK_SET,
        .l_start = g_str_hash(bridge),
        .l_len = 1,
    };
    int fd = open(LEASE_LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

    if (fd >= 0 && leaseLockWait(fd, &lock, seconds))
        return TRUE;
    if (fd >= 0 && errno == EINTR)
        g_set_error(error, LEASE_ERROR, LEASE_ERROR_FILE,
                    _("%s: the lock of %s is held by another helper, still after %u seconds"),
                    LEASE_LOCK_FILE, bridge, seconds);
    else
        g_set_error(error, LEASE_ERROR, LEASE_ERROR_FILE, _("%s: cannot be locked for %s: %s"),
                    LEASE_LOCK_FILE, bridge, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return FALSE;
}
