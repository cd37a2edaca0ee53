/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Who else writes nsswitch.conf, and does not want it to be edited. */

#pragma once

#include <stdbool.h>

#include "namesfile.h"

enum namesOwner {
    NAMES_OWNER_ADMIN,      /* whoever may write it */
    NAMES_OWNER_AUTHSELECT, /* authselect(8) of Fedora makes it of a profile */
    NAMES_OWNER_NIXOS,      /* NixOS makes it of the system's configuration */
};

/* @file is nsswitch.conf below @root. */
enum namesOwner namesOwnerOf(const char *root, const namesFile *file);

/* What is to be done in place of editing the file, with the command; NULL where it may be edited.
 * Free with g_free(). */
char *namesOwnerAdvice(enum namesOwner owner, bool enable);

/* The command alone that enables or disables our services; NULL if there is none. */
const char *namesOwnerCommand(enum namesOwner owner, bool enable);
