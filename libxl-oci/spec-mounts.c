/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts and their options, devices. */
#include "spec-rows.h"

#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/arena.h"

#ifndef MS_LAZYTIME
#define MS_LAZYTIME (1 << 25)
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

/* config.md "Linux mount options"; what is not here goes to the file system */
static const struct mount_option {
    const char *name;
    enum { FLAG, CLEAR, PROPAGATION, NOTHING_TO_DO, COPY_UP, RECURSIVE_BIND,
           REFUSED } what;
    uint64_t flags;
} mount_options[] = {
    { "defaults", NOTHING_TO_DO, 0 },
    { "async", CLEAR, MS_SYNCHRONOUS },
    { "atime", CLEAR, MS_NOATIME },
    { "bind", FLAG, MS_BIND },
    { "dev", CLEAR, MS_NODEV },
    { "diratime", CLEAR, MS_NODIRATIME },
    { "dirsync", FLAG, MS_DIRSYNC },
    { "exec", CLEAR, MS_NOEXEC },
    { "iversion", FLAG, MS_I_VERSION },
    { "lazytime", FLAG, MS_LAZYTIME },
    { "loud", CLEAR, MS_SILENT },
    { "mand", FLAG, MS_MANDLOCK },
    { "noatime", FLAG, MS_NOATIME },
    { "nodev", FLAG, MS_NODEV },
    { "nodiratime", FLAG, MS_NODIRATIME },
    { "noexec", FLAG, MS_NOEXEC },
    { "noiversion", CLEAR, MS_I_VERSION },
    { "nolazytime", CLEAR, MS_LAZYTIME },
    { "nomand", CLEAR, MS_MANDLOCK },
    { "norelatime", CLEAR, MS_RELATIME },
    { "nostrictatime", CLEAR, MS_STRICTATIME },
    { "nosuid", FLAG, MS_NOSUID },
    { "nosymfollow", FLAG, MS_NOSYMFOLLOW },
    { "private", PROPAGATION, MS_PRIVATE },
    { "rbind", RECURSIVE_BIND, MS_BIND | MS_REC },
    { "relatime", FLAG, MS_RELATIME },
    { "remount", FLAG, MS_REMOUNT },
    { "ro", FLAG, MS_RDONLY },
    { "rprivate", PROPAGATION, MS_PRIVATE | MS_REC },
    { "rshared", PROPAGATION, MS_SHARED | MS_REC },
    { "rslave", PROPAGATION, MS_SLAVE | MS_REC },
    { "runbindable", PROPAGATION, MS_UNBINDABLE | MS_REC },
    { "rw", CLEAR, MS_RDONLY },
    { "shared", PROPAGATION, MS_SHARED },
    { "silent", FLAG, MS_SILENT },
    { "slave", PROPAGATION, MS_SLAVE },
    { "strictatime", FLAG, MS_STRICTATIME },
    { "suid", CLEAR, MS_NOSUID },
    { "symfollow", CLEAR, MS_NOSYMFOLLOW },
    { "sync", FLAG, MS_SYNCHRONOUS },
    { "tmpcopyup", COPY_UP, 0 },
    { "unbindable", PROPAGATION, MS_UNBINDABLE },
    /* recursive attributes need mount_setattr(2) on what is mounted below,
     * which a volume of a domain never has */
    { "rro", FLAG, MS_RDONLY }, { "rrw", CLEAR, MS_RDONLY },
    { "rnosuid", FLAG, MS_NOSUID }, { "rsuid", CLEAR, MS_NOSUID },
    { "rnodev", FLAG, MS_NODEV }, { "rdev", CLEAR, MS_NODEV },
    { "rnoexec", FLAG, MS_NOEXEC }, { "rexec", CLEAR, MS_NOEXEC },
    { "rnodiratime", FLAG, MS_NODIRATIME },
    { "rdiratime", CLEAR, MS_NODIRATIME },
    { "rrelatime", FLAG, MS_RELATIME },
    { "rnorelatime", CLEAR, MS_RELATIME },
    { "rnoatime", FLAG, MS_NOATIME }, { "ratime", CLEAR, MS_NOATIME },
    { "rstrictatime", FLAG, MS_STRICTATIME },
    { "rnostrictatime", CLEAR, MS_STRICTATIME },
    { "rnosymfollow", FLAG, MS_NOSYMFOLLOW },
    { "rsymfollow", CLEAR, MS_NOSYMFOLLOW },
    { "idmap", REFUSED, 0 }, { "ridmap", REFUSED, 0 },
};

static const struct mount_option *find_option(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(mount_options) / sizeof(*mount_options); i++)
        if (!strcmp(mount_options[i].name, name))
            return &mount_options[i];
    return NULL;
}

/* Options take effect in order: a later one undoes an earlier one. */
static void apply_option(struct reader *r, const struct mount_option *option,
                         const struct json *j, struct spec_mount *m)
{
    switch (option->what) {
    case RECURSIVE_BIND:
        m->recursive_bind = true;
        /* fall through */
    case FLAG:
        m->flags |= option->flags;
        m->clear_flags &= ~option->flags;
        break;
    case CLEAR:
        m->flags &= ~option->flags;
        m->clear_flags |= option->flags;
        break;
    case PROPAGATION:
        m->propagation = option->flags;
        break;
    case COPY_UP:
        m->copy_up = true;
        break;
    case REFUSED:
        spec_fail(r, CHECK_SPEC_MOUNT_OPTION, j,
                  "\"%s\": id-mapped mounts are not in this version",
                  option->name);
        break;
    case NOTHING_TO_DO:
        break;
    }
}

void check_mount_options(struct reader *r, const struct spec_row *row,
                         const struct json *j, void *base)
{
    struct spec_mount *m = base;
    const struct json *item;
    size_t size = 1;
    char *data, *end;

    (void)row;
    for (item = spec_next_string(j->child); item;
         item = spec_next_string(item->next))
        size += strlen(item->text) + 1;
    data = end = spec_alloc(r, size, 1);
    if (!data)
        return;
    for (item = spec_next_string(j->child); item;
         item = spec_next_string(item->next)) {
        const struct mount_option *option = find_option(item->text);

        if (option) {
            apply_option(r, option, item, m);
        } else if (*item->text) {
            if (end != data)
                *end++ = ',';
            end = stpcpy(end, item->text);
        }
    }
    m->data = data;
}

void check_mount(struct reader *r, const struct spec_row *row,
                 const struct json *j, void *base)
{
    (void)row;
    (void)base;
    if (!*j->text)
        spec_fail(r, CHECK_SPEC_EMPTY, j, "the mount has no destination");
    else if (*j->text != '/')
        spec_fail(r, CHECK_SPEC_MOUNT_RELATIVE, j,
                  "\"%s\" is relative; it is mounted on \"/%s\"", j->text,
                  j->text);
}

/* --- devices --------------------------------------------------------------*/

void check_file_mode(struct reader *r, const struct spec_row *row,
                     const struct json *j, void *base)
{
    struct spec_device *d = base;

    (void)r;
    (void)row;
    (void)j;
    /* some engines store st_mode as a whole; the type is in `type` */
    d->file_mode.value &= ~(uint64_t)S_IFMT;
}

static bool is_absent(struct reader *r, const struct spec_i64 *number)
{
    return !number->at && !spec_is_faulty(r->spec, number);
}

void check_device_list(struct reader *r, const struct spec_row *row,
                       const struct json *j, void *base)
{
    const struct spec_linux *l = &((struct spec *)base)->linux_;
    size_t i;

    (void)row;
    (void)j;
    for (i = 0; i < l->n_devices; i++) {
        const struct spec_device *d = &l->devices[i];

        if (d->type.at && strcmp(d->type.value, "p") &&
            (is_absent(r, &d->major) || is_absent(r, &d->minor)))
            spec_fail(r, CHECK_SPEC_DEVICE, d->at,
                      "a device of type \"%s\" needs major and minor",
                      d->type.value);
    }
}
