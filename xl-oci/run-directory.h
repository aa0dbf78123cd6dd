/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Run directory: what is known of one container, in files that outlive every
 * process: <run root>/<name>/, root only, each file written atomically.
 *
 *   lock     locked (F_OFD_SETLK) by the command and the monitor together (one
 *            open file description): held means that somebody takes care of it
 *   record   the container_record below, JSON
 *   claim    what it holds of the host's devices (claim-file.h), while its
 *            domain exists or is about to
 *   device-tree  the partial device tree of these, likewise
 *   shares   the directories that it shares (share-holders.h), likewise
 *   share-N, share-N-failed  the backend of a 9pfs share (share-backend.h),
 *            and how it ended before the domain (share-failure.h)
 *   ramdisk  initramfs + payload, removed once the domain is built
 *   log, log.1   console output, bounded (XL_OCI_LOG_BYTES each)
 *   log.lost how many bytes of it could not be written, where some could not
 *   reserve  room for what is written at the end (guest-exit.h)
 */
#ifndef XL_OCI_RUN_DIRECTORY_H
#define XL_OCI_RUN_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct report;

#define XL_OCI_RUN_ROOT "/run/xl-oci"       /* XL_OCI_RUN_ROOT overrides */
#define XL_OCI_LOG_BYTES (1u << 20)

enum container_status {
    CONTAINER_CREATING,     /* until the domain exists, paused */
    CONTAINER_CREATED,      /* paused, complete (-p) */
    CONTAINER_RUNNING,
    CONTAINER_STOPPED,      /* the domain is gone, everything released */
};

enum exit_kind {
    EXIT_NONE,              /* not ended */
    EXIT_EXITED,            /* number: exit status 0..255 */
    EXIT_SIGNALLED,         /* number: signal */
    EXIT_FAILED,            /* before exec: text says where and why */
    EXIT_DESTROYED,         /* the domain was destroyed from outside */
    EXIT_CRASHED,           /* the guest kernel crashed */
    EXIT_UNKNOWN,           /* the guest shut down without a status */
};

struct container_exit {
    enum exit_kind kind;
    int number;
    const char *text;       /* from the guest: cleaned, bounded; or NULL */
};

struct container_record {
    const char *name;               /* id and Xen domain name */
    const char *uuid;               /* known before the domain exists */
    const char *bundle;             /* absolute path */
    const char *oci_version;
    enum container_status status;   /* as last written; see record_status() */
    int64_t domid;                  /* -1: none (yet, or any more) */
    pid_t monitor_pid;              /* 0: none */
    int64_t created_s;              /* seconds since the epoch */
    struct container_exit exit;
    /* argv of poststop hooks etc. are read again from the saved config */
    const char *config_path;        /* copy of config.json in the directory */
    const char *const *annotations; /* key, value, …, NULL */
};

/* The shell's convention: status; 128 + signal; 125 for everything that is
 * not the process's own end. */
int exit_to_code(const struct container_exit *e);
const char *exit_kind_name(enum exit_kind kind);
const char *container_status_name(enum container_status status); /* OCI's */

/* Root of all run directories: $XL_OCI_RUN_ROOT or XL_OCI_RUN_ROOT. */
const char *run_root(void);

/* Is name fit for a directory and a Xen domain? [A-Za-z0-9][A-Za-z0-9_.-]* up
 * to 80 bytes. */
bool run_name_is_valid(const char *name);

/*
 * Makes the directory of a new container and takes its lock. *lock_fd is
 * inheritable by choice of the caller (O_CLOEXEC set). Returns the directory's
 * descriptor; -1 with errors: name taken (alive or stopped: remedy names
 * oci-delete), no permission, full.
 */
int run_create(const char *name, int *lock_fd, struct report *report);

/* Opens an existing one; -1 with errno (ENOENT: there is none). */
int run_find(const char *name);

/* The same; -1 with errors (container-unknown). */
int run_open(const char *name, struct report *report);

/* Is the lock held, i.e. is a command or monitor alive for it? */
bool run_is_attended(int dir_fd);

/* Has the open directory been removed meanwhile, or is it being removed? */
bool run_is_removed(const char *name, int dir_fd);

/* Takes the lock of an unattended directory; -1 when somebody holds it. */
int run_lock(int dir_fd);

int record_write(int dir_fd, const struct container_record *record,
                 struct report *report);
/* NULL with errors when absent or damaged. Strings live in arena. */
const struct container_record *record_read(struct arena *arena, int dir_fd,
                                           const char *name,
                                           struct report *report);

/* Removes the directory with all it holds (no links followed). */
int run_remove(const char *name, struct report *report);

/* Removes what creations and removals that were killed have left half done. */
void run_sweep(void);

/* Names of all run directories, sorted, NULL-terminated. */
char **run_list(struct arena *arena, struct report *report);

#endif
