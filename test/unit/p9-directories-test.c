/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories as the 9P server makes, removes and lists them. */
#include "tap.h"

#include "p9-client.h"
#include "p9-files.h"

static void test_directories(void)
{
    is_int(call(P9_TMKDIR, "dsdd", ROOT_FID, "dir", 01777u, 0u), 0, "mkdir");
    is_int(host_stat("dir").st_mode, S_IFDIR | 01777, "mode, no umask");
    is_int(call(P9_TMKDIR, "dsdd", ROOT_FID, "dir", 0755u, 0u), EEXIST,
           "again");
    host_file("dir/f", "x");
    is_int(call(P9_TUNLINKAT, "dsd", ROOT_FID, "dir", 0x200u), ENOTEMPTY,
           "rmdir of one that is not empty");
    is_int(call(P9_TUNLINKAT, "dsd", ROOT_FID, "dir", 0u), EISDIR,
           "unlink of a directory");
    do_path(1, "dir");
    is_int(do_open(1, O_RDWR), EISDIR, "open for writing");
    is_int(do_open(1, O_RDONLY), 0, "open for reading");
    is_int(call(P9_TREAD, "dqd", 1u, UINT64_C(0), 100u), EISDIR, "read");
    is_int(call(P9_TFSYNC, "dd", 1u, 0u), 0, "fsync of a directory");
    unlink(in_export("dir/f"));
    is_int(call(P9_TUNLINKAT, "dsd", ROOT_FID, "dir", 0x200u), 0, "rmdir");
    is_int(call(P9_TMKDIR, "dsdd", 1u, "x", 0755u, 0u), ENOENT,
           "mkdir in one that is gone");
    is_int(call(P9_TREADDIR, "dqd", 1u, UINT64_C(0), 1000u), ENOENT,
           "which cannot be listed either");
    do_clunk(1);
}

enum { MANY = 100000 };
static uint8_t seen[MANY];

/* Reads a directory on from *offset; the entries it had, 0 at the end. */
static int read_entries(uint32_t fid, uint64_t *offset, uint32_t count)
{
    const uint8_t *end;
    int entries = 0;

    if (call(P9_TREADDIR, "dqd", fid, *offset, count) ||
        p9_read_u32(&answer) > count)
        return -1;
    end = answer.end;
    while (answer.at < end) {
        struct p9_string name;
        char text[300];

        p9_read_qid(&answer);
        *offset = p9_read_u64(&answer);
        p9_read_u8(&answer);
        name = p9_read_string(&answer);
        snprintf(text, sizeof(text), "%.*s", name.length, name.text);
        if (text[0] == 'n')
            seen[atoi(text + 1) % MANY]++;
        entries++;
    }
    return answer.failed ? -1 : entries;
}

static void read_all(uint32_t fid, uint32_t count, const char *name)
{
    uint64_t offset = 0;
    int n, total = 0, i, wrong = 0;

    memset(seen, 0, sizeof(seen));
    while ((n = read_entries(fid, &offset, count)) > 0)
        total += n;
    for (i = 0; i < MANY; i++)
        wrong += seen[i] != 1;
    ok(!n && total == MANY + 2 && !wrong, "%s", name);
}

static void test_many(void)
{
    char name[400];
    int i, n;
    uint64_t offset = 0, middle;

    mkdir(in_export("many"), 0755);
    for (i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "%s/many/n%d", export_of, i);
        if (!i || link(in_export("many/n0"), name))
            close(open(name, O_CREAT | O_WRONLY, 0600));
    }
    do_path(1, "many");
    do_open(1, O_RDONLY);
    read_all(1, P9_MSIZE_MAX - 24, "100,000 entries, each once, msize 512 KiB");
    read_all(1, 4096, "again, 4 KiB at a time");
    n = read_entries(1, &offset, 8192);
    middle = offset;
    memset(seen, 0, sizeof(seen));
    read_entries(1, &offset, 8192);
    for (i = 0, n = 0; i < MANY; i++)
        n += seen[i];
    offset = middle;
    read_entries(1, &offset, 8192);
    for (i = 0; i < MANY; i++)
        n -= seen[i] == 2;
    is_int(n, 0, "an offset leads to the same entries again");
    do_clunk(1);
    for (i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "%s/many/n%d", export_of, i);
        unlink(name);
    }
}

/* As `rm -r` does: read some, remove them, read on. */
static void test_remove_while_reading(void)
{
    enum { COUNT = 3000 };
    uint64_t offset = 0;
    char name[400];
    int i, n, left = 0;

    for (i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "%s/many/n%d", export_of, i);
        close(open(name, O_CREAT | O_WRONLY, 0600));
    }
    do_path(1, "many");
    call(P9_TWALK, "ddw", 1u, 2u, 0);
    do_open(1, O_RDONLY);
    do {
        memset(seen, 0, sizeof(seen));
        n = read_entries(1, &offset, 2000);
        for (i = 0; i < COUNT; i++) {
            snprintf(name, sizeof(name), "n%d", i);
            left += seen[i] &&
                call(P9_TUNLINKAT, "dsd", 2u, name, 0u) != 0;
        }
    } while (n > 0);
    is_int(left, 0, "what was read could be removed");
    do_clunk(1);
    do_clunk(2);
    is_int(call(P9_TUNLINKAT, "dsd", ROOT_FID, "many", 0x200u), 0,
           "and nothing was left out");
}

static void test_long_names(void)
{
    char name[257], host[400];
    struct attributes a;
    uint64_t offset = 0;

    memset(name, 'n', sizeof(name));
    name[1] = '7';
    name[255] = '\0';
    call(P9_TMKDIR, "dsdd", ROOT_FID, "long-names", 0755u, 0u);
    do_path(1, "long-names");
    is_int(call(P9_TMKDIR, "dsdd", 1u, name, 0700u, 0u), 0, "255 bytes");
    snprintf(host, sizeof(host), "long-names/%s", name);
    ok(S_ISDIR(host_stat(host).st_mode), "made");
    is_int(do_walk1(1, 2, name), 0, "walked to");
    is_int(do_getattr(2, &a), 0, "and there");
    do_clunk(2);
    do_open(1, O_RDONLY);
    memset(seen, 0, sizeof(seen));
    read_entries(1, &offset, 4096);
    is_int(seen[7], 1, "listed");
    do_clunk(1);
    is_int(call(P9_TMKDIR, "dsdd", ROOT_FID, "x\xff\xfe\n\x01", 0700u, 0u), 0,
           "any other bytes");
    ok(S_ISDIR(host_stat("x\xff\xfe\n\x01").st_mode), "are a name");
}

int main(void)
{
    scratch_make();
    is_int(session_start(NULL), 0, "session");
    test_directories();
    test_many();
    test_remove_while_reading();
    test_long_names();
    p9_server_free(server);
    return done_testing();
}
