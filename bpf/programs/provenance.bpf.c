/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whose is every task, beside the hooks on the life of a process
 * (programs/process.bpf.c), on namespaces (programs/syscall.bpf.c) and on cgroups
 * (programs/cgroup.bpf.c), since a runtime moves its child only after making it:
 *
 * sched_process_free, when the task's memory goes; iterators, for the tasks that
 * were there before. The order in this object is the order of attaching: what
 * takes away comes before what adds.
 */
#include "lib/config.bpf.h"
#include "lib/provenance.bpf.h"

SEC("tp_btf/sched_process_free")
int BPF_PROG(task_free, struct task_struct *task)
{
	forget(task);
	return 0;
}

SEC("iter/task")
int find_host(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct vfsmount *root;
	__u8 one = 1;

	/* Init comes first, unless it is kept from us: then we speak for the host. */
	if (!task || host.at.mnt ||
	    (GET(task, pid) != 1 && (__u32)GET(task, pid) != config.agent_tgid))
		return 0;
	locate(&host.at, task);
	if (bpf_core_field_exists(task->nsproxy->time_ns))
		host.time_ns = (__u64)GET(task, nsproxy, time_ns);
	root = GET(task, fs, root.mnt);
	host.root = (__u64)BPF_CORE_READ(task, fs, root.dentry);
	host.root_mountpoint = (__u64)READ(struct mount, mount_of(root), mnt_mountpoint);
	host.root_filesystem = (__u64)READ(struct vfsmount, root, mnt_sb);
	fill_namespaces(&host.ns, task);
	bpf_seq_write(ctx->meta->seq, &one, sizeof(one));
	return 0;
}

static __noinline long restore_container(__u64 key)
{
	struct container_entry *past = bpf_map_lookup_elem(&past_containers, &key), *fresh;
	struct slot *slot;
	long err;

	if (!past)
		return -1;
	slot = claim_slot(EVENT_CONTAINER);
	if (!slot)
		return -1;
	fresh = &begin_record(slot, struct container_record)->container;
	bpf_probe_read_kernel(fresh, sizeof(*fresh), past);
	fresh->tasks = 0;
	err = keep_container(fresh);
	release_slot(slot);
	return err;
}

/* Nobody has seen what changed its shadow meanwhile. */
static __noinline int recall(struct task_struct *task)
{
	struct member_entry *member = find_member(task);

	return member ? remember(task, member, SHADOW_ALL) : 0;
}

/* What the agent before us knew, if the address still is the same task's. */
static __always_inline bool restore(struct task_struct *task)
{
	__u64 address = (__u64)task, key;
	struct member_entry *past = bpf_map_lookup_elem(&past_members, &address);

	if (!past || past->start_ns != GET(task, start_boottime))
		return false;
	key = past->container;
	if (!find_container(key) && restore_container(key))
		return false;
	join(task, key, past->role, past->flags & ~MEMBER_LEFT);
	take_after(task, past);
	recall(task);
	return true;
}

/*
 * Whether a task runs a program that is not from its own mounts: the runtime
 * itself, which waits inside a created container for its start.
 */
static __always_inline bool runs_foreign_program(struct task_struct *task)
{
	struct vfsmount *mnt = BPF_CORE_READ(task, mm, exe_file, f_path.mnt);

	return mnt && READ(struct mount, mount_of(mnt), mnt_ns) != mnt_ns(task);
}

/* The first process of a pid namespace is a container's; another can be one's that lost its
 * parents. */
static __always_inline __u64 owner_of_stray(struct task_struct *task)
{
	__u64 owner;

	if (READ(struct upid, own_upid(task), nr) == 1)
		return 0;
	owner = owner_by_cgroup(address_of(task));
	return find_container(owner) ? owner : 0;
}

static __noinline int settle(struct task_struct *task)
{
	__u64 owner;

	if (!is_inside(task))
		return 0;
	owner = owner_of(task) ?: owner_of_stray(task);
	if (owner && is_running(owner)) {
		join(task, owner, is_confined(task, owner) ? ROLE_MEMBER : ROLE_VISITOR,
		     MEMBER_ENTERED | MEMBER_JOINED);
		begin_entry(task);
		return 0;
	}
	if (runs_foreign_program(task))
		found(task, owner, CONTAINER_CREATED, 0);
	else
		found(task, owner, CONTAINER_RUNNING, MEMBER_ENTERED | MEMBER_JOINED);
	return 0;
}

/*
 * One pass over the tasks that are nobody's yet; writes a byte for each that it
 * settles, and is repeated until it writes none: what was made meanwhile by a
 * task that was not settled is then found by its parent.
 */
SEC("iter/task")
int settle_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task, *parent;
	struct member_entry *member;
	__u8 one = 1;

	if (!task || !GET(task, mm) || GET(task, flags) & PF_EXITING || find_member(task))
		return 0;
	parent = GET(task, pid) == GET(task, tgid) ? GET(task, real_parent)
						   : GET(task, group_leader);
	member = find_member(parent);
	if (!restore(task) && member) {
		join(task, member->container, member->role, member->flags & ~MEMBER_LEFT);
		take_after(task, member);
		recall(task);
	}
	/* What was on its way in may have come in while nobody looked. */
	member = find_member(task);
	if (!member || (!(member->flags & MEMBER_ENTERED) && !runs_foreign_program(task)))
		settle(task);
	if (!find_member(task))
		return 0;
	bpf_seq_write(ctx->meta->seq, &one, sizeof(one));
	/* It may have gone while we looked: then its own hooks saw no entry to take away. */
	member = find_member(task);
	if (member && GET(task, flags) & PF_EXITING)
		depart(task, member);
	if (!BPF_CORE_READ(task, thread_pid))
		forget(task);
	return 0;
}
