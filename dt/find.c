/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/find.h"

#include <string.h>

#include "base/report.h"
#include "base/suggest.h"
#include "dt/checks.h"
#include "dt/host-tree.h"

/* Whether the typed path names the node, units omitted or not. */
static bool path_matches(const char *typed, const struct dt_node *node)
{
    const char *path = node->path;
    size_t n, m;

    while (*typed == '/' && *path == '/') {
        n = strcspn(++typed, "/");
        m = strcspn(++path, "/");
        if (strncmp(typed, path, n) ||
            (n != m && (path[n] != '@' || n > m || memchr(typed, '@', n))))
            return false;
        typed += n;
        path += m;
    }
    return !*typed && !*path;
}

static void consider_names(struct suggestion *s, const struct dt_node *list)
{
    size_t i;

    for (i = 0; list && i < list->n_properties; i++)
        suggest_consider(s, list->properties[i].name);
}

static void report_unknown(const struct dt_tree *tree, const char *name,
                           const struct report_where *where,
                           struct report *report)
{
    const char *slash = strrchr(name, '/');
    struct suggestion s = suggest_start(slash ? slash + 1 : name);
    size_t i;

    for (i = 1; i < tree->n_nodes; i++)
        suggest_consider_as(&s, tree->nodes[i].name, tree->nodes[i].path);
    if (!slash) {
        consider_names(&s, dt_by_path(tree, "/aliases"));
        consider_names(&s, dt_by_path(tree, "/__symbols__"));
    }
    dt_report(report, NODE_UNKNOWN, where,
              "there is no node \"%.200s\"%s%s%s", name,
              s.best ? "; did you mean " : "", s.best ? s.best : "",
              s.best ? "?" : "");
}

static const struct dt_node *find_path(const struct dt_tree *tree,
                                       const char *name,
                                       const struct report_where *where,
                                       struct report *report)
{
    const struct dt_node *node = dt_by_path(tree, name);
    size_t i;

    for (i = 1; !node && i < tree->n_nodes; i++)
        if (path_matches(name, &tree->nodes[i]))
            node = &tree->nodes[i];
    if (!node) {
        report_unknown(tree, name, where, report);
        return NULL;
    }
    if (!strcmp(node->path, name))
        return node;
    for (i = (size_t)(node - tree->nodes) + 1; i < tree->n_nodes; i++) {
        if (!path_matches(name, &tree->nodes[i]))
            continue;
        dt_report(report, NODE_AMBIGUOUS, where,
                  "\"%s\" is %s or %s", name, node->path,
                  tree->nodes[i].path);
        return NULL;
    }
    return node;
}

static const struct dt_node *by_list(const struct dt_tree *tree,
                                     const char *list, const char *name)
{
    const struct dt_node *node = dt_by_path(tree, list);
    const char *path = node ? dt_string(node, name) : NULL;

    return path ? dt_by_path(tree, path) : NULL;
}

const struct dt_node *dt_find_for(const struct dt_tree *tree,
                                  const char *name,
                                  const struct report_where *where,
                                  struct report *report)
{
    const struct dt_node *alias, *label;

    if (name[0] == '/')
        return find_path(tree, name, where, report);
    alias = by_list(tree, "/aliases", name);
    label = by_list(tree, "/__symbols__", name);
    if (alias && label && alias != label) {
        dt_report(report, NODE_AMBIGUOUS, where,
                  "\"%s\" is the alias of %s and the label of %s", name,
                  alias->path, label->path);
        return NULL;
    }
    if (!alias && !label)
        report_unknown(tree, name, where, report);
    return alias ? alias : label;
}

const struct dt_node *dt_find(const struct dt_tree *tree, const char *name,
                              struct report *report)
{
    struct report_where where = { .file = tree->file };

    return dt_find_for(tree, name, &where, report);
}

const struct dt_node *dt_follow_alias(const struct dt_tree *tree,
                                      const char *name)
{
    char word[DT_MAX_PATH_BYTES + 1];
    size_t n = strcspn(name, ":");

    if (n >= sizeof(word))
        return NULL;
    memcpy(word, name, n);
    word[n] = '\0';
    return word[0] == '/' ? dt_by_path(tree, word) :
           by_list(tree, "/aliases", word);
}
