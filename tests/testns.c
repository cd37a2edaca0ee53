/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "testns.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Maps the caller to root of a new user namespace. */
static gboolean
testEnterUserNamespace(void)
{
    g_autofree char *uids = g_strdup_printf("0 %u 1", (unsigned int)geteuid());
    g_autofree char *gids = g_strdup_printf("0 %u 1", (unsigned int)getegid());

    return unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS) == 0 &&
           g_file_set_contents_full("/proc/self/setgroups", "deny", -1, G_FILE_SET_CONTENTS_NONE,
                                    0600, NULL) &&
           g_file_set_contents_full("/proc/self/uid_map", uids, -1, G_FILE_SET_CONTENTS_NONE, 0600,
                                    NULL) &&
           g_file_set_contents_full("/proc/self/gid_map", gids, -1, G_FILE_SET_CONTENTS_NONE, 0600,
                                    NULL);
}

/* Mounts an empty file system on the nearest folder above the lease folder that exists; above, so
 * that tests can take the lease folder itself away. */
static gboolean
testMountLeases(void)
{
    g_autofree char *folder = g_path_get_dirname(LEASEDIR);

    while (!g_file_test(folder, G_FILE_TEST_IS_DIR)) {
        char *parent = g_path_get_dirname(folder);

        g_free(folder);
        folder = parent;
    }
    /* What is mounted on the root folder is not seen below it: this would write to the host. */
    return !g_str_equal(folder, "/") && mount("tmpfs", folder, "tmpfs", 0, "mode=0755") == 0 &&
           g_mkdir_with_parents(LEASEDIR, 0755) == 0;
}

/* NULL, or why it cannot be done. */
static const char *
testEnterNamespace(void)
{
    umask(022);
    if (unshare(CLONE_NEWNS | CLONE_NEWUTS) < 0 && !testEnterUserNamespace())
        return "no private mount namespace to be had here (neither as root nor as a user)";
    if (mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 || !testMountLeases())
        return "nothing can be mounted above " LEASEDIR " in a private mount namespace here";
    if (sethostname(TEST_HOST_NAME, strlen(TEST_HOST_NAME)) < 0)
        return "the private host name cannot be set here";
    return NULL;
}

void
testNeedNamespace(void)
{
    const char *reason = testEnterNamespace();

    if (reason) {
        printf("1..0 # SKIP %s\n", reason);
        exit(0);
    }
}

void
testReplaceFile(const char *path, const char *content)
{
    g_autofree char *file = g_build_filename(LEASEDIR, ".replacement", NULL);

    g_assert_true(g_file_set_contents(file, content, -1, NULL));
    g_assert_no_errno(chmod(file, 0644));
    g_assert_no_errno(mount(file, path, "none", MS_BIND, NULL));
    g_assert_no_errno(g_unlink(file));
}

const char *
testDataFolder(void)
{
    return TESTDATA;
}

void
testClearLeases(void)
{
    g_autoptr(GDir) dir = NULL;
    const char *name;

    /* A test may have taken the folder away */
    g_assert_no_errno(g_mkdir_with_parents(LEASEDIR, 0755));
    g_assert_no_errno(chmod(LEASEDIR, 0755));
    dir = g_dir_open(LEASEDIR, 0, NULL);
    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(LEASEDIR, name, NULL);

        g_assert_no_errno(g_remove(path));
    }
}

void
testWriteLeases(const char *name, const char *content, gssize len)
{
    g_autofree char *path = g_build_filename(LEASEDIR, name, NULL);

    g_assert_true(
        g_file_set_contents_full(path, content, len, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
}

void
testCopyFixture(const char *fixture)
{
    g_autofree char *folder = g_build_filename(testDataFolder(), fixture, NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *content = NULL;
        gsize len;

        g_assert_true(g_file_get_contents(path, &content, &len, NULL));
        testWriteLeases(name, content, len);
    }
}

static void
testAddMember(GString *json, const char *name, const char *value)
{
    if (value)
        g_string_append_printf(json, "    \"%s\": \"%s\",\n", name, value);
}

void
testAddLease(GString *json, const char *ip, const char *mac, const char *hostname,
             const char *domain, gint64 expiry)
{
    g_string_append(json, json->len == 0 ? "[\n  {\n" : ",\n  {\n");
    testAddMember(json, "ip-address", ip);
    testAddMember(json, "mac-address", mac);
    testAddMember(json, "hostname", hostname);
    testAddMember(json, "domain", domain);
    g_string_append_printf(json, "    \"expiry-time\": %" G_GINT64_FORMAT "\n  }", expiry);
}

void
testLeasesEnd(GString *json)
{
    g_string_append(json, json->len == 0 ? "[\n\n]\n" : "\n]\n");
}
