/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* virt-names watch */

#include <config.h>

#include <errno.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "nameschanges.h"
#include "namescommand.h"
#include "namesjson.h"
#include "namesmonitor.h"
#include "namesoutput.h"
#include "namesrows.h"
#include "namestext.h"

#define MS (G_USEC_PER_SEC / 1000)

/* Between a change and the look at it, in which others may come: small against the second in which
 * it is to be told. */
#define SETTLE (50 * MS)

/* Between two looks, in units of the processor's time that the first took: much to read must not
 * become all that is done. */
#define REST 3

/* After which there is a look all the same: nothing tells of a file system that is mounted on the
 * way, of a file that a link in the folder leads to, of what other hosts do to a shared one, or
 * that the system has no watches left. But no more than a small part of the processor's time is for
 * that, in the same units. */
#define IDLE (5 * G_TIME_SPAN_SECOND)
#define IDLE_REST 50

/* The same while nothing can be watched or the folder cannot be read for the time being. */
#define POLL (500 * MS)

/* Times that count are monotonic, in microseconds. */
struct watch {
    const char *folder;
    bool isJson;
    bool present;
    namesMonitor *monitor;
    struct namesRows *rows; /* as they were last; NULL before the first look */
    int clock;              /* timerfd(2), for the next lease that runs out */
    guint look;             /* source of the next look; 0 during one */
    gint64 due;             /* when that is */
    gint64 earliest;        /* before which there is none */
    bool ended;
};

static const char *const kinds[] = {
    /* TRANSLATORS: the next seven are what "virt-names watch" says of a name, in a column: it is
     * there when watch begins, has come, its lease was renewed, its guest moved to another address
     * or was renamed, its lease expired, or it is gone */
    [NAMES_CHANGE_PRESENT] = NC_("event", "present"),
    [NAMES_CHANGE_ADDED] = NC_("event", "added"),
    [NAMES_CHANGE_RENEWED] = NC_("event", "renewed"),
    [NAMES_CHANGE_MOVED] = NC_("event", "moved"),
    [NAMES_CHANGE_RENAMED] = NC_("event", "renamed"),
    [NAMES_CHANGE_EXPIRED] = NC_("event", "expired"),
    [NAMES_CHANGE_GONE] = NC_("event", "gone"),
};

/* ---- how changes are printed ---- */

static void
printJson(const struct namesChange *change, gint64 now)
{
    g_autoptr(namesJson) json = namesJsonNew(false);
    struct namesRow row = *change->row;

    /* It had not when it was read */
    row.expired = change->kind == NAMES_CHANGE_EXPIRED;
    namesJsonBeginObject(json, NULL);
    namesJsonInteger(json, "time", now);
    namesJsonString(json, "event", kinds[change->kind]);
    namesRowJson(json, &row);
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
    g_autofree char *old = NULL;

    switch (change->kind) {
    case NAMES_CHANGE_MOVED:
        old = namesTextAddress(&change->old->addr);
        /* TRANSLATORS: the address that a guest had before it "moved" */
        return g_strdup_printf(C_("address", "from %s"), old);
    case NAMES_CHANGE_RENAMED:
        old = namesRowName(change->old);
        /* TRANSLATORS: the name that a guest had before it was "renamed" */
        return g_strdup_printf(C_("name", "from %s"), old);
    case NAMES_CHANGE_PRESENT:
    case NAMES_CHANGE_ADDED:
    case NAMES_CHANGE_RENEWED:
        return change->row->source == NAMES_SOURCE_STATIC
                   ? g_strdup("")
                   : namesTextExpires(change->row->expiry, now);
    case NAMES_CHANGE_EXPIRED:
    case NAMES_CHANGE_GONE:
    default:
        return g_strdup("");
    }
}

static const char *
kindText(enum namesChangeKind kind)
{
    return g_dpgettext2(GETTEXT_PACKAGE, "event", kinds[kind]);
}

/* Prints what happened in a column that is wide enough for anything that may. */
static void
printKind(enum namesChangeKind kind, enum namesColor color)
{
    const char *text = kindText(kind);
    size_t width = 0;
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(kinds); i++)
        width = MAX(width, namesTextWidth(kindText(i)));
    namesOutputColored(color, text);
    namesOutputFormat("%*s", (int)(width - namesTextWidth(text)), "");
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
    g_autofree char *name = namesRowName(change->row);
    g_autofree char *address = namesTextAddress(&change->row->addr);
    g_autofree char *more = describe(change, now);
    g_autofree char *network = namesRowShownNetwork(change->row);

    namesOutputFormat("%s  ", time);
    printKind(change->kind, colors[change->kind]);
    namesOutputFormat("  %s  %s  %s %s%s%s\n", name, address, namesRowSource(change->row), network,
                      *more ? "  " : "", more);
}

static gboolean
onWritable(gint fd, GIOCondition condition, gpointer data)
{
    bool *isWritable = data;

    (void)fd;
    (void)condition;
    *isWritable = true;
    return G_SOURCE_CONTINUE;
}

/* Waits until something can be printed. Returns false if it is to end before that: a reader may
 * take its time, and must not keep the program from being ended. */
static bool
waitForReader(struct watch *watch)
{
    bool isWritable = false;
    guint source = g_unix_fd_add(STDOUT_FILENO, G_IO_OUT, onWritable, &isWritable);

    while (!isWritable && !watch->ended)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(source);
    return !watch->ended;
}

static void
print(struct watch *watch, const GArray *changes, gint64 now)
{
    guint i;

    for (i = 0; i < changes->len && waitForReader(watch); i++) {
        const struct namesChange *change = &g_array_index(changes, struct namesChange, i);

        if (watch->isJson)
            printJson(change, now);
        else
            printText(change, now);
        if (namesOutputFlush() != 0) {
            watch->ended = true;
            return;
        }
    }
}

/* ---- when there is a look, and what comes of it ---- */

static gboolean onLook(gpointer data);

/* Has the next look come no later than @when. */
static void
lookAt(struct watch *watch, gint64 when)
{
    const gint64 at = MAX(when, watch->earliest);
    const gint64 wait = at - g_get_monotonic_time();

    if (at >= watch->due)
        return;
    watch->due = at;
    /* The one that is under way will see to it */
    if (watch->look == 0)
        return;
    g_source_remove(watch->look);
    watch->look = g_timeout_add(wait > 0 ? (guint)(wait / MS) + 1 : 0, onLook, watch);
}

/* Has the clock tell when the first of the rows has run out, and when it is set. */
static void
setClock(struct watch *watch, gint64 now)
{
    /* Whatever the files say must be a time that the kernel takes */
    gint64 first = now + 24 * G_TIME_SPAN_HOUR / G_TIME_SPAN_SECOND;
    struct itimerspec when = { 0 };
    size_t i;

    for (i = 0; i < watch->rows->nrows; i++) {
        if (watch->rows->rows[i].expiry != 0)
            first = MIN(first, watch->rows->rows[i].expiry);
    }
    when.it_value.tv_sec = first + 1;
    /* ECANCELED: it has been set since the rows were read */
    if (timerfd_settime(watch->clock, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL) <
            0 &&
        errno == ECANCELED)
        lookAt(watch, g_get_monotonic_time());
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
printChanges(struct watch *watch, const struct namesRows *rows, gint64 now)
{
    g_autoptr(GArray) changes = NULL;

    if (watch->rows)
        changes = namesChangesFind(watch->rows, rows, now);
    else if (watch->present)
        changes = namesChangesPresent(rows);
    if (changes)
        print(watch, changes, now);
}

/* How much this process has used, in microseconds. */
static gint64
processorTime(void)
{
    struct timespec used = { 0 };

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * G_USEC_PER_SEC + used.tv_nsec / 1000;
}

static void
look(struct watch *watch)
{
    const gint64 begin = processorTime();
    const gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    const bool isWatched = namesMonitorArm(watch->monitor);
    struct namesRows *rows = readRows(watch->folder, now);
    const gint64 used = processorTime() - begin; /* for what is read, not what is printed */
    gint64 end;

    if (rows) {
        printChanges(watch, rows, now);
        g_clear_pointer(&watch->rows, namesRowsFree);
        watch->rows = rows;
    }
    end = g_get_monotonic_time();
    watch->earliest = end + REST * used;
    lookAt(watch, end + (isWatched && rows ? MAX(IDLE, IDLE_REST * used) : POLL));
    if (rows)
        setClock(watch, now);
}

static gboolean
onLook(gpointer data)
{
    struct watch *watch = data;
    gint64 wait;

    watch->look = 0;
    watch->due = G_MAXINT64;
    look(watch);
    wait = MAX(watch->due, watch->earliest) - g_get_monotonic_time();
    watch->look = g_timeout_add(wait > 0 ? (guint)(wait / MS) + 1 : 0, onLook, watch);
    return G_SOURCE_REMOVE;
}

/* ---- what else happens ---- */

static void
onChanged(gpointer opaque)
{
    lookAt(opaque, g_get_monotonic_time() + SETTLE);
}

/* A lease has run out, or the clock was set: then it cannot be read. */
static gboolean
onClock(gint fd, GIOCondition condition, gpointer data)
{
    guint64 times;

    (void)condition;
    if (read(fd, &times, sizeof(times)) > 0 || errno == ECANCELED)
        lookAt(data, g_get_monotonic_time());
    return G_SOURCE_CONTINUE;
}

static gboolean
onSignal(gpointer data)
{
    struct watch *watch = data;

    watch->ended = true;
    return G_SOURCE_CONTINUE;
}

/* Nobody reads any more. */
static gboolean
onClosed(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd;
    (void)condition;
    return onSignal(data);
}

/* What a shell has its background jobs ignore stays so. */
static void
catchSignals(struct watch *watch)
{
    static const int signums[] = { SIGINT, SIGTERM };
    size_t i;

    signal(SIGPIPE, SIG_IGN);
    for (i = 0; i < G_N_ELEMENTS(signums); i++) {
        struct sigaction action;

        if (sigaction(signums[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            g_unix_signal_add(signums[i], onSignal, watch);
    }
}

static void
run(struct watch *watch)
{
    catchSignals(watch);
    g_unix_fd_add(STDOUT_FILENO, G_IO_ERR | G_IO_HUP, onClosed, watch);
    g_unix_fd_add(watch->clock, G_IO_IN, onClock, watch);
    watch->look = g_idle_add(onLook, watch);
    while (!watch->ended)
        g_main_context_iteration(NULL, TRUE);
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
        G_OPTION_ENTRY_NULL,
    };
    int status;
    struct watch watch = { .due = 0 }; /* at once */

    if (!namesParse(command, entries, &argc, &argv, 0, 0, &status))
        return status;
    watch.folder = namesLeaseDir(folder);
    watch.isJson = json;
    watch.present = present;
    watch.clock = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (watch.clock < 0) {
        namesTell(_("there is no file descriptor to wait with: %s"), g_strerror(errno));
        return NAMES_EXIT_FAILED;
    }
    watch.monitor = namesMonitorNew(watch.folder, onChanged, &watch);
    run(&watch);
    g_clear_pointer(&watch.rows, namesRowsFree);
    namesMonitorFree(watch.monitor);
    close(watch.clock);
    return NAMES_EXIT_GOOD;
}
