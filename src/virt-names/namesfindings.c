/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namesfindings.h"

#include <glib/gi18n.h>
#include <stdarg.h>
#include <string.h>

#include "namesjson.h"
#include "namesoutput.h"
#include "namestext.h"

/* Columns between a level and what was seen */
#define GAP 2

struct namesFindings {
    GArray *array;
};

static const char *const levels[] = {
    /* TRANSLATORS: the next three begin the findings of "virt-names check", and are short */
    [NAMES_LEVEL_OK] = N_("OK"),
    [NAMES_LEVEL_WARNING] = N_("WARNING"),
    [NAMES_LEVEL_PROBLEM] = N_("PROBLEM"),
};

static void
clearFinding(gpointer data)
{
    struct namesFinding *finding = data;

    g_free(finding->seen);
    g_free(finding->command);
}

namesFindings *
namesFindingsNew(void)
{
    namesFindings *findings = g_new0(namesFindings, 1);

    findings->array = g_array_new(FALSE, FALSE, sizeof(struct namesFinding));
    g_array_set_clear_func(findings->array, clearFinding);
    return findings;
}

void
namesFindingsFree(namesFindings *findings)
{
    g_array_unref(findings->array);
    g_free(findings);
}

void
namesFindingsAdd(namesFindings *findings, enum namesLevel level, const char *id, const char *why,
                 char *command, const char *format, ...)
{
    struct namesFinding finding = { .level = level, .id = id, .why = why, .command = command };
    va_list args;

    va_start(args, format);
    finding.seen = g_strdup_vprintf(format, args);
    va_end(args);
    g_array_append_val(findings->array, finding);
}

static const struct namesFinding *
get(const namesFindings *findings, guint i)
{
    return &g_array_index(findings->array, struct namesFinding, i);
}

guint
namesFindingsCount(const namesFindings *findings, enum namesLevel level)
{
    guint count = 0;
    guint i;

    for (i = 0; i < findings->array->len; i++)
        count += get(findings, i)->level == level;
    return count;
}

gboolean
namesFindingsHas(const namesFindings *findings, const char *id)
{
    guint i;

    for (i = 0; i < findings->array->len; i++) {
        if (get(findings, i)->level > NAMES_LEVEL_OK && strcmp(get(findings, i)->id, id) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Columns before what was seen, for any level. */
static size_t
indentation(void)
{
    size_t width = 0;
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(levels); i++)
        width = MAX(width, namesTextWidth(_(levels[i])));
    return width + GAP;
}

static void
printFinding(const struct namesFinding *finding, size_t indent)
{
    static const enum namesColor colors[] = {
        [NAMES_LEVEL_OK] = NAMES_COLOR_GREEN,
        [NAMES_LEVEL_WARNING] = NAMES_COLOR_YELLOW,
        [NAMES_LEVEL_PROBLEM] = NAMES_COLOR_RED,
    };

    const char *level = _(levels[finding->level]);

    namesOutputColored(colors[finding->level], level);
    namesOutputFormat("%*s", (int)(indent - namesTextWidth(level)), "");
    namesOutputWrapped(finding->seen, indent);
    if (finding->why) {
        namesOutputFormat("%*s", (int)indent, "");
        namesOutputWrapped(finding->why, indent);
    }
    /* On a line of its own, and never broken, so that it can be copied */
    if (finding->command) {
        namesOutputFormat("%*s", (int)indent, "");
        namesOutputText(_("Run: "));
        namesOutputColored(NAMES_COLOR_BOLD, finding->command);
        namesOutputText("\n");
    }
}

/* How many problems and warnings there are, in words. */
static char *
describeCounts(guint problems, guint warnings)
{
    g_autofree char *first = g_strdup_printf(
        g_dngettext(GETTEXT_PACKAGE, "%u problem", "%u problems", problems), problems);
    g_autofree char *second = g_strdup_printf(
        g_dngettext(GETTEXT_PACKAGE, "%u warning", "%u warnings", warnings), warnings);
    g_autoptr(GString) counts = g_string_new(NULL);

    if (problems > 0)
        namesTextAppend(counts, first);
    if (warnings > 0)
        namesTextAppend(counts, second);
    return g_strdup(counts->str);
}

void
namesFindingsPrint(const namesFindings *findings)
{
    const guint problems = namesFindingsCount(findings, NAMES_LEVEL_PROBLEM);
    const guint warnings = namesFindingsCount(findings, NAMES_LEVEL_WARNING);
    const size_t indent = indentation();
    g_autofree char *counts = NULL;
    guint i;

    for (i = 0; i < findings->array->len; i++)
        printFinding(get(findings, i), indent);
    if (problems + warnings == 0) {
        namesOutputText(_("\nAll is well.\n"));
        return;
    }
    counts = describeCounts(problems, warnings);
    namesOutputFormat("\n%s\n", counts);
}

void
namesFindingsPrintJson(const namesFindings *findings)
{
    g_autoptr(namesJson) json = namesJsonNew(true);
    guint i;

    namesJsonBeginObject(json, NULL);
    namesJsonInteger(json, "version", 1);
    namesJsonInteger(json, "problems", namesFindingsCount(findings, NAMES_LEVEL_PROBLEM));
    namesJsonInteger(json, "warnings", namesFindingsCount(findings, NAMES_LEVEL_WARNING));
    namesJsonBeginArray(json, "findings");
    for (i = 0; i < findings->array->len; i++) {
        const struct namesFinding *finding = get(findings, i);

        namesJsonBeginObject(json, NULL);
        namesJsonString(json, "level", levels[finding->level]);
        namesJsonString(json, "id", finding->id);
        namesJsonString(json, "seen", finding->seen);
        namesJsonString(json, "why", finding->why);
        namesJsonString(json, "command", finding->command);
        namesJsonEndObject(json);
    }
    namesJsonEndArray(json);
    namesJsonEndObject(json);
    namesJsonPrint(json);
}
