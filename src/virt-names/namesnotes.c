/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namesnotes.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#include "namescommand.h"
#include "namestext.h"

static void
freeNote(gpointer data)
{
    struct namesNote *note = data;

    if (!note)
        return;
    g_free(note->file);
    g_free(note->shown);
    g_free(note->domain);
    g_free(note->name);
    g_clear_pointer(&note->macs, g_array_unref);
    g_clear_pointer(&note->leaseless, g_array_unref);
    g_free(note);
}

GPtrArray *
namesNotesNew(void)
{
    return g_ptr_array_new_with_free_func(freeNote);
}

void
namesNotesHear(const struct virNamesNote *heard, void *opaque)
{
    struct namesNote *note = g_new0(struct namesNote, 1);

    note->kind = heard->kind;
    if (heard->file) {
        note->file = g_strdup(heard->file);
        note->shown = namesTextName(heard->file, strlen(heard->file));
    }
    note->offset = heard->offset;
    note->error = -heard->error;
    if (heard->lease) {
        note->isLease = true;
        note->lease = *heard->lease;
    }
    if (heard->map) {
        note->domain = g_strndup(heard->map->domain, heard->map->domainLen);
        note->macs = g_array_new(FALSE, FALSE, sizeof(struct virMacAddr));
        g_array_append_vals(note->macs, heard->map->macs, heard->map->nmacs);
    }
    if (heard->addr)
        note->addr = *heard->addr;
    if (heard->name)
        note->name = g_strndup(heard->name, heard->nameLen);
    g_ptr_array_add(opaque, note);
}

/* ---- the end of a look-up ---- */

/* Whether @note says that answers are left out, after they were taken. */
static bool
isVerdict(const struct namesNote *note)
{
    return note->kind == VIR_NAMES_NOTE_RESERVED_NAME ||
           note->kind == VIR_NAMES_NOTE_OTHER_DOMAIN || note->kind == VIR_NAMES_NOTE_STATIC_NAME;
}

static void
applyVerdict(struct namesNote *note, const struct namesNote *verdict)
{
    note->kind = verdict->kind;
    g_free(note->name);
    note->name = g_strdup(verdict->name);
}

static void
freeArray(gpointer data)
{
    g_ptr_array_unref(data);
}

/* The notes of answers, by their addresses: a table of arrays. */
static GHashTable *
answersByAddress(const GPtrArray *notes)
{
    GHashTable *table = g_hash_table_new_full(namesTextAddressHash, namesTextAddressEqual, NULL,
                                              freeArray);
    guint i;

    for (i = 0; i < notes->len; i++) {
        struct namesNote *note = notes->pdata[i];
        GPtrArray *answers;

        if (note->kind != VIR_NAMES_NOTE_ANSWER)
            continue;
        answers = g_hash_table_lookup(table, &note->lease.addr);
        if (!answers) {
            answers = g_ptr_array_new();
            g_hash_table_insert(table, &note->lease.addr, answers);
        }
        g_ptr_array_add(answers, note);
    }
    return table;
}

/* Gives answers the verdict that came later: on one address, or on all. */
static void
applyVerdicts(const GPtrArray *notes)
{
    g_autoptr(GHashTable) answers = answersByAddress(notes);
    guint i;
    guint j;

    for (i = 0; i < notes->len; i++) {
        const struct namesNote *verdict = notes->pdata[i];
        const GPtrArray *judged = notes;

        if (!isVerdict(verdict) || verdict->isLease)
            continue;
        if (verdict->addr.family != AF_UNSPEC)
            judged = g_hash_table_lookup(answers, &verdict->addr);
        for (j = 0; judged && j < judged->len; j++) {
            struct namesNote *note = judged->pdata[j];

            if (note->kind == VIR_NAMES_NOTE_ANSWER)
                applyVerdict(note, verdict);
        }
        if (judged && judged != notes)
            g_hash_table_remove(answers, &verdict->addr);
    }
}

static bool
isSame(const struct namesNote *a, const struct namesNote *b)
{
    return a->kind == b->kind && a->isLease && b->isLease && g_strcmp0(a->file, b->file) == 0 &&
           a->lease.expiry == b->lease.expiry &&
           virSocketAddrCompare(&a->lease.addr, &b->lease.addr) == 0;
}

/* Drops verdicts, which their leases have now, and what was said twice: by address a lease is told
 * of for each of its names. */
static void
dropSaid(GPtrArray *notes)
{
    guint kept = 0;
    guint i;

    for (i = 0; i < notes->len; i++) {
        struct namesNote *note = notes->pdata[i];

        notes->pdata[i] = NULL;
        if ((isVerdict(note) && !note->isLease) ||
            (kept > 0 && isSame(notes->pdata[kept - 1], note)))
            freeNote(note);
        else
            notes->pdata[kept++] = note;
    }
    g_ptr_array_set_size(notes, kept);
}

static void
findLeaseless(GPtrArray *notes)
{
    g_autoptr(GHashTable) leased = g_hash_table_new(namesTextMacHash, namesTextMacEqual);
    guint i;
    guint j;

    for (i = 0; i < notes->len; i++) {
        struct namesNote *note = notes->pdata[i];

        if (note->isLease && note->lease.hasMac)
            g_hash_table_add(leased, &note->lease.mac);
    }
    for (i = 0; i < notes->len; i++) {
        struct namesNote *note = notes->pdata[i];

        if (!note->macs)
            continue;
        note->leaseless = g_array_new(FALSE, FALSE, sizeof(struct virMacAddr));
        for (j = 0; j < note->macs->len; j++) {
            const struct virMacAddr *mac = &g_array_index(note->macs, struct virMacAddr, j);

            if (!g_hash_table_contains(leased, mac))
                g_array_append_vals(note->leaseless, mac, 1);
        }
    }
}

void
namesNotesFinish(GPtrArray *notes, bool byMac)
{
    applyVerdicts(notes);
    dropSaid(notes);
    if (byMac)
        findLeaseless(notes);
}

/* ---- in words ---- */

/* Why the lease is taken or left out. */
static char *
leaseVerdict(const struct namesNote *note, gint64 now)
{
    g_autofree char *name = note->name ? namesTextQuote(note->name, strlen(note->name)) : NULL;
    g_autofree char *span = namesTextAway(note->lease.expiry, now);

    switch ((int)note->kind) {
    case VIR_NAMES_NOTE_EXPIRED:
        /* TRANSLATORS: of a lease; the span of time is such as "59m" or "3d 2h" */
        return g_strdup_printf(_("left out: it ran out %s ago"), span);
    case VIR_NAMES_NOTE_FOREIGN:
        return g_strdup(_("left out: a guest's hostname may have a dot only before the domain of "
                          "its network"));
    case VIR_NAMES_NOTE_NOT_A_NAME:
        return g_strdup(_("left out: the hostname that the guest sent is no host name"));
    case VIR_NAMES_NOTE_RESERVED_NAME:
        return g_strdup_printf(_("left out: %s means something else on this machine, no guest may "
                                 "have it"),
                               name);
    case VIR_NAMES_NOTE_OTHER_DOMAIN:
        return g_strdup_printf(_("left out: %s is the name of a domain that has not this MAC "
                                 "address"),
                               name);
    case VIR_NAMES_NOTE_STATIC_NAME:
        return g_strdup_printf(_("left out: a network declares %s for another address"), name);
    default:
        return g_strdup(_("taken"));
    }
}

/* What there is to say of a lease. */
static char *
describeLease(const struct virLease *lease, bool hasExpired, gint64 now)
{
    g_autofree char *address = namesTextAddress(&lease->addr);
    g_autofree char *mac = lease->hasMac ? namesTextMac(&lease->mac) : NULL;
    g_autofree char *hostname = namesTextQuote(lease->hostname, lease->hostnameLen);
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(parts, g_strdup_printf(_("lease of %s"), address));
    if (mac)
        g_ptr_array_add(parts, g_strdup_printf(_("MAC %s"), mac));
    g_ptr_array_add(parts, lease->hostnameLen > 0 ? g_strdup_printf(_("hostname %s"), hostname)
                                                  : g_strdup(_("without hostname")));
    if (!hasExpired)
        g_ptr_array_add(parts, namesTextExpires(lease->expiry, now));
    g_ptr_array_add(parts, NULL);
    /* TRANSLATORS: between what is said of one lease: "lease of 10.0.0.1, without hostname" */
    return g_strjoinv(C_("lease", ", "), (char **)parts->pdata);
}

static char *
leaseText(const struct namesNote *note, const char *file, gint64 now)
{
    g_autofree char *lease = describeLease(&note->lease, note->kind == VIR_NAMES_NOTE_EXPIRED, now);
    g_autofree char *verdict = leaseVerdict(note, now);

    /* TRANSLATORS: a file; a lease in it, as a list such as "lease of 10.0.0.1, MAC
     * 52:54:00:00:00:01, without hostname, never expires"; and "taken" or "left out: ..." */
    return g_strdup_printf(C_("lease", "%s: %s: %s"), file, lease, verdict);
}

static char *
mapText(const struct namesNote *note, const char *file)
{
    g_autofree char *domain = namesTextQuote(note->domain, strlen(note->domain));
    g_autofree char *text = g_strdup_printf(
        /* TRANSLATORS: a file, the name of a domain, and a number */
        g_dngettext(GETTEXT_PACKAGE, "%s: domain %s has %u MAC address",
                    "%s: domain %s has %u MAC addresses", note->macs->len),
        file, domain, note->macs->len);
    g_autoptr(GString) macs = g_string_new(NULL);
    guint i;

    for (i = 0; note->leaseless && i < note->leaseless->len; i++) {
        g_autofree char *mac = namesTextMac(&g_array_index(note->leaseless, struct virMacAddr, i));

        namesTextAppend(macs, mac);
    }
    if (macs->len == 0)
        return g_steal_pointer(&text);
    /* TRANSLATORS: "FILE: domain NAME has 2 MAC addresses", and a list of MAC addresses */
    return g_strdup_printf(_("%s; no lease for %s"), text, macs->str);
}

static char *
fileText(const struct namesNote *note, const char *file)
{
    switch ((int)note->kind) {
    case VIR_NAMES_NOTE_FILE_FAILED:
        /* TRANSLATORS: a file, and an error */
        return g_strdup_printf(_("%s: passed over: %s"), file, g_strerror(note->error));
    case VIR_NAMES_NOTE_FILE_DAMAGED:
        return g_strdup_printf(
            _("%s: damaged at byte %" PRIu64 "; what is in good form around it is used"), file,
            note->offset);
    case VIR_NAMES_NOTE_NOT_A_RECORD:
    default:
        return g_strdup_printf(_("%s: what begins at byte %" PRIu64
                                 " is not what the file should hold; it is passed over"),
                               file, note->offset);
    }
}

char *
namesNoteText(const struct namesNote *note, const char *folder, gint64 now)
{
    g_autofree char *file = folder && note->shown ? g_build_filename(folder, note->shown, NULL)
                                                  : g_strdup(note->shown);
    g_autofree char *address = NULL;

    if (note->isLease)
        return leaseText(note, file, now);
    switch (note->kind) {
    case VIR_NAMES_NOTE_FOLDER_FAILED:
        return g_strdup_printf(_("the lease folder cannot be read: %s"), g_strerror(note->error));
    case VIR_NAMES_NOTE_MAP_ENTRY:
        return mapText(note, file);
    case VIR_NAMES_NOTE_STATIC:
        address = namesTextAddress(&note->addr);
        /* TRANSLATORS: a file, and an address */
        return g_strdup_printf(_("%s: declared for %s: taken"), file, address);
    case VIR_NAMES_NOTE_INVALID_NAME:
        return g_strdup(_("that is no host name: no guest can have it"));
    case VIR_NAMES_NOTE_TOO_MANY:
        return g_strdup(_("there are too many answers: the rest is left out"));
    case VIR_NAMES_NOTE_FILE_FAILED:
    case VIR_NAMES_NOTE_FILE_DAMAGED:
    case VIR_NAMES_NOTE_NOT_A_RECORD:
    case VIR_NAMES_NOTE_ANSWER:
    case VIR_NAMES_NOTE_EXPIRED:
    case VIR_NAMES_NOTE_FOREIGN:
    case VIR_NAMES_NOTE_NOT_A_NAME:
    case VIR_NAMES_NOTE_RESERVED_NAME:
    case VIR_NAMES_NOTE_OTHER_DOMAIN:
    case VIR_NAMES_NOTE_STATIC_NAME:
    default:
        return fileText(note, file);
    }
}

/* ---- as JSON ---- */

static void
leaseJson(namesJson *json, const struct namesNote *note)
{
    const struct virLease *lease = &note->lease;

    namesJsonAddress(json, "address", &lease->addr);
    namesJsonMac(json, "mac", lease->hasMac ? &lease->mac : NULL);
    if (lease->hostnameLen > 0)
        namesJsonBytes(json, "hostname", lease->hostname, lease->hostnameLen);
    namesJsonInteger(json, "expires", lease->expiry);
}

static void
macsJson(namesJson *json, const char *key, const GArray *macs)
{
    guint i;

    namesJsonBeginArray(json, key);
    for (i = 0; i < macs->len; i++)
        namesJsonMac(json, NULL, &g_array_index(macs, struct virMacAddr, i));
    namesJsonEndArray(json);
}

void
namesNoteJson(namesJson *json, const struct namesNote *note, gint64 now)
{
    static const char *const kinds[] = {
        [VIR_NAMES_NOTE_FOLDER_FAILED] = "folder-unreadable",
        [VIR_NAMES_NOTE_FILE_FAILED] = "file-unreadable",
        [VIR_NAMES_NOTE_FILE_DAMAGED] = "file-damaged",
        [VIR_NAMES_NOTE_NOT_A_RECORD] = "not-a-record",
        [VIR_NAMES_NOTE_MAP_ENTRY] = "map-entry",
        [VIR_NAMES_NOTE_ANSWER] = "lease-taken",
        [VIR_NAMES_NOTE_STATIC] = "declared",
        [VIR_NAMES_NOTE_EXPIRED] = "lease-expired",
        [VIR_NAMES_NOTE_FOREIGN] = "lease-foreign-domain",
        [VIR_NAMES_NOTE_NOT_A_NAME] = "lease-not-a-host-name",
        [VIR_NAMES_NOTE_INVALID_NAME] = "not-a-host-name",
        [VIR_NAMES_NOTE_RESERVED_NAME] = "lease-reserved-name",
        [VIR_NAMES_NOTE_OTHER_DOMAIN] = "lease-of-other-domain",
        [VIR_NAMES_NOTE_STATIC_NAME] = "lease-declared-elsewhere",
        [VIR_NAMES_NOTE_TOO_MANY] = "too-many",
    };

    g_autofree char *text = namesNoteText(note, NULL, now);

    namesJsonBeginObject(json, NULL);
    namesJsonString(json, "kind", kinds[note->kind]);
    if (note->file)
        namesJsonString(json, "file", note->file);
    if (note->error)
        namesJsonString(json, "error", g_strerror(note->error));
    if (note->kind == VIR_NAMES_NOTE_FILE_DAMAGED || note->kind == VIR_NAMES_NOTE_NOT_A_RECORD)
        namesJsonInteger(json, "offset", note->offset);
    if (note->isLease)
        leaseJson(json, note);
    if (note->addr.family != AF_UNSPEC)
        namesJsonAddress(json, "address", &note->addr);
    if (note->domain) {
        namesJsonString(json, "domain", note->domain);
        macsJson(json, "macs", note->macs);
        if (note->leaseless)
            macsJson(json, "macs-without-lease", note->leaseless);
    }
    namesJsonString(json, "text", text);
    namesJsonEndObject(json);
}

void
namesNotesWarn(const struct virNamesNote *heard, void *opaque)
{
    const struct namesWarned *warned = opaque;
    g_autoptr(GPtrArray) notes = NULL;
    char *text;

    switch ((int)heard->kind) {
    case VIR_NAMES_NOTE_FILE_FAILED:
    case VIR_NAMES_NOTE_FILE_DAMAGED:
    case VIR_NAMES_NOTE_NOT_A_RECORD:
    case VIR_NAMES_NOTE_TOO_MANY:
        notes = namesNotesNew();
        namesNotesHear(heard, notes);
        text = namesNoteText(notes->pdata[0], warned->folder, 0);
        /* A file is read for each service */
        if (g_hash_table_add(warned->texts, text))
            namesTell("%s", text);
        break;
    default:
        break;
    }
}
