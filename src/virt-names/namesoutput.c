/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namesoutput.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "namestext.h"

/* errno of the first write that failed: stdio forgets it, and what could not be written */
static int failure;

static void
noteFailure(void)
{
    if (failure == 0)
        failure = errno;
}

void
namesOutputWrite(const char *bytes, size_t len)
{
    if (fwrite(bytes, 1, len, stdout) < len)
        noteFailure();
}

int
namesOutputFlush(void)
{
    /* What glib has printed itself has only left its mark on the stream */
    if (fflush(stdout) != 0 || ferror(stdout))
        noteFailure();
    return failure;
}

void
namesOutputText(const char *text)
{
    const char *charset;
    g_autofree char *converted = NULL;

    if (!g_get_charset(&charset))
        converted = g_convert_with_fallback(text, -1, charset, "UTF-8", "?", NULL, NULL, NULL);
    if (converted)
        text = converted;
    namesOutputWrite(text, strlen(text));
}

void
namesOutputFormat(const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    namesOutputText(text);
}

static bool
hasColors(void)
{
    const char *terminal = g_getenv("TERM");
    const char *refused = g_getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && terminal && strcmp(terminal, "dumb") != 0 &&
           !(refused && *refused);
}

void
namesOutputColored(enum namesColor color, const char *text)
{
    /* ECMA-48, 8.3.117: select graphic rendition */
    static const char *const begin[] = {
        [NAMES_COLOR_NONE] = "",          [NAMES_COLOR_BOLD] = "\033[1m",
        [NAMES_COLOR_DIM] = "\033[2m",    [NAMES_COLOR_RED] = "\033[1;31m",
        [NAMES_COLOR_GREEN] = "\033[32m", [NAMES_COLOR_YELLOW] = "\033[33m",
    };

    if (color == NAMES_COLOR_NONE || !hasColors()) {
        namesOutputText(text);
        return;
    }
    namesOutputText(begin[color]);
    namesOutputText(text);
    namesOutputText("\033[0m");
}

size_t
namesOutputWidth(void)
{
    const char *columns = g_getenv("COLUMNS");
    struct winsize size;

    if (!isatty(STDOUT_FILENO))
        return 0;
    if (columns && g_ascii_strtoull(columns, NULL, 10) > 0)
        return g_ascii_strtoull(columns, NULL, 10);
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* Up to where @text must not be broken: to a space, or to the next character of a script that is
 * written without any. */
static const char *
unbroken(const char *text)
{
    bool isWide = false;

    for (; *text && *text != ' '; text = g_utf8_find_next_char(text, NULL)) {
        gunichar character = g_utf8_get_char(text);

        if (isWide && g_unichar_break_type(character) == G_UNICODE_BREAK_IDEOGRAPHIC)
            return text;
        isWide = g_unichar_iswide(character);
    }
    return text;
}

void
namesOutputWrapped(const char *text, size_t indent)
{
    const size_t width = namesOutputWidth();
    size_t column = indent;
    bool space = false;

    for (;;) {
        const char *end = unbroken(text);
        g_autofree char *piece = g_strndup(text, end - text);
        const size_t len = namesTextWidth(piece);

        if (column > indent && width > 0 && column + space + len > width) {
            namesOutputFormat("\n%*s", (int)indent, "");
            column = indent;
        } else if (space) {
            namesOutputText(" ");
            column++;
        }
        namesOutputText(piece);
        column += len;
        if (!*end)
            break;
        space = *end == ' ';
        text = end + space;
    }
    namesOutputText("\n");
}

/* ---- tables ---- */

/* Spaces between two columns */
#define TABLE_GAP 2

struct namesRow {
    char **cells;
    enum namesColor color;
};

struct namesTable {
    const struct namesColumn *columns;
    size_t ncolumns;
    GArray *rows;
};

static void
clearRow(gpointer data)
{
    struct namesRow *row = data;

    g_strfreev(row->cells);
}

namesTable *
namesTableNew(const struct namesColumn *columns, size_t ncolumns)
{
    namesTable *table = g_new0(namesTable, 1);

    table->columns = columns;
    table->ncolumns = ncolumns;
    table->rows = g_array_new(FALSE, FALSE, sizeof(struct namesRow));
    g_array_set_clear_func(table->rows, clearRow);
    return table;
}

void
namesTableFree(namesTable *table)
{
    g_array_unref(table->rows);
    g_free(table);
}

void
namesTableAdd(namesTable *table, char **cells, enum namesColor color)
{
    const struct namesRow row = { cells, color };

    g_array_append_val(table->rows, row);
}

/* The columns' widths; one that is left out has 0. */
static size_t *
measure(const namesTable *table)
{
    size_t *widths = g_new0(size_t, table->ncolumns);
    size_t i;
    guint j;

    for (i = 0; i < table->ncolumns; i++) {
        widths[i] = namesTextWidth(table->columns[i].title);
        for (j = 0; j < table->rows->len; j++) {
            const struct namesRow *row = &g_array_index(table->rows, struct namesRow, j);

            widths[i] = MAX(widths[i], namesTextWidth(row->cells[i]));
        }
    }
    return widths;
}

static size_t
totalWidth(const size_t *widths, size_t count)
{
    size_t total = 0;
    size_t i;

    for (i = 0; i < count; i++)
        total += widths[i] > 0 ? widths[i] + (total > 0 ? TABLE_GAP : 0) : 0;
    return total;
}

/* Leaves columns out until the others fit when they are cut, then cuts them no more than is needed.
 */
static void
fit(const namesTable *table, size_t *widths, size_t available)
{
    size_t slack = 0;
    size_t i;

    for (i = 0; i < table->ncolumns; i++) {
        const size_t least = table->columns[i].least;

        slack += least > 0 && widths[i] > least ? widths[i] - least : 0;
    }
    for (i = table->ncolumns; i-- > 0;) {
        if (table->columns[i].spare && totalWidth(widths, table->ncolumns) > available + slack)
            widths[i] = 0;
    }
    for (i = 0; i < table->ncolumns; i++) {
        const size_t total = totalWidth(widths, table->ncolumns);
        const size_t least = table->columns[i].least;

        if (least > 0 && widths[i] > least && total > available)
            widths[i] -= MIN(widths[i] - least, total - available);
    }
}

/* One line; nothing follows the last text. */
static void
printLine(const namesTable *table, const size_t *widths, const char *const *cells,
          enum namesColor color)
{
    g_autoptr(GString) line = g_string_new(NULL);
    size_t i;

    for (i = 0; i < table->ncolumns; i++) {
        g_autofree char *cell = NULL;

        if (widths[i] == 0)
            continue;
        cell = namesTextCut(cells[i], widths[i]);
        g_string_append(line, cell);
        g_string_append_printf(line, "%*s", (int)(widths[i] - namesTextWidth(cell) + TABLE_GAP),
                               "");
    }
    g_strchomp(line->str);
    namesOutputColored(color, line->str);
    namesOutputText("\n");
}

void
namesTablePrint(const namesTable *table, bool whole)
{
    g_autofree size_t *widths = measure(table);
    g_autofree const char **titles = g_new0(const char *, table->ncolumns);
    const size_t available = namesOutputWidth();
    size_t i;
    guint j;

    for (i = 0; i < table->ncolumns; i++)
        titles[i] = table->columns[i].title;
    if (available > 0 && !whole)
        fit(table, widths, available);
    printLine(table, widths, titles, NAMES_COLOR_BOLD);
    for (j = 0; j < table->rows->len; j++) {
        const struct namesRow *row = &g_array_index(table->rows, struct namesRow, j);

        printLine(table, widths, (const char *const *)row->cells, row->color);
    }
}
