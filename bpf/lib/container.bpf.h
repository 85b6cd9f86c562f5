/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Containers, by what is theirs: mount namespaces and cgroups. An entry lives
 * as long as tasks belong to it, and the last one that goes takes it away.
 */
#ifndef STOCKADE_LIB_CONTAINER_H
#define STOCKADE_LIB_CONTAINER_H

#include "lib/disk.bpf.h"
#include "lib/record.bpf.h"

#define CGROUP_LEVELS_MAX 64
#define KEY_SHIFT 60
#define KEY_OF_MNT_NS 15ULL

/* Container by its cgroups: kernfs id, with the hierarchy as in keys. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} cgroup_owners SEC(".maps");

/* Ends of containers and of their tasks, which are counted once: see is_first. */
struct end {
	__u64 what; /* a container's key, a task's address */
	__u64 start_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct end);
	__type(value, __u8);
} ends SEC(".maps");

/* What an agent before this one knew; empty, or its pinned maps. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct member_entry);
} past_members SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct container_entry);
} past_containers SEC(".maps");

static __always_inline __u64 cgroup_key(__u32 hierarchy, __u64 id)
{
	return (__u64)(hierarchy + 1) << KEY_SHIFT | id;
}

/* ---- whose namespace, whose cgroup ---- */

/* The container that has a cgroup or one above it; @wanted is its key, or 0 for any that is there.
 */
static __always_inline __u64 owner_above(struct cgroup *cgroup, __u32 hierarchy, __u64 wanted)
{
	for (int i = 0; i < CGROUP_LEVELS_MAX; i++) {
		__u64 key, *owner;

		if (!cgroup || cgroup_level(cgroup) == 0)
			return 0;
		key = cgroup_key(hierarchy, cgroup_id(cgroup));
		owner = bpf_map_lookup_elem(&cgroup_owners, &key);
		if (owner && (!wanted || wanted == key))
			return *owner;
		cgroup = parent_cgroup(cgroup);
	}
	return 0;
}

/* The container in whose cgroup, or below it, a task is. */
__noinline __u64 owner_by_cgroup(__u64 address)
{
	struct task_struct *task = (void *)address;

	for (__u32 hierarchy = 0; hierarchy < CGROUPS_MAX; hierarchy++) {
		__u64 owner = owner_above(task_cgroup(task, hierarchy), hierarchy, 0);

		if (owner)
			return owner;
	}
	return 0;
}

/*
 * The container that a task comes into, when it comes: a cgroup can be another
 * container's as well, or lie below it, the mount namespace is its own.
 */
static __always_inline __u64 owner_of(struct task_struct *task)
{
	__u64 owner = owner_of_mnt_ns(mnt_ns_id(mnt_ns(task)));

	/* What it made can outlive a container. */
	return find_container(owner) ? owner : 0;
}

/* A task of the container is in a mount namespace: who comes there later comes to the container. */
static __always_inline void own_mnt_ns(struct task_struct *task, __u64 container)
{
	__u64 id;

	if (in_host_mnt_ns(task))
		return;
	id = mnt_ns_id(mnt_ns(task));
	if (!bpf_map_lookup_elem(&mnt_ns_owners, &id))
		bpf_map_update_elem(&mnt_ns_makers, &id, &container, BPF_NOEXIST);
}

/* ---- containers ---- */

static __always_inline int own(struct container_entry *container)
{
	__u64 key = container->key, id = container->mnt_ns_id;
	long err = bpf_map_update_elem(&mnt_ns_owners, &id, &key, BPF_ANY);

	for (__u32 i = 0; i < CGROUPS_MAX; i++) {
		if (!container->cgroups[i])
			continue;
		id = cgroup_key(i, container->cgroups[i]);
		err |= bpf_map_update_elem(&cgroup_owners, &id, &key, BPF_ANY);
	}
	if (err)
		count_loss(LOSS_CONTAINERS_FULL, EVENT_CONTAINER);
	return 0;
}

/* Another container can have taken over since: one that got a cgroup after its namespaces. */
static __always_inline void give_up(void *map, __u64 id, __u64 key)
{
	__u64 *owner = bpf_map_lookup_elem(map, &id);

	if (owner && *owner == key)
		bpf_map_delete_elem(map, &id);
}

static __always_inline void disown(struct container_entry *container)
{
	__u64 key = container->key;

	give_up(&mnt_ns_owners, container->mnt_ns_id, key);
	for (__u32 i = 0; i < CGROUPS_MAX; i++)
		give_up(&cgroup_owners, cgroup_key(i, container->cgroups[i]), key);
}

static __always_inline void submit_container(struct slot *slot, __u8 type,
					     struct container_entry *container)
{
	struct container_record *record = (void *)slot->record;

	begin_header(slot, RECORD_CONTAINER, type, 0, current_task());
	record->header.task.container = container->key;
	bpf_probe_read_kernel(&record->container, sizeof(record->container), container);
	submit_record(slot, current_task());
}

/* Say what has become of a container. */
static __noinline int report_container(__u8 type, __u64 key)
{
	struct container_entry *container = find_container(key);
	struct slot *slot;

	if (!container)
		return 0;
	slot = claim_slot(type);
	if (!slot)
		return 0;
	begin_record(slot, struct container_record);
	submit_container(slot, type, container);
	release_slot(slot);
	return 0;
}

static __always_inline void populate(__u64 key)
{
	struct container_entry *container = find_container(key);

	if (container)
		__sync_fetch_and_add(&container->tasks, 1);
}

/*
 * Whether nobody has said so before: of two CPUs at once, one is the first. No
 * atomic operation tells before v5.12 (5ffa25502b5a); a map does.
 */
static __always_inline bool is_first(__u64 what, __u64 start_ns)
{
	struct end end = { .what = what, .start_ns = start_ns };
	__u8 one = 1;

	return !bpf_map_update_elem(&ends, &end, &one, BPF_NOEXIST);
}

/* One task less; the last one ends the container. */
__noinline int depopulate(__u64 key)
{
	struct container_entry *container = find_container(key);

	if (!container)
		return 0;
	__sync_fetch_and_add(&container->tasks, -1);
	if (*(volatile __u64 *)&container->tasks || !is_first(key, container->start_ns))
		return 0;
	report_container(container->state == CONTAINER_RUNNING ? EVENT_CONTAINER_STOP
							       : EVENT_CONTAINER_DISCARD,
			 key);
	disown(container);
	bpf_map_delete_elem(&containers, &key);
	return 0;
}

#endif
