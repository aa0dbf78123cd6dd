/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan as JSON, for programs: {"domain": {...}, "lines": [...],
 * "accelerators": [...], "devices": [...], "disks": [...], "files": [...],
 * "program": [...]} and a newline; the second and third where there are any. */
#ifndef XLOCI_PLAN_JSON_H
#define XLOCI_PLAN_JSON_H

#include "plan-lines.h"

struct bytes;

void plan_format_json(struct arena *arena, const struct plan *plan,
                      const struct plan_artifacts *artifacts,
                      const struct plan_line *lines, size_t n_lines,
                      struct bytes *out);

#endif
