/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namesedit.h"

#include <glib/gi18n.h>
#include <string.h>

#include "nameserror.h"
#include "namesoutput.h"

#define FILES "files"

/* Lines that stand above the hosts line if more was done than adding our services: who disables us
 * wants that undone. Not translated, they have to be known again. */
#define MARK_LINE "# There was no hosts line before virt-names(1) added this one\n"
#define MARK_FILES                                                                                 \
    "# virt-names(1) added the first \"files\", so that no guest takes a name of /etc/hosts\n"
#define MARK_EMPTY "# virt-names(1) added files and dns to a hosts line that had no service\n"
#define LINE_BEGIN "hosts:          "

/* Services of this machine's own configuration: they may come before ours. Anything else asks
 * somebody, and costs time or hides guests. */
static bool
isLocal(const char *service)
{
    return strcmp(service, FILES) == 0 || strcmp(service, "myhostname") == 0 ||
           strcmp(service, "mymachines") == 0;
}

/* Services that may know every name there is, or end the search for it: ours come before them.
 * glibc takes the '#' of a comment behind a line for one, too. */
static bool
isElsewhere(const struct namesService *service)
{
    return *service->name == '#' || strcmp(service->name, "dns") == 0 ||
           strcmp(service->name, "resolve") == 0 || g_str_has_prefix(service->name, "mdns") ||
           (service->actions[NAMES_STATUS_NOTFOUND] == NAMES_ACTION_RETURN &&
            !namesSwitchIsOurs(service->name));
}

/* Position of the first service that is elsewhere; behind the last one if there is none. */
static guint
firstElsewhere(const struct namesSwitch *hosts)
{
    guint i = 0;

    while (i < hosts->services->len && !isElsewhere(namesSwitchGet(hosts, i)))
        i++;
    return i;
}

bool
namesEditIsEnabled(const struct namesSwitch *hosts, const char *const *services)
{
    const int files = namesSwitchFind(hosts, FILES);
    const int elsewhere = firstElsewhere(hosts);
    int last = -1;

    if (hosts->line == 0 || hosts->damaged || hosts->cut || hosts->unended)
        return false;
    for (; *services; services++) {
        int found = namesSwitchFind(hosts, *services);

        if (found < files || found > elsewhere || found <= last ||
            namesSwitchHider(hosts, found) >= 0)
            return false;
        last = found;
    }
    return true;
}

/* ---- pieces of the text ---- */

static char *
replace(const struct namesSwitch *hosts, gsize begin, gsize end, const char *piece)
{
    GString *text = g_string_new_len(hosts->text, begin);

    g_string_append(text, piece);
    g_string_append_len(text, hosts->text + end, hosts->len - end);
    return g_string_free(text, FALSE);
}

/* Whether service @i begins where the actions of the one before it end, without a space. */
static bool
isAttached(const struct namesSwitch *hosts, guint i)
{
    return i > 0 && i < hosts->services->len &&
           namesSwitchGet(hosts, i - 1)->end == namesSwitchGet(hosts, i)->begin;
}

/* The text without service @i, its actions, and the space that insertAt() would have put there. */
static char *
withoutService(const struct namesSwitch *hosts, guint i)
{
    const struct namesService *service = namesSwitchGet(hosts, i);

    if (i > 0 && !isAttached(hosts, i) && !isAttached(hosts, i + 1))
        return replace(hosts, namesSwitchGet(hosts, i - 1)->end, service->end, "");
    if (i + 1 < hosts->services->len)
        return replace(hosts, service->begin, namesSwitchGet(hosts, i + 1)->begin, "");
    return replace(hosts, i > 0 ? service->begin : hosts->first, service->end, "");
}

static struct namesSwitch *
parse(char *text)
{
    return namesSwitchParse(text, strlen(text));
}

/* Whether the line above the hosts line is @mark. */
static bool
isMarked(const struct namesSwitch *hosts, const char *mark)
{
    const gsize len = strlen(mark);

    return hosts->begin >= len && memcmp(hosts->text + hosts->begin - len, mark, len) == 0 &&
           (hosts->begin == len || hosts->text[hosts->begin - len - 1] == '\n');
}

static bool
hasOurs(const struct namesSwitch *hosts)
{
    const char *const *ours = namesSwitchOurs;

    while (*ours && namesSwitchFind(hosts, *ours) < 0)
        ours++;
    return *ours;
}

/* The text without what was added for ours, if these are gone: the first files service, or
 * everything in the line. */
static char *
withoutAdded(const struct namesSwitch *hosts)
{
    const int files = namesSwitchFind(hosts, FILES);
    const guint count = hosts->services->len;
    g_autoptr(namesSwitch) rest = NULL;
    gsize mark = 0;

    if (files < 0 || hasOurs(hosts))
        return g_strdup(hosts->text);
    if (isMarked(hosts, MARK_FILES)) {
        mark = strlen(MARK_FILES);
        rest = parse(withoutService(hosts, files));
    } else if (isMarked(hosts, MARK_EMPTY) && count == 2) {
        mark = strlen(MARK_EMPTY);
        rest = parse(replace(hosts, hosts->first, namesSwitchGet(hosts, 1)->end, ""));
    } else {
        return g_strdup(hosts->text);
    }
    return replace(rest, rest->begin - mark, rest->begin, "");
}

/* The text without @services and what was added to the line for them. */
static char *
withoutServices(const struct namesSwitch *hosts, const char *const *services)
{
    g_autoptr(namesSwitch) rest = parse(g_strdup(hosts->text));

    for (; *services; services++) {
        int found;

        while ((found = namesSwitchFind(rest, *services)) >= 0) {
            struct namesSwitch *next = parse(withoutService(rest, found));

            namesSwitchFree(rest);
            rest = next;
        }
    }
    return withoutAdded(rest);
}

/* ---- enabling ---- */

/* The text with @words behind service @i - 1, or in front of all. */
static char *
insertAt(const struct namesSwitch *hosts, guint i, const char *words)
{
    const bool before = (i == 0 && hosts->services->len > 0) || isAttached(hosts, i);
    g_autofree char *piece = g_strconcat(before ? "" : " ", words, before ? " " : "", NULL);
    gsize pos = hosts->first;

    if (before)
        pos = namesSwitchGet(hosts, i)->begin;
    else if (i > 0)
        pos = namesSwitchGet(hosts, i - 1)->end;
    return replace(hosts, pos, pos, piece);
}

/* The text with @words in the hosts line, which has none of ours. */
static char *
insertServices(const struct namesSwitch *hosts, const char *words)
{
    const int files = namesSwitchFind(hosts, FILES);
    const guint elsewhere = firstElsewhere(hosts);
    guint i;

    if (hosts->services->len == 0) {
        g_autofree char *more = g_strconcat(FILES " ", words, " dns", NULL);
        g_autoptr(namesSwitch) inserted = parse(insertAt(hosts, 0, more));

        return replace(inserted, inserted->begin, inserted->begin, MARK_EMPTY);
    }
    /* Also where files itself ends the search */
    if (files >= 0 && (guint)files >= elsewhere) {
        g_autofree char *more = g_strconcat(FILES " ", words, NULL);
        g_autoptr(namesSwitch) inserted = parse(insertAt(hosts, elsewhere, more));

        return replace(inserted, inserted->begin, inserted->begin, MARK_FILES);
    }
    if (files < 0)
        return insertAt(hosts, elsewhere, words);
    i = files + 1;
    while (i < elsewhere && isLocal(namesSwitchGet(hosts, i)->name))
        i++;
    return insertAt(hosts, i, words);
}

/* The text with a line of its own, before the first line that says something, so that what the file
 * ends with does not matter. */
static char *
insertLine(const struct namesSwitch *hosts, const char *words)
{
    g_autofree char *piece = g_strconcat(MARK_LINE LINE_BEGIN FILES " ", words, " dns\n", NULL);
    gsize begin = 0;

    while (begin < hosts->len && strchr("#\n", hosts->text[begin])) {
        const char *newline = strchr(hosts->text + begin, '\n');

        if (!newline)
            break;
        begin = newline + 1 - hosts->text;
    }
    return replace(hosts, begin, begin, piece);
}

/* Those of ours that are to be in the line: @services, and what is there already. */
static char **
allServices(const struct namesSwitch *hosts, const char *const *services)
{
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();
    const char *const *ours;

    for (ours = namesSwitchOurs; *ours; ours++) {
        if (g_strv_contains(services, *ours) || namesSwitchFind(hosts, *ours) >= 0)
            g_strv_builder_add(all, *ours);
    }
    return g_strv_builder_end(all);
}

/* Whether the line is the word hosts alone, which glibc takes for one without services. */
static bool
isBare(const struct namesSwitch *hosts)
{
    return hosts->line > 0 && hosts->first == hosts->end &&
           g_ascii_isalpha(hosts->text[hosts->first - 1]) && hosts->services->len == 0;
}

static bool
checkParsed(const struct namesSwitch *hosts, GError **error)
{
    if (hosts->damaged)
        namesErrorSet(
            error, 0,
            _("line %u: glibc cannot parse this, and then finds no name at all. Mend it first: "
              "nsswitch.conf(5) has the form of actions in brackets"),
            hosts->damaged);
    else if (hosts->cut)
        namesErrorSet(
            error, 0,
            /* TRANSLATORS: the number of a line, and the brackets with what stands behind them */
            _("line %u: no service stands before these brackets: %.*s. glibc passes over "
              "the rest of the line. Mend it first"),
            hosts->line, (int)(hosts->end - hosts->cut), hosts->text + hosts->cut);
    else if (isBare(hosts))
        namesErrorSet(
            error, 0,
            _("line %u: there is nothing behind the word hosts, not even a colon. Mend it "
              "first"),
            hosts->line);
    return !hosts->damaged && !hosts->cut && !isBare(hosts);
}

/* The hosts line with a newline behind it, if the file ends without one. */
static struct namesSwitch *
withNewline(const struct namesSwitch *hosts)
{
    return parse(g_strconcat(hosts->text, hosts->unended ? "\n" : NULL, NULL));
}

char *
namesEditEnable(const struct namesSwitch *original, const char *const *services, GError **error)
{
    g_autoptr(namesSwitch) hosts = withNewline(original);
    g_auto(GStrv) all = allServices(hosts, services);
    g_autofree char *words = g_strjoinv(" ", all);
    g_autoptr(namesSwitch) cleared = NULL;

    if (!checkParsed(hosts, error))
        return NULL;
    if (hosts->line == 0)
        return insertLine(hosts, words);
    if (namesEditIsEnabled(hosts, (const char *const *)all))
        return g_strdup(hosts->text);
    cleared = parse(withoutServices(hosts, (const char *const *)all));
    return insertServices(cleared, words);
}

/* ---- disabling ---- */

/* Takes the line out again that insertLine() has put in, if nothing else became of it. */
static char *
withoutLine(const struct namesSwitch *hosts)
{
    static const char added[] = LINE_BEGIN FILES " dns\n";

    if (!isMarked(hosts, MARK_LINE) || !g_str_has_prefix(hosts->text + hosts->begin, added))
        return g_strdup(hosts->text);
    return replace(hosts, hosts->begin - strlen(MARK_LINE), hosts->begin + strlen(added), "");
}

char *
namesEditDisable(const struct namesSwitch *hosts, const char *const *services, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(namesSwitch) rest = NULL;
    g_autofree char *shorter = NULL;
    g_autoptr(namesSwitch) uncovered = NULL;

    if (!checkParsed(hosts, error))
        return NULL;
    text = withoutServices(hosts, services);
    if (strcmp(text, hosts->text) == 0)
        return g_steal_pointer(&text);
    rest = parse(g_steal_pointer(&text));
    shorter = withoutLine(rest);
    if (strcmp(shorter, rest->text) == 0)
        return g_steal_pointer(&shorter);
    /* A hosts line that somebody wrote above the one taken out counts now */
    uncovered = parse(g_steal_pointer(&shorter));
    return namesEditDisable(uncovered, services, error);
}

/* ---- the difference ---- */

/* Lines around a difference that are shown with it */
#define CONTEXT 3

static void
printLines(char **lines, size_t from, size_t to, char sign)
{
    for (; from < to; from++)
        namesOutputFormat("%c%s\n%s", sign, lines[from],
                          lines[from + 1] ? "" : "\\ No newline at end of file\n");
}

/* The lines of a text; if it ends with a newline, that is no further line. */
static char **
splitLines(const char *text, size_t *count)
{
    char **lines = g_strsplit(text, "\n", -1);

    *count = g_strv_length(lines);
    if (*count > 0 && !*lines[*count - 1])
        --*count;
    return lines;
}

void
namesEditPrintDiff(const char *path, const char *before, const char *after)
{
    size_t nold;
    size_t nnew;
    g_auto(GStrv) old = splitLines(before, &nold);
    g_auto(GStrv) new = splitLines(after, &nnew);
    size_t head = 0;
    size_t tail = 0;
    size_t first;
    size_t last;

    while (head < MIN(nold, nnew) && strcmp(old[head], new[head]) == 0)
        head++;
    while (tail < MIN(nold, nnew) - head && strcmp(old[nold - 1 - tail], new[nnew - 1 - tail]) == 0)
        tail++;
    if (head == nold && head == nnew)
        return;
    first = head - MIN(head, CONTEXT);
    last = MIN(tail, CONTEXT);
    namesOutputFormat("--- %s\n+++ %s\n@@ -%zu,%zu +%zu,%zu @@\n", path, path,
                      first + (nold - tail + last > first), nold - tail + last - first, first + 1,
                      nnew - tail + last - first);
    printLines(old, first, head, ' ');
    printLines(old, head, nold - tail, '-');
    printLines(new, head, nnew - tail, '+');
    printLines(old, nold - tail, nold - tail + last, ' ');
}
