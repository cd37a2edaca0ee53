/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "libvirt_nss.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#include "libvirt_nss_buffer.h"
#include "libvirt_nss_debug.h"

/* A status, with the two error numbers that tell glibc what it means. */
static enum nss_status
nssFail(enum nss_status status, int error, int herror, int *errnop, int *herrnop)
{
    *errnop = error;
    *herrnop = herror;
    return status;
}

static enum nss_status
nssTooSmall(int *errnop, int *herrnop)
{
    /* glibc grows the buffer and calls again for this very combination */
    return nssFail(NSS_STATUS_TRYAGAIN, ERANGE, NETDB_INTERNAL, errnop, herrnop);
}

static enum nss_status
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

static enum virNamesResult
nssLookup(struct virNames *names, const char *name, int family)
{
    struct virNamesTracer tracer;
    const struct virNamesQuery query = {
        .folder = LEASEDIR,
        .service = NSS_SERVICE,
        .name = name,
        .family = family,
        .now = time(NULL),
        .tracer = nssDebugTracer(&tracer),
    };
    enum virNamesResult result;
    int cancelState;

    /* A thread cancelled between open and close would leave the descriptor behind, for good. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelState);
    nssDebugStart(&query);
    result = virNamesByName(names, &query);
    nssDebugEnd(&query, result, names);
    pthread_setcancelstate(cancelState, NULL);
    return result;
}

/* Success leaves errno as it was, whatever the search met on its way. errnop is the address of
 * errno itself in glibc: on failure nothing may be put back. */
static enum nss_status
nssSucceed(int savedErrno, int32_t *ttlp, int *herrnop)
{
    /* A caching daemon must not keep what a guest may change at any time. */
    if (ttlp)
        *ttlp = 0;
    *herrnop = NETDB_SUCCESS;
    errno = savedErrno;
    return NSS_STATUS_SUCCESS;
}

NSS_EXPORT enum nss_status
NSS_NAME(gethostbyname4_r)(const char *name, struct gaih_addrtuple **pat, char *buffer,
                           size_t buflen, int *errnop, int *herrnop, int32_t *ttlp)
{
    struct nssBuffer space = { buffer, buflen };
    int savedErrno = errno;
    struct virNames names;
    enum nss_status status;
    bool packed = false;

    status = nssStatus(nssLookup(&names, name, AF_UNSPEC), &names, errnop, herrnop);
    if (status == NSS_STATUS_SUCCESS)
        packed = nssPackTuples(&space, pat, name, names.answers, names.nanswers);
    virNamesClear(&names);
    if (status != NSS_STATUS_SUCCESS)
        return status;
    return packed ? nssSucceed(savedErrno, ttlp, herrnop) : nssTooSmall(errnop, herrnop);
}

static enum nss_status
nssByFamily(const char *name, int af, struct hostent *host, char *buffer, size_t buflen,
            int *errnop, int *herrnop, int32_t *ttlp, char **canonp)
{
    struct nssBuffer space = { buffer, buflen };
    int savedErrno = errno;
    struct virNames names;
    enum nss_status status;
    bool packed = false;

    if (af == AF_UNSPEC)
        af = AF_INET;
    if (virSocketAddrLength(af) == 0)
        return nssFail(NSS_STATUS_UNAVAIL, EAFNOSUPPORT, NO_DATA, errnop, herrnop);
    status = nssStatus(nssLookup(&names, name, af), &names, errnop, herrnop);
    if (status == NSS_STATUS_SUCCESS)
        packed = nssPackHost(&space, host, name, af, names.answers, names.nanswers);
    virNamesClear(&names);
    if (status != NSS_STATUS_SUCCESS)
        return status;
    if (!packed)
        return nssTooSmall(errnop, herrnop);
    if (canonp)
        *canonp = host->h_name;
    return nssSucceed(savedErrno, ttlp, herrnop);
}

NSS_EXPORT enum nss_status
NSS_NAME(gethostbyname3_r)(const char *name, int af, struct hostent *host, char *buffer,
                           size_t buflen, int *errnop, int *herrnop, int32_t *ttlp, char **canonp)
{
    return nssByFamily(name, af, host, buffer, buflen, errnop, herrnop, ttlp, canonp);
}

NSS_EXPORT enum nss_status
NSS_NAME(gethostbyname2_r)(const char *name, int af, struct hostent *host, char *buffer,
                           size_t buflen, int *errnop, int *herrnop)
{
    return nssByFamily(name, af, host, buffer, buflen, errnop, herrnop, NULL, NULL);
}

NSS_EXPORT enum nss_status
NSS_NAME(gethostbyname_r)(const char *name, struct hostent *host, char *buffer, size_t buflen,
                          int *errnop, int *herrnop)
{
    return nssByFamily(name, AF_INET, host, buffer, buflen, errnop, herrnop, NULL, NULL);
}
