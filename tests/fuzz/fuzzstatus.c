/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* BRIDGE.status: a line with a name or an address, then the file. */

#include <config.h>

#include "fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "virjsonarray.h"
#include "virleaserecord.h"

/* What virLeaseRecordFormat() prints */
struct printed {
    char *text;
    size_t len;
};

static void
print(void *opaque, const char *piece, size_t len)
{
    struct printed *printed = opaque;

    FUZZ_CLAIM(printed->text = realloc(printed->text, printed->len + len + 1));
    memcpy(printed->text + printed->len, piece, len);
    printed->len += len;
}

static bool
isSameString(const struct virLeaseString *a, const struct virLeaseString *b)
{
    return a->len == b->len && !a->bytes == !b->bytes &&
           (a->len == 0 || memcmp(a->bytes, b->bytes, a->len) == 0);
}

static void
claimSame(const struct virLeaseRecord *a, const struct virLeaseRecord *b)
{
    size_t i;

    FUZZ_CLAIM(virSocketAddrCompare(&a->addr, &b->addr) == 0);
    FUZZ_CLAIM(a->expiry == b->expiry);
    for (i = 0; i < VIR_LEASE_MEMBERS; i++)
        FUZZ_CLAIM(isSameString(&a->strings[i], &b->strings[i]));
}

/* Printing a record and reading it again gives the same. */
static void
roundTrip(const struct virLeaseRecord *record)
{
    struct printed printed = { NULL, 0 };
    struct virLeaseRecord again;
    void *workspace;
    size_t recognized;

    virLeaseRecordFormat(record, print, &printed);
    FUZZ_CLAIM(workspace = malloc(virLeaseRecordWorkspace(printed.len)));
    /* Text that is not UTF-8 is not for printing; escapes may make it longer than an object can be
     */
    if (printed.len <= VIR_JSON_OBJECT_MAX &&
        virLeaseRecordParse(&again, printed.text, printed.len, workspace) == 0) {
        claimSame(record, &again);
        recognized = virLeaseRecordRecognize(&again, printed.text, printed.len);
        if (recognized > 0) {
            FUZZ_CLAIM(recognized == printed.len);
            claimSame(record, &again);
        }
    }
    free(workspace);
    free(printed.text);
}

/* Both parsers take the same, and what is recognised is what is parsed. */
static void
readRecord(const char *text, size_t len)
{
    struct virLeaseRecord record;
    struct virLeaseRecord recognized;
    struct virLease lease;
    void *workspace = malloc(virLeaseRecordWorkspace(len));
    void *other = malloc(virLeaseWorkspace(len));
    bool isRecord;

    FUZZ_CLAIM(workspace && other);
    isRecord = virLeaseRecordParse(&record, text, len, workspace) == 0;
    FUZZ_CLAIM((virLeaseParse(&lease, text, len, other) == 0) == isRecord);
    if (virLeaseRecordRecognize(&recognized, text, len) == len) {
        FUZZ_CLAIM(isRecord);
        claimSame(&record, &recognized);
    }
    if (isRecord) {
        FUZZ_CLAIM(lease.hostnameLen <= sizeof(lease.hostname));
        FUZZ_CLAIM(lease.domainLen <= sizeof(lease.domain));
        roundTrip(&record);
    }
    free(workspace);
    free(other);
}

static void
readAll(const void *content, size_t len)
{
    static struct virJsonArray array;
    struct virJsonSpan span;
    uint64_t last = 0;
    bool first = true;
    int fd = memfd_create("status", MFD_CLOEXEC);

    FUZZ_CLAIM(fd >= 0 && pwrite(fd, content, len, 0) == (ssize_t)len);
    virJsonArrayInit(&array, fd, len, NULL);
    while (virJsonArrayNext(&array, &span)) {
        char *buffer = malloc(span.len);
        const char *text = virJsonArrayText(&array, &span, buffer);

        FUZZ_CLAIM(first || span.offset > last);
        FUZZ_CLAIM(span.offset + span.len <= len && span.len <= VIR_JSON_OBJECT_MAX);
        FUZZ_CLAIM(memcmp(text, (const char *)content + span.offset, span.len) == 0);
        readRecord(text, span.len);
        last = span.offset;
        first = false;
        free(buffer);
    }
    FUZZ_CLAIM(array.error == 0);
    close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *name = fuzzTake(0, &data, &size, "\n");
    struct virSocketAddr addr;

    fuzzWrite("a.status", data, size);
    fuzzLookUp(name, NULL);
    fuzzLookUp(NULL, NULL);
    if (virSocketAddrParse(&addr, name, strlen(name)))
        fuzzLookUp(NULL, &addr);
    readAll(data, size);
    return 0;
}
