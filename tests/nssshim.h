/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* glibc's side of the name service protocol: loads modules by path and asks them as getaddrinfo(3)
 * and gethostbyname(3) do, with the services and the actions of a hosts: line (nsswitch.conf(5)).
 */

#pragma once

#include <glib.h>
#include <netdb.h>
#include <nss.h>

typedef enum nss_status (*nssByName)(const char *name, struct hostent *host, char *buffer,
                                     size_t buflen, int *errnop, int *herrnop);
typedef enum nss_status (*nssByName2)(const char *name, int af, struct hostent *host, char *buffer,
                                      size_t buflen, int *errnop, int *herrnop);
typedef enum nss_status (*nssByName3)(const char *name, int af, struct hostent *host, char *buffer,
                                      size_t buflen, int *errnop, int *herrnop, int32_t *ttlp,
                                      char **canonp);
typedef enum nss_status (*nssByName4)(const char *name, struct gaih_addrtuple **pat, char *buffer,
                                      size_t buflen, int *errnop, int *herrnop, int32_t *ttlp);

typedef enum nss_status (*nssByAddr)(const void *addr, socklen_t len, int af, struct hostent *host,
                                     char *buffer, size_t buflen, int *errnop, int *herrnop);
typedef enum nss_status (*nssByAddr2)(const void *addr, socklen_t len, int af, struct hostent *host,
                                      char *buffer, size_t buflen, int *errnop, int *herrnop,
                                      int32_t *ttlp);
typedef enum nss_status (*nssSetEnt)(int stayOpen);
typedef enum nss_status (*nssGetEnt)(struct hostent *host, char *buffer, size_t buflen, int *errnop,
                                     int *herrnop);
typedef enum nss_status (*nssEndEnt)(void);

/* Look-ups by address and the list answer that the service is not available where the module does
 * not have them. */
struct nssModule {
    void *handle;
    gboolean hasReverse;
    nssByName byName;
    nssByName2 byName2;
    nssByName3 byName3;
    nssByName4 byName4;
    nssByAddr byAddr;
    nssByAddr2 byAddr2;
    nssSetEnt setEnt;
    nssGetEnt getEnt;
    nssEndEnt endEnt;
};

/* Loads the module of @service in @folder, which stays loaded; to be freed. Ends the process if it
 * cannot be loaded. */
struct nssModule *nssShimLoad(const char *folder, const char *service);

/* The same in the folder that NSS_MODULE_DIR names, loaded on first use and kept. */
const struct nssModule *nssShimModule(const char *service);

/* Looks up @name as the services of @hosts say, for instance "libvirt [NOTFOUND=return]
 * libvirt_guest". @family is AF_INET or AF_INET6 (asked through gethostbyname2_r) or AF_UNSPEC
 * (gethostbyname4_r). Returns in words what came of it, to be freed: "SUCCESS" with the addresses
 * in their order, else the status with errno and h_errno, such as "NOTFOUND ENOENT HOST_NOT_FOUND".
 */
char *nssShimLookup(const char *hosts, const char *name, int family);

/* Looks up the address @text in one service. Returns in words what came of it, to be freed:
 * "SUCCESS" with the name and the aliases, else as above. */
char *nssShimReverse(const char *service, const char *text);

/* Lists all hosts of one service, with a buffer of @size bytes at first. Returns in words, to be
 * freed, "ADDRESS NAME; " for each and what ended the list. */
char *nssShimList(const char *service, size_t size);

/* The same words for the result of one call, by the tuples or by the host entry; the other is NULL.
 */
char *nssShimTell(enum nss_status status, const struct gaih_addrtuple *tuples,
                  const struct hostent *host, int error, int herror);
