/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Accelerators: the devices of the host that the container uses, described
 * by annotations or by accelerators.json; the same properties in both
 * (xl-oci-bundle(5), "ACCELERATORS").
 */
#include "spec-accelerator.h"

#include <string.h>

#include "base/arena.h"
#include "base/suggest.h"

#define ONE SPEC_PREFIX "accelerator."
#define LIST SPEC_PREFIX "accelerators"

#define MAX_NAME_BYTES 63u
#define MAX_WORDS 16u

static const char spaces[] = " \t\r\n";

static take_value take_device, take_text, take_path, take_kind, take_rates;

const struct accelerator_row accelerator_rows[ACCELERATOR_ROW_COUNT] = {
#define AT(m) offsetof(struct spec_accelerator, m)
    { "", "device", false, AT(device), take_device,
      "the path, alias or label of a node of the host's device tree" },
    { "compatible", "compatible", false, AT(compatible), take_text,
      "a compatible string such as generic-uio" },
    { "load", "load", false, AT(load), take_path,
      "an absolute path in the root file system" },
    { "kind", "kind", false, AT(kind), take_kind,
      "one of mmio, fpga, rpu, dsp, aie" },
    { "nodes", "nodes", true, AT(nodes), accelerator_take_nodes,
      ACCELERATOR_NODES_FORM },
    { "clock-rates", "clockRates", true, AT(clock_rates), take_rates,
      "NAME=HZ with NAME of clock-names or an index, separated by spaces" },
#undef AT
};

void accelerator_fail_form(struct reader *r, const struct accelerator_row *row,
                      const struct json *at, const char *text)
{
    spec_fail(r, CHECK_ACCELERATOR_INVALID, at, "\"%.200s\" is not %s", text,
              row->form);
}

/* --- values ----------------------------------------------------------------*/

bool accelerator_is_plain(const char *text)
{
    const char *s;

    for (s = text; *s; s++)
        if ((unsigned char)*s <= ' ' || *s == 0x7f)
            return false;
    return s != text;
}

static bool take_text(struct reader *r, struct spec_accelerator *a, void *to,
                      const struct json *at, const char *text)
{
    (void)r;
    (void)a;
    *(struct spec_string *)to = (struct spec_string){ at, text };
    return accelerator_is_plain(text);
}

static size_t hex_digits(const char *s)
{
    return strspn(s, "0123456789abcdefABCDEF");
}

/* [SSSS:]BB:DD.F, as lspci writes it */
static bool is_pci(const char *s)
{
    if (hex_digits(s) == 4 && s[4] == ':')
        s += 5;
    return hex_digits(s) == 2 && s[2] == ':' && hex_digits(s + 3) == 2 &&
           s[5] == '.' && s[6] >= '0' && s[6] <= '7' && !s[7];
}

static bool take_device(struct reader *r, struct spec_accelerator *a,
                        void *to, const struct json *at, const char *text)
{
    take_text(r, a, to, at, text);
    if (is_pci(text)) {
        spec_fail(r, CHECK_ACCELERATOR_PCI, at,
                  "%s is the address of a PCI function, and Xen on Arm "
                  "passes none through", text);
        return true;
    }
    return accelerator_is_plain(text);
}

static bool is_clean_path(const char *text)
{
    size_t length = strlen(text);

    return text[0] == '/' && length > 1 && text[length - 1] != '/' &&
           !strstr(text, "//") && !strstr(text, "/./") &&
           !strstr(text, "/../") &&
           strcmp(text + length - 2, "/.") &&
           (length < 3 || strcmp(text + length - 3, "/.."));
}

static bool take_path(struct reader *r, struct spec_accelerator *a, void *to,
                      const struct json *at, const char *text)
{
    (void)r;
    (void)a;
    *(struct spec_string *)to = (struct spec_string){ at, text };
    return is_clean_path(text);
}

static bool take_kind(struct reader *r, struct spec_accelerator *a, void *to,
                      const struct json *at, const char *text)
{
    static const char *const kinds[] = {
        "mmio", "fpga", "rpu", "dsp", "aie",
    };
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (!strcmp(kinds[i], text))
            return take_text(r, a, to, at, text);
    return false;
}

/* The words of text; NULL with no error when memory is exhausted. */
static const char **split(struct reader *r, const char *text, size_t *count)
{
    const char **words = spec_alloc(r, MAX_WORDS + 1, sizeof(*words));
    size_t length;

    *count = 0;
    for (text += strspn(text, spaces); words && *text && *count < MAX_WORDS;
         text += strspn(text, spaces)) {
        length = strcspn(text, spaces);
        words[*count] = arena_printf(r->arena, "%.*s", (int)length, text);
        if (!words[(*count)++])
            r->out_of_memory = true;
        text += length;
    }
    if (words && *text)
        *count = 0;             /* too many words: no form is like that */
    return r->out_of_memory ? NULL : words;
}

bool accelerator_take_nodes(struct reader *r, struct spec_accelerator *a,
                            void *to, const struct json *at,
                            const char *text)
{
    struct spec_strings list = { at, NULL, 0 };
    size_t i;

    (void)a;
    list.values = split(r, text, &list.count);
    for (i = 0; list.values && i < list.count; i++)
        if (strncmp(list.values[i], "/dev/", 5) ||
            !is_clean_path(list.values[i]))
            return false;
    *(struct spec_strings *)to = list;
    return !list.values || list.count > 0;
}

/* "apb_pclk=24000000"; hz fits a cell of clock-frequency. */
static bool parse_rate(struct reader *r, const char *word,
                       struct spec_clock_rate *rate)
{
    const char *equal = strrchr(word, '='), *s;

    if (!equal || equal == word || !equal[1] || strlen(equal) > 11)
        return false;
    for (s = equal + 1; *s; s++) {
        if (*s < '0' || *s > '9')
            return false;
        rate->hz = rate->hz * 10 + (uint64_t)(*s - '0');
    }
    rate->clock = arena_printf(r->arena, "%.*s", (int)(equal - word), word);
    r->out_of_memory |= !rate->clock;
    return rate->hz > 0 && rate->hz <= UINT32_MAX;
}

static bool take_rates(struct reader *r, struct spec_accelerator *a, void *to,
                       const struct json *at, const char *text)
{
    const char **words;
    size_t count = 0, i;

    (void)to;
    words = split(r, text, &count);
    a->clock_rates_at = at;
    a->clock_rates = spec_alloc(r, count + 1, sizeof(*a->clock_rates));
    for (i = 0; words && a->clock_rates && i < count; i++)
        if (!parse_rate(r, words[i], &a->clock_rates[i]))
            return false;
    a->n_clock_rates = i;
    return !words || count > 0;
}

void accelerator_take(struct reader *r, const struct accelerator_row *row,
                 struct spec_accelerator *a, const struct json *at,
                 const char *text)
{
    size_t errors = report_errors(r->report);

    if (!row->take(r, a, (char *)a + row->at, at, text))
        accelerator_fail_form(r, row, at, text);
    if (report_errors(r->report) != errors)
        spec_mark_faulty(r, (char *)a + row->at);
}

/* --- the list of a spec ----------------------------------------------------*/

bool accelerator_is_name(const char *s, size_t length)
{
    return length && length <= MAX_NAME_BYTES && s[0] != '-' &&
           strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") >= length;
}

struct spec_accelerator *accelerator_find(struct reader *r, const char *name)
{
    struct spec_accelerators *all = &r->spec->accelerators;
    size_t i;

    for (i = 0; i < all->count; i++)
        if (all->items[i].name && !strcmp(all->items[i].name, name))
            return &all->items[i];
    return NULL;
}

/* NULL with an error. name NULL: it has none. */
struct spec_accelerator *accelerator_add(struct reader *r, const char *name,
                                    const struct json *at)
{
    struct spec_accelerators *all = &r->spec->accelerators;
    struct spec_accelerator *a;

    if (!all->items)
        all->items = spec_alloc(r, MAX_ACCELERATORS, sizeof(*all->items));
    if (!all->items)
        return NULL;
    if (all->count == MAX_ACCELERATORS) {
        spec_fail(r, CHECK_ACCELERATOR_INVALID, at,
                  "there are more than %u accelerators", MAX_ACCELERATORS);
        return NULL;
    }
    a = &all->items[all->count++];
    a->name = name;
    a->at = at;
    return a;
}

/* --- annotations -----------------------------------------------------------*/

void accelerator_fail_unknown(struct reader *r, const struct json *j,
                         const char *key, bool is_member)
{
    struct suggestion s = suggest_start(key);
    size_t i;

    for (i = is_member ? 0 : 1; i < ACCELERATOR_ROW_COUNT; i++)
        suggest_consider(&s, is_member ? accelerator_rows[i].member :
                             accelerator_rows[i].annotation);
    spec_fail(r, CHECK_ACCELERATOR_INVALID, j,
              "\"%.100s\" is no property of an accelerator%s%s%s", key,
              s.best ? "; did you mean \"" : "", s.best ? s.best : "",
              s.best ? "\"?" : "");
}

/* accelerator.NAME or accelerator.NAME.PROPERTY */
static void read_one(struct reader *r, const struct json *j)
{
    const char *name = j->key + strlen(ONE), *property = strchr(name, '.');
    size_t length = property ? (size_t)(property - name) : strlen(name), i;
    struct spec_accelerator *a;
    const char *copy;

    if (!accelerator_is_name(name, length)) {
        spec_fail(r, CHECK_ACCELERATOR_INVALID, j,
                  "\"%.*s\" is not a name: lower-case letters, digits and "
                  "\"-\"", (int)(length < 100 ? length : 100), name);
        return;
    }
    property = property ? property + 1 : "";
    for (i = 0; i < ACCELERATOR_ROW_COUNT &&
         strcmp(accelerator_rows[i].annotation, property); i++)
        ;
    if (i == ACCELERATOR_ROW_COUNT) {
        accelerator_fail_unknown(r, j, property, false);
        return;
    }
    copy = arena_printf(r->arena, "%.*s", (int)length, name);
    r->out_of_memory |= !copy;
    a = copy ? accelerator_find(r, copy) : NULL;
    if (copy && !a)
        a = accelerator_add(r, copy, j);
    if (a && !*property)
        a->at = j;
    if (a)
        accelerator_take(r, &accelerator_rows[i], a, j, j->text);
}

/* RESOURCE=DEVICE_DATA; names of nodes have no "=" (Devicetree Specification
 * 2.2.1). */
static void read_pair(struct reader *r, const struct json *j,
                      const char *word, size_t length)
{
    const char *equal = memchr(word, '=', length);
    size_t device = equal ? (size_t)(equal - word) : length;
    struct spec_accelerator *a = accelerator_add(r, NULL, j);
    const char *path = arena_printf(r->arena, "%.*s", (int)device, word);
    const char *data = !equal ? "" :
        arena_printf(r->arena, "%.*s", (int)(length - device - 1), equal + 1);

    r->out_of_memory |= !path || !data;
    if (!a || !path || !data)
        return;
    accelerator_take(r, &accelerator_rows[0], a, j, path);
    if (*data)
        accelerator_take(r, &accelerator_rows[2], a, j, data);
}

static void read_list(struct reader *r, const struct json *j)
{
    const char *s = j->text + strspn(j->text, spaces);
    size_t length;

    if (!*s)
        spec_fail(r, CHECK_ACCELERATOR_INVALID, j,
                  "there is no RESOURCE=DEVICE_DATA in it");
    for (; *s; s += strspn(s, spaces)) {
        length = strcspn(s, spaces);
        read_pair(r, j, s, length);
        s += length;
    }
}

bool spec_read_accelerator(struct reader *r, const struct json *j)
{
    if (!strcmp(j->key, LIST)) {
        read_list(r, j);
        return true;
    }
    if (strncmp(j->key, ONE, strlen(ONE)))
        return false;
    read_one(r, j);
    return true;
}

void spec_end_accelerators(struct reader *r)
{
    const struct spec_accelerators *all = &r->spec->accelerators;
    size_t i;

    for (i = 0; i < all->count; i++)
        if (!all->items[i].device.at &&
            !spec_is_faulty(r->spec, &all->items[i].device)) {
            spec_fail(r, CHECK_ACCELERATOR_INVALID, all->items[i].at,
                      "there is no " ONE "%s, which names the device",
                      all->items[i].name);
            spec_mark_faulty(r, &all->items[i].device);
        }
}
