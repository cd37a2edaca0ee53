/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* What a lookup costs, beside the floor (listing the folder and reading each needed file once) and
 * beside other modules, all in turn within one process. docs/performance.rst explains the method.
 */

#include <config.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "nssshim.h"
#include "testns.h"

#define NAMES 16
#define SEED 20240229
#define EXPIRY 4000000000

/* Allocations of the whole process, counted by standing in for malloc */
static unsigned long allocations;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *
malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
    allocations++;
    return __libc_realloc(old, size);
}

/* What is looked up, and how */
struct subject {
    const char *title;
    const struct nssModule *module; /* NULL: the floor */
    const char *suffixes[3];        /* the floor: which files to read */
    const char *const *names;       /* NAMES of them, asked in turn; addresses if */
    bool reverse;                   /* their names are wanted */
    enum nss_status expected;
    GArray *samples; /* nanoseconds a lookup, a double a round */
};

struct folder {
    unsigned int networks;
    unsigned int leases;          /* a network */
    const char *hostnames[NAMES]; /* interned */
    const char *domains[NAMES];
    const char *addresses[NAMES];
};

static const char *const nobody[NAMES] = {
    "nosuchname", "www.debian.org", "nosuchname", "example.com",    "nosuchname", "www.debian.org",
    "nosuchname", "example.com",    "nosuchname", "www.debian.org", "nosuchname", "example.com",
    "nosuchname", "www.debian.org", "nosuchname", "example.com",
};

static const char *const nowhere[NAMES] = {
    "10.200.1.1", "fd00::1",    "192.0.2.33", "2001:db8::8a2e:370:7334",
    "10.0.0.1",   "fd00::12",   "192.0.2.35", "2001:db8::8a2e:370:7335",
    "10.200.1.5", "fd00::abcd", "192.0.2.37", "2001:db8::8a2e:370:7336",
    "10.0.1.1",   "fd00::52",   "192.0.2.39", "2001:db8::8a2e:370:7337",
};

static const char *
internName(const char *kind, unsigned int network, unsigned int lease)
{
    g_autofree char *name = g_strdup_printf("%s-%u-%u", kind, network, lease);

    return g_intern_string(name);
}

static const char *
internAddress(unsigned int network, unsigned int lease)
{
    g_autofree char *address = g_strdup_printf("10.%u.%u.%u", network, lease / 250,
                                               lease % 250 + 2);

    return g_intern_string(address);
}

static void
writeFolder(struct folder *folder)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(SEED);
    unsigned int all = folder->networks * folder->leases;
    unsigned int network;
    unsigned int i;

    testClearLeases();
    for (network = 0; network < folder->networks; network++) {
        g_autoptr(GString) leases = g_string_new("[");
        g_autoptr(GString) macs = g_string_new("[");
        g_autofree char *status = g_strdup_printf("virbr%u.status", network);
        g_autofree char *map = g_strdup_printf("virbr%u.macs", network);
        g_autofree char *hosts = g_strdup_printf("network%u.addnhosts", network);

        for (i = 0; i < folder->leases; i++) {
            unsigned int tail = g_rand_int(rand) & 0xffffff;
            g_autofree char *mac = g_strdup_printf("52:54:00:%02x:%02x:%02x", tail >> 16,
                                                   tail >> 8 & 0xff, tail & 0xff);

            g_string_append_printf(leases,
                                   "%s\n  {\n    \"ip-address\": \"10.%u.%u.%u\",\n"
                                   "    \"mac-address\": \"%s\",\n"
                                   "    \"hostname\": \"guest-%u-%u\",\n"
                                   "    \"client-id\": \"01:%s\",\n"
                                   "    \"expiry-time\": %" G_GINT64_FORMAT "\n  }",
                                   i ? "," : "", network, i / 250, i % 250 + 2, mac, network, i,
                                   mac, (gint64)EXPIRY + i);
            g_string_append_printf(macs,
                                   "%s\n  {\n    \"domain\": \"domain-%u-%u\",\n    \"macs\": [\n"
                                   "      \"%s\"\n    ]\n  }",
                                   i ? "," : "", network, i, mac);
        }
        g_string_append(leases, "\n]\n");
        g_string_append(macs, "\n]\n");
        testWriteLeases(status, leases->str, leases->len);
        testWriteLeases(map, macs->str, macs->len);
        /* libvirtd makes one for each network; most declare nothing */
        testWriteLeases(hosts, "", 0);
    }
    /* Names spread evenly over all files */
    for (i = 0; i < NAMES; i++) {
        unsigned int place = (2 * i + 1) * all / (2 * NAMES);

        network = place / folder->leases;
        folder->hostnames[i] = internName("guest", network, place % folder->leases);
        folder->domains[i] = internName("domain", network, place % folder->leases);
        folder->addresses[i] = internAddress(network, place % folder->leases);
    }
}

static bool
isNeeded(const char *name, const struct subject *subject)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(subject->suffixes); i++) {
        if (subject->suffixes[i] && g_str_has_suffix(name, subject->suffixes[i]))
            return true;
    }
    return false;
}

/* The floor: what reading the files costs, with one search over each. */
static void
readRaw(const struct subject *subject, const char *name)
{
    static char buffer[32 * 1024 * 1024];
    static char listing[32 * 1024];
    int dir = open(LEASEDIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ssize_t got;

    while ((got = getdents64(dir, listing, sizeof(listing))) > 0) {
        ssize_t pos = 0;

        while (pos < got) {
            const struct dirent64 *entry = (const void *)(listing + pos);
            struct stat st;
            int fd;

            pos += entry->d_reclen;
            if (!isNeeded(entry->d_name, subject))
                continue;
            fd = openat(dir, entry->d_name, O_RDONLY | O_CLOEXEC);
            if (fd < 0 || fstat(fd, &st) < 0 || read(fd, buffer, st.st_size) != st.st_size)
                g_error("%s: %s", entry->d_name, g_strerror(errno));
            if (memmem(buffer, st.st_size, name, strlen(name)) == buffer)
                g_error("%s: begins with a name", entry->d_name);
            close(fd);
        }
    }
    close(dir);
}

static char answer[1024 * 1024];

static enum nss_status
lookUpName(const struct subject *subject, const char *name)
{
    struct gaih_addrtuple *tuples = NULL;
    int error;
    int herror;
    int32_t ttl;

    return subject->module->byName4(name, &tuples, answer, sizeof(answer), &error, &herror, &ttl);
}

static enum nss_status
lookUpAddress(const struct subject *subject, const char *text)
{
    const int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    struct hostent host;
    unsigned char addr[16];
    int error;
    int herror;

    inet_pton(family, text, addr);
    return subject->module->byAddr(addr, family == AF_INET ? 4 : 16, family, &host, answer,
                                   sizeof(answer), &error, &herror);
}

static void
lookUp(const struct subject *subject, unsigned int round)
{
    const char *name = subject->names[round % NAMES];
    enum nss_status status;

    if (!subject->module) {
        readRaw(subject, name);
        return;
    }
    status = subject->reverse ? lookUpAddress(subject, name) : lookUpName(subject, name);
    if (status != subject->expected)
        g_error("%s: %s: status %d", subject->title, name, status);
}

static double
now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

static int
compareDoubles(const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;

    return (*left > *right) - (*left < *right);
}

static double
medianOf(GArray *samples)
{
    qsort(samples->data, samples->len, sizeof(double), compareDoubles);
    return g_array_index(samples, double, samples->len / 2);
}

static double
median(const struct subject *subject)
{
    g_autoptr(GArray) sorted = g_array_copy(subject->samples);

    return medianOf(sorted);
}

/* The median of the rounds' ratios: what slows the machine down for a while slows both. */
static double
medianRatio(const struct subject *subject, const struct subject *other)
{
    g_autoptr(GArray) ratios = g_array_new(FALSE, FALSE, sizeof(double));
    guint i;

    for (i = 0; i < subject->samples->len; i++) {
        double ratio = g_array_index(subject->samples, double, i) /
                       g_array_index(other->samples, double, i);

        g_array_append_val(ratios, ratio);
    }
    return medianOf(ratios);
}

/* Each round times a batch of lookups of each subject, one after the other, so that what else the
 * machine does touches all alike. A batch asks for all names, and again until it takes long enough
 * for the clock. */
static void
measure(struct subject *subjects, size_t count, unsigned int rounds)
{
    unsigned int round;
    size_t i;

    for (i = 0; i < count; i++)
        subjects[i].samples = g_array_new(FALSE, FALSE, sizeof(double));
    for (round = 0; round <= rounds; round++) {
        for (i = 0; i < count; i++) {
            double start = now();
            double spent;
            unsigned int calls = 0;

            do {
                lookUp(&subjects[i], calls++);
                spent = now() - start;
            } while (calls % NAMES != 0 || spent < 1e6);
            spent /= calls;
            /* The first round warms up. */
            if (round > 0)
                g_array_append_val(subjects[i].samples, spent);
        }
    }
}

/* Lets @child, which has stopped itself, run to its end, or to its first marker after a first one
 * (a call of getppid(2), which nothing else here makes), and counts its system calls on the way. */
static long
followChild(pid_t child, bool marked)
{
    struct __ptrace_syscall_info info;
    bool counting = !marked;
    long calls = 0;
    int status;

    waitpid(child, &status, 0);
    ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD);
    while (ptrace(PTRACE_SYSCALL, child, NULL, NULL) == 0 && waitpid(child, &status, 0) == child &&
           WIFSTOPPED(status)) {
        if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info) < 0 ||
            info.op != PTRACE_SYSCALL_INFO_ENTRY)
            continue;
        if (marked && info.entry.nr == SYS_getppid)
            counting = !counting;
        else
            calls += counting;
    }
    return calls;
}

static long
countSyscalls(const struct subject *subject)
{
    pid_t child = fork();

    if (child == 0) {
        lookUp(subject, 0);
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        getppid();
        lookUp(subject, 0);
        getppid();
        _exit(0);
    }
    return followChild(child, true);
}

/* System calls of a whole program, its start included; what it prints is dropped. */
static int
countProgram(char **arguments)
{
    pid_t child = fork();

    if (child == 0) {
        if (!freopen("/dev/null", "w", stdout))
            _exit(126);
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        execvp(arguments[0], arguments);
        _exit(127);
    }
    printf("%ld\n", followChild(child, false));
    return 0;
}

static unsigned long
countAllocations(const struct subject *subject)
{
    unsigned long most = 0;
    unsigned int i;

    for (i = 0; i < NAMES; i++) {
        unsigned long before = allocations;

        lookUp(subject, i);
        most = MAX(most, allocations - before);
    }
    return most;
}

struct modules {
    const struct nssModule *libvirt;
    const struct nssModule *guest;
};

static struct modules
load(const char *folder)
{
    return (struct modules){ nssShimLoad(folder, "libvirt"), nssShimLoad(folder, "libvirt_guest") };
}

enum kind {
    MISS,
    HIT,
    ADDRESS_MISS,
    ADDRESS_HIT,
    KINDS
};

/* Who is measured for each kind */
enum {
    RAW,
    OURS,
    THEIRS,
    SUBJECTS
};

static const char *const kinds[KINDS] = {
    [MISS] = "miss",
    [HIT] = "hit",
    [ADDRESS_MISS] = "address miss",
    [ADDRESS_HIT] = "address hit",
};

static bool
isHit(enum kind kind)
{
    return kind == HIT || kind == ADDRESS_HIT;
}

/* The files that a lookup has to read. What is declared is always asked for by service libvirt, and
 * a hit needs leases and maps: libvirt_guest to get from one to the other, libvirt to see that the
 * name is not that of another one's domain. */
static struct subject
rawSubject(enum kind kind, bool guest)
{
    const char *first = guest && kind == MISS ? ".macs" : ".status";
    const char *second = !isHit(kind) ? NULL : guest && kind == MISS ? ".status" : ".macs";

    return (struct subject){ .title = "raw",
                             .suffixes = { first, second, guest ? NULL : ".addnhosts" } };
}

static void
prepare(struct subject subjects[SUBJECTS], enum kind kind, bool guest, const struct folder *folder,
        const struct modules *ours, const struct modules *theirs)
{
    const bool reverse = kind == ADDRESS_MISS || kind == ADDRESS_HIT;
    const char *const *names = kind == MISS           ? nobody
                               : kind == ADDRESS_MISS ? nowhere
                               : kind == ADDRESS_HIT  ? folder->addresses
                               : guest                ? folder->domains
                                                      : folder->hostnames;
    const struct subject asked = { .names = names,
                                   .reverse = reverse,
                                   .expected = isHit(kind) ? NSS_STATUS_SUCCESS
                                                           : NSS_STATUS_NOTFOUND };

    subjects[RAW] = rawSubject(kind, guest);
    subjects[RAW].names = names;
    subjects[OURS] = asked;
    subjects[OURS].title = "ours";
    subjects[OURS].module = guest ? ours->guest : ours->libvirt;
    subjects[THEIRS] = asked;
    subjects[THEIRS].title = "reference";
    subjects[THEIRS].module = guest ? theirs->guest : theirs->libvirt;
    /* libvirt's module for domains says of an unknown one that it is itself not available. */
    if (guest && kind == MISS)
        subjects[THEIRS].expected = NSS_STATUS_UNAVAIL;
}

static void
tableLine(const struct folder *folder, enum kind kind, bool guest, const struct modules *ours,
          const struct modules *theirs, unsigned int rounds)
{
    g_autofree char *size = g_strdup_printf("%u x %u", folder->networks, folder->leases);
    struct subject subjects[SUBJECTS];
    bool compared;

    prepare(subjects, kind, guest, folder, ours, theirs);
    /* libvirt's modules have no look-ups by address */
    compared = theirs->libvirt &&
               (!subjects[THEIRS].reverse || subjects[THEIRS].module->hasReverse);
    measure(subjects, compared ? SUBJECTS : THEIRS, rounds);
    printf("%-9s  %-13s  %-12s  %9.1f  %9.1f  %8.2f", size, guest ? "libvirt_guest" : "libvirt",
           kinds[kind], median(&subjects[RAW]) / 1e3, median(&subjects[OURS]) / 1e3,
           medianRatio(&subjects[OURS], &subjects[RAW]));
    if (compared)
        printf("  %10.1f  %14.1f", median(&subjects[THEIRS]) / 1e3,
               medianRatio(&subjects[THEIRS], &subjects[OURS]));
    else
        printf("  %10s  %14s", "-", "-");
    printf("  %6lu  %8ld  %8ld\n", countAllocations(&subjects[OURS]),
           countSyscalls(&subjects[OURS]), countSyscalls(&subjects[RAW]));
    fflush(stdout);
}

/* One name with many addresses: what one address costs must not depend on how many there are. */
static void
manyAnswers(const struct modules *ours)
{
    static const unsigned int counts[] = { 250, 500, 1000, 2500, 5000, 10000 };
    static const char *const names[NAMES] = {
        "many", "many", "many", "many", "many", "many", "many", "many",
        "many", "many", "many", "many", "many", "many", "many", "many",
    };
    struct subject subject = {
        .title = "ours", .module = ours->libvirt, .names = names, .expected = NSS_STATUS_SUCCESS
    };
    size_t i;
    unsigned int j;

    printf("\n%-9s  %9s  %16s\n", "addresses", "us", "us for each 1000");
    for (i = 0; i < G_N_ELEMENTS(counts); i++) {
        g_autoptr(GString) json = g_string_new(NULL);

        for (j = 0; j < counts[i]; j++) {
            g_autofree char *ip = g_strdup_printf("10.%u.%u.%u", j / 62500, j / 250 % 250, j % 250);

            testAddLease(json, ip, "52:54:00:00:00:01", "many", NULL, EXPIRY + j);
        }
        testLeasesEnd(json);
        testClearLeases();
        testWriteLeases("virbr0.status", json->str, json->len);
        measure(&subject, 1, 7);
        printf("%-9u  %9.1f  %16.1f\n", counts[i], median(&subject) / 1e3,
               median(&subject) / counts[i]);
    }
}

/* Cost over the number of leases of one network, for a plot. */
static void
plotData(const char *path, const struct modules *ours, const struct modules *theirs)
{
    static const unsigned int counts[] = { 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000 };
    FILE *data = fopen(path, "w");
    size_t i;
    size_t j;

    if (!data)
        g_error("%s: %s", path, g_strerror(errno));
    fprintf(data,
            "# leases, then us: raw, ours, for a miss; the same for a hit; reference miss, hit\n");
    for (i = 0; i < G_N_ELEMENTS(counts); i++) {
        struct folder folder = { .networks = 1, .leases = counts[i] };
        struct subject subjects[2][SUBJECTS];

        writeFolder(&folder);
        prepare(subjects[MISS], MISS, false, &folder, ours, theirs->libvirt ? theirs : ours);
        prepare(subjects[HIT], HIT, false, &folder, ours, theirs->libvirt ? theirs : ours);
        measure(subjects[MISS], 2 * SUBJECTS, 9);
        fprintf(data, "%u", counts[i]);
        for (j = MISS; j <= HIT; j++)
            fprintf(data, " %.2f %.2f", median(&subjects[j][RAW]) / 1e3,
                    median(&subjects[j][OURS]) / 1e3);
        for (j = MISS; j <= HIT && theirs->libvirt; j++)
            fprintf(data, " %.2f", median(&subjects[j][THEIRS]) / 1e3);
        fprintf(data, "\n");
    }
    if (fclose(data) != 0)
        g_error("%s: %s", path, g_strerror(errno));
}

int
main(int argc, char **argv)
{
    struct folder folders[] = {
        { .networks = 1, .leases = 5 },
        { .networks = 1, .leases = 250 },
        { .networks = 10, .leases = 250 },
        { .networks = 20, .leases = 2500 },
    };
    struct modules ours;
    struct modules theirs = { NULL, NULL };
    unsigned int guest;
    unsigned int kind;
    size_t i;

    if (argc > 2 && strcmp(argv[1], "--count-syscalls") == 0)
        return countProgram(argv + 2);
    if (argc < 2 || argc > 4) {
        fprintf(stderr,
                "usage: nssbench MODULES [REFERENCE [PLOTDATA]]\n"
                "       nssbench --count-syscalls PROGRAM [ARGUMENT]...\n"
                "MODULES and REFERENCE are folders that hold the two modules; REFERENCE may\n"
                "be - for none.\n");
        return 2;
    }
    testNeedNamespace();
    ours = load(argv[1]);
    if (argc > 2 && strcmp(argv[2], "-") != 0)
        theirs = load(argv[2]);
    printf("%-9s  %-13s  %-12s  %9s  %9s  %8s  %10s  %14s  %6s  %8s  %8s\n", "folder", "service",
           "", "raw us", "ours us", "ours/raw", "ref us", "reference/ours", "allocs", "syscalls",
           "of raw");
    for (i = 0; i < G_N_ELEMENTS(folders); i++) {
        unsigned int rounds = folders[i].networks > 10 ? 9 : 21;

        writeFolder(&folders[i]);
        for (guest = 0; guest < 2; guest++) {
            for (kind = 0; kind < KINDS; kind++)
                tableLine(&folders[i], kind, guest, &ours, &theirs, rounds);
        }
    }
    manyAnswers(&ours);
    if (argc > 3)
        plotData(argv[3], &ours, &theirs);
    return 0;
}
