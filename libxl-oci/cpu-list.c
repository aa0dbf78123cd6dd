/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu-list.h"

#include <string.h>

static bool parse_number(const char **text, unsigned int *number)
{
    const char *s = *text;

    *number = 0;
    for (; *s >= '0' && *s <= '9'; s++) {
        *number = *number * 10 + (unsigned int)(*s - '0');
        if (*number >= CPU_LIST_MAX)
            return false;
    }
    if (s == *text)
        return false;
    *text = s;
    return true;
}

static bool parse_range(const char **text, struct cpu_list *list)
{
    unsigned int first, last;

    if (!parse_number(text, &first))
        return false;
    last = first;
    if (**text == '-') {
        ++*text;
        if (!parse_number(text, &last) || last < first)
            return false;
    }
    if (last > list->highest)
        list->highest = last;
    for (; first <= last; first++)
        list->bits[first / 8] |= (unsigned char)(1u << first % 8);
    return true;
}

bool cpu_list_parse(const char *text, struct cpu_list *list)
{
    memset(list, 0, sizeof(*list));
    while (parse_range(&text, list)) {
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
    return false;
}

unsigned int cpu_list_count(const struct cpu_list *list)
{
    unsigned int i, count = 0;

    for (i = 0; i < sizeof(list->bits); i++)
        count += (unsigned int)__builtin_popcount(list->bits[i]);
    return count;
}
