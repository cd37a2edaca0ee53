/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Every allocation and every system call of a look-up fails in turn. The module's calls come here,
 * because a program's own functions go before the C library's. What a failure may cost is the
 * answer, never more: no descriptor and no memory is left, and the next look-up is right. */

#include <config.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nssshim.h"
#include "testns.h"
#include "testutil.h"

#if INSTRUMENTED

int
main(void)
{
    g_print("1..0 # SKIP sanitizers have functions of their own for memory\n");
    return 0;
}

#else

/* More than any answer here takes */
#define LARGE (256 * 1024)

/* Leases enough that neither they nor what is known of them fits on the stack */
#define LEASES 1200

enum call {
    CALL_MALLOC,
    CALL_REALLOC,
    CALL_OPENAT,
    CALL_GETDENTS,
    CALL_FSTAT,
    CALL_PREAD,
    CALL_CLOSE,
    CALL_GETHOSTNAME,
    CALLS
};

/* ---- the functions that the module calls ---- */

static struct {
    bool armed; /* while the module runs */
    enum call call;
    int error;            /* 0: none fails */
    size_t target;        /* the call that fails, from 1 */
    size_t count;         /* of them so far */
    bool hit;             /* it has failed */
    bool shortRead;       /* no read gives more than a few bytes */
    size_t blocks;        /* of memory that are not freed */
    size_t files;         /* descriptors that are not closed */
    void (*onRead)(void); /* what to do at the next read */
} state;

extern void *__libc_malloc(size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

/* Whether this call is the one that fails. */
static bool
fails(enum call call)
{
    if (!state.armed || state.error == 0 || call != state.call || ++state.count != state.target)
        return false;
    state.hit = true;
    errno = state.error;
    return true;
}

void *
malloc(size_t size)
{
    void *block = fails(CALL_MALLOC) ? NULL : __libc_malloc(size);

    state.blocks += state.armed && block;
    return block;
}

void *
realloc(void *block, size_t size)
{
    void *moved = fails(CALL_REALLOC) ? NULL : __libc_realloc(block, size);

    state.blocks += state.armed && moved && !block;
    return moved;
}

void
free(void *block)
{
    state.blocks -= state.armed && block;
    __libc_free(block);
}

/* The C library's own. */
#define REAL(function)                                                                             \
    static __typeof__(&function) real;                                                             \
    if (!real)                                                                                     \
    real = (__typeof__(&function))dlsym(RTLD_NEXT, #function)

int
openat64(int folder, const char *path, int flags, ...)
{
    REAL(openat64);
    int fd;

    if (fails(CALL_OPENAT))
        return -1;
    /* The modules make no files, so there is no mode */
    fd = real(folder, path, flags);
    state.files += state.armed && fd >= 0;
    return fd;
}

ssize_t
getdents64(int fd, void *buffer, size_t size)
{
    REAL(getdents64);

    return fails(CALL_GETDENTS) ? -1 : real(fd, buffer, size);
}

int
fstat64(int fd, struct stat64 *status)
{
    REAL(fstat64);

    return fails(CALL_FSTAT) ? -1 : real(fd, status);
}

ssize_t
pread64(int fd, void *buffer, size_t size, off64_t offset)
{
    REAL(pread64);

    if (state.onRead)
        g_steal_pointer (&state.onRead)();
    if (fails(CALL_PREAD))
        return -1;
    return real(fd, buffer, state.armed && state.shortRead && size > 7 ? 7 : size, offset);
}

int
close(int fd)
{
    REAL(close);
    int result = real(fd);

    state.files -= state.armed && result == 0;
    /* Linux frees the descriptor whatever close(2) says */
    return fails(CALL_CLOSE) ? -1 : result;
}

int
gethostname(char *name, size_t size)
{
    REAL(gethostname);

    return fails(CALL_GETHOSTNAME) ? -1 : real(name, size);
}

/* ---- look-ups ---- */

enum function {
    BY_NAME,
    BY_ADDRESS,
    LIST,
};

static const struct lookup {
    const char *path;
    const char *service;
    enum function function;
    const char *text;
} lookups[] = {
    { "name", "libvirt", BY_NAME, "many" },
    { "name-few", "libvirt", BY_NAME, "few" },
    { "name-miss", "libvirt", BY_NAME, "nobody" },
    { "name-declared", "libvirt", BY_NAME, "declared" },
    { "domain", "libvirt_guest", BY_NAME, "many-dom" },
    { "domain-miss", "libvirt_guest", BY_NAME, "nobody" },
    { "address", "libvirt", BY_ADDRESS, "10.9.0.1" },
    { "address-miss", "libvirt", BY_ADDRESS, "10.77.0.1" },
    { "address-domain", "libvirt_guest", BY_ADDRESS, "10.1.0.7" },
    { "list", "libvirt", LIST, "" },
    { "list-domains", "libvirt_guest", LIST, "" },
};

static char *
look(const struct lookup *lookup)
{
    static char buffer[LARGE];
    const struct nssModule *module = nssShimModule(lookup->service);
    struct gaih_addrtuple *tuples = NULL;
    struct hostent host;
    unsigned char addr[sizeof(struct in_addr)];
    enum nss_status status;
    size_t count = 0;
    int error = 0;
    int herror = 0;

    switch (lookup->function) {
    case BY_NAME:
        state.armed = true;
        status = module->byName4(lookup->text, &tuples, buffer, sizeof(buffer), &error, &herror,
                                 NULL);
        state.armed = false;
        return nssShimTell(status, tuples, NULL, error, herror);
    case BY_ADDRESS:
        inet_pton(AF_INET, lookup->text, addr);
        state.armed = true;
        status = module->byAddr(addr, sizeof(addr), AF_INET, &host, buffer, sizeof(buffer), &error,
                                &herror);
        state.armed = false;
        return nssShimTell(status, NULL, status == NSS_STATUS_SUCCESS ? &host : NULL, error,
                           herror);
    case LIST:
    default:
        state.armed = true;
        module->setEnt(0);
        while ((status = module->getEnt(&host, buffer, sizeof(buffer), &error, &herror)) ==
               NSS_STATUS_SUCCESS)
            count++;
        module->endEnt();
        state.armed = false;
        /* The end of a list is no fault */
        return count > 0 ? g_strdup_printf("%zu entries", count)
                         : nssShimTell(status, NULL, NULL, error, herror);
    }
}

static void
writeFolder(void)
{
    g_autoptr(GString) json = g_string_new(NULL);
    g_autoptr(GString) map = g_string_new("[ {\"domain\": \"many-dom\", \"macs\": [");
    guint i;

    testClearLeases();
    for (i = 0; i < LEASES; i++) {
        g_autofree char *ip = g_strdup_printf("10.1.%u.%u", i / 250, i % 250);
        g_autofree char *mac = g_strdup_printf("52:54:00:00:%02x:%02x", i >> 8, i & 255);

        testAddLease(json, ip, mac, "many", NULL, 0);
        g_string_append_printf(map, "%s\"%s\"", i ? ", " : "", mac);
    }
    testLeasesEnd(json);
    g_string_append(map, "]} ]");
    testWriteLeases("a.status", json->str, -1);
    testWriteLeases("a.macs", map->str, -1);
    testWriteLeases("b.status",
                    "[ {\"ip-address\": \"10.9.0.1\", \"hostname\": \"few\", \"expiry-time\": 0}, "
                    "{\"ip-address\": \"10.9.0.2\", \"hostname\": \"few\", \"expiry-time\": 0} ]",
                    -1);
    testWriteLeases("net.addnhosts", "10.9.0.3 declared\n", -1);
}

/* ---- what a failure may cost ---- */

/* Whether each word of @part is in @whole. */
static bool
isPart(const char *part, const char *whole)
{
    g_auto(GStrv) words = g_strsplit(part, " ", -1);
    g_auto(GStrv) all = g_strsplit(whole, " ", -1);
    size_t i;

    for (i = 0; words[i]; i++) {
        if (!g_strv_contains((const char *const *)all, words[i]))
            return false;
    }
    return true;
}

static bool
isListPart(const char *got, const char *right)
{
    return g_str_has_suffix(got, " entries") &&
           g_ascii_strtoull(got, NULL, 10) <= g_ascii_strtoull(right, NULL, 10);
}

/* Whether @got is an answer that may come instead of the right one. */
static bool
isAllowed(const char *got, const char *right)
{
    g_autofree char *again = g_strdup_printf("TRYAGAIN %s NETDB_INTERNAL",
                                             state.error == ENOMEM ? "ENOMEM" : "EMFILE");
    g_autofree char *gone = g_strdup_printf("UNAVAIL %s NO_RECOVERY", state.error == EIO ? "EIO"
                                                                      : state.error == EACCES
                                                                          ? "EACCES"
                                                                          : "EINTR");

    if (strcmp(got, right) == 0)
        return true;
    /* Memory and descriptors: never an answer that there is no such name */
    if (state.error == ENOMEM || state.error == EMFILE)
        return strcmp(got, again) == 0;
    /* A read that was interrupted, and a close that failed, cost nothing */
    if (state.error == EINTR && (state.call == CALL_PREAD || state.call == CALL_CLOSE))
        return false;
    if (state.call == CALL_CLOSE || state.call == CALL_GETHOSTNAME)
        return false;
    /* The folder, or one file */
    return strcmp(got, gone) == 0 || strcmp(got, "NOTFOUND ENOENT HOST_NOT_FOUND") == 0 ||
           isListPart(got, right) || (g_str_has_prefix(got, "SUCCESS") && isPart(got, right));
}

static const int errors[CALLS][5] = {
    [CALL_MALLOC] = { ENOMEM },
    [CALL_REALLOC] = { ENOMEM },
    [CALL_OPENAT] = { ENOMEM, EMFILE, EACCES, EIO, EINTR },
    [CALL_GETDENTS] = { ENOMEM, EIO, EINTR },
    [CALL_FSTAT] = { ENOMEM, EIO },
    [CALL_PREAD] = { ENOMEM, EIO, EINTR },
    [CALL_CLOSE] = { EIO, EINTR },
    [CALL_GETHOSTNAME] = { EACCES },
};

/* Fails each call in turn, up to the end of the look-up. Returns how many there were. */
static size_t
failEach(const struct lookup *lookup, const char *right)
{
    size_t n;

    for (n = 1;; n++) {
        g_autofree char *got = NULL;
        g_autofree char *next = NULL;

        state.target = n;
        state.count = 0;
        state.hit = false;
        got = look(lookup);
        if (!isAllowed(got, right))
            g_error("call %u, failing the %zuth with %s: %.300s", state.call, n,
                    g_strerror(state.error), got);
        g_assert_cmpuint(state.blocks, ==, 0);
        g_assert_cmpuint(state.files, ==, 0);
        if (!state.hit)
            return n - 1;
        state.target = 0;
        next = look(lookup);
        g_assert_cmpstr(next, ==, right);
    }
}

static void
testFaults(gconstpointer data)
{
    const struct lookup *lookup = data;
    size_t calls = 0;
    size_t i;
    g_autofree char *right = NULL;

    writeFolder();
    memset(&state, 0, sizeof(state));
    right = look(lookup);
    for (state.call = 0; state.call < CALLS; state.call++) {
        for (i = 0; i < G_N_ELEMENTS(errors[0]) && errors[state.call][i]; i++) {
            state.error = errors[state.call][i];
            calls += failEach(lookup, right);
        }
    }
    state.error = 0;
    g_test_message("%zu calls have failed", calls);
    /* Folder and files are opened, looked at, read and closed by any of them */
    g_assert_cmpuint(calls, >, 20);
}

/* Memory is needed by what is large: these would not be tests of it otherwise. */
static void
testMemoryIsNeeded(void)
{
    static const char *const large[] = { "name", "domain", "list", "list-domains" };
    size_t i;
    size_t j;

    writeFolder();
    for (i = 0; i < G_N_ELEMENTS(lookups); i++) {
        g_autofree char *right = NULL;
        size_t calls;

        memset(&state, 0, sizeof(state));
        right = look(&lookups[i]);
        state.call = CALL_MALLOC;
        state.error = ENOMEM;
        calls = failEach(&lookups[i], right);
        state.call = CALL_REALLOC;
        calls += failEach(&lookups[i], right);
        for (j = 0; j < G_N_ELEMENTS(large); j++) {
            if (strcmp(lookups[i].path, large[j]) == 0)
                g_assert_cmpuint(calls, >, 0);
        }
    }
    state.error = 0;
}

/* Files that come in pieces give the same answers. */
static void
testShortReads(gconstpointer data)
{
    const struct lookup *lookup = data;
    g_autofree char *right = NULL;
    g_autofree char *got = NULL;

    writeFolder();
    memset(&state, 0, sizeof(state));
    right = look(lookup);
    state.shortRead = true;
    got = look(lookup);
    state.shortRead = false;
    g_assert_cmpstr(got, ==, right);
    g_assert_cmpuint(state.files, ==, 0);
}

/* Of a process that is forked off while the list is made, and has no thread that goes on with it.
 */
static pid_t child;

static void
forkInside(void)
{
    static char buffer[LARGE];
    struct hostent host;
    int error;
    int herror;

    child = fork();
    if (child != 0)
        return;
    alarm(20);
    _exit(nssShimModule("libvirt")->getEnt(&host, buffer, sizeof(buffer), &error, &herror) ==
                  NSS_STATUS_SUCCESS
              ? 0
              : 1);
}

static void
testForkInside(void)
{
    const struct nssModule *module = nssShimModule("libvirt");
    static char buffer[LARGE];
    struct hostent host;
    int error;
    int herror;
    int status;

    writeFolder();
    memset(&state, 0, sizeof(state));
    state.onRead = forkInside;
    module->setEnt(0);
    g_assert_cmpint(module->getEnt(&host, buffer, sizeof(buffer), &error, &herror), ==,
                    NSS_STATUS_SUCCESS);
    module->endEnt();
    g_assert_null(state.onRead);
    g_assert_cmpint(child, >, 0);
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
}

int
main(int argc, char **argv)
{
    testInit(&argc, &argv);
    if (g_getenv("NSS_TEST_VALGRIND")) {
        g_print("1..0 # SKIP valgrind has functions of its own for memory\n");
        return 0;
    }
    testNeedNamespace();
    nssShimModule("libvirt");
    nssShimModule("libvirt_guest");
    TEST_ADD_TABLE("faults", lookups, testFaults);
    g_test_add_func("/memory-is-needed", testMemoryIsNeeded);
    TEST_ADD_TABLE("short-reads", lookups, testShortReads);
    g_test_add_func("/fork-inside", testForkInside);
    return g_test_run();
}

#endif
