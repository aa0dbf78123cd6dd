/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bundle.h"

#include "json.h"
#include "spec.h"

const struct spec *bundle_spec(struct arena *arena,
                               const struct bundle *bundle,
                               struct report *report)
{
    const struct json *config, *side = NULL;
    const struct spec *spec;

    config = json_parse(arena, bundle->config_file, bundle->config,
                        bundle->config_bytes, &json_default_limits, report);
    if (bundle->side)
        side = json_parse(arena, bundle->side_file, bundle->side,
                          bundle->side_bytes, &json_default_limits, report);
    spec = config ? spec_read(arena, config, side, report) : NULL;
    return side || !bundle->side ? spec : NULL;
}
