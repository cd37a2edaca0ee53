/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namesmodule.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <netdb.h>
#include <nss.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "namesoutput.h"
#include "namestext.h"

/* More than any module wants for an answer that can be of use here */
#define ANSWER_MAX (16 * 1024 * 1024)

/* ---- loading ---- */

/* In a child: tells @fd why it cannot be loaded, or nothing but a NUL. */
static _Noreturn void
load(const char *file, int fd)
{
    const struct rlimit noCore = { 0, 0 };
    const char *error = "";

    setrlimit(RLIMIT_CORE, &noCore);
    /* cppcheck-suppress leakReturnValNotUsed; this process ends at once */
    if (!dlopen(file, RTLD_NOW | RTLD_LOCAL))
        error = dlerror();
    _exit(write(fd, error, strlen(error) + 1) > 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* What a child has told; free with g_free(). */
static char *
hear(int fd, bool *crashes)
{
    char heard[4096];
    GString *text = g_string_new(NULL);
    ssize_t got;

    while ((got = TEMP_FAILURE_RETRY(read(fd, heard, sizeof(heard)))) > 0)
        g_string_append_len(text, heard, got);
    /* Such as a file that was cut off when the disk was full: what lacks is missed when it is used.
     * The exit status is not to be relied on, as it is valgrind's where that runs. */
    *crashes = text->len == 0;
    if (*crashes)
        g_string_append(text, _("every program that loads it crashes"));
    return g_string_free(text, FALSE);
}

char *
namesModuleTry(const char *file, bool *crashes)
{
    char *error;
    int fds[2];
    pid_t child;

    *crashes = false;
    if (pipe2(fds, O_CLOEXEC) < 0)
        return g_strdup(g_strerror(errno));
    /* What is not written yet is not to be written by both */
    namesOutputFlush();
    child = fork();
    if (child == 0)
        load(file, fds[1]);
    close(fds[1]);
    error = child < 0 ? g_strdup(g_strerror(errno)) : hear(fds[0], crashes);
    close(fds[0]);
    if (child > 0)
        TEMP_FAILURE_RETRY(waitpid(child, NULL, 0));
    if (!*error)
        g_clear_pointer(&error, g_free);
    return error;
}

namesModule *
namesModuleOpen(const char *service)
{
    namesModule *module = g_new0(namesModule, 1);
    g_autofree char *file = g_strdup_printf("libnss_%s.so.2", service);
    Dl_info info;
    void *symbol;

    module->service = g_strdup(service);
    module->error = namesModuleTry(file, &module->crashes);
    if (module->error)
        return module;
    module->handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!module->handle) {
        module->error = g_strdup(dlerror());
        return module;
    }
    symbol = dlsym(module->handle, "_nss_module_init");
    if (!symbol) {
        g_autofree char *name = g_strdup_printf("_nss_%s_gethostbyname_r", service);

        symbol = dlsym(module->handle, name);
    }
    if (symbol && dladdr(symbol, &info) && g_str_has_suffix(info.dli_fname, file))
        module->path = g_strdup(info.dli_fname);
    return module;
}

void
namesModuleClose(namesModule *module)
{
    if (module->handle)
        dlclose(module->handle);
    g_free(module->path);
    g_free(module->error);
    g_free(module->service);
    g_free(module);
}

static void *
findFunction(const namesModule *module, const char *function)
{
    g_autofree char *name = g_strdup_printf("_nss_%s_%s", module->service, function);

    return module->handle ? dlsym(module->handle, name) : NULL;
}

bool
namesModuleHas(const namesModule *module, const char *function)
{
    return findFunction(module, function) != NULL;
}

/* ---- answers ---- */

namesAnswer *
namesAnswerNew(enum namesStatus status)
{
    namesAnswer *answer = g_new0(namesAnswer, 1);

    answer->status = status;
    answer->addresses = g_array_new(FALSE, FALSE, sizeof(struct virSocketAddr));
    answer->names = g_ptr_array_new_with_free_func(g_free);
    answer->isThere = g_hash_table_new_full(namesTextAddressHash, namesTextAddressEqual, g_free,
                                            NULL);
    answer->isCalled = g_hash_table_new(g_str_hash, g_str_equal);
    return answer;
}

void
namesAnswerFree(namesAnswer *answer)
{
    g_hash_table_unref(answer->isThere);
    g_hash_table_unref(answer->isCalled);
    g_array_unref(answer->addresses);
    g_ptr_array_unref(answer->names);
    g_free(answer);
}

bool
namesAnswerHasAddress(const namesAnswer *answer, const struct virSocketAddr *addr)
{
    return g_hash_table_contains(answer->isThere, addr);
}

void
namesAnswerAddAddress(namesAnswer *answer, const struct virSocketAddr *addr)
{
    if (namesAnswerHasAddress(answer, addr))
        return;
    g_array_append_vals(answer->addresses, addr, 1);
    g_hash_table_add(answer->isThere, g_memdup2(addr, sizeof(*addr)));
}

void
namesAnswerAddName(namesAnswer *answer, const char *name)
{
    char *added;

    if (g_hash_table_contains(answer->isCalled, name))
        return;
    added = g_strdup(name);
    g_ptr_array_add(answer->names, added);
    g_hash_table_add(answer->isCalled, added);
}

bool
namesAnswerEqual(const namesAnswer *a, const namesAnswer *b)
{
    guint i;

    if (a->status != b->status || a->addresses->len != b->addresses->len ||
        a->names->len != b->names->len)
        return false;
    for (i = 0; i < a->addresses->len; i++) {
        if (!namesAnswerHasAddress(b, &g_array_index(a->addresses, struct virSocketAddr, i)))
            return false;
    }
    for (i = 0; i < a->names->len; i++) {
        if (!g_hash_table_contains(b->isCalled, a->names->pdata[i]))
            return false;
    }
    return true;
}

/* ---- asking ---- */

/* One question to one entry point, into a buffer. */
struct question {
    const char *name;
    const struct virSocketAddr *addr;
    int family;
    nss_gethostbyname4_r *byName4;
    nss_gethostbyname2_r *byName2;
    nss_gethostbyaddr_r *byAddr;
};

static void
takeTuples(namesAnswer *answer, const struct gaih_addrtuple *tuple)
{
    for (; tuple; tuple = tuple->next) {
        struct virSocketAddr addr = { .family = tuple->family };

        memcpy(addr.bytes, tuple->addr, virSocketAddrLength(tuple->family));
        namesAnswerAddAddress(answer, &addr);
    }
}

static void
takeHost(namesAnswer *answer, const struct question *question, const struct hostent *host)
{
    char **item;

    if (question->byAddr) {
        namesAnswerAddName(answer, host->h_name);
        for (item = host->h_aliases; *item; item++)
            namesAnswerAddName(answer, *item);
        return;
    }
    for (item = host->h_addr_list; *item; item++) {
        struct virSocketAddr addr = { .family = host->h_addrtype };

        memcpy(addr.bytes, *item, virSocketAddrLength(host->h_addrtype));
        namesAnswerAddAddress(answer, &addr);
    }
}

static enum nss_status
askOnce(namesAnswer *answer, const struct question *question, char *buffer, size_t size, int *error)
{
    struct gaih_addrtuple *tuples = NULL;
    struct hostent host;
    int hostError;
    enum nss_status status;

    if (question->byName4) {
        status = question->byName4(question->name, &tuples, buffer, size, error, &hostError, NULL);
        if (status == NSS_STATUS_SUCCESS)
            takeTuples(answer, tuples);
        return status;
    }
    status = question->byName2
                 ? question->byName2(question->name, question->family, &host, buffer, size, error,
                                     &hostError)
                 : question->byAddr(question->addr->bytes,
                                    virSocketAddrLength(question->addr->family),
                                    question->addr->family, &host, buffer, size, error, &hostError);
    if (status == NSS_STATUS_SUCCESS)
        takeHost(answer, question, &host);
    return status;
}

/* Asks with a buffer that grows for as long as the module finds it too small, as glibc does. */
static enum namesStatus
ask(namesAnswer *answer, const struct question *question)
{
    size_t size = 1024;

    while (true) {
        g_autofree char *buffer = g_malloc(size);
        int error = 0;
        enum nss_status status = askOnce(answer, question, buffer, size, &error);

        if (status == NSS_STATUS_TRYAGAIN && error == ERANGE && size < ANSWER_MAX) {
            size *= 2;
            continue;
        }
        switch ((int)status) {
        case NSS_STATUS_SUCCESS:
            return NAMES_STATUS_SUCCESS;
        case NSS_STATUS_NOTFOUND:
            return NAMES_STATUS_NOTFOUND;
        case NSS_STATUS_TRYAGAIN:
            return NAMES_STATUS_TRYAGAIN;
        default:
            return NAMES_STATUS_UNAVAIL;
        }
    }
}

namesAnswer *
namesModuleByName(const namesModule *module, const char *name)
{
    static const int families[] = { AF_INET, AF_INET6 };
    namesAnswer *answer = namesAnswerNew(NAMES_STATUS_UNAVAIL);
    struct question question = { .name = name };
    size_t i;

    question.byName4 = findFunction(module, "gethostbyname4_r");
    if (question.byName4) {
        answer->status = ask(answer, &question);
        return answer;
    }
    question.byName2 = findFunction(module, "gethostbyname2_r");
    for (i = 0; question.byName2 && i < G_N_ELEMENTS(families); i++) {
        enum namesStatus status;

        question.family = families[i];
        status = ask(answer, &question);
        if (i == 0 || status == NAMES_STATUS_SUCCESS)
            answer->status = status;
    }
    return answer;
}

namesAnswer *
namesModuleByAddress(const namesModule *module, const struct virSocketAddr *addr)
{
    namesAnswer *answer = namesAnswerNew(NAMES_STATUS_UNAVAIL);
    struct question question = { .addr = addr };

    question.byAddr = findFunction(module, "gethostbyaddr_r");
    if (question.byAddr)
        answer->status = ask(answer, &question);
    return answer;
}
