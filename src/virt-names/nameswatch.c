/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* virt-names watch */

#include <config.h>

#include <errno.h>
#include <glib/gi18n.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
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

/* Between two looks, in units of the time that the first took: much to read must not become all
 * that is done. */
#define REST 3

/* After which there is a look all the same: nothing tells of a file system that is mounted on the
 * way, of a file that a link in the folder leads to, or of what other hosts do to a shared one. */
#define IDLE (15 * G_TIME_SPAN_SECOND)

/* The same while nothing can be watched or the folder cannot be read for the time being. */
#define POLL (500 * MS)

/* Times that count are monotonic, in microseconds. */
struct watch {
    const char *folder;
    bool isJson;
    bool present;
    namesMonitor *monitor;
    struct namesRows *rows; /* as they were last; NULL before the first look */
    int signals;            /* signalfd(2) of what ends it */
    int clock;              /* timerfd(2), for the next lease that runs out */
    gint64 due;             /* when there is another look */
    gint64 earliest;        /* before which there is none */
    bool ended;
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

/* Waits until something can be printed. Returns false if it is to end before that: a reader may
 * take its time, and must not keep the program from being ended. */
static bool
waitForReader(struct watch *watch)
{
    struct pollfd fds[] = {
        { .fd = STDOUT_FILENO, .events = POLLOUT },
        { .fd = watch->signals, .events = POLLIN },
    };

    while (poll(fds, G_N_ELEMENTS(fds), -1) < 0 && errno == EINTR)
        continue;
    watch->ended = fds[1].revents != 0;
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

static void
lookAt(struct watch *watch, gint64 when)
{
    watch->due = MIN(watch->due, MAX(when, watch->earliest));
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

static void
look(struct watch *watch)
{
    const gint64 begin = g_get_monotonic_time();
    const gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    const bool isWatched = namesMonitorArm(watch->monitor);
    struct namesRows *rows = readRows(watch->folder, now);
    const gint64 end = g_get_monotonic_time();

    watch->earliest = end + REST * (end - begin);
    watch->due = G_MAXINT64;
    lookAt(watch, end + (isWatched && rows ? IDLE : POLL));
    if (!rows)
        return;
    printChanges(watch, rows, now);
    g_clear_pointer(&watch->rows, namesRowsFree);
    watch->rows = rows;
    setClock(watch, now);
}

/* Waits for whatever comes first. */
static void
waitForEvents(struct watch *watch)
{
    struct pollfd fds[] = {
        { .fd = STDOUT_FILENO }, /* nobody reads any more */
        { .fd = watch->signals, .events = POLLIN },
        { .fd = watch->clock, .events = POLLIN },
        { .fd = namesMonitorDescriptor(watch->monitor), .events = POLLIN },
    };
    const gint64 wait = watch->due - g_get_monotonic_time();
    guint64 times;

    if (poll(fds, G_N_ELEMENTS(fds), wait > 0 ? (int)(wait / MS) + 1 : 0) <= 0)
        return;
    if (fds[0].revents || fds[1].revents)
        watch->ended = true;
    /* It cannot be read if the clock was set */
    if (fds[2].revents && (read(watch->clock, &times, sizeof(times)) > 0 || errno == ECANCELED))
        lookAt(watch, g_get_monotonic_time());
    if (fds[3].revents && namesMonitorRead(watch->monitor))
        lookAt(watch, g_get_monotonic_time() + SETTLE);
}

/* What a shell has its background jobs ignore stays so. */
static int
catchSignals(void)
{
    static const int signums[] = { SIGINT, SIGTERM };
    sigset_t caught;
    size_t i;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&caught);
    for (i = 0; i < G_N_ELEMENTS(signums); i++) {
        struct sigaction action;

        if (sigaction(signums[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&caught, signums[i]);
    }
    sigprocmask(SIG_BLOCK, &caught, NULL);
    return signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void
run(struct watch *watch)
{
    while (!watch->ended) {
        if (g_get_monotonic_time() >= watch->due)
            look(watch);
        else
            waitForEvents(watch);
    }
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
    struct watch watch = { .due = 0 }; /* at once */
    int status = NAMES_EXIT_GOOD;

    if (!namesParse(command, entries, &argc, &argv, 0, 0))
        return NAMES_EXIT_USAGE;
    watch.folder = namesLeaseDir(folder);
    watch.isJson = json;
    watch.present = present;
    watch.monitor = namesMonitorNew(watch.folder);
    watch.signals = catchSignals();
    watch.clock = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (watch.signals >= 0 && watch.clock >= 0) {
        run(&watch);
    } else {
        namesTell(_("there is no file descriptor to wait with: %s"), g_strerror(errno));
        status = NAMES_EXIT_FAILED;
    }
    g_clear_pointer(&watch.rows, namesRowsFree);
    namesMonitorFree(watch.monitor);
    close(watch.signals);
    close(watch.clock);
    return status;
}
