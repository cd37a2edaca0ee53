/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "libvirt_nss.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "libvirt_nss_buffer.h"
#include "libvirt_nss_status.h"

static enum virNamesResult
nssLookup(struct virNames *names, const char *name, int family)
{
    return nssRun(names, virNamesByName, (struct virNamesQuery){ .name = name, .family = family });
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

static enum nss_status
nssByAddress(const void *addr, socklen_t len, int af, struct hostent *host, char *buffer,
             size_t buflen, int *errnop, int *herrnop, int32_t *ttlp)
{
    struct virNamesQuery query = { .addr = { .family = af } };
    struct nssBuffer space = { buffer, buflen };
    int savedErrno = errno;
    struct virNames names;
    enum nss_status status;
    bool packed = false;

    if (virSocketAddrLength(af) == 0 || len != virSocketAddrLength(af))
        return nssFail(NSS_STATUS_UNAVAIL, EAFNOSUPPORT, NO_DATA, errnop, herrnop);
    memcpy(query.addr.bytes, addr, len);
    status = nssStatus(nssRun(&names, virNamesByAddress, query), &names, errnop, herrnop);
    if (status == NSS_STATUS_SUCCESS)
        packed = nssPackEntries(&space, host, &names, 0, names.nentries);
    virNamesClear(&names);
    if (status != NSS_STATUS_SUCCESS)
        return status;
    return packed ? nssSucceed(savedErrno, ttlp, herrnop) : nssTooSmall(errnop, herrnop);
}

NSS_EXPORT enum nss_status
NSS_NAME(gethostbyaddr2_r)(const void *addr, socklen_t len, int af, struct hostent *host,
                           char *buffer, size_t buflen, int *errnop, int *herrnop, int32_t *ttlp)
{
    return nssByAddress(addr, len, af, host, buffer, buflen, errnop, herrnop, ttlp);
}

NSS_EXPORT enum nss_status
NSS_NAME(gethostbyaddr_r)(const void *addr, socklen_t len, int af, struct hostent *host,
                          char *buffer, size_t buflen, int *errnop, int *herrnop)
{
    return nssByAddress(addr, len, af, host, buffer, buflen, errnop, herrnop, NULL);
}
