/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "namesfile.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "nameserror.h"
#include "vircleanup.h"

/* A file of configuration is never near this */
#define FILE_MAX_LEN (1024 * 1024)

/* ---- reading ---- */

/* openat2(2) with the folder @root for root folder; glibc 2.36 has no function for it. With
 * AT_FDCWD it is this system's own root folder, for which kernels before 5.6 will do, and valgrind.
 */
static int
openBelow(int root, const char *path, int flags)
{
    const struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };

    if (root == AT_FDCWD)
        return open(path, flags | O_CLOEXEC);
    return syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/* The path of an open file. */
static char *
pathOf(int fd)
{
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);

    return g_file_read_link(link, NULL);
}

/* Finds where the file is, or would be. */
static bool
locate(namesFile *file, int root, const char *path)
{
    g_autofree char *parent = g_path_get_dirname(path);
    VIR_AUTOCLOSE fd = openBelow(root, path, O_PATH);
    g_autofree char *folder = NULL;

    if (fd >= 0) {
        file->path = pathOf(fd);
        file->exists = true;
    } else if (errno == ENOENT) {
        VIR_AUTOCLOSE above = openBelow(root, parent, O_PATH | O_DIRECTORY);
        g_autofree char *real = above >= 0 ? pathOf(above) : NULL;
        g_autofree char *base = g_path_get_basename(path);
        struct stat status;

        /* A link to nowhere: nobody can say what should be there */
        if (above < 0 || fstatat(above, base, &status, AT_SYMLINK_NOFOLLOW) == 0)
            return false;
        file->path = g_build_filename(real, base, NULL);
    }
    if (!file->path)
        return false;
    folder = g_path_get_dirname(file->path);
    file->name = g_path_get_basename(file->path);
    file->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return file->folder >= 0;
}

static bool
readAll(namesFile *file)
{
    VIR_AUTOCLOSE fd = openat(file->folder, file->name,
                              O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    ssize_t got = -1;

    if (fd < 0 || fstat(fd, &status) < 0)
        return false;
    if (!S_ISREG(status.st_mode) || status.st_size > FILE_MAX_LEN) {
        errno = S_ISREG(status.st_mode) ? EFBIG : EINVAL;
        return false;
    }
    file->text = g_malloc(FILE_MAX_LEN + 1);
    while (file->len < FILE_MAX_LEN &&
           (got = read(fd, file->text + file->len, FILE_MAX_LEN - file->len)) > 0)
        file->len += got;
    file->text[file->len] = '\0';
    file->text = g_realloc(file->text, file->len + 1);
    if (got >= 0 && strlen(file->text) != file->len) {
        errno = EINVAL;
        return false;
    }
    return got == 0;
}

namesFile *
namesFileOpen(const char *root, const char *path, GError **error)
{
    g_autoptr(namesFile) file = g_new0(namesFile, 1);
    const bool isOurs = strcmp(root, "/") == 0;
    VIR_AUTOCLOSE fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

    file->folder = -1;
    if (fd >= 0 && locate(file, isOurs ? AT_FDCWD : fd, path)) {
        if (!file->exists)
            file->text = g_strdup("");
        if (!file->exists || readAll(file))
            return g_steal_pointer(&file);
    }
    namesErrorSet(error, errno, _("%s%s cannot be read"), isOurs ? "" : root, path);
    return NULL;
}

void
namesFileClose(namesFile *file)
{
    if (file->folder >= 0)
        close(file->folder);
    g_free(file->path);
    g_free(file->name);
    g_free(file->text);
    g_free(file);
}

/* ---- replacing ---- */

static bool
writeAll(int fd, const char *text)
{
    size_t len = strlen(text);

    while (len > 0) {
        ssize_t written = TEMP_FAILURE_RETRY(write(fd, text, len));

        if (written < 0)
            return false;
        text += written;
        len -= written;
    }
    return true;
}

static bool
copyAttribute(int from, int to, const char *name)
{
    g_autofree char *value = g_malloc(XATTR_SIZE_MAX);
    ssize_t len = fgetxattr(from, name, value, XATTR_SIZE_MAX);

    /* Some the kernel has put on the new file already, and lets nobody set */
    return len >= 0 && (fsetxattr(to, name, value, len, 0) == 0 || errno == ENOTSUP);
}

static bool
copyAttributes(int from, int to)
{
    g_autofree char *names = g_malloc(XATTR_LIST_MAX);
    ssize_t len = flistxattr(from, names, XATTR_LIST_MAX);
    ssize_t pos;

    if (len < 0)
        return errno == ENOTSUP;
    for (pos = 0; pos < len; pos += strlen(names + pos) + 1) {
        if (!copyAttribute(from, to, names + pos))
            return false;
    }
    return true;
}

/* Gives the new file what the old one has beside its content. */
static bool
copyStatus(const namesFile *file, int to)
{
    VIR_AUTOCLOSE from = -1;
    struct stat status;

    if (!file->exists)
        return fchmod(to, 0644) == 0;
    from = openat(file->folder, file->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    /* The owner first: changing it takes set-id bits away */
    return from >= 0 && fstat(from, &status) == 0 &&
           fchown(to, status.st_uid, status.st_gid) == 0 &&
           fchmod(to, status.st_mode & ALLPERMS) == 0 && copyAttributes(from, to);
}

/* The old file gets a second name, so that it is there under one of both at any moment. */
static bool
keepBackup(const namesFile *file, const char *temporary)
{
    g_autofree char *backup = g_strconcat(file->name, NAMES_FILE_BACKUP, NULL);

    if (!file->exists)
        return true;
    return linkat(file->folder, file->name, file->folder, temporary, 0) == 0 &&
           renameat(file->folder, temporary, file->folder, backup) == 0;
}

static bool
replaceBy(namesFile *file, const char *text, const char *temporary, const char *link)
{
    VIR_AUTOCLOSE fd = openat(file->folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                              0600);

    return fd >= 0 && writeAll(fd, text) && copyStatus(file, fd) && fsync(fd) == 0 &&
           keepBackup(file, link) &&
           renameat(file->folder, temporary, file->folder, file->name) == 0 &&
           fsync(file->folder) == 0;
}

bool
namesFileReplace(namesFile *file, const char *text, GError **error)
{
    g_autofree char *temporary = g_strdup_printf("%s.virt-names-new", file->name);
    g_autofree char *link = g_strdup_printf("%s.virt-names-old", file->name);
    int problem;

    /* Left over by one that was killed */
    unlinkat(file->folder, temporary, 0);
    unlinkat(file->folder, link, 0);
    if (replaceBy(file, text, temporary, link))
        return true;
    problem = errno;
    unlinkat(file->folder, temporary, 0);
    unlinkat(file->folder, link, 0);
    if (problem == EBUSY)
        namesErrorSet(
            error, problem,
            _("%s cannot be replaced: it is a mount point, as in a container; change it where "
              "it is mounted from"),
            file->path);
    else
        namesErrorSet(error, problem, _("%s cannot be replaced"), file->path);
    return false;
}
