/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* A name service module that knows nobody: what loading and asking any module costs. */

#include <config.h>

#include <errno.h>
#include <netdb.h>
#include <nss.h>

#define STUB_PASTE(service, function) _nss_##service##_##function
#define STUB_EXPAND(service, function) STUB_PASTE(service, function)
#define STUB_NAME(function) STUB_EXPAND(STUB_SERVICE, function)
#define STUB_DECLARE(service) NSS_DECLARE_MODULE_FUNCTIONS(service)

STUB_DECLARE(STUB_SERVICE)

enum nss_status
STUB_NAME(gethostbyname4_r)(const char *name, struct gaih_addrtuple **pat, char *buffer,
                            size_t buflen, int *errnop, int *herrnop, int32_t *ttlp)
{
    (void)name;
    (void)pat;
    (void)buffer;
    (void)buflen;
    (void)ttlp;
    *errnop = ENOENT;
    *herrnop = HOST_NOT_FOUND;
    return NSS_STATUS_NOTFOUND;
}
