/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* What every test program in C starts with. */

#pragma once

#include <glib.h>

/* Starts glib's test framework. A failing assertion marks its case and lets it go on. */
void testInit(int *argc, char ***argv);

/* Whether what takes time is to be done as often as there is time for: "make check-full". */
gboolean testIsFull(void);

/* Adds a case, /@group/NAME, for each of the @count elements of @size bytes at @table, which @test
 * gets. NAME is the element's first member, a string, or the element's number if not @named. */
void testAddTable(const char *group, const void *table, size_t count, size_t size, gboolean named,
                  GTestDataFunc test);

#define TEST_ADD_TABLE(group, table, test)                                                         \
    testAddTable(group, table, G_N_ELEMENTS(table), sizeof((table)[0]), TRUE, test)
#define TEST_ADD_NUMBERED_TABLE(group, table, test)                                                \
    testAddTable(group, table, G_N_ELEMENTS(table), sizeof((table)[0]), FALSE, test)
