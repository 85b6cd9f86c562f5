/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whose is a task? A hash by task address, because every program type can look
 * that up: task storage is refused in cgroup programs before v6.18 and absent
 * before v5.11. It has entries for tasks of containers only.
 */
#ifndef STOCKADE_LIB_MEMBER_H
#define STOCKADE_LIB_MEMBER_H

#include "events.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct member_entry);
} members SEC(".maps");

/* NULL for the host's. */
static __always_inline struct member_entry *find_member(struct task_struct *task)
{
	__u64 address = (__u64)task;

	return bpf_map_lookup_elem(&members, &address);
}

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct container_entry);
} containers SEC(".maps");

static __always_inline struct container_entry *find_container(__u64 key)
{
	return bpf_map_lookup_elem(&containers, &key);
}

#endif
