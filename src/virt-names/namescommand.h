/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* What the commands have in common: how they are called, what they exit with, and their options. */

#pragma once

#include <glib.h>
#include <stdbool.h>

#define NAMES_PROGRAM "virt-names"

/* The exit status. */
enum namesExit {
    NAMES_EXIT_GOOD = 0,
    NAMES_EXIT_PROBLEM = 1,   /* check: something is wrong with the set-up */
    NAMES_EXIT_NOT_FOUND = 2, /* query: nobody has one of the names or addresses */
    NAMES_EXIT_FAILED = 3,    /* the command could not do its work */
    NAMES_EXIT_USAGE = 64,    /* the call makes no sense; the number is that of sysexits.h */
};

struct namesCommand {
    const char *name;
    const char *arguments; /* what the command wants behind its options, for --help; or NULL */
    const char *summary;   /* one line, for --help; marked with N_() */
    const char *details;   /* behind the options, for --help; marked with N_(); or NULL */
    /* @argv[0] is the command's name. Returns an exit status. */
    int (*run)(const struct namesCommand *command, int argc, char **argv);
};

/* An option that several commands have. */
#define NAMES_OPTION_LEASEDIR(variable)                                                            \
    {                                                                                              \
        "leasedir", 0, 0, G_OPTION_ARG_FILENAME, variable, N_("Read the lease files in FOLDER"),   \
            N_("FOLDER")                                                                           \
    }
#define NAMES_OPTION_JSON(variable)                                                                \
    {                                                                                              \
        "json", 0, 0, G_OPTION_ARG_NONE, variable, N_("Print JSON"), NULL                          \
    }

/* Takes the options out of @argv. Returns false, with the exit status in @status, after it has
 * printed the help because of --help, or an error message because the options are wrong or there
 * are less than @least or more than @most arguments. */
bool namesParse(const struct namesCommand *command, const GOptionEntry *options, int *argc,
                char ***argv, int least, int most, int *status);

/* Prints "virt-names: " and a line of text to standard error. */
void namesTell(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* The same for a call that makes no sense, with a hint at --help; returns NAMES_EXIT_USAGE. */
int namesRefuse(const struct namesCommand *command, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The folder that --leasedir named, or the one that the modules read. */
const char *namesLeaseDir(const char *option);

int namesCheck(const struct namesCommand *command, int argc, char **argv);
int namesDisable(const struct namesCommand *command, int argc, char **argv);
int namesEnable(const struct namesCommand *command, int argc, char **argv);
int namesList(const struct namesCommand *command, int argc, char **argv);
int namesQuery(const struct namesCommand *command, int argc, char **argv);
int namesWatch(const struct namesCommand *command, int argc, char **argv);
