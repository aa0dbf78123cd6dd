/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* docs/coverage.md from the rows. */
#include "spec.h"

#include "base/bytes.h"

static const struct {
    const char *name, *meaning;
} fates[] = {
    [SPEC_MAPPED] = { "domain", "a property of the Xen domain" },
    [SPEC_IN_GUEST] = { "guest", "done in the guest, by its init" },
    [SPEC_IN_DOM0] = { "Dom0", "done in Dom0" },
    [SPEC_SATISFIED] = { "satisfied", "true of every virtual machine" },
    [SPEC_REFUSED] = { "refused", "an error, unless it asks for nothing" },
    [SPEC_IGNORED] = { "ignored", "noted, without effect" },
};

#define FATES (sizeof(fates) / sizeof(*fates))

static void add_summary(struct bytes *out, const struct spec_property *rows,
                        size_t count)
{
    size_t fate, i, n;

    bytes_add_string(out, "| fate | meaning | properties |\n|---|---|---|\n");
    for (fate = 0; fate < FATES; fate++) {
        for (n = i = 0; i < count; i++)
            n += rows[i].fate == (enum spec_fate)fate;
        bytes_printf(out, "| %s | %s | %zu |\n", fates[fate].name,
                     fates[fate].meaning, n);
    }
}

void spec_format_coverage(struct bytes *out)
{
    size_t count, i;
    const struct spec_property *rows = spec_properties(&count);

    bytes_add_string(out,
        "<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->\n"
        "<!-- printed by `xl oci-coverage`; do not edit -->\n"
        "# Coverage of the OCI runtime specification 1.3\n\n"
        "What becomes of each property of config.json. N stands for any "
        "element, KEY for any name.\nElements of lists and values of maps "
        "share the row of the whole.\n\n");
    add_summary(out, rows, count);
    bytes_add_string(out, "\n| property | type | fate | how, or why not |\n"
                          "|---|---|---|---|\n");
    for (i = 0; i < count; i++)
        bytes_printf(out, "| `%s` | %s | %s | %s |\n", rows[i].path,
                     rows[i].type, fates[rows[i].fate].name, rows[i].how);
}
