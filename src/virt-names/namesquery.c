/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* virt-names query */

#include <config.h>

#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#include "namescommand.h"
#include "namesjson.h"
#include "namesnotes.h"
#include "namesoutput.h"
#include "namesprocesses.h"
#include "namesswitch.h"
#include "namestext.h"
#include "namestrail.h"

/* Columns before what is said of a service, and of its reasons */
#define INDENT 17

/* Addresses, or names, with spaces between them. */
static char *
describeAnswer(const namesAnswer *answer)
{
    g_autoptr(GString) text = g_string_new(NULL);
    guint i;

    for (i = 0; i < answer->addresses->len; i++) {
        g_autofree char *address = namesTextAddress(
            &g_array_index(answer->addresses, struct virSocketAddr, i));

        g_string_append_printf(text, " %s", address);
    }
    for (i = 0; i < answer->names->len; i++) {
        const char *name = answer->names->pdata[i];
        g_autofree char *shown = namesTextName(name, strlen(name));

        g_string_append_printf(text, " %s", shown);
    }
    return g_strdup(text->len > 0 ? text->str + 1 : "");
}

static char *
describeStatus(const struct namesStep *step)
{
    g_autofree char *answer = describeAnswer(step->answer);

    if (step->isConfigured && step->module && !step->module->handle)
        return g_strdup_printf(_("no such module here (%s)"), step->module->error);
    switch (step->answer->status) {
    case NAMES_STATUS_SUCCESS:
        return g_strdup(answer);
    case NAMES_STATUS_NOTFOUND:
        return g_strdup(_("not found"));
    case NAMES_STATUS_TRYAGAIN:
        return g_strdup(_("no answer at this time"));
    case NAMES_STATUS_UNAVAIL:
    case NAMES_STATUSES:
    default:
        return g_strdup(_("cannot answer"));
    }
}

/* What becomes of the search, where that is not what one expects. */
static char *
describeStep(const namesTrail *trail, const struct namesStep *step)
{
    g_autofree char *status = NULL;
    const char *name;

    if (!step->answer)
        /* TRANSLATORS: of a service: another one */
        return g_strdup_printf(_("not asked, %s ended the search"), trail->endedBy);
    status = describeStatus(step);
    name = namesStatusText(step->answer->status);
    if (!step->isConfigured)
        /* TRANSLATORS: of a service: nsswitch.conf, and the answer, or words such as "not found" */
        return g_strdup_printf(_("not in %s; would answer: %s"), NAMES_SWITCH_PATH, status);
    if (!step->isAsked)
        /* TRANSLATORS: of a service: another one, and the answer, or words such as "not found" */
        return g_strdup_printf(_("not asked, %s ended the search; would answer: %s"),
                               trail->endedBy, status);
    if (step->action != NAMES_ACTION_CONTINUE && step->answer->status != NAMES_STATUS_SUCCESS)
        /* TRANSLATORS: of a service: words such as "not found", and the status in nsswitch.conf,
         * such as NOTFOUND, which is not translated */
        return g_strdup_printf(_("%s [%s=return]: ends the search"), status, name);
    if (step->action == NAMES_ACTION_CONTINUE && step->answer->status == NAMES_STATUS_SUCCESS)
        /* TRANSLATORS: of a service: the answer, and the status in nsswitch.conf, such as SUCCESS,
         * which is not translated */
        return g_strdup_printf(_("%s [%s=continue]: goes on, and forgets this"), status, name);
    return g_steal_pointer(&status);
}

static void
printLine(const char *title, enum namesColor color, const char *text)
{
    namesOutputText("  ");
    namesOutputColored(color, title);
    namesOutputFormat("%*s", MAX(1, INDENT - 2 - (int)namesTextWidth(title)), "");
    namesOutputWrapped(text, INDENT);
}

static void
printStep(const namesTrail *trail, const struct namesStep *step, gint64 now)
{
    g_autofree char *text = describeStep(trail, step);
    bool found = step->isAsked && step->answer->status == NAMES_STATUS_SUCCESS;
    guint i;

    printLine(step->service, found ? NAMES_COLOR_GREEN : NAMES_COLOR_NONE, text);
    for (i = 0; step->notes && i < step->notes->len; i++) {
        g_autofree char *note = namesNoteText(step->notes->pdata[i], NULL, now);

        namesOutputFormat("%*s", INDENT, "");
        namesOutputWrapped(note, INDENT + 2);
    }
    if (step->differs) {
        g_autofree char *other = g_strdup_printf(
            _("the module %s is another one, such as libvirt's own: the reasons are those of ours"),
            step->module->path ? step->module->path : step->service);

        namesOutputFormat("%*s", INDENT, "");
        namesOutputWrapped(other, INDENT + 2);
    }
}

/* Whoever asks the services one by one, as here, does not hear of a cache. */
static void
printCache(void)
{
    g_autoptr(GPtrArray) processes = NULL;
    const char *cache = namesProcessesFindCache(&processes);

    if (cache)
        /* TRANSLATORS: of nscd or nsncd, whose name stands before it */
        printLine(cache, NAMES_COLOR_NONE, _("runs here: programs get what it remembers"));
    else if (access(NAMES_CACHE_SOCKET, F_OK) == 0)
        /* As in a container with the socket of its host, or where processes are hidden */
        printLine("nscd", NAMES_COLOR_NONE,
                  /* TRANSLATORS: of nscd, whose name stands before it */
                  _("is not seen, but its socket is there: if it runs, programs get what it "
                    "remembers"));
}

static void
printTrail(const namesTrail *trail, gint64 now)
{
    g_autofree char *title = namesTextName(trail->question, strlen(trail->question));
    g_autofree char *result = describeAnswer(trail->result);
    guint i;

    namesOutputColored(NAMES_COLOR_BOLD, title);
    namesOutputText("\n");
    for (i = 0; i < trail->steps->len; i++)
        printStep(trail, trail->steps->pdata[i], now);
    printCache();
    printLine(trail->isAddress ? "getnameinfo" : "getaddrinfo",
              trail->error ? NAMES_COLOR_RED : NAMES_COLOR_GREEN,
              trail->error ? trail->error : result);
}

static void
printSwitch(const struct namesSwitch *hosts)
{
    g_autofree char *line = namesSwitchLine(hosts);

    if (hosts->damaged)
        namesOutputFormat(_("%s:%u: glibc cannot parse this, and then finds no name at all\n"),
                          NAMES_SWITCH_PATH, hosts->damaged);
    else if (hosts->line > 0)
        /* TRANSLATORS: nsswitch.conf, the number of a line, and the services in it */
        namesOutputFormat(_("%s:%u: hosts: %s\n"), NAMES_SWITCH_PATH, hosts->line, line);
    else
        /* TRANSLATORS: nsswitch.conf, and the services that glibc takes */
        namesOutputFormat(_("%s: no hosts line, glibc then takes: %s\n"), NAMES_SWITCH_PATH, line);
}

/* ---- JSON ---- */

static void
answerJson(namesJson *json, const namesAnswer *answer)
{
    guint i;

    namesJsonBeginArray(json, "addresses");
    for (i = 0; i < answer->addresses->len; i++)
        namesJsonAddress(json, NULL, &g_array_index(answer->addresses, struct virSocketAddr, i));
    namesJsonEndArray(json);
    namesJsonBeginArray(json, "names");
    for (i = 0; i < answer->names->len; i++)
        namesJsonString(json, NULL, answer->names->pdata[i]);
    namesJsonEndArray(json);
}

static void
stepJson(namesJson *json, const struct namesStep *step, gint64 now)
{
    static const char *const actions[] = {
        [NAMES_ACTION_CONTINUE] = "continue",
        [NAMES_ACTION_RETURN] = "return",
        [NAMES_ACTION_MERGE] = "merge",
    };
    guint i;

    namesJsonBeginObject(json, NULL);
    namesJsonString(json, "service", step->service);
    namesJsonBoolean(json, "configured", step->isConfigured);
    namesJsonBoolean(json, "asked", step->isAsked);
    if (step->answer) {
        namesJsonString(json, "status", namesStatusText(step->answer->status));
        answerJson(json, step->answer);
    }
    if (step->isAsked)
        namesJsonString(json, "action", actions[step->action]);
    if (step->module) {
        namesJsonString(json, "module", step->module->path);
        namesJsonString(json, "module-error", step->module->error);
    }
    if (step->notes) {
        namesJsonBoolean(json, "differs", step->differs);
        namesJsonBeginArray(json, "reasons");
        for (i = 0; i < step->notes->len; i++)
            namesNoteJson(json, step->notes->pdata[i], now);
        namesJsonEndArray(json);
    }
    namesJsonEndObject(json);
}

static void
trailJson(namesJson *json, const namesTrail *trail, gint64 now)
{
    guint i;

    namesJsonBeginObject(json, NULL);
    namesJsonString(json, "query", trail->question);
    namesJsonString(json, "kind", trail->isAddress ? "address" : "name");
    namesJsonBoolean(json, "found", trail->found);
    namesJsonBeginArray(json, "services");
    for (i = 0; i < trail->steps->len; i++)
        stepJson(json, trail->steps->pdata[i], now);
    namesJsonEndArray(json);
    namesJsonBeginObject(json, "result");
    answerJson(json, trail->result);
    namesJsonString(json, "error", trail->error);
    namesJsonEndObject(json);
    namesJsonEndObject(json);
}

static void
beginJson(namesJson *json, const struct namesSwitch *hosts)
{
    g_autofree char *line = namesSwitchLine(hosts);

    namesJsonBeginObject(json, NULL);
    namesJsonInteger(json, "version", 1);
    namesJsonBeginObject(json, "nsswitch");
    namesJsonString(json, "path", NAMES_SWITCH_PATH);
    namesJsonInteger(json, "line", hosts->line);
    namesJsonString(json, "hosts", line);
    namesJsonBoolean(json, "damaged", hosts->damaged != 0);
    namesJsonEndObject(json);
    namesJsonBeginArray(json, "queries");
}

/* ---- the command ---- */

static int
query(char **questions, const char *folder, bool isJson)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(namesSwitch) hosts = namesSwitchRead(NAMES_SWITCH_PATH, &error);
    g_autoptr(namesJson) json = namesJsonNew(true);
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    int status = NAMES_EXIT_GOOD;

    if (!hosts) {
        /* TRANSLATORS: an error about nsswitch.conf, which is "it" */
        namesTell(_("%s. Every program then does without it; make it readable"), error->message);
        return NAMES_EXIT_FAILED;
    }
    if (isJson)
        beginJson(json, hosts);
    else
        printSwitch(hosts);
    for (; *questions; questions++) {
        g_autoptr(namesTrail) trail = namesTrailFollow(hosts, *questions, folder, now);

        if (isJson)
            trailJson(json, trail, now);
        else
            printTrail(trail, now);
        if (!trail->found && trail->result->status == NAMES_STATUS_TRYAGAIN)
            status = NAMES_EXIT_FAILED;
        else if (!trail->found && status == NAMES_EXIT_GOOD)
            status = NAMES_EXIT_NOT_FOUND;
    }
    if (isJson) {
        namesJsonEndArray(json);
        namesJsonEndObject(json);
        namesJsonPrint(json);
    }
    return status;
}

int
namesQuery(const struct namesCommand *command, int argc, char **argv)
{
    g_autofree char *folder = NULL;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        NAMES_OPTION_JSON(&json),
        NAMES_OPTION_LEASEDIR(&folder),
        G_OPTION_ENTRY_NULL,
    };
    int status;

    if (!namesParse(command, entries, &argc, &argv, 1, G_MAXINT - 1, &status))
        return status;
    return query(argv + 1, folder, json);
}
