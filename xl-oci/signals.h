/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals by name, with the numbers of Linux on arm64, whatever Dom0 is. */
#ifndef XL_OCI_SIGNALS_H
#define XL_OCI_SIGNALS_H

#define SIGNAL_KILL 9
#define SIGNAL_TERM 15

/* "TERM", "sigterm", "15", "RTMIN+3"; -1 when text is no signal. */
int signal_from_text(const char *text);

/* "TERM"; NULL when number has no name. */
const char *signal_name(int number);

/* The name nearest to text, NULL when none is near. */
const char *signal_suggest(const char *text);

#endif
