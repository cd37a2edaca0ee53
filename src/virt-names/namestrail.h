/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* A question put to every service of the hosts line in turn, as glibc does, with the reasons of
 * ours. */

#pragma once

#include <glib.h>
#include <stdbool.h>

#include "namesmodule.h"
#include "namesswitch.h"
#include "virsocketaddr.h"

/* What became of one service. */
struct namesStep {
    const char *service;
    bool isOurs;
    bool isConfigured;   /* it is in the hosts line */
    bool isAsked;        /* the search comes to it */
    namesModule *module; /* the one that is installed; NULL: not looked for */
    namesAnswer *answer; /* NULL: not asked */
    enum namesAction action;
    bool differs;     /* ours: the module that is installed does not answer as ours would */
    GPtrArray *notes; /* ours: why, struct namesNote *; or NULL */
};

struct namesTrail {
    const char *question;
    bool isAddress;
    struct virSocketAddr addr;
    GPtrArray *steps;    /* struct namesStep *, in order; ours that are not in the line come last */
    const char *endedBy; /* the service whose answer ended the search; NULL: it came to the end */
    namesAnswer *result; /* what programs get: getaddrinfo(3), getnameinfo(3) */
    char *error;         /* theirs; or NULL */
    bool found;
};

typedef struct namesTrail namesTrail;

/* Puts @question, a name or an address, to the services of @hosts. With @folder ours answer from
 * the files in it whatever is installed, and the rest of this machine does not matter for found.
 * Free with namesTrailFree(), before @hosts and @question. */
namesTrail *namesTrailFollow(const struct namesSwitch *hosts, const char *question,
                             const char *folder, gint64 now);
void namesTrailFree(namesTrail *trail);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(namesTrail, namesTrailFree)

/* What getaddrinfo(3) gives for @name, each address once; with *@error its words if it fails. */
namesAnswer *namesTrailResolve(const char *name, char **error);
