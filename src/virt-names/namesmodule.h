/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* A name service module as it is installed: where glibc finds it, and what it answers. It is asked
 * through the entry points that glibc uses (nss.h, and glibc's manual, "NSS Module Function
 * Internals"). */

#pragma once

#include <glib.h>
#include <stdbool.h>

#include "namesswitch.h"
#include "virsocketaddr.h"

/* What is known of libnss_SERVICE.so.2. */
struct namesModule {
    void *handle; /* NULL: glibc does not find it, or cannot load it */
    char *path;   /* of what was loaded; NULL: a part of glibc itself, or not loaded */
    char *error;  /* why it could not be loaded, or NULL */
    bool crashes; /* a signal ends whatever program loads it, so it is not loaded here */
    char *service;
};

typedef struct namesModule namesModule;

/* Loads the library @file, a name or a path, in a child: with *@crashes a signal ends whatever
 * program loads it. Returns NULL if it can be loaded, or why not; free with g_free(). */
char *namesModuleTry(const char *file, bool *crashes);

/* Loads the module of @service as glibc would. Free with namesModuleClose(). */
namesModule *namesModuleOpen(const char *service);
void namesModuleClose(namesModule *module);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(namesModule, namesModuleClose)

/* Whether it has the entry point _nss_SERVICE_@function. */
bool namesModuleHas(const namesModule *module, const char *function);

/* What it says of a name, or of an address. */
struct namesAnswer {
    enum namesStatus status;
    GArray *addresses;    /* struct virSocketAddr, each once */
    GPtrArray *names;     /* strings: the name and its aliases */
    GHashTable *isThere;  /* the addresses again */
    GHashTable *isCalled; /* the names again */
};

typedef struct namesAnswer namesAnswer;

/* Asks it for the addresses of @name of both families, or for the names of @addr. Free with
 * namesAnswerFree(). */
namesAnswer *namesModuleByName(const namesModule *module, const char *name);
namesAnswer *namesModuleByAddress(const namesModule *module, const struct virSocketAddr *addr);

/* An answer with nothing in it yet. */
namesAnswer *namesAnswerNew(enum namesStatus status);
void namesAnswerFree(namesAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(namesAnswer, namesAnswerFree)

bool namesAnswerHasAddress(const namesAnswer *answer, const struct virSocketAddr *addr);

/* Adds what is not there yet. */
void namesAnswerAddAddress(namesAnswer *answer, const struct virSocketAddr *addr);
void namesAnswerAddName(namesAnswer *answer, const char *name);

/* Whether both say the same, in whatever order. */
bool namesAnswerEqual(const namesAnswer *a, const namesAnswer *b);
