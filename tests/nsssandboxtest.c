/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* Look-ups in processes that may do little: those of sandboxes, with limits, without standard
 * files. Each runs in a child that restricts itself after the modules have been loaded. */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nssshim.h"
#include "testns.h"
#include "testutil.h"

#define FIXTURE "captured-02-guests-running"
#define ALPHA "SUCCESS 192.168.122.131"
#define NONE "NOTFOUND ENOENT HOST_NOT_FOUND"

/* What a child says of its look-ups goes through a file that was opened before */
#define ANSWER_MAX 4096

/* The system calls that look-ups make, as SECURITY.md has them, and those that the child itself
 * needs to say what came of it and to end. */
static const int allowed[] = {
    SYS_openat,
    SYS_getdents64,
    SYS_fstat,
    SYS_newfstatat,
    SYS_pread64,
    SYS_close,
    SYS_uname,
    /* memory */
    SYS_mmap,
    SYS_munmap,
    SYS_mremap,
    SYS_brk,
    SYS_madvise,
    /* the list of everything */
    SYS_getpid,
    SYS_sched_yield,
    /* the test */
    SYS_write,
    SYS_exit_group,
    SYS_futex,
};

static void
restrictCalls(void)
{
    struct sock_filter filter[2 * G_N_ELEMENTS(allowed) + 2];
    struct sock_fprog program = { 0, filter };
    size_t i;

    filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                                         offsetof(struct seccomp_data, nr));
    for (i = 0; i < G_N_ELEMENTS(allowed); i++) {
        filter[program.len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i],
                                                             0, 1);
        filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        _exit(77);
}

static void
closeStandard(void)
{
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
}

static void
closeStandardAndTrace(void)
{
    g_setenv("LIBVIRT_NSS_DEBUG", "1", TRUE);
    closeStandard();
}

static void
limitFiles(void)
{
    const struct rlimit none = { 0, 0 };

    if (setrlimit(RLIMIT_NOFILE, &none) < 0)
        _exit(77);
}

static void
limitStack(void)
{
    const struct rlimit small = { 64 * 1024, 64 * 1024 };

    if (setrlimit(RLIMIT_STACK, &small) < 0)
        _exit(77);
}

static void
limitWriting(void)
{
    const struct rlimit none = { 0, 0 };

    if (setrlimit(RLIMIT_FSIZE, &none) < 0)
        _exit(77);
}

static void
leaveProc(void)
{
    if (unshare(CLONE_NEWNS) < 0 || mount("tmpfs", "/proc", "tmpfs", 0, NULL) < 0)
        _exit(77);
}

static void
changeRoot(void)
{
    if (chroot("/proc/self/fdinfo") < 0 || chdir("/") < 0)
        _exit(77);
}

static const struct sandbox {
    const char *path;
    void (*restrict_)(void);
    const char *expected; /* of alpha-host; of alpha-dom; of nobody; of an address; of the list */
} sandboxes[] = {
    { "none", NULL, "ok" },
    { "seccomp", restrictCalls, "ok" },
    { "no-standard-files", closeStandard, "ok" },
    { "no-standard-files-traced", closeStandardAndTrace, "ok" },
    { "no-descriptor", limitFiles, "TRYAGAIN EMFILE NETDB_INTERNAL" },
    { "small-stack", limitStack, "ok" },
    { "no-file-may-grow", limitWriting, "ok" },
    { "no-proc", leaveProc, "ok" },
    { "no-folder-in-root", changeRoot, "UNAVAIL ENOENT NO_RECOVERY" },
};

/* All kinds of look-ups; "ok" if every answer is right, else the first one. Allocates as the shim
 * does. */
static char *
lookUpAll(void)
{
    g_autofree char *host = nssShimLookup("libvirt", "alpha-host", AF_UNSPEC);
    g_autofree char *domain = nssShimLookup("libvirt_guest", "alpha-dom", AF_UNSPEC);
    g_autofree char *nobody = nssShimLookup("libvirt", "nobody", AF_UNSPEC);
    g_autofree char *address = nssShimReverse("libvirt", "192.168.122.131");
    g_autofree char *list = nssShimList("libvirt", 1024);

    if (strcmp(host, ALPHA) == 0 && strcmp(domain, ALPHA) == 0 && strcmp(nobody, NONE) == 0 &&
        strcmp(address, "SUCCESS alpha-host") == 0 && strstr(list, "192.168.122.131 alpha-host; "))
        return g_strdup("ok");
    if (strcmp(host, domain) == 0 && strcmp(host, nobody) == 0 && strcmp(host, address) == 0)
        return g_strdup(host);
    return g_strdup_printf("%s | %s | %s | %s | %s", host, domain, nobody, address, list);
}

/* What the look-ups of a child say that has restricted itself; NULL if it could not. */
static char *
inChild(void (*restrict_)(void))
{
    char answer[ANSWER_MAX] = "";
    int fds[2];
    int status;
    ssize_t got;
    pid_t child;

    g_assert_no_errno(pipe2(fds, O_CLOEXEC));
    child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        g_autofree char *said = NULL;

        if (restrict_)
            restrict_();
        said = lookUpAll();
        if (write(fds[1], said, strlen(said)) < 0)
            _exit(1);
        _exit(0);
    }
    close(fds[1]);
    got = read(fds[0], answer, sizeof(answer) - 1);
    close(fds[0]);
    g_assert_cmpint(got, >=, 0);
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        return NULL;
    if (WIFSIGNALED(status))
        return g_strdup_printf("killed by signal %d", WTERMSIG(status));
    return g_strdup(answer);
}

static void
testSandbox(gconstpointer data)
{
    const struct sandbox *sandbox = data;
    g_autofree char *got = NULL;

    testCopyFixture(FIXTURE);
    if (sandbox->restrict_ == limitStack && (INSTRUMENTED || g_getenv("NSS_TEST_VALGRIND"))) {
        g_test_skip("an instrumented program needs more stack");
        return;
    }
    if (sandbox->restrict_ == restrictCalls && (INSTRUMENTED || g_getenv("NSS_TEST_VALGRIND"))) {
        g_test_skip("an instrumented program makes other system calls");
        return;
    }
    if (sandbox->restrict_ == limitFiles && g_getenv("NSS_TEST_VALGRIND")) {
        g_test_skip("valgrind keeps descriptors of its own");
        return;
    }
    got = inChild(sandbox->restrict_);
    if (got)
        g_assert_cmpstr(got, ==, sandbox->expected);
    else
        g_test_skip("a process may not restrict itself so here");
}

/* A filter that lets nothing through kills: what is allowed above is not everything. */
static void
testFilterKills(void)
{
    int status;
    pid_t child;

    if (INSTRUMENTED || g_getenv("NSS_TEST_VALGRIND")) {
        g_test_skip("an instrumented program makes other system calls");
        return;
    }
    child = fork();
    if (child == 0) {
        restrictCalls();
        syscall(SYS_getuid);
        _exit(0);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

/* ---- programs with privileges that their caller has not ---- */

/* A copy of this program that runs with the rights of another user: it may look up, and must not
 * trace. */
static void
testSetuid(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *content = NULL;
    g_autofree char *copy = NULL;
    g_autofree char *printed = NULL;
    g_autofree char *told = NULL;
    g_autoptr(GError) error = NULL;
    gsize len;
    int status = 0;
    const char *command[] = {
        "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", NULL, "--lookup", NULL
    };

    if (INSTRUMENTED || g_getenv("NSS_TEST_VALGRIND") || geteuid() != 0) {
        g_test_skip(
            "only root can make a program run as another user, and none that is instrumented");
        return;
    }
    testCopyFixture(FIXTURE);
    copy = g_strdup("/mnt/setuid-lookup");
    if (mount("tmpfs", "/mnt", "tmpfs", 0, "mode=0755") < 0 ||
        !g_file_get_contents(self, &content, &len, NULL) ||
        !g_file_set_contents(copy, content, len, NULL) || chown(copy, 1, 1) < 0 ||
        chmod(copy, 04755) < 0) {
        g_test_skip("no place for a program that runs as another user");
        return;
    }
    command[4] = copy;
    g_setenv("LIBVIRT_NSS_DEBUG", "1", TRUE);
    g_spawn_sync(NULL, (char **)(gpointer)command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &printed,
                 &told, &status, &error);
    g_unsetenv("LIBVIRT_NSS_DEBUG");
    g_assert_no_error(error);
    if (!strstr(printed, "euid 1")) {
        g_test_skip("set-user-ID bits do not count here");
        return;
    }
    g_assert_cmpstr(printed, ==, "euid 1: ok\n");
    g_assert_cmpstr(told, ==, "");
    /* Without the bit the same call is traced */
    g_assert_no_errno(chmod(copy, 0755));
    g_clear_pointer(&told, g_free);
    g_clear_pointer(&printed, g_free);
    g_setenv("LIBVIRT_NSS_DEBUG", "1", TRUE);
    g_spawn_sync(NULL, (char **)(gpointer)command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &printed,
                 &told, &status, NULL);
    g_unsetenv("LIBVIRT_NSS_DEBUG");
    g_assert_cmpstr(printed, ==, "euid 65534: ok\n");
    g_assert_nonnull(strstr(told, "nss-libvirt: "));
}

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--lookup") == 0) {
        g_autofree char *said = lookUpAll();

        g_print("euid %u: %s\n", (unsigned int)geteuid(), said);
        return 0;
    }
    testInit(&argc, &argv);
    testNeedNamespace();
    nssShimModule("libvirt");
    nssShimModule("libvirt_guest");
    TEST_ADD_TABLE("sandbox", sandboxes, testSandbox);
    g_test_add_func("/filter-kills", testFilterKills);
    g_test_add_func("/setuid", testSetuid);
    return g_test_run();
}
