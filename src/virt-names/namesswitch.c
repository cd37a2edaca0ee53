/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namesswitch.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>

#include "nameserror.h"

/* What glibc 2.36 takes where there is no hosts line; tests/virtnamestest.py asks it */
#define DEFAULT_SERVICES "files dns"

const char *const namesSwitchOurs[] = { NAMES_SERVICE_LIBVIRT, NAMES_SERVICE_GUEST, NULL };

bool
namesSwitchIsOurs(const char *service)
{
    return g_strv_contains(namesSwitchOurs, service);
}

/* A place in the line, with no more than @end in sight. How glibc 2.36 reads it was found out by
 * experiment, and tests/virtnameschecktest.py repeats that. */
struct cursor {
    const char *text;
    gsize pos;
    gsize end;
};

/* isspace() in the C locale, as in glibc before a program sets another */
static bool
atSpace(const struct cursor *cursor)
{
    return cursor->pos < cursor->end && strchr(" \t\n\v\f\r", cursor->text[cursor->pos]) &&
           cursor->text[cursor->pos];
}

static void
skipSpace(struct cursor *cursor)
{
    while (atSpace(cursor))
        cursor->pos++;
}

static bool
skipCharacter(struct cursor *cursor, char character)
{
    if (cursor->pos == cursor->end || cursor->text[cursor->pos] != character)
        return false;
    cursor->pos++;
    return true;
}

/* The bytes up to white space or one of @stops. */
static char *
takeWord(struct cursor *cursor, const char *stops)
{
    const gsize begin = cursor->pos;

    while (cursor->pos < cursor->end && !atSpace(cursor) &&
           !strchr(stops, cursor->text[cursor->pos]))
        cursor->pos++;
    return g_strndup(cursor->text + begin, cursor->pos - begin);
}

static int
findWord(const char *const *words, gsize count, const char *word)
{
    gsize i;

    for (i = 0; i < count; i++) {
        if (g_ascii_strcasecmp(words[i], word) == 0)
            return i;
    }
    return -1;
}

static const char *const statuses[] = {
    [NAMES_STATUS_SUCCESS] = "SUCCESS",
    [NAMES_STATUS_NOTFOUND] = "NOTFOUND",
    [NAMES_STATUS_UNAVAIL] = "UNAVAIL",
    [NAMES_STATUS_TRYAGAIN] = "TRYAGAIN",
};

/* "STATUS=ACTION" or "!STATUS=ACTION", which is for every other status */
static bool
takeAction(struct cursor *cursor, struct namesService *service)
{
    static const char *const actions[] = {
        [NAMES_ACTION_CONTINUE] = "continue",
        [NAMES_ACTION_RETURN] = "return",
        [NAMES_ACTION_MERGE] = "merge",
    };
    const bool others = skipCharacter(cursor, '!');
    g_autofree char *status = takeWord(cursor, "=]");
    g_autofree char *action = NULL;
    int which = findWord(statuses, G_N_ELEMENTS(statuses), status);
    int what;
    int i;

    skipSpace(cursor);
    if (!skipCharacter(cursor, '='))
        return false;
    skipSpace(cursor);
    action = takeWord(cursor, "=]");
    what = findWord(actions, G_N_ELEMENTS(actions), action);
    if (which < 0 || what < 0)
        return false;
    for (i = 0; i < NAMES_STATUSES; i++) {
        if ((i == which) != others)
            service->actions[i] = what;
    }
    return true;
}

/* "[...]" behind a service, if there is one. */
static bool
takeActions(struct cursor *cursor, struct namesService *service)
{
    if (!skipCharacter(cursor, '['))
        return true;
    skipSpace(cursor);
    do {
        if (!takeAction(cursor, service))
            return false;
        skipSpace(cursor);
    } while (!skipCharacter(cursor, ']'));
    service->end = cursor->pos;
    return true;
}

/* Adds the services between the cursor and its end; false where glibc gives up. */
static bool
takeServices(struct namesSwitch *hosts, struct cursor *cursor)
{
    while (skipSpace(cursor), cursor->pos < cursor->end) {
        struct namesService service = { .begin = cursor->pos };

        /* Brackets without a service before them: glibc is content with what it has, and does not
         * look at the rest */
        if (cursor->text[cursor->pos] == '[') {
            hosts->cut = cursor->pos;
            return true;
        }
        service.actions[NAMES_STATUS_SUCCESS] = NAMES_ACTION_RETURN;
        service.name = takeWord(cursor, "[");
        service.end = cursor->pos;
        skipSpace(cursor);
        if (!takeActions(cursor, &service)) {
            g_free(service.name);
            return false;
        }
        g_array_append_val(hosts->services, service);
    }
    return true;
}

/* Whether glibc has a database of the name: of others, which some programs look for in this file by
 * themselves, it reads nothing. */
static bool
isDatabase(const char *name)
{
    static const char *const databases[] = {
        "aliases",  "ethers",     "group",    "group_compat",  "gshadow",       "hosts",
        "netgroup", "networks",   "passwd",   "passwd_compat", "protocols",     "publickey",
        "rpc",      "initgroups", "services", "shadow",        "shadow_compat",
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(databases); i++) {
        if (strcmp(databases[i], name) == 0)
            return true;
    }
    return false;
}

static void
clearService(gpointer data)
{
    g_free(((struct namesService *)data)->name);
}

static struct namesSwitch *
newSwitch(void)
{
    struct namesSwitch *hosts = g_new0(struct namesSwitch, 1);

    hosts->services = g_array_new(FALSE, FALSE, sizeof(struct namesService));
    g_array_set_clear_func(hosts->services, clearService);
    return hosts;
}

/* Makes the hosts line the one that counts, and forgets what another one was. */
static void
beginHosts(struct namesSwitch *hosts, guint number, gsize begin, gsize end)
{
    g_array_set_size(hosts->services, 0);
    hosts->lines++;
    hosts->line = number;
    hosts->begin = begin;
    hosts->end = end;
    hosts->cut = 0;
}

/* The line from @begin to @end, where a newline is; false where glibc gives up. A '#' begins a
 * comment only where a line does: behind that it is a word as any other. */
static bool
parseLine(struct namesSwitch *hosts, guint number, gsize begin, gsize end)
{
    struct cursor cursor = { hosts->text, begin, end };
    g_autofree char *database = NULL;

    skipSpace(&cursor);
    database = takeWord(&cursor, ":");
    if (!isDatabase(database))
        return true;
    /* Whatever ends the word, the newline even: glibc does not insist on the colon */
    cursor.pos = MIN(cursor.pos + 1, end);
    if (strcmp(database, "hosts") == 0) {
        beginHosts(hosts, number, begin, end);
        hosts->first = cursor.pos;
        return takeServices(hosts, &cursor);
    }
    {
        g_autoptr(namesSwitch) other = newSwitch();

        return takeServices(other, &cursor);
    }
}

/* Whether the text from @begin on, which no newline ends, would be a hosts line. */
static bool
isHostsLine(const struct namesSwitch *hosts, gsize begin)
{
    struct cursor cursor = { hosts->text, begin, hosts->len };
    g_autofree char *database = NULL;

    skipSpace(&cursor);
    database = takeWord(&cursor, ":");
    return strcmp(database, "hosts") == 0 && cursor.pos < cursor.end;
}

static void
parseLines(struct namesSwitch *hosts)
{
    const char *newline;
    gsize begin = 0;
    guint number = 1;

    while ((newline = memchr(hosts->text + begin, '\n', hosts->len - begin))) {
        gsize end = newline - hosts->text;

        /* glibc sees no more of a line than what stands before a NUL */
        if (!parseLine(hosts, number, begin, begin + strnlen(hosts->text + begin, end - begin))) {
            hosts->damaged = number;
            g_array_set_size(hosts->services, 0);
            return;
        }
        begin = end + 1;
        number++;
    }
    hosts->unended = isHostsLine(hosts, begin);
}

struct namesSwitch *
namesSwitchParse(char *text, gsize len)
{
    struct namesSwitch *hosts = newSwitch();

    hosts->text = text;
    hosts->len = len;
    parseLines(hosts);
    if (hosts->lines == 0 && !hosts->damaged) {
        struct cursor cursor = { DEFAULT_SERVICES, 0, strlen(DEFAULT_SERVICES) };

        takeServices(hosts, &cursor);
    }
    return hosts;
}

void
namesSwitchFree(struct namesSwitch *hosts)
{
    g_free(hosts->text);
    g_array_unref(hosts->services);
    g_free(hosts);
}

struct namesSwitch *
namesSwitchRead(const char *path, GError **error)
{
    g_autoptr(GError) problem = NULL;
    char *text = NULL;
    gsize len = 0;

    if (g_file_get_contents(path, &text, &len, &problem))
        return namesSwitchParse(text, len);
    if (g_error_matches(problem, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return namesSwitchParse(g_strdup(""), 0);
    g_propagate_error(error, g_steal_pointer(&problem));
    return NULL;
}

const struct namesService *
namesSwitchGet(const struct namesSwitch *hosts, guint i)
{
    return &g_array_index(hosts->services, struct namesService, i);
}

bool
namesSwitchIsEmpty(const struct namesSwitch *hosts)
{
    return !hosts->damaged && hosts->services->len == 0;
}

int
namesSwitchFind(const struct namesSwitch *hosts, const char *name)
{
    guint i;

    for (i = 0; i < hosts->services->len; i++) {
        if (strcmp(namesSwitchGet(hosts, i)->name, name) == 0)
            return i;
    }
    return -1;
}

int
namesSwitchHider(const struct namesSwitch *hosts, guint service)
{
    guint i;

    for (i = 0; i < service; i++) {
        if (namesSwitchGet(hosts, i)->actions[NAMES_STATUS_NOTFOUND] == NAMES_ACTION_RETURN)
            return i;
    }
    return -1;
}

char *
namesSwitchLine(const struct namesSwitch *hosts)
{
    const struct namesService *first;
    const struct namesService *last;

    if (hosts->line == 0 && !hosts->damaged)
        return g_strdup(DEFAULT_SERVICES);
    if (hosts->services->len == 0)
        return g_strdup("");
    first = namesSwitchGet(hosts, 0);
    last = namesSwitchGet(hosts, hosts->services->len - 1);
    return g_strndup(hosts->text + first->begin, last->end - first->begin);
}

const char *
namesStatusText(enum namesStatus status)
{
    return statuses[status];
}
