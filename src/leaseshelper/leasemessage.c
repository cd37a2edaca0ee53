/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "leasemessage.h"

#include <errno.h>
#include <libintl.h>
#include <locale.h>
#include <stdarg.h>

/* Bytes of a guest's text that are shown */
#define LEASE_QUOTE_MAX 64

const char *
leaseTranslate(const char *text)
{
    static gboolean ready;
    int savedErrno = errno;
    const char *translated;

    if (!ready) {
        ready = TRUE;
        setlocale(LC_ALL, "");
        bindtextdomain(GETTEXT_PACKAGE, LOCALEDIR);
        bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    }
    translated = dgettext(GETTEXT_PACKAGE, text);
    errno = savedErrno;
    return translated;
}

void
leaseTell(const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_printerr("%s: %s\n", LEASE_PROGRAM, text);
}

char *
leaseQuote(const char *text)
{
    g_autofree char *shown = g_strndup(text, LEASE_QUOTE_MAX);
    g_autofree char *escaped = g_strescape(shown, NULL);

    return g_strconcat("\"", escaped, strlen(text) > LEASE_QUOTE_MAX ? "\"..." : "\"", NULL);
}
