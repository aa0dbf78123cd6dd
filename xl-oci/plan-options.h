/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows for the options that shape a plan, the same in every command that
 * makes one: PLAN_OPTION_ROWS(struct create_options, plan), where
 * create_options has a member `struct plan_options plan`.
 */
#ifndef XL_OCI_PLAN_OPTIONS_H
#define XL_OCI_PLAN_OPTIONS_H

#include "command.h"
#include "plan.h"

#define PLAN_OPTION_ROWS(type, member) \
    { 'n', "name", OPTION_STRING, offsetof(type, member.name), "NAME", \
      NULL, "name of container and domain" }, \
    { 'm', "memory", OPTION_SIZE, offsetof(type, member.memory_bytes), \
      "SIZE", NULL, "memory of the domain: bytes, or with K, M, G" }, \
    { 0, "vcpus", OPTION_COUNT, offsetof(type, member.vcpus), "N", NULL, \
      "virtual CPUs of the domain" }, \
    { 0, "rootfs", OPTION_STRING, offsetof(type, member.rootfs), "MODE", \
      NULL, "erofs: read-only image and overlay; ext4: one disk; 9pfs: " \
      "the directory itself, live" }, \
    { 0, "persist", OPTION_STRING, offsetof(type, member.persist_path), \
      "FILE", NULL, "keep what the container writes in FILE" }

#endif
