/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* The name service module, built twice from the same sources: as service libvirt, and with
 * LIBVIRT_NSS_GUEST as service libvirt_guest. The entry points are glibc's; <nss.h> declares and
 * type-checks them. */

#pragma once

#include <nss.h>

#include "virnames.h"

#ifdef LIBVIRT_NSS_GUEST
#define NSS_SERVICE VIR_NAMES_LIBVIRT_GUEST
#define NSS_SERVICE_NAME "libvirt_guest"
#define NSS_NAME(function) _nss_libvirt_guest_##function
NSS_DECLARE_MODULE_FUNCTIONS(libvirt_guest)
#else
#define NSS_SERVICE VIR_NAMES_LIBVIRT
#define NSS_SERVICE_NAME "libvirt"
#define NSS_NAME(function) _nss_libvirt_##function
NSS_DECLARE_MODULE_FUNCTIONS(libvirt)
#endif

#define NSS_EXPORT __attribute__((visibility("default")))
