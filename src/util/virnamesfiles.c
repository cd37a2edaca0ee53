/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "vircleanup.h"
#include "virhostname.h"
#include "virjsonarray.h"
#include "virnamespriv.h"

/* Two windows in one stack frame would be more than a lookup may use. */
#define VIR_NAMES_OWN_FRAME __attribute__((noinline))

void
virNamesTell(const struct virNamesSearch *search, struct virNamesNote note)
{
    if (!note.file)
        note.file = search->file;
    if (search->query->tracer)
        search->query->tracer->note(&note, search->query->tracer->opaque);
}

/* Errors that say nothing about a file but all about the process: another call may fare better. */
static bool
virNamesIsTemporary(int error)
{
    return error == -ENOMEM || error == -EMFILE || error == -ENFILE || error == -EAGAIN;
}

enum virNamesResult
virNamesFail(struct virNames *names, int error)
{
    names->error = error;
    return virNamesIsTemporary(error) ? VIR_NAMES_TRY_AGAIN : VIR_NAMES_UNAVAILABLE;
}

int
virNamesOpen(struct virNames *names, struct virNamesSearch *search,
             const struct virNamesQuery *query)
{
    int error;

    *search = (struct virNamesSearch){ .query = query, .scratch = &names->scratch };
    virScratchInit(&names->scratch);
    names->answers = NULL;
    names->nanswers = 0;
    names->entries = NULL;
    names->nentries = 0;
    names->error = 0;
    if ((error = virLeaseDirOpen(&search->dir, query->folder, &names->scratch)) < 0)
        virNamesTell(search,
                     (struct virNamesNote){ .kind = VIR_NAMES_NOTE_FOLDER_FAILED, .error = error });
    return error;
}

static int
virNamesHandleSpan(struct virNamesSearch *search, struct virJsonArray *array,
                   const struct virJsonSpan *span, size_t workspaceSize, virNamesHandler handle)
{
    size_t buffered = virJsonArrayNeedsBuffer(array, span) ? span->len : 0;
    unsigned char *workspace;
    const char *text;

    if (!(workspace = virScratchReserve(search->scratch, workspaceSize + buffered)))
        return -ENOMEM;
    if (!(text = virJsonArrayText(array, span, (char *)workspace + workspaceSize)))
        return -EINVAL;
    return handle(search, text, span->len, workspace);
}

/* Opens search->file; a negative errno if that ends the lookup, a positive one if the file is
 * passed over. */
static int
virNamesOpenFile(const struct virNamesSearch *search, int *fd, uint64_t *size)
{
    *fd = virLeaseDirOpenFile(search->dir.fd, search->file, size);
    if (*fd >= 0)
        return 0;
    virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_FILE_FAILED, .error = *fd });
    return virNamesIsTemporary(*fd) ? *fd : -*fd;
}

/* What remains to be said of a file that has been read, up to an @error. */
static int
virNamesEndFile(const struct virNamesSearch *search, int error)
{
    if (error < 0)
        virNamesTell(search,
                     (struct virNamesNote){ .kind = VIR_NAMES_NOTE_FILE_FAILED, .error = error });
    return virNamesIsTemporary(error) ? error : 0;
}

static int VIR_NAMES_OWN_FRAME
virNamesReadArray(struct virNamesSearch *search, const struct virSearch *wanted,
                  size_t (*workspace)(size_t len), virNamesHandler handle)
{
    struct virJsonArray array;
    struct virJsonSpan span;
    uint64_t size;
    VIR_AUTOCLOSE fd = -1;
    int result = virNamesOpenFile(search, &fd, &size);

    if (result != 0)
        return result < 0 ? result : 0;
    /* Who listens hears of every record. */
    virJsonArrayInit(&array, fd, size, search->query->tracer ? NULL : wanted);
    while (virJsonArrayNext(&array, &span)) {
        /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): every task for arrays has it */
        result = virNamesHandleSpan(search, &array, &span, workspace(span.len), handle);
        if (virNamesIsTemporary(result))
            return result;
        if (result == -EBADMSG)
            virJsonArrayReject(&array, &span);
        if (result < 0)
            virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_NOT_A_RECORD,
                                                        .offset = span.offset });
    }
    if (array.error == 0 && array.damage != VIR_JSON_UNDAMAGED)
        virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_FILE_DAMAGED,
                                                    .offset = array.damage });
    return virNamesEndFile(search, array.error);
}

static int VIR_NAMES_OWN_FRAME
virNamesReadLines(struct virNamesSearch *search, virNamesHostsHandler handle)
{
    struct virHosts hosts;
    struct virHostsLine line;
    uint64_t size;
    VIR_AUTOCLOSE fd = -1;
    int result = virNamesOpenFile(search, &fd, &size);

    if (result != 0)
        return result < 0 ? result : 0;
    /* Most networks have none; the file is there all the same. */
    if (size == 0)
        return 0;
    virHostsInit(&hosts, fd);
    while (virHostsNext(&hosts, &line)) {
        if ((result = handle(search, &line)) < 0)
            return result;
    }
    if (hosts.tooLong != UINT64_MAX)
        virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_NOT_A_RECORD,
                                                    .offset = hosts.tooLong });
    return virNamesEndFile(search, hosts.error);
}

/* What is to be done with each file of a kind. */
struct virNamesTask {
    enum virLeaseFileKind kind;
    const struct virSearch *wanted;
    size_t (*workspace)(size_t len);
    virNamesHandler handle;
    virNamesHostsHandler handleHosts; /* in place of the three above */
};

static int
virNamesReadFiles(struct virNamesSearch *search, const struct virNamesTask *task)
{
    char name[256]; /* NAME_MAX and NUL: scratch, where the listing is, may move while a file is
                       read */
    size_t cursor = 0;
    const char *next;
    int result = 0;

    while (result == 0 && (next = virLeaseDirNext(&search->dir, task->kind, &cursor))) {
        memcpy(name, next, strlen(next) + 1);
        search->file = name;
        search->fileOffset = (const unsigned char *)next - search->scratch->base;
        result = task->handleHosts
                     ? virNamesReadLines(search, task->handleHosts)
                     : virNamesReadArray(search, task->wanted, task->workspace, task->handle);
    }
    search->file = NULL;
    return result;
}

int
virNamesReadStatus(struct virNamesSearch *search, const struct virSearch *wanted,
                   virNamesHandler handle)
{
    const struct virNamesTask task = { VIR_LEASE_FILE_STATUS, wanted, virLeaseWorkspace, handle,
                                       NULL };

    return virNamesReadFiles(search, &task);
}

int
virNamesReadMacs(struct virNamesSearch *search, const struct virSearch *wanted,
                 virNamesHandler handle)
{
    const struct virNamesTask task = { VIR_LEASE_FILE_MACS, wanted, virMacMapWorkspace, handle,
                                       NULL };

    return virNamesReadFiles(search, &task);
}

int
virNamesReadHosts(struct virNamesSearch *search, virNamesHostsHandler handle)
{
    const struct virNamesTask task = { .kind = VIR_LEASE_FILE_HOSTS, .handleHosts = handle };

    return virNamesReadFiles(search, &task);
}

int
virNamesAddAnswer(struct virNamesSearch *search, const struct virNamesAnswer *answer)
{
    struct virNamesAnswer *added;

    if (search->answers.count == VIR_NAMES_ANSWERS_MAX) {
        search->tooMany = true;
        virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_TOO_MANY });
        return 0;
    }
    if (!(added = virScratchReserve(search->scratch, sizeof(*added))))
        return -ENOMEM;
    *added = *answer;
    added->seen = search->answers.count++;
    virScratchCommit(search->scratch, sizeof(*added));
    return 0;
}

/* Bytes of an entry with a name of @len bytes, so that the next one is aligned too. */
static size_t
virNamesEntrySize(size_t len)
{
    size_t size = sizeof(struct virNamesEntry) + len + 1;

    return size + -size % _Alignof(max_align_t);
}

int
virNamesAddEntry(struct virNamesSearch *search, const struct virNamesEntry *like, const char *name,
                 size_t len)
{
    struct virNamesEntry *added;

    if (search->entries.count == VIR_NAMES_ANSWERS_MAX) {
        search->tooMany = true;
        virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_TOO_MANY });
        return 0;
    }
    if (!(added = virScratchReserve(search->scratch, virNamesEntrySize(len))))
        return -ENOMEM;
    memmove(added->name, name, len);
    added->name[len] = '\0';
    memcpy(added, like, offsetof(struct virNamesEntry, name));
    added->seen = search->entries.count++;
    added->file = search->fileOffset;
    added->len = len;
    virScratchCommit(search->scratch, virNamesEntrySize(len));
    return 0;
}

int
virNamesAddDomain(struct virNamesSearch *search, const struct virNamesEntry *like,
                  const struct virMacMap *map)
{
    const size_t len = map->domainLen;

    if (len == 0 || len > NAME_MAX || map->domain[len - 1] == '.' || memchr(map->domain, '\0', len))
        return 0;
    return virNamesAddEntry(search, like, map->domain, len);
}

struct virNamesEntry *
virNamesNextEntry(struct virNamesEntry *entry)
{
    return (void *)((unsigned char *)entry + virNamesEntrySize(entry->len));
}

static int
virNamesCompareMacs(const void *a, const void *b, const void *opaque)
{
    (void)opaque;
    return virMacAddrCompare(a, b);
}

void
virNamesSortMacs(struct virNamesSearch *search)
{
    virSort(virNamesMacs(search), search->macs.count, sizeof(struct virMacAddr),
            virNamesCompareMacs, NULL);
}

static int
virNamesFindMac(const void *a, const void *b)
{
    return virMacAddrCompare(a, b);
}

bool
virNamesHasMac(const struct virNamesSearch *search, const struct virMacAddr *mac)
{
    return bsearch(mac, virNamesMacs(search), search->macs.count, sizeof(*mac), virNamesFindMac);
}

int
virNamesCompareRank(int64_t aExpiry, uint32_t aSeen, int64_t bExpiry, uint32_t bSeen)
{
    int64_t a = aExpiry == 0 ? INT64_MIN : aExpiry;
    int64_t b = bExpiry == 0 ? INT64_MIN : bExpiry;

    if (a != b)
        return a > b ? -1 : 1;
    return aSeen < bSeen ? -1 : aSeen > bSeen;
}

/* Groups equal names of an address, with the first seen in front. */
static int
virNamesByNameAndAddr(const void *a, const void *b, const void *base)
{
    const struct virNamesEntry *left = virNamesEntryAt(a, base);
    const struct virNamesEntry *right = virNamesEntryAt(b, base);
    int order = virSocketAddrCompare(&left->addr, &right->addr);

    if (order == 0)
        order = virHostnameCompare(left->name, left->len, right->name, right->len);
    return order ? order : virNamesInOrder(left, right);
}

static int
virNamesBySeen(const void *a, const void *b, const void *base)
{
    return virNamesInOrder(virNamesEntryAt(a, base), virNamesEntryAt(b, base));
}

/* Drops what another entry has said. */
static size_t
virNamesUnique(uint32_t *index, size_t count, const void *base)
{
    size_t kept = 0;
    size_t i;

    virSort(index, count, sizeof(*index), virNamesByNameAndAddr, base);
    for (i = 0; i < count; i++) {
        const struct virNamesEntry *entry = virNamesEntryAt(&index[i], base);
        const struct virNamesEntry *last = virNamesEntryAt(&index[kept > 0 ? kept - 1 : 0], base);

        if (kept == 0 || virSocketAddrCompare(&entry->addr, &last->addr) != 0 ||
            !virHostnameEqual(entry->name, entry->len, last->name, last->len))
            index[kept++] = index[i];
    }
    return kept;
}

enum virNamesResult
virNamesFinishEntries(struct virNamesSearch *search, struct virNames *names, virSortCompare compare)
{
    const size_t offset = virScratchBegin(search->scratch);
    uint32_t *index = virScratchReserve(search->scratch, search->entries.count * sizeof(*index));
    struct virNamesEntry *entry = virNamesFirstEntry(search);
    size_t count = 0;
    size_t i;

    if (!index)
        return virNamesFail(names, -ENOMEM);
    for (i = 0; i < search->entries.count; i++, entry = virNamesNextEntry(entry)) {
        if (entry->addr.family != AF_UNSPEC)
            index[count++] = (unsigned char *)entry - search->scratch->base;
    }
    /* Of equal names the best stays, where that one belongs */
    virSort(index, count, sizeof(*index), compare, search->scratch->base);
    for (i = 0; i < count; i++) {
        entry = (void *)(search->scratch->base + index[i]);
        entry->seen = i;
    }
    count = virNamesUnique(index, count, search->scratch->base);
    virSort(index, count, sizeof(*index), virNamesBySeen, search->scratch->base);
    virScratchCommit(search->scratch, count * sizeof(*index));
    names->entries = (const void *)(search->scratch->base + offset);
    names->nentries = count;
    return count > 0 ? VIR_NAMES_FOUND : VIR_NAMES_UNKNOWN;
}

const struct virNamesEntry *
virNamesGetEntry(const struct virNames *names, size_t i)
{
    return virNamesEntryAt(&names->entries[i], names->scratch.base);
}

const char *
virNamesGetFile(const struct virNames *names, const struct virNamesEntry *entry)
{
    return (const char *)names->scratch.base + entry->file;
}
