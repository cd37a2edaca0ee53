/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Tells when something in a folder changes, whether the folder is there yet or not. */

#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct namesMonitor namesMonitor;

/* A monitor for the files of @folder that the modules read, and for what decides which folder has
 * that name: folders above it and links on the way. Free with namesMonitorFree(). */
namesMonitor *namesMonitorNew(const char *folder);

/* To be called before each look at the folder, so that nothing can change unseen after it: watches
 * the folder that has the name now or, while there is none, the nearest one above it. Returns false
 * if that cannot be watched, for want of inotify's instances or watches: then look again soon. */
bool namesMonitorArm(namesMonitor *monitor);

/* A file descriptor that is readable when something has happened, or -1. */
int namesMonitorDescriptor(const namesMonitor *monitor);

/* Reads what has happened. Returns whether it may have changed what is in the folder. */
bool namesMonitorRead(namesMonitor *monitor);

void namesMonitorFree(namesMonitor *monitor);
