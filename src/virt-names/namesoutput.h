/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Standard output: in the locale's character set, in colour where that can be seen, and in tables
 * that fit the terminal. */

#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

enum namesColor {
    NAMES_COLOR_NONE,
    NAMES_COLOR_BOLD,
    NAMES_COLOR_DIM,
    NAMES_COLOR_RED,
    NAMES_COLOR_GREEN,
    NAMES_COLOR_YELLOW,
};

/* Writes bytes as they are. An error is kept for namesOutputFlush(), which main() calls. */
void namesOutputWrite(const char *bytes, size_t len);

/* Writes what stdio still has. Returns 0, or the errno of the first write ever that failed. */
int namesOutputFlush(void);

/* Writes text in UTF-8. What the locale's character set does not have becomes '?'. */
void namesOutputText(const char *text);
void namesOutputFormat(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* Writes @text in a colour if standard output is a terminal that has colours and the variable
 * NO_COLOR is not set (no-color.org). */
void namesOutputColored(enum namesColor color, const char *text);

/* Columns of the terminal that standard output is; 0 if it is none. $COLUMNS says it where it is
 * set. */
size_t namesOutputWidth(void);

/* Writes a paragraph with lines that fit the terminal, if it is one, behind @indent spaces each but
 * the first, which stands where the output is. Words are separated by single spaces. */
void namesOutputWrapped(const char *text, size_t indent);

struct namesColumn {
    const char *title;
    size_t least; /* columns to which it may be cut; 0: it is never cut */
    bool spare;   /* left out if the table does not fit otherwise */
};

typedef struct namesTable namesTable;

/* A table with these columns, which must stay. */
namesTable *namesTableNew(const struct namesColumn *columns, size_t ncolumns);
void namesTableFree(namesTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(namesTable, namesTableFree)

/* Adds a row of @ncolumns texts, which become the table's. */
void namesTableAdd(namesTable *table, char **cells, enum namesColor color);

/* Writes the table. If @whole, nothing is cut or left out. */
void namesTablePrint(const namesTable *table, bool whole);
