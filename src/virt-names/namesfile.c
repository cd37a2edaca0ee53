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
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "nameserror.h"
#include "vircleanup.h"

/* How often the file may be replaced while it is looked for */
#define LOCATE_TRIES 1000

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

/* The path of what @path leads to, links followed. This system's own needs no /proc for that. */
static char *
realPath(int root, int fd, const char *path)
{
    char *resolved;
    char *copy;

    if (root != AT_FDCWD)
        return pathOf(fd);
    resolved = realpath(path, NULL);
    copy = g_strdup(resolved);
    free(resolved);
    return copy;
}

/* Whether @path leads to what @fd is: somebody may have replaced it since, and then /proc has a
 * name for it that is none. */
static bool
isStill(const char *path, int fd)
{
    struct stat opened;
    struct stat named;

    return fstat(fd, &opened) == 0 && lstat(path, &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

/* Finds where the file is, or would be. ESTALE: it was replaced meanwhile. */
static bool
locate(namesFile *file, int root, const char *path)
{
    g_autofree char *parent = g_path_get_dirname(path);
    VIR_AUTOCLOSE fd = openBelow(root, path, O_PATH);
    g_autofree char *folder = NULL;

    if (fd >= 0) {
        file->path = realPath(root, fd, path);
        if (file->path && !isStill(file->path, fd)) {
            g_clear_pointer(&file->path, g_free);
            errno = ESTALE;
            return false;
        }
    } else if (errno == ENOENT) {
        VIR_AUTOCLOSE above = openBelow(root, parent, O_PATH | O_DIRECTORY);
        g_autofree char *real = above >= 0 ? realPath(root, above, parent) : NULL;
        g_autofree char *base = g_path_get_basename(path);
        struct stat status;

        /* A link to nowhere: nobody can say what should be there */
        if (above < 0 || !real || fstatat(above, base, &status, AT_SYMLINK_NOFOLLOW) == 0)
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
    ssize_t got = -1;

    if (fd < 0 && errno == ENOENT) {
        file->text = g_strdup("");
        return true;
    }
    if (fd < 0 || fstat(fd, &file->status) < 0)
        return false;
    file->exists = true;
    if (!S_ISREG(file->status.st_mode) || file->status.st_size > FILE_MAX_LEN) {
        errno = S_ISREG(file->status.st_mode) ? EFBIG : EINVAL;
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
    unsigned int tries = LOCATE_TRIES;
    bool isFound;

    file->folder = -1;
    if (fd < 0) {
        namesErrorSet(error, errno, _("the root folder %s cannot be opened"), root);
        return NULL;
    }
    do {
        isFound = locate(file, isOurs ? AT_FDCWD : fd, path);
    } while (!isFound && errno == ESTALE && --tries > 0);
    if (isFound && readAll(file))
        return g_steal_pointer(&file);
    if (!isOurs && errno == ENOENT && !g_file_test("/proc/self/fd", G_FILE_TEST_IS_DIR))
        namesErrorSet(error, 0, _("nothing can be found below %s without /proc; mount it"), root);
    else
        /* TRANSLATORS: the folder that stands for /, and a file below it */
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
keepBackup(const namesFile *file, const char *temporary, GError **error)
{
    g_autofree char *backup = g_strconcat(file->name, NAMES_FILE_BACKUP, NULL);

    if (!file->exists)
        return true;
    /* Left over by one that was killed */
    unlinkat(file->folder, temporary, 0);
    if (linkat(file->folder, file->name, file->folder, temporary, 0) == 0 &&
        renameat(file->folder, temporary, file->folder, backup) == 0) {
        /* It is still there if both were the same file */
        unlinkat(file->folder, temporary, 0);
        return true;
    }
    namesErrorSet(error, errno, _("%s cannot be replaced: its backup cannot be made"), file->path);
    unlinkat(file->folder, temporary, 0);
    return false;
}

/* Whether the file is still the one that was read. */
static bool
isUnchanged(const namesFile *file)
{
    struct stat now;

    if (fstatat(file->folder, file->name, &now, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT && !file->exists;
    return file->exists && now.st_dev == file->status.st_dev && now.st_ino == file->status.st_ino &&
           now.st_size == file->status.st_size &&
           now.st_mtim.tv_sec == file->status.st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == file->status.st_mtim.tv_nsec;
}

/* Opens the new file under its temporary name, empty and locked: nobody but its owner can open it,
 * and so have others wait. One that was left over serves as well. */
static int
openTemporary(const namesFile *file, const char *temporary)
{
    while (true) {
        VIR_AUTOCLOSE fd = openat(file->folder, temporary,
                                  O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        struct stat opened;
        struct stat named;
        int result;

        if (fd < 0 || TEMP_FAILURE_RETRY(flock(fd, LOCK_EX)) < 0 || fstat(fd, &opened) < 0)
            return -1;
        /* Whoever had the lock may have given it its place meanwhile */
        if (fstatat(file->folder, temporary, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
            named.st_ino != opened.st_ino || named.st_dev != opened.st_dev)
            continue;
        if (ftruncate(fd, 0) < 0)
            return -1;
        result = fd;
        fd = -1;
        return result;
    }
}

static bool
replaceBy(namesFile *file, const char *text, int fd, const char *temporary, GError **error)
{
    g_autofree char *link = g_strdup_printf("%s.virt-names-old", file->name);

    return writeAll(fd, text) && copyStatus(file, fd) && fsync(fd) == 0 &&
           keepBackup(file, link, error) &&
           renameat(file->folder, temporary, file->folder, file->name) == 0 &&
           fsync(file->folder) == 0;
}

bool
namesFileReplace(namesFile *file, const char *text, GError **error)
{
    g_autofree char *temporary = g_strdup_printf("%s.virt-names-new", file->name);
    VIR_AUTOCLOSE fd = openTemporary(file, temporary);
    int problem = errno;

    if (fd >= 0) {
        if (!isUnchanged(file))
            namesErrorSet(error, ESTALE, _("%s was changed by somebody else"), file->path);
        else if (replaceBy(file, text, fd, temporary, error))
            return true;
        problem = errno;
        unlinkat(file->folder, temporary, 0);
    }
    if (*error)
        return false;
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
