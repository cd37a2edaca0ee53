/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namestrail.h"

#include <glib/gi18n.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "namescommand.h"
#include "namesnotes.h"
#include "virnames.h"

static void
freeStep(gpointer data)
{
    struct namesStep *step = data;

    g_clear_pointer(&step->module, namesModuleClose);
    g_clear_pointer(&step->answer, namesAnswerFree);
    g_clear_pointer(&step->notes, g_ptr_array_unref);
    g_free(step);
}

static enum namesStatus
statusOf(enum virNamesResult result)
{
    switch (result) {
    case VIR_NAMES_FOUND:
        return NAMES_STATUS_SUCCESS;
    case VIR_NAMES_TRY_AGAIN:
        return NAMES_STATUS_TRYAGAIN;
    case VIR_NAMES_UNAVAILABLE:
        return NAMES_STATUS_UNAVAIL;
    case VIR_NAMES_UNKNOWN:
    case VIR_NAMES_OTHER_FAMILY:
    default:
        return NAMES_STATUS_NOTFOUND;
    }
}

/* What our module answers, from the files of @folder, and why. */
static namesAnswer *
askEngine(const namesTrail *trail, const char *service, const char *folder, gint64 now,
          GPtrArray *notes)
{
    const struct virNamesTracer tracer = { namesNotesHear, notes };
    const struct virNamesQuery query = {
        .folder = folder,
        .service = strcmp(service, NAMES_SERVICE_GUEST) == 0 ? VIR_NAMES_LIBVIRT_GUEST
                                                             : VIR_NAMES_LIBVIRT,
        .name = trail->question,
        .family = AF_UNSPEC,
        .now = now,
        .tracer = &tracer,
        .addr = trail->addr,
    };
    g_autofree struct virNames *names = g_new(struct virNames, 1);
    enum virNamesResult result = trail->isAddress ? virNamesByAddress(names, &query)
                                                  : virNamesByName(names, &query);
    namesAnswer *answer = namesAnswerNew(statusOf(result));
    size_t i;

    for (i = 0; i < names->nanswers; i++)
        namesAnswerAddAddress(answer, &names->answers[i].addr);
    for (i = 0; i < names->nentries; i++)
        namesAnswerAddName(answer, virNamesGetEntry(names, i)->name);
    virNamesClear(names);
    namesNotesFinish(notes, query.service == VIR_NAMES_LIBVIRT_GUEST && !trail->isAddress);
    return answer;
}

static namesAnswer *
askModule(const namesTrail *trail, const namesModule *module)
{
    return trail->isAddress ? namesModuleByAddress(module, &trail->addr)
                            : namesModuleByName(module, trail->question);
}

/* Our service: its answer is that of the installed module, unless a @folder is given. */
static void
askOurs(const namesTrail *trail, struct namesStep *step, const char *folder, gint64 now)
{
    namesAnswer *installed = NULL;

    step->notes = namesNotesNew();
    step->answer = askEngine(trail, step->service, namesLeaseDir(folder), now, step->notes);
    if (folder)
        return;
    step->module = namesModuleOpen(step->service);
    if (!step->isConfigured)
        return;
    installed = askModule(trail, step->module);
    step->differs = step->module->handle && !namesAnswerEqual(step->answer, installed);
    namesAnswerFree(step->answer);
    step->answer = installed;
}

static struct namesStep *
addStep(namesTrail *trail, const char *service)
{
    struct namesStep *step = g_new0(struct namesStep, 1);

    step->service = service;
    step->isOurs = namesSwitchIsOurs(service);
    g_ptr_array_add(trail->steps, step);
    return step;
}

/* A service of the hosts line. */
static void
takeStep(namesTrail *trail, const struct namesService *service, const char *folder, gint64 now)
{
    struct namesStep *step = addStep(trail, service->name);

    step->isConfigured = true;
    step->isAsked = !trail->endedBy;
    if (step->isOurs) {
        askOurs(trail, step, folder, now);
    } else if (step->isAsked) {
        step->module = namesModuleOpen(step->service);
        step->answer = askModule(trail, step->module);
    }
    if (!step->isAsked)
        return;
    step->action = service->actions[step->answer->status];
    if (step->action != NAMES_ACTION_CONTINUE)
        trail->endedBy = step->service;
}

static bool
hasStep(const namesTrail *trail, const char *service)
{
    guint i;

    for (i = 0; i < trail->steps->len; i++) {
        const struct namesStep *step = trail->steps->pdata[i];

        if (strcmp(step->service, service) == 0)
            return true;
    }
    return false;
}

static void
takeSocketAddress(namesAnswer *answer, const struct addrinfo *info)
{
    struct virSocketAddr addr = { .family = info->ai_family };

    if (info->ai_family == AF_INET) {
        const struct sockaddr_in *ipv4 = (const void *)info->ai_addr;

        memcpy(addr.bytes, &ipv4->sin_addr, sizeof(ipv4->sin_addr));
    } else {
        const struct sockaddr_in6 *ipv6 = (const void *)info->ai_addr;

        memcpy(addr.bytes, &ipv6->sin6_addr, sizeof(ipv6->sin6_addr));
    }
    namesAnswerAddAddress(answer, &addr);
}

/* What a result of getaddrinfo(3) or getnameinfo(3) says: of most that the name is not found, of
 * these that it is not known whether it could be. */
static enum namesStatus
resultStatus(int result)
{
    if (result == 0)
        return NAMES_STATUS_SUCCESS;
    return result == EAI_MEMORY || result == EAI_SYSTEM ? NAMES_STATUS_TRYAGAIN
                                                        : NAMES_STATUS_NOTFOUND;
}

namesAnswer *
namesTrailResolve(const char *name, char **error)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    namesAnswer *answer = namesAnswerNew(NAMES_STATUS_NOTFOUND);
    struct addrinfo *found = NULL;
    const struct addrinfo *info;
    int result = getaddrinfo(name, NULL, &hints, &found);

    *error = result == 0 ? NULL : g_strdup(gai_strerror(result));
    answer->status = resultStatus(result);
    for (info = found; info; info = info->ai_next)
        takeSocketAddress(answer, info);
    if (found)
        freeaddrinfo(found);
    return answer;
}

static namesAnswer *
nameAddress(const struct virSocketAddr *addr, char **error)
{
    struct sockaddr_in ipv4 = { .sin_family = AF_INET };
    struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6 };
    const bool isIpv4 = addr->family == AF_INET;
    namesAnswer *answer = namesAnswerNew(NAMES_STATUS_NOTFOUND);
    char name[NI_MAXHOST];
    int result;

    memcpy(&ipv4.sin_addr, addr->bytes, sizeof(ipv4.sin_addr));
    memcpy(&ipv6.sin6_addr, addr->bytes, sizeof(ipv6.sin6_addr));
    result = getnameinfo(isIpv4 ? (const struct sockaddr *)&ipv4 : (const struct sockaddr *)&ipv6,
                         isIpv4 ? sizeof(ipv4) : sizeof(ipv6), name, sizeof(name), NULL, 0,
                         NI_NAMEREQD);
    *error = result == 0 ? NULL : g_strdup(gai_strerror(result));
    answer->status = resultStatus(result);
    if (result == 0)
        namesAnswerAddName(answer, name);
    return answer;
}

/* Whether one of ours has the answer. */
static bool
oursFound(const namesTrail *trail)
{
    guint i;

    for (i = 0; i < trail->steps->len; i++) {
        const struct namesStep *step = trail->steps->pdata[i];

        if (step->isOurs && step->answer->status == NAMES_STATUS_SUCCESS)
            return true;
    }
    return false;
}

/* What programs get, unless this program would crash over it as well. */
static void
takeResult(namesTrail *trail, const struct namesSwitch *hosts)
{
    guint i;

    if (namesSwitchIsEmpty(hosts)) {
        trail->result = namesAnswerNew(NAMES_STATUS_UNAVAIL);
        trail->error = g_strdup(_("there is no service to ask, and programs may crash"));
        return;
    }

    for (i = 0; i < trail->steps->len; i++) {
        const struct namesStep *step = trail->steps->pdata[i];

        if (!step->isAsked || !step->module || !step->module->crashes)
            continue;
        trail->result = namesAnswerNew(NAMES_STATUS_UNAVAIL);
        trail->error = g_strdup_printf(C_("about", "%s: %s"), step->service, step->module->error);
        return;
    }
    trail->result = trail->isAddress ? nameAddress(&trail->addr, &trail->error)
                                     : namesTrailResolve(trail->question, &trail->error);
}

namesTrail *
namesTrailFollow(const struct namesSwitch *hosts, const char *question, const char *folder,
                 gint64 now)
{
    const char *const *ours;
    namesTrail *trail = g_new0(namesTrail, 1);
    guint i;

    trail->question = question;
    trail->isAddress = virSocketAddrParse(&trail->addr, question, strlen(question));
    trail->steps = g_ptr_array_new_with_free_func(freeStep);
    for (i = 0; i < hosts->services->len; i++)
        takeStep(trail, namesSwitchGet(hosts, i), folder, now);
    for (ours = namesSwitchOurs; *ours; ours++) {
        if (!hasStep(trail, *ours))
            askOurs(trail, addStep(trail, *ours), folder, now);
    }
    takeResult(trail, hosts);
    trail->found = folder ? oursFound(trail) : trail->result->status == NAMES_STATUS_SUCCESS;
    return trail;
}

void
namesTrailFree(namesTrail *trail)
{
    g_ptr_array_unref(trail->steps);
    namesAnswerFree(trail->result);
    g_free(trail->error);
    g_free(trail);
}
