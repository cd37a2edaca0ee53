/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* What the modules answer, through the shim: the tables of docs/architecture.rst, a line a case. */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nssshim.h"
#include "testns.h"
#include "testutil.h"
#include "virjsonarray.h"

#define UNKNOWN "NOTFOUND ENOENT HOST_NOT_FOUND"
#define NODATA "NOTFOUND ENOENT NO_DATA"
#define ANY AF_UNSPEC
#define V4 AF_INET
#define V6 AF_INET6

struct question {
    const char *path;
    const char *data; /* fixture, or the name of what makes it */
    const char *hosts;
    const char *name;
    int family;
    const char *expected;
};

/* What real guests under a real libvirtd left, expiry moved by a hundred years */
static const struct question captured[] = {
    { "hostname", "captured-02-guests-running", "libvirt", "alpha-host", ANY,
      "SUCCESS 192.168.122.131" },
    { "hostname-v4", "captured-02-guests-running", "libvirt", "alpha-host", V4,
      "SUCCESS 192.168.122.131" },
    { "hostname-not-v6", "captured-02-guests-running", "libvirt", "alpha-host", V6, NODATA },
    { "hostname-upper-case", "captured-02-guests-running", "libvirt", "ALPHA-Host", ANY,
      "SUCCESS 192.168.122.131" },
    { "hostname-trailing-dot", "captured-02-guests-running", "libvirt", "alpha-host.", ANY,
      "SUCCESS 192.168.122.131" },
    { "hostname-two-dots", "captured-02-guests-running", "libvirt", "alpha-host..", ANY, UNKNOWN },
    { "hostname-prefix", "captured-02-guests-running", "libvirt", "alpha", ANY, UNKNOWN },
    { "hostname-longer", "captured-02-guests-running", "libvirt", "alpha-host1", ANY, UNKNOWN },
    { "hostname-two-networks", "captured-02-guests-running", "libvirt", "eps-host", ANY,
      "SUCCESS fd00:e2e::1692 192.168.122.135 192.168.150.166" },
    { "hostname-two-networks-v4", "captured-02-guests-running", "libvirt", "eps-host", V4,
      "SUCCESS 192.168.122.135 192.168.150.166" },
    { "hostname-two-networks-v6", "captured-02-guests-running", "libvirt", "eps-host", V6,
      "SUCCESS fd00:e2e::1692" },
    { "hostname-static", "captured-02-guests-running", "libvirt", "zeta-static", ANY,
      "SUCCESS 192.168.150.66" },
    { "hostname-is-no-domain", "captured-02-guests-running", "libvirt_guest", "alpha-host", ANY,
      UNKNOWN },
    { "domain", "captured-02-guests-running", "libvirt_guest", "alpha-dom", ANY,
      "SUCCESS 192.168.122.131" },
    { "domain-without-hostname", "captured-02-guests-running", "libvirt_guest", "beta-dom", ANY,
      "SUCCESS 192.168.122.132" },
    { "domain-two-networks", "captured-02-guests-running", "libvirt_guest", "eps-dom", ANY,
      "SUCCESS fd00:e2e::1692 192.168.122.135 192.168.150.166" },
    { "domain-two-networks-v4", "captured-02-guests-running", "libvirt_guest", "eps-dom", V4,
      "SUCCESS 192.168.122.135 192.168.150.166" },
    { "domain-two-networks-v6", "captured-02-guests-running", "libvirt_guest", "EPS-dom.", V6,
      "SUCCESS fd00:e2e::1692" },
    { "domain-not-v6", "captured-02-guests-running", "libvirt_guest", "zeta-dom", V6, NODATA },
    { "domain-is-no-hostname", "captured-02-guests-running", "libvirt", "alpha-dom", ANY, UNKNOWN },
    { "both-services", "captured-02-guests-running", "libvirt libvirt_guest", "beta-dom", ANY,
      "SUCCESS 192.168.122.132" },
    { "action-stops", "captured-02-guests-running", "libvirt [NOTFOUND=return] libvirt_guest",
      "beta-dom", ANY, UNKNOWN },
    { "nobody", "captured-02-guests-running", "libvirt libvirt_guest", "nobody", ANY, UNKNOWN },
    { "mac-is-no-name", "captured-02-guests-running", "libvirt libvirt_guest", "52:54:00:e2:00:01",
      ANY, UNKNOWN },
    { "member-is-no-name", "captured-02-guests-running", "libvirt libvirt_guest", "hostname", ANY,
      UNKNOWN },
    { "no-lease-at-all", "captured-00-networks-started", "libvirt libvirt_guest", "alpha-host", ANY,
      UNKNOWN },
    { "domain-before-its-lease", "captured-01-guests-started-no-lease-yet", "libvirt_guest",
      "alpha-dom", ANY, UNKNOWN },
    { "new-hostname", "captured-04-alpha-new-hostname", "libvirt", "alpha-new", ANY,
      "SUCCESS 192.168.122.131" },
    { "old-hostname", "captured-04-alpha-new-hostname", "libvirt", "alpha-host", ANY, UNKNOWN },
    { "odd-upper", "captured-06-odd-hostnames", "libvirt", "upper-host", ANY,
      "SUCCESS 192.168.150.175" },
    { "odd-underscore", "captured-06-odd-hostnames", "libvirt", "under_score", ANY,
      "SUCCESS 192.168.150.176" },
    { "odd-dotted-cut", "captured-06-odd-hostnames", "libvirt", "sub", ANY,
      "SUCCESS 192.168.150.177" },
    { "odd-dotted-whole", "captured-06-odd-hostnames", "libvirt", "sub.dotted.name", ANY, UNKNOWN },
    { "odd-space", "captured-06-odd-hostnames", "libvirt", "sp ace", ANY, UNKNOWN },
    { "odd-utf8", "captured-06-odd-hostnames", "libvirt", "café", ANY, UNKNOWN },
    { "odd-digits", "captured-06-odd-hostnames", "libvirt", "12345", ANY,
      "SUCCESS 192.168.150.190" },
    { "odd-63-letters", "captured-06-odd-hostnames", "libvirt",
      "lllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll", ANY,
      "SUCCESS 192.168.150.191" },
    { "odd-64-letters", "captured-06-odd-hostnames", "libvirt",
      "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm", ANY, UNKNOWN },
    { "odd-dash", "captured-06-odd-hostnames", "libvirt", "-dash-first", ANY, UNKNOWN },
    { "odd-quotes", "captured-06-odd-hostnames", "libvirt", "q\"uo\\te", ANY, UNKNOWN },
    { "odd-localhost", "captured-06-odd-hostnames", "libvirt", "localhost", ANY, UNKNOWN },
    { "odd-no-client-id", "captured-06-odd-hostnames", "libvirt", "no-client-id", ANY,
      "SUCCESS 192.168.150.194" },
    { "odd-two-claim", "captured-06-odd-hostnames", "libvirt", "same-name", ANY,
      "SUCCESS 192.168.150.105 192.168.122.128" },
    { "odd-claims-a-domain", "captured-06-odd-hostnames", "libvirt", "beta-dom", ANY, UNKNOWN },
    { "odd-domain-itself", "captured-06-odd-hostnames", "libvirt libvirt_guest", "beta-dom", ANY,
      "SUCCESS 192.168.122.132" },
    { "odd-neighbours-are-fine", "captured-06-odd-hostnames", "libvirt", "trailing-dot", ANY,
      "SUCCESS 192.168.150.181" },
    { "v6-released", "captured-09-eps-released-v6", "libvirt", "eps-host", V6,
      "SUCCESS fd00:e2e::1692" },
    { "domain-with-space-and-utf8", "captured-13-beta-renamed", "libvirt_guest", "beta two.ü", ANY,
      "SUCCESS 192.168.122.132" },
    { "domain-old-name", "captured-13-beta-renamed", "libvirt_guest", "beta-dom", ANY, UNKNOWN },
    { "empty-list", "captured-17-lease-expired", "libvirt", "expires-soon", ANY, UNKNOWN },
};

#define LEASE(ip, mac, name, rest)                                                                 \
    "{\"ip-address\": \"" ip "\", \"mac-address\": \"52:54:00:00:00:" mac "\", " name rest         \
    "\"expiry-time\": 4000000000}"
#define NAMED(name) "\"hostname\": \"" name "\", "
#define GOOD LEASE("10.0.0.99", "99", NAMED("good"), "")

/* A .status and a .macs (NULL: none) of one's own */
struct own {
    const char *path;
    const char *status;
    const char *macs;
    const char *hosts;
    const char *name;
    int family;
    const char *expected;
};

#define CLAIM(path, claimed, asked, expected)                                                      \
    {                                                                                              \
        path, "[" LEASE("10.0.0.1", "01", NAMED(claimed), "") "]", NULL, "libvirt", asked, ANY,    \
            expected                                                                               \
    }
#define CLAIM_IN(path, claimed, domain, asked, expected)                                           \
    {                                                                                              \
        path, "[" LEASE("10.0.0.1", "01", NAMED(claimed), "\"domain\": \"" domain "\", ") "]",     \
            NULL, "libvirt", asked, ANY, expected                                                  \
    }
#define ONE "SUCCESS 10.0.0.1"
#define MAP(domain, macs) "[{\"domain\": \"" domain "\", \"macs\": [" macs "]}]"
#define GUEST(path, domain, asked, expected)                                                       \
    {                                                                                              \
        path, "[" LEASE("10.0.0.1", "01", "", "") "]", MAP(domain, "\"52:54:00:00:00:01\""),       \
            "libvirt_guest", asked, ANY, expected                                                  \
    }
#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct own claims[] = {
    CLAIM("plain", "guest", "guest", ONE),
    CLAIM("localhost", "localhost", "localhost", UNKNOWN),
    CLAIM("localhost-case", "LocalHost", "lOCALhOST", UNKNOWN),
    CLAIM("localhost-dot", "localhost", "localhost.", UNKNOWN),
    CLAIM_IN("localhost.localdomain", "localhost", "localdomain", "localhost.localdomain", UNKNOWN),
    CLAIM_IN("below-localhost", "db", "localhost", "db.localhost", UNKNOWN),
    CLAIM("gateway", "_gateway", "_gateway", UNKNOWN),
    CLAIM("outbound", "_outbound", "_outbound", UNKNOWN),
    CLAIM("wpad", "wpad", "wpad", UNKNOWN),
    CLAIM("wpad-case", "WPAD", "wpad", UNKNOWN),
    CLAIM_IN("wpad-domain", "wpad", "lab.example", "wpad.lab.example", UNKNOWN),
    CLAIM("isatap", "isatap", "isatap", UNKNOWN),
    CLAIM("own-name-short", "thishost", "thishost", UNKNOWN),
    CLAIM_IN("own-name-in-domain", "thishost", "lab.example", "thishost.lab.example", UNKNOWN),
    CLAIM_IN("own-name-full", "thishost", "example.org", "thishost.example.org", UNKNOWN),
    CLAIM("like-wpad", "wpad2", "wpad2", ONE),
    CLAIM("like-localhost", "notlocalhost", "notlocalhost", ONE),
    CLAIM("dotted", "www.debian.org", "www.debian.org", UNKNOWN),
    CLAIM("dotted-first-label", "www.debian.org", "www", UNKNOWN),
    CLAIM_IN("dotted-in-domain", "web.lab.example", "lab.example", "web.lab.example", ONE),
    CLAIM_IN("dotted-in-domain-short", "web.lab.example", "lab.example", "web", ONE),
    CLAIM_IN("dotted-in-domain-case", "web.LAB.example", "lab.EXAMPLE", "WEB.lab.Example.", ONE),
    CLAIM_IN("dotted-other-domain", "www.debian.org", "lab.example", "www.debian.org", UNKNOWN),
    CLAIM_IN("dotted-below-domain", "a.b.lab.example", "lab.example", "a.b.lab.example", UNKNOWN),
    CLAIM_IN("domain-long-form", "web", "lab.example", "web.lab.example", ONE),
    CLAIM_IN("domain-short-form", "web", "lab.example", "web", ONE),
    CLAIM_IN("domain-not-mine", "web", "lab.example", "web.example", UNKNOWN),
    CLAIM_IN("domain-alone", "web", "lab.example", "lab.example", UNKNOWN),
    CLAIM_IN("domain-empty", "web", "", "web", ONE),
    CLAIM("empty-hostname", "", "", UNKNOWN),
    CLAIM("dot", ".", ".", UNKNOWN),
    CLAIM("tab", "a\\tb", "a\tb", UNKNOWN),
    CLAIM("newline", "a\\nb", "a\nb", UNKNOWN),
    CLAIM("escape", "a\\u001bb", "a\033b", UNKNOWN),
    CLAIM("latin1", "caf\xe9", "caf\xe9", UNKNOWN),
    CLAIM("nul-inside", "web\\u0000x", "web", UNKNOWN),
    CLAIM("slash", "a/b", "a/b", UNKNOWN),
    CLAIM("percent", "a%s%n", "a%s%n", UNKNOWN),
    CLAIM("dash-last", "a-", "a-", ONE),
    CLAIM("turkish-i", "ISTANBUL", "istanbul", ONE),
    CLAIM("json-escape", "\\u0066oo", "foo", ONE),
    CLAIM("json-escape-slash", "a\\/b", "a/b", UNKNOWN),
    CLAIM("253-bytes", L63, L63, ONE),
    { "other-ones-domain", "[" LEASE("10.0.0.1", "01", NAMED("db"), "") "]",
      MAP("db", "\"52:54:00:00:00:02\""), "libvirt", "db", ANY, UNKNOWN },
    { "own-domain", "[" LEASE("10.0.0.1", "01", NAMED("db"), "") "]",
      MAP("db", "\"52:54:00:00:00:01\""), "libvirt", "db", ANY, ONE },
    { "domain-and-thief",
      "[" LEASE("10.0.0.1", "01", NAMED("DB"), "") "," LEASE("10.0.0.2", "02", NAMED("db"), "") "]",
      MAP("dB", "\"52:54:00:00:00:01\""), "libvirt", "db", ANY, ONE },
    { "domain-without-mac", "[" LEASE("10.0.0.1", "01", NAMED("db"), "") "]", MAP("db", ""),
      "libvirt", "db", ANY, UNKNOWN },
    { "domain-claimed-long", "[" LEASE("10.0.0.1", "01", NAMED("db"), "\"domain\": \"lab\", ") "]",
      MAP("db", "\"52:54:00:00:00:02\""), "libvirt", "db.lab", ANY, UNKNOWN },
    { "domain-by-no-mac",
      "[{\"ip-address\": \"10.0.0.1\", \"hostname\": \"db\", \"expiry-time\": 0}]",
      MAP("db", "\"52:54:00:00:00:02\""), "libvirt", "db", ANY, UNKNOWN },
    { "no-mac", "[{\"ip-address\": \"10.0.0.1\", \"hostname\": \"db\", \"expiry-time\": 0}]", NULL,
      "libvirt", "db", ANY, ONE },
    { "domain-then-guest",
      "[" LEASE("10.0.0.1", "01", NAMED("db"), "") "," LEASE("10.0.0.2", "02", NAMED("x"), "") "]",
      MAP("db", "\"52:54:00:00:00:02\""), "libvirt libvirt_guest", "db", ANY, "SUCCESS 10.0.0.2" },
};

static const struct own names[] = {
    GUEST("domain", "web", "web", ONE),
    GUEST("domain-case", "Web", "wEB", ONE),
    GUEST("domain-i", "ISTANBUL", "istanbul", ONE),
    GUEST("domain-space", "my web", "my web", ONE),
    GUEST("domain-dots", "a.b.c", "a.b.c", ONE),
    GUEST("domain-only-dots", "...", "....", ONE),
    GUEST("domain-quote", "a\\\"b", "a\"b", ONE),
    GUEST("domain-backslash", "a\\\\b", "a\\b", ONE),
    GUEST("domain-escape", "\\u0066oo", "foo", ONE),
    GUEST("domain-escape-utf8", "\\u00fc", "ü", ONE),
    GUEST("domain-escape-surrogates", "\\ud83d\\ude00", "\xf0\x9f\x98\x80", ONE),
    GUEST("domain-braces", "}{][", "}{][", ONE),
    GUEST("domain-comma", "\\\",\\\"x", "\",\"x", ONE),
    GUEST("domain-utf8", "grün", "grün", ONE),
    GUEST("domain-utf8-case", "GRÜN", "grün", UNKNOWN),
    GUEST("domain-latin1", "gr\xfcn", "gr\xfcn", ONE),
    GUEST("domain-newline", "a\\nb", "a\nb", ONE),
    GUEST("domain-slash", "a/b", "a/b", ONE),
    GUEST("domain-localhost", "localhost", "localhost", ONE),
    GUEST("domain-dash", "-x", "-x", ONE),
    GUEST("domain-empty", "", "", ONE),
    GUEST("domain-trailing-dot", "web", "web.", ONE),
    { "macs-upper-case", "[" LEASE("10.0.0.1", "0a", "", "") "]",
      MAP("web", "\"52:54:00:00:00:0A\""), "libvirt_guest", "web", ANY, ONE },
    { "macs-no-leading-zeros", "[" LEASE("10.0.0.1", "0a", "", "") "]",
      MAP("web", "\"52:54:0:0:0:a\""), "libvirt_guest", "web", ANY, ONE },
    { "macs-odd-ones-passed-over", "[" LEASE("10.0.0.1", "01", "", "") "]",
      MAP("web", "5, null, [], {\"a\": [\"52:54:00:00:00:02\"]}, \"x\", \"52:54:00:00:00:01\""),
      "libvirt_guest", "web", ANY, ONE },
    { "macs-before-domain", "[" LEASE("10.0.0.1", "01", "", "") "]",
      "[{\"macs\": [\"52:54:00:00:00:01\"], \"other\": {\"domain\": \"x\"}, \"domain\": \"web\"}]",
      "libvirt_guest", "web", ANY, ONE },
    { "domain-twice", "[" LEASE("10.0.0.1", "01", "", "") "," LEASE("10.0.0.2", "02", "", "") "]",
      "[{\"domain\": \"web\", \"macs\": [\"52:54:00:00:00:02\"]}, {\"domain\": \"web\", \"macs\": "
      "[\"52:54:00:00:00:01\"]}]",
      "libvirt_guest", "web", ANY, "SUCCESS 10.0.0.1 10.0.0.2" },
    { "two-macs", "[" LEASE("10.0.0.1", "01", "", "") "," LEASE("10.0.0.2", "02", "", "") "]",
      MAP("web", "\"52:54:00:00:00:02\", \"52:54:00:00:00:01\""), "libvirt_guest", "web", ANY,
      "SUCCESS 10.0.0.1 10.0.0.2" },
    { "mac-of-other-link-type",
      "[{\"ip-address\": \"10.0.0.1\", \"mac-address\": \"20-80:00:02:08:fe:80\", \"hostname\": "
      "\"ib\", "
      "\"expiry-time\": 0}]",
      NULL, "libvirt", "ib", ANY, ONE },
};

#define MAC "\"mac-address\": \"52:54:00:00:00:01\", "
#define TIMED(ip, time)                                                                            \
    "{\"ip-address\": \"" ip "\", " MAC "\"hostname\": \"web\", \"expiry-time\": " time "}"

static const struct own leases[] = {
    { "expired", "[" TIMED("10.0.0.1", "1000") "]", NULL, "libvirt", "web", ANY, UNKNOWN },
    { "never-expires", "[" TIMED("10.0.0.1", "0") "]", NULL, "libvirt", "web", ANY, ONE },
    { "negative-expiry", "[" TIMED("10.0.0.1", "-1") "]", NULL, "libvirt", "web", ANY, UNKNOWN },
    { "largest-expiry", "[" TIMED("10.0.0.1", "9223372036854775807") "]", NULL, "libvirt", "web",
      ANY, ONE },
    { "expiry-too-large", "[" TIMED("10.0.0.1", "9223372036854775808") "," GOOD "]", NULL,
      "libvirt", "web", ANY, UNKNOWN },
    { "expiry-fraction", "[" TIMED("10.0.0.1", "4000000000.5") "]", NULL, "libvirt", "web", ANY,
      UNKNOWN },
    { "expiry-exponent", "[" TIMED("10.0.0.1", "4e9") "]", NULL, "libvirt", "web", ANY, UNKNOWN },
    { "expiry-string", "[" TIMED("10.0.0.1", "\"4000000000\"") "]", NULL, "libvirt", "web", ANY,
      UNKNOWN },
    { "expiry-missing", "[{" MAC "\"ip-address\": \"10.0.0.1\", \"hostname\": \"web\"}]", NULL,
      "libvirt", "web", ANY, UNKNOWN },
    { "order",
      "[" TIMED("10.0.0.1", "0") "," TIMED("10.0.0.2", "2000000001") "," TIMED(
          "10.0.0.3", "2000000003") "," TIMED("10.0.0.4", "2000000002") "," TIMED("10.0.0.5",
                                                                                  "2000000003") "]",
      NULL, "libvirt", "web", ANY, "SUCCESS 10.0.0.3 10.0.0.5 10.0.0.4 10.0.0.2 10.0.0.1" },
    { "order-same-through-v4", "[" TIMED("10.0.0.1", "0") "," TIMED("10.0.0.2", "2000000001") "]",
      NULL, "libvirt", "web", V4, "SUCCESS 10.0.0.2 10.0.0.1" },
    /* Differences that a 32-bit number cannot hold */
    { "order-far-future",
      "[" TIMED("10.0.0.1", "0") "," TIMED("10.0.0.2", "4000000000") "," TIMED(
          "10.0.0.3", "8000000000") "," TIMED("10.0.0.4", "2000000000") "]",
      NULL, "libvirt", "web", ANY, "SUCCESS 10.0.0.3 10.0.0.2 10.0.0.4 10.0.0.1" },
    { "address-twice",
      "[" TIMED("10.0.0.1", "2000000001") "," TIMED("10.0.0.2", "2000000002") "," TIMED(
          "10.0.0.1", "2000000003") "]",
      NULL, "libvirt", "web", ANY, "SUCCESS 10.0.0.1 10.0.0.2" },
    { "v6-spellings", "[" TIMED("fd00::1", "0") "," TIMED("fd00:0:0::0001", "0") "]", NULL,
      "libvirt", "web", ANY, "SUCCESS fd00::1" },
    { "address-not-one",
      "[" TIMED("10.0.0.256", "0") "," TIMED("web", "0") "," TIMED("10.0.0.1/24", "0") "," TIMED(
          "fe80::1%eth0", "0") "," TIMED("", "0") "," TIMED("10.0.0.1\\u0000", "0") "]",
      NULL, "libvirt", "web", ANY, UNKNOWN },
    { "address-of-other-type",
      "[{" MAC "\"ip-address\": 5, \"hostname\": \"web\", \"expiry-time\": 0}," GOOD "]", NULL,
      "libvirt", "web", ANY, UNKNOWN },
    { "unknown-members",
      "[{\"a\": [[{\"hostname\": \"no\"}]], " MAC
      "\"ip-address\": \"10.0.0.1\", \"b\": null, \"c\": "
      "1e400, "
      "\"hostname\": \"web\", \"d\": {\"hostname\": \"no\"}, \"expiry-time\": 0, \"e\": true}]",
      NULL, "libvirt", "web", ANY, ONE },
    { "nested-name-is-none",
      "[{" MAC "\"ip-address\": \"10.0.0.1\", \"d\": {\"hostname\": \"web\"}, \"expiry-time\": 0}]",
      NULL, "libvirt", "web", ANY, UNKNOWN },
    { "key-escaped",
      "[{" MAC "\"ip-address\": \"10.0.0.1\", \"host\\u006eame\": \"web\", \"expiry-time\": 0}]",
      NULL, "libvirt", "web", ANY, ONE },
    { "compact",
      "[{\"ip-address\":\"10.0.0.1\",\"mac-address\":\"52:54:00:00:00:01\",\"hostname\":\"web\","
      "\"expiry-time\":0}]",
      NULL, "libvirt", "web", ANY, ONE },
    { "crlf",
      "[\r\n{\r\n" MAC
      "\r\n\"ip-address\": \"10.0.0.1\",\r\n\"hostname\": \"web\",\r\n\"expiry-time\": "
      "0\r\n}\r\n]\r\n",
      NULL, "libvirt", "web", ANY, ONE },
};

static void
setUpOwn(const struct own *own)
{
    testClearLeases();
    testWriteLeases("virbr0.status", own->status, -1);
    if (own->macs)
        testWriteLeases("virbr0.macs", own->macs, -1);
}

static void
testCaptured(gconstpointer data)
{
    const struct question *question = data;
    g_autofree char *got = NULL;

    testClearLeases();
    testCopyFixture(question->data);
    got = nssShimLookup(question->hosts, question->name, question->family);
    g_assert_cmpstr(got, ==, question->expected);
}

static void
testOwn(gconstpointer data)
{
    const struct own *own = data;
    g_autofree char *got = NULL;

    setUpOwn(own);
    got = nssShimLookup(own->hosts, own->name, own->family);
    g_assert_cmpstr(got, ==, own->expected);
}

/* Names by their length. A hostname of n bytes is labels of "a", a domain any bytes. */
struct length {
    const char *path;
    const char *service;
    size_t len;
    const char *expected;
};

static const struct length lengths[] = {
    { "hostname-0", "libvirt", 0, UNKNOWN },
    { "hostname-253", "libvirt", 253, ONE },
    { "hostname-254", "libvirt", 254, UNKNOWN },
    { "hostname-300", "libvirt", 300, UNKNOWN },
    { "hostname-70000", "libvirt", 70000, UNKNOWN },
    { "domain-253", "libvirt_guest", 253, ONE },
    { "domain-254", "libvirt_guest", 254, ONE },
    { "domain-300", "libvirt_guest", 300, ONE },
    { "domain-20000", "libvirt_guest", 20000, ONE },
    { "domain-65000", "libvirt_guest", 65000, ONE },
    { "domain-70000", "libvirt_guest", 70000, UNKNOWN },
};

/* "aaa.aaa." ... without a dot at the end, and short first label so that "domain" can be the rest
 */
static char *
nameOfLength(size_t len)
{
    char *name = g_malloc(len + 1);
    size_t i;

    for (i = 0; i < len; i++)
        name[i] = i % 4 == 3 && i + 1 < len ? '.' : 'a';
    name[len] = '\0';
    return name;
}

static void
testLength(gconstpointer data)
{
    const struct length *length = data;
    gboolean guest = g_str_equal(length->service, "libvirt_guest");
    g_autofree char *name = nameOfLength(length->len);
    const char *rest = length->len > 4 ? name + 4 : "";
    GString *json = g_string_new(NULL);
    g_autofree char *macs = g_strdup_printf(MAP("%s", "\"52:54:00:00:00:01\""), name);
    g_autofree char *got = NULL;
    g_autofree char *neighbour = NULL;

    testAddLease(json, "10.0.0.1", "52:54:00:00:00:01", guest ? NULL : name, guest ? NULL : rest,
                 0);
    testAddLease(json, "10.0.0.99", "52:54:00:00:00:99", "good", NULL, 0);
    testLeasesEnd(json);
    testClearLeases();
    testWriteLeases("virbr0.status", json->str, -1);
    if (guest)
        testWriteLeases("virbr0.macs", macs, -1);
    g_string_free(json, TRUE);
    got = nssShimLookup(length->service, name, AF_UNSPEC);
    g_assert_cmpstr(got, ==, length->expected);
    neighbour = nssShimLookup("libvirt", "good", AF_UNSPEC);
    g_assert_cmpstr(neighbour, ==, "SUCCESS 10.0.0.99");
}

/* Bad files. Each is made as .status and as .macs, beside good ones whose answer must not change,
 * and alone. */
struct fault {
    const char *path;
    void (*make)(const char *path);
    const char *content; /* if not made by a function */
    gssize len;          /* -1: a string */
};

static void
makeFifo(const char *path)
{
    g_assert_no_errno(mkfifo(path, 0644));
}

static void
makeFolder(const char *path)
{
    g_assert_no_errno(g_mkdir(path, 0755));
}

static void
makeDangling(const char *path)
{
    g_assert_no_errno(symlink("/nonexistent/file", path));
}

static void
makeLoop(const char *path)
{
    g_autofree char *name = g_path_get_basename(path);

    g_assert_no_errno(symlink(name, path));
}

static void
makeDevice(const char *path)
{
    g_assert_no_errno(symlink("/dev/zero", path));
}

static void
makeSocket(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    g_assert_no_errno(bind(fd, (struct sockaddr *)&address, sizeof(address)));
    close(fd);
}

/* Larger than 32 MiB, and sparse */
static void
makeHuge(const char *path)
{
    int fd = g_open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

    g_assert_no_errno(ftruncate(fd, 32 * 1024 * 1024 + 1));
    close(fd);
}

/* As large as it may be, and nothing but zeros */
static void
makeZeros(const char *path)
{
    int fd = g_open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

    g_assert_no_errno(ftruncate(fd, 32 * 1024 * 1024));
    close(fd);
}

/* A hundred thousand times the same byte */
static void
makeRun(const char *path, const char *begin, char c)
{
    GString *text = g_string_new(begin);

    g_string_set_size(text, text->len + 100000);
    memset(text->str + strlen(begin), c, 100000);
    g_assert_true(g_file_set_contents(path, text->str, text->len, NULL));
    g_string_free(text, TRUE);
}

static void
makeBraces(const char *path)
{
    makeRun(path, "[", '{');
}

static void
makeBrackets(const char *path)
{
    makeRun(path, "", '[');
}

static void
makeEndlessString(const char *path)
{
    makeRun(path, "[{\"hostname\": \"", 'a');
}

static void
makeBackslashes(const char *path)
{
    makeRun(path, "[{\"hostname\": \"", '\\');
}

static const struct fault faults[] = {
    { "fifo", makeFifo, NULL, 0 },
    { "folder", makeFolder, NULL, 0 },
    { "dangling-link", makeDangling, NULL, 0 },
    { "link-to-itself", makeLoop, NULL, 0 },
    { "device", makeDevice, NULL, 0 },
    { "socket", makeSocket, NULL, 0 },
    { "too-large", makeHuge, NULL, 0 },
    { "zeros", makeZeros, NULL, 0 },
    { "braces", makeBraces, NULL, 0 },
    { "brackets", makeBrackets, NULL, 0 },
    { "endless-string", makeEndlessString, NULL, 0 },
    { "backslashes", makeBackslashes, NULL, 0 },
    { "empty", NULL, "", 0 },
    { "newline", NULL, "\n", -1 },
    { "text", NULL, "this is no lease file\n", -1 },
    { "nul", NULL, "[{\"hostname\"\0: \"good\"}]", 23 },
    { "binary", NULL, "\177ELF\2\1\1\0\377\376\"{[", 13 },
    { "open-array", NULL, "[", -1 },
    { "open-object", NULL, "[\n  {\n", -1 },
    { "cut-in-key", NULL, "[\n  {\n    \"ip-addr", -1 },
    { "cut-in-string", NULL, "[\n  {\n    \"hostname\": \"good", -1 },
    { "cut-in-escape", NULL, "[\n  {\n    \"hostname\": \"\\u00", -1 },
    { "cut-after-backslash", NULL, "[\n  {\n    \"hostname\": \"\\", -1 },
    { "cut-in-number", NULL,
      "[{\"ip-address\": \"10.0.0.66\", \"hostname\": \"good\", \"expiry-time\": 40000", -1 },
    { "object-not-array", NULL, "{\"leases\": []}", -1 },
    { "string", NULL, "\"good\"", -1 },
    { "number", NULL, "17", -1 },
    { "null", NULL, "null", -1 },
    { "array-of-strings", NULL, "[\"good\", \"{\", \"]\"]", -1 },
    { "array-of-nulls", NULL, "[null, null]", -1 },
    { "empty-objects", NULL, "[{}, {}, {}]", -1 },
    { "wrong-brackets", NULL, "[{\"ip-address\": [}, \"hostname\": \"good\"]]", -1 },
    { "key-without-value", NULL, "[{\"ip-address\"}]", -1 },
    { "value-without-key", NULL, "[{: \"good\"}]", -1 },
    { "comma-at-end", NULL, "[{\"hostname\": \"good\",}]", -1 },
    { "single-quotes", NULL, "[{'ip-address': '10.0.0.66', 'hostname': 'good'}]", -1 },
    { "comment", NULL, "/* leases */ [{\"hostname\": \"good\"}]", -1 },
    { "bad-escape", NULL,
      "[{\"ip-address\": \"10.0.0.66\", \"hostname\": \"go\\od\", \"expiry-time\": 0}]", -1 },
    { "names-only", NULL, "[{\"hostname\": \"good\", \"domain\": 7}]", -1 },
};

static void
makeFault(const struct fault *fault, const char *name)
{
    g_autofree char *path = g_build_filename(LEASEDIR, name, NULL);

    if (fault->make)
        fault->make(path);
    else
        testWriteLeases(name, fault->content, fault->len);
}

static void
testFault(gconstpointer data)
{
    static const char *const services[] = { "libvirt", "libvirt_guest" };
    size_t i;

    testClearLeases();
    testWriteLeases("virbr5.status", "[" GOOD "]", -1);
    testWriteLeases("virbr5.macs", MAP("good-dom", "\"52:54:00:00:00:99\""), -1);
    makeFault(data, "virbr0.status");
    makeFault(data, "virbr0.macs");
    makeFault(data, "virbr9.status");
    makeFault(data, "virbr9.macs");
    makeFault(data, "default.addnhosts");
    for (i = 0; i < 2; i++) {
        const char *name = i ? "good-dom" : "good";
        g_autofree char *found = nssShimLookup(services[i], name, AF_UNSPEC);
        g_autofree char *unknown = nssShimLookup(services[i], "nobody", AF_UNSPEC);
        g_autofree char *reverse = nssShimReverse(services[i], "10.0.0.99");
        g_autofree char *reverseUnknown = nssShimReverse(services[i], "10.9.9.9");
        g_autofree char *list = nssShimList(services[i], 100);
        g_autofree char *listed = g_strdup_printf("10.0.0.99 %s; ", name);

        g_assert_cmpstr(found, ==, "SUCCESS 10.0.0.99");
        g_assert_cmpstr(unknown, ==, UNKNOWN);
        g_assert_cmpstr(reverse + strlen("SUCCESS "), ==, name);
        g_assert_cmpstr(reverseUnknown, ==, UNKNOWN);
        if (!strstr(list, listed))
            g_test_message("list: %s", list);
        g_assert_nonnull(strstr(list, listed));
    }
}

/* Alone in the folder, a bad file means that nobody has the name */
static void
testFaultAlone(gconstpointer data)
{
    g_autofree char *hostname = NULL;
    g_autofree char *domain = NULL;

    testClearLeases();
    makeFault(data, "virbr0.status");
    makeFault(data, "virbr0.macs");
    hostname = nssShimLookup("libvirt", "good", AF_UNSPEC);
    domain = nssShimLookup("libvirt_guest", "good", AF_UNSPEC);
    g_assert_cmpstr(hostname, ==, UNKNOWN);
    g_assert_cmpstr(domain, ==, UNKNOWN);
}

/* What a damaged file still gives */
static const struct own salvage[] = {
    { "cut-off", "[\n  " GOOD ",\n  {\n    \"ip-address\": \"10.0", NULL, "libvirt", "good", ANY,
      "SUCCESS 10.0.0.99" },
    { "no-end", "[\n  " GOOD, NULL, "libvirt", "good", ANY, "SUCCESS 10.0.0.99" },
    { "no-beginning", "0.0.1\", \"expiry-time\": 4}, " GOOD "]", NULL, "libvirt", "good", ANY,
      "SUCCESS 10.0.0.99" },
    { "no-array", GOOD, NULL, "libvirt", "good", ANY, "SUCCESS 10.0.0.99" },
    { "no-commas", "[" GOOD " " LEASE("10.0.0.1", "01", NAMED("b"), "") "]", NULL, "libvirt", "b",
      ANY, ONE },
    { "garbage-behind", "[" GOOD "] trailing }}]] \" garbage", NULL, "libvirt", "good", ANY,
      "SUCCESS 10.0.0.99" },
    { "garbage-between", "[" LEASE("10.0.0.1", "01", NAMED("b"), "") ", }]\" \n " GOOD "]", NULL,
      "libvirt", "good", ANY, "SUCCESS 10.0.0.99" },
    { "lost-quote", "[{\n\"hostname\": \"bad,\n\"ip-address\": \"10.0.0.1\"\n}, " GOOD "]", NULL,
      "libvirt", "good", ANY, "SUCCESS 10.0.0.99" },
    { "lost-brace", "[{\n\"hostname\": \"bad\",\n \"ip-address\": \"10.0.0.1\"\n, " GOOD "]", NULL,
      "libvirt", "good", ANY, "SUCCESS 10.0.0.99" },
    { "not-leases", "[1, \"{\", [], {}, null, " GOOD "]", NULL, "libvirt", "good", ANY,
      "SUCCESS 10.0.0.99" },
    { "one-lease-odd", "[{\"ip-address\": null}, " GOOD "]", NULL, "libvirt", "good", ANY,
      "SUCCESS 10.0.0.99" },
    { "forged-in-hostname",
      "[" LEASE("10.0.0.1", "01",
                NAMED("{\\\"ip-address\\\":\\\"6.6.6.6\\\",\\\"hostname\\\":"
                      "\\\"forged\\\",\\\"expiry-time\\\":0}"),
                "") "]",
      NULL, "libvirt", "forged", ANY, UNKNOWN },
    { "forged-in-cut-off",
      "[{\"hostname\": \"{\\\"ip-address\\\":\\\"6.6.6.6\\\",\\\"hostname\\\":\\\"forged\\\","
      "\\\"expiry-time\\\":0}",
      NULL, "libvirt", "forged", ANY, UNKNOWN },
};

/* The folder itself */
static void
testFolderAbsent(void)
{
    g_autofree char *hostname = NULL;
    g_autofree char *domain = NULL;

    testClearLeases();
    g_assert_no_errno(g_rename(LEASEDIR, LEASEDIR ".away"));
    hostname = nssShimLookup("libvirt", "good", AF_UNSPEC);
    domain = nssShimLookup("libvirt_guest", "good", AF_INET);
    g_assert_no_errno(g_rename(LEASEDIR ".away", LEASEDIR));
    g_assert_cmpstr(hostname, ==, "UNAVAIL ENOENT NO_RECOVERY");
    g_assert_cmpstr(domain, ==, "UNAVAIL ENOENT NO_RECOVERY");
}

static void
testFolderIsFile(void)
{
    g_autofree char *got = NULL;

    testClearLeases();
    g_assert_no_errno(g_rename(LEASEDIR, LEASEDIR ".away"));
    g_assert_true(g_file_set_contents(LEASEDIR, "", 0, NULL));
    got = nssShimLookup("libvirt", "good", AF_UNSPEC);
    g_assert_no_errno(g_unlink(LEASEDIR));
    g_assert_no_errno(g_rename(LEASEDIR ".away", LEASEDIR));
    g_assert_cmpstr(got, ==, "UNAVAIL ENOTDIR NO_RECOVERY");
}

static void
testFolderEmpty(void)
{
    g_autofree char *hostname = NULL;
    g_autofree char *domain = NULL;

    testClearLeases();
    hostname = nssShimLookup("libvirt", "good", AF_UNSPEC);
    domain = nssShimLookup("libvirt_guest", "good", AF_UNSPEC);
    g_assert_cmpstr(hostname, ==, UNKNOWN);
    g_assert_cmpstr(domain, ==, UNKNOWN);
}

/* Answers in a child process that has lost every privilege */
static char *
lookupUnprivileged(const char *hosts, const char *name)
{
    int ends[2];
    char words[256] = "";
    pid_t child;

    nssShimModule("libvirt");
    g_assert_no_errno(pipe(ends));
    if ((child = fork()) == 0) {
        g_autofree char *got = NULL;
        struct __user_cap_header_struct version = { _LINUX_CAPABILITY_VERSION_3, 0 };
        struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0, 0, 0 } };

        if (syscall(SYS_capset, &version, none) == 0)
            got = nssShimLookup(hosts, name, AF_UNSPEC);
        if (got && write(ends[1], got, strlen(got)) < 0)
            _exit(1);
        g_clear_pointer(&got, g_free);
        _exit(0);
    }
    close(ends[1]);
    g_assert_cmpint(read(ends[0], words, sizeof(words) - 1), >, 0);
    close(ends[0]);
    g_assert_no_errno(waitpid(child, NULL, 0));
    return g_strdup(words);
}

static void
testUnprivileged(void)
{
    g_autofree char *found = NULL;
    g_autofree char *unreadable = NULL;
    g_autofree char *closed = NULL;

    testClearLeases();
    testWriteLeases("virbr0.status", "[" LEASE("10.0.0.1", "01", NAMED("secret"), "") "]", -1);
    testWriteLeases("virbr1.status", "[" GOOD "]", -1);
    g_assert_no_errno(chmod(LEASEDIR "/virbr0.status", 0));
    found = lookupUnprivileged("libvirt", "good");
    unreadable = lookupUnprivileged("libvirt", "secret");
    g_assert_no_errno(chmod(LEASEDIR, 0));
    closed = lookupUnprivileged("libvirt", "good");
    g_assert_no_errno(chmod(LEASEDIR, 0755));
    g_assert_cmpstr(found, ==, "SUCCESS 10.0.0.99");
    g_assert_cmpstr(unreadable, ==, UNKNOWN);
    g_assert_cmpstr(closed, ==, "UNAVAIL EACCES NO_RECOVERY");
}

/* The order of files is that of their names, whatever the folder's own is */
static void
testOrderOfFiles(void)
{
    static const char *const files[] = { "virbr7.status", "a.status", "virbr10.status", "z.status",
                                         "B.status" };
    g_autofree char *got = NULL;
    size_t i;

    testClearLeases();
    for (i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *json = g_strdup_printf(
            "[{" MAC "\"ip-address\": \"10.0.0.%zu\", \"hostname\": \"web\", "
            "\"expiry-time\": 4000000000}]",
            i);

        testWriteLeases(files[i], json, -1);
    }
    got = nssShimLookup("libvirt", "web", AF_UNSPEC);
    g_assert_cmpstr(got, ==, "SUCCESS 10.0.0.4 10.0.0.1 10.0.0.2 10.0.0.0 10.0.0.3");
}

/* Files that are none of ours, temporary ones among them, are left alone */
static void
testOtherFiles(void)
{
    static const char *const files[] = {
        "virbr0.status.new", "virbr0.status~",       "default.conf", ".status", "status",
        "virbr0.STATUS",     "virbr0.status.corrupt"
    };
    g_autofree char *got = NULL;
    size_t i;

    testClearLeases();
    for (i = 0; i < G_N_ELEMENTS(files); i++)
        testWriteLeases(files[i], "[" GOOD "]", -1);
    got = nssShimLookup("libvirt", "good", AF_UNSPEC);
    g_assert_cmpstr(got, ==, UNKNOWN);
}

/* More files than one listing of the folder gives at once */
static void
testManyFiles(void)
{
    g_autofree char *last = NULL;
    g_autofree char *first = NULL;
    size_t i;

    testClearLeases();
    for (i = 0; i < 3000; i++) {
        g_autofree char *name = g_strdup_printf("bridge-with-a-long-name-%zu.%s", i,
                                                i % 3 ? "status" : "conf");
        g_autofree char *json = g_strdup_printf(
            "[{" MAC "\"ip-address\": \"10.0.%zu.%zu\", \"hostname\": \"host%zu\", "
            "\"expiry-time\": 0}]",
            i / 250, i % 250, i);

        testWriteLeases(name, json, -1);
    }
    first = nssShimLookup("libvirt", "host1", AF_UNSPEC);
    last = nssShimLookup("libvirt", "host2999", AF_UNSPEC);
    testClearLeases();
    g_assert_cmpstr(first, ==, "SUCCESS 10.0.0.1");
    g_assert_cmpstr(last, ==, "SUCCESS 10.0.11.249");
}

/* An object of as many bytes as may be, and one more; the lease behind it answers in both cases */
static void
testObjectSize(void)
{
    size_t over;

    for (over = 0; over < 2; over++) {
        const char *begin = "{" MAC "\"ip-address\": \"10.0.0.1\", \"hostname\": \"web\", "
                            "\"expiry-time\": 0, \"x\": \"\\n";
        size_t fill = 64 * 1024 + over - strlen(begin) - strlen("\"}");
        g_autofree char *filler = g_strnfill(fill, 'x');
        g_autofree char *json = g_strconcat("[", begin, filler, "\"}, " GOOD "]", NULL);
        g_autofree char *got = NULL;
        g_autofree char *good = NULL;

        testClearLeases();
        testWriteLeases("virbr0.status", json, -1);
        got = nssShimLookup("libvirt", "web", AF_UNSPEC);
        good = nssShimLookup("libvirt", "good", AF_UNSPEC);
        g_assert_cmpstr(got, ==, over ? UNKNOWN : "SUCCESS 10.0.0.1");
        g_assert_cmpstr(good, ==, "SUCCESS 10.0.0.99");
    }
}

/* Every offset of a lease to the borders of the pieces in which a file is read */
static void
testPieces(void)
{
    size_t shift;

    for (shift = 0; shift < 400; shift++) {
        g_autofree char *space = g_strnfill(VIR_JSON_WINDOW - 200 + shift, ' ');
        g_autofree char *json = g_strconcat("[", space, GOOD "]", NULL);
        g_autofree char *got = NULL;

        testClearLeases();
        testWriteLeases("virbr0.status", json, -1);
        got = nssShimLookup("libvirt", "good", AF_UNSPEC);
        g_assert_cmpstr(got, ==, "SUCCESS 10.0.0.99");
    }
}

/* Names of addresses, and names that networks declare. A file is NULL if it is not there. */
struct reverse {
    const char *path;
    const char *status;
    const char *macs;
    const char *hosts; /* default.addnhosts */
    const char *service;
    const char *asked; /* an address, or else a name */
    const char *expected;
};

#define WEB "[" LEASE("10.0.0.1", "01", NAMED("web"), "") "]"
#define WEB_IN(domain) "[" LEASE("10.0.0.1", "01", NAMED("web"), "\"domain\": \"" domain "\", ") "]"
#define IN_LAB "[" LEASE("10.0.0.1", "01", NAMED("web"), "\"domain\": \"lab.example\", ") "]"

static const struct reverse reverses[] = {
    { "lease", WEB, NULL, NULL, "libvirt", "10.0.0.1", "SUCCESS web" },
    { "nobody", WEB, NULL, NULL, "libvirt", "10.0.0.2", UNKNOWN },
    { "case-stays", "[" LEASE("10.0.0.1", "01", NAMED("UPPER-Host"), "") "]", NULL, NULL, "libvirt",
      "10.0.0.1", "SUCCESS UPPER-Host" },
    { "v6", "[" LEASE("fd00::1", "01", NAMED("web"), "") "]", NULL, NULL, "libvirt", "fd00::1",
      "SUCCESS web" },
    { "v6-spelling", "[" LEASE("FD00:0::0001", "01", NAMED("web"), "") "]", NULL, NULL, "libvirt",
      "fd00::1", "SUCCESS web" },
    { "v6-ends-with-colons", "[" LEASE("fd00::", "01", NAMED("web"), "") "]", NULL, NULL, "libvirt",
      "fd00::", "SUCCESS web" },
    { "v6-ends-with-octets", "[" LEASE("fd00::0.0.0.18", "01", NAMED("web"), "") "]", NULL, NULL,
      "libvirt", "fd00::12", "SUCCESS web" },
    { "v4-is-not-mapped-v6", WEB, NULL, NULL, "libvirt", "::ffff:10.0.0.1", UNKNOWN },
    { "escaped", "[" LEASE("10.0.0.\\u0031", "01", NAMED("web"), "") "]", NULL, NULL, "libvirt",
      "10.0.0.1", "SUCCESS web" },
    { "prefix-is-another", "[" LEASE("10.0.0.11", "01", NAMED("web"), "") "]", NULL, NULL,
      "libvirt", "10.0.0.1", UNKNOWN },
    { "hostname-like-an-address", "[" LEASE("10.0.0.2", "01", NAMED("10.0.0.1"), "") "]", NULL,
      NULL, "libvirt", "10.0.0.1", UNKNOWN },
    { "expired", "[" TIMED("10.0.0.1", "1000") "]", NULL, NULL, "libvirt", "10.0.0.1", UNKNOWN },
    { "without-name", "[" LEASE("10.0.0.1", "01", "", "") "]", NULL, NULL, "libvirt", "10.0.0.1",
      UNKNOWN },
    { "invalid-name", "[" LEASE("10.0.0.1", "01", NAMED("a b"), "") "]", NULL, NULL, "libvirt",
      "10.0.0.1", UNKNOWN },
    { "reserved-name", "[" LEASE("10.0.0.1", "01", NAMED("wpad"), "") "]", NULL, NULL, "libvirt",
      "10.0.0.1", UNKNOWN },
    { "own-name", "[" LEASE("10.0.0.1", "01", NAMED("thishost"), "") "]", NULL, NULL, "libvirt",
      "10.0.0.1", UNKNOWN },
    { "foreign-domain", "[" LEASE("10.0.0.1", "01", NAMED("www.debian.org"), "") "]", NULL, NULL,
      "libvirt", "10.0.0.1", UNKNOWN },
    { "other-ones-domain", WEB, MAP("web", "\"52:54:00:00:00:02\""), NULL, "libvirt", "10.0.0.1",
      UNKNOWN },
    { "own-domain", WEB, MAP("web", "\"52:54:00:00:00:01\""), NULL, "libvirt", "10.0.0.1",
      "SUCCESS web" },
    { "in-a-domain", IN_LAB, NULL, NULL, "libvirt", "10.0.0.1", "SUCCESS web.lab.example web" },
    { "in-a-domain-other-ones", IN_LAB, MAP("web", "\"52:54:00:00:00:02\""), NULL, "libvirt",
      "10.0.0.1", UNKNOWN },
    { "in-a-domain-other-ones-full-name", IN_LAB, MAP("web.lab.example", "\"52:54:00:00:00:02\""),
      NULL, "libvirt", "10.0.0.1", "SUCCESS web" },
    { "in-localhost", WEB_IN("localhost"), NULL, NULL, "libvirt", "10.0.0.1", "SUCCESS web" },
    { "latest-first",
      "[" LEASE(
          "10.0.0.1", "01", NAMED("old"),
          "") ","
              "{" MAC
              "\"ip-address\": \"10.0.0.1\", \"hostname\": \"new\", \"expiry-time\": 4000000009}]",
      NULL, NULL, "libvirt", "10.0.0.1", "SUCCESS new old" },
    { "twice-the-same",
      "[" LEASE("10.0.0.1", "01", NAMED("web"), "") "," LEASE("10.0.0.1", "01", NAMED("WEB"),
                                                              "") "]",
      NULL, NULL, "libvirt", "10.0.0.1", "SUCCESS web" },
    { "guest", WEB, MAP("db", "\"52:54:00:00:00:01\""), NULL, "libvirt_guest", "10.0.0.1",
      "SUCCESS db" },
    { "guest-any-name", WEB, MAP("my \\\"db\\\" ü", "\"52:54:00:00:00:01\""), NULL, "libvirt_guest",
      "10.0.0.1", "SUCCESS my \"db\" ü" },
    { "guest-of-two-macs", WEB, MAP("db", "\"52:54:00:00:00:02\", \"52:54:0:0:0:1\""), NULL,
      "libvirt_guest", "10.0.0.1", "SUCCESS db" },
    { "guest-unknown-mac", WEB, MAP("db", "\"52:54:00:00:00:02\""), NULL, "libvirt_guest",
      "10.0.0.1", UNKNOWN },
    { "guest-no-map", WEB, NULL, NULL, "libvirt_guest", "10.0.0.1", UNKNOWN },
    { "guest-expired", "[" TIMED("10.0.0.1", "1000") "]", MAP("db", "\"52:54:00:00:00:01\""), NULL,
      "libvirt_guest", "10.0.0.1", UNKNOWN },
    { "guest-nul-in-name", WEB, MAP("d\\u0000b", "\"52:54:00:00:00:01\""), NULL, "libvirt_guest",
      "10.0.0.1", UNKNOWN },
    { "guest-two-domains", WEB,
      "[{\"domain\": \"db\", \"macs\": [\"52:54:00:00:00:01\"]}, {\"domain\": \"dc\", \"macs\": "
      "[\"52:54:00:00:00:01\"]}]",
      NULL, "libvirt_guest", "10.0.0.1", "SUCCESS db dc" },
    { "guest-declares-nothing", "[]", NULL, "10.0.0.1 web\n", "libvirt_guest", "10.0.0.1",
      UNKNOWN },
    { "declared", "[]", NULL, "10.0.0.1\tweb\tdb\nfd00::1\tsix\n", "libvirt", "10.0.0.1",
      "SUCCESS web db" },
    { "declared-v6", "[]", NULL, "10.0.0.1\tweb\tdb\nfd00::1\tsix\n", "libvirt", "fd00::1",
      "SUCCESS six" },
    { "declared-two-lines", "[]", NULL, "10.0.0.1 web\n10.0.0.1 db web\n", "libvirt", "10.0.0.1",
      "SUCCESS web db" },
    { "declared-odd-name", "[]", NULL, "10.0.0.1 a/b web. -x\n", "libvirt", "10.0.0.1",
      "SUCCESS web" },
    { "declared-any-name", "[]", NULL, "10.0.0.1 wpad\n", "libvirt", "10.0.0.1", "SUCCESS wpad" },
    { "declared-and-leased", WEB, NULL, "10.0.0.1 static\n", "libvirt", "10.0.0.1",
      "SUCCESS static web" },
    { "declared-with-the-leased-name-first", WEB, NULL, "10.0.0.1 web www\n", "libvirt", "10.0.0.1",
      "SUCCESS web www" },
    { "the-best-of-equal-names-counts",
      "[" LEASE(
          "10.0.0.1", "01", NAMED("x"),
          "") ","
              "{" MAC
              "\"ip-address\": \"10.0.0.1\", \"hostname\": \"y\", \"expiry-time\": 4000000001},"
              "{" MAC
              "\"ip-address\": \"10.0.0.1\", \"hostname\": \"x\", \"expiry-time\": 4000000002}]",
      NULL, NULL, "libvirt", "10.0.0.1", "SUCCESS x y" },
    { "declared-mapped-asked-v4", "[]", NULL, "::ffff:10.0.0.1 web\n", "libvirt", "10.0.0.1",
      "SUCCESS web" },
    { "declared-mapped", "[]", NULL, "::ffff:10.0.0.1 web\n", "libvirt", "::ffff:10.0.0.1",
      "SUCCESS web" },
    { "declared-v4-asked-mapped", "[]", NULL, "10.0.0.1 web\n", "libvirt", "::ffff:10.0.0.1",
      UNKNOWN },
    { "declared-for-another", WEB, NULL, "10.0.0.2 web\n", "libvirt", "10.0.0.1", UNKNOWN },
    { "declared-for-another-in-a-domain", IN_LAB, NULL, "10.0.0.2 web\n", "libvirt", "10.0.0.1",
      UNKNOWN },
    { "declared-for-another-family", WEB, NULL, "fd00::1 web\n", "libvirt", "10.0.0.1",
      "SUCCESS web" },
    { "declared-for-another-and-this", WEB, NULL, "10.0.0.2 web\n10.0.0.1 web\n", "libvirt",
      "10.0.0.1", "SUCCESS web" },
    /* By name */
    { "name-declared", "[]", NULL, "10.0.0.1\tweb\tdb\r\nfd00::1\tdb # x\n", "libvirt", "DB",
      "SUCCESS 10.0.0.1 fd00::1" },
    { "name-declared-dotted", "[]", NULL, "10.0.0.1 web.lab.example\n", "libvirt",
      "web.lab.example.", "SUCCESS 10.0.0.1" },
    { "name-declared-is-no-prefix", "[]", NULL, "10.0.0.1 web.lab.example\n", "libvirt", "web",
      UNKNOWN },
    { "name-declared-reserved", "[]", NULL, "10.0.0.1 wpad\n", "libvirt", "wpad",
      "SUCCESS 10.0.0.1" },
    { "name-declared-shadows-long-form", IN_LAB, NULL, "10.0.0.2 web\n", "libvirt",
      "web.lab.example", UNKNOWN },
    { "name-declared-same-long-form", IN_LAB, NULL, "10.0.0.2 web\n10.0.0.1 web\n", "libvirt",
      "web.lab.example", "SUCCESS 10.0.0.1" },
    { "name-declared-other-family-long-form", IN_LAB, NULL, "fd00::1 web\n", "libvirt",
      "web.lab.example", "SUCCESS 10.0.0.1" },
    { "name-declared-short-is-no-answer", "[]", NULL, "10.0.0.2 web\n", "libvirt",
      "web.lab.example", UNKNOWN },
    { "name-in-a-comment", "[]", NULL, "10.0.0.1 db # web\n", "libvirt", "web", UNKNOWN },
    { "name-bad-line", "[]", NULL, "10.0.0 web\n10.0.0.1 web\n", "libvirt", "web",
      "SUCCESS 10.0.0.1" },
    { "name-declared-mapped", "[]", NULL, "::ffff:10.0.0.1 web\n", "libvirt", "web",
      "SUCCESS ::ffff:10.0.0.1" },
    { "name-leased-and-declared", WEB, NULL, "10.0.0.2 web\n", "libvirt", "web",
      "SUCCESS 10.0.0.2" },
    { "name-leased-and-declared-same", WEB, NULL, "10.0.0.1 web\n10.0.0.2 web\n", "libvirt", "web",
      "SUCCESS 10.0.0.1 10.0.0.2" },
    { "name-leased-and-declared-v6", WEB, NULL, "fd00::1 web\n", "libvirt", "web",
      "SUCCESS 10.0.0.1 fd00::1" },
    { "name-reserved-leased-and-declared", "[" LEASE("10.0.0.1", "01", NAMED("wpad"), "") "]", NULL,
      "fd00::1 wpad\n", "libvirt", "wpad", "SUCCESS fd00::1" },
    { "name-of-domain-declared", WEB, MAP("web", "\"52:54:00:00:00:02\""), "fd00::1 web\n",
      "libvirt", "web", "SUCCESS fd00::1" },
    { "name-declared-not-for-guests", "[]", NULL, "10.0.0.1 web\n", "libvirt_guest", "web",
      UNKNOWN },
};

static void
setUpReverse(const struct reverse *reverse)
{
    testClearLeases();
    testWriteLeases("virbr0.status", reverse->status, -1);
    if (reverse->macs)
        testWriteLeases("virbr0.macs", reverse->macs, -1);
    if (reverse->hosts)
        testWriteLeases("default.addnhosts", reverse->hosts, -1);
}

static void
testReverse(gconstpointer data)
{
    const struct reverse *reverse = data;
    g_autofree char *got = NULL;

    setUpReverse(reverse);
    got = g_ascii_isdigit(reverse->asked[0]) || strchr(reverse->asked, ':')
              ? nssShimReverse(reverse->service, reverse->asked)
              : nssShimLookup(reverse->service, reverse->asked, AF_UNSPEC);
    g_assert_cmpstr(got, ==, reverse->expected);
}

/* What is there at all */
static const struct reverse lists[] = {
    { "nothing", "[]", NULL, NULL, "libvirt", NULL, "" },
    { "leases",
      "[" LEASE("10.0.0.2", "01", NAMED("web"), "") "," LEASE(
          "fd00::1", "01", NAMED("web"), "") "," LEASE("10.0.0.1", "02", NAMED("db"), "") "]",
      NULL, NULL, "libvirt", NULL, "10.0.0.2 web; fd00::1 web; 10.0.0.1 db; " },
    { "in-a-domain", IN_LAB, NULL, NULL, "libvirt", NULL,
      "10.0.0.1 web.lab.example; 10.0.0.1 web; " },
    { "once",
      "[" LEASE("10.0.0.1", "01", NAMED("web"), "") "," LEASE("10.0.0.1", "02", NAMED("WEB"),
                                                              "") "]",
      NULL, NULL, "libvirt", NULL, "10.0.0.1 web; " },
    { "declared", WEB, NULL, "10.0.0.2 db dc\nfd00::1 db\n", "libvirt", NULL,
      "10.0.0.1 web; 10.0.0.2 db; 10.0.0.2 dc; fd00::1 db; " },
    { "left-out",
      "[" LEASE("10.0.0.1", "01", "", "") "," LEASE("10.0.0.2", "01", NAMED("a b"), "") "," LEASE(
          "10.0.0.3", "01", NAMED("wpad"),
          "") "," LEASE("10.0.0.4", "01", NAMED("thishost"),
                        "") "," LEASE("10.0.0.5", "01", NAMED("www.debian.org"),
                                      "") "," LEASE("10.0.0.6", "01", NAMED("taken"),
                                                    "") "," LEASE("10.0.0.7", "01", NAMED("static"),
                                                                  "") "," TIMED("10.0.0.8",
                                                                                "1000") "]",
      MAP("taken", "\"52:54:00:00:00:02\""), "10.0.0.9 static\n", "libvirt", NULL,
      "10.0.0.9 static; " },
    { "guest-nothing", WEB, NULL, "10.0.0.1 db\n", "libvirt_guest", NULL, "" },
    { "guest",
      "[" LEASE("10.0.0.1", "01", "", "") "," LEASE("fd00::1", "02", "",
                                                    "") "," LEASE("10.0.0.3", "03", "", "") "]",
      "[{\"domain\": \"b c\", \"macs\": [\"52:54:00:00:00:01\", \"52:54:00:00:00:02\"]}, "
      "{\"domain\": "
      "\"a\", \"macs\": [\"52:54:00:00:00:01\"]}, {\"domain\": \"off\", \"macs\": []}]",
      NULL, "libvirt_guest", NULL, "10.0.0.1 b c; 10.0.0.1 a; fd00::1 b c; " },
};

static void
testList(gconstpointer data)
{
    const struct reverse *list = data;
    g_autofree char *expected = g_strconcat(list->expected, UNKNOWN, NULL);
    size_t size;

    setUpReverse(list);
    for (size = 1; size < 200; size += 33) {
        g_autofree char *got = nssShimList(list->service, size);

        g_assert_cmpstr(got, ==, expected);
    }
}

static void
testListFolderAbsent(void)
{
    g_autofree char *got = NULL;
    g_autofree char *reverse = NULL;

    testClearLeases();
    g_assert_no_errno(g_rmdir(LEASEDIR));
    got = nssShimList("libvirt", 100);
    reverse = nssShimReverse("libvirt", "10.0.0.1");
    g_assert_cmpstr(got, ==, "UNAVAIL ENOENT NO_RECOVERY");
    g_assert_cmpstr(reverse, ==, "UNAVAIL ENOENT NO_RECOVERY");
}

/* A whole host: every lease, in a list that needs the heap */
static void
testListMany(void)
{
    GString *json = g_string_new(NULL);
    GString *expected = g_string_new(NULL);
    g_autofree char *got = NULL;
    guint i;

    for (i = 0; i < 3000; i++) {
        g_autofree char *ip = g_strdup_printf("10.1.%u.%u", i / 250, i % 250);
        g_autofree char *name = g_strdup_printf("guest-%u", i);

        testAddLease(json, ip, "52:54:00:00:00:01", name, NULL, 4000000000);
        g_string_append_printf(expected, "%s %s; ", ip, name);
    }
    testLeasesEnd(json);
    g_string_append(expected, UNKNOWN);
    testClearLeases();
    testWriteLeases("virbr0.status", json->str, -1);
    got = nssShimList("libvirt", 100);
    g_assert_true(g_str_equal(got, expected->str));
    g_string_free(json, TRUE);
    g_string_free(expected, TRUE);
}

/* Leases without MAC address stand in a file of their own, and are no less leases of their bridge
 */
static void
testNoMacFile(void)
{
    g_autofree char *own = NULL;
    g_autofree char *both = NULL;
    g_autofree char *domain = NULL;

    testClearLeases();
    testWriteLeases("virbr0.status", "[" LEASE("10.0.0.1", "01", NAMED("web"), "") "]", -1);
    testWriteLeases("virbr0.macs", "[" MAP("db", "\"52:54:00:00:00:01\"") "]", -1);
    testWriteLeases("virbr0.status.nomac",
                    "[{\"ip-address\": \"fd00::1\", \"hostname\": \"web\", \"expiry-time\": 0},"
                    " {\"ip-address\": \"fd00::2\", \"hostname\": \"own\", \"expiry-time\": 0},"
                    " {\"ip-address\": \"fd00::3\", \"hostname\": \"db\", \"expiry-time\": 0}]",
                    -1);
    own = nssShimLookup("libvirt", "own", AF_UNSPEC);
    both = nssShimLookup("libvirt", "web", AF_UNSPEC);
    domain = nssShimLookup("libvirt libvirt_guest", "db", AF_UNSPEC);
    g_assert_cmpstr(own, ==, "SUCCESS fd00::2");
    g_assert_cmpstr(both, ==, "SUCCESS 10.0.0.1 fd00::1");
    g_assert_cmpstr(domain, ==, "SUCCESS 10.0.0.1");
}

int
main(int argc, char **argv)
{
    testInit(&argc, &argv);
    testNeedNamespace();
    TEST_ADD_TABLE("captured", captured, testCaptured);
    TEST_ADD_TABLE("claims", claims, testOwn);
    TEST_ADD_TABLE("names", names, testOwn);
    TEST_ADD_TABLE("leases", leases, testOwn);
    TEST_ADD_TABLE("salvage", salvage, testOwn);
    TEST_ADD_TABLE("length", lengths, testLength);
    TEST_ADD_TABLE("faults", faults, testFault);
    TEST_ADD_TABLE("faults-alone", faults, testFaultAlone);
    TEST_ADD_TABLE("reverse", reverses, testReverse);
    TEST_ADD_TABLE("list", lists, testList);
    g_test_add_func("/list/folder-absent", testListFolderAbsent);
    g_test_add_func("/list/many", testListMany);
    g_test_add_func("/folder/absent", testFolderAbsent);
    g_test_add_func("/folder/is-a-file", testFolderIsFile);
    g_test_add_func("/folder/empty", testFolderEmpty);
    g_test_add_func("/folder/unprivileged", testUnprivileged);
    g_test_add_func("/folder/order-of-files", testOrderOfFiles);
    g_test_add_func("/folder/other-files", testOtherFiles);
    g_test_add_func("/folder/no-mac-file", testNoMacFile);
    g_test_add_func("/folder/many-files", testManyFiles);
    g_test_add_func("/folder/object-size", testObjectSize);
    g_test_add_func("/folder/pieces", testPieces);
    return g_test_run();
}
