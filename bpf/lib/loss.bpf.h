/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whatever does not arrive is counted, by reason and by event type. */
#ifndef STOCKADE_LIB_LOSS_H
#define STOCKADE_LIB_LOSS_H

#include "events.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOSS_REASON_MAX *EVENT_TYPE_MAX);
	__type(key, __u32);
	__type(value, __u64);
} losses SEC(".maps");

static __always_inline void count_loss(enum loss_reason reason, __u32 event_type)
{
	__u32 key = reason * EVENT_TYPE_MAX + event_type;
	__u64 *count = bpf_map_lookup_elem(&losses, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
}

#endif
