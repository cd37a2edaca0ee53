/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "virleaserecord.h"

#include <string.h>
#include <yajl/yajl_gen.h>

#include "minmax.h"
#include "virjsonobject.h"

struct virLeaseRecordParser {
    struct virLeaseRecord *record;
    char *next; /* free memory for strings */
};

static bool
virLeaseRecordVisit(size_t key, enum virJsonType type, const char *value, size_t len, void *opaque)
{
    struct virLeaseRecordParser *parser = opaque;

    parser->record->strings[key] = (struct virLeaseString){ NULL, 0 };
    if (type != VIR_JSON_STRING)
        return true;
    memcpy(parser->next, value, len);
    parser->record->strings[key] = (struct virLeaseString){ parser->next, len };
    parser->next += len;
    return true;
}

/* The workspace: yajl's arena, then the strings. A member that comes twice takes its room twice, as
 * it does in the text. */
size_t
virLeaseRecordWorkspace(size_t len)
{
    return virLeaseWorkspace(len) + len;
}

int
virLeaseRecordParse(struct virLeaseRecord *record, const char *text, size_t len, void *workspace)
{
    struct virLeaseRecordParser parser = { record, (char *)workspace + virLeaseWorkspace(len) };

    memset(record->strings, 0, sizeof(record->strings));
    return virLeaseParseMembers(&record->lease, text, len, workspace, virLeaseRecordVisit, &parser);
}

struct virLeaseRecordPrinter {
    virLeasePrint print;
    void *opaque;
    size_t skip; /* bytes of the beginning that are not to be printed */
};

static void
virLeaseRecordPrint(void *opaque, const char *piece, size_t len)
{
    struct virLeaseRecordPrinter *printer = opaque;
    size_t skipped = MIN(len, printer->skip);

    printer->skip -= skipped;
    printer->print(printer->opaque, piece + skipped, len - skipped);
}

static void
virLeaseRecordPrintString(yajl_gen gen, const char *text, size_t len)
{
    yajl_gen_string(gen, (const unsigned char *)text, len);
}

void
virLeaseRecordFormat(const struct virLeaseRecord *record, virLeasePrint print, void *opaque)
{
    struct virLeaseRecordPrinter printer = { print, opaque,
                                             strlen(VIR_LEASE_ARRAY_BEGIN VIR_LEASE_ARRAY_FIRST) };
    yajl_gen gen = yajl_gen_alloc(NULL);
    size_t i;

    yajl_gen_config(gen, yajl_gen_beautify, 1);
    yajl_gen_config(gen, yajl_gen_indent_string, "  ");
    yajl_gen_config(gen, yajl_gen_print_callback, virLeaseRecordPrint, &printer);
    yajl_gen_array_open(gen);
    yajl_gen_map_open(gen);
    for (i = 0; i < VIR_LEASE_MEMBERS; i++) {
        const struct virLeaseString *string = &record->strings[i];

        if (!string->bytes && i != VIR_LEASE_EXPIRY_TIME)
            continue;
        virLeaseRecordPrintString(gen, virLeaseKeys[i].name, strlen(virLeaseKeys[i].name));
        if (i == VIR_LEASE_EXPIRY_TIME)
            yajl_gen_integer(gen, record->lease.expiry);
        else
            virLeaseRecordPrintString(gen, string->bytes, string->len);
    }
    yajl_gen_map_close(gen);
    yajl_gen_free(gen);
}
