/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XLOCI_SURVEY_SHARE_H
#define XLOCI_SURVEY_SHARE_H

struct arena;
struct source_fact;

/* What sharing the directory depends on. What cannot be had stays as it is,
 * and nothing is concluded from it. */
void survey_share(struct arena *arena, int fd, struct source_fact *fact);

#endif
