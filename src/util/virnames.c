/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "virnames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vircleanup.h"
#include "virjsonarray.h"
#include "virjsonobject.h"
#include "virleasedir.h"
#include "virsearch.h"
#include "virsort.h"

/* An array in scratch; see virscratch.h for why it is an offset. */
struct virNamesArray {
    size_t offset;
    size_t count;
};

struct virNamesSearch {
    const struct virNamesQuery *query;
    const char *name; /* without trailing dot, not NUL-terminated */
    size_t len;
    struct virScratch *scratch;
    struct virLeaseDir dir;
    const char *file; /* the one being read */
    struct virNamesArray macs;
    struct virNamesArray answers;
    bool isDomain; /* a map entry has the name */
};

/* Handles one object of a file; 0, -EINVAL when it is not what the file should hold, or an errno
 * that ends the lookup. @workspace is the newest reserve of scratch. */
typedef int (*virNamesHandler)(struct virNamesSearch *search, const char *text, size_t len,
                               void *workspace);

static void
virNamesTell(const struct virNamesSearch *search, struct virNamesNote note)
{
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

static struct virNamesAnswer *
virNamesAnswers(const struct virNamesSearch *search)
{
    return (void *)(search->scratch->base + search->answers.offset);
}

static struct virMacAddr *
virNamesMacs(const struct virNamesSearch *search)
{
    return (void *)(search->scratch->base + search->macs.offset);
}

static int
virNamesHandleSpan(struct virNamesSearch *search, const struct virJsonArray *array,
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

static int
virNamesReadFile(struct virNamesSearch *search, const struct virSearch *wanted,
                 size_t (*workspace)(size_t len), virNamesHandler handle)
{
    struct virJsonArray array;
    struct virJsonSpan span;
    uint64_t size;
    VIR_AUTOCLOSE fd = virLeaseDirOpenFile(search->dir.fd, search->file, &size);

    if (fd < 0) {
        virNamesTell(search,
                     (struct virNamesNote){ .kind = VIR_NAMES_NOTE_FILE_FAILED, .error = fd });
        return virNamesIsTemporary(fd) ? fd : 0;
    }
    /* Who listens hears of every record. */
    virJsonArrayInit(&array, fd, size, search->query->tracer ? NULL : wanted);
    while (virJsonArrayNext(&array, &span)) {
        int result = virNamesHandleSpan(search, &array, &span, workspace(span.len), handle);

        if (virNamesIsTemporary(result))
            return result;
        if (result < 0)
            virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_NOT_A_RECORD,
                                                        .offset = span.offset });
    }
    if (array.error < 0)
        virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_FILE_FAILED,
                                                    .error = array.error });
    else if (array.damage != VIR_JSON_UNDAMAGED)
        virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_FILE_DAMAGED,
                                                    .offset = array.damage });
    return virNamesIsTemporary(array.error) ? array.error : 0;
}

static int
virNamesReadFiles(struct virNamesSearch *search, enum virLeaseFileKind kind,
                  const struct virSearch *wanted, size_t (*workspace)(size_t len),
                  virNamesHandler handle)
{
    char name[256]; /* NAME_MAX and NUL: scratch, where the listing is, may move while a file is
                       read */
    size_t cursor = 0;
    const char *next;
    int result = 0;

    while (result == 0 && (next = virLeaseDirNext(&search->dir, kind, &cursor))) {
        memcpy(name, next, strlen(next) + 1);
        search->file = name;
        result = virNamesReadFile(search, wanted, workspace, handle);
    }
    search->file = NULL;
    return result;
}

/* What the files must hold, as bytes, to say something about the name. */
static void
virNamesWantName(const struct virNamesSearch *search, struct virSearch *wanted)
{
    if (search->query->service == VIR_NAMES_LIBVIRT)
        virSearchName(wanted, search->name, virHostnameFirstLabel(search->name, search->len), true);
    else
        virSearchName(wanted, search->name, search->len, false);
}

static bool
virNamesIsName(const struct virNamesSearch *search, const struct virMacMap *map)
{
    if (virHostnameEqual(map->domain, map->domainLen, search->name, search->len))
        return true;
    /* In service libvirt "host.domain" is a claim to "host" too. */
    return search->query->service == VIR_NAMES_LIBVIRT &&
           virHostnameEqual(map->domain, map->domainLen, search->name,
                            virHostnameFirstLabel(search->name, search->len));
}

static int
virNamesHandleMap(struct virNamesSearch *search, const char *text, size_t len, void *workspace)
{
    struct virMacMap map;
    int result = virMacMapParse(&map, text, len, workspace);

    if (result < 0 || !virNamesIsName(search, &map))
        return result;
    virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_MAP_ENTRY, .map = &map });
    search->isDomain = true;
    if (map.nmacs > VIR_NAMES_MACS_MAX - search->macs.count) {
        virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_TOO_MANY });
        return 0;
    }
    /* They stand where the workspace begins, which is the end of the array. */
    virScratchCommit(search->scratch, map.nmacs * sizeof(*map.macs));
    search->macs.count += map.nmacs;
    return 0;
}

static int
virNamesCompareMacs(const void *a, const void *b)
{
    return virMacAddrCompare(a, b);
}

static int
virNamesSortMacs(const void *a, const void *b, const void *opaque)
{
    (void)opaque;
    return virMacAddrCompare(a, b);
}

/* Collects the MACs of every domain that has the name, sorted, at the end of scratch. */
static int
virNamesReadMaps(struct virNamesSearch *search)
{
    struct virSearch wanted;
    int result;

    virNamesWantName(search, &wanted);
    search->macs.offset = virScratchBegin(search->scratch);
    result = virNamesReadFiles(search, VIR_LEASE_FILE_MACS, &wanted, virMacMapWorkspace,
                               virNamesHandleMap);
    virSort(virNamesMacs(search), search->macs.count, sizeof(struct virMacAddr), virNamesSortMacs,
            NULL);
    return result;
}

static bool
virNamesHasMac(const struct virNamesSearch *search, const struct virMacAddr *mac)
{
    return bsearch(mac, virNamesMacs(search), search->macs.count, sizeof(*mac),
                   virNamesCompareMacs);
}

/* Whether @lease is about the name; a note says so if it is but may not have it. */
static bool
virNamesMatches(const struct virNamesSearch *search, const struct virLease *lease)
{
    if (search->query->service == VIR_NAMES_LIBVIRT_GUEST)
        return lease->hasMac && virNamesHasMac(search, &lease->mac);
    switch (virHostnameCheckClaim(search->name, search->len, lease->hostname, lease->hostnameLen,
                                  lease->domain, lease->domainLen)) {
    case VIR_HOSTNAME_CLAIM_GOOD:
        return true;
    case VIR_HOSTNAME_CLAIM_FOREIGN:
        virNamesTell(search,
                     (struct virNamesNote){ .kind = VIR_NAMES_NOTE_FOREIGN, .lease = lease });
        return false;
    case VIR_HOSTNAME_CLAIM_OTHER:
    default:
        return false;
    }
}

static int
virNamesHandleLease(struct virNamesSearch *search, const char *text, size_t len, void *workspace)
{
    struct virLease lease;
    struct virNamesAnswer *answer;
    int result = virLeaseParse(&lease, text, len, workspace);

    if (result < 0 || !virNamesMatches(search, &lease))
        return result;
    if (!virLeaseIsLive(&lease, search->query->now)) {
        virNamesTell(search,
                     (struct virNamesNote){ .kind = VIR_NAMES_NOTE_EXPIRED, .lease = &lease });
        return 0;
    }
    if (search->answers.count == VIR_NAMES_ANSWERS_MAX) {
        virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_TOO_MANY });
        return 0;
    }
    if (!(answer = virScratchReserve(search->scratch, sizeof(*answer))))
        return -ENOMEM;
    *answer = (struct virNamesAnswer){ lease.addr, lease.expiry, lease.mac, lease.hasMac,
                                       search->answers.count };
    virScratchCommit(search->scratch, sizeof(*answer));
    search->answers.count++;
    virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_ANSWER, .lease = &lease });
    return 0;
}

static int
virNamesReadLeases(struct virNamesSearch *search)
{
    struct virSearch wanted;

    if (search->query->service == VIR_NAMES_LIBVIRT_GUEST)
        virSearchMacs(&wanted, virNamesMacs(search), search->macs.count);
    else
        virNamesWantName(search, &wanted);
    search->answers.offset = virScratchBegin(search->scratch);
    return virNamesReadFiles(search, VIR_LEASE_FILE_STATUS, &wanted, virLeaseWorkspace,
                             virNamesHandleLease);
}

/* Latest expiry first, never last, then as seen. */
static int
virNamesByRank(const void *a, const void *b, const void *opaque)
{
    const struct virNamesAnswer *left = a;
    const struct virNamesAnswer *right = b;
    int64_t leftExpiry = left->expiry == 0 ? INT64_MIN : left->expiry;
    int64_t rightExpiry = right->expiry == 0 ? INT64_MIN : right->expiry;

    (void)opaque;
    if (leftExpiry != rightExpiry)
        return leftExpiry > rightExpiry ? -1 : 1;
    return left->seen < right->seen ? -1 : left->seen > right->seen;
}

static int
virNamesByAddress(const void *a, const void *b, const void *opaque)
{
    const struct virNamesAnswer *left = a;
    const struct virNamesAnswer *right = b;
    int order = virSocketAddrCompare(&left->addr, &right->addr);

    return order ? order : virNamesByRank(a, b, opaque);
}

/* Leaves the best answer of each address, in the order of rank. */
static void
virNamesArrange(struct virNamesSearch *search)
{
    struct virNamesAnswer *answers = virNamesAnswers(search);
    size_t kept = 0;
    size_t i;

    virSort(answers, search->answers.count, sizeof(*answers), virNamesByAddress, NULL);
    for (i = 0; i < search->answers.count; i++) {
        if (kept == 0 || virSocketAddrCompare(&answers[kept - 1].addr, &answers[i].addr) != 0)
            answers[kept++] = answers[i];
    }
    search->answers.count = kept;
    virSort(answers, kept, sizeof(*answers), virNamesByRank, NULL);
}

/* Drops answers of another family; returns whether there were any. */
static bool
virNamesKeepFamily(struct virNamesSearch *search)
{
    struct virNamesAnswer *answers = virNamesAnswers(search);
    size_t kept = 0;
    size_t i;

    for (i = 0; i < search->answers.count; i++) {
        if (search->query->family == AF_UNSPEC || answers[i].addr.family == search->query->family)
            answers[kept++] = answers[i];
    }
    i = search->answers.count;
    search->answers.count = kept;
    return kept < i;
}

static bool
virNamesIsReserved(const struct virNamesSearch *search)
{
    size_t first = virHostnameFirstLabel(search->name, search->len);
    char own[VIR_HOSTNAME_MAX + 2] = "";

    /* A failure leaves it empty or cut; there is nothing better to compare with. */
    if (gethostname(own, sizeof(own) - 1) < 0)
        own[0] = '\0';
    return virHostnameIsReserved(search->name, search->len) ||
           virHostnameIsReserved(search->name, first) ||
           virHostnameIsOwn(search->name, search->len, own) ||
           virHostnameIsOwn(search->name, first, own);
}

/* A domain's name belongs to the domain: drops the answers of guests that only sent it. */
static int
virNamesProtectDomains(struct virNamesSearch *search)
{
    int result = virNamesReadMaps(search);
    struct virNamesAnswer *answers = virNamesAnswers(search);
    size_t kept = 0;
    size_t i;

    if (result < 0 || !search->isDomain)
        return result;
    for (i = 0; i < search->answers.count; i++) {
        if (answers[i].hasMac && virNamesHasMac(search, &answers[i].mac))
            answers[kept++] = answers[i];
        else
            virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_OTHER_DOMAIN,
                                                        .answer = &answers[i] });
    }
    search->answers.count = kept;
    return 0;
}

static int
virNamesFindHostname(struct virNamesSearch *search)
{
    int result = virNamesReadLeases(search);

    if (result < 0 || search->answers.count == 0)
        return result;
    if (virNamesIsReserved(search)) {
        virNamesTell(search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_RESERVED_NAME });
        search->answers.count = 0;
        return 0;
    }
    return virNamesProtectDomains(search);
}

static int
virNamesFindDomain(struct virNamesSearch *search)
{
    int result = virNamesReadMaps(search);

    return result < 0 || search->macs.count == 0 ? result : virNamesReadLeases(search);
}

static enum virNamesResult
virNamesFinish(struct virNamesSearch *search, struct virNames *names)
{
    bool others;

    virNamesArrange(search);
    others = virNamesKeepFamily(search);
    names->answers = virNamesAnswers(search);
    names->nanswers = search->answers.count;
    if (names->nanswers > 0)
        return VIR_NAMES_FOUND;
    return others ? VIR_NAMES_OTHER_FAMILY : VIR_NAMES_UNKNOWN;
}

static enum virNamesResult
virNamesFail(struct virNames *names, int error)
{
    names->error = error;
    return virNamesIsTemporary(error) ? VIR_NAMES_TRY_AGAIN : VIR_NAMES_UNAVAILABLE;
}

enum virNamesResult
virNamesByName(struct virNames *names, const struct virNamesQuery *query)
{
    struct virNamesSearch search = {
        .query = query,
        .name = query->name,
        .len = virHostnameWithoutDot(query->name, strlen(query->name)),
        .scratch = &names->scratch,
    };
    int error;

    virScratchInit(&names->scratch);
    names->answers = NULL;
    names->nanswers = 0;
    names->error = 0;
    if ((error = virLeaseDirOpen(&search.dir, query->folder, &names->scratch)) < 0) {
        virNamesTell(&search,
                     (struct virNamesNote){ .kind = VIR_NAMES_NOTE_FOLDER_FAILED, .error = error });
        return virNamesFail(names, error);
    }
    if (query->service == VIR_NAMES_LIBVIRT_GUEST)
        error = virNamesFindDomain(&search);
    else if (virHostnameIsValid(search.name, search.len))
        error = virNamesFindHostname(&search);
    else
        virNamesTell(&search, (struct virNamesNote){ .kind = VIR_NAMES_NOTE_INVALID_NAME });
    virLeaseDirClose(&search.dir);
    return error < 0 ? virNamesFail(names, error) : virNamesFinish(&search, names);
}

void
virNamesClear(struct virNames *names)
{
    virScratchClear(&names->scratch);
    names->answers = NULL;
    names->nanswers = 0;
}
