/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One run tells all that is wrong with a configuration, in a fixed order, and
 * nothing that only follows from what was told already. */
#include "tap.h"

#include "plan-build.h"

static const struct plan_options options = { .uuid = NULL };

#define ROOT "\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"rootfs\"}"
#define PROCESS "\"process\":{\"cwd\":\"/\",\"args\":[\"a\"]}"
#define WITH(members) "{" ROOT "," PROCESS "," members "}"
#define MOUNT(members) \
    WITH("\"mounts\":[{\"destination\":\"/m\"," members "}]")
#define LINUX(members) WITH("\"linux\":{" members "}")
#define DEVICE(members) \
    LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"}," \
          "{\"type\":\"ipc\"}],\"devices\":[{" members "}]")
#define HARDWARE(members) "\"vm\":{\"hwConfig\":{" members "}}"
#define ANNOTATION(key, value) \
    "\"annotations\":{\"org.xenproject.oci." key "\":" value "}"

/* checks: in the order of the report, separated by blanks; all of them */
static const struct { const char *name, *text, *checks; } cases[] = {
    { "three stages",
      "{" ROOT ",\"process\":{\"cwd\":\"home\",\"args\":[\"a\"],"
      "\"capabilities\":{\"bounding\":[\"CAP_FLY\"]}},"
      "\"mounts\":[{\"destination\":\"/d\",\"source\":\"/gone\","
      "\"options\":[\"bind\",\"ro\"]},"
      "{\"destination\":\"/z\",\"type\":\"zfs\"}],"
      HARDWARE("\"memory\":1") "}",
      "spec-path-not-absolute spec-capability-unknown mount-source-missing "
      "memory-too-small mount-type-unavailable" },
    { "a process of another type", "{" ROOT ",\"process\":7}", "spec-type" },
    { "no process, and a mount that cannot be",
      "{" ROOT ",\"mounts\":[{\"destination\":\"/z\",\"type\":\"zfs\"}]}",
      "process-absent mount-type-unavailable" },
    { "all elements of a list",
      "{" ROOT ",\"process\":{\"cwd\":\"/\",\"args\":[1,\"a\"],"
      "\"env\":[2,\"x\"]}}", "spec-type spec-type spec-env-format" },

    { "memory of another type, beside too much elsewhere",
      WITH(HARDWARE("\"memory\":\"1\"") ","
           ANNOTATION("memory", "\"1K\"")), "spec-type" },
    { "hardware of another type",
      WITH("\"vm\":{\"hwConfig\":1}," ANNOTATION("memory", "\"1K\"")),
      "spec-type" },
    { "memory by a broken limit", WITH(
      "\"linux\":{\"resources\":{\"memory\":{\"limit\":\"1\"}},"
      "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},"
      "{\"type\":\"ipc\"}]}," ANNOTATION("memory", "\"1K\"")), "spec-type" },
    { "nothing", DEVICE("\"type\":\"p\",\"path\":\"/dev/p\""), "" },
    { "both spellings differ, neither is judged",
      WITH("\"vm\":{\"hwConfig\":{\"memory\":1},\"hwconfig\":{}}"),
      "spec-conflict" },
    { "vCPUs of another type, beside too many",
      WITH(HARDWARE("\"vcpus\":\"2\"") "," ANNOTATION("vcpus", "\"99\"")),
      "spec-type" },
    { "too many vCPUs beside a broken annotation",
      WITH(HARDWARE("\"vcpus\":99") "," ANNOTATION("vcpus", "\"x\"")),
      "spec-extension vcpus-too-many" },
    { "annotations of another type",
      WITH("\"annotations\":1," HARDWARE("\"memory\":1")),
      "spec-type memory-too-small" },
    { "one annotation of another type",
      WITH("\"annotations\":{\"a\":1,\"org.xenproject.oci.vcpus\":\"x\"}"),
      "spec-type spec-extension" },

    { "a kernel that is not absolute",
      WITH("\"vm\":{\"kernel\":{\"path\":\"k\",\"initrd\":\"i\"}}"),
      "spec-path-not-absolute spec-path-not-absolute" },
    { "an image that is not absolute",
      "{\"ociVersion\":\"1.2.0\"," PROCESS
      ",\"vm\":{\"image\":{\"path\":\"i\"}}}", "spec-path-not-absolute" },
    { "an image of another type",
      "{\"ociVersion\":\"1.2.0\"," PROCESS ",\"vm\":{\"image\":"
      "{\"path\":1,\"format\":\"qcow2\"}}}", "spec-type" },

    { "a bind by its type alone, and a missing source",
      MOUNT("\"type\":\"bind\",\"source\":\"/gone\",\"options\":[\"ro\"]"),
      "mount-bind-option mount-source-missing" },
    { "a remount of a bind by its type",
      MOUNT("\"type\":\"bind\",\"options\":[\"remount\",\"ro\"]"), "" },
    { "a source of another type",
      MOUNT("\"source\":1,\"options\":[\"bind\"]"), "spec-type" },
    { "options of another type",
      MOUNT("\"type\":\"none\",\"source\":\"/gone\",\"options\":{}"),
      "spec-type" },
    { "an option of another type",
      MOUNT("\"type\":\"none\",\"options\":[1]"), "spec-type" },
    { "a type of another type", MOUNT("\"type\":1"), "spec-type" },
    { "no destination, and a missing source",
      WITH("\"mounts\":[{\"source\":\"/gone\",\"options\":[\"rbind\"]}]"),
      "spec-missing mount-source-missing" },
    { "an option that is refused, and a missing source",
      MOUNT("\"source\":\"/gone\",\"options\":[\"idmap\",\"rbind\"]"),
      "spec-mount-option mount-source-missing" },
    { "no object, and a missing source",
      WITH("\"mounts\":[1,{\"destination\":\"/m\",\"source\":\"/gone\","
           "\"options\":[\"bind\"]}]"), "spec-type mount-source-missing" },
    { "a terminal, and mounts of another type",
      "{" ROOT ",\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],"
      "\"terminal\":true},\"mounts\":7}", "spec-type" },

    { "a device without a type",
      DEVICE("\"path\":\"/dev/x\",\"major\":1,\"minor\":99"),
      "spec-missing" },
    { "a device with a major of another type",
      DEVICE("\"type\":\"c\",\"path\":\"/dev/x\",\"major\":\"1\","
             "\"minor\":99"), "spec-type" },
    { "a device without a path, and not of the guest",
      DEVICE("\"type\":\"c\",\"major\":1,\"minor\":99"),
      "spec-missing device-unavailable" },
    { "an unknown namespace",
      LINUX("\"namespaces\":[{\"type\":\"pit\"}]"), "spec-name" },
    { "a user namespace with broken mappings",
      LINUX("\"namespaces\":[{\"type\":\"user\"},{\"type\":\"pid\"},"
            "{\"type\":\"network\"},{\"type\":\"ipc\"}],"
            "\"uidMappings\":7"), "spec-type" },
    { "mappings with a broken namespace",
      LINUX("\"namespaces\":[{\"type\":1}],\"uidMappings\":[{"
            "\"containerID\":0,\"hostID\":0,\"size\":1}]"), "spec-type" },
    { "a mapping of another type",
      LINUX("\"namespaces\":[{\"type\":1}],\"uidMappings\":[{"
            "\"containerID\":0,\"hostID\":0,\"size\":\"1\"}]"),
      "spec-type spec-type" },
    { "a path of an unknown namespace",
      LINUX("\"namespaces\":[{\"type\":\"pit\",\"path\":\"/proc/1/ns\"}]"),
      "spec-name namespace-path-refused" },
    { "an unknown action",
      LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},"
            "{\"type\":\"ipc\"}],\"seccomp\":{\"defaultAction\":\"X\"}"),
      "spec-name" },
    { "a flag that is none, and an action without its listener",
      LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},"
            "{\"type\":\"ipc\"}],\"seccomp\":{\"defaultAction\":"
            "\"SCMP_ACT_NOTIFY\",\"flags\":[\"X\"]}"),
      "spec-seccomp spec-name" },
    { "a rule of another type",
      LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},"
            "{\"type\":\"ipc\"}],\"seccomp\":{\"defaultAction\":"
            "\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
            "\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,"
            "\"value\":\"x\",\"op\":\"=\"}]}]}"), "spec-type spec-name" },
    { "a priority of another type",
      "{" ROOT ",\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],"
      "\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"priority\":\"9\"}}}",
      "spec-type" },
    { "a hook without a path",
      WITH("\"hooks\":{\"startContainer\":[{\"args\":[\"a\"]}]}"),
      "spec-missing" },
    { "a permitted capability that is none",
      "{" ROOT ",\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],"
      "\"capabilities\":{\"permitted\":[\"CAP_FLY\"],"
      "\"ambient\":[\"CAP_KILL\"]}}}", "spec-capability-unknown" },
    { "a device of the host that is none",
      WITH(ANNOTATION("accelerator.a", "\"00:02.0\"")),
      "accelerator-pci host-tree-absent" },
};

static void collect(const struct report *report, char *names, size_t room)
{
    const struct diagnostic *d;
    size_t used = 0;

    names[0] = '\0';
    for (d = report_first(report); d && used < room; d = d->next)
        used += (size_t)snprintf(names + used, room - used, "%s%s",
                                 used ? " " : "", d->check->name);
}

int main(void)
{
    char names[1024];
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct made m = make_with(cases[i].text, &options);

        collect(m.report, names, sizeof(names));
        is_str(names, cases[i].checks, cases[i].name);
        ok(!m.plan == (report_errors(m.report) > 0),
           "... and a plan only without errors");
        unmake(&m);
    }
    return done_testing();
}
