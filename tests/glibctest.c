/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* The modules behind the real glibc: getaddrinfo(3) and gethostbyname(3) of this very process, with
 * a nsswitch.conf of its own in a private mount namespace. */

#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <locale.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "testns.h"
#include "testutil.h"

static int
compareTexts(gconstpointer a, gconstpointer b)
{
    const char *const *left = a;
    const char *const *right = b;

    return strcmp(*left, *right);
}

/* The addresses that getaddrinfo() gives, in the order of their text, or what gai_strerror() says.
 */
static char *
resolve(const char *name, int family, int flags)
{
    struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = flags };
    g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
    struct addrinfo *found = NULL;
    struct addrinfo *each;
    int result = getaddrinfo(name, NULL, &hints, &found);

    if (result != 0)
        return g_strdup(gai_strerror(result));
    if (flags & AI_CANONNAME)
        g_ptr_array_add(addresses, g_strdup_printf("(%s)", found->ai_canonname));
    for (each = found; each; each = each->ai_next) {
        char text[INET6_ADDRSTRLEN];

        g_assert_cmpint(getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof(text), NULL, 0,
                                    NI_NUMERICHOST),
                        ==, 0);
        g_ptr_array_add(addresses, g_strdup(text));
    }
    freeaddrinfo(found);
    g_ptr_array_sort(addresses, compareTexts);
    g_ptr_array_add(addresses, NULL);
    return g_strjoinv(" ", (char **)addresses->pdata);
}

struct question {
    const char *path;
    const char *name;
    int family;
    int flags;
    const char *expected;
};

#define NOT_KNOWN "Name or service not known"

static const struct question questions[] = {
    { "hostname", "alpha-host", AF_UNSPEC, 0, "192.168.122.131" },
    { "hostname-v4", "alpha-host", AF_INET, 0, "192.168.122.131" },
    { "domain-not-v6", "zeta-dom", AF_INET6, 0, "No address associated with hostname" },
    { "hostname-case", "ALPHA-host", AF_UNSPEC, 0, "192.168.122.131" },
    { "hostname-dot", "alpha-host.", AF_UNSPEC, 0, "192.168.122.131" },
    { "hostname-canonical", "Alpha-Host", AF_UNSPEC, AI_CANONNAME, "(Alpha-Host) 192.168.122.131" },
    { "hostname-two", "eps-host", AF_UNSPEC, 0, "192.168.122.135 192.168.150.166 fd00:e2e::1692" },
    { "hostname-v6", "eps-host", AF_INET6, 0, "fd00:e2e::1692" },
    { "domain", "beta-dom", AF_UNSPEC, 0, "192.168.122.132" },
    { "domain-v4", "eps-dom", AF_INET, 0, "192.168.122.135 192.168.150.166" },
    { "domain-v6", "eps-dom", AF_INET6, 0, "fd00:e2e::1692" },
    { "domain-canonical", "eps-dom", AF_INET6, AI_CANONNAME, "(eps-dom) fd00:e2e::1692" },
    { "v4-mapped", "alpha-host", AF_INET6, AI_V4MAPPED, "::ffff:192.168.122.131" },
    { "v4-mapped-all", "eps-host", AF_INET6, AI_V4MAPPED | AI_ALL,
      "::ffff:192.168.122.135 ::ffff:192.168.150.166 fd00:e2e::1692" },
    { "nobody", "nobody", AF_UNSPEC, 0, NOT_KNOWN },
    { "nobody-v4", "nobody", AF_INET, 0, NOT_KNOWN },
    { "nobody-v6", "nobody", AF_INET6, 0, NOT_KNOWN },
    { "many", "many", AF_INET, 0, NULL },
};

static void
setUp(void)
{
    GString *json = g_string_new(NULL);
    guint i;

    testClearLeases();
    testCopyFixture("captured-02-guests-running");
    for (i = 0; i < 1500; i++) {
        g_autofree char *ip = g_strdup_printf("10.1.%u.%u", i / 250, i % 250);

        testAddLease(json, ip, "52:54:00:00:00:01", "many", NULL, 4000000000);
    }
    testLeasesEnd(json);
    testWriteLeases("many.status", json->str, -1);
    g_string_free(json, TRUE);
}

static void
testQuestion(gconstpointer data)
{
    const struct question *question = data;
    g_autofree char *got = resolve(question->name, question->family, question->flags);
    g_auto(GStrv) words = NULL;

    if (question->expected) {
        g_assert_cmpstr(got, ==, question->expected);
        return;
    }
    words = g_strsplit(got, " ", -1);
    g_assert_cmpuint(g_strv_length(words), ==, 1500);
    g_assert_cmpstr(words[0], ==, "10.1.0.0");
    g_assert_cmpstr(words[1499], ==, "10.1.5.99");
}

/* The tests must not depend on the languages that this machine has: makes the one they need. */
static gboolean
makeTurkish(void)
{
    const char *const arguments[] = { "localedef", "-i",    "tr_TR",
                                      "-f",        "UTF-8", LEASEDIR "/tr_TR.UTF-8",
                                      NULL };
    int status = 0;

    g_setenv("LOCPATH", LEASEDIR, TRUE);
    return g_spawn_sync(NULL, (char **)(gintptr)arguments, NULL,
                        G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
                            G_SPAWN_STDERR_TO_DEV_NULL,
                        NULL, NULL, NULL, NULL, &status, NULL) &&
           setlocale(LC_ALL, "tr_TR.UTF-8");
}

/* In Turkish, upper case I is no upper case of i: names must not follow the language. */
static void
testTurkish(gconstpointer data)
{
    const char *service = data;
    g_autofree char *got = NULL;

    if (!makeTurkish()) {
        g_test_skip("localedef could not make tr_TR.UTF-8 (package locales)");
        return;
    }
    got = resolve(g_str_equal(service, "libvirt") ? "ISTANBUL" : "IZMIR", AF_UNSPEC, 0);
    setlocale(LC_ALL, "C");
    g_assert_cmpstr(got, ==, g_str_equal(service, "libvirt") ? "10.0.0.34" : "10.0.0.35");
}

static void
testGetHostByName(void)
{
    struct hostent *host = gethostbyname("alpha-host");
    struct hostent *six;
    char text[INET6_ADDRSTRLEN];

    g_assert_nonnull(host);
    g_assert_cmpstr(host->h_name, ==, "alpha-host");
    g_assert_cmpstr(inet_ntop(AF_INET, host->h_addr_list[0], text, sizeof(text)), ==,
                    "192.168.122.131");
    g_assert_null(host->h_addr_list[1]);
    six = gethostbyname2("eps-dom", AF_INET6);
    g_assert_nonnull(six);
    g_assert_cmpstr(inet_ntop(AF_INET6, six->h_addr_list[0], text, sizeof(text)), ==,
                    "fd00:e2e::1692");
    g_assert_null(gethostbyname2("alpha-dom", AF_INET6));
    g_assert_cmpint(h_errno, ==, NO_DATA);
    g_assert_null(gethostbyname("nobody"));
    g_assert_cmpint(h_errno, ==, HOST_NOT_FOUND);
}

/* Whether what answered was the modules under test, not others of the same name. */
static void
testRightModules(void)
{
    g_autofree char *folder = realpath(g_getenv("NSS_MODULE_DIR"), NULL);
    g_autofree char *libvirt = g_strdup_printf("%s/libnss_libvirt.so.2\n", folder);
    g_autofree char *guest = g_strdup_printf("%s/libnss_libvirt_guest.so.2\n", folder);
    g_autofree char *maps = NULL;

    g_assert_true(g_file_get_contents("/proc/self/maps", &maps, NULL, NULL));
    g_assert_nonnull(strstr(maps, libvirt));
    g_assert_nonnull(strstr(maps, guest));
}

int
main(int argc, char **argv)
{
    testInit(&argc, &argv);
    testNeedNamespace();
    testReplaceFile("/etc/nsswitch.conf", "hosts: libvirt libvirt_guest\n");
    setUp();
    testWriteLeases(
        "tr.status",
        "[{\"ip-address\": \"10.0.0.34\", \"hostname\": \"istanbul\", \"expiry-time\": 0}, "
        "{\"ip-address\": \"10.0.0.35\", \"mac-address\": \"52:54:00:00:00:35\", \"expiry-time\": "
        "0}]",
        -1);
    testWriteLeases("tr.macs", "[{\"domain\": \"izmir\", \"macs\": [\"52:54:00:00:00:35\"]}]", -1);
    TEST_ADD_TABLE("getaddrinfo", questions, testQuestion);
    g_test_add_data_func("/turkish/libvirt", "libvirt", testTurkish);
    g_test_add_data_func("/turkish/libvirt_guest", "libvirt_guest", testTurkish);
    g_test_add_func("/gethostbyname", testGetHostByName);
    g_test_add_func("/right-modules", testRightModules);
    return g_test_run();
}
