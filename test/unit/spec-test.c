/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spec*.c: what real tools write is read, and every value arrives. */
#include "tap.h"

#include <dirent.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/report.h"
#include "json.h"
#include "spec.h"

#define CONFIGS "test/data/configs"

static struct arena *arena;
static struct report *report;

static const struct spec *read_spec(const char *text, size_t size)
{
    const struct json *j;

    report_free(report);
    report = report_new();
    j = json_parse(arena, "t.json", text, size, &json_default_limits, report);
    return j ? spec_from_json(arena, j, report) : NULL;
}

static void print_report(void)
{
    struct bytes out = BYTES_INIT;

    report_format_text(report, &out);
    printf("# %s\n", out.size ? bytes_text(&out) : "no report");
    bytes_free(&out);
}

static char *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "r");
    char *text = calloc(1, 1 << 20);

    *size = f ? fread(text, 1, (1 << 20) - 1, f) : 0;
    if (f)
        fclose(f);
    return text;
}

/* What runc spec, umoci and others generate must load. */
static void test_real_configs(void)
{
    DIR *dir = opendir(CONFIGS);
    struct dirent *entry;
    char path[512];
    size_t size, seen = 0;

    while (dir && (entry = readdir(dir))) {
        char *text;

        if (*entry->d_name == '.')
            continue;
        snprintf(path, sizeof(path), CONFIGS "/%s", entry->d_name);
        text = read_file(path, &size);
        if (!ok(read_spec(text, size) != NULL, "loads: %s", entry->d_name))
            print_report();
        free(text);
        seen++;
    }
    ok(seen >= 4, "%zu real configurations", seen);
    if (dir)
        closedir(dir);
}

static void test_versions(void)
{
    static const char *const good[] = {
        "1.0.0", "1.0.0-rc5", "1.0.1", "1.0.2", "1.0.2-dev", "1.1.0",
        "1.2.0", "1.2.1", "1.3.0", "1.3.0+dev", "1.9.0",
    };
    static const char *const bad[] = {
        "", "1", "1.0", "0.9.0", "2.0.0", "1.0.x", "v1.0.0", "1.0.0.0",
        "01000000.0.0", "-1.0.0",
    };
    char text[200];
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
        snprintf(text, sizeof(text),
                 "{\"ociVersion\":\"%s\",\"root\":{\"path\":\"r\"}}", good[i]);
        ok(read_spec(text, strlen(text)) != NULL, "version %s", good[i]);
    }
    for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        snprintf(text, sizeof(text),
                 "{\"ociVersion\":\"%s\",\"root\":{\"path\":\"r\"}}", bad[i]);
        ok(!read_spec(text, strlen(text)), "version \"%s\" refused", bad[i]);
    }
}

static void test_process(const struct spec_process *p)
{
    ok(p->at && p->terminal.value && p->console_height.value == 25 &&
       p->console_width.value == 80, "terminal and size");
    is_str(p->cwd.value, "/work", "cwd");
    ok(p->args.count == 3 && !strcmp(p->args.values[2], "a\nb\"") &&
       !p->args.values[3], "args, byte for byte");
    ok(p->env.count == 2 && !strcmp(p->env.values[1], "E="), "env");
    ok(p->user.uid.value == 1000 && p->user.gid.value == 1001 &&
       p->user.umask.value == 18 && p->user.additional_gids.count == 2 &&
       p->user.additional_gids.values[1] == 6, "user");
    ok(p->capabilities.bounding.value == (1u << 12 | 1u << 21) &&
       p->capabilities.effective.value == 1u << 12 &&
       p->capabilities.ambient.at && !p->capabilities.ambient.value &&
       !p->capabilities.inheritable.at, "capabilities");
    ok(p->n_rlimits == 2 && p->rlimits[0].resource == 7 &&
       p->rlimits[0].soft.value == 10 && p->rlimits[1].resource == 4 &&
       p->rlimits[1].hard.value == UINT64_MAX, "rlimits");
    ok(p->no_new_privileges.value && p->oom_score_adj.value == -5,
       "noNewPrivileges, oomScoreAdj");
    ok(p->scheduler.policy_number == 3 && p->scheduler.nice.value == -7 &&
       p->scheduler.flags_mask == 1, "scheduler");
    ok(p->io_priority_value == (2u << 13 | 3) && p->io_priority.value == 3,
       "ioPriority");
}

static void test_mounts(const struct spec *s)
{
    const struct spec_mount *m = s->mounts;

    is_int((long long)s->n_mounts, 2, "two mounts");
    ok(m->flags == (MS_NOSUID | MS_NODEV) && m->clear_flags == MS_RDONLY &&
       m->copy_up && m->propagation == (MS_SLAVE | MS_REC),
       "flags, in the order of the options");
    is_str(m->data, "size=64k,mode=755", "data keeps the rest");
    ok(m[1].recursive_bind && m[1].flags == (MS_BIND | MS_REC | MS_RDONLY),
       "rbind, ro");
    is_str(m[1].data, "", "no data");
    ok(!m[1].type.at, "an empty type counts as absent");
}

static void test_linux(const struct spec_linux *l)
{
    ok(l->n_namespaces == 7 && l->namespaces[0].clone_flag == CLONE_NEWPID,
       "namespaces");
    ok(l->n_uid_mappings == 1 && l->uid_mappings[0].host_id.value == 100000 &&
       l->n_gid_mappings == 1 && l->gid_mappings[0].size.value == 65536,
       "id mappings");
    ok(l->n_time_offsets == 1 && !strcmp(l->time_offsets[0].clock,
       "boottime") && l->time_offsets[0].secs.value == -86400 &&
       l->time_offsets[0].nanosecs.value == 5, "time offsets");
    ok(l->n_devices == 1 && l->devices[0].minor.value == 229 &&
       l->devices[0].file_mode.value == 0660, "device without type in mode");
    ok(l->sysctl.count == 1 && !strcmp(l->sysctl.items[0].value, "1"),
       "sysctl");
    ok(l->masked_paths.count == 1 && l->readonly_paths.count == 1,
       "masked and read-only paths");
    ok(l->rootfs_propagation_flags == MS_SLAVE, "rootfsPropagation");
    ok(l->personality == 8, "personality");
    ok(l->resources.memory_limit.value == 1 << 26 &&
       l->resources.memory_swap.value == 1 << 26 &&
       l->resources.cpu_quota.value == 50000 &&
       l->resources.cpu_shares.value == 512 &&
       l->resources.pids_limit.value == 32, "resources");
    is_str(l->resources.cpu_cpus.value, "0-1,3", "cpus");
    is_str(l->resources.unified.items[0].key, "memory.high", "unified");
    ok(l->seccomp.n_rules == 1 && l->seccomp.rules[0].n_args == 1 &&
       l->seccomp.rules[0].args[0].value.value == 1ull << 63 &&
       l->seccomp.rules[0].names.count == 2, "seccomp");
}

static void test_all_values(void)
{
    size_t size;
    char *text = read_file("test/data/full.json", &size);
    const struct spec *s = read_spec(text, size);

    if (!ok(s != NULL, "a configuration with everything")) {
        print_report();
        free(text);
        return;
    }
    test_process(&s->process);
    test_mounts(s);
    test_linux(&s->linux_);
    is_str(s->root_path.value, "rootfs", "root");
    ok(s->root_readonly.value, "readonly");
    is_str(s->hostname.value, "h", "hostname");
    ok(s->create_runtime.count == 1 &&
       s->create_runtime.items[0].timeout_s.value == 5 &&
       s->create_runtime.items[0].args.count == 2, "hooks");
    ok(s->vm.hw_memory.value == 1 << 27 && s->vm.hw_vcpus.value == 2,
       "hwconfig, as the Go binding writes it");
    ok(!s->vm.hypervisor_path.at && !s->vm.image_path.at,
       "empty vm objects count as absent");
    ok(s->extension.memory.value == 96ull << 20 &&
       s->extension.vcpus.value == 2, "annotations of ours");
    is_str(s->extension.rootfs.value, "ext4", "rootfs annotation");
    free(text);
}

/* Several mistakes give several diagnostics in one run. */
static void test_all_problems(void)
{
    static const char text[] =
        "{\"ociVersion\": \"2.0.0\", \"hostname\": 1,"
        " \"process\": {\"cwd\": \"x\", \"args\": [], \"user\": {\"uid\": -1}},"
        " \"mounts\": [{}], \"memKB\": 1}";

    ok(!read_spec(text, sizeof(text) - 1), "a bad configuration");
    is_int((long long)report_errors(report), 7, "seven errors in one run");
    is_int((long long)report_count(report, REPORT_NOTE), 1, "and a note");
}

int main(void)
{
    arena = arena_new();
    test_real_configs();
    test_versions();
    test_all_values();
    test_all_problems();
    report_free(report);
    arena_free(arena);
    return done_testing();
}
