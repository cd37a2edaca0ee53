/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "nssshim.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

/* What glibc 2.36 starts with in getaddrinfo(3) */
#define FIRST_BUFFER 1024

static const char *
moduleFolder(void)
{
    const char *folder = g_getenv("NSS_MODULE_DIR");

    return folder ? folder : NSS_MODULE_DIR;
}

/* What glibc does about a function that a module does not have: as if the service were not there */
static enum nss_status
absent(int *errnop, int *herrnop)
{
    *errnop = ENOSYS;
    *herrnop = NO_RECOVERY;
    return NSS_STATUS_UNAVAIL;
}

static enum nss_status
absentByAddr(const void *addr, socklen_t len, int af, struct hostent *host, char *buffer,
             size_t buflen, int *errnop, int *herrnop)
{
    (void)addr, (void)len, (void)af, (void)host, (void)buffer, (void)buflen;
    return absent(errnop, herrnop);
}

static enum nss_status
absentByAddr2(const void *addr, socklen_t len, int af, struct hostent *host, char *buffer,
              size_t buflen, int *errnop, int *herrnop, int32_t *ttlp)
{
    (void)addr, (void)len, (void)af, (void)host, (void)buffer, (void)buflen, (void)ttlp;
    return absent(errnop, herrnop);
}

static enum nss_status
absentSetEnt(int stayOpen)
{
    (void)stayOpen;
    return NSS_STATUS_UNAVAIL;
}

static enum nss_status
absentGetEnt(struct hostent *host, char *buffer, size_t buflen, int *errnop, int *herrnop)
{
    (void)host, (void)buffer, (void)buflen;
    return absent(errnop, herrnop);
}

static enum nss_status
absentEndEnt(void)
{
    return NSS_STATUS_UNAVAIL;
}

static gpointer
moduleSymbol(gpointer handle, const char *service, const char *function)
{
    g_autofree char *name = g_strdup_printf("_nss_%s_%s", service, function);

    return dlsym(handle, name);
}

/* libvirt's own modules have neither look-ups by address nor a list. */
static void
loadWhatMayBeAbsent(struct nssModule *module, const char *service)
{
    module->byAddr = moduleSymbol(module->handle, service, "gethostbyaddr_r");
    module->hasReverse = module->byAddr != NULL;
    if (module->hasReverse) {
        module->byAddr2 = moduleSymbol(module->handle, service, "gethostbyaddr2_r");
        module->setEnt = moduleSymbol(module->handle, service, "sethostent");
        module->getEnt = moduleSymbol(module->handle, service, "gethostent_r");
        module->endEnt = moduleSymbol(module->handle, service, "endhostent");
    } else {
        module->byAddr = absentByAddr;
        module->byAddr2 = absentByAddr2;
        module->setEnt = absentSetEnt;
        module->getEnt = absentGetEnt;
        module->endEnt = absentEndEnt;
    }
}

struct nssModule *
nssShimLoad(const char *folder, const char *service)
{
    g_autofree char *path = g_strdup_printf("%s/libnss_%s.so.2", folder, service);
    struct nssModule *module = g_new0(struct nssModule, 1);
    gpointer handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    if (!handle)
        g_error("%s", dlerror());
    module->handle = handle;
    module->byName = moduleSymbol(handle, service, "gethostbyname_r");
    module->byName2 = moduleSymbol(handle, service, "gethostbyname2_r");
    module->byName3 = moduleSymbol(handle, service, "gethostbyname3_r");
    module->byName4 = moduleSymbol(handle, service, "gethostbyname4_r");
    loadWhatMayBeAbsent(module, service);
    return module;
}

const struct nssModule *
nssShimModule(const char *service)
{
    static GHashTable *modules;
    struct nssModule *module;

    if (!modules)
        modules = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (!(module = g_hash_table_lookup(modules, service))) {
        module = nssShimLoad(moduleFolder(), service);
        g_hash_table_insert(modules, g_strdup(service), module);
    }
    return module;
}

static const char *
statusName(enum nss_status status)
{
    switch (status) {
    case NSS_STATUS_TRYAGAIN:
        return "TRYAGAIN";
    case NSS_STATUS_UNAVAIL:
        return "UNAVAIL";
    case NSS_STATUS_NOTFOUND:
        return "NOTFOUND";
    case NSS_STATUS_SUCCESS:
        return "SUCCESS";
    case NSS_STATUS_RETURN:
    default:
        return "(odd status)";
    }
}

static const char *
herrorName(int herror)
{
    switch (herror) {
    case NETDB_INTERNAL:
        return "NETDB_INTERNAL";
    case NETDB_SUCCESS:
        return "NETDB_SUCCESS";
    case HOST_NOT_FOUND:
        return "HOST_NOT_FOUND";
    case TRY_AGAIN:
        return "TRY_AGAIN";
    case NO_RECOVERY:
        return "NO_RECOVERY";
    case NO_DATA:
        return "NO_DATA";
    default:
        return "(odd h_errno)";
    }
}

static void
tellAddress(GString *words, int family, const void *bytes)
{
    char text[INET6_ADDRSTRLEN];

    g_string_append_printf(words, " %s",
                           inet_ntop(family, bytes, text, sizeof(text)) ? text : "(odd family)");
}

char *
nssShimTell(enum nss_status status, const struct gaih_addrtuple *tuples, const struct hostent *host,
            int error, int herror)
{
    GString *words = g_string_new(statusName(status));
    size_t i;

    if (status != NSS_STATUS_SUCCESS) {
        g_string_append_printf(words, " %s %s", strerrorname_np(error), herrorName(herror));
        return g_string_free(words, FALSE);
    }
    for (; tuples; tuples = tuples->next)
        tellAddress(words, tuples->family, tuples->addr);
    for (i = 0; host && host->h_addr_list[i]; i++)
        tellAddress(words, host->h_addrtype, host->h_addr_list[i]);
    if (herror != NETDB_SUCCESS)
        g_string_append_printf(words, " with %s", herrorName(herror));
    return g_string_free(words, FALSE);
}

/* One service, with a buffer that grows as in glibc. */
static enum nss_status
askService(const struct nssModule *module, const char *name, int family, char **words)
{
    size_t size = FIRST_BUFFER;
    g_autofree char *buffer = g_malloc(size);
    enum nss_status status;

    while (TRUE) {
        struct gaih_addrtuple first;
        struct gaih_addrtuple *tuples = &first;
        struct hostent host;
        int herror = NETDB_INTERNAL;
        int error;

        errno = 0;
        if (family == AF_UNSPEC)
            status = module->byName4(name, &tuples, buffer, size, &errno, &herror, NULL);
        else
            status = module->byName2(name, family, &host, buffer, size, &errno, &herror);
        error = errno;
        if (status != NSS_STATUS_TRYAGAIN || error != ERANGE || herror != NETDB_INTERNAL) {
            g_free(*words);
            *words = nssShimTell(status, family == AF_UNSPEC ? tuples : NULL,
                                 family == AF_UNSPEC ? NULL : &host, error, herror);
            return status;
        }
        size *= 2;
        g_free(buffer);
        buffer = g_malloc(size);
    }
}

/* Whether "[STATUS=return]" with this status stands in @action. Success returns by itself. */
static gboolean
actionReturns(const char *action, enum nss_status status)
{
    g_autofree char *wanted = g_strdup_printf("%s=return", statusName(status));

    return strstr(action, wanted) != NULL;
}

char *
nssShimLookup(const char *hosts, const char *name, int family)
{
    g_auto(GStrv) entries = g_strsplit(hosts, " ", -1);
    enum nss_status status = NSS_STATUS_UNAVAIL;
    char *words = g_strdup("no service asked");
    size_t i;

    for (i = 0; entries[i]; i++) {
        if (entries[i][0] == '[') {
            if (actionReturns(entries[i], status))
                break;
            continue;
        }
        status = askService(nssShimModule(entries[i]), name, family, &words);
        if (status == NSS_STATUS_SUCCESS)
            break;
    }
    return words;
}

char *
nssShimReverse(const char *service, const char *text)
{
    const struct nssModule *module = nssShimModule(service);
    const int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    unsigned char bytes[16];
    g_autofree char *buffer = g_malloc(FIRST_BUFFER * 16);
    struct hostent host;
    int herror = NETDB_INTERNAL;
    enum nss_status status;
    GString *words;
    size_t i;

    g_assert_cmpint(inet_pton(family, text, bytes), ==, 1);
    errno = 0;
    status = module->byAddr2(bytes, family == AF_INET ? 4 : 16, family, &host, buffer,
                             FIRST_BUFFER * 16, &errno, &herror, NULL);
    if (status != NSS_STATUS_SUCCESS)
        return nssShimTell(status, NULL, NULL, errno, herror);
    words = g_string_new("SUCCESS ");
    g_string_append(words, host.h_name);
    for (i = 0; host.h_aliases[i]; i++)
        g_string_append_printf(words, " %s", host.h_aliases[i]);
    g_assert_cmpint(host.h_addrtype, ==, family);
    g_assert_cmpmem(host.h_addr_list[0], host.h_length, bytes, family == AF_INET ? 4 : 16);
    g_assert_null(host.h_addr_list[1]);
    return g_string_free(words, FALSE);
}

char *
nssShimList(const char *service, size_t size)
{
    const struct nssModule *module = nssShimModule(service);
    g_autofree char *buffer = g_malloc(size);
    GString *words = g_string_new(NULL);
    enum nss_status status;

    module->setEnt(0);
    while (TRUE) {
        struct hostent host;
        int herror = NETDB_INTERNAL;
        g_autofree char *told = NULL;

        errno = 0;
        status = module->getEnt(&host, buffer, size, &errno, &herror);
        if (status == NSS_STATUS_TRYAGAIN && errno == ERANGE) {
            size += 16;
            g_free(buffer);
            buffer = g_malloc(size);
            continue;
        }
        told = nssShimTell(status, NULL, &host, errno, herror);
        if (status != NSS_STATUS_SUCCESS) {
            g_string_append(words, told);
            module->endEnt();
            return g_string_free(words, FALSE);
        }
        g_string_append_printf(words, "%s %s; ", told + strlen("SUCCESS "), host.h_name);
        g_assert_null(host.h_aliases[0]);
    }
}
