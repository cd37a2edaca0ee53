/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* The protocol between glibc and a name service module: buffers of every size and alignment,
 * optional arguments, error numbers, and that a call leaves nothing behind. */

#include <config.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nssshim.h"
#include "testns.h"
#include "testutil.h"

#define FIXTURE "captured-02-guests-running"
#define NAME_LIBVIRT "eps-host"
#define NAME_GUEST "eps-dom"
#define EXPECTED_ALL "SUCCESS fd00:e2e::1692 192.168.122.135 192.168.150.166"
#define EXPECTED_V4 "SUCCESS 192.168.122.135 192.168.150.166"
#define EXPECTED_V6 "SUCCESS fd00:e2e::1692"
#define TOO_SMALL "TRYAGAIN ERANGE NETDB_INTERNAL"

/* More than any answer in FIXTURE needs */
#define LARGE 1024

static const char *const services[] = { "libvirt", "libvirt_guest" };

static const char *
nameOf(const char *service)
{
    return g_str_equal(service, "libvirt") ? NAME_LIBVIRT : NAME_GUEST;
}

enum function {
    BY_NAME,
    BY_NAME2_V4,
    BY_NAME2_V6,
    BY_NAME3_V4,
    BY_NAME3_V6,
    BY_NAME3_UNSPEC,
    BY_NAME4,
    BY_NAME4_FIRST,
    BY_ADDR_V4,
    BY_ADDR_V6,
    BY_ADDR2_V4,
    BY_ADDR2_V6,
    FUNCTIONS
};

static const char *const functionNames[FUNCTIONS] = {
    "gethostbyname",     "gethostbyname2-v4",     "gethostbyname2-v6", "gethostbyname3-v4",
    "gethostbyname3-v6", "gethostbyname3-unspec", "gethostbyname4",    "gethostbyname4-first-given",
    "gethostbyaddr-v4",  "gethostbyaddr-v6",      "gethostbyaddr2-v4", "gethostbyaddr2-v6",
};

static const char *const functionAnswers[FUNCTIONS] = {
    EXPECTED_V4,
    EXPECTED_V4,
    EXPECTED_V6,
    EXPECTED_V4,
    EXPECTED_V6,
    EXPECTED_V4,
    EXPECTED_ALL,
    EXPECTED_ALL,
    "SUCCESS 192.168.122.135",
    EXPECTED_V6,
    "SUCCESS 192.168.122.135",
    EXPECTED_V6,
};

/* An address that has the known name, or one that nobody has */
static socklen_t
addressOf(const char *name, int family, unsigned char *bytes)
{
    const gboolean known = !g_str_equal(name, "nobody");

    g_assert_cmpint(inet_pton(family,
                              family == AF_INET ? (known ? "192.168.122.135" : "192.168.122.13")
                                                : (known ? "fd00:e2e::1692" : "fd00:e2e::169"),
                              bytes),
                    ==, 1);
    return family == AF_INET ? 4 : 16;
}

struct call {
    const char *service;
    enum function function;
};

/* Calls @function and returns in words what it said. Everything that it wrote is read here. */
static char *
callFunction(const struct call *call, const char *name, char *buffer, size_t size)
{
    const struct nssModule *module = nssShimModule(call->service);
    struct gaih_addrtuple first;
    struct gaih_addrtuple *tuples = call->function == BY_NAME4_FIRST ? &first : NULL;
    struct hostent host;
    gboolean byTuples = call->function == BY_NAME4 || call->function == BY_NAME4_FIRST;
    const int family = call->function == BY_ADDR_V4 || call->function == BY_ADDR2_V4 ? AF_INET
                                                                                     : AF_INET6;
    unsigned char addr[16];
    const socklen_t addrLen = addressOf(name, family, addr);
    char *canon = NULL;
    int32_t ttl = 77;
    int herror = NETDB_INTERNAL;
    int error = 0;
    enum nss_status status;
    char *words;

    switch (call->function) {
    case BY_NAME:
        status = module->byName(name, &host, buffer, size, &error, &herror);
        break;
    case BY_NAME2_V4:
    case BY_NAME2_V6:
        status = module->byName2(name, call->function == BY_NAME2_V4 ? AF_INET : AF_INET6, &host,
                                 buffer, size, &error, &herror);
        break;
    case BY_NAME3_V4:
        status = module->byName3(name, AF_INET, &host, buffer, size, &error, &herror, &ttl, &canon);
        break;
    case BY_NAME3_V6:
        status = module->byName3(name, AF_INET6, &host, buffer, size, &error, &herror, NULL, NULL);
        break;
    case BY_NAME3_UNSPEC:
        status = module->byName3(name, AF_UNSPEC, &host, buffer, size, &error, &herror, &ttl, NULL);
        break;
    case BY_NAME4:
        status = module->byName4(name, &tuples, buffer, size, &error, &herror, &ttl);
        break;
    case BY_ADDR_V4:
    case BY_ADDR_V6:
        status = module->byAddr(addr, addrLen, family, &host, buffer, size, &error, &herror);
        break;
    case BY_ADDR2_V4:
    case BY_ADDR2_V6:
        status = module->byAddr2(addr, addrLen, family, &host, buffer, size, &error, &herror,
                                 call->function == BY_ADDR2_V4 ? &ttl : NULL);
        break;
    case BY_NAME4_FIRST:
    case FUNCTIONS:
    default:
        status = module->byName4(name, &tuples, buffer, size, &error, &herror, NULL);
        break;
    }
    words = nssShimTell(status, byTuples ? tuples : NULL, byTuples ? NULL : &host, error, herror);
    if (status != NSS_STATUS_SUCCESS)
        return words;
    if (call->function == BY_NAME3_V4 || call->function == BY_NAME3_UNSPEC ||
        call->function == BY_NAME4 || call->function == BY_ADDR2_V4)
        g_assert_cmpint(ttl, ==, 0);
    if (call->function == BY_NAME3_V4)
        g_assert_cmpstr(canon, ==, name);
    if (call->function == BY_NAME4_FIRST)
        g_assert_true(tuples == &first);
    if (byTuples) {
        g_assert_cmpstr(tuples->name, ==, name);
        g_assert_cmpint(tuples->scopeid, ==, 0);
    } else {
        g_assert_cmpstr(host.h_name, ==, name);
        g_assert_nonnull(host.h_aliases);
        g_assert_null(host.h_aliases[0]);
        g_assert_cmpint(host.h_length, ==, host.h_addrtype == AF_INET ? 4 : 16);
    }
    return words;
}

/* A buffer whose last byte is the last one before a page that nobody may touch. */
struct guarded {
    char *map;
    size_t size;
    char *end;
};

static struct guarded
guardedNew(size_t size)
{
    size_t page = sysconf(_SC_PAGESIZE);
    struct guarded guarded = { .size = (size + page - 1) / page * page + page };

    guarded.map = mmap(NULL, guarded.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                       0);
    g_assert_true(guarded.map != MAP_FAILED);
    guarded.end = guarded.map + guarded.size - page;
    g_assert_no_errno(mprotect(guarded.end, page, PROT_NONE));
    return guarded;
}

static void
guardedFree(struct guarded *guarded)
{
    g_assert_no_errno(munmap(guarded->map, guarded->size));
}

/* From no byte on until the answer fits: too small, and too small again, then right for good. */
static void
testEverySize(gconstpointer data)
{
    const struct call *call = data;
    struct guarded guarded = guardedNew(LARGE);
    size_t size;
    size_t fits = 0;

    testClearLeases();
    testCopyFixture(FIXTURE);
    for (size = 0; size <= LARGE; size += fits ? 64 : 1) {
        g_autofree char *got = callFunction(call, nameOf(call->service), guarded.end - size, size);

        if (fits || g_str_has_prefix(got, "SUCCESS")) {
            g_assert_cmpstr(got, ==, functionAnswers[call->function]);
            fits = fits ? fits : size;
        } else {
            g_assert_cmpstr(got, ==, TOO_SMALL);
        }
    }
    g_assert_cmpuint(fits, >, strlen(nameOf(call->service)));
    g_assert_cmpuint(fits, <, 300);
    guardedFree(&guarded);
}

/* Buffers so short that not even what aligns them is in them are too small as any other. */
static void
testShorterThanAligned(gconstpointer data)
{
    const struct call *call = data;
    char memory[LARGE] __attribute__((aligned(64)));
    size_t offset;
    size_t size;

    testCopyFixture(FIXTURE);
    for (offset = 1; offset < 16; offset++) {
        for (size = 0; size < 16; size++) {
            g_autofree char *got = callFunction(call, nameOf(call->service), memory + offset, size);

            g_assert_cmpstr(got, ==, TOO_SMALL);
        }
    }
}

/* At each offset to an aligned address, bytes in front of and behind the buffer stay as they were.
 */
static void
testEveryAlignment(gconstpointer data)
{
    const struct call *call = data;
    char memory[LARGE + 128] __attribute__((aligned(64)));
    size_t offset;

    testClearLeases();
    testCopyFixture(FIXTURE);
    for (offset = 0; offset < 64; offset++) {
        g_autofree char *got = NULL;
        size_t i;

        memset(memory, 0x5a, sizeof(memory));
        got = callFunction(call, nameOf(call->service), memory + offset, LARGE);
        g_assert_cmpstr(got, ==, functionAnswers[call->function]);
        for (i = 0; i < sizeof(memory); i++) {
            if (i < offset || i >= offset + LARGE)
                g_assert_cmpint(memory[i], ==, 0x5a);
        }
    }
}

static void
testUnknownName(gconstpointer data)
{
    const struct call *call = data;
    char buffer[LARGE];
    g_autofree char *got = NULL;

    testClearLeases();
    testCopyFixture(FIXTURE);
    got = callFunction(call, "nobody", buffer, sizeof(buffer));
    g_assert_cmpstr(got, ==, "NOTFOUND ENOENT HOST_NOT_FOUND");
}

/* An unknown name is unknown with any buffer: "too small" would make glibc ask again and again. */
static void
testUnknownNameNoBuffer(gconstpointer data)
{
    g_autofree char *got = NULL;

    testClearLeases();
    testCopyFixture(FIXTURE);
    got = callFunction(data, "nobody", NULL, 0);
    g_assert_cmpstr(got, ==, "NOTFOUND ENOENT HOST_NOT_FOUND");
}

static void
testFamilies(gconstpointer data)
{
    static const int unknown[] = { AF_UNIX, AF_NETLINK, AF_PACKET, 12345, -1 };
    const struct nssModule *module = nssShimModule(data);
    char buffer[LARGE];
    struct hostent host;
    size_t i;

    testClearLeases();
    testCopyFixture(FIXTURE);
    for (i = 0; i < G_N_ELEMENTS(unknown); i++) {
        int herror = -17;
        int error = 0;
        enum nss_status status = module->byName3(nameOf(data), unknown[i], &host, buffer,
                                                 sizeof(buffer), &error, &herror, NULL, NULL);
        g_autofree char *got3 = nssShimTell(status, NULL, NULL, error, herror);
        g_autofree char *got2 = NULL;

        status = module->byName2(nameOf(data), unknown[i], &host, buffer, sizeof(buffer), &error,
                                 &herror);
        got2 = nssShimTell(status, NULL, NULL, error, herror);
        g_assert_cmpstr(got3, ==, "UNAVAIL EAFNOSUPPORT NO_DATA");
        g_assert_cmpstr(got2, ==, "UNAVAIL EAFNOSUPPORT NO_DATA");
    }
}

/* An address is as long as its family has it, or none */
static void
testAddressLengths(gconstpointer data)
{
    static const struct {
        int family;
        socklen_t len;
        const char *expected;
    } rows[] = {
        { AF_INET, 4, "SUCCESS 192.168.122.135" },
        { AF_INET, 3, "UNAVAIL EAFNOSUPPORT NO_DATA" },
        { AF_INET, 16, "UNAVAIL EAFNOSUPPORT NO_DATA" },
        { AF_INET, 0, "UNAVAIL EAFNOSUPPORT NO_DATA" },
        { AF_INET6, 4, "UNAVAIL EAFNOSUPPORT NO_DATA" },
        { AF_INET6, 17, "UNAVAIL EAFNOSUPPORT NO_DATA" },
        { AF_UNSPEC, 4, "UNAVAIL EAFNOSUPPORT NO_DATA" },
        { AF_UNSPEC, 0, "UNAVAIL EAFNOSUPPORT NO_DATA" },
        { AF_UNIX, 4, "UNAVAIL EAFNOSUPPORT NO_DATA" },
        { -1, 4, "UNAVAIL EAFNOSUPPORT NO_DATA" },
    };
    const struct nssModule *module = nssShimModule(data);
    unsigned char addr[17] = { 0 };
    char buffer[LARGE];
    size_t i;

    testClearLeases();
    testCopyFixture(FIXTURE);
    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct hostent host;
        int herror = -17;
        int error = 0;
        g_autofree char *got = NULL;
        enum nss_status status;

        addressOf("", AF_INET, addr);
        status = module->byAddr(addr, rows[i].len, rows[i].family, &host, buffer, sizeof(buffer),
                                &error, &herror);
        got = nssShimTell(status, NULL, &host, error, herror);
        g_assert_cmpstr(got, ==, rows[i].expected);
    }
}

/* Success leaves errno alone, even if a file on the way could not be opened. */
static void
testErrnoUntouched(gconstpointer data)
{
    const struct nssModule *module = nssShimModule(data);
    struct gaih_addrtuple *tuples = NULL;
    unsigned char addr[16];
    struct hostent host;
    char buffer[LARGE];
    int herror = -17;
    enum nss_status status;

    testClearLeases();
    testCopyFixture(FIXTURE);
    g_assert_no_errno(symlink("/nonexistent", LEASEDIR "/a.status"));
    g_assert_no_errno(symlink("/nonexistent", LEASEDIR "/a.macs"));
    errno = EXDEV;
    status = module->byName4(nameOf(data), &tuples, buffer, sizeof(buffer), &errno, &herror, NULL);
    g_assert_cmpint(errno, ==, EXDEV);
    g_assert_cmpint(status, ==, NSS_STATUS_SUCCESS);
    g_assert_cmpint(herror, ==, NETDB_SUCCESS);
    status = module->byAddr(addr, addressOf("", AF_INET, addr), AF_INET, &host, buffer,
                            sizeof(buffer), &errno, &herror);
    g_assert_cmpint(errno, ==, EXDEV);
    g_assert_cmpint(status, ==, NSS_STATUS_SUCCESS);
    module->setEnt(1);
    status = module->getEnt(&host, buffer, sizeof(buffer), &errno, &herror);
    g_assert_cmpint(errno, ==, EXDEV);
    g_assert_cmpint(status, ==, NSS_STATUS_SUCCESS);
    module->endEnt();
    g_assert_cmpint(errno, ==, EXDEV);
}

static guint
openDescriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    guint count = 0;

    g_assert_nonnull(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* All functions with all sizes; the list is ended in its middle as well. */
static void
callEverySize(const char *service)
{
    const struct nssModule *module = nssShimModule(service);
    struct call call = { service, 0 };
    char buffer[LARGE];
    size_t size;

    for (size = 0; size < LARGE; size += 8) {
        struct hostent host;
        int herror;
        int error;

        for (call.function = 0; call.function < FUNCTIONS; call.function++) {
            g_free(callFunction(&call, nameOf(service), buffer, size));
            g_free(callFunction(&call, "nobody", buffer, size));
        }
        g_free(nssShimList(service, size + 1));
        module->setEnt(0);
        module->getEnt(&host, buffer, size, &error, &herror);
        module->endEnt();
    }
}

/* Found, unknown and failing look-ups, with buffers too small among them, leave memory, descriptors
 * and standard output and error as they were. */
static void
testLeavesNothing(gconstpointer data)
{
    int out = dup(STDOUT_FILENO);
    int err = dup(STDERR_FILENO);
    FILE *written = tmpfile();
    guint descriptors;
    guint descriptorsLeft;
    size_t heap;
    size_t heapLeft;

    testClearLeases();
    testCopyFixture(FIXTURE);
    testWriteLeases("bad.status", "[{\"hostname\": \"", -1);
    /* Once before, so that what glib and libc keep from their first use is not counted. */
    callEverySize(data);
    fflush(stdout);
    g_assert_no_errno(dup2(fileno(written), STDOUT_FILENO));
    g_assert_no_errno(dup2(fileno(written), STDERR_FILENO));
    descriptors = openDescriptors();
    heap = mallinfo2().uordblks;
    callEverySize(data);
    heapLeft = mallinfo2().uordblks;
    descriptorsLeft = openDescriptors();
    fflush(stdout);
    g_assert_no_errno(dup2(out, STDOUT_FILENO));
    g_assert_no_errno(dup2(err, STDERR_FILENO));
    g_assert_cmpuint(heapLeft, ==, heap);
    g_assert_cmpuint(descriptorsLeft, ==, descriptors);
    g_assert_cmpint(fseek(written, 0, SEEK_END), ==, 0);
    g_assert_cmpint(ftell(written), ==, 0);
    fclose(written);
    close(out);
    close(err);
}

/* Addresses enough that the answer does not fit on the stack */
static char *
manyLeases(guint count)
{
    GString *json = g_string_new(NULL);
    guint i;

    for (i = 0; i < count; i++) {
        g_autofree char *ip = g_strdup_printf("10.1.%u.%u", i / 250, i % 250);

        testAddLease(json, ip, "52:54:00:00:00:01", "many", NULL, 4000000000);
    }
    testLeasesEnd(json);
    return g_string_free(json, FALSE);
}

static void
testNoDescriptorLeft(void)
{
    struct rlimit before;
    struct rlimit none;
    g_autofree char *found = NULL;
    g_autofree char *folder = NULL;
    g_autofree char *file = NULL;
    int probe;

    testClearLeases();
    testCopyFixture(FIXTURE);
    nssShimModule("libvirt");
    g_assert_no_errno(getrlimit(RLIMIT_NOFILE, &before));
    probe = dup(STDOUT_FILENO);
    close(probe);
    /* The lowest free descriptor is beyond the limit: not even the folder can be opened */
    none = (struct rlimit){ probe, before.rlim_max };
    g_assert_no_errno(setrlimit(RLIMIT_NOFILE, &none));
    folder = nssShimLookup("libvirt", NAME_LIBVIRT, AF_UNSPEC);
    /* One descriptor: the folder, but no file in it */
    none.rlim_cur = probe + 1;
    g_assert_no_errno(setrlimit(RLIMIT_NOFILE, &none));
    file = nssShimLookup("libvirt", NAME_LIBVIRT, AF_UNSPEC);
    none.rlim_cur = probe + 2;
    g_assert_no_errno(setrlimit(RLIMIT_NOFILE, &none));
    found = nssShimLookup("libvirt", NAME_LIBVIRT, AF_UNSPEC);
    g_assert_no_errno(setrlimit(RLIMIT_NOFILE, &before));
    g_assert_cmpstr(folder, ==, "TRYAGAIN EMFILE NETDB_INTERNAL");
    g_assert_cmpstr(file, ==, "TRYAGAIN EMFILE NETDB_INTERNAL");
    g_assert_cmpstr(found, ==, EXPECTED_ALL);
}

static void
testNoMemoryLeft(void)
{
    g_autofree char *json = manyLeases(20000);
    const struct call call = { "libvirt", BY_NAME4 };
    char buffer[LARGE];
    struct rlimit before;
    struct rlimit none;
    g_autofree char *got = NULL;
    g_autofree char *after = NULL;

    if (INSTRUMENTED || g_getenv("NSS_TEST_VALGRIND")) {
        g_test_skip("memory cannot be limited under sanitizers and valgrind");
        return;
    }
    testClearLeases();
    testWriteLeases("virbr0.status", json, -1);
    nssShimModule("libvirt");
    g_assert_no_errno(getrlimit(RLIMIT_AS, &before));
    none = (struct rlimit){ 0, before.rlim_max };
    malloc_trim(0);
    g_assert_no_errno(setrlimit(RLIMIT_AS, &none));
    got = callFunction(&call, "many", buffer, sizeof(buffer));
    g_assert_no_errno(setrlimit(RLIMIT_AS, &before));
    after = callFunction(&call, "many", buffer, sizeof(buffer));
    g_assert_cmpstr(got, ==, "TRYAGAIN ENOMEM NETDB_INTERNAL");
    g_assert_cmpstr(after, ==, TOO_SMALL);
}

static void
testManyAddresses(void)
{
    g_autofree char *json = manyLeases(2500);
    g_autofree char *got = NULL;
    g_auto(GStrv) words = NULL;

    testClearLeases();
    testWriteLeases("virbr0.status", json, -1);
    got = nssShimLookup("libvirt", "many", AF_UNSPEC);
    words = g_strsplit(got, " ", -1);
    g_assert_cmpuint(g_strv_length(words), ==, 2501);
    if (g_test_failed())
        return;
    g_assert_cmpstr(words[0], ==, "SUCCESS");
    g_assert_cmpstr(words[1], ==, "10.1.0.0");
    g_assert_cmpstr(words[2500], ==, "10.1.9.249");
}

/* A call on a thread with a known stack; the bytes that it touched are those that changed. */
struct stack {
    const char *service;
    const char *asked; /* a name, an address, or "" for the list */
    char *low;
    size_t used;
};

#define PAINT 0x5b

static void *
measureStack(void *opaque)
{
    struct stack *stack = opaque;
    const struct nssModule *module = nssShimModule(stack->service);
    char *here = __builtin_frame_address(0);
    struct gaih_addrtuple *tuples = NULL;
    static char buffer[LARGE];
    static struct hostent host;
    unsigned char addr[4];
    int herror = 0;
    int error = 0;
    char *lowest = stack->low;

    memset(stack->low, PAINT, here - 512 - stack->low);
    if (inet_pton(AF_INET, stack->asked, addr) == 1) {
        module->byAddr(addr, sizeof(addr), AF_INET, &host, buffer, sizeof(buffer), &error, &herror);
    } else if (*stack->asked) {
        module->byName4(stack->asked, &tuples, buffer, sizeof(buffer), &error, &herror, NULL);
    } else {
        module->setEnt(0);
        module->getEnt(&host, buffer, sizeof(buffer), &error, &herror);
        module->endEnt();
    }
    while (*lowest == PAINT)
        lowest++;
    stack->used = here - lowest;
    return NULL;
}

static void
testStack(gconstpointer data)
{
    g_autofree char *filler = g_strnfill(60000, 'x');
    g_autofree char *json = g_strconcat("[{\"ip-address\": \"10.0.0.1\", \"x\": \"\\n", filler,
                                        "\", \"hostname\": \"large\", \"expiry-time\": 0}]", NULL);
    g_autofree char *many = manyLeases(1000);
    const char *const asked[] = { "nobody",   nameOf(data), "large",    "many", "192.168.122.135",
                                  "10.0.0.1", "10.1.3.33",  "10.9.9.9", "" };
    const size_t size = 256 * 1024;
    size_t i;

    if (INSTRUMENTED || g_getenv("NSS_TEST_VALGRIND")) {
        g_test_skip("stack is used differently under sanitizers and valgrind");
        return;
    }
    testClearLeases();
    testCopyFixture(FIXTURE);
    testWriteLeases("large.status", json, -1);
    testWriteLeases("many.status", many, -1);
    testWriteLeases("default.addnhosts", "10.0.0.9 large\n10.1.3.33 many\n", -1);
    for (i = 0; i < G_N_ELEMENTS(asked); i++) {
        struct stack stack = { data, asked[i], aligned_alloc(4096, size), 0 };
        pthread_attr_t attributes;
        pthread_t thread;

        pthread_attr_init(&attributes);
        g_assert_cmpint(pthread_attr_setstack(&attributes, stack.low, size), ==, 0);
        g_assert_cmpint(pthread_create(&thread, &attributes, measureStack, &stack), ==, 0);
        g_assert_cmpint(pthread_join(thread, NULL), ==, 0);
        pthread_attr_destroy(&attributes);
        g_test_message("%s: %zu bytes of stack", asked[i], stack.used);
        g_assert_cmpuint(stack.used, >, 1024);
        g_assert_cmpuint(stack.used, <=, 32 * 1024);
        free(stack.low);
    }
}

/* Threads that are cancelled in the middle of look-ups leave no descriptor open. */
static void *
lookUpForever(void *opaque)
{
    const struct nssModule *module = nssShimModule(opaque);
    char buffer[LARGE];

    while (TRUE) {
        struct gaih_addrtuple *tuples = NULL;
        struct hostent host;
        unsigned char addr[16];
        int herror = 0;
        int error = 0;

        module->byName4("eps-host", &tuples, buffer, sizeof(buffer), &error, &herror, NULL);
        module->byAddr(addr, addressOf("", AF_INET, addr), AF_INET, &host, buffer, sizeof(buffer),
                       &error, &herror);
        module->setEnt(0);
        module->getEnt(&host, buffer, sizeof(buffer), &error, &herror);
        pthread_testcancel();
    }
    return NULL;
}

#define THREADS 4

/* Takes entries of the one list that a process has until it ends; returns how many. */
static void *
takeEntries(void *opaque)
{
    const struct nssModule *module = nssShimModule(opaque);
    char buffer[LARGE];
    struct hostent host;
    gsize taken = 0;
    int herror;
    int error;

    while (module->getEnt(&host, buffer, sizeof(buffer), &error, &herror) == NSS_STATUS_SUCCESS)
        taken++;
    return GSIZE_TO_POINTER(taken);
}

/* Threads share the list, and each entry comes to one of them. */
static void
testListThreads(void)
{
    static char service[] = "libvirt";
    g_autofree char *json = manyLeases(1000);
    const struct nssModule *module = nssShimModule(service);
    pthread_t threads[THREADS];
    gsize taken = 0;
    size_t i;

    testClearLeases();
    testWriteLeases("virbr0.status", json, -1);
    module->setEnt(0);
    for (i = 0; i < THREADS; i++)
        g_assert_cmpint(pthread_create(&threads[i], NULL, takeEntries, service), ==, 0);
    for (i = 0; i < THREADS; i++) {
        void *result;

        g_assert_cmpint(pthread_join(threads[i], &result), ==, 0);
        taken += GPOINTER_TO_SIZE(result);
    }
    g_assert_cmpuint(taken, ==, 1000);
    /* The end stays the end until somebody starts anew */
    g_assert_cmpuint(GPOINTER_TO_SIZE(takeEntries(service)), ==, 0);
    module->endEnt();
    g_assert_cmpuint(GPOINTER_TO_SIZE(takeEntries(service)), ==, 1000);
    module->endEnt();
}

static void *
listForever(void *opaque)
{
    int *stop = opaque;

    while (!g_atomic_int_get(stop)) {
        g_free(nssShimList("libvirt", LARGE));
        g_free(nssShimList("libvirt_guest", LARGE));
    }
    return NULL;
}

/* Threads that start and end each other's list all the time: none of them may be told of what
 * another has freed. */
static void
testListRestarts(void)
{
    pthread_t threads[THREADS];
    int stop = 0;
    size_t i;

    testCopyFixture(FIXTURE);
    for (i = 0; i < THREADS; i++)
        g_assert_cmpint(pthread_create(&threads[i], NULL, listForever, &stop), ==, 0);
    g_usleep(G_USEC_PER_SEC / 2);
    g_atomic_int_set(&stop, 1);
    for (i = 0; i < THREADS; i++)
        g_assert_cmpint(pthread_join(threads[i], NULL), ==, 0);
}

/* What a forked process does: no malloc of our own, as another thread may have had its lock */
static int
countEntries(void)
{
    const struct nssModule *module = nssShimModule("libvirt");
    static char buffer[LARGE];
    struct hostent host;
    int entries = 0;
    int herror;
    int error;

    alarm(20);
    module->setEnt(0);
    while (module->getEnt(&host, buffer, sizeof(buffer), &error, &herror) == NSS_STATUS_SUCCESS)
        entries++;
    return entries;
}

/* A process that was forked off while another thread was at the list has a list of its own. */
static void
testListFork(void)
{
    g_autofree char *list = NULL;
    g_auto(GStrv) parts = NULL;
    int stop = 0;
    pthread_t thread;
    int i;

    if (INSTRUMENTED) {
        g_test_skip("the sanitizer's malloc does not work in a process forked off beside threads");
        return;
    }
    testClearLeases();
    testCopyFixture(FIXTURE);
    list = nssShimList("libvirt", LARGE);
    parts = g_strsplit(list, "; ", -1);
    g_assert_cmpuint(g_strv_length(parts), >, 5);
    g_free(nssShimList("libvirt_guest", LARGE));
    g_assert_cmpint(pthread_create(&thread, NULL, listForever, &stop), ==, 0);
    for (i = 0; i < 300; i++) {
        /* Told through a pipe: valgrind counts the other thread's list, which nobody can free here,
         * and would take the exit status for that. */
        int entries = -1;
        int ends[2];
        pid_t child;

        g_assert_no_errno(pipe(ends));
        if ((child = fork()) == 0) {
            entries = countEntries();
            _exit(write(ends[1], &entries, sizeof(entries)) != sizeof(entries));
        }
        close(ends[1]);
        g_assert_cmpint(read(ends[0], &entries, sizeof(entries)), ==, sizeof(entries));
        close(ends[0]);
        g_assert_cmpint(waitpid(child, NULL, 0), ==, child);
        /* The last part is what ended the list */
        g_assert_cmpint(entries, ==, g_strv_length(parts) - 1);
    }
    g_atomic_int_set(&stop, 1);
    g_assert_cmpint(pthread_join(thread, NULL), ==, 0);
}

/* A module may be unloaded with the list half told, which is lost with it. Has to run before the
 * others, which keep the modules. */
static void
testListUnload(void)
{
    const char *folder = g_getenv("NSS_MODULE_DIR");
    g_autofree char *path = g_strdup_printf("%s/libnss_libvirt_guest.so.2", folder ? folder : "");
    int i;

    if (!folder || INSTRUMENTED || g_getenv("NSS_TEST_VALGRIND")) {
        g_test_skip("what is lost would count as a leak, or NSS_MODULE_DIR is not set");
        return;
    }
    testClearLeases();
    testCopyFixture(FIXTURE);
    for (i = 0; i < 20; i++) {
        g_autofree struct nssModule *module = nssShimLoad(folder, "libvirt_guest");
        char buffer[LARGE];
        struct hostent host;
        int herror;
        int error;

        g_assert_cmpint(module->getEnt(&host, buffer, sizeof(buffer), &error, &herror), ==,
                        NSS_STATUS_SUCCESS);
        g_assert_cmpint(dlclose(module->handle), ==, 0);
        g_assert_null(dlopen(path, RTLD_NOW | RTLD_NOLOAD));
        /* What was told is the caller's, and stays */
        g_assert_cmpstr(host.h_name, ==, "alpha-dom");
    }
}

/* The same entry again and again until the buffer is large enough, then the next one */
static void
testListEverySize(gconstpointer data)
{
    const struct nssModule *module = nssShimModule(data);
    struct guarded guarded = guardedNew(LARGE);
    g_autofree char *expected = NULL;
    size_t entries = 0;
    size_t step;

    testClearLeases();
    testCopyFixture(FIXTURE);
    expected = nssShimList(data, LARGE);
    for (step = 1; step < 40; step++) {
        g_autoptr(GString) got = g_string_new(NULL);
        enum nss_status status = NSS_STATUS_SUCCESS;

        module->setEnt(0);
        while (status == NSS_STATUS_SUCCESS) {
            struct hostent host;
            size_t size = 0;
            int herror;
            int error;
            g_autofree char *told = NULL;

            do {
                status = module->getEnt(&host, guarded.end - size, size, &error, &herror);
                size += step;
            } while (status == NSS_STATUS_TRYAGAIN && error == ERANGE && size <= LARGE);
            told = nssShimTell(status, NULL, &host, error, herror);
            if (status == NSS_STATUS_SUCCESS)
                g_string_append_printf(got, "%s %s; ", told + strlen("SUCCESS "), host.h_name);
            else
                g_string_append(got, told);
            entries++;
        }
        g_assert_cmpstr(got->str, ==, expected);
        module->endEnt();
    }
    g_assert_cmpuint(entries, >, 40);
    guardedFree(&guarded);
}

static void
testCancellation(gconstpointer data)
{
    char service[32];
    guint before;
    size_t i;

    if (INSTRUMENTED) {
        g_test_skip("the sanitizers do not follow pthread_cancel()");
        return;
    }
    g_strlcpy(service, data, sizeof(service));
    testClearLeases();
    testCopyFixture(FIXTURE);
    nssShimModule(service);
    before = openDescriptors();
    for (i = 0; i < 200; i++) {
        pthread_t thread;

        g_assert_cmpint(pthread_create(&thread, NULL, lookUpForever, service), ==, 0);
        g_usleep(200 + i % 7 * 30);
        g_assert_cmpint(pthread_cancel(thread), ==, 0);
        g_assert_cmpint(pthread_join(thread, NULL), ==, 0);
    }
    g_assert_cmpuint(openDescriptors(), ==, before);
}

/* LIBVIRT_NSS_DEBUG: the trace names the file and shows no control character of a guest's name. */
static char *
traced(const char *service, const char *name)
{
    FILE *written = tmpfile();
    int err = dup(STDERR_FILENO);
    static char text[8192];
    size_t len;

    g_assert_no_errno(dup2(fileno(written), STDERR_FILENO));
    g_setenv("LIBVIRT_NSS_DEBUG", "1", TRUE);
    g_free(nssShimLookup(service, name, AF_UNSPEC));
    g_unsetenv("LIBVIRT_NSS_DEBUG");
    g_assert_no_errno(dup2(err, STDERR_FILENO));
    close(err);
    rewind(written);
    len = fread(text, 1, sizeof(text) - 1, written);
    text[len] = '\0';
    fclose(written);
    return text;
}

static void
assertContains(const char *text, const char *wanted)
{
    if (!strstr(text, wanted))
        g_test_message("trace: %s", text);
    g_assert_nonnull(strstr(text, wanted));
}

static void
testDebug(void)
{
    const char *trace;

    testClearLeases();
    testCopyFixture(FIXTURE);
    testWriteLeases("bad.status", "[{\"hostname\": \"", -1);
    testWriteLeases("esc.macs", "[{\"domain\": \"a\\u001b[2Jb\", \"macs\": []}, 5]", -1);
    testWriteLeases(
        "old.status",
        "[{\"ip-address\": \"10.9.9.9\", \"hostname\": \"old\", \"expiry-time\": 1}, {}]", -1);
    trace = traced("libvirt", NAME_LIBVIRT);
    assertContains(trace, "nss-libvirt: looking for \"eps-host\" in " LEASEDIR "\n");
    assertContains(trace, "virbr0.status: lease of 192.168.122.135");
    assertContains(trace, "bad.status: damaged at byte 1\n");
    assertContains(trace, "old.status: what begins at byte 66 is no record");
    assertContains(trace, "found, addresses: 3\n");
    trace = traced("libvirt", "old");
    assertContains(
        trace,
        "old.status: lease of 10.9.9.9, hostname \"old\", expiry 1: left out, it has run out\n");
    trace = traced("libvirt", "a b");
    assertContains(trace, "not a host name");
    trace = traced("libvirt_guest", "a\033[2Jb");
    assertContains(trace, "nss-libvirt_guest: looking for \"a\\x1b[2Jb\"");
    assertContains(trace, "esc.macs: domain \"a\\x1b[2Jb\" has MAC addresses: 0\n");
    g_assert_null(strchr(trace, '\033'));
}

static void
addCalls(const char *group, GTestDataFunc test)
{
    static struct call calls[G_N_ELEMENTS(services)][FUNCTIONS];
    size_t i;
    size_t function;

    for (i = 0; i < G_N_ELEMENTS(services); i++) {
        for (function = 0; function < FUNCTIONS; function++) {
            g_autofree char *path = g_strdup_printf("/%s/%s/%s", group, services[i],
                                                    functionNames[function]);

            calls[i][function] = (struct call){ services[i], function };
            g_test_add_data_func(path, &calls[i][function], test);
        }
    }
}

static void
addServices(const char *group, GTestDataFunc test)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(services); i++) {
        g_autofree char *path = g_strdup_printf("/%s/%s", group, services[i]);

        g_test_add_data_func(path, services[i], test);
    }
}

int
main(int argc, char **argv)
{
    testInit(&argc, &argv);
    /* What is large and freed goes back to the kernel, and threads bring no memory of their own, so
     * that no rest of it serves the test that takes memory away */
    mallopt(M_MMAP_THRESHOLD, 64 * 1024);
    mallopt(M_ARENA_MAX, 1);
    testNeedNamespace();
    g_test_add_func("/list-unload", testListUnload);
    addCalls("every-size", testEverySize);
    addCalls("shorter-than-aligned", testShorterThanAligned);
    addCalls("every-alignment", testEveryAlignment);
    addCalls("unknown-name", testUnknownName);
    addCalls("unknown-name-no-buffer", testUnknownNameNoBuffer);
    addServices("families", testFamilies);
    addServices("address-lengths", testAddressLengths);
    addServices("list-every-size", testListEverySize);
    g_test_add_func("/list/threads", testListThreads);
    g_test_add_func("/list/restarts", testListRestarts);
    g_test_add_func("/list/fork", testListFork);
    addServices("errno-untouched", testErrnoUntouched);
    addServices("leaves-nothing", testLeavesNothing);
    addServices("stack", testStack);
    addServices("cancellation", testCancellation);
    g_test_add_func("/limits/no-descriptor-left", testNoDescriptorLeft);
    g_test_add_func("/limits/no-memory-left", testNoMemoryLeft);
    g_test_add_func("/limits/many-addresses", testManyAddresses);
    g_test_add_func("/debug", testDebug);
    return g_test_run();
}
