/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namesmonitor.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>

#include "namesnetworks.h"

/* Links on one way, as path_resolution(7) has it */
#define LINKS_MAX 40

struct namesMonitor {
    char *folder;
    void (*changed)(gpointer opaque);
    gpointer opaque;
    GHashTable *watches; /* path to struct watch */
    guint round;         /* which time it is that the way is gone */
};

/* A folder in which something is of interest. */
struct watch {
    const namesMonitor *owner;
    GFile *folder;
    GFileMonitor *monitor;
    dev_t device; /* which folder had the path when the watch began */
    ino_t inode;
    guint round;      /* when it was last on the way */
    GPtrArray *names; /* what of it is on the way */
    bool isFolder;    /* it is the lease folder */
};

/* The way to the lease folder, as far as it has been gone. */
struct way {
    char *path; /* of a folder, without links in it */
    char *rest; /* what is to be gone from there */
    int links;
};

static void
freeWatch(gpointer data)
{
    struct watch *watch = data;

    g_signal_handlers_disconnect_by_data(watch->monitor, watch);
    g_file_monitor_cancel(watch->monitor);
    g_object_unref(watch->monitor);
    g_object_unref(watch->folder);
    g_ptr_array_unref(watch->names);
    g_free(watch);
}

namesMonitor *
namesMonitorNew(const char *folder, void (*changed)(gpointer opaque), gpointer opaque)
{
    namesMonitor *monitor = g_new0(namesMonitor, 1);

    monitor->folder = g_strdup(folder);
    monitor->changed = changed;
    monitor->opaque = opaque;
    monitor->watches = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, freeWatch);
    return monitor;
}

void
namesMonitorFree(namesMonitor *monitor)
{
    g_hash_table_unref(monitor->watches);
    g_free(monitor->folder);
    g_free(monitor);
}

/* ---- what happens in a folder ---- */

static bool
isOfInterest(const struct watch *watch, GFile *file)
{
    g_autofree char *name = file ? g_file_get_basename(file) : NULL;
    guint i;

    if (!name)
        return false;
    for (i = 0; i < watch->names->len; i++) {
        if (strcmp(watch->names->pdata[i], name) == 0)
            return true;
    }
    return watch->isFolder && namesNetworksIsFile(name);
}

static void
onChanged(GFileMonitor *source, GFile *file, GFile *other, GFileMonitorEvent event, gpointer data)
{
    const struct watch *watch = data;

    (void)source;
    (void)event;
    if (g_file_equal(file, watch->folder) || isOfInterest(watch, file) ||
        isOfInterest(watch, other))
        watch->owner->changed(watch->owner->opaque);
}

/* ---- what is watched ---- */

static struct watch *
newWatch(const namesMonitor *owner, const char *path, const struct stat *status)
{
    g_autoptr(GFile) folder = g_file_new_for_path(path);
    GFileMonitor *monitor = g_file_monitor_directory(folder, G_FILE_MONITOR_WATCH_MOVES, NULL,
                                                     NULL);
    struct watch *watch;

    if (!monitor)
        return NULL;
    watch = g_new0(struct watch, 1);
    watch->owner = owner;
    watch->folder = g_steal_pointer(&folder);
    watch->monitor = monitor;
    watch->device = status->st_dev;
    watch->inode = status->st_ino;
    watch->names = g_ptr_array_new_with_free_func(g_free);
    g_file_monitor_set_rate_limit(monitor, 0);
    g_signal_connect(monitor, "changed", G_CALLBACK(onChanged), watch);
    return watch;
}

/* The watch of the folder that has the path now, or NULL. */
static struct watch *
findWatch(namesMonitor *monitor, const char *path)
{
    struct watch *watch = g_hash_table_lookup(monitor->watches, path);
    struct stat status;

    if (stat(path, &status) < 0)
        return NULL;
    if (watch && watch->device == status.st_dev && watch->inode == status.st_ino)
        return watch;
    /* Another one had the path. Its watch goes first: by their paths they would be one. */
    g_hash_table_remove(monitor->watches, path);
    watch = newWatch(monitor, path, &status);
    if (watch)
        g_hash_table_insert(monitor->watches, g_strdup(path), watch);
    return watch;
}

/* Watches the @name in a folder or, if that is NULL, all of it. */
static bool
addWatch(namesMonitor *monitor, const char *path, const char *name)
{
    struct watch *watch = findWatch(monitor, path);

    if (!watch)
        return false;
    if (watch->round != monitor->round) {
        watch->round = monitor->round;
        watch->isFolder = false;
        g_ptr_array_set_size(watch->names, 0);
    }
    if (name)
        g_ptr_array_add(watch->names, g_strdup(name));
    else
        watch->isFolder = true;
    return true;
}

/* Takes the next step of the way into the folder or link @name. Returns false if it is neither. */
static bool
enter(struct way *way, const char *name)
{
    g_autofree char *below = g_build_filename(way->path, name, NULL);
    g_autofree char *target = NULL;
    g_autofree char *rest = NULL;
    struct stat status;

    if (lstat(below, &status) < 0)
        return false;
    if (S_ISDIR(status.st_mode)) {
        g_free(way->path);
        way->path = g_steal_pointer(&below);
        return true;
    }
    if (!S_ISLNK(status.st_mode) || ++way->links > LINKS_MAX ||
        !(target = g_file_read_link(below, NULL)))
        return false;
    if (g_path_is_absolute(target)) {
        g_free(way->path);
        way->path = g_strdup("/");
    }
    rest = g_steal_pointer(&way->rest);
    way->rest = g_strconcat(target, "/", rest, NULL);
    return true;
}

/* Cuts the first name off the rest of the way; NULL at its end. */
static char *
nextName(struct way *way)
{
    const char *begin = way->rest + strspn(way->rest, "/");
    const char *end = strchrnul(begin, '/');
    g_autofree char *rest = NULL;
    char *name = NULL;

    if (*begin) {
        name = g_strndup(begin, end - begin);
        rest = g_steal_pointer(&way->rest);
        way->rest = g_strdup(end);
    }
    return name;
}

/* Goes the way as the kernel does, and watches each folder before looking what is in it. Returns
 * whether the last one is watched. */
static bool
walk(namesMonitor *monitor, struct way *way)
{
    char *name;

    while ((name = nextName(way))) {
        g_autofree char *step = name;
        bool isWatched;

        if (strcmp(step, ".") == 0)
            continue;
        if (strcmp(step, "..") == 0) {
            char *above = g_path_get_dirname(way->path);

            g_free(way->path);
            way->path = above;
            continue;
        }
        isWatched = addWatch(monitor, way->path, step);
        if (!enter(way, step))
            return isWatched;
    }
    return addWatch(monitor, way->path, NULL);
}

static gboolean
isLeft(gpointer path, gpointer data, gpointer opaque)
{
    const struct watch *watch = data;
    const namesMonitor *monitor = opaque;

    (void)path;
    return watch->round != monitor->round;
}

bool
namesMonitorArm(namesMonitor *monitor)
{
    g_autofree char *current = g_get_current_dir();
    const bool isAbsolute = g_path_is_absolute(monitor->folder);
    struct way way = { .path = g_strdup("/") };
    bool isWatched;

    way.rest = isAbsolute ? g_strdup(monitor->folder)
                          : g_build_filename(current, monitor->folder, NULL);
    monitor->round++;
    isWatched = walk(monitor, &way);
    g_hash_table_foreach_remove(monitor->watches, isLeft, monitor);
    g_free(way.path);
    g_free(way.rest);
    return isWatched;
}
