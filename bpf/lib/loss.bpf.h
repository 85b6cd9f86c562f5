/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whatever does not arrive is counted, by reason and by event type, and by whose it is. */
#ifndef STOCKADE_LIB_LOSS_H
#define STOCKADE_LIB_LOSS_H

#include "lib/member.bpf.h"
#include "lib/read.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOSS_REASON_MAX *EVENT_TYPE_MAX);
	__type(key, __u32);
	__type(value, __u64);
} losses SEC(".maps");

/* A detail of the counts above, of those who lost last. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct loss_key);
	__type(value, __u64);
} container_losses SEC(".maps");

static __noinline int count_container_loss(__u32 reason, __u32 event_type)
{
	struct member_entry *member = find_member(current_task());
	struct loss_key key = { .reason = reason, .type = event_type };
	__u64 *count, one = 1;

	if (member)
		key.container = member->container;
	count = bpf_map_lookup_elem(&container_losses, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&container_losses, &key, &one, BPF_NOEXIST);
	return 0;
}

static __always_inline void count_loss(enum loss_reason reason, __u32 event_type)
{
	__u32 key = reason * EVENT_TYPE_MAX + event_type;
	__u64 *count = bpf_map_lookup_elem(&losses, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
	count_container_loss(reason, event_type);
}

#endif
