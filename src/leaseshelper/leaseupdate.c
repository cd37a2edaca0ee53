/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "leaseupdate.h"

#include <string.h>

#include "leasefile.h"
#include "leaselock.h"
#include "vircleanup.h"
#include "virleasedir.h"

/* A file of the bridge, and what it is to hold. */
struct leaseList {
    char *name;
    GString *leases; /* without the array's end */
    size_t count;
    enum leaseCondition condition;
    gboolean changed;
};

enum {
    LEASE_LIST_STATUS,
    LEASE_LIST_NOMAC,
    LEASE_LISTS
};

struct leaseUpdate {
    const struct leaseEvent *event; /* NULL: all leases stay */
    struct leaseList lists[LEASE_LISTS];
    struct leaseList *reading;
    char *mac; /* that the replaced lease has */
};

static void
leaseUpdateInit(struct leaseUpdate *update, const char *bridge, const struct leaseEvent *event)
{
    static const char *const suffixes[LEASE_LISTS] = {
        [LEASE_LIST_STATUS] = VIR_LEASE_STATUS_SUFFIX,
        [LEASE_LIST_NOMAC] = VIR_LEASE_NOMAC_SUFFIX,
    };
    size_t i;

    *update = (struct leaseUpdate){ .event = event };
    for (i = 0; i < LEASE_LISTS; i++) {
        update->lists[i].name = g_strconcat(bridge, suffixes[i], NULL);
        update->lists[i].leases = g_string_new(VIR_LEASE_ARRAY_BEGIN);
    }
}

static void
leaseUpdateClear(struct leaseUpdate *update)
{
    size_t i;

    for (i = 0; i < LEASE_LISTS; i++) {
        g_free(update->lists[i].name);
        g_string_free(update->lists[i].leases, TRUE);
    }
    g_free(update->mac);
}

static void
leaseListAdd(struct leaseList *list, const char *text, size_t len)
{
    g_string_append(list->leases,
                    list->count++ == 0 ? VIR_LEASE_ARRAY_FIRST : VIR_LEASE_ARRAY_NEXT);
    g_string_append_len(list->leases, text, len);
}

static gboolean
leaseStringEqual(const struct virLeaseString *a, const struct virLeaseString *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->bytes, b->bytes, a->len) == 0);
}

/* A lease of the files stays as it is, in its file, unless the event is about it. */
static void
leaseUpdateVisit(const struct virLeaseRecord *record, const char *text, size_t len, gpointer opaque)
{
    struct leaseUpdate *update = opaque;
    const struct virLeaseRecord *event = update->event ? &update->event->record : NULL;
    g_autofree char *mac = NULL;

    if (!event || virSocketAddrCompare(&record->addr, &event->addr) != 0) {
        leaseListAdd(update->reading, text, len);
        return;
    }
    update->reading->changed = TRUE;
    mac = leaseMember(record, VIR_LEASE_MAC_ADDRESS, leaseIsHardwareAddress);
    if (mac && leaseStringEqual(&record->strings[VIR_LEASE_CLIENT_ID],
                                &event->strings[VIR_LEASE_CLIENT_ID])) {
        g_free(update->mac);
        update->mac = g_steal_pointer(&mac);
    }
}

static gboolean
leaseUpdateRead(struct leaseUpdate *update, int folder, GError **error)
{
    size_t i;

    for (i = 0; i < LEASE_LISTS; i++) {
        struct leaseList *list = &update->lists[i];

        update->reading = list;
        if (!leaseFileRead(folder, list->name, leaseUpdateVisit, update, &list->condition, error))
            return FALSE;
        if (list->condition != LEASE_FILE_GOOD)
            list->changed = TRUE;
    }
    return TRUE;
}

/* Adds the event's lease, and returns the number of the list that got it. */
static size_t
leaseUpdateAdd(struct leaseUpdate *update)
{
    struct virLeaseRecord record = update->event->record;
    struct virLeaseString *mac = &record.strings[VIR_LEASE_MAC_ADDRESS];
    g_autoptr(GString) text = g_string_new(NULL);
    size_t target;

    /* dnsmasq forgets the MAC addresses of DHCPv6 clients when it starts anew */
    if (!mac->bytes && update->event->action == LEASE_ACTION_OLD && update->mac)
        *mac = (struct virLeaseString){ update->mac, strlen(update->mac) };
    target = mac->bytes ? LEASE_LIST_STATUS : LEASE_LIST_NOMAC;
    virLeaseRecordFormat(&record, leaseAppend, text);
    leaseListAdd(&update->lists[target], text->str, text->len);
    update->lists[target].changed = TRUE;
    return target;
}

static gboolean
leaseUpdateWrite(struct leaseUpdate *update, int folder, struct leaseList *list, GError **error)
{
    if (!list->changed)
        return TRUE;
    if (list->condition != LEASE_FILE_GOOD &&
        !leaseFileKeep(folder, list->name, list->condition, error))
        return FALSE;
    /* Nobody but us knows the second file; without leases it need not be there. */
    if (list->count == 0 && list == &update->lists[LEASE_LIST_NOMAC])
        return leaseFileRemove(folder, list->name, error);
    g_string_append(list->leases, VIR_LEASE_ARRAY_END);
    return leaseFileReplace(folder, list->name, list->leases, error);
}

static gboolean
leaseUpdateRun(struct leaseUpdate *update, GError **error)
{
    VIR_AUTOCLOSE folder = leaseFolderOpen(error);
    VIR_AUTOCLOSE lock = folder >= 0 ? leaseLock(update->event->bridge, 0, error) : -1;
    size_t first = LEASE_LIST_STATUS;

    if (lock < 0 || !leaseUpdateRead(update, folder, error))
        return FALSE;
    /* libvirt's helper writes its file at each event, in the same layout whatever it was before. */
    update->lists[LEASE_LIST_STATUS].changed = TRUE;
    if (update->event->action != LEASE_ACTION_DEL)
        first = leaseUpdateAdd(update);
    /* A lease that moves from one file to the other is in both for a moment, never in none. */
    return leaseUpdateWrite(update, folder, &update->lists[first], error) &&
           leaseUpdateWrite(update, folder, &update->lists[!first], error);
}

gboolean
leaseUpdate(const struct leaseEvent *event, GError **error)
{
    struct leaseUpdate update;
    gboolean done;

    leaseUpdateInit(&update, event->bridge, event);
    done = leaseUpdateRun(&update, error);
    leaseUpdateClear(&update);
    return done;
}

gboolean
leaseMend(int folder, const char *bridge, GError **error)
{
    struct leaseUpdate update;
    gboolean done;

    leaseUpdateInit(&update, bridge, NULL);
    done = leaseUpdateRead(&update, folder, error) &&
           leaseUpdateWrite(&update, folder, &update.lists[LEASE_LIST_STATUS], error) &&
           leaseUpdateWrite(&update, folder, &update.lists[LEASE_LIST_NOMAC], error);
    leaseUpdateClear(&update);
    return done;
}
