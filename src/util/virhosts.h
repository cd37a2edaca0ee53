/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Walks a file of names that the administrator gave to addresses: NETWORK.addnhosts, which libvirtd
 * makes of the network's <dns><host> elements and dnsmasq reads (dnsmasq(8), --addn-hosts). It is
 * hosts(5)'s form: an address and its names, with spaces and tabs between them, '#' before a
 * comment. Lines may end with CR LF. A line that is anything else is passed over. */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virsocketaddr.h"

/* Bytes of a file that are in memory at once, and of the longest line: that of a whole /24 of names
 * would fit. */
#define VIR_HOSTS_WINDOW ((size_t)16 * 1024)

struct virHosts {
    int fd;
    uint64_t pos;     /* in the file, behind what is in window */
    int error;        /* negative errno of a read that failed: the file ended there for us */
    bool ended;       /* there is nothing behind pos */
    bool skipping;    /* the line at the window's beginning is the rest of one that is too long */
    uint64_t tooLong; /* where the first such line begins in the file, or UINT64_MAX */
    size_t next;      /* in window: where the walk goes on */
    size_t len;       /* bytes in window */
    char window[VIR_HOSTS_WINDOW];
};

/* A line: an address, and the text behind it up to a comment or the line's end. */
struct virHostsLine {
    struct virSocketAddr addr;
    const char *names;
    size_t len;
};

/* Starts a walk over @fd, which stays the caller's. */
void virHostsInit(struct virHosts *hosts, int fd);

/* Finds the next line with an address. Its text is valid until the next call. False at the end. */
bool virHostsNext(struct virHosts *hosts, struct virHostsLine *line);

/* Returns the line's next name, with its length in @len, or NULL behind the last one. *@cursor is 0
 * at the start. */
const char *virHostsName(const struct virHostsLine *line, size_t *cursor, size_t *len);
