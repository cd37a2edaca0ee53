/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* The hosts line of nsswitch.conf as glibc reads it (nsswitch.conf(5), glibc's manual, "Actions in
 * the NSS configuration"): services in their order, each with what becomes of the look-up after its
 * answer. */

#pragma once

#include <glib.h>
#include <stdbool.h>

#define NAMES_SWITCH_PATH "/etc/nsswitch.conf"

/* Service names that are ours, and all of them in the order in which they are asked, with NULL
 * behind the last. */
#define NAMES_SERVICE_LIBVIRT "libvirt"
#define NAMES_SERVICE_GUEST "libvirt_guest"
extern const char *const namesSwitchOurs[];

bool namesSwitchIsOurs(const char *service);

/* A service's answer. */
enum namesStatus {
    NAMES_STATUS_SUCCESS,
    NAMES_STATUS_NOTFOUND,
    NAMES_STATUS_UNAVAIL,
    NAMES_STATUS_TRYAGAIN,
    NAMES_STATUSES
};

enum namesAction {
    NAMES_ACTION_CONTINUE,
    NAMES_ACTION_RETURN,
    NAMES_ACTION_MERGE,
};

struct namesService {
    char *name;
    gsize begin; /* in the text, of its name */
    gsize end;   /* behind its name and the actions that follow */
    enum namesAction actions[NAMES_STATUSES];
};

typedef struct namesSwitch namesSwitch;

struct namesSwitch {
    char *text; /* the file's, NUL-terminated; a file that is not there is empty */
    gsize len;
    guint lines; /* how many hosts lines there are: the last one counts */
    guint line;  /* its number, from 1; 0: none, the services are those that glibc then takes */
    gsize begin; /* of that line in the text */
    gsize first; /* behind its colon */
    gsize end;   /* of that line: its newline */
    GArray *services; /* struct namesService */
    gsize cut;        /* where in that line brackets without a service make glibc stop; or 0 */
    guint damaged;    /* the first line of any database that glibc cannot parse, which makes it use
                       * nothing of the file and find no name at all; 0: none */
    bool unended;     /* the text ends with a hosts line without newline, which glibc passes over */
};

/* Takes @text, which becomes the result's. Free with namesSwitchFree(). */
struct namesSwitch *namesSwitchParse(char *text, gsize len);
void namesSwitchFree(struct namesSwitch *hosts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(namesSwitch, namesSwitchFree)

/* Reads @path. NULL if there is such a file that cannot be read. */
struct namesSwitch *namesSwitchRead(const char *path, GError **error);

const struct namesService *namesSwitchGet(const struct namesSwitch *hosts, guint i);

/* Whether there is a hosts line, and no service in it: getaddrinfo() of glibc 2.36
 * (get_nss_addresses) then reads behind the end of its list of services, finds nothing, and may
 * crash. */
bool namesSwitchIsEmpty(const struct namesSwitch *hosts);

/* Position of the first service of the name, or -1. */
int namesSwitchFind(const struct namesSwitch *hosts, const char *name);

/* Position of the first service whose answer that it has not got the name ends the search before
 * @service is asked, or -1. */
int namesSwitchHider(const struct namesSwitch *hosts, guint service);

/* The line's services and actions as they stand there, or those that glibc takes without a line;
 * nothing if it cannot parse the file. Free with g_free(). */
char *namesSwitchLine(const struct namesSwitch *hosts);

/* SUCCESS, NOTFOUND, UNAVAIL, TRYAGAIN. */
const char *namesStatusText(enum namesStatus status);
