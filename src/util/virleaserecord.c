/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "virleaserecord.h"

#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "c-ctype.h"
#include "minmax.h"
#include "virblock.h"
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
    struct virLease lease;
    int result;

    memset(record->strings, 0, sizeof(record->strings));
    result = virLeaseParseMembers(&lease, text, len, workspace, virLeaseRecordVisit, &parser);
    if (result == 0) {
        record->addr = lease.addr;
        record->expiry = lease.expiry;
    }
    return result;
}

/* A text that is being read. */
struct virLeaseCursor {
    const char *next;
    size_t left;
};

/* Steps over @text if it is what comes next. */
static bool
virLeaseTake(struct virLeaseCursor *cursor, const char *text, size_t len)
{
    if (cursor->left < len || memcmp(cursor->next, text, len) != 0)
        return false;
    cursor->next += len;
    cursor->left -= len;
    return true;
}

/* How many bytes from @text on stand for themselves in a string. */
static size_t
virLeasePlainLength(const char *text, size_t len)
{
    size_t pos = 0;

    for (; pos + VIR_BLOCK_SIZE <= len; pos += VIR_BLOCK_SIZE) {
        virBlock block = virBlockLoad(text + pos);
        /* unsigned: what is below ' ' wraps around to a large number */
        unsigned int others = virBlockMask((block - virBlockFill(' ') > virBlockFill('~' - ' ')) |
                                           (block == virBlockFill('"')) |
                                           (block == virBlockFill('\\')));

        if (others != 0)
            return pos + __builtin_ctz(others);
    }
    while (pos < len && c_isprint(text[pos]) && text[pos] != '"' && text[pos] != '\\')
        pos++;
    return pos;
}

/* Takes the value of a member, and ",\n" behind it. */
static bool
virLeaseTakeString(struct virLeaseCursor *cursor, struct virLeaseString *string)
{
    *string = (struct virLeaseString){ cursor->next,
                                       virLeasePlainLength(cursor->next, cursor->left) };
    cursor->next += string->len;
    cursor->left -= string->len;
    return virLeaseTake(cursor, "\",\n", strlen("\",\n"));
}

static bool
virLeaseTakeExpiry(struct virLeaseCursor *cursor, int64_t *expiry)
{
    const char *digits = cursor->next;
    size_t len = 0;

    while (len < cursor->left && c_isdigit(digits[len]))
        len++;
    if (len == 0 || (digits[0] == '0' && len > 1))
        return false;
    cursor->next += len;
    cursor->left -= len;
    return virLeaseParseExpiry(expiry, digits, len);
}

/* The beginning of each member's line, with its length so that most are told apart by their first
 * letter. */
struct virLeaseLine {
    char text[24];
    size_t len;
};

#define VIR_LEASE_LINE(text)                                                                       \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

size_t
virLeaseRecordRecognize(struct virLeaseRecord *record, const char *text, size_t len)
{
    static const struct virLeaseLine lines[VIR_LEASE_MEMBERS] = {
        [VIR_LEASE_IAID] = VIR_LEASE_LINE("    \"iaid\": \""),
        [VIR_LEASE_IP_ADDRESS] = VIR_LEASE_LINE("    \"ip-address\": \""),
        [VIR_LEASE_MAC_ADDRESS] = VIR_LEASE_LINE("    \"mac-address\": \""),
        [VIR_LEASE_HOSTNAME] = VIR_LEASE_LINE("    \"hostname\": \""),
        [VIR_LEASE_DOMAIN] = VIR_LEASE_LINE("    \"domain\": \""),
        [VIR_LEASE_CLIENT_ID] = VIR_LEASE_LINE("    \"client-id\": \""),
        [VIR_LEASE_SERVER_DUID] = VIR_LEASE_LINE("    \"server-duid\": \""),
        [VIR_LEASE_EXPIRY_TIME] = VIR_LEASE_LINE("    \"expiry-time\": "),
    };
    struct virLeaseCursor cursor = { text, MIN(len, VIR_JSON_OBJECT_MAX) };
    const struct virLeaseString *ip = &record->strings[VIR_LEASE_IP_ADDRESS];
    size_t i;

    if (!virLeaseTake(&cursor, "{\n", strlen("{\n")))
        return 0;
    for (i = 0; i < VIR_LEASE_EXPIRY_TIME; i++) {
        record->strings[i] = (struct virLeaseString){ NULL, 0 };
        if (virLeaseTake(&cursor, lines[i].text, lines[i].len) &&
            !virLeaseTakeString(&cursor, &record->strings[i]))
            return 0;
    }
    record->strings[VIR_LEASE_EXPIRY_TIME] = (struct virLeaseString){ NULL, 0 };
    if (!virLeaseTake(&cursor, lines[i].text, lines[i].len) ||
        !virLeaseTakeExpiry(&cursor, &record->expiry) ||
        !virLeaseTake(&cursor, "\n  }", strlen("\n  }")) || !ip->bytes ||
        !virSocketAddrParse(&record->addr, ip->bytes, ip->len))
        return 0;
    return cursor.next - text;
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

/* yajl does not look whether it got memory. */
static void *
virLeaseRecordRealloc(void *opaque, void *block, size_t size)
{
    void *moved = realloc(block, size);

    (void)opaque;
    if (!moved)
        abort();
    return moved;
}

static void *
virLeaseRecordMalloc(void *opaque, size_t size)
{
    return virLeaseRecordRealloc(opaque, NULL, size);
}

static void
virLeaseRecordFree(void *opaque, void *block)
{
    (void)opaque;
    free(block);
}

void
virLeaseRecordFormat(const struct virLeaseRecord *record, virLeasePrint print, void *opaque)
{
    struct virLeaseRecordPrinter printer = { print, opaque,
                                             strlen(VIR_LEASE_ARRAY_BEGIN VIR_LEASE_ARRAY_FIRST) };
    const yajl_alloc_funcs allocator = { virLeaseRecordMalloc, virLeaseRecordRealloc,
                                         virLeaseRecordFree, NULL };
    yajl_gen gen = yajl_gen_alloc(&allocator);
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
            yajl_gen_integer(gen, record->expiry);
        else
            virLeaseRecordPrintString(gen, string->bytes, string->len);
    }
    yajl_gen_map_close(gen);
    yajl_gen_free(gen);
}
