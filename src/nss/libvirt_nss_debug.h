/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* With LIBVIRT_NSS_DEBUG in the environment a lookup tells on standard error what it sees, as
 * libvirt's own modules do from version 10 on. It is for the administrator who asks why, never for
 * programs: the lines are not translated, because a module must not touch the process's message
 * catalogues. secure_getenv(3) keeps it off in privileged programs. */

#pragma once

#include "virnames.h"

/* Makes @tracer print, and returns it, if the variable is set; NULL otherwise. */
const struct virNamesTracer *nssDebugTracer(struct virNamesTracer *tracer);

/* The first and the last line about a lookup. Nothing without tracer. */
void nssDebugStart(const struct virNamesQuery *query);
void nssDebugEnd(const struct virNamesQuery *query, enum virNamesResult result,
                 const struct virNames *names);
