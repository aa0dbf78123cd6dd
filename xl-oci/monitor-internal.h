/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The monitor's own parts; nothing else includes this. */
#ifndef XL_OCI_MONITOR_INTERNAL_H
#define XL_OCI_MONITOR_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "console-log.h"
#include "domain.h"
#include "guest-exit.h"
#include "monitor.h"
#include "share-backend.h"

struct xs_handle;

/* Descriptors as monitor_spawn() places them. */
enum { MONITOR_CLIENT_FD = 3, MONITOR_LOCK_FD = 4, MONITOR_DIR_FD = 5 };

struct monitor {
    const char *name, *uuid_text;
    unsigned char uuid[16];
    int domid;
    int client_fd;              /* -1: none, or gone */
    bool recover, committed, attached;
    bool ended;                 /* the domain has shut down or is gone */
    struct xc_interface_core *xc;
    struct xs_handle *xs;       /* NULL: xenstored went away */
    int tty_fd;
    struct console_log log;
    uint64_t client_position;   /* of the log, next to be sent */
    uint64_t unlogged_bytes;    /* lost as the log could not be written, and
                                 * not yet told to the client */
    uint64_t lost_bytes;        /* all of them, told or not */
    int64_t deadline_ms;        /* 0: none; see monitor_watch() */
    struct message input;       /* from the client, not yet all written */
    size_t input_done;
    bool input_pending;
    bool guest_reads;           /* see monitor_guest_reads() */
    bool told_time;
    struct share_backend shares[SHARES_MAX];
    struct {                    /* of backends that answer with errors */
        int64_t started_ms;     /* the last one; 0: none */
        int64_t due_ms;         /* the next one; 0: none is */
    } errors[SHARES_MAX];
    unsigned int n_shares;
};

int64_t monitor_now_ms(void);

/* --- monitor-console.c --- */
/* Waits for xenconsoled's pseudo terminal and opens it. 0, or -1 with a
 * reason in text. */
int monitor_attach_console(struct monitor *m, char *text, size_t text_bytes);
/* Opens it again when it has changed (xenconsoled was restarted). */
void monitor_reopen_console(struct monitor *m);
/* Takes what is there; false when there was nothing. */
bool monitor_read_console(struct monitor *m);
void monitor_write_input(struct monitor *m);
/* Until all that the guest has written is in the log. */
void monitor_drain_console(struct monitor *m);

/* --- monitor-shares.c --- */
/* Starts the backends; fds are those of the directories. 0, or -1 with a reason
 * in text. */
int monitor_start_shares(struct monitor *m, const int *fds, unsigned int n_fds,
                         char *text, size_t text_bytes);
/* After the death of another monitor: finds its backends. */
void monitor_find_shares(struct monitor *m);
/* One has ended: tells so, and has the guest answered with errors. */
void monitor_share_ended(struct monitor *m, unsigned int index);
/* Starts those that were to wait. The time until the next is due, in ms; -1:
 * none is. */
int monitor_restart_shares(struct monitor *m);

/* --- monitor-client.c --- */
/* Sends what the client can take now; true while there is more. */
bool monitor_feed_client(struct monitor *m);
/* Sends all, however slow the client is, until it is gone. */
void monitor_flush_client(struct monitor *m);
void monitor_drop_client(struct monitor *m);
bool monitor_client_is_behind(const struct monitor *m);

/* --- monitor-domain.c --- */
/* Watches domain ends, the console's node, the guest's state and exit. */
int monitor_watch(struct monitor *m);
/* Does init relay what arrives on the console? Else an event tells when. */
bool monitor_guest_reads(struct monitor *m);
/* Takes all events; sets ended and deadline_ms. */
void monitor_take_events(struct monitor *m);
void monitor_look(struct monitor *m, struct domain_state *state);
/* The guest's or Xen's word on how it ended, into the file "exit". True when a
 * command has destroyed the domain (container_end()). */
bool monitor_record_exit(struct monitor *m, struct guest_exit *result);
/* Runs `xl-oci oci-reap`, again when it fails. 0 when all is released. */
int monitor_reap(struct monitor *m, bool incomplete);

#endif
