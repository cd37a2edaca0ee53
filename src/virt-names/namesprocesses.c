/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namesprocesses.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

/* proc(5), /proc/PID/stat: the field, counted from 1, with the ticks between the start of the
 * system and that of the process; the second one is the name in parentheses, with any bytes in it
 */
#define FIELD_STARTED 22

static void
freeProcess(gpointer data)
{
    struct namesProcess *process = data;

    g_strfreev(process->arguments);
    g_free(process);
}

/* The arguments of a process; NULL if it has none, as a thread of the kernel, or is gone. */
static char **
readArguments(const char *pid)
{
    g_autofree char *path = g_build_filename("/proc", pid, "cmdline", NULL);
    g_autofree char *content = NULL;
    GPtrArray *arguments;
    gsize len;
    gsize pos;

    if (!g_file_get_contents(path, &content, &len, NULL) || len == 0)
        return NULL;
    arguments = g_ptr_array_new();
    for (pos = 0; pos < len; pos += strlen(content + pos) + 1)
        g_ptr_array_add(arguments, g_strdup(content + pos));
    g_ptr_array_add(arguments, NULL);
    return (char **)g_ptr_array_free(arguments, FALSE);
}

static gint64
readStarted(const char *pid)
{
    g_autofree char *path = g_build_filename("/proc", pid, "stat", NULL);
    g_autofree char *content = NULL;
    g_auto(GStrv) fields = NULL;
    const char *rest;
    struct timespec up;
    gint64 started;

    if (!g_file_get_contents(path, &content, NULL, NULL) || !(rest = strrchr(content, ')')) ||
        clock_gettime(CLOCK_BOOTTIME, &up) < 0)
        return 0;
    fields = g_strsplit(rest + 1, " ", -1);
    /* The first piece is empty, and what follows it the third field */
    if (g_strv_length(fields) <= FIELD_STARTED - 2)
        return 0;
    /* Rounded once only: it is compared with the time of a file */
    started = g_ascii_strtoll(fields[FIELD_STARTED - 2], NULL, 10) * G_USEC_PER_SEC /
              sysconf(_SC_CLK_TCK);
    return (g_get_real_time() - up.tv_sec * G_USEC_PER_SEC - up.tv_nsec / 1000 + started) /
           G_USEC_PER_SEC;
}

static void
addProcess(GPtrArray *processes, const char *pid, const char *name)
{
    g_auto(GStrv) arguments = readArguments(pid);
    g_autofree char *program = NULL;
    struct namesProcess *process;

    if (!arguments || !arguments[0])
        return;
    program = g_path_get_basename(arguments[0]);
    if (strcmp(program, name) != 0)
        return;
    process = g_new0(struct namesProcess, 1);
    process->arguments = g_steal_pointer(&arguments);
    process->started = readStarted(pid);
    g_ptr_array_add(processes, process);
}

GPtrArray *
namesProcessesFind(const char *name)
{
    GPtrArray *processes = g_ptr_array_new_with_free_func(freeProcess);
    g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
    const char *entry;

    while (dir && (entry = g_dir_read_name(dir))) {
        if (g_ascii_isdigit(*entry))
            addProcess(processes, entry, name);
    }
    return processes;
}

const char *
namesProcessesFindCache(GPtrArray **processes)
{
    static const char *const names[] = { "nscd", "nsncd" };
    size_t i;

    *processes = NULL;
    for (i = 0; access(NAMES_CACHE_SOCKET, F_OK) == 0 && i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GPtrArray) found = namesProcessesFind(names[i]);

        if (found->len == 0)
            continue;
        *processes = g_steal_pointer(&found);
        return names[i];
    }
    return NULL;
}
