/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* virt-names check: what leases and maps say of guests, and what guests say of themselves. */

#include <config.h>

#include <glib/gi18n.h>
#include <net/if.h>
#include <string.h>

#include "namescheck.h"
#include "namesnetworks.h"
#include "namesnotes.h"
#include "namestext.h"
#include "virhostname.h"
#include "virleasedir.h"

/* Items that are told one by one; of more it is told that there are some */
#define SHOWN_MAX 5

void
namesCheckAppend(GString *list, guint count, const char *item)
{
    if (count < SHOWN_MAX)
        namesTextAppend(list, item);
    else if (count == SHOWN_MAX)
        /* TRANSLATORS: stands for further items of a list */
        namesTextAppend(list, C_("list", "..."));
}

/* What a guest is called, with its address. */
static char *
describeGuest(const char *name, const char *address)
{
    /* TRANSLATORS: an item of a list: the name of a guest, and its address */
    return g_strdup_printf(_("%s (%s)"), name, address);
}

static bool
isLive(const struct namesSetup *setup, const struct virLease *lease)
{
    return virLeaseIsLive(lease, setup->now);
}

/* ---- networks that are down ---- */

/* The bridges that leases and maps are of; a set of strings. */
static GHashTable *
collectBridges(const struct namesSetup *setup)
{
    GHashTable *bridges = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint i;

    for (i = 0; i < setup->inventory->leases->len; i++) {
        const struct namesLease *lease = namesInventoryLease(setup->inventory, i);

        if (isLive(setup, &lease->lease))
            g_hash_table_add(bridges, namesNetworksStem(lease->file));
    }
    for (i = 0; i < setup->inventory->domains->len; i++)
        g_hash_table_add(bridges,
                         namesNetworksStem(namesInventoryDomain(setup->inventory, i)->file));
    return bridges;
}

static char *
removeCommand(const struct namesSetup *setup, const char *bridge)
{
    static const char *const suffixes[] = { VIR_LEASE_STATUS_SUFFIX, VIR_LEASE_NOMAC_SUFFIX,
                                            NAMES_MACS_SUFFIX };
    char *command = g_strdup("rm");
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *name = g_strconcat(bridge, suffixes[i], NULL);
        g_autofree char *path = g_build_filename(setup->folder, name, NULL);
        g_autofree char *before = command;

        if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
            before = NULL;
            continue;
        }
        command = namesCommandOn(before, path);
    }
    return command;
}

static void
checkBridges(struct namesSetup *setup)
{
    g_autoptr(GHashTable) bridges = collectBridges(setup);
    g_autoptr(GHashTable) networks = namesNetworksRead(setup->folder);
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(bridges), (GCompareFunc)strcmp);
    const GList *item;

    for (item = names; item; item = item->next) {
        const char *bridge = item->data;
        const char *network = g_hash_table_lookup(networks, bridge);

        if (if_nametoindex(bridge) != 0)
            continue;
        namesFound(
            setup, WARNING, "left-behind",
            _("libvirt leaves the files of a network that is down where they are, and domains that "
              "were destroyed meanwhile stay in the map, even when the network starts again: until "
              "the leases run out, the modules answer addresses at which nobody is. Remove the "
              "files while the network is down."),
            removeCommand(setup, bridge),
            /* TRANSLATORS: a bridge, and a network */
            network ? _("There are leases or domains of the bridge %s, which does not exist "
                        "(network %s).")
                    : _("There are leases or domains of the bridge %s, which does not exist."),
            bridge, network);
    }
}

/* ---- guests without a name, or without an address ---- */

/* Whether this machine asks libvirt_guest; of a folder of another one that is not known. */
static bool
guestIsAsked(const struct namesSetup *setup)
{
    return !setup->isOfHost || !setup->hosts ||
           namesSwitchFind(setup->hosts, NAMES_SERVICE_GUEST) >= 0;
}

static void
checkNameless(struct namesSetup *setup)
{
    g_autoptr(GString) named = g_string_new(NULL);
    g_autoptr(GString) unnamed = g_string_new(NULL);
    guint nnamed = 0;
    guint nunnamed = 0;
    guint i;

    for (i = 0; i < setup->inventory->leases->len; i++) {
        const struct virLease *lease = &namesInventoryLease(setup->inventory, i)->lease;
        const struct namesDomain *owner = lease->hasMac
                                              ? namesInventoryOwner(setup->inventory, &lease->mac)
                                              : NULL;
        g_autofree char *address = namesTextAddress(&lease->addr);
        g_autofree char *domain = owner ? namesTextQuote(owner->name, strlen(owner->name)) : NULL;

        if (!isLive(setup, lease) || lease->hostnameLen > 0)
            continue;
        if (domain) {
            g_autofree char *both = describeGuest(domain, address);

            namesCheckAppend(named, nnamed++, both);
        } else {
            namesCheckAppend(unnamed, nunnamed++, address);
        }
    }
    if (nnamed > 0)
        namesFindingsAdd(setup->findings,
                         guestIsAsked(setup) ? NAMES_LEVEL_OK : NAMES_LEVEL_WARNING, "no-hostname",
                         _("These guests have the names of their domains, through libvirt_guest."),
                         guestIsAsked(setup) ? NULL : g_strdup("virt-names enable"),
                         _("Guests that told no hostname: %s."), named->str);
    if (nunnamed > 0)
        namesFound(
            setup, WARNING, "no-name",
            _("The MAC addresses of these leases are in no map either: the machines that hold the "
              "leases are no guests of libvirt, or were started before the map was kept. Restart "
              "the machines, or let them send a hostname."),
            NULL, _("Leases without any name: %s."), unnamed->str);
}

static void
checkLeaseless(struct namesSetup *setup)
{
    g_autoptr(GString) domains = g_string_new(NULL);
    guint count = 0;
    guint i;

    for (i = 0; i < setup->inventory->domains->len; i++) {
        const struct namesDomain *domain = namesInventoryDomain(setup->inventory, i);
        g_autofree char *name = namesTextQuote(domain->name, strlen(domain->name));

        if (!namesInventoryHasLease(setup->inventory, domain, setup->now))
            namesCheckAppend(domains, count++, name);
    }
    if (count > 0)
        namesFound(
            setup, WARNING, "no-lease",
            _("These domains have not asked for an address yet, asked long ago, or have a fixed "
              "one of their own: then let the network give it to them, with <host> in its <dhcp>."),
            NULL, _("Domains that run without a lease: %s."), domains->str);
}

/* ---- claims ---- */

/* Leases by hostname: text in lower case to an array of indices. */
static GHashTable *
groupByHostname(const struct namesSetup *setup)
{
    GHashTable *groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                               (GDestroyNotify)g_array_unref);
    guint i;

    for (i = 0; i < setup->inventory->leases->len; i++) {
        const struct virLease *lease = &namesInventoryLease(setup->inventory, i)->lease;
        g_autofree char *key = g_ascii_strdown(lease->hostname, lease->hostnameLen);
        GArray *group;

        if (!isLive(setup, lease) || lease->hostnameLen == 0 || !lease->hasMac)
            continue;
        group = g_hash_table_lookup(groups, key);
        if (!group) {
            group = g_array_new(FALSE, FALSE, sizeof(guint));
            g_hash_table_insert(groups, g_steal_pointer(&key), group);
        }
        g_array_append_val(group, i);
    }
    return groups;
}

/* Whether both leases are of one guest: a domain may have several interfaces, in several networks.
 */
static bool
isOneGuest(const struct namesSetup *setup, const struct virLease *a, const struct virLease *b)
{
    const struct namesDomain *left = namesInventoryOwner(setup->inventory, &a->mac);
    const struct namesDomain *right = namesInventoryOwner(setup->inventory, &b->mac);

    return virMacAddrCompare(&a->mac, &b->mac) == 0 ||
           (left && right && strcmp(left->name, right->name) == 0);
}

/* The first lease of the @group that is another guest's than the first one's, or NULL. */
static const struct virLease *
findOther(const struct namesSetup *setup, const GArray *group)
{
    const struct virLease *first =
        &namesInventoryLease(setup->inventory, g_array_index(group, guint, 0))->lease;
    guint i;

    for (i = 1; i < group->len; i++) {
        const struct virLease *other =
            &namesInventoryLease(setup->inventory, g_array_index(group, guint, i))->lease;

        if (!isOneGuest(setup, first, other))
            return other;
    }
    return NULL;
}

static void
checkDoubles(struct namesSetup *setup)
{
    g_autoptr(GHashTable) groups = groupByHostname(setup);
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(groups), (GCompareFunc)strcmp);
    g_autoptr(GString) doubles = g_string_new(NULL);
    const GList *item;
    guint count = 0;

    for (item = names; item; item = item->next) {
        const char *name = item->data;
        const GArray *group = g_hash_table_lookup(groups, name);
        const struct virLease *other = findOther(setup, group);
        const struct virLease *first =
            &namesInventoryLease(setup->inventory, g_array_index(group, guint, 0))->lease;
        g_autofree char *quoted = namesTextQuote(name, strlen(name));
        g_autofree char *left = namesTextMac(&first->mac);
        g_autofree char *right = other ? namesTextMac(&other->mac) : NULL;
        /* TRANSLATORS: an item of a list: a name, and the MAC addresses of the two that have it */
        g_autofree char *both = g_strdup_printf(_("%s (%s and %s)"), quoted, left, right);

        if (other)
            namesCheckAppend(doubles, count++, both);
    }
    if (count > 0)
        namesFound(
            setup, WARNING, "same-hostname",
            _("Look-ups give the addresses of both, the newest lease first. Give one of them "
              "another hostname, or use the names of their domains."),
            NULL, _("Guests with one hostname: %s."), doubles->str);
}

/* What the modules do not believe, as the engine says it: of one kind there may be as many as there
 * are guests, and they are told of together. */
static const struct claimKind {
    enum virNamesNoteKind kind;
    const char *id;
} claimKinds[] = {
    { VIR_NAMES_NOTE_RESERVED_NAME, "claims-reserved-name" },
    { VIR_NAMES_NOTE_OTHER_DOMAIN, "claims-domain-name" },
    { VIR_NAMES_NOTE_STATIC_NAME, "claims-declared-name" },
    { VIR_NAMES_NOTE_FOREIGN, "claims-foreign-domain" },
    { VIR_NAMES_NOTE_NOT_A_NAME, "hostname-invalid" },
};

static char *
describeClaims(enum virNamesNoteKind kind, const char *claims)
{
    switch ((int)kind) {
    case VIR_NAMES_NOTE_RESERVED_NAME:
        return g_strdup_printf(
            _("Guests call themselves by names that mean something else on this machine: %s."),
            claims);
    case VIR_NAMES_NOTE_OTHER_DOMAIN:
        return g_strdup_printf(_("Guests call themselves by the names of other domains: %s."),
                               claims);
    case VIR_NAMES_NOTE_STATIC_NAME:
        return g_strdup_printf(
            _("Guests call themselves by names that a network declares for other addresses: %s."),
            claims);
    case VIR_NAMES_NOTE_FOREIGN:
        return g_strdup_printf(
            _("Guests call themselves by names in domains that are not their network's: %s."),
            claims);
    case VIR_NAMES_NOTE_NOT_A_NAME:
    default:
        return g_strdup_printf(_("Guests call themselves by what is no host name: %s."), claims);
    }
}

static void
checkClaimKind(struct namesSetup *setup, const GPtrArray *notes, const struct claimKind *kind)
{
    g_autoptr(GString) claims = g_string_new(NULL);
    g_autofree char *seen = NULL;
    guint count = 0;
    guint i;

    for (i = 0; i < notes->len; i++) {
        const struct namesNote *note = notes->pdata[i];
        g_autofree char *name = NULL;
        g_autofree char *address = NULL;
        g_autofree char *both = NULL;

        if (note->kind != kind->kind || !note->isLease)
            continue;
        name = note->name ? namesTextQuote(note->name, strlen(note->name))
                          : namesTextQuote(note->lease.hostname, note->lease.hostnameLen);
        address = namesTextAddress(&note->lease.addr);
        both = describeGuest(name, address);
        namesCheckAppend(claims, count++, both);
    }
    seen = describeClaims(kind->kind, claims->str);
    if (count > 0)
        namesFound(
            setup, WARNING, kind->id,
            /* TRANSLATORS: what a guest calls itself */
            _("The modules do not believe it, look-ups do not find the guests by these names. Give "
              "them other hostnames, or use the names of their domains."),
            NULL, "%s", seen);
}

static void
checkClaims(struct namesSetup *setup)
{
    g_autoptr(GPtrArray) notes = namesNotesNew();
    const struct virNamesTracer tracer = { namesNotesHear, notes };
    const struct virNamesQuery query = {
        .folder = setup->folder, .service = VIR_NAMES_LIBVIRT, .now = setup->now, .tracer = &tracer
    };
    g_autofree struct virNames *names = g_new(struct virNames, 1);
    size_t i;

    virNamesAll(names, &query);
    virNamesClear(names);
    namesNotesFinish(notes, false);
    for (i = 0; i < G_N_ELEMENTS(claimKinds); i++)
        checkClaimKind(setup, notes, &claimKinds[i]);
}

void
namesCheckGuests(struct namesSetup *setup)
{
    if (setup->isOfHost)
        checkBridges(setup);
    checkNameless(setup);
    checkLeaseless(setup);
    checkDoubles(setup);
    checkClaims(setup);
}
