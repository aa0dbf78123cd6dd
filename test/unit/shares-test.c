/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans with 9pfs devices: which directory becomes which, and its options. */
#include "tap.h"

#include "guest/program.h"
#include "plan-build.h"

static struct source_fact facts[16];
static struct source_fact rootfs = {
    .kind = SOURCE_DIRECTORY, .real_path = "/b/rootfs",
};

static struct made make_shared(const char *text,
                               const struct plan_options *options)
{
    struct made m = { arena_new(), report_new(), NULL };
    struct survey survey = { .mounts = facts, .rootfs = rootfs,
                             .rootfs_fd = -1 };
    const struct json *j = json_parse(m.arena, "config.json", text,
                                      strlen(text), &json_default_limits,
                                      m.report);
    const struct spec *s = j ? spec_from_json(m.arena, j, m.report) : NULL;

    if (s)
        m.plan = plan_make(m.arena, s, &survey, &test_host, options,
                           m.report);
    return m;
}

static void directory(size_t index, const char *path)
{
    facts[index] = (struct source_fact){
        .kind = SOURCE_DIRECTORY, .path = path, .real_path = path,
    };
}

/* The last argument of the mount operation of that tag. */
static const char *options_of(const struct plan *plan, const char *tag)
{
    const struct plan_op *o;

    for (o = plan->ops; o; o = o->next)
        if (o->opcode == PROGRAM_OP_MOUNT && !strcmp(o->args[0].string, tag))
            return o->args[4].string;
    return NULL;
}

#define BIND(source, destination, options) \
    "{\"destination\":\"" destination "\",\"type\":\"bind\",\"source\":\"" \
    source "\",\"options\":[\"rbind\"" options "]}"

static void test_binds(void)
{
    const struct plan_options none = { .uuid = NULL };
    struct made m;

    directory(0, "/v/a");
    directory(1, "/v/b");
    directory(2, "/v/a");
    m = make_shared(HEAD ",\"mounts\":[" BIND("/v/a", "/a", "") ","
                    BIND("/v/b", "/b", ",\"ro\"") ","
                    BIND("/v/a", "/c", "") "]}", &none);
    if (ok(m.plan != NULL, "a plan is made")) {
        is_int((long long)m.plan->n_shares, 1,
               "what is mounted twice is shared once");
        is_str(m.plan->shares[0].path, "/v/a", "the writable one");
        is_int((long long)m.plan->n_images, 2,
               "the read-only one is an image beside the root");
        is_str(options_of(m.plan, "share0"),
               "trans=xen,version=9p2000.L,msize=524288,locktimeout=1,"
               "cache=mmap,directio", "its options");
    }
    unmake(&m);
    m = make_shared(HEAD ",\"annotations\":{\"org.xenproject.oci.binds\":"
                    "\"9pfs\",\"org.xenproject.oci.9pfs-cache\":\"private\","
                    "\"org.xenproject.oci.9pfs-acl\":\"on\","
                    "\"org.xenproject.oci.memory\":\"64M\"},\"mounts\":["
                    BIND("/v/a", "/a", "") "," BIND("/v/b", "/b", ",\"ro\"")
                    "]}", &none);
    if (ok(m.plan && m.plan->n_shares == 2, "both on demand")) {
        ok(!m.plan->shares[1].writable, "read-only stays read-only");
        is_str(options_of(m.plan, "share1"),
               "trans=xen,version=9p2000.L,msize=262144,locktimeout=1,"
               "cache=loose,posixacl",
               "private, and a sixteenth of the memory for the rings");
    }
    unmake(&m);
}

/* What the guest cannot write is nobody's danger, and "bind" is not "rbind". */
static void test_not_warned(void)
{
    const struct plan_options none = { .uuid = NULL };
    struct made m;

    directory(0, "/v/a");
    facts[0].is_exposed = true;
    facts[0].mount_below = "/v/a/b";
    m = make_shared(HEAD ",\"annotations\":{\"org.xenproject.oci.binds\":"
                    "\"9pfs\"},\"mounts\":[{\"destination\":\"/a\",\"type\":"
                    "\"bind\",\"source\":\"/v/a\",\"options\":[\"bind\","
                    "\"ro\"]}]}", &none);
    ok(m.plan && m.plan->n_shares == 1 && !has_check(&m, "share-exposed") &&
       !has_check(&m, "share-mount-below"), "a read-only one, not recursive");
    unmake(&m);
}

static void test_root(void)
{
    const struct plan_options shared = { .rootfs = "9pfs" };
    const struct plan_options kept = {
        .rootfs = "9pfs", .persist_path = "/x",
    };
    struct made m = make_shared(HEAD "}", &shared);

    if (ok(m.plan && m.plan->n_shares == 1, "a root without a disk")) {
        is_int((long long)m.plan->n_disks, 0, "none at all");
        is_str(m.plan->shares[0].path, "/b/rootfs", "its directory");
        ok(m.plan->shares[0].writable, "can be written");
        ok(options_of(m.plan, "overlay") == NULL, "without an overlay");
    }
    unmake(&m);
    m = make_shared("{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\","
                    "\"readonly\":true},\"process\":{\"cwd\":\"/\","
                    "\"args\":[\"a\"]}}", &shared);
    if (ok(m.plan && m.plan->n_shares == 1, "a read-only root")) {
        ok(!m.plan->shares[0].writable, "the backend refuses to write");
        ok(options_of(m.plan, "overlay") != NULL,
           "mount points go to an overlay");
    }
    unmake(&m);
    m = make_shared(HEAD "}", &kept);
    ok(!m.plan && has_check(&m, "option-conflict"), "nothing to persist");
    unmake(&m);
}

static void test_warned(void)
{
    const struct plan_options shared = { .rootfs = "9pfs" };
    struct made m;

    rootfs.no_xattrs = true;
    m = make_shared(HEAD "}", &shared);
    ok(m.plan && has_check(&m, "share-without-xattrs"),
       "a file system without extended attributes is told of");
    unmake(&m);
    rootfs.no_xattrs = false;
    rootfs.is_exposed = true;
    m = make_shared(HEAD "}", &shared);
    ok(m.plan && has_check(&m, "share-exposed"),
       "one in which others find set-user-ID programs is told of");
    unmake(&m);
    rootfs.is_exposed = false;
    rootfs.mount_below = "/b/rootfs/mnt";
    m = make_shared(HEAD "}", &shared);
    ok(m.plan && has_check(&m, "share-mount-below"),
       "one with something mounted below it is told of");
    unmake(&m);
    rootfs.mount_below = NULL;
    rootfs.real_path = "/";
    m = make_shared(HEAD "}", &shared);
    ok(!m.plan && has_check(&m, "share-root"), "Dom0's root is refused");
    unmake(&m);
}

static void test_nested(void)
{
    const struct plan_options shared = { .rootfs = "9pfs" };
    struct made m;

    rootfs.real_path = "/b/rootfs";
    directory(0, "/b/rootfs/data");
    m = make_shared(HEAD ",\"mounts\":["
                    BIND("/b/rootfs/data", "/data", "") "]}", &shared);
    ok(!m.plan && has_check(&m, "share-nested"), "a volume in the root");
    unmake(&m);
    directory(0, "/b/rootfs2");
    m = make_shared(HEAD ",\"mounts\":["
                    BIND("/b/rootfs2", "/data", "") "]}", &shared);
    ok(m.plan && m.plan->n_shares == 2, "a name that only begins the same");
    unmake(&m);
}

int main(void)
{
    test_binds();
    test_root();
    test_warned();
    test_not_warned();
    test_nested();
    return done_testing();
}
