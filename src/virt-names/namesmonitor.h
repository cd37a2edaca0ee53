/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Tells when something in a folder changes, whether the folder is there yet or not. */

#pragma once

#include <glib.h>

typedef struct namesMonitor namesMonitor;

/* Calls @changed from the main loop after each change in @folder. The caller looks at the folder
 * and calls namesMonitorArm() before that, each time and once at the start. Free with
 * namesMonitorFree(). */
namesMonitor *namesMonitorNew(const char *folder, void (*changed)(gpointer opaque),
                              gpointer opaque);

/* Sees to it that it is the folder of this name that is watched or, while there is none, the
 * nearest one above it. */
void namesMonitorArm(namesMonitor *monitor);

void namesMonitorFree(namesMonitor *monitor);
