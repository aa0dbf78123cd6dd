/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/plan-internal.h"

#include <string.h>

#define MAX_CHAIN 8     /* of fixed-factor-clocks */

static const struct dt_node *clock_at(const struct dt_tree *tree,
                                      const struct dt_property *clocks,
                                      size_t at, size_t *n_args)
{
    const struct dt_node *provider = 4 * at + 4 <= clocks->size_bytes ?
        dt_by_phandle(tree, dt_cell(clocks, at)) : NULL;

    *n_args = provider ? dt_cell_or(provider, "#clock-cells", 0) : 0;
    if (provider && *n_args > clocks->size_bytes / 4 - at - 1)
        return NULL;
    return provider;
}

/* What assigned-clock-rates of a node sets that clock to; 0: nothing. */
static uint64_t assigned_rate(const struct dt_tree *tree,
                              const struct dt_node *node,
                              const struct dt_node *wanted,
                              const uint8_t *args, size_t n_args)
{
    const struct dt_property *clocks = dt_property(node, "assigned-clocks");
    const struct dt_property *rates = dt_property(node,
                                                  "assigned-clock-rates");
    size_t at = 0, i, n;

    for (i = 0; clocks && rates && 4 * i + 4 <= rates->size_bytes &&
         4 * at < clocks->size_bytes; i++) {
        const struct dt_node *provider = clock_at(tree, clocks, at, &n);

        if (!provider)
            return 0;
        if (provider == wanted && n == n_args &&
            !memcmp(clocks->value + 4 * (at + 1), args, 4 * n))
            return dt_cell(rates, i);
        at += 1 + n;
    }
    return 0;
}

/* Linux bindings, clock/fixed-clock and clock/fixed-factor-clock. */
static uint64_t static_rate(const struct dt_tree *tree,
                            const struct dt_node *clock)
{
    uint64_t numerator = 1, denominator = 1, hz;
    size_t hops, n;

    for (hops = 0; clock && hops < MAX_CHAIN; hops++) {
        const struct dt_property *clocks = dt_property(clock, "clocks");

        if (dt_is_compatible(clock, "fixed-clock")) {
            hz = dt_cell_or(clock, "clock-frequency", 0);
            hz = hz * numerator / denominator;  /* 32 bits times 32 bits */
            /* clock-frequency of the guest's stub is one cell */
            return hz > UINT32_MAX ? 0 : hz;
        }
        if (!dt_is_compatible(clock, "fixed-factor-clock") || !clocks)
            return 0;
        numerator *= dt_cell_or(clock, "clock-mult", 0);
        denominator *= dt_cell_or(clock, "clock-div", 0);
        if (!denominator || !numerator || numerator > UINT32_MAX ||
            denominator > UINT32_MAX)
            return 0;
        clock = clock_at(tree, clocks, 0, &n);
    }
    return 0;
}

uint64_t dt_clock_rate(const struct dt_tree *tree,
                       const struct dt_node *provider, const uint8_t *args,
                       size_t n_args)
{
    uint64_t hz = static_rate(tree, provider);

    /* Linux applies those of a node when it probes it: the provider, which
     * stays in Dom0, but never the consumer, which is disabled there. */
    return hz || !provider->enabled ? hz :
           assigned_rate(tree, provider, provider, args, n_args);
}
