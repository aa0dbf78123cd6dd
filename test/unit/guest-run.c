/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The whole init, run natively as PID 1 of new namespaces, without root: its
 * console is a pty, its xenstore another pty behind which this test answers.
 * What powering off does in a PID namespace (reboot(2)) is seen by its parent.
 */
#include "guest-outside.h"
#include "tap.h"

#define NAMESPACES ((uint64_t)(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | \
                               CLONE_NEWIPC))

/* --- programs ------------------------------------------------------------ */

/* Up to where the container's own mounts and files begin. */
static void continue_program(uint32_t stdio_flags, uint64_t namespaces)
{
    build_op(&build, PROGRAM_OP_HOSTNAME, "s", "inside");
    build_op(&build, PROGRAM_OP_STDIO, "uuu", stdio_flags, 33u, 101u);
    build_op(&build, PROGRAM_OP_START, "q", namespaces);
    build_op(&build, PROGRAM_OP_ROOT, "sq", "/root", (uint64_t)0);
    build_op(&build, PROGRAM_OP_MOUNT_IN, "sssqsq", "proc", "/proc", "proc",
             (uint64_t)(MS_NOSUID | MS_NODEV | MS_NOEXEC), "", (uint64_t)0);
    build_op(&build, PROGRAM_OP_MOUNT_IN, "sssqsq", "tmpfs", "/dev", "tmpfs",
             (uint64_t)MS_NOSUID, "mode=755", (uint64_t)0);
    build_op(&build, PROGRAM_OP_MOUNT_IN, "sssqsq", "devpts", "/dev/pts",
             "devpts", (uint64_t)(MS_NOSUID | MS_NOEXEC),
             "newinstance,ptmxmode=0666,mode=0620", (uint64_t)0);
    build_op(&build, PROGRAM_OP_BIND_NODE, "ss", "/dev/null", "/dev/null");
    build_op(&build, PROGRAM_OP_BIND_NODE, "ss", "/dev/tty", "/dev/tty");
    build_op(&build, PROGRAM_OP_MAKE_LINK, "ss", "/proc/self/fd/1",
             "/dev/stdout");
}

static void begin_program(uint32_t stdio_flags, uint64_t namespaces)
{
    build_begin(&build);
    continue_program(stdio_flags, namespaces);
}

static void enter_root(void)
{
    build_op(&build, PROGRAM_OP_ENTER, "");
}

static void exec_shell(const char *script)
{
    char *const argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };
    char *const envp[] = { (char *)"PATH=/nowhere:/usr/bin:/bin",
                           (char *)"ODD=a\nb", NULL };

    build_op(&build, PROGRAM_OP_EXEC, "vv", argv, envp);
}

static void run_shell(uint32_t stdio_flags, const char *script)
{
    begin_program(stdio_flags, NAMESPACES);
    if (stdio_flags & PROGRAM_STDIO_TERMINAL)
        build_op(&build, PROGRAM_OP_CONSOLE, "");
    enter_root();
    exec_shell(script);
    run_init();
}

static int printed(const char *text)
{
    return strstr(run.console, text) != NULL;
}

/* --- tests --------------------------------------------------------------- */

static void test_exit(void)
{
    run_shell(0, "echo pid $$ on $(uname -n); echo \"$ODD\"; exit 7");
    is_str(run.exit, "exited 7", "an exit status is reported");
    is_str(run.states, "booting created running exited ", "the states");
    ok(!run.timed_out && WIFEXITED(run.status) && !WEXITSTATUS(run.status),
       "init powers off");
    is_str(run.console, "pid 1 on inside\na\nb\n", "its output, unchanged");
}

static void test_timeless(void)
{
    host.is_timeless = 1;
    run_shell(0, "exit 8");
    is_str(run.exit, "exited 8", "a host that does not tell its time");
}

static void test_signalled(void)
{
    /* Without a PID namespace: PID 1 of one ignores its own SIGKILL. */
    begin_program(0, CLONE_NEWNS);
    enter_root();
    exec_shell("kill -9 $$");
    run_init();
    is_str(run.exit, "signalled 9", "the end by a signal is reported");
}

/* Takes the first text out of what was printed. Returns whether it was there. */
static int take_out(const char *text)
{
    char *at = strstr(run.console, text);

    if (!at)
        return 0;
    memmove(at, at + strlen(text), strlen(at + strlen(text)) + 1);
    return 1;
}

/* Standard output and standard error are two pipes: what came last on one may
 * be printed between any two bytes of the other. */
static void test_much_output(void)
{
    static char want[1 << 18];
    size_t used = 0;
    int line;

    for (line = 0; line < 8000; line++)
        used += (size_t)snprintf(want + used, sizeof(want) - used, "line %d\n",
                                 line);
    run_shell(0, "i=0; while [ $i -lt 8000 ]; do echo line $i; i=$((i+1)); "
                 "done; echo last >&2");
    is_str(run.exit, "exited 0", "much output ends");
    ok(take_out("last\n"), "what went to standard error is there");
    ok(!strcmp(run.console, want), "every byte of the rest, once, in order");
    is_int((long long)run.console_bytes, (long long)used + 5,
           "and no byte more");
}

static void test_orphan_output(void)
{
    begin_program(0, CLONE_NEWNS);
    enter_root();
    exec_shell("(while kill -0 $$; do :; done 2>/dev/null; echo late; "
               "sleep 100; echo never) & exit 4");
    run_init();
    is_str(run.exit, "exited 4", "left processes do not hold up the end");
    is_str(run.console, "late\n", "what they write soon after is kept");
}

static void test_stdin(void)
{
    host.when_console = "ready";
    host.type = "one\ntwo\n";
    host.eof = "eof 8";
    run_shell(PROGRAM_STDIO_STDIN, "echo ready; cat; echo end");
    is_str(run.exit, "exited 0", "standard input ends where the host says");
    is_str(run.console, "ready\none\ntwo\nend\n", "its bytes arrive");

    run_shell(0, "cat; echo end");
    is_str(run.console, "end\n", "else it is empty");
}

static void test_signal(void)
{
    host.when_console = "ready";
    host.signal = "5 15";
    run_shell(0, "trap 'echo caught; exit 3' TERM; echo ready; "
                 "while :; do sleep 0.05; done");
    is_str(run.exit, "exited 3", "a signal of the host is delivered");
    is_str(run.signal, "5", "and acknowledged");
}

static void test_terminal(void)
{
    host.when_console = "ready";
    host.type = "typed\n";
    host.winsize = "44 122";
    run_shell(PROGRAM_STDIO_TERMINAL | PROGRAM_STDIO_STDIN,
              "stty size; tty; test -c /dev/console && "
              "echo controlled >/dev/tty; echo ready; read a; echo got $a; "
              "sleep 0.3; stty size");
    is_str(run.exit, "exited 0", "a process with a terminal");
    ok(printed("33 101\r\n"), "its size from the program");
    ok(printed("/dev/pts/0\r\n"), "is the container's first pty");
    ok(printed("controlled\r\n"), "is its controlling terminal");
    ok(printed("got typed\r\n"), "its input");
    ok(printed("44 122\r\n"), "its size as the host changes it");
}

static void fail_with(const char *want_exit, const char *want_line,
                      const char *name)
{
    run_init();
    if (!is_str(run.exit, want_exit, name))
        show_run();
    is_str(run.console, want_line, "  and said on the console");
    is_str(run.state, "exited", "  and ends");
}

static void test_failures(void)
{
    char *const argv[] = { (char *)"no-such-program", NULL };
    char *const none[] = { NULL };

    begin_program(0, NAMESPACES);
    enter_root();
    build_op(&build, PROGRAM_OP_EXEC, "vv", argv, none);
    fail_with("failed 11 exec 2 No such file or directory: no-such-program",
              "xl-oci init: op 11 exec: No such file or directory: "
              "no-such-program\r\n", "a missing program");

    build_begin(&build);
    build_op(&build, PROGRAM_OP_WRITE_FILE, "sb", "/absent/file", "x",
             (size_t)1);
    build_op(&build, PROGRAM_OP_START, "q", NAMESPACES);
    build_op(&build, PROGRAM_OP_ROOT, "sq", "/root", (uint64_t)0);
    build_op(&build, PROGRAM_OP_ENTER, "");
    build_op(&build, PROGRAM_OP_EXEC, "vv", argv, none);
    fail_with("failed 0 write-file 2 No such file or directory: /absent/file",
              "xl-oci init: op 0 write-file: No such file or directory: "
              "/absent/file\r\n", "a failure in PID 1");

    build_begin(&build);
    fail_with("failed -1 init 22 Invalid argument: no exec",
              "xl-oci init: Invalid argument: no exec\r\n",
              "a program that makes no sense");
}

static void test_furnishing(void)
{
    begin_program(0, NAMESPACES);
    build_op(&build, PROGRAM_OP_BIND, "ssqu", "/files/0", "/etc/dangling",
             (uint64_t)MS_BIND | MS_RDONLY | PROGRAM_BIND_FILE |
             PROGRAM_BIND_COPY, 0644u);
    build_op(&build, PROGRAM_OP_MOUNT_IN, "sssqsq", "tmpfs", "/etc/up/new/dir",
             "tmpfs", (uint64_t)MS_NODEV, "size=64k", (uint64_t)0);
    build_op(&build, PROGRAM_OP_MASK, "s", "/etc/absent");
    build_op(&build, PROGRAM_OP_MASK, "s", "/proc/version");
    build_op(&build, PROGRAM_OP_MASK, "s", "/proc/fs");
    build_op(&build, PROGRAM_OP_READ_ONLY, "s", "/etc");
    build_op(&build, PROGRAM_OP_MOUNT_IN, "sssqsq", "tmpfs", "/etc", "tmpfs",
             PROGRAM_MOUNT_COPY_UP | MS_RDONLY, "", (uint64_t)0);
    enter_root();
    build_op(&build, PROGRAM_OP_ROOT_FLAGS, "q", (uint64_t)MS_RDONLY);
    build_op(&build, PROGRAM_OP_UMASK, "u", 027u);
    build_op(&build, PROGRAM_OP_RLIMIT, "uqq", 7u, (uint64_t)50, (uint64_t)60);
    exec_shell("cat /run/made/by-link; test -d /new/dir && echo inside; "
               "cat /proc/version; ls /proc/fs; readlink /etc/up; "
               "touch /x /etc/y 2>/dev/null || echo read-only; "
               "umask; ulimit -n; grep -c ' /run/made/by-link tmpfs ro' "
               "/proc/self/mounts");
    run_init();
    is_str(run.exit, "exited 0", "a furnished root");
    is_str(run.console, "from the bundle\ninside\n/../../..\nread-only\n0027\n"
           "50\n1\n", "all is as asked for, nothing leads outside");
}

/* Waits for path, and gives the container what is there. */
static void wait_for(const char *path, unsigned int timeout_ms,
                     unsigned int mode)
{
    build_begin(&build);
    build_op(&build, PROGRAM_OP_WAIT_NODE, "suu", path, timeout_ms, mode);
    continue_program(0, NAMESPACES);
    build_op(&build, PROGRAM_OP_BIND_NODE, "ss", path, "/dev/node");
    enter_root();
    exec_shell("[ -c /dev/node ] && stat -c %a /dev/node");
}

static void times_out(const char *path, const char *name)
{
    char want[128];
    int64_t before_ms = now_ms();

    wait_for(path, 150, 0600);
    run_init();
    snprintf(want, sizeof(want),
             "failed 0 wait-node 110 Connection timed out: %s", path);
    is_str(run.exit, want, name);
    ok(now_ms() - before_ms >= 150, "... not before its time");
}

static void test_wait_node(void)
{
    int64_t before_ms;

    wait_for("/dev/hvc0", 0, 0604);
    run_init();
    is_str(run.console, "604\n", "a node that is there needs no time, and "
           "gets its mode");
    driver = (struct driver){ "/dev/late", "/dev/hvc0", 300 };
    wait_for("/dev/late", 15000, 0606);
    before_ms = now_ms();
    run_init();
    if (!is_str(run.exit, "exited 0", "a node that a driver makes later"))
        show_run();
    is_str(run.console, "606\n", "... gets its mode");
    ok(now_ms() - before_ms >= 300 && now_ms() - before_ms < 10000,
       "... is waited for until it is there, no longer");
    driver = (struct driver){ "/dev/late", "/files/0", 50 };
    times_out("/dev/late", "a file in its place is no node");
    driver = (struct driver){ 0 };
    times_out("/dev/absent", "a node that nobody makes");
    times_out("/dev", "a directory is no node");
}

static void test_hook(void)
{
    char *const good[] = { (char *)"sh", (char *)"-c",
                           (char *)"echo hook $(cat)", NULL };
    char *const bad[] = { (char *)"sh", (char *)"-c", (char *)"exit 3", NULL };
    char *const slow[] = { (char *)"sh", (char *)"-c", (char *)"sleep 50",
                           NULL };
    char *const envp[] = { (char *)"PATH=/usr/bin:/bin", NULL };

    begin_program(0, NAMESPACES);
    enter_root();
    build_op(&build, PROGRAM_OP_HOOK, "svvbu", "/bin/sh", good, envp, "{}",
             (size_t)2, 5000u);
    exec_shell("echo process");
    run_init();
    is_str(run.console, "hook {}\nprocess\n", "a hook runs first");

    begin_program(0, NAMESPACES);
    enter_root();
    build_op(&build, PROGRAM_OP_HOOK, "svvbu", "/bin/sh", bad, envp, "",
             (size_t)0, 5000u);
    exec_shell("echo process");
    run_init();
    is_str(run.exit, "failed 11 hook 125 Operation canceled: "
           "/bin/sh exited with 3", "a hook that fails");

    begin_program(0, NAMESPACES);
    enter_root();
    build_op(&build, PROGRAM_OP_HOOK, "svvbu", "/bin/sh", slow, envp, "",
             (size_t)0, 100u);
    exec_shell("echo process");
    run_init();
    is_str(run.exit, "failed 11 hook 110 Connection timed out: /bin/sh",
           "a hook that takes too long");
}

/* 1 << n for CAP_CHOWN 0, CAP_KILL 5, CAP_NET_BIND_SERVICE 10 */
static void test_identity(void)
{
    const uint64_t kept = 1u << 10;

    if (geteuid()) {
        ok(1, "the process's identity # SKIP needs more than one user id");
        return;
    }
    begin_program(0, NAMESPACES);
    enter_root();
    build_op(&build, PROGRAM_OP_GROUPS, "b", "\5\0\0\0\7\0\0\0", (size_t)8);
    build_op(&build, PROGRAM_OP_USER, "uu", 1000u, 1001u);
    build_op(&build, PROGRAM_OP_CAPABILITIES, "qqqqq", kept | 1u, kept, kept,
             kept, kept);
    build_op(&build, PROGRAM_OP_NO_NEW_PRIVS, "");
    build_op(&build, PROGRAM_OP_SECCOMP, "ub", 0u,
             "\6\0\0\0\0\0\xff\x7f", (size_t)8);
    exec_shell("id -u; id -g; id -G; grep -E '^(Cap|NoNew|Seccomp:)' "
               "/proc/self/status | tr -d '\\t'; echo open >/dev/stdout");
    run_init();
    is_str(run.exit, "exited 0", "a process of another user");
    is_str(run.console, "1000\n1001\n1001 5 7\n"
           "CapInh:0000000000000400\nCapPrm:0000000000000400\n"
           "CapEff:0000000000000400\nCapBnd:0000000000000401\n"
           "CapAmb:0000000000000400\nNoNewPrivs:1\nSeccomp:2\nopen\n",
           "ids, capabilities and filter are as asked for");
}

/*
 * Two maps, the second for users from 1000: that the right one is taken can be
 * seen by whether the user may open its streams.
 */
static void begin_mapped(void)
{
    build_begin(&build);
    build_op(&build, PROGRAM_OP_ID_MAP, "uuuu", 0u, 0u, 20000u, 1000u);
    build_op(&build, PROGRAM_OP_ID_MAP, "uuuu", 0u, 1000u, 30000u, 1000u);
    build_op(&build, PROGRAM_OP_ID_MAP, "uuuu", 1u, 0u, 40000u, 2000u);
    continue_program(0, NAMESPACES | CLONE_NEWUSER);
}

/* The rest of it, and runs it. */
static void run_mapped(unsigned int uid, unsigned int gid, const char *script)
{
    enter_root();
    build_op(&build, PROGRAM_OP_USER, "uu", uid, gid);
    build_op(&build, PROGRAM_OP_CAPABILITIES, "qqqqq", (uint64_t)1,
             (uint64_t)1, (uint64_t)0, (uint64_t)1, (uint64_t)0);
    build_op(&build, PROGRAM_OP_NO_NEW_PRIVS, "");
    exec_shell(script);
    run_init();
}

static void test_mapped_streams(void)
{
    begin_mapped();
    run_mapped(0, 0, "echo open >/dev/stdout; stat -Lc '%u %g' /dev/stdout; "
               "echo error >/proc/self/fd/2; chown 33 /dev/stdout && "
               "stat -Lc %u /dev/stdout");
    if (!is_str(run.exit, "exited 0", "root of a user namespace"))
        show_run();
    is_str(run.console, "open\n0 0\nerror\n33\n",
           "opens its streams, and gives them away");

    begin_mapped();
    run_mapped(1234, 77, "id -u; echo open >/dev/stdout; "
               "stat -Lc '%u %g' /dev/stdout");
    is_str(run.console, "1234\nopen\n1234 77\n",
           "another user of it does as well");

    begin_mapped();
    run_mapped(5000, 0, "exit 0");
    is_str(run.exit, "failed 14 user 22 Invalid argument: uid 5000, gid 0",
           "a user that no map has");
}

static void test_mapped_file(void)
{
    begin_mapped();
    build_op(&build, PROGRAM_OP_BIND, "ssqu", "/files/0", "/dev/file",
             (uint64_t)MS_BIND | MS_RDONLY | PROGRAM_BIND_FILE |
             PROGRAM_BIND_COPY, 0644u);
    run_mapped(0, 0, "cat /dev/file; stat -c '%a %u %g' /dev/file");
    if (!is_str(run.exit, "exited 0", "a file of the bundle"))
        show_run();
    is_str(run.console, "from the bundle\n640 0 0\n",
           "is the user namespace's root's");
}

/* Init here is not the kernel's root either: of what only that may do, the
 * failure is seen; the network namespace is init's. */
static void test_mapped_help(void)
{
    begin_mapped();
    build_op(&build, PROGRAM_OP_SYSCTL, "ss", "net/ipv4/ip_forward", "1");
    build_op(&build, PROGRAM_OP_RLIMIT, "uqq", 7u, (uint64_t)50, (uint64_t)60);
    run_mapped(0, 0, "cat /proc/sys/net/ipv4/ip_forward; ulimit -n");
    if (!is_str(run.exit, "exited 0", "what only init may set"))
        show_run();
    is_str(run.console, "1\n50\n", "init sets");

    begin_mapped();
    build_op(&build, PROGRAM_OP_OOM_SCORE, "u", (unsigned int)-1000);
    run_mapped(0, 0, "exit 0");
    is_str(run.exit, "failed 13 oom-score 13 Permission denied: -1000",
           "what nobody here may set");

    begin_mapped();
    build_op(&build, PROGRAM_OP_SYSCTL, "ss", "no/such", "1");
    run_mapped(0, 0, "exit 0");
    is_str(run.exit, "failed 13 sysctl 2 No such file or directory: "
           "/proc/sys/no/such", "what does not exist");
}

static void test_mapped(void)
{
    if (geteuid()) {
        ok(1, "a user namespace # SKIP needs more than one user id");
        return;
    }
    test_mapped_streams();
    test_mapped_file();
    test_mapped_help();
}

/* Beside this program: build/test/unit/guest-run, build/guest-native/init. */
static char *find_init(const char *argv0)
{
    const char *end = strstr(argv0, "/test/unit/");
    char path[4096];

    if (!end)
        return NULL;
    snprintf(path, sizeof(path), "%.*s/guest-native/init", (int)(end - argv0),
             argv0);
    return realpath(path, NULL);
}

int main(int argc, char **argv)
{
    (void)argc;
    init_path = find_init(argv[0]);
    if (!init_path || !mkdtemp(tree)) {
        fprintf(stderr, "guest-run: no init beside %s\n", argv[0]);
        return 1;
    }
    run_shell(0, "exit 0");
    if (WIFEXITED(run.status) && WEXITSTATUS(run.status) == 99) {
        rmdir(tree);
        printf("1..0 # SKIP this kernel gives no namespaces\n");
        return 0;
    }
    show_run();
    test_exit();
    test_timeless();
    test_signalled();
    test_much_output();
    test_orphan_output();
    test_stdin();
    test_signal();
    test_terminal();
    test_failures();
    test_furnishing();
    test_wait_node();
    test_hook();
    test_identity();
    test_mapped();
    rmdir(tree);
    return done_testing();
}
