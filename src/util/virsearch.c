/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "virsearch.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "c-ctype.h"
#include "minmax.h"
#include "virblock.h"
#include "virhostname.h"

/* Bytes of a name that are looked at: all of any host name's label. */
#define VIR_SEARCH_NAME_MAX ((size_t)VIR_HOSTNAME_LABEL_MAX)

/* The longest MAC address as text, see virMacAddrParse(). */
#define VIR_SEARCH_MAC_MAX strlen("00:00:00:00:00:00")

/* Blocks that are looked at before the loop asks whether there was anything in them. */
#define VIR_SEARCH_UNROLLED 4

static void
virSearchSetByte(struct virSearchNeedle *needle, size_t i, unsigned char byte, size_t offset)
{
    needle->folds[i] = c_isalpha(byte) ? 0x20 : 0;
    needle->bytes[i] = byte | needle->folds[i];
    needle->offsets[i] = offset;
}

/* Where the name has a byte that the files' fixed parts do not have; else its first. */
static size_t
virSearchRarest(const char *name, size_t len)
{
    static const char common[] = "acdehilmnoprstxy-0123456789:.";
    size_t i;

    for (i = 0; i < len; i++) {
        if (!memchr(common, c_tolower(name[i]), sizeof(common)))
            return i;
    }
    return 0;
}

void
virSearchName(struct virSearch *search, const char *name, size_t len, bool dotted)
{
    struct virSearchNeedle *needle = &search->needles[0];
    size_t looked = MIN(len, VIR_SEARCH_NAME_MAX);

    search->kind = VIR_SEARCH_NAME;
    search->name = name;
    search->len = len;
    search->dotted = dotted;
    search->nneedles = 1;
    /* The place is the opening quote. The name's last byte is what tells "guest-1" and "guest-2"
     * apart; the other byte is to keep format and other names away. */
    virSearchSetByte(needle, 0, looked > 0 ? name[looked - 1] : '"', looked > 0 ? looked : 1);
    virSearchSetByte(needle, 1, '"', 0);
    if (looked > 1) {
        size_t rarest = virSearchRarest(name, looked - 1);

        virSearchSetByte(needle, 1, name[rarest], rarest + 1);
    }
}

/* A needle of the last two characters of a string: the place is the first of them. */
static void
virSearchAddEnd(struct virSearch *search, unsigned char first, unsigned char second)
{
    struct virSearchNeedle *needle = &search->needles[search->nneedles++];

    virSearchSetByte(needle, 0, first, 0);
    virSearchSetByte(needle, 1, second, 1);
}

/* Hexadecimal digits of @value, at least two of them or with @before in front. */
static void
virSearchAddHex(struct virSearch *search, unsigned int value, char before)
{
    static const char digits[] = "0123456789abcdef";

    if (value >= 0x10) {
        virSearchAddEnd(search, digits[value >> 4 & 0xf], digits[value & 0xf]);
    } else {
        virSearchAddEnd(search, before, digits[value]);
        virSearchAddEnd(search, '0', digits[value]);
    }
}

void
virSearchMacs(struct virSearch *search, const struct virMacAddr *macs, size_t nmacs)
{
    size_t i;

    search->kind = VIR_SEARCH_MAC;
    search->nmacs = nmacs <= VIR_SEARCH_MACS_MAX ? nmacs : 0;
    search->nneedles = 0;
    for (i = 0; i < search->nmacs; i++) {
        search->macs[i] = macs[i];
        virSearchAddHex(search, macs[i].octets[VIR_MAC_ADDR_LEN - 1], ':');
    }
}

/* In every spelling of an address whose first group has four digits that is what stands in front.
 * Of others only the end is known: hexadecimal digits of the last group, decimal ones of the last
 * octet, or "::". */
static void
virSearchAddr6(struct virSearch *search)
{
    const unsigned int first = search->addr.bytes[0];
    const unsigned int last = search->addr.bytes[15];
    const unsigned int group = search->addr.bytes[14] * 256 + last;

    search->kind = VIR_SEARCH_ADDR;
    search->nneedles = 0;
    if (first >= 0x10) {
        virSearchAddHex(search, first, '\0');
        search->kind = VIR_SEARCH_ADDR_BEGIN;
        return;
    }
    virSearchAddHex(search, group, ':');
    virSearchAddEnd(search, last >= 10 ? '0' + last / 10 % 10 : '.', '0' + last % 10);
    if (group == 0)
        virSearchAddEnd(search, ':', ':');
}

void
virSearchAddr(struct virSearch *search, const struct virSocketAddr *addr)
{
    size_t len;

    search->addr = *addr;
    if (addr->family == AF_INET6) {
        virSearchAddr6(search);
        return;
    }
    /* There is one way to spell an IPv4 address, see inet_pton(3). Its last two digits are rarer
     * than what virSearchName() would choose; where there is but one, that and the closing quote.
     */
    inet_ntop(AF_INET, addr->bytes, search->text, sizeof(search->text));
    len = strlen(search->text);
    virSearchName(search, search->text, len, false);
    if (search->text[len - 2] == '.')
        virSearchSetByte(&search->needles[0], 1, '"', len + 1);
    else
        virSearchSetByte(&search->needles[0], 1, search->text[len - 2], len - 1);
}

/* Whether the string whose closing quote is at @quote is the name of a member. */
static bool
virSearchIsKey(const char *text, size_t quote, size_t len)
{
    size_t i = quote + 1;

    while (i < len && (text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t'))
        i++;
    return i < len && text[i] == ':';
}

static bool
virSearchIsName(const struct virSearch *search, const char *text, size_t place, size_t len)
{
    size_t looked = MIN(search->len, VIR_SEARCH_NAME_MAX);
    size_t end = place + 1 + looked;

    if (text[place] != '"' || end >= len ||
        !virHostnameEqual(text + place + 1, looked, search->name, looked))
        return false;
    if (looked < search->len || (search->dotted && text[end] == '.'))
        return true;
    return text[end] == '"' && !virSearchIsKey(text, end, len);
}

/* Finds the string whose last characters are at @place and behind. */
static bool
virSearchString(const char *text, size_t place, size_t len, size_t max, const char **string,
                size_t *stringLen)
{
    size_t reach = MIN(place, max);
    size_t i;

    if (place + 2 >= len || text[place + 2] != '"')
        return false;
    for (i = 1; i <= reach; i++) {
        if (text[place - i] == '"') {
            *string = text + place - i + 1;
            *stringLen = i + 1;
            return true;
        }
    }
    return false;
}

static bool
virSearchIsMac(const struct virSearch *search, const char *text, size_t place, size_t len)
{
    struct virMacAddr mac;
    const char *string;
    size_t stringLen;
    size_t i;

    if (!virSearchString(text, place, len, VIR_SEARCH_MAC_MAX, &string, &stringLen) ||
        !virMacAddrParse(&mac, string, stringLen))
        return false;
    for (i = 0; i < search->nmacs; i++) {
        if (virMacAddrCompare(&mac, &search->macs[i]) == 0)
            return true;
    }
    return false;
}

static bool
virSearchIsAddr(const struct virSearch *search, const char *text, size_t place, size_t len)
{
    struct virSocketAddr addr;
    const char *string;
    size_t stringLen;

    return virSearchString(text, place, len, INET6_ADDRSTRLEN, &string, &stringLen) &&
           virSocketAddrParse(&addr, string, stringLen) &&
           virSocketAddrCompare(&addr, &search->addr) == 0;
}

/* Whether an address that is @addr may end with @c. */
static bool
virSearchIsLast(const struct virSocketAddr *addr, char c)
{
    const unsigned char last = addr->bytes[15];

    return c_tolower(c) == "0123456789abcdef"[last & 0xf] || c == '0' + last % 10 || c == ':';
}

/* Whether the string whose first characters are at @place and behind is the address. */
static bool
virSearchBeginsAddr(const struct virSearch *search, const char *text, size_t place, size_t len)
{
    struct virSocketAddr addr;
    const char *end;

    if (place == 0 || text[place - 1] != '"')
        return false;
    end = memchr(text + place, '"', MIN(len - place, INET6_ADDRSTRLEN));
    return end && virSearchIsLast(&search->addr, end[-1]) &&
           virSocketAddrParse(&addr, text + place, end - (text + place)) &&
           virSocketAddrCompare(&addr, &search->addr) == 0;
}

static bool
virSearchIsPlace(const struct virSearch *search, const char *text, size_t place, size_t len)
{
    switch (search->kind) {
    case VIR_SEARCH_MAC:
        return virSearchIsMac(search, text, place, len);
    case VIR_SEARCH_ADDR_BEGIN:
        return virSearchBeginsAddr(search, text, place, len);
    case VIR_SEARCH_ADDR:
        return virSearchIsAddr(search, text, place, len);
    case VIR_SEARCH_NAME:
    default:
        return virSearchIsName(search, text, place, len);
    }
}

/* A needle, sixteen times: made once for a text, as a loop with calls would make it again and
 * again. */
struct virSearchBlocks {
    virBlock bytes[2];
    virBlock folds[2];
    size_t offsets[2];
};

static inline virBlockTruth
virSearchCompare(const struct virSearchBlocks *needle, const char *text)
{
    virBlock first = virBlockLoad(text + needle->offsets[0]) | needle->folds[0];
    virBlock second = virBlockLoad(text + needle->offsets[1]) | needle->folds[1];

    return (first == needle->bytes[0]) & (second == needle->bytes[1]);
}

static bool
virSearchHasBytes(const struct virSearchNeedle *needle, const char *text)
{
    unsigned char first = text[needle->offsets[0]];
    unsigned char second = text[needle->offsets[1]];

    return (first | needle->folds[0]) == needle->bytes[0] &&
           (second | needle->folds[1]) == needle->bytes[1];
}

/* The first place of one needle in [@from, @to), or @to. */
static size_t
virSearchNeedleNext(const struct virSearch *search, const struct virSearchNeedle *needle,
                    const char *text, size_t from, size_t to, size_t len)
{
    const size_t reach = MAX(needle->offsets[0], needle->offsets[1]);
    /* Places at which both bytes lie in the text */
    const size_t end = len > reach ? MIN(to, len - reach) : 0;
    const size_t stride = VIR_SEARCH_UNROLLED * VIR_BLOCK_SIZE;
    const struct virSearchBlocks blocks = {
        { virBlockFill(needle->bytes[0]), virBlockFill(needle->bytes[1]) },
        { virBlockFill(needle->folds[0]), virBlockFill(needle->folds[1]) },
        { needle->offsets[0], needle->offsets[1] },
    };
    size_t place = from;

    for (; place + stride <= end; place += stride) {
        virBlockTruth truths[VIR_SEARCH_UNROLLED];
        virBlockTruth any = { 0 };
        size_t i;

#pragma GCC unroll 4
        for (i = 0; i < VIR_SEARCH_UNROLLED; i++) {
            truths[i] = virSearchCompare(&blocks, text + place + i * VIR_BLOCK_SIZE);
            any |= truths[i];
        }
        if (virBlockMask(any) == 0)
            continue;
        for (i = 0; i < VIR_SEARCH_UNROLLED; i++) {
            unsigned int mask = virBlockMask(truths[i]);

            for (; mask != 0; mask &= mask - 1) {
                size_t found = place + i * VIR_BLOCK_SIZE + __builtin_ctz(mask);

                if (virSearchIsPlace(search, text, found, len))
                    return found;
            }
        }
    }
    for (; place < end; place++) {
        if (virSearchHasBytes(needle, text + place) && virSearchIsPlace(search, text, place, len))
            return place;
    }
    return to;
}

size_t
virSearchNext(const struct virSearch *search, const char *text, size_t from, size_t to, size_t len)
{
    const char *backslash;
    size_t i;

    if (search->nneedles == 0 || from >= to)
        return from;
    if ((backslash = memchr(text + from, '\\', to - from)))
        to = backslash - text;
    for (i = 0; i < search->nneedles; i++)
        to = virSearchNeedleNext(search, &search->needles[i], text, from, to, len);
    return to;
}
