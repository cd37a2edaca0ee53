/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* What check has found, and how it is told. */

#pragma once

#include <glib.h>

enum namesLevel {
    NAMES_LEVEL_OK,
    NAMES_LEVEL_WARNING, /* it works, but not as well as it could */
    NAMES_LEVEL_PROBLEM, /* it does not work, for some name or some user */
};

struct namesFinding {
    enum namesLevel level;
    const char *id; /* stable, not translated: what scripts go by */
    char *seen;     /* one sentence */
    const char *why;
    char *command; /* for a shell, that mends it; or NULL */
};

typedef struct namesFindings namesFindings;

namesFindings *namesFindingsNew(void);
void namesFindingsFree(namesFindings *findings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(namesFindings, namesFindingsFree)

/* Adds one. @why, NULL for none, must stay; @command, or NULL, becomes theirs. */
void namesFindingsAdd(namesFindings *findings, enum namesLevel level, const char *id,
                      const char *why, char *command, const char *format, ...) G_GNUC_PRINTF(6, 7);

/* How many there are of @level. */
guint namesFindingsCount(const namesFindings *findings, enum namesLevel level);

/* Whether there is one with this id above NAMES_LEVEL_OK. */
gboolean namesFindingsHas(const namesFindings *findings, const char *id);

void namesFindingsPrint(const namesFindings *findings);
void namesFindingsPrintJson(const namesFindings *findings);
