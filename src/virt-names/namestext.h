/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Values as text. All of these return what is to be freed with g_free(), in UTF-8. */

#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "virmacaddr.h"
#include "virsocketaddr.h"

/* Whether a character shows as itself, and neither controls a terminal nor turns, breaks or hides
 * the text around it. */
bool namesTextIsShown(gunichar character);

/* The @len bytes of a name as they can be shown: guests and whoever names domains have chosen them.
 * What is not printable, or no UTF-8, becomes \xHH, a backslash two of them. */
char *namesTextName(const char *bytes, size_t len);

/* The same in quotes. */
char *namesTextQuote(const char *bytes, size_t len);

char *namesTextAddress(const struct virSocketAddr *addr);

/* For tables of addresses, struct virSocketAddr. */
guint namesTextAddressHash(gconstpointer addr);
gboolean namesTextAddressEqual(gconstpointer a, gconstpointer b);

char *namesTextMac(const struct virMacAddr *mac);

/* For tables of MAC addresses, struct virMacAddr. */
guint namesTextMacHash(gconstpointer mac);
gboolean namesTextMacEqual(gconstpointer a, gconstpointer b);

/* A time in seconds since the epoch, in the local time zone: 2026-11-25 14:03:20+0100. */
char *namesTextTime(gint64 seconds);

/* A span of time in its two largest units, in the language of the user: "59s", "1h 5m", "3d 2h". */
char *namesTextSpan(gint64 seconds);

/* When a lease runs out, seen from @now, by itself: "in 59m", "3m ago", "never". */
char *namesTextExpiry(gint64 expiry, gint64 now);

/* The same as what a lease does that has not run out: "expires in 59m", "never expires". */
char *namesTextExpires(gint64 expiry, gint64 now);

/* The time between the two, as a span. */
char *namesTextAway(gint64 expiry, gint64 now);

/* Appends @item to a list in words, of items of one kind. */
void namesTextAppend(GString *list, const char *item);

/* Columns of a terminal that @text takes. */
size_t namesTextWidth(const char *text);

/* @text, if need be cut so that with the ellipsis it takes @width columns. */
char *namesTextCut(const char *text, size_t width);
