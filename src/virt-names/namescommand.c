/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namescommand.h"

#include <glib/gi18n.h>
#include <stdarg.h>

#include "namesoutput.h"

/* Whether there are as many arguments as there should be. */
static bool
checkArguments(const struct namesCommand *command, int argc, char **argv, int least, int most)
{
    if (argc - 1 < least)
        namesRefuse(command, _("%s is missing"), _(command->arguments));
    else if (argc - 1 > most)
        namesRefuse(command, _("unexpected argument \"%s\""), argv[most + 1]);
    return argc - 1 >= least && argc - 1 <= most;
}

/* Options that name a folder must name one: "" would be none, or the one that this is run in. */
static bool
checkFolders(const struct namesCommand *command, const GOptionEntry *options)
{
    for (; options->long_name; options++) {
        const char *folder = options->arg == G_OPTION_ARG_FILENAME ? *(char **)options->arg_data
                                                                   : NULL;

        if (folder && !*folder) {
            namesRefuse(command, _("--%s needs the name of a folder"), options->long_name);
            return false;
        }
    }
    return true;
}

bool
namesParse(const struct namesCommand *command, const GOptionEntry *options, int *argc, char ***argv,
           int least, int most, int *status)
{
    g_autoptr(GOptionContext) context = g_option_context_new(command->arguments);
    g_autofree char *program = g_strconcat(NAMES_PROGRAM, " ", command->name, NULL);
    g_autoptr(GError) error = NULL;
    gboolean help = FALSE;
    const GOptionEntry common[] = {
        { "help", 'h', 0, G_OPTION_ARG_NONE, &help, N_("Print this help"), NULL },
        G_OPTION_ENTRY_NULL,
    };

    g_set_prgname(program);
    g_option_context_set_translation_domain(context, GETTEXT_PACKAGE);
    g_option_context_set_summary(context, _(command->summary));
    g_option_context_set_description(context, command->details ? _(command->details) : NULL);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_add_main_entries(context, options, GETTEXT_PACKAGE);
    g_option_context_add_main_entries(context, common, GETTEXT_PACKAGE);
    *status = NAMES_EXIT_USAGE;
    if (!g_option_context_parse(context, argc, argv, &error)) {
        /* Of what was said nothing may be wrong: text can also not be converted for want of memory
         */
        if (error->domain == G_OPTION_ERROR) {
            namesRefuse(command, "%s", error->message);
        } else {
            namesTell("%s", error->message);
            *status = NAMES_EXIT_FAILED;
        }
        return false;
    }
    if (help) {
        g_autofree char *text = g_option_context_get_help(context, FALSE, NULL);

        namesOutputText(text);
        *status = NAMES_EXIT_GOOD;
        return false;
    }
    /* What stands behind it may begin with a dash. */
    if (*argc > 1 && g_str_equal((*argv)[1], "--")) {
        (*argv)++;
        (*argc)--;
    }
    return checkFolders(command, options) && checkArguments(command, *argc, *argv, least, most);
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
    /* TRANSLATORS: the program, a command, what is wrong with the call; the program and the command
     * again */
    g_printerr(_("%s %s: %s; see %s %s --help\n"), NAMES_PROGRAM, command->name, text,
               NAMES_PROGRAM, command->name);
    return NAMES_EXIT_USAGE;
}

const char *
namesLeaseDir(const char *option)
{
    return option ? option : LEASEDIR;
}
