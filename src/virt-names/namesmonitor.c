/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namesmonitor.h"

#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "namesnetworks.h"

/* What may change which folder is at the end of the way. */
#define WAY_EVENTS                                                                                 \
    (IN_ATTRIB | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVED_FROM | IN_MOVED_TO |            \
     IN_MOVE_SELF | IN_ONLYDIR)

/* What may change what is in it. */
#define FOLDER_EVENTS (WAY_EVENTS | IN_CLOSE_WRITE | IN_MODIFY)

/* Links on one way, as path_resolution(7) has it */
#define LINKS_MAX 40

struct namesMonitor {
    char *folder;
    int fd;              /* of inotify(7), or -1 */
    GHashTable *watches; /* watch descriptor to struct watch */
};

/* A folder in which something is of interest. */
struct watch {
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

    g_ptr_array_unref(watch->names);
    g_free(watch);
}

static GHashTable *
newWatches(void)
{
    return g_hash_table_new_full(NULL, NULL, NULL, freeWatch);
}

namesMonitor *
namesMonitorNew(const char *folder)
{
    namesMonitor *monitor = g_new0(namesMonitor, 1);

    monitor->folder = g_strdup(folder);
    monitor->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    monitor->watches = newWatches();
    return monitor;
}

void
namesMonitorFree(namesMonitor *monitor)
{
    if (monitor->fd >= 0)
        close(monitor->fd);
    g_hash_table_unref(monitor->watches);
    g_free(monitor->folder);
    g_free(monitor);
}

int
namesMonitorDescriptor(const namesMonitor *monitor)
{
    return monitor->fd;
}

/* ---- what is watched ---- */

/* Watches the @name in a folder or, if that is NULL, all of it. */
static bool
addWatch(namesMonitor *monitor, const char *path, const char *name)
{
    /* The lease folder comes last: what it needs includes what a step of the way needs */
    int wd = inotify_add_watch(monitor->fd, path, name ? WAY_EVENTS : FOLDER_EVENTS);
    struct watch *watch;

    if (wd < 0)
        return false;
    watch = g_hash_table_lookup(monitor->watches, GINT_TO_POINTER(wd));
    if (!watch) {
        watch = g_new0(struct watch, 1);
        watch->names = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(monitor->watches, GINT_TO_POINTER(wd), watch);
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

/* Stops watching what is no longer on the way. */
static void
dropWatches(namesMonitor *monitor, GHashTable *before)
{
    GHashTableIter iter;
    gpointer wd;

    g_hash_table_iter_init(&iter, before);
    while (g_hash_table_iter_next(&iter, &wd, NULL)) {
        if (!g_hash_table_contains(monitor->watches, wd))
            inotify_rm_watch(monitor->fd, GPOINTER_TO_INT(wd));
    }
}

bool
namesMonitorArm(namesMonitor *monitor)
{
    g_autoptr(GHashTable) before = monitor->watches;
    g_autofree char *current = g_get_current_dir();
    const bool isAbsolute = g_path_is_absolute(monitor->folder);
    struct way way = { .path = g_strdup("/") };
    bool isWatched;

    way.rest = isAbsolute ? g_strdup(monitor->folder)
                          : g_build_filename(current, monitor->folder, NULL);
    monitor->watches = newWatches();
    isWatched = walk(monitor, &way);
    dropWatches(monitor, before);
    g_free(way.path);
    g_free(way.rest);
    return isWatched;
}

/* ---- what happens there ---- */

static bool
isOfInterest(const struct watch *watch, const char *name)
{
    guint i;

    for (i = 0; i < watch->names->len; i++) {
        if (strcmp(watch->names->pdata[i], name) == 0)
            return true;
    }
    return watch->isFolder && namesNetworksIsFile(name);
}

static bool
isChange(const namesMonitor *monitor, const struct inotify_event *event)
{
    const struct watch *watch;

    if (event->mask & IN_Q_OVERFLOW)
        return true;
    /* What is still told of a folder that is watched no longer is of no interest */
    if (!(watch = g_hash_table_lookup(monitor->watches, GINT_TO_POINTER(event->wd))))
        return false;
    /* Without a name it is about the folder itself */
    return event->len == 0 || isOfInterest(watch, event->name);
}

bool
namesMonitorRead(namesMonitor *monitor)
{
    _Alignas(struct inotify_event) char buffer[16 * 1024];
    const ssize_t got = read(monitor->fd, buffer, sizeof(buffer));
    bool changed = false;
    ssize_t pos = 0;

    while (pos < got && !changed) {
        const struct inotify_event *event = (const void *)(buffer + pos);

        changed = isChange(monitor, event);
        pos += sizeof(*event) + event->len;
    }
    return changed;
}
