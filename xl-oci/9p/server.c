/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <unistd.h>

#define FID_MAX_DEFAULT 65536u
#define OPEN_MAX_DEFAULT 5120u /* 1,024 kept open by our kernel among them */
#define LIMIT_MAX (1u << 20) /* of fids and of open files: fs.nr_open */

static P9_HANDLER(version);
static P9_HANDLER(flush);

static const struct {
    P9_HANDLER((*handle));
    bool changes; /* EROFS on a read-only share */
} handlers[] = {
    [P9_TSTATFS] = { p9_statfs, false },
    [P9_TLOPEN] = { p9_lopen, false }, /* judges its flags itself */
    [P9_TLCREATE] = { p9_lcreate, true },
    [P9_TSYMLINK] = { p9_symlink, true },
    [P9_TMKNOD] = { p9_mknod, true },
    [P9_TREADLINK] = { p9_readlink, false },
    [P9_TGETATTR] = { p9_getattr, false },
    [P9_TSETATTR] = { p9_setattr, true },
    [P9_TXATTRWALK] = { p9_xattrwalk, false },
    [P9_TXATTRCREATE] = { p9_xattrcreate, true },
    [P9_TREADDIR] = { p9_readdir, false },
    [P9_TFSYNC] = { p9_fsync, false },
    [P9_TLOCK] = { p9_lock, false },
    [P9_TGETLOCK] = { p9_getlock, false },
    [P9_TLINK] = { p9_link, true },
    [P9_TMKDIR] = { p9_mkdir, true },
    [P9_TRENAMEAT] = { p9_renameat, true },
    [P9_TUNLINKAT] = { p9_unlinkat, true },
    [P9_TVERSION] = { version, false },
    [P9_TATTACH] = { p9_attach, false },
    [P9_TFLUSH] = { flush, false },
    [P9_TWALK] = { p9_walk, false },
    [P9_TREAD] = { p9_read, false },
    [P9_TWRITE] = { p9_write, true },
    [P9_TCLUNK] = { p9_clunk, false },
    [P9_TREMOVE] = { p9_remove, false },
};

/* A new session: nothing of the one before remains (version(5)). */
static P9_HANDLER(version)
{
    uint32_t msize = p9_read_u32(in);
    struct p9_string name = p9_read_string(in);
    bool is_known = name.length == sizeof(P9_VERSION) - 1 &&
        !memcmp(name.text, P9_VERSION, name.length);

    if (!is_read(in) || msize < P9_MSIZE_MIN)
        return EINVAL;
    p9_server_reset(s);
    if (msize < s->msize)
        s->msize = msize;
    p9_write_u32(out, s->msize);
    if (is_known)
        p9_write_string(out, P9_VERSION, sizeof(P9_VERSION) - 1);
    else
        p9_write_string(out, "unknown", 7);
    return 0;
}

/* Whatever it is about has been answered. */
static P9_HANDLER(flush)
{
    (void)s;
    (void)out;
    p9_read_u16(in);
    return is_read(in) ? 0 : EINVAL;
}

static int dispatch(struct p9_server *s, uint8_t type, struct p9_reader *in,
                    struct p9_writer *out)
{
    if (type >= sizeof(handlers) / sizeof(handlers[0]) ||
        !handlers[type].handle)
        return EOPNOTSUPP;
    if (handlers[type].changes && s->settings.read_only)
        return EROFS;
    return handlers[type].handle(s, in, out);
}

size_t p9_server_handle(struct p9_server *s, const void *request,
                        size_t size_bytes, void *reply, size_t room)
{
    struct p9_reader in = p9_reader_of(request, size_bytes);
    struct p9_writer out;
    struct p9_header header;
    int error;

    if (room < s->msize || !p9_read_header(request, size_bytes, &header))
        return 0;
    out = p9_writer_into(reply, s->msize);
    if (header.size_bytes != size_bytes || size_bytes > s->msize)
        error = EINVAL;
    else
        error = dispatch(s, header.type, &in, &out);
    owner_forget(s);
    if (!error && out.failed)
        error = EMSGSIZE;
    if (!error)
        return p9_write_end(&out, (uint8_t)(header.type + 1), header.tag);
    out = p9_writer_into(reply, room);
    p9_write_u32(&out, (uint32_t)error);
    return p9_write_end(&out, P9_RLERROR, header.tag);
}

/* --- life --------------------------------------------------------------------- */

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
    return value ? value : fallback;
}

#define DESCRIPTORS_BESIDES 64u

uint32_t p9_server_descriptors(const struct p9_settings *settings)
{
    return or_default(settings->fid_max, FID_MAX_DEFAULT) +
        or_default(settings->open_max, OPEN_MAX_DEFAULT) +
        P9_LOCK_OWNERS_MAX + DESCRIPTORS_BESIDES;
}

static int set_up(struct p9_server *s, int export_fd,
                  const struct p9_settings *settings)
{
    const char *links = settings->descriptors ? settings->descriptors :
        "/proc/self/fd";
    struct statx st;

    s->settings.read_only = settings->read_only;
    s->settings.msize_max = or_default(settings->msize_max, P9_MSIZE_MAX);
    s->settings.fid_max = or_default(settings->fid_max, FID_MAX_DEFAULT);
    s->settings.open_max = or_default(settings->open_max, OPEN_MAX_DEFAULT);
    if (s->settings.msize_max < P9_MSIZE_MIN ||
        s->settings.msize_max > P9_MSIZE_MAX ||
        s->settings.fid_max > LIMIT_MAX || s->settings.open_max > LIMIT_MAX ||
        strlen(links) + sizeof("/-2147483648") > sizeof(s->link))
        return EINVAL;
    s->link_prefix = (size_t)sprintf(s->link, "%s/", links);
    if (statx(export_fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) < 0)
        return errno;
    if (!S_ISDIR(st.stx_mode))
        return ENOTDIR;
    s->export_major = st.stx_dev_major;
    s->export_minor = st.stx_dev_minor;
    s->export_fd = openat(export_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (s->export_fd < 0)
        return errno;
    s->msize = s->settings.msize_max;
    s->fs_uid = (uint32_t)setfsuid((uid_t)-1);
    s->fs_gid = (uint32_t)setfsgid((gid_t)-1);
    owner_forget(s);
    return fids_init(s);
}

struct p9_server *p9_server_new(int export_fd,
                                const struct p9_settings *settings)
{
    struct p9_server *s = calloc(1, sizeof(*s));
    int error;

    if (!s)
        return NULL;
    s->export_fd = -1;
    error = set_up(s, export_fd, settings);
    if (!error)
        return s;
    p9_server_free(s);
    errno = error;
    return NULL;
}

void p9_server_reset(struct p9_server *s)
{
    fids_clear(s);
    s->msize = s->settings.msize_max;
}

void p9_server_free(struct p9_server *s)
{
    if (!s)
        return;
    if (s->fids && s->nodes && s->opens)
        fids_clear(s);
    fids_free(s);
    if (s->export_fd >= 0) {
        owner_set(s, geteuid(), getegid());
        close(s->export_fd);
    }
    free(s);
}

uint32_t p9_server_msize(const struct p9_server *s)
{
    return s->msize;
}

void p9_server_usage(const struct p9_server *s, struct p9_usage *usage)
{
    *usage = s->usage;
}
