/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Tells when something in a folder changes, whether the folder is there yet or not. */

#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct namesMonitor namesMonitor;

/* Calls @changed from the main loop when something may have changed about the files of @folder that
 * the modules read, or about which folder has that name: folders above it and links on the way
 * count. Free with namesMonitorFree(). */
namesMonitor *namesMonitorNew(const char *folder, void (*changed)(gpointer opaque),
                              gpointer opaque);

/* To be called before each look at the folder, so that nothing can change unseen after it: watches
 * the folder that has the name now or, while there is none, the nearest one above it. Returns false
 * if that cannot be watched, for want of what the system watches with: then look again soon. */
bool namesMonitorArm(namesMonitor *monitor);

void namesMonitorFree(namesMonitor *monitor);
