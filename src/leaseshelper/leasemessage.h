/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Messages and errors, in the language of the environment. dnsmasq logs what its script writes to
 * standard error, a line an entry. */

#pragma once

#include <glib.h>

#define LEASE_PROGRAM "libvirt_leaseshelper"

#define LEASE_ERROR (g_quark_from_static_string(LEASE_PROGRAM))

/* The exit status too. */
enum leaseError {
    LEASE_ERROR_FILE = 1, /* the leases could not be read or written; they are as they were */
    LEASE_ERROR_CALL = 2, /* what dnsmasq said makes no sense */
};

/* Marks a text for translation and translates it. The locale is set by the first such text: loading
 * it takes longer than the rest of a call that has nothing to say. Leaves errno alone. */
#define _(text) leaseTranslate(text)
const char *leaseTranslate(const char *text) G_GNUC_FORMAT(1);

/* Prints the program's name and a line of text to standard error. */
void leaseTell(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* Returns @text in quotes, with all but printable ASCII escaped and cut to a length fit for a log:
 * guests have written it. Free with g_free(). */
char *leaseQuote(const char *text);
