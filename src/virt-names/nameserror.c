/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "nameserror.h"

#include <glib/gi18n.h>
#include <stdarg.h>

void
namesErrorSet(GError **error, int errnum, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    if (errnum)
        /* TRANSLATORS: what could not be done, and why, such as "Permission denied" */
        g_set_error(error, NAMES_ERROR, errnum, C_("cause", "%s: %s"), text, g_strerror(errnum));
    else
        g_set_error_literal(error, NAMES_ERROR, 0, text);
}
