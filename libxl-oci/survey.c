/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "bundle-file.h"
#include "checks.h"
#include "spec.h"
#include "survey-share.h"

static enum source_kind kind_of_mode(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG: return SOURCE_FILE;
    case S_IFDIR: return SOURCE_DIRECTORY;
    case S_IFBLK: return SOURCE_BLOCK;
    default: return SOURCE_OTHER;
    }
}

static enum source_kind kind_of_error(int error)
{
    return error == EXDEV ? SOURCE_OUTSIDE : SOURCE_MISSING;
}

static void look_at_file(struct arena *arena, int fd, bool with_content,
                         struct source_fact *fact)
{
    struct stat st;
    size_t size_bytes;
    int error;

    if (fstat(fd, &st) < 0) {
        fact->error = errno;
        return;
    }
    fact->kind = kind_of_mode(st.st_mode);
    fact->kind_name = bundle_kind_name(st.st_mode);
    fact->mode = st.st_mode & 07777;
    fact->device = st.st_dev;
    fact->inode = st.st_ino;
    fact->number = fact->kind == SOURCE_BLOCK ? st.st_rdev : 0;
    fact->size_bytes = (uint64_t)st.st_size;
    if (fact->kind == SOURCE_DIRECTORY)
        survey_share(arena, fd, fact);
    if (fact->kind != SOURCE_FILE || !with_content)
        return;
    error = bundle_read_file(arena, fd, SOURCE_CONTENT_MAX, &fact->content,
                             &size_bytes);
    if (error == EFBIG)
        fact->content = NULL;
    else if (error)
        fact->error = error;
    else
        fact->size_bytes = size_bytes; /* files of /proc say 0 */
}

/* OCI config.md "Mounts": an absolute source is the administrator's word, a
 * relative one is relative to the bundle and must stay in it. */
static int open_source(const struct bundle *bundle, const char *source)
{
    return source[0] == '/' ? open(source, O_PATH | O_CLOEXEC) :
           bundle_openat(bundle->dir_fd, source, O_PATH);
}

/* -1 when memory is exhausted. */
static int look_up(struct arena *arena, const struct bundle *bundle,
                   const char *source, bool with_content,
                   struct source_fact *fact)
{
    int fd;

    fact->kind_name = "missing";
    if (source[0] == '/')
        fact->path = arena_strdup(arena, source);
    else
        fact->path = arena_printf(arena, "%s/%s", bundle->path, source);
    if (!fact->path)
        return -1;
    fd = open_source(bundle, source);
    if (fd < 0) {
        fact->error = errno;
        fact->kind = kind_of_error(errno);
        return 0;
    }
    look_at_file(arena, fd, with_content, fact);
    close(fd);
    return fact->error == ENOMEM ? -1 : 0;
}

static bool is_bind(const struct spec_mount *mount)
{
    return mount->recursive_bind || (mount->flags & MS_BIND) ||
           (mount->type.value && !strcmp(mount->type.value, "bind"));
}

/* A file system of the host's own disks: {"type":"ext4","source":"/dev/…"} */
static bool is_device(const struct spec_mount *mount)
{
    return mount->source.value && !strncmp(mount->source.value, "/dev/", 5);
}

static int look_at_mounts(struct arena *arena, const struct bundle *bundle,
                          const struct spec *spec, struct survey *survey)
{
    size_t i;

    /* one more: an array of none must not look like exhausted memory */
    survey->mounts = ARENA_ARRAY(arena, struct source_fact,
                                 spec->n_mounts + 1);
    if (!survey->mounts)
        return -1;
    for (i = 0; i < spec->n_mounts; i++) {
        const struct spec_mount *mount = &spec->mounts[i];

        if (!mount->source.value || !(is_bind(mount) || is_device(mount)))
            continue;
        if (look_up(arena, bundle, mount->source.value, is_bind(mount),
                    &survey->mounts[i]) < 0)
            return -1;
    }
    return 0;
}

static int look_at_vm(struct arena *arena, const struct bundle *bundle,
                      const struct spec_vm *vm, struct survey *survey)
{
    const struct {
        const struct spec_string *name;
        struct source_fact *fact;
        bool with_content;
    } rows[] = {
        { &vm->kernel_path, &survey->kernel, false },
        { &vm->kernel_initrd, &survey->initrd, false },
        { &vm->image_path, &survey->image, false },
        { &vm->hw_device_tree, &survey->device_tree, true },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *path = rows[i].name->value;

        if (path && path[0] &&
            look_up(arena, bundle, path, rows[i].with_content,
                    rows[i].fact) < 0)
            return -1;
    }
    return 0;
}

/* As the container would see them: links are followed inside its root. */
static int look_at_loads(struct arena *arena, const struct spec *spec,
                         struct survey *survey)
{
    const struct open_how how = {
        .flags = O_PATH | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    size_t i;

    survey->loads = ARENA_ARRAY(arena, struct source_fact,
                                spec->accelerators.count + 1);
    if (!survey->loads)
        return -1;
    for (i = 0; i < spec->accelerators.count; i++) {
        struct source_fact *fact = &survey->loads[i];
        int fd;

        fact->path = spec->accelerators.items[i].load.value;
        if (!fact->path)
            continue;
        fd = survey->rootfs_fd < 0 ? -1 :
             (int)syscall(SYS_openat2, survey->rootfs_fd, fact->path, &how,
                          sizeof(how));
        if (fd < 0)
            continue;
        look_at_file(arena, fd, false, fact);
        close(fd);
    }
    return 0;
}

/* Nothing is said of a root that was told wrongly; what vm.image was meant to
 * be makes it needless. */
static void open_root(struct arena *arena, const struct bundle *bundle,
                      const struct spec *spec, struct survey *survey,
                      struct report *report)
{
    if (spec->vm.image_path.value ||
        spec_is_faulty(spec, &spec->vm.image_path) ||
        spec_is_faulty(spec, &spec->root_path))
        return;
    survey->rootfs_fd = bundle_open_rootfs(bundle, spec, report);
    survey->has_errors = survey->rootfs_fd < 0;
    if (survey->has_errors)
        return;
    survey->rootfs.kind = SOURCE_DIRECTORY;
    survey_share(arena, survey->rootfs_fd, &survey->rootfs);
}

struct survey *survey_take(struct arena *arena, const struct bundle *bundle,
                           const struct spec *spec, struct report *report)
{
    struct report_where where = { .file = bundle->config_file };
    struct survey *survey = ARENA_NEW(arena, struct survey);

    if (survey)
        survey->rootfs_fd = -1;
    if (!survey || look_at_mounts(arena, bundle, spec, survey) < 0 ||
        look_at_vm(arena, bundle, &spec->vm, survey) < 0) {
        report_check(report, OUT_OF_MEMORY, &where, "memory is exhausted");
        return NULL;
    }
    open_root(arena, bundle, spec, survey, report);
    if (!look_at_loads(arena, spec, survey))
        return survey;
    report_check(report, OUT_OF_MEMORY, &where, "memory is exhausted");
    survey_close(survey);
    return NULL;
}

int survey_reopen(const struct bundle *bundle, const char *source,
                  const struct source_fact *fact)
{
    int fd = open_source(bundle, source), error = 0;
    struct stat st;

    if (fd < 0)
        return -1;
    if (fstat(fd, &st))
        error = errno;
    else if (!S_ISDIR(st.st_mode) || st.st_dev != fact->device ||
             st.st_ino != fact->inode)
        error = ESTALE;
    if (!error)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

void survey_close(struct survey *survey)
{
    if (survey && survey->rootfs_fd >= 0) {
        close(survey->rootfs_fd);
        survey->rootfs_fd = -1;
    }
}
