/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reap: the end of a container, from whatever state it is in. Idempotent; the
 * only code that undoes a creation.
 */
#ifndef XL_OCI_REAP_H
#define XL_OCI_REAP_H

#include <stdbool.h>

struct report;

/*
 * To be called by every command for each container it touches, first. Makes
 * the record true when nobody attends to the container (its monitor was
 * killed, or its creator before there was one):
 *   domain alive, creation complete: the monitor is started again
 *   domain ended or gone, or creation incomplete: container_reap(); an
 *   incomplete creation's directory is removed, as it never was a container
 * Attended containers are left alone. 0, or -1 with errors; an unknown name is
 * success (it may have been removed just now).
 */
int container_recover(const char *name, struct report *report);

/* The same for all names of run_list(); errors of one do not stop the rest. */
int container_recover_all(struct report *report);

/*
 * Ends a container now: destroys its domain and waits until its monitor has
 * released everything and recorded the end. signal: what to record as the
 * cause when the guest has left no exit status (9 for oci-kill KILL and
 * oci-delete --force). The directory stays, status "stopped". Already stopped
 * is success. 0, or -1 with errors.
 */
int container_end(const char *name, int signal, struct report *report);

/*
 * Waits until nobody attends to the container any more (its end is recorded)
 * or timeout_ms passed; -1 on timeout.
 */
int container_wait(const char *name, int timeout_ms);

/*
 * Destroys the domain of the record's UUID, if any, collects the exit status,
 * releases what is held, runs the poststop hooks, records "stopped". An
 * incomplete creation stays on record as "creating" for the caller, who
 * removes its directory (or whoever comes next, when that fails). The
 * caller holds the lock of dir_fd. 0, or -1 with errors (record unchanged, to
 * be tried again).
 */
int container_reap(const char *name, int dir_fd, struct report *report);

#endif
