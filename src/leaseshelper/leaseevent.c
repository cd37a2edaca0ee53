/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "leaseevent.h"

#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "leasemessage.h"
#include "virhostname.h"

enum leaseAction
leaseActionFromText(const char *text)
{
    static const struct {
        const char *text;
        enum leaseAction action;
    } actions[] = {
        { "init", LEASE_ACTION_INIT },
        { "add", LEASE_ACTION_ADD },
        { "old", LEASE_ACTION_OLD },
        { "del", LEASE_ACTION_DEL },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(actions); i++) {
        if (g_str_equal(text, actions[i].text))
            return actions[i].action;
    }
    return LEASE_ACTION_OTHER;
}

/* What Linux allows as the name of an interface: no '/' among it, and neither "." nor "..". */
static gboolean
leaseIsInterface(const char *name)
{
    size_t len = strlen(name);
    size_t i;

    for (i = 0; i < len; i++) {
        if (name[i] == '/' || name[i] == ':' || g_ascii_isspace(name[i]) ||
            g_ascii_iscntrl(name[i]))
            return FALSE;
    }
    return len > 0 && len < IFNAMSIZ && !g_str_equal(name, ".") && !g_str_equal(name, "..");
}

const char *
leaseEventBridge(GError **error)
{
    const char *bridge = g_getenv("DNSMASQ_INTERFACE");

    if (!bridge)
        bridge = g_getenv("VIR_BRIDGE_NAME");
    if (!bridge) {
        g_set_error(error, LEASE_ERROR, LEASE_ERROR_CALL,
                    _("neither DNSMASQ_INTERFACE nor VIR_BRIDGE_NAME is in the environment, so the "
                      "bridge is not known; start dnsmasq with VIR_BRIDGE_NAME set to its name"));
        return NULL;
    }
    if (!leaseIsInterface(bridge)) {
        g_autofree char *quoted = leaseQuote(bridge);

        g_set_error(error, LEASE_ERROR, LEASE_ERROR_CALL,
                    _("%s in DNSMASQ_INTERFACE or VIR_BRIDGE_NAME is not the name of an interface"),
                    quoted);
        return NULL;
    }
    return bridge;
}

/* From one to @max octets. */
static gboolean
leaseIsOctets(const char *text, size_t max)
{
    size_t octets = 0;

    while (g_ascii_isxdigit(text[0]) && g_ascii_isxdigit(text[1])) {
        octets++;
        if (text[2] == '\0')
            return octets <= max;
        if (text[2] != ':')
            return FALSE;
        text += strlen("00:");
    }
    return FALSE;
}

gboolean
leaseIsHardwareAddress(const char *text)
{
    if (g_ascii_isxdigit(text[0]) && g_ascii_isxdigit(text[1]) && text[2] == '-') {
        text += strlen("00-");
        if (text[0] == '\0')
            return TRUE;
    }
    return leaseIsOctets(text, LEASE_HARDWARE_ADDRESS_MAX);
}

gboolean
leaseIsIaid(const char *text)
{
    return g_ascii_string_to_unsigned(text[0] == 'T' ? text + 1 : text, 10, 0, G_MAXUINT32, NULL,
                                      NULL);
}

gboolean
leaseIsClientId(const char *text)
{
    return leaseIsOctets(text, LEASE_CLIENT_ID_MAX);
}

gboolean
leaseIsServerDuid(const char *text)
{
    return leaseIsOctets(text, LEASE_SERVER_DUID_MAX);
}

gboolean
leaseIsHostname(const char *text)
{
    return virHostnameIsValid(text, strlen(text));
}

char *
leaseMember(const struct virLeaseRecord *record, enum virLeaseMember member,
            gboolean (*isGood)(const char *text))
{
    const struct virLeaseString *string = &record->strings[member];
    g_autofree char *text = NULL;

    if (!string->bytes || memchr(string->bytes, '\0', string->len))
        return NULL;
    text = g_strndup(string->bytes, string->len);
    return isGood(text) ? g_steal_pointer(&text) : NULL;
}

/* Takes @text as the member, if there is one and it is what it should be. */
static void
leaseEventSet(struct leaseEvent *event, enum virLeaseMember member, const char *text,
              gboolean (*isGood)(const char *text))
{
    if (!text)
        return;
    if (isGood(text)) {
        event->record.strings[member] = (struct virLeaseString){ text, strlen(text) };
    } else {
        g_autofree char *quoted = leaseQuote(text);
        const struct virLeaseString *address = &event->record.strings[VIR_LEASE_IP_ADDRESS];

        /* TRANSLATORS: a bridge, an address, a member of a lease such as client-id, what came */
        leaseTell(_("%s: the lease of %s is kept without %s, because it cannot be %s"),
                  event->bridge, address->bytes, virLeaseKeys[member].name, quoted);
    }
}

/* What dnsmasq did not accept is no name: it may be none at all, another guest's, or not wanted in
 * this network. (DNSMASQ_SUPPLIED_HOSTNAME has it all the same, and libvirt's helper takes it.) */
static void
leaseEventSetHostname(struct leaseEvent *event, const char *accepted)
{
    if (!accepted || !*accepted)
        return;
    leaseEventSet(event, VIR_LEASE_HOSTNAME, accepted, leaseIsHostname);
    if (event->record.strings[VIR_LEASE_HOSTNAME].bytes)
        leaseEventSet(event, VIR_LEASE_DOMAIN, g_getenv("DNSMASQ_DOMAIN"), leaseIsHostname);
}

/* With DHCPv6 the client is named by its DUID, and its MAC address may not be known. */
static gboolean
leaseEventSetClient(struct leaseEvent *event, const char *client, GError **error)
{
    if (event->record.addr.family == AF_INET6) {
        leaseEventSet(event, VIR_LEASE_IAID, g_getenv("DNSMASQ_IAID"), leaseIsIaid);
        leaseEventSet(event, VIR_LEASE_MAC_ADDRESS, g_getenv("DNSMASQ_MAC"),
                      leaseIsHardwareAddress);
        leaseEventSet(event, VIR_LEASE_CLIENT_ID, client, leaseIsClientId);
        leaseEventSet(event, VIR_LEASE_SERVER_DUID, g_getenv("DNSMASQ_SERVER_DUID"),
                      leaseIsServerDuid);
        return TRUE;
    }
    leaseEventSet(event, VIR_LEASE_CLIENT_ID, g_getenv("DNSMASQ_CLIENT_ID"), leaseIsClientId);
    if (!leaseIsHardwareAddress(client)) {
        g_autofree char *quoted = leaseQuote(client);

        g_set_error(error, LEASE_ERROR, LEASE_ERROR_CALL, _("%s is not a hardware address"),
                    quoted);
        return FALSE;
    }
    event->record.strings[VIR_LEASE_MAC_ADDRESS] = (struct virLeaseString){ client,
                                                                            strlen(client) };
    return TRUE;
}

/* A lease without end has 0; so has one of a dnsmasq without clock, which tells its length alone.
 */
static gboolean
leaseEventSetExpiry(struct leaseEvent *event, GError **error)
{
    const char *expires = g_getenv("DNSMASQ_LEASE_EXPIRES");
    guint64 expiry = 0;

    if (expires && !g_ascii_string_to_unsigned(expires, 10, 0, G_MAXINT64, &expiry, NULL)) {
        g_autofree char *quoted = leaseQuote(expires);

        g_set_error(error, LEASE_ERROR, LEASE_ERROR_CALL,
                    _("%s in DNSMASQ_LEASE_EXPIRES is not a time in seconds since the epoch"),
                    quoted);
        return FALSE;
    }
    event->record.expiry = expiry;
    return TRUE;
}

gboolean
leaseEventParse(struct leaseEvent *event, int argc, char **argv, GError **error)
{
    *event = (struct leaseEvent){ .action = leaseActionFromText(argv[1]) };
    if (!(event->bridge = leaseEventBridge(error)))
        return FALSE;
    if (argc < 4) {
        g_set_error(error, LEASE_ERROR, LEASE_ERROR_CALL,
                    /* TRANSLATORS: an action such as add, and the program */
                    _("%s needs a hardware address or DUID and an address; see %s --help"), argv[1],
                    LEASE_PROGRAM);
        return FALSE;
    }
    if (!virSocketAddrParse(&event->record.addr, argv[3], strlen(argv[3]))) {
        g_autofree char *quoted = leaseQuote(argv[3]);

        g_set_error(error, LEASE_ERROR, LEASE_ERROR_CALL, _("%s is not an address"), quoted);
        return FALSE;
    }
    event->record.strings[VIR_LEASE_IP_ADDRESS] = (struct virLeaseString){ argv[3],
                                                                           strlen(argv[3]) };
    if (event->action == LEASE_ACTION_DEL)
        return TRUE;
    leaseEventSetHostname(event, argc > 4 ? argv[4] : NULL);
    return leaseEventSetClient(event, argv[2], error) && leaseEventSetExpiry(event, error);
}
