/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* The entry points that list all hosts. There is one list a process, as for any service of glibc:
 * taken at the first question, told entry by entry, and freed at its end or by endhostent. */

#include <config.h>

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef NSS_HELGRIND
/* It does not know what an atomic variable is, nor that this one is a lock. */
#include <valgrind/helgrind.h>
#else
#define ANNOTATE_RWLOCK_ACQUIRED(lock, isWriter)
#define ANNOTATE_RWLOCK_RELEASED(lock, isWriter)
#endif

#include "libvirt_nss.h"
#include "libvirt_nss_buffer.h"
#include "libvirt_nss_status.h"

struct nssList {
    struct virNames names;
    size_t next; /* the entry that is to be told */
};

/* All that the modules keep between two calls. */
static struct {
    /* The process whose thread is at the rest; 0: nobody. A mutex would stay locked for ever in a
     * process that was forked off meanwhile. */
    atomic_int holder;
    bool ended; /* the list has been told */
    struct nssList *list;
} nssState;

static void
nssEnter(int *cancelState)
{
    const int self = getpid();

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, cancelState);
    while (true) {
        int holder = 0;

        if (atomic_compare_exchange_strong(&nssState.holder, &holder, self)) {
            ANNOTATE_RWLOCK_ACQUIRED(&nssState.holder, 1);
            return;
        }
        /* A thread of the process that this one was forked off from: it is not here to go on, and
         * what it was doing to the list is not known. */
        if (holder != self && atomic_compare_exchange_strong(&nssState.holder, &holder, self)) {
            nssState.list = NULL;
            return;
        }
        sched_yield();
    }
}

static void
nssLeave(int cancelState)
{
    ANNOTATE_RWLOCK_RELEASED(&nssState.holder, 1);
    atomic_store(&nssState.holder, 0);
    pthread_setcancelstate(cancelState, NULL);
}

static void
nssFreeList(void)
{
    if (nssState.list)
        virNamesClear(&nssState.list->names);
    free(nssState.list);
    nssState.list = NULL;
}

static enum nss_status
nssRestart(void)
{
    int cancelState;

    nssEnter(&cancelState);
    nssFreeList();
    nssState.ended = false;
    nssLeave(cancelState);
    return NSS_STATUS_SUCCESS;
}

static enum nss_status
nssMakeList(int *errnop, int *herrnop)
{
    struct nssList *list = malloc(sizeof(*list));
    enum nss_status status;

    if (!list)
        return nssFail(NSS_STATUS_TRYAGAIN, ENOMEM, NETDB_INTERNAL, errnop, herrnop);
    list->next = 0;
    nssState.list = list;
    status = nssStatus(nssRun(&list->names, virNamesAll, (struct virNamesQuery){ 0 }), &list->names,
                       errnop, herrnop);
    if (status != NSS_STATUS_SUCCESS)
        nssFreeList();
    return status;
}

static enum nss_status
nssNext(struct hostent *host, char *buffer, size_t buflen, int *errnop, int *herrnop)
{
    struct nssBuffer space = { buffer, buflen };
    struct nssList *list;

    if (!nssState.list && !nssState.ended) {
        enum nss_status status = nssMakeList(errnop, herrnop);

        if (status != NSS_STATUS_SUCCESS)
            return status;
    }
    list = nssState.list;
    if (!list || list->next == list->names.nentries) {
        nssFreeList();
        nssState.ended = true;
        return nssFail(NSS_STATUS_NOTFOUND, ENOENT, HOST_NOT_FOUND, errnop, herrnop);
    }
    if (!nssPackEntries(&space, host, &list->names, list->next, 1))
        return nssTooSmall(errnop, herrnop);
    list->next++;
    return NSS_STATUS_SUCCESS;
}

NSS_EXPORT enum nss_status
NSS_NAME(sethostent)(int stayOpen)
{
    (void)stayOpen;
    return nssRestart();
}

NSS_EXPORT enum nss_status
NSS_NAME(endhostent)(void)
{
    return nssRestart();
}

NSS_EXPORT enum nss_status
NSS_NAME(gethostent_r)(struct hostent *host, char *buffer, size_t buflen, int *errnop, int *herrnop)
{
    int savedErrno = errno;
    enum nss_status status;
    int cancelState;

    nssEnter(&cancelState);
    status = nssNext(host, buffer, buflen, errnop, herrnop);
    nssLeave(cancelState);
    return status == NSS_STATUS_SUCCESS ? nssSucceed(savedErrno, NULL, herrnop) : status;
}
