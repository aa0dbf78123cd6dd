/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the 9P server share. */
#ifndef XL_OCI_9P_INTERNAL_H
#define XL_OCI_9P_INTERNAL_H

#include <sys/stat.h>
#include <sys/types.h>

#include "message.h"
#include "server.h"

#define P9_NAME_MAX 255
#define P9_LOCK_OWNERS_MAX 1024
#define P9_XATTR_MAX 65536u            /* XATTR_SIZE_MAX of Linux */
#define P9_XATTR_TOTAL_MAX (1u << 20)  /* of all fids together */

/* Only the first two are ever opened. */
enum p9_kind { KIND_DIRECTORY, KIND_FILE, KIND_SYMLINK, KIND_SPECIAL };

/* An inode that fids refer to; its descriptor is O_PATH. */
struct p9_node {
    uint64_t path;    /* of its qid */
    uint32_t version;
    uint32_t refs;    /* 0: free, and fd is the next free one */
    int fd;           /* -1: none yet, a file just created by its open fid */
    uint8_t kind;
    bool is_root;
};

enum p9_open_kind { OPEN_FREE, OPEN_FILE, OPEN_XATTR_READ, OPEN_XATTR_WRITE };

/* What a fid has beyond its node once it is open, or an xattr's. */
struct p9_open {
    union {
        uint64_t offset;      /* of a directory: where its descriptor is */
        struct p9_xattr *xattr;
    };
    int fd;                   /* OPEN_FREE: the next free one */
    uint8_t kind;
    uint8_t access;           /* O_RDONLY, O_WRONLY, O_RDWR */
    bool has_locks;
};

/* Indices count from 1, 0 is none, so that untouched memory is empty. */
struct p9_fid {
    uint32_t number;
    uint32_t node;            /* 0: the slot is free */
    uint32_t open;
    uint32_t uid;             /* whom new files belong to */
};

/* The locks that one process of the guest holds on one file. */
struct p9_lock_owner {
    uint64_t path;
    uint32_t process;
    uint32_t fid;             /* by which the last lock was taken */
    int fd;                   /* open file description of its own */
};

struct p9_server {
    struct p9_settings settings;
    uint32_t msize;
    int export_fd;
    uint32_t export_major, export_minor;

    struct p9_fid *fids;      /* open addressing; slot_mask + 1 of them */
    uint32_t slot_mask, seed;
    struct p9_node *nodes;
    uint32_t node_free, node_used;
    struct p9_open *opens;
    uint32_t open_free, open_used;
    struct p9_lock_owner *owners;
    struct p9_usage usage;

    uint32_t fs_uid, fs_gid;  /* as setfsuid() and setfsgid() left them */
    char *scratch;            /* P9_XATTR_MAX bytes */
    size_t link_prefix;       /* length of the fixed part of link */
    char link[80];
};

/* --- fid.c ------------------------------------------------------------------ */

int fids_init(struct p9_server *s);
void fids_free(struct p9_server *s);
void fids_clear(struct p9_server *s);

struct p9_fid *fid_find(struct p9_server *s, uint32_t number);

/* The fid where it is one of a file, open or not; else NULL. */
struct p9_fid *fid_of_file(struct p9_server *s, uint32_t number);

/* A directory, open or not; else NULL with the error in *error. */
struct p9_fid *fid_of_directory(struct p9_server *s, uint32_t number,
                                int *error);

/* An open file or directory, else NULL. */
struct p9_open *fid_opened(struct p9_server *s, uint32_t number,
                           struct p9_fid **fid);

/* A fid of node, whose reference it takes. 0 or the error: the number is in
 * use or there are too many. */
int fid_add(struct p9_server *s, uint32_t number, uint32_t node, uint32_t uid);

/* Gives back node, open file and locks. Other fids may move. */
void fid_remove(struct p9_server *s, struct p9_fid *fid);

struct p9_node *node_of(const struct p9_server *s, const struct p9_fid *fid);
struct p9_open *open_of(const struct p9_server *s, const struct p9_fid *fid);

/* A node with one reference which owns fd; 0 and fd closed where there are
 * too many. */
uint32_t node_new(struct p9_server *s, int fd, const struct p9_qid *qid,
                  enum p9_kind kind);
void node_unref(struct p9_server *s, uint32_t node);

/* An entry for a fid that has none; NULL where there are too many. */
struct p9_open *open_new(struct p9_server *s, struct p9_fid *fid,
                         enum p9_open_kind kind);
void open_remove(struct p9_server *s, struct p9_fid *fid);

/* A descriptor that stands for the fid's inode in calls with AT_EMPTY_PATH. */
int fid_descriptor(const struct p9_server *s, const struct p9_fid *fid);

/* --- inode.c ---------------------------------------------------------------- */

/* The name as a C string: 0, or why it is not one of a directory's entry. */
int name_copy(struct p9_string name, char out[P9_NAME_MAX + 1]);

/* The path of a link to fd, valid until the next call. */
const char *descriptor_link(struct p9_server *s, int fd);

/* Opens the inode of fd anew; only for directories and regular files. */
int reopen(struct p9_server *s, int fd, int flags);

/* Has the fid its inode apart from its being open, so that another fid may
 * share it: 0 or the error. */
int fid_need_descriptor(struct p9_server *s, const struct p9_fid *fid);

/* Type, number and version of an inode; 0 or the error. */
int inode_qid(const struct p9_server *s, int fd, const char *name,
              struct p9_qid *qid, enum p9_kind *kind);
void statx_qid(const struct p9_server *s, const struct statx *st,
               struct p9_qid *qid);
struct p9_qid node_qid(const struct p9_node *node);

/* From now on new files belong to these. */
void owner_set(struct p9_server *s, uint32_t uid, uint32_t gid);
/* After a request, and before the first: nothing is done as root. */
void owner_forget(struct p9_server *s);

/* --- requests: 0 or the error ------------------------------------------------ */

#define P9_HANDLER(name) \
    int name(struct p9_server *s, struct p9_reader *in, struct p9_writer *out)

P9_HANDLER(p9_attach);
P9_HANDLER(p9_walk);
P9_HANDLER(p9_clunk);
P9_HANDLER(p9_remove);
P9_HANDLER(p9_lopen);
P9_HANDLER(p9_lcreate);
P9_HANDLER(p9_read);
P9_HANDLER(p9_write);
P9_HANDLER(p9_readdir);
P9_HANDLER(p9_fsync);
P9_HANDLER(p9_getattr);
P9_HANDLER(p9_setattr);
P9_HANDLER(p9_statfs);
P9_HANDLER(p9_symlink);
P9_HANDLER(p9_readlink);
P9_HANDLER(p9_mknod);
P9_HANDLER(p9_mkdir);
P9_HANDLER(p9_link);
P9_HANDLER(p9_renameat);
P9_HANDLER(p9_unlinkat);
P9_HANDLER(p9_xattrwalk);
P9_HANDLER(p9_xattrcreate);
P9_HANDLER(p9_lock);
P9_HANDLER(p9_getlock);

/* Is the message what its type says, to the last byte? */
static inline bool is_read(const struct p9_reader *in)
{
    return !in->failed && in->at == in->end;
}

/* --- xattr.c, lock.c --------------------------------------------------------- */

struct p9_xattr;

/* Tread and Twrite of a fid of an extended attribute. */
int xattr_read(const struct p9_open *open, uint64_t offset, uint32_t count,
               struct p9_writer *out);
int xattr_write(struct p9_open *open, uint64_t offset, const uint8_t *data,
                uint32_t count);
/* Sets what was written; at clunk. */
int xattr_commit(struct p9_server *s, const struct p9_fid *fid);
void xattr_free(struct p9_server *s, struct p9_open *open);

/* Drops the locks that were taken by way of the fid. */
void locks_drop(struct p9_server *s, uint32_t fid);

#endif
