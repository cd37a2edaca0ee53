/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Finds the places of a JSON text that could hold a wanted string, as bytes, without looking at the
 * text's structure: what makes a lookup of a name that no guest has as cheap as reading the files.
 *
 * A string without escapes stands in the text as it is. So every string value that is the wanted
 * one either has its bytes between quotes, but for the case of ASCII letters, or a backslash in it.
 * Both are reported: what is not reported cannot be it. */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "virmacaddr.h"
#include "virsocketaddr.h"

/* Bytes around a place that decide whether it is reported: so many behind it and before it. */
#define VIR_SEARCH_AHEAD ((size_t)80)
#define VIR_SEARCH_BEHIND ((size_t)48)

/* MAC addresses that can be looked for at once, each with up to two needles. */
#define VIR_SEARCH_MACS_MAX 8
#define VIR_SEARCH_NEEDLES_MAX (2 * VIR_SEARCH_MACS_MAX)

/* Two bytes that stand at fixed offsets from each other wherever the wanted string stands. */
struct virSearchNeedle {
    unsigned char bytes[2];
    unsigned char folds[2]; /* 0x20 for a letter, which is then lower case: x | 0x20 == letter */
    size_t offsets[2];      /* from the place that is reported */
};

enum virSearchKind {
    VIR_SEARCH_NAME,
    VIR_SEARCH_MAC,
    VIR_SEARCH_ADDR,       /* by its end */
    VIR_SEARCH_ADDR_BEGIN, /* by its beginning */
};

struct virSearch {
    enum virSearchKind kind;
    const char *name;
    size_t len;
    struct virMacAddr macs[VIR_SEARCH_MACS_MAX];
    size_t nmacs;
    char text[16];             /* an IPv4 address, which is looked for as a name */
    struct virSocketAddr addr; /* an IPv6 address */
    bool dotted;               /* the name may go on with a dot */
    size_t nneedles;
    struct virSearchNeedle needles[VIR_SEARCH_NEEDLES_MAX];
};

/* Wants string values that are @name, which must outlive @search, and if @dotted also those that
 * begin with it and a dot. Of a long name only the first bytes are looked for. */
void virSearchName(struct virSearch *search, const char *name, size_t len, bool dotted);

/* Wants string values that are one of the addresses at @macs, which must outlive @search, in any
 * spelling that virMacAddrParse() knows. More than VIR_SEARCH_MACS_MAX of them make every place one
 * that is reported. */
void virSearchMacs(struct virSearch *search, const struct virMacAddr *macs, size_t nmacs);

/* Wants string values that are the address @addr, in any spelling that virSocketAddrParse() knows.
 * @search must stay where it is. */
void virSearchAddr(struct virSearch *search, const struct virSocketAddr *addr);

/* Returns the first place from @from on and below @to at which the @len bytes at @text could have
 * what is wanted, or @to. The text must reach VIR_SEARCH_AHEAD bytes behind @to and
 * VIR_SEARCH_BEHIND before @from, or to the file's end and beginning. A place lies inside of the
 * string, its quotes included. */
size_t virSearchNext(const struct virSearch *search, const char *text, size_t from, size_t to,
                     size_t len);
