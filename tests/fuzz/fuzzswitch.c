/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* nsswitch.conf, and what enable and disable make of it. */

#include <config.h>

#include "fuzz.h"

#include <glib.h>
#include <string.h>

#include "namesedit.h"

static const char *const both[] = { NAMES_SERVICE_LIBVIRT, NAMES_SERVICE_GUEST, NULL };

static struct namesSwitch *
parse(const char *text)
{
    return namesSwitchParse(g_strdup(text), strlen(text));
}

static bool
hasOurs(const struct namesSwitch *hosts)
{
    return namesSwitchFind(hosts, both[0]) >= 0 || namesSwitchFind(hosts, both[1]) >= 0;
}

/* The services lie in the line, one behind the other. */
static void
claimParsed(const struct namesSwitch *hosts)
{
    gsize pos = hosts->begin;
    guint i;

    for (i = 0; hosts->line > 0 && i < hosts->services->len; i++) {
        const struct namesService *service = namesSwitchGet(hosts, i);

        FUZZ_CLAIM(service->begin >= pos && service->end >= service->begin + strlen(service->name));
        FUZZ_CLAIM(*service->name && service->end <= hosts->end && hosts->end <= hosts->len);
        pos = service->end;
    }
}

/* Whether the line above the hosts line is one of those that enable puts there. */
static bool
isMarked(const struct namesSwitch *hosts)
{
    gsize begin = hosts->begin;
    g_autofree char *above = NULL;

    if (begin == 0)
        return false;
    for (begin--; begin > 0 && hosts->text[begin - 1] != '\n'; begin--)
        ;
    above = g_strndup(hosts->text + begin, hosts->begin - begin);
    return *above == '#' && strstr(above, "virt-names(1)");
}

static void
claimEnabled(const struct namesSwitch *hosts, const char *text)
{
    g_autoptr(namesSwitch) enabled = parse(text);
    g_autofree char *again = namesEditEnable(enabled, both, NULL);
    g_autofree char *disabled = namesEditDisable(enabled, both, NULL);

    claimParsed(enabled);
    FUZZ_CLAIM(namesEditIsEnabled(enabled, both));
    FUZZ_CLAIM(again && strcmp(again, text) == 0);
    /* A line that counts once the added one is gone may be one to mend first */
    FUZZ_CLAIM(disabled || enabled->lines > 1);
    /* A hosts line without newline at the end has got one: glibc passes it over otherwise. And what
     * is marked as added is taken out, whatever became of it */
    if (disabled && !hasOurs(hosts) && !hosts->unended && !isMarked(hosts))
        FUZZ_CLAIM(strcmp(disabled, hosts->text) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = fuzzTake(0, &data, &size, "\xff\xff\xff");
    g_autoptr(namesSwitch) hosts = parse(text);
    g_autoptr(GError) error = NULL;
    g_autofree char *enabled = namesEditEnable(hosts, both, &error);
    g_autofree char *disabled = namesEditDisable(hosts, both, NULL);
    g_autofree char *line = namesSwitchLine(hosts);

    claimParsed(hosts);
    FUZZ_CLAIM(!enabled == !!error);
    FUZZ_CLAIM(line);
    if (enabled)
        claimEnabled(hosts, enabled);
    if (disabled) {
        g_autoptr(namesSwitch) rest = parse(disabled);

        FUZZ_CLAIM(!hasOurs(rest));
    }
    return 0;
}
