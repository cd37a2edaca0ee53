/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "virhosts.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "minmax.h"

void
virHostsInit(struct virHosts *hosts, int fd)
{
    hosts->fd = fd;
    hosts->pos = 0;
    hosts->error = 0;
    hosts->ended = false;
    hosts->skipping = false;
    hosts->tooLong = UINT64_MAX;
    hosts->next = 0;
    hosts->len = 0;
}

static bool
virHostsIsSpace(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Moves what is left to the window's beginning and reads behind it. */
static void
virHostsFill(struct virHosts *hosts)
{
    ssize_t got;

    hosts->len -= hosts->next;
    memmove(hosts->window, hosts->window + hosts->next, hosts->len);
    hosts->next = 0;
    do {
        got = pread(hosts->fd, hosts->window + hosts->len, sizeof(hosts->window) - hosts->len,
                    hosts->pos);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        hosts->error = -errno;
    if (got <= 0) {
        hosts->ended = true;
        return;
    }
    hosts->pos += got;
    hosts->len += got;
}

/* The next line, without its newline; false at the end. A line too long for the window is none. */
static bool
virHostsText(struct virHosts *hosts, const char **text, size_t *len)
{
    bool skipped;

    do {
        size_t left = hosts->len - hosts->next;
        const char *end;

        *text = hosts->window + hosts->next;
        end = memchr(*text, '\n', left);
        skipped = hosts->skipping;
        if (!end && left < sizeof(hosts->window) && !hosts->ended) {
            virHostsFill(hosts);
            skipped = true;
            continue;
        }
        if (!end && left == 0)
            return false;
        *len = end ? (size_t)(end - *text) : left;
        hosts->next += end ? *len + 1 : left;
        hosts->skipping = !end && left == sizeof(hosts->window);
        if (hosts->skipping && !skipped)
            hosts->tooLong = MIN(hosts->tooLong, hosts->pos - sizeof(hosts->window));
        skipped = skipped || hosts->skipping;
    } while (skipped);
    return true;
}

/* Length of the word at @text, up to a space or a comment. */
static size_t
virHostsWord(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && !virHostsIsSpace(text[i]) && text[i] != '#')
        i++;
    return i;
}

const char *
virHostsName(const struct virHostsLine *line, size_t *cursor, size_t *len)
{
    const char *name;

    while (*cursor < line->len && virHostsIsSpace(line->names[*cursor]))
        (*cursor)++;
    name = line->names + *cursor;
    *len = virHostsWord(name, line->len - *cursor);
    *cursor += *len;
    return *len > 0 ? name : NULL;
}

bool
virHostsNext(struct virHosts *hosts, struct virHostsLine *line)
{
    struct virHostsLine whole;

    while (virHostsText(hosts, &whole.names, &whole.len)) {
        size_t cursor = 0;
        size_t len;
        const char *address = virHostsName(&whole, &cursor, &len);

        if (address && virSocketAddrParse(&line->addr, address, len)) {
            line->names = whole.names + cursor;
            line->len = whole.len - cursor;
            return true;
        }
    }
    return false;
}
