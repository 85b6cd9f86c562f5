/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How a task comes to belong to a container, and for how long: until it dies.
 *
 * A task is looked at when it may have come in: made, moved to a cgroup, put
 * into other namespaces, and for good at exec. What it is then, its children
 * are; a member never becomes anything else. Names of programs play no part.
 *
 * Known gaps: who enters by hand and never execs stays in setup, since only the
 * exec tells a visitor from a runtime's exec. A container whose root is the
 * host's own root directory, or that has neither a cgroup nor a pid namespace of
 * its own, is not told from a service with private mounts: its tasks are the host's.
 */
#ifndef STOCKADE_LIB_PROVENANCE_H
#define STOCKADE_LIB_PROVENANCE_H

#include "lib/record.bpf.h"

#define PF_EXITING 4
#define PFA_NO_NEW_PRIVS 1
#define CLONE_NEWNS 0x20000
#define CGROUP_LEVELS_MAX 64
#define KEY_SHIFT 60
#define KEY_OF_MNT_NS 15ULL

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct container_entry);
} containers SEC(".maps");

/* Container by the id of the mount namespace it started in. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, __u64);
} mnt_ns_owners SEC(".maps");

/* The same for namespaces that its tasks made later: they may make any number, so these age. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} mnt_ns_makers SEC(".maps");

/* Container by its cgroups: kernfs id, with the hierarchy as in keys. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} cgroup_owners SEC(".maps");

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

static __always_inline struct container_entry *find_container(__u64 key)
{
	return bpf_map_lookup_elem(&containers, &key);
}

/*
 * Global functions are verified once, on their own, which keeps their callers
 * small; they take numbers only. Read anew, an address is one to the verifier.
 */
static __always_inline __u64 address_of(struct task_struct *task)
{
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &task);
	return address;
}

/* ---- whose namespace, whose cgroup ---- */

static __always_inline __u64 owner_of_mnt_ns(__u64 id)
{
	__u64 *owner = bpf_map_lookup_elem(&mnt_ns_owners, &id);

	if (!owner)
		owner = bpf_map_lookup_elem(&mnt_ns_makers, &id);
	return owner ? *owner : 0;
}

struct climb {
	struct cgroup *cgroup;
	__u64 wanted; /* a key of cgroup_owners, or 0 for any that is there */
	__u64 found;  /* the container */
	__u32 hierarchy;
};

static long climb_step(__u32 index, struct climb *climb)
{
	__u64 key, *owner;

	if (!climb->cgroup || cgroup_level(climb->cgroup) == 0)
		return 1;
	key = cgroup_key(climb->hierarchy, cgroup_id(climb->cgroup));
	owner = bpf_map_lookup_elem(&cgroup_owners, &key);
	if (owner && (!climb->wanted || climb->wanted == key)) {
		climb->found = *owner;
		return 1;
	}
	climb->cgroup = parent_cgroup(climb->cgroup);
	return 0;
}

/* The container in whose cgroup, or below it, a task is. */
__noinline __u64 owner_by_cgroup(__u64 address)
{
	struct task_struct *task = (void *)address;

	for (__u32 hierarchy = 0; hierarchy < CGROUPS_MAX; hierarchy++) {
		struct climb climb = {
			.cgroup = task_cgroup(task, hierarchy),
			.hierarchy = hierarchy,
		};

		bpf_loop(CGROUP_LEVELS_MAX, climb_step, &climb, 0);
		if (climb.found)
			return climb.found;
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

	fill_header(slot, RECORD_CONTAINER, type, 0, bpf_get_current_task_btf());
	record->header.task.container = container->key;
	bpf_probe_read_kernel(&record->container, sizeof(record->container), container);
	submit_record(slot);
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

/* One task less; the last one ends the container. */
__noinline int depopulate(__u64 key)
{
	struct container_entry *container = find_container(key);

	if (!container || __sync_fetch_and_sub(&container->tasks, 1) != 1)
		return 0;
	report_container(container->state == CONTAINER_RUNNING ? EVENT_CONTAINER_STOP
							       : EVENT_CONTAINER_DISCARD,
			 key);
	disown(container);
	bpf_map_delete_elem(&containers, &key);
	return 0;
}

/* ---- members ---- */

/* Whoever is first to say that a member has exited counts it out. */
static __always_inline void depart(struct member_entry *member)
{
	if (!(__sync_fetch_and_or(&member->flags, MEMBER_LEFT) & MEMBER_LEFT))
		depopulate(member->container);
}

static __always_inline void forget(struct task_struct *task)
{
	struct member_entry *member = find_member(task);
	__u64 address = (__u64)task;

	/* What came to this address since has an entry of its own. */
	if (member && member->start_ns == task->start_boottime)
		bpf_map_delete_elem(&members, &address);
}

/*
 * A new task has no entry. One that is there is of the task that had its address
 * before, whose end was not seen: a kernel can skip a program.
 */
static __always_inline void forget_former(struct task_struct *child)
{
	struct member_entry *former = find_member(child);
	__u64 address = (__u64)child;

	if (!former)
		return;
	depart(former);
	bpf_map_delete_elem(&members, &address);
}

/* Take a task for a container's, or change what it is to it. */
static __noinline int join(struct task_struct *task, __u64 container, __u32 role, __u32 flags)
{
	struct member_entry *member = find_member(task), fresh = {};
	__u64 address = (__u64)task, before;

	if (member) {
		before = member->container;
		member->role = role;
		__sync_fetch_and_or(&member->flags, flags);
		if (before != container) {
			populate(container);
			member->container = container;
			depopulate(before);
		}
		return 0;
	}
	fresh.container = container;
	fresh.start_ns = task->start_boottime;
	fresh.pid = task->pid;
	fresh.tgid = task->tgid;
	fresh.role = role;
	fresh.flags = flags;
	populate(container);
	if (bpf_map_update_elem(&members, &address, &fresh, BPF_NOEXIST)) {
		count_loss(LOSS_MEMBERS_FULL, EVENT_CLONE);
		depopulate(container);
		return -1;
	}
	return 0;
}

/* It was on its way in, and is the host's again. */
static __always_inline void leave(struct task_struct *task, struct member_entry *member)
{
	depart(member);
	forget(task);
}

/* ---- new containers ---- */

static __always_inline void fill_name(char *name, struct cgroup *cgroup)
{
	if (cgroup)
		bpf_probe_read_kernel_str(name, CGROUP_NAME_LEN, BPF_CORE_READ(cgroup, kn, name));
}

/*
 * The cgroups that are the task's own, not its parent's, and the key that
 * follows; 0 where it has none.
 */
static __noinline __u64 find_own_cgroups(struct task_struct *task, struct container_entry *out)
{
	struct task_struct *parent = task->real_parent;

	for (__u32 i = 0; i < CGROUPS_MAX; i++) {
		struct cgroup *cgroup = task_cgroup(task, i);
		__u32 level = cgroup_level(cgroup);

		if (!level || cgroup == task_cgroup(parent, i))
			continue;
		out->cgroups[i] = cgroup_id(cgroup);
		out->levels[i] = level;
		if (out->key)
			continue;
		out->key = cgroup_key(i, out->cgroups[i]);
		fill_name(out->cgroup, cgroup);
		fill_name(out->cgroup_parent, parent_cgroup(cgroup));
	}
	return out->key;
}

/* Without a cgroup of its own, a pid namespace of its own makes a container. */
static __always_inline __u64 find_own_pid_ns(struct task_struct *task, struct container_entry *out)
{
	struct task_struct *parent = task->real_parent;

	if (pid_ns(task) != pid_ns(parent))
		out->key = KEY_OF_MNT_NS << KEY_SHIFT | mnt_ns_id(mnt_ns(task));
	return out->key;
}

static __always_inline void fill_baseline(struct container_entry *out, struct task_struct *task)
{
	const struct cred *cred = task->cred;

	fill_namespaces(&out->ns, task);
	fill_process_id(&out->init, task->group_leader);
	out->mnt_ns_id = mnt_ns_id(mnt_ns(task));
	out->root = (__u64)BPF_CORE_READ(task, fs, root.dentry);
	out->user_ns = (__u64)BPF_CORE_READ(cred, user_ns);
	out->cap_bounding = CAPABILITIES(cred, cap_bset);
	out->cap_effective = CAPABILITIES(cred, cap_effective);
	out->uid = cred->uid.val;
	out->seccomp = task->seccomp.mode;
	out->no_new_privs = task->atomic_flags & PFA_NO_NEW_PRIVS;
	out->host_ns = host_namespaces(&out->ns);
}

/* Put a container into the map, or in place of itself, with the tasks it has already. */
static __always_inline long keep_container(struct container_entry *fresh)
{
	struct container_entry *known = find_container(fresh->key);
	__u64 key = fresh->key;

	if (known) {
		disown(known);
		fresh->tasks = known->tasks;
	} else if (bpf_map_update_elem(&containers, &key, fresh, BPF_NOEXIST)) {
		count_loss(LOSS_CONTAINERS_FULL, EVENT_CONTAINER);
		return -1;
	} else {
		return own(fresh);
	}
	/* Its count of tasks goes on meanwhile. */
	bpf_probe_read_kernel(&known->start_ns,
			      sizeof(*known) - offsetof(struct container_entry, start_ns),
			      &fresh->start_ns);
	return own(fresh);
}

/* The task's parent has come to the same cgroup: the container is what it was known as. */
static __always_inline __u64 find_known(struct container_entry *out, __u64 key)
{
	struct container_entry *known = find_container(key);

	if (known)
		bpf_probe_read_kernel(out, sizeof(*out), known);
	return out->key;
}

/* A cgroup that is a running container's already does not name another one, too. */
static __always_inline __u64 tell_apart(struct container_entry *out, struct task_struct *task)
{
	struct container_entry *other = find_container(out->key);
	__u64 id = mnt_ns_id(mnt_ns(task));

	if (!other || other->state != CONTAINER_RUNNING || other->mnt_ns_id == id)
		return out->key;
	for (__u32 i = 0; i < CGROUPS_MAX; i++)
		out->cgroups[i] = 0;
	out->key = KEY_OF_MNT_NS << KEY_SHIFT | id;
	return out->key;
}

/*
 * Found a container around a task, as created or as running, and make the task
 * its first member. Returns its key, 0 if it is none.
 *
 * @owner: the created container that the task is in already, or 0.
 */
static __noinline __u64 found(struct task_struct *task, __u64 owner, __u32 state, __u32 flags)
{
	__u32 role = state == CONTAINER_RUNNING ? ROLE_MEMBER : ROLE_SETUP;
	struct slot *slot = claim_slot(EVENT_CONTAINER);
	struct container_entry *fresh;
	__u64 key;

	if (!slot)
		return 0;
	fresh = &begin_record(slot, struct container_record)->container;
	key = find_own_cgroups(task, fresh) ?: find_known(fresh, owner) ?: find_own_pid_ns(task, fresh);
	if (key) {
		key = tell_apart(fresh, task);
		fill_baseline(fresh, task);
		fresh->state = state;
		fresh->start_ns = state == CONTAINER_RUNNING && flags & MEMBER_JOINED
					  ? task->start_boottime
					  : bpf_ktime_get_boot_ns();
		if (keep_container(fresh))
			key = 0;
	}
	release_slot(slot);
	if (key)
		join(task, key, role, flags);
	return key;
}

/* ---- coming in ---- */

/*
 * Whether who joins has taken on the container's confinement, as a runtime sees
 * to. Its cgroups tell; where it has none, the bounding set and seccomp do, unless
 * the container is not confined by them.
 */
__noinline int shares_confinement(__u64 address, __u64 key, __u64 bounding)
{
	struct task_struct *task = (void *)address;
	struct container_entry *container = find_container(key);
	bool has_cgroup = false;

	if (!container)
		return false;
	for (__u32 i = 0; i < CGROUPS_MAX; i++) {
		struct climb climb = { .hierarchy = i };

		if (!container->cgroups[i])
			continue;
		has_cgroup = true;
		climb.cgroup = task_cgroup(task, i);
		climb.wanted = cgroup_key(i, container->cgroups[i]);
		bpf_loop(CGROUP_LEVELS_MAX, climb_step, &climb, 0);
		if (climb.found)
			return true;
	}
	if (has_cgroup || bounding & ~container->cap_bounding)
		return false;
	return (__u32)READ(struct task_struct, task, seccomp.mode) >= container->seccomp;
}

static __always_inline bool is_confined(struct task_struct *task, __u64 key)
{
	return shares_confinement(address_of(task), key, CAPABILITIES(task->cred, cap_bset));
}

static __always_inline bool is_running(__u64 key)
{
	struct container_entry *container = find_container(key);

	return container && container->state == CONTAINER_RUNNING;
}

/* A task that is nobody's yet, or on its way in, may have come closer. */
static __noinline int approach(struct task_struct *task)
{
	struct member_entry *member = find_member(task);
	__u64 owner, before = member ? member->container : 0;

	if (member && member->flags & MEMBER_ENTERED) {
		own_mnt_ns(task, member->container);
		return 0;
	}
	if (in_host_mnt_ns(task)) {
		if (member)
			leave(task, member);
		return 0;
	}
	owner = owner_of(task);
	if (owner && is_running(owner))
		return join(task, owner, ROLE_SETUP, MEMBER_JOINED);
	owner = found(task, owner, CONTAINER_CREATED, 0);
	if (owner && owner != before)
		report_container(EVENT_CONTAINER_CREATE, owner);
	return 0;
}

/*
 * Whether a task runs for a container whose first process still waits: a
 * runtime's hook, which runs a program inside before the container begins.
 */
static __always_inline bool is_hook(struct task_struct *task, __u64 key)
{
	struct task_struct *first = READ(struct pid_namespace, pid_ns(task), child_reaper);
	struct member_entry *member = find_member(first);

	return first != task && member && member->container == key && !is_running(key) &&
	       !(member->flags & MEMBER_ENTERED);
}

/*
 * At exec, for the current task: the first program inside makes a member, or a
 * visitor. Returns what has happened to the container, EVENT_NONE for nothing.
 */
__noinline int enter(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct member_entry *member = find_member(task);
	bool joins = !member || member->flags & MEMBER_JOINED;
	__u64 owner;

	if (member && member->flags & MEMBER_ENTERED)
		return EVENT_NONE;
	if (!is_inside(task)) {
		if (member)
			leave(task, member);
		return EVENT_NONE;
	}
	owner = owner_of(task);
	if (owner && is_hook(task, owner)) {
		join(task, owner, ROLE_MEMBER, MEMBER_ENTERED);
		return EVENT_NONE;
	}
	if (!owner || !is_running(owner))
		return found(task, owner, CONTAINER_RUNNING, MEMBER_ENTERED) ? EVENT_CONTAINER
									     : EVENT_NONE;
	if (!joins || is_confined(task, owner)) {
		join(task, owner, ROLE_MEMBER, MEMBER_ENTERED);
		return joins ? EVENT_CONTAINER_EXEC : EVENT_NONE;
	}
	join(task, owner, ROLE_VISITOR, MEMBER_ENTERED);
	return EVENT_CONTAINER_VISIT;
}

/* A new task is what the one that made it is, whatever namespaces and cgroup it begins in. */
static __always_inline void inherit(struct task_struct *child, __u64 clone_flags)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct member_entry *member = find_member(current);

	forget_former(child);
	if (!member) {
		if (child->nsproxy != current->nsproxy || child->cgroups != current->cgroups)
			approach(child);
		return;
	}
	join(child, member->container, member->role, member->flags & ~MEMBER_LEFT);
	if (clone_flags & CLONE_NEWNS)
		approach(child);
}

#endif
