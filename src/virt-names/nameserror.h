/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Errors of the command. */

#pragma once

#include <glib.h>

#define NAMES_ERROR (g_quark_from_static_string("virt-names"))

/* Sets @error to a text that says what went wrong, and behind a colon what @errnum, an errno,
 * means. No colon with 0. Its code is @errnum. */
void namesErrorSet(GError **error, int errnum, const char *format, ...) G_GNUC_PRINTF(3, 4);
