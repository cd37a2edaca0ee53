/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* virt-names watch */

#include <config.h>

#include <errno.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nameschanges.h"
#include "namescommand.h"
#include "namesjson.h"
#include "namesmonitor.h"
#include "namesoutput.h"
#include "namesrows.h"
#include "namestext.h"

/* Milliseconds between a change and the look at it, in which others may come: small against the
 * second in which it is to be told. */
#define SETTLE_MS 50

/* Milliseconds without any event after which there is a look all the same: the clock may have been
 * set, or a link on the way to the folder changed. */
#define IDLE_MS 15000

struct watch {
    const char *folder;
    bool isJson;
    GMainLoop *loop;
    namesMonitor *monitor;
    struct namesRows *rows; /* as they were last */
    guint look;             /* source of the next look; 0: none */
    guint lookMs;           /* after which it comes */
    guint settleMs;         /* between a change and the look at it */
};

static const char *const kinds[] = {
    [NAMES_CHANGE_PRESENT] = "present", [NAMES_CHANGE_ADDED] = "added",
    [NAMES_CHANGE_RENEWED] = "renewed", [NAMES_CHANGE_MOVED] = "moved",
    [NAMES_CHANGE_RENAMED] = "renamed", [NAMES_CHANGE_EXPIRED] = "expired",
    [NAMES_CHANGE_GONE] = "gone",
};

/* ---- how changes are printed ---- */

static void
printJson(const struct namesChange *change, gint64 now)
{
    g_autoptr(namesJson) json = namesJsonNew(false);

    namesJsonBeginObject(json, NULL);
    namesJsonInteger(json, "time", now);
    namesJsonString(json, "event", kinds[change->kind]);
    namesRowJson(json, change->row);
    if (change->kind == NAMES_CHANGE_MOVED)
        namesJsonAddress(json, "old-address", &change->old->addr);
    if (change->kind == NAMES_CHANGE_RENAMED)
        namesJsonString(json, "old-name", change->old->name);
    namesJsonEndObject(json);
    namesJsonPrint(json);
}

/* What is to be said beside the row itself. */
static char *
describe(const struct namesChange *change, gint64 now)
{
    g_autofree char *expiry = namesTextExpiry(change->row->expiry, now);
    g_autofree char *old = NULL;

    switch (change->kind) {
    case NAMES_CHANGE_MOVED:
        old = namesTextAddress(&change->old->addr);
        return g_strdup_printf(_("from %s"), old);
    case NAMES_CHANGE_RENAMED:
        old = namesRowName(change->old);
        return g_strdup_printf(_("from %s"), old);
    case NAMES_CHANGE_PRESENT:
    case NAMES_CHANGE_ADDED:
    case NAMES_CHANGE_RENEWED:
        return change->row->source == NAMES_SOURCE_STATIC
                   ? g_strdup("")
                   : g_strdup_printf(_("expires %s"), expiry);
    case NAMES_CHANGE_EXPIRED:
    case NAMES_CHANGE_GONE:
    default:
        return g_strdup("");
    }
}

static void
printText(const struct namesChange *change, gint64 now)
{
    static const enum namesColor colors[] = {
        [NAMES_CHANGE_PRESENT] = NAMES_COLOR_NONE,   [NAMES_CHANGE_ADDED] = NAMES_COLOR_GREEN,
        [NAMES_CHANGE_RENEWED] = NAMES_COLOR_NONE,   [NAMES_CHANGE_MOVED] = NAMES_COLOR_YELLOW,
        [NAMES_CHANGE_RENAMED] = NAMES_COLOR_YELLOW, [NAMES_CHANGE_EXPIRED] = NAMES_COLOR_RED,
        [NAMES_CHANGE_GONE] = NAMES_COLOR_RED,
    };
    g_autoptr(GDateTime) moment = g_date_time_new_from_unix_local(now);
    g_autofree char *time = g_date_time_format(moment, "%H:%M:%S");
    g_autofree char *kind = g_strdup_printf("%-7s", kinds[change->kind]);
    g_autofree char *name = namesRowName(change->row);
    g_autofree char *address = namesTextAddress(&change->row->addr);
    g_autofree char *more = describe(change, now);

    namesOutputFormat("%s  ", time);
    namesOutputColored(colors[change->kind], kind);
    namesOutputFormat("  %s  %s  %s %s%s%s\n", name, address, namesRowSource(change->row),
                      namesRowNetwork(change->row), *more ? "  " : "", more);
}

static void
print(struct watch *watch, const GArray *changes, gint64 now)
{
    guint i;

    for (i = 0; i < changes->len; i++) {
        const struct namesChange *change = &g_array_index(changes, struct namesChange, i);

        if (watch->isJson)
            printJson(change, now);
        else
            printText(change, now);
    }
    if (fflush(stdout) != 0)
        g_main_loop_quit(watch->loop);
}

/* ---- when there is a look, and what comes of it ---- */

static gboolean onLook(gpointer data);

static void
lookAfter(struct watch *watch, guint milliseconds)
{
    if (watch->look && watch->lookMs <= milliseconds)
        return;
    g_clear_handle_id(&watch->look, g_source_remove);
    watch->lookMs = milliseconds;
    watch->look = g_timeout_add(milliseconds, onLook, watch);
}

static void
onChanged(gpointer opaque)
{
    struct watch *watch = opaque;

    lookAfter(watch, watch->settleMs);
}

/* Milliseconds until the first of the rows has run out. */
static guint
untilExpiry(const struct namesRows *rows)
{
    gint64 now = g_get_real_time() / 1000;
    gint64 least = IDLE_MS;
    size_t i;

    for (i = 0; i < rows->nrows; i++) {
        if (rows->rows[i].expiry != 0)
            least = MIN(least, (rows->rows[i].expiry + 1) * 1000 - now);
    }
    return CLAMP(least, SETTLE_MS, IDLE_MS);
}

/* A folder that is not there, or not readable, has nothing in it. One that cannot be read for want
 * of memory or file descriptors is as it was: NULL. */
static struct namesRows *
readRows(const char *folder, gint64 now)
{
    g_autoptr(GError) error = NULL;
    struct namesRows *rows = namesRowsRead(folder, now, false, NULL, &error);

    if (rows || error->code == ENOMEM || error->code == EMFILE || error->code == ENFILE)
        return rows;
    return namesRowsEmpty();
}

static void
look(struct watch *watch, bool isFirst, bool present)
{
    const gint64 begin = g_get_monotonic_time();
    const gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    struct namesRows *rows;

    namesMonitorArm(watch->monitor);
    if (!(rows = readRows(watch->folder, now))) {
        lookAfter(watch, IDLE_MS);
        return;
    }
    if (!isFirst || present) {
        g_autoptr(GArray) changes = isFirst ? namesChangesPresent(rows)
                                            : namesChangesFind(watch->rows, rows, now);

        print(watch, changes, now);
    }
    g_clear_pointer(&watch->rows, namesRowsFree);
    watch->rows = rows;
    /* Much to read must not become all that is done */
    watch->settleMs = CLAMP(2 * (g_get_monotonic_time() - begin) / 1000, SETTLE_MS, IDLE_MS);
    lookAfter(watch, MAX(untilExpiry(rows), watch->settleMs));
}

static gboolean
onLook(gpointer data)
{
    struct watch *watch = data;

    watch->look = 0;
    look(watch, false, false);
    return G_SOURCE_REMOVE;
}

static gboolean
onSignal(gpointer data)
{
    struct watch *watch = data;

    g_main_loop_quit(watch->loop);
    return G_SOURCE_CONTINUE;
}

/* Nobody reads what is printed. */
static gboolean
onClosed(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd;
    (void)condition;
    g_main_loop_quit(((struct watch *)data)->loop);
    return G_SOURCE_CONTINUE;
}

static void
run(struct watch *watch, bool present)
{
    const guint sources[] = {
        g_unix_signal_add(SIGINT, onSignal, watch),
        g_unix_signal_add(SIGTERM, onSignal, watch),
        g_unix_fd_add(STDOUT_FILENO, G_IO_ERR | G_IO_HUP, onClosed, watch),
    };
    size_t i;

    signal(SIGPIPE, SIG_IGN);
    look(watch, true, present);
    g_main_loop_run(watch->loop);
    for (i = 0; i < G_N_ELEMENTS(sources); i++)
        g_source_remove(sources[i]);
    g_clear_handle_id(&watch->look, g_source_remove);
}

int
namesWatch(const struct namesCommand *command, int argc, char **argv)
{
    g_autofree char *folder = NULL;
    gboolean json = FALSE;
    gboolean present = FALSE;
    const GOptionEntry entries[] = {
        { "present", 0, 0, G_OPTION_ARG_NONE, &present, N_("Print first what is there already"),
          NULL },
        NAMES_OPTION_JSON(&json),
        NAMES_OPTION_LEASEDIR(&folder),
        { NULL },
    };
    struct watch watch = { 0 };

    if (!namesParse(command, entries, &argc, &argv, 0, 0))
        return NAMES_EXIT_USAGE;
    watch.folder = namesLeaseDir(folder);
    watch.isJson = json;
    watch.loop = g_main_loop_new(NULL, FALSE);
    watch.monitor = namesMonitorNew(watch.folder, onChanged, &watch);
    run(&watch, present);
    g_clear_pointer(&watch.rows, namesRowsFree);
    namesMonitorFree(watch.monitor);
    g_main_loop_unref(watch.loop);
    return NAMES_EXIT_GOOD;
}
