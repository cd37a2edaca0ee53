/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

#include <config.h>

#include "leasefile.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "leasemessage.h"
#include "vircleanup.h"
#include "virjsonarray.h"
#include "virleasedir.h"

/* Everybody may read leases, whatever dnsmasq's umask is. */
#define LEASE_FILE_MODE 0644

/* AppArmor profiles of distributions know temporary files by this name. */
#define LEASE_NEW_SUFFIX ".new"

/* Damaged files of one name that are kept, .corrupt and .corrupt.1 on. Damage comes from outside;
 * whoever has seen as many needs no further one. */
#define LEASE_KEPT_MAX 10

/* One message form for all that can go wrong with a file; @what is a translated verb phrase. */
static gboolean
leaseFileError(GError **error, int errnum, const char *name, const char *what)
{
    g_autofree char *path = g_strconcat(LEASEDIR, *name ? "/" : "", name, NULL);

    /* TRANSLATORS: a file or folder, what is wrong with it such as "cannot be read", and why */
    g_set_error(error, LEASE_ERROR, LEASE_ERROR_FILE, _("%s: %s: %s"), path, what,
                g_strerror(errnum));
    return FALSE;
}

int
leaseFolderOpen(GError **error)
{
    /* O_PATH: profiles that let the helper write its files do not let it list the folder */
    const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    int fd = open(LEASEDIR, flags);

    if (fd < 0 && errno == ENOENT && g_mkdir_with_parents(LEASEDIR, 0755) == 0)
        fd = open(LEASEDIR, flags);
    if (fd < 0)
        leaseFileError(error, errno, "", _("the lease folder cannot be opened or made"));
    return fd;
}

void
leaseAppend(void *opaque, const char *piece, size_t len)
{
    g_string_append_len(opaque, piece, len);
}

/* Whether every reader takes a text that our parser has taken: yajl lets strings pass that are not
 * UTF-8, and white space that JSON does not have (RFC 8259, 2). */
static gboolean
leaseIsStrict(const char *text, size_t len)
{
    return g_utf8_validate_len(text, len, NULL) && !memchr(text, '\v', len) &&
           !memchr(text, '\f', len);
}

/* Visits a lease as we would write it, with what is not UTF-8 in it replaced. */
static void
leaseVisitRepaired(struct virLeaseRecord *record, leaseVisit visit, gpointer opaque)
{
    g_autoptr(GPtrArray) valid = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) text = g_string_new(NULL);
    size_t i;

    for (i = 0; i < VIR_LEASE_MEMBERS; i++) {
        struct virLeaseString *string = &record->strings[i];
        char *made;

        if (!string->bytes)
            continue;
        made = g_utf8_make_valid(string->bytes, string->len);
        g_ptr_array_add(valid, made);
        *string = (struct virLeaseString){ made, strlen(made) };
    }
    virLeaseRecordFormat(record, leaseAppend, text);
    visit(record, text->str, text->len, opaque);
}

/* Visits the next lease if it is laid out as we write it. */
static gboolean
leaseVisitPlain(struct virJsonArray *array, leaseVisit visit, gpointer opaque)
{
    const size_t separator = strlen(VIR_LEASE_ARRAY_NEXT);
    struct virLeaseRecord record;
    size_t ahead;
    const char *text = virJsonArrayAhead(array, &ahead);
    size_t len;

    if (!text || ahead < separator || memcmp(text, VIR_LEASE_ARRAY_NEXT, separator) != 0)
        return FALSE;
    if ((len = virLeaseRecordRecognize(&record, text + separator, ahead - separator)) == 0)
        return FALSE;
    visit(&record, text + separator, len, opaque);
    virJsonArrayStep(array, separator + len);
    return TRUE;
}

/* Returns whether the object is a lease without fault. */
static gboolean
leaseVisitCarefully(struct virJsonArray *array, const struct virJsonSpan *span, GByteArray *memory,
                    leaseVisit visit, gpointer opaque)
{
    const size_t workspace = virLeaseRecordWorkspace(span->len);
    struct virLeaseRecord record;
    const char *text;
    int result;

    if (memory->len < workspace + span->len)
        g_byte_array_set_size(memory, workspace + span->len);
    if (!(text = virJsonArrayText(array, span, (char *)memory->data + workspace)))
        return FALSE;
    if ((result = virLeaseRecordParse(&record, text, span->len, memory->data)) < 0) {
        if (result == -EBADMSG)
            virJsonArrayReject(array, span);
        return FALSE;
    }
    if (!leaseIsStrict(text, span->len)) {
        leaseVisitRepaired(&record, visit, opaque);
        return FALSE;
    }
    visit(&record, text, span->len, opaque);
    return TRUE;
}

/* Visits all leases; array->damage and array->error are final then. */
static void
leaseWalk(struct virJsonArray *array, leaseVisit visit, gpointer opaque)
{
    g_autoptr(GByteArray) memory = g_byte_array_new();
    struct virJsonSpan span;

    while (TRUE) {
        if (leaseVisitPlain(array, visit, opaque))
            continue;
        if (!virJsonArrayNext(array, &span))
            return;
        if (!leaseVisitCarefully(array, &span, memory, visit, opaque))
            array->damage = MIN(array->damage, span.offset);
    }
}

/* Whether the file is none that a writer of leases can have left. */
static gboolean
leaseIsForeign(int error)
{
    return error == -EINVAL || error == -EISDIR || error == -EFBIG || error == -ELOOP ||
           error == -ENXIO;
}

gboolean
leaseFileRead(int folder, const char *name, leaseVisit visit, gpointer opaque,
              enum leaseCondition *condition, GError **error)
{
    guint64 size;
    VIR_AUTOCLOSE fd = virLeaseDirOpenFile(folder, name, &size);
    struct virJsonArray array;

    *condition = LEASE_FILE_GOOD;
    if (fd == -ENOENT)
        return TRUE;
    if (leaseIsForeign(fd)) {
        *condition = LEASE_FILE_FOREIGN;
        /* TRANSLATORS: a folder, a file in it, and what opening it says */
        leaseTell(_("%s/%s: is no file of leases, and taken for an empty one: %s"), LEASEDIR, name,
                  g_strerror(-fd));
        return TRUE;
    }
    if (fd < 0)
        return leaseFileError(error, -fd, name, _("cannot be read"));
    virJsonArrayInit(&array, fd, size, NULL);
    leaseWalk(&array, visit, opaque);
    if (array.error < 0)
        return leaseFileError(error, -array.error, name, _("cannot be read"));
    if (array.damage != VIR_JSON_UNDAMAGED) {
        *condition = LEASE_FILE_DAMAGED;
        /* TRANSLATORS: a folder, a file in it, and a position */
        leaseTell(_("%s/%s: damaged at byte %" PRIu64 "; its other leases are still good"),
                  LEASEDIR, name, array.damage);
    }
    return TRUE;
}

static gboolean
leaseWrite(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return FALSE;
        bytes += written;
        len -= written;
    }
    return TRUE;
}

/* Makes file @name, which must not be there, with @content, on disk. Returns 0 or a negative errno,
 * when it is not there again. */
static int
leaseFileCreate(int folder, const char *name, const char *content, size_t len)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, LEASE_FILE_MODE);
    int error = 0;

    if (fd < 0)
        return -errno;
    if (fchmod(fd, LEASE_FILE_MODE) < 0 || !leaseWrite(fd, content, len) || fsync(fd) < 0)
        error = -errno;
    if (close(fd) < 0 && error == 0)
        error = -errno;
    if (error < 0)
        unlinkat(folder, name, 0);
    return error;
}

/* Makes what has been renamed or removed in the folder last. Where the folder may not be opened for
 * reading, or its file system knows no such thing, the old file may come back after a power cut: it
 * is whole too. */
static gboolean
leaseFolderSync(int folder, const char *name, GError **error)
{
    VIR_AUTOCLOSE fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return errno == EACCES || errno == EPERM ||
               leaseFileError(error, errno, name, _("its folder cannot be opened to be synced"));
    return fsync(fd) == 0 || errno == EINVAL ||
           leaseFileError(error, errno, name, _("its folder cannot be synced"));
}

gboolean
leaseFileReplace(int folder, const char *name, const GString *content, GError **error)
{
    g_autofree char *temporary = g_strconcat(name, LEASE_NEW_SUFFIX, NULL);
    int result;

    /* Nobody would read it, we neither */
    if (content->len > VIR_LEASE_FILE_MAX)
        return leaseFileError(error, EFBIG, name,
                              _("would become too large, so the leases stay as they were"));
    /* With the lock held, one that is there was left by a helper that was killed. */
    if (unlinkat(folder, temporary, 0) < 0 && errno != ENOENT)
        return leaseFileError(error, errno, temporary, _("is left over and cannot be removed"));
    if ((result = leaseFileCreate(folder, temporary, content->str, content->len)) < 0)
        return leaseFileError(error, -result, temporary,
                              _("cannot be written, so the leases stay as they were"));
    if (renameat(folder, temporary, folder, name) < 0) {
        result = errno;
        unlinkat(folder, temporary, 0);
        return leaseFileError(error, result, name,
                              _("cannot be replaced, so the leases stay as they were"));
    }
    return leaseFolderSync(folder, name, error);
}

gboolean
leaseFileRemove(int folder, const char *name, GError **error)
{
    if (unlinkat(folder, name, 0) < 0 && errno != ENOENT)
        return leaseFileError(error, errno, name, _("cannot be removed"));
    return leaseFolderSync(folder, name, error);
}

gboolean
leaseFileTouch(int folder, const char *name, GError **error)
{
    VIR_AUTOCLOSE fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                              LEASE_FILE_MODE);

    if ((fd < 0 && errno != EEXIST) || (fd >= 0 && fchmod(fd, LEASE_FILE_MODE) < 0))
        return leaseFileError(error, errno, name, _("cannot be made"));
    return TRUE;
}

/* All of file @name; NULL with errno set on failure. */
static GString *
leaseFileLoad(int folder, const char *name)
{
    g_autoptr(GString) content = NULL;
    guint64 size;
    VIR_AUTOCLOSE fd = virLeaseDirOpenFile(folder, name, &size);
    size_t done = 0;

    if (fd < 0) {
        errno = -fd;
        return NULL;
    }
    content = g_string_sized_new(size);
    g_string_set_size(content, size);
    while (done < size) {
        ssize_t got = read(fd, content->str + done, size - done);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return NULL;
        if (got == 0)
            break;
        done += got;
    }
    g_string_set_size(content, done);
    return g_steal_pointer(&content);
}

/* Puts what is kept under the name @kept. Returns 0 or a negative errno: -EEXIST if something else
 * has the name. */
static int
leaseFileKeepAs(int folder, const char *name, const GString *content, const char *kept)
{
    g_autoptr(GString) older = NULL;
    int result;

    if (!content)
        return renameat2(folder, name, folder, kept, RENAME_NOREPLACE) < 0 ? -errno : 0;
    result = leaseFileCreate(folder, kept, content->str, content->len);
    if (result != -EEXIST)
        return result;
    older = leaseFileLoad(folder, kept);
    return older && g_string_equal(older, content) ? 0 : -EEXIST;
}

gboolean
leaseFileKeep(int folder, const char *name, enum leaseCondition condition, GError **error)
{
    g_autofree char *corrupt = g_strconcat(name, ".corrupt", NULL);
    g_autoptr(GString) content = NULL;
    int result = -EEXIST;
    int i;

    if (condition == LEASE_FILE_DAMAGED && !(content = leaseFileLoad(folder, name)))
        return leaseFileError(error, errno, name, _("cannot be read"));
    for (i = 0; i < LEASE_KEPT_MAX && result == -EEXIST; i++) {
        g_autofree char *kept = i == 0 ? g_strdup(corrupt) : g_strdup_printf("%s.%d", corrupt, i);

        result = leaseFileKeepAs(folder, name, content, kept);
        if (result == 0)
            /* TRANSLATORS: a folder, a file in it, and the name of the copy */
            leaseTell(_("%s/%s: what was in the file is kept in %s"), LEASEDIR, name, kept);
    }
    if (result == -EEXIST)
        /* TRANSLATORS: a folder, a file in it, and the names of the first and the last copy */
        leaseTell(_("%s/%s: what was in the file is not kept, because %s to %s.%d are there "
                    "already; look into them and remove them"),
                  LEASEDIR, name, corrupt, corrupt, LEASE_KEPT_MAX - 1);
    return result == 0 || result == -EEXIST ||
           leaseFileError(error, -result, corrupt, _("the damaged file cannot be kept"));
}
