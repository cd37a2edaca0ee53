/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "testutil.h"

void
testInit(int *argc, char ***argv)
{
    g_test_init(argc, argv, NULL);
    g_test_set_nonfatal_assertions();
}

gboolean
testIsFull(void)
{
    return g_getenv("NSS_TEST_FULL") != NULL;
}

void
testAddTable(const char *group, const void *table, size_t count, size_t size, gboolean named,
             GTestDataFunc test)
{
    size_t i;

    for (i = 0; i < count; i++) {
        const void *element = (const char *)table + i * size;
        g_autofree char *path = named ? g_strdup_printf("/%s/%s", group, *(char *const *)element)
                                      : g_strdup_printf("/%s/%zu", group, i);

        g_test_add_data_func(path, element, test);
    }
}
