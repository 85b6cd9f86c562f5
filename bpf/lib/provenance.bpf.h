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

#include "lib/container.bpf.h"
#include "lib/file.bpf.h"
#include "lib/shadow.bpf.h"

#define CLONE_NEWNS 0x20000

/* ---- members ---- */

static __always_inline void set_flags(struct member_entry *member, __u32 flags)
{
	volatile __u8 *bytes = (void *)&member->flags;

	if (flags & MEMBER_ENTERED)
		bytes[0] = 1;
	if (flags & MEMBER_JOINED)
		bytes[1] = 1;
	if (flags & MEMBER_LEFT)
		bytes[2] = 1;
}

/* Whoever is first to say that a member has exited counts it out. */
static __always_inline void depart(struct task_struct *task, struct member_entry *member)
{
	if (member->flags & MEMBER_LEFT || !is_first((__u64)task, member->start_ns))
		return;
	set_flags(member, MEMBER_LEFT);
	depopulate(member->container);
}

static __always_inline void forget(struct task_struct *task)
{
	struct member_entry *member = find_member(task);
	__u64 address = (__u64)task;

	/* What came to this address since has an entry of its own. */
	if (!member || member->start_ns != GET(task, start_boottime))
		return;
	/* A kernel can skip a program: nobody may have seen its exit. */
	depart(task, member);
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
	depart(child, former);
	bpf_map_delete_elem(&members, &address);
}

/* A new entry is this, until it is filled: one would take up too much of the stack. */
const volatile struct member_entry no_member = {};

/* Take a task for a container's, or change what it is to it. */
static __noinline int join(struct task_struct *task, __u64 container, __u32 role, __u32 flags)
{
	struct member_entry *member = find_member(task);
	__u64 address = (__u64)task, before;

	if (member) {
		before = member->container;
		member->role = role;
		set_flags(member, flags);
		if (before != container) {
			populate(container);
			member->container = container;
			member->cgroups = 0;
			depopulate(before);
		}
		return 0;
	}
	if (!bpf_map_update_elem(&members, &address, (void *)&no_member, BPF_NOEXIST))
		member = find_member(task);
	if (!member) {
		count_loss(LOSS_MEMBERS_FULL, EVENT_CLONE);
		return -1;
	}
	populate(container);
	member->container = container;
	member->start_ns = GET(task, start_boottime);
	member->pid = GET(task, pid);
	member->tgid = GET(task, tgid);
	member->role = role;
	set_flags(member, flags);
	return 0;
}

/* A member enters: what it is given now holds for it and for its children. */
static __noinline int begin_entry(struct task_struct *task)
{
	struct member_entry *member = find_member(task);
	struct cred *cred = GET(task, cred);
	struct container_entry *container;

	if (!member)
		return 0;
	container = find_container(member->container);
	member->host_ns = container ? container->host_ns : 0;
	member->caps = CAPABILITIES(cred, cap_bset) | CAPABILITIES(cred, cap_effective);
	member->user_ns = address_of(GET(cred, user_ns));
	for (__u32 i = 0; i < STREAMS; i++)
		member->streams[i] = file_id(open_file(task, i));
	remember(task, member, SHADOW_ALL);
	return 0;
}

/* What held for a member holds for a child. */
static __always_inline void take_after(struct task_struct *child, struct member_entry *parent)
{
	struct member_entry *member = find_member(child);

	if (member)
		bpf_probe_read_kernel(&member->caps, SHADOW_OFFSET - ENTRY_OFFSET, &parent->caps);
}

/* The parent's shadow is that of a new child, except for what it was given of its own. */
static __always_inline void cast_shadow(struct task_struct *child, struct member_entry *parent,
					__u64 clone_flags)
{
	struct member_entry *member = find_member(child);

	if (!member)
		return;
	bpf_probe_read_kernel(&member->ids, sizeof(*member) - SHADOW_OFFSET, &parent->ids);
	remember(child, member, changed_parts(EVENT_CLONE, clone_flags));
}

/* It was on its way in, and is the host's again. */
static __always_inline void leave(struct task_struct *task, struct member_entry *member)
{
	struct end end = { .what = (__u64)task, .start_ns = member->start_ns };

	depart(task, member);
	forget(task);
	/* It may come in again, and end once more. */
	bpf_map_delete_elem(&ends, &end);
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
	struct task_struct *parent = GET(task, real_parent);

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
	struct task_struct *parent = GET(task, real_parent);

	if (pid_ns(task) != pid_ns(parent))
		out->key = KEY_OF_MNT_NS << KEY_SHIFT | mnt_ns_id(mnt_ns(task));
	return out->key;
}

static __always_inline void fill_baseline(struct container_entry *out, struct task_struct *task)
{
	struct cred *cred = GET(task, cred);

	fill_namespaces(&out->ns, task);
	fill_process_id(&out->init, GET(task, group_leader));
	out->mnt_ns_id = mnt_ns_id(mnt_ns(task));
	out->root = (__u64)BPF_CORE_READ(task, fs, root.dentry);
	out->user_ns = (__u64)BPF_CORE_READ(cred, user_ns);
	out->cap_bounding = CAPABILITIES(cred, cap_bset);
	out->cap_effective = CAPABILITIES(cred, cap_effective);
	out->uid = GET(cred, uid.val);
	out->seccomp = GET(task, seccomp.mode);
	out->no_new_privs = GET(task, atomic_flags) & PFA_NO_NEW_PRIVS;
	out->host_ns = host_namespaces(task);
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
		/* Before, its runtime has still to make its mounts. */
		if (state == CONTAINER_RUNNING)
			find_disks(slot->number, address_of(mnt_ns(task)));
		fresh->state = state;
		fresh->start_ns = state == CONTAINER_RUNNING && flags & MEMBER_JOINED
					  ? GET(task, start_boottime)
					  : bpf_ktime_get_boot_ns();
		if (keep_container(fresh))
			key = 0;
	}
	release_slot(slot);
	if (!key)
		return 0;
	join(task, key, role, flags);
	if (state == CONTAINER_RUNNING)
		begin_entry(task);
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
		__u64 key_of_cgroup = cgroup_key(i, container->cgroups[i]);

		if (!container->cgroups[i])
			continue;
		has_cgroup = true;
		if (owner_above(task_cgroup(task, i), i, key_of_cgroup))
			return true;
	}
	if (has_cgroup || bounding & ~container->cap_bounding)
		return false;
	return (__u32)READ(struct task_struct, task, seccomp.mode) >= container->seccomp;
}

static __always_inline bool is_confined(struct task_struct *task, __u64 key)
{
	return shares_confinement(address_of(task), key, CAPABILITIES(GET(task, cred), cap_bset));
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
	struct task_struct *task = current_task();
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
		begin_entry(task);
		return EVENT_NONE;
	}
	if (!owner || !is_running(owner))
		return found(task, owner, CONTAINER_RUNNING, MEMBER_ENTERED) ? EVENT_CONTAINER
									     : EVENT_NONE;
	if (!joins || is_confined(task, owner)) {
		join(task, owner, ROLE_MEMBER, MEMBER_ENTERED);
		begin_entry(task);
		return joins ? EVENT_CONTAINER_EXEC : EVENT_NONE;
	}
	join(task, owner, ROLE_VISITOR, MEMBER_ENTERED);
	return EVENT_CONTAINER_VISIT;
}

/* A new task is what the one that made it is, whatever namespaces and cgroup it begins in. */
static __always_inline void inherit(struct task_struct *child, __u64 clone_flags)
{
	struct task_struct *current = current_task();
	struct member_entry *member = find_member(current);

	forget_former(child);
	if (!member) {
		if (GET(child, nsproxy) != GET(current, nsproxy) ||
		    GET(child, cgroups) != GET(current, cgroups))
			approach(child);
		return;
	}
	join(child, member->container, member->role, member->flags & ~MEMBER_LEFT);
	take_after(child, member);
	cast_shadow(child, member, clone_flags);
	if (clone_flags & CLONE_NEWNS)
		approach(child);
}

#endif
