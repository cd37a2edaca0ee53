/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* The lease folder: what is listed, in which order, and what may be opened. */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "testutil.h"
#include "virleasedir.h"

struct place {
    char *path;
    struct virScratch scratch;
    struct virLeaseDir dir;
};

static void
setUp(struct place *place, gconstpointer data)
{
    (void)data;
    place->path = g_dir_make_tmp("leasedir-XXXXXX", NULL);
    g_assert_nonnull(place->path);
    virScratchInit(&place->scratch);
}

static void
tearDown(struct place *place, gconstpointer data)
{
    g_autoptr(GDir) dir = g_dir_open(place->path, 0, NULL);
    const char *name;

    (void)data;
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(place->path, name, NULL);

        g_assert_no_errno(g_remove(path));
    }
    g_assert_no_errno(g_rmdir(place->path));
    g_free(place->path);
    virScratchClear(&place->scratch);
}

static char *
pathOf(const struct place *place, const char *name)
{
    return g_build_filename(place->path, name, NULL);
}

static void
create(const struct place *place, const char *name, const char *content)
{
    /* Not through a temporary file: a name of NAME_MAX bytes has no room for its suffix. */
    g_autofree char *path = pathOf(place, name);

    g_assert_true(
        g_file_set_contents_full(path, content, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

static void
openPlace(struct place *place)
{
    g_assert_cmpint(virLeaseDirOpen(&place->dir, place->path, &place->scratch), ==, 0);
}

static char *
list(const struct place *place, enum virLeaseFileKind kind)
{
    g_autoptr(GString) names = g_string_new(NULL);
    size_t cursor = 0;
    const char *name;

    while ((name = virLeaseDirNext(&place->dir, kind, &cursor)))
        g_string_append_printf(names, "%s ", name);
    g_assert_null(virLeaseDirNext(&place->dir, kind, &cursor));
    return g_strdup(g_strchomp(names->str));
}

static void
testKinds(struct place *place, gconstpointer data)
{
    static const char *const names[] = {
        "b.status",
        "a.macs",
        "a.status",
        "B.status",
        "default.addnhosts",
        "z.macs",
        "default.conf",
        "a.status.new",
        "status",
        "macs",
        ".status",
        ".macs",
        "a.status.nomac",
        "xstatus",
        "a.STATUS",
        ".a.status",
        "a.status.status",
        "a.status.macs",
        "a.pid",
        "with space.status",
        "nomac",
        "b.nomac",
        ".status.nomac",
        "a.status.nomac.new",
        "a.status.corrupt",
    };
    g_autofree char *status = NULL;
    g_autofree char *macs = NULL;
    size_t i;

    (void)data;
    for (i = 0; i < G_N_ELEMENTS(names); i++)
        create(place, names[i], "");
    openPlace(place);
    status = list(place, VIR_LEASE_FILE_STATUS);
    macs = list(place, VIR_LEASE_FILE_MACS);
    g_assert_cmpstr(status, ==,
                    ".a.status B.status a.status a.status.nomac a.status.status b.status "
                    "with space.status");
    g_assert_cmpstr(macs, ==, "a.macs a.status.macs z.macs");
    virLeaseDirClose(&place->dir);
    g_assert_cmpint(place->dir.fd, ==, -1);
}

static void
testEmpty(struct place *place, gconstpointer data)
{
    g_autofree char *status = NULL;

    (void)data;
    openPlace(place);
    status = list(place, VIR_LEASE_FILE_STATUS);
    g_assert_cmpstr(status, ==, "");
    virLeaseDirClose(&place->dir);
}

/* More files than the listing's first room holds, each name as long as a name can be */
static void
testMany(struct place *place, gconstpointer data)
{
    g_autofree char *filler = g_strnfill(255 - strlen("0000.status"), 'x');
    size_t cursor = 0;
    int i;

    (void)data;
    for (i = 999; i >= 0; i--) {
        g_autofree char *name = g_strdup_printf("%04d%s.status", i, filler);

        create(place, name, "");
    }
    openPlace(place);
    for (i = 0; i < 1000; i++) {
        g_autofree char *name = g_strdup_printf("%04d%s.status", i, filler);

        g_assert_cmpstr(virLeaseDirNext(&place->dir, VIR_LEASE_FILE_STATUS, &cursor), ==, name);
    }
    g_assert_null(virLeaseDirNext(&place->dir, VIR_LEASE_FILE_STATUS, &cursor));
    virLeaseDirClose(&place->dir);
}

static void
testNoFolder(struct place *place, gconstpointer data)
{
    g_autofree char *absent = pathOf(place, "absent");
    g_autofree char *file = pathOf(place, "file");

    (void)data;
    create(place, "file", "");
    g_assert_cmpint(virLeaseDirOpen(&place->dir, absent, &place->scratch), ==, -ENOENT);
    g_assert_cmpint(virLeaseDirOpen(&place->dir, file, &place->scratch), ==, -ENOTDIR);
    g_assert_cmpint(virLeaseDirOpen(&place->dir, "", &place->scratch), ==, -ENOENT);
}

static void
testOpenFile(struct place *place, gconstpointer data)
{
    uint64_t size = 77;
    char content[8] = "";
    int flags;
    int fd;

    (void)data;
    create(place, "a.status", "[{}]");
    openPlace(place);
    fd = virLeaseDirOpenFile(place->dir.fd, "a.status", &size);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpuint(size, ==, 4);
    g_assert_cmpint(read(fd, content, sizeof(content)), ==, 4);
    g_assert_cmpstr(content, ==, "[{}]");
    flags = fcntl(fd, F_GETFD);
    g_assert_cmpint(flags & FD_CLOEXEC, ==, FD_CLOEXEC);
    close(fd);
    virLeaseDirClose(&place->dir);
}

static void
testOpenOthers(struct place *place, gconstpointer data)
{
    g_autofree char *fifo = pathOf(place, "fifo");
    g_autofree char *folder = pathOf(place, "folder");
    g_autofree char *dangling = pathOf(place, "dangling");
    g_autofree char *loop = pathOf(place, "loop");
    g_autofree char *link = pathOf(place, "link");
    g_autofree char *device = pathOf(place, "device");
    g_autofree char *large = pathOf(place, "large");
    g_autofree char *limit = pathOf(place, "limit");
    uint64_t size;
    int fd;

    (void)data;
    create(place, "target", "[]");
    create(place, "large", "");
    create(place, "limit", "");
    g_assert_no_errno(truncate(large, VIR_LEASE_FILE_MAX + 1));
    g_assert_no_errno(truncate(limit, VIR_LEASE_FILE_MAX));
    g_assert_no_errno(mkfifo(fifo, 0600));
    g_assert_no_errno(g_mkdir(folder, 0700));
    g_assert_no_errno(symlink("absent", dangling));
    g_assert_no_errno(symlink("loop", loop));
    g_assert_no_errno(symlink("target", link));
    g_assert_no_errno(symlink("/dev/null", device));
    openPlace(place);
    g_assert_cmpint(virLeaseDirOpenFile(place->dir.fd, "absent", &size), ==, -ENOENT);
    g_assert_cmpint(virLeaseDirOpenFile(place->dir.fd, "fifo", &size), ==, -EINVAL);
    g_assert_cmpint(virLeaseDirOpenFile(place->dir.fd, "folder", &size), ==, -EISDIR);
    g_assert_cmpint(virLeaseDirOpenFile(place->dir.fd, "dangling", &size), ==, -ENOENT);
    g_assert_cmpint(virLeaseDirOpenFile(place->dir.fd, "loop", &size), ==, -ELOOP);
    g_assert_cmpint(virLeaseDirOpenFile(place->dir.fd, "device", &size), ==, -EINVAL);
    g_assert_cmpint(virLeaseDirOpenFile(place->dir.fd, "large", &size), ==, -EFBIG);
    g_assert_cmpint((fd = virLeaseDirOpenFile(place->dir.fd, "limit", &size)), >=, 0);
    close(fd);
    g_assert_cmpint((fd = virLeaseDirOpenFile(place->dir.fd, "link", &size)), >=, 0);
    close(fd);
    virLeaseDirClose(&place->dir);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(struct place *place, gconstpointer data);
    } tests[] = {
        { "/kinds", testKinds },
        { "/empty", testEmpty },
        { "/many", testMany },
        { "/no-folder", testNoFolder },
        { "/open/regular", testOpenFile },
        { "/open/others", testOpenOthers },
    };
    size_t i;

    testInit(&argc, &argv);
    for (i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, struct place, NULL, setUp, tests[i].test, tearDown);
    return g_test_run();
}
