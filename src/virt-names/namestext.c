/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namestext.h"

#include <arpa/inet.h>
#include <glib/gi18n.h>

/* In seconds */
#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* glib takes all of these for printable. */
static bool
isLayout(GUnicodeType type)
{
    return type == G_UNICODE_FORMAT || type == G_UNICODE_LINE_SEPARATOR ||
           type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

bool
namesTextIsShown(gunichar character)
{
    return g_unichar_isprint(character) && !isLayout(g_unichar_type(character));
}

char *
namesTextName(const char *bytes, size_t len)
{
    GString *text = g_string_sized_new(len);
    size_t i = 0;

    while (i < len) {
        gunichar character = g_utf8_get_char_validated(bytes + i, len - i);
        size_t end = i + 1;

        if (character < (gunichar)-2)
            end = i + g_unichar_to_utf8(character, NULL);
        if (character < (gunichar)-2 && namesTextIsShown(character) && character != '\\') {
            g_string_append_len(text, bytes + i, end - i);
        } else if (bytes[i] == '\\') {
            g_string_append(text, "\\\\");
        } else {
            size_t j;

            for (j = i; j < end; j++)
                g_string_append_printf(text, "\\x%02x", (unsigned char)bytes[j]);
        }
        i = end;
    }
    return g_string_free(text, FALSE);
}

char *
namesTextQuote(const char *bytes, size_t len)
{
    g_autofree char *name = namesTextName(bytes, len);

    return g_strdup_printf("\"%s\"", name);
}

char *
namesTextAddress(const struct virSocketAddr *addr)
{
    char text[INET6_ADDRSTRLEN] = "";

    inet_ntop(addr->family, addr->bytes, text, sizeof(text));
    return g_strdup(text);
}

guint
namesTextAddressHash(gconstpointer data)
{
    const struct virSocketAddr *addr = data;
    guint hash = addr->family;
    size_t i;

    for (i = 0; i < virSocketAddrLength(addr->family); i++)
        hash = hash * 33 + addr->bytes[i];
    return hash;
}

gboolean
namesTextAddressEqual(gconstpointer a, gconstpointer b)
{
    return virSocketAddrCompare(a, b) == 0;
}

char *
namesTextMac(const struct virMacAddr *mac)
{
    const unsigned char *octets = mac->octets;

    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", octets[0], octets[1], octets[2],
                           octets[3], octets[4], octets[5]);
}

guint
namesTextMacHash(gconstpointer data)
{
    const struct virMacAddr *mac = data;
    guint hash = 0;
    size_t i;

    for (i = 0; i < VIR_MAC_ADDR_LEN; i++)
        hash = hash * 33 + mac->octets[i];
    return hash;
}

gboolean
namesTextMacEqual(gconstpointer a, gconstpointer b)
{
    return virMacAddrCompare(a, b) == 0;
}

char *
namesTextTime(gint64 seconds)
{
    g_autoptr(GDateTime) moment = g_date_time_new_from_unix_local(seconds);
    char *text = moment ? g_date_time_format(moment, "%Y-%m-%d %H:%M:%S%z") : NULL;

    /* glib knows the years up to 9999 */
    return text ? text : g_strdup_printf("@%" G_GINT64_FORMAT, seconds);
}

static char *
spanPart(gint64 count, gint64 unit)
{
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, count);

    switch (unit) {
    case DAY:
        /* TRANSLATORS: the next four are days, hours, minutes and seconds in a span of time such as
         * "59m" or "3d 2h": as short as can be, and the same for every number */
        return g_strdup_printf(C_("span", "%sd"), number);
    case HOUR:
        return g_strdup_printf(C_("span", "%sh"), number);
    case MINUTE:
        return g_strdup_printf(C_("span", "%sm"), number);
    default:
        return g_strdup_printf(C_("span", "%ss"), number);
    }
}

char *
namesTextSpan(gint64 seconds)
{
    static const gint64 units[] = { DAY, HOUR, MINUTE, 1 };
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;
    gint64 rest;
    size_t i = 0;

    while (i < G_N_ELEMENTS(units) - 1 && seconds < units[i])
        i++;
    first = spanPart(seconds / units[i], units[i]);
    rest = i + 1 < G_N_ELEMENTS(units) ? seconds % units[i] / units[i + 1] : 0;
    if (rest == 0)
        return g_steal_pointer(&first);
    second = spanPart(rest, units[i + 1]);
    /* TRANSLATORS: puts the two parts of a span of time together, such as "3d" and "2h" */
    return g_strdup_printf(C_("span", "%s %s"), first, second);
}

char *
namesTextAway(gint64 expiry, gint64 now)
{
    /* Files may say any number: their difference is at most that of two unsigned ones */
    const guint64 away = expiry >= now ? (guint64)expiry - (guint64)now
                                       : (guint64)now - (guint64)expiry;

    return namesTextSpan(MIN(away, G_MAXINT64));
}

/* A lease is good up to the second that it names. */
char *
namesTextExpiry(gint64 expiry, gint64 now)
{
    g_autofree char *span = namesTextAway(expiry, now);

    if (expiry == 0)
        return g_strdup(C_("lease", "never"));
    /* TRANSLATORS: a span of time such as "59m" or "3d 2h"; the column is EXPIRES */
    return g_strdup_printf(expiry >= now ? C_("lease", "in %s") : C_("lease", "%s ago"), span);
}

char *
namesTextExpires(gint64 expiry, gint64 now)
{
    g_autofree char *span = namesTextAway(expiry, now);

    if (expiry == 0)
        return g_strdup(C_("lease", "never expires"));
    /* TRANSLATORS: of a lease; the span of time is such as "59m" or "3d 2h" */
    return g_strdup_printf(C_("lease", "expires in %s"), span);
}

void
namesTextAppend(GString *list, const char *item)
{
    /* TRANSLATORS: between the items of a list, which are all of one kind */
    g_string_append_printf(list, "%s%s", list->len > 0 ? C_("list", ", ") : "", item);
}

static size_t
characterWidth(gunichar character)
{
    if (g_unichar_iszerowidth(character))
        return 0;
    return g_unichar_iswide(character) ? 2 : 1;
}

size_t
namesTextWidth(const char *text)
{
    size_t width = 0;

    for (; *text; text = g_utf8_find_next_char(text, NULL))
        width += characterWidth(g_utf8_get_char(text));
    return width;
}

char *
namesTextCut(const char *text, size_t width)
{
    const char *end;
    size_t used = 1;

    if (namesTextWidth(text) <= width)
        return g_strdup(text);
    for (end = text; *end; end = g_utf8_find_next_char(end, NULL)) {
        used += characterWidth(g_utf8_get_char(end));
        if (used > width)
            break;
    }
    return g_strdup_printf("%.*s\342\200\246", (int)(end - text), text);
}
