/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namesmonitor.h"

#include <gio/gio.h>
#include <sys/stat.h>

struct namesMonitor {
    char *folder;
    void (*changed)(gpointer opaque);
    gpointer opaque;
    GFileMonitor *monitor; /* of the folder below, or NULL */
    char *watched;
    dev_t device; /* which folder had that name when the watch began */
    ino_t inode;
};

namesMonitor *
namesMonitorNew(const char *folder, void (*changed)(gpointer opaque), gpointer opaque)
{
    namesMonitor *monitor = g_new0(namesMonitor, 1);

    monitor->folder = g_canonicalize_filename(folder, NULL);
    monitor->changed = changed;
    monitor->opaque = opaque;
    return monitor;
}

static void
stop(namesMonitor *monitor)
{
    if (monitor->monitor) {
        g_signal_handlers_disconnect_by_data(monitor->monitor, monitor);
        g_file_monitor_cancel(monitor->monitor);
    }
    g_clear_object(&monitor->monitor);
    g_clear_pointer(&monitor->watched, g_free);
}

void
namesMonitorFree(namesMonitor *monitor)
{
    stop(monitor);
    g_free(monitor->folder);
    g_free(monitor);
}

static void
onChanged(GFileMonitor *source, GFile *file, GFile *other, GFileMonitorEvent event, gpointer data)
{
    namesMonitor *monitor = data;

    (void)source;
    (void)file;
    (void)other;
    (void)event;
    monitor->changed(monitor->opaque);
}

/* The folder, or the nearest one above it that is there. */
static char *
nearest(const char *folder, struct stat *status)
{
    char *path = g_strdup(folder);

    while (stat(path, status) < 0 || !S_ISDIR(status->st_mode)) {
        char *above = g_path_get_dirname(path);

        g_free(path);
        path = above;
    }
    return path;
}

static void
start(namesMonitor *monitor, char *path, const struct stat *status)
{
    g_autoptr(GFile) file = g_file_new_for_path(path);

    stop(monitor);
    monitor->monitor = g_file_monitor_directory(file, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);
    monitor->watched = path;
    monitor->device = status->st_dev;
    monitor->inode = status->st_ino;
    if (monitor->monitor) {
        g_file_monitor_set_rate_limit(monitor->monitor, 0);
        g_signal_connect(monitor->monitor, "changed", G_CALLBACK(onChanged), monitor);
    }
}

void
namesMonitorArm(namesMonitor *monitor)
{
    /* What comes or goes between the look and the watch is seen by another look. */
    while (true) {
        struct stat status;
        char *path = nearest(monitor->folder, &status);

        if (g_strcmp0(path, monitor->watched) == 0 && status.st_dev == monitor->device &&
            status.st_ino == monitor->inode) {
            g_free(path);
            return;
        }
        start(monitor, path, &status);
    }
}
