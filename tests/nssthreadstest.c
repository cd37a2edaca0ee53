/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Many threads that look up at once, with small stacks, while another process replaces, cuts off,
 * removes and makes the files as fast as it can, and while the process forks; and modules that are
 * loaded and unloaded all the time. Made for the thread sanitizer as well (make check-threads). */

#include <config.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nssshim.h"
#include "testns.h"
#include "testutil.h"

#define THREADS 32
#define STACK ((size_t)64 * 1024)
#define SECONDS 2
#define LOADS 10000
#define FORKS 100

#define GOOD                                                                                       \
    "[ {\"ip-address\": \"10.0.0.1\", \"mac-address\": \"52:54:00:00:00:01\", \"hostname\": "      \
    "\"web\", "                                                                                    \
    "\"expiry-time\": 0} ]"
#define MOVED                                                                                      \
    "[ {\"ip-address\": \"10.0.0.2\", \"mac-address\": \"52:54:00:00:00:01\", \"hostname\": "      \
    "\"web\", "                                                                                    \
    "\"expiry-time\": 0} ]"
#define MAP "[ {\"domain\": \"web-dom\", \"macs\": [\"52:54:00:00:00:01\"]} ]"

static int stop;

/* ---- the writer ---- */

static void
writeFile(int folder, const char *name, const char *content, size_t len)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd >= 0 && write(fd, content, len) < 0)
        _exit(1);
    close(fd);
}

/* One of the things that can happen to a file. */
static void
change(int folder, unsigned int what)
{
    switch (what % 6) {
    case 0:
    case 1:
        writeFile(folder, "a.status.new", what % 2 ? GOOD : MOVED, strlen(GOOD));
        renameat(folder, "a.status.new", folder, "a.status");
        break;
    case 2:
        writeFile(folder, "a.status", GOOD, strlen(GOOD) / 2);
        break;
    case 3:
        unlinkat(folder, "a.status", 0);
        break;
    case 4:
        writeFile(folder, "a.status", "", 0);
        break;
    default:
        unlinkat(folder, "a.macs", 0);
        writeFile(folder, "a.macs.new", MAP, strlen(MAP));
        renameat(folder, "a.macs.new", folder, "a.macs");
        break;
    }
}

static pid_t
startWriter(void)
{
    pid_t writer = fork();
    unsigned int i;
    int folder;

    g_assert_cmpint(writer, >=, 0);
    if (writer > 0)
        return writer;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    folder = open(LEASEDIR, O_DIRECTORY | O_PATH);
    for (i = 0;; i++)
        change(folder, i);
}

static void
stopWriter(pid_t writer)
{
    kill(writer, SIGKILL);
    g_assert_cmpint(waitpid(writer, NULL, 0), ==, writer);
}

/* ---- the threads ---- */

/* Nothing of glib in here: the thread sanitizer does not see what glib's locks do. */
static const struct nssModule *modules[2];
static const char *const names[] = { "web", "web-dom" };

static void
claim(bool right, const char *what)
{
    if (right)
        return;
    fprintf(stderr, "this is no answer for any moment: %s\n", what);
    abort();
}

static void
claimStatus(enum nss_status status, int error, const char *what)
{
    claim(status == NSS_STATUS_SUCCESS || (status == NSS_STATUS_NOTFOUND && error == ENOENT), what);
}

/* The address that the lease has at one moment or the other */
static void
claimAddress(const void *addr)
{
    const unsigned char *bytes = addr;

    claim(bytes[0] == 10 && bytes[1] == 0 && bytes[2] == 0 && (bytes[3] == 1 || bytes[3] == 2),
          "address");
}

static void
lookUpName(size_t service)
{
    char buffer[1024];
    struct gaih_addrtuple *tuples = NULL;
    int error = 0;
    int herror = 0;
    enum nss_status status = modules[service]->byName4(names[service], &tuples, buffer,
                                                       sizeof(buffer), &error, &herror, NULL);

    claimStatus(status, error, "name");
    for (; status == NSS_STATUS_SUCCESS && tuples; tuples = tuples->next)
        claimAddress(tuples->addr);
}

static void
lookUpAddress(size_t service)
{
    static const unsigned char addr[] = { 10, 0, 0, 1 };
    char buffer[1024];
    struct hostent host;
    int error = 0;
    int herror = 0;
    enum nss_status status = modules[service]->byAddr(addr, sizeof(addr), AF_INET, &host, buffer,
                                                      sizeof(buffer), &error, &herror);

    claimStatus(status, error, "reverse");
    if (status == NSS_STATUS_SUCCESS)
        claim(strcmp(host.h_name, names[service]) == 0, host.h_name);
}

/* The list is one for all threads: each gets a part of it. */
static void
listAll(size_t service)
{
    char buffer[1024];
    struct hostent host;
    int error = 0;
    int herror = 0;

    modules[service]->setEnt(0);
    while (modules[service]->getEnt(&host, buffer, sizeof(buffer), &error, &herror) ==
           NSS_STATUS_SUCCESS) {
        claim(strcmp(host.h_name, names[service]) == 0, host.h_name);
        claimAddress(host.h_addr_list[0]);
    }
    modules[service]->endEnt();
}

static void *
lookUp(void *opaque)
{
    size_t *count = opaque;
    size_t service;

    while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
        for (service = 0; service < G_N_ELEMENTS(modules); service++) {
            lookUpName(service);
            lookUpAddress(service);
            listAll(service);
        }
        ++*count;
    }
    return NULL;
}

/* Starts the threads; their stacks are small where nothing else needs room there. */
static void
startThreads(pthread_t *threads, size_t *counts)
{
    pthread_attr_t attributes;
    size_t i;

    modules[0] = nssShimModule("libvirt");
    modules[1] = nssShimModule("libvirt_guest");
    __atomic_store_n(&stop, 0, __ATOMIC_SEQ_CST);
    pthread_attr_init(&attributes);
    if (!INSTRUMENTED && !g_getenv("NSS_TEST_VALGRIND"))
        g_assert_cmpint(pthread_attr_setstacksize(&attributes, STACK), ==, 0);
    for (i = 0; i < THREADS; i++) {
        counts[i] = 0;
        g_assert_cmpint(pthread_create(&threads[i], &attributes, lookUp, &counts[i]), ==, 0);
    }
    pthread_attr_destroy(&attributes);
}

static void
stopThreads(const pthread_t *threads, const size_t *counts)
{
    size_t i;

    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    for (i = 0; i < THREADS; i++) {
        g_assert_cmpint(pthread_join(threads[i], NULL), ==, 0);
        g_assert_cmpuint(counts[i], >, 0);
    }
}

static void
testBesideWriter(void)
{
    pthread_t threads[THREADS];
    size_t counts[THREADS];
    size_t total = 0;
    pid_t writer;
    size_t i;

    testClearLeases();
    testWriteLeases("a.macs", MAP, -1);
    writer = startWriter();
    startThreads(threads, counts);
    g_usleep((testIsFull() ? 10 : 1) * SECONDS * G_USEC_PER_SEC);
    stopThreads(threads, counts);
    stopWriter(writer);
    for (i = 0; i < THREADS; i++)
        total += counts[i];
    g_test_message("%zu rounds of six look-ups", total);
}

/* Children that are forked off at any moment look up as ever. They must not allocate: another
 * thread may have had the lock. */
static void
testFork(void)
{
    const struct nssModule *module = nssShimModule("libvirt");
    pthread_t threads[THREADS];
    size_t counts[THREADS];
    int i;

    if (INSTRUMENTED || g_getenv("NSS_TEST_VALGRIND")) {
        g_test_skip(
            "a child leaves the list of a thread that it has not got, which counts as a leak");
        return;
    }
    testClearLeases();
    testWriteLeases("a.status", GOOD, -1);
    testWriteLeases("a.macs", MAP, -1);
    startThreads(threads, counts);
    for (i = 0; i < (testIsFull() ? 10 : 1) * FORKS; i++) {
        pid_t child = fork();
        int status;

        g_assert_cmpint(child, >=, 0);
        if (child == 0) {
            static char buffer[4096];
            struct gaih_addrtuple *tuples = NULL;
            struct hostent host;
            int error;
            int herror;

            alarm(20);
            if (module->byName4("web", &tuples, buffer, sizeof(buffer), &error, &herror, NULL) !=
                NSS_STATUS_SUCCESS)
                _exit(1);
            module->setEnt(0);
            _exit(module->getEnt(&host, buffer, sizeof(buffer), &error, &herror) ==
                          NSS_STATUS_SUCCESS
                      ? 0
                      : 2);
        }
        g_assert_cmpint(waitpid(child, &status, 0), ==, child);
        g_assert_cmpint(status, ==, 0);
    }
    stopThreads(threads, counts);
}

/* Pages of this process in memory (proc(5), statm). */
static guint64
residentPages(void)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) words = NULL;

    g_assert_true(g_file_get_contents("/proc/self/statm", &text, NULL, NULL));
    words = g_strsplit(text, " ", 3);
    return g_ascii_strtoull(words[1], NULL, 10);
}

/* What a process that loads and unloads a module without end has in memory and in files stays the
 * same. */
static void
testLoads(void)
{
    const char *folder = g_getenv("NSS_MODULE_DIR") ? g_getenv("NSS_MODULE_DIR") : ".";
    g_autofree char *path = g_build_filename(folder, "libnss_libvirt.so.2", NULL);
    int loads = INSTRUMENTED || g_getenv("NSS_TEST_VALGRIND") ? LOADS / 100 : LOADS;
    guint64 pages = 0;
    int first = -1;
    int i;

    testClearLeases();
    testWriteLeases("a.status", GOOD, -1);
    for (i = 0; i < loads; i++) {
        static char buffer[4096];
        void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        struct gaih_addrtuple *tuples = NULL;
        nssByName4 byName4;
        int error;
        int herror;
        int next;

        g_assert_nonnull(handle);
        byName4 = (nssByName4)dlsym(handle, "_nss_libvirt_gethostbyname4_r");
        g_assert_nonnull(byName4);
        g_assert_cmpint(byName4("web", &tuples, buffer, sizeof(buffer), &error, &herror, NULL), ==,
                        NSS_STATUS_SUCCESS);
        g_assert_cmpint(dlclose(handle), ==, 0);
        next = dup(STDIN_FILENO);
        close(next);
        if (first < 0)
            first = next;
        g_assert_cmpint(next, ==, first);
        /* By then all is there that stays: buffers of stdio and the loader */
        if (i == loads / 10)
            pages = residentPages();
    }
    /* The smallest block of the heap at each load would be seventy of them */
    if (loads == LOADS)
        g_assert_cmpuint(residentPages(), <, pages + 8);
}

int
main(int argc, char **argv)
{
    testInit(&argc, &argv);
    testNeedNamespace();
    nssShimModule("libvirt_guest");
    /* Before the module is loaded for good */
    g_test_add_func("/loads", testLoads);
    g_test_add_func("/beside-writer", testBesideWriter);
    g_test_add_func("/fork", testFork);
    return g_test_run();
}
