/* SPDX-License-Identifier: BSD-2-Clause */
/* What is nobody's to give: Xen's own devices, its console, and what firmware
 * or another processor uses. */
#include "dt/passable-internal.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "dt/chosen.h"
#include "dt/find.h"
#include "dt/host-tree.h"

/* Xen 4.20 drivers/passthrough/arm/smmu.c arm_smmu_of_match */
static const char *const smmus_driven[] = {
    "arm,smmu-v1", "arm,smmu-v2", "arm,mmu-400", "arm,mmu-401",
    "arm,mmu-500", "cavium,smmu-v2", NULL,
};

bool dt_is_smmu_driven(const struct dt_node *iommu)
{
    return iommu->enabled && dt_is_any_compatible(iommu, smmus_driven);
}

/* Xen 4.20 arch/arm/time.c, and what Xen hides of the interrupt controller */
static const char *const xens_own[] = {
    "arm,armv7-timer", "arm,armv8-timer", "arm,armv7-timer-mem",
    "arm,smmu-v3", "arm,gic-v3-its", "arm,gic-v2m-frame", NULL,
};

static bool is_xens(const struct dt_node *node)
{
    return dt_is_gic(node) || dt_is_any_compatible(node, smmus_driven) ||
           dt_is_any_compatible(node, xens_own);
}

static bool is_reserved(const struct dt_node *node)
{
    const char *status = dt_string(node, "status");

    return status && !strcmp(status, "reserved");
}

static void find_consoles(const struct dt_tree *tree,
                          struct dt_consoles *consoles)
{
    const struct dt_node *chosen = dt_by_path(tree, "/chosen");
    const char *name = chosen ? dt_string(chosen, "stdout-path") : NULL;
    const char *line = dt_xens_line(tree).text, *value;
    char word[DT_MAX_PATH_BYTES + 1];
    size_t n;

    *consoles = (struct dt_consoles){ NULL, NULL };
    if (name)
        consoles->stdout_node = dt_follow_alias(tree, name);
    /* Xen 4.20 drivers/char/arm-uart.c dt_uart_init(): as stdout-path */
    if (!line || !dt_line_has(line, "dtuart", &value, &n))
        return;
    n -= n > 1 && *value == '"' && value[n - 1] == '"' ? 2 : 0;
    value += *value == '"';
    if (n >= sizeof(word))
        return;
    memcpy(word, value, n);
    word[n] = '\0';
    consoles->dtuart_node = dt_follow_alias(tree, word);
}

static uint8_t kept_by(enum dt_check_id check)
{
    _Static_assert(DT_CHECK_COUNT < UINT8_MAX, "a check and 1 fit a byte");
    return (uint8_t)(check + 1);
}

int dt_kept_find(struct judge *j)
{
    const struct dt_consoles *c = &j->index.consoles;
    uint8_t *kept = ARENA_ARRAY(j->arena, uint8_t, j->tree->n_nodes);
    size_t i;

    if (!kept)
        return -1;
    find_consoles(j->tree, &j->index.consoles);
    for (i = 0; i < j->tree->n_nodes; i++) {
        const struct dt_node *n = &j->tree->nodes[i];

        kept[i] = is_xens(n) ? kept_by(DT_CHECK_DEVICE_OF_XEN) :
                  n == c->stdout_node || n == c->dtuart_node ?
                  kept_by(DT_CHECK_DEVICE_CONSOLE) :
                  is_reserved(n) ? kept_by(DT_CHECK_DEVICE_RESERVED) :
                  n->parent ? kept[n->parent - j->tree->nodes] : 0;
    }
    j->index.kept = kept;
    return 0;
}

bool dt_is_kept(const struct dt_index *index, const struct dt_tree *tree,
                const struct dt_node *node, enum dt_check_id *why)
{
    uint8_t kept = index->kept[node - tree->nodes];

    if (kept)
        *why = (enum dt_check_id)(kept - 1);
    return kept != 0;
}

static void check_console(struct judge *j, struct dt_device *d)
{
    const struct dt_node *a = j->index.consoles.stdout_node;
    const struct dt_node *b = j->index.consoles.dtuart_node;

    if (a && (dt_is_within(a, d->node) || dt_is_within(d->node, a)))
        dt_refuse(j, d, DT_CHECK_DEVICE_CONSOLE, a,
                  "/chosen/stdout-path names %s", a->path);
    else if (b && (dt_is_within(b, d->node) || dt_is_within(d->node, b)))
        dt_refuse(j, d, DT_CHECK_DEVICE_CONSOLE, b,
                  "dtuart= on Xen's command line names %s", b->path);
}

/* What is disabled counts too: its registers may be in those of the device. */
static void check_node(struct judge *j, struct dt_device *d,
                       const struct dt_node *n)
{
    enum dt_check_id why;

    if (dt_is_memory(n))
        dt_refuse(j, d, DT_CHECK_DEVICE_OVER_MEMORY, n,
                  "%s, which goes along, is memory", n->path);
    if (!dt_is_kept(&j->index, j->tree, n, &why))
        return;
    if (why == DT_CHECK_DEVICE_OF_XEN)
        dt_refuse(j, d, why, n, "Xen itself drives %s", n->path);
    else if (why == DT_CHECK_DEVICE_RESERVED)
        dt_refuse(j, d, why, n, n == d->node ?
                  "its status is \"reserved\"" :
                  "the status of %s is \"reserved\"", n->path);
}

void dt_judge_owner(struct judge *j, struct dt_device *d)
{
    const struct dt_node *n;

    for (n = d->node; n < d->node->end; n++)
        check_node(j, d, n);
    check_console(j, d);
}
