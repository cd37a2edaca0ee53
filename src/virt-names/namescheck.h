/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* The parts of check: each looks at one side of the set-up and adds what it finds. */

#pragma once

#include <glib.h>
#include <stdbool.h>

#include "namesfindings.h"
#include "namesinventory.h"
#include "namesowner.h"
#include "namesswitch.h"

struct namesSetup {
    const char *folder;    /* with the leases */
    bool isOfHost;         /* it is the one that the modules of this machine read */
    gint64 now;            /* seconds since the epoch */
    namesSwitch *hosts;    /* NULL if nsswitch.conf cannot be read */
    enum namesOwner owner; /* of nsswitch.conf */
    bool crashes;          /* a look-up could end this program with a signal */
    namesInventory *inventory;
    namesFindings *findings;
};

/* Adds a finding, in a translation. */
#define namesFound(setup, level, id, why, command, ...)                                            \
    namesFindingsAdd((setup)->findings, NAMES_LEVEL_##level, id, why, command, __VA_ARGS__)

/* namescheckmodules.c: can glibc load the modules, and are they ours? */
void namesCheckModules(struct namesSetup *setup);

/* namescheckswitch.c: does nsswitch.conf name them, and does the search come to them? */
void namesCheckSwitch(struct namesSetup *setup);

/* namescheckfiles.c: is the folder there, can everybody read it, and what is in it? */
void namesCheckFiles(struct namesSetup *setup);

/* namescheckguests.c: what do leases and maps say of each other, and what do guests claim? */
void namesCheckGuests(struct namesSetup *setup);

/* namescheckhost.c: what runs on this machine that matters? */
void namesCheckNetworks(struct namesSetup *setup);
void namesCheckCache(struct namesSetup *setup);
void namesCheckPrograms(struct namesSetup *setup);

/* What makes the cache that runs here, if one does, forget hosts; or NULL. Free with g_free(). */
char *namesCacheCommand(void);

/* namescheck.c: is a guest found? */
void namesCheckLive(struct namesSetup *setup);

/* Appends @item to a list in words, of which @count are there already: no more than some are told.
 */
void namesCheckAppend(GString *list, guint count, const char *item);

/* @path for a command line; free with g_free(). */
char *namesCommandOn(const char *command, const char *path);
