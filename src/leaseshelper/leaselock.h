/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* One helper at a time for each bridge. dnsmasq waits for one call of its script before the next,
 * but one that was killed and started again may still have a call under way. */

#pragma once

#include <glib.h>

/* Takes the lock of @bridge, and waits for whoever has it: at most @seconds, or without end if 0.
 * It is a byte of RUNSTATEDIR/leaseshelper.pid, the file in which libvirt's helper has its lock and
 * which AppArmor profiles know; the byte's position is made of the bridge's name. Returns a file
 * descriptor, with which the lock ends, or -1 with @error set if it cannot be had. */
int leaseLock(const char *bridge, unsigned int seconds, GError **error);
