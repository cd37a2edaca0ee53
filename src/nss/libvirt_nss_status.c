/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "libvirt_nss_status.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <time.h>

#include "libvirt_nss.h"
#include "libvirt_nss_debug.h"

enum virNamesResult
nssRun(struct virNames *names, nssLookupFunction lookup, struct virNamesQuery query)
{
    struct virNamesTracer tracer;
    enum virNamesResult result;
    int cancelState;

    query.folder = LEASEDIR;
    query.service = NSS_SERVICE;
    query.now = time(NULL);
    query.tracer = nssDebugTracer(&tracer);
    /* A thread cancelled between open and close would leave the descriptor behind, for good. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelState);
    nssDebugStart(&query);
    result = lookup(names, &query);
    nssDebugEnd(&query, result, names);
    pthread_setcancelstate(cancelState, NULL);
    return result;
}

enum nss_status
nssFail(enum nss_status status, int error, int herror, int *errnop, int *herrnop)
{
    *errnop = error;
    *herrnop = herror;
    return status;
}

enum nss_status
nssTooSmall(int *errnop, int *herrnop)
{
    return nssFail(NSS_STATUS_TRYAGAIN, ERANGE, NETDB_INTERNAL, errnop, herrnop);
}

enum nss_status
nssStatus(enum virNamesResult result, const struct virNames *names, int *errnop, int *herrnop)
{
    switch (result) {
    case VIR_NAMES_FOUND:
        return NSS_STATUS_SUCCESS;
    case VIR_NAMES_OTHER_FAMILY:
        return nssFail(NSS_STATUS_NOTFOUND, ENOENT, NO_DATA, errnop, herrnop);
    case VIR_NAMES_TRY_AGAIN:
        return nssFail(NSS_STATUS_TRYAGAIN, -names->error, NETDB_INTERNAL, errnop, herrnop);
    case VIR_NAMES_UNAVAILABLE:
        return nssFail(NSS_STATUS_UNAVAIL, -names->error, NO_RECOVERY, errnop, herrnop);
    case VIR_NAMES_UNKNOWN:
    default:
        return nssFail(NSS_STATUS_NOTFOUND, ENOENT, HOST_NOT_FOUND, errnop, herrnop);
    }
}

enum nss_status
nssSucceed(int savedErrno, int32_t *ttlp, int *herrnop)
{
    /* A caching daemon must not keep what a guest may change at any time. */
    if (ttlp)
        *ttlp = 0;
    *herrnop = NETDB_SUCCESS;
    /* errnop is the address of errno itself in glibc: on failure nothing may be put back. */
    errno = savedErrno;
    return NSS_STATUS_SUCCESS;
}
