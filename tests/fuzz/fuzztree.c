/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Three ways to one answer: the engine's quick one, its careful one, and the obvious one, which
 * makes trees of whole files with yajl and goes through them. A line with a name, BRIDGE.status, a
 * line "---", BRIDGE.macs. */

#include <config.h>

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <yajl/yajl_tree.h>

#include "virhostname.h"
#include "virjsonobject.h"

#define ANSWERS_MAX 256

struct answers {
    struct virSocketAddr addrs[ANSWERS_MAX];
    size_t count;
};

/* Levels of objects and arrays. */
static size_t
depthOf(yajl_val value)
{
    size_t deepest = 0;
    size_t i;

    if (YAJL_IS_OBJECT(value)) {
        for (i = 0; i < value->u.object.len; i++) {
            size_t depth = depthOf(value->u.object.values[i]);

            deepest = depth > deepest ? depth : deepest;
        }
        return deepest + 1;
    }
    if (YAJL_IS_ARRAY(value)) {
        for (i = 0; i < value->u.array.len; i++) {
            size_t depth = depthOf(value->u.array.values[i]);

            deepest = depth > deepest ? depth : deepest;
        }
        return deepest + 1;
    }
    return 0;
}

/* The file as a tree, if it is an array of objects and nothing that the tree's parser reads in
 * another way: it takes comments, and strings end at NUL. */
static yajl_val
parseFile(const char *text)
{
    char problem[64];
    yajl_val tree;
    size_t i;

    if (strchr(text, '/') || strstr(text, "u0000") || strpbrk(text, "\v\f"))
        return NULL;
    tree = yajl_tree_parse(text, problem, sizeof(problem));
    for (i = 0; YAJL_IS_ARRAY(tree) && i < tree->u.array.len; i++) {
        if (!YAJL_IS_OBJECT(tree->u.array.values[i]))
            break;
    }
    if (YAJL_IS_ARRAY(tree) && i == tree->u.array.len)
        return tree;
    yajl_tree_free(tree);
    return NULL;
}

/* The last member of the name; *@good is false if any of them is of another type. */
static yajl_val
member(yajl_val object, const char *name, yajl_type type, bool *good)
{
    yajl_val found = NULL;
    size_t i;

    for (i = 0; i < object->u.object.len; i++) {
        if (strcmp(object->u.object.keys[i], name) != 0)
            continue;
        found = object->u.object.values[i];
        if (found->type != type)
            *good = false;
    }
    return found;
}

static bool
hasBadAddress(yajl_val object)
{
    struct virSocketAddr addr;
    size_t i;

    for (i = 0; i < object->u.object.len; i++) {
        const char *text = YAJL_GET_STRING(object->u.object.values[i]);

        if (strcmp(object->u.object.keys[i], "ip-address") == 0 &&
            (!text || !virSocketAddrParse(&addr, text, strlen(text))))
            return true;
    }
    return false;
}

/* Whether every number of the name is one of 64 bits; the last one. */
static bool
readExpiry(yajl_val object, int64_t *expiry)
{
    bool good = false;
    size_t i;

    for (i = 0; i < object->u.object.len; i++) {
        yajl_val value = object->u.object.values[i];

        if (strcmp(object->u.object.keys[i], "expiry-time") != 0)
            continue;
        if (!YAJL_IS_INTEGER(value))
            return false;
        *expiry = YAJL_GET_INTEGER(value);
        good = true;
    }
    return good;
}

struct question {
    const char *name;
    size_t len;
    bool isDomain;
    bool isGuest; /* service libvirt_guest */
    struct virMacAddr macs[ANSWERS_MAX];
    size_t nmacs;
};

static bool
isName(const struct question *question, const char *text)
{
    size_t first = virHostnameFirstLabel(question->name, question->len);

    return virHostnameEqual(text, strlen(text), question->name, question->len) ||
           (!question->isGuest && virHostnameEqual(text, strlen(text), question->name, first));
}

/* False: more than this test can hold. */
static bool
readMaps(struct question *question, yajl_val maps)
{
    size_t i;
    size_t j;

    for (i = 0; i < maps->u.array.len; i++) {
        yajl_val object = maps->u.array.values[i];
        bool good = depthOf(object) <= VIR_JSON_DEPTH_MAX;
        yajl_val domain = member(object, "domain", yajl_t_string, &good);

        member(object, "macs", yajl_t_array, &good);
        if (!good || !domain || !isName(question, domain->u.string))
            continue;
        question->isDomain = true;
        /* Of lists that come twice all count */
        for (j = 0; j < object->u.object.len; j++) {
            yajl_val list = object->u.object.values[j];
            size_t k;

            if (strcmp(object->u.object.keys[j], "macs") != 0)
                continue;
            for (k = 0; k < list->u.array.len; k++) {
                const char *mac = YAJL_GET_STRING(list->u.array.values[k]);

                if (question->nmacs == ANSWERS_MAX)
                    return false;
                if (mac && virMacAddrParse(&question->macs[question->nmacs], mac, strlen(mac)))
                    question->nmacs++;
            }
        }
    }
    return true;
}

static bool
hasMac(const struct question *question, yajl_val lease)
{
    const struct virMacAddr *end = question->macs + question->nmacs;
    const struct virMacAddr *mac;
    struct virMacAddr own;
    bool good = true;
    yajl_val value = member(lease, "mac-address", yajl_t_string, &good);

    if (!value || !virMacAddrParse(&own, value->u.string, strlen(value->u.string)))
        return false;
    for (mac = question->macs; mac < end; mac++) {
        if (virMacAddrCompare(mac, &own) == 0)
            return true;
    }
    return false;
}

static bool
isReserved(const struct question *question)
{
    size_t first = virHostnameFirstLabel(question->name, question->len);
    char own[256] = "";

    gethostname(own, sizeof(own) - 1);
    return virHostnameIsReserved(question->name, question->len) ||
           virHostnameIsReserved(question->name, first) ||
           virHostnameIsOwn(question->name, question->len, own) ||
           virHostnameIsOwn(question->name, first, own);
}

static bool
isAnswer(const struct question *question, yajl_val lease)
{
    bool good = true;
    yajl_val hostname = member(lease, "hostname", yajl_t_string, &good);
    yajl_val domain = member(lease, "domain", yajl_t_string, &good);
    const char *host = hostname ? hostname->u.string : "";
    const char *of = domain ? domain->u.string : "";

    if (question->isGuest)
        return hasMac(question, lease);
    return virHostnameIsValid(question->name, question->len) && !isReserved(question) &&
           virHostnameCheckClaim(question->name, question->len, host, strlen(host), of,
                                 strlen(of)) == VIR_HOSTNAME_CLAIM_GOOD &&
           (!question->isDomain || hasMac(question, lease));
}

static void
collect(struct answers *answers, const struct question *question, yajl_val leases)
{
    static const char *const strings[] = { "ip-address", "mac-address", "hostname", "domain" };
    size_t i;
    size_t j;

    answers->count = 0;
    for (i = 0; i < leases->u.array.len && answers->count < ANSWERS_MAX; i++) {
        yajl_val lease = leases->u.array.values[i];
        bool good = depthOf(lease) <= VIR_JSON_DEPTH_MAX;
        yajl_val address = member(lease, "ip-address", yajl_t_string, &good);
        struct virSocketAddr *addr = &answers->addrs[answers->count];
        int64_t expiry = 0;

        for (j = 0; j < sizeof(strings) / sizeof(strings[0]); j++)
            member(lease, strings[j], yajl_t_string, &good);
        if (!good || !address || hasBadAddress(lease) || !readExpiry(lease, &expiry) ||
            (expiry != 0 && expiry < FUZZ_NOW) || !isAnswer(question, lease))
            continue;
        virSocketAddrParse(addr, address->u.string, strlen(address->u.string));
        for (j = 0; virSocketAddrCompare(&answers->addrs[j], addr) != 0;)
            j++;
        answers->count += j == answers->count;
    }
}

static void
compareWithTree(const char *name, bool isGuest, yajl_val leases, yajl_val maps)
{
    static struct virNames names;
    static struct question question;
    static struct answers answers;
    const struct virNamesQuery query = {
        .folder = fuzzFolder(),
        .service = isGuest ? VIR_NAMES_LIBVIRT_GUEST : VIR_NAMES_LIBVIRT,
        .name = name,
        .now = FUZZ_NOW,
    };
    size_t i;
    size_t j;

    memset(&question, 0, sizeof(question));
    question.name = name;
    question.len = virHostnameWithoutDot(name, strlen(name));
    question.isGuest = isGuest;
    if (!readMaps(&question, maps))
        return;
    collect(&answers, &question, leases);
    virNamesByName(&names, &query);
    FUZZ_CLAIM(names.nanswers == answers.count || answers.count == ANSWERS_MAX);
    for (i = 0; i < answers.count; i++) {
        for (j = 0; j < names.nanswers; j++) {
            if (virSocketAddrCompare(&answers.addrs[i], &names.answers[j].addr) == 0)
                break;
        }
        FUZZ_CLAIM(j < names.nanswers);
    }
    virNamesClear(&names);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *name = fuzzTake(0, &data, &size, "\n");
    const char *status = fuzzTake(1, &data, &size, "\n---\n");
    const char *macs = fuzzTake(2, &data, &size, "\n---\n");
    yajl_val leases;
    yajl_val maps;

    fuzzWrite("a.status", status, strlen(status));
    fuzzWrite("a.macs", macs, strlen(macs));
    fuzzLookUp(name, NULL);
    leases = parseFile(*status ? status : "[]");
    maps = parseFile(*macs ? macs : "[]");
    if (leases && maps) {
        compareWithTree(name, false, leases, maps);
        compareWithTree(name, true, leases, maps);
    }
    yajl_tree_free(leases);
    yajl_tree_free(maps);
    return 0;
}
