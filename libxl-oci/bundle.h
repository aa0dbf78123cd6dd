/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bundle: the directory that holds config.json and the root file system,
 * opened once by descriptor; everything in it is reached from there with
 * openat2(), so that no symbolic link in the bundle leads outside it.
 * Survey: what the plan must know of the host's files, looked up here so
 * that the plan itself does no I/O.
 */
#ifndef XLOCI_BUNDLE_H
#define XLOCI_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct report;
struct spec;
struct spec_mount;

struct bundle {
    const char *path;           /* absolute, symbolic links resolved */
    int dir_fd;                 /* O_PATH */
    const char *config_file;    /* as reports name it: "<arg>/config.json" */
    const char *config;         /* its bytes */
    size_t config_bytes;
    const char *side_file;      /* "<arg>/accelerators.json" */
    const char *side;           /* its bytes; NULL: there is none */
    size_t side_bytes;
};

/*
 * Opens the directory and reads config.json, and accelerators.json when it
 * is there (regular files of the bundle, each at most
 * json_default_limits.max_bytes). NULL with errors in report. The
 * descriptor is closed by bundle_close(); memory belongs to arena.
 */
struct bundle *bundle_open(struct arena *arena, const char *path,
                           struct report *report);
void bundle_close(struct bundle *bundle);

/* The spec that the two files say, as far as they can be read (spec_read());
 * NULL with errors in report when one is not JSON. */
const struct spec *bundle_spec(struct arena *arena,
                               const struct bundle *bundle,
                               struct report *report);

/*
 * The root file system's directory (root.path), O_PATH|O_DIRECTORY; relative
 * paths stay beneath the bundle, absolute ones are taken as they are (OCI
 * config.md "Root") but must not end in a symbolic link. -1 with errors.
 */
int bundle_open_rootfs(const struct bundle *bundle, const struct spec *spec,
                       struct report *report);

enum source_kind {
    SOURCE_MISSING,
    SOURCE_OUTSIDE,             /* relative, and a link leads outside */
    SOURCE_FILE,
    SOURCE_DIRECTORY,
    SOURCE_BLOCK,
    SOURCE_OTHER,               /* character device, FIFO, socket */
};

/* A bind mount's source, or a file that vm.* names. */
struct source_fact {
    enum source_kind kind;
    const char *path;           /* absolute path on the host */
    const char *kind_name;      /* "socket", "FIFO", … for messages */
    mode_t mode;                /* permission bits */
    dev_t device;               /* with the inode, what file it is */
    ino_t inode;
    dev_t number;               /* of block devices: which one it is */
    const char *real_path;      /* of directories, without links */
    bool no_xattrs;             /* of directories: the file system has none */
    bool is_exposed;            /* likewise: other users of this host can run
                                 * set-user-ID programs in it */
    const char *mount_below;    /* likewise: where something else is mounted;
                                 * NULL: nowhere */
    uint64_t size_bytes;
    const char *content;        /* of files up to SOURCE_CONTENT_MAX bytes;
                                 * else NULL */
    int error;                  /* errno of a failed look-up, else 0 */
};

#define SOURCE_CONTENT_MAX (1u << 20)

struct survey {
    /* per spec->mounts[i]; path == NULL where the mount is not a bind */
    struct source_fact *mounts;
    struct source_fact kernel, initrd, image;   /* of spec->vm; path NULL
                                                 * when not named */
    struct source_fact device_tree;             /* content: at most 1 MiB */
    /* per spec->accelerators: what is to be loaded, in the rootfs; path NULL
     * when nothing is */
    struct source_fact *loads;
    int rootfs_fd;              /* -1 when vm.image replaces it, or errors were
                                 * reported about it */
    bool has_errors;            /* reported while it was taken */
    struct source_fact rootfs;  /* only what a directory has */
    uint64_t rootfs_bytes;      /* 0: not measured */
};

/*
 * Looks up every host file that the spec names, which may be a faulty one.
 * Absent or unsuitable files are facts, not errors; the plan judges them. A
 * rootfs that cannot be opened is an error, which the survey notes. NULL when
 * memory is exhausted. survey_close() closes rootfs_fd.
 */
struct survey *survey_take(struct arena *arena, const struct bundle *bundle,
                           const struct spec *spec, struct report *report);
void survey_close(struct survey *survey);

/*
 * Opens the directory source, a mount's, again (O_PATH): as it was opened for
 * the fact, never out of the bundle where it is relative, and only when it is
 * the same directory still. -1 with errno; ESTALE: it is another one.
 */
int survey_reopen(const struct bundle *bundle, const char *source,
                  const struct source_fact *fact);

#endif
