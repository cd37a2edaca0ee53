/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "libvirt_nss_debug.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "c-ctype.h"
#include "ignore-value.h"
#include "libvirt_nss.h"
#include "minmax.h"

/* A line is cut at this length; it is written at once, so that lines of threads do not mix. */
#define NSS_DEBUG_LINE 384

/* Room for a name of a guest or a domain; the rest is cut. */
#define NSS_DEBUG_NAME 128

static void __attribute__((format(printf, 1, 2))) nssDebugPrint(const char *format, ...)
{
    static const char prefix[] = "nss-" NSS_SERVICE_NAME ": ";
    char line[NSS_DEBUG_LINE];
    size_t len = sizeof(prefix) - 1;
    va_list args;
    int printed;

    memcpy(line, prefix, len);
    va_start(args, format);
    printed = vsnprintf(line + len, sizeof(line) - len - 1, format, args);
    va_end(args);
    if (printed < 0)
        return;
    len = MIN(len + printed, sizeof(line) - 2);
    line[len++] = '\n';
    ignore_value(write(STDERR_FILENO, line, len));
}

static size_t
nssDebugEscape(char *quoted, size_t pos, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";

    quoted[pos++] = '\\';
    quoted[pos++] = 'x';
    quoted[pos++] = digits[byte >> 4];
    quoted[pos++] = digits[byte & 0xf];
    return pos;
}

/* Guests choose their names: nothing that a terminal could obey may get through. */
static const char *
nssDebugQuote(char *quoted, const char *name, size_t len)
{
    size_t pos = 0;
    size_t i;

    quoted[pos++] = '"';
    for (i = 0; i < len && pos < NSS_DEBUG_NAME - strlen("\\x00\"") - 1; i++) {
        if (c_isprint(name[i]) && name[i] != '"' && name[i] != '\\')
            quoted[pos++] = name[i];
        else
            pos = nssDebugEscape(quoted, pos, name[i]);
    }
    quoted[pos++] = '"';
    quoted[pos] = '\0';
    return quoted;
}

static void
nssDebugLease(const char *file, const struct virLease *lease, const char *verdict)
{
    char address[INET6_ADDRSTRLEN] = "";
    char name[NSS_DEBUG_NAME];

    inet_ntop(lease->addr.family, lease->addr.bytes, address, sizeof(address));
    nssDebugPrint("%s: lease of %s, hostname %s, expiry %lld: %s", file, address,
                  nssDebugQuote(name, lease->hostname, lease->hostnameLen),
                  (long long)lease->expiry, verdict);
}

static void
nssDebugNote(const struct virNamesNote *note, void *opaque)
{
    char text[NSS_DEBUG_NAME];

    (void)opaque;
    switch (note->kind) {
    case VIR_NAMES_NOTE_FOLDER_FAILED:
        nssDebugPrint("%s: cannot be read: %s", LEASEDIR, strerrordesc_np(-note->error));
        break;
    case VIR_NAMES_NOTE_FILE_FAILED:
        nssDebugPrint("%s: passed over: %s", note->file, strerrordesc_np(-note->error));
        break;
    case VIR_NAMES_NOTE_FILE_DAMAGED:
        nssDebugPrint("%s: damaged at byte %llu", note->file, (unsigned long long)note->offset);
        break;
    case VIR_NAMES_NOTE_NOT_A_RECORD:
        nssDebugPrint("%s: what begins at byte %llu is no record, passed over", note->file,
                      (unsigned long long)note->offset);
        break;
    case VIR_NAMES_NOTE_MAP_ENTRY:
        nssDebugPrint("%s: domain %s has MAC addresses: %zu", note->file,
                      nssDebugQuote(text, note->map->domain, note->map->domainLen),
                      note->map->nmacs);
        break;
    case VIR_NAMES_NOTE_ANSWER:
        nssDebugLease(note->file, note->lease, "taken");
        break;
    case VIR_NAMES_NOTE_EXPIRED:
        nssDebugLease(note->file, note->lease, "left out, it has run out");
        break;
    case VIR_NAMES_NOTE_FOREIGN:
        nssDebugLease(note->file, note->lease, "left out, not in the domain of its network");
        break;
    case VIR_NAMES_NOTE_NOT_A_NAME:
        nssDebugLease(note->file, note->lease, "left out, that is no host name");
        break;
    case VIR_NAMES_NOTE_INVALID_NAME:
        nssDebugPrint("not a host name, no guest can have it");
        break;
    case VIR_NAMES_NOTE_RESERVED_NAME:
        nssDebugPrint("the name is reserved or this host's own, no guest may have it");
        break;
    case VIR_NAMES_NOTE_STATIC:
        inet_ntop(note->addr->family, note->addr->bytes, text, sizeof(text));
        nssDebugPrint("%s: declared for %s: taken", note->file, text);
        break;
    case VIR_NAMES_NOTE_STATIC_NAME:
        inet_ntop(note->addr->family, note->addr->bytes, text, sizeof(text));
        nssDebugPrint("%s left out, a network declares the name for another address", text);
        break;
    case VIR_NAMES_NOTE_OTHER_DOMAIN:
        inet_ntop(note->addr->family, note->addr->bytes, text, sizeof(text));
        nssDebugPrint("%s left out, the name is that of a domain without this MAC address", text);
        break;
    case VIR_NAMES_NOTE_TOO_MANY:
    default:
        nssDebugPrint("too many answers, the rest is left out");
        break;
    }
}

const struct virNamesTracer *
nssDebugTracer(struct virNamesTracer *tracer)
{
    if (!secure_getenv("LIBVIRT_NSS_DEBUG"))
        return NULL;
    *tracer = (struct virNamesTracer){ .note = nssDebugNote };
    return tracer;
}

void
nssDebugStart(const struct virNamesQuery *query)
{
    char text[NSS_DEBUG_NAME];

    if (!query->tracer)
        return;
    if (query->name) {
        nssDebugPrint("looking for %s in %s", nssDebugQuote(text, query->name, strlen(query->name)),
                      query->folder);
    } else if (query->addr.family != AF_UNSPEC) {
        inet_ntop(query->addr.family, query->addr.bytes, text, sizeof(text));
        nssDebugPrint("looking for names of %s in %s", text, query->folder);
    } else {
        nssDebugPrint("looking for everything in %s", query->folder);
    }
}

void
nssDebugEnd(const struct virNamesQuery *query, enum virNamesResult result,
            const struct virNames *names)
{
    static const char results[][sizeof("no memory or file descriptor left")] = {
        [VIR_NAMES_FOUND] = "found",
        [VIR_NAMES_UNKNOWN] = "unknown",
        [VIR_NAMES_OTHER_FAMILY] = "known, but not in this family",
        [VIR_NAMES_TRY_AGAIN] = "no memory or file descriptor left",
        [VIR_NAMES_UNAVAILABLE] = "folder not available",
    };

    if (query->tracer)
        nssDebugPrint("%s, %s: %zu", results[result], query->name ? "addresses" : "names",
                      query->name ? names->nanswers : names->nentries);
}
