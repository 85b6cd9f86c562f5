/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How often a container's tasks do what is too frequent to be told of, where somebody asks. */
#ifndef STOCKADE_LIB_ACTIVITY_H
#define STOCKADE_LIB_ACTIVITY_H

#include "lib/config.bpf.h"
#include "lib/member.bpf.h"

enum activity_kind { ACTIVITY_CALLS, ACTIVITY_EXECS, ACTIVITY_FORKS };

/* By container; the agent adds up the CPUs, and forgets containers that have ended. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct activity);
} activity SEC(".maps");

static __noinline int count_activity(enum activity_kind kind)
{
	struct member_entry *member = find_member(current_task());
	struct activity *counts, none = {};
	__u64 key;

	if (!member)
		return 0;
	key = member->container;
	counts = bpf_map_lookup_elem(&activity, &key);
	if (!counts) {
		bpf_map_update_elem(&activity, &key, &none, BPF_NOEXIST);
		counts = bpf_map_lookup_elem(&activity, &key);
	}
	if (!counts)
		return 0;
	if (kind == ACTIVITY_CALLS)
		counts->calls++;
	else if (kind == ACTIVITY_EXECS)
		counts->execs++;
	else
		counts->forks++;
	return 0;
}

#endif
