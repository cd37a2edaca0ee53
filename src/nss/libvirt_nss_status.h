/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* What all entry points have in common: running the engine, and what its results are to glibc. The
 * statuses are a table in docs/architecture.rst. */

#pragma once

#include <nss.h>
#include <stdint.h>

#include "virnames.h"

/* One of the engine's lookups. */
typedef enum virNamesResult (*nssLookupFunction)(struct virNames *names,
                                                 const struct virNamesQuery *query);

/* Runs @lookup for what @query asks, now, in this module's service and folder. @names is to be
 * cleared in any case. */
enum virNamesResult nssRun(struct virNames *names, nssLookupFunction lookup,
                           struct virNamesQuery query);

/* A status, with the two error numbers that tell glibc what it means. */
enum nss_status nssFail(enum nss_status status, int error, int herror, int *errnop, int *herrnop);

/* The caller's buffer is too small: glibc grows it and calls again. */
enum nss_status nssTooSmall(int *errnop, int *herrnop);

/* The status of @result; NSS_STATUS_SUCCESS is not final, nssSucceed() is. */
enum nss_status nssStatus(enum virNamesResult result, const struct virNames *names, int *errnop,
                          int *herrnop);

/* Success leaves errno as it was, @savedErrno, whatever the search met on its way. */
enum nss_status nssSucceed(int savedErrno, int32_t *ttlp, int *herrnop);
