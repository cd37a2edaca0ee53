/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Gives a target the inputs that are in files and folders: for the regression inputs in make check,
 * where there is no libFuzzer. Speaks TAP; an input that is wrong ends it by abort(). */

#include <config.h>

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static int cases;

static void
replayFile(const char *path)
{
    g_autofree char *content = NULL;
    g_autofree uint8_t *exact = NULL;
    g_autofree char *name = g_path_get_basename(path);
    gsize len;

    if (!g_file_get_contents(path, &content, &len, NULL)) {
        g_print("Bail out! %s cannot be read\n", path);
        exit(EXIT_FAILURE);
    }
    /* Without a byte behind it that could be read unseen */
    exact = g_memdup2(content, len);
    LLVMFuzzerTestOneInput(exact, len);
    g_print("ok %d - %s\n", ++cases, name);
}

static void
replayFolder(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *below = g_build_filename(path, name, NULL);

        replayFile(below);
    }
}

int
main(int argc, char **argv)
{
    int i;

    /* A target that has never failed has no folder of inputs that made it */
    for (i = 1; i < argc; i++) {
        if (g_file_test(argv[i], G_FILE_TEST_IS_REGULAR))
            replayFile(argv[i]);
        else
            replayFolder(argv[i]);
    }
    g_print("1..%d\n", cases);
    return cases > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
