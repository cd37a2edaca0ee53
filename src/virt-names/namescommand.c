/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namescommand.h"

#include <glib/gi18n.h>
#include <stdarg.h>

bool
namesParse(const struct namesCommand *command, const GOptionEntry *options, int *argc, char ***argv,
           int least, int most)
{
    g_autoptr(GOptionContext) context = g_option_context_new(command->arguments);
    g_autofree char *program = g_strconcat(NAMES_PROGRAM, " ", command->name, NULL);
    g_autoptr(GError) error = NULL;

    g_set_prgname(program);
    g_option_context_set_translation_domain(context, GETTEXT_PACKAGE);
    g_option_context_set_summary(context, _(command->summary));
    if (command->details)
        g_option_context_set_description(context, _(command->details));
    g_option_context_add_main_entries(context, options, GETTEXT_PACKAGE);
    if (!g_option_context_parse(context, argc, argv, &error)) {
        namesRefuse(command, "%s", error->message);
        return false;
    }
    /* What stands behind it may begin with a dash. */
    if (*argc > 1 && g_str_equal((*argv)[1], "--")) {
        (*argv)++;
        (*argc)--;
    }
    if (*argc - 1 < least) {
        namesRefuse(command, _("%s is missing"), command->arguments);
        return false;
    }
    if (*argc - 1 > most) {
        namesRefuse(command, _("there is nothing to be done with the argument \"%s\""),
                    (*argv)[most + 1]);
        return false;
    }
    return true;
}

void
namesTell(const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_printerr("%s: %s\n", NAMES_PROGRAM, text);
}

int
namesRefuse(const struct namesCommand *command, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_printerr(_("%s %s: %s; see %s %s --help\n"), NAMES_PROGRAM, command->name, text,
               NAMES_PROGRAM, command->name);
    return NAMES_EXIT_USAGE;
}

const char *
namesLeaseDir(const char *option)
{
    return option ? option : LEASEDIR;
}
