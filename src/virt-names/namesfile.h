/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* A file of the system's configuration that is replaced as a whole, or not at all. */

#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/stat.h>

/* What stands behind the name of the file that was replaced. */
#define NAMES_FILE_BACKUP ".virt-names-backup"

struct namesFile {
    char *path; /* where it really is, links followed */
    int folder; /* file descriptor of the folder that it is in */
    char *name; /* in that folder */
    char *text; /* NUL-terminated; "" if there is no such file */
    gsize len;
    bool exists;
    struct stat status; /* when it was read */
};

typedef struct namesFile namesFile;

/* Reads @path below the folder @root, as it is seen by who has that for their root folder: links in
 * it do not lead out of it. NULL, and an error that names the file, if it cannot be read. Free with
 * namesFileClose(). */
namesFile *namesFileOpen(const char *root, const char *path, GError **error);
void namesFileClose(namesFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(namesFile, namesFileClose)

/* Replaces it by one with @text: on disk before it takes the other's place, with the same owner,
 * group, mode and extended attributes. What was there stays beside it as a backup, a previous
 * backup goes. False, an error, and all as it was if that cannot be done; the error's code is
 * ESTALE if somebody else has changed it since it was read: read it again. Those who use this
 * function wait for each other. */
bool namesFileReplace(namesFile *file, const char *text, GError **error);
