/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whether some rule may fire is asked before a record is copied to the ring.
 * The filters of a hook are programs of their own, made from the rules: a tail
 * call from a subprogram ends with the subprogram's caller, so control comes
 * back. The answer lies in the slot, because the verifier takes a tail call
 * for one that never happens, and would remove what follows another result.
 */
#ifndef STOCKADE_LIB_FILTER_H
#define STOCKADE_LIB_FILTER_H

#include "lib/config.bpf.h"
#include "lib/file.bpf.h"
#include "lib/record.bpf.h"

/*
 * By event type; a map for each hook, since only programs of one hook may share
 * one, and a subprogram for each map.
 */
#define FILTERS(hook)                                                                              \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY);                                             \
		__uint(max_entries, EVENT_TYPES);                                                  \
		__type(key, __u32);                                                                \
		__type(value, __u32);                                                              \
	} filters_##hook SEC(".maps");                                                             \
                                                                                                   \
	static __noinline int ask_##hook(void *ctx, __u32 type)                                    \
	{                                                                                          \
		bpf_tail_call(ctx, &filters_##hook, type);                                         \
		return 0;                                                                          \
	}

FILTERS(sys_exit)
FILTERS(functions)
FILTERS(more_functions)

/* How often each filter gave each answer. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, (VERDICT_SUBMIT + 1) * EVENT_TYPE_MAX);
	__type(key, __u32);
	__type(value, __u64);
} verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct host_view);
} host_views SEC(".maps");

/* How often something was mounted. A map of its own, which the agent reads. */
__u32 mount_count SEC(".data.mounts");

static __always_inline void count_mount(__u8 type, long result)
{
	if (result >= 0 && (type == EVENT_MOUNT || type == EVENT_MOVE_MOUNT ||
			    type == EVENT_PIVOT_ROOT || type == EVENT_UMOUNT2))
		__sync_fetch_and_add(&mount_count, 1);
}

/* A view that is known holds until something is mounted, wherever it is remembered. */
static __always_inline __u32 find_host_view(struct slot *slot, __u32 dev)
{
	__u32 mounts = *(volatile __u32 *)&mount_count;
	struct view_of *last = &slot->view;
	struct host_view *found;

	if (last->dev != dev || last->host.mounts != mounts || !last->host.view) {
		found = bpf_map_lookup_elem(&host_views, &dev);
		if (!found || found->mounts != mounts)
			return VIEW_UNKNOWN;
		last->dev = dev;
		last->host = *found;
	}
	return last->host.view;
}

static __always_inline void count_verdict(__u32 verdict, __u32 type)
{
	__u32 key = verdict * EVENT_TYPE_MAX + type;
	__u64 *count = bpf_map_lookup_elem(&verdicts, &key);

	if (count)
		*count += 1;
}

/*
 * What is known of containers, and of processes. The agent writes an
 * entry once, and takes it away when whose it is has gone: one that is freed can
 * become another's while it is being read.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct container_key);
	__type(value, struct known_parts);
} container_parts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct process_key);
	__type(value, struct process_parts);
} process_parts SEC(".maps");

/* Of a process, by its first thread, which has the name that the process has. */
static __always_inline struct process_parts *find_process_parts(struct slot *slot,
								struct task_struct *leader)
{
	struct process_key *key = &slot->frame.process_key;

	key->start_ns = GET(leader, start_boottime);
	key->tgid = GET(leader, tgid);
	key->exec_id = GET(leader, self_exec_id);
	/* What is left of a longer name, before v5.17 (06c5088aeedd), is no part of it. */
	__builtin_memset(key->comm, 0, sizeof(key->comm));
	bpf_probe_read_kernel_str(key->comm, sizeof(key->comm), leader->comm);
	return bpf_map_lookup_elem(&process_parts, key);
}

static __always_inline struct known_parts *find_container_parts(struct slot *slot)
{
	struct container_key *key = &slot->frame.container_key;
	struct container_entry *container;

	key->key = slot->fixed.header.task.container;
	container = key->key ? find_container(key->key) : NULL;
	if (!container)
		return NULL;
	key->start_ns = container->start_ns;
	return bpf_map_lookup_elem(&container_parts, key);
}

/* One more ancestor: a part holds of any of them, and fails of all. */
static __always_inline void add_ancestor(struct known_parts *to, const struct known_parts *found)
{
	if (found && !to->set)
		to->set = found->set;
	if (!found || found->set != to->set) {
		to->holds = ~0ULL;
		return;
	}
	to->holds |= found->holds;
	to->fails &= found->fails;
}

/* As fill_ancestors tells of them: after so many there may be others. */
static __noinline int find_ancestors_parts(struct slot *slot, __u32 count)
{
	struct known_parts *all = &slot->frame.ancestors;
	struct task_struct *ancestor = current_task();
	struct process_parts *found;

	all->holds = 0;
	all->fails = ~0ULL;
	ancestor = GET(ancestor, group_leader, real_parent, group_leader);
	for (__u32 i = 0; i < ANCESTORS_MAX; i++) {
		if (i >= count || !GET(ancestor, tgid))
			return 0;
		found = find_process_parts(slot, ancestor);
		if (!i && found)
			slot->frame.parent = found->parent;
		add_ancestor(all, found ? &found->ancestor : NULL);
		ancestor = GET(ancestor, real_parent, group_leader);
	}
	all->holds = ~0ULL;
	return 0;
}

/* What an event before this one was told is not left there. */
static __always_inline void forget_parts(struct slot *slot)
{
	slot->frame.container.set = 0;
	slot->frame.process.set = 0;
	slot->frame.parent.set = 0;
	slot->frame.ancestors.set = 0;
}

/* Whether more is known of whose an event is than before. */
static __noinline int find_parts(struct slot *slot)
{
	__u8 needs = slot->needs;
	struct filter_frame *frame = &slot->frame;
	struct known_parts *container;
	struct process_parts *own;

	if (needs & NEED_CONTAINER) {
		container = find_container_parts(slot);
		if (container)
			frame->container = *container;
	}
	if (needs & NEED_PROCESS) {
		own = find_process_parts(slot, GET(current_task(), group_leader));
		if (own)
			frame->process = own->own;
	}
	if (needs & (NEED_PARENT | NEED_ANCESTORS))
		find_ancestors_parts(slot, needs & NEED_ANCESTORS ? ANCESTORS_MAX : 1);
	return frame->container.set || frame->process.set || frame->parent.set ||
	       frame->ancestors.set;
}

static __always_inline void prepare_filter(struct slot *slot)
{
	__u8 needs = slot->needs;

	slot->frame.verdict = VERDICT_NONE;
	slot->frame.host_view = VIEW_UNKNOWN;
	if (needs & NEED_HOST_VIEW)
		slot->frame.host_view = find_host_view(slot, slot->fixed.open.file.dev);
	forget_parts(slot);
}

/* A record that is whole, but not yet judged, by the number of its slot. */
static __always_inline int unjudged(struct slot *slot)
{
	return slot->number + 1;
}

static __always_inline bool may_submit(struct slot *slot)
{
	return *(volatile __u32 *)&slot->frame.verdict == VERDICT_SUBMIT;
}

static __noinline int conclude(struct slot *slot, __u32 verdict)
{
	count_verdict(verdict & 3, slot->fixed.header.type);
	if (verdict != VERDICT_DROP) {
		complete_open(slot);
		submit_record(slot, current_task());
	}
	release_slot(slot);
	return 0;
}

#endif
