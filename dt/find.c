/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/find.h"

#include <string.h>

#include "base/bytes.h"
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

/* The pattern after what matches the character c, NULL when it does not. */
static const char *match_one(const char *p, char c)
{
    bool negated, found = false;

    if (*p == '?')
        return p + 1;
    if (*p != '[' || !p[1] || !strchr(p + 2, ']'))
        return *p == c ? p + 1 : NULL;
    negated = *++p == '!';
    p += negated;
    do {
        bool range = p[1] == '-' && p[2] && p[2] != ']';

        found |= range ? *p <= c && c <= p[2] : *p == c;
        p += range ? 3 : 1;
    } while (*p && *p != ']');
    return *p && found != negated ? p + 1 : NULL;
}

/*
 * As fnmatch() with FNM_PATHNAME, in which a bundle could make it take years:
 * here a later "*" ends all that an earlier one could still try, as neither
 * goes past a "/".
 */
static bool pattern_matches(const char *p, const char *s)
{
    const char *star = NULL, *tried = NULL, *next;

    while (*s) {
        next = *p == '*' || !*p || (*s == '/') != (*p == '/') ? NULL :
               match_one(p, *s);
        if (*p == '*') {
            star = ++p;
            tried = s;
        } else if (next) {
            if (*s == '/')
                star = NULL;
            p = next;
            s++;
        } else if (star && *tried != '/') {
            p = star;
            s = ++tried;
        } else {
            return false;
        }
    }
    p += strspn(p, "*");
    return !*p;
}

#define MAX_LISTED 8

static const struct dt_node *find_pattern(const struct dt_tree *tree,
                                          const char *name,
                                          const struct report_where *where,
                                          struct report *report)
{
    const struct dt_node *found = NULL;
    struct bytes list = BYTES_INIT;
    size_t i, n = 0;

    for (i = 1; i < tree->n_nodes; i++) {
        if (!pattern_matches(name, tree->nodes[i].path))
            continue;
        found = &tree->nodes[i];
        if (n++ < MAX_LISTED)
            bytes_printf(&list, "%s%s", n > 1 ? ", " : "", found->path);
    }
    if (!n)
        dt_report(report, NODE_UNKNOWN, where,
                  "no node's path is like \"%.200s\"", name);
    else if (n > 1)
        dt_report(report, NODE_AMBIGUOUS, where,
                  "\"%.200s\" is like the paths of %zu nodes: %s%s", name, n,
                  bytes_text(&list) ? bytes_text(&list) : "",
                  n > MAX_LISTED ? ", ..." : "");
    bytes_free(&list);
    return n == 1 ? found : NULL;
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

    if (name[0] == '/' && strpbrk(name, "*?["))
        return find_pattern(tree, name, where, report);
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
